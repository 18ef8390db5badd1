/* rootlet explain against what is: its JSON beside /proc, and its verdicts on files beside what a
 * process in the container can really do. Each scene is one script that starts a container, looks
 * at it with other tools and with explain, and ends it. */
#include "harness.h"

#include "base/fd.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Starts `run $1 -v $T/d:/mnt…` with the shell script $2, which says "ready" when it is; sets $init
 * and $p, the command. `finish` ends it. */
#define SCENE                                                                                      \
	"export LANG=C.UTF-8; mkdir -p d\n"                                                        \
	"begin() { $R run --pidfile $T/pid $1 / sh -c \"$2\" >said 2>complaints & job=$!\n"        \
	"  for i in $(seq 200); do [ -s pid ] && grep -qs ready said && break; sleep 0.05; done\n" \
	"  init=$(cat pid); p=\n"                                                                  \
	"  for d in /proc/[0-9]*; do grep -qs \"^PPid:[[:space:]]$init$\" $d/status && "           \
	"p=${d#/proc/}; done\n"                                                                    \
	"  [ -n \"$p\" ] || { cat said complaints; exit 99; }; }\n"                                \
	"finish() { kill -9 $init; wait $job; :; } 2>/dev/null\n"

/* The scene with these options for run and for explain. */
static const struct result *scene(const char *options, const char *who, const char *rest)
{
	static char script[8000];

	assert_true(snprintf(script, sizeof(script), "options=\"%s\"; who=\"%s\"\n%s%s", options,
			     who, SCENE, rest) < (int)sizeof(script));
	return shell(script);
}

static struct json_object *load(const char *name)
{
	char path[600];
	struct json_object *root;

	snprintf(path, sizeof(path), "%s/%s", harness_directory(), name);
	root = json_object_from_file(path);
	if (!root)
		fail_msg("%s is no JSON", path);
	return root;
}

static struct json_object *at(struct json_object *root, const char *pointer)
{
	struct json_object *value = NULL;

	if (json_pointer_get(root, pointer, &value) != 0)
		fail_msg("%s is missing", pointer);
	return value;
}

