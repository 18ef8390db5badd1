/* The printers of the plan, on plans made by hand: no planner, no host, no privilege. The
 * shell script is plan_sh.c. */
#include "plan_box.h"

/* ---- ops ---- */

static void ops__every_row_is_complete(void **state)
{
	int stage = STAGE_PREPARE;

	for (int op = 0; op < OP_COUNT; op++) {
		const struct op_row *row = &op_rows[op];

		assert_non_null(row->name);
		assert_true(*row->name && *row->why);
		assert_non_null(strchr(row->manual, '(')); /* a page with its section */
		assert_non_null(row->hint[FRONT_ROOTLET]);
		assert_in_range(row->stage, stage, STAGE_EXEC); /* the table follows the stages */
		stage = (int)row->stage;
		for (int other = 0; other < op; other++)
			assert_string_not_equal(row->name, op_rows[other].name);
	}
}

static void ops__names_of_stages_and_actors(void **state)
{
	assert_string_equal(stage_name(STAGE_PREPARE), "PREPARE");
	assert_string_equal(stage_name(STAGE_EXEC), "EXEC");
	assert_string_equal(actor_name(ACTOR_JOINER), "joiner");
	for (int stage = 0; stage < STAGE_COUNT; stage++)
		assert_true(strlen(stage_sentence((enum plan_stage)stage)) > 10);
}

/* ---- step_describe ---- */

static void describe__knows_every_op(void **state)
{
	for (int op = 0; op < OP_COUNT; op++) {
		struct step step = sample((enum plan_op)op);
		AUTO_BUFFER out = {0};

		step_describe(&step, &out);
		assert_true(out.len > 5);
		assert_null(strchr(out.data, '?'));
		assert_null(strchr(out.data, '\n'));
	}
}

static void describe__says_what_and_where(void **state)
{
	static const struct {
		enum plan_op op;
		const char *text;
	} cases[] = {
		{OP_BIND, "bind /source → /target (recursive, ro)"},
		{OP_ROOT_BIND, "bind /source as the new root (recursive, ro)"},
		{OP_MOUNT, "mount tmpfs on /target (size=64k, huge, ro, nosuid)"},
		{OP_CLONE, "clone3 a process into its own user, mnt namespaces"},
		{OP_HELPER_MAP, "/usr/bin/newuidmap PID 0 1000 1 1 100000 65536"},
		{OP_WRITE_MAP, "write to /proc/PID/uid_map: 0 1000 1, 1 100000 65536"},
		{OP_BIND_DEVICE, "bind the host's /dev/null → /dev/null (device 1:3)"},
		{OP_BIND_TEXT, "write /target (7 bytes, mode 0644)"},
		{OP_LANDLOCK, "landlock: write only below /tmp, '/a\\x1bb'"},
		{OP_RLIMIT, "limit nofile: soft 9223372036854775809, hard unlimited"},
		{OP_CAPABILITIES, "capabilities: cap_chown, cap_63"},
		{OP_AMBIENT, "unless root, ambient: cap_chown, cap_63"},
		{OP_PARENT_DEATH, "die by SIGTERM when the process that made us does"},
		{OP_SYSCTL, "write 1 to /proc/sys/net/ipv4/ip_forward"},
		{OP_EXEC, "exec id -u"},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct step step = sample(cases[i].op);
		AUTO_BUFFER out = {0};

		step_describe(&step, &out);
		assert_string_equal(out.data, cases[i].text);
	}
}

static void describe__says_what_is_cleared(void **state)
{
	struct step step = sample(OP_BIND);
	AUTO_BUFFER out = {0};

	step.a.bind.attr_set = MOUNT_ATTR_NOEXEC;
	step.a.bind.attr_clear = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC;
	step.optional = true;
	step_describe(&step, &out);
	assert_string_equal(out.data, "bind /source → /target (recursive, rw, noexec, if present)");
}

static void describe__escapes_what_reaches_the_terminal(void **state)
{
	struct step step = sample(OP_BIND);
	AUTO_BUFFER out = {0};

	step.a.bind.source_path = "/a\n\033[2J\xc2\x9b";
	step_describe(&step, &out);
	assert_contains(out.data, "\\x0a\\x1b[2J\\x9b");
	assert_null(strchr(out.data, '\033'));
	assert_null(strchr(out.data, '\n'));
}

