/* See profile_newer.h. */
#include "seccomp/profile_newer.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>

/* x32's numbers carry a mark. 512 to 547 of them are an old block of its own: new calls come both
 * below and above it. 32-bit arm has old calls of its own far above all others. */
enum {
	X32_BIT = 0x40000000,
	X32_OWN = 512,
	X32_OWN_END = 548,
	ARM_OWN = 0xf0000,
};

/* i386 has socket(2), semget(2) and their like also under numbers of their own, which libseccomp
 * hides behind socketcall's and ipc's: the last of each. */
enum { I386_SHUTDOWN = 373, I386_MSGCTL = 402 };

struct range {
	uint32_t first, end;
};

void newer_add_arch(struct newer *n, uint32_t token)
{
	for (size_t i = 0; i < n->count; i++)
		if (n->arches[i].token == token)
			return;
	if (n->count == NEWER_ARCHES)
		return;
	n->arches[n->count].token = token;
	n->arches[n->count++].last = -1;
}

static int number_of(uint32_t token, const char *name)
{
	int number = seccomp_syscall_resolve_name_arch(token, name);

	if (token == SCMP_ARCH_X86 && number <= -100 && number > -300)
		return number > -200 ? I386_SHUTDOWN : I386_MSGCTL;
	if (number < 0)
		return -1;
	if (token == SCMP_ARCH_X32) {
		number &= ~X32_BIT;
		return number >= X32_OWN && number < X32_OWN_END ? -1 : number;
	}
	return token == SCMP_ARCH_ARM && number >= ARM_OWN ? -1 : number;
}

void newer_add_name(struct newer *n, const char *name)
{
	for (size_t i = 0; i < n->count; i++) {
		int number = number_of(n->arches[i].token, name);

		if (number > n->arches[i].last)
			n->arches[i].last = number;
	}
}

/* The kernel's name for it. */
static uint32_t audit_arch(uint32_t token)
{
	return token == SCMP_ARCH_X32 ? AUDIT_ARCH_X86_64 : token;
}

/* The numbers that are newer, in rising order. */
static size_t ranges_of(uint32_t token, int last, struct range ret[2])
{
	uint32_t first = (uint32_t)last + 1;

	if (last < 0)
		return 0;
	if (token == SCMP_ARCH_X32 && first < X32_OWN) {
		ret[0] = (struct range){X32_BIT | first, X32_BIT | X32_OWN};
		ret[1] = (struct range){X32_BIT | X32_OWN_END, UINT32_C(2) * X32_BIT};
		return 2;
	}
	ret[0] = (struct range){first, UINT32_C(2) * X32_BIT}; /* numbers are an int */
	if (token == SCMP_ARCH_X32)
		ret[0].first |= X32_BIT;
	else if (token == SCMP_ARCH_X86_64)
		ret[0].end = X32_BIT;
	else if (token == SCMP_ARCH_ARM)
		ret[0].end = ARM_OWN;
	return 1;
}

/* All of one kernel's architecture: x86_64's below x32's. */
static size_t collect(const struct newer *n, uint32_t arch, struct range ret[4])
{
	size_t count = 0;

	for (int x32 = 0; x32 < 2; x32++)
		for (size_t i = 0; i < n->count; i++)
			if (audit_arch(n->arches[i].token) == arch &&
			    (n->arches[i].token == SCMP_ARCH_X32) == x32)
				count += ranges_of(n->arches[i].token, n->arches[i].last,
						   ret + count);
	return count;
}

/* One architecture's part. Its last instruction leaves: where to, is known when all is written. */
static size_t write_section(uint32_t arch, const struct range *ranges, size_t count,
			    struct sock_filter *ret)
{
	size_t n = 0;

	ret[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arch, 0,
						(uint8_t)(2 + 3 * count));
	ret[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < count; i++) {
		/* Below this range is below all that follow. */
		ret[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, ranges[i].first,
							0, (uint8_t)(2 + 3 * (count - 1 - i)));
		ret[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, ranges[i].end, 1,
							0);
		ret[n++] =
			(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
	}
	ret[n++] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 0);
	return n;
}

size_t newer_program(const struct newer *n, uint32_t default_action,
		     struct sock_filter ret[NEWER_PROGRAM_MAX])
{
	size_t count = 0, leave[NEWER_ARCHES], sections = 0;

	if ((default_action & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_ERRNO ||
	    (default_action & SECCOMP_RET_DATA) == ENOSYS)
		return 0;
	for (size_t i = 0; i < n->count; i++) {
		uint32_t arch = audit_arch(n->arches[i].token);
		struct range ranges[4];
		size_t some = collect(n, arch, ranges);
		bool done = some == 0;

		for (size_t k = 0; k < i; k++)
			done |= audit_arch(n->arches[k].token) == arch;
		if (done)
			continue;
		if (count == 0)
			ret[count++] = (struct sock_filter)BPF_STMT(
				BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
		count += write_section(arch, ranges, some, ret + count);
		leave[sections++] = count - 1;
	}
	for (size_t i = 0; i < sections; i++)
		ret[leave[i]].k = (uint32_t)(count - 1 - leave[i]);
	return count;
}
