// SPDX-License-Identifier: GPL-2.0
/*
 * A user of mm_root.bpf.h: the root of the last process that exited.
 *
 *	clang -g -O2 -target bpf -c mm_root.bpf.c -o mm_root.bpf.o
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "mm_root.bpf.h"

char LICENSE[] SEC("license") = "GPL";

unsigned long last_root;

SEC("fentry/exit_mmap")
int BPF_PROG(root_of_exit, struct mm_struct *mm)
{
	last_root = (unsigned long)mm_root(mm);
	return 0;
}
