/* Writing cgroup.freeze, and hearing from cgroup.events that it is done (cgroups(7), Linux 5.2). */
#include "life/freeze.h"

#include "base/fd.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EVENTS_LIMIT = 4096 };

static int open_group_file(const char *cgroup, const char *file, int flags)
{
	AUTO_FREE char *path = NULL;
	int fd;

	if (asprintf(&path, "%s/%s", cgroup, file) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static bool is_frozen(int events)
{
	char text[EVENTS_LIMIT];
	ssize_t n = pread(events, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return false;
	text[n] = '\0';
	return strstr(text, "frozen 1") != NULL;
}

/* Written is not yet done: the last process may be on its way through the kernel. */
static int await_frozen(const char *cgroup)
{
	AUTO_FD events = open_group_file(cgroup, "cgroup.events", O_RDONLY);
	struct pollfd p = {.fd = events, .events = POLLPRI};

	if (events < 0)
		return events;
	for (int waited = 0; !is_frozen(events); waited += 100) {
		if (waited >= FREEZE_WAIT_MS)
			return -ETIMEDOUT;
		poll(&p, 1, 100);
	}
	return 0;
}

static int write_freeze(const char *cgroup, bool paused)
{
	AUTO_FD fd = open_group_file(cgroup, "cgroup.freeze", O_WRONLY);

	return fd < 0 ? fd : io_write_all(fd, paused ? "1" : "0", 1);
}

int freeze_cgroup(const char *cgroup, bool frozen)
{
	int r = write_freeze(cgroup, frozen);

	return r == 0 && frozen ? await_frozen(cgroup) : r;
}
