#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# mutants.sh [NAME...]: put each fault of scripts/mutants into the kernel, one at a
# time, and see that the KUnit suites find it.
#
# A fault is found when one of its boot modes, of scripts/modes, fails. Without faults
# all modes pass, or nothing is found. Without names all are run, and
# docs/results/mutants-KERNEL.tsv is written.
#
# Environment: LIST, the table of faults, below the top; TABLE, of results.

. "$(dirname "$0")/lib.sh"

need ccache ccache
list=${LIST:-scripts/mutants}
dir=$out/mutants
tree=$dir/linux
obj=$dir/x86_64
table=${TABLE:-$top/docs/results/mutants-$KERNEL.tsv}

[ -d "$linux/.git" ] || die "no kernel tree in $linux" "run: make tree"
for name; do
	[ -n "$(cell "$list" "$name" 2)" ] || die "no fault called $name" "see $list"
done

mkdir -p "$dir"
if [ ! -d "$tree" ]; then
	git -C "$linux" worktree prune
	git -C "$linux" worktree add -q --detach --force "$tree"
fi
git -C "$tree" checkout -q --force --detach "$(git -C "$linux" rev-parse HEAD)"
rm -rf "$obj/arch/x86/boot"
"$top/scripts/config.sh" "$obj" "$top/kunit/x86_64.config" "$top/kunit/guest.config" \
	"$top/kunit/suites.config"

compile()
{
	make_image bzImage -s -C "$tree" O="$obj" ARCH=x86_64 CC="ccache gcc" -j"$J" \
		>"$dir/$1.log" 2>&1 &&
		"$top/scripts/guest-extra.sh" "$tree" "$obj" >>"$dir/$1.log" 2>&1
}

# run NAME MODES: boot what was built, by the scripts among the modes too; true if all
# pass.
run()
{
	log=$dir/$1.log
	rm -rf "${dir:?}/boot"
	boots=$(echo "$2" | tr , '\n' | grep -v '\.sh$') || :
	# Modes and scripts are words.
	# shellcheck disable=SC2046,SC2086
	set -- ${boots:+boot.sh} $(echo "$2" | tr , '\n' | grep '\.sh$')
	for script; do
		[ "$script" = boot.sh ] || boots=
		# shellcheck disable=SC2086
		IMAGE=$obj/arch/x86/boot/bzImage DIR=$dir/boot \
			"$top/scripts/$script" $boots >>"$log" 2>&1 || return
	done
}

# why NAME: what showed the fault: the first test that failed, the crash, or how
# else the boot went wrong; a fault may hang or reset the machine.
why()
{
	! sed -n 's/^error: \(.* not as with the stock kernel: .*\);.*/\1/p' "$dir/$1.log" | grep . ||
		return 0
	cat "$dir"/boot/*.log 2>/dev/null | tr -d '\r' | awk '
		/^\[[ 0-9.]*\] *not ok [0-9]+ / && !case_name {
			sub(/^\[[ 0-9.]*\] */, ""); case_name = $4 }
		/BUG: |Oops|kernel BUG|WARNING: |Kernel panic|general protection/ && !crash {
			sub(/^\[[ 0-9.]*\] */, ""); crash = $0 }
		END { print case_name ? case_name : substr(crash, 1, 60) }' >"$dir/why"
	grep . "$dir/why" ||
		sed -n 's/.*FAILED, \(.*\), [0-9]* s$/\1/p' "$dir/$1.log" | head -n 1
}

compile baseline || die "the kernel does not build" "read $dir/baseline.log"
all=
# Names have no blanks.
# shellcheck disable=SC2046
[ $# -gt 0 ] || { all=1; set -- $(rows "$list" | cut -f1); }
modes=$(for name; do cell "$list" "$name" 4; done | tr , '\n' | sort -u | paste -s -d,)
run baseline "$modes" || die "the suites fail without a fault" "read $dir/baseline.log"

: >"$dir/table"
missed=0
for name; do
	file=$(cell "$list" "$name" 2)
	edit=$(cell "$list" "$name" 3)
	modes=$(cell "$list" "$name" 4)
	git -C "$tree" checkout -q --force
	sed -E -i "$edit" "$tree/$file"
	lines=$(git -C "$tree" diff --numstat | awk '{ n += $2 } END { print n + 0 }')
	[ "$lines" -gt 0 ] || die "fault $name changes nothing" "correct its row in $list"
	verdict=found
	compile "$name" || die "fault $name does not compile: $(grep -m 1 error "$dir/$name.log")" \
		"correct its row in $list"
	if run "$name" "$modes"; then
		verdict=missed
	fi
	reason=$(why "$name")
	[ $verdict = missed ] || [ -n "$reason" ] || verdict=missed
	[ $verdict = found ] || missed=$((missed + 1))
	printf '%s\t%s\t%s\t%s\n' "$name" "$verdict" "$modes" "$reason" | tee -a "$dir/table"
done
git -C "$tree" checkout -q --force

if [ -n "$all" ]; then
	{
		echo "# Written by scripts/mutants.sh: each fault of scripts/mutants, and"
		echo "# the first test that failed with it. Fields are separated by tabs."
		echo "# name	verdict	modes	found by"
		cat "$dir/table"
	} >"$table"
fi
echo "| $(($# - missed)) of $# faults are found by the suites"
[ $missed -eq 0 ] || die "$missed of $# faults are not found" "read $dir/table"
