#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The ledger on a small tree of its own, with one fault planted at a time.

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib.sh"
. "$here/tap.sh"

d=$build/test/ledger
tree=$d/linux
tables=$d/tables
rm -rf "$d"
mkdir -p "$tree/mm" "$tree/Documentation" "$tables" "$d/bin"

export GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@t
export GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@t

commit()
{
	git -C "$tree" add -A
	git -C "$tree" commit -qm "$1"
}

# step NAME KIND: commit the tree as a step of the series.
step()
{
	commit "$1"
	printf '%s\t%s\t%s\n' "$1" "$2" \
		"$(git -C "$tree" rev-parse HEAD)" >>"$d/steps"
}

edit()
{
	file=$1
	shift
	sed "$@" "$tree/$file" >"$d/edited"
	cp "$d/edited" "$tree/$file"
}

# start: a stock tree and the series that splits it.
start()
{
	rm -rf "$tree/.git" "$tree/mm/b.c" "$d/steps" "$d/ledger"
	git -C "$tree" init -q
	printf 'VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 1\n' >"$tree/Makefile"
	cat >"$tree/mm/mm.h" <<'END'
typedef struct { unsigned long pgd; } pgd_t;
struct mm_struct {
	pgd_t *pgd;
	spinlock_t page_table_lock;	/* protects the tables */
};
struct dom {
	pgd_t *pgd;
};
struct walk {
	struct dom dom;
};
#define pgd_val(x)	((x).pgd)
#define pgd_offset(mm, a)	\
	((mm)->pgd +		\
	 (a))
END
	cat >"$tree/mm/a.c" <<'END'
/* A pgd is a page; see mm->pgd. */
struct mm_struct init_mm = {
	.pgd = swapper_pg_dir,
};
static pgd_t *f(struct mm_struct *mm, struct dom *d, struct walk *w)
{
	pgd_t *pgd = mm->pgd, *old = d->pgd;	/* local pgd */

	spin_lock(&mm->page_table_lock);
	pr_info("pgd %p of \"pgd\"\n", old);
	spin_unlock(&mm->page_table_lock);
	return pgd ? mm->pgd : w->dom.pgd;
}
END
	printf "%s\n" "The lock mm->page_table_lock guards a pgd." \
		"A struct mm_struct has a pgd." >"$tree/Documentation/lock.rst"
	[ -z "${1:-}" ] || "$1"
	commit stock
	git -C "$tree" tag stock
	: >"$d/steps"

	edit mm/mm.h -e '/^struct mm_struct/i\
struct pg_table {\
	pgd_t *pgd;\
	spinlock_t lock;\
};' -e '/^	pgd_t \*pgd;/{
x
s/^/x/
/^x$/{
x
d
}
x
}' -e 's|^	spinlock_t page_table_lock;.*|	struct pg_table pgt;|'
	step group patch
	edit mm/a.c -e 's/mm->pgd/mm->pgt.pgd/g' \
		-e 's/mm->page_table_lock/mm->pgt.lock/'
	step convert cocci
	edit mm/mm.h -e 's/(mm)->pgd/(mm)->pgt.pgd/'
	edit mm/a.c -e 's/^	\.pgd = swapper_pg_dir/	.pgt = { .pgd = swapper_pg_dir }/'
	edit Documentation/lock.rst -e 's/page_table_lock/pgt.lock/' \
		-e "s/has a pgd/has a pgt with a pgd/"
	step hand patch

	printf 'mm/mm.h\t\\(x\\)\tpgd_t\nmm/a.c\tw->dom\tdom\n' >"$tables/other"
	printf 'move\tgroup\t*\tit moves\nodd\thand\t*\tspatch is blind here\n' \
		>"$tables/by-hand"
}

# ledger: run it; what it printed is in $d/log.
ledger()
{
	"$top/scripts/ledger/ledger.sh" "$tree" "$d/steps" "$tables" >"$d/log" 2>&1
}

# is FILE LINE OCCURRENCE FIELD CLASS DETAIL: the ledger has that row.
is()
{
	row=$(printf '%s\t%s\t%s\t%s\t%s\t%s' "$@")
	if grep -qxF "$row" "$d/ledger/$KERNEL.tsv"; then
		pass "$1:$2 hit $3 is $5 ($6)"
	else
		fail "$1:$2 hit $3 is $5 ($6)" \
			"$(grep "^$1	$2	$3" "$d/ledger/$KERNEL.tsv")"
	fi
}

# refused TEXT PATTERN: the run fails and prints a line like that.
refused()
{
	if ledger; then
		fail "$1" "the run succeeded"
	elif grep -q "$2" "$d/log"; then
		pass "$1"
	else
		fail "$1" "$(tail -n 1 "$d/log")"
	fi
}

start
UPDATE=1 ledger || cat "$d/log"
check "a whole split has no unclassified hit" grep -qx '| 0 unclassified' "$d/log"
check "the committed ledger is compared" ledger
is mm/mm.h 1 1 pgd name 'member of pgd_t'
is mm/mm.h 3 1 pgd by-hand 'group move'
is mm/mm.h 4 1 page_table_lock by-hand 'group move'
is mm/mm.h 7 1 pgd name 'member of dom'
is mm/mm.h 12 1 pgd other pgd_t
is mm/mm.h 14 1 pgd by-hand 'hand odd'
is mm/a.c 1 1 pgd comment comment
is mm/a.c 1 2 pgd converted convert
is mm/a.c 3 1 pgd by-hand 'hand odd'
is mm/a.c 7 1 pgd name declared
is mm/a.c 7 2 pgd converted convert
is mm/a.c 7 3 pgd other dom
is mm/a.c 7 4 pgd comment comment
is mm/a.c 9 1 page_table_lock converted convert
is mm/a.c 10 1 pgd comment string
is mm/a.c 10 2 pgd comment string
is mm/a.c 12 1 pgd name declared
is mm/a.c 12 2 pgd converted convert
is mm/a.c 12 3 pgd other dom
is Documentation/lock.rst 1 1 page_table_lock by-hand 'hand odd'
is Documentation/lock.rst 1 2 pgd comment document
is Documentation/lock.rst 2 1 pgd by-hand "hand odd"

