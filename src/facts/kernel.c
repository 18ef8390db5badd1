/* What the kernel, and a seccomp filter around us, answer to newer system calls.
 *
 * One call each, with arguments that every kernel which has the call refuses before it does
 * anything. Deciding by version numbers would be wrong in both directions: distributions backport,
 * filters remove.
 */
#include "facts/probe.h"

#include "base/sys.h"

#include <linux/capability.h>
#include <linux/magic.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/statfs.h>

#define MFD_EXEC_FLAG 0x0010u /* MFD_EXEC of linux/memfd.h, since 6.3 */

/* These check their arguments before the caller's rights, so EPERM is a filter's word: docker's of
 * old answered EPERM to what it did not know. */
static enum answer refuses_arguments(int result)
{
	return result == -ENOSYS || result == -EPERM ? ANSWER_NO : ANSWER_YES;
}

/* These want CAP_SYS_ADMIN first: an ordinary caller gets EPERM from the kernel itself. */
static bool known(int result)
{
	return result != -ENOSYS;
}

static enum answer probe_mount_api(void)
{
	const char *none = NULL;
	bool all = refuses_arguments(SYS(open_tree, -1, none, ~0u)) == ANSWER_YES &&
		   refuses_arguments(SYS(fsconfig, -1, ~0u, none, none, 0)) == ANSWER_YES &&
		   known(SYS(move_mount, -1, none, -1, none, ~0u)) &&
		   known(SYS(fsopen, none, ~0u)) && known(SYS(fsmount, -1, ~0u, ~0u));

	return all ? ANSWER_YES : ANSWER_NO;
}

/* vm.memfd_noexec = 2 (Linux 6.3) forbids programs in memory files: EACCES. The flag itself is as
 * old as the setting (EINVAL before), and the name is read last (EFAULT): no file is made. A tenth
 * of what reading the setting costs, and right on the kernels before 6.6, which did not enforce it
 * for this flag. */
static enum answer probe_memfd_exec(void)
{
	int result = SYS(memfd_create, (const char *)NULL, MFD_EXEC_FLAG);

	return result == -EACCES ? ANSWER_NO : refuses_arguments(result);
}

/* PR_CAPBSET_READ refuses what is past the last one: two calls where our headers are as new as the
 * kernel, a third of what reading /proc/sys/kernel/cap_last_cap costs. */
static uint32_t probe_last_cap(void)
{
	uint32_t cap = CAP_LAST_CAP;

	while (cap > 0 && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) < 0)
		cap--;
	while (cap < 63 && prctl(PR_CAPBSET_READ, cap + 1, 0, 0, 0) >= 0)
		cap++;
	return cap;
}

/* Mostly one statfs; the list of file systems is read only where cgroup v1 rules. */
static enum answer probe_cgroup2(void)
{
	struct statfs fs;
	struct probe_text t;
	enum answer answer;

	if (statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC)
		return ANSWER_YES;
	if (statfs("/sys/fs/cgroup/unified", &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC)
		return ANSWER_YES;
	if (probe_read_text("/proc/filesystems", &t) < 0)
		return ANSWER_UNKNOWN;
	answer = strstr(t.text, "\tcgroup2\n") ? ANSWER_YES : ANSWER_NO;
	probe_text_release(&t);
	return answer;
}

/* landlock(7): the version of its interface, instead of a ruleset. */
static uint32_t probe_landlock(void)
{
	int version = SYS(landlock_create_ruleset, (const void *)NULL, (size_t)0, 1U);

	return version > 0 ? (uint32_t)version : 0;
}

/* Enter the UTS namespace that we are in: where setns(2) knows pidfds (Linux 5.8) it asks for
 * CAP_SYS_ADMIN, or does what changes nothing; before, it wants another kind of descriptor. */
void probe_pidfd_setns(struct facts *facts)
{
	int pidfd = SYS(pidfd_open, getpid(), 0);
	int result = pidfd < 0 ? pidfd : SYS(setns, pidfd, CLONE_NEWUTS);

	facts->pidfd_setns = result == 0 || result == -EPERM ? ANSWER_YES : ANSWER_NO;
	if (pidfd >= 0)
		close(pidfd);
}

int probe_kernel(struct facts *facts, bool want_time)
{
	const void *none = NULL;

	facts->clone3 = refuses_arguments(SYS(clone3, none, (size_t)0));
	facts->openat2 = refuses_arguments(SYS(openat2, -1, none, none, (size_t)0));
	/* first > last and unknown flags: closes nothing */
	facts->close_range = refuses_arguments(SYS(close_range, ~0u, 0u, ~0u));
	facts->pidfd_open = refuses_arguments(SYS(pidfd_open, -1, ~0u));
	facts->mount_setattr =
		refuses_arguments(SYS(mount_setattr, -1, none, ~0u, none, (size_t)0));
	facts->mount_api = probe_mount_api();
	facts->memfd_exec = probe_memfd_exec();
	facts->cgroup2 = probe_cgroup2();
	if (want_time)
		facts->time_namespaces =
			access("/proc/self/ns/time", F_OK) == 0 ? ANSWER_YES : ANSWER_NO;
	facts->last_cap = probe_last_cap();
	facts->landlock_abi = probe_landlock();
	facts->no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
	return 0;
}
