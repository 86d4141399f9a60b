// SPDX-License-Identifier: GPL-2.0
/*
 * chattr -i FILE: clear the immutable flag, with which efivarfs keeps variables
 * that it does not know from being removed. Busybox has no chattr.
 */
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

int main(int argc, char **argv)
{
	int fd, flags;

	if (argc != 3 || strcmp(argv[1], "-i")) {
		fprintf(stderr, "usage: chattr -i FILE\n");
		return 2;
	}
	fd = open(argv[2], O_RDONLY);
	if (fd < 0 || ioctl(fd, FS_IOC_GETFLAGS, &flags)) {
		perror(argv[2]);
		return 1;
	}
	flags &= ~FS_IMMUTABLE_FL;
	if (ioctl(fd, FS_IOC_SETFLAGS, &flags)) {
		perror(argv[2]);
		return 1;
	}
	return 0;
}
