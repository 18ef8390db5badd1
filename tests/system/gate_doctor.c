/* Gate 30 of docs/SECURITY.md: hosts that refuse. Each condition that doctor knows is made true in
 * namespaces of the test's own, or given as facts where this host cannot; doctor and run name the
 * cause and the way out. What only root can set up is in gate_doctor_root.c. */
#include "doctor_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <json-c/json_pointer.h>

#define JSON "$R doctor --format=json"

/* A command in a user namespace whose limit is nothing, behind a masked /proc, and with a noexec
 * folder for data. */
#define WITHOUT(kind, command)                                                                     \
	"unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_" kind "_namespaces; " command "'"
#define MASKED(command) "unshare -Urm sh -c 'mount --bind /dev/null /proc/version; " command "'"
#define NOEXEC(command)                                                                            \
	"mkdir -p s; unshare -Urm sh -c 'mount -t tmpfs -o noexec none s; "                        \
	"export XDG_DATA_HOME=$T/s; " command "'"

static void gate_30_user_namespaces_limited_to_none(void **state)
{
	doctor_expect(shell(WITHOUT("user", JSON)), "userns-zero", "red",
		      "user.max_user_namespaces = 0", "sysctl user.max_user_namespaces=65536");
	doctor_expect_run(shell(WITHOUT("user", "$R run / true")), 125,
			  "user namespaces are limited to none",
			  "sysctl user.max_user_namespaces=65536");
}

static void gate_30_a_limit_of_namespaces_is_reached(void **state)
{
	const struct result *r = shell(WITHOUT("net", JSON));

	doctor_expect(r, "namespace-limit", "red", "unshare(CLONE_NEWNET) failed",
		      "user.max_net_namespaces=65536");
	expect_absent(r, "\"userns-refused\"");
	doctor_expect_run(shell(WITHOUT("net", "$R run / true")), 125,
			  "the limit of net namespaces is reached (user.max_net_namespaces = 0)",
			  "sysctl user.max_net_namespaces=65536");
	/* and the way out that doctor names works */
	expect_out(shell(WITHOUT("net", "$R run --network host / echo works")), "works\n");
}

/* In a chroot the kernel refuses without any switch that could be read. */
static void gate_30_user_namespaces_are_refused(void **state)
{
	const struct result *r;

	r = shell("readelf -l $R | grep -q INTERP && exit 77; mkdir -p r && cp $R r/rootlet && "
		  "unshare -Ur chroot r /rootlet doctor --format=json");
	if (r->status == 77)
		skip_because("the command is not static");
	doctor_expect(r, "userns-refused", "red", "unshare(CLONE_NEWUSER) failed", "outside");
}

/* With a /proc in it, mountinfo says that it is one. */
static void gate_30_in_a_chroot(void **state)
{
	static const char script[] =
		"readelf -l $R | grep -q INTERP && exit 77; mkdir -p c/proc && cp $R c/rootlet && "
		"unshare -Urm sh -c 'mount --rbind /proc c/proc && exec chroot c /rootlet %s'";
	char line[512];
	const struct result *r;

	snprintf(line, sizeof(line), script, "doctor --format=json");
	r = shell(line);
	if (r->status == 77)
		skip_because("the command is not static");
	doctor_expect(r, "chroot", "red", "inside a chroot", "rootlet run DIRECTORY");
	snprintf(line, sizeof(line), script, "run / /rootlet version");
	doctor_expect_run(shell(line), 125, "inside a chroot", "rootlet run DIRECTORY");
}

static void gate_30_a_masked_proc(void **state)
{
	doctor_expect(shell(MASKED(JSON)), "proc-covered", "red", "/proc/version is mounted over",
		      "umount /proc/version");
	doctor_expect_run(shell(MASKED("$R run / true")), 125, "/proc/version is mounted over",
			  "umount /proc/version");
	expect_out(shell(MASKED("$R run --pid host / echo works")), "works\n");
}

static void gate_30_under_no_new_privs(void **state)
{
	need_program("setpriv");
	doctor_expect(shell("setpriv --no-new-privs " JSON), "helper-no-new-privs", "red",
		      "newuidmap has no power", "outside of what set the flag");
	doctor_expect_run(shell("setpriv --no-new-privs $R run --userns ranges / true"), 125,
			  "no_new_privs is set", "--userns single");
	/* what works meanwhile, works */
	expect_out(shell("setpriv --no-new-privs $R run --userns single / echo works"), "works\n");
}

