// SPDX-License-Identifier: GPL-2.0
/*
 * Follow all paths through entry text. A state is an instruction and what is known before it runs;
 * each state is visited once. Code that runs on user mode's table may refer only to what that maps.
 *
 * Code outside entry text is assumed to preserve the callee-saved registers and the stack, and to
 * return with the kernel's table loaded.
 */
#include <stdio.h>
#include <string.h>
#include "pti_scope.h"
#include "pti_scope_flow.h"
#include "pti_scope_insn.h"

/* NOT_RUN: only without PTI, or with Xen PV. Followed so that it is not taken for an entry. */
enum table { KERNEL, USER, NOT_RUN };

/* The mode that was interrupted, as far as a test on this path has shown. */
enum origin { ANYWHERE, FROM_KERNEL, FROM_USER };

/* What a register holds. */
enum held { NOTHING, CR3, CR3_OF_KERNEL, CR3_OF_USER };

struct state {
	u64 at;
	u64 function;		/* index into functions[]; u64 to avoid padding, for memcmp() */
	u16 inside;		/* mask of registers that point into the CPU entry area */
	u8 table;
	u8 origin;
	u8 held, reg;
	u8 tested;		/* enum effect of the instruction before */
	u8 original;		/* this instruction is not replaced by an alternative */
};

struct node {
	struct state state;
	struct node *next;	/* in the bucket */
};

#define BUCKETS	4096

/* The callers of a function, and the stacks with which it returns. */
struct function {
	u64 start;
	struct state *callers;
	int nr_callers;
	bool returns[2];
};

int nr_on_user_table, nr_switches;
bool list;

static struct node *buckets[BUCKETS];
static struct node **work;
static int nr_work;
static struct function *functions;
static int nr_functions;

static bool reached(u64 at)
{
	struct node *n;

	for (n = buckets[at % BUCKETS]; n; n = n->next)
		if (n->state.at == at)
			return true;
	return false;
}

static void enter(struct state s)
{
	struct node *n;

	if (s.table == NOT_RUN) {
		s.held = NOTHING;
		s.inside = 0;
	}
	if (s.held == NOTHING)
		s.reg = 0;
	for (n = buckets[s.at % BUCKETS]; n; n = n->next)
		if (!memcmp(&n->state, &s, sizeof(s)))
			return;
	n = calloc(1, sizeof(*n));
	if (!n)
		die("close other programs", "out of memory");
	n->state = s;
	n->next = buckets[s.at % BUCKETS];
	buckets[s.at % BUCKETS] = n;
	work = grow(work, nr_work, sizeof(*work));
	work[nr_work++] = n;
}

static int function_from(u64 start)
{
	int i;

	for (i = 0; i < nr_functions; i++)
		if (functions[i].start == start)
			return i;
	functions = grow(functions, nr_functions, sizeof(*functions));
	memset(&functions[nr_functions], 0, sizeof(*functions));
	functions[nr_functions].start = start;
	return nr_functions++;
}

static struct state root(u64 at, enum table table)
{
	struct state s;

	memset(&s, 0, sizeof(s));
	s.at = at;
	s.function = function_from(0);	/* shared by all roots, which never return */
	s.table = table;
	s.inside = table == USER && !from_msr(at, true) ? BIT(SP) : 0;
	return s;
}

/* The alternative that this code belongs to. */
static const struct alternative *replacing(u64 at)
{
	int i;

	for (i = 0; i < vmlinux.nr_alternatives; i++) {
		const struct alternative *a = &vmlinux.alternatives[i];

		if (at >= a->code && at < a->code + a->code_len)
			return a;
	}
	return NULL;
}

/* The end of the original code. Alternatives for one place may differ in length. */
static u64 behind(const struct alternative *alt)
{
	u64 len = 0;
	int i;

	for (i = 0; i < vmlinux.nr_alternatives; i++)
		if (vmlinux.alternatives[i].at == alt->at && vmlinux.alternatives[i].len > len)
			len = vmlinux.alternatives[i].len;
	return alt->at + len;
}

/* Resolve a target: at the end of a replacement, control continues after the original code. */
static u64 resolve(u64 from, u64 to)
{
	const struct alternative *alt = in_entry_text(from) ? NULL : replacing(from);

	return alt && to == alt->code + alt->code_len ? behind(alt) : to;
}

static bool is_code(u64 at)
{
	return in_entry_text(at) || replacing(at);
}

/* The address at which the kernel runs the code. */
static u64 place(u64 at)
{
	return in_entry_text(at) ? at : replacing(at)->at;
}

static bool excuse(const struct state *s, enum reference kind, const char *target)
{
	return excused(place(s->at), kind, target, s->origin == FROM_KERNEL);
}

