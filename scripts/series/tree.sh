#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# tree.sh: replay patches/series on the stock source in $linux, one commit a
# step. Starts at the first step whose inputs changed. A step that changes no file
# of this kernel is left out.
#
# $out/steps has a row for each commit: name, kind, commit, input hash.
# $out/replaying exists while the tree is not the user's to look at.

. "$(dirname "$0")/../lib.sh"

steps=$out/steps
keep=$out/keep
[ -d "$linux" ] || die "there is no tree at $linux" "run: make tree"
spatch_version=$(spatch --version 2>/dev/null | sed -n '1s/spatch version \([^ ]*\).*/\1/p')
cd "$linux"
touch "$steps"

last()
{
	tail -n 1 "$steps" | cut -f3 | grep . || git rev-parse stock
}

# A user's edits are never thrown away.
if [ ! -f "$out/replaying" ] && [ -z "${DISCARD:-}" ] &&
   { [ -n "$(git status --porcelain)" ] ||
     [ "$(git rev-parse HEAD)" != "$(last)" ]; }; then
	die "$linux holds edits that the project does not have" \
		"keep them with: make refresh, or drop them with: make tree DISCARD=1"
fi

# inputs KIND NAME RULES...: the project files a step is made from, beside its diffs.
inputs()
{
	kind=$1
	echo "patches/$2.msg"
	shift 2
	[ "$kind" = cocci ] || return 0
	for f; do echo "cocci/$f.cocci"; done
	echo cocci/macros.h
	echo cocci/unparsed
	echo scripts/series/cocci.sh
	echo scripts/series/spatch.sh
}

# message NAME KIND RULES...: the commit message; a generated commit carries
# its semantic patch.
message()
{
	cat "$top/patches/$1.msg"
	[ "$2" = cocci ] || return 0
	shift 2
	for f; do
		printf '\nGenerated with spatch %s, on each file alone:\n\n' "$spatch_version"
		printf '  $ spatch %s \\\n\t-D patch --sp-file %s.cocci FILE\n\n' \
			"$(sed -n 's,^// Options: ,,p' "$top/cocci/$f.cocci")" "$f"
		sed -n '/^@/,$s/^/    /p' "$top/cocci/$f.cocci" | sed 's/[[:space:]]*$//'
	done
	printf '\nand with macros.h, so that initialisers parse:\n\n'
	grep '^#define' "$top/cocci/macros.h" | sed 's/^/    /'
}

# apply_patch NAME
apply_patch()
{
	# Names have no blanks.
	# shellcheck disable=SC2046
	combined $(variants "$1") >"$out/step.diff"
	if [ -s "$out/step.diff" ] && ! git apply --index "$out/step.diff"; then
		git apply --reject "$out/step.diff" 2>/dev/null || :
		rm -rf "$out/rejects"
		mkdir -p "$out/rejects"
		files=$(git ls-files -o '*.rej' | tr '\n' ' ')
		for f in $files; do
			mkdir -p "$out/rejects/$(dirname "$f")"
			mv "$f" "$out/rejects/$f"
		done
		git reset -q --hard
		rm -f "$out/replaying"
		die "step $1: $(variants "$1" | paste -sd ' ') does not apply to: $(echo "$files" | sed 's/\.rej / /g')(rejects in ${out#"$top"/}/rejects)" \
			"commit the step by hand on ${linux#"$top"/} with the subject of patches/$1.msg, then run: make refresh"
	fi
}

# absent NAME: this kernel's own diff takes every file out of the shared one.
absent()
{
	# shellcheck disable=SC2046
	[ "$(variants "$1" | wc -l)" -gt 1 ] && ! combined $(variants "$1") | grep -q .
}

