/* Scenes that root must set: a caller with further groups, other subordinate ranges, helpers
 * without power. Root changes nothing of the machine: each scene has a mount namespace of its own,
 * in which files of /etc and the helpers are covered. The tests run as $ROOTLET_TEST_USER. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OTHER_GROUP = 54321 };

static struct passwd user;
static unsigned long first; /* of the user's subordinate ids */
static char scratch[64];    /* root's, on the host's /tmp */

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(99);
}

/* ---- the scenes ---- */

static void cover(const char *path, const char *with)
{
	if (mount(with, path, NULL, MS_BIND, NULL) < 0)
		die(path);
}

static void write_file(const char *name, const char *text, char *ret_path, size_t size)
{
	FILE *f;

	snprintf(ret_path, size, "%s/%s", scratch, name);
	f = fopen(ret_path, "we");
	if (!f || fputs(text, f) < 0 || fclose(f) != 0 || chmod(ret_path, 0644) < 0)
		die(ret_path);
}

static void grant(const char *text)
{
	char path[128];

	write_file("subids", text, path, sizeof(path));
	cover("/etc/subuid", path);
	cover("/etc/subgid", path);
}

/* One by name and one by number, apart from each other. */
static void two_ranges(void)
{
	char text[256];

	snprintf(text, sizeof(text), "somebody:%lu:10\n%s:%lu:1000\n%u:%lu:500\n", first + 9000,
		 user.pw_name, first, (unsigned)user.pw_uid, first + 5000);
	grant(text);
}

static void no_ranges(void)
{
	grant("somebody:400000:65536\n");
}

/* As on a machine whose helper lost its setuid bit. */
static void powerless_helper(void)
{
	char script[512], path[128];

	snprintf(path, sizeof(path), "%s/newuidmap", scratch);
	snprintf(script, sizeof(script), "cp /usr/bin/newuidmap %s && chmod 755 %s", path, path);
	if (system(script) != 0)
		die("cp newuidmap");
	cover("/usr/bin/newuidmap", path);
}

static void further_group(void)
{
	gid_t groups[] = {user.pw_gid, OTHER_GROUP};
	char path[128];

	write_file("of-the-group", "shared\n", path, sizeof(path));
	if (chown(path, 0, OTHER_GROUP) < 0 || chmod(path, 0640) < 0 || setgroups(2, groups) < 0 ||
	    setresgid(user.pw_gid, user.pw_gid, user.pw_gid) < 0 ||
	    setresuid(user.pw_uid, user.pw_uid, user.pw_uid) < 0)
		die("groups");
}

/* ---- what is expected in them ---- */

static void as_root__two_ranges_are_laid_end_to_end(void **state)
{
	char wanted[256];

	snprintf(wanted, sizeof(wanted), " 0 %u 1\n 1 %lu 1000\n 1001 %lu 500\n",
		 (unsigned)user.pw_uid, first, first + 5000);
	expect_out(shell("$R run / sh -c 'cat /proc/self/uid_map | tr -s \" \"'"), wanted);
	snprintf(wanted, sizeof(wanted), " 0 %lu 1000\n 1000 %lu 1\n 1001 %lu 500\n", first,
		 (unsigned long)user.pw_uid, first + 5000);
	expect_out(shell("$R run --userns keep-id:uid=1000,gid=1000 / sh -c 'cat "
			 "/proc/self/uid_map | tr -s \" \"'"),
		   wanted);
	snprintf(wanted, sizeof(wanted), " 0 %lu 5\n 5 %lu 5\n", first + 995, first + 5000);
	expect_out(shell("$R run --uidmap 0:996:10 / sh -c 'cat /proc/self/uid_map | tr -s \" \"'"),
		   wanted);
}

static void as_root__two_ranges_take_files_of_both(void **state)
{
	expect_out(shell("mkdir d; $R run -v ./d:/mnt / sh -c 'touch /mnt/a /mnt/b; chown 7:7 "
			 "/mnt/a; chown 1200:1200 /mnt/b; "
			 "stat -c %u /mnt/a /mnt/b'; $R unshare rm -r d; ls"),
		   "7\n1200\n");
}