/* Report a reference, unless excuses[] allows it. */
static bool allowed(const struct state *s, enum reference kind, const char *target)
{
	if (excuse(s, kind, target))
		return true;
	violation(place(s->at), kind, target);
	return false;
}

static void leave_function(const struct state *s)
{
	struct function *f = &functions[s->function];
	bool entry_stack = s->inside & BIT(SP);
	int i;

	if (s->table == NOT_RUN)
		return;
	if (f->returns[entry_stack])
		return;
	f->returns[entry_stack] = true;
	for (i = 0; i < f->nr_callers; i++) {
		struct state to = f->callers[i];

		to.inside = s->inside & BIT(SP);
		enter(to);
	}
}

static void call(const struct state *s, const struct state *next, u64 target)
{
	int i, callee = function_from(target);
	struct function *f = &functions[callee];
	struct state to = *s, back = *next;

	to.at = target;
	to.function = callee;
	to.held = NOTHING;
	to.tested = NO_EFFECT;
	to.original = false;
	enter(to);
	if (s->table == NOT_RUN) {
		enter(back);
		return;
	}

	back.table = KERNEL;
	back.origin = ANYWHERE;
	back.held = NOTHING;
	back.reg = 0;
	back.inside = 0;
	back.tested = NO_EFFECT;
	for (i = 0; i < f->nr_callers; i++)
		if (!memcmp(&f->callers[i], &back, sizeof(back)))
			break;
	if (i == f->nr_callers) {
		f->callers = grow(f->callers, f->nr_callers, sizeof(*f->callers));
		f->callers[f->nr_callers++] = back;
		for (i = 0; i < 2; i++) {
			back.inside = i ? BIT(SP) : 0;
			if (f->returns[i])
				enter(back);
		}
	}
}

static void do_return(struct state *s)
{
	if (s->table == USER && !allowed(s, RETURNS, ""))
		return;
	leave_function(s);
}

/* Continue after a call to other code, with the kernel's table and callee-saved registers. */
static void come_back(struct state s)
{
	/* BX, SP, BP; and R12 to R15, or SI and DI */
	u32 kept = vmlinux.bits == 64 ? 0xf038 : 0x00f8;

	if (s.table != NOT_RUN)
		s.table = KERNEL;
	if (!(kept & BIT(s.reg)))
		s.held = NOTHING;
	s.inside &= kept;
	enter(s);
}

/* Follow a branch to code outside entry text. */
static void go_outside(struct state *s, const struct state *next, u64 target, enum flow flow)
{
	char text[NAME_MAX];

	/* A jump to the return thunk is a return. */
	if (!strcmp(name_of(target, text), "__x86_return_thunk")) {
		do_return(s);
		return;
	}
	if (s->table == USER && !allowed(s, GOES, name_of(target, text)))
		return;
	if (flow == CALL)
		come_back(*next);
	else
		leave_function(s);
}

static bool points_inside(const struct state *s, int reg)
{
	return reg != NO_REG && s->inside & BIT(reg);
}

static void check_references(struct state *s, const struct operation *op)
{
	char text[NAME_MAX];

	if (op->memory == AT_REGISTER && !points_inside(s, op->base) &&
	    allowed(s, REGISTER, "") && op->base != NO_REG)
		s->inside |= BIT(op->base);
	else if (op->memory == AT_ADDRESS &&
		 (!in_scope(op->address, op->percpu) ||
		  !in_scope(op->address + op->size - 1, op->percpu)))
		allowed(s, MEMORY, name_of(op->address, text));
	if ((op->memory == AT_STACK || op->uses_stack) && !points_inside(s, SP)) {
		allowed(s, STACK, "");
		/* Report it only once on this path. */
		s->inside |= BIT(SP);
	}
}

/* Does this load a pointer into the CPU entry area: TSS.sp0, or the result of SGDT? */
static bool loads_inside(const struct state *s, const struct operation *op)
{
	if (!op->loads)
		return false;
	if (op->memory == AT_ADDRESS)
		return op->percpu == vmlinux.percpu && op->address == vmlinux.entry_stack;
	return s->tested == STORE_GDT && op->memory == AT_STACK && op->address == 2;
}

/* The registers that point into the CPU entry area afterwards. */
static u16 inside_after(const struct state *s, const struct operation *op)
{
	u16 inside = s->inside;
	bool right;

	/* The difference of two pointers is not a pointer. */
	if (op->moves && !points_inside(s, op->minus))
		return inside;
	inside &= ~op->writes;
	if (points_inside(s, op->from) || loads_inside(s, op))
		inside |= BIT(op->to);
	if (op->writes & ~inside & BIT(SP)) {
		if (op->loads_ss)
			right = points_inside(s, SP) && excuse(s, SEGMENT, "");
		else
			right = s->table != NOT_RUN && excuse(s, POINTER, "");
		if (right)
			inside |= BIT(SP);
	}
	return inside;
}