/* ---- text ---- */

static void text__has_head_stages_numbers_manuals_and_whys(void **state)
{
	struct step steps[OP_COUNT];
	char *text = print_steps(steps, every_op(steps), TEXT), number[16];

	assert_int_equal(strncmp(text, "rootlet run: id -u\n", 19), 0);
	assert_contains(text, "  ids         uid 0 is 1000 (alice)\n");
	assert_contains(text, "its own user, pid, mnt, uts, ipc, cgroup; joined net; the host's\n");
	for (int stage = 0; stage < STAGE_COUNT; stage++)
		assert_contains(text, stage_name((enum plan_stage)stage));
	for (int op = 0; op < OP_COUNT; op++) {
		snprintf(number, sizeof(number), "\n%4d  ", op);
		assert_contains(text, number);
		assert_contains(text, op_rows[op].manual);
	}
	free(text);
}

static void text__keeps_to_80_columns(void **state)
{
	struct step steps[OP_COUNT];
	char *text = print_steps(steps, every_op(steps), TEXT);
	size_t columns = 0;

	for (const char *c = text; *c; c++) {
		if (*c == '\n') {
			if (columns > 80)
				fail_msg("%zu columns, before: %.40s", columns, c);
			columns = 0;
		} else if (((unsigned char)*c & 0xc0) != 0x80) {
			columns++;
		}
	}
	free(text);
}

static void text__neighbours_share_their_why(void **state)
{
	struct step steps[] = {sample(OP_BIND), sample(OP_BIND), sample(OP_MASK)};
	char *text, *first;

	steps[0].why = steps[1].why = "because";
	text = print_steps(steps, LENGTH(steps), TEXT);
	first = strstr(text, "        because\n");
	assert_non_null(first);
	assert_null(strstr(first + strlen("        because"), "because"));
	assert_true(strstr(text, "\n   1  bind") < first); /* under the last of them */
	free(text);
}

static void text__escape_sequences_only_with_color(void **state)
{
	struct step steps[OP_COUNT];
	size_t count = every_op(steps);
	char *bare = print_steps(steps, count, TEXT), *color = print_steps(steps, count, COLOR);

	assert_null(strchr(bare, '\033'));
	assert_non_null(strchr(color, '\033'));
	free(bare);
	free(color);
}

static void text__notes_come_last(void **state)
{
	struct step steps[] = {sample(OP_EXEC)};
	struct plan plan = plan_of(steps, 1);
	const char *note_list[] = {"only your own id is mapped"};
	char *text;

	plan.notes = note_list;
	plan.note_count = 1;
	text = print(&plan, TEXT);
	assert_contains(text, "NOTES\n   -  only your own id is mapped\n");
	free(text);
}

static void text__names_the_actor_where_a_stage_has_several(void **state)
{
	struct step steps[] = {sample(OP_DENY_SETGROUPS), sample(OP_HELPER_MAP)};
	char *text;

	steps[1].actor = ACTOR_PARENT;
	text = print_steps(steps, LENGTH(steps), TEXT);
	assert_contains(text, "\n   0  child: write deny");
	assert_contains(text, "\n   1  parent: /usr/bin/newuidmap");
	free(text);
}

/* ---- JSON ---- */

static struct json_object *parse_steps(struct step *steps, size_t count)
{
	char *text = print_steps(steps, count, JSON);
	struct json_object *root = json_tokener_parse(text);

	assert_non_null(root);
	free(text);
	return root;
}

static struct json_object *at(struct json_object *root, const char *pointer)
{
	struct json_object *found = NULL;

	if (json_pointer_get(root, pointer, &found) != 0)
		fail_msg("no %s in %s", pointer, json_object_to_json_string(root));
	return found;
}

static void json__every_step_has_every_key(void **state)
{
	static const char *const keys[] = {"index",  "stage", "actor",	"op",	    "subject",
					   "action", "why",   "manual", "optional", "args"};
	struct step steps[OP_COUNT];
	struct json_object *root = parse_steps(steps, every_op(steps));
	char pointer[64];

	assert_int_equal(json_object_array_length(at(root, "/steps")), OP_COUNT);
	for (int op = 0; op < OP_COUNT; op++) {
		for (size_t i = 0; i < LENGTH(keys); i++) {
			snprintf(pointer, sizeof(pointer), "/steps/%d/%s", op, keys[i]);
			at(root, pointer);
		}
		snprintf(pointer, sizeof(pointer), "/steps/%d/op", op);
		assert_string_equal(json_object_get_string(at(root, pointer)), op_rows[op].name);
	}
	assert_string_equal(json_object_get_string(at(root, "/namespaces/net")), "joined");
	assert_int_equal(json_object_get_int(at(root, "/uid_map/1/outside")), 100000);
	json_object_put(root);
}

