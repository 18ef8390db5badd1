/* Mounts by descriptor: the mount API of Linux 5.2, mount_setattr of 5.12. See child_mount.h.
 * What needs older ways is handed to child_mount_old.c. */
#include "run/child_mount.h"

#include "base/resolve.h"
#include "base/sys.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

static int blame(struct child *c, uint32_t detail, int r)
{
	if (r < 0)
		c->detail = detail;
	return r;
}

int mount_target(struct child *c, const struct step_target *target, mode_t make)
{
	bool openat2 = c->plan->openat2;
	int fd;

	if (target->base == SLOT_NONE) /* over the old root: "/" stays what it is, the mount goes on top */
		return SYS(openat, AT_FDCWD, "/", O_PATH | O_CLOEXEC, 0);
	if (target->base != SLOT_ROOT) { /* one name in a mount of our own that nobody else can reach */
		int dir = c->slots[target->base];

		if (make == S_IFDIR)
			SYS(mkdirat, dir, target->path, 0755);
		else if (make)
			SYS(mknodat, dir, target->path, S_IFREG | 0644, 0);
		fd = SYS(openat, dir, target->path, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
		return blame(c, WIRE_DETAIL_TARGET, fd);
	}
	fd = resolve_open(c->slots[SLOT_ROOT], target->path, openat2);
	if (fd != -ENOENT || !make)
		return blame(c, WIRE_DETAIL_TARGET, fd);
	fd = resolve_make(c->slots[SLOT_ROOT], target->path,
			  make == S_IFDIR ? RESOLVE_MAKE_DIRECTORY : RESOLVE_MAKE_FILE, openat2, NULL);
	return blame(c, WIRE_DETAIL_MAKE_TARGET, fd);
}

int mount_attach(struct child *c, int mount_fd, const struct step_target *target)
{
	int at, r;

	if (target->base != SLOT_ROOT && target->base != SLOT_NONE)
		return blame(c, WIRE_DETAIL_ATTACH,
			     SYS(move_mount, mount_fd, "", c->slots[target->base], target->path,
				 MOVE_MOUNT_F_EMPTY_PATH));
	at = mount_target(c, target, 0);
	if (at < 0)
		return at;
	r = SYS(move_mount, mount_fd, "", at, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
	close(at);
	return blame(c, WIRE_DETAIL_ATTACH, r);
}

int mount_change(struct child *c, int fd, uint64_t set, uint64_t clear, bool recursive)
{
	struct sys_mount_attr attr = {.attr_set = set, .attr_clr = clear};

	if (!c->plan->mount_setattr)
		return mount_old_change(c, fd, set, clear, recursive);
	return blame(c, WIRE_DETAIL_ATTRIBUTES,
		     SYS(mount_setattr, fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr,
			 sizeof(attr)));
}

/* Makes the mount point as the source is: a directory for a directory, a file for anything else. */
static int make_target(struct child *c, int source, const struct step_target *target)
{
	struct stat st;
	int fd;

	if (fstat(source, &st) < 0)
		return -errno;
	fd = mount_target(c, target, S_ISDIR(st.st_mode) ? S_IFDIR : S_IFREG);
	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

static int check_device(struct child *c, int fd, dev_t rdev)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISCHR(st.st_mode) && st.st_rdev == rdev)
		return 0;
	return blame(c, WIRE_DETAIL_NOT_DEVICE, -ENODEV);
}

static int set_propagation(struct child *c, int fd, uint64_t propagation, bool recursive)
{
	struct sys_mount_attr attr = {.propagation = propagation};

	if (!propagation)
		return 0;
	return blame(c, WIRE_DETAIL_ATTRIBUTES,
		     SYS(mount_setattr, fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr,
			 sizeof(attr)));
}

/* Attributes before attaching where the kernel can: there is no moment without them. */
static int finish_bind(struct child *c, int tree, const struct bind_request *q,
		       const struct step_target *target)
{
	bool early = c->plan->mount_setattr;
	bool change = q->attr_set || q->attr_clear;
	int r = 0;

	if (q->device)
		r = check_device(c, tree, q->rdev);
	if (r == 0 && change && early)
		r = mount_change(c, tree, q->attr_set, q->attr_clear, q->recursive);
	if (r == 0 && early)
		r = set_propagation(c, tree, q->propagation, q->recursive);
	if (r == 0 && q->make_target)
		r = make_target(c, tree, target);
	if (r == 0)
		r = mount_attach(c, tree, target);
	if (r == 0 && change && !early)
		r = mount_change(c, tree, q->attr_set, q->attr_clear, q->recursive);
	return r;
}

int mount_bind(struct child *c, const struct bind_request *q, const struct step_target *target)
{
	int tree, r;

	if (!c->plan->mount_api)
		return mount_old_bind(c, q, target);
	tree = SYS(open_tree, q->source, q->name ? q->name : "",
		   OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW |
			   (q->recursive ? AT_RECURSIVE : 0));
	if (tree < 0)
		return blame(c, WIRE_DETAIL_SOURCE, tree);
	r = finish_bind(c, tree, q, target);
	if (r == 0)
		return tree;
	close(tree);
	return r;
}

static int configure(struct child *c, int fs, const struct mount_option *options, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct mount_option *o = &options[i];
		int r = SYS(fsconfig, fs, o->value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, o->key,
			    o->value, 0);

		if (r < 0) {
			c->value = (int64_t)i;
			return blame(c, WIRE_DETAIL_OPTION, r);
		}
	}
	return blame(c, WIRE_DETAIL_CREATE, SYS(fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
}

/* A new instance, detached. */
static int make_filesystem(struct child *c, const char *type, const struct mount_option *options,
			   size_t count, uint64_t attributes)
{
	int fs = SYS(fsopen, type, FSOPEN_CLOEXEC);
	int r, mount;

	if (fs < 0)
		return blame(c, WIRE_DETAIL_CREATE, fs);
	r = configure(c, fs, options, count);
	mount = r < 0 ? r
		      : blame(c, WIRE_DETAIL_CREATE, SYS(fsmount, fs, FSMOUNT_CLOEXEC, attributes));
	close(fs);
	return mount;
}

int mount_filesystem(struct child *c, const char *type, const struct mount_option *options,
		     size_t count, uint64_t attributes, const struct step_target *target,
		     bool make_target)
{
	int mount, at, r = 0;

	if (!c->plan->mount_api)
		return mount_old_filesystem(c, type, options, count, attributes, target, make_target);
	mount = make_filesystem(c, type, options, count, attributes);
	if (mount < 0)
		return mount;
	if (make_target) {
		at = mount_target(c, target, S_IFDIR);
		r = at < 0 ? at : 0;
		if (at >= 0)
			close(at);
	}
	if (r == 0)
		r = mount_attach(c, mount, target);
	if (r == 0)
		return mount;
	close(mount);
	return r;
}

int mount_procfs(struct child *c, uint64_t attributes)
{
	if (c->plan->mount_api)
		return make_filesystem(c, "proc", NULL, 0, attributes);
	/* There is no detached mount: ours covers the host's in this mount namespace. */
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return blame(c, WIRE_DETAIL_CREATE, -errno);
	return SYS(openat, AT_FDCWD, "/proc", O_PATH | O_CLOEXEC, 0);
}
