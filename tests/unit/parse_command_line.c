/* How a command line is cut, and the table behind it: see src/parse/command_line.c. */
#include "parse_check.h"

#include <stdlib.h>
#include <unistd.h>

#define ARGV(...) ((const char *const[]){__VA_ARGS__})
#define LINE(...) (int)(sizeof(ARGV(__VA_ARGS__)) / sizeof(char *)), ARGV(__VA_ARGS__)

static int parse(struct spec *spec, enum parse_command command, int argc, const char *const *argv,
		 struct rootlet_error *err)
{
	return parse_command_line(spec, command, argc, argv, err);
}

static struct spec *good(enum parse_command command, int argc, const char *const *argv)
{
	struct spec *spec = new_spec(command == PARSE_UNSHARE ? SPEC_UNSHARE : SPEC_RUN);
	struct rootlet_error err = {0};

	if (parse(spec, command, argc, argv, &err) != 0)
		fail_msg("refused: %s", err.message);
	return spec;
}

static void bad(enum parse_command command, const char *message, const char *hint, const char *id,
		int argc, const char *const *argv)
{
	struct spec *spec = new_spec(command == PARSE_UNSHARE ? SPEC_UNSHARE : SPEC_RUN);
	struct rootlet_error err = {0};

	if (parse(spec, command, argc, argv, &err) != -EINVAL)
		fail_msg("accepted instead of: %s", message);
	assert_string_equal(err.message, message);
	assert_string_equal(err.hint, hint);
	assert_string_equal(err.id, id);
	spec_free(spec);
}

static void command_line__ends_its_options_at_root(void **state)
{
	struct spec *spec =
		good(PARSE_RUN, LINE("--rm", "./debian", "ls", "-l", "--rm", "--", "-t"));

	(void)state;
	assert_int_equal(spec->root_kind, ROOT_DIRECTORY);
	assert_string_equal(spec->root_path, "./debian");
	assert_true(spec->remove);
	assert_false(spec->tty);
	assert_int_equal(spec->arg_count, 5);
	assert_string_equal(spec->args[0], "ls");
	assert_string_equal(spec->args[4], "-t");
	assert_null(spec->args[5]);
	spec_free(spec);

	spec = good(PARSE_RUN, LINE("--rootfs", "--", "/", "--", "x"));
	assert_int_equal(spec->root_kind, ROOT_HOST);
	assert_int_equal(spec->arg_count, 2);
	assert_string_equal(spec->args[0], "--");
	spec_free(spec);

	spec = good(PARSE_RUN, LINE("--rm"));
	assert_int_equal(spec->root_kind, ROOT_UNSET);
	assert_null(spec->args);
	spec_free(spec);
}

static void command_line__takes_both_forms_of_values(void **state)
{
	struct spec *spec = good(
		PARSE_RUN, LINE("--umask", "077", "--env=A=1=2", "-eB=2", "-e", "C=3", "-e=D=4",
				"-w/x", "--hostname=", "--timeout=5", "--boottime", "-5", "/"));
	static const char *const env[] = {"A", "1=2", "B", "2", "C", "3", "D", "4"};

	(void)state;
	assert_int_equal(spec->umask, 077);
	assert_int_equal(spec->env_count, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_string_equal(spec->env[i].name, env[2 * i]);
		assert_string_equal(spec->env[i].value, env[2 * i + 1]);
	}
	assert_string_equal(spec->cwd, "/x");
	assert_string_equal(spec->hostname, "");
	assert_int_equal(spec->timeout_seconds, 5);
	assert_int_equal(spec->boottime.secs, -5);
	spec_free(spec);
}

