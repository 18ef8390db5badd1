/* Test builds only (meson -Dfaults=true): ROOTLET_TEST_FAULT=STEP:WHAT makes one step of the plan
 * go wrong, in whichever process carries it out. WHAT is an errno's number   the step fails with it
 *   kill                the process dies there
 *   parent-kill         the supervisor is killed there, and the step goes on
 * In other builds all of this is nothing. The rules of child.h hold here too.
 */
#ifndef ROOTLET_RUN_FAULT_H
#define ROOTLET_RUN_FAULT_H

#ifdef ROOTLET_FAULTS

#include "base/sys.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static inline const char *fault_wanted(int step)
{
	const char *text = getenv("ROOTLET_TEST_FAULT");
	int wanted = 0;

	if (!text || *text < '0' || *text > '9')
		return "";
	while (*text >= '0' && *text <= '9')
		wanted = wanted * 10 + (*text++ - '0');
	return wanted == step && *text == ':' ? text + 1 : "";
}

/* A pid namespace of its own keeps a child from signalling its maker. So the supervisor asks the
 * kernel to be killed when somebody writes to this pipe (F_SETSIG of fcntl(2)). Returns the end to
 * write to. */
static inline int fault_arm(void)
{
	int ends[2];

	if (!getenv("ROOTLET_TEST_FAULT") || pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	fcntl(ends[0], F_SETSIG, SIGKILL);
	fcntl(ends[0], F_SETOWN, getpid());
	fcntl(ends[0], F_SETFL, O_ASYNC | O_NONBLOCK);
	return ends[1];
}

/* The errno to fail with, or 0. `trigger` is the armed pipe in a child, -1 in the supervisor
 * itself. */
static inline int fault_at(int step, int trigger)
{
	const char *what = fault_wanted(step);
	struct timespec moment = {0, 50000000};
	int error = 0;

	if (*what == 'p' && trigger < 0)
		SYS(kill, getpid(), SIGKILL);
	if (*what == 'p') {
		SYS(write, trigger, "x", (size_t)1);
		SYS(nanosleep, &moment, NULL);
	}
	if (*what == 'k') { /* PID 1 is immune to its own signals */
		SYS(kill, getpid(), SIGKILL);
		_exit(137);
	}
	while (*what >= '0' && *what <= '9')
		error = error * 10 + (*what++ - '0');
	return error;
}

#else

static inline int fault_arm(void)
{
	return -1;
}

static inline int fault_at(int step, int trigger)
{
	return 0;
}

#endif
#endif
