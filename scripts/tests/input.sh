#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Bad input: each ends with one line that names the cause and the next step,
# a non-zero status, and nothing half done.

. "$(dirname "$0")/../lib.sh"
. "$top/scripts/tests/tap.sh"
. "$top/scripts/tests/fake.sh"

fake=$build/test/input
fake_project "$fake"
user=$fake/user
mkdir -p "$fake/bin"

# A user's own tree.
mkdir -p "$fake/empty"
FAKE_KSRC=$fake/empty refuses "not a kernel tree" "is not a kernel tree" source/import.sh
FAKE_KSRC=$fake/nowhere refuses "no such tree" "is not a kernel tree" source/import.sh
fake_kernel "$user"
sed -i 's/PATCHLEVEL = 12/PATCHLEVEL = 1/' "$user/Makefile"
FAKE_KSRC=$user check "a tree of a version without data is taken" fake source/import.sh
check "and it is said whose data is used" grep -q "is a kernel 6.1, for which there is no data; that of 6.12 is used" "$said"
FAKE_KSRC=$user check "the series is replayed on it" fake series/tree.sh
sed -i 's/int more;/int other_more;/' "$user/kernel/other.c"
FAKE_KSRC=$user check "one with another file is taken" fake source/import.sh
FAKE_KSRC=$user refuses "and what needs a hand is named" "step kernel-change: .* does not apply to: kernel/other.c" series/tree.sh
sed -i 's/int other_more;/int more;/' "$user/kernel/other.c"
FAKE_KERNEL=5.4 refuses "a version without data" "no data for kernel 5.4; take one of" source/fetch.sh
sed -i 's/PATCHLEVEL = 1$/PATCHLEVEL = 12/' "$user/Makefile"
sed -i 's/pgd_t \*pgd;/struct pg_table pgt;/' "$user/include/linux/mm_types.h"
FAKE_KSRC=$user refuses "a tree already split" "already split" source/import.sh
check "leaves nothing behind" sh -c "! ls -d '$fake'/build/6.12-*/linux '$fake'/build/6.12-*/import.tmp 2>/dev/null"
fake_kernel "$user"
git -C "$user" init -q
git -C "$user" add -A
rig_git "$user" commit -q -m base
echo 'int dirty;' >>"$user/kernel/other.c"
FAKE_KSRC=$user refuses "a dirty KSRC" "uncommitted changes; commit or stash" source/import.sh
git -C "$user" checkout -q .
chmod -R a-w "$user"
find "$user" -type f -exec cksum {} + | sort >"$fake/before"
FAKE_KSRC=$user check "a clean KSRC under git is taken" fake source/import.sh
FAKE_KSRC=$user check "and the series replayed on it" fake series/tree.sh
rm -rf "$fake/plain"
cp -r "$user" "$fake/plain"
chmod -R u+w "$fake/plain"
rm -rf "$fake/plain/.git"
FAKE_KSRC=$fake/plain check "a KSRC without git is taken" fake source/import.sh
FAKE_KSRC=$fake/plain check "and the series replayed on it, too" fake series/tree.sh
find "$user" -type f -exec cksum {} + | sort >"$fake/after"
check "KSRC is only read" cmp "$fake/before" "$fake/after"
chmod -R u+w "$user"

echo CONFIG_ARM64=y >"$fake/other.config"
refuses "a configuration of another architecture" "other.config is not the configuration of an x86-64 kernel" \
	build/deb.sh "$fake/other.config"

# The archive and the disk.
printf '9.9\tlinux-source-9.9\t-\n' >>"$fake/scripts/source/kernels"
FAKE_KERNEL=9.9 refuses "a package that the archive no longer has" "has gone from the archive; give a kernel tree" source/fetch.sh
http_proxy=http://127.0.0.1:9/ https_proxy=http://127.0.0.1:9/ \
	refuses "no network" "no network.*; mend the network" source/fetch.sh
check "leaves no package behind" sh -c "! ls '$fake'/build/download/*.deb 2>/dev/null"
mkdir -p "$fake/build/download"
: >"$fake/build/download/linux-source-6.12_1_all.deb"
rm -f "$fake/build/6.12/stock.id"
DISK_GB=9999999 refuses "too little disk" "GB are free .*9999999 GB are needed; free some" source/import.sh
rm -rf "$fake/build/download"
echo fake >"$fake/build/6.12/stock.id"

# Tools.
printf 'make\tgit\tgit\t9:99\tplanted\n' >>"$fake/scripts/source/packages"
refuses "a tool that is too old" "too old: git .*9:99 is needed.*; use Debian 12" source/deps.sh
printf 'make\tno-such-package\tno-such-program\t-\tplanted\n' >"$fake/scripts/source/packages"
if [ "$(id -u)" -eq 0 ]; then
	refuses "a package that cannot be installed" "run: apt-get update && apt-get install .* no-such-package" source/deps.sh
	cp -r "$fake/scripts" "$build/test/deps.scripts.tmp"
	rm -rf "/tmp/pg_table-input-test"
	mkdir -p /tmp/pg_table-input-test
	mv "$build/test/deps.scripts.tmp" /tmp/pg_table-input-test/scripts
	chmod -R a+rwX /tmp/pg_table-input-test
	if setpriv --reuid=65534 --regid=65534 --clear-groups \
	   /tmp/pg_table-input-test/scripts/source/deps.sh >"$fake/said" 2>&1; then
		fail "a missing package without root" "it passed"
	else
		check "a missing package without root prints the one line" \
			grep -q '^error: packages are missing.*; run as root: apt-get install -y --no-install-recommends no-such-package$' "$fake/said"
	fi
	rm -rf /tmp/pg_table-input-test
else
	refuses "a missing package without root prints the one line" \
		"run as root: apt-get install -y --no-install-recommends no-such-package" source/deps.sh
fi

# Ctrl-C in the middle of a phase: said in one line, and a re-run goes on.
cat >"$fake/bin/spatch" <<'EOF'
#!/bin/sh
sleep 60
EOF
chmod +x "$fake/bin/spatch"
(cd "$fake" && PATH="$fake/bin:$PATH" KERNEL=6.12 DISCARD=1 exec env --default-signal=INT setsid sh -c \
	'echo $$ >pid; exec scripts/phase.sh tree replay scripts/series/tree.sh') \
	>"$fake/said" 2>&1 &
waiter=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
	sleep 1
	[ ! -f "$fake/build/6.12/replaying" ] || break
done
sleep 1
env kill -INT -- "-$(cat "$fake/pid")"
status=0
wait "$waiter" || status=$?
check "Ctrl-C ends a phase with a status" test "$status" -ne 0
check "and one line that says how to go on" grep -q '^error: tree interrupted; run the same command again' "$fake/said"
rm "$fake/bin/spatch"
check "the next run goes on to the end" fake series/tree.sh
check "with all steps" test "$(git -C "$fake/build/6.12/linux" rev-list --count stock..HEAD)" = 3
finish