static const char *text_at(struct json_object *root, const char *pointer)
{
	return json_object_to_json_string_ext(
		at(root, pointer), JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}

static long long number_at(struct json_object *root, const char *pointer)
{
	return json_object_get_int64(at(root, pointer));
}

/* A file of the scene's, with blanks made single. */
static const char *said(const char *name)
{
	char script[200];

	snprintf(script, sizeof(script), "tr -s ' \\t' ' ' < %s | sed 's/^ //; s/ $//'", name);
	return shell(script)->out;
}

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

static void explain__says_what_it_cannot_find(void **state)
{
	expect_error_has(shell("$R explain 4194305"), 125, "there is no process of this number");
	expect_error_has(shell("$R explain ./nothing"), 125, "./nothing: there is no such file");
	expect_error_has(shell("$R explain no-such-name"), 125, "no-such-name");
	expect_error_has(shell("$R explain --user 0 1"), 125, "--user: it belongs to a file");
	expect_error_has(shell("$R explain --user nobody-of-this-name /etc"), 125,
			 "/etc/passwd knows no such user");
	expect_error_has(shell("$R explain --wide"), 125, "--wide: explain has no such option");
	expect_error_has(shell("$R explain --format=png"), 125, "--format: text, json or svg");
	expect_error_has(shell("$R explain 1 2"), 125, "2: explain takes one word");
}

/* ---- a file ---- */

/* Files of three owners and many modes, one behind a closed directory, one with an access control
 * list (user 33 rw-, mask r--), made by a container that has ranges. */
#define ACL                                                                                        \
	"import os, struct; os.setxattr(\\\"facl\\\", \\\"system.posix_acl_access\\\", "           \
	"struct.pack(\\\"<IHHIHHIHHIHHIHHI\\\", 2, 1, 6, 4294967295, 2, 6, 33, "                   \
	"4, 0, 4294967295, 16, 4, 4294967295, 32, 0, 4294967295))"
#define FILES                                                                                      \
	"chmod 755 d; $R run -v $T/d:/mnt / sh -c 'cd /mnt; for o in 0 33 1000; do for m in 000 "  \
	"400 200 640 604 077 707 755 111 4755; do f=f$o-$m; echo 1 > $f; chown $o:$o $f; "         \
	"chmod $m $f; done; done; mkdir closed && echo 1 > closed/f && chmod 644 closed/f && "     \
	"chmod 700 closed; mkdir g && chown 33:0 g && chmod 050 g; echo 1 > facl; chmod 640 "      \
	"facl; /usr/bin/python3 -c \"" ACL "\"' || exit 97\n"

/* What the process in the container can do with each, and what it sees as owner. */
#define TRY                                                                                        \
	"cd /mnt; for f in f* closed/f g; do r=0; w=0; x=0; test -r $f && r=1; test -w $f && "     \
	"w=1; "                                                                                    \
	"test -x $f && x=1; echo $f $r $w $x $(stat -c %u $f 2>/dev/null || echo -1); done"

static void compare_access(struct json_object *row, const char *name, int allowed[3],
			   long long owner)
{
	static const char *const kinds[] = {"read", "write", "execute"};

	for (int k = 0; k < 3; k++) {
		char pointer[64];

		snprintf(pointer, sizeof(pointer), "/access/%s/allowed", kinds[k]);
		if (json_object_get_boolean(at(row, pointer)) != allowed[k])
			fail_msg("%s, %s: explain says %s, the kernel %d: %s", name, kinds[k],
				 text_at(row, pointer), allowed[k],
				 json_object_to_json_string(row));
	}
	if (owner < 0) /* it may not even look */
		return;
	if (owner == 65534)
		assert_string_equal(text_at(row, "/owner/inside"), "null");
	else
		assert_int_equal(number_at(row, "/owner/inside"), owner);
}

/* Compare each line of `tries` with the row of that file which `wanted` names: ours, or the one of
 * the container. */
static size_t compare_tries(const char *tries, bool yours)
{
	AUTO_FREE char *all = strdup(tries);
	size_t compared = 0;

	for (char *line = strtok(all, "\n"); line; line = strtok(NULL, "\n")) {
		char name[64], file[96];
		int allowed[3];
		long long owner;
		struct json_object *root, *list;
		bool found = false;

		if (sscanf(line, "%63s %d %d %d %lld", name, &allowed[0], &allowed[1], &allowed[2],
			   &owner) != 5)
			continue;
		snprintf(file, sizeof(file), "json/%s", name);
		for (char *c = file + 5; *c; c++)
			if (*c == '/')
				*c = '_';
		root = load(file);
		list = at(root, "/user_namespaces");
		for (size_t i = 0; i < json_object_array_length(list); i++) {
			struct json_object *row = json_object_array_get_idx(list, i);

			if (json_object_get_boolean(at(row, "/yours")) != yours ||
			    (!yours && number_at(row, "/inode") != atoll(said("userns"))))
				continue;
			found = true;
			compare_access(row, name, allowed, yours ? -1 : owner);
		}
		if (!found)
			fail_msg("%s: no row for the container", name);
		json_object_put(root);
		compared++;
	}
	return compared;
}

#define EXPLAIN_ALL                                                                                \
	"stat -Lc %i /proc/$p/ns/user > userns; mkdir json\n"                                      \
	"(cd d; for f in f* closed/f g; do $R explain $who --format=json ./$f > "                  \
	"../json/${f/\\//_} "                                                                      \
	"2>>../failures || echo $f; done) || exit 96\n"

static void check_files(const char *options)
{
	const struct result *r =
		scene(options, "",
		      FILES "begin \"$options\" '" TRY "; echo ready; exec sleep 60'\n" EXPLAIN_ALL
			    "finish; cat said");

	expect_status(r, 0);
	assert_int_equal(compare_tries(r->out, false), 33);
}

static void file__verdicts_hold_for_the_mapped_root(void **state)
{
	check_files("-v $T/d:/mnt");
}

static void file__verdicts_hold_where_owners_are_not_mapped(void **state)
{
	check_files("--userns single -v $T/d:/mnt");
}

static void file__verdicts_hold_for_the_kept_id(void **state)
{
	check_files("--userns keep-id -v $T/d:/mnt");
}

static void file__verdicts_hold_without_capabilities(void **state)
{
	check_files("--cap-drop ALL -v $T/d:/mnt");
}

static void file__verdicts_hold_for_another_user(void **state)
{
	check_files("-u 33 -v $T/d:/mnt");
}

static void file__verdicts_hold_on_a_read_only_volume(void **state)
{
	check_files("-v $T/d:/mnt:ro");
}

/* The user that is asked for is none that lives there: setpriv tries it. */
static void file__verdicts_hold_for_the_user_asked_for(void **state)
{
	const struct result *r;

	need_program("setpriv");
	r = scene("-v $T/d:/mnt", "--user 33",
		  FILES
		  "cat > d/try <<'END'\n" TRY
		  "\nEND\nbegin \"$options\" 'setpriv --reuid 33 --regid 33 --clear-groups sh "
		  "/mnt/try; echo ready; exec sleep 60'\n" EXPLAIN_ALL "finish; cat said");
	expect_status(r, 0);
	assert_int_equal(compare_tries(r->out, false), 33);
}

static void file__verdicts_hold_for_ourselves(void **state)
{
	const struct result *r =
		scene("", "",
		      FILES "cat > try <<'END'\n" TRY
			    "\nEND\nsed -i \"s,/mnt,$T/d,\" try; p=$$\n" EXPLAIN_ALL "sh try");

	expect_status(r, 0);
	assert_int_equal(compare_tries(r->out, true), 33);
}

static void file__names_the_rule(void **state)
{
	static const struct {
		const char *file, *pointer, *value;
	} rows[] = {
		{"f0-000", "/access/read/rule", "\"cap-dac-override\""},
		{"f0-000", "/access/execute/rule", "\"no-execute-bit\""},
		{"f0-640", "/access/read/rule", "\"owner-bits\""},
		{"f33-604", "/access/read/rule", "\"other-bits\""},
		{"f33-4755", "/setuid", "\"nosuid\""},
		{"f33-755", "/path", "\"/mnt/f33-755\""},
		{"f33-755", "/owner/inside", "33"},
		{"facl", "/acl", "true"},
	};

	expect_status(shell(SCENE FILES "begin \"-v $T/d:/mnt\" 'echo ready; exec sleep 60'\n"
					"stat -Lc %i /proc/$p/ns/user > userns; mkdir json; cd d\n"
					"for f in f*; do $R explain --format=json ./$f > "
					"../json/$f; done; finish"),
		      0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char name[64];
		struct json_object *root, *list;

		snprintf(name, sizeof(name), "json/%s", rows[i].file);
		root = load(name);
		list = at(root, "/user_namespaces");
		for (size_t k = 0; k < json_object_array_length(list); k++) {
			struct json_object *row = json_object_array_get_idx(list, k);

			if (number_at(row, "/inode") == atoll(said("userns")))
				assert_string_equal(text_at(row, rows[i].pointer), rows[i].value);
		}
		json_object_put(root);
	}
}

/* What is not mounted in the container cannot be seen from there, whatever its bits say. */
static void file__is_not_seen_where_it_is_not_mounted(void **state)
{
	const struct result *r =
		shell(SCENE "echo 1 > d/a; chmod 666 d/a; begin '' 'echo ready; exec sleep 60'\n"
			    "LANG=C.UTF-8 $R explain ./d/a; finish");

	expect_status(r, 0);
	expect_contains(r, "NOT TO BE SEEN FROM");
	expect_contains(r, "not mounted there; its owner would be 0");
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
		test(file__verdicts_hold_for_the_mapped_root),
		test(file__verdicts_hold_where_owners_are_not_mapped),
		test(file__verdicts_hold_for_the_kept_id),
		test(file__verdicts_hold_without_capabilities),
		test(file__verdicts_hold_for_another_user),
		test(file__verdicts_hold_on_a_read_only_volume),
		test(file__verdicts_hold_for_the_user_asked_for),
		test(file__verdicts_hold_for_ourselves),
		test(file__names_the_rule),
		test(file__is_not_seen_where_it_is_not_mounted),
	};

	return harness_main("explain", tests, sizeof(tests) / sizeof(tests[0]));
}
