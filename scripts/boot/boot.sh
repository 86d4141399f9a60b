#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# boot.sh [--shell] [MODE...|all]: boot in the modes of scripts/boot/modes; with BUILD, also in those
# of scripts/boot/modes-BUILD. "all" are those of the x86-64 kernel; the others name a row
# of scripts/boot/machines.
#
# --shell: one mode under QEMU, with a shell on the terminal after its checks; Ctrl-A x
# leaves.
#
# A mode passes when guest/init's plan was completed with every check ok. The
# result is $out/boot/MODE.ktap, the console $out/boot/MODE.log.
#
# Environment: ACCEL, tcg (default), kvm, or auto: kvm if the first mode passes
# under it within 10 s; SAME=1, do not repeat a boot that passed with the same
# inputs; BUILD=debug, the kernel that kernel.sh made of debug-pt.config; IMAGE,
# INITRAMFS, LIMIT (seconds), DIR: instead of the built kernel, its initramfs,
# the table's time limit and $out/boot; MODES, MACHINES: other tables, below the top.

. "$(dirname "$0")/../lib.sh"

suffix=${BUILD:+-$BUILD}
dir=${DIR:-$out/boot$suffix}
accel=${ACCEL:-tcg}
table=${MODES:-scripts/boot/modes}
machines=${MACHINES:-scripts/boot/machines}
own=$table-${BUILD:-}
if [ -n "$suffix" ] && [ -f "$top/$own" ]; then
	mkdir -p "$out"
	cat "$top/$table" "$top/$own" >"$out/modes$suffix"
	table=${out#"$top"/}/modes$suffix
fi

shell=
[ "${1:-}" != --shell ] || {
	shell=1
	shift
	[ $# -gt 0 ] || set -- default
	[ $# -eq 1 ] || die "a shell is of one mode" "name one of $table"
}
[ $# -gt 0 ] || set -- all
if [ "$*" = all ]; then
	# Mode names have no blanks.
	# shellcheck disable=SC2046
	set -- $(rows "$table" | awk -F'\t+' '$2 ~ /^(qemu|bochs)/ { print $1 }')
fi
need timeout coreutils

# of MODE: set what the mode's machine boots.
of()
{
	machine=$(cell "$table" "$1" 2)
	case $machine in
	'') die "no boot mode called $1" \
		"choose from: $(rows "$table" | cut -f1 | paste -s -d' ')" ;;
	qemu* | bochs)
		image=${IMAGE:-$out/x86_64$suffix/arch/x86/boot/bzImage}
		initramfs=${INITRAMFS:-$out/initramfs.gz}
		console=ttyS0
		make='make kernel'
		machine=
		;;
	*)
		image=${IMAGE:-$out/$machine/arch/$(cell "$machines" "$machine" 2)/boot/$(cell "$machines" "$machine" 11)}
		initramfs=$machine
		[ "$(cell "$machines" "$machine" 9)" != - ] || initramfs=
		initramfs=${INITRAMFS:-$out/initramfs${initramfs:+-$initramfs}.gz}
		console=$(cell "$machines" "$machine" 6)
		make="MACHINE=$machine scripts/build/kernel.sh"
		;;
	esac
}

# with_kernel FILE...: the archives with the kernel and themselves, to kexec into.
with_kernel()
{
	rm -rf "$dir/kexec"
	mkdir -p "$dir/kexec/boot"
	cp "$image" "$dir/kexec/boot/kernel"
	cat "$@" >"$dir/kexec/boot/initramfs.gz"
	cat "$@"
	(cd "$dir/kexec" && find . | cpio --quiet -H newc -o) | gzip -1
	rm -rf "$dir/kexec"
}

# pack MODE: its initramfs; the kernel takes archives one behind the other. What was
# built with this kernel: its modules, and for who wants them the guest's and self-tests.
pack()
{
	expected=$(cell "$table" "$1" 8)
	made=${image%/arch/*}
	target=$dir/$1.gz
	set -- "$initramfs"
	case $expected in
	*module=* | *selftest=* | *churn=* | *pattern=*)
		[ -f "$made/guest-extra.gz" ] || die "no $made/guest-extra.gz" "run: make kernel"
		set -- "$@" "$made/guest-extra.gz"
		;;
	esac
	[ ! -f "$made/modules.gz" ] || set -- "$@" "$made/modules.gz"
	case $expected in
	*kexec=*) with_kernel "$@" ;;
	*) cat "$@" ;;
	esac >"$target"
}

mkdir -p "$dir"
for mode; do
	of "$mode"
	[ -f "$image" ] || die "no kernel $image" "run: $make"
	[ -n "${INITRAMFS:-}" ] || MACHINE=$machine "$top/scripts/build/initramfs.sh" >&2
	pack "$mode"
done

# firmware MODE: the arguments for its EFI, if it has one; its store is a new one or a copy
# of another mode's.
firmware()
{
	kind=$(cell "$table" "$1" 3)
	from=
	case $kind in
	*:*)
		from=$dir/${kind#*:}.vars
		[ -f "$from" ] || die "mode ${kind#*:} left no variable store for $1" \
			"run: scripts/boot/boot.sh ${kind#*:} $1"
		;;
	esac
	case ${kind%:*} in
	efi | efi32) ovmf "${kind%:*}" "$dir/$1.vars" "$from" ;;
	esac
}

# pc MODE ACCEL LIMIT COMMAND-LINE: one boot, the console to stdout.
pc()
{
	flash=$(firmware "$1") || exit
	qemu qemu-system-x86_64 "$3" -machine q35 -accel "$2" -cpu "$(cell "$table" "$1" 4)" \
		-smp "$(cell "$table" "$1" 5)" -kernel "$image" -initrd "$dir/$1.gz" -append "$4"
}

# other MODE LIMIT COMMAND-LINE: one boot of a machine of scripts/boot/machines.
other()
{
	mode=$1 seconds=$2 append=$3
	start=$(cell "$machines" "$machine" 7)
	firmware=$(cell "$machines" "$machine" 8)
	threads=
	# As qemu-single of scripts/boot/modes.
	case $(cell "$machines" "$machine" 2) in i386 | x86_64) threads=,thread=single ;; esac
	for file in $(echo "${firmware#-}" | tr , ' '); do
		[ -f "$file" ] || die "no firmware $file for $machine" \
			"run: scripts/source/deps.sh test"
	done
	set -- -append "$append"
	case $(cell "$table" "$mode" 3),$start in
	efi,pflash)
		cp "${firmware#*,}" "$dir/$mode.vars"
		set -- "$@" -kernel "$image" -initrd "$dir/$mode.gz" \
			-drive "if=pflash,format=raw,unit=0,readonly=on,file=${firmware%,*}" \
			-drive "if=pflash,format=raw,unit=1,file=$dir/$mode.vars"
		;;
	efi,disk)
		need mformat mtools
		need mkimage u-boot-tools
		disk=$dir/$mode.disk
		# The variable is for the guest to read.
		cat >"$disk.script" <<-END
			setenv -e -bs -rt -guid c0ffee00-1234-4567-89ab-0123456789ab PgTable written
			setenv bootargs "$append initrd=/initrd"
			load virtio 0 \${kernel_addr_r} Image
			bootefi \${kernel_addr_r} \${fdtcontroladdr}
		END
		mkimage -T script -C none -d "$disk.script" "$disk.boot" >/dev/null &&
			rm -f "$disk" && truncate -s 64M "$disk" && mformat -i "$disk" -F :: &&
			mcopy -i "$disk" "$disk.boot" ::/boot.scr &&
			mcopy -i "$disk" "$image" ::/Image &&
			mcopy -i "$disk" "$dir/$mode.gz" ::/initrd ||
			die "the disk for $mode cannot be written" "look for space in $dir"
		set -- -kernel "$firmware" -device virtio-blk-device,drive=disk \
			-drive "if=none,format=raw,id=disk,file=$disk"
		;;
	xen,*)
		"$top/scripts/boot/xen.sh" "$build/xen/xen" || return
		# To QEMU, a comma ends a module.
		append=$(printf "%s" "$append" | sed "s/,/,,/g")
		set -- -kernel "$build/xen/xen" -append "console=com1 com1=115200 loglvl=warning" \
			-initrd "$image $append,$dir/$mode.gz"
		;;
	*) set -- "$@" -kernel "$image" -initrd "$dir/$mode.gz" ;;
	esac
	qemu "$(cell "$machines" "$machine" 4)" "$seconds" -machine "$(cell "$machines" "$machine" 5)" \
		-accel "tcg$threads" -cpu "$(cell "$table" "$mode" 4)" -smp "$(cell "$table" "$mode" 5)" "$@"
}

# On a busy host a kernel finds that its timer does not tick, or that a CPU stands still.
busy='no_timer_check rcupdate.rcu_cpu_stall_timeout=100'

# boot MODE ACCEL LIMIT: run the mode's machine; status 124 is a time-out.
boot()
{
	line=$(cell "$table" "$1" 7)
	[ "$line" != - ] || line=
	of "$1"
	line="console=$console panic=-1 $line -- expect $(cell "$table" "$1" 8) end${shell:+ shell}"
	case $(cell "$table" "$1" 2) in
	qemu) pc "$1" "$2" "$3" "$busy $line" ;;
	qemu-single) pc "$1" "$2${single:-}" "$3" "$busy $line" ;;
	bochs)
		"$top/scripts/boot/bochs.sh" "$(cell "$table" "$1" 4)" "$(cell "$table" "$1" 5)" \
			"$3" "$image" "$dir/$1.gz" "$line" "$dir/$1"
		;;
	*) other "$1" "$3" "$line" ;;
	esac
}

# said KTAP LOG: what the guest said about each check that failed, and an oops.
said()
{
	awk '/^#/ { said = said "|   " $0 "\n"; next }
		/^not ok/ { printf "%s", said }
		{ said = "" }' "$1"
	tr -d '\r' <"$2" | grep -A 30 -m 1 -E 'BUG: |Oops|int3: |protection fault|Kernel panic' |
		sed 's/^/|   /' || :
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
		(boot "$first" kvm 10) >"$dir/probe.log" 2>&1 </dev/null || status=$?
		[ -n "$(verdict "$first" "$dir/probe.log" "$dir/probe.ktap" $status 10)" ] || accel=kvm
	fi
	echo "| accelerator: $accel"
fi

# One thread of the host for all CPUs.
[ "$accel" != tcg ] || single=,thread=single

# The terminal has the console and, behind Ctrl-A, QEMU's own commands; 0 is no limit.
if [ -n "$shell" ]; then
	case $(cell "$table" "$1" 2) in
	bochs) die "mode $1 is Bochs, whose console cannot be written to" "choose a mode of QEMU" ;;
	esac
	serial=mon:stdio
	boot "$1" "$accel" 0
	exit
fi
exec </dev/null

passed=0
why=
next=
number=0
for mode; do
	number=$((number + 1))
	limit=${LIMIT:-$(cell "$table" "$mode" 6)}
	log=$dir/$mode.log
	of "$mode"
	key=$({ cat "$image" "$dir/$mode.gz" "$top/scripts/boot/boot.sh" "$top/scripts/boot/bochs.sh"
		rows "$table" | grep "^$mode	"; rows "$machines"; echo "$accel"
		case $(cell "$table" "$mode" 3) in
		*:*) cat "$dir/$(cell "$table" "$mode" 3 | cut -d: -f2).vars" || : ;;
		esac; } 2>/dev/null | sha256sum)
	if [ -n "${SAME:-}" ] && unchanged "$dir/$mode.passed" "$key"; then
		passed=$((passed + 1))
		echo "| boot $mode: $(grep -c '^ok ' "$dir/$mode.ktap") checks passed before, nothing changed"
		continue
	fi
	rm -f "$dir/$mode.passed"
	echo "boot $number of $#: $mode"
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
		said "$dir/$mode.ktap" "$log"
		echo "| boot $mode: FAILED, $reason, $spent s"
		: "${why:=boot mode $mode: $reason}" "${next:=read $log}"
	fi
done

[ $# -eq 1 ] || result boot_modes "$passed of $# ($*)"
echo "| boot modes: $passed of $# passed"
[ "$passed" -eq $# ] || die "$why" "$next"
