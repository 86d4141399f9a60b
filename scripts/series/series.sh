#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# series.sh [SECTION...]: write sections of the replayed series, each as a posting of its
# own, into $out/series/SECTION: all of them, or those that are named. Check the mails with
# the tree's checkpatch, apply each section to its base with git am, and compare.
#
# The sender and the sign-off are the user's own git identity.

. "$(dirname "$0")/../lib.sh"

mails=$out/series
am=$out/series.am
all=$(rows patches/series | cut -f4 | uniq)
wanted=${*:-$all}
for section in $wanted; do
	printf '%s\n' "$all" | grep -qxF "$section" ||
		die "there is no section $section" "choose from: $(echo "$all" | paste -sd ' ')"
done
torn=$(printf '%s\n' "$all" | sort | uniq -d | head -n 1)
[ -z "$torn" ] || die "the steps of section $torn are not together" "sort patches/series"
[ -s "$out/steps" ] || die "there is no replayed series" "run: make tree"
who=$(git -C "$top" config user.name) && mail=$(git -C "$top" config user.email) ||
	die "git does not know who you are" \
		"run: git config --global user.name NAME; git config --global user.email ADDRESS"
cd "$linux"
[ "$(git rev-parse HEAD)" = "$(tail -n 1 "$out/steps" | cut -f3)" ] ||
	die "$linux holds commits that the project does not have" "run: make refresh"

# The same trees and messages, from the user; $out/signed has section, step and commit.
parent=$(git rev-parse stock)
while IFS='	' read -r name _ commit _; do
	parent=$(git log -1 --format=%B "$commit" |
		git interpret-trailers --trailer "Signed-off-by: $who <$mail>" |
		GIT_AUTHOR_NAME=$who GIT_AUTHOR_EMAIL=$mail \
		GIT_COMMITTER_NAME=$who GIT_COMMITTER_EMAIL=$mail \
			git commit-tree "$commit^{tree}" -p "$parent")
	printf '%s\t%s\t%s\n' "$(rows patches/series | awk -F'\t' -v n="$name" '$2 == n { print $4 }')" \
		"$name" "$parent"
done <"$out/steps" >"$out/signed"

# cover SECTION: its letter, in one line.
cover()
{
	tr '\n' ' ' <"$top/patches/cover/$1.msg"
}

# The base is the stock tree; what comes before the section is a prerequisite.
rm -rf "$mails"
base=$(git rev-parse stock)
before=
for section in $all; do
	[ -s "$top/patches/cover/$section.msg" ] ||
		die "section $section has no cover letter" "write patches/cover/$section.msg"
	end=$(awk -F'\t' -v s="$section" '$1 == s { c = $3 } END { print c }' "$out/signed")
	based="Based on Linux "
	[ -z "$before" ] || based="Based on \"$(head -n 1 "$top/patches/cover/$before.msg")\""
	cover "$section" | grep -qF "$based" ||
		die "the cover letter of section $section does not name its base" \
			"write into patches/cover/$section.msg: $based"
	printf '%s\t%s\t%s\n' "$section" "$base" "$end"
	git branch -qf "series-$section" "$end"
	git config "branch.series-$section.description" "$(cat "$top/patches/cover/$section.msg")"
	before=$section base=$end
done >"$out/sections"
for section in $wanted; do
	base=$(awk -F'\t' -v s="$section" '$1 == s { print $2 }' "$out/sections")
	git -c user.name="$who" -c user.email="$mail" -c format.signature= \
		format-patch -q --cover-letter --cover-from-description=subject \
		--base=stock --thread=shallow --no-renames -o "$mails/$section" \
		"$base..series-$section"
	grep -q "^base-commit: $(git rev-parse stock)$" "$mails/$section/0000-cover-letter.patch" ||
		die "the cover letter of section $section names no base commit" "report this"
	! grep -q 'SUBJECT HERE\|BLURB HERE' "$mails/$section/0000-cover-letter.patch" ||
		die "the cover letter of section $section is not filled in" \
			"write patches/cover/$section.msg"
done

words=$(dpkg -L codespell 2>/dev/null | grep -m 1 'dictionary\.txt$') ||
	die "codespell has no dictionary" "run: apt-get install codespell"

