/* What the disposable child does: it makes every namespace, mounts, filters, each call by itself,
 * and notes what the kernel said. Its namespaces end with it, so nothing lasts. Raw calls only: the
 * process that was forked may have had threads. Who starts it and reads the notes: try.c. */
#include "facts/probe.h"

#include "base/sys.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define MFD_EXEC_FLAG 0x0010u
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
enum { JOIN_SESSION_KEYRING = 1 }; /* KEYCTL_JOIN_SESSION_KEYRING of linux/keyctl.h */

enum call {
	CALL_NONE,
	CALL_UNSHARE_USER,
	CALL_SETGROUPS,
	CALL_UID_MAP,
	CALL_GID_MAP,
	CALL_UNSHARE_MNT,
	CALL_PRIVATE,
	CALL_UNSHARE_PID,
	CALL_FORK,
	CALL_UNSHARE_UTS,
	CALL_SETHOSTNAME,
	CALL_UNSHARE_IPC,
	CALL_UNSHARE_NET,
	CALL_UNSHARE_CGROUP,
	CALL_UNSHARE_TIME,
	CALL_TIMENS_OFFSETS,
	CALL_MOUNT_TMPFS,
	CALL_MOUNT_PROC,
	CALL_MOUNT_DEVPTS,
	CALL_MKDIR,
	CALL_MOUNT_OVERLAY,
	CALL_SOCKET,
	CALL_IFF_UP,
	CALL_MEMFD_CREATE,
	CALL_EXECVEAT,
	CALL_NO_NEW_PRIVS,
	CALL_RULESET,
	CALL_RESTRICT_SELF,
	CALL_SECCOMP,
	CALL_KEYCTL,
};

static const char *const trial_calls[] = {
	[CALL_NONE] = "",
	[CALL_UNSHARE_USER] = "unshare(CLONE_NEWUSER)",
	[CALL_SETGROUPS] = "write(/proc/self/setgroups)",
	[CALL_UID_MAP] = "write(/proc/self/uid_map)",
	[CALL_GID_MAP] = "write(/proc/self/gid_map)",
	[CALL_UNSHARE_MNT] = "unshare(CLONE_NEWNS)",
	[CALL_PRIVATE] = "mount(/, MS_REC|MS_PRIVATE)",
	[CALL_UNSHARE_PID] = "unshare(CLONE_NEWPID)",
	[CALL_FORK] = "fork()",
	[CALL_UNSHARE_UTS] = "unshare(CLONE_NEWUTS)",
	[CALL_SETHOSTNAME] = "sethostname()",
	[CALL_UNSHARE_IPC] = "unshare(CLONE_NEWIPC)",
	[CALL_UNSHARE_NET] = "unshare(CLONE_NEWNET)",
	[CALL_UNSHARE_CGROUP] = "unshare(CLONE_NEWCGROUP)",
	[CALL_UNSHARE_TIME] = "unshare(CLONE_NEWTIME)",
	[CALL_TIMENS_OFFSETS] = "write(/proc/self/timens_offsets)",
	[CALL_MOUNT_TMPFS] = "mount(tmpfs)",
	[CALL_MOUNT_PROC] = "mount(proc)",
	[CALL_MOUNT_DEVPTS] = "mount(devpts)",
	[CALL_MKDIR] = "mkdir()",
	[CALL_MOUNT_OVERLAY] = "mount(overlay)",
	[CALL_SOCKET] = "socket(AF_INET)",
	[CALL_IFF_UP] = "ioctl(SIOCSIFFLAGS, lo)",
	[CALL_MEMFD_CREATE] = "memfd_create()",
	[CALL_EXECVEAT] = "execveat(memfd)",
	[CALL_NO_NEW_PRIVS] = "prctl(PR_SET_NO_NEW_PRIVS)",
	[CALL_RULESET] = "landlock_create_ruleset()",
	[CALL_RESTRICT_SELF] = "landlock_restrict_self()",
	[CALL_SECCOMP] = "prctl(PR_SET_SECCOMP)",
	[CALL_KEYCTL] = "keyctl(KEYCTL_JOIN_SESSION_KEYRING)",
};

const char *trial_call_name(uint32_t call)
{
	return call < sizeof(trial_calls) / sizeof(trial_calls[0]) ? trial_calls[call] : "";
}

/* ---- notes ---- */

struct child {
	volatile struct trial_note *notes;
	enum trial trial; /* the one under way */
};

/* Notes a failed call and says whether it failed. The first one of a trial counts. */
static bool failed(struct child *c, enum call call, int result)
{
	if (result >= 0)
		return false;
	c->notes[c->trial].worked = ANSWER_NO;
	c->notes[c->trial].error = -result;
	c->notes[c->trial].call = call;
	return true;
}

