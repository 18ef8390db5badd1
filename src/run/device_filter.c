/* Attaching a program to a cgroup. See device_filter.h.
 *
 * It is held by the group alone: with the group's removal the kernel lets it go. A group can have
 * several, of systemd for example, and all must say yes; ours is known by its name.
 */
#include "run/device_filter.h"

#include "base/bpf.h"
#include "base/fd.h"
#include "plan/device_filter.h"
#include "run/start.h"

#include <errno.h>

enum { PROGRAMS_MAX = 64 }; /* of one group: BPF_CGROUP_MAX_PROGS of the kernel */

/* Ours, of those that are attached: a descriptor, -ENOENT or another -errno. */
static int find_ours(int dir)
{
	uint32_t ids[PROGRAMS_MAX];
	int count = bpf_list_devices(dir, ids, PROGRAMS_MAX);

	if (count < 0)
		return count;
	for (int i = 0; i < count; i++) {
		int fd = bpf_open_named(ids[i], DEVICE_FILTER_NAME);

		/* what may not be looked at, or is gone by now, is not ours */
		if (fd >= 0)
			return fd;
	}
	return -ENOENT;
}

static int attach(int dir, int program, int old)
{
	int r = bpf_attach_devices(dir, program, old);

	if (r != -EINVAL || old < 0)
		return r;
	/* Before Linux 5.6: both for a moment, which is what both allow. */
	r = bpf_attach_devices(dir, program, -1);
	return r < 0 ? r : bpf_detach_devices(dir, old);
}

int device_filter_set(int dir, const struct bpf_insn *program, size_t length)
{
	AUTO_FD old = find_ours(dir);
	AUTO_FD new = -1;

	if (old < 0 && old != -ENOENT)
		return old;
	if (!program)
		return old < 0 ? 0 : bpf_detach_devices(dir, old);
	new = bpf_load_devices(program, length, DEVICE_FILTER_NAME);
	return new < 0 ? new : attach(dir, new, old);
}

int group_devices(struct start *s, const struct step *step)
{
	int r = device_filter_set(s->cgroup, step->a.devices.program, step->a.devices.length);

	/* engines take "no such file" for a command that is not there */
	return r == -ENOENT ? -EOPNOTSUPP : r;
}
