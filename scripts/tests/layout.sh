#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The layout check, and a planted field that it must find.

. "$(dirname "$0")/../lib.sh"
. "$top/scripts/tests/tap.sh"

check "mm_struct keeps its size and its hot fields" "$top/scripts/compare/layout.sh"
said=$build/test/layout
mkdir -p "$build/test"
if PLANT='s/unsigned long task_size;/unsigned long planted, planted2[7]; &/' \
	"$top/scripts/compare/layout.sh" >"$said" 2>&1; then
	fail "a field too many is found" "it passed"
else
	check "a field too many is found" grep -q 'split: mm_struct grows from [0-9]* to [0-9]* bytes; split: mmap_lock moves' "$said"
fi
if PLANT='s/atomic_t membarrier_state;/&\n		unsigned long task_moved;/; s/unsigned long task_size;.*//' \
	"$top/scripts/compare/layout.sh" >"$said" 2>&1; then
	fail "a moved pgd is found" "it passed"
else
	check "a moved pgd is found" grep -q '^error: ' "$said"
fi
"$top/scripts/compare/layout.sh" >"$said" 2>&1
finish
