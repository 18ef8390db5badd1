/* The monitor as a program of its own, without a C library: started by monitor_exec (handover.c).
 */
#include "init/monitor.h"
#include "init/start.h"

static _Noreturn __attribute__((used)) void monitor_main(long *stack)
{
	char **argv = (char **)(stack + 1) + 1;
	struct monitor m = {.ending = ENDING_NONE};
	int64_t value;
	int status;

	if (stack[0] != 1 + HANDOVER_ARGUMENTS + MONITOR_NUMBERS)
		raw_exit(125);
	start_named(MONITOR_NAME);
	argv = start_supervised(argv, &m.supervise, &m.ending);
#define START_TO (&m)
	MONITOR_FIELDS(START_TAKE)
#undef START_TO
	status = monitor_run(&m);
	/* children of the program that we were: none is left to the host's init */
	while (raw_wait4(-1, NULL, WNOHANG) > 0)
		;
	raw_exit(status);
}

START(monitor_main);
