#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# mutants.sh [NAME...]: put faults into the kernel, one at a time, boot it, and count
# those that no boot finds.
#
# N=100 [SEED=1]: so many mutants, drawn from those that scripts/mutate makes of the
# lines that the series adds to the files of scripts/mutate/files. A mutant that does
# not compile, or compiles to the same object code, does not count, nor does one of
# scripts/mutate/equivalent. The seed and the tree decide which they are.
# Without N: the faults of scripts/mutate/mutants; all of them have to be found.
#
# A fault is killed when one of its modes fails, by a check, a crash or a time limit;
# without a fault all of them pass, or nothing is counted. What was run with the same
# inputs is not run again, so an interrupted run goes on. All that were asked for are
# written to docs/results/mutants-KERNEL.tsv or mutation-KERNEL.tsv; with NAMEs,
# nothing is.
#
# Environment: WORKERS, how many boot at a time (default: the processors); LIMIT,
# seconds of a boot, instead of those of scripts/boot/modes; LIST, FILES, EQUIVALENT, TABLE:
# other tables, and CONFIGS, other fragments with commas, below the top; RIG: with other
# scripts of build/ and boot/; LEAST: how many per cent of those drawn have to be killed (90).

. "$(dirname "$0")/../lib.sh"

need ccache ccache
need setsid util-linux
N=${N:-}
SEED=${SEED:-1}
list=${LIST:-scripts/mutate/mutants}
files=${FILES:-scripts/mutate/files}
known=${EQUIVALENT:-scripts/mutate/equivalent}
if [ -n "$N" ]; then
	table=${TABLE:-docs/results/mutation-$KERNEL.tsv}
else
	table=${TABLE:-docs/results/mutants-$KERNEL.tsv}
fi
workers=${WORKERS:-$(nproc)}
rig=${RIG:-$top/scripts}
configs=$(echo "${CONFIGS:-kunit/x86_64.config,kunit/guest.config,kunit/suites.config,kunit/mutants.config}" |
	tr , ' ')
dir=$out/mutants
tab=$(printf '\t')

[ -d "$series/.git" ] || die "no kernel tree in $series" "run: make tree"
commit=$(git -C "$series" rev-parse HEAD)

