/* SEAL in the child: how the process is scheduled, where it may run, what it counts as. See child.h
 * for the rules. The raw calls take the kernel's own structures: the C library knows few of them.
 */
#include "run/child.h"

#include "base/sys.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

/* struct sched_attr of linux/sched/types.h, version 0: every sched_setattr knows it. */
struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

int child_scheduler(struct child *c, const struct step *step)
{
	struct attributes a = {
		.size = sizeof(a),
		.policy = step->a.scheduler.policy,
		.flags = step->a.scheduler.flags,
		.nice = step->a.scheduler.nice,
		.priority = step->a.scheduler.priority,
		.runtime = step->a.scheduler.runtime,
		.deadline = step->a.scheduler.deadline,
		.period = step->a.scheduler.period,
	};

	return SYS(sched_setattr, 0, &a, 0U);
}

int child_io_priority(struct child *c, const struct step *step)
{
	return SYS(ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, 0, (int)step->a.number);
}

int child_memory_policy(struct child *c, const struct step *step)
{
	return SYS(set_mempolicy, step->a.memory.mode, step->a.memory.mask,
		   step->a.memory.mask ? step->a.memory.bits : 0UL);
}

int child_personality(struct child *c, const struct step *step)
{
	return SYS(personality, (unsigned long)step->a.number);
}

/* "0-3,7" */
int child_affinity(struct child *c, const struct step *step)
{
	enum { WORD = sizeof(unsigned long) * CHAR_BIT, CPUS_MAX = 8192 };
	unsigned long mask[CPUS_MAX / WORD] = {0};
	const char *at = step->a.text.text;
	int r;

	while (*at) {
		unsigned from = 0, to;

		while (*at >= '0' && *at <= '9')
			from = from * 10 + (unsigned)(*at++ - '0');
		to = from;
		if (*at == '-')
			for (to = 0, at++; *at >= '0' && *at <= '9'; at++)
				to = to * 10 + (unsigned)(*at - '0');
		if (to >= CPUS_MAX)
			return -EINVAL;
		for (; from <= to; from++)
			mask[from / WORD] |= 1UL << (from % WORD);
		if (*at && *at++ != ',')
			return -EINVAL;
	}
	r = SYS(sched_setaffinity, 0, sizeof(mask), mask);
	return r < 0 ? r : 0;
}

/* To be ended later than one's maker takes CAP_SYS_RESOURCE in the initial user namespace. */
static int oom_score(struct child *c, const struct step *step, int r)
{
	if (r != -EACCES && r != -EPERM)
		return r;
	child_send(c, WIRE_NOTE, (int)(step - c->plan->steps), -r, 0);
	return 0;
}

int child_oom_score(struct child *c, const struct step *step)
{
	return oom_score(
		c, step,
		child_write_file(c->slots[SLOT_PROC], "self/oom_score_adj", step->a.text.text));
}

/* Whoever it makes begins with it. */
int child_joiner_oom_score(struct child *c, const struct step *step)
{
	return oom_score(c, step,
			 child_write_file(AT_FDCWD, "/proc/self/oom_score_adj", step->a.text.text));
}

/* Its `self` is also who is in a pid namespace below the one of that procfs. */
int child_host_proc(struct child *c, const struct step *step)
{
	int fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC) {
		close(fd);
		return -ENOTDIR;
	}
	c->slots[SLOT_PROC] = fd;
	return 0;
}

/* AppArmor's own file is Linux 5.8's; before that all LSMs share attr/exec. */
int child_lsm_label(struct child *c, const struct step *step)
{
	char path[64] = "self/";
	int r;

	if (strlen(step->a.setting.path) > 32)
		return -ENAMETOOLONG;
	r = child_write_file(c->slots[SLOT_PROC], strcat(path, step->a.setting.path),
			     step->a.setting.value);
	if (r == -ENOENT)
		r = child_write_file(c->slots[SLOT_PROC], "self/attr/exec", step->a.setting.value);
	return r;
}
