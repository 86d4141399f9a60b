#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Mutation: the mutants of a small file, one by one, and runs of it with a test that
# finds them, with one that cannot fail, and with one that fails without a fault.

. "$(dirname "$0")/../lib.sh"
# shellcheck source=tap.sh
. "$top/scripts/tests/tap.sh"

sample=$top/scripts/tests/mutate
series_tree=$series
work=$out/tests/mutate
rm -rf "$work" "$build/mutated"
mkdir -p "$work/rig/build" "$work/rig/boot"

tab=$(printf '\t')

# A rig whose kernel is the sample and a program that tests it; to boot is to run that.
RIG=$work/rig
KERNEL=mutated
FILES=${work#"$top"/}/files
EQUIVALENT=${work#"$top"/}/equivalent
TABLE=${work#"$top"/}/table
LIST=${work#"$top"/}/list
LEAST=0
export RIG KERNEL FILES EQUIVALENT TABLE LIST LEAST
tree=$build/mutated/linux
mkdir -p "$tree"
cp "$sample"/*.[ch] "$sample/Makefile" "$tree/"
git -C "$tree" init -q
touch "$tree/stock"
git -C "$tree" add stock
rig_git "$tree" commit -q -m stock
git -C "$tree" tag stock
git -C "$tree" add .
rig_git "$tree" commit -q -m series
printf '#!/bin/sh\nmkdir -p "$1"\n' >"$RIG/build/config.sh"
printf '#!/bin/sh\n: >"$2/guest-extra.gz"\n' >"$RIG/build/guest-extra.sh"
cat >"$RIG/boot/boot.sh" <<-'END'
	#!/bin/sh
	timeout 2 "$IMAGE" || { echo "| boot $1: FAILED, status $?, 0 s"; exit 1; }
	END
chmod +x "$RIG"/*/*.sh
printf 'sample.c\tsample.o\tdefault\n' >"$work/files"
: >"$work/equivalent"
printf 'by-hand\tsample.c\ts/swap\\(p\\);//\tdefault\n' >"$work/list"
mutants=$top/scripts/mutate/mutants.sh

# quietly ARG...: what it prints is in $work/said.
quietly()
{
	"$@" >"$work/said" 2>&1 </dev/null
}

# said PATTERN COMMAND...: the command succeeds and prints it.
said()
{
	pattern=$1
	shift
	quietly "$@" && grep -q -- "$pattern" "$work/said"
}

check "a run ends" quietly env N=1000 "$mutants"
cp "$work/said" "$work/first"
mv "$RIG/boot/boot.sh" "$work/boot.sh"
check "what was run is not run again" quietly env N=1000 "$mutants"
check "and counts as it did" [ "$(tail -n 1 "$work/said")" = "$(tail -n 1 "$work/first")" ]
sed -i 2d "$build"/mutated/mutants/*/*/verdicts
says "what is not there any more is run again, and a boot that does not run kills nothing" \
	"a worker has failed" env N=1000 "$mutants"
mv "$work/boot.sh" "$RIG/boot/boot.sh"
check "and an interrupted run goes on" quietly env N=1000 "$mutants"
check "to the same result" [ "$(tail -n 1 "$work/said")" = "$(tail -n 1 "$work/first")" ]
plan=$(find "$build/mutated/mutants" -name plan)
cut -f3-6 "$plan" | sort -n -k1,1 -k2 >"$work/mutants"
check "each operator makes the mutants of $sample/sample.tsv, and no other" \
	diff "$sample/sample.tsv" "$work/mutants"

# whole ROW: the mutant has as many lines as the file, and is another text.
whole()
{
	grep "^[0-9a-f]*	sample.c	$1	" "$plan" >"$work/row"
	place=$(cut -f7 "$work/row" | head -n 1)
	"$build/tools/mutate" -a "$place" "$(cut -f8 "$work/row" | head -n 1)" "$tree/sample.c" >"$work/one.c"
	! cmp -s "$work/one.c" "$tree/sample.c" && [ "$(wc -l <"$work/one.c")" = "$(wc -l <"$tree/sample.c")" ]
}

last=$(cut -f3 "$work/mutants" | grep -n . | tail -n 1 | cut -d: -f1)
line=$(cut -f1 "$work/mutants" | sort -un | tail -n 1)
check "a mutant of several lines leaves the lines behind it where they are" whole "$line"
check "there are as many as there are rows" [ "$last" = "$(wc -l <"$sample/sample.tsv")" ]

check "a test that looks at all kills most" \
	grep -q '^| [0-9]* of [0-9]* killed, [89][0-9]\.[0-9] % (95 % confidence: ' "$work/said"
check "a survivor is named" grep -q '^| survived: sample.c:[0-9]* sample() [a-z]*: ' "$work/said"
check "one that never ends is killed" grep -q 'while' "$work/said"
check "one that does not compile does not count" grep -q ', [1-9][0-9]* not compiled$' "$work/said"
check "nor does one that is the same code" grep -q ', [1-9][0-9]* with the same object code, ' "$work/said"
grep '^| survived: ' "$work/said" | head -n 1 >"$work/survivor"
check "the table has its verdict" grep -q '	survived	' "$work/table"

names()
{
	grep -v '^#' "$work/table" | cut -f1
}
N=7 quietly "$mutants"
names >"$work/first"
N=7 quietly "$mutants"
check "the same seed draws the same mutants" [ "$(names)" = "$(cat "$work/first")" ]
check "as many as were asked for" [ "$(grep -c '	\(killed\|survived\)	' "$work/table")" -eq 7 ]
N=7 SEED=2 quietly "$mutants"
check "another seed draws others" [ "$(names)" != "$(cat "$work/first")" ]

row=$(awk -F'\t' -v OFS='\t' '$6 == "survived" { print $2, $3, $4, $5, "planted"; exit }' "$work/table")
[ -n "$row" ] || { N=1000 quietly "$mutants"
	row=$(awk -F'\t' -v OFS='\t' '$6 == "survived" { print $2, $3, $4, $5, "planted"; exit }' "$work/table"); }
printf '%s\n' "$row" | sed 's/^sample.c/other.c/' >"$work/equivalent"
check "an equivalent mutant of another file is ignored" said ' 0 equivalent, ' env N=1000 "$mutants"
printf '%s\n' "$row" >"$work/equivalent"
check "one that is known to be equivalent does not count" said ' 1 equivalent, ' env N=1000 "$mutants"
printf '%s\n' "$row" | sed 's/ => / => 0/' >"$work/equivalent"
says "an equivalent mutant that does not exist is told" "a mutant that does not exist: sample.c" \
	env N=1000 "$mutants"
# exist LIST TREE: what each row of the equivalent mutants replaces is in its file.
exist()
{
	rows "$1" | while IFS=$tab read -r file _ _ text _; do
		tr -s '[:space:]' ' ' <"$2/$file" | grep -qF -- "${text%% => *}" && continue
		echo "$file has no ${text%% => *}"
		return 1
	done
}
check "each equivalent mutant is one" exist scripts/mutate/equivalent "$series_tree"
printf '%s\n' "$row" | sed 's/ => /nothing &/' >"$work/equivalent"
fails "an equivalent mutant of what is not there is found" exist "$EQUIVALENT" "$tree"
: >"$work/equivalent"

check "a fault of the list is killed on the same way" said '^| 1 of 1 killed' "$mutants"
printf 'by-hand\tsample.c\ts/nothing of it//\tdefault\n' >"$work/list"
says "one that changes nothing is told" "faults of .* are not found: by-hand" "$mutants"

says "too many survivors are a failure" "fewer than 100 % of the faults are killed" \
	env N=1000 LEAST=100 "$mutants"

# apply LIST TREE: each fault of a list changes its file; the first that does not is named.
apply()
{
	rows "$1" | while IFS=$tab read -r name file change _; do
		sed -E "$change" "$2/$file" | cmp -s - "$2/$file" || continue
		echo "$name changes nothing in $file"
		return 1
	done
}
for list in scripts/mutate/mutants scripts/mutate/mutants-asi; do
	check "each fault of ${list##*/} is one" apply "$list" "$series_tree"
done
fails "a fault that changes nothing is found" apply "${LIST}" "$tree"

printf '#!/bin/sh\nexit 0\n' >"$RIG/boot/boot.sh"
says "boots that cannot fail are told" "none of 10 faults is killed" env N=10 SEED=3 "$mutants"
printf "#!/bin/sh\necho 'error: planted; none'\nexit 1\n" >"$RIG/boot/boot.sh"
rm -rf "$build"/mutated/mutants/*/baseline
says "boots that fail without a fault are told" "mode default fails without a fault: planted" \
	env N=10 SEED=4 "$mutants"
rm -rf "$build/mutated"
finish
