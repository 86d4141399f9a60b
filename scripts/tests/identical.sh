#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Faults planted in the commit after the split, in a row, in a table: each must
# be told from a change that leaves the object code alone.

. "$(dirname "$0")/../lib.sh"
. "$top/scripts/tests/tap.sh"

d=$build/test/identical
work=$d
rm -rf "$d" "$out"/identical/fault* "$out"/compiled/fault*
mkdir -p "$d"
git -C "$linux" rev-parse -q --verify 'split^{tree}' >/dev/null ||
	die "no commit split in ${linux#"$top"/}" "run: make tree"

# One row, so small that it compiles one object a side.
table=${d#"$top"/}/archs
printf 'fault\tx86_64\t-\tallnoconfig\t-\t-\t-\n' >"$top/$table"

export GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@t GIT_AUTHOR_DATE=2000-01-01T00:00:00Z
export GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@t GIT_COMMITTER_DATE=2000-01-01T00:00:00Z

# commit PARENT [FILE SCRIPT]...: files changed by sed, as a commit that no branch
# knows, so that the tree of the user stays as it is.
commit()
{
	parent=$1
	shift
	rm -f "$d/index"
	GIT_INDEX_FILE=$d/index git -C "$linux" read-tree "$parent"
	while [ $# -gt 0 ]; do
		git -C "$linux" show "$parent:$1" | sed "$2" >"$d/file"
		! git -C "$linux" show "$parent:$1" | cmp -s - "$d/file" ||
			die "sed changed nothing in $1" "correct $0"
		blob=$(git -C "$linux" hash-object -w "$d/file")
		GIT_INDEX_FILE=$d/index git -C "$linux" update-index \
			--cacheinfo "100644,$blob,$1"
		shift 2
	done
	git -C "$linux" commit-tree -p "$parent" -m fault \
		"$(GIT_INDEX_FILE=$d/index git -C "$linux" write-tree)"
}

# run AFTER [OPTION]: what identical.sh says of it; its status.
run()
{
	[ -n "$1" ] || die "the fault could not be committed" "read the lines above"
	rm -rf "$out"/identical/fault.* "$out"/compiled/fault.*
	KEEP=1 BEFORE=split AFTER=$1 ARCHTAB=$table ARCHS=fault STEPS=${STEPS:-${2:+each}} VMLINUX=0 \
		"$top/scripts/compare/identical.sh" ${2:+"$2"} >"$d/said" 2>&1
}

# caught TEXT AFTER PATTERN [OPTION]: it fails, and its words match.
caught()
{
	if run "$2" ${4:+"$4"}; then
		fail "$1" "called identical: $(tail -n 1 "$d/said")"
	elif grep -q "$3" "$d/said"; then
		pass "$1"
	else
		fail "$1" "says only: $(tail -n 1 "$d/said")"
	fi
}

f=mm/init-mm.c
if run "$(commit split $f '1i /*\n * A comment of some lines,\n * and a long one.\n */')"; then
	check "lines that move are no difference" \
		grep -qx '| identical: 1 of 1 architectures, 2 of 2 objects' "$d/said"
else
	fail "lines that move are no difference" "$(tail -n 1 "$d/said")"
fi
check "an unchanged row is not run again" sh -c "
	BEFORE=split AFTER=\$(git -C '$out/identical/linux' rev-parse HEAD) \
	ARCHTAB=$table ARCHS=fault VMLINUX=0 '$top/scripts/compare/identical.sh' |
	grep -q 'unchanged since the last run'"

caught "one changed instruction" \
	"$(commit split $f 's/init_mm.end_code = .*end_code;/init_mm.end_code = 0;/')" \
	'^| fault 1/2 objects identical: differs at .* mm/init-mm.o'
caught "one changed pointer in an initialiser" \
	"$(commit split $f 's/= swapper_pg_dir,/= swapper_pg_dir + 1,/')" \
	'^| fault 1/2 objects identical: differs at .* mm/init-mm.o'
caught "a source that does not compile" \
	"$(commit split $f '$a int broken')" \
	'^| fault does not compile at '
caught "a change of a header function is looked for in its users" \
	"$(commit split include/linux/pgtable.h 's/(mm)->pgt.pgd, (address)/(mm)->pgt.pgd + 1, (address)/')" \
	'^| fault [0-9]*/[0-9]* objects identical: differs at '

first=$(commit split $f '1i /* A comment. */')

# mended COMMIT: a step on top of it that has the file as a comment alone changes it.
mended()
{
	git -C "$linux" commit-tree -p "$1" -m mended "$first^{tree}"
}
STEPS=own caught "a step between that differs, and the next one mends it" \
	"$(mended "$(commit split $f 's/init_mm.end_code = .*end_code;/init_mm.end_code = 0;/')")" \
	'^| fault 1/2 objects identical: differs at .* mm/init-mm.o'
STEPS=own caught "a step between that does not compile, and the next one mends it" \
	"$(mended "$(commit split $f '$a int broken')")" \
	'^| fault does not compile at ' --compile
caught "a later step that does not compile what it brings" \
	"$(commit "$first" mm/Makefile '$a obj-y += dmapool_test.o' mm/dmapool_test.c '$a int broken')" \
	'^| fault does not compile at ' --compile

after=$(git -C "$linux" rev-parse split)
printf 'fault\tx86_64\t-\tallnoconfig\t%s\t-\t-\n' "${d#"$top"/}/lost" >"$top/$table"
echo CONFIG_NO_SUCH_OPTION=y >"$d/lost.config"
caught "an option that is lost" "$after" 'no effect in the .* configuration: CONFIG_NO_SUCH_OPTION (unknown)'

# The committed tables, in copies that may be spoilt.
for verb in identical compiled; do
	table=$top/docs/results/$verb-$KERNEL.tsv
	flag=
	[ $verb = identical ] || flag=--compile
	sed '0,/^row/s/^\(row\t[^\t]*\t[0-9]*\)\t[0-9]*/\1\t0/; s/^# stock ./# stock x/' "$table" >"$d/table"
	says "a recorded failure of another stock source fails ($verb)" "does not find row .* $verb" \
		env TABLE="$d/table" "$top/scripts/compare/identical.sh" $flag --check
	text="the committed table holds ($verb)"
	if ! "$top/scripts/compare/identical.sh" $flag --check >"$d/said" 2>&1; then
		fail "$text" "$(tail -n 1 "$d/said")"
	elif grep -q '# SKIP ' "$d/said"; then
		skip "$text" "$(sed -n 's/^.*# SKIP //p' "$d/said")"
		continue
	else
		pass "$text"
	fi
	for spoil in 's/^# inputs ./# inputs x/' \
		'0,/^row/s/^\(row\t[^\t]*\t[0-9]*\)\t[0-9]*/\1\t0/' \
		'0,/^file/{/^file/d}'; do
		sed "$spoil" "$table" >"$d/table"
		if TABLE=$d/table "$top/scripts/compare/identical.sh" $flag --check >"$d/said" 2>&1 &&
		   ! grep -q '# SKIP not compiled with these inputs' "$d/said"; then
			fail "a spoilt table ($verb, $spoil)" "passes"
		else
			check "a spoilt table names the command ($verb, $spoil)" \
				grep -q 'run: make soak' "$d/said"
		fi
	done
done

rm -rf "$out"/identical/fault* "$out"/compiled/fault*
finish
