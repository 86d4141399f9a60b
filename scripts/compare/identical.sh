#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# identical.sh [--compile] [--soak | --check]: prove that the split changes no
# object code; with --compile, that the steps after the split compile.
#
# For each row of scripts/compare/archs: build the touched objects from the commit
# before the split and from the one after it, in one directory, and compare
# them byte by byte. docs/identical.md says what is compared and why so.
#
# Environment:
#   ARCHS    rows or architectures to run; "ci" for those marked so (all)
#   BEFORE   the commit that groups the fields (grouped); with --compile, split
#   AFTER    the last commit of the split (split); with --compile, of the series
#   STEPS    "each" compares every commit from BEFORE to AFTER, not only two; "own" does
#            too, but between the two only objects whose own source the step changes,
#            and mm/memory.o, which reads most of the headers
#   VMLINUX  0 compares no whole kernel, only objects
#   ARCHTAB  the table of rows (scripts/compare/archs)
#   TABLE    the table to check (docs/results/identical-KERNEL.tsv or compiled-)
#   ALL      1 compares all objects of a row, not only the touched ones
#   KEEP     1 keeps what was built of a row that was found identical, and uses it again

. "$(dirname "$0")/../lib.sh"
# shellcheck source=../tests/tap.sh
. "$top/scripts/tests/tap.sh"

# To be raised when a change to this file can change what it finds.
METHOD=1

ARCHS=${ARCHS:-}
ARCHTAB=${ARCHTAB:-scripts/compare/archs}
STEPS=${STEPS:-}
VMLINUX=${VMLINUX:-1}
KEEP=${KEEP:-0}
ALL=${ALL:-0}
verb=identical
mode=
for arg; do
	case $arg in
	--compile) verb=compiled ;;
	--soak | --check) mode=$arg ;;
	*) die "identical.sh does not know $arg" "see its head" ;;
	esac
done
work=$out/$verb
tree=$work/linux
table=${TABLE:-$top/docs/results/$verb-$KERNEL.tsv}
tab=$(printf '\t')

# id REF: the tree that a commit holds; it changes only with its files.
id()
{
	git -C "$linux" rev-parse --verify -q "$1^{tree}" ||
		die "no commit $1 in ${linux#"$top"/}" "run: make tree"
}

# refs: the commits to build; the first one is compared with the others.
refs()
{
	[ "$verb" = compiled ] || echo "$BEFORE"
	if [ -n "$STEPS" ]; then
		git -C "$linux" rev-list --reverse "$BEFORE..$AFTER"
	else
		echo "$AFTER"
	fi
}

# changed: the C and assembler files that the split changes, without programs that
# kbuild runs: a kernel that lacks them does not build.
changed()
{
	git -C "$linux" diff --name-only "$BEFORE" "$AFTER" -- '*.c' '*.S' '*.h' ':!arch/*/tools/*'
}

# all_rows: the rows that this kernel has.
all_rows()
{
	rows "$ARCHTAB" | awk -F'\t+' -v k="$data" -v v="$verb" '
		$7 ~ /(^|,)compile(,|$)/ && v != "compiled" { next }
		$7 !~ /only-/ || $7 ~ ("only-" k "(,|$)") { print $1 }'
}

# wanted: the rows that ARCHS asks for.
wanted()
{
	[ -n "$ARCHS" ] || { all_rows; return; }
	for a in $ARCHS; do
		all_rows | while read -r r; do
			flags=,$(cell "$ARCHTAB" "$r" 7),
			case $a in
			"$r" | "${r%%-*}") echo "$r" ;;
			ci) case $flags in *,ci,*) echo "$r" ;; esac ;;
			esac
		done | grep . || die "$ARCHTAB has no row $a for $KERNEL" \
			"choose from: $(all_rows | tr '\n' ' ')"
	done | awk '!seen[$0]++'
}

