/* rootlet explain PID and CONTAINER against what is: its JSON beside /proc. Each scene is one
 * script that starts a container, looks at it with other tools and with explain, and ends it. Files
 * are explain_file.c. */
#include "explain_scene.h"

/* ---- a process ---- */

/* What /proc says of $p, for comparison. */
#define LOOK                                                                                       \
	"for n in user pid mnt net ipc uts cgroup time pid_for_children time_for_children; do\n"   \
	"  [ -e /proc/$p/ns/$n ] && echo $n $(stat -Lc %i /proc/$p/ns/$n /proc/$$/ns/$n)\n"        \
	"done > namespaces\n"                                                                      \
	"cat /proc/$p/uid_map > uid_map; cat /proc/$p/gid_map > gid_map\n"                         \
	"sed -n 's/^NSpid://p' /proc/$p/status > nspid\n"                                          \
	"$R explain --format=json $p > p.json || exit 98\n"

static void compare_namespaces(struct json_object *root)
{
	const char *line = said("namespaces");
	struct json_object *list = at(root, "/namespaces");
	size_t seen = 0;

	for (; *line; line = strchr(line, '\n') + 1, seen++) {
		char name[32];
		long long its, yours;
		bool found = false;

		assert_int_equal(sscanf(line, "%31s %lld %lld", name, &its, &yours), 3);
		for (size_t i = 0; i < json_object_array_length(list); i++) {
			struct json_object *row = json_object_array_get_idx(list, i);

			if (strcmp(json_object_get_string(at(row, "/type")), name) != 0)
				continue;
			found = true;
			assert_int_equal(number_at(row, "/inode"), its);
			assert_int_equal(number_at(row, "/yours"), yours);
			assert_int_equal(json_object_get_boolean(at(row, "/same")), its == yours);
		}
		if (!found)
			fail_msg("%s is missing", name);
	}
	assert_true(seen >= 7);
	assert_int_equal(seen, json_object_array_length(list));
}

static void compare_map(struct json_object *map, const char *name)
{
	const char *line = said(name);
	size_t i = 0;

	if (!json_object_is_type(map, json_type_array))
		fail_msg("%s: explain knows no map", name);
	for (; *line; line = strchr(line, '\n') + 1, i++) {
		struct json_object *row = json_object_array_get_idx(map, i);
		long long inside, outside, count;

		assert_int_equal(sscanf(line, "%lld %lld %lld", &inside, &outside, &count), 3);
		assert_non_null(row);
		assert_int_equal(number_at(row, "/inside"), inside);
		assert_int_equal(number_at(row, "/outside"), outside);
		assert_int_equal(number_at(row, "/count"), count);
	}
	assert_true(i > 0);
	assert_int_equal(i, json_object_array_length(map));
}

static void compare_pids(struct json_object *root)
{
	const char *text = said("nspid");
	struct json_object *pids = at(root, "/pids");
	size_t i = 0;
	char *end;

	for (; *text && *text != '\n'; text = end, i++) {
		struct json_object *row = json_object_array_get_idx(pids, i);

		assert_non_null(row);
		assert_int_equal(number_at(row, "/pid"), strtoll(text, &end, 10));
	}
	assert_int_equal(i, json_object_array_length(pids));
	assert_int_equal(i, 2);
	assert_int_equal(number_at(root, "/pids/1/parent"), 1);
}

static void check_process(const char *options)
{
	const struct result *r = scene(
		options, "",
		"begin \"$options\" 'cat /proc/self/uid_map >&2; echo ready; exec sleep 60'\n" LOOK
		"cat complaints > inside_map; finish");
	struct json_object *root;

	expect_status(r, 0);
	root = load("p.json");
	compare_namespaces(root);
	compare_map(at(root, "/maps/uid/here"), "uid_map");
	compare_map(at(root, "/maps/gid/here"), "gid_map");
	compare_map(at(root, "/maps/uid/parent"), "inside_map");
	compare_pids(root);
	assert_string_equal(text_at(root, "/name"), "\"sleep\"");
	assert_string_equal(text_at(root, "/no_new_privs"), "true");
	assert_string_equal(text_at(root, "/seccomp"), "\"filter\"");
	assert_string_equal(text_at(root, "/capabilities/on_host"), "false");
	json_object_put(root);
}

static void explain__agrees_with_proc_on_a_single_id(void **state)
{
	check_process("--userns single");
}

static void explain__agrees_with_proc_on_ranges(void **state)
{
	check_process("--userns ranges");
}

static void explain__agrees_with_proc_on_keep_id(void **state)
{
	check_process("--userns keep-id");
}

/* A namespace below a namespace: we read other numbers than it does. */
static void explain__reads_a_nested_map_from_both_sides(void **state)
{
	struct json_object *root;

	need_program("unshare");
	expect_status(shell(SCENE "begin '--userns ranges' 'exec unshare -Ur sh -c \"cat "
				  "/proc/self/uid_map >&2; echo ready; exec sleep 60\"'\n" LOOK
				  "cat complaints > inside_map; finish"),
		      0);
	root = load("p.json");
	compare_map(at(root, "/maps/uid/here"), "uid_map");
	compare_map(at(root, "/maps/uid/parent"), "inside_map");
	assert_string_equal(said("inside_map"), "0 0 1\n");
	expect_out(shell("tr -s ' ' < uid_map"), " 0 $UID 1\n");
	json_object_put(root);
}

