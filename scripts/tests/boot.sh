#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Faults planted in the guest, in a configuration and in a KUnit run: each must
# end the run with a status, and with a line that names it.

. "$(dirname "$0")/../lib.sh"
# shellcheck source=tap.sh
. "$top/scripts/tests/tap.sh"

work=$out/tests/boot
rm -rf "$work"
mkdir -p "$work"

planted()
{
	guest "$@"
	export DIR="$work/$1"
}

boot=$top/scripts/boot/boot.sh
export MODES=scripts/tests/modes
[ -f "$out/x86_64/arch/x86/boot/bzImage" ] ||
	die "there is no kernel to boot" "run: make kernel"

planted check 's/^set -- /fault() { false; }\nset -- fault /'
says "a check that fails is named" "check failed: fault; " "$boot" default
planted log 's/^set -- /fault() { echo "<4>Bad page here" >\/dev\/kmsg; }\n&fault /'
says "a bad kernel log is found" "check failed: kernel_log; " "$boot" default
planted short 's/^set -- /fault() { dmesg -c >\/dev\/null; }\n&fault /'
says "a kernel log without its beginning is found" "check failed: kernel_log; " "$boot" default
planted pti 's/^set -- user_space/& pti=off/'
says "page-table isolation is not off when it is on" \
	"check failed: pti=off; " "$boot" pti-on
planted la57 's/^set -- user_space/& la57=on/'
says "five levels are not on when they are off" \
	"check failed: la57=on; " "$boot" la57-off
planted mm 's/^set -- user_space/& guest-mm=none/'
says "a failing user program is found" "check failed: guest-mm=none; " "$boot" default
# shellcheck disable=SC2016
planted churn 's/^\tguest-churn "$1" >/\tfalse >/'
says "processes that go wrong are found" "check failed: churn=5; " "$boot" smp2
planted nmi 's/^\tinsmod .*nmi_storm.ko/& period_us=900000 #/'
says "NMIs that do not come are found" "check failed: churn=5; " "$boot" smp2
# shellcheck disable=SC2016
planted wrong 's/^\tinsmod .*nmi_storm.ko/& most=1 #/; s/ && \$6 > 10//'
says "NMIs that read what a process does not have are found" "check failed: churn=5; " "$boot" smp2
# shellcheck disable=SC2016
planted lost 's/ \$wanted / /'
says "an expectation that is not checked is no pass" "not checked: cpus=1; " "$boot" default
planted early 's/^set -- /fault() { poweroff -f; sleep 9; }\n&fault /'
says "a plan that is not completed is no pass" "ended after [0-9]* of " "$boot" default
planted panic 's/^dmesg -n 4/exit 1/'
says "a panic is told" "panic: Attempted to kill init" "$boot" default
check "and what the guest said of it" grep -q '^|   .*Kernel panic - not syncing' "$work/said"
planted hang 's/^set -- /fault() { sleep 999; }\n&fault /'
says "a guest that hangs is told, with the limit and the log" \
	"mode default: hangs: [0-9]* of [0-9]* checks within 40 s; .*default.log" \
	env LIMIT=40 "$boot" default
planted silent 's/^dmesg -n 4/sleep 999/'
says "no user space is told" "no user space within 20 s" env LIMIT=20 "$boot" default
unset INITRAMFS DIR
check "the same init without a fault passes" env DIR="$work/good" "$boot" default
says "a machine that does not start is told" "no user space: qemu-system" \
	env DIR="$work/none" ACCEL=none "$boot" default

# shell MODE...: a shell in which a command is typed once it has begun.
shell()
{
	# It waits for what is written.
	# shellcheck disable=SC2094
	{
		n=0
		until grep -q 'Ctrl-A x leaves' "$work/shell" || [ $n -gt 300 ]; do
			n=$((n + 1))
			sleep 1
		done
		sleep 5
		echo
		echo 'ls -1d /sys/kernel/tracing/trace /sys/kernel/debug/kunit; poweroff -f'
	} | timeout 400 "$boot" --shell "$@" >"$work/shell" 2>&1
}
export DIR="$work/good"
: >"$work/shell"
check "a shell begins after the checks" shell default
for f in tracing/trace debug/kunit; do
	check "it has /sys/kernel/$f" grep -q "^/sys/kernel/$f" "$work/shell"
