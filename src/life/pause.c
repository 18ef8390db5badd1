/* Pausing: the cgroup freezer of version 2 (cgroups(7)). A container without a cgroup of its own
 * cannot be paused: stopping its processes by signals would be seen by them and by their parents.
 */
#include "life/freeze.h"
#include "life/life.h"

#include <errno.h>

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
	r = freeze_cgroup(c->process.cgroup, paused);
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
