/* The plan of one more process in an OCI container: what it writes into /proc, and through which.
 */
#include "oci_box.h"

#include "plan/plan.h"

#define ALL                                                                                        \
	"\"apparmorProfile\":\"tight\",\"selinuxLabel\":\"a:b:c:s0\",\"oomScoreAdj\":500,"         \
	"\"capabilities\":{}"

static struct plan *plan_exec(const char *config, enum answer pidfd_setns)
{
	struct facts_container c = {.name = "red", .pid = 4711};
	struct rootlet_error err = {0};
	struct spec *spec = spec_new(SPEC_EXEC);
	struct plan *plan = NULL;
	struct facts *facts;

	assert_int_equal(facts_load(SOURCE_ROOT "/tests/golden/facts/debian12.json", &facts, NULL),
			 0);
	for (int t = 0; t < NS_COUNT; t++)
		c.namespaces[t] = facts->own_namespaces[t] + (t != NS_NET);
	facts->containers = &c;
	facts->container_count = 1;
	facts->pidfd_setns = pidfd_setns;
	assert_int_equal(
		parse_oci_config(spec, "/bundle", config, strlen(config), "config.json", &err), 0);
	spec->container = "red";
	if (plan_make(spec, facts, &plan, &err) < 0 || plan_verify(plan, &err) < 0)
		fail_msg("%s", err.message);
	facts->containers = NULL;
	facts->container_count = 0;
	facts_free(facts);
	spec_free(spec);
	return plan;
}

static int index_of(const struct plan *plan, enum plan_op op)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->steps[i].op == op)
			return (int)i;
	return -1;
}

static void plan_exec__labels_go_through_the_callers_proc(void **state)
{
	for (int i = 0; i < 2; i++) {
		struct plan *plan = plan_exec(PROCESS(ALL), i ? ANSWER_YES : ANSWER_NO);
		int proc = index_of(plan, OP_HOST_PROC), label = index_of(plan, OP_LSM_LABEL);
		int join = index_of(plan, i ? OP_JOIN_CONTAINER : OP_JOIN_NAMESPACE);

		assert_true(proc >= 0 && proc < join && join < label);
		assert_true(label < index_of(plan, OP_CLOSE_FDS));
		assert_int_equal(plan->steps[proc].actor, ACTOR_JOINER);
		assert_string_equal(plan->steps[label].a.setting.value, "exec tight");
		assert_string_equal(plan->steps[label + 1].a.setting.value, "a:b:c:s0");
		/* what stands in the container's own /proc is no business of ours */
		assert_int_equal(index_of(plan, OP_OPEN_PATH), -1);
		assert_int_equal(index_of(plan, OP_PROCFS), -1);
		plan_free(plan);
	}
}

/* After it, nobody but the host's root may. */
static void plan_exec__the_score_is_written_before_it_is_undumpable(void **state)
{
	struct plan *plan = plan_exec(PROCESS(ALL), ANSWER_YES);
	int score = index_of(plan, OP_JOINER_OOM_SCORE);

	assert_true(score >= 0 && score < index_of(plan, OP_JOIN_CONTAINER));
	assert_true(score < index_of(plan, OP_UNDUMPABLE));
	assert_string_equal(plan->steps[score].a.text.text, "500");
	assert_int_equal(index_of(plan, OP_OOM_SCORE), -1);
	plan_free(plan);
}

static void plan_exec__nothing_is_written_that_was_not_said(void **state)
{
	struct plan *plan =
		plan_exec(PROCESS("\"apparmorProfile\":\"\",\"selinuxLabel\":\"\""), ANSWER_YES);

	assert_int_equal(index_of(plan, OP_HOST_PROC), -1);
	assert_int_equal(index_of(plan, OP_LSM_LABEL), -1);
	assert_int_equal(index_of(plan, OP_JOINER_OOM_SCORE), -1);
	plan_free(plan);
}

/* What was entered may call anything /proc. */
static void verify__refuses_a_proc_that_is_opened_too_late(void **state)
{
	struct plan *plan = plan_exec(PROCESS(ALL), ANSWER_YES);
	int proc = index_of(plan, OP_HOST_PROC), join = index_of(plan, OP_JOIN_CONTAINER);
	struct step moved = plan->steps[proc];
	struct rootlet_error err = {0};

	plan->steps[proc] = plan->steps[join];
	plan->steps[join] = moved;
	assert_int_equal(plan_verify(plan, &err), -EPROTO);
	assert_non_null(strstr(err.message, "before anything is entered"));
	plan_free(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plan_exec__labels_go_through_the_callers_proc),
		cmocka_unit_test(plan_exec__the_score_is_written_before_it_is_undumpable),
		cmocka_unit_test(plan_exec__nothing_is_written_that_was_not_said),
		cmocka_unit_test(verify__refuses_a_proc_that_is_opened_too_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