# row NAME: set the variables of a row.
row()
{
	row=$1
	arch=$(cell "$ARCHTAB" "$row" 2)
	cross=$(cell "$ARCHTAB" "$row" 3)
	base=$(cell "$ARCHTAB" "$row" 4)
	fragments=$(cell "$ARCHTAB" "$row" 5)
	extra=$(cell "$ARCHTAB" "$row" 6)
	flags=,$(cell "$ARCHTAB" "$row" 7),
	[ -n "$flags" ] || die "row $row of $ARCHTAB is not complete" "see its head"
	obj=$work/$row
	keep=$work/$row.before
	rowlog=$work/$row.log
	case $cross in
	LLVM=*) cc=clang${cross#LLVM=} ;;
	-) cc=gcc ;;
	*) cc=${cross}gcc ;;
	esac
	case $arch in
	i386 | x86_64) srcarch=x86 ;;
	sparc32 | sparc64) srcarch=sparc ;;
	parisc64) srcarch=parisc ;;
	*) srcarch=$arch ;;
	esac
	whole=
	text=
	case $flags in *,vmlinux,*) [ "$VMLINUX" = 0 ] || whole=vmlinux ;; esac
	case $flags in *,text,*) text=1 ;; esac
	cflag=$(printf '%s' "$flags" | tr ',' '\n' | sed -n 's/^cflag=//p')
}

