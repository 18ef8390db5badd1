/* Who runs: maps, --userns, users and groups, and the system's id files. */
#include "parse_check.h"

#include "spec/idmap.h"

#define FORM                                                                                       \
	"CONTAINER:HOST:COUNT, where host id 0 is the caller, 1 the first subordinate id, and @H " \
	"the id H "                                                                                \
	"of the host"
#define CONTAINER_ID "the container's id is not a number from 0 to 4294967294"
#define HOST_ID	     "the host's id is not a number from 0 to 4294967294"
#define COUNT	     "the count is not a number from 1 to 4294967295"

static void map_entry__reads(void **state)
{
	static const struct {
		const char *text;
		struct spec_map_entry entry;
	} rows[] = {
		{"0:0:1", {0, 0, 1, false}},
		{"0:1:65536", {0, 1, 65536, false}},
		{"5:@1000:2", {5, 1000, 2, true}},
		{"5:7", {5, 7, 1, false}},
		{"0:0:4294967295", {0, 0, 4294967295, false}},
		{"4294967294:@4294967294:1", {4294967294, 4294967294, 1, true}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct spec_map_entry e = {0};

		assert_int_equal(parse_map_entry(rows[i].text, "--uidmap", &e, NULL), 0);
		assert_int_equal(e.container, rows[i].entry.container);
		assert_int_equal(e.host, rows[i].entry.host);
		assert_int_equal(e.count, rows[i].entry.count);
		assert_int_equal(e.absolute, rows[i].entry.absolute);
	}
}

static void map_entry__refuses(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{"", "there is no host id"},
		{"5", "there is no host id"},
		{":1:1", CONTAINER_ID},
		{" 1:1:1", CONTAINER_ID},
		{"-1:1:1", CONTAINER_ID},
		{"0x1:1:1", CONTAINER_ID},
		{"4294967295:0:1", CONTAINER_ID},
		{"99999999999999999999:0:1", CONTAINER_ID},
		{"@1:0:1", CONTAINER_ID},
		{"0::1", HOST_ID},
		{"0:@:1", HOST_ID},
		{"0:@@1:1", HOST_ID},
		{"0:1 :1", HOST_ID},
		{"0:4294967295:1", HOST_ID},
		{"0:1:", COUNT},
		{"0:1:0", COUNT},
		{"0:1:-1", COUNT},
		{"0:1:1:", COUNT},
		{"0:1:1:1", COUNT},
		{"0:1:4294967296", COUNT},
		{"4294967294:0:2", "the container's ids go past 4294967294, the last one"},
		{"1:0:4294967295", "the container's ids go past 4294967294, the last one"},
		{"0:4294967290:6", "the host's ids go past 4294967294, the last one"},
		{"+0:1:1", "podman's flags before a map are not supported"},
		{"u0:1:1", "podman's flags before a map are not supported"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct spec_map_entry e = {7, 7, 7, true};
		struct rootlet_error err = {0};
		char message[256];

		assert_int_equal(parse_map_entry(rows[i].text, "--uidmap", &e, &err), -EINVAL);
		snprintf(message, sizeof(message), "--uidmap %s: %s",
			 *rows[i].text ? rows[i].text : "\"\"", rows[i].why);
		assert_string_equal(err.message, message);
		assert_string_equal(err.hint, FORM);
		assert_string_equal(err.id, "id-map-form");
		assert_int_equal(e.container, 7);
	}
}

static void userns__reads_modes(void **state)
{
	struct spec *spec = new_spec(SPEC_RUN);

	(void)state;
	take(spec, "userns", "keep-id:uid=5,gid=6");
	assert_int_equal(spec->userns, USERNS_KEEP_ID);
	assert_int_equal(spec->keep_uid, 5);
	assert_int_equal(spec->keep_gid, 6);
	take(spec, "userns", "keep-id:gid=7");
	assert_int_equal(spec->keep_uid, SPEC_ID_UNSET);
	assert_int_equal(spec->keep_gid, 7);
	take(spec, "userns", "ns:/proc/7/ns/user");
	assert_int_equal(spec->userns, USERNS_PATH);
	assert_string_equal(spec->namespaces[NS_USER].path, "/proc/7/ns/user");
	take(spec, "userns", "single");
	assert_int_equal(spec->userns, USERNS_SINGLE);
	assert_int_equal(spec->keep_gid, SPEC_ID_UNSET);
	assert_int_equal(spec->namespaces[NS_USER].mode, NS_MODE_UNSET);
	take(spec, "userns", "ranges");
	assert_int_equal(spec->userns, USERNS_RANGES);
	take(spec, "userns", "keep-id");
	assert_int_equal(spec->userns, USERNS_KEEP_ID);
	take(spec, "userns", "host");
	assert_int_equal(spec->userns, USERNS_HOST);
	take(spec, "userns", "container:web");
	assert_int_equal(spec->userns, USERNS_CONTAINER);
	assert_string_equal(spec->namespaces[NS_USER].path, "web");
	take(spec, "subuidname", "alice");
	take(spec, "subgidname", "1000");
	assert_string_equal(spec->subuid_name, "alice");
	assert_string_equal(spec->subgid_name, "1000");
	spec_free(spec);
}

static void userns__refuses(void **state)
{
	static const char modes[] = "use ranges, single, keep-id[:uid=U,gid=G] or ns:PATH";
	static const struct refusal rows[] = {
		{"userns", "", "userns", "--userns \"\": is no such mode", modes},
		{"userns", "keepid", "userns", "--userns keepid: is no such mode", modes},
		{"userns", "auto:size=5", "userns", "--userns auto:size=5: is no such mode",
		 "podman's auto takes ids for each container: choose them with --uidmap C:H:N"},
		{"userns", "nomap", "userns", "--userns nomap: is no such mode",
		 "leave the caller out of the map with --uidmap 0:1:65536"},
		{"userns", "keep-id:", "userns", "--userns keep-id:: keep-id takes uid=U and gid=G",
		 ""},
		{"userns", "keep-id:size=5", "userns",
		 "--userns keep-id:size=5: keep-id takes uid=U and gid=G", ""},
		{"userns", "keep-id:uid=5,", "userns",
		 "--userns keep-id:uid=5,: keep-id takes uid=U and gid=G", ""},
		{"userns", "keep-id:uid=-5", "userns",
		 "--userns keep-id:uid=-5: uid= is not followed by a number from 0 to 4294967294",
		 ""},
		{"userns", "keep-id:gid=4294967295", "userns",
		 "--userns keep-id:gid=4294967295: gid= is not followed by a number from 0 to "
		 "4294967294",
		 ""},
		{"userns", "ns:", "userns",
		 "--userns ns:: the namespace's path begins with neither / nor .", ""},
		{"userns", "ns:x", "userns",
		 "--userns ns:x: the namespace's path begins with neither / nor .", ""},
		{"userns", "container:", "userns", "--userns container:: names no container", ""},
		{"subuidname", "a:b", "account-name", "--subuidname a:b: is no user name", ""},
		{"subgidname", "", "account-name", "--subgidname \"\": is no user name", ""},
	};

	(void)state;
	check_refusals(rows);
}

/* Gate 10: nothing that some reader takes for a negative number or for nobody. */
static void user__takes_only_clear_forms(void **state)
{
	static const char *const good[] = {"0",	       "1",	   "2147483647",
					   "1:1",      "www-data", "web:adm",
					   "a.b_c-d$", "7up",	   "1000:adm"};
	static const struct refusal rows[] = {
		{"user", "", "user-form", "--user \"\": the user is empty", ""},
		{"user", ":", "user-form", "--user :: the user is empty", ""},
		{"user", ":5", "user-form", "--user :5: the user is empty", ""},
		{"user", "1:", "user-form", "--user 1:: the group is empty", ""},
		{"user", "1:2:", "user-form", "--user 1:2:: the group is no name", ""},
		{"user", "2147483648", "user-form",
		 "--user 2147483648: the user is not a number from 0 to 2147483647", ""},
		{"user", "4294967296", "user-form",
		 "--user 4294967296: the user is not a number from 0 to 2147483647", ""},
		{"user", "18446744073709551617", "user-form",
		 "--user 18446744073709551617: the user is not a number from 0 to 2147483647", ""},
		{"user", "1:4294967295", "user-form",
		 "--user 1:4294967295: the group is not a number from 0 to 2147483647", ""},
		{"user", "-1", "user-form", "--user -1: the user is no name", ""},
		{"user", "+1", "user-form", "--user +1: the user is no name", ""},
		{"user", "1:-1", "user-form", "--user 1:-1: the group is no name", ""},
		{"user", " 1", "user-form", "--user  1: the user is no name", ""},
		{"user", "a b", "user-form", "--user a b: the user is no name", ""},
		{"user", "a\n", "user-form", "--user a\\x0a: the user is no name", ""},
		{"user", "a/b", "user-form", "--user a/b: the user is no name",
		 "--user takes USER[:GROUP] here; a user namespace is always made"},
		{"group-add", "", "group-form", "--group-add \"\": the group is empty", ""},
		{"group-add", "-5", "group-form", "--group-add -5: the group is no name", ""},
	};
	static const struct refusal unshare = {"group-add", "adm", "group-form",
					       "--group-add adm: unshare takes only keep-groups",
					       ""};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct spec *spec = new_spec(SPEC_RUN);

		take(spec, "user", good[i]);
		assert_string_equal(spec->user, good[i]);
		spec_free(spec);
	}
	check_refusals(rows);
	check_refusal(&unshare, SPEC_UNSHARE);
}

