/* Which process lives: never decided by a bare pid, which the kernel gives out again.
 *
 * A pidfd is opened first; then /proc/PID is compared with what was recorded; then the pidfd says
 * whether the process lived all that time (pidfd_open(2), Linux 5.3). Nothing here signals. */
#include "state/private.h"

#include "base/fd.h"
#include "base/io.h"
#include "base/sys.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

const char *const state_namespace_names[STATE_NAMESPACES] = {
	"user", "pid", "mnt", "uts", "ipc", "net", "cgroup", "time",
};

enum { NAMESPACE_PID = 1 };
enum { PIDFS = 0x50494446 }; /* PID_FS_MAGIC of linux/magic.h, Linux 6.9 */

/* ---- /proc/PID ---- */

/* The letter and the start time of /proc/PID/stat: fields 3 and 22. The second field, the command's
 * name, may hold blanks and parentheses: counting begins at the last ")". */
static int parse_stat(char *text, char *ret_letter, uint64_t *ret_start)
{
	char *at = strrchr(text, ')'), *save = NULL, *word = NULL;

	if (!at)
		return -EINVAL;
	word = strtok_r(at + 1, " \n", &save);
	if (!word)
		return -EINVAL;
	*ret_letter = word[0];
	for (int field = 4; field <= 22 && word; field++)
		word = strtok_r(NULL, " \n", &save);
	return word ? io_parse_u64(word, UINT64_MAX, ret_start) : -EINVAL;
}

static int read_stat(pid_t pid, char *ret_letter, uint64_t *ret_start)
{
	char path[32], text[1024];
	AUTO_FD fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return -errno; /* ESRCH: it went away meanwhile */
	text[n] = '\0';
	return parse_stat(text, ret_letter, ret_start);
}

static bool is_dead_letter(char letter)
{
	return letter == 'Z' || letter == 'X' || letter == 'x';
}

/* 0 when it cannot be seen: EACCES for a process that is not dumpable (ptrace(2)). */
static uint64_t namespace_inode(pid_t pid, int index)
{
	char path[48], text[64], *at;
	uint64_t inode;
	ssize_t n;

	/* "pid:[4026531836]" (namespaces(7)): stat(2) would cost the kernel an inode. */
	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, state_namespace_names[index]);
	n = readlink(path, text, sizeof(text) - 1);
	if (n < 2 || text[n - 1] != ']')
		return 0;
	text[n - 1] = '\0';
	at = strchr(text, '[');
	return at && io_parse_u64(at + 1, UINT64_MAX, &inode) == 0 ? inode : 0;
}

int state_process_start_time(pid_t pid, uint64_t *ret)
{
	char letter = 0;
	int r = read_stat(pid, &letter, ret);

	return !r && is_dead_letter(letter) ? -ESRCH : r;
}

/* ---- pidfds ---- */

/* A pidfd becomes readable when its process ends, reaped or not. */
static bool has_ended(int pidfd)
{
	struct pollfd poller = {.fd = pidfd, .events = POLLIN};

	return poll(&poller, 1, 0) != 0;
}

/* 0 where pidfds have no inodes of their own. */
static uint64_t pidfd_inode(int pidfd)
{
	struct statfs fs;
	struct stat st;

	if (pidfd < 0 || fstatfs(pidfd, &fs) < 0 || fs.f_type != PIDFS)
		return 0;
	return fstat(pidfd, &st) == 0 ? st.st_ino : 0;
}

/* Start times, inodes and pids begin anew with each boot, and much alike. */
static const char *this_boot(void)
{
	static _Thread_local char boot[STATE_BOOT_LENGTH + 1];
	AUTO_FD fd = -1;

	if (boot[0])
		return boot;
	fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, boot, STATE_BOOT_LENGTH) != STATE_BOOT_LENGTH)
		boot[0] = '\0';
	return boot;
}

int state_process_describe(pid_t pid, struct state_process *ret)
{
	AUTO_FD pidfd = SYS(pidfd_open, pid, 0);
	int r = state_process_start_time(pid, &ret->start_time);

	if (r)
		return r;
	ret->pid = pid;
	for (int i = 0; i < STATE_NAMESPACES; i++)
		ret->namespaces[i] = namespace_inode(pid, i);
	ret->pidfd_inode = pidfd_inode(pidfd);
	memcpy(ret->boot, this_boot(), sizeof(ret->boot));
	return pidfd >= 0 && has_ended(pidfd) ? -ESRCH : 0;
}

/* ---- is it the one that was recorded? ---- */

static bool same_namespace(const struct state_process *process, int index)
{
	uint64_t now, recorded = process->namespaces[index];

	if (!recorded)
		return true;
	now = namespace_inode(process->pid, index);
	return !now || now == recorded;
}

bool state_process_of_another_boot(const struct state_process *process)
{
	return process->boot[0] && *this_boot() && strcmp(process->boot, this_boot()) != 0;
}

/* Start time and pid namespace are as recorded. No other namespace is asked for: a process may
 * leave any but that one, its user namespace too, and is the same one after it (unshare(2),
 * setns(2)). */
static bool is_recorded(const struct state_process *process, char *ret_letter)
{
	uint64_t start = 0;

	return process->pid > 1 && read_stat(process->pid, ret_letter, &start) == 0 &&
	       start == process->start_time && same_namespace(process, NAMESPACE_PID);
}

bool state_process_seen(const struct state_process *process)
{
	AUTO_FD pidfd = -1;
	struct stat st;
	char letter = 0;

	if (process->pid <= 1 || state_process_of_another_boot(process))
		return false;
	/* Four system calls without procfs, where the inode alone is proof. */
	if (process->pidfd_inode && process->boot[0] && *this_boot())
		pidfd = SYS(pidfd_open, process->pid, 0);
	if (pidfd == -ESRCH || pidfd == -EINVAL)
		return false;
	if (pidfd >= 0 && fstat(pidfd, &st) == 0)
		return st.st_ino == process->pidfd_inode && !has_ended(pidfd);
	return is_recorded(process, &letter) && !is_dead_letter(letter);
}

bool state_process_alive(const struct state_process *process, int *ret_pidfd)
{
	AUTO_FD pidfd = -1;
	uint64_t inode;
	char letter = 0;

	if (ret_pidfd)
		*ret_pidfd = -1;
	if (process->pid <= 1 || state_process_of_another_boot(process))
		return false;
	pidfd = SYS(pidfd_open, process->pid, 0);
	if (pidfd == -ESRCH || pidfd == -EINVAL)
		return false;
	inode = process->pidfd_inode ? pidfd_inode(pidfd) : 0;
	if (inode && inode != process->pidfd_inode)
		return false;
	if (!is_recorded(process, &letter))
		return false;
	if (pidfd < 0) /* an old kernel, or an outer filter */
		return !is_dead_letter(letter);
	if (has_ended(pidfd))
		return false;
	if (ret_pidfd)
		*ret_pidfd = fd_steal(&pidfd);
	return true;
}
