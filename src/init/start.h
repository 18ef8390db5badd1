/* How a program without a C library begins: its entry point, what the compiler may ask of any
 * program, and the reading of the arguments that handover.c writes. Included once a program. */
#ifndef ROOTLET_INIT_START_H
#define ROOTLET_INIT_START_H

#include "init/ending.h"
#include "init/handover.h"
#include "init/nolibc.h"

void *memset(void *to, int value, size_t size);
void *memset(void *to, int value, size_t size)
{
	volatile char *p = to;

	while (size--)
		*p++ = (char)value;
	return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	volatile char *p = to;
	const char *q = from;

	while (size--)
		*p++ = *q++;
	return to;
}

/* The next arguments, in the order of a list of fields. */
#define START_TAKE(name)                                                                           \
	value = raw_number(*argv++);                                                               \
	START_TO->name = (__typeof__(START_TO->name))value;

/* Arguments that name nothing are empty. */
RAW_INLINE const char *start_text(const char *argument)
{
	return *argument ? argument : NULL;
}

/* What the waiter and the monitor begin with. Returns where the next argument is. */
RAW_INLINE char **start_supervised(char **argv, struct supervise *s, struct ending *e)
{
	int64_t value;

#define START_TO s
	HANDOVER_FIELDS(START_TAKE)
#undef START_TO
#define START_TO e
	ENDING_FIELDS(START_TAKE)
#undef START_TO
	e->id = start_text(*argv++);
	e->pidfile = start_text(*argv++);
	e->cgroup = start_text(*argv++);
	e->cgroup_left = start_text(*argv++);
	e->memory_note = start_text(*argv++);
	return argv;
}

/* As a caller of supervise_run has to: every signal is blocked already, but by then the mask of the
 * program that we were may have been another. */
RAW_INLINE void start_named(const char *name)
{
	const uint64_t all = ~(uint64_t)0;

	raw_sigprocmask(SIG_SETMASK, &all, NULL);
	raw_prctl(PR_SET_NAME, (unsigned long)name);
}

/* The entry point: calls MAIN(stack), where stack[0] is argc. */
#if defined(__x86_64__)
#define START(MAIN)                                                                                \
	__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\t" \
		"call " #MAIN)
#else
#define START(MAIN)                                                                                \
	__asm__(".globl _start\n_start:\n\tmov x29, xzr\n\tmov x30, xzr\n\tmov x0, sp\n\t"         \
		"b " #MAIN)
#endif

#endif
