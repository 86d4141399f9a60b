#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The round trip: replay, edit in the tree, refresh, replay again.

. "$(dirname "$0")/../lib.sh"
. "$top/scripts/tests/tap.sh"
. "$top/scripts/tests/fake.sh"

fake=$build/test/refresh
fake_project "$fake"
l=$fake/build/6.12/linux
me='-c user.name=tester -c user.email=tester@localhost'

ids()
{
	git -C "$l" log --format=%H stock..HEAD | tr '\n' ' '
}

commit()
{
	# shellcheck disable=SC2086
	git -C "$l" $me commit -q "$@"
}

check "the series is replayed" fake series/tree.sh
check "it has one commit a step" test "$(git -C "$l" rev-list --count stock..HEAD)" = 3
check "the tags are set" git -C "$l" rev-parse -q --verify split
check "the generated commit carries its semantic patch" \
	sh -c "git -C '$l' log -2 --format=%B | grep -q '^    @fields'"
first=$(ids)
check "a second replay" fake series/tree.sh
check "does nothing" grep -q 'up to date' "$said"
rm "$fake/build/6.12/steps"
DISCARD=1 fake series/tree.sh
check "a replay from the start gives the same commits" test "$first" = "$(ids)"

# Times: a file that ends as it began keeps its time.
touch -d 2001-01-01 "$l/mm/use.c" "$l/include/linux/mm_types.h" "$l/kernel/other.c"
echo 'More reasons.' >>"$fake/patches/mm-introduce.msg"
check "a new message of the first step" fake series/tree.sh
check "keeps the times of files that stay" \
	test -z "$(find "$l/mm/use.c" "$l/include/linux/mm_types.h" "$l/kernel/other.c" -newermt 2001-01-02)"
sed -i 's/int more = 1/int more = 2/' "$fake/patches/kernel-change.diff"
check "an edit to the last patch" fake series/tree.sh
check "replays only that patch" test "$(grep -c '^| [0-9]*/3 ' "$said")" = 1
check "touches only its file" \
	sh -c "test -z \"\$(find '$l/mm/use.c' '$l/include/linux/mm_types.h' -newermt 2001-01-02)\" && test -n \"\$(find '$l/kernel/other.c' -newermt 2001-01-02)\""

# Edits in the tree come back.
sed -i 's/more = 2/more = 3/' "$l/kernel/other.c"
refuses "replay keeps off uncommitted edits" "make refresh" series/tree.sh
refuses "refresh asks for a commit" "uncommitted" series/refresh.sh
commit -a --amend -m 'kernel: change

Another reason.'
refuses "replay keeps off edited commits" "make refresh" series/tree.sh
check "refresh of an amended commit" fake series/refresh.sh
check "brings the diff back" grep -q '^+int more = 3;' "$fake/patches/kernel-change.diff"
check "brings the message back" grep -q '^Another reason' "$fake/patches/kernel-change.msg"
check "and is in step with the tree" fake series/tree.sh

sed -i 's/int map_count;/int map_count; \/* edited *\//' "$l/include/linux/mm_types.h"
commit -a --fixup="$(git -C "$l" rev-parse grouped)"
check "refresh of a fixup of the first commit" fake series/refresh.sh
check "lands in the first step" grep -q 'edited' "$fake/patches/mm-introduce.diff"
check "writes the final file" grep -q 'pgd_t \*pgd' "$fake/include/linux/pg_table.h"
check "which then is as in the tree" fake series/final.sh --check
echo '/* planted */' >>"$fake/include/linux/pg_table.h"
refuses "a final file that is edited is found" "not as in the last commit of the series: include/linux/pg_table.h" \
	series/final.sh --check
rm "$fake/include/linux/pg_table.h"
refuses "so is one that is missing" "series: include/linux/pg_table.h" series/final.sh --check
mkdir -p "$fake/mm"
echo 'int stray;' >"$fake/mm/stray.c"
refuses "and one that the series does not add" "series: include/linux/pg_table.h mm/stray.c" series/final.sh --check

printf 'int new;\n' >"$l/mm/new.c"
printf 'obj-y += new.o\n' >>"$l/mm/Makefile"
git -C "$l" add -A
commit -m 'mm: add a new file

It is needed.'
check "refresh of a new commit with a new file" fake series/refresh.sh
check "makes a step of it, in the section of the last one" \
	grep -q '^patch	mm-add-a-new-file	-	two$' "$fake/patches/series"
check "with the file in its diff" grep -qx '+int new;' "$fake/patches/mm-add-a-new-file.diff"
check "writes all final files, and removes the others" fake series/final.sh --check
printf 'int newer;\n' >"$l/mm/new.c"
git -C "$l" add -A
commit -m 'mm: change the new file

It is better.'
check "refresh of a commit that changes the new file" fake series/refresh.sh
check "leaves the step that adds it" grep -qx '+int new;' "$fake/patches/mm-add-a-new-file.diff"
check "and has the final file" grep -qx 'int newer;' "$fake/mm/new.c"
git -C "$l" reset -q --hard HEAD^
fake series/refresh.sh
before=$(ids)
rm -rf "$fake/build/6.12/steps"
DISCARD=1 fake series/tree.sh
check "a replay from the start gives the same tree" test "$before" = "$(ids)"

