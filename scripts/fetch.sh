#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# fetch.sh: get the Debian package of the stock source into build/download.

. "$(dirname "$0")/lib.sh"

package=$(cell scripts/kernels "$KERNEL" 2)
suite=$(cell scripts/kernels "$KERNEL" 3)
[ -n "$package" ] ||
	die "no data for kernel $KERNEL" "take one of scripts/kernels: $(rows scripts/kernels | cut -f1 | tr '\n' ' ')"

"$top/scripts/download.sh" "$package" "$suite" - "$KERNEL" \
	"give a kernel tree of version $KERNEL with KSRC=DIR"
