#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# mutant.sh DIR RUN: a worker of mutants.sh. Takes one fault after the other from
# RUN/todo, plants it in DIR/linux, and writes its verdict to RUN/verdicts: name,
# verdict, and what killed it. RUN/logs has what it printed.
#
# mutant.sh DIR RUN MODE WHERE IMAGE: boot one mode.

. "$(dirname "$0")/../lib.sh"

dir=$1
run=$2
tree=$dir/linux
obj=$tree/obj
rig=${RIG:-$top/scripts}
image=$obj/arch/x86/boot/bzImage
good=${run%/*}/arch/x86/boot/bzImage
base=${run%/*}/baseline
list=${LIST:-scripts/mutate/mutants}
files=${FILES:-scripts/mutate/files}
N=${N:-}
tab=$(printf '\t')
mkdir -p "$run/logs"
# What ends the worker is not for the log of a fault.
exec 3>&2

# next: the next fault, if enough of them do not count yet.
next()
{
	exec 9>"$run/lock"
	flock 9
	row=
	if [ -z "$N" ] || [ "$(grep -c "$tab\(killed\|survived\)$tab" "$run/verdicts")" -lt "$N" ]; then
		n=$(($(cat "$run/next") + 1))
		row=$(sed -n "${n}p" "$run/todo")
		echo $n >"$run/next"
	fi
	exec 9>&-
	[ -n "$row" ]
}

# boots MODE DIR IMAGE: all that the mode stands for. What is compared with the stock
# kernel elsewhere is compared with the kernel without a fault.
boots()
{
	mode=$1
	export DIR="$2" IMAGE="$3"
	case $mode in
	bochs) LIMIT=1000 "$rig/boot/boot.sh" bochs ;;
	pti.sh=*)
		mode=${mode#*=}
		MODES=scripts/compare/modes-pti "$rig/boot/boot.sh" "$mode" &&
			{ [ "$2" = "$base" ] || "$top/scripts/compare/pti.sh" --compare "$base" "$2" "$mode"; }
		;;
	asi-pcid) LIMIT=1000 MODES=scripts/boot/modes-asi "$rig/boot/boot.sh" asi-pcid ;;
	efi.sh)
		"$rig/boot/boot.sh" efi-fault-data efi-fault-code &&
			{ [ "$2" = "$base" ] || "$top/scripts/compare/efi.sh" --compare "$base" "$2"; }
		;;
	*) "$rig/boot/boot.sh" "$mode" ;;
	esac
}

if [ $# -eq 5 ]; then
	boots "$3" "$4" "$5"
	exit
fi

signs='] *not ok |Kernel panic|BUG: |Oops: '
booting=
trap 'kill -- "-$booting" 2>/dev/null; exit 1' TERM

# survives MODE: boot it with the fault. The first sign of it ends the boot, unless the
# kernel without a fault gives it too. A boot that was not tried kills nothing.
survives()
{
	console=$dir/boot/${1#*=}.log
	known=$(grep -s -c -E "$signs" "$base/${1#*=}.log") || :
	seen=
	setsid "$top/scripts/mutate/mutant.sh" "$dir" "$run" "$1" "$dir/boot" "$image" &
	booting=$!
	while kill -0 "$booting" 2>/dev/null; do
		sleep 1
		if [ "${known:-0}" -eq 0 ] && grep -q -s -E "$signs" "$console"; then
			seen=1
			kill -- "-$booting" 2>/dev/null || :
		fi
	done
	! wait "$booting" || return 0
	[ -n "$seen" ] || grep -q -e ': FAILED, ' -e 'not as with the stock kernel' "$log" ||
		die "mode $1 was not booted: $(sed -n 's/^error: //p' "$log" | tail -n 1)" "read $log" 2>&3
	return 1
}

# baseline MODE: it passes without a fault.
baseline()
{
	mkdir -p "$base"
	exec 8>"$base/lock"
	flock 8
	if [ ! -f "$base/$1.good" ]; then
		(boots "$1" "$base" "$good") >"$base/$1.said" 2>&1 || die \
			"mode $1 fails without a fault: $(sed -n 's/^error: //p' "$base/$1.said" | tail -n 1)" \
			"read $base/$1.said" 2>&3
		touch "$base/$1.good"
	fi
	exec 8>&-
}

# why LOG: what showed the fault: the first test that failed, the crash, or how else
# the boot went wrong.
why()
{
	sed -n 's/^error: \(.* not as with the stock kernel: .*\);.*/\1/p' "$1" | grep . && return
	cat "$dir"/boot/*.log 2>/dev/null | tr -d '\r' | awk '
		/^\[[ 0-9.]*\] *not ok [0-9]+ / && !test {
			sub(/^\[[ 0-9.]*\] */, ""); test = $4 }
		/BUG: |Oops|kernel BUG|WARNING: |Kernel panic|general protection/ && !crash {
			sub(/^\[[ 0-9.]*\] */, ""); crash = $0 }
		END { print test ? test : substr(crash, 1, 60) }' | grep . ||
		sed -n 's/.*FAILED, \(.*\), [0-9]* s$/\1/p' "$1" | head -n 1 | grep . ||
		sed -n 's/^error: //p' "$1" | tail -n 1
}