static void explain__shows_the_tree_with_owner_and_members(void **state)
{
	struct json_object *root, *list;
	bool parent = false, own = false;

	expect_status(shell(SCENE "begin '' 'echo ready; exec sleep 60'\n" LOOK
				  "echo $init $p > pids; id -u > uid; finish"),
		      0);
	root = load("p.json");
	list = at(root, "/user_namespaces");
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *row = json_object_array_get_idx(list, i);
		long long inode = number_at(row, "/inode");

		parent = parent || (json_object_get_boolean(at(row, "/yours")) &&
				    inode == number_at(root, "/namespaces/0/yours"));
		if (!json_object_get_boolean(at(row, "/its")))
			continue;
		own = true;
		assert_int_equal(inode, number_at(root, "/namespaces/0/inode"));
		assert_int_equal(number_at(row, "/parent"), number_at(root, "/namespaces/0/yours"));
		assert_int_equal(number_at(row, "/owner"), atoll(said("uid")));
		assert_int_equal(json_object_array_length(at(row, "/members")), 2);
		{
			long long init, command;

			assert_int_equal(sscanf(said("pids"), "%lld %lld", &init, &command), 2);
			assert_int_equal(number_at(row, "/members/0/pid"), init);
			assert_int_equal(number_at(row, "/members/1/pid"), command);
		}
	}
	assert_true(parent && own);
	json_object_put(root);
}

static void explain__itself_shares_everything(void **state)
{
	struct json_object *root, *list;

	expect_status(shell("$R explain --format=json > p.json"), 0);
	root = load("p.json");
	assert_string_equal(text_at(root, "/self"), "true");
	list = at(root, "/namespaces");
	for (size_t i = 0; i < json_object_array_length(list); i++)
		assert_string_equal(text_at(json_object_array_get_idx(list, i), "/same"), "true");
	assert_string_equal(text_at(root, "/maps/same_as_yours"), "true");
	json_object_put(root);
}

/* Inside, there is no way up: nothing above our own namespace is told, and nothing fails. */
static void explain__works_inside(void **state)
{
	expect_out(shell("$R run -v $R / $R explain --format=json > p.json; echo $?"), "0\n");
	{
		struct json_object *root = load("p.json");

		assert_int_equal(number_at(root, "/pid"), 2);
		assert_string_equal(text_at(root, "/user_namespaces/0/parent"), "null");
		assert_int_equal(json_object_array_length(at(root, "/user_namespaces")), 1);
		assert_int_equal(number_at(root, "/maps/uid/parent/0/inside"), 0);
		json_object_put(root);
	}
}

static void explain__what_is_roots_is_shown_as_not_readable(void **state)
{
	const struct result *r = shell("[ $(stat -c %u /proc/1) != 0 ] || readlink /proc/1/ns/user "
				       "2>/dev/null || LANG=C.UTF-8 $R explain 1");

	expect_status(r, 0);
	if (!strstr(r->out, "NAMESPACES"))
		skip_because("process 1 is readable here");
	expect_contains(r, "user    not readable for you ?");
	expect_contains(r, "Not readable for you: it belongs to 0 (root).");
	expect_contains(r, "read by you");
}

static void explain__finds_a_container_by_its_name(void **state)
{
	const struct result *r = shell_leaving(
		"s=\"--state-dir $T/state\"; $R run -d $s --name web / sleep 60 > id || exit 98\n"
		"$R explain $s --format=json web > name.json && $R explain $s --format=json $(cut "
		"-c1-12 id) "
		"> id.json; x=$?; kill -9 $(sed -n 's/^ *\"pid\": *\\([0-9]*\\),$/\\1/p' name.json "
		"| "
		"head -n 1); sleep 0.3; $R explain $s web; echo $? >&2; exit $x",
		3000);
	struct json_object *by_name, *by_id;

	expect_status(r, 0);
	assert_non_null(strstr(r->err, "the container does not run"));
	assert_non_null(strstr(r->err, "\n125\n"));
	by_name = load("name.json");
	by_id = load("id.json");
	assert_string_equal(text_at(by_name, "/pids/1/pid"), "1");
	assert_string_equal(text_at(by_name, "/namespaces/0/same"), "false");
	assert_int_equal(number_at(by_name, "/pid"), number_at(by_id, "/pid"));
	json_object_put(by_name);
	json_object_put(by_id);
}

static void explain__names_the_container_of_a_file(void **state)
{
	const struct result *r =
		shell_leaving("s=\"--state-dir $T/state\"; touch f; $R run -d $s --name web -v "
			      "$T/f:/f / sleep 60 || "
			      "exit 98; $R explain $s ./f; x=$?; $R rm -f $s web; exit $x",
			      3000);

	expect_status(r, 0);
	assert_non_null(strstr(r->out, " container web: user namespace "));
}

