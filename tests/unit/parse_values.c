/* The small options: environment, limits, namespaces, capabilities, security. */
#include "parse_check.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

/* ---- environment ---- */

static void env_file__reads_lines(void **state)
{
	/* the byte order mark of some editors is no part of the first name */
	static const char text[] = "\xef\xbb\xbf"
				   "A=1\r\n"
				   "# comment\n"
				   "\n"
				   "  B=two words # kept \n"
				   "C\n"
				   "D=\n"
				   "E==x\n"
				   "\t# comment\n"
				   "F=\"quoted\"";
	static const char *const expected[][2] = {
		{"A", "1"},  {"B", "two words # kept "}, {"C", NULL}, {"D", ""},
		{"E", "=x"}, {"F", "\"quoted\""},
	};
	struct spec *spec = new_spec(SPEC_RUN);

	(void)state;
	assert_int_equal(parse_env_file(spec, text, sizeof(text) - 1, "f", NULL), 0);
	assert_int_equal(spec->env_count, 6);
	for (size_t i = 0; i < 6; i++) {
		assert_string_equal(spec->env[i].name, expected[i][0]);
		if (expected[i][1])
			assert_string_equal(spec->env[i].value, expected[i][1]);
		else
			assert_null(spec->env[i].value);
	}
	spec_free(spec);
}

static void env_file__names_the_line(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *id, *message;
	} rows[] = {
		{"A=1\n=2\n", 7, "env-name", "f:2 =2: the variable's name is empty"},
		{"\n\nA B=2", 7, "env-name",
		 "f:3 A B: a variable's name has no blanks and no control characters"},
		{"A=1\nB=\0\n", 8, "env-file", "f:2: contains a NUL byte: this is no text file"},
		{"A*", 2, "env-name", "f:1 A*: patterns are not supported"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct spec *spec = new_spec(SPEC_RUN);
		struct rootlet_error err = {0};

		assert_int_equal(parse_env_file(spec, rows[i].text, rows[i].len, "f", &err),
				 -EINVAL);
		assert_string_equal(err.message, rows[i].message);
		assert_string_equal(err.id, rows[i].id);
		spec_free(spec);
	}
}

static void env__refuses(void **state)
{
	static const struct refusal rows[] = {
		{"env", "", "env-name", "--env \"\": the variable's name is empty", ""},
		{"env", "=x", "env-name", "--env =x: the variable's name is empty", ""},
		{"env", "A B=x", "env-name",
		 "--env A B: a variable's name has no blanks and no control characters", ""},
		{"env", "LC_*", "env-name", "--env LC_*: patterns are not supported",
		 "name each variable, or use --env-host"},
		{"env-file", "/nowhere/x", "env-file",
		 "--env-file /nowhere/x: cannot be read: No such file or directory", ""},
		{"env-file", "/", "env-file", "--env-file /: cannot be read: Is a directory", ""},
		{"env-file", "/dev/zero", "env-file", "--env-file /dev/zero: is longer than 1 MiB",
		 ""},
	};

	(void)state;
	check_refusals(rows);
}

/* ---- limits and numbers ---- */

