// SPDX-License-Identifier: GPL-2.0
/*
 * pti_scope VMLINUX: find references of entry text to memory that user mode's page table does not
 * map, made while that table is loaded. Print each of them, and fail if there is one.
 *
 * Checks each path from an entry from user mode to the write of CR3 that loads the kernel's table,
 * and from the write that loads user mode's table to where the CPU leaves the kernel.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <asm/cpufeatures.h>
#include "pti_scope.h"
#include "pti_scope_flow.h"

/* Features whose state is known with PTI. All others may be present or not. */
static const struct {
	int feature;
	bool there;
	const char *why;
} features[] = {
	{ X86_FEATURE_PTI,	true,	"or there is one table only" },
	{ X86_FEATURE_XENPV,	false,	"pti_check_boottime_disable(): Xen has tables of its own" },
};

/* Entry text that is reached only with the kernel's table loaded. */
static const struct {
	const char *name, *why;
	int bits;		/* word size that the row applies to; 0: both */
} only_kernel[] = {
	{ "mds_verw_sel",	"data, an operand of VERW" },
	{ "x86_verw_sel",	"data, an operand of VERW" },
	{ "xen_error_entry",	"Xen PV has no PTI" },
	{ "xen_failsafe_callback", "the same" },
	{ "exc_xen_hypervisor_callback", "the same" },
	{ "asm_load_gs_index",	"called by C" },
	{ "clear_bhb_loop",	"called by C, and by entry text that has changed CR3" },
	{ "nop_func",		"called by C" },
	{ "paravirt_ret0",	"called by C" },
	{ "asm_exc_double_fault", "a task gate: its TSS has the kernel's table", 32 },
};

/* Entry points that are set in MSRs. SYSCALL does not change the stack pointer. */
static const struct {
	const char *name;
	bool stack_of_user;
} msrs[] = {
	{ "entry_SYSCALL_64",		true },
	{ "entry_SYSCALL_compat",	true },
	{ "entry_SYSCALL32_ignore",	true },
	{ "entry_SYSENTER_compat",	false },
	{ "entry_SYSENTER_32",		false },
};

#define OF_ERROR_ENTRY \
	"came from where the kernel's table was loaded: a fault of IRET goes another way"
#define OF_FRAME \
	"the stack that was interrupted: with user mode's table, the entry stack"
#define OF_ESPFIX \
	"the same place in the segment of espfix, whose base makes up for the offset"
#define OF_VC \
	"the stack that was interrupted, or an exception stack: nothing in the gap of SYSCALL causes #VC"

/* References that are legitimate. After one, the table and the stack are taken to be correct. */
static struct {
	const char *in;
	enum reference kind;
	const char *target;
	bool from_kernel;	/* only on paths that come from kernel mode */
	bool optional;		/* exists only in some configurations */
	const char *why;
	int bits;
	int used;
} excuses[] = {
	{ "error_entry", RETURNS, "", true, false, OF_ERROR_ENTRY },
	{ "error_entry", GOES, "handle_interrupted_saferet", true, true, OF_ERROR_ENTRY },
	{ "error_entry", MEMORY, "pcpu_hot+0x10", true, true, OF_ERROR_ENTRY },
	{ "error_entry", MEMORY, "__x86_call_depth", true, true, OF_ERROR_ENTRY },
	{ "native_irq_return_ldt", POINTER, "", false, false,
	  "the stack that espfix maps" },
	{ "native_irq_return_ldt", STACK, "", true, false,
	  "does not come here: the kernel's own stack segment is not in the LDT" },
	{ "asm_exc_vmm_communication", POINTER, "", false, true, OF_VC },
	{ "handle_exception_return", REGISTER, "", true, false, OF_FRAME, 32 },
	{ "asm_exc_nmi", REGISTER, "", true, false, OF_FRAME, 32 },
	{ "restore_all_switch_stack", REGISTER, "", true, false,
	  "does not come here: it goes to user mode", 32 },
	{ "handle_exception", SEGMENT, "", false, true, OF_ESPFIX, 32 },
	{ "asm_exc_nmi", SEGMENT, "", false, true, OF_ESPFIX, 32 },
	{ "restore_all_switch_stack", SEGMENT, "", false, true, OF_ESPFIX, 32 },
};

