/* Facts as JSON: the fixtures, the round trip, and what is said of a file that is wrong. */
#include "facts_fixture.h"

#include "facts/facts.h"

#include "base/buffer.h"
#include "base/io.h"
#include "facts/json.h"
#include "facts/probe.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

static const char *const fixtures[] = {
	"debian12",    "no-newuidmap", "no-subids",   "old-kernel-5.4",
	"nested-root", "real-root",    "masked-proc", "real-root-no-subids",
	"two-ranges",  "terminal",     "surveyed",
};

/* What a fixture says is what a plan will see. */
static void facts_json__fixture_values(void **state)
{
	struct facts *f = load("debian12");

	assert_int_equal(f->needs, FACT_ALL);
	assert_int_equal(f->uid, 1000);
	assert_int_equal(f->group_count, 3);
	assert_int_equal(f->groups[1], 27);
	assert_string_equal(f->user_name, "alice");
	assert_string_equal(facts_getenv(f, "TERM"), "xterm-256color");
	assert_null(facts_getenv(f, "TER"));
	assert_int_equal(f->mount_setattr, ANSWER_YES);
	assert_true(f->initial_userns);
	assert_int_equal(f->subuids.ranges[0].start, 100000);
	assert_int_equal(f->subuids.ranges[0].count, 65536);
	assert_int_equal(f->newuidmap.state, HELPER_OK);
	assert_string_equal(f->newgidmap.path, "/usr/bin/newgidmap");
	assert_string_equal(f->root_entries[0].name, "bin");
	assert_int_equal(f->root_entries[0].type, ENTRY_SYMLINK);
	assert_string_equal(f->root_entries[0].target, "usr/bin");
	assert_int_equal(f->max_namespaces[NS_TIME], 62000);
	facts_free(f);

	f = load("nested-root");
	assert_false(f->initial_userns);
	assert_int_equal(f->uid_map.count, 2);
	assert_int_equal(f->uid_map.extents[1].outside, 100000);
	assert_true(f->cap_setuid);
	facts_free(f);

	f = load("old-kernel-5.4");
	assert_int_equal(f->clone3, ANSWER_YES);
	assert_int_equal(f->openat2, ANSWER_NO);
	assert_int_equal(f->max_namespaces[NS_TIME], UINT64_MAX);
	facts_free(f);

	f = load("no-newuidmap");
	assert_int_equal(f->newuidmap.state, HELPER_MISSING);
	assert_null(f->newuidmap.path);
	facts_free(f);
}

/* Nothing of a fixture is lost on its way through the struct and back. */
static void facts_json__round_trip_is_lossless(void **state)
{
	for (size_t i = 0; i < sizeof(fixtures) / sizeof(fixtures[0]); i++) {
		struct facts *facts = load(fixtures[i]);
		struct json_object *before, *after;
		AUTO_BUFFER text = {0};
		char path[512];

		assert_int_equal(facts_save(facts, &text, NULL), 0);
		snprintf(path, sizeof(path), FIXTURES "%s.json", fixtures[i]);
		before = json_object_from_file(path);
		after = json_tokener_parse(text.data);
		assert_non_null(before);
		if (!json_object_equal(before, after))
			fail_msg("%s changed:\n%s", fixtures[i], text.data);
		json_object_put(before);
		json_object_put(after);
		facts_free(facts);
	}
}

/* The numbers at the edges, and strings that JSON must escape. */
static void facts_json__edge_values_survive(void **state)
{
	struct facts *facts = facts_new(), *again;
	AUTO_BUFFER text = {0};

	facts->needs = FACT_CALLER | FACT_MAPS | FACT_LIMITS;
	facts->uid = 4294967294u;
	facts->nofile_soft = UINT64_MAX - 1;
	facts->nofile_hard = UINT64_MAX;
	facts->cwd = "/a \"b\"\n\\c/\t";
	facts->hostname = "";
	assert_int_equal(idmap_add(&facts->arena, &facts->uid_map, 0, 0, UINT32_MAX), 0);
	facts->max_namespaces[NS_PID] = 0;
	assert_int_equal(facts_save(facts, &text, NULL), 0);
	assert_int_equal(facts_parse(text.data, text.len, "x", &again, NULL), 0);
	assert_int_equal(again->needs, facts->needs);
	assert_true(again->uid == 4294967294u);
	assert_true(again->nofile_soft == UINT64_MAX - 1);
	assert_true(again->nofile_hard == UINT64_MAX);
	assert_string_equal(again->cwd, facts->cwd);
	assert_string_equal(again->hostname, "");
	assert_null(again->home);
	assert_true(again->uid_map.extents[0].count == UINT32_MAX);
	assert_int_equal(again->max_namespaces[NS_PID], 0);
	assert_true(again->max_namespaces[NS_USER] == UINT64_MAX);
	facts_free(facts);
	facts_free(again);
}

