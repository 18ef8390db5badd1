/* rootlet explain FILE: its verdicts on who may do what are those of the kernel, tried by a process
 * that lives there; and the rule that it names. */
#include "explain_scene.h"

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

	return harness_main("explain_file", tests, sizeof(tests) / sizeof(tests[0]));
}