# What decides a verdict; a list of equivalent mutants does not.
verdicts()
{
	git -C "$series" rev-parse "$commit^{tree}"
	cd "$top"
	# Names have no blanks.
	# shellcheck disable=SC2086
	cat $configs scripts/mutate/mutant.sh scripts/boot/modes scripts/compare/modes-pti scripts/guest/init \
		scripts/guest/*.c scripts/guest/modules/*.c
}

# What decides which faults there are.
faults()
{
	cd "$top"
	if [ -n "$N" ]; then
		echo "$SEED"
		cat scripts/mutate/*.[ch] scripts/ledger/util.[ch] "$files" scripts/mutate/excluded
	else
		cat "$list"
	fi
}

hash=$(verdicts | sha256sum | cut -c1-12)
kernel=$dir/$hash
run=$kernel/$(faults | sha256sum | cut -c1-12)
mkdir -p "$run"
exec 7>"$dir/lock"
flock -n 7 || die "another run plants faults in $dir" "wait for its end"

# prepare W: the tree and the kernel of a worker, without a fault.
prepare()
{
	tree=$dir/$1/linux
	log=$dir/$1/build.log
	if [ ! -d "$tree" ]; then
		mkdir -p "$dir/$1"
		git -C "$series" worktree prune
		git -C "$series" worktree add -q --detach --force "$tree" "$commit"
	fi
	git -C "$tree" checkout -q --force --detach "$commit"
	# Interrupted with a fault: its source is new now, so its objects are made again.
	if [ -f "$dir/$1/planted" ]; then
		rm -f "$dir/$1/built"
		find "$tree/obj" -name '*.o.good' -delete
		rm "$dir/$1/planted"
	fi
	! unchanged "$dir/$1/built" "$hash" || return 0
	rm -f "$dir/$1/built"
	# Built inside the tree, names are relative: ccache finds what another worker built.
	# Names have no blanks.
	# shellcheck disable=SC2046
	"$rig/build/config.sh" "$tree/obj" $(for c in $configs; do echo "$top/$c"; done)
	make_image bzImage -s -C "$tree" O=obj ARCH=x86_64 CC="ccache gcc" -j"$J" >"$log" 2>&1 &&
		"$rig/build/guest-extra.sh" "$tree" "$tree/obj" >>"$log" 2>&1 ||
		die "the kernel does not build" "read $log"
	mkdir -p "$kernel/arch/x86/boot"
	cp "$tree/obj/arch/x86/boot/bzImage" "$kernel/arch/x86/boot/"
	cp "$tree/obj/guest-extra.gz" "$kernel/"
	echo "$hash" >"$dir/$1/built"
}

# options OBJECT: what clang has to know of how it is compiled, one a line.
options()
{
	sed -n '1s/^savedcmd_[^ ]* := //p' "$(dirname "$1")/.$(basename "$1").cmd" | tr ' ' '\n' |
		awk '/^-include$/ { print; getline; print }
			/^-(I|D|std=|nostdinc|fshort-wchar|funsigned-char)/' |
		sed "s/'//g"
}

# drawn: a row for each mutant, in the order in which they are drawn.
drawn()
{
	llvm=$(dirname "$(dirname "$(realpath "$(command -v clang)")")")
	[ -f "$llvm/include/clang-c/Index.h" ] || die "no libclang in $llvm" "run: scripts/source/deps.sh test"
	program mutate "$top"/scripts/mutate/*.c "$top/scripts/ledger/util.c" -I"$llvm/include" \
		"$llvm/lib/libclang.so" -Wl,-rpath,"$llvm/lib"
	cd "$dir/1/linux/obj"
	rows "$files" | while IFS="$tab" read -r file objects _; do
		unit=${objects%% *}
		# Options have no blanks.
		# shellcheck disable=SC2046
		git -C "$series" diff -U0 "stock..$commit" -- "$file" |
			"$build/tools/mutate" -l "$SEED" "$file" "../$file" "../${unit%.o}.c" $(options "$unit") || exit
	done >"$run/all" || return
	rows scripts/mutate/excluded >"$run/excluded"
	awk -F'\t' 'NR == FNR { file[n] = $1; fn[n] = $2; text[n++] = $3; next }
		{ for (i = 0; i < n; i++)
			if ($2 ~ "^(" file[i] ")$" && $4 ~ "^(" fn[i] ")$" && $6 ~ text[i])
				next
		  print }' "$run/excluded" "$run/all" | sort
}

# written: the faults of the list, in rows of the same form.
written()
{
	rows "$list" | awk -F'\t' -v OFS='\t' '{ print $1, $2, 0, "-", "-", $3, "sed", $3 }'
}

interrupted()
{
	for pid in $pids; do
		kill -- "-$pid" 2>/dev/null || :
	done
	die "interrupted after $(wc -l <"$run/verdicts") faults" "run the same command again to go on"
}

echo "| $KERNEL $(git -C "$series" rev-parse --short HEAD), inputs $hash/${run##*/}${N:+, seed $SEED}, seconds of a boot: ${LIMIT:-those of scripts/boot/modes}"
prepare 1
if [ ! -f "$run/plan" ]; then
	(if [ -n "$N" ]; then drawn; else written; fi) >"$run/plan.new" || exit
	mv "$run/plan.new" "$run/plan"
	rm -f "$run/all" "$run/excluded"
fi
[ -s "$run/plan" ] || die "there is nothing to plant" "see $files and $list"

# key: file, function, operator and text of a mutant, wherever it is.
cut -f2,4-6 "$run/plan" | sort >"$run/keys"
# Of the files that are drawn from.
rows "$files" | cut -f1 >"$run/files"
rows "$known" | awk -F'\t' 'NR == FNR { drawn[$1]; next } $1 in drawn' "$run/files" - >"$run/equivalent"
cut -f1-4 "$run/equivalent" >"$run/equivalent.keys"
if [ -n "$N" ]; then
	lost=$(sort "$run/equivalent.keys" | comm -23 - "$run/keys" | head -n 1)
	[ -z "$lost" ] || die "$known has a mutant that does not exist: $lost" \
		"correct the row, or remove it"
fi

# What is run: those named, or all.
for name; do
	grep -q "^$name$tab" "$run/plan" || die "no fault called $name" "see $run/plan"
