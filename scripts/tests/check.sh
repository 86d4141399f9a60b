#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Style of the project's own files. Each rule is tried on a planted fault.

. "$(dirname "$0")/../lib.sh"
. "$top/scripts/tests/tap.sh"

work=$build/test/check
rm -rf "$work"
mkdir -p "$work"
cd "$top"
files()
{
	git ls-files -co --exclude-standard -- "$@" | while read -r f; do
		[ ! -f "$f" ] || echo "$f"
	done
}

# "a && b || die" is meant as it reads, quoted programs hold $, and what the
# loops go over (steps, commits) are words.
shell_clean()
{
	shellcheck -x -P SCRIPTDIR -s sh -e SC2013,SC2015,SC2016 "$@"
}

# The kernel's own checkpatch and kernel-doc come with the replayed tree.
c_clean()
{
	words=$(dpkg -L codespell | grep -m 1 'dictionary\.txt$')
	ignore=$1
	shift
	# Each process reads the words again, so not one for each file.
	printf '%s\n' "$@" | (cd "$linux" && PATH=/usr/bin:/bin xargs -P "$J" -n 8 \
		perl scripts/checkpatch.pl --strict --no-tree --no-summary --terse --codespell \
		--codespellfile "$words" --show-types --ignore "$ignore" -f)
}

# of_series OPTION: sources of the series' last commit, by an option of git diff.
of_series()
{
	git -C "$linux" diff --no-renames --name-only "$1" stock HEAD -- '*.c' '*.h'
}

doc_clean()
{
	kerneldoc=$linux/scripts/kernel-doc
	(cd "$linux" && "$kerneldoc" -none -Wall -Werror "$@")
}

licensed()
{
	for f; do
		head -n 4 "$f" | grep -q 'SPDX-License-Identifier: GPL-2.0' || {
			echo "no licence line: $f"
			return 1
		}
	done
}

# A commit message: a subject of at most 75 columns with a prefix, a blank
# line, a body of at most 75 columns.
message_clean()
{
	for f; do
		awk -v f="$f" '
			NR == 1 && ($0 !~ /^[a-z0-9_\/, -]+: [a-z]/ || length > 75) { print f ": subject"; bad = 1 }
			NR == 2 && $0 != "" { print f ": no blank line"; bad = 1 }
			length > 75 && $0 !~ /https?:/ { print f ":" NR ": long line"; bad = 1 }
			END { exit bad || NR < 3 }' "$f" || return 1
	done
}

# shellcheck disable=SC2046
check "shell scripts pass shellcheck" shell_clean $(files 'scripts/*.sh' .ci/run scripts/guest/init scripts/guest/show scripts/guest/selftests)
# shellcheck disable=SC2016
printf '#!/bin/sh\nrm -rf $1/x\n' >"$work/bad.sh"
fails "shellcheck finds an unquoted variable" shell_clean "$work/bad.sh"

# User space has no kernel types, and prints long lines.
user=PREFER_KERNEL_TYPES,LONG_LINE_STRING,LONG_LINE,CONST_STRUCT,STATIC_CONST_CHAR_ARRAY,PREFER_DEFINED_ATTRIBUTE_MACRO,SPLIT_STRING,BAD_STRLCPY,SPACING,CAMELCASE,NEW_TYPEDEFS,USE_NEGATIVE_ERRNO,ENOSYS,VOLATILE,FILE_PATH_CHANGES
if [ -x "$linux/scripts/checkpatch.pl" ]; then
	# The lock is described in the kernel-doc above the structure; kmap_atomic() is tested.
	# shellcheck disable=SC2046
	check "kernel files pass checkpatch --strict" \
		c_clean DEPRECATED_API,EMBEDDED_FILENAME,FILE_PATH_CHANGES,UNCOMMENTED_DEFINITION,MACRO_ARG_PRECEDENCE,MEMORY_BARRIER $(of_series --diff-filter=A)
	# shellcheck disable=SC2046
	check "rig programs pass checkpatch --strict" \
		c_clean "$user" $(files 'scripts/*.c' 'scripts/*.h' | sed "s,^,$top/,")
	printf '// SPDX-License-Identifier: GPL-2.0\nint  f( void ){ return(0) ; }\n' >"$work/bad.c"
	fails "checkpatch finds bad style" c_clean X "$work/bad.c"
	# shellcheck disable=SC2046
	check "kernel-doc is complete in the last commit of the series" doc_clean $(of_series -G'^/[*][*]$')
	printf '/**\n * f() - x\n */\nint f(int a);\n' >"$work/bad.h"
	fails "kernel-doc finds an undescribed argument" doc_clean "$work/bad.h"
else
	fail "checkpatch and kernel-doc" "there is no kernel tree; run: make tree"
fi

# shellcheck disable=SC2046
check "each file has its licence line" licensed $(files '*.sh' '*.c' '*.h' '*.cocci' Makefile .ci/run)
echo 'int x;' >"$work/unlicensed.c"
fails "a file without a licence line is found" licensed "$work/unlicensed.c"

check "commit messages have the kernel's form" message_clean patches/*.msg
printf 'No prefix here\nbody\n' >"$work/bad.msg"
fails "a message without a prefix is found" message_clean "$work/bad.msg"

check "make help is at most 25 lines" sh -c 'test "$(make -s help | wc -l)" -le 25'
targets_exist()
{
	sed -n 's/^#|  *make \([a-z]*\).*/\1/p' "$1" >"$work/targets"
	[ -s "$work/targets" ] && xargs -a "$work/targets" make -n >/dev/null 2>&1
}
check "make help names targets that exist" targets_exist Makefile
echo '#|   make nonsense   planted' >"$work/Makefile"
fails "a target that does not exist is found" targets_exist "$work/Makefile"
all_run()
{
	for f; do
		grep -rlF "${f#scripts/}" Makefile .ci scripts | grep -qvxF "$f" || {
			echo "nothing runs $f"
			return 1
		}
	done
}
check "each script is run by something" all_run scripts/*.sh scripts/*/*.sh
fails "a script that nothing runs is found" all_run "scripts/no""thing.sh"
check "no kernel source is committed" sh -c '! git ls-files | grep -E "^(build|linux)/"'
finish
