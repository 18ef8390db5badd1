/* What a container is at this moment, and the socket that tells a created one from a running one.
 */
#include "bundle/bundle.h"

#include "base/fd.h"
#include "base/sys.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

const char *bundle_status_name(enum bundle_status status)
{
	static const char *const names[] = {
		[BUNDLE_CREATING] = "creating", [BUNDLE_CREATED] = "created",
		[BUNDLE_RUNNING] = "running",	[BUNDLE_PAUSED] = "paused",
		[BUNDLE_STOPPED] = "stopped",
	};

	return names[status];
}

/* By way of /proc/self/fd: a folder's path and an id together are longer than sun_path (unix(7)).
 */
static socklen_t address(const struct bundle *b, struct sockaddr_un *ret)
{
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d/%s", b->folder,
		 BUNDLE_START);
	return sizeof(*ret);
}

int bundle_bind(const struct bundle *b)
{
	AUTO_FD fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un a;

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, address(b, &a)) < 0)
		return -errno;
	return fd_steal(&fd);
}

/* Open for writing it is the sign of a right that mere reach is not: a read-only mount of the state
 * has it not to give. */
int bundle_open_token(const struct bundle *b, bool to_show)
{
	int fd = openat(b->folder, BUNDLE_CONFIG,
			(to_show ? O_RDWR | O_NONBLOCK | O_NOCTTY : O_PATH) | O_NOFOLLOW |
				O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* -EAGAIN: somebody listens there, but has not yet taken all those who came before, and is stopped
 * perhaps. `wait`: for a place among them, BUNDLE_ANSWER_MS at most. */
static int connect_to_start(const struct bundle *b, bool wait)
{
	AUTO_FD fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | (wait ? 0 : SOCK_NONBLOCK), 0);
	const struct timeval most = {.tv_sec = BUNDLE_ANSWER_MS / 1000};
	struct sockaddr_un a;

	/* SO_SNDTIMEO is for connect(2) as well: socket(7) */
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most)) < 0 ||
	    connect(fd, (struct sockaddr *)&a, address(b, &a)) < 0 || fcntl(fd, F_SETFL, 0) < 0)
		return -errno;
	return fd_steal(&fd);
}

bool bundle_waits(const struct bundle *b)
{
	AUTO_FD fd = connect_to_start(b, false);

	return fd >= 0 || fd == -EAGAIN;
}

int bundle_reach(struct bundle *b)
{
	if (b->start < 0)
		b->start = connect_to_start(b, true);
	return b->start < 0 ? b->start : 0;
}

void bundle_forget_start(const struct bundle *b)
{
	unlinkat(b->folder, BUNDLE_START, 0);
}

/* The socket's file alone says little: a `start` may have been killed before it removed it. */
static bool waits_for_start(struct bundle *b)
{
	struct stat st;

	if (fstatat(b->folder, BUNDLE_START, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	b->start = connect_to_start(b, false);
	return b->start >= 0 || b->start == -EAGAIN;
}

static pid_t listening_pid(int connection)
{
	struct ucred peer = {0};
	socklen_t size = sizeof(peer);

	/* 0: of a pid namespace that we do not see into */
	if (connection < 0 || getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return 0;
	return peer.pid;
}

/* A number can be somebody else's by the time it is used. But nobody else has this socket: while it
 * still answers after the pidfd was opened, its process was alive, and the number its own. */
bool bundle_adopt(struct bundle *b)
{
	AUTO_FD first = connect_to_start(b, false);
	pid_t pid = listening_pid(first);
	AUTO_FD pidfd = -1;
	struct state_process process = {0};

	if (pid <= 1 || pid == getpid())
		return false;
	pidfd = SYS(pidfd_open, pid, 0);
	if (state_process_describe(pid, &process) < 0)
		return false;
	fd_close(&b->start);
	b->start = connect_to_start(b, false);
	if (listening_pid(b->start) != pid) {
		fd_close(&b->start);
		return false;
	}
	fd_close(&b->pidfd);
	b->pidfd = fd_steal(&pidfd);
	b->record.process = process;
	b->status = BUNDLE_CREATED;
	return true;
}

static bool is_frozen(const struct bundle *b)
{
	char path[4096], digit = 0;
	AUTO_FD fd = -1;

	if (!b->record.cgroup ||
	    snprintf(path, sizeof(path), "%s/cgroup.freeze", b->record.cgroup) >= (int)sizeof(path))
		return false;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return fd >= 0 && read(fd, &digit, 1) == 1 && digit == '1';
}

/* Somebody is at it: `create` holds the lock until the state is kept. */
static bool is_being_made(const struct bundle *b)
{
	if (b->locked)
		return false;
	if (flock(b->folder, LOCK_SH | LOCK_NB) < 0)
		return errno == EWOULDBLOCK;
	flock(b->folder, LOCK_UN);
	return false;
}

void bundle_look(struct bundle *b)
{
	fd_close(&b->pidfd);
	fd_close(&b->start);
	b->looked = true;
	if (!b->has_record && !b->broken)
		b->status = is_being_made(b) ? BUNDLE_CREATING : BUNDLE_STOPPED;
	else if (!state_process_alive(&b->record.process, &b->pidfd))
		b->status = BUNDLE_STOPPED;
	else if (is_frozen(b)) /* also one that waits for its start: it would not hear of it */
		b->status = BUNDLE_PAUSED;
	else
		b->status = waits_for_start(b) ? BUNDLE_CREATED : BUNDLE_RUNNING;
}
