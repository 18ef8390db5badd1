/* Rules for devices, and their program. See device_filter.h.
 *
 * The program goes through the rules from the last to the first with the kinds of access that are
 * asked for in a register: an allowed kind is struck out, and when none is left the answer is yes;
 * a denied one that still stands there makes it no. It only jumps forwards and reads nothing but
 * its argument, struct bpf_cgroup_dev_ctx.
 */
#include "plan/device_filter.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>

enum {
	READ = BPF_DEVCG_ACC_READ,
	WRITE = BPF_DEVCG_ACC_WRITE,
	MKNOD = BPF_DEVCG_ACC_MKNOD,
	OPEN = READ | WRITE,
	ALL = READ | WRITE | MKNOD
};

/* Last of all, so that no rule takes them away. Numbers: Documentation/admin-guide/devices.txt. */
static const struct device_rule standard[] = {
	{true, 'c', 1, 3, ALL},	   /* null */
	{true, 'c', 1, 5, ALL},	   /* zero */
	{true, 'c', 1, 7, ALL},	   /* full */
	{true, 'c', 1, 8, ALL},	   /* random */
	{true, 'c', 1, 9, ALL},	   /* urandom */
	{true, 'c', 5, 0, ALL},	   /* tty */
	{true, 'c', 5, 2, ALL},	   /* ptmx */
	{true, 'c', 136, -1, ALL}, /* pts */
	{true, 'c', 10, 200, ALL}, /* net/tun */
};

/* The verifier takes 8192 branches that wait to be followed, and a rule has up to four. */
enum { RULES_MAX = 2000 };
enum { STANDARD = sizeof(standard) / sizeof(standard[0]) };

static const struct device_rule make_any = {true, 'a', -1, -1, MKNOD};

static bool is_for_all(const struct device_rule *r)
{
	return r->type == 'a' && r->major < 0 && r->minor < 0;
}

/* ---- the rules ---- */

static struct device_rule from_config(const struct oci_device_rule *asked)
{
	struct device_rule rule = {asked->allow, asked->type, asked->major, asked->minor, 0};

	for (const char *a = asked->access; *a; a++)
		rule.access |= *a == 'r' ? READ : *a == 'w' ? WRITE : MKNOD;
	if (!rule.allow && is_for_all(&rule) && rule.access == ALL)
		rule.access = OPEN;
	return rule;
}

static bool matches(const struct device_rule *r, char type, int64_t major, int64_t minor)
{
	return (r->type == 'a' || r->type == type) && (r->major < 0 || r->major == major) &&
	       (r->minor < 0 || r->minor == minor);
}

uint32_t device_filter_allows(const struct device_filter *filter, char type, int64_t major,
			      int64_t minor, uint32_t access)
{
	uint32_t allowed = 0;

	for (size_t i = 0; i < filter->count; i++) {
		const struct device_rule *r = &filter->rules[i];

		if (!matches(r, type, major, minor))
			continue;
		allowed = r->allow ? allowed | r->access : allowed & ~r->access;
	}
	return allowed & access;
}

bool device_filter_bounds(const struct device_filter *filter)
{
	uint32_t open = ALL; /* not decided for all devices by now */

	for (size_t i = filter->count; i-- > 0 && open;) {
		const struct device_rule *r = &filter->rules[i];

		if (!r->allow && (r->access & open))
			return true;
		if (is_for_all(r))
			open &= ~r->access;
	}
	return open != 0;
}

static bool overlap(const struct device_rule *a, const struct device_rule *b)
{
	return (a->type == 'a' || b->type == 'a' || a->type == b->type) &&
	       (a->major < 0 || b->major < 0 || a->major == b->major) &&
	       (a->minor < 0 || b->minor < 0 || a->minor == b->minor);
}

static bool takes(const struct device_rule *rules, size_t index)
{
	const struct device_rule *r = &rules[index];
	uint32_t access = r->access & OPEN;

	if (r->allow || (is_for_all(r) && access == OPEN))
		return false;
	for (size_t i = index; i-- > 0 && access;) {
		const struct device_rule *before = &rules[i];

		if (before->allow && (before->access & access) && overlap(r, before))
			return true;
		if (!before->allow && is_for_all(before))
			access &= ~before->access;
	}
	return false;
}

const char *device_rule_text(struct arena *a, const struct device_rule *rule)
{
	char numbers[2][24] = {"*", "*"}, access[4];
	size_t len = 0;

	if (rule->major >= 0)
		snprintf(numbers[0], sizeof(numbers[0]), "%" PRId64, rule->major);
	if (rule->minor >= 0)
		snprintf(numbers[1], sizeof(numbers[1]), "%" PRId64, rule->minor);
	if (rule->access & READ)
		access[len++] = 'r';
	if (rule->access & WRITE)
		access[len++] = 'w';
	if (rule->access & MKNOD)
		access[len++] = 'm';
	access[len] = '\0';
	return arena_printf(a, "%s %c %s:%s %s", rule->allow ? "allow" : "deny", rule->type,
			    numbers[0], numbers[1], access);
}

int device_filter_without(struct arena *a, const struct device_filter *filter,
			  struct rootlet_error *err)
{
	for (size_t i = 0; i < filter->asked; i++) {
		size_t index = filter->first + i;
		const char *text, *where;

		if (!takes(filter->rules, index))
			continue;
		text = device_rule_text(a, &filter->rules[index]);
		where = arena_printf(a, "/linux/resources/devices/%zu", i);
		if (!text || !where)
			return error_nomem(err);
		error_set(err, -EPERM, "device-rules", where,
			  "linux.resources.devices: %s: only real root can have the kernel deny a "
			  "device",
			  text);
		error_hint(err, "leave the rule out: without real root a container makes no device "
				"nodes, and has those alone that it was given");
		return -EPERM;
	}
	return 0;
}