# compile OBJECT...: each by the command that kbuild keeps; no object, all by make.
# Leaves "same" if that is the same code as without the fault.
compile()
{
	[ $# -gt 0 ] || return 0
	same=1
	for object; do
		cp -p "$obj/$object" "$obj/$object.good"
		command=$(sed -n '1s/^savedcmd_[^ ]* := //p' "$obj/$(dirname "$object")/.$(basename "$object").cmd")
		(cd "$obj" && eval "$command") || return
		cmp -s "$obj/$object" "$obj/$object.good" || same=
	done
}

# verdict FILE PLACE CHANGE MODES OBJECT...: plant it and run it; sets verdict and by.
verdict()
{
	file=$1 place=$2 change=$3 modes=$4
	shift 4
	by=-
	cp -p "$tree/$file" "$dir/good"
	if [ "$place" = sed ]; then
		sed -E "$change" "$dir/good" >"$tree/$file"
	else
		"$build/tools/mutate" -a "$place" "$change" "$dir/good" >"$tree/$file"
	fi
	! cmp -s "$dir/good" "$tree/$file" || { verdict="not-compiled" by='it changes nothing'; return; }
	same=
	verdict="not-compiled"
	compile "$@" || { by=$(grep -m 1 -o 'error: .*' "$log" || :); return 0; }
	verdict="same-object"
	[ -z "$same" ] || return 0
	verdict="not-compiled"
	# Objects that are made are linked without a look at all the others. The image takes
	# the kernel in by .incbin, which ccache does not see.
	only=
	[ $# -eq 0 ] || [ -e "$dir/stale" ] || { only="build-dir=usr"; touch "$obj/built-in.a"; }
	# shellcheck disable=SC2086
	if ! CCACHE_DISABLE=1 make -s -C "$tree" O=obj ARCH=x86_64 CC="ccache gcc" -j"$J" $only bzImage; then
		! grep -q pti_scope "$log" || { verdict=killed; by=pti_scope; }
		return 0
	fi
	[ -n "$only" ] || rm -f "$dir/stale"
	if cmp -s "$image" "$good"; then
		[ $# -eq 0 ] || die "the image with the fault $name is that without" "remove $dir" 2>&3
		verdict="same-object"
		return 0
	fi
	for mode in $modes; do
		baseline "$mode"
		rm -rf "${dir:?}/boot"
		survives "$mode" && continue
		verdict=killed
		by="$mode: $(why "$log")"
		return 0
	done
	verdict=survived
}

restore()
{
	# Without a list of objects make has to see that it changed again, and to look at all.
	if [ $# -gt 1 ]; then
		cp -p "$dir/good" "$tree/$1"
	else
		cp "$dir/good" "$tree/$1"
		: >"$dir/stale"
	fi
	shift
	for object; do
		[ ! -f "$obj/$object.good" ] || mv "$obj/$object.good" "$obj/$object"
	done
}

# of FILE N: a field of its row.
of()
{
	rows "$files" | awk -F'\t' -v f="$1" -v n="$2" '$1 == f { print $n; exit }'
}

while next; do
	IFS="$tab" read -r name file line function operator text place change <<-END
		$row
	END
	! grep -q "^$name$tab" "$run/verdicts" || continue
	log=$run/logs/$name
	modes=$(cell "$list" "$name" 4 | tr , ' ')
	[ "$place" = sed ] || modes=$(of "$file" 3)
	start=$(date +%s)
	objects=$(of "$file" 2)
	case $objects,$file in ,*.c) objects=${file%.c}.o ;; esac
	if grep -qxF "$file$tab$function$tab$operator$tab$text" "$run/equivalent.keys"; then
		verdict=equivalent by=-
	else
		echo "$name" >"$dir/planted"
		# Objects are words.
		# shellcheck disable=SC2086
		verdict "$file" "$place" "$change" "$modes" $objects >"$log" 2>&1
		(cd "$tree" && git diff -U0) >>"$log"
		# shellcheck disable=SC2086
		restore "$file" $objects
		rm "$dir/planted"
	fi
	exec 9>"$run/lock"
	flock 9
	printf '%s\t%s\t%s\n' "$name" "$verdict" "$(printf %s "$by" | tr '\t' ' ')" >>"$run/verdicts"
	exec 9>&-
	echo "| $verdict: $file:$line $function() $operator: $text${by:+ ($by)}, $(($(date +%s) - start)) s"
done