static void facts_json__a_seccomp_profile_survives(void **state)
{
	struct facts *facts = facts_new(), *again;
	AUTO_BUFFER text = {0};

	facts->needs = FACT_PROFILE;
	facts->profile_path = "./p.json";
	facts->profile_text = "{\n\t\"defaultAction\": \"SCMP_ACT_ALLOW\"\n}\n";
	assert_int_equal(facts_save(facts, &text, NULL), 0);
	assert_int_equal(facts_parse(text.data, text.len, "x", &again, NULL), 0);
	assert_int_equal(again->needs, FACT_PROFILE);
	assert_string_equal(again->profile_path, facts->profile_path);
	assert_string_equal(again->profile_text,
			    facts->profile_text); /* byte for byte: places are told */
	assert_null(again->profile_error);
	facts_free(again);
	facts_free(facts);
}

/* What FACT_JOIN found: no fixture has it, for it needs a process. */
static void facts_json__joined_namespaces_survive(void **state)
{
	struct facts *facts = facts_new(), *again;
	AUTO_BUFFER text = {0};

	facts->needs = FACT_JOIN;
	facts->join_error = EACCES;
	facts->join_differs[NS_USER] = ANSWER_YES;
	facts->join_differs[NS_NET] = ANSWER_NO;
	assert_int_equal(facts_save(facts, &text, NULL), 0);
	assert_non_null(strstr(text.data, "\"join\""));
	assert_null(strstr(text.data, "\"limits\"")); /* only what was probed */
	assert_int_equal(facts_parse(text.data, text.len, "x", &again, NULL), 0);
	assert_int_equal(again->needs, FACT_JOIN);
	assert_int_equal(again->join_error, EACCES);
	for (int i = 0; i < NS_COUNT; i++)
		assert_int_equal(again->join_differs[i], facts->join_differs[i]);
	facts_free(facts);
	facts_free(again);
}

static void facts_json__saves_only_listed_variables(void **state)
{
	const char *environment[] = {"PATH=/bin",    "SECRET_TOKEN=s3cret", "HOME=/h", "PATHS=/x",
				     "LANG=C.UTF-8", "AWS_KEY=s3cret",	    NULL};
	struct facts *facts = facts_new();
	AUTO_BUFFER text = {0};

	facts->needs = FACT_CALLER;
	facts->environ = environment;
	assert_int_equal(facts_save(facts, &text, NULL), 0);
	assert_non_null(strstr(text.data, "\"PATH=/bin\""));
	assert_non_null(strstr(text.data, "\"LANG=C.UTF-8\""));
	assert_null(strstr(text.data, "s3cret"));
	assert_null(strstr(text.data, "PATHS"));
	facts_free(facts);
}

static const struct {
	const char *text, *message;
} wrong[] = {
	{"{\"caller\":{\"uid\":\"0\"}}", "read facts from f.json: /caller/uid must be a whole "
					 "number from 0 to 4294967295, not a string"},
	{"{\"caller\":{\"uid\":-1}}",
	 "read facts from f.json: /caller/uid must be a whole number from 0 to 4294967295, not -1"},
	{"{\"caller\":{\"gid\":4294967296}}", "read facts from f.json: /caller/gid must be a whole "
					      "number from 0 to 4294967295, not 4294967296"},
	{"{\"caller\":{\"uid\":1.5}}",
	 "read facts from f.json: /caller/uid must be a whole number from 0 to 4294967295, not a "
	 "number with a fraction"},
	{"{\"caller\":[]}", "read facts from f.json: /caller must be an object, not an array"},
	{"{\"caller\":{\"groups\":[1,true]}}", "read facts from f.json: /caller/groups/1 must be a "
					       "whole number from 0 to 4294967295, not "
					       "true or false"},
	{"{\"caller\":{\"home\":7}}", "read facts from f.json: /caller/home must be a string or "
				      "null, not 7"},
	{"{\"caller\":{\"environment\":[\"A=1\",\"B\"]}}",
	 "read facts from f.json: /caller/environment/1 must have the form NAME=VALUE"},
	{"{\"caller\":{\"cwd\":\"/a\\u0000b\"}}",
	 "read facts from f.json: /caller/cwd must not hold a zero byte"},
	{"{\"kernel\":{\"clone3\":1}}", "read facts from f.json: /kernel/clone3 must be true, "
					"false or null, not 1"},
	{"{\"kernel\":{\"no_new_privs\":null}}",
	 "read facts from f.json: /kernel/no_new_privs must be true or false, not null"},
	{"{\"maps\":{\"uid_map\":[{\"inside\":0,\"outside\":0}]}}",
	 "read facts from f.json: /maps/uid_map/0/count must be a whole number from 0 to "
	 "4294967295, "
	 "not null"},
	{"{\"subids\":{\"newuidmap\":{\"state\":\"fine\"}}}",
	 "read facts from f.json: /subids/newuidmap/state must be one of the words unknown … "
	 "no-new-privs"},
	{"{\"root\":{\"entries\":[{\"name\":\"a/b\",\"type\":\"file\"}]}}",
	 "read facts from f.json: /root/entries/0/name must be one name without slashes"},
	{"{\"root\":{\"entries\":[{\"name\":\"bin\",\"type\":\"symlink\"}]}}",
	 "read facts from f.json: /root/entries/0/target is missing, and a symlink needs it"},
	{"{\"limits\":{\"max_namespaces\":{\"pid\":\"many\"}}}",
	 "read facts from f.json: /limits/max_namespaces/pid must be a whole number or null, not a "
	 "string"},
	{"{\"join\":{\"error\":-13}}",
	 "read facts from f.json: /join/error must be a whole number from 0 to 4095, not -13"},
	{"{\"join\":{\"error\":4096}}",
	 "read facts from f.json: /join/error must be a whole number from 0 to 4095, not 4096"},
	{"{\"join\":{\"differs\":{\"user\":1}}}",
	 "read facts from f.json: /join/differs/user must be true, false or null, not 1"},
	{"{\"version\":2}", "read facts from f.json: /version is 2, and this program knows 1"},
	{"[]", "read facts from f.json: / must be an object, not an array"},
	{"{\n  \"caller\": {\n    \"uid\": x\n",
	 "read facts from f.json: line 3:12: unexpected character"},
	{"{\"caller\":{", "read facts from f.json: line 1:12: the text ends too early"},
	{"", "read facts from f.json: line 1:1: the text ends too early"},
	{"{}\n{}", "read facts from f.json: line 2:1: nothing may follow the closing brace"},
};