static void gate_30_no_runtime_folder(void **state)
{
	const struct result *r;

	doctor_expect(shell("XDG_RUNTIME_DIR=$T/none " JSON), "runtime-missing", "amber",
		      "there is no such folder", "unset XDG_RUNTIME_DIR");
	doctor_expect(shell("XDG_RUNTIME_DIR=run " JSON), "runtime-missing", "amber",
		      "not absolute", "unset XDG_RUNTIME_DIR");
	doctor_expect(shell("mkdir x; chmod 755 x; XDG_RUNTIME_DIR=$T/x " JSON), "runtime-missing",
		      "amber", "others may enter", "chmod 700");
	doctor_expect(shell("mkdir z; chmod 500 z; XDG_RUNTIME_DIR=$T/z " JSON), "runtime-missing",
		      "amber", "you may not write", "unset XDG_RUNTIME_DIR");
	doctor_expect(shell("XDG_RUNTIME_DIR=/etc " JSON), "runtime-missing", "amber",
		      "belongs to somebody else", "unset XDG_RUNTIME_DIR");
	/* run says so, and goes on in a folder of its own */
	r = shell_leaving("XDG_RUNTIME_DIR=$T/none $R run -d --rm / true", 5000);
	expect_status(r, 0);
	if (!strstr(r->err, harness_expand("XDG_RUNTIME_DIR ($T/none) is no directory of yours")))
		fail_msg("%s: %s", r->what, r->err);
	expect_absent(shell("mkdir -m 700 y; XDG_RUNTIME_DIR=$T/y " JSON), "runtime-missing");
}

/* Judged by the soft limit; the line that is named lets a container start. */
static void gate_30_few_open_files(void **state)
{
	const struct result *r;

	doctor_expect(shell("ulimit -Sn 12; " JSON), "file-limit", "red", "only 12 files",
		      "ulimit -n ");
	doctor_expect(shell("ulimit -n 14; " JSON), "file-limit", "red", "only 14 files",
		      "limits.conf");
	doctor_expect(shell("ulimit -Sn 100; " JSON), "nofile-low", "amber", "only 100 files",
		      "ulimit -n ");
	r = shell("ulimit -Sn 8; l=$($R run / true 2>&1 | sed -n 's/^hint: //p'); "
		  "echo \"$l\" | cut -c-10; eval \"$l\" && $R run / echo works");
	expect_out(r, "ulimit -n \nworks\n");
	doctor_expect_run(shell("ulimit -n 8; $R run / true"), 125, "too many files are open",
			  "limits.conf");
}

/* In a user namespace of its own: there nobody else's processes count (Linux 5.14). */
static void gate_30_few_processes(void **state)
{
	doctor_expect(shell("unshare -Ur bash -c 'ulimit -u 1; exec " JSON "'"), "process-limit",
		      "red", "may have 1 (ulimit -u)", "ulimit -u");
	expect_absent(shell("unshare -Ur bash -c 'ulimit -u 1; exec " JSON "'"), "userns-refused");
	/* a sanitizer's leak check makes a thread */
	doctor_expect_run(shell("unshare -Ur bash -c 'ulimit -u 1; ASAN_OPTIONS=detect_leaks=0 "
				"exec $R run / true'"),
			  125, "no more processes: this user may have 1", "ulimit -u");
}

/* rootlet in a default container of rootlet's: one of the three options is not enough, and the
 * message of each step says what is. */
static void gate_30_in_a_container(void **state)
{
#define OUTER	  "$R run -v ${R%/*}:/opt:ro "
#define INNER	  " / /opt/rootlet "
#define MEANWHILE "host --uts host --network host"
	doctor_expect_run(shell(OUTER INNER "run / true"), 125, "is mounted over", MEANWHILE);
	doctor_expect_run(shell(OUTER INNER "run --pid host / true"), 125, "hostname",
			  "--pid host, --uts host and --network host together");
	doctor_expect_run(shell(OUTER INNER "run --pid host --uts host / true"), 125,
			  "/proc/sys is mounted read-only", "--network host together");
	expect_out(shell(OUTER INNER "run --pid " MEANWHILE " / echo works"), "works\n");
	expect_out(shell(OUTER "--security-opt seccomp=unconfined --security-opt unmask=ALL" INNER
			       "run / echo works"),
		   "works\n");
	doctor_expect(shell(OUTER INNER "doctor --format=json"), "proc-covered", "red",
		      "is mounted over", "seccomp=unconfined and --security-opt unmask=ALL");
	doctor_expect(shell(OUTER "--disable-userns" INNER "doctor --format=json"), "userns-zero",
		      "red", "user.max_user_namespaces = 0", "without --disable-userns");
	doctor_expect_run(shell(OUTER "--disable-userns" INNER "run / true"), 125,
			  "user namespaces are limited to none", "without --disable-userns");
}

static void gate_30_a_home_that_is_not_there(void **state)
{
	doctor_expect(shell("HOME=$T/none " JSON), "home-missing", "amber", "/none", "HOME=");
}

static void gate_30_a_noexec_store(void **state)
{
	doctor_expect(shell(NOEXEC(JSON)), "store-noexec", "amber", "mounted noexec",
		      "XDG_DATA_HOME=");
	doctor_expect_run(shell(NOEXEC("mkdir -p s/r; cp /bin/true s/r/; $R run ./s/r /true")), 126,
			  "noexec mount", "findmnt -T");
}

