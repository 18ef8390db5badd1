/* A small interpreter for seccomp's BPF, so that the tests can ask a filter about architectures and
 * calls which this kernel does not have. Strict: what the kernel would refuse to load ends the
 * test. */
#ifndef ROOTLET_TESTS_BPF_H
#define ROOTLET_TESTS_BPF_H

#include "seccomp/filter.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline _Noreturn void bpf_bad(const struct seccomp_filter *f, size_t at, const char *why)
{
	fprintf(stderr, "%s: instruction %zu of %u: %s\n", f->name, at, f->length, why);
	abort();
}

static inline int bpf_test(const struct seccomp_filter *f, size_t at, uint32_t a)
{
	const struct sock_filter *i = &f->program[at];

	switch (i->code) {
	case BPF_JMP | BPF_JEQ | BPF_K:
		return a == i->k;
	case BPF_JMP | BPF_JGE | BPF_K:
		return a >= i->k;
	case BPF_JMP | BPF_JGT | BPF_K:
		return a > i->k;
	case BPF_JMP | BPF_JSET | BPF_K:
		return (a & i->k) != 0;
	default:
		bpf_bad(f, at, "unknown operation");
	}
}

/* The filter's answer. `steps` (may be NULL) gets the number of instructions that it took. */
static inline uint32_t bpf_run(const struct seccomp_filter *f, const struct seccomp_data *data,
			       size_t *steps)
{
	uint32_t a = 0;

	if (steps)
		*steps = 0;
	for (size_t at = 0;; at++) {
		const struct sock_filter *i = &f->program[at];

		if (at >= f->length)
			bpf_bad(f, at, "runs off the end");
		if (steps)
			(*steps)++;
		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (i->k % 4 || i->k > sizeof(*data) - 4)
				bpf_bad(f, at, "load outside struct seccomp_data");
			memcpy(&a, (const char *)data + i->k, 4);
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			break;
		case BPF_JMP | BPF_JA:
			at += i->k;
			break;
		case BPF_RET | BPF_K:
			return i->k;
		default:
			at += bpf_test(f, at, a) ? i->jt : i->jf;
		}
	}
}

/* 0 for "allowed", the errno, or -1 for anything else (killed). */
static inline int bpf_errno(const struct seccomp_filter *f, uint32_t arch, uint32_t nr,
			    const uint64_t args[6])
{
	struct seccomp_data data = {.arch = arch, .nr = (int)nr};
	uint32_t answer;

	if (args)
		memcpy(data.args, args, sizeof(data.args));
	answer = bpf_run(f, &data, NULL);
	if (answer == SECCOMP_RET_ALLOW)
		return 0;
	if ((answer & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO)
		return (int)(answer & SECCOMP_RET_DATA);
	return -1;
}

#endif
