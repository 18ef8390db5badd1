/* Gate 30 of docs/SECURITY.md, the hosts that only root can set up: no subordinate ids, helpers
 * that are missing or have no power, a caller outside the primary group. Root changes nothing of
 * the machine: each scene has a mount namespace of its own. The tests run as $ROOTLET_TEST_USER. */
#include "doctor_check.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OTHER_GROUP = 54321 };

#define JSON "$R doctor --format=json"

static struct passwd user;

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(99);
}

/* ---- the scenes: all in one mount namespace, whose /mnt is a tmpfs for the files needed ---- */

static void run_script(const char *script)
{
	if (system(script) != 0)
		die(script);
}

static void no_ranges(void)
{
	run_script("echo somebody:400000:65536 >/mnt/subids && "
		   "mount --bind /mnt/subids /etc/subuid && mount --bind /mnt/subids /etc/subgid");
}

static void no_helper(void)
{
	run_script("mount --bind /dev/null /usr/bin/newuidmap");
}

static void not_setuid(void)
{
	run_script("cp /usr/bin/newgidmap /mnt/ && chmod 755 /mnt/newgidmap && "
		   "mount --bind /mnt/newgidmap /usr/bin/newgidmap");
}

static void on_nosuid(void)
{
	run_script("mount --bind /usr/bin/newuidmap /usr/bin/newuidmap && "
		   "mount -o remount,bind,nosuid /usr/bin/newuidmap");
}

static void others_write(void)
{
	run_script("cp /usr/bin/newuidmap /mnt/ && chmod 4777 /mnt/newuidmap && "
		   "mount --bind /mnt/newuidmap /usr/bin/newuidmap");
}

/* As newgrp(1) leaves its shell. */
static void other_group(void)
{
	gid_t groups[] = {user.pw_gid, OTHER_GROUP};

	if (setgroups(2, groups) < 0 || setresgid(OTHER_GROUP, OTHER_GROUP, OTHER_GROUP) < 0 ||
	    setresuid(user.pw_uid, user.pw_uid, user.pw_uid) < 0)
		die("groups");
}

/* ---- what is expected in them ---- */

#define RUN "$R run --userns ranges / true"

static void gate_30_no_subordinate_ids(void **state)
{
	const struct result *r = shell(JSON);

	doctor_expect(r, "subids-none", "red", user.pw_name, "sudo usermod --add-subuids ");
	expect_contains(r, "\"letter\": \"Containers without root do not work");
	doctor_expect_run(shell(RUN), 125, "$USER has no range in /etc/subuid",
			  "sudo usermod --add-subuids");
	/* the range that doctor proposes is nobody's: 400000 is, and 100000 is not taken here */
	expect_contains(r, "--add-subuids 100000-165535");
	expect_out(shell("$R run / echo works 2>/dev/null"), "works\n");
}

static void gate_30_a_helper_is_missing(void **state)
{
	doctor_expect(shell(JSON), "helper-missing", "red", "newuidmap is not installed",
		      "install");
	doctor_expect_run(shell(RUN), 125, "newuidmap is not installed", "--userns single");
	expect_out(shell("$R run / echo works 2>/dev/null"), "works\n");
}

static void gate_30_a_helper_is_not_setuid(void **state)
{
	doctor_expect(shell(JSON), "helper-not-setuid", "red", "/usr/bin/newgidmap",
		      "sudo chmod u+s /usr/bin/newgidmap");
	doctor_expect_run(shell(RUN), 125, "newgidmap is not setuid root", "rootlet doctor");
}

static void gate_30_a_helper_on_a_nosuid_mount(void **state)
{
	doctor_expect(shell(JSON), "helper-nosuid", "red", "mounted nosuid", "remount,suid");
	doctor_expect_run(shell(RUN), 125, "newuidmap is on a nosuid mount", "rootlet doctor");
}

static void gate_30_a_helper_that_others_write(void **state)
{
	doctor_expect(shell(JSON), "helper-untrusted", "red", "others may write", "chmod 4755");
	doctor_expect_run(shell(RUN), 125, "not root's alone to write", "rootlet doctor");
}

static void gate_30_outside_the_primary_group(void **state)
{
	char cause[128];

	snprintf(cause, sizeof(cause), "your group is %d and passwd says %u", OTHER_GROUP,
		 (unsigned)user.pw_gid);
	doctor_expect(shell(JSON), "primary-group", "red", cause, "exit");
	doctor_expect_run(shell(RUN), 125, cause, "leave the newgrp");
}

static const struct scene {
	const char *name;
	void (*set)(void);
	struct CMUnitTest tests[1];
} scenes[] = {
	{"no ranges", no_ranges, {test(gate_30_no_subordinate_ids)}},
	{"no helper", no_helper, {test(gate_30_a_helper_is_missing)}},
	{"not setuid", not_setuid, {test(gate_30_a_helper_is_not_setuid)}},
	{"nosuid", on_nosuid, {test(gate_30_a_helper_on_a_nosuid_mount)}},
	{"others write", others_write, {test(gate_30_a_helper_that_others_write)}},
	{"newgrp", other_group, {test(gate_30_outside_the_primary_group)}},
};

static int play(const struct scene *scene)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/mnt", "tmpfs", 0, "mode=755") < 0)
		die("unshare");
	scene->set();
	return harness_main(scene->name, scene->tests, 1);
}

int main(void)
{
	const char *name = getenv("ROOTLET_TEST_USER");
	struct passwd *pw = name ? getpwnam(name) : NULL;
	int failed = 0;

	if (geteuid() != 0 || !pw) {
		printf("skipped: root must launch this, with ROOTLET_TEST_USER set\n");
		return 77;
	}
	user = *pw;
	user.pw_name = strdup(pw->pw_name);
	for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++) {
		int status;
		pid_t pid;

		fflush(stdout);
		pid = fork();
		if (pid == 0)
			exit(play(&scenes[i]));
		waitpid(pid, &status, 0);
		failed += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
	}
	free(user.pw_name);
	return failed ? 1 : 0;
}
