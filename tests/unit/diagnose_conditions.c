/* States of a host that stand in the way: which of them the fixtures have, that their texts are
 * whole, and that the rules which name them hide none. */
#include "facts_fixture.h"

#include "diagnose/diagnose.h"

#include "diagnose/rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void expect_conditions(const char *fixture, const char *expected)
{
	struct facts *facts = load(fixture);
	char found[512] = "";

	for (size_t i = 0; i < condition_count; i++)
		if (conditions[i].holds(facts) == ANSWER_YES)
			snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s ",
				 conditions[i].id);
	if (strcmp(found, expected) != 0)
		fail_msg("%s: %s", fixture, found);
	facts_free(facts);
}

static void conditions__of_the_fixtures(void **state)
{
	expect_conditions("debian12", "");
	expect_conditions("two-ranges", "");
	expect_conditions("real-root", "");
	expect_conditions("no-newuidmap", "helper-missing ");
	expect_conditions("no-subids", "subids-none ");
	expect_conditions("real-root-no-subids", "root-subids-none ");
	expect_conditions("nested-root", "cgroup-not-delegated ");
	expect_conditions("masked-proc", "proc-covered ");
	expect_conditions(
		"old-kernel-5.4",
		"landlock-missing mount-setattr-missing openat2-missing time-namespaces-missing ");
}

/* Of an empty snapshot nothing may be claimed but what absence itself says. */
static void conditions__unknown_is_not_a_fault(void **state)
{
	struct facts *facts = facts_new();

	for (size_t i = 0; i < condition_count; i++)
		if (conditions[i].holds(facts) == ANSWER_YES &&
		    strcmp(conditions[i].id, "subids-none") != 0)
			fail_msg("%s", conditions[i].id);
	facts_free(facts);
}

static void conditions__texts_are_whole(void **state)
{
	struct facts *facts = load("no-newuidmap");

	for (size_t i = 0; i < condition_count; i++) {
		const struct condition *c = &conditions[i];
		const char *const texts[] = {c->id,   c->title,	       c->means,	c->checked,
					     c->mend, c->meanwhile[0], c->administrator};
		char buf[512];

		assert_true(c->id[0] && c->title[0] && c->means[0] && c->checked[0] && c->needs);
		assert_ptr_equal(condition_find(c->id), c); /* and no id twice */
		if (c->weight != CONDITION_NOTE)
			assert_true(c->mend[0] || c->meanwhile[0][0] || c->administrator[0]);
		for (size_t j = 0; j < sizeof(texts) / sizeof(texts[0]); j++) {
			condition_expand(texts[j], facts, buf, sizeof(buf));
			assert_null(strchr(buf, '{')); /* every placeholder is known */
			assert_null(strchr(buf, '\n'));
		}
	}
	assert_null(condition_find("no-such"));
	facts_free(facts);
}

/* And may not have it: a small system has no sudo at all. */
static void conditions__root_needs_no_sudo(void **state)
{
	struct facts *facts = load("real-root-no-subids"), *user = load("no-subids");
	char buf[512];

	condition_expand(condition_find("root-subids-none")->mend, facts, buf, sizeof(buf));
	assert_memory_equal(buf, "usermod --add-subuids ", 22);
	condition_expand("sudo a && sudo b | sudo c: sudo d; su, sudo and others", facts, buf,
			 sizeof(buf));
	assert_string_equal(buf, "a && b | c: d; su, sudo and others");
	condition_expand(condition_find("subids-none")->mend, user, buf, sizeof(buf));
	assert_memory_equal(buf, "sudo usermod --add-subuids ", 27);
	facts_free(facts);
	facts_free(user);
}

static void conditions__expand_speaks_of_this_user(void **state)
{
	struct facts *facts = load("no-subids");
	char buf[256];

	condition_expand(condition_find("subids-none")->administrator, facts, buf, sizeof(buf));
	assert_string_equal(buf, "Please run: usermod --add-subuids 100000-165535 --add-subgids "
				 "100000-165535 alice");
	facts->user_name = NULL;
	condition_expand("{user} {gid} {helper} {helper_path} {unknown} {", facts, buf,
			 sizeof(buf));
	assert_string_equal(buf, "1000 1000 newgidmap /usr/bin/newgidmap {unknown} {");
	facts_free(facts);
}

/* ---- the table of rules ---- */

static bool covers(int general, int special)
{
	return general == ANY || general == special;
}

static int stage_of(const struct rule *r)
{
	return r->op == ANY ? r->stage : (int)op_rows[r->op].stage;
}

static void rules__point_at_conditions_and_hide_none(void **state)
{
	for (size_t i = 0; i < rule_count; i++) {
		const struct rule *r = &rules[i];

		if (r->condition) {
			if (!condition_find(r->condition))
				fail_msg("row %zu: no condition %s", i, r->condition);
			continue;
		}
		assert_true(r->id && r->why && *r->why && r->hint[FRONT_ROOTLET]);
		for (size_t j = i + 1; !r->check && j < rule_count; j++)
			if (covers(r->op, rules[j].op) && covers(r->stage, stage_of(&rules[j])) &&
			    covers(r->error, rules[j].error) && covers(r->detail, rules[j].detail))
				fail_msg("row %zu (%s) can never be reached", j, rules[j].why);
	}
	for (size_t i = 0; i < helper_rule_count; i++)
		if (helper_rules[i].condition)
			assert_non_null(condition_find(helper_rules[i].condition));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conditions__of_the_fixtures),
		cmocka_unit_test(conditions__unknown_is_not_a_fault),
		cmocka_unit_test(conditions__texts_are_whole),
		cmocka_unit_test(conditions__root_needs_no_sudo),
		cmocka_unit_test(conditions__expand_speaks_of_this_user),
		cmocka_unit_test(rules__point_at_conditions_and_hide_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