tools=$(cat "$words" scripts/checkpatch.pl scripts/spelling.txt scripts/const_structs.checkpatch |
	sha256sum)

# kept MAIL: the file for what checkpatch says of a mail, wherever its hunks are.
kept()
{
	{
		echo "$tools"
		sed '1,/^$/{/^Subject: /!d; s/\[[^]]*\] //}; s/^@@ [-+0-9, ]*@@/@@/; /^index /d' "$1"
	} | sha256sum | sed "s,^\(.\{16\}\).*,$out/checkpatch.kept/\1,"
}

# checkpatch: each remaining line has its reason in patches/checkpatch. One process for a
# section reads the dictionary once, and asks for the maintainers of a file once.
mkdir -p "$out/checkpatch.kept"
said=$out/checkpatch.said
n=0
remaining=0
: >"$out/checkpatch"
for section in $wanted; do
	set --
	for letter in "$mails/$section"/*.patch; do
		case $letter in */0000-*) continue ;; esac
		n=$((n + 1))
		[ -f "$(kept "$letter")" ] || set -- "$@" "$letter"
	done
	echo "checkpatch, section $section: $# mails that it has not seen"
	[ $# -eq 0 ] || PATH=/usr/bin:/bin perl scripts/checkpatch.pl --strict --codespell \
		--codespellfile "$words" --no-summary --terse --show-types "$@" >"$said" || [ $? -eq 1 ] ||
		die "checkpatch ended with an error on section $section" "look at $said"
	for letter; do
		awk -v m="$letter:" 'index($0, m) == 1 { print substr($0, length(m) + 1) }' "$said" |
			sed -n 's/^[0-9]*: \(ERROR\|WARNING\|CHECK\):\([A-Z_]*\): \(.*\)/\2\t\3/p' |
			sort | uniq -c | sed 's/^ *\([0-9]*\) /\1\t/' >"$said.new"
		mv "$said.new" "$(kept "$letter")"
	done
	i=0
	for name in $(awk -F'\t' -v s="$section" '$1 == s { print $2 }' "$out/signed"); do
		i=$((i + 1))
		while IFS='	' read -r count type text; do
			printf '%s\t%s\t%s\t%s\n' "$name" "$type" "$count" "$text"
		done <"$(kept "$(printf '%s/%04d-' "$mails/$section" "$i")"*.patch)" >>"$out/checkpatch"
	done
done
while IFS='	' read -r name type count text; do
	remaining=$((remaining + count))
	rows patches/checkpatch | awk -F'\t' -v n="$name" -v t="$type" \
		'$1 == n && $2 == t { f = 1 } END { exit !f }' ||
		die "checkpatch, step $name: $count x $type: $text" \
			"mend the step, or give the reason in patches/checkpatch"
done <"$out/checkpatch"

# git am of each section on its base, of which only the touched files are checked out.
rm -rf "$am"
git clone -q -s -n "$linux" "$am" 2>/dev/null
cd "$am"
git -C "$linux" diff --no-renames --name-only stock "$(tail -n 1 "$out/sections" | cut -f3)" |
	sed 's,^,/,' >.git/info/sparse-checkout
git config core.sparseCheckout true
for section in $wanted; do
	row=$(grep "^$section	" "$out/sections")
	base=$(echo "$row" | cut -f2)
	end=$(echo "$row" | cut -f3)
	git checkout -q --detach "$base"
	find "$mails/$section" -name '*.patch' ! -name '0000-*' | sort | xargs cat >.git/mails
	git -c user.name="$who" -c user.email="$mail" am -q .git/mails ||
		die "git am does not apply the mails of section $section" "look at $am"
	[ "$(git rev-parse 'HEAD^{tree}')" = "$(git rev-parse "$end^{tree}")" ] ||
		die "git am of the mails of section $section gives another tree" "compare $am with $linux"
	echo "| $section: $(git rev-list --count "$base..HEAD") mails and a cover letter in ${mails#"$top"/}/$section; git am gives the same tree"
done
rm -rf "$am"
echo "| from $who <$mail>; checkpatch --strict: $remaining lines, each with its reason"
result series "$n patches, git am of each section gives the same tree, $remaining checkpatch lines with a reason"
