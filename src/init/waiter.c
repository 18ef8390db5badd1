/* The waiter: what `rootlet run` turns into when its container lives for long. A program of its own
 * without a C library; its arguments are those that handover.c writes.
 *
 * It supervises, removes the pidfile and exits with the container's status, and does nothing else.
 */
#include "init/handover.h"
#include "init/nolibc.h"

/* The compiler may ask for it in any program. */
void *memset(void *to, int value, size_t size);
void *memset(void *to, int value, size_t size)
{
	volatile char *p = to;

	while (size--)
		*p++ = (char)value;
	return to;
}

static _Noreturn __attribute__((used)) void waiter_main(long *stack)
{
	const uint64_t all = ~(uint64_t)0;
	int argc = (int)stack[0];
	char **argv = (char **)(stack + 1);
	struct supervise s = {.pid = 0};
	int64_t values[HANDOVER_COUNT];
	size_t at = 0;
	int status;

	if (argc < HANDOVER_COUNT + 1)
		raw_exit(125);
	raw_sigprocmask(SIG_SETMASK, &all, NULL);
	raw_prctl(PR_SET_NAME, (unsigned long)"rootlet");
	for (size_t i = 0; i < HANDOVER_COUNT; i++)
		values[i] = raw_number(argv[i + 1]);
#define HANDOVER_TAKE(name) s.name = (__typeof__(s.name))values[at++];
	HANDOVER_FIELDS(HANDOVER_TAKE)

	status = supervise_run(&s);
	if (status < 0) { /* it cannot watch: the container must not outlive us unseen */
		supervise_forward(&s, SIGKILL);
		raw_wait4(s.pid, NULL, 0);
		status = 125;
	}
	if (argv[HANDOVER_COUNT + 1])
		raw_unlink(argv[HANDOVER_COUNT + 1]);
	/* children of the program that we were: none is left to the host's init */
	while (raw_wait4(-1, NULL, WNOHANG) > 0)
		;
	supervise_exit(&s, status);
}

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\t"
	"call waiter_main");
#else
__asm__(".globl _start\n_start:\n\tmov x29, xzr\n\tmov x30, xzr\n\tmov x0, sp\n\t"
	"b waiter_main");
#endif