/* The kernel's own answer, against doctor's. */
static void gate_30_cgroup_delegation(void **state)
{
	const struct result *r = shell(
		"m=/sys/fs/cgroup; [ -e $m/cgroup.procs ] || m=$m/unified; "
		"[ -e $m/cgroup.procs ] || exit 77; g=$m$(sed -n s/^0:://p /proc/self/cgroup); "
		"if [ -w $g/cgroup.procs ] && [ -w $g ]; then echo yes; else echo no; fi");
	bool delegated = strcmp(r->out, "yes\n") == 0;

	if (r->status == 77)
		skip_because("there is no cgroup2");
	r = shell(JSON);
	if (delegated)
		expect_absent(r, "cgroup-not-delegated");
	else
		doctor_expect(r, "cgroup-not-delegated", "amber", "somebody else",
			      access("/run/systemd/system", F_OK) ? "ask the administrator"
								  : "Delegate=yes");
}

/* ---- as facts, where this host cannot ---- */

struct change {
	const char *pointer, *value; /* of the healthy snapshot; NULL: the end */
};

#define FAILED(call, error) "{\"worked\":false,\"call\":\"" call "\",\"error\":" error "}"
#define USERNS		    "/trial/results/userns"

static const struct change apparmor[] = {{"/lsm/apparmor_restricts", "true"},
					 {"/trial/results/tmpfs", FAILED("mount(tmpfs)", "13")},
					 {NULL, NULL}};
static const struct change switched_off[] = {{"/lsm/userns_allowed", "false"},
					     {USERNS, FAILED("unshare(CLONE_NEWUSER)", "1")},
					     {NULL, NULL}};
static const struct change not_built[] = {{"/lsm/userns_built", "false"},
					  {USERNS, FAILED("unshare(CLONE_NEWUSER)", "22")},
					  {NULL, NULL}};
static const struct change nfs[] = {{"/places/data/filesystem", "\"nfs\""}, {NULL, NULL}};
static const struct change nfs_runtime[] = {{"/places/runtime/filesystem", "\"nfs\""},
					    {NULL, NULL}};
static const struct change cgroup[] = {
	{"/cgroup/delegated", "false"},
	{"/trial/results/group", FAILED("mkdir(cgroup)", "13")},
	{NULL, NULL},
};

static void write_facts(const char *name, const struct change *c)
{
	json_object *root = json_object_from_file(SOURCE_ROOT "/tests/golden/facts/surveyed.json");
	char path[512];

	assert_non_null(root);
	for (; c->pointer; c++)
		assert_int_equal(json_pointer_set(&root, c->pointer, json_tokener_parse(c->value)),
				 0);
	snprintf(path, sizeof(path), "%s/%s", harness_directory(), name);
	assert_int_equal(json_object_to_file(path, root), 0);
	json_object_put(root);
}

static void gate_30_as_facts(void **state)
{
	static const struct {
		const struct change *changes;
		const char *id, *verdict, *cause, *way_out;
	} rows[] = {
		{apparmor, "apparmor-userns", "red", "kernel.apparmor_restrict_unprivileged_userns",
		 "apparmor_parser -r"},
		{switched_off, "userns-off", "red", "kernel.unprivileged_userns_clone = 0",
		 "sudo sysctl kernel.unprivileged_userns_clone=1"},
		{not_built, "userns-missing", "red", "CONFIG_USER_NS", ""},
		{nfs, "store-remote", "amber", "is on nfs", "XDG_DATA_HOME="},
		{nfs_runtime, "runtime-remote", "amber", "is on nfs", "XDG_RUNTIME_DIR="},
		{cgroup, "cgroup-not-delegated", "amber", "somebody else", "Delegate=yes"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct result *r;

		write_facts("facts.json", rows[i].changes);
		r = shell(JSON " --facts facts.json");
		doctor_expect(r, rows[i].id, rows[i].verdict, rows[i].cause, rows[i].way_out);
		r = rootlet("help", rows[i].id);
		expect_status(r, 0);
		expect_contains(r, "What to do");
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		test(gate_30_user_namespaces_limited_to_none),
		test(gate_30_a_limit_of_namespaces_is_reached),
		test(gate_30_user_namespaces_are_refused),
		test(gate_30_in_a_chroot),
		test(gate_30_a_masked_proc),
		test(gate_30_under_no_new_privs),
		test(gate_30_no_runtime_folder),
		test(gate_30_few_open_files),
		test(gate_30_few_processes),
		test(gate_30_in_a_container),
		test(gate_30_a_home_that_is_not_there),
		test(gate_30_a_noexec_store),
		test(gate_30_cgroup_delegation),
		test(gate_30_as_facts),
	};

	return harness_main("gate_doctor", tests, sizeof(tests) / sizeof(tests[0]));
}
