# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154
# Sourced by tests: a small project with the real scripts and a small kernel
# tree, so that each flow of the rig can be tried in a second.

# fake_kernel DIR: a tree that looks enough like a kernel.
fake_kernel()
{
	mkdir -p "$1/include/linux" "$1/mm" "$1/kernel"
	printf 'VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 0\n' >"$1/Makefile"
	printf 'struct mm_struct {\n\tpgd_t *pgd;\n\tint map_count;\n};\n' >"$1/include/linux/mm_types.h"
	printf 'static void use(struct mm_struct *mm)\n{\n\tload(mm->pgd);\n}\n' >"$1/mm/use.c"
	printf 'int other;\nint more;\nint last;\n' >"$1/kernel/other.c"
	printf 'obj-y := use.o\n' >"$1/mm/Makefile"
}

# fake_project DIR: the real scripts and semantic patches, a series of three.
fake_project()
{
	rm -rf "$1"
	mkdir -p "$1/patches" "$1/build/6.12"
	cp -r "$top/scripts" "$top/cocci" "$1/"
	cat >"$1/patches/series" <<EOF
# kind	name	tag	section	rules
patch	mm-introduce	grouped	one
cocci	mm-convert	-	one	mm_pgt_fields
patch	kernel-change	split	two
EOF
	printf 'mm: introduce\n\nWhy this is so.\n' >"$1/patches/mm-introduce.msg"
	printf 'mm: convert\n\nWhy this is so.\n' >"$1/patches/mm-convert.msg"
	printf 'kernel: change\n\nWhy this is so.\n' >"$1/patches/kernel-change.msg"
	cat >"$1/patches/mm-introduce.diff" <<'EOF'
diff --git a/include/linux/mm_types.h b/include/linux/mm_types.h
--- a/include/linux/mm_types.h
+++ b/include/linux/mm_types.h
@@ -1,4 +1,4 @@
 struct mm_struct {
-	pgd_t *pgd;
+	union { struct pg_table pgt; pgd_t *pgd; };
 	int map_count;
 };
diff --git a/include/linux/pg_table.h b/include/linux/pg_table.h
new file mode 100644
--- /dev/null
+++ b/include/linux/pg_table.h
@@ -0,0 +1 @@
+struct pg_table { pgd_t *pgd; };
EOF
	cat >"$1/patches/kernel-change.diff" <<'EOF'
diff --git a/kernel/other.c b/kernel/other.c
--- a/kernel/other.c
+++ b/kernel/other.c
@@ -1,3 +1,3 @@
 int other;
-int more;
+int more = 1;
 int last;
EOF
	fake_kernel "$1/build/6.12/linux"
	git -C "$1/build/6.12/linux" init -q -b main
	git -C "$1/build/6.12/linux" add -A
	rig_git "$1/build/6.12/linux" commit -q -m stock
	git -C "$1/build/6.12/linux" tag stock
	echo fake >"$1/build/6.12/stock.id"
}

# fake SCRIPT [ARG]...: run a script of the fake project at $fake.
fake()
{
	said=$fake/said
	script=$1
	shift
	(cd "$fake" && DISK_GB=${DISK_GB:-0} PATH="$fake/bin:$PATH" KERNEL=${FAKE_KERNEL:-6.12} KSRC=${FAKE_KSRC:-} \
		"scripts/$script" "$@") >"$said" 2>&1
}

# refuses TEXT PATTERN SCRIPT [ARG]: it fails, and one error line matches.
refuses()
{
	text=$1
	pattern=$2
	shift 2
	if fake "$@"; then
		fail "$text" "it passed: $(tail -n 1 "$said")"
	elif grep '^error: .*; ' "$said" | tail -n 1 | grep -q -- "$pattern"; then
		pass "$text"
	else
		fail "$text" "said: $(tail -n 2 "$said" | tr '\n' ' ')"
	fi
}
