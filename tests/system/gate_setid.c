/* Gate 23 of docs/SECURITY.md: a rootlet that is setuid, setgid or carries file capabilities exits
 * at once. Launched by root, which makes such a copy of another user's and then goes down to the
 * user. */
#include "gate.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static char folder[] = "/var/tmp/rootlet-gate-XXXXXX";

static void run_as_root(const char *const *argv)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0) {
		fprintf(stderr, "%s %s: failed\n", argv[0], argv[1]);
		exit(99);
	}
}

/* A copy with this owner and mode, in `folder`. */
static void copy(const char *from, const char *name, uid_t owner, mode_t mode)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	run_as_root((const char *[]){"cp", from, path, NULL});
	if (chown(path, owner, owner) < 0 || chmod(path, mode) < 0) {
		perror(path);
		exit(99);
	}
}

/* struct vfs_cap_data of linux/capability.h, revision 2: CAP_SETUID, permitted and effective. */
static void give_capability(const char *name)
{
	static const unsigned char data[20] = {0x01, 0, 0, 0x02, 0x80};
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (setxattr(path, "security.capability", data, sizeof(data), 0) < 0) {
		perror(path);
		exit(99);
	}
}

static void expect_refused(const char *name)
{
	char script[1024];

	/* whatever is asked of it, and before it reads any file of the caller's choice */
	snprintf(script, sizeof(script),
		 "for words in 'run / id' 'plan /' 'unshare id' --version help ''; do "
		 "%s/%s $words 2>>err; [ $? = 125 ] || echo $words: $?; done; sort -u err",
		 folder, name);
	expect_out(gate(script), "hint: chmod u-s,g-s FILE; setcap -r FILE\n"
				 "rootlet: rootlet: this file is setuid, setgid or has file "
				 "capabilities, and must not be\n");
}

static void gate_23_a_setuid_copy_exits_at_once(void **state)
{
	expect_refused("setuid-root");
	expect_refused("setuid-other");
}

static void gate_23_a_setgid_copy_exits_at_once(void **state)
{
	expect_refused("setgid");
}

static void gate_23_a_copy_with_file_capabilities_exits_at_once(void **state)
{
	expect_refused("capable");
}

static void gate_23_a_plain_copy_works(void **state)
{
	char script[256];

	snprintf(script, sizeof(script), "%s/plain run / echo works", folder);
	expect_out(gate(script), "works\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		test(gate_23_a_setuid_copy_exits_at_once),
		test(gate_23_a_setgid_copy_exits_at_once),
		test(gate_23_a_copy_with_file_capabilities_exits_at_once),
		test(gate_23_a_plain_copy_works),
	};
	const char *from = getenv("ROOTLET");
	struct statvfs fs;
	pid_t pid;
	int status = 0;

	if (getuid() != 0 || !getenv("ROOTLET_TEST_USER")) {
		printf("skipped: root must launch this, with ROOTLET_TEST_USER\n");
		return 77;
	}
	if (!from || !mkdtemp(folder) || chmod(folder, 0755) < 0 || statvfs(folder, &fs) < 0)
		return 99;
	if (fs.f_flag & ST_NOSUID) {
		rmdir(folder);
		printf("skipped: /var/tmp is a nosuid mount\n");
		return 77;
	}
	copy(from, "plain", 0, 0755);
	copy(from, "setuid-root", 0, 04755);
	copy(from, "setuid-other", 65534, 04755);
	copy(from, "setgid", 0, 02755);
	copy(from, "capable", 0, 0755);
	give_capability("capable");
	pid = fork(); /* harness_main goes down to the user for good; the copies are root's to
			 remove */
	if (pid == 0)
		_exit(harness_main("gate_setid", tests, sizeof(tests) / sizeof(tests[0])));
	waitpid(pid, &status, 0);
	run_as_root((const char *[]){"rm", "-rf", folder, NULL});
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