static void worked(struct child *c)
{
	c->notes[c->trial].worked = ANSWER_YES;
}

static bool has_worked(const struct child *c, enum trial trial)
{
	return c->notes[trial].worked == ANSWER_YES;
}

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), r;

	if (fd < 0)
		return -errno;
	r = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return r;
}

static int result_of(int r)
{
	return r < 0 ? -errno : r;
}

/* In a process of its own, since what it does cannot be undone. Its notes are in shared memory. */
static void apart(struct child *c, void (*f)(struct child *c))
{
	pid_t pid = (pid_t)SYS(clone, SIGCHLD, 0, 0, 0, 0);

	if (pid == 0) {
		f(c);
		_exit(0);
	}
	if (!failed(c, CALL_FORK, pid))
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
}

/* ---- the trials ---- */

static void one_line_map(char line[32], uint32_t id)
{
	char digits[12];
	size_t n = sizeof(digits), used = 2;

	do
		digits[--n] = (char)('0' + id % 10);
	while (id /= 10);
	memcpy(line, "0 ", 2);
	memcpy(line + used, digits + n, sizeof(digits) - n);
	used += sizeof(digits) - n;
	memcpy(line + used, " 1\n", 4);
}

static void try_single_map(struct child *c, uint32_t uid, uint32_t gid)
{
	char line[32];

	c->trial = TRIAL_SINGLE_MAP;
	if (failed(c, CALL_SETGROUPS, write_text("/proc/self/setgroups", "deny")))
		return;
	one_line_map(line, uid);
	if (failed(c, CALL_UID_MAP, write_text("/proc/self/uid_map", line)))
		return;
	one_line_map(line, gid);
	if (!failed(c, CALL_GID_MAP, write_text("/proc/self/gid_map", line)))
		worked(c);
}

static void try_namespaces(struct child *c)
{
	static const struct {
		enum trial trial;
		enum call call;
		int flag;
	} rows[] = {
		{TRIAL_MNT, CALL_UNSHARE_MNT, CLONE_NEWNS},
		{TRIAL_PID, CALL_UNSHARE_PID, CLONE_NEWPID},
		{TRIAL_UTS, CALL_UNSHARE_UTS, CLONE_NEWUTS},
		{TRIAL_IPC, CALL_UNSHARE_IPC, CLONE_NEWIPC},
		{TRIAL_NET, CALL_UNSHARE_NET, CLONE_NEWNET},
		{TRIAL_CGROUP, CALL_UNSHARE_CGROUP, CLONE_NEWCGROUP},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		c->trial = rows[i].trial;
		if (!failed(c, rows[i].call, SYS(unshare, rows[i].flag)))
			worked(c);
	}
	/* AppArmor lets the namespaces be made and then refuses to use them. */
	c->trial = TRIAL_UTS;
	if (has_worked(c, TRIAL_UTS))
		failed(c, CALL_SETHOSTNAME, SYS(sethostname, "rootlet-trial", (size_t)13));
	c->trial = TRIAL_MNT;
	if (has_worked(c, TRIAL_MNT))
		failed(c, CALL_PRIVATE,
		       result_of(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)));
}

static void try_time(struct child *c)
{
	c->trial = TRIAL_TIME;
	if (!failed(c, CALL_UNSHARE_TIME, SYS(unshare, CLONE_NEWTIME)) &&
	    !failed(c, CALL_TIMENS_OFFSETS,
		    write_text("/proc/self/timens_offsets", "boottime 1 0\n")))
		worked(c);
}

static void try_loopback(struct child *c)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	c->trial = TRIAL_LOOPBACK;
	if (!failed(c, CALL_SOCKET, result_of(fd)) &&
	    !failed(c, CALL_IFF_UP, result_of(ioctl(fd, SIOCSIFFLAGS, &request))))
		worked(c);
}

/* In our own mount namespace, on some directory that every host has. */
static bool enter_tmpfs(struct child *c)
{
	static const char *const places[] = {"/tmp", "/mnt", "/run", "/var", "/dev"};
	int r = -ENOENT;

	c->trial = TRIAL_TMPFS;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && r == -ENOENT; i++) {
		r = result_of(mount("tmpfs", places[i], "tmpfs", MS_NOSUID | MS_NODEV, "size=1m"));
		if (r == 0)
			r = result_of(chdir(places[i]));
	}
	if (failed(c, CALL_MOUNT_TMPFS, r))
		return false;
	worked(c);
	return true;
}