# files: the fragments of a row, later ones win. NAME.config is followed by
# NAME-$KERNEL.config where that exists.
files()
{
	for f in common $(printf '%s' "$fragments" | tr ',' ' ') identity; do
		case $f in
		-) continue ;;
		*/*) ;;
		*) f=kunit/arch/$f ;;
		esac
		echo "$f.config"
		(cd "$top" && owned "$f" .config)
	done
}

# settings: the lines of the row's fragments that say something, not their comments.
settings()
{
	for f in $(files); do
		sed -n '/^CONFIG_/p; /^# CONFIG_[A-Za-z0-9_]* is not set$/p' "$top/$f"
	done
}

# key: a hash of all that the result of a row depends on.
key()
{
	{
		echo "$METHOD $whole $ALL $KERNEL${STEPS:+ $STEPS}"
		rows "$ARCHTAB" | awk -F'\t+' -v k="$row" '$1 == k'
		settings
		cat "$top/scripts/compare/not-identical" "$top/scripts/compare/identical.mk" \
			"$top/scripts/compare/identical.h"
		for r in $(refs); do id "$r"; done
		"$cc" --version | head -n 1
	} | sha256sum | cut -c1-16
}

# sources REF: what a commit holds, without what no compiler reads.
sources()
{
	git -C "$linux" ls-tree -r "$1" | grep -v -e '	Documentation/' -e '	MAINTAINERS$'
}

# inputs: a hash of what the committed table depends on. Compilers are not
# in it: the table names them, and another machine may have others.
inputs()
{
	{
		echo "$METHOD $KERNEL"
		sources "$BEFORE"
		sources "$AFTER"
		rows scripts/compare/not-compiled || :
		rows scripts/compare/not-identical || :
		cd "$top"
		cat scripts/compare/identical.mk scripts/compare/identical.h
		for r in $(all_rows); do
			row "$r"
			rows "$ARCHTAB" | awk -F'\t+' -v k="$r" '$1 == k'
			settings
		done
	} | sha256sum | cut -c1-16
}

# A source tree of its own, so that switching between commits leaves the
# times of the user's files, and so his next build, alone.
worktree()
{
	id "$BEFORE" >/dev/null
	id "$AFTER" >/dev/null
	mkdir -p "$work"
	if [ "$(git -C "$tree" rev-parse --git-common-dir 2>/dev/null)" != \
	     "$(git -C "$linux" rev-parse --absolute-git-dir)" ] ||
	   ! git -C "$tree" rev-parse -q --verify "$BEFORE^{tree}" >/dev/null; then
		rm -rf "$tree"
		git -C "$linux" worktree prune
		git -C "$linux" worktree add -q --force --detach "$tree" "$BEFORE"
	fi
}

# run TARGET...: make in the directory of the row. __LINE__ is a constant on
# both sides, so that a wrapped line is no difference in a message or a name;
# not for a whole kernel, which does not link so (ELFNOTE() names its notes by
# line) and has no wrapped line on x86.
run()
{
	held="-include $top/scripts/compare/identical.h"
	case $VMLINUX,$flags in
	0,*) ;;
	*,vmlinux,*) held= ;;
	esac
	set -- nice env CCACHE_DEPEND=1 make --no-print-directory -C "$tree" O="$obj" ARCH="$arch" \
		HOSTCC="ccache gcc" CC="ccache $cc" \
		KCFLAGS="$held $cflag" \
		IDENTICAL_TEXT="$text" "$@"
	case $cross in
	LLVM=*) set -- "$@" "$cross" ;;
	-) ;;
	*) set -- "$@" CROSS_COMPILE="$cross" ;;
	esac
	MAKEFILES=$top/scripts/compare/identical.mk "$@" </dev/null 9>&-
}

# configure: the row's configuration; an option that is lost is an error. With KEEP, what
# was built with the same one is used again, without the objects.
configure()
{
	case $cross in
	LLVM=*) export LLVM="${cross#LLVM=}" ;;
	-) ;;
	*) export CROSS_COMPILE="$cross" ;;
	esac
	rm -rf "$keep"
	of=$({
		rows "$ARCHTAB" | awk -F'\t+' -v k="$row" '$1 == k'
		settings
		git -C "$tree" ls-tree -r HEAD | grep Kconfig
	} | sha256sum)
	if [ "$KEEP" = 1 ] && unchanged "$obj/of" "$of"; then
		sed 'p; s,[^/]*$,.&.cmd,' "$obj/objects" | (cd "$obj" && xargs rm -f)
		return
	fi
	rm -rf "$obj"
	mkdir -p "$obj"
	# Names have no blanks.
	# shellcheck disable=SC2046
	TREE=$tree ARCH=$arch TINY=${base#allnoconfig} "$top/scripts/build/config.sh" "$obj" \
		$(files | sed "s,^,$top/,") || return
	echo "$of" >"$obj/of"
}

# enclosing, an awk program: the function or macro of a header that a marked line is in.
# Marked are the lines of a diff with a + or -, or, when the variable names is
# a file, those that use one of the names in it.
# shellcheck disable=SC2016 # the $ are awk's
enclosing='
	BEGIN { while (names != "" && (getline n < names) > 0) set[n] = 1 }
	/^diff --git|^@@/ { body = macro = ""; more = 0; next }
	{ sign = substr($0, 1, 1); l = substr($0, 2) }
	l ~ /^[ \t]*(\*|\/\*|\/\/)/ { next }
	{ was = more }
	!more && l ~ /^[ \t]*#[ \t]*define/ {
		macro = l
		sub(/^[ \t]*#[ \t]*define[ \t]+/, "", macro)
		sub(/[^A-Za-z0-9_].*/, "", macro)
	}
	l ~ /^[a-z_].*[A-Za-z0-9_][ \t]*\(/ {
		body = l
		sub(/[ \t]*\(.*/, "", body)
		sub(/.*[^A-Za-z0-9_]/, "", body)
		# A pointer to a function has its type there.
		if (body ~ /^(void|int|long)$/)
			body = ""
	}
	l ~ /^(struct|union|enum|typedef)[ \t]/ && l !~ /\(/ { body = "" }
	{
		in_ = macro != "" ? macro : body
		hit = names == "" && sign != " "
		if (names != "") {
			t = l
			while (match(t, /[A-Za-z_][A-Za-z0-9_]*/)) {
				w = substr(t, RSTART, RLENGTH)
				t = substr(t, RSTART + RLENGTH)
				if (w in set && w != in_)
					hit = 1
			}
		}
		if (hit && in_ != "")
			print in_
		more = sign == "-" ? was : macro != "" && l ~ /\\$/
		if (!more)
			macro = ""
	}
	l ~ /^}/ { body = "" }'

# touched: the sources whose object the split could change. They changed, or
# they name a function or macro of a header that changed, or one that uses such
# a one, and so on.
touched()
{
	names=$work/$srcarch.names
	found=$work/$srcarch.touched
	of="$METHOD $(id "$BEFORE") $(id "$AFTER")"
	if ! unchanged "$found.of" "$of"; then
		# Headers of programs for the host have nothing to do with objects, and those of
		# KUnit tests define common words, which the sources of the tests alone mean.
		git -C "$linux" diff -U100000 "$BEFORE" "$AFTER" -- \
			'include/*.h' "arch/$srcarch/*.h" ":!arch/$srcarch/tools" ':!include/kunit' \
			':!*_kunit.h' |
			grep -v '^[+-][+-][+-] ' |
			awk -v names= "$enclosing" | sort -u >"$names"
		while cp "$names" "$names.old"; do
			git -C "$tree" grep -lwF -f "$names" -- include/linux \
				include/asm-generic "arch/$srcarch/*.h" ':!*_kunit.h' |
				grep '\.h$' | (cd "$tree" && xargs cat) |
				sed 's/^/ /' |
				awk -v names="$names.old" "$enclosing" |
				sort -u - "$names.old" >"$names.new"
			mv "$names.new" "$names"
			[ "$(wc -l <"$names")" -lt 5000 ] || die "a name of a header is a common word" \
				"find it in ${names#"$top"/}"
			! cmp -s "$names" "$names.old" || break
		done
		{
			changed | grep '\.[cS]$' || :
			[ ! -s "$names" ] ||
				git -C "$tree" grep -lwF -f "$names" -- '*.c' '*.S' || :
		} >"$found.new"
		mv "$found.new" "$found"
		echo "$of" >"$found.of"
	fi
	cat "$found"
}

# select_objects LIST: those in the list whose stems are in $obj/stems: x.c is compiled to
# x.o, or to x.nvhe.o and the like.
select_objects()
{
	sed 's/\.[^/]*$/. &/' "$1" | awk -v all="$ALL" '
		NR == FNR { stem[$1] = 1; next }
		all == 1 || $1 in stem { sub(/\. \./, "."); print }' \
		"$obj/stems" -
}

# list: which objects to compile. What kbuild compiles in this configuration is
# asked by a dry run; "make x.o" would also compile what it leaves out.
list()
{
	# In a row of text, assembler sources have nothing to be compared.
	kinds='CC\|AS'
	[ -z "$text" ] || kinds=CC
	run -n built-in.a 2>/dev/null |
		sed -n "s/.*echo '  \($kinds\)[^']* \([^ ']*\.o\)'.*/\2/p" |
		grep -vE '/(vdso[0-9]*|compressed|purgatory)/' |
		sort -u >"$obj/enabled"
	[ -s "$obj/enabled" ] || return 1
	touched | sed 's/\.[cS]$/./' | sort -u >"$obj/stems"
	select_objects "$obj/enabled" >"$obj/objects"
	printf '%s\n' "$extra" | tr ',' '\n' | grep -vx -e - >"$obj/direct" || :
	echo "$(grep -c . "$obj/objects") of $(grep -c . "$obj/enabled") objects are touched"
	# Without a target make would build everything.
	[ -s "$obj/objects" ] || [ -s "$obj/direct" ]
}

# own FROM TO: the objects of the row whose own source differs between the two.
own()
{
	{
		echo mm/memory.
		git -C "$linux" diff --name-only "$1" "$2" -- '*.c' '*.S' | sed 's/\.[cS]$/./'
	} | sort -u >"$obj/stems"
	select_objects "$obj/objects" >"$obj/building"
}

# compile: the objects in building from the commit that is checked out.
compile()
{
	# kbuild goes to arch/X/lib from arch/X too, and each of the two removes what the
	# other one writes: what did not compile is tried again, one at a time.
	# shellcheck disable=SC2046
	[ ! -s "$obj/building" ] || run -k -j"$J" $(cat "$obj/building") ||
		run -k -j1 $(cat "$obj/building") || return 1
	while read -r x; do
		run -j"$J" identical-direct DIRECT="$x" || return 1
	done <"$obj/direct"
	[ -z "$whole" ] || run -j"$J" vmlinux
}

# last REF: the whole kernel is compared at the last step only.
last()
{
	[ "$(git -C "$linux" rev-parse "$1^{commit}")" = \
	  "$(git -C "$linux" rev-parse "$AFTER^{commit}")" ]
}

# products: the files to compare.
products()
{
	(
		cd "$obj" || exit 1
		cat objects direct
		find include/generated arch/*/include/generated -name '*offsets*.h'
		[ -z "$whole" ] || {
			echo vmlinux
			find . -name '*.o' ! -path './scripts/*' ! -path './tools/*' |
				sed 's,^\./,,'
		}
	) 2>/dev/null | sort -u
}

# seen: the changed files that the compiler read, from kbuild's own notes.
seen()
{
	changed >"$obj/changed"
	find "$obj" -name '.*.cmd' ! -path "$obj/scripts/*" ! -path "$obj/tools/*" \
		-exec cat {} + | tr -s ' \t' '\n' | grep -F "$tree/" |
		sed "s,.*$tree/,," | sort -u >"$obj/read"
	grep -xF -f "$obj/read" "$obj/changed" || :
}

# explain FILE...: the difference in words, by the kernel's own objdiff, in a
# repository of its own because it names its records after commits.
explain()
{
	scratch=$work/objdiff
	rm -rf "$scratch"
	git init -q "$scratch"
	for side in before after; do
		from=$obj
		[ "$side" = after ] || from=$keep
		for f; do
			mkdir -p "$scratch/$(dirname "$f")"
			cp "$from/$f" "$scratch/$f"
		done
		git -C "$scratch" -c user.name=- -c user.email=- \
			commit -q --allow-empty -m "$side"
		prefix=$cross
		case $cross in LLVM=* | -) prefix= ;; esac
		(cd "$scratch" && CROSS_COMPILE=$prefix sh -c '
			exec bash "$0" record "$@"' "$tree/scripts/objdiff" "$@") ||
			return 0
	done
	(cd "$scratch" && bash "$tree/scripts/objdiff" diff) | head -n 200 || :
}

# same FILE: are the two sides equal? kbuild's offsets quote the C expression
# that they come from in a comment, and that is what the split changes.
same()
{
	case $1 in
	*.h)
		sed 's,/\*.*\*/,,' "$keep/$1" >"$obj/before.h"
		sed 's,/\*.*\*/,,' "$obj/$1" | cmp "$obj/before.h" - ;;
	*)
		cmp "$keep/$1" "$obj/$1" ;;
	esac
}

# compare REF: count the files that differ; name them.
compare()
{
	products >"$obj/products"
	: >"$obj/differ"
	compared=0
	identical=0
	excepted=0
	(cd "$keep" && find . -type f | sed 's,^\./,,' | sort) |
		comm -23 - "$obj/products" | sed 's/$/ (only before)/' |
		{ [ "$whole" != "$all" ] || cat; } >>"$obj/differ"
	while read -r f; do
		compared=$((compared + 1))
		if same "$f"; then
			identical=$((identical + 1))
		elif rows scripts/compare/not-identical | awk -F'\t+' -v r="$row" -v f="$f" '
			$1 == r && $2 == f { ok = 1 } END { exit !ok }'; then
			excepted=$((excepted + 1))
			echo "excepted: $row $f"
		else
			echo "$f" >>"$obj/differ"
		fi
	done <"$obj/products"
	echo "$identical $compared $excepted" >"$work/$row.count"
	[ -s "$obj/differ" ] || return 0
	echo "differ at $1:"
	cat "$obj/differ"
	grep '\.h$' "$obj/differ" | while read -r f; do
		diff -u "$keep/$f" "$obj/$f" || :
	done
	# shellcheck disable=SC2046
	explain $(grep '\.o$' "$obj/differ" | head -n 20)
	return 1
}

# now WHAT: what has gone wrong if the row ends here.
now()
{
	echo "$1" >"$work/$row.why"
	date "+# %T $row ${1}?"
}

# matters FROM TO: steps between the two change a file that this row can read: of its
# own architecture, or of none.
matters()
{
	own=arch/$srcarch
	[ "$arch" != um ] || own=arch/x86
	! git -C "$linux" diff --quiet "$1" "$2" -- . ':!arch' ':!Documentation' ||
		! git -C "$linux" diff --quiet "$1" "$2" -- "arch/$srcarch" "$own"
}

# grows FROM TO: steps between the two may have brought objects.
grows()
{
	git -C "$linux" diff --name-status "$1" "$2" |
		grep -q -e '^A.*\.[cS]$' -e 'Makefile$' -e 'Kbuild$' -e 'Kconfig[^/]*$'
}

# prove: build and compare one row; a subshell, so that die ends only the row.
prove()
{
	first=1
	was=
	now "cannot be prepared"
	for ref in $(refs); do
		[ -z "$was" ] || last "$ref" || matters "$was" "$ref" || continue
		git -C "$tree" checkout -q --detach "$(git -C "$linux" \
			rev-parse "$ref^{commit}")"
		if [ "$first" = 1 ]; then
			now "cannot be configured"
			configure || return 1
			now "cannot be prepared"
			run prepare -j"$J" || return 1
			now "has no touched object"
			list || return 1
		elif [ "$verb" = compiled ] && grows "$was" "$ref"; then
			now "has no touched object at $ref"
			# The dry run does not name what was compiled already.
			mv "$obj/objects" "$obj/compiled"
			: >"$obj/objects"
			list || :
			sort -u -o "$obj/objects" "$obj/objects" "$obj/compiled"
		fi
		if [ "$STEPS" = own ] && ! last "$ref" && { [ "$verb" = compiled ] || [ "$first" != 1 ]; }; then
			own "${was:-$BEFORE}" "$ref"
		else
			cp "$obj/objects" "$obj/building"
		fi
		was=$ref
		now "does not compile at $ref"
		all=$whole
		[ "$first" = 1 ] || last "$ref" || whole=
		compile || return 1
		if [ "$verb" = compiled ]; then
			n=$(cat "$obj/objects" "$obj/direct" | grep -c .)
			echo "$n $n 0" >"$work/$row.count"
			first=0
		elif [ "$first" = 1 ]; then
			mkdir -p "$keep"
			products >"$obj/products"
			(cd "$obj" && xargs cp --parents -t "$keep" <products)
			first=0
		else
			now "differs at $ref"
			compare "$ref" || return 1
		fi
		whole=$all
	done
	now "is $verb"
	seen >"$work/$row.seen"
}

# one NAME: run a row unless its result is there, and print its line.
one()
{
	row "$1"
	k=$(key)
	state=$work/$row.tsv
	if unchanged "$work/$row.key" "$k" && [ -f "$work/$row.seen" ]; then
		printf '| %s %s/%s objects %s, unchanged since the last run\n' \
			"$row" "$(cut -f2 "$state")" "$(cut -f1 "$state")" "$verb"
		return 0
	fi
	need "$cc" "the cross compilers of scripts/source/packages"
	rm -f "$work/$row.key" "$work/$row.count"
	began=$(date +%s)
	echo "row $row: $(files | tr '\n' ' ')"
	status=0
	(prove) >"$rowlog" 2>&1 || status=1
	why=$(cat "$work/$row.why")
	{ read -r identical compared excepted <"$work/$row.count"; } 2>/dev/null || :
	if [ "$status" -ne 0 ]; then
		grep '^error: ' "$rowlog" || :
		case $why in
		differs*)
			sed -n '/^differ at/,/^diff /p' "$rowlog" | grep -v '^diff ' |
				sed 's/^/  /' | head -n 20
			printf '| %s %d/%d objects identical: %s %s\n' "$row" \
				"$identical" "$compared" "$why" \
				"$(head -n 3 "$obj/differ" | tr '\n' ' ')" ;;
		*)
			tail -n 5 "$rowlog" | sed 's/^/  /'
			printf '| %s %s (log %s)\n' "$row" "$why" \
				"${rowlog#"$top"/}" ;;
		esac
		return 1
	fi
	spent=$(($(date +%s) - began))
	printf '%d\t%d\t%d\t%s\t%d\n' "$compared" "$identical" "$excepted" \
		"$("$cc" --version | head -n 1)" "$spent" >"$state"
	echo "$k" >"$work/$row.key"
	[ "$KEEP" = 1 ] || rm -rf "$obj" "$keep"
	printf '| %s %d/%d objects %s%s, %d s\n' "$row" "$identical" \
		"$compared" "$verb" "${excepted:+$([ "$excepted" -eq 0 ] ||
			echo ", $excepted excepted")}" "$spent"
}