good=$d/good.tsv
cp "$tables/$KERNEL.tsv" "$good"
sed 's/\(a.c.7.2.pgd.\)converted.convert/\1by-hand	hand odd/' "$good" \
	>"$tables/$KERNEL.tsv"
refused "a flipped class is caught" '^| committed: mm/a.c.7.2.pgd.by-hand'
sed '/^mm\/a.c.7.3/d' "$good" >"$tables/$KERNEL.tsv"
refused "a deleted row is caught" '^| derived:   mm/a.c.7.3.pgd.other.dom$'
{ cat "$good"; printf 'mm/a.c\t99\t1\tpgd\tname\tdeclared\n'; } \
	>"$tables/$KERNEL.tsv"
refused "an extra row is caught" '^| committed: mm/a.c.99'
cp "$good" "$tables/$KERNEL.tsv"
check "the good ledger passes again" ledger

sed '/^odd/d' "$tables/by-hand" >"$d/t" && cp "$d/t" "$tables/by-hand"
refused "a change by hand without a reason fails" \
	'^| mm/a.c:3: .pgd = swapper_pg_dir,$'
start
printf 'mm/mm.h\t\\(x\\)\tpgd_t\nmm/a.c\tw->dom\twalk\n' >"$tables/other"
refused "a row that names a struct without such a member fails" \
	'^| mm/a.c:12: return pgd ? mm->pgd : w->dom.pgd;$'

plant_member() { echo 'void g(void) { use(new_arch_mm->pgd); }' >"$tree/mm/b.c"; }
plant_next() { echo 'void g(struct mm_struct *next) { use(next->pgd); }' >"$tree/mm/b.c"; }
plant_text() { echo '/* Take the page_table_lock first. */' >"$tree/mm/b.c"; }
plant_macro() { printf '#define old(m)\t\\\n\tdo {\t\\\n\t\tuse(get_mm(m)->pgd);\t\\\n\t} while (0)\n' >"$tree/mm/b.c"; }
plant_offset() { echo 'int o = offsetof(struct mm_struct, pgd);' >"$tree/mm/b.c"; }
plant_string() { echo 'void g(void) { pr_info("mm->pgd %p", 0); }' >"$tree/mm/b.c"; }
plant_half() { edit mm/a.c 's/mm->pgd : w/mm ->pgd + mm->pgd : w/'; }
plant_name() { echo 'int g(void) { return pgd + 1; }' >"$tree/mm/b.c"; }
plant_wide() { plant_member; }

start plant_member
refused "an unconverted hit is printed" \
	'^| mm/b.c:1: void g(void) { use(new_arch_mm->pgd); }$'
check "the last line counts it" grep -q '^error: 1 unclassified hits; ' "$d/log"
cp "$d/log" "$d/member.log"
start plant_wide
printf '*\t.*\tdom\n' >>"$tables/other"
refused "no row makes the mm's field another struct's" '^| mm/b.c:1: '
start plant_next
printf '*\t.*\tdom\n' >>"$tables/other"
refused "a declared mm_struct is one, whatever its name" '^| mm/b.c:1: '
start plant_text
refused "a comment with the old name of the lock fails" '^| mm/b.c:1: '
printf 'mm/b.c\t.*Take the.*\ttext: history\n' >>"$tables/other"
ledger || :
is mm/b.c 1 1 page_table_lock comment history
start plant_macro
refused "a hit in a macro body fails" '^| mm/b.c:3: use(get_mm(m)->pgd);'
start plant_offset
refused "a hit in offsetof() fails" '^| mm/b.c:1: '
start plant_string
refused "a string with the old spelling fails" '^| mm/b.c:1: '
start plant_half
refused "of two hits in a line the unconverted one fails" '^| mm/a.c:12: '
is mm/a.c 12 2 pgd unclassified -
is mm/a.c 12 3 pgd converted convert
start plant_name
refused "a word that nothing declares fails" '^| mm/b.c:1: return\|^| mm/b.c:1: int g'

rm -f "$d/steps"
refused "a tree without steps is refused" '^error: .*; run: make tree$'

# The same program once more, with every access of its memory checked.
start
if cc -std=gnu11 -D_GNU_SOURCE -g -Wall -Wextra -Werror \
	-fsanitize=address,undefined -fno-sanitize-recover=all \
	-o "$d/bin/ledger" "$top"/scripts/ledger/*.c 2>"$d/log"; then
	hits=$(ls "$d"/ledger/hits-* 2>/dev/null || :)
	[ -n "$hits" ] || { ledger; hits=$(ls "$d"/ledger/hits-*); }
	check "no bad access of memory, no leak" "$d/bin/ledger" "$tree" stock \
		"$d/steps" "$hits" "$tables/other" "$tables/by-hand" 6.12.1 \
		"$d/sanitized.tsv"
	check "with the same ledger" cmp "$d/sanitized.tsv" "$good"
else
	skip "no bad access of memory" "cc has no sanitizers"
fi
finish
