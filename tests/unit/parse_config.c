/* Configuration files and ROOTLET_… variables: see src/parse/config.c. */
#include "parse_check.h"

#define ENVIRON(...) ((const char *const[]){__VA_ARGS__, NULL})

static void config__sets_options_line_by_line(void **state)
{
	struct spec *spec = new_spec(SPEC_RUN);
	struct rootlet_error err = {0};

	(void)state;
	assert_int_equal(parse_config(spec, PARSE_RUN,
				      "# defaults\n"
				      "\n"
				      "network = none\r\n"
				      "  env=A=1 2  \n"
				      "env=B\n"
				      "read-only\n"
				      "init=false\n"
				      "net=host\n"
				      "volume=/a:/b#c",
				      "x.conf", &err),
			 0);
	assert_int_equal(spec->namespaces[NS_NET].mode, NS_MODE_HOST);
	assert_int_equal(spec->env_count, 2);
	assert_string_equal(spec->env[0].value, "1 2");
	assert_true(spec->read_only);
	assert_int_equal(spec->init, NO);
	assert_string_equal(spec->mounts[0].destination, "/b#c");
	assert_string_equal(spec->mounts[0].origin, "x.conf:9: volume /a:/b#c");
	spec_free(spec);
}

static void config__clears_lists_with_an_empty_value(void **state)
{
	struct spec *spec = new_spec(SPEC_RUN);

	(void)state;
	take(spec, "env", "A=1");
	take(spec, "volume", "/a:/a");
	take(spec, "tmpfs", "/t");
	take(spec, "mount", "type=tmpfs,dst=/m");
	take(spec, "cap-add", "CHOWN");
	take(spec, "security-opt", "seccomp=unconfined");
	take(spec, "ulimit", "core=0");
	take(spec, "sysctl", "net.a=1");
	take(spec, "uidmap", "0:0:1");
	take(spec, "group-add", "keep-groups");
	assert_int_equal(parse_config(spec, PARSE_RUN,
				      "env=\nvolume=\ncap-add=\nsecurity-opt=\nulimit= \n"
				      "sysctl=\nuidmap=\ngroup-add=",
				      "x.conf", NULL),
			 0);
	assert_int_equal(spec->env_count, 0);
	assert_int_equal(spec->mount_count, 2);
	assert_string_equal(spec->mounts[0].destination, "/t");
	assert_string_equal(spec->mounts[1].destination, "/m");
	assert_int_equal(spec->cap_add, 0);
	assert_int_equal(spec->seccomp, SECCOMP_DEFAULT);
	assert_int_equal(spec->rlimit_count + spec->sysctl_count + spec->uidmap.count, 0);
	assert_false(spec->keep_groups);
	take(spec, "env", "B=2");
	assert_string_equal(spec->env[0].name, "B");
	assert_int_equal(parse_config(spec, PARSE_RUN, "tmpfs=\nmount=", "x.conf", NULL), 0);
	assert_int_equal(spec->mount_count, 0);
	spec_free(spec);
}

static void config__is_for_all_commands(void **state)
{
	struct spec *spec = new_spec(SPEC_UNSHARE);
	struct rootlet_error err = {0};

	(void)state;
	/* run's own: passed over, also where unshare has a flag of that name */
	assert_int_equal(parse_config(spec, PARSE_UNSHARE,
				      "volume=/a\npid=host\nformat=json\nenv=A=1", "x.conf", &err),
			 0);
	assert_int_equal(spec->mount_count, 0);
	assert_int_equal(spec->namespaces[NS_PID].mode, NS_MODE_UNSET);
	assert_int_equal(spec->env_count, 1);
	spec_free(spec);
}