# reason FILE: why no row compiles a file; fails when no reason is given.
reason()
{
	rows scripts/compare/not-compiled | while IFS=$tab read -r glob why; do
		# shellcheck disable=SC2254
		case $1 in
		$glob) printf '%s\n' "$why" | sed 's/^\t*//'; break ;;
		esac
	done | grep .
}

# coverage: every changed file with the row that compiled it, or the reason
# why none did. Fails on a file that has neither.
coverage()
{
	changed | while read -r f; do
		# shellcheck disable=SC2046
		by=$(cd "$work" && grep -lsxF -e "$f" -- \
			$(all_rows | sed 's/$/.seen/') | head -n 1)
		by=${by%.seen}
		if [ -n "$by" ]; then
			printf 'file\t%s\t%s\n' "$f" "$by"
		elif why=$(reason "$f"); then
			printf 'file\t%s\t-\t%s\n' "$f" "$why"
		else
			printf 'file\t%s\tuncovered\n' "$f"
		fi
	done
}

# check: does the committed table describe this kernel and these rows?
check_table()
{
	[ -f "$table" ] || die "${table#"$top"/} is missing" \
		"run: make soak KERNEL=$KERNEL"
	# A recorded failure fails whatever has changed since.
	bad=$(awk -F'\t' '$1 == "row" && $3 != $4 + $5 { print $2; exit }' "$table")
	[ -z "$bad" ] || die "${table#"$top"/} does not find row $bad $verb" \
		"run: make soak KERNEL=$KERNEL"
	stock=$(cat "$out/stock.id")
	was=$(sed -n 's/^# stock //p' "$table")
	if [ -n "$was" ] && [ "$was" != "$stock" ]; then
		# Debian moved to another point release.
		skip "${table#"$top"/}" "it is of $was, the stock source is $stock; run: make soak KERNEL=$KERNEL"
		exit 0
	fi
	have=$(sed -n 's/^# inputs //p' "$table")
	if [ "$have" != "$(inputs)" ]; then
		[ "$verb" != identical ] || die "the inputs of ${table#"$top"/} changed" \
			"run: make soak KERNEL=$KERNEL"
		# As for the rows of scripts/soaks. What CI compiles itself is compile-ci.
		skip "${table#"$top"/}" "not compiled with these inputs; run: make soak KERNEL=$KERNEL"
		exit 0
	fi
	for r in $(all_rows); do
		awk -F'\t' -v r="$r" '$1 == "row" && $2 == r && $3 > 0 &&
			$3 == $4 + $5 { ok = 1 } END { exit !ok }' "$table" ||
			die "${table#"$top"/} does not find row $r $verb" \
				"run: make soak KERNEL=$KERNEL"
	done
	changed | while read -r f; do
		by=$(awk -F'\t' -v f="$f" '$1 == "file" && $2 == f { print $3 }' \
			"$table")
		case $by in
		'' | uncovered) echo "$f" ;;
		-) reason "$f" >/dev/null || echo "$f" ;;
		esac
	done >"$work.uncovered"
	[ ! -s "$work.uncovered" ] || die \
		"no row compiles $(head -n 1 "$work.uncovered"), and no reason is given" \
		"correct scripts/compare/archs or scripts/compare/not-compiled and run: make soak KERNEL=$KERNEL"
	rm -f "$work.uncovered"
	total_of_table
}

