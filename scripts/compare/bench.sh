#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# bench.sh: measure what the series costs and saves, stock against ours.
#
# Both kernels have the configuration of kunit/x86_64.config, as far as bench.config
# leaves it, and pg_table_bench.c. They run under QEMU's TCG with -icount, where the TSC
# counts instructions. scripts/compare/bench.rows says what is compared; the result is
# $build/bench.tsv and bench.svg, with ALL=1 docs/bench.svg.
#
# Environment: RUNS (1), how often each kernel is booted in each way: the
# figures are those of the first run, the spread is over all; ALL=1, build the smallest
# kernels and one with views as well, for the rows "tiny" and "views"; REF (HEAD), the
# commit that is measured; KEEP=1, only make the table again.

. "$(dirname "$0")/../lib.sh"

RUNS=${RUNS:-1}
ALL=${ALL:-}
bench=$out/bench
table=scripts/compare/bench.rows
tsv=$build/bench.tsv
svg=$build/bench.svg
[ -z "$ALL" ] || svg=$top/docs/bench.svg
boots=scripts/compare/bench.boots

need ccache ccache
need gnuplot gnuplot-nox
[ -d "$linux/.git" ] || die "no kernel tree in $linux" "run: make tree"

mkdir -p "$bench"

# asked: of a table, the rows that were asked for.
asked()
{
	rows "$1" | if [ -n "$ALL" ]; then cat; else grep -v '^tiny	\|^views	'; fi
}

# tree SIDE COMMIT: a work tree of the commit with the benchmark in it, which
# shares its objects with $linux and writes nothing there.
tree()
{
	t=$bench/$1/linux
	checkout "$t" "$2"
	mkdir -p "$t/mm/tests"
	for f in pg_table_bench.c pg_table_bench.h; do
		cmp -s "$top/scripts/guest/$f" "$t/mm/tests/$f" || cp "$top/scripts/guest/$f" "$t/mm/tests/"
	done
	# Sizes are those of a kernel without it.
	wrap='+= $(if $(PG_TABLE_BENCH),-include $(srctree)/mm/tests/pg_table_bench.h)'
	add_lines "$t" mm/Makefile 'obj-$(PG_TABLE_BENCH) += tests/pg_table_bench.o' "CFLAGS_mm_init.o $wrap"
	add_lines "$t" init/Makefile "CFLAGS_main.o $wrap"
}

# add_lines TREE FILE LINE...: the file as committed, and these lines.
add_lines()
{
	to=$1/$2
	git -C "$1" show "HEAD:$2" >"$to.new"
	shift 2
	printf '%s\n' "$@" >>"$to.new"
	if cmp -s "$to.new" "$to"; then rm "$to.new"; else mv "$to.new" "$to"; fi
}

# kbuild SIDE DIR ARCH COMMAND...: make or make_image in the work tree, what is built
# to DIR.
kbuild()
{
	dir=$bench/$1/$2 arch=$3 t=$bench/$1/linux
	shift 3
	mkdir -p "$dir"
	"$@" -C "$t" O="$dir" ARCH="$arch" CC="ccache gcc" -j"$J" >"$dir/log" 2>&1 ||
		die "$* fails: $(grep -m 1 -e 'error:' -e 'undefined' "$dir/log" || :)" \
			"read $dir/log"
}

# configure SIDE DIR FRAGMENT...
configure()
{
	side=$1
	to=$2
	shift 2
	# The work tree of the stock kernel is before the series.
	[ "$side" = ours ] || export STOCK=1
	TREE=$bench/$side/linux "$top/scripts/build/config.sh" "$bench/$side/$to" \
		"$top/kunit/x86_64.config" "$top/scripts/compare/bench.config" "$@"
	unset STOCK
}

# .text of vmlinux itself is padded to 2 MiB where there is PTI.
text_size()
{
	size -A "$1/vmlinux.o" | awk '
		/^\.([a-z_.]*\.)?text/ && !/^\.(init|exit|head)\./ { n += $2 }
		END { print n }'
}

