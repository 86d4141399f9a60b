/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Included first by both sides of "make identical": a line that moved is no
 * difference. A system header may redefine what the compiler has built in.
 */
#pragma GCC system_header
#undef __LINE__
#define __LINE__ 0
