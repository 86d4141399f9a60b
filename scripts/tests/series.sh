#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The sections of the series as mail: all or one, and what is refused.

. "$(dirname "$0")/../lib.sh"
. "$top/scripts/tests/tap.sh"
. "$top/scripts/tests/fake.sh"

fake=$build/test/series
fake_project "$fake"
mkdir -p "$fake/bin" "$fake/patches/cover"
export GIT_CONFIG_COUNT=2 GIT_CONFIG_KEY_0=user.name GIT_CONFIG_VALUE_0=tester \
	GIT_CONFIG_KEY_1=user.email GIT_CONFIG_VALUE_1=tester@localhost
git -C "$fake" init -q
l=$fake/build/6.12/linux
mkdir -p "$l/scripts"
echo 'exit 0;' >"$l/scripts/checkpatch.pl"
: >"$l/scripts/spelling.txt"
: >"$l/scripts/const_structs.checkpatch"
git -C "$l" add -A
rig_git "$l" commit -q --amend --no-edit
git -C "$l" tag -f stock >/dev/null
printf 'mm: one\n\nBased on Linux 6.12.\n' >"$fake/patches/cover/one.msg"
printf 'kernel: two\n\nBased on "mm:\none", on Linux 6.12.\n' >"$fake/patches/cover/two.msg"
mails=$fake/build/6.12/series

check "the series is replayed" fake series/tree.sh
check "its sections become mail" fake series/series.sh
check "each with its own letter" \
	sh -c "grep -q 'Subject: .*0/2. mm: one' '$mails/one/0000-cover-letter.patch' && grep -q 'Subject: .*0/1. kernel: two' '$mails/two/0000-cover-letter.patch'"
check "each names the stock tree" \
	sh -c "! grep -L '^base-commit: $(git -C "$l" rev-parse stock)$' '$mails'/*/0000-* | grep ."
check "the second one names the patches before it" \
	test "$(grep -c '^prerequisite-patch-id: ' "$mails/two/0000-cover-letter.patch")" = 2
check "one section alone" fake series/series.sh two
check "writes only that" sh -c "test -d '$mails/two' && ! test -e '$mails/one'"
check "and applies it to the end of the one before" grep -q '^| two: 1 mails.*the same tree' "$said"
refuses "an unknown section" "there is no section three; choose from: one two" series/series.sh three
check "leaves the mails alone" test -d "$mails/two"

cp "$fake/patches/series" "$fake/good.series"
printf 'patch\tmm-last\t-\tone\n' >>"$fake/patches/series"
refuses "a section in two pieces" "the steps of section one are not together" series/series.sh
cp "$fake/good.series" "$fake/patches/series"
sed -i 's/one"/another"/' "$fake/patches/cover/two.msg"
refuses "a letter that names another base" "letter of section two does not name its base.*mm: one" series/series.sh
rm "$fake/patches/cover/two.msg"
refuses "a section without a letter" "section two has no cover letter; write patches/cover/two.msg" series/series.sh
printf 'kernel: two\n\nBased on "mm: one".\n' >"$fake/patches/cover/two.msg"

# Mails that say something else than the tree.
cat >"$fake/bin/git" <<EOF
#!/bin/sh
$(command -v git) "\$@" || exit
case " \$* " in
*" format-patch "*) find "$mails" -name '0001-kernel*' -exec sed -i 's/^+int more = 1/+int more = 7/' {} + ;;
esac
EOF
chmod +x "$fake/bin/git"
refuses "a mail that gives another tree is found" \
	"git am of the mails of section two gives another tree" series/series.sh
check "the section before it is sound" fake series/series.sh one
rm "$fake/bin/git"
check "without a fault it passes" fake series/series.sh
finish