done
says "a shell of two modes is refused" "a shell is of one mode; " "$boot" --shell default smp2
says "a shell under Bochs is refused" "mode bochs is Bochs, whose console .*; " "$boot" --shell bochs
unset DIR
says "an unknown mode is named" "no boot mode called nonsense" "$boot" nonsense

config=$top/scripts/build/config.sh
echo CONFIG_NO_SUCH_SYMBOL=y >"$work/unknown.config"
says "an unknown symbol is named" "CONFIG_NO_SUCH_SYMBOL (unknown)" \
	"$config" "$work/c" "$top/kunit/x86_64.config" "$work/unknown.config"
echo '# CONFIG_NO_SUCH_SYMBOL is not set' >"$work/off.config"
says "an unknown symbol is named when it is wanted off" \
	"CONFIG_NO_SUCH_SYMBOL (unknown)" \
	"$config" "$work/c" "$top/kunit/x86_64.config" "$work/off.config"
printf '%s\n' 'CONFIG_KVM_XEN=y' '# CONFIG_KVM is not set' >"$work/depends.config"
says "a symbol without its dependency is named" "CONFIG_KVM_XEN is not y" \
	"$config" "$work/c" "$top/kunit/x86_64.config" "$work/depends.config"
says "it is also named over a whole configuration" "CONFIG_KVM_XEN is not y" \
	env BASE="$work/c/.config" "$config" "$work/d" "$work/depends.config"
check "a correct fragment is accepted" \
	"$config" "$work/c" "$top/kunit/x86_64.config"

# A kunit.py that prints what the real one prints at its end.
fake()
{
	mkdir -p "$build/planted/linux/tools/testing/kunit"
	cat >"$build/planted/linux/tools/testing/kunit/kunit.py" <<-END
		#!/bin/sh
		for arg; do
			case \$arg in --build_dir=*) dir=\${arg#*=} ;; esac
		done
		$1
		exit $2
	END
	chmod +x "$build/planted/linux/tools/testing/kunit/kunit.py"
}
kunit=$top/scripts/boot/kunit.sh
subtests=$(cell scripts/boot/suites um 3 | sed 's/,/\\n# Subtest: /g; s/^/# Subtest: /')
# shellcheck disable=SC2016
show='printf "'$subtests'\n" >$dir/test.log; echo "Testing complete. Ran '
fake "$show 0 tests:\"" 0
says "a KUnit run without tests fails" "ran no tests" env KERNEL=planted "$kunit" um
# shellcheck disable=SC2016
fake 'echo "# Subtest: other" >$dir/test.log; echo "Testing complete. Ran 3 tests: passed: 3"' 0
says "a KUnit run without its suite fails" "did not run suite" env KERNEL=planted "$kunit" um
fake "${show}3 tests: passed: 2, failed: 1\"" 1
says "a KUnit run that fails is told" "KUnit on um failed" env KERNEL=planted "$kunit" um
fake 'echo "make: error in the build"' 1
says "a KUnit kernel that does not build is told" "did not run" env KERNEL=planted "$kunit" um
fake "${show}3 tests: passed: 3\"" 0
check "a KUnit run that passes passes" env KERNEL=planted "$kunit" um
table=${work#"$top"/}/sections
sed -n 's/^\(um\t.*\t\)-$/\1nosuch/p' "$top/scripts/boot/suites" >"$top/$table"
echo "mm-introduce-pg_table	patch	HEAD	-" >"$build/planted/steps"
says "an end of a section that does not exist" "patches/series has no section nosuch" \
	env KERNEL=planted SUITES="$table" "$kunit" um
sed -i 's/nosuch$/split/' "$top/$table"
says "an end of a section that was not replayed" "no kernel tree in .*; run: make tree" \
	env KERNEL=planted SUITES="$table" "$kunit" um
rm -rf "$build/planted"

finish
