#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# kunit.sh [NAME...]: run the KUnit suites of scripts/boot/suites by the kernel's
# own kunit.py. A run without tests, or without one of its suites, has failed.
#
# Environment: SUITES, another table of runs below the top.

. "$(dirname "$0")/../lib.sh"

need python3 python3
need ccache ccache
[ -x "$linux/tools/testing/kunit/kunit.py" ] || die "no kernel tree in $linux" "run: make tree"
export PYTHONDONTWRITEBYTECODE=1
table=${SUITES:-scripts/boot/suites}

# end SECTION: the last commit of a section of the series.
end()
{
	[ -s "$out/steps" ] || die "there is no replayed series" "run: make tree"
	rows patches/series | awk -F'\t' -v s="$1" '
		NR == FNR { if ($4 == s) in_it[$2]; next }
		$1 in in_it { commit = $3 }
		END { print commit }' - "$out/steps" |
		grep . || die "patches/series has no section $1" "correct $table"
}

# Architecture names have no blanks.
# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(rows "$table" | cut -f1)
runs=$#
passed=0

for arch; do
	configs=$(cell "$table" "$arch" 2)
	[ -n "$configs" ] || die "no KUnit run for $arch" \
		"choose from: $(rows "$table" | cut -f1 | paste -s -d' ')"
	suites=$(cell "$table" "$arch" 3)
	limit=$(cell "$table" "$arch" 4)
	qemu=$(cell "$table" "$arch" 5)
	compiler=$(cell "$table" "$arch" 6)
	args=$(cell "$table" "$arch" 7)
	section=$(cell "$table" "$arch" 8)
	tree=$linux
	dir=$out/kunit/$arch
	if [ "$section" != - ]; then
		# What a section does not change is not compiled again.
		tree=$out/section
		dir=$out/kunit/section
		commit=$(end "$section")
		checkout "$tree" "$commit"
	fi
	mkdir -p "$dir"
	said=$dir/kunit.log
	start=$(date +%s)

	set -- --arch="${arch%%-*}" --build_dir="$dir" --jobs="$J" --timeout="$limit"
	if [ "$compiler" = - ]; then
		set -- "$@" --make_options="CC=ccache gcc"
	else
		need "${compiler}gcc" "gcc-${compiler%-}"
		set -- "$@" --cross_compile="$compiler" --make_options="CC=ccache ${compiler}gcc"
	fi
	for config in $(echo "$configs" | tr , ' '); do
		set -- "$@" --kunitconfig="$top/$config"
	done
	if [ "$qemu" != - ]; then
		need "qemu-system-$(sed -n "s/.*qemu_arch='\(.*\)'.*/\1/p" \
			"$tree/tools/testing/kunit/qemu_configs/${arch%%-*}.py")" \
			"the packages of scripts/source/packages"
		set -- "$@" --qemu_args="$qemu"
	fi
	[ "$args" = - ] || set -- "$@" --kernel_args="$args"

	# kunit.py keeps the last run's log when the build fails.
	rm -f "$dir/test.log"
	status=0
	(cd "$tree" && tools/testing/kunit/kunit.py run "$@") >"$said" 2>&1 </dev/null || status=$?
	cat "$said"
	[ -f "$dir/test.log" ] ||
		die "KUnit on $arch did not run: $(grep -m1 -i -e 'error' "$said" || tail -n 1 "$said")" \
			"read $said"
	ran=$(sed -n 's/.*Ran \([0-9]*\) tests.*/\1/p' "$said")
	left=$(sed -n 's/.*Ran .* skipped: \([0-9]*\).*/, \1 skipped/p' "$said")
	good=$(sed -n 's/.*Ran .*passed: \([0-9]*\).*/\1/p' "$said")
	[ "${ran:-0}" -gt 0 ] || die "KUnit on $arch ran no tests" "read $dir/test.log"
	for suite in $(echo "$suites" | tr , ' '); do
		tr -d '\r' <"$dir/test.log" | grep -q "# Subtest: $suite\$" ||
			die "KUnit on $arch did not run suite $suite" "read $dir/test.log"
	done
	line="KUnit $arch: ${good:-0} of $ran passed$left in $(($(date +%s) - start)) s"
	result "kunit-$arch" "$line"
	echo "| $line"
	[ $status -eq 0 ] || die "KUnit on $arch failed" "read $said"
	passed=$((passed + 1))
done
[ "$runs" -eq 1 ] || echo "| KUnit: $passed of $runs runs passed"
