#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# boot.sh [MODE...|all]: boot the x86-64 kernel in the modes of scripts/modes; with
# BUILD, also in those of scripts/modes-BUILD.
#
# A mode passes when guest-init's plan was completed with every check ok. The
# result is $out/boot/MODE.ktap, the console $out/boot/MODE.log.
#
# Environment: ACCEL, tcg (default), kvm, or auto: kvm if the first mode passes
# under it within 10 s; SAME=1, do not repeat a boot that passed with the same
# inputs; BUILD=debug, the kernel that kernel.sh made of debug-pt.config; IMAGE,
# INITRAMFS, LIMIT (seconds), DIR: instead of the built kernel, its initramfs,
# the table's time limit and $out/boot.

. "$(dirname "$0")/lib.sh"

suffix=${BUILD:+-$BUILD}
image=${IMAGE:-$out/x86_64$suffix/arch/x86/boot/bzImage}
dir=${DIR:-$out/boot$suffix}
accel=${ACCEL:-tcg}
table=scripts/modes
if [ -f "$top/scripts/modes$suffix" ] && [ -n "$suffix" ]; then
	table=${out#"$top"/}/modes$suffix
	cat "$top/scripts/modes" "$top/scripts/modes$suffix" >"$top/$table"
fi

[ $# -gt 0 ] || set -- all
if [ "$*" = all ]; then
	# Mode names have no blanks.
	# shellcheck disable=SC2046
	set -- $(rows "$table" | cut -f1)
fi
for mode; do
	[ -n "$(cell "$table" "$mode" 2)" ] || die "no boot mode called $mode" \
		"choose from: $(rows "$table" | cut -f1 | paste -s -d' ')"
done
[ -f "$image" ] || die "no kernel $image" "run: make kernel"
need qemu-system-x86_64 qemu-system-x86
need timeout coreutils

initramfs=${INITRAMFS:-}
if [ -z "$initramfs" ]; then
	"$top/scripts/initramfs.sh"
	initramfs=$out/initramfs.gz
fi
mkdir -p "$dir"
# The kernel takes archives one behind the other.
modules=$out/x86_64$suffix/modules.gz
if [ -f "$modules" ]; then
	cat "$initramfs" "$modules" >"$dir/initramfs.gz"
	initramfs=$dir/initramfs.gz
fi

# with_kernel FILE: the initramfs with the kernel and itself, to kexec into.
with_kernel()
{
	rm -rf "$dir/kexec"
	mkdir -p "$dir/kexec/boot"
	cp "$image" "$dir/kexec/boot/kernel"
	cp "$initramfs" "$dir/kexec/boot/initramfs.gz"
	{
		cat "$initramfs"
		(cd "$dir/kexec" && find . | cpio --quiet -H newc -o) | gzip -1
	} >"$1"
	rm -rf "$dir/kexec"
}

# qemu MODE ACCEL LIMIT COMMAND-LINE: one boot, the console to stdout.
qemu()
{
	mode=$1 accelerator=$2 seconds=$3 append=$4
	cpu=$(cell "$table" "$mode" 4)
	cpus=$(cell "$table" "$mode" 5)
	set --
	if [ "$(cell "$table" "$mode" 3)" = efi ]; then
		ovmf=/usr/share/OVMF
		[ -f $ovmf/OVMF_CODE_4M.fd ] ||
			die "no OVMF in $ovmf" "run: apt-get install ovmf"
		cp $ovmf/OVMF_VARS_4M.fd "$dir/$mode.vars"
		set -- -drive "if=pflash,format=raw,unit=0,readonly=on,file=$ovmf/OVMF_CODE_4M.fd" \
			-drive "if=pflash,format=raw,unit=1,file=$dir/$mode.vars"
	fi
	initrd=$initramfs
	case $(cell "$table" "$mode" 8) in
	*kexec=*)
		initrd=$dir/$mode.gz
		with_kernel "$initrd"
		;;
	esac
	timeout --foreground -k 5 "$seconds" qemu-system-x86_64 -nodefaults -no-user-config \
		-machine q35 -accel "$accelerator" -cpu "$cpu" -smp "$cpus" -m 512 \
		-display none -serial stdio -no-reboot "$@" \
		-kernel "$image" -initrd "$initrd" -append "$append" </dev/null
}

# boot MODE ACCEL LIMIT: run the mode's machine; status 124 is a time-out.
boot()
{
	line=$(cell "$table" "$1" 7)
	[ "$line" != - ] || line=
	line="console=ttyS0 panic=-1 $line -- expect $(cell "$table" "$1" 8) end"
	case $(cell "$table" "$1" 2) in
	qemu) qemu "$1" "$2" "$3" "$line" ;;
	qemu-single) qemu "$1" "$2${single:-}" "$3" "$line" ;;
	bochs)
		"$top/scripts/bochs.sh" "$(cell "$table" "$1" 4)" "$(cell "$table" "$1" 5)" \
			"$3" "$image" "$initramfs" "$line" "$dir/$1"
		;;
	esac
}