/* The state after the operation. */
static struct state after(const struct state *s, const struct operation *op)
{
	bool of_held = s->held != NOTHING && op->reg == s->reg;
	struct state n = *s;

	n.at = resolve(s->at, op->next);
	n.original = false;
	n.tested = NO_EFFECT;
	n.inside = inside_after(s, op);
	if (op->writes & BIT(s->reg))
		n.held = NOTHING;
	switch (op->effect) {
	case NO_EFFECT:
		break;
	case READ_CR3:
		n.held = CR3;
		n.reg = op->reg;
		break;
	case CLEAR_USER:
		if (of_held)
			n.held = CR3_OF_KERNEL;
		break;
	case SET_USER:
		if (of_held)
			n.held = CR3_OF_USER;
		break;
	case SET_BIT:
		n.held = s->held;
		break;
	case TEST_USER:
	case BIT_TEST_USER:
		if (of_held)
			n.tested = op->effect;
		break;
	case TEST_CPL:
	case TEST_FROM_KERNEL:
	case STORE_GDT:
		n.tested = op->effect;
		break;
	case WRITE_CR3:
		if (!of_held)
			n.held = NOTHING;
		if (s->table == NOT_RUN)
			break;
		n.table = n.held == CR3_OF_KERNEL ? KERNEL : USER;
		nr_switches++;
		break;
	}
	return n;
}

/* A test has found USER_BIT of CR3 set or clear. Return whether that is possible here. */
static bool found_user(struct state *n, bool user)
{
	if (n->held == (user ? CR3_OF_KERNEL : CR3_OF_USER))
		return false;
	if (n->held == CR3 && n->table == USER && !user) {
		n->table = KERNEL;
		/* On 32 bit, the kernel may be interrupted on any stack, and stays on it. */
		if (vmlinux.bits == 32)
			n->inside = 0;
	}
	n->held = user ? CR3_OF_USER : CR3_OF_KERNEL;
	return true;
}

/* Add what a branch after a test shows. Return whether this side is possible. */
static bool narrow(const struct state *s, const struct operation *op, struct state *n, bool taken)
{
	bool set = taken == op->if_set;

	if (n->table == NOT_RUN)
		return true;

	if (s->tested == BIT_TEST_USER && op->on_carry)
		return found_user(n, set);
	if (s->tested == TEST_USER && op->on_zero)
		return found_user(n, !set);
	if (s->tested == TEST_CPL && op->on_zero)
		n->origin = set ? FROM_KERNEL : FROM_USER;
	if (s->tested == TEST_FROM_KERNEL && op->on_zero)
		n->origin = set ? FROM_USER : FROM_KERNEL;
	return true;
}

static void jump(struct state *s, const struct state *next, const struct operation *op)
{
	u64 target = resolve(s->at, op->target);
	struct state to = *next;

	if (!is_code(target)) {
		go_outside(s, next, target, op->flow);
		return;
	}
	to.at = target;
	if (op->flow != BRANCH || narrow(s, op, &to, true))
		enter(to);
}

/* Count each instruction once, no matter in how many states. */
static void count(u64 at)
{
	static u64 *counted;
	char text[NAME_MAX];
	int i;

	for (i = 0; i < nr_on_user_table; i++)
		if (counted[i] == at)
			return;
	counted = grow(counted, nr_on_user_table, sizeof(*counted));
	counted[nr_on_user_table++] = at;
	if (list)
		printf("%s%s\n", name_of(place(at), text), in_entry_text(at) ? "" : ", patched");
}

/*
 * After a fault, control continues at the fixup: on 64 bit with the kernel's table, on 32 bit with
 * the table, the stack and the registers of the fault. An IRET that faults was to user mode.
 */
static void fault(const struct state *s, const struct operation *op)
{
	struct state to;
	int i;

	if (op->flow == LEAVE && vmlinux.bits == 32 && s->table == KERNEL)
		return;
	for (i = 0; i < vmlinux.nr_fixups; i++) {
		if (vmlinux.fixups[i].from != s->at)
			continue;
		to = vmlinux.bits == 64 ? root(s->at, KERNEL) : *s;
		to.at = vmlinux.fixups[i].to;
		to.origin = ANYWHERE;
		to.tested = NO_EFFECT;
		to.original = false;
		enter(to);
	}
}

