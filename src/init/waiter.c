/* The waiter: what `rootlet run` turns into when its container lives for long. A program of its own
 * without a C library; its arguments are those that handover.c writes.
 *
 * It supervises, leaves the exit record, removes pidfile and state, exits with the container's
 * status, and does nothing else.
 */
#include "init/start.h"

static _Noreturn __attribute__((used)) void waiter_main(long *stack)
{
	char **argv = (char **)(stack + 1);
	struct supervise s = {.pid = 0};
	struct ending e = ENDING_NONE;
	int status;

	if (stack[0] != 1 + HANDOVER_ARGUMENTS)
		raw_exit(125);
	start_named("rootlet");
	start_supervised(argv + 1, &s, &e);

	status = supervise_run(&s);
	if (status < 0) { /* it cannot watch: the container must not outlive us unseen */
		supervise_forward(&s, SIGKILL);
		raw_wait4(s.pid, NULL, 0);
		status = 125;
	}
	ending_finish(&e, &s, status);
	/* children of the program that we were: none is left to the host's init */
	while (raw_wait4(-1, NULL, WNOHANG) > 0)
		;
	supervise_exit(&s, status);
}

START(waiter_main);
