#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# refresh.sh: the way back. Makes the commits on top of "stock" in $linux the
# project's files again: patches/series, messages and diffs; then replays them,
# compares the trees, and writes the final kernel files (final.sh).
#
# The diffs of the default kernel are in patches/. Another kernel has in
# patches/KERNEL/ the files that it changes in another way, line numbers apart.
#
# A commit belongs to the step whose message has its subject. One without a
# step becomes a new step. A step without a commit leaves the series; on another
# kernel than the default, it stays and changes no file there. Commits made with
# "git commit --fixup" are squashed first.

. "$(dirname "$0")/../lib.sh"

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

default=$(rows scripts/source/kernels | cut -f1 | head -n 1)
new=$out/refresh
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
	git diff --no-color --no-ext-diff --no-renames --diff-algorithm=myers "$commit^" "$commit" |
		sed '/^index [0-9a-f]*\.\.[0-9a-f]*/d' >"$new/$name.diff"
	printf 'patch\t%s\t%s\t%s\n' "$name" "${tag:--}" "$section" >>"$new/series"
done
[ -s "$new/series" ] || die "$linux has no commit on top of stock" "nothing to refresh"

# A user's own tree has diffs of its own, and leaves the project alone.
to=patches
[ "$KERNEL" = "$default" ] || to=patches/$KERNEL
[ -z "$KSRC" ] || to=${out#"$top"/}/patches

# Steps that only the default kernel has keep their places.
[ "$to" = patches ] || {
	rows patches/series | awk -F'\t' '
		FNR == 1 { pass++ }
		pass == 1 { made[$2]; next }
		pass == 2 && $2 in made { last = $2 }
		pass == 2 && !($2 in made) { absent[last] = absent[last] $0 "\n" }
		pass == 2 { next }
		FNR == 1 { printf "%s", absent[""] }
		{ printf "%s\n%s", $0, absent[$2] }' "$new/series" - "$new/series" >"$new/series.all"
	mv "$new/series.all" "$new/series"
	cut -f2 "$new/series" | while read -r name; do
		[ -f "$new/$name.msg" ] || {
			cp "$top/patches/$name.msg" "$new"
			: >"$new/$name.diff"
		}
	done
}

put()
{
	cmp -s "$1" "$2" || {
		mkdir -p "$(dirname "$2")"
		cp "$1" "$2"
		echo "| wrote ${2#"$top"/}"
	}
}

# beyond BASE DIFF: the files that DIFF changes in another way than BASE; a header alone
# for one that only BASE changes.
beyond()
{
	awk '
		/^diff --git / { file = $0; if (!(file in seen)) { seen[file]; order[++n] = file } }
		{ line = $0; sub(/^@@ [-+0-9, ]*@@.*/, "@@", line) }
		FILENAME == ARGV[1] { base[file] = base[file] line "\n"; next }
		{ new[file] = new[file] line "\n"; text[file] = text[file] $0 "\n" }
		END {
			for (i = 1; i <= n; i++) {
				file = order[i]
				if (!(file in new))
					print file
				else if (base[file] != new[file])
					printf "%s", text[file]
			}
		}' "$1" "$2"
}

for name in $(awk -F'\t' '$1 == "patch" { print $2 }' "$new/series"); do
	own=$to/$name.diff
	: >"$new/base"
	[ "$to" = patches ] || {
		# Names have no blanks.
		# shellcheck disable=SC2046
		combined $(variants "$name" | grep -vx "$own") >"$new/base"
	}
	beyond "$new/base" "$new/$name.diff" >"$new/own"
	if [ -s "$new/own" ]; then
		put "$new/own" "$top/$own"
	elif [ -f "$top/$own" ]; then
		rm "$top/$own"
		echo "| removed $own"
	fi
done
if [ -z "$KSRC" ]; then
	for name in $(cut -f2 "$new/series"); do
		put "$new/$name.msg" "$top/patches/$name.msg"
	done
	for name in $(rows patches/series | cut -f2); do
		cut -f2 "$new/series" | grep -qxF "$name" || {
			rm -f "$top/patches/$name.msg" "$top"/patches/*/"$name.diff" "$top/patches/$name.diff"
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
echo "| replay gives the same tree, $(git rev-list --count stock..HEAD) steps"
[ "$to" != patches ] || "$top/scripts/series/final.sh"
