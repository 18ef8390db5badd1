/* A run in the foreground that others can find: its state is published by the process that
 * supervises it itself, and its end is recorded by the same. */
#include "life/life.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int life_register(struct state_container *c, const struct run_process *process, bool remove,
		  struct ending *ret, struct rootlet_error *err)
{
	struct state_process p = {
		.monitor = getpid(), .started = state_now(), .cgroup = process->cgroup};
	int r = state_process_describe(process->pid, &p);

	if (r == -ESRCH)
		p.pid = process->pid;
	r = state_process_start_time(p.monitor, &p.monitor_start_time);
	if (r == 0)
		r = state_write_process(c, &p, err);
	if (r == 0 && c->pending)
		r = state_publish(c, err);
	if (r < 0)
		return r;
	/* not the locked descriptor: the waiter keeps this one */
	ret->dir_fd = openat(c->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ret->dir_fd < 0)
		return error_set(err, -errno, "state-dir", c->name, "open the state of %s: %s",
				 c->name, error_text(errno));
	ret->store_fd = c->store->fd;
	ret->id = c->id;
	ret->remove = remove;
	ret->cgroup = process->cgroup;
	state_unlock(c);
	return 0;
}