# sizes SIDE COMMIT: the code that stays, of this kernel.
sizes()
{
	key=$(echo "$2"; cat "$bench/$1/kernel/.config"; gcc --version)
	! unchanged "$bench/$1/sizes.key" "$key" || return 0
	kbuild "$1" kernel x86_64 make vmlinux_o
	echo "text $(text_size "$bench/$1/kernel")" >"$bench/$1/sizes"
	echo "$key" >"$bench/$1/sizes.key"
}

# tiny SIDE COMMIT: the same of the smallest kernels.
tiny()
{
	key=$(echo "$2"; gcc --version)
	! unchanged "$bench/$1/tiny.key" "$key" || return 0
	: >"$bench/$1/tiny"
	for bits in 64 32; do
		case $bits in
		64) arch=x86_64 ;;
		32) arch=i386 ;;
		esac
		echo "sizes of $1: the smallest kernel of $bits bits"
		kbuild "$1" tiny$bits "$arch" make tinyconfig
		kbuild "$1" tiny$bits "$arch" make vmlinux_o
		echo "tiny$bits $(text_size "$bench/$1/tiny$bits")" >>"$bench/$1/tiny"
	done
	echo "$key" >"$bench/$1/tiny.key"
}

# step SUBJECT: the commit of the series whose subject begins so.
step()
{
	git -C "$linux" log --format='%H %s' "stock..$commit_ours" |
		awk -v s="$1" 'index($0, " " s) == 41 { print $1 }' | grep . ||
		die "the series has no step \"$1\"" "correct its subject in scripts/compare/bench.sh"
}

# lines COMMIT: of C, in all files that the steps of the users touch.
lines()
{
	git -C "$linux" diff --name-only "$first^" "$last" -- '*.c' '*.h' |
		while read -r file; do
			git -C "$linux" show "$1:$file" 2>/dev/null || :
		done | wc -l
}

# machine SIDE BOOT N: boot it, the console to stdout. With -seed and the clock of
# the guest, one run is like another, and what runs beside it changes nothing.
machine()
{
	dir=$bench/$1
	kernel=$dir/$(cell $boots "$2" 3)/arch/x86/boot/bzImage
	cpu=$(cell $boots "$2" 4)
	append="console=ttyS0 panic=-1 tsc=reliable nokaslr norandmaps $(cell $boots "$2" 5)"
	flash=
	case $cpu in
	bochs)
		"$top/scripts/boot/bochs.sh" corei7_skylake_x 1 600 "$kernel" "$bench/initramfs.gz" \
			"$append noxsave clearcpuid=ht" "$dir/$2.$3"
		return
		;;
	efi)
		cpu=max
		flash=$(ovmf efi "$dir/$2.$3.vars")
		;;
	esac
	qemu qemu-system-x86_64 600 -machine q35 -accel tcg -icount shift=0,sleep=off -seed 1 \
		-rtc base=2026-01-01,clock=vm -cpu "$cpu" -smp 1 \
		-kernel "$kernel" -initrd "$bench/initramfs.gz" -append "$append" </dev/null
}

# run SIDE BOOT N NUMBER: one boot; its figures are "SIDE BOOT NAME VALUE".
run()
{
	echo "boot $4 of $(wc -l <"$bench/boots"): $2, $1"
	log=$bench/$1/$2.$3.log
	machine "$1" "$2" "$3" >"$log" 2>&1 || :
	tr -d '\r' <"$log" | sed -n "s/^.*bench: \([a-z0-9_-]* [0-9]*\)\$/$1 $2 \1/p" >"$log.values"
	grep -q ' end 1$' "$log.values" ||
		die "the boot $2 of the $1 kernel did not end" "read $log"
	# The scale of the TSC: a loop of 200,000 instructions, or of 2,000.
	awk '$3 == "loop" && ($4 - 200000) ^ 2 > 200 ^ 2 || $3 == "user-loop" && ($4 - 2000) ^ 2 > 2 ^ 2 { bad = 1 }
	     $3 ~ /loop$/ { n++ } END { exit bad || !n }' "$log.values" ||
		die "the TSC does not count instructions in boot $2" "read $log.values"
}

