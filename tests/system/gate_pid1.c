/* The gate of PID 1 and of who outlives whom, of docs/SECURITY.md (25), on the real command. The
 * init program alone, with every kind of signal, is tests/unit/init_supervise.c's.
 *
 * Processes are looked for on the whole machine, by a number that no other sleep has, and not only
 * among our children: one that had escaped would hang elsewhere. */
#include "gate.h"

#include <string.h>
#include <unistd.h>

/* `living`: how many processes of this test's there are; `gone MS`: none within so long. */
#define LOOK                                                                                       \
	"living() { pgrep -c -f \"^sleep $MARK\"; }; "                                             \
	"gone() { for i in $(seq $(($1 / 20))); do [ $(living) = 0 ] && return 0; sleep .02; "     \
	"done; echo \"$(living) alive after $1 ms\"; return 1; }; "                                \
	"ready() { for i in $(seq 500); do [ \"$(living)\" -ge $1 ] && return 0; sleep .01; "      \
	"done; echo \"only $(living) came up\"; return 1; }; "

static const char *mark(void)
{
	static char text[32];
	static int turn;

	/* a number of seconds that is this test's own */
	snprintf(text, sizeof(text), "1%07d.%d", (int)getpid(), ++turn);
	return text;
}

/* How a container can be made, and what it runs: two sleeps each that would outlive the test. */
static const char *const variants[] = {
	"run",
	"run --no-init",
	"run --userns keep-id",
	"run --userns keep-id --no-init",
	"run --userns single",
	"run --pid host",
	"run --pid host --userns keep-id",
	"run --userns keep-id -u 0",
	"run --pid host --userns keep-id -u 0",
};
enum { VARIANTS = sizeof(variants) / sizeof(variants[0]) };

static const char *const commands[] = {
	/* as it is */
	"sh -c 'sleep $MARK & sleep $MARK'",
	/* in a session of its own, twice forked */
	"sh -c '( setsid sleep $MARK & ); setsid sleep $MARK; true'",
	/* changes its ids: PR_SET_PDEATHSIG is forgotten then (prctl(2)) */
	"setpriv --reuid 5 --regid 5 --clear-groups sh -c 'sleep $MARK & sleep $MARK'",
	/* shuts every signal out that it may */
	"bash -c 'trap \"\" TERM HUP INT QUIT USR1 CHLD; sleep $MARK & sleep $MARK; wait'",
};
enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

/* Without our init nobody in the container watches the supervisor: PR_SET_PDEATHSIG does, which a
 * change of ids clears. docs/SECURITY.md says so. */
static bool applies(const char *variant, const char *command)
{
	if (!strstr(command, "--reuid"))
		return true;
	/* it needs an id to change to, and the right to */
	return !strstr(variant, "single") && !strstr(variant, "--no-init") &&
	       (!strstr(variant, "keep-id") || strstr(variant, "-u 0"));
}

static void gate_25_nothing_outlives_a_killed_supervisor(void **state)
{
	need_program("setpriv");
	need_program("pgrep");
	for (int v = 0; v < VARIANTS; v++) {
		for (int c = 0; c < COMMANDS; c++) {
			char script[4096];
			const struct result *r;

			if (!applies(variants[v], commands[c]))
				continue;
			/* young: rootlet itself supervises; old: the small waiter has taken over */
			snprintf(script, sizeof(script),
				 "export MARK=%s; %s $R %s -e MARK / %s & p=$!; ready 2 || exit 1; "
				 "%s kill -KILL $p; wait $p 2>/dev/null; gone 2000",
				 mark(), LOOK, variants[v], commands[c], c % 2 ? "sleep .6;" : "");
			r = shell_leaving(script, 2000);
			if (r->status != 0 || r->alive) {
				print_error("%s / %s: status %d, %d alive\n%s%s", variants[v],
					    commands[c], r->status, r->alive, r->out, r->err);
				fail();
			}
		}
	}
}

/* The harness is the nearest reaper, and shell() fails the test for every process that comes to it.
 */
static void gate_25_no_ordinary_end_hands_a_zombie_on(void **state)
{
	static const struct {
		int status;
		const char *command;
	} ends[] = {
		{0, "true"},
		{3, "sh -c 'exit 3'"},
		{0, "sh -c 'true & true & ( true & ) ; true'"},
		{0, "sh -c '( setsid sleep 97 & ); ( sleep 97 & ); true'"},
		/* much memory takes its time to go: who kills has to wait for the end */
		{0, "sh -c '{ dd if=/dev/zero bs=400M count=1 | sleep 97; } & sleep .5; true'"},
		{128 + 9, "sh -c 'kill -KILL $$'"},
		{128 + 15, "sh -c 'sleep 97 & kill -TERM $$'"},
		{124, "--timeout 1 / sleep 97"},
		{127, "no-such-command"},
		{126, "/etc/passwd"},
	};

	for (int v = 0; v < VARIANTS; v++) {
		for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
			char script[1024];
			bool root = strstr(ends[i].command, " / ") != NULL;

			/* PID 1 takes no signal of its own namespace (pid_namespaces(7)) */
			if (strstr(variants[v], "--no-init") && strstr(ends[i].command, "$$"))
				continue;

			snprintf(script, sizeof(script), "$R %s %s %s 2>/dev/null", variants[v],
				 root ? "" : "/", ends[i].command);
			expect_status(shell(script), ends[i].status);
		}
	}
}

/* A supervisor that starts in the strangest state that a caller can leave it in. */
static void gate_25_what_the_caller_ignores_changes_no_status(void **state)
{
	static const char *const variants_too[] = {"run", "run --no-init", "run --pid host"};

	for (size_t i = 0; i < 3; i++) {
		char script[512];

		snprintf(script, sizeof(script),
			 "trap '' CHLD PIPE TTOU TTIN; exec $R %s / sh -c '(exit 3) & wait; exit "
			 "7'",
			 variants_too[i]);
		expect_status(shell(script), 7);
	}
}

/* Ended by a signal itself, rootlet says so to its caller, and has taken all along before that. */
static void gate_25_signals_end_it_and_all_that_is_in_it(void **state)
{
	static const struct {
		const char *name;
		int number;
	} signals[] = {{"TERM", 15}, {"INT", 2}, {"HUP", 1}, {"QUIT", 3}};

	need_program("pgrep");
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		for (int v = 0; v < VARIANTS; v++) {
			char script[4096];

			if (strstr(variants[v], "--no-init"))
				continue; /* PID 1 takes no signal that it has no handler for */
			/* bash makes background jobs ignore INT and QUIT (bash(1), SIGNALS) */
			snprintf(
				script, sizeof(script),
				"export MARK=%s; set -m; %s $R %s -e MARK / sh -c 'setsid sleep "
				"$MARK & exec sleep $MARK' & p=$!; ready 2 || exit 1; kill -%s $p; "
				"wait $p; s=$?; [ $(living) = 0 ] || echo left; exit $s",
				mark(), LOOK, variants[v], signals[i].name);
			harness_out(shell(script), 128 + signals[i].number, "", __FILE__, __LINE__);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		test(gate_25_nothing_outlives_a_killed_supervisor),
		test(gate_25_no_ordinary_end_hands_a_zombie_on),
		test(gate_25_what_the_caller_ignores_changes_no_status),
		test(gate_25_signals_end_it_and_all_that_is_in_it),
	};

	return harness_main("gate_pid1", tests, sizeof(tests) / sizeof(tests[0]));
}