total_of_table()
{
	line=$(awk -F'\t' '$1 == "row" { split($2, a, "-"); arch[a[1]] = 1
			n += $3; i += $4 }
		END { for (x in arch) k++
		printf "%s: %d of %d architectures, %d of %d objects (committed table)",
			verb, k, k, i, n }' verb="$verb" "$table")
	result "$verb-table" "$line"
	echo "| $line"
}

if [ "$verb" = compiled ]; then
	BEFORE=${BEFORE:-split}
	AFTER=${AFTER:-HEAD}
	VMLINUX=0
else
	BEFORE=${BEFORE:-grouped}
	AFTER=${AFTER:-split}
fi

if [ "$mode" = --check ]; then
	mkdir -p "$out"
	check_table
	exit 0
fi

need ccache ccache
worktree
# A second run would switch the sources under the first.
exec 9>"$work/lock"
flock -n 9 || die "another run uses ${work#"$top"/}" "wait for it to end"

bad=
total=0
same=0
for r in $(wanted); do
	if one "$r"; then
		total=$((total + $(cut -f1 "$work/$r.tsv")))
		same=$((same + $(cut -f2 "$work/$r.tsv")))
	else
		bad="$bad $r"
	fi
done

archs=$(wanted | sed 's/-.*//' | sort -u | grep -c .)
lost=$(for r in $bad; do echo "${r%%-*}"; done | sort -u | grep -c . || :)
passed=$((archs - lost))

