/* Every step of several plans goes wrong once in every way: it fails, its process dies, the
 * supervisor dies. Each time: the message names the step, the status is rootlet's own, and nothing
 * is left. Needs a build with -Dfaults=true; src/run/fault.h is the other end. */
#include "harness.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAULT_ERRNO = 33 }; /* EDOM: no code has words of its own for it */
#define FAULT_WORDS "Numerical argument out of domain"

static const char setup[] =
	"mkdir -p r; B=; for d in bin lib lib32 lib64 sbin usr; do [ -e /$d ] && "
	"{ mkdir -p r/$d; B=\"$B -v /$d:/$d:ro\"; }; done; ";

/* Options and ROOT; the command comes after. The overlay keeps the directory root as it is. */
static const char *const plans[] = {
	"run --userns single /",
	"run --userns ranges /",
	"run --overlay $B --tmpfs /t:size=1m -v $T:/vol:ro -u 5 --ulimit nofile=100 --sysctl "
	"net.ipv4.ip_forward=1 "
	"-h box --domainname dom --boottime 100 --dns 192.0.2.1 --mask /usr/share ./r",
	"unshare -pn",
	"run --log-level error --no-init --network host --ipc host --uts host --privileged /",
	"run --pid host --userns keep-id /",
};
enum { PLANS = sizeof(plans) / sizeof(plans[0]) };

struct step {
	char action[1024], actor[16], op[64], stage[16];
};

static const char *member(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	assert_true(json_object_object_get_ex(object, key, &value));
	return json_object_get_string(value);
}

/* unshare has no printed plan of its own: its steps are those of `unshare -v`, by their number
 * alone. */
static int read_plan(const char *plan, struct step *steps, int max)
{
	char script[2048];
	const struct result *r;
	struct json_object *root, *list = NULL;
	int count;

	if (strncmp(plan, "run", 3) != 0)
		return -1;
	snprintf(script, sizeof(script), "%s$R plan --format=json %s sleep 30", setup, plan + 3);
	r = shell(script);
	expect_status(r, 0);
	root = json_tokener_parse(r->out);
	assert_non_null(root);
	assert_true(json_object_object_get_ex(root, "steps", &list));
	count = (int)json_object_array_length(list);
	assert_true(count > 5 && count < max);
	for (int i = 0; i < count; i++) {
		struct json_object *step = json_object_array_get_idx(list, (size_t)i);

		snprintf(steps[i].action, sizeof(steps[i].action), "%s", member(step, "action"));
		snprintf(steps[i].actor, sizeof(steps[i].actor), "%s", member(step, "actor"));
		snprintf(steps[i].stage, sizeof(steps[i].stage), "%s", member(step, "stage"));
		snprintf(steps[i].op, sizeof(steps[i].op), "%s", member(step, "op"));
	}
	json_object_put(root);
	return count;
}

static int count_unshare_steps(const char *plan)
{
	char script[256];
	const struct result *r;
	int n = 0;

	snprintf(script, sizeof(script), "$R %s -v true", plan);
	r = shell(script);
	/* a step's line begins with its stage, the ones before say in words what it is all for */
	for (const char *line = r->err; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		n += *line >= 'A' && *line <= 'Z';
	}
	assert_true(n > 5);
	return n;
}

static const char *faulty(const char *plan, int step, const char *what, const char *command)
{
	static char script[2048];

	snprintf(script, sizeof(script), "%sROOTLET_TEST_FAULT=%d:%s exec $R %s %s", setup, step,
		 what, plan, command);
	return script;
}

static void need_faults(void)
{
	if (shell("ROOTLET_TEST_FAULT=0:33 $R run / true")->status != 125)
		skip_because("this rootlet was built without -Dfaults=true");
}

static void same(struct holdings before, const struct result *r)
{
	struct holdings now = holdings_count();

	if (now.mounts == before.mounts && now.children == before.children &&
	    now.fds == before.fds && now.cgroups == before.cgroups && now.files == before.files)
		return;
	fail_msg("%s: mounts %d → %d, children %d → %d, cgroups %d → %d, files %d → %d", r->what,
		 before.mounts, now.mounts, before.children, now.children, before.cgroups,
		 now.cgroups, before.files, now.files);
}

static struct step steps[256];

static int plan_steps(int plan, bool *ret_named)
{
	int count = read_plan(plans[plan], steps, 256);

	*ret_named = count > 0;
	return count > 0 ? count : count_unshare_steps(plans[plan]);
}

/* "rootlet: ACTION …: WORDS"; an exec names its program, and has a status of its own without an
 * init. */
static void check_words(const struct result *r, const struct step *step)
{
	bool exec = step && strncmp(step->op, "exec", 4) == 0;
	char wanted[2048];

	/* whatever becomes of PARENT_DEATH, diagnose knows what it means */
	if (!strstr(r->err, "the process that watches over the container has ended"))
		expect_error_has(r, exec || !step ? r->status : 125, ": " FAULT_WORDS "\n");
	snprintf(wanted, sizeof(wanted), "rootlet: %s",
		 !step	? ""
		 : exec ? "/bin/sleep"
			: step->action);
	if (r->status == 126) /* the exec itself, without an init */
		expect_error_has(r, 126, "rootlet: /bin/sleep: ");
	else
		expect_error_has(r, 125, wanted);
}