# verdict MODE LOG KTAP STATUS LIMIT: empty when the boot passed, else why not.
verdict()
{
	expected=$(cell "$table" "$1" 8)
	shift
	tr -d '\r' <"$1" | sed -n '/^KTAP version 1$/,/^# guest-init: end/p' |
		grep -E '^(KTAP|1\.\.|ok |not ok |#)' >"$2" || :
	planned=$(sed -n 's/^1\.\.\([0-9]*\)$/\1/p' "$2")
	good=$(grep -c '^ok ' "$2" || :)
	bad=$(sed -n 's/^not ok [0-9]* //p' "$2" | paste -s -d, | sed 's/,/, /g')
	if grep -q 'Kernel panic' "$1"; then
		echo "panic: $(tr -d '\r' <"$1" | sed -n 's/.*Kernel panic - not syncing: //p' | head -n 1)"
	elif [ -n "$bad" ]; then
		echo "check failed: $bad"
	elif [ -z "$planned" ] && [ "$3" -eq 124 ]; then
		echo "no user space within $4 s"
	elif [ -z "$planned" ]; then
		echo "no user space: $(grep -m1 -e '^error: ' -e '^qemu-system' "$1" ||
			echo "the machine ended with status $3")"
	elif [ "$3" -eq 124 ] && [ "$good" -ne "$planned" ]; then
		echo "hangs: $good of $planned checks within $4 s"
	elif [ "$good" -ne "$planned" ] || ! grep -q '^# guest-init: end' "$2"; then
		echo "ended after $good of $planned checks (status $3)"
	else
		for check in $expected; do
			grep -q "^ok [0-9]* $check\$" "$2" || echo "not checked: $check"
		done | head -n 1
	fi
}

if [ "$accel" = auto ]; then
	accel=tcg
	first=$(rows "$table" | cut -f1 | head -n 1)
	if [ -w /dev/kvm ]; then
		status=0
		(boot "$first" kvm 10) >"$dir/probe.log" 2>&1 || status=$?
		[ -n "$(verdict "$first" "$dir/probe.log" "$dir/probe.ktap" $status 10)" ] || accel=kvm
	fi
	echo "| accelerator: $accel"
fi

# One thread of the host for all CPUs.
[ "$accel" != tcg ] || single=,thread=single

passed=0
why=
next=
for mode; do
	limit=${LIMIT:-$(cell "$table" "$mode" 6)}
	log=$dir/$mode.log
	key=$({ cat "$image" "$initramfs" "$top/scripts/boot.sh" "$top/scripts/bochs.sh"
		rows "$table" | grep "^$mode	"; echo "$accel"; } | sha256sum)
	if [ -n "${SAME:-}" ] && [ "$key" = "$(cat "$dir/$mode.passed" 2>/dev/null)" ]; then
		passed=$((passed + 1))
		echo "| boot $mode: $(grep -c '^ok ' "$dir/$mode.ktap") checks passed before, nothing changed"
		continue
	fi
	rm -f "$dir/$mode.passed"
	start=$(date +%s)
	status=0
	(boot "$mode" "$accel" "$limit") >"$log" 2>&1 || status=$?
	reason=$(verdict "$mode" "$log" "$dir/$mode.ktap" $status "$limit")
	spent=$(($(date +%s) - start))
	if [ -z "$reason" ]; then
		passed=$((passed + 1))
		echo "$key" >"$dir/$mode.passed"
		echo "| boot $mode: $(grep -c '^ok ' "$dir/$mode.ktap") checks passed, $spent s"
	else
		echo "| boot $mode: FAILED, $reason, $spent s"
		: "${why:=boot mode $mode: $reason}" "${next:=read $log}"
	fi
done

[ $# -eq 1 ] || result boot_modes "$passed of $# ($*)"
echo "| boot modes: $passed of $# passed"
[ "$passed" -eq $# ] || die "$why" "$next"
