/* Kill -9, and a failure, at every step of a start in the background and of exec (gates 26, 27):
 * afterwards the ordinary commands find or clear everything, and nothing is left. Needs a build
 * with -Dfaults=true; src/run/fault.h is the other end. */
#include "life.h"

#include <stdlib.h>
#include <string.h>

enum { FAULT_ERRNO = 33, STEPS_MAX = 250 }; /* EDOM: no code has words of its own for it */
#define FAULT_WORDS "Numerical argument out of domain"

static void need_faults(void)
{
	if (shell("ROOTLET_TEST_FAULT=0:33 $R run / true")->status != 125)
		skip_because("this rootlet was built without -Dfaults=true");
}

static void same(struct holdings before, const char *what)
{
	struct holdings now = holdings_count();

	if (now.mounts != before.mounts || now.children != before.children ||
	    now.fds != before.fds || now.cgroups != before.cgroups || now.files != before.files)
		fail_msg(
			"%s: mounts %d → %d, children %d → %d, fds %d → %d, cgroups %d → %d, files "
			"%d → %d",
			what, before.mounts, now.mounts, before.children, now.children, before.fds,
			now.fds, before.cgroups, now.cgroups, before.files, now.files);
}

static const char *const whats[] = {"33", "kill", "parent-kill"};

/* One start with one fault. Returns whether the step exists: without it the start succeeds. What
 * it leaves, the next commands clear: a rootlet of the same name can be run at once. */
static bool start_with(const char *start, int step, const char *what, const char *after)
{
	const struct result *r;
	char script[2048];

	snprintf(script, sizeof(script),
		 "export ROOTLET_TEST_FAULT=%d:%s; %s >out 2>err </dev/null; s=$?; "
		 "unset ROOTLET_TEST_FAULT; %s; rm -f out err.old; mv err err.old; "
		 "until_ '$R run -d --name probe / true >out 2>err' || cat err; "
		 "$R rm -f probe >out; until_ '$R rm -f a >out 2>&1; [ -z \"$(left)\" ]' || left; "
		 "cat err.old >&2; rm -f out err err.old; exit $s",
		 step, what, start, after);
	r = life(script);
	if (strcmp(r->out, "") != 0)
		fail_msg("%s, step %d %s: %s%s", start, step, what, r->out, r->err);
	if (strcmp(what, "33") == 0 && r->status && !strstr(r->err, FAULT_WORDS) &&
	    !strstr(r->err, "die by SIGKILL when"))
		fail_msg("%s, step %d: status %d, and it says: %s", start, step, r->status, r->err);
	return r->status != 0;
}

static void every_step(const char *start, const char *after, int least)
{
	struct holdings before;
	int failed = 0;

	need_faults();
	life("$R run --name warm / true; $R rm warm >id; rm -f id");
	before = holdings_count();
	for (int step = 0; step < STEPS_MAX; step++) {
		bool any = false;

		for (size_t i = 0; i < sizeof(whats) / sizeof(whats[0]); i++)
			any |= start_with(start, step, whats[i], after);
		same(before, start);
		failed += any;
		if (!any && failed >= least && step > failed + 5)
			break;
	}
	print_message("%s: %d steps failed in their turn\n", start, failed);
	assert_true(failed >= least);
}

static void gate_26_every_step_of_a_detached_start(void **state)
{
	every_step("$R run -d --userns single --name a / sleep 60", ":", 40);
}

static void gate_26_every_step_of_a_detached_start_with_ranges(void **state)
{
	every_step("$R run -d --rm --name a / sleep 60", ":", 40);
}

static void gate_26_every_step_of_exec(void **state)
{
	/* the container itself is unharmed each time */
	every_step("eval 'env -u ROOTLET_TEST_FAULT $R run -d --name a / sleep 60; $R exec a sleep "
		   "0.01'",
		   "$R exec a true || echo the container is gone", 5);
}

static void gate_26_every_step_of_exec_in_the_background(void **state)
{
	every_step("eval 'env -u ROOTLET_TEST_FAULT $R run -d --name a / sleep 60; $R exec -d a "
		   "sleep 60'",
		   "$R exec a true || echo the container is gone", 5);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		test(gate_26_every_step_of_a_detached_start),
		test(gate_26_every_step_of_a_detached_start_with_ranges),
		test(gate_26_every_step_of_exec),
		test(gate_26_every_step_of_exec_in_the_background),
	};

	return harness_main("fault_lives", tests, sizeof(tests) / sizeof(tests[0]));
}