static void explain__tells_a_zombie(void **state)
{
	/* It ends when its parent is no shell any more, which would wait for it. */
	const struct result *r = shell_leaving(
		"(sh -c 'until grep -q sleep /proc/$PPID/comm; do sleep .01; done' & echo "
		"$! > z; exec sleep 20) & for i in $(seq 100); do "
		"grep -q '^State:.Z' /proc/$(cat z)/status && break; sleep .05; "
		"done; $R explain --width 80 $(cat z); x=$?; kill $!; wait; exit $x",
		1000);

	expect_status(r, 0);
	assert_non_null(strstr(r->out, "  a zombie: it has ended"));
	assert_non_null(strstr(r->out, "uts     gone "));
	assert_null(strstr(r->out, "this kernel has none"));
}

static void explain__labels_maps_that_differ(void **state)
{
	const struct result *r =
		shell("unshare -U sleep 20 & P=$!; until [ $(readlink /proc/$P/ns/user) != "
		      "$(readlink /proc/$$/ns/user) ]; do sleep .02; done; "
		      "echo \"0 $(id -u) 1\" >/proc/$P/uid_map; echo deny "
		      ">/proc/$P/setgroups; echo \"5 $(id -g) 1\" >/proc/$P/gid_map; "
		      "$R explain $P | grep -A 1 'read by you'; kill $P; wait");

	expect_status(r, 0);
	assert_non_null(strstr(r->out, "read by you     uid  0 "));
	assert_non_null(strstr(r->out, "                gid  5 "));
}

/* ---- the picture ---- */

static void explain__draws_lines_only_where_the_locale_can(void **state)
{
	expect_contains(shell("LANG=C.UTF-8 $R explain"), "── NAMESPACES");
	expect_contains(shell("LC_ALL=C $R explain"), "-- NAMESPACES");
	expect_out(shell("LC_ALL=C $R explain | LC_ALL=C grep -c '[^ -~]' || :"), "0\n");
	expect_contains(shell("LANG=C.UTF-8 $R explain --ascii"), "-- NAMESPACES");
}

static void explain__follows_the_width_asked_for(void **state)
{
	static const struct {
		const char *options, *width;
	} rows[] = {{"", "80\n"}, {"--width 61", "61\n"}, {"--width=200", "200\n"}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char script[160];

		snprintf(script, sizeof(script), "unset COLUMNS; LC_ALL=C $R explain %s | wc -L",
			 rows[i].options);
		expect_out(shell(script), rows[i].width);
	}
}

static void explain__svg_is_well_formed(void **state)
{
	expect_out(shell("$R explain --format=svg > a.svg && /usr/bin/python3 -c 'import "
			 "xml.dom.minidom as m; d = m.parse(\"a.svg\"); "
			 "print(d.documentElement.tagName, len(d.getElementsByTagName(\"rect\")), "
			 "len(d.getElementsByTagName(\"script\")))'"),
		   "svg 1 0\n");
}

/* ---- what it refuses ---- */

static void explain__names_the_directory_that_is_closed(void **state)
{
	expect_error_has(
		shell("mkdir -p p/q; touch p/q/f; chmod 0 p; $R explain ./p/q/f; x=$?; chmod 700 "
		      "p; exit $x"),
		125, "./p/q/f: the directory ./p may not be searched by you\n");
}

static void explain__says_what_it_cannot_find(void **state)
{
	expect_error_has(shell("$R explain 4194305"), 125, "there is no process of this number");
	expect_error_has(shell("$R explain ./nothing"), 125, "./nothing: there is no such file");
	expect_error_has(shell("$R explain no-such-name"), 125, "no-such-name");
	expect_error_has(shell("$R explain --user 0 1"), 125, "--user: it belongs to a file");
	expect_error_has(shell("$R explain --user nobody-of-this-name /etc"), 125,
			 "/etc/passwd knows no such user");
	expect_error_has(shell("$R explain --wide"), 125,
			 "--wide: rootlet explain has no such option");
	expect_error_has(shell("$R explain --format=png"), 125,
			 "--format png: is not text, json or svg");
	expect_error_has(shell("$R explain 1 2"), 125, "2: is a word too many");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		test(explain__agrees_with_proc_on_a_single_id),
		test(explain__agrees_with_proc_on_ranges),
		test(explain__agrees_with_proc_on_keep_id),
		test(explain__reads_a_nested_map_from_both_sides),
		test(explain__shows_the_tree_with_owner_and_members),
		test(explain__itself_shares_everything),
		test(explain__works_inside),
		test(explain__what_is_roots_is_shown_as_not_readable),
		test(explain__finds_a_container_by_its_name),
		test(explain__draws_lines_only_where_the_locale_can),
		test(explain__follows_the_width_asked_for),
		test(explain__svg_is_well_formed),
		test(explain__says_what_it_cannot_find),
		test(explain__names_the_directory_that_is_closed),
		test(explain__names_the_container_of_a_file),
		test(explain__tells_a_zombie),
		test(explain__labels_maps_that_differ),
	};

	return harness_main("explain", tests, sizeof(tests) / sizeof(tests[0]));
}
