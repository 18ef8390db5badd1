/* How explain draws a file: the picture, the words of every rule, the keys of the JSON. */
#include "draw_box.h"

static void make_file(struct file_view *v, struct file_in_ns ns[3])
{
	*v = (struct file_view){.path = "/home/dev/a",
				.inode = 99,
				.size = 12,
				.ns = ns,
				.count = 3,
				.passwd = "dev:x:1001:1001::/:/bin/sh\n"};
	ns[0] = (struct file_in_ns){.userns = {0, 0xEFFFFFFD},
				    .yours = true,
				    .pid = 700,
				    .name = "rootlet",
				    .visible = 1,
				    .path = "/home/dev/a",
				    .inode = {.mode = 0104640,
					      .uid = 1001,
					      .gid = 1001,
					      .uid_mapped = true,
					      .gid_mapped = true},
				    .owner = {1001, 1001, true},
				    .group = {1001, 1001, true},
				    .asker_uid = {1001, 1001, true},
				    .asker_gid = {1001, 1001, true},
				    .asker_exists = true,
				    .verdicts = {{true, RULE_OWNER_BITS, false},
						 {true, RULE_OWNER_BITS, false},
						 {false, RULE_OWNER_BITS, false}}};
	ns[1] = ns[0];
	ns[1].userns.inode = 500;
	ns[1].yours = false;
	ns[1].pid = 4711;
	snprintf(ns[1].name, sizeof(ns[1].name), "sleep");
	ns[1].path = "/mnt/a";
	ns[1].inode.read_only = true;
	ns[1].owner = (struct id_pair){1001, 65534, false};
	ns[1].group = (struct id_pair){1001, 0, true};
	ns[1].asker_uid.inside = ns[1].asker_gid.inside = 0;
	ns[1].setuid = SETUID_UNMAPPED;
	ns[1].verdicts[ACCESS_READ] = (struct verdict){false, RULE_UNMAPPED, true};
	ns[1].verdicts[ACCESS_WRITE] = (struct verdict){false, RULE_READ_ONLY, false};
	ns[2] = (struct file_in_ns){
		.userns = {0, 600}, .pid = 4800, .name = "sh", .owner = {1001, 0, true}};
}

static const char file_picture[] =
	"FILE /home/dev/a\n"
	"12 bytes, inode 99\n"
	"\n"
	"── HERE: user namespace 4026531837 initial ─────────────────────────────────────\n"
	"  path      /home/dev/a\n"
	"  mode      -rwSr-----\n"
	"  owner     1001 (dev)\n"
	"  group     1001\n"
	"  who       uid 1001 gid 1001  (you)\n"
	"  read      yes  the bits for the owner, rw-\n"
	"  write     yes  the bits for the owner, rw-\n"
	"  execute   no   the bits for the owner, rw-\n"
	"\n"
	"── sleep 4711: user namespace 500 ──────────────────────────────────────────────\n"
	"  path      /mnt/a\n"
	"  mode      -rwSr-----  read-only\n"
	"  owner     65534 nobody: not mapped ──────────── 1001 (dev) here\n"
	"  group     0 ──────────── 1001 here\n"
	"  who       uid 0 gid 0  1001 (dev) here  (PID 4711, sleep)\n"
	"  read      no   the bits refuse, and a capability counts only where owner and\n"
	"                 group are both mapped\n"
	"  write     no   the mount is read-only: no capability lifts that\n"
	"  execute   no   the bits for the owner, rw-\n"
	"  setuid    does nothing: owner and group must both be mapped\n"
	"\n"
	"── NOT TO BE SEEN FROM ─────────────────────────────────────────────────────────\n"
	"  600  sh 4800: not mounted there; its owner would be 0\n";

static void file__is_drawn_at_80_columns(void **state)
{
	const struct picture_options o = {.width = 80};
	struct file_view v;
	struct file_in_ns ns[3];

	make_file(&v, ns);
	assert_int_equal(file_print_text(&v, &o, &out), 0);
	assert_string_equal(out.data, file_picture);
}

static void file__every_rule_has_its_words(void **state)
{
	const struct picture_options o = {.width = 200};
	struct file_view v;
	struct file_in_ns ns[3];

	for (int rule = 0; rule <= RULE_UNKNOWN; rule++) {
		const char *line;

		make_file(&v, ns);
		v.count = 1;
		ns[0].verdicts[ACCESS_WRITE].rule = (enum access_rule)rule;
		buffer_release(&out);
		assert_int_equal(file_print_text(&v, &o, &out), 0);
		line = strstr(out.data, "  write     ");
		assert_non_null(line);
		if (strcspn(line, "\n") < strlen("  write     yes  ") + 10)
			fail_msg("rule %d: no words", rule);
		assert_true(strlen(access_rule_name((enum access_rule)rule)) > 2);
	}
}

static void file__json_has_its_keys(void **state)
{
	static const struct {
		const char *pointer, *value;
	} rows[] = {
		{"/kind", "\"file\""},
		{"/path", "\"/home/dev/a\""},
		{"/mode", "\"4640\""},
		{"/user", "null"},
		{"/user_namespaces/0/yours", "true"},
		{"/user_namespaces/0/access/read", "{\"allowed\":true,\"rule\":\"owner-bits\"}"},
		{"/user_namespaces/1/owner", "{\"here\":1001,\"inside\":null}"},
		{"/user_namespaces/1/group", "{\"here\":1001,\"inside\":0}"},
		{"/user_namespaces/1/access/write", "{\"allowed\":false,\"rule\":\"read-only\"}"},
		{"/user_namespaces/1/mount/read_only", "true"},
		{"/user_namespaces/1/setuid", "\"owner-not-mapped\""},
		{"/user_namespaces/1/who/uid", "0"},
		{"/user_namespaces/2/visible", "false"},
		{"/user_namespaces/2/path", "null"},
	};
	struct file_view v;
	struct file_in_ns ns[3];
	struct json_object *root;

	make_file(&v, ns);
	assert_int_equal(file_print_json(&v, &out), 0);
	root = json_tokener_parse(out.data);
	assert_non_null(root);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(json_at(root, rows[i].pointer), rows[i].value);
	json_object_put(root);
}

#define test(function) cmocka_unit_test_teardown(function, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(file__is_drawn_at_80_columns),
		test(file__every_rule_has_its_words),
		test(file__json_has_its_keys),
	};

	return cmocka_run_group_tests_name("explain_draw_file", tests, NULL, NULL);
}