static void command_line__takes_clusters_and_switches(void **state)
{
	struct spec *spec = good(PARSE_RUN, LINE("-itd", "/"));

	(void)state;
	assert_true(spec->interactive && spec->tty && spec->detach);
	spec_free(spec);
	spec = good(PARSE_RUN, LINE("-iteA=1", "--read-only", "--read-only=false", "-d=true", "/"));
	assert_true(spec->interactive && spec->tty && spec->detach && !spec->read_only);
	assert_string_equal(spec->env[0].name, "A");
	spec_free(spec);
	spec = good(PARSE_RUN, LINE("--overlay", "./debian"));
	assert_true(spec->overlay);
	assert_null(spec->overlay_dir);
	assert_string_equal(spec->root_path, "./debian");
	spec_free(spec);
	spec = good(PARSE_RUN, LINE("--overlay", "--overlay=false", "./debian"));
	assert_false(spec->overlay);
	spec_free(spec);
	spec = good(PARSE_RUN, LINE("--overlay=./upper", "--no-init", "--net", "host", "./debian"));
	assert_string_equal(spec->overlay_dir, "./upper");
	assert_int_equal(spec->init, NO);
	assert_int_equal(spec->namespaces[NS_NET].mode, NS_MODE_HOST);
	spec_free(spec);
}

static void command_line__tells_roots_apart(void **state)
{
	static const struct {
		const char *root;
		enum root_kind kind;
	} rows[] = {
		{"/", ROOT_HOST},	{"//", ROOT_HOST},	  {"/.", ROOT_HOST},
		{"/./", ROOT_HOST},	{"/..", ROOT_DIRECTORY},  {"/.x", ROOT_DIRECTORY},
		{".", ROOT_DIRECTORY},	{"..", ROOT_DIRECTORY},	  {"./x", ROOT_DIRECTORY},
		{"/x", ROOT_DIRECTORY}, {"//x/", ROOT_DIRECTORY},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct spec *spec = good(PARSE_RUN, LINE(rows[i].root));

		assert_int_equal(spec->root_kind, rows[i].kind);
		assert_string_equal(spec->root_path, rows[i].root);
		spec_free(spec);
	}
	bad(PARSE_RUN, "debian: names an image, and images are not available yet",
	    "a directory begins with / or .: ./debian if that is meant", "image-not-yet",
	    LINE("debian", "bash"));
	bad(PARSE_RUN, "ROOT: is empty", "is a variable of the shell unset?", "no-root",
	    LINE("", "bash"));
	bad(PARSE_RUN, "COMMAND: is empty", "is a variable of the shell unset?", "command-empty",
	    LINE("/", ""));
	bad(PARSE_RUN, "-: is no option and no ROOT", "name a directory that begins with / or .",
	    "option-unknown", LINE("-", "/"));
}

static void command_line__serves_unshare(void **state)
{
	struct spec *spec =
		good(PARSE_UNSHARE, LINE("-Cimnp", "-uT", "-v", "--join", "77", "rm", "-rf", "x"));

	(void)state;
	assert_int_equal(spec->root_kind, ROOT_NONE);
	for (int type = NS_PID; type < NS_COUNT; type++)
		assert_int_equal(spec->namespaces[type].mode, NS_MODE_PRIVATE);
	assert_true(spec->verbose);
	assert_int_equal(spec->join_pid, 77);
	assert_int_equal(spec->arg_count, 3);
	assert_string_equal(spec->args[0], "rm");
	spec_free(spec);
	spec = good(PARSE_UNSHARE, LINE("--", "-x"));
	assert_string_equal(spec->args[0], "-x");
	assert_int_equal(spec->namespaces[NS_UTS].mode, NS_MODE_UNSET);
	spec_free(spec);
	bad(PARSE_UNSHARE, "--join 0: not a process id from 1 to 2147483647", "", "option-number",
	    LINE("--join=0"));
	bad(PARSE_UNSHARE, "--read-only: rootlet unshare has no such option", "rootlet run has one",
	    "option-unknown", LINE("--read-only"));
	bad(PARSE_RUN, "-U: rootlet run has no such option",
	    "nothing is needed: there is always a user namespace", "option-foreign", LINE("-U"));
	spec = good(PARSE_UNSHARE, LINE("-Ur", "--user", "--map-root-user", "true"));
	assert_int_equal(spec->userns, USERNS_UNSET);
	assert_true(spec->map_root);
	spec_free(spec);
	bad(PARSE_UNSHARE,
	    "--user false: there is always a user namespace: nothing else gives the rights", "",
	    "userns-host", LINE("--user=false"));
}