/* ---- the program ---- */

/* The argument; what is asked about it, loaded anew for each comparison; the kinds of access that
 * are still asked for. A value that was once found equal would follow the verifier through all
 * rules that come after, with a way of its own for each: that takes it a time by the square. */
enum { ANSWER = BPF_REG_0, ARGUMENT, VALUE, ACCESS };

/* The longest rule: three comparisons, three to judge, and an answer of two. */
enum { HEAD = 2, RULE_MAX = 12, TAIL = 2 };

struct code {
	struct bpf_insn *insns;
	size_t count;
};

static void emit(struct code *c, int opcode, int to, int from, int offset, uint32_t value)
{
	c->insns[c->count++] = (struct bpf_insn){
		.code = (uint8_t)opcode,
		.dst_reg = (uint8_t)(to & 15),
		.src_reg = (uint8_t)(from & 15),
		.off = (int16_t)offset,
		.imm = (int32_t)value,
	};
}

static void emit_answer(struct code *c, bool yes)
{
	emit(c, BPF_ALU64 | BPF_MOV | BPF_K, ANSWER, 0, 0, yes);
	emit(c, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void emit_load(struct code *c, int reg, size_t offset)
{
	emit(c, BPF_LDX | BPF_MEM | BPF_W, reg, ARGUMENT, (int)offset, 0);
}

/* On to the next rule, wherever that begins, if the register holds something else. */
static void emit_unless(struct code *c, int reg, uint32_t value)
{
	emit(c, BPF_JMP32 | BPF_JNE | BPF_K, reg, 0, 0, value);
}

/* The kind of device is the low half of its word, the kinds of access the high one. */
static void emit_match(struct code *c, const struct device_rule *r)
{
	if (r->type != 'a') {
		emit_load(c, VALUE, offsetof(struct bpf_cgroup_dev_ctx, access_type));
		emit(c, BPF_ALU | BPF_AND | BPF_K, VALUE, 0, 0, 0xffff);
		emit_unless(c, VALUE, r->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	}
	if (r->major >= 0) {
		emit_load(c, VALUE, offsetof(struct bpf_cgroup_dev_ctx, major));
		emit_unless(c, VALUE, (uint32_t)r->major);
	}
	if (r->minor >= 0) {
		emit_load(c, VALUE, offsetof(struct bpf_cgroup_dev_ctx, minor));
		emit_unless(c, VALUE, (uint32_t)r->minor);
	}
}

/* The jumps of a rule that have no target yet go to where the next begins. */
static void end_rule(struct code *c, size_t start)
{
	for (size_t i = start; i < c->count; i++)
		if (BPF_CLASS(c->insns[i].code) == BPF_JMP32)
			c->insns[i].off = (int16_t)(c->count - i - 1);
}

/* False: it answers for whatever is still asked, and nothing comes after it. */
static bool emit_rule(struct code *c, const struct device_rule *r, uint32_t open)
{
	size_t start = c->count;
	bool all = (r->access & open) == open;

	emit_match(c, r);
	if (!all && r->allow) {
		emit(c, BPF_ALU | BPF_AND | BPF_K, ACCESS, 0, 0, ALL & ~r->access);
		emit_unless(c, ACCESS, 0);
	} else if (!all) {
		emit(c, BPF_ALU | BPF_MOV | BPF_X, VALUE, ACCESS, 0, 0);
		emit(c, BPF_ALU | BPF_AND | BPF_K, VALUE, 0, 0, r->access);
		emit(c, BPF_JMP32 | BPF_JEQ | BPF_K, VALUE, 0, 0, 0);
	}
	emit_answer(c, r->allow);
	end_rule(c, start);
	return !(all && is_for_all(r));
}

static void compile(struct device_filter *filter)
{
	struct code c = {filter->program, 0};
	uint32_t open =
		ALL; /* what no rule has decided for all devices: the rest cannot be asked */
	bool more = true;

	emit_load(&c, ACCESS, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	emit(&c, BPF_ALU | BPF_RSH | BPF_K, ACCESS, 0, 0, 16);
	for (size_t i = filter->count; i-- > 0 && more;) {
		const struct device_rule *r = &filter->rules[i];

		if (!(r->access & open))
			continue;
		more = emit_rule(&c, r, open);
		if (is_for_all(r))
			open &= ~r->access;
	}
	if (more) /* the kernel takes no program with a part that is never reached */
		emit_answer(&c, false);
	filter->length = c.count;
}

int device_filter_from(struct arena *a, const struct oci_device_rule *rules, size_t count,
		       struct device_filter *ret)
{
	struct device_filter f = {.first = 1, .asked = count, .count = 1 + count + STANDARD};

	if (count > RULES_MAX)
		return -E2BIG;
	f.rules = arena_alloc(a, f.count * sizeof(*f.rules));
	f.program = arena_alloc(a, (HEAD + f.count * RULE_MAX + TAIL) * sizeof(struct bpf_insn));
	if (!f.rules || !f.program)
		return -ENOMEM;
	f.rules[0] = make_any;
	for (size_t i = 0; i < count; i++)
		f.rules[1 + i] = from_config(&rules[i]);
	memcpy(f.rules + 1 + count, standard, sizeof(standard));
	compile(&f);
	*ret = f;
	return 0;
}