static void check_failing(int plan)
{
	bool named;
	int count = plan_steps(plan, &named);
	struct holdings before = (shell(setup), holdings_count());

	for (int i = 0; i < count; i++) {
		const struct result *r = shell(faulty(plans[plan], i, "33", "/bin/sleep 30"));

		check_words(r, named ? &steps[i] : NULL);
		assert_true(strncmp(r->err, "rootlet: ", 9) == 0);
		same(before, r);
	}
}

/* The whole start dies with it, or says so. */
static void check_killed(int plan)
{
	bool named;
	int count = plan_steps(plan, &named);
	struct holdings before = (shell(setup), holdings_count());

	for (int i = 0; i < count; i++) {
		bool parent = named ? strcmp(steps[i].actor, "parent") == 0 : false;
		const struct result *r =
			shell_leaving(faulty(plans[plan], i, "kill", "/bin/sleep 30"), 1000);

		assert_false(r->timed_out);
		if (r->alive)
			fail_msg("%s: %d processes still alive", r->what, r->alive);
		if (!named && r->status == 137)
			parent = true;
		if (parent) {
			expect_status(r, 137);
		} else {
			expect_error(
				r, 125,
				"rootlet: set-up: the process was killed before it could say why\n"
				"hint: a memory limit or another program's signal can do this; the "
				"kernel log may say\n");
			assert_int_equal(r->handed, 0);
		}
		same(before, r);
	}
}

static void check_parent_killed(int plan)
{
	bool named;
	int count = plan_steps(plan, &named);
	struct holdings before = (shell(setup), holdings_count());

	for (int i = 0; i < count; i++) {
		const struct result *r =
			shell_leaving(faulty(plans[plan], i, "parent-kill", "/bin/sleep 30"), 1500);

		expect_status(r, 137);
		if (r->alive)
			fail_msg("%s: step %d (%s): the supervisor is dead, %d processes live on",
				 r->what, i, named ? steps[i].action : "", r->alive);
		same(before, r);
	}
}

#define PLAN(n)                                                                                    \
	static void steps__failing_in_plan_##n(void **state)                                       \
	{                                                                                          \
		need_faults();                                                                     \
		check_failing(n);                                                                  \
	}                                                                                          \
	static void steps__killed_in_plan_##n(void **state)                                        \
	{                                                                                          \
		need_faults();                                                                     \
		check_killed(n);                                                                   \
	}                                                                                          \
	static void steps__supervisor_killed_in_plan_##n(void **state)                             \
	{                                                                                          \
		need_faults();                                                                     \
		check_parent_killed(n);                                                            \
	}
PLAN(0)
PLAN(1)
PLAN(2)
PLAN(3)
PLAN(4)
PLAN(5)

#define HOLDER                                                                                     \
	"$R run --pidfile p / sleep 60 & for i in $(seq 500); do [ -s p ] && break; sleep .01; "   \
	"done; P=$(cat p); "
#define JOINED                                                                                     \
	"run --userns ns:/proc/$P/ns/user --network ns:/proc/$P/ns/net --uts ns:/proc/$P/ns/uts /"

/* A joiner is one process more that must not be left. */
static void steps__of_a_joined_plan(void **state)
{
	static const char *const whats[] = {"33", "kill", "parent-kill"};

	need_faults();
	for (int i = 0; i < 14; i++) {
		for (int w = 0; w < 3; w++) {
			char script[1024];
			const struct result *r;

			snprintf(script, sizeof(script),
				 HOLDER "ROOTLET_TEST_FAULT=%d:%s $R " JOINED
					" sleep 30; s=$?; kill -KILL $P; wait; exit $s",
				 i, whats[w]);
			r = shell_leaving(script, 1500);
			if (r->alive || r->timed_out)
				fail_msg("step %d, %s: %d processes still alive", i, whats[w],
					 r->alive);
			if (w == 0) {
				expect_error_has(r, 125, ": " FAULT_WORDS "\n");
				assert_int_equal(r->handed, 0);
			} else if (w == 1 && r->status != 137) {
				expect_status(r, 125);
			} else {
				expect_status(r, 137);
			}
		}
	}
}

#define TESTS(n)                                                                                   \
	test(steps__failing_in_plan_##n), test(steps__killed_in_plan_##n),                         \
		test(steps__supervisor_killed_in_plan_##n)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TESTS(0),
		TESTS(1),
		TESTS(2),
		TESTS(3),
		TESTS(4),
		TESTS(5),
		test(steps__of_a_joined_plan),
	};

	return harness_main("steps", tests, sizeof(tests) / sizeof(tests[0]));
}