static void step(struct state s)
{
	struct state next;
	struct operation op;
	int i;

	decode(s.at, &op);
	if (s.table == USER) {
		check_references(&s, &op);
		count(s.at);
	}
	fault(&s, &op);
	next = after(&s, &op);

	for (i = 0; i < vmlinux.nr_labels; i++)
		if (vmlinux.labels[i].from == s.at) {
			op.target = vmlinux.labels[i].to;
			op.flow = BRANCH;
		}

	switch (op.flow) {
	case NEXT:
		enter(next);
		break;
	case BRANCH:
		jump(&s, &next, &op);
		if (narrow(&s, &op, &next, false))
			enter(next);
		break;
	case JUMP:
		jump(&s, &next, &op);
		break;
	case CALL:
		/* A call within a replacement fills the return stack buffer and does not return. */
		if (!in_entry_text(s.at) && replacing(op.target) == replacing(s.at))
			jump(&s, &next, &op);
		else if (is_code(op.target))
			call(&s, &next, op.target);
		else
			go_outside(&s, &next, op.target, CALL);
		break;
	case JUMP_ANY:
	case CALL_ANY:
		if (s.table == USER && !allowed(&s, GOES_ANYWHERE, ""))
			break;
		if (op.flow == JUMP_ANY)
			leave_function(&s);
		else
			come_back(next);
		break;
	case RETURN:
		do_return(&s);
		break;
	case LEAVE:
		break;
	}
}

/* The kernel uses the last alternative whose feature is present. */
static void step_alternatives(struct state s)
{
	int i, last = -1, first = -1;
	struct state to;

	for (i = 0; i < vmlinux.nr_alternatives; i++) {
		if (vmlinux.alternatives[i].at != s.at)
			continue;
		if (first < 0)
			first = i;
		if (is_patched(&vmlinux.alternatives[i]) == ALWAYS)
			last = i;
	}
	if (first < 0) {
		step(s);
		return;
	}
	for (i = first; i < vmlinux.nr_alternatives; i++) {
		const struct alternative *a = &vmlinux.alternatives[i];

		if (a->at != s.at)
			continue;
		to = s;
		to.at = a->code_len ? a->code : behind(a);
		if (i < last || is_patched(a) == NEVER)
			to.table = NOT_RUN;
		enter(to);
	}
	to = s;
	to.original = true;
	if (last >= 0)
		to.table = NOT_RUN;
	enter(to);
}

static void follow(void)
{
	while (nr_work) {
		struct state s = work[--nr_work]->state;

		if (s.original || !in_entry_text(s.at))
			step(s);
		else
			step_alternatives(s);
	}
}

/* The next instruction that no path has reached. */
static u64 next_code(u64 at)
{
	const struct symbol *s;
	struct operation op;
	u64 next;
	int i;

	for (; at < vmlinux.entry_end; at = next) {
		next = 0;
		s = function_at(at);
		if (s && kernel_only(s->name))
			next = s->end;
		if (next)
			continue;
		/* NOPs that alternatives replace are not padding. */
		for (i = 0; i < vmlinux.nr_alternatives; i++)
			if (vmlinux.alternatives[i].at == at)
				next = behind(&vmlinux.alternatives[i]);
		decode(at, &op);
		if ((next || !op.padding) && !reached(at))
			return at;
		if (!next)
			next = op.next;
	}
	return vmlinux.entry_end;
}

/* Is it the direct target of a branch or a call in other entry text? */
static bool is_target(const struct symbol *to)
{
	struct operation op;
	u64 at, next;
	int i;

	for (i = 0; i < vmlinux.nr_symbols; i++) {
		const struct symbol *s = &vmlinux.symbols[i];

		if (!in_entry_text(s->start) || s->start == to->start || kernel_only(s->name))
			continue;
		for (at = s->start; at < s->end; at = next) {
			decode(at, &op);
			next = op.next;
			if (op.flow >= JUMP && op.flow <= CALL && op.target == to->start)
				return true;
		}
	}
	return false;
}

void follow_all(void)
{
	u64 at = vmlinux.entry_start;
	int i;

	for (i = 0; i < vmlinux.nr_gates; i++)
		enter(root(vmlinux.gates[i].to, USER));
	for (i = 0; i < vmlinux.nr_symbols; i++) {
		const struct symbol *s = &vmlinux.symbols[i];

		if (!in_entry_text(s->start) || s->start == s->end)
			continue;
		if (kernel_only(s->name) || !strncmp(s->name, "__pfx_", 6)) {
			enter(root(s->start, KERNEL));
		} else if (from_msr(s->start, false)) {
			enter(root(s->start, USER));
		} else if (!reached(s->start) && !is_target(s)) {
			/*
			 * This may also be reached from the kernel, with its own table and on any
			 * stack. So may a gate, but it returns to the table that was loaded.
			 */
			enter(root(s->start, USER));
			enter(root(s->start, KERNEL));
		}
	}
	follow();

	/* Code that nothing leads to is an entry: interrupt stubs, and targets of an IRET. */
	while ((at = next_code(at)) < vmlinux.entry_end) {
		enter(root(at, USER));
		follow();
	}
}
