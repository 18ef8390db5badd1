/* A small code generator: numbers in order → a binary tree of comparisons.
 *
 * Why not libseccomp: it has no ranges (so no "all above"), merges no neighbours, and cannot say
 * "refused except for five values" when the default is to allow. The price of a start is the number
 * of instructions, and the kernel runs the program once for each call number when it is loaded
 * (5.11), so depth counts too.
 *
 * The program is written from its end to its beginning: a jump only goes forward in BPF, so its
 * target is always there already. Position p is the index from the end; an instruction at position
 * n falls through to n - 1 and reaches p with an offset of n - 1 - p. Only the two loads fall
 * through; every branch names both its targets.
 */
#include "seccomp/compile.h"

#include "seccomp/rules.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/socket.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the low word of an argument lies elsewhere on this machine"
#endif

#define NETLINK_AUDIT_PROTOCOL                                                                     \
	9 /* linux/netlink.h clashes with sys/socket.h on some C libraries                         \
	   */
#define TIOCLINUX_COMMAND 0x541c
#define LOW_WORD(n)	  (uint32_t)(offsetof(struct seccomp_data, args) + 8u * (size_t)(n))
#define REFUSE(error)	  (SECCOMP_RET_ERRNO | (uint32_t)(error))

/* What a number leads to: a finished answer, or a look at the arguments. */
struct action {
	uint32_t answer;
	enum rule_check check;
};

struct compiler {
	struct sock_filter code[SECCOMP_PROGRAM_MAX]; /* reversed */
	size_t count;
	bool full;
	uint64_t capabilities;
};

struct piece {
	uint32_t first;
	struct action action;
};

enum { REACH = 250 /* of a conditional jump: 255, less what is put in between */, PIECES = 512 };

static size_t emit(struct compiler *c, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
	if (c->count == SECCOMP_PROGRAM_MAX) {
		c->full = true;
		return c->count - 1;
	}
	c->code[c->count] = (struct sock_filter){.code = code, .jt = jt, .jf = jf, .k = k};
	return c->count++;
}

static bool near(const struct compiler *c, size_t target)
{
	return c->count - target <= REACH;
}

/* An own answer for each is cheaper than a jump to a far one. */
static size_t answer(struct compiler *c, uint32_t value)
{
	for (size_t i = c->count; i-- > 0 && near(c, i);)
		if (c->code[i].code == (BPF_RET | BPF_K) && c->code[i].k == value)
			return i;
	return emit(c, BPF_RET | BPF_K, value, 0, 0);
}

static size_t within_reach(struct compiler *c, size_t target)
{
	if (near(c, target))
		return target;
	return emit(c, BPF_JMP | BPF_JA, (uint32_t)(c->count - 1 - target), 0, 0);
}

/* "If A `test` k then yes else no." */
static size_t branch(struct compiler *c, uint16_t test, uint32_t k, size_t yes, size_t no)
{
	yes = within_reach(c, yes);
	no = within_reach(c, no);
	return emit(c, BPF_JMP | test | BPF_K, k, (uint8_t)(c->count - 1 - yes),
		    (uint8_t)(c->count - 1 - no));
}

