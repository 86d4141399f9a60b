#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# refresh.sh: the way back. Makes the commits on top of "stock" in $linux the
# project's files again: patches/series, messages, diffs and new files; then
# replays them and compares the trees.
#
# A commit belongs to the step whose message has its subject. One without a
# step becomes a new step; a step without a commit leaves the series. Commits
# made with "git commit --fixup" are squashed first.

. "$(dirname "$0")/../lib.sh"

# New files below these directories are in patches/NAME.new.diff, and as the last step
# leaves them on the default kernel, at the top level of this project.
owned='^(Documentation|mm|arch|include|tools)/'

[ -d "$linux" ] || die "there is no tree at $linux" "run: make tree"
cd "$linux"
[ -z "$(git status --porcelain)" ] ||
	die "$linux has uncommitted changes" "commit them there (git commit --fixup=STEP, or a new commit)"
[ -z "$(git rev-list --merges stock..HEAD)" ] ||
	die "$linux has a merge commit" "rebase it into a line of commits"
git update-ref refs/pg_table/edited HEAD
if git log --format=%s stock..HEAD | grep -qE '^(fixup|squash|amend)! '; then
	GIT_SEQUENCE_EDITOR=true rig_git "$linux" rebase -q -i --autosquash stock ||
		die "a fixup does not apply to its step" \
			"resolve it in $linux, git rebase --continue, then: make refresh"
	git update-ref refs/pg_table/edited HEAD
fi
edited=$(git rev-parse 'HEAD^{tree}')

# body COMMIT: its message without the generated part.
body()
{
	git log -1 --format=%B "$1" | sed '/^Generated with spatch /,$d' |
		sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'
}

# step SUBJECT: the step whose message begins with it.
step()
{
	rows patches/series | cut -f2 | while read -r name; do
		[ "$(head -n 1 "$top/patches/$name.msg")" != "$1" ] || echo "$name"
	done | head -n 1
}

# A generated step may only hold what its semantic patch generates.
generated()
{
	old=$(awk -F'\t' -v n="$2" '$1 == n { print $3 }' "$out/steps")
	[ -z "$old" ] || [ "$(git show "$1" | git patch-id | cut -d' ' -f1)" != \
		"$(git show "$old" | git patch-id | cut -d' ' -f1)" ] || return 0
	rm -rf "$out/refresh.tree"
	git worktree prune
	git worktree add -q --detach "$out/refresh.tree" "$1^"
	# shellcheck disable=SC2046
	"$top/scripts/series/cocci.sh" "$out/refresh.tree" $(rows patches/series |
		awk -F'\t' -v n="$2" '$2 == n { print $5 }')
	differ=$(git -C "$out/refresh.tree" diff --name-only "$1" | tr '\n' ' ')
	git worktree remove --force "$out/refresh.tree"
	[ -z "$differ" ] ||
		die "step $2 is generated, and its commit differs from what is generated in: $differ" \
			"move these edits to a commit of their own, or mend the semantic patch"
}

# diff_of COMMIT PATH...: what the commit changes there.
diff_of()
{
	changed=$1
	shift
	git diff --no-color --no-ext-diff --no-renames --diff-algorithm=myers \
		"$changed^" "$changed" -- "$@" | sed '/^index [0-9a-f]*\.\.[0-9a-f]*/d'
}