static void ulimit__reads(void **state)
{
	static const struct {
		const char *text;
		int resource;
		uint64_t soft, hard;
	} rows[] = {
		{"nofile=1024:4096", RLIMIT_NOFILE, 1024, 4096},
		{"core=0", RLIMIT_CORE, 0, 0},
		{"nproc=-1", RLIMIT_NPROC, UINT64_MAX, UINT64_MAX},
		{"stack=8192:unlimited", RLIMIT_STACK, 8192, UINT64_MAX},
		{"memlock=18446744073709551614", RLIMIT_MEMLOCK, UINT64_MAX - 1, UINT64_MAX - 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct spec *spec = new_spec(SPEC_RUN);

		take(spec, "ulimit", rows[i].text);
		assert_int_equal(spec->rlimits[0].resource, rows[i].resource);
		assert_true(spec->rlimits[0].soft == rows[i].soft);
		assert_true(spec->rlimits[0].hard == rows[i].hard);
		assert_memory_equal(spec->rlimits[0].name, rows[i].text,
				    strlen(spec->rlimits[0].name));
		spec_free(spec);
	}
}

#define KNOWN                                                                                      \
	"as, core, cpu, data, fsize, locks, memlock, msgqueue, nice, nofile, nproc, rss, rtprio, " \
	"rttime, "                                                                                 \
	"sigpending, stack"
#define NO_LIMIT "a limit is neither a number, -1 nor unlimited"
#define NO_SIZE	 "not a size: digits, and b, k, m or g after them"

static void limits__refuse(void **state)
{
	static const struct refusal rows[] = {
		{"ulimit", "nofile", "ulimit", "--ulimit nofile: is not NAME=SOFT[:HARD]", ""},
		{"ulimit", "nofiles=5", "ulimit",
		 "--ulimit nofiles=5: \"nofiles\" is no resource limit", "did you mean nofile?"},
		{"ulimit", "=5", "ulimit", "--ulimit =5: \"\" is no resource limit", KNOWN},
		{"ulimit", "core=", "ulimit", "--ulimit core=: " NO_LIMIT, ""},
		{"ulimit", "core=-2", "ulimit", "--ulimit core=-2: " NO_LIMIT, ""},
		{"ulimit", "core=1:", "ulimit", "--ulimit core=1:: " NO_LIMIT, ""},
		{"ulimit", "core=18446744073709551615", "ulimit",
		 "--ulimit core=18446744073709551615: " NO_LIMIT, ""},
		{"ulimit", "core=2:1", "ulimit",
		 "--ulimit core=2:1: the soft limit is above the hard one", ""},
		{"ulimit", "core=-1:1", "ulimit",
		 "--ulimit core=-1:1: the soft limit is above the hard one", ""},
		{"umask", "1000", "umask", "--umask 1000: not an octal number from 0 to 0777", ""},
		{"umask", "08", "umask", "--umask 08: not an octal number from 0 to 0777", ""},
		{"umask", "", "umask", "--umask \"\": not an octal number from 0 to 0777", ""},
		{"timeout", "-1", "option-number",
		 "--timeout -1: not a number of seconds from 0 to 2147483647", ""},
		{"timeout", "5s", "option-number",
		 "--timeout 5s: not a number of seconds from 0 to 2147483647", ""},
		{"preserve-fds", "1001", "option-number",
		 "--preserve-fds 1001: not a number of descriptors from 0 to 1000", ""},
		{"status-fd", "0", "option-number",
		 "--status-fd 0: not a descriptor from 1 to 1048576", ""},
		{"shm-size", "64x", "option-size", "--shm-size 64x: " NO_SIZE, ""},
		{"shm-size", "m", "option-size", "--shm-size m: " NO_SIZE, ""},
		{"shm-size", "50%", "option-size", "--shm-size 50%: " NO_SIZE, ""},
		{"shm-size", "9223372036854775808", "option-size",
		 "--shm-size 9223372036854775808: " NO_SIZE, ""},
		{"shm-size", "8589934592g", "option-size", "--shm-size 8589934592g: " NO_SIZE, ""},
		{"stop-signal", "TERMINATE", "signal",
		 "--stop-signal TERMINATE: is no signal: use a name of signal(7) or a number from "
		 "1 to 64",
		 ""},
		{"stop-signal", "0", "signal",
		 "--stop-signal 0: is no signal: use a name of signal(7) or a number from 1 to 64",
		 ""},
		{"stop-signal", "65", "signal",
		 "--stop-signal 65: is no signal: use a name of signal(7) or a number from 1 to 64",
		 ""},
		{"stop-signal", "RTMIN+31", "signal",
		 "--stop-signal RTMIN+31: is no signal: use a name of signal(7) or a number from 1 "
		 "to 64",
		 ""},
		{"stop-signal", "RTMIN-1", "signal",
		 "--stop-signal RTMIN-1: is no signal: use a name of signal(7) or a number from 1 "
		 "to 64",
		 ""},
	};

	(void)state;
	check_refusals(rows);
}

static void limits__read(void **state)
{
	struct spec *spec = new_spec(SPEC_RUN);
	static const struct {
		const char *text, *size;
	} sizes[] = {{"64M", "64m"}, {"100", "100"}, {"100b", "100"},
		     {"2g", "2g"},   {"0", "0"},     {"7K", "7k"}};
	static const struct {
		const char *text;
		int number;
	} signals[] = {
		{"SIGINT", SIGINT}, {"hup", SIGHUP}, {"9", 9}, {"sigUsr1", SIGUSR1}, {"64", 64}};

	(void)state;
	take(spec, "umask", "0077");
	assert_int_equal(spec->umask, 077);
	take(spec, "umask", "0");
	assert_int_equal(spec->umask, 0);
	take(spec, "preserve-fds", "1000");
	assert_int_equal(spec->preserve_fds, 1000);
	take(spec, "status-fd", "1");
	assert_int_equal(spec->status_fd, 1);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		take(spec, "shm-size", sizes[i].text);
		assert_string_equal(spec->shm_size, sizes[i].size);
	}
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		take(spec, "stop-signal", signals[i].text);
		assert_int_equal(spec->stop_signal, signals[i].number);
	}
	take(spec, "stop-signal", "SIGRTMIN+3"); /* what systemd wants */
	assert_int_equal(spec->stop_signal, SIGRTMIN + 3);
	take(spec, "stop-signal", "rtmax");
	assert_int_equal(spec->stop_signal, SIGRTMAX);
	spec_free(spec);
}

