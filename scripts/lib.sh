# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Sourced first by every script of the rig: paths, errors, tables, logs.
#
# Environment: KERNEL (a row of scripts/source/kernels), KSRC (a kernel tree to use
# instead of the stock source, read only), J (parallel jobs), STOCK=1 (kernel.sh:
# the kernel before the series).

set -eu
umask 022
export LC_ALL=C

top=$(cd "$(dirname "$0")" && pwd)
while [ ! -f "$top/scripts/lib.sh" ]; do
	top=${top%/*}
done
KERNEL=${KERNEL:-6.12}
KSRC=${KSRC:-}
J=${J:-$(nproc)}
build=$top/build

# die CAUSE NEXT: the one line that ends a failed run.
die()
{
	printf 'error: %s; %s\n' "$1" "$2" >&2
	exit 1
}

# rows TABLE: the rows of a tab-separated table, without comments.
rows()
{
	grep -v -e '^#' -e '^[[:space:]]*$' "$top/$1"
}

# cell TABLE KEY N: field N of the row whose first field is KEY.
cell()
{
	rows "$1" | awk -F'\t+' -v k="$2" -v n="$3" '$1 == k { print $n; exit }'
}

if [ -n "$KSRC" ]; then
	[ -f "$KSRC/Makefile" ] && [ -f "$KSRC/include/linux/mm_types.h" ] ||
		die "KSRC=$KSRC is not a kernel tree" \
			"give the top directory of a kernel source"
	KSRC=$(cd "$KSRC" && pwd)
	KERNEL=$(sed -n 's/^VERSION = //p; s/^PATCHLEVEL = //p' "$KSRC/Makefile" |
		head -n 2 | paste -sd .)
	out=$build/$KERNEL-$(printf '%s' "$KSRC" | cksum | cut -d' ' -f1)
else
	out=$build/$KERNEL
fi

# The version whose diffs and fragments are taken: its own, or else the nearest one that
# has some; a major version has about 20 releases.
data=$(rows scripts/source/kernels | awk -F'\t' -v k="$KERNEL" '
	function place(v, a) { split(v, a, "."); return 20 * a[1] + a[2] }
	{ d = place($1) - place(k); d = d < 0 ? -d : d }
	NR == 1 || d < least || $1 == k { least = $1 == k ? -1 : d; name = $1 }
	END { print name }')

# owned PATH ENDING: PATH-KERNELENDING, a file that is not the same for all kernels, of
# this one or else of the nearest; nothing if there is none.
owned()
{
	for version in "$KERNEL" "$data"; do
		[ ! -f "$1-$version$2" ] || { echo "$1-$version$2"; return; }
	done
}
# The git tree that the series is replayed into, and what is built from it.
series=$out/linux
linux=$series
# shellcheck disable=SC2034
[ -z "${STOCK:-}" ] || linux=$out/stock
# shellcheck disable=SC2034
logs=$out/log
results=$out/results

# result NAME TEXT: leave one line for the report.
result()
{
	mkdir -p "$results"
	printf '%s\n' "$2" >"$results/$1"
}

# unchanged STAMP INPUTS: what left the stamp was made of the same inputs.
unchanged()
{
	[ -f "$1" ] && [ "$2" = "$(cat "$1")" ]
}

# program NAME SOURCE... [OPTION...]: a program of the rig, $build/tools/NAME, compiled if
# its sources, their headers or the options changed.
program()
{
	tool=$build/tools/$1
	shift
	now=$(for f; do
		echo "$f"
		case $f in *.c) cat "$f" "${f%/*}"/*.h 2>/dev/null ;; esac
	done | sha256sum)
	! unchanged "$tool.inputs" "$now" || return 0
	mkdir -p "$build/tools"
	cc -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -o "$tool.$$" "$@" ||
		die "${tool##*/} does not compile" "correct it, or run: apt-get install libc6-dev"
	mv "$tool.$$" "$tool"
	echo "$now" >"$tool.inputs"
}

# need COMMAND PACKAGE: stop when a program is missing.
need()
{
	command -v "$1" >/dev/null 2>&1 ||
		die "$1 is not installed" "run: apt-get install $2"
}

# ccache keeps its store under build/ like everything else that is made.
export CCACHE_DIR="$build/ccache" CCACHE_COMPILERCHECK=content
export CCACHE_MAXSIZE=8G CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1

# Nothing that is built may depend on who built it, where or when.
export KBUILD_BUILD_TIMESTAMP='Thu Jan  1 00:00:00 UTC 1970'
export KBUILD_BUILD_USER=pg_table KBUILD_BUILD_HOST=pg_table
export KBUILD_BUILD_VERSION=1 LOCALVERSION=