[ -z "$bad" ] ||
	die "not $verb:$bad" \
		"read ${work#"$top"/}/ROW.log, then repeat with ARCHS=\"${bad# }\" KERNEL=$KERNEL"

if [ -z "$ARCHS" ]; then
	coverage >"$work/coverage"
	grep 'uncovered$' "$work/coverage" | cut -f2 | sed 's/^/| compiled by no row: /' || :
	! grep -q 'uncovered$' "$work/coverage" ||
		die "a changed file is compiled by no row" \
			"add a row to scripts/compare/archs or a reason to scripts/compare/not-compiled"
	printf '| changed files compiled: %d of %d, the rest with a reason\n' \
		"$(awk -F'\t' '$3 != "-"' "$work/coverage" | grep -c .)" \
		"$(grep -c . "$work/coverage")"
fi

if [ "$mode" = --soak ]; then
	[ -z "$ARCHS" ] || die "a soak runs every row" "run it without ARCHS"
	mkdir -p "${table%/*}"
	{
		echo "# Written by make soak. Rows: name, files compared, identical,"
		echo "# excepted, compiler. Files: name, row that compiled it, reason."
		echo "# stock $(cat "$out/stock.id")"
		echo "# inputs $(inputs)"
		for r in $(all_rows); do
			printf 'row\t%s\t' "$r"
			cut -f1-4 "$work/$r.tsv"
		done
		cat "$work/coverage"
	} >"$table.new"
	mv "$table.new" "$table"
fi

result "$verb" "$verb: $passed of $archs architectures, $same of $total objects"
printf '| %s: %d of %d architectures, %d of %d objects\n' "$verb" \
	"$passed" "$archs" "$same" "$total"
