#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The layout check, and a planted field that it must find.

. "$(dirname "$0")/../lib.sh"
. "$top/scripts/tests/tap.sh"

check "mm_struct keeps its size and its hot fields" "$top/scripts/compare/layout.sh"
work=$build/test/layout
mkdir -p "$work"
says "a field too many is found" 'split: mm_struct grows from [0-9]* to [0-9]* bytes; split: mmap_lock moves' \
	env PLANT='s/unsigned long task_size;/unsigned long planted, planted2[7]; &/' "$top/scripts/compare/layout.sh"
says "a moved pgd is found" "" \
	env PLANT='s/atomic_t membarrier_state;/&\n		unsigned long task_moved;/; s/unsigned long task_size;.*//' \
	"$top/scripts/compare/layout.sh"
"$top/scripts/compare/layout.sh" >"$work/said" 2>&1
finish