static void try_overlay(struct child *c)
{
	static const char *const folders[] = {"lower", "upper", "work", "merged"};

	c->trial = TRIAL_OVERLAY;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (failed(c, CALL_MKDIR, result_of(mkdir(folders[i], 0755))))
			return;
	if (!failed(c, CALL_MOUNT_OVERLAY,
		    result_of(mount("overlay", "merged", "overlay", 0,
				    "lowerdir=lower,upperdir=upper,workdir=work"))))
		worked(c);
}

static void try_devpts(struct child *c)
{
	c->trial = TRIAL_DEVPTS;
	if (!failed(c, CALL_MKDIR, result_of(mkdir("pts", 0755))) &&
	    !failed(c, CALL_MOUNT_DEVPTS,
		    result_of(mount("devpts", "pts", "devpts", MS_NOSUID | MS_NOEXEC,
				    "newinstance,ptmxmode=0666"))))
		worked(c);
}

/* The first process after unshare(CLONE_NEWPID) is in the new namespace: only it may mount that
 * namespace's procfs. */
static void try_procfs(struct child *c)
{
	if (!failed(c, CALL_MKDIR, result_of(mkdir("proc", 0755))) &&
	    !failed(c, CALL_MOUNT_PROC,
		    result_of(
			    mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))))
		worked(c);
}

/* A memory file of four zero bytes is no program: ENOEXEC says that the file itself might be
 * executed. Nothing is. */
static void try_memfd(struct child *c)
{
	static char *const none[] = {NULL};
	int fd = SYS(memfd_create, "rootlet-trial", MFD_EXEC_FLAG), r;

	if (fd == -EINVAL) /* the flag is of Linux 6.3 */
		fd = SYS(memfd_create, "rootlet-trial", 0u);
	if (failed(c, CALL_MEMFD_CREATE, fd))
		return;
	if (write(fd, "\0\0\0", 4) < 0)
		return;
	r = SYS(execveat, fd, "", none, none, AT_EMPTY_PATH);
	if (r == -ENOEXEC || !failed(c, CALL_EXECVEAT, r))
		worked(c);
}

static void try_landlock(struct child *c)
{
	struct landlock_ruleset_attr attr = {.handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE};
	int fd;

	if (failed(c, CALL_NO_NEW_PRIVS, result_of(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))))
		return;
	fd = SYS(landlock_create_ruleset, &attr, sizeof(attr), 0u);
	if (!failed(c, CALL_RULESET, fd) &&
	    !failed(c, CALL_RESTRICT_SELF, SYS(landlock_restrict_self, fd, 0u)))
		worked(c);
}

static void try_seccomp(struct child *c)
{
	struct sock_filter allow = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
	struct sock_fprog program = {1, &allow};

	if (!failed(c, CALL_NO_NEW_PRIVS, result_of(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))) &&
	    !failed(c, CALL_SECCOMP,
		    result_of(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0))))
		worked(c);
}

/* The keyring goes when its only process does. */
static void try_keyring(struct child *c)
{
	if (!failed(c, CALL_KEYCTL, SYS(keyctl, JOIN_SESSION_KEYRING, (const char *)NULL)))
		worked(c);
}

static void try_nested(struct child *c)
{
	if (!failed(c, CALL_UNSHARE_USER, SYS(unshare, CLONE_NEWUSER)))
		worked(c);
}

/* Each in a process of its own, in the order of the table. */
static void try_apart(struct child *c)
{
	static const struct {
		enum trial trial;
		void (*run)(struct child *c);
	} rows[] = {
		{TRIAL_MEMFD, try_memfd},
		{TRIAL_LANDLOCK, try_landlock},
		{TRIAL_SECCOMP, try_seccomp},
		{TRIAL_KEYRING, try_keyring},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		c->trial = rows[i].trial;
		apart(c, rows[i].run);
	}
}

void trial_child(volatile struct trial_note *notes, uint32_t uid, uint32_t gid)
{
	struct child c = {.notes = notes};

	try_apart(&c);
	c.trial = TRIAL_USERNS;
	if (failed(&c, CALL_UNSHARE_USER, SYS(unshare, CLONE_NEWUSER)))
		return;
	worked(&c);
	try_single_map(&c, uid, gid);
	c.trial = TRIAL_NESTED;
	apart(&c, try_nested);
	try_namespaces(&c);
	if (has_worked(&c, TRIAL_NET))
		try_loopback(&c);
	if (has_worked(&c, TRIAL_MNT) && enter_tmpfs(&c)) {
		try_overlay(&c);
		try_devpts(&c);
		c.trial = TRIAL_PROCFS;
		if (has_worked(&c, TRIAL_PID)) /* its process is the namespace's PID 1: the last */
			apart(&c, try_procfs);
	}
	try_time(&c);
}