static void facts_json__names_what_is_wrong(void **state)
{
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct facts *facts = NULL;
		struct rootlet_error err = {0};

		assert_int_equal(
			facts_parse(wrong[i].text, strlen(wrong[i].text), "f.json", &facts, &err),
			-EINVAL);
		assert_string_equal(err.message, wrong[i].message);
		assert_null(facts);
	}
}

static void facts_json__subject_is_the_pointer(void **state)
{
	const char *text = "{\"caller\":{\"groups\":[0,\"x\"]}}";
	struct facts *facts = NULL;
	struct rootlet_error err = {0};

	facts_parse(text, strlen(text), "f", &facts, &err);
	assert_string_equal(err.subject, "/caller/groups/1");
	assert_string_equal(err.id, "facts-type");
}

static void facts_json__missing_is_unknown_and_strange_is_passed_over(void **state)
{
	const char *text =
		"{\"kernel\":{\"openat2\":false,\"new_fact\":[1,{}]},\"later\":{\"x\":1}}";
	struct facts *facts = NULL;

	assert_int_equal(facts_parse(text, strlen(text), "f", &facts, NULL), 0);
	assert_int_equal(facts->needs, FACT_KERNEL);
	assert_int_equal(facts->openat2, ANSWER_NO);
	assert_int_equal(facts->clone3, ANSWER_UNKNOWN);
	assert_null(facts->cwd);
	facts_free(facts);
}

static void facts_json__names_a_missing_file(void **state)
{
	struct facts *facts = NULL;
	struct rootlet_error err = {0};

	assert_int_equal(facts_load("/nowhere/f.json", &facts, &err), -ENOENT);
	assert_string_equal(err.message,
			    "read facts from /nowhere/f.json: No such file or directory");
}

/* docs/facts.schema.json and the table name the same keys. */
static void facts_json__schema_lists_every_key(void **state)
{
	struct json_object *schema = json_object_from_file(SOURCE_ROOT "/docs/facts.schema.json");
	struct json_object *sections, *section, *fields;

	assert_non_null(schema);
	sections = json_object_object_get(schema, "properties");
	assert_int_equal(json_object_object_length(sections), SECTION_COUNT + 1); /* and version */
	for (size_t i = 0; i < SECTION_COUNT; i++) {
		section = json_object_object_get(sections, section_rows[i].key);
		assert_non_null(section);
		fields = json_object_object_get(section, "properties");
		assert_int_equal(json_object_object_length(fields), section_rows[i].count);
		for (size_t j = 0; j < section_rows[i].count; j++)
			if (!json_object_object_get(fields, section_rows[i].fields[j].key))
				fail_msg("the schema lacks %s/%s", section_rows[i].key,
					 section_rows[i].fields[j].key);
	}
	json_object_put(schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_json__fixture_values),
		cmocka_unit_test(facts_json__round_trip_is_lossless),
		cmocka_unit_test(facts_json__edge_values_survive),
		cmocka_unit_test(facts_json__joined_namespaces_survive),
		cmocka_unit_test(facts_json__a_seccomp_profile_survives),
		cmocka_unit_test(facts_json__saves_only_listed_variables),
		cmocka_unit_test(facts_json__names_what_is_wrong),
		cmocka_unit_test(facts_json__subject_is_the_pointer),
		cmocka_unit_test(facts_json__missing_is_unknown_and_strange_is_passed_over),
		cmocka_unit_test(facts_json__names_a_missing_file),
		cmocka_unit_test(facts_json__schema_lists_every_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