# measure: build both kernels, boot them, and leave values.N.
measure()
{
	commit_stock=$(git -C "$linux" rev-parse 'stock^{commit}')
	commit_ours=$(git -C "$linux" rev-parse "${REF:-HEAD}^{commit}") ||
		die "no commit ${REF:-HEAD} in $linux" "name one in REF"
	[ -n "$(git -C "$linux" ls-tree "$commit_ours" include/linux/pg_table_context.h)" ] ||
		die "commit $commit_ours has no contexts" "use KERNEL=6.12 and the whole series"

	kernels=0
	of=3
	[ -z "$ALL" ] || of=4
	for side in stock ours; do
		if [ $side = stock ]; then commit=$commit_stock; else commit=$commit_ours; fi
		kernels=$((kernels + 1))
		echo "kernel $kernels of $of: $side, its sizes and its image"
		tree "$side" "$commit"
		configure "$side" kernel
		sizes "$side" "$commit"
		[ -z "$ALL" ] || tiny "$side" "$commit"
		kbuild "$side" kernel x86_64 make_image bzImage PG_TABLE_BENCH=y
	done
	differ=$(diff "$bench/stock/kernel/.config" "$bench/ours/kernel/.config" |
		grep '^[<>]' | grep -v 'PG_TABLE\|^> # .* is not set' | head -n 1) || :
	[ -z "$differ" ] || die "the two configurations differ: $differ" \
		"compare .config in $bench/stock/kernel and $bench/ours/kernel"
	# Only their tests select views, in a kernel that no other figure is of.
	echo CONFIG_KUNIT=y | cat - "$top/kunit/suites.config" >"$bench/views.config"
	echo CONFIG_ASI=y >"$bench/asi.config"
	for kind in ${ALL:+views} asi; do
		kernels=$((kernels + 1))
		echo "kernel $kernels of $of: ours, with $kind"
		# What the options between the two do not change is not compiled again.
		[ -d "$bench/ours/$kind" ] || cp -a "$bench/ours/kernel" "$bench/ours/$kind"
		configure ours "$kind" "$bench/$kind.config"
		kbuild ours "$kind" x86_64 make_image bzImage PG_TABLE_BENCH=y
	done
	gcc -static -O2 -Wall -Werror -o "$bench/guest-bench" "$top/scripts/guest/bench.c" ||
		die "guest/bench.c does not compile" "run: apt-get install libc6-dev"
	"$top/scripts/build/initramfs.sh" "$bench/guest-bench" "$bench/initramfs.gz"

	first=$(step 'x86/alternative: poke text through')
	last=$(step 'x86/mm/pat: remove the mapping of holes')
	echo "lines $(lines "$first^")" >"$bench/stock/lines"
	echo "lines $(lines "$last")" >"$bench/ours/lines"

	rm -f "$bench"/values.* "$bench"/*/*.log.values
	asked $boots | awk -F'\t+' -v runs="$RUNS" '
		{ for (n = 1; n <= runs; n++) {
			if ($2 != "ours") print "stock", $1, n, ++number
			if ($2 != "stock") print "ours", $1, n, ++number } }' >"$bench/boots"
	xargs -P "$J" -L 1 "$top/scripts/compare/bench.sh" --run <"$bench/boots" ||
		die "a boot has failed" "read the lines above"
	n=1
	while [ $n -le "$RUNS" ]; do
		{
			for side in stock ours; do
				sed "s/^/$side size /" "$bench/$side/sizes" "$bench/$side/lines"
				[ -z "$ALL" ] || sed "s/^/$side tiny /" "$bench/$side/tiny"
			done
			cat "$bench"/*/*."$n".log.values
		} >"$bench/values.$n"
		n=$((n + 1))
	done
}

# What measure() runs beside each other.
if [ "${1:-}" = --run ]; then
	shift
	run "$@"
	exit 0
fi

[ -n "${KEEP:-}" ] && [ -f "$bench/values.1" ] || measure

