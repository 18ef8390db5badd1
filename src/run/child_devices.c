/* DEVICE_NODE in the child. See child.h for the rules. */
#include "run/child_mount.h"

#include "base/resolve.h"
#include "base/sys.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static mode_t type_of(const struct step *step)
{
	switch (step->a.node.type) {
	case 'b':
		return S_IFBLK;
	case 'p':
		return S_IFIFO;
	default:
		return S_IFCHR;
	}
}

/* The directory and the name in it; links on the way stay inside the root, the name is none. */
static int open_parent(struct child *c, const struct step_target *target, const char **ret_name,
		       bool *ret_close)
{
	*ret_close = target->base == SLOT_ROOT;
	*ret_name = target->path;
	if (target->base != SLOT_ROOT)
		return c->slots[target->base];
	return resolve_parent(c->slots[SLOT_ROOT], target->path, c->plan->openat2, ret_name);
}

/* umask is 0 here, so the mode is as given. What is there already stays, as everywhere. */
static int make_node(struct child *c, const struct step *step)
{
	bool fifo = step->a.node.type == 'p', opened;
	dev_t dev = fifo ? 0 : makedev(step->a.node.major, step->a.node.minor);
	const char *name;
	int dir = open_parent(c, &step->a.node.target, &name, &opened), r;

	if (dir < 0) {
		c->detail = WIRE_DETAIL_MAKE_TARGET;
		return dir;
	}
	r = SYS(mknodat, dir, name, type_of(step) | step->a.node.mode, dev);
	if (r == 0 && (step->a.node.uid || step->a.node.gid))
		r = SYS(fchownat, dir, name, step->a.node.uid, step->a.node.gid,
			AT_SYMLINK_NOFOLLOW);
	if (opened)
		close(dir);
	return r == -EEXIST ? 0 : r;
}

static int bind_node(struct child *c, const struct step *step)
{
	struct bind_request q = {
		.source = c->slots[step->a.node.source],
		.name = step->a.node.name,
		.make_target = true,
		.device = true,
		.block = step->a.node.type == 'b',
		.rdev = makedev(step->a.node.major, step->a.node.minor),
	};
	int fd = mount_bind(c, &q, &step->a.node.target);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

int child_device_node(struct child *c, const struct step *step)
{
	int r = -EPERM;

	if (step->a.node.make)
		r = make_node(c, step);
	/* without CAP_MKNOD, or under a device controller that refuses it */
	if (r == -EPERM && step->a.node.type != 'p' && step->a.node.source != SLOT_NONE)
		r = bind_node(c, step);
	return r;
}