static const char * const verbs[] = {
	[MEMORY]	= "accesses ",
	[REGISTER]	= "accesses what a register points to",
	[STACK]		= "uses a stack that is not in the CPU entry area",
	[POINTER]	= "loads a stack that is not in the CPU entry area",
	[SEGMENT]	= "loads a stack and its segment",
	[GOES]		= "goes to ",
	[GOES_ANYWHERE]	= "goes where a register or memory says",
	[RETURNS]	= "returns",
};

#define HERE "arch/x86/tools/pti_scope.c"

static int nr_wrong;

void complain(const char *next, const char *cause, ...)
{
	va_list args;

	fputs("error: ", stderr);
	va_start(args, cause);
	vfprintf(stderr, cause, args);
	va_end(args);
	fprintf(stderr, "; %s\n", next);
}

enum patched is_patched(const struct alternative *alt)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(features); i++)
		if (features[i].feature == alt->feature)
			return features[i].there != alt->unless ? ALWAYS : NEVER;
	return MAYBE;
}

static bool applies(int bits)
{
	return !bits || bits == vmlinux.bits;
}

bool kernel_only(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(only_kernel); i++)
		if (applies(only_kernel[i].bits) && !strcmp(only_kernel[i].name, name))
			return true;
	return false;
}

bool from_msr(u64 address, bool stack_of_user)
{
	const struct symbol *s;
	size_t i;

	for (i = 0; i < ARRAY_LEN(msrs); i++) {
		s = symbol_named(msrs[i].name);
		if (s && s->start == address)
			return msrs[i].stack_of_user || !stack_of_user;
	}
	return false;
}

/* Does excuses[] have a row for this reference? */
bool excused(u64 at, enum reference kind, const char *target, bool from_kernel)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(excuses); i++)
		if (applies(excuses[i].bits) && excuses[i].kind == kind &&
		    !strcmp(excuses[i].target, target) &&
		    (from_kernel || !excuses[i].from_kernel) && is_at(at, excuses[i].in)) {
			excuses[i].used++;
			return true;
		}
	return false;
}

/* Report a reference, once. */
void violation(u64 at, enum reference kind, const char *target)
{
	static struct {
		u64 at, kind;
	} *said;
	char where[NAME_MAX];
	int i;

	for (i = 0; i < nr_wrong; i++)
		if (said[i].at == at && said[i].kind == kind)
			return;
	said = grow(said, nr_wrong, sizeof(*said));
	said[nr_wrong].at = at;
	said[nr_wrong++].kind = kind;
	name_of(at, where);
	complain("do that on the kernel's, or say in excuses[] of " HERE " why it is right",
		 "%s %s%s on user mode's page table", where, verbs[kind], target);
}

/* Rows that are not needed are errors, unless this kernel lacks the symbol they are about. */
static void check_rows(void)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(only_kernel); i++) {
		const struct symbol *s = symbol_named(only_kernel[i].name);

		if (!s || !applies(only_kernel[i].bits) || in_entry_text(s->start))
			continue;
		complain("remove its row of only_kernel[] in " HERE,
			 "%s is not in entry text", s->name);
		nr_wrong++;
	}
	for (i = 0; i < ARRAY_LEN(excuses); i++) {
		if (excuses[i].used || excuses[i].optional || !applies(excuses[i].bits) ||
		    !symbol_named(excuses[i].in))
			continue;
		complain("remove its row of excuses[] in " HERE,
			 "nothing at %s %s%s on user mode's page table",
			 excuses[i].in, verbs[excuses[i].kind], excuses[i].target);
		nr_wrong++;
	}
}

int main(int argc, char **argv)
{
	size_t i;

	list = argc == 3 && !strcmp(argv[1], "-l");
	if (argc != 2 + list)
		die("usage: pti_scope [-l] VMLINUX", "it takes the name of one file");
	read_vmlinux(argv[1 + list]);
	follow_all();
	if (!nr_switches)
		die("compare USER_BIT with the entry code", "no path writes CR3");
	if (!nr_wrong)
		check_rows();
	if (nr_wrong)
		return 1;
	printf("%d instructions run on user mode's page table, and refer to nothing outside\n",
	       nr_on_user_table);
	for (i = 0; i < ARRAY_LEN(excuses); i++)
		if (excuses[i].used)
			printf("but %s %s%s: %s\n", excuses[i].in, verbs[excuses[i].kind],
			       excuses[i].target, excuses[i].why);
	return 0;
}
