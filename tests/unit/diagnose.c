/* What is made of failures: (fixture, step, errno, detail) → id, why and hint, word for word. */
#include "facts_fixture.h"

#include "diagnose/diagnose.h"

#include "diagnose/rules.h"
#include "init/wire.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define PROFILE                                                                                    \
	"install rootlet's profile: sudo cp contrib/apparmor/rootlet /etc/apparmor.d/ && sudo "    \
	"apparmor_parser -r /etc/apparmor.d/rootlet"

/* Changes that turn the healthy fixture into a host with one fault. */
static void limit_user_10(struct facts *f)
{
	f->max_namespaces[NS_USER] = 10;
}

static void limit_net_40000(struct facts *f)
{
	f->max_namespaces[NS_NET] = 40000;
}

static void limit_user_0(struct facts *f)
{
	f->max_namespaces[NS_USER] = 0;
	f->userns_allowed = ANSWER_NO;
}

static void nested(struct facts *f)
{
	f->initial_userns = false;
}

static void switched_off(struct facts *f)
{
	f->userns_allowed = ANSWER_NO;
}

static void apparmor(struct facts *f)
{
	f->apparmor_restricts = ANSWER_YES;
}

static void apparmor_unknown(struct facts *f)
{
	f->apparmor_restricts = ANSWER_UNKNOWN;
}

static void strange_uid(struct facts *f)
{
	f->uid_map.extents[0].count = 1000;
}

static void masked(struct facts *f)
{
	f->proc_visible = ANSWER_NO;
	f->proc_covered = "/proc/kcore";
}

static void masked_in_rootlet(struct facts *f)
{
	masked(f);
	f->container = "rootlet";
}

static void disabled_by_rootlet(struct facts *f)
{
	limit_user_0(f);
	f->container = "rootlet";
}

static void chrooted(struct facts *f)
{
	f->in_chroot = ANSWER_YES;
}

static void files_8(struct facts *f)
{
	f->nofile_soft = 8;
	f->nofile_hard = 1048576;
}

static void files_8_of_20(struct facts *f)
{
	f->nofile_soft = 8;
	f->nofile_hard = 20;
}

static const char *const in_path[] = {"/usr/local/bin/foo", "/usr/bin/foo", "/bin/foo", NULL};
static const char *const one[] = {"/opt/foo", NULL};

