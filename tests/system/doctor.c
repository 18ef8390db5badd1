/* doctor as an ordinary user runs it: its rows against what the kernel really does, its two forms,
 * its command line, and `rootlet help ID`. */
#include "doctor_check.h"

#include <stdio.h>
#include <string.h>

#define JSON "mkdir -pm 700 x; XDG_RUNTIME_DIR=$T/x $R doctor --format=json"

/* A row is green exactly when the same thing works by hand. */
static void doctor__rows_agree_with_the_kernel(void **state)
{
	static const struct {
		const char *row, *by_hand;
	} rows[] = {
		{"user-namespaces", "unshare -U true"},
		{"namespaces", "unshare -Urmpfuinc true"},
		{"time", "test -e /proc/self/ns/time"},
		{"mounts", "unshare -Urm mount -t tmpfs none /mnt"},
		{"proc", "unshare -Urmpf mount -t proc none /proc"},
		{"overlay", "mkdir -p m; unshare -Urm sh -c 'mount -t tmpfs n m && cd m && mkdir "
			    "l u w o && mount -t overlay n -o lowerdir=l,upperdir=u,workdir=w o'"},
		{"maps", "$R unshare --userns ranges true"},
		{"runtime", "true"},
	};
	const struct result *r = shell(JSON);
	json_object *root = doctor_parse(r);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_object *row = doctor_find(root, "rows", rows[i].row);
		bool works = shell(rows[i].by_hand)->status == 0;

		assert_non_null(row);
		if (works != (strcmp(doctor_text(row, "verdict"), "green") == 0))
			fail_msg("%s is %s, and by hand it %s", rows[i].row,
				 doctor_text(row, "verdict"), works ? "works" : "does not work");
	}
	json_object_put(root);
}

static void doctor__changes_nothing(void **state)
{
	struct holdings before = holdings_count(), after;

	expect_out(shell(JSON " >out; echo; ls"), "\nout\nx\n");
	after = holdings_count();
	assert_int_equal(before.mounts, after.mounts);
	assert_int_equal(before.children, after.children);
}

static void doctor__saved_facts_give_the_same_answer(void **state)
{
	expect_out(shell("mkdir -m 700 x; export XDG_RUNTIME_DIR=$T/x; $R doctor --save-facts f "
			 "--format=json >a; $R doctor --facts f --format=json >b; cmp a b && "
			 "$R plan --facts f / id >p && grep -q clone p"),
		   "");
	expect_out(shell("$R doctor --save-facts - | head -c 1"), "{");
}

/* The healthy screen: within 80 columns and 40 lines, and no sign is colour alone. */
static void doctor__fits_a_screen(void **state)
{
	const char *facts = "--facts " SOURCE_ROOT "/tests/golden/facts/surveyed.json";
	char script[512];

	snprintf(script, sizeof(script),
		 "export COLUMNS=80 LC_ALL=C.UTF-8; $R doctor %s >o; wc -l <o; "
		 "wc -L <o; grep -c '✓ ok' o; grep -c $'\\033' o || true",
		 facts);
	expect_out(shell(script), "29\n78\n22\n0\n");
	snprintf(script, sizeof(script),
		 "LC_ALL=C $R doctor --color always %s | tr -d '\\n' | LC_ALL=C tr -d ' -~\\033'",
		 facts);
	expect_out(shell(script), ""); /* ASCII only, whatever the colour */
	expect_out(shell("LC_ALL=C $R doctor --color always | tr -d '\\n' | LC_ALL=C tr -d "
			 "' -~\\033'"),
		   ""); /* and with the problems of this host */
}

static void doctor__problems_have_their_lines(void **state)
{
	const struct result *r = shell("export COLUMNS=80 LC_ALL=C; $R doctor --facts " SOURCE_ROOT
				       "/tests/golden/facts/no-subids.json");

	expect_status(r, 1);
	expect_contains(r, "x broken  subordinate ids");
	expect_contains(r, "\nx broken: subordinate ids\n");
	expect_contains(r, "    checked    grep alice /etc/subuid /etc/subgid\n");
	expect_contains(r, "    mend       sudo usermod --add-subuids ");
	expect_contains(r, "    until then `--userns single` works");
	expect_contains(r, "    more       rootlet help subids-none\n");
	expect_contains(r, "\nTo send to an administrator:\n\nContainers without root");
	expect_status(shell("$R doctor --facts " SOURCE_ROOT
			    "/tests/golden/facts/nested-root.json >/dev/null"),
		      0); /* amber only */
}

static void doctor__mistakes_on_the_line(void **state)
{
	expect_error(rootlet("doctor", "--frmat=json"), 125,
		     "rootlet: --frmat: rootlet doctor has no such option\n"
		     "hint: did you mean --format?\n");
	expect_error(rootlet("doctor", "--state-dir", "/x"), 125, /* it has no state */
		     "rootlet: --state-dir: rootlet doctor has no such option\n"
		     "hint: rootlet help doctor lists them\n");
	expect_error(rootlet("doctor", "--format", "xml"), 125,
		     "rootlet: --format xml: is not text or json\n"
		     "hint: `rootlet help doctor` explains its options\n");
	expect_error(rootlet("doctor", "--facts"), 125,
		     "rootlet: --facts: needs a value, the name of a file\n"
		     "hint: `rootlet help doctor` explains its options\n");
	expect_error_has(rootlet("doctor", "--facts", "none.json"), 125,
			 "rootlet: read facts from none.json: No such file");
	expect_error_has(rootlet("doctor", "--save-facts", "no/such/f"), 125,
			 "rootlet: --save-facts no/such/f: No such file");
}

/* ---- rootlet help ID ---- */

static void help__explains_a_message(void **state)
{
	const struct result *r = rootlet("help", "namespace-limit");

	expect_status(r, 0);
	expect_contains(r, "namespace-limit: a limit of namespaces is reached\n");
	expect_contains(r, "\nWhat happened\n    The kernel would not make one more");
	expect_contains(r, "\nWhy\n");
	expect_contains(r, "\nWhat to do\n");
	expect_status(rootlet("help", "messages"), 0);
	expect_error(rootlet("help", "subids-nome"), 125,
		     "rootlet: help: subids-nome: there is no such command or message\n"
		     "hint: did you mean "
		     "subids-few, subids-none, subids-unreadable?\n");
	expect_error(rootlet("docter"), 125,
		     "rootlet: docter: there is no such command\n"
		     "hint: did you mean `rootlet doctor`?\n");
	expect_error(
		rootlet("images"), 125,
		"rootlet: images: there is no such command\nhint: there are no images yet: ROOT "
		"is a directory, or / for this machine's own files\n");
}

/* The id that a failure carries is one that help knows. */
static void help__knows_the_id_of_a_failure(void **state)
{
	expect_out(shell("id=$($R run --log-format json / /no/such 2>&1 | sed -n "
			 "'s/.*\"id\":\"\\([^\"]*\\)\".*/\\1/p'); echo $id; $R help $id | head -1"),
		   "command-not-found\ncommand-not-found: no such command\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		test(doctor__rows_agree_with_the_kernel),
		test(doctor__changes_nothing),
		test(doctor__saved_facts_give_the_same_answer),
		test(doctor__fits_a_screen),
		test(doctor__problems_have_their_lines),
		test(doctor__mistakes_on_the_line),
		test(help__explains_a_message),
		test(help__knows_the_id_of_a_failure),
	};

	return harness_main("doctor", tests, sizeof(tests) / sizeof(tests[0]));
}