static void groups__are_gathered(void **state)
{
	struct spec *spec = new_spec(SPEC_RUN);

	(void)state;
	take(spec, "group-add", "adm");
	take(spec, "group-add", "5");
	take(spec, "group-add", "keep-groups");
	assert_int_equal(spec->groups.count, 2);
	assert_string_equal(spec->groups.items[1], "5");
	assert_true(spec->keep_groups);
	spec_free(spec);
}

static void subid__reads_every_range_of_the_user(void **state)
{
	static const char text[] = "# subordinate ids\n"
				   "alice:100000:65536\n"
				   "bob:200000:65536\n"
				   "1000:300000:10\n"
				   "alice:1:x\n"
				   "alice:-1:5\n"
				   "alice:5\n"
				   "alice:5:0\n"
				   "alice:4294967290:6\n"
				   "alice:4294967290:5\n"
				   "alice: 7:5\n"
				   "alicea:7:5\n"
				   "alic:7:5\n"
				   "alice:7:5:\n"
				   "alice:100000:10\n"
				   "1000:400000:1";
	struct id_ranges ranges = {0};
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_int_equal(parse_subid_file(&a, text, "alice", 1000, &ranges), 0);
	assert_int_equal(ranges.count, 5);
	assert_int_equal(ranges.ranges[0].start, 100000);
	assert_int_equal(ranges.ranges[0].count, 65536);
	assert_int_equal(ranges.ranges[1].start, 300000);
	assert_int_equal(ranges.ranges[2].start, 4294967290);
	assert_int_equal(ranges.ranges[2].count, 5);
	assert_int_equal(ranges.ranges[3].count, 10);
	assert_int_equal(ranges.ranges[4].start, 400000);
	assert_int_equal(parse_subid_file(&a, text, NULL, 1000, &ranges), 0);
	assert_int_equal(ranges.count, 2);
	assert_int_equal(parse_subid_file(&a, text, "carol", 7, &ranges), 0);
	assert_int_equal(ranges.count, 0);
	assert_int_equal(parse_subid_file(&a, ":1:5\n", "", 0, &ranges), 0);
	assert_int_equal(ranges.count, 0);
	arena_release(&a);
}