default=$(rows scripts/source/kernels | cut -f1 | head -n 1)
new=$out/refresh
before=$(added)
section=$(rows patches/series | head -n 1 | cut -f4)
rm -rf "$new"
mkdir -p "$new"
for commit in $(git rev-list --reverse stock..HEAD); do
	subject=$(git log -1 --format=%s "$commit")
	name=$(step "$subject")
	row=$(rows patches/series | awk -F'\t' -v n="$name" '$2 == n')
	kind=$(printf '%s' "$row" | cut -f1)
	tag=$(printf '%s' "$row" | cut -f3)
	# A new step is in the section of the one before it.
	section=$(printf '%s' "$row" | cut -f4 | grep . || echo "$section")
	[ -n "$name" ] ||
		name=$(printf '%s' "$subject" | tr 'A-Z /' 'a-z--' | tr -cd 'a-z0-9_-' | cut -c1-50 | sed 's/-*$//')
	body "$commit" >"$new/$name.msg"
	if [ "$kind" = cocci ]; then
		generated "$commit" "$name"
		printf '%s\n' "$row" >>"$new/series"
		continue
	fi
	files=$(git diff --no-renames --diff-filter=A --name-only "$commit^" "$commit" |
		grep -E "$owned") || :
	set -- .
	for f in $files; do
		set -- "$@" ":!$f"
	done
	diff_of "$commit" "$@" >"$new/$name.diff"
	# Paths have no blanks.
	# shellcheck disable=SC2086
	[ -z "$files" ] || diff_of "$commit" $files >"$new/$name.new.diff"
	[ -s "$new/$name.diff" ] || rm "$new/$name.diff"
	printf 'patch\t%s\t%s\t%s\n' "$name" "${tag:--}" "$section" >>"$new/series"
done
[ -s "$new/series" ] || die "$linux has no commit on top of stock" "nothing to refresh"

put()
{
	cmp -s "$1" "$2" || {
		mkdir -p "$(dirname "$2")"
		cp "$1" "$2"
		echo "| wrote ${2#"$top"/}"
	}
}

# moved OLD NEW: do two diffs differ in line numbers only?
moved()
{
	[ -f "$1" ] && [ -f "$2" ] && sed 's/^@@ [-+0-9, ]*@@/@@/' "$1" >"$new/moved" &&
		sed 's/^@@ [-+0-9, ]*@@/@@/' "$2" | cmp -s "$new/moved" -
}

# put_diff STEP NAME: take over NAME.diff of the step, if it has one.
put_diff()
{
	to=$(variant "$2")
	[ -f "$new/$2.diff" ] || [ -n "$to" ] || return 0
	if [ "$to" = "patches/$2.diff" ]; then
		# The kernels that share it may have it at other lines.
		! moved "$top/$to" "$new/$2.diff" || return 0
		# It is the default kernel's, if that took it: written from another one,
		# it might not apply there any more.
		{ [ "$KERNEL" = "$default" ] && grep -q "^$1	" "$out/steps"; } ||
			to=patches/$KERNEL/$2.diff
	fi
	if [ -f "$new/$2.diff" ]; then
		put "$new/$2.diff" "$top/${to:-patches/$2.diff}"
	elif [ -n "$to" ]; then
		rm -f "$top/$to"
		echo "| removed $to"
	fi
}

if [ -n "$KSRC" ]; then
	# A user's own tree has diffs of its own, and leaves the project alone.
	for f in "$new"/*.diff; do
		name=$(basename "$f" .diff)
		cmp -s "$f" "$top/$(variant "$name")" || put "$f" "$out/patches/$name.diff"
	done
else
	for name in $(cut -f2 "$new/series"); do
		put "$new/$name.msg" "$top/patches/$name.msg"
		put_diff "$name" "$name"
		put_diff "$name" "$name.new"
	done
	for name in $(rows patches/series | cut -f2); do
		cut -f2 "$new/series" | grep -qxF "$name" || {
			rm -f "$top/patches/$name.msg" "$top"/patches/*/"$name.diff" "$top/patches/$name.diff" \
				"$top"/patches/*/"$name.new.diff" "$top/patches/$name.new.diff"
			echo "| removed step $name"
		}
	done
	{ grep '^#' "$top/patches/series"; cat "$new/series"; } >"$new/series.full"
	put "$new/series.full" "$top/patches/series"
fi
rm -rf "$new"

DISCARD=1 "$top/scripts/series/tree.sh"
[ "$(git rev-parse 'HEAD^{tree}')" = "$edited" ] ||
	die "the replay gives another tree than the commits had" \
		"compare: git -C ${linux#"$top"/} diff refs/pg_table/edited HEAD"
# shellcheck disable=SC2086
"$top/scripts/series/final.sh" --write $before
echo "| replay gives the same tree, $(git rev-list --count stock..HEAD) steps"
