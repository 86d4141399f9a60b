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
check "lands in the first step" grep -q 'edited' "$fake/patches/6.12/mm-introduce.diff"

printf 'int new;\n' >"$l/mm/new.c"
printf 'obj-y += new.o\n' >>"$l/mm/Makefile"
git -C "$l" add -A
commit -m 'mm: add a new file

It is needed.'
check "refresh of a new commit with a new file" fake series/refresh.sh
check "makes a step of it, in the section of the last one" \
	grep -q '^patch	mm-add-a-new-file	-	two$' "$fake/patches/series"
check "takes the file over" cmp "$l/mm/new.c" "$fake/mm/new.c"
check "keeps it in a diff of its own" \
	sh -c "grep -q '^+int new;' '$fake/patches/mm-add-a-new-file.new.diff' && ! grep -q 'mm/new.c' '$fake/patches/mm-add-a-new-file.diff'"
check "files at the top level are compared" fake series/final.sh
echo 'int planted;' >>"$fake/mm/new.c"
refuses "one that differs is refused" "mm/new.c is not what the last step leaves" series/final.sh
echo 'int newer;' >>"$l/mm/new.c"
commit -a -m 'mm: change the new file

It is needed, too.'
check "refresh of a change to a new file" fake series/refresh.sh
check "writes its last state" cmp "$l/mm/new.c" "$fake/mm/new.c"
check "not into the step that adds it" \
	sh -c "! grep -q newer '$fake/patches/mm-add-a-new-file.new.diff'"
git -C "$l" reset -q --hard HEAD^
check "refresh after that" fake series/refresh.sh
before=$(ids)
rm -rf "$fake/build/6.12/steps"
DISCARD=1 fake series/tree.sh
check "a replay from the start gives the same tree" test "$before" = "$(ids)"

git -C "$l" reset -q --hard HEAD^
check "refresh after a dropped commit" fake series/refresh.sh
check "drops the step" sh -c "! grep -q new-file '$fake/patches/series' && ! ls '$fake'/patches/mm-add-a-new-file.*"
check "and its file" sh -c "! test -e '$fake/mm/new.c'"

# Kernels share a diff whose hunks they have at other lines.
sed -i 's/^@@ -1,3 +1,3 @@/@@ -3,3 +3,3 @@/' "$fake/patches/kernel-change.diff"
check "a diff applies at other lines" fake series/tree.sh
check "refresh of it" fake series/refresh.sh
check "leaves its line numbers" grep -q '^@@ -3,3 +3,3 @@' "$fake/patches/kernel-change.diff"

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
check "as the diff of this kernel" grep -q 'more = 4' "$fake/patches/6.12/kernel-change.diff"
rm "$fake/patches/6.12/kernel-change.diff"
cp "$fake/good.diff" "$fake/patches/kernel-change.diff"
fake series/tree.sh

# The shared diff is the default kernel's, which is the first one.
cp "$fake/scripts/source/kernels" "$fake/good.kernels"
printf '6.1\tnone\t-\n' | cat - "$fake/good.kernels" >"$fake/scripts/source/kernels"
sed -i 's/int more = 2/int more = 5/; s/int more = 3/int more = 5/' "$l/kernel/other.c"
commit -a --amend --no-edit
check "refresh on another kernel than the default" fake series/refresh.sh
check "writes a diff of that kernel" grep -q 'more = 5' "$fake/patches/6.12/kernel-change.diff"
check "leaves the shared one" cmp "$fake/good.diff" "$fake/patches/kernel-change.diff"
cp "$fake/good.kernels" "$fake/scripts/source/kernels"
rm "$fake/patches/6.12/kernel-change.diff"
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
