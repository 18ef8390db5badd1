/* Mounts and namespaces: what is allowed here, and what a user namespace inside makes of it. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A type that no kernel has: ENODEV comes after the permission check. */
static void call_mount(struct verdict *v)
{
	verdict_call_or(v, mount("probe", "/", "rootlet-probe", 0, NULL), ENODEV);
}

/* No mount point: EINVAL comes after the permission check. */
static void call_umount(struct verdict *v)
{
	verdict_call_or(v, umount2("/proc/self/ns", 0), EINVAL);
}

static void call_pivot_root(struct verdict *v)
{
	verdict_call_or(v, syscall(SYS_pivot_root, "/nonexistent/probe", "/nonexistent/probe"),
			ENOENT);
}

static void call_fsopen(struct verdict *v)
{
	verdict_call(v, syscall(SYS_fsopen, "tmpfs", 0U));
}

static void unshare_mount(struct verdict *v)
{
	verdict_call(v, unshare(CLONE_NEWNS));
}

static void unshare_net(struct verdict *v)
{
	verdict_call(v, unshare(CLONE_NEWNET));
}

static void unshare_user(struct verdict *v)
{
	verdict_call(v, unshare(CLONE_NEWUSER));
}

static void clone3_user(struct verdict *v)
{
	struct clone_args args = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	if (pid == 0)
		_exit(0);
	verdict_call(v, pid);
	if (pid > 0)
		waitpid((pid_t)pid, NULL, 0);
}

static void call_setns(struct verdict *v)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		verdict_untried(v, "no /proc/self/ns/net");
	else
		verdict_call(v, setns(fd, CLONE_NEWNET));
}

/* ---- inside a nested user namespace ---- */

/* Root of a user and a mount namespace of our own, with every capability there. */
static bool enter_nested(struct verdict *v, int more)
{
	unsigned uid = (unsigned)geteuid(), gid = (unsigned)getegid();
	char line[64];

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | more) < 0) {
		verdict_set(v, "denied", OPEN_NOT, errno);
		verdict_detail(v, "no nested user namespace");
		return false;
	}
	write_text("/proc/self/setgroups", "deny");
	snprintf(line, sizeof(line), "0 %u 1", uid);
	write_text("/proc/self/uid_map", line);
	snprintf(line, sizeof(line), "0 %u 1", gid);
	write_text("/proc/self/gid_map", line);
	return true;
}

/* Mount points below PREFIX, the latest first, from mountinfo's fifth field. */
static int list_mounts(const char *prefix, char points[][128], int max)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[4096];
	int count = 0;

	while (f && fgets(line, sizeof(line), f) && count < max)
		if (sscanf(line, "%*s %*s %*s %*s %127s", points[count]) == 1 &&
		    strncmp(points[count], prefix, strlen(prefix)) == 0)
			count++;
	if (f)
		fclose(f);
	return count;
}

/* Takes off every mount below /proc and /sys but whole file systems that belong there. Where no
 * mount hides anything there is nothing to take off, and everything to see: the rows for the
 * files tell that. */
static void nested_unmask(struct verdict *v)
{
	static char points[128][128];
	const char *const prefixes[] = {"/proc/", "/sys/"};
	int tried = 0, gone = 0, error = 0;

	if (!enter_nested(v, 0))
		return;
	for (size_t p = 0; p < 2; p++) {
		int count = list_mounts(prefixes[p], points, 128);

		for (int i = count - 1; i >= 0; i--) {
			tried++;
			if (umount2(points[i], MNT_DETACH) == 0)
				verdict_detail(v, "%s%s", gone++ ? " " : "", points[i]);
			else
				error = errno;
		}
	}
	if (tried == 0)
		verdict_untried(v, "no mounts there");
	else
		verdict_set(v, gone ? "allowed" : "denied", gone ? OPEN_FULLY : OPEN_NOT,
			    gone ? 0 : error);
}

/* A fresh /proc would be without masks. The kernel refuses it where the one that is there is
 * covered in part: mount_too_revealing() in fs/namespace.c. */
static void nested_proc(struct verdict *v)
{
	pid_t pid;

	if (!enter_nested(v, CLONE_NEWPID))
		return;
	pid = fork();
	if (pid == 0) {
		verdict_call(v, mount("proc", "/proc", "proc", 0, NULL));
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

/* Read-only, nosuid and the like are locked for whoever came later: mount_namespaces(7). */
static void nested_remount(struct verdict *v)
{
	struct statvfs s;

	if (!enter_nested(v, 0))
		return;
	if (statvfs("/", &s) < 0 || !(s.f_flag & ST_RDONLY)) {
		verdict_untried(v, "/ is writable as it is");
		return;
	}
	verdict_call(v, mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL));
}

/* Whether the root that we came from is still below ours. */
static void old_root(struct verdict *v)
{
	if (!enter_nested(v, 0))
		return;
	if (umount2("/", MNT_DETACH) < 0) {
		verdict_set(v, "denied", OPEN_NOT, errno);
		return;
	}
	verdict_set(v, "allowed", OPEN_FULLY, 0);
}

const struct probe probes_mounting[] = {
	{"mount", call_mount},
	{"umount", call_umount},
	{"pivot_root", call_pivot_root},
	{"fsopen", call_fsopen},
	{"unshare_mount", unshare_mount},
	{"unshare_net", unshare_net},
	{"unshare_user", unshare_user},
	{"clone3_user", clone3_user},
	{"setns", call_setns},
	{"nested_unmask", nested_unmask},
	{"nested_fresh_proc", nested_proc},
	{"nested_remount_rw", nested_remount},
	{"nested_umount_root", old_root},
	{NULL, NULL},
};