/* ---- namespaces ---- */

static void namespaces__read_modes(void **state)
{
	static const struct {
		const char *option, *value;
		enum ns_type type;
		enum ns_mode mode;
		const char *path;
	} rows[] = {
		{"pid", "private", NS_PID, NS_MODE_PRIVATE, NULL},
		{"ipc", "shareable", NS_IPC, NS_MODE_PRIVATE, NULL},
		{"uts", "host", NS_UTS, NS_MODE_HOST, NULL},
		{"cgroupns", "ns:/proc/5/ns/cgroup", NS_CGROUP, NS_MODE_PATH, "/proc/5/ns/cgroup"},
		{"network", "none", NS_NET, NS_MODE_PRIVATE, NULL},
		{"net", "ns:./net", NS_NET, NS_MODE_PATH, "./net"},
		{"network", "container:web-1", NS_NET, NS_MODE_CONTAINER, "web-1"},
		{"time", "private", NS_TIME, NS_MODE_PRIVATE, NULL},
		{"time", "host", NS_TIME, NS_MODE_HOST, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct spec *spec = new_spec(SPEC_RUN);

		take(spec, rows[i].option, rows[i].value);
		assert_int_equal(spec->namespaces[rows[i].type].mode, rows[i].mode);
		if (rows[i].path)
			assert_string_equal(spec->namespaces[rows[i].type].path, rows[i].path);
		else
			assert_null(spec->namespaces[rows[i].type].path);
		spec_free(spec);
	}
}

#define NO_NETWORK                                                                                 \
	"pasta and named networks are a later step; none (only loopback), host and ns:PATH work"
#define NO_PATH "the namespace's path begins with neither / nor ."
#define NO_OFFSET                                                                                  \
	"not a number of seconds within 4611686018 of 0, with up to nine digits after the point"
#define NO_KEY "the key is none of /proc/sys's"
#define DOTS   "write it with dots: net.ipv4.ip_forward=1"

static void namespaces__refuse(void **state)
{
	static const struct refusal rows[] = {
		{"pid", "", "namespace-mode", "--pid \"\": is no such mode",
		 "use private, host or ns:PATH"},
		{"pid", "none", "namespace-mode", "--pid none: is no such mode",
		 "use private, host or ns:PATH"},
		{"pid", "ns:", "namespace-mode", "--pid ns:: " NO_PATH, ""},
		{"ipc", "ns:x", "namespace-mode", "--ipc ns:x: " NO_PATH, ""},
		{"uts", "container:a/b", "namespace-mode",
		 "--uts container:a/b: names no container", ""},
		{"uts", "container:", "namespace-mode", "--uts container:: names no container", ""},
		{"network", "pasta", "namespace-mode", "--network pasta: is no such mode",
		 NO_NETWORK},
		{"network", "private", "namespace-mode", "--network private: is no such mode",
		 NO_NETWORK},
		{"network", "ns:x", "namespace-mode", "--network ns:x: " NO_PATH, ""},
		{"time", "ns:/x", "namespace-mode", "--time ns:/x: is neither private nor host",
		 ""},
		{"boottime", "", "time-offset", "--boottime \"\": " NO_OFFSET, ""},
		{"boottime", "-", "time-offset", "--boottime -: " NO_OFFSET, ""},
		{"boottime", "1.", "time-offset", "--boottime 1.: " NO_OFFSET, ""},
		{"boottime", ".5", "time-offset", "--boottime .5: " NO_OFFSET, ""},
		{"boottime", "1.0000000001", "time-offset", "--boottime 1.0000000001: " NO_OFFSET,
		 ""},
		{"boottime", "--1", "time-offset", "--boottime --1: " NO_OFFSET, ""},
		{"monotonic", "1h", "time-offset", "--monotonic 1h: " NO_OFFSET, ""},
		{"monotonic", "4611686019", "time-offset", "--monotonic 4611686019: " NO_OFFSET,
		 ""},
		{"sysctl", "net.a", "sysctl", "--sysctl net.a: is not KEY=VALUE", ""},
		{"sysctl", "net.a=", "sysctl", "--sysctl net.a=: the value is empty", ""},
		{"sysctl", "=1", "sysctl", "--sysctl =1: " NO_KEY, DOTS},
		{"sysctl", "net=1", "sysctl", "--sysctl net=1: " NO_KEY, DOTS},
		{"sysctl", "net/a=1", "sysctl", "--sysctl net/a=1: " NO_KEY, DOTS},
		{"sysctl", "net...kernel=1", "sysctl", "--sysctl net...kernel=1: " NO_KEY, DOTS},
		{"sysctl", ".net.a=1", "sysctl", "--sysctl .net.a=1: " NO_KEY, DOTS},
		{"sysctl", "net.a.=1", "sysctl", "--sysctl net.a.=1: " NO_KEY, DOTS},
		{"add-host", "a", "add-host", "--add-host a: is not NAME:IP", ""},
		{"add-host", ":1.2.3.4", "add-host", "--add-host :1.2.3.4: \"\" is no host name",
		 ""},
		{"add-host", "a b:1.2.3.4", "add-host",
		 "--add-host a b:1.2.3.4: \"a b\" is no host name", ""},
		{"add-host", "a:1.2.3", "add-host",
		 "--add-host a:1.2.3: \"1.2.3\" is no IP address", ""},
		{"add-host", "a:", "add-host", "--add-host a:: \"\" is no IP address", ""},
		{"add-host", "a:host-gateway", "add-host",
		 "--add-host a:host-gateway: there is no gateway to the host",
		 "with --network host the host is localhost"},
		{"dns", "none", "dns", "--dns none: is no IP address", ""},
	};

	(void)state;
	check_refusals(rows);
}

static void time_offsets__read(void **state)
{
	static const struct {
		const char *text;
		int64_t secs;
		uint32_t nanosecs;
	} rows[] = {
		{"5", 5, 0},
		{"+5.25", 5, 250000000},
		{"-5", -5, 0},
		{"-1.25", -2, 750000000},
		{"-0.000000001", -1, 999999999},
		{"0.123456789", 0, 123456789},
		{"-0", 0, 0},
		{"4611686018", 4611686018, 0},
		{"-4611686018", -4611686018, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct spec *spec = new_spec(SPEC_RUN);

		take(spec, "monotonic", rows[i].text);
		assert_int_equal(spec->monotonic.set, YES);
		assert_true(spec->monotonic.secs == rows[i].secs);
		assert_int_equal(spec->monotonic.nanosecs, rows[i].nanosecs);
		assert_int_equal(spec->boottime.set, UNSET);
		assert_int_equal(spec->namespaces[NS_TIME].mode, NS_MODE_PRIVATE);
		spec_free(spec);
	}
}

static void namespaces__gather_settings(void **state)
{
	struct spec *spec = new_spec(SPEC_RUN);

	(void)state;
	take(spec, "sysctl", "net.ipv4.ping_group_range=0 5");
	take(spec, "sysctl", "kernel.sem=1=2");
	take(spec, "add-host", "db:fe80::1");
	take(spec, "add-host", "web.example:[::1]");
	take(spec, "add-host", "old:127.0.0.1");
	take(spec, "dns", "9.9.9.9");
	take(spec, "dns", "2620:fe::fe");
	assert_string_equal(spec->sysctls[0].key, "net.ipv4.ping_group_range");
	assert_string_equal(spec->sysctls[0].value, "0 5");
	assert_string_equal(spec->sysctls[1].value, "1=2");
	assert_string_equal(spec->hosts[0].name, "db");
	assert_string_equal(spec->hosts[0].address, "fe80::1");
	assert_string_equal(spec->hosts[1].address, "::1");
	assert_int_equal(spec->host_count, 3);
	assert_int_equal(spec->dns.count, 2);
	assert_string_equal(spec->dns.items[1], "2620:fe::fe");
	spec_free(spec);
}

/* ---- power ---- */

#define BIT(n) ((uint64_t)1 << (n))

static void capabilities__read(void **state)
{
	struct spec *spec = new_spec(SPEC_RUN);

	(void)state;
	take(spec, "cap-add", "chown");
	take(spec, "cap-add", "CAP_NET_ADMIN");
	take(spec, "cap-add", "Cap_Sys_Admin");
	take(spec, "cap-drop", "ALL");
	assert_true(spec->cap_add == (BIT(0) | BIT(12) | BIT(21)));
	assert_true(spec->cap_drop_all);
	assert_false(spec->cap_add_all);
	assert_true(spec->cap_drop == 0);
	take(spec, "cap-drop", "KILL");
	take(spec, "cap-add", "all");
	assert_true(spec->cap_drop == BIT(5));
	assert_true(spec->cap_add_all);
	spec_free(spec);
}

static void security_opt__reads(void **state)
{
	struct spec *spec = new_spec(SPEC_RUN);

	(void)state;
	take(spec, "security-opt", "no-new-privileges=false");
	assert_int_equal(spec->no_new_privileges, NO);
	take(spec, "security-opt", "no-new-privileges");
	assert_int_equal(spec->no_new_privileges, YES);
	take(spec, "security-opt", "no-new-privileges:false");
	assert_int_equal(spec->no_new_privileges, NO);
	take(spec, "security-opt", "no-new-privileges=true");
	assert_int_equal(spec->no_new_privileges, YES);
	take(spec, "security-opt", "seccomp=./p.json");
	assert_int_equal(spec->seccomp, SECCOMP_FILE);
	assert_string_equal(spec->seccomp_path, "./p.json");
	take(spec, "security-opt", "seccomp=unconfined");
	assert_int_equal(spec->seccomp, SECCOMP_UNCONFINED);
	take(spec, "security-opt", "mask=/a:/b/");
	take(spec, "mask", "/c");
	assert_int_equal(spec->masked_paths.count, 3);
	assert_string_equal(spec->masked_paths.items[1], "/b");
	assert_string_equal(spec->masked_paths.items[2], "/c");
	take(spec, "security-opt", "unmask=/proc/acpi");
	take(spec, "security-opt", "unmask=all");
	assert_string_equal(spec->unmasked_paths.items[0], "/proc/acpi");
	assert_string_equal(spec->unmasked_paths.items[1], "ALL");
	take(spec, "security-opt", "landlock");
	assert_true(spec->landlock);
	spec_free(spec);
}

#define CAPS "capabilities(7) lists them: NET_ADMIN, SYS_PTRACE … or ALL"
#define OPTS                                                                                       \
	"no-new-privileges[=false], seccomp=FILE|unconfined, mask=PATH, unmask=PATH|ALL, landlock"

static void power__refuses(void **state)
{
	static const struct refusal rows[] = {
		{"cap-add", "", "capability", "--cap-add \"\": is no capability", CAPS},
		{"cap-add", "CAP_", "capability", "--cap-add CAP_: is no capability", CAPS},
		{"cap-add", "NET_ADMINS", "capability", "--cap-add NET_ADMINS: is no capability",
		 CAPS},
		{"cap-add", "12", "capability", "--cap-add 12: is no capability", CAPS},
		{"cap-drop", "chown,kill", "capability", "--cap-drop chown,kill: is no capability",
		 "repeat the option, one name each: --cap-drop chown --cap-drop …"},
		{"cap-drop", "cap_cap_chown", "capability",
		 "--cap-drop cap_cap_chown: is no capability", CAPS},
		{"security-opt", "", "security-opt", "--security-opt \"\": is no such option",
		 OPTS},
		{"security-opt", "no-new-privs", "security-opt",
		 "--security-opt no-new-privs: is no such option", OPTS},
		{"security-opt", "no-new-privileges=maybe", "security-opt",
		 "--security-opt no-new-privileges=maybe: no-new-privileges is neither true nor "
		 "false",
		 ""},
		{"security-opt", "seccomp=", "security-opt",
		 "--security-opt seccomp=: names no profile", ""},
		{"security-opt", "label=disable", "security-opt",
		 "--security-opt label=disable: is no such option",
		 "rootlet sets no SELinux labels: the command keeps the caller's"},
		{"security-opt", "apparmor=unconfined", "security-opt",
		 "--security-opt apparmor=unconfined: is no such option",
		 "rootlet sets no AppArmor profile: the command keeps the caller's"},
		{"security-opt", "mask=/a::/b", "inside-path",
		 "--security-opt mask=/a::/b: the path inside, \"\", is not absolute", ""},
		{"mask", "/", "inside-path", "--mask /: the whole root cannot be masked", ""},
		{"mask", "/a/../b", "inside-path",
		 "--mask /a/../b: the path inside, /a/../b, contains \"..\"", ""},
		{"entrypoint", "[\"sh\"]", "entrypoint",
		 "--entrypoint [\"sh\"]: a list is not supported",
		 "give the first word here and the others behind ROOT"},
		{"overlay", "upper", "overlay",
		 "--overlay upper: the directory begins with neither / nor .", ""},
		{"color", "yes", "option-choice", "--color yes: is none of auto, always, never",
		 ""},
		{"log-level", "loud", "option-choice",
		 "--log-level loud: is none of error, warn, info, debug", ""},
		{"log-format", "xml", "option-choice", "--log-format xml: is none of text, json",
		 ""},
		{"name", "", "option-empty", "--name \"\": the value is empty", ""},
	};

	(void)state;
	check_refusals(rows);
}

static void messages__stay_one_bounded_line(void **state)
{
	struct spec *spec = new_spec(SPEC_RUN);
	struct rootlet_error err = {0};
	char *text = calloc(1, 100001);

	(void)state;
	memset(text, 'x', 100000);
	text[5] = '\n';
	text[6] = '\033';
	assert_int_equal(apply(spec, "volume", text, &err), -EINVAL);
	assert_null(strpbrk(err.message, "\n\033"));
	assert_int_equal(apply(spec, "umask", text, &err), -EINVAL);
	assert_non_null(strstr(err.message, ": not an octal number from 0 to 0777"));
	free(text);
	spec_free(spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(env_file__reads_lines),
		cmocka_unit_test(env_file__names_the_line),
		cmocka_unit_test(env__refuses),
		cmocka_unit_test(ulimit__reads),
		cmocka_unit_test(limits__refuse),
		cmocka_unit_test(limits__read),
		cmocka_unit_test(namespaces__read_modes),
		cmocka_unit_test(namespaces__refuse),
		cmocka_unit_test(time_offsets__read),
		cmocka_unit_test(namespaces__gather_settings),
		cmocka_unit_test(capabilities__read),
		cmocka_unit_test(security_opt__reads),
		cmocka_unit_test(power__refuses),
		cmocka_unit_test(messages__stay_one_bounded_line),
	};

	return cmocka_run_group_tests_name("values", tests, NULL, NULL);
}
