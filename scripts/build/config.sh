#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# config.sh OUTDIR FRAGMENT...: write OUTDIR/.config from fragments.
#
# The fragments are merged over the kernel's own tiny.config. NAME.config is
# followed by NAME-$KERNEL.config where that exists: the differences between
# kernels. Fails when a line of a fragment did not take effect.
#
# Environment: BASE, a whole configuration to merge them over, as it is; TINY, if it is
# empty, they are merged over nothing; TREE, another kernel tree than the replayed one.

. "$(dirname "$0")/../lib.sh"

[ $# -ge 2 ] || [ -n "${BASE:-}" ] || die "config.sh needs a directory and a fragment" \
	"usage: config.sh OUTDIR FRAGMENT..."
dir=$1
shift
linux=${TREE:-$linux}
[ -f "$linux/scripts/kconfig/merge_config.sh" ] ||
	die "no kernel tree in $linux" "run: make tree"

set -- "$@" --
while [ "$1" != -- ]; do
	[ -r "$1" ] || die "no fragment $1" "name a file, e.g. kunit/x86_64.config"
	frag=$(realpath "$1")
	own=$(owned "${frag%.config}" .config)
	shift
	set -- "$@" "$frag"
	[ -z "$own" ] || set -- "$@" "$own"
done
shift

mkdir -p "$dir"
dir=$(realpath "$dir")
new=$dir/new
mkdir -p "$new"
log=$new/log

# The stock kernel has none of the options that the series brings.
if [ -n "${STOCK:-}" ]; then
	for frag; do
		sed "/$ours/d" "$frag" >"$new/$(basename "$frag")"
		shift
		set -- "$@" "$new/$(basename "$frag")"
	done
fi

# Made aside and moved only if it differs: kbuild goes by the time of .config.
base=${BASE:+$(realpath "$BASE")}
# Without -n, what the base does not say has its default.
missing=-n
[ -z "$base" ] || missing=
[ -z "${TINY-tiny}" ] || base=${base:-kernel/configs/tiny.config}
# shellcheck disable=SC2086
(cd "$linux" && ARCH=${ARCH:-x86_64} scripts/kconfig/merge_config.sh $missing -Q \
	-O "$new" ${base:+"$base"} "$@") >"$log" 2>&1 </dev/null ||
	die "merge_config.sh failed: $(tail -n 1 "$log")" "read $log"

# The last word on each symbol, as "SYMBOL VALUE"; off and absent are the same.
words()
{
	sed -n 's/^# \(CONFIG_[A-Za-z0-9_]*\) is not set$/\1 n/p
		s/^\(CONFIG_[A-Za-z0-9_]*\)=\(.*\)/\1 \2/p' "$@" |
		tac | sort -s -u -k1,1
}
words "$new/.config" | grep -v ' n$' >"$new/got"
cat /dev/null "$@" >"$new/fragments"
words "$new/fragments" >"$new/wanted"

# A symbol that is wanted off may be absent but not unknown, or a misspelt one
# would never be noticed. A kernel's own fragment may name what it lacks.
{
	find "$linux/" \( -name .git -o -name Documentation \) -prune -o \
		-name 'Kconfig*' -type f -exec cat {} + |
		sed -n 's/^[[:space:]]*\(menu\)\{0,1\}config[[:space:]]\{1,\}\([A-Za-z0-9_]*\).*/CONFIG_\2/p'
	for frag; do
		case $frag in
		*-"$KERNEL".config | *-"$data".config) words "$frag" | sed -n 's/ n$//p' ;;
		esac
	done
} | sort -u >"$new/known"

{
	cut -d' ' -f1 "$new/wanted" | comm -23 - "$new/known" | sed 's/$/ (unknown)/'
	grep -v ' n$' "$new/wanted" | comm -23 - "$new/got" |
		join - "$new/known" | sed 's/ / is not /'
	sed -n 's/ n$//p' "$new/wanted" | join - "$new/got" | sed 's/ / is on: /'
} >"$new/wrong"
if [ -s "$new/wrong" ] && [ "$data" != "$KERNEL" ]; then
	echo "| no effect in $KERNEL, which has no fragments of its own: $(paste -s -d, "$new/wrong" | sed 's/,/, /g')"
elif [ -s "$new/wrong" ]; then
	die "no effect in the $KERNEL configuration: $(paste -s -d, "$new/wrong" | sed 's/,/, /g')" \
		"correct the fragment, or add one called NAME-$KERNEL.config"
fi

cmp -s "$new/.config" "$dir/.config" || cp "$new/.config" "$dir/.config"
rm -rf "$new"