static void as_root__without_ranges_single_is_said_and_used(void **state)
{
	const struct result *r =
		shell("$R run / sh -c 'id -u; cat /proc/self/uid_map | tr -s \" \"'");

	expect_out(r, "0\n 0 $UID 1\n");
	expect_error(r, 0,
		     "rootlet: only your own id is mapped (--userns single): $USER has no range in "
		     "/etc/subuid\n");
}

static void as_root__without_ranges_asking_for_them_is_an_error(void **state)
{
	expect_error(shell("$R run --userns ranges / true"), 125,
		     "rootlet: --userns ranges: $USER has no range in /etc/subuid\n"
		     "hint: an administrator can grant them: sudo usermod --add-subuids "
		     "100000-165535 --add-subgids "
		     "100000-165535 $USER; meanwhile `--userns single` works\n");
}

static void as_root__a_helper_without_power_is_named(void **state)
{
	expect_error_has(shell("$R run --userns ranges / true"), 125,
			 "rootlet: --userns ranges: /usr/bin/newuidmap is not setuid root\n");
	expect_out(shell("$R run / id -u 2>/dev/null"), "0\n");
}

static void as_root__keep_groups_keeps_them(void **state)
{
	char script[256];

	snprintf(script, sizeof(script),
		 "$R run --group-add keep-groups --tmpfs /mnt -v %s/of-the-group:/mnt/f / sh -c "
		 "'id -G; cat /mnt/f'",
		 scratch);
	expect_out(shell(script), "0 65534\nshared\n");
}

static void as_root__groups_are_dropped_otherwise(void **state)
{
	char script[256];

	snprintf(script, sizeof(script),
		 "$R run --tmpfs /mnt -v %s/of-the-group:/mnt/f / sh -c 'id -G; cat /mnt/f "
		 "2>/dev/null || echo no'",
		 scratch);
	expect_out(shell(script), "0\nno\n");
}

struct scene {
	const char *name;
	void (*set)(void);
	struct CMUnitTest tests[2];
};

static const struct scene scenes[] = {
	{"two ranges",
	 two_ranges,
	 {test(as_root__two_ranges_are_laid_end_to_end),
	  test(as_root__two_ranges_take_files_of_both)}},
	{"no ranges",
	 no_ranges,
	 {test(as_root__without_ranges_single_is_said_and_used),
	  test(as_root__without_ranges_asking_for_them_is_an_error)}},
	{"powerless helper", powerless_helper, {test(as_root__a_helper_without_power_is_named)}},
	{"further group",
	 further_group,
	 {test(as_root__keep_groups_keeps_them), test(as_root__groups_are_dropped_otherwise)}},
};

static int play(const struct scene *scene)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		die("unshare");
	scene->set();
	return harness_main(scene->name, scene->tests, scene->tests[1].test_func ? 2 : 1);
}

static void find_user(void)
{
	const char *name = getenv("ROOTLET_TEST_USER");
	struct passwd *pw = name ? getpwnam(name) : NULL;
	char line[256], who[128];
	unsigned long start, count;
	FILE *f = fopen("/etc/subuid", "re");

	if (!pw)
		die("ROOTLET_TEST_USER");
	user = *pw;
	user.pw_name = strdup(pw->pw_name);
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%127[^:]:%lu:%lu", who, &start, &count) == 3 &&
		    strcmp(who, user.pw_name) == 0 && count >= 65536)
			first = start;
	if (f)
		fclose(f);
	if (!first)
		die("/etc/subuid");
}

int main(void)
{
	int failed = 0;

	if (geteuid() != 0 || !getenv("ROOTLET_TEST_USER")) {
		printf("skipped: root must launch this, with ROOTLET_TEST_USER set\n");
		return 77;
	}
	find_user();
	snprintf(scratch, sizeof(scratch), "/tmp/rootlet-as-root-XXXXXX");
	if (!mkdtemp(scratch) || chmod(scratch, 0755) < 0)
		die(scratch);
	for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++) {
		char script[128];
		int status;
		pid_t pid;

		fflush(stdout);
		pid = fork();
		if (pid == 0)
			exit(play(&scenes[i]));
		waitpid(pid, &status, 0);
		failed += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
		snprintf(script, sizeof(script), "rm -rf %s/*", scratch);
		if (system(script) != 0)
			failed++;
	}
	rmdir(scratch);
	return failed ? 1 : 0;
}