# What, stock, ours, ratio, reach, met and the spread over the runs.
asked $table | awk -F'\t+' -v values="$bench/values." -v runs="$RUNS" '
	function same(key,  i, low, high) {
		low = high = v[1, key]
		for (i = 2; i <= runs; i++) {
			if (v[i, key] < low) low = v[i, key]
			if (v[i, key] > high) high = v[i, key]
		}
		return low ? 100 * (high - low) / low : 0
	}
	function spread(percent) {
		return runs > 1 ? sprintf("%.3f", percent) : "-"
	}
	BEGIN {
		for (n = 1; n <= runs; n++)
			while ((getline line < (values n)) > 0) {
				split(line, f, " ")
				v[n, f[1] " " f[2] " " f[3]] = f[4]
			}
		print "what\tstock\tours\tratio\treach\tmet\tspread %"
	}
	{
		split($1 "," $1, at, ",")
		a = "stock " at[1] " " $2; b = "ours " at[2] " " $3
		if (sub(/^ours:/, "", $2)) a = "ours " at[1] " " $2
		if (v[1, b] == "" || ($4 != "count" && !v[1, a])) {
			print "no figure for: " $6 >"/dev/stderr"
			missing = 1
			next
		}
		if ($4 == "count") {
			printf "%s\t-\t%d\t-\t%s\t%s\t%s\n", $6, v[1, b], $5,
				v[1, b] <= $5 ? "yes" : "NO", spread(same(b))
			next
		}
		ratio = v[1, b] / v[1, a]
		if ($4 == "bytes") met = v[1, b] <= $5
		else if ($4 == "same") met = (ratio - 1) ^ 2 <= $5 ^ 2
		else met = ratio <= $5
		reach = $5
		if ($4 == "same") reach = "1 +-" $5
		if ($4 == "bytes") reach = $5 " B"
		printf "%s\t%d\t%d\t%.4f\t%s\t%s\t%s\n", $6, v[1, a], v[1, b], ratio,
			reach, met ? "yes" : "NO", spread(same(a) > same(b) ? same(a) : same(b))
	}
	END { exit missing }' >"$tsv" || die "a figure is missing" "read $bench/values.1"

awk -F'\t' '{ printf "| %-49s %9s %9s %7s %8s %4s %8s\n", $1, $2, $3, $4, $5, $6, $7 }' "$tsv"

# Contexts by the number: free pages before and after; the last is computed.
value()
{
	awk -v k="$1 off $2" '$1 " " $2 " " $3 == k { print $4 }' "$bench/values.1"
}
echo "|"
printf '| %-12s %16s %16s  %s\n' contexts 'as mm, KiB' 'as table, KiB' how
for nr in 1 100 10000 1000000; do
	how=measured
	of=$nr
	[ $nr -lt 1000000 ] || { of=10000 how=computed; }
	echo "$nr $(value stock memory-$of) $(value ours memory-$of) $of $how"
done | awk '{ m = $1 / $4 / 1024; printf "| %-12d %16d %16d  %s\n", $1, $2 * m, $3 * m, $5 }'

# Bars of the ratios, with a mark at the reach.
awk -F'\t' 'NR > 1 && $5 !~ /^1 \+-/ && $4 != "-" {
	reach = $5 ~ / B$/ ? $5 / $2 : $5
	printf "%d\t%s\t%s\t%s\t%s\n", -(++n), $4, reach, $6 == "yes" ? 1 : 0, $1
}' "$tsv" >"$bench/plot"
gnuplot <<EOF || die "gnuplot failed" "read $bench/plot"
set terminal svg noenhanced size 900,$(($(wc -l <"$bench/plot") * 20 + 70)) font "sans-serif,12" background "white"
set output "$svg"
set datafile separator "\t"
set title "ours / stock; the mark is the reach, red is not within it"
set xrange [0:1.25]
set yrange [-$(($(wc -l <"$bench/plot") + 1)):0]
set style fill solid noborder
set grid xtics
set key off
set border 3
set tics nomirror
plot "$bench/plot" using (\$2/2):1:(\$2/2):(0.3):(\$4 > 0 ? 0x5b8db8 : 0xc46a4a):ytic(5) with boxxyerror lc rgb variable, \
	"" using 3:(\$1-0.45):(0):(0.9) with vectors nohead lw 2 lc rgb "black", \
	"" using (1.1):1:2 with labels left font ",10"
EOF

result bench "benchmark: $(awk -F'\t' 'NR > 1 && $6 == "yes"' "$tsv" | wc -l) of $(($(wc -l <"$tsv") - 1)) rows reach their target"
echo "|"
[ "$RUNS" -eq 1 ] || spread=", largest spread $(awk -F'\t' 'NR > 1 && $7 > m { m = $7 } END { print m + 0 }' "$tsv") %"
echo "| $(cat "$results/bench")${spread:-}"