static const struct {
	void (*change)(struct facts *f);
	struct step step;
	int error;
	uint32_t detail;
	const char *id, *why, *hint;
} rows[] = {
#define CLONE_STEP                                                                                 \
	{                                                                                          \
		.op = OP_CLONE, .subject = "user pid net", .a.clone = {                            \
			.flags = 0x10000000 | 0x20000000 | 0x40000000                              \
		}                                                                                  \
	}
	{limit_user_10, CLONE_STEP, ENOSPC, 0, "namespace-limit",
	 "the limit of user namespaces is reached (user.max_user_namespaces = 10)",
	 "sudo sysctl user.max_user_namespaces=65536; those in use: `lsns -t user`"},
	{limit_net_40000, CLONE_STEP, ENOSPC, 0, "namespace-limit",
	 "the limit of net namespaces is reached (user.max_net_namespaces = 40000)",
	 "sudo sysctl user.max_net_namespaces=80000; those in use: `lsns -t net`"},
	{NULL, CLONE_STEP, ENOSPC, 0, "namespace-limit",
	 "the limit of user namespaces is reached (user.max_user_namespaces = 62000)",
	 "sudo sysctl user.max_user_namespaces=124000; those in use: `lsns -t user`"},
	{limit_user_0, CLONE_STEP, ENOSPC, 0, "userns-zero",
	 "user namespaces are limited to none (user.max_user_namespaces = 0)",
	 "sudo sysctl user.max_user_namespaces=65536"},
	{nested, CLONE_STEP, ENOSPC, 0, "nesting-limit",
	 "user or pid namespaces are nested too deeply (the kernel allows 32)",
	 "start it from an outer container, or from the host"},
	{NULL, CLONE_STEP, EUSERS, 0, "nesting-limit",
	 "user namespaces are nested too deeply (the kernel allows 32)",
	 "start it from an outer container, or from the host"},
	{switched_off, CLONE_STEP, EPERM, 0, "userns-off",
	 "user namespaces are switched off for ordinary users "
	 "(kernel.unprivileged_userns_clone = 0)",
	 "sudo sysctl kernel.unprivileged_userns_clone=1"},
	{apparmor, CLONE_STEP, EACCES, 0, "apparmor-userns",
	 "AppArmor takes every right away from user namespaces of programs without a profile "
	 "(kernel.apparmor_restrict_unprivileged_userns = 1)",
	 PROFILE},
	{strange_uid, CLONE_STEP, EPERM, 0, "caller-unmapped",
	 "the caller's own id has no place in the user namespace that it is in (user or group "
	 "1000)",
	 "enter that namespace as an id that it maps"},
	{NULL, CLONE_STEP, ENOMEM, 0, "no-memory", "the kernel has no memory for it", ""},

	/* AppArmor may let the clone pass and refuse what follows */
	{apparmor,
	 {.op = OP_LOOPBACK_UP, .subject = "lo"},
	 EPERM,
	 0,
	 "apparmor-userns",
	 "AppArmor takes every right away from user namespaces of programs without a profile "
	 "(kernel.apparmor_restrict_unprivileged_userns = 1)",
	 PROFILE},
	{masked,
	 {.op = OP_PROCFS, .subject = "proc"},
	 EPERM,
	 0,
	 "proc-covered",
	 "/proc/kcore is mounted over here, and the kernel gives no new /proc where a part of the "
	 "old "
	 "one is covered",
	 "sudo umount /proc/kcore; meanwhile `--pid host` works"},
	{masked_in_rootlet,
	 {.op = OP_PROCFS, .subject = "proc"},
	 EPERM,
	 0,
	 "proc-covered",
	 "/proc/kcore is mounted over here, and the kernel gives no new /proc where a part of the "
	 "old "
	 "one is covered",
	 "start the outer container with both --security-opt seccomp=unconfined and "
	 "--security-opt unmask=ALL; meanwhile `--pid host --uts host --network host` works, all "
	 "three together"},
	{NULL,
	 {.op = OP_SYSCTL, .subject = "net.ipv4.ping_group_range"},
	 EROFS,
	 0,
	 "sysctl-read-only",
	 "/proc/sys is mounted read-only here, as in another container",
	 "--pid host, --uts host and --network host together work there; or give the outer "
	 "container both --security-opt seccomp=unconfined and --security-opt unmask=ALL"},
	/* --disable-userns of the outer one: the limit is the cause, whatever refuses first */
	{disabled_by_rootlet, CLONE_STEP, EPERM, 0, "userns-zero",
	 "user namespaces are limited to none (user.max_user_namespaces = 0)",
	 "start the outer container without --disable-userns"},
	{chrooted, CLONE_STEP, EPERM, 0, "chroot",
	 "rootlet runs inside a chroot, where the kernel allows no user namespaces",
	 "enter the directory as a container instead: rootlet run DIRECTORY"},
	{files_8_of_20,
	 {.op = OP_CHANNELS, .subject = ""},
	 EMFILE,
	 0,
	 "file-limit",
	 "too many files are open in this process: it may have 8 (ulimit -n)",
	 "echo 'alice - nofile 4096' | sudo tee -a /etc/security/limits.conf"},
	{files_8,
	 {.op = OP_CHANNELS, .subject = ""},
	 EMFILE,
	 0,
	 "file-limit",
	 "too many files are open in this process: it may have 8 (ulimit -n)",
	 "ulimit -n 4096"},

	{NULL,
	 {.op = OP_WRITE_MAP, .subject = "uid_map", .a.map.text = "0 1000 1\n1 100000 65536\n"},
	 EPERM,
	 0,
	 "map-foreign",
	 "without a helper only one's own id can be mapped, and 100000 is not yours",
	 "use --userns ranges or --userns single"},
	{NULL,
	 {.op = OP_WRITE_MAP, .subject = "gid_map", .a.map = {.gid = true, .text = "0 1000 2\n"}},
	 EPERM,
	 0,
	 "map-foreign",
	 "without a helper only one's own id can be mapped, and 1001 is not yours",
	 "use --userns ranges or --userns single"},
	{NULL,
	 {.op = OP_WRITE_MAP, .subject = "uid_map", .a.map.text = "0 1000 1\n"},
	 EPERM,
	 0,
	 "map-refused",
	 "the kernel refuses this map: an id in it is not mapped where rootlet runs",
	 ""},

	{NULL,
	 {.op = OP_BIND, .subject = "/data"},
	 EROFS,
	 WIRE_DETAIL_MAKE_TARGET,
	 "mount-point-read-only",
	 "the mount point is missing, and the root is read-only",
	 "make it in the root beforehand, or mount a --tmpfs above it"},
	{NULL, /* that the root is read-only is not the reason there */
	 {.op = OP_BIND, .subject = "/sys/x"},
	 EROFS,
	 WIRE_DETAIL_MAKE_TARGET,
	 "mount-point-kernel",
	 "there is no such path, and nothing can be made in /sys: what it shows is the kernel's",
	 "mount it somewhere else"},
	{NULL,
	 {.op = OP_MOUNT, .subject = "/proc/x", .a.fs.type = "tmpfs"},
	 EPERM,
	 WIRE_DETAIL_MAKE_TARGET,
	 "mount-point-kernel",
	 "there is no such path, and nothing can be made in /proc: what it shows is the kernel's",
	 "mount it somewhere else"},
	{NULL,
	 {.op = OP_WORKDIR, .subject = "/etc/passwd"},
	 ENOTDIR,
	 0,
	 "workdir-kind",
	 "it is not a directory",
	 "give -w a directory inside the container"},
	{NULL,
	 {.op = OP_OPEN_PATH, .subject = "./loop", .a.open.path = "./loop"},
	 ELOOP,
	 0,
	 "path-loop",
	 "its symlinks go round in a circle",
	 "`namei ./loop` shows each of them"},
	{NULL,
	 {.op = OP_BIND, .subject = "/data"},
	 ENOSPC,
	 WIRE_DETAIL_ATTACH,
	 "mount-limit",
	 "the limit of mounts in a mount namespace is reached (fs.mount-max)",
	 "sudo sysctl fs.mount-max=200000"},
	{NULL,
	 {.op = OP_MOUNT, .subject = "/x", .a.fs.type = "ext5"},
	 ENODEV,
	 WIRE_DETAIL_CREATE,
	 "filesystem-unknown",
	 "this kernel does not know the file system ext5",
	 "sudo modprobe ext5"},
	{NULL,
	 {.op = OP_MOUNT, .subject = "/sys", .a.fs.type = "sysfs"},
	 EPERM,
	 WIRE_DETAIL_CREATE,
	 "mount-host-network",
	 "a new sysfs needs an own network namespace, and this container uses the host's",
	 "leave --network host away, or bind it: -v /sys:/sys:ro"},
	/* what is not known to hold is not claimed */
	{apparmor_unknown,
	 {.op = OP_ROOT_OVERLAY, .subject = "/"},
	 EPERM,
	 0,
	 "overlay-refused",
	 "this kernel has no overlay file systems in user namespaces (Linux 5.11)",
	 "copy the root, or use it without --overlay"},
	{NULL,
	 {.op = OP_PIVOT_ROOT, .subject = "/"},
	 EINVAL,
	 0,
	 "pivot-initramfs",
	 "the kernel cannot pivot away from an initramfs",
	 "switch_root to a real file system first"},
	{NULL,
	 {.op = OP_LOOKUP_USER, .subject = "bob"},
	 ENOENT,
	 WIRE_DETAIL_NO_USER,
	 "user-unknown",
	 "the root's /etc/passwd has no such user",
	 "give the user by number: -u UID:GID"},
	{NULL,
	 {.op = OP_WORKDIR, .subject = "/w"},
	 ENOENT,
	 0,
	 "workdir-missing",
	 "there is no such directory inside",
	 "make it in the root, mount it with -v, or choose another with -w"},

	{NULL,
	 {.op = OP_EXEC, .subject = "foo", .a.exec.candidates = in_path},
	 ENOENT,
	 0,
	 "command-not-found",
	 "command not found in /usr/local/bin:/usr/bin:/bin",
	 "give its path, or set PATH with -e PATH=…"},
	{NULL,
	 {.op = OP_EXEC_INIT, .subject = "/opt/foo", .a.exec.candidates = one},
	 ENOENT,
	 0,
	 "command-not-found",
	 "there is no such file inside",
	 "check the spelling; what of the host shall be visible in a container is mounted with run "
	 "-v"},
	{NULL, /* a PATH of one directory is searched all the same */
	 {.op = OP_EXEC, .subject = "foo", .a.exec.candidates = one},
	 ENOENT,
	 0,
	 "command-not-found",
	 "command not found in /opt",
	 "give its path, or set PATH with -e PATH=…"},
	{NULL,
	 {.op = OP_EXEC, .subject = "/opt/foo", .a.exec.candidates = one},
	 ENOENT,
	 WIRE_DETAIL_INTERPRETER,
	 "exec-interpreter",
	 "the file is there, but not the interpreter of its first line, or its dynamic loader",
	 "install that in the root; `readelf -l` or `head -1` names it"},
	{NULL,
	 {.op = OP_EXEC, .subject = "/opt/foo", .a.exec.candidates = one},
	 ENOEXEC,
	 0,
	 "exec-format",
	 "it is neither a program for this kind of machine nor a script that begins with #!",
	 "look at it: file /opt/foo"},
	{NULL,
	 {.op = OP_EXEC, .subject = "/opt/foo", .a.exec.candidates = one},
	 EACCES,
	 0,
	 "command-refused",
	 "it may not be executed: no x bit for this user, a directory on the way that it may not "
	 "search, or a noexec mount",
	 "chmod +x it, or look at `findmnt -T` on it"},
};

