/* What a supervisor keeps of the container that it has just started: which process it is, and how
 * its end will be recorded. The same for the monitor and for a run in the foreground.
 */
#include "life/life.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int life_publish(struct state_container *c, const struct run_process *process,
		 struct rootlet_error *err)
{
	struct state_process p = {.monitor = getpid(),
				  .started = state_now(),
				  .cgroup = process->cgroup,
				  .cgroup_left = process->cgroup_left,
				  .cgroup_levels = process->cgroup_levels};
	int r = state_process_describe(process->pid, &p);

	/* over before it could be described: the record will say how */
	if (r == -ESRCH)
		p.pid = process->pid;
	r = state_process_start_time(p.monitor, &p.monitor_start_time);
	if (r == 0 && !c->pending) /* it ran before */
		r = state_clear_run(c, err);
	if (r == 0)
		r = state_write_process(c, &p, err);
	if (r == 0 && c->pending)
		r = state_publish(c, err);
	return r;
}

int life_name_ending(const struct state_container *c, const struct run_process *process,
		     bool remove, struct ending *ret)
{
	ret->dir_fd = openat(c->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ret->dir_fd < 0)
		return -errno;
	ret->store_fd = c->store->fd;
	ret->id = c->id;
	ret->remove = remove;
	ret->cgroup = process->cgroup;
	ret->cgroup_left = process->cgroup_left;
	ret->cgroup_levels = process->cgroup_levels;
	return 0;
}

int life_register(struct state_container *c, const struct run_process *process, bool remove,
		  struct ending *ret, struct rootlet_error *err)
{
	int r = life_publish(c, process, err);

	if (r < 0)
		return r;
	r = life_name_ending(c, process, remove, ret);
	if (r < 0)
		return error_set(err, r, "state-dir", c->name, "open the state of %s: %s", c->name,
				 error_text(r));
	state_unlock(c);
	return 0;
}