done
if [ $# -gt 0 ]; then
	printf '%s\n' "$@" >"$run/names"
	awk -F'\t' 'NR == FNR { want[$1]; next } $1 in want' "$run/names" "$run/plan" >"$run/todo"
else
	cp "$run/plan" "$run/todo"
fi
echo 0 >"$run/next"
touch "$run/verdicts"
# What was found to be equivalent after it survived does not count.
awk -F'\t' -v OFS='\t' '
	FILENAME ~ /equivalent.keys$/ { known[$0]; next }
	FILENAME ~ /plan$/ { key[$1] = $2 OFS $4 OFS $5 OFS $6; next }
	$2 == "survived" && key[$1] in known { $2 = "equivalent" }
	{ print }' "$run/equivalent.keys" "$run/plan" "$run/verdicts" >"$run/verdicts.new"
mv "$run/verdicts.new" "$run/verdicts"
# A named fault is run again.
if [ $# -gt 0 ]; then
	awk -F'\t' 'NR == FNR { again[$1]; next } !($1 in again)' "$run/names" "$run/verdicts" >"$run/verdicts.new"
	mv "$run/verdicts.new" "$run/verdicts"
fi

pids=
trap interrupted INT TERM HUP
w=1
while [ $w -le "$workers" ]; do
	[ $w -eq 1 ] || prepare $w
	setsid env J=1 N="$N" FILES="$files" LIST="$list" "$top/scripts/mutate/mutant.sh" "$dir/$w" "$run" &
	pids="$pids $!"
	w=$((w + 1))
done
failed=
for pid in $pids; do
	wait "$pid" || failed=1
done
trap - INT TERM HUP
[ -z "$failed" ] || die "a worker has failed" "see above, and run the same command again to go on"

# The verdicts in the order of the plan, up to the Nth that counts.
awk -F'\t' -v OFS='\t' -v n="${N:-0}" '
	FILENAME ~ /equivalent$/ { equivalent[$1, $2, $3, $4]; next }
	FILENAME ~ /verdicts$/ { verdict[$1] = $2; by[$1] = $3; next }
	$1 in verdict && !(n && counted == n) {
		v = verdict[$1]
		if (v == "survived" && ($2, $4, $5, $6) in equivalent)
			v = "equivalent"
		counted += v == "killed" || v == "survived"
		print $1, $2, $3, $4, $5, $6, v, by[$1]
	}' "$run/equivalent" "$run/verdicts" "$run/todo" >"$run/result"

# The 95 % confidence interval is Wilson's.
sum=$(awk -F'\t' '{ n[$7]++ } END {
	k = n["killed"] + 0; s = n["survived"] + 0; t = k + s; z = 1.96
	if (!t) { print "nothing counts"; exit }
	p = k / t; c = p + z * z / 2 / t; w = z * sqrt(p * (1 - p) / t + z * z / 4 / t / t); d = 1 + z * z / t
	printf "%d of %d killed, %.1f %% (95 %% confidence: %.1f to %.1f %%), %d survived; ", \
		k, t, 100 * p, 100 * (c - w) / d, 100 * (c + w) / d, s
	printf "not counted: %d equivalent, %d with the same object code, %d not compiled\n", \
		n["equivalent"], n["same-object"], n["not-compiled"] }' "$run/result")
if [ $# -eq 0 ]; then
	{
		echo "# Written by ${N:+N=$N SEED=$SEED }scripts/mutate/mutants.sh. Fields are separated by tabs."
		echo "# inputs $hash/${run##*/}: $sum"
		echo "# name${tab}file${tab}function${tab}operator${tab}text${tab}verdict${tab}killed by"
		awk -F'\t' -v OFS='\t' '$7 ~ /^(killed|survived|equivalent)$/ { print $1, $2, $4, $5, $6, $7, $8 }' \
			"$run/result"
	} >"$top/$table"
fi
awk -F'\t' '$7 == "survived" { printf "| survived: %s:%d %s() %s: %s (%s)\n", $2, $3, $4, $5, $6, $1 }' \
	"$run/result"
echo "| $sum"
[ -n "$N" ] || ! grep -q "${tab}survived$tab\|${tab}not-compiled$tab\|${tab}same-object$tab" "$run/result" ||
	die "faults of $list are not found: $(awk -F'\t' '$7 != "killed" { print $1 }' "$run/result" | paste -s -d' ')" \
		"read $run/verdicts"
case $sum in
nothing*) die "no fault counts" "read $run/verdicts" ;;
"0 of "*) die "none of $(echo "$sum" | cut -d" " -f3) faults is killed" "look whether the boots run the suites" ;;
esac
[ -z "$N" ] || [ $# -gt 0 ] || awk -F'\t' -v least="${LEAST:-90}" '
	{ n[$7]++ }
	END { exit 100 * n["killed"] < least * (n["killed"] + n["survived"]) }' "$run/result" ||
	die "fewer than ${LEAST:-90} % of the faults are killed" "write tests that find those above"