static void check(size_t row, const struct diagnosis *d, const char *id, const char *why,
		  const char *hint)
{
	if (strcmp(d->id, id) != 0 || strcmp(d->why, why) != 0 || strcmp(d->hint, hint) != 0)
		fail_msg("row %zu:\n  %s\n  %s\n  %s", row, d->id, d->why, d->hint);
}

static void diagnose__step_texts(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct facts *facts = load("debian12");
		struct diagnosis d = {.id = "nothing"};

		if (rows[i].change)
			rows[i].change(facts);
		/* either sign of the errno */
		assert_true(diagnose_step(&rows[i].step, i % 2 ? rows[i].error : -rows[i].error,
					  rows[i].detail, NULL, facts, &d));
		check(i, &d, rows[i].id, rows[i].why, rows[i].hint);
		facts_free(facts);
	}
}

static void diagnose__says_nothing_when_it_knows_nothing(void **state)
{
	struct step step = {.op = OP_UMASK, .subject = ""};
	struct diagnosis d = {.id = "untouched"};
	struct facts *facts = load("debian12");

	assert_false(diagnose_step(&step, EXDEV, 0, NULL, facts, &d));
	assert_string_equal(d.id, "untouched");
	assert_false(diagnose_step(NULL, EPERM, 0, NULL, facts, &d));
	facts_free(facts);
}