static void command_line__serves_plan(void **state)
{
	struct spec *spec = good(PARSE_PLAN, LINE("--format=json", "--facts", "f.json", "/", "id"));

	(void)state;
	assert_int_equal(spec->format, FORMAT_JSON);
	assert_string_equal(spec->facts_path, "f.json");
	spec_free(spec);
	bad(PARSE_PLAN, "--format xml: is none of text, json, sh", "", "option-choice",
	    LINE("--format=xml", "/"));
	bad(PARSE_RUN, "--facts: rootlet run has no such option", "rootlet plan has one",
	    "option-unknown", LINE("--facts", "x", "/"));
}

static void command_line__says_what_to_use_instead(void **state)
{
	static const char volume[] = "use -v SRC:DST, or -v SRC:DST:ro";

	(void)state;
	bad(PARSE_RUN, "--memroy: rootlet run has no such option", "did you mean --memory?",
	    "option-unknown", LINE("--memroy=1", "/"));
	bad(PARSE_RUN, "--pdi: rootlet run has no such option", "did you mean --pid?",
	    "option-unknown", LINE("--pdi", "host", "/"));
	bad(PARSE_RUN, "--read: rootlet run has no such option", "did you mean --read-only?",
	    "option-unknown", LINE("--read", "/"));
	bad(PARSE_RUN, "--xyzzy: rootlet run has no such option", "rootlet help run lists them",
	    "option-unknown", LINE("--xyzzy", "/"));
	bad(PARSE_RUN, "-k: rootlet run has no such option", "rootlet help run lists them",
	    "option-unknown", LINE("-itk", "/"));
	bad(PARSE_RUN, "--publish: rootlet run has no such option",
	    "named networks and published ports are a later step; --network host uses the host's",
	    "option-foreign", LINE("--publish", "80:80", "/"));
	bad(PARSE_RUN, "-p: rootlet run has no such option",
	    "named networks and published ports are a later step; --network host uses the host's",
	    "option-foreign", LINE("-p", "80:80", "/"));
	bad(PARSE_RUN, "--restart: rootlet run has no such option",
	    "there is no daemon; let systemd restart the command (Restart=)", "option-foreign",
	    LINE("--restart=always", "/"));
	bad(PARSE_RUN, "-B: rootlet run has no such option", volume, "option-foreign",
	    LINE("-B", "/a:/b", "/"));
	bad(PARSE_RUN, "--ro-bind: rootlet run has no such option", "use -v SRC:DST:ro",
	    "option-foreign", LINE("--ro-bind", "/a", "/b", "/"));
	bad(PARSE_RUN, "--fakeroot: rootlet run has no such option",
	    "nothing is needed: the command is root inside by default", "option-foreign",
	    LINE("--fakeroot", "/"));
	bad(PARSE_RUN, "-w ./debian: the working directory inside is not absolute",
	    "a directory as ROOT is writable without any option; -w is the working directory "
	    "inside",
	    "workdir", LINE("-w", "./debian", "bash"));
	bad(PARSE_RUN, "-u ./debian: the user is no name",
	    "-u takes USER[:GROUP] here; a user namespace is always made", "user-form",
	    LINE("-u", "./debian", "bash"));
}

