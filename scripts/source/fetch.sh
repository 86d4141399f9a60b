#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# fetch.sh: get the Debian package of the stock source into build/download.

. "$(dirname "$0")/../lib.sh"

package=$(cell scripts/source/kernels "$KERNEL" 2)
suite=$(cell scripts/source/kernels "$KERNEL" 3)
[ -n "$package" ] ||
	die "no data for kernel $KERNEL" "take one of scripts/source/kernels: $(rows scripts/source/kernels | cut -f1 | tr '\n' ' ')"

"$top/scripts/source/download.sh" "$package" "$suite" - "$KERNEL" \
	"give a kernel tree of version $KERNEL with KSRC=DIR"