/* Without a snapshot the host is asked: the limit named must be the host's. */
static void diagnose__probes_what_is_not_given(void **state)
{
	struct step step = {.op = OP_CLONE, .subject = "", .a.clone.flags = 0x10000000};
	char number[32] = "", expected[128];
	struct diagnosis d;
	FILE *file = fopen("/proc/sys/user/max_user_namespaces", "re");

	if (!file || !fgets(number, sizeof(number), file) || number[0] == '0' ||
	    access("/proc/self/uid_map", R_OK) < 0)
		skip();
	fclose(file);
	number[strcspn(number, "\n")] = '\0';
	assert_true(diagnose_step(&step, ENOSPC, 0, NULL, NULL, &d));
	if (!strcmp(d.id, "nesting-limit"))
		skip(); /* inside a user namespace */
	snprintf(expected, sizeof(expected),
		 "the limit of user namespaces is reached (user.max_user_namespaces = %s)", number);
	assert_string_equal(d.why, expected);
}

static void diagnose__process_limit_is_ours(void **state)
{
	struct step step = {.op = OP_HELPER_MAP, .subject = ""}; /* as of any other */
	struct rlimit limit, low;
	struct diagnosis d;

	assert_int_equal(getrlimit(RLIMIT_NPROC, &limit), 0);
	low = (struct rlimit){.rlim_cur = 77, .rlim_max = limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NPROC, &low), 0);
	assert_true(diagnose_step(&step, EAGAIN, 0, NULL, NULL, &d));
	assert_int_equal(setrlimit(RLIMIT_NPROC, &limit), 0);
	assert_string_equal(d.why, "no more processes: this user may have 77 (ulimit -u), or its "
				   "cgroup has reached pids.max");
}