git -C "$l" reset -q --hard HEAD^
check "refresh after a dropped commit" fake series/refresh.sh
check "drops the step" sh -c "! grep -q new-file '$fake/patches/series' && ! test -e '$fake/patches/mm-add-a-new-file.msg'"

# A generated commit holds nothing by hand.
good=$(git -C "$l" rev-parse HEAD)
git -C "$l" checkout -q --detach HEAD^
sed -i 's/load(/load_by_hand(/' "$l/mm/use.c"
commit -a --amend --no-edit
# shellcheck disable=SC2086
git -C "$l" $me cherry-pick "$good" >/dev/null 2>&1
refuses "an edit in a generated commit is refused, with its file" "is generated.*mm/use.c" series/refresh.sh
check "and the edit is still there" grep -q load_by_hand "$l/mm/use.c"
git -C "$l" checkout -q main
git -C "$l" reset -q --hard "$good"

# A patch that does not apply.
cp "$fake/patches/kernel-change.diff" "$fake/good.diff"
sed -i 's/^ int last;/ int never;/' "$fake/patches/kernel-change.diff"
refuses "a patch that does not apply names step, file and rejects" \
	"step kernel-change: .*kernel/other.c .*rejects in build/6.12/rejects.*make refresh" series/tree.sh
check "the reject is there" test -s "$fake/build/6.12/rejects/kernel/other.c.rej"
check "the tree is clean at the step before" \
	sh -c "test -z \"\$(git -C '$l' status --porcelain)\" && test \$(git -C '$l' rev-list --count stock..HEAD) = 2"
sed -i 's/int more;/int more = 4;/' "$l/kernel/other.c"
commit -a -F "$fake/patches/kernel-change.msg"
check "the step committed by hand is taken by refresh" fake series/refresh.sh
check "as its diff" grep -q 'more = 4' "$fake/patches/kernel-change.diff"
cp "$fake/good.diff" "$fake/patches/kernel-change.diff"
fake series/tree.sh

# The shared diff is the default kernel's, which is the first one; another has only what
# it changes in another way.
cp "$fake/scripts/source/kernels" "$fake/good.kernels"
printf '6.1\tnone\t-\n' | cat - "$fake/good.kernels" >"$fake/scripts/source/kernels"
sed -i 's/^@@ -1,3 +1,3 @@/@@ -3,3 +3,3 @@ other/' "$fake/patches/kernel-change.diff"
cp "$fake/patches/kernel-change.diff" "$fake/good.diff"
check "a diff applies at other lines" fake series/tree.sh
own=$fake/patches/6.12
check "refresh on another kernel than the default" fake series/refresh.sh
check "has no diff for it where only lines differ" test ! -e "$own/kernel-change.diff"
sed -i 's/int more = 2/int more = 5/; s/int more = 3/int more = 5/' "$l/kernel/other.c"
printf 'int added;\n' >"$l/kernel/added.c"
git -C "$l" add -A
commit --amend --no-edit
check "refresh of another change" fake series/refresh.sh
check "writes a diff of that kernel" grep -q 'more = 5' "$own/kernel-change.diff"
check "leaves the shared one" cmp "$fake/good.diff" "$fake/patches/kernel-change.diff"
cp "$own/kernel-change.diff" "$fake/patches/kernel-change.diff"
rm -r "$own"
fake series/tree.sh
rm "$l/kernel/added.c"
sed -i 's/int more = 5/int more = 6/' "$l/kernel/other.c"
printf 'static int used;\n' >>"$l/mm/use.c"
commit -a --amend --no-edit
check "refresh of a change of one file and not of another" fake series/refresh.sh
check "has only the header of that" \
	sh -c "grep -qx 'diff --git a/kernel/added.c b/kernel/added.c' '$own/kernel-change.diff' && ! grep -q 'int added' '$own/kernel-change.diff'"
check "and gives the same tree again" fake series/tree.sh
check "with no file of the other" test ! -e "$l/kernel/added.c"
git -C "$l" reset -q --hard HEAD^
check "refresh after a dropped commit" fake series/refresh.sh
check "keeps the step of the default kernel" grep -q '	kernel-change	' "$fake/patches/series"
check "with only headers for its files here" \
	sh -c "grep -q '^diff --git' '$own/kernel-change.diff' && ! grep -v '^diff --git' '$own/kernel-change.diff'"
rm "$fake/build/6.12/steps"
DISCARD=1 check "a replay from the start" fake series/tree.sh
check "leaves it out" test "$(git -C "$l" rev-list --count stock..HEAD)" = 2
rm -r "$own"
: >"$fake/patches/kernel-change.diff"
refuses "a step that changes nothing on any kernel is told" "step kernel-change changes nothing" series/tree.sh
cp "$fake/good.diff" "$fake/patches/kernel-change.diff"
cp "$fake/good.kernels" "$fake/scripts/source/kernels"
cp "$fake/good.diff" "$fake/patches/kernel-change.diff"
fake series/tree.sh

# A step that dies is started over.
mkdir -p "$fake/bin"
printf '#!/bin/sh\nkill -9 $$\n' >"$fake/bin/spatch"
chmod +x "$fake/bin/spatch"
want=$(ids)
rm "$fake/build/6.12/steps"
DISCARD=1 refuses "a killed spatch ends the replay" "semantic patch mm_pgt_fields failed" series/tree.sh
rm "$fake/bin/spatch"
check "the next run goes on" fake series/tree.sh
check "and ends at the same commits" test "$want" = "$(ids)"
finish