# rig_git TREE ARG...: git with a fixed identity and date, so that the same
# series on the same source has the same commit ids everywhere.
rig_git()
{
	tree=$1
	shift
	GIT_AUTHOR_NAME=pg_table GIT_AUTHOR_EMAIL=pg_table@localhost \
	GIT_COMMITTER_NAME=pg_table GIT_COMMITTER_EMAIL=pg_table@localhost \
	GIT_AUTHOR_DATE='2026-01-01T00:00:00Z' \
	GIT_COMMITTER_DATE='2026-01-01T00:00:00Z' \
		git -C "$tree" -c core.hooksPath=/dev/null -c commit.gpgSign=false "$@"
}

# checkout TREE COMMIT: a tree of a commit of $series, which shares its objects
# and writes nothing there. Files that do not differ keep their times.
checkout()
{
	[ -d "$series/.git" ] || die "no kernel tree in $series" "run: make tree"
	commit=$(git -C "$series" rev-parse -q --verify "$2^{commit}") ||
		die "no commit $2 in $series" "run: make tree"
	if [ ! -d "$1/.git" ]; then
		rm -rf "$1"
		git clone -q -s -n "$series" "$1"
	fi
	[ "$(git -C "$1" rev-parse HEAD)" = "$commit" ] && [ -f "$1/Makefile" ] ||
		git -C "$1" checkout -q -f --detach "$commit"
}

# What the options have in their names that the series brings.
ours='PG_TABLE\|PTI_SCOPE\|KMAP_LOCAL_KUNIT\|CONFIG_ASI'

# same_config STOCK OURS: the kernels of two directories differ in the series alone.
same_config()
{
	for dir; do
		[ -f "$dir/.config" ] || die "no kernel in $dir" "run: scripts/build/kernel.sh, and with STOCK=1"
	done
	differ=$(diff "$1/.config" "$2/.config" | grep "^[<>]" | grep -v "$ours" | head -n 1) || :
	[ -z "$differ" ] || die "the two configurations differ: $differ" \
		"compare .config in $1 and $2; put options for both into kunit/guest.config"
}

# make_image "GOAL..." ARG...: the kernel by ccache, then its image without: that takes
# the kernel in by .incbin, which ccache does not see.
make_image()
{
	goals=$1
	shift
	# Goals are words.
	# shellcheck disable=SC2086
	make "$@" vmlinux && CCACHE_DISABLE=1 make "$@" $goals
}

# archive ROOT FILE: pack a directory for the kernel to unpack, and remove it. The
# same contents give the same bytes.
archive()
{
	find "$1" -exec touch -h -d @0 {} +
	(cd "$1" && find . | sort | cpio --quiet --reproducible -R 0:0 -H newc -o) |
		gzip -9n >"$2"
	rm -rf "$1"
}

# variants STEP: the hand-written diffs of a step, the one that counts first: of this tree
# of the user's, of this kernel or the one whose data are taken, and of all, which is the
# default kernel's.
variants()
{
	for version in "${out#"$top"/}/patches" "patches/$KERNEL" "patches/$data" patches; do
		[ ! -f "$top/$version/$1.diff" ] || echo "$version/$1.diff"
	done | uniq
}

# combined DIFF...: of each file the change in the first diff that names it; a header
# without a change says that there is none.
combined()
{
	(cd "$top" && awk '
		/^diff --git / {
			header = $0 "\n"
			if (!(header in from))
				from[header] = FILENAME
			taken = from[header] == FILENAME
			next
		}
		taken { printf "%s%s\n", header, $0; header = "" }' /dev/null "$@")
}

# ovmf KIND STORE [FROM]: print QEMU's arguments for OVMF of 64 bits (efi) or 32 (efi32), one
# a line; its variables are kept in STORE, which begins as a copy of FROM, or as new.
ovmf()
{
	ovmf_dir=/usr/share/OVMF
	case $1 in
	efi) set -- OVMF_CODE_4M.fd OVMF_VARS_4M.fd ovmf "$2" "${3:-}" ;;
	efi32) set -- OVMF32_CODE_4M.secboot.fd OVMF32_VARS_4M.fd ovmf-ia32 "$2" "${3:-}" ;;
	esac
	[ -f $ovmf_dir/"$1" ] || die "no $1 in $ovmf_dir" "run: apt-get install $3"
	cp "${5:-$ovmf_dir/$2}" "$4"
	printf '%s\n' -drive "if=pflash,format=raw,unit=0,readonly=on,file=$ovmf_dir/$1" \
		-drive "if=pflash,format=raw,unit=1,file=$4"
}

# qemu PROGRAM SECONDS ARG...: run a machine with its console on standard input and output,
# which ends at a reset. With 0 seconds it has no limit; 124 is a time-out.
# $flash: the lines of ovmf(); $serial: another console.
qemu()
{
	program=$1 seconds=$2
	shift 2
	need "$program" "the packages of scripts/source/packages"
	IFS='
'
	# shellcheck disable=SC2086
	set -- "$@" ${flash:-}
	unset IFS
	timeout --foreground -k 5 "$seconds" "$program" -nodefaults -no-user-config -m 512 \
		-display none -serial "${serial:-stdio}" -no-reboot "$@"
}