# generate NAME RULES...: run the semantic patches, or take what they made of
# the same tree before.
generate()
{
	# shellcheck disable=SC2046
	key=$(cd "$top" && {
		git -C "$linux" rev-parse 'HEAD^{tree}'
		echo "$spatch_version"
		cat $(inputs cocci "$@" | sed 1d)
	} | sha256sum | cut -c1-16)
	shift
	made=$(git rev-parse -q --verify "refs/pg_table/generated/$key") || made=
	if [ -n "$made" ]; then
		git read-tree -m -u HEAD "$made"
		return
	fi
	"$top/scripts/series/cocci.sh" "$linux" "$@"
	git add -A
	git update-ref "refs/pg_table/generated/$key" "$(git write-tree)"
}

# The plan: each step with one hash over its inputs and all steps before it.
chain=$(git rev-parse stock)
rows patches/series | while IFS='	' read -r kind name tag _ rules; do
	# shellcheck disable=SC2086
	for f in $(inputs "$kind" "$name" $rules); do
		[ -f "$top/$f" ] ||
			die "step $name of patches/series: $f is missing" "write it, or mend the series"
	done
	! absent "$name" || continue
	# shellcheck disable=SC2046,SC2086
	chain=$(cd "$top" && {
		echo "$chain $kind $name $tag $rules"
		[ "$kind" = patch ] || echo "$spatch_version"
		cat $(inputs "$kind" "$name" $rules)
		combined $(variants "$name")
	} | sha256sum | cut -c1-16)
	printf '%s\t%s\t%s\t%s\t%s\n' "$name" "$kind" "$chain" "$tag" "$rules"
done >"$out/plan" || exit 1

# Everything before the first step whose hash changed stays.
prev=$(git rev-parse stock)
kept=0
while IFS='	' read -r name kind chain _; do
	row=$(sed -n "$((kept + 1))p" "$steps")
	[ "$(printf '%s' "$row" | cut -f1,2,4)" = "$name	$kind	$chain" ] || break
	commit=$(printf '%s' "$row" | cut -f3)
	git cat-file -e "$commit^{commit}" 2>/dev/null || break
	prev=$commit
	kept=$((kept + 1))
done <"$out/plan"
total=$(wc -l <"$out/plan")
if [ "$kept" -eq "$total" ] && [ "$kept" -eq "$(wc -l <"$steps")" ] &&
   [ ! -f "$out/replaying" ] && [ "$(git rev-parse HEAD)" = "$prev" ] &&
   [ -z "$(git status --porcelain -uno)" ]; then
	echo "| up to date: $total steps"
	exit 0
fi

# Files that end as they began get their old times back, for make's sake.
if [ ! -f "$out/replaying" ]; then
	rm -rf "$keep"
	mkdir -p "$keep"
	git diff --name-only "$prev" HEAD | while read -r f; do
		[ ! -f "$f" ] || { mkdir -p "$keep/$(dirname "$f")"; cp -p "$f" "$keep/$f"; }
	done
fi
touch "$out/replaying"
git reset -q --hard "$prev"
git clean -qfd
head -n "$kept" "$steps" >"$out/steps.new"
mv "$out/steps.new" "$steps"

n=0
while IFS='	' read -r name kind chain tag rules <&3; do
	n=$((n + 1))
	[ "$n" -gt "$kept" ] || continue
	# shellcheck disable=SC2086
	case $kind in
	patch) apply_patch "$name" ;;
	cocci) generate "$name" $rules ;;
	*) die "patches/series: unknown kind $kind of step $name" "use patch or cocci" ;;
	esac
	# shellcheck disable=SC2086
	message "$name" "$kind" $rules >"$out/message"
	! git diff --cached --quiet ||
		die "step $name changes nothing" "remove it from patches/series"
	rig_git "$linux" commit -q --cleanup=whitespace -F "$out/message"
	[ "$tag" = - ] || git tag -f "$tag" >/dev/null
	printf '%s\t%s\t%s\t%s\n' "$name" "$kind" "$(git rev-parse HEAD)" "$chain" >>"$steps"
	echo "| $n/$total $kind $name: $(git diff --shortstat HEAD^ HEAD)"
done 3<"$out/plan"

(cd "$keep" && find . -type f) | while read -r f; do
	! cmp -s "$keep/$f" "$f" || touch -r "$keep/$f" "$f"
done
rm -rf "$keep" "$out/replaying"
