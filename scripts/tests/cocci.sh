#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Semantic patches: golden files, a second run, and what spatch does in silence.

. "$(dirname "$0")/../lib.sh"
. "$top/scripts/tests/tap.sh"

work=$out/tests/cocci
rm -rf "$work"
mkdir -p "$work/bin" "$out"

# a tree of the given files, for cocci.sh to work on
tree()
{
	rm -rf "$work/tree"
	mkdir -p "$work/tree"
	cp "$@" "$work/tree"
	git -C "$work/tree" init -q
	git -C "$work/tree" add -A
}

# run RULES: cocci.sh on the tree, with programs of ours before the real ones
run()
{
	PATH="$work/bin:$PATH" "$top/scripts/series/cocci.sh" "$work/tree" "$1" \
		>"$work/log" 2>&1
}

golden()
{
	tree "$1"
	run "$2" || return
	cmp "$work/tree/$(basename "$1")" "$3"
}

for before in "$top"/cocci/tests/*.c; do
	name=$(basename "$before" .c)
	rules=$name
	while [ ! -f "$top/cocci/$rules.cocci" ]; do
		[ "$rules" != "${rules%_*}" ] ||
			die "cocci/tests/$name.c has no rules" "name it after one"
		rules=${rules%_*}
	done
	after=$top/cocci/tests/$name.res
	check "$name.c becomes $name.res" golden "$before" "$rules" "$after"
	cp "$after" "$work/$name.c"
	check "$name.res stays" golden "$work/$name.c" "$rules" "$after"
	{ cat "$after"; echo "int planted;"; } >"$work/$name.wrong"
	if golden "$before" "$rules" "$work/$name.wrong" >/dev/null 2>&1; then
		fail "$name: a wrong .res is found" "it passed"
	else
		pass "$name: a wrong .res is found"
	fi
done

for rules in "$top"/cocci/*.cocci; do
	name=$(basename "$rules" .cocci)
	check "$name has a golden test" test -f "$top/cocci/tests/$name.res"
	check "$name says what, why, how sure, how to run" \
		sh -c 'for w in "^/// " "^// What: " "^// Why: " "^// Confidence: " "^// Options: "; do grep -q "$w" "$1" || exit 1; done' - "$rules"
done

# fails TEXT PATTERN: the run must fail with an error line that matches
fails()
{
	if run mm_pgt_fields; then
		fail "$1" "the run passed"
	elif grep '^error: ' "$work/log" | grep -q "$2"; then
		pass "$1"
	else
		fail "$1" "no error line with \"$2\" in $work/log"
	fi
}

cat >"$work/unparsed.c" <<'EOF'
static void f(struct mm_struct *mm)
{
	asm volatile(ODD_MACRO : : : "memory") else {
	use(mm->pgd);
}
EOF
tree "$work/unparsed.c"
fails "a hit in a region that does not parse names the file" "region of unparsed.c"

cat >"$work/plain.c" <<'EOF'
static pgd_t *f(struct mm_struct *mm)
{
	return mm->pgd;
}
EOF
tree "$work/plain.c"
check "without a fault it passes" run mm_pgt_fields

# spatch VERDICT: a stand-in for spatch that misbehaves when it transforms
stand_in()
{
	cat >"$work/bin/spatch" <<EOF
#!/bin/sh
case "\$*" in *--in-place*) $1 ;; esac
exec $(command -v spatch) "\$@"
EOF
	chmod +x "$work/bin/spatch"
}
stand_in 'kill -9 $$'
fails "a killed spatch names the file" "died on plain.c"
stand_in 'echo "EXN: Failure(\"x\") in plain.c"; exit 0'
fails "an exception that spatch survives names the file" "gave up on plain.c"
stand_in 'echo "timeout (we abort)"; exit 0'
fails "a time-out that spatch survives names the file" "gave up on plain.c"
rm "$work/bin/spatch"

# The real tree: the same rules once more on the files they converted.
rows patches/series | awk -F'\t' '$1 == "cocci" { print $2, $5 }' >"$work/generated"
while read -r name rules <&3; do
	commit=$(awk -F'\t' -v n="$name" '$1 == n { print $3 }' "$out/steps")
	[ -n "$commit" ] || die "there is no commit of $name" "run: make tree"
	rm -rf "$work/tree"
	mkdir -p "$work/tree"
	git -C "$linux" diff --name-only "$commit^" "$commit" >"$work/files"
	# shellcheck disable=SC2046
	(cd "$linux" && git archive "$commit" -- $(cat "$work/files")) | tar x -C "$work/tree"
	git -C "$work/tree" init -q
	git -C "$work/tree" add -A
	text="a second run of $rules on the $(wc -l <"$work/files") converted files changes nothing"
	if run "$rules" && git -C "$work/tree" diff --quiet; then
		pass "$text"
	else
		fail "$text" "$(git -C "$work/tree" diff --stat | tail -n 1), see $work/log"
	fi
done 3<"$work/generated"
finish
