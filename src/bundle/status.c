/* What a container is at this moment, and the socket that tells a created one from a running one.
 */
#include "bundle/bundle.h"

#include "base/fd.h"

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

int bundle_listen(const struct bundle *b)
{
	AUTO_FD fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un a;

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, address(b, &a)) < 0 || listen(fd, 8) < 0)
		return -errno;
	return fd_steal(&fd);
}

static int connect_to_start(const struct bundle *b)
{
	AUTO_FD fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un a;

	if (fd < 0 || connect(fd, (struct sockaddr *)&a, address(b, &a)) < 0)
		return -errno;
	return fd_steal(&fd);
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
	b->start = connect_to_start(b);
	return b->start >= 0;
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
	if (!b->has_record)
		b->status = is_being_made(b) ? BUNDLE_CREATING : BUNDLE_STOPPED;
	else if (!state_process_alive(&b->record.process, &b->pidfd))
		b->status = BUNDLE_STOPPED;
	else if (waits_for_start(b))
		b->status = BUNDLE_CREATED;
	else
		b->status = is_frozen(b) ? BUNDLE_PAUSED : BUNDLE_RUNNING;
}
