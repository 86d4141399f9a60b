#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# series.sh: write the replayed series as mail into $out/series, check it with
# the tree's checkpatch, apply it to the stock tree with git am and compare.
#
# The sender and the sign-off are the user's own git identity.

. "$(dirname "$0")/../lib.sh"

mails=$out/series
am=$out/series.am
[ -s "$out/steps" ] || die "there is no replayed series" "run: make tree"
who=$(git -C "$top" config user.name) && mail=$(git -C "$top" config user.email) ||
	die "git does not know who you are" \
		"run: git config --global user.name NAME; git config --global user.email ADDRESS"
cd "$linux"
[ "$(git rev-parse HEAD)" = "$(tail -n 1 "$out/steps" | cut -f3)" ] ||
	die "$linux holds commits that the project does not have" "run: make refresh"

# The same trees and messages, from the user.
parent=$(git rev-parse stock)
for commit in $(cut -f3 "$out/steps"); do
	parent=$(git log -1 --format=%B "$commit" |
		git interpret-trailers --trailer "Signed-off-by: $who <$mail>" |
		GIT_AUTHOR_NAME=$who GIT_AUTHOR_EMAIL=$mail \
		GIT_COMMITTER_NAME=$who GIT_COMMITTER_EMAIL=$mail \
			git commit-tree "$commit^{tree}" -p "$parent")
done
git branch -qf series "$parent"
git config branch.series.description "$(cat "$top/patches/cover-letter.msg")"
rm -rf "$mails"
git -c user.name="$who" -c user.email="$mail" -c format.signature= \
	format-patch -q --cover-letter --cover-from-description=subject \
	--base=stock --thread=shallow --no-renames -o "$mails" stock..series
n=$(cut -f3 "$out/steps" | wc -l)
grep -q "^base-commit: $(git rev-parse stock)$" "$mails/0000-cover-letter.patch" ||
	die "the cover letter names no base commit" "report this"
! grep -q 'SUBJECT HERE\|BLURB HERE' "$mails/0000-cover-letter.patch" ||
	die "the cover letter is not filled in" "write patches/cover-letter.msg"

words=$(dpkg -L codespell 2>/dev/null | grep -m 1 'dictionary\.txt$') ||
	die "codespell has no dictionary" "run: apt-get install codespell"

# checked MAIL: how often checkpatch says what of it, or said of the same mail before,
# wherever its hunks are.
checked()
{
	key=$({
		sed '1,/^$/{/^Subject: /!d; s/\[[^]]*\] //}; s/^@@ [-+0-9, ]*@@/@@/; /^index /d' "$1"
		cat "$words" scripts/checkpatch.pl scripts/spelling.txt scripts/const_structs.checkpatch
	} | sha256sum | cut -c1-16)
	kept=$out/checkpatch.kept/$key
	if [ ! -f "$kept" ]; then
		PATH=/usr/bin:/bin perl scripts/checkpatch.pl --strict --codespell --codespellfile "$words" \
			--no-summary --terse --show-types "$1" >"$kept.said" || [ $? -eq 1 ] ||
			die "checkpatch ended with an error on $1" "look at $kept.said"
		sed -n 's/^[^:]*:[0-9]*: \(ERROR\|WARNING\|CHECK\):\([A-Z_]*\): \(.*\)/\2\t\3/p' "$kept.said" |
			sort | uniq -c | sed 's/^ *\([0-9]*\) /\1\t/' >"$kept.new"
		mv "$kept.new" "$kept"
	fi
	cat "$kept"
}

# checkpatch: each remaining line has its reason in patches/checkpatch.
mkdir -p "$out/checkpatch.kept"
i=0
remaining=0
: >"$out/checkpatch"
for name in $(cut -f1 "$out/steps"); do
	i=$((i + 1))
	echo "checkpatch, step $i of $n: $name"
	checked "$(printf '%s/%04d-' "$mails" "$i")"*.patch >"$out/checkpatch.step"
	while IFS='	' read -r count type text; do
		printf '%s\t%s\t%s\t%s\n' "$name" "$type" "$count" "$text"
	done <"$out/checkpatch.step" >>"$out/checkpatch"
done
while IFS='	' read -r name type count text; do
	remaining=$((remaining + count))
	rows patches/checkpatch | awk -F'\t' -v n="$name" -v t="$type" \
		'$1 == n && $2 == t { f = 1 } END { exit !f }' ||
		die "checkpatch, step $name: $count x $type: $text" \
			"mend the step, or give the reason in patches/checkpatch"
done <"$out/checkpatch"
# git am on the stock tree, of which only the touched files are checked out.
rm -rf "$am"
git clone -q -s -n "$linux" "$am" 2>/dev/null
cd "$am"
git -C "$linux" diff --no-renames --name-only stock series |
	sed 's,^,/,' >.git/info/sparse-checkout
git config core.sparseCheckout true
git checkout -q --detach stock
rm -f .git/mails
find "$mails" -name '*.patch' ! -name '0000-*' | sort | xargs cat >.git/mails
git -c user.name="$who" -c user.email="$mail" am -q .git/mails ||
	die "git am does not apply the mails" "look at $am"
[ "$(git rev-parse 'HEAD^{tree}')" = "$(git -C "$linux" rev-parse 'series^{tree}')" ] ||
	die "git am of the mails gives another tree" "compare $am with $linux"
rm -rf "$am"
echo "| $n mails and a cover letter in ${mails#"$top"/}, from $who <$mail>"
echo "| git am on stock gives the same tree; checkpatch --strict: $remaining lines, each with its reason"
result series "$n patches, git am gives the same tree, $remaining checkpatch lines with a reason"
