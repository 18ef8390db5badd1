/* Pausing: the cgroup freezer of version 2 (cgroups(7)). A container without a cgroup of its own
 * cannot be paused: stopping its processes by signals would be seen by them and by their parents.
 */
#include "life/life.h"

#include "base/fd.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FREEZE_WAIT_MS = 5000, EVENTS_LIMIT = 4096 };

static int no_cgroup(const struct state_container *c, struct rootlet_error *err)
{
	error_set(err, -EOPNOTSUPP, "pause-no-cgroup", c->name,
		  "%s: cannot be paused: it has no cgroup of its own, since none was delegated to "
		  "you "
		  "when it was started",
		  c->name);
	error_hint(
		err,
		"start it again from a delegated one: systemd-run --user --scope -p Delegate=yes "
		"rootlet …; `rootlet doctor` checks that");
	return -EOPNOTSUPP;
}

static int open_group_file(const struct state_container *c, const char *file, int flags)
{
	AUTO_FREE char *path = NULL;
	int fd;

	if (asprintf(&path, "%s/%s", c->process.cgroup, file) < 0) {
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
static int await_frozen(const struct state_container *c)
{
	AUTO_FD events = open_group_file(c, "cgroup.events", O_RDONLY);
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

static int write_freeze(const struct state_container *c, bool paused)
{
	AUTO_FD fd = open_group_file(c, "cgroup.freeze", O_WRONLY);

	return fd < 0 ? fd : io_write_all(fd, paused ? "1" : "0", 1);
}

int life_pause(struct state_container *c, bool paused, struct rootlet_error *err)
{
	int r;

	if (!state_alive(c))
		return life_not_running(c->name, err);
	if (!c->process.cgroup)
		return no_cgroup(c, err);
	if (paused == (c->status == STATE_PAUSED))
		return error_set(err, -EALREADY, paused ? "already-paused" : "not-paused", c->name,
				 "%s: is %s", c->name, paused ? "paused already" : "not paused");
	r = write_freeze(c, paused);
	if (r == 0 && paused)
		r = await_frozen(c);
	if (r == -ETIMEDOUT)
		return error_set(
			err, r, "pause-slow", c->name,
			"pause %s: not all of it has stopped after %d seconds; a process of it "
			"hangs in the kernel",
			c->name, FREEZE_WAIT_MS / 1000);
	if (r < 0)
		return error_set(err, r, "pause", c->name, "%s %s: %s/cgroup.freeze: %s",
				 paused ? "pause" : "unpause", c->name, c->process.cgroup,
				 error_text(r));
	return state_refresh(c, err);
}