/* Loads a word, and goes on with the instruction written last. */
static size_t load(struct compiler *c, size_t offset)
{
	return emit(c, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* If the word is one of `values` then yes, else no. Only low words are compared: the kernel
 * truncates all of these arguments to 32 bits, so the high half must not change the answer. */
static size_t match(struct compiler *c, const uint32_t *values, size_t count, uint32_t yes,
		    uint32_t no)
{
	size_t hit = answer(c, yes), next = answer(c, no);

	for (size_t i = 0; i < count; i++)
		next = branch(c, BPF_JEQ, values[i], hit, next);
	return next;
}

static size_t check_ioctl(struct compiler *c)
{
	static const uint32_t injections[] = {TIOCSTI, TIOCLINUX_COMMAND};

	match(c, injections, 2, REFUSE(EPERM), SECCOMP_RET_ALLOW);
	return load(c, LOW_WORD(1));
}

static size_t check_personality(struct compiler *c)
{
	static const uint32_t harmless[] = {PER_LINUX, PER_LINUX32, UNAME26, PER_LINUX32 | UNAME26,
					    0xffffffff /* a question */};

	match(c, harmless, 5, SECCOMP_RET_ALLOW, REFUSE(EPERM));
	return load(c, LOW_WORD(0));
}

/* EINVAL for audit's netlink is what PAM and sshd take for "this kernel has no audit". */
static size_t check_socket(struct compiler *c)
{
	bool audit = c->capabilities & UINT64_C(1) << CAP_AUDIT_WRITE;
	uint32_t protocol = NETLINK_AUDIT_PROTOCOL;
	size_t netlink = 0, next;

	if (!audit) {
		match(c, &protocol, 1, REFUSE(EINVAL), SECCOMP_RET_ALLOW);
		netlink = load(c, LOW_WORD(2));
	}
	next = answer(c, SECCOMP_RET_ALLOW);
	if (!audit)
		next = branch(c, BPF_JEQ, AF_NETLINK, netlink, next);
	next = branch(c, BPF_JEQ, AF_VSOCK, answer(c, REFUSE(EAFNOSUPPORT)), next);
	branch(c, BPF_JEQ, AF_ALG, answer(c, REFUSE(EAFNOSUPPORT)), next);
	return load(c, LOW_WORD(0));
}

static size_t leaf(struct compiler *c, const struct action *a)
{
	switch (a->check) {
	case CHECK_NONE:
		return answer(c, a->answer);
	case CHECK_IOCTL:
		return check_ioctl(c);
	case CHECK_SOCKET:
		return check_socket(c);
	case CHECK_PERSONALITY:
		return check_personality(c);
	}
	__builtin_unreachable();
}

static struct action action_of(uint16_t rule, uint64_t capabilities)
{
	const struct seccomp_rule *r = &seccomp_rules[rule];

	if (rule == RULE_ALLOW || (r->lifted_by & capabilities))
		return (struct action){SECCOMP_RET_ALLOW, CHECK_NONE};
	return (struct action){REFUSE(r->error), r->check};
}

static bool same(const struct action *a, const struct action *b)
{
	return a->check == b->check && a->answer == b->answer;
}

/* One number between two equal neighbours costs one comparison instead of two. */
static bool is_island(const struct piece *p, size_t count)
{
	return count == 3 && p[1].first + 1 == p[2].first && same(&p[0].action, &p[2].action);
}

/* Halves its part each time: a depth of ten at the most. NOLINTNEXTLINE(misc-no-recursion) */
static size_t tree(struct compiler *c, const struct piece *p, size_t count)
{
	size_t half = count / 2, low, high;

	if (count < 2)
		return leaf(c, &p[0].action);
	if (is_island(p, count)) {
		low = leaf(c, &p[0].action);
		high = leaf(c, &p[1].action);
		return branch(c, BPF_JEQ, p[1].first, high, low);
	}
	/* An odd half keeps islands whole. */
	if (count > 3 && half % 2 == 0)
		half++;
	high = tree(c, p + half, count - half);
	low = tree(c, p, half);
	return branch(c, BPF_JGE, p[half].first, high, low);
}

static size_t arch_tree(struct compiler *c, const struct seccomp_arch *arch)
{
	struct piece pieces[PIECES] = {{0}};
	size_t count = 0;

	for (size_t i = 0; i < arch->count; i++) {
		struct action a = action_of(arch->segments[i].rule, c->capabilities);

		if (count > 0 && same(&pieces[count - 1].action, &a))
			continue;
		if (count == PIECES) {
			c->full = true;
			break;
		}
		pieces[count++] = (struct piece){arch->segments[i].first, a};
	}
	tree(c, pieces, count);
	return load(c, offsetof(struct seccomp_data, nr));
}

int seccomp_compile(const struct seccomp_tables *tables, uint64_t capabilities,
		    struct sock_filter ret[SECCOMP_PROGRAM_MAX])
{
	struct compiler c = {.capabilities = capabilities};
	/* A kernel of this machine has no third architecture. */
	size_t next = answer(&c, SECCOMP_RET_KILL_PROCESS);

	for (size_t i = tables->arch_count; i-- > 0;) {
		size_t start = arch_tree(&c, &tables->arches[i]);

		next = branch(&c, BPF_JEQ, tables->arches[i].token, start, next);
	}
	load(&c, offsetof(struct seccomp_data, arch));
	if (c.full)
		return -E2BIG;
	for (size_t i = 0; i < c.count; i++)
		ret[i] = c.code[c.count - 1 - i];
	return (int)c.count;
}

static void append(char *to, const char *sign, const char *name)
{
	strncat(to, sign, SECCOMP_NAME_MAX - 1 - strlen(to));
	strncat(to, name, SECCOMP_NAME_MAX - 1 - strlen(to));
}

void seccomp_name(uint64_t capabilities, char ret[SECCOMP_NAME_MAX])
{
	uint64_t usual = seccomp_default_capabilities();

	strcpy(ret, "default");
	if (seccomp_relevant(capabilities) == seccomp_relevant(UINT64_MAX)) {
		append(ret, "+", "ALL");
		return;
	}
	for (int i = 0; i < 64; i++) {
		uint64_t bit = UINT64_C(1) << i;
		const char *name = seccomp_capability_name(i);

		if (name && ((capabilities ^ usual) & bit))
			append(ret, capabilities & bit ? "+" : "-", name);
	}
}

const struct seccomp_filter *seccomp_variant_find(const struct seccomp_tables *tables,
						  uint64_t capabilities)
{
	for (size_t i = 0; i < tables->variant_count; i++)
		if (tables->variants[i].capabilities == seccomp_relevant(capabilities))
			return &tables->variants[i].filter;
	return NULL;
}