/* ---- paths ---- */

static void expect_path(struct facts *facts, const char *path, int error, const char *id,
			const char *why, const char *hint)
{
	struct step step = {.op = OP_OPEN_PATH,
			    .why = "asked for",
			    .subject = path,
			    .a.open = {.path = path, .kind = OPEN_ANY}};
	struct diagnosis d = {.id = "nothing"};

	assert_true(diagnose_step(&step, error, 0, NULL, facts, &d));
	check(0, &d, id, why, hint);
}

static void diagnose__names_the_component(void **state)
{
	struct facts *facts = load("debian12");
	char dir[] = "/tmp/rootlet-path-XXXXXX", shut[64], path[128], file[64], why[256], hint[256];

	assert_non_null(mkdtemp(dir));
	chmod(dir, 0755);
	snprintf(shut, sizeof(shut), "%s/shut", dir);
	snprintf(path, sizeof(path), "%s/root/usr", shut);
	snprintf(file, sizeof(file), "%s/file", dir);
	assert_int_equal(mkdir(shut, 0700), 0);
	fclose(fopen(file, "we"));
	facts->uid = geteuid() + 4242; /* neither the owner nor of its group */
	facts->gid = getegid() + 4242;
	facts->group_count = 0;

	snprintf(why, sizeof(why),
		 "%s lets you not through: it belongs to user %u and has mode 0700", shut,
		 geteuid());
	snprintf(hint, sizeof(hint), "chmod o+x %s, or use a path that you may search", shut);
	expect_path(facts, path, EACCES, "path-refused", why, hint);

	facts->uid = geteuid();
	expect_path(facts, path, EACCES, "path-refused",
		    "an access control list or a security module refuses a directory on the way",
		    "`namei -l` on it shows the owners and modes");
	snprintf(why, sizeof(why), "%s/root does not exist", shut);
	snprintf(hint, sizeof(hint), "make it, or check the spelling: ls %s", shut);
	expect_path(facts, path, ENOENT, "path-missing", why, hint);
	expect_path(facts, "./no-such/x", ENOENT, "path-missing", "./no-such does not exist",
		    "make it, or check the spelling: ls .");
	expect_path(facts, "/no-such", ENOENT, "path-missing", "/no-such does not exist",
		    "make it, or check the spelling: ls /");
	snprintf(why, sizeof(why), "%s is not a directory", file);
	snprintf(hint, sizeof(hint), "look at it: ls -ld %s", file);
	expect_path(facts, file, ENOTDIR, "path-not-directory", why, hint);

	unlink(file);
	rmdir(shut);
	rmdir(dir);
	facts_free(facts);
}

/* ---- helpers ---- */

static const char *range_args[] = {"0", "1000", "1", "1", "100000", "65536", NULL};
static const char *foreign_args[] = {"0", "1000", "1", "1", "100000", "65537", NULL};
static const char *own_two_args[] = {"0", "1000", "2", NULL};

#define STATUS(code) ((code) << 8)
#define NNP	     "start it outside of what set the flag (a service with NoNewPrivileges=, or a sandbox)"
#define SINGLE	     "`--userns single` works: one id, so files of other owners show as nobody's"

static void under_no_new_privs(struct facts *f)
{
	f->newuidmap.state = f->newgidmap.state = HELPER_NO_NEW_PRIVS;
}

static void not_setuid(struct facts *f)
{
	f->newgidmap.state = HELPER_NOT_SETUID;
}

static void without_ranges(struct facts *f)
{
	f->subuids.count = f->subgids.count = 0;
}