static void proc_map__reads_what_the_kernel_writes(void **state)
{
	static const char *const bad[] = {
		"0",	      "0 0",	       "0 0 x\n",	   "0 0 1 1\n",
		"0 0 1x 1 1", "0 0 1 5 5 1\n", "0 0 4294967296\n", "\n",
		"-1 0 1\n"};
	struct idmap map = {0};
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_int_equal(parse_proc_map(&a, "         0          0 4294967295\n", &map), 0);
	assert_string_equal(idmap_format(&a, &map), "0 0 4294967295\n");
	assert_int_equal(parse_proc_map(&a, "0 1000 1\n\t1 100000 65536", &map), 0);
	assert_string_equal(idmap_format(&a, &map), "0 1000 1\n1 100000 65536\n");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(parse_proc_map(&a, bad[i], &map), -EINVAL);
	assert_int_equal(map.count, 2);
	assert_int_equal(parse_proc_map(&a, "", &map), 0);
	assert_int_equal(map.count, 0);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(map_entry__reads),
		cmocka_unit_test(map_entry__refuses),
		cmocka_unit_test(userns__reads_modes),
		cmocka_unit_test(userns__refuses),
		cmocka_unit_test(user__takes_only_clear_forms),
		cmocka_unit_test(groups__are_gathered),
		cmocka_unit_test(subid__reads_every_range_of_the_user),
		cmocka_unit_test(proc_map__reads_what_the_kernel_writes),
	};

	return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
