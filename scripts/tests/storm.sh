#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Faults planted in what the debugging kernel does with its own text: each must be
# found, and be named.

. "$(dirname "$0")/../lib.sh"
# shellcheck source=tap.sh
. "$top/scripts/tests/tap.sh"

work=$out/tests/storm
rm -rf "$work"
mkdir -p "$work"
[ -f "$out/x86_64-debug/arch/x86/boot/bzImage" ] ||
	die "there is no kernel to boot" "run: scripts/build/kernel.sh kunit/debug-pt.config"

# planted NAME MODE SED-SCRIPT: boot with a fault in guest/init; $log has the console.
planted()
{
	guest "$1" "$3"
	log=$work/$1/$2.log
	! BUILD=debug DIR=$work/$1 "$top/scripts/boot/boot.sh" "$2" >"$work/said" 2>&1 </dev/null
}

# told TEXT PATTERN FILE: the file has it.
told()
{
	if grep -q "$2" "$3"; then
		pass "$1"
	else
		fail "$1" "it said: $(tail -n 1 "$work/said")"
	fi
}

# In the midst of the storm, somebody else probes the function that it looks at.
# shellcheck disable=SC2016
check "a storm that finds other bytes than its own fails" planted storm storm \
	's/kprobe tracing/nothing/
	s/^set -- /fault() { (until pidof guest-storm; do sleep 1; done; sleep 3; cd $tracing; echo p:other $f >kprobe_events; echo 1 >events\/kprobes\/other\/enable) >\/dev\/null 2>\&1 \& }\ntracing=\/sys\/kernel\/tracing f=__x64_sys_getppid\n&fault /'
told "the bytes are told" '^# wrong bytes after .* at [0-9a-f]*: ' "$log"
told "so are the checks" 'error: .*check failed: selftests=on, storm=25, hotplug=on, suspend=' "$work/said"

# shellcheck disable=SC2016
check "a kernel that does not go on with another fails" planted kexec default \
	's,/boot/kernel,/boot/none,; s/^set -- user_space/set -- kexec=on selftests=on/; s/^\tptdump \$wanted kernel_log/\tkernel_log/
	s/pgtable: \.\* Validating/nothing/; s/CPA self-test:/planted/; s/-lt 120/-lt 1/'
told "why is told" '^# open: No such file' "$log"
told "self-tests of which the log says nothing are told" '^# not passed: debug_vm_pgtable CPA' "$log"
told "the second boot is missed" '^# no second boot' "$log"
finish