static const struct {
	void (*change)(struct facts *f);
	bool gid;
	const char *path, **args;
	int status;
	const char *text;
	const char *id, *why, *hint;
} helper_rows[] = {
	{NULL, false, "/bin/sh", foreign_args, STATUS(1),
	 "newuidmap: uid range [1-65538) -> [100000-165537) not allowed\n", "range-not-granted",
	 "user id 165536 is not granted to you in /etc/subuid", "granted are 100000-165535"},
	{NULL, true, "/bin/sh", own_two_args, STATUS(1), NULL, "range-not-granted",
	 "group id 1000 is not granted to you in /etc/subgid", "granted are 100000-165535"},
	{without_ranges, false, "/bin/sh", range_args, STATUS(1), NULL, "range-not-granted",
	 "user id 100000 is not granted to you in /etc/subuid",
	 "sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 alice"},
	{NULL, false, "/bin/sh", range_args, STATUS(1),
	 "newuidmap: uid range [1-65537) -> [100000-165536) not allowed\n", "range-not-granted",
	 "newuidmap does not grant you these ids: uid range [1-65537) -> [100000-165536) not "
	 "allowed",
	 "compare with: grep alice /etc/subuid"},
	{NULL, true, "/bin/sh", range_args, STATUS(1),
	 "newgidmap: Target process 7 is owned by a different user: uid:1000 pw_uid:1000 "
	 "st_uid:1000, "
	 "gid:27 pw_gid:1000 st_gid:27\n",
	 "primary-group",
	 "your group is 27 and passwd says 1000: newgidmap serves only one's primary group",
	 "leave the newgrp or sg that changed it (exit), or use --userns single"},
	{NULL, false, "/bin/sh", range_args, STATUS(1),
	 "newuidmap: Cannot determine your user name.\n", "caller-unnamed",
	 "user 1000 has no name in passwd, and newuidmap grants ids by name",
	 "log in as a user that passwd or the directory service knows, or use --userns single"},
	{NULL, false, "/nowhere/newuidmap", range_args, STATUS(127), NULL, "helper-missing",
	 "/nowhere/newuidmap is not there any more",
	 "reinstall the package uidmap (shadow-utils elsewhere)"},
	{under_no_new_privs, false, "/bin/sh", range_args, STATUS(1),
	 "newuidmap: write to uid_map failed: Operation not permitted\n", "helper-no-new-privs",
	 "rootlet was started under no_new_privs, where newuidmap has no power",
	 NNP "; meanwhile " SINGLE},
	{not_setuid, true, "/bin/sh", range_args, STATUS(1),
	 "newgidmap: write to gid_map failed: Operation not permitted\n", "helper-not-setuid",
	 "/usr/bin/newgidmap is neither setuid root nor has it file capabilities",
	 "sudo chmod u+s /usr/bin/newgidmap; meanwhile " SINGLE},
	{NULL, false, "/bin/sh", range_args, STATUS(1),
	 "newuidmap: write to uid_map failed: Operation not permitted\n", "helper-powerless",
	 "newuidmap may not write the map: write to uid_map failed: Operation not permitted",
	 "`rootlet doctor` checks its privilege; inside another container it may be lost"},
	{NULL, false, "/bin/sh", range_args, STATUS(3), "newuidmap: the moon is full\nmore\n",
	 "helper-failed", "newuidmap ended with status 3: the moon is full",
	 "`rootlet doctor` checks the helpers and the subordinate ids"},
	{NULL, false, "/bin/sh", range_args, SIGKILL, NULL, "helper-failed",
	 "newuidmap ended with signal 9",
	 "`rootlet doctor` checks the helpers and the subordinate ids"},
};

static void diagnose__helper_texts(void **state)
{
	for (size_t i = 0; i < sizeof(helper_rows) / sizeof(helper_rows[0]); i++) {
		struct facts *facts = load("debian12");
		struct step step = {.op = OP_HELPER_MAP,
				    .subject = "uid_map",
				    .a.helper = {.gid = helper_rows[i].gid,
						 .path = helper_rows[i].path,
						 .args = helper_rows[i].args}};
		struct diagnosis d = {.id = "nothing"};

		if (helper_rows[i].change)
			helper_rows[i].change(facts);
		diagnose_helper(&step, helper_rows[i].status, helper_rows[i].text, NULL, facts, &d);
		check(i, &d, helper_rows[i].id, helper_rows[i].why, helper_rows[i].hint);
		facts_free(facts);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(diagnose__step_texts),
		cmocka_unit_test(diagnose__says_nothing_when_it_knows_nothing),
		cmocka_unit_test(diagnose__probes_what_is_not_given),
		cmocka_unit_test(diagnose__process_limit_is_ours),
		cmocka_unit_test(diagnose__names_the_component),
		cmocka_unit_test(diagnose__helper_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
