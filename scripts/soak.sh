#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# soak.sh: what is too long for CI; writes the tables of docs/results.

. "$(dirname "$0")/lib.sh"

phase=$top/scripts/phase.sh
"$phase" deps "install every cross compiler" "$top/scripts/deps.sh" soak
if [ -z "$KSRC" ]; then
	"$phase" fetch "get the stock source of Linux $KERNEL" "$top/scripts/fetch.sh"
fi
"$phase" import "make a git tree of it" "$top/scripts/import.sh"
"$phase" tree "replay patches/series" "$top/scripts/tree.sh"
"$phase" identical "compare object code on every architecture" \
	"$top/scripts/identical.sh" --soak
# The faults are edits of this kernel's files: only where there is a table.
if [ -f "$top/docs/results/mutants-$KERNEL.tsv" ]; then
	"$phase" mutants "plant faults in the object" "$top/scripts/mutants.sh" --soak
fi
if [ -f "$top/docs/results/storm-$KERNEL.tsv" ]; then
	"$phase" storm "poke text for five minutes" "$top/scripts/storm.sh"
fi