static void config__names_file_and_line(void **state)
{
	static const struct {
		const char *text, *id, *message, *hint;
	} rows[] = {
		{"\n\numask=9", "umask", "x.conf:3: umask 9: not an octal number from 0 to 0777",
		 ""},
		{"netwrok=none", "config-unknown",
		 "x.conf:1: netwrok: is no option that can have a default",
		 "did you mean network?"},
		{"--network=none", "config-dashes",
		 "x.conf:1: --network: options stand here without their dashes", "write network"},
		{"help", "config-unknown", "x.conf:1: help: is no option that can have a default",
		 ""},
		{"config=/x", "config-unknown",
		 "x.conf:1: config: is no option that can have a default", ""},
		{"=x", "config-unknown", "x.conf:1: : is no option that can have a default", ""},
		{"network", "option-value-missing", "x.conf:1: network: needs a value, MODE", ""},
		{"network=", "namespace-mode", "x.conf:1: network \"\": is no such mode",
		 "pasta and named networks are a later step; none (only loopback), host and "
		 "ns:PATH work"},
		{"rm=perhaps", "option-flag",
		 "x.conf:1: rm perhaps: a flag takes no value but true or false", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct spec *spec = new_spec(SPEC_RUN);
		struct rootlet_error err = {0};

		assert_int_equal(parse_config(spec, PARSE_RUN, rows[i].text, "x.conf", &err),
				 -EINVAL);
		assert_string_equal(err.message, rows[i].message);
		assert_string_equal(err.hint, rows[i].hint);
		assert_string_equal(err.id, rows[i].id);
		spec_free(spec);
	}
}

static void environment__sets_options(void **state)
{
	struct spec *spec = new_spec(SPEC_RUN);
	struct rootlet_error err = {0};

	(void)state;
	assert_int_equal(
		parse_environment(spec, PARSE_RUN,
				  ENVIRON("PATH=/bin", "ROOTLET_READ_ONLY=true",
					  "ROOTLET_CAP_DROP=ALL", "ROOTLET_TEST_FAIL=3",
					  "ROOTLET_UMASK=", "ROOTLETX=1", "ROOTLET_TIMEOUT=9"),
				  &err),
		0);
	assert_true(spec->read_only);
	assert_true(spec->cap_drop_all);
	assert_int_equal(spec->umask, SPEC_ID_UNSET);
	assert_int_equal(spec->timeout_seconds, 9);
	spec_free(spec);
}

static void environment__refuses(void **state)
{
	static const struct {
		const char *entry, *id, *message, *hint;
	} rows[] = {
		{"ROOTLET_PRIVILEGED=true", "environment-weakens",
		 "ROOTLET_PRIVILEGED: an option that weakens the container is not taken from the "
		 "environment",
		 "give --privileged on the command line or in rootlet.conf, and unset the "
		 "variable"},
		{"ROOTLET_VOLUME=/", "environment-weakens",
		 "ROOTLET_VOLUME: an option that weakens the container is not taken from the "
		 "environment",
		 "give --volume on the command line or in rootlet.conf, and unset the variable"},
		{"ROOTLET_NET=host", "environment-weakens",
		 "ROOTLET_NET: an option that weakens the container is not taken from the "
		 "environment",
		 "give --network on the command line or in rootlet.conf, and unset the variable"},
		{"ROOTLET_READ_ONLY=false", "environment-weakens",
		 "ROOTLET_READ_ONLY: an option that weakens the container is not taken from the "
		 "environment",
		 "give --read-only=false on the command line or in rootlet.conf, and unset the "
		 "variable"},
		{"ROOTLET_REDONLY=1", "environment-unknown",
		 "ROOTLET_REDONLY: names no option that can have a default",
		 "did you mean read-only?"},
		{"ROOTLET_=1", "environment-unknown",
		 "ROOTLET_: names no option that can have a default", ""},
		{"ROOTLET_UMASK=8", "umask", "ROOTLET_UMASK 8: not an octal number from 0 to 0777",
		 ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct spec *spec = new_spec(SPEC_RUN);
		struct rootlet_error err = {0};

		assert_int_equal(parse_environment(spec, PARSE_RUN, ENVIRON(rows[i].entry), &err),
				 -EINVAL);
		assert_string_equal(err.message, rows[i].message);
		assert_string_equal(err.hint, rows[i].hint);
		assert_string_equal(err.id, rows[i].id);
		spec_free(spec);
	}
}

/* What takes protection away must carry its mark: a list that a reviewer sees changing. */
static void environment__weakening_options_are_these(void **state)
{
	static const char *const weakening[] = {
		"env-host", "group-add", "preserve-fds", "userns",     "uidmap",       "gidmap",
		"pid",	    "ipc",	 "uts",		 "cgroupns",   "network",      "volume",
		"mount",    "device",	 "cap-add",	 "privileged", "security-opt", "config",
	};
	size_t found = 0;

	(void)state;
	for (size_t i = 0; i < option_row_count; i++)
		found += option_rows[i].weakens;
	assert_int_equal(found, sizeof(weakening) / sizeof(*weakening));
	for (size_t i = 0; i < sizeof(weakening) / sizeof(*weakening); i++)
		assert_true(option_find(weakening[i], PARSE_RUN)->weakens);
	assert_true(option_find("read-only", PARSE_RUN)->guards);
	assert_true(option_find("disable-userns", PARSE_RUN)->guards);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(config__sets_options_line_by_line),
		cmocka_unit_test(config__clears_lists_with_an_empty_value),
		cmocka_unit_test(config__is_for_all_commands),
		cmocka_unit_test(config__names_file_and_line),
		cmocka_unit_test(environment__sets_options),
		cmocka_unit_test(environment__refuses),
		cmocka_unit_test(environment__weakening_options_are_these),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