static void command_line__wants_values_where_they_belong(void **state)
{
	(void)state;
	bad(PARSE_RUN, "--volume: needs a value, SRC[:DST[:OPTS]]", "", "option-value-missing",
	    LINE("--volume"));
	bad(PARSE_RUN, "-v: needs a value, SRC[:DST[:OPTS]]", "", "option-value-missing",
	    LINE("-iv"));
	bad(PARSE_RUN, "-h: needs a value, NAME",
	    "it sets the hostname, as podman's does; --help is the help", "option-value-missing",
	    LINE("-h"));
	bad(PARSE_RUN, "--rm maybe: a flag takes no value but true or false", "", "option-flag",
	    LINE("--rm=maybe", "/"));
	bad(PARSE_RUN, "--pidfile \"\": the value is empty", "", "option-empty",
	    LINE("--pidfile=", "/"));
}

static void command_line__stops_at_help(void **state)
{
	struct spec *spec = good(PARSE_RUN, LINE("--rm", "--help", "--nonsense"));

	(void)state;
	assert_true(spec->help);
	spec_free(spec);
	spec = good(PARSE_RUN, LINE("/", "x", "--help"));
	assert_false(spec->help);
	spec_free(spec);
}

static void command_line__finds_its_config_first(void **state)
{
	(void)state;
	assert_string_equal(
		parse_find_value(PARSE_RUN, "config",
				 LINE("-t", "--config", "a", "--config=b", "/", "--config=c")),
		"b");
	assert_null(parse_find_value(PARSE_RUN, "config", LINE("-t", "/", "--config=c")));
	assert_string_equal(parse_find_value(PARSE_RUN, "config", LINE("--config=b", "--nonsense")),
			    "b");
}

static void command_line__lets_env_win_over_env_file(void **state)
{
	char path[] = "/tmp/rootlet-env-XXXXXX";
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "w");
	struct spec *spec;

	(void)state;
	assert_non_null(file);
	fputs("A=file\nB=file\n", file);
	fclose(file);
	spec = good(PARSE_RUN, LINE("-e", "A=line", "--env-file", path, "/"));
	unlink(path);
	assert_int_equal(spec->env_count, 3);
	assert_string_equal(spec->env[0].value, "file");
	assert_string_equal(spec->env[2].name, "A");
	assert_string_equal(spec->env[2].value, "line");
	spec_free(spec);
}

static void options__have_clean_rows(void **state)
{
	(void)state;
	assert_true(option_row_count > 60);
	for (size_t i = 0; i < option_row_count; i++) {
		const struct option_row *row = &option_rows[i];

		assert_true(row->commands);
		assert_non_null(row->set);
		assert_int_equal(row->repeats, row->clear != NULL);
		assert_int_equal(row->metavar != NULL, row->argument != ARGUMENT_NONE);
		assert_true(strlen(row->name) <= 32);
		assert_true(row->help[strlen(row->help) - 1] != '.');
		for (size_t j = 0; j < i; j++) {
			const struct option_row *other = &option_rows[j];

			if (!(row->commands & other->commands))
				continue;
			assert_string_not_equal(row->name, other->name);
			assert_true(!row->letter || row->letter != other->letter);
		}
	}
	assert_null(option_find("volum", PARSE_RUN));
	assert_null(option_find_letter(0, PARSE_RUN));
	assert_ptr_equal(option_find("net", PARSE_RUN), option_find("network", PARSE_RUN));
	assert_int_equal(option_find("net", PARSE_UNSHARE)->letter, 'n');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(command_line__ends_its_options_at_root),
		cmocka_unit_test(command_line__takes_both_forms_of_values),
		cmocka_unit_test(command_line__takes_clusters_and_switches),
		cmocka_unit_test(command_line__tells_roots_apart),
		cmocka_unit_test(command_line__serves_unshare),
		cmocka_unit_test(command_line__serves_plan),
		cmocka_unit_test(command_line__says_what_to_use_instead),
		cmocka_unit_test(command_line__wants_values_where_they_belong),
		cmocka_unit_test(command_line__stops_at_help),
		cmocka_unit_test(command_line__finds_its_config_first),
		cmocka_unit_test(command_line__lets_env_win_over_env_file),
		cmocka_unit_test(options__have_clean_rows),
	};

	return cmocka_run_group_tests_name("command_line", tests, NULL, NULL);
}