static void json__numbers_are_exact_and_flags_are_names(void **state)
{
	struct step steps[] = {sample(OP_RLIMIT), sample(OP_CAPABILITIES), sample(OP_MOUNT),
			       sample(OP_SECCOMP), sample(OP_BIND_TEXT)};
	struct json_object *root = parse_steps(steps, LENGTH(steps));

	assert_true(json_object_get_uint64(at(root, "/steps/0/args/soft")) ==
		    UINT64_C(9223372036854775809));
	assert_string_equal(json_object_get_string(at(root, "/steps/0/args/hard")), "unlimited");
	assert_string_equal(json_object_get_string(at(root, "/steps/1/args/capabilities/0")),
			    "cap_chown");
	assert_string_equal(json_object_get_string(at(root, "/steps/1/args/capabilities/1")),
			    "cap_63");
	assert_string_equal(json_object_get_string(at(root, "/steps/2/args/attributes/1")),
			    "nosuid");
	assert_null(at(root, "/steps/2/args/options/1/value"));
	assert_null(at(root, "/steps/2/args/slot"));
	assert_string_equal(json_object_get_string(at(root, "/steps/4/args/mode")), "0644");
	json_object_put(root);
}

/* The value was computed by an independent program, from the algorithm's published constants. */
static void json__filter_digest_is_fnv1a(void **state)
{
	struct step steps[] = {sample(OP_SECCOMP)};
	struct json_object *root = parse_steps(steps, 1);

	assert_int_equal(json_object_get_int(at(root, "/steps/0/args/length")), 2);
	assert_string_equal(json_object_get_string(at(root, "/steps/0/args/digest")),
			    "fnv1a64:8a3a476bd23b8a3d");
	json_object_put(root);
}

static void json__what_is_not_utf8_is_replaced(void **state)
{
	static const struct {
		const char *bytes, *text;
	} cases[] = {
		{"/a\xff/b", "/a\xef\xbf\xbd/b"},
		{"/\xc0\xaf", "/\xef\xbf\xbd\xef\xbf\xbd"},		    /* overlong */
		{"/\xed\xa0\x80", "/\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* surrogate */
		{"/\xf4\x90\x80\x80", "/\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
		{"/caf\xc3\xa9\n\xf0\x9f\x90\xa7", "/caf\xc3\xa9\n\xf0\x9f\x90\xa7"},
		{"/\xe2\x82", "/\xef\xbf\xbd\xef\xbf\xbd"}, /* cut off */
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct step steps[] = {sample(OP_OPEN_PATH)};
		struct json_object *root;

		steps[0].a.open.path = cases[i].bytes;
		root = parse_steps(steps, 1);
		assert_string_equal(json_object_get_string(at(root, "/steps/0/args/path")),
				    cases[i].text);
		json_object_put(root);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ops__every_row_is_complete),
		cmocka_unit_test(ops__names_of_stages_and_actors),
		cmocka_unit_test(describe__knows_every_op),
		cmocka_unit_test(describe__says_what_and_where),
		cmocka_unit_test(describe__says_what_is_cleared),
		cmocka_unit_test(describe__escapes_what_reaches_the_terminal),
		cmocka_unit_test(text__has_head_stages_numbers_manuals_and_whys),
		cmocka_unit_test(text__keeps_to_80_columns),
		cmocka_unit_test(text__neighbours_share_their_why),
		cmocka_unit_test(text__escape_sequences_only_with_color),
		cmocka_unit_test(text__notes_come_last),
		cmocka_unit_test(text__names_the_actor_where_a_stage_has_several),
		cmocka_unit_test(json__every_step_has_every_key),
		cmocka_unit_test(json__numbers_are_exact_and_flags_are_names),
		cmocka_unit_test(json__filter_digest_is_fnv1a),
		cmocka_unit_test(json__what_is_not_utf8_is_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
