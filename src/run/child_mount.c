/* Mounts by descriptor: the mount API of Linux 5.2, mount_setattr of 5.12. See child_mount.h.
 * What needs older ways is handed to child_mount_old.c. */
#include "run/child_mount.h"

#include "base/resolve.h"
#include "base/sys.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/vfs.h>

static int blame(struct child *c, uint32_t detail, int r)
{
	if (r < 0)
		c->detail = detail;
	return r;
}

int mount_target(struct child *c, const struct step_target *target, mode_t make)
{
	struct mount_place place;
	int r = mount_find_place(c, target, make, &place);

	if (r < 0)
		return r;
	if (place.close)
		return place.dir;
	r = SYS(openat, place.dir, place.name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
	return blame(c, WIRE_DETAIL_TARGET, r);
}

static int make_name(struct child *c, int dir, const char *name, mode_t make)
{
	int r = make == S_IFDIR ? SYS(mkdirat, dir, name, 0755)
				: SYS(mknodat, dir, name, S_IFREG | 0644, 0);

	return r == -EEXIST ? 0 : blame(c, WIRE_DETAIL_MAKE_TARGET, r);
}

/* A root's own link must not move the kernel's file systems: masks and rootlet itself rely on their
 * places. */
static int open_kernel_place(struct child *c, const char *path)
{
	int fd = SYS(openat, c->slots[SLOT_ROOT], path + 1, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISLNK(st.st_mode))
		return fd;
	close(fd);
	return blame(c, WIRE_DETAIL_LINKED, -ELOOP);
}

static int open_place(struct child *c, const char *path)
{
	struct statfs fs;
	int fd;

	if (strcmp(path, "/proc") == 0 || strcmp(path, "/sys") == 0)
		return open_kernel_place(c, path);
	fd = resolve_open(c->slots[SLOT_ROOT], path, c->plan->openat2);
	/* A mount into /proc says so: no link of the root's may make one (CVE-2023-28642). */
	if (fd < 0 || strncmp(path, "/proc/", 6) == 0 || fstatfs(fd, &fs) < 0 ||
	    fs.f_type != PROC_SUPER_MAGIC)
		return fd;
	close(fd);
	return blame(c, WIRE_DETAIL_INTO_PROC, -ELOOP);
}

int mount_find_place(struct child *c, const struct step_target *target, mode_t make,
		     struct mount_place *ret)
{
	bool openat2 = c->plan->openat2;
	int fd;

	if (target->base ==
	    SLOT_NONE) { /* over the old root: "/" stays what it is, the mount goes on top */
		*ret = (struct mount_place){.dir = AT_FDCWD, .name = "/"};
		return 0;
	}
	if (target->base !=
	    SLOT_ROOT) { /* one name in a mount of our own that nobody else can reach */
		*ret = (struct mount_place){.dir = c->slots[target->base], .name = target->path};
		return make ? make_name(c, ret->dir, ret->name, make) : 0;
	}
	fd = open_place(c, target->path);
	if (fd != -ENOENT || !make) {
		if (!c->detail)
			blame(c, WIRE_DETAIL_TARGET, fd);
	} else {
		fd = resolve_make(c->slots[SLOT_ROOT], target->path,
				  make == S_IFDIR ? RESOLVE_MAKE_DIRECTORY : RESOLVE_MAKE_FILE,
				  openat2, NULL);
		blame(c, WIRE_DETAIL_MAKE_TARGET, fd);
	}
	*ret = (struct mount_place){.dir = fd, .name = "", .close = true};
	return fd < 0 ? fd : 0;
}

int mount_attach(struct child *c, int mount_fd, const struct step_target *target, mode_t make)
{
	struct mount_place place;
	int r = mount_find_place(c, target, make, &place);

	if (r < 0)
		return r;
	r = SYS(move_mount, mount_fd, "", place.dir, place.name,
		MOVE_MOUNT_F_EMPTY_PATH | (*place.name ? 0 : MOVE_MOUNT_T_EMPTY_PATH));
	if (place.close)
		close(place.dir);
	return blame(c, WIRE_DETAIL_ATTACH, r);
}

int mount_change(struct child *c, int fd, uint64_t set, uint64_t clear, bool recursive)
{
	struct sys_mount_attr attr = {.attr_set = set, .attr_clr = clear};

	if (!c->plan->mount_setattr)
		return mount_old_change(c, fd, set, clear, recursive);
	return blame(c, WIRE_DETAIL_ATTRIBUTES,
		     SYS(mount_setattr, fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0),
			 &attr, sizeof(attr)));
}

bool mount_is_device(const struct stat *st, const struct bind_request *q)
{
	return (q->block ? S_ISBLK(st->st_mode) : S_ISCHR(st->st_mode)) && st->st_rdev == q->rdev;
}

/* Looks at what the copied mount shows: it must be the device that was meant, and its mount point
 * is made as it is, a directory for a directory, a file for anything else. */
static int inspect(struct child *c, int tree, const struct bind_request *q, mode_t *ret_make)
{
	struct stat st;

	struct statfs fs;

	*ret_make = 0;
	if (q->procfs && (fstatfs(tree, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC))
		return blame(c, WIRE_DETAIL_NOT_PROC, -EINVAL);
	if (!q->device && !q->make_target)
		return 0;
	if (fstat(tree, &st) < 0)
		return -errno;
	if (q->device && !mount_is_device(&st, q))
		return blame(c, WIRE_DETAIL_NOT_DEVICE, -ENODEV);
	if (q->make_target)
		*ret_make = S_ISDIR(st.st_mode) ? S_IFDIR : S_IFREG;
	return 0;
}

/* `propagation` with MS_REC: of all mounts below too. */
int mount_propagate(struct child *c, int fd, uint64_t propagation)
{
	struct sys_mount_attr attr = {.propagation = propagation & ~(uint64_t)MS_REC};
	unsigned flags = AT_EMPTY_PATH | ((propagation & MS_REC) ? AT_RECURSIVE : 0);

	if (!propagation)
		return 0;
	return blame(c, WIRE_DETAIL_ATTRIBUTES,
		     c->plan->mount_setattr ? SYS(mount_setattr, fd, "", flags, &attr, sizeof(attr))
					    : mount_old_propagation(fd, propagation));
}

static uint64_t attributes_of(int fd)
{
	static const struct {
		unsigned long flag; /* ST_… of statvfs(3) */
		uint64_t attribute;
	} rows[] = {{1, MOUNT_ATTR_RDONLY},
		    {2, MOUNT_ATTR_NOSUID},
		    {4, MOUNT_ATTR_NODEV},
		    {8, MOUNT_ATTR_NOEXEC},
		    {2048, MOUNT_ATTR_NODIRATIME}};
	uint64_t attributes = 0;
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if ((unsigned long)fs.f_flags & rows[i].flag)
			attributes |= rows[i].attribute;
	return attributes;
}

/* What the source's mount forbids, a copy of it made in a lesser user namespace must forbid as well
 * (mount_namespaces(7)): to ask for "rw" or "exec" there is no reason to fail, but one to say so.
 */
static int change_unlocked(struct child *c, int fd, const struct bind_request *q)
{
	const struct step *step = q->keeper;
	const uint64_t times = MOUNT_ATTR__ATIME;
	uint64_t clear = q->attr_clear & ~attributes_of(fd) & ~times;
	int r = mount_change(c, fd, q->attr_set & ~times, clear, false);

	if (r < 0)
		return r;
	c->detail = WIRE_DETAIL_NONE;
	child_send(c, WIRE_NOTE, (int)(step - c->plan->steps), EPERM, 0);
	return 0;
}

int mount_bind_attributes(struct child *c, int fd, const struct bind_request *q)
{
	int r = 0;

	if (q->attr_set || q->attr_clear)
		r = mount_change(c, fd, q->attr_set, q->attr_clear, q->recursive && !q->top);
	if (r == -EPERM && q->keeper && q->top && q->attr_clear)
		r = change_unlocked(c, fd, q);
	if (r == 0 && (q->rec_set || q->rec_clear))
		r = mount_change(c, fd, q->rec_set, q->rec_clear, true);
	return r;
}

/* Attributes before attaching where the kernel can: there is no moment without them. */
static int finish_bind(struct child *c, int tree, const struct bind_request *q,
		       const struct step_target *target)
{
	bool early = c->plan->mount_setattr;
	mode_t make;
	int r = inspect(c, tree, q, &make);

	if (r == 0 && early)
		r = mount_bind_attributes(c, tree, q);
	if (r == 0)
		r = mount_attach(c, tree, target, make);
	if (r == 0 && !early)
		r = mount_bind_attributes(c, tree, q);
	if (r == 0) /* attached: a detached tree has no place in a peer group */
		r = mount_propagate(c, tree, q->propagation);
	return r;
}

/* The new root lies over the process's own "/": a recursive copy of "/" would hold it, and show it
 * in the place of the host's files. While it is unbindable the kernel leaves it out
 * (mount_namespaces(7)). */
static int set_roots(struct child *c, uint64_t propagation)
{
	static const int slots[] = {SLOT_SCRATCH, SLOT_ROOT};
	struct sys_mount_attr attr = {.propagation = propagation};

	for (int i = 0; i < 2; i++) {
		int fd = c->slots[slots[i]], r = 0;

		if (fd >= 0 && c->plan->mount_setattr)
			r = SYS(mount_setattr, fd, "", AT_EMPTY_PATH, &attr, sizeof(attr));
		else if (fd >= 0)
			r = mount_old_propagation(fd, propagation);
		if (r < 0)
			return blame(c, WIRE_DETAIL_SOURCE, r);
	}
	return 0;
}

static bool is_host_root(const struct child *c, const struct bind_request *q)
{
	struct stat source, root;

	return q->recursive && !q->name && c->slots[SLOT_ROOT] >= 0 &&
	       fstat(q->source, &source) == 0 && stat("/", &root) == 0 &&
	       source.st_dev == root.st_dev && source.st_ino == root.st_ino;
}

static int bind_any(struct child *c, const struct bind_request *q,
		    const struct step_target *target);

int mount_bind(struct child *c, const struct bind_request *q, const struct step_target *target)
{
	int r, tree;

	if (!is_host_root(c, q))
		return bind_any(c, q, target);
	r = set_roots(c, MS_UNBINDABLE);
	if (r < 0)
		return r;
	tree = bind_any(c, q, target);
	r = set_roots(c, MS_PRIVATE);
	if (r < 0 && tree >= 0)
		close(tree);
	return r < 0 ? r : tree;
}

static int bind_any(struct child *c, const struct bind_request *q, const struct step_target *target)
{
	int tree, r;

	if (!c->plan->mount_api)
		return mount_old_bind(c, q, target);
	if (q->ready) {
		tree = SYS(fcntl, q->source, F_DUPFD_CLOEXEC, 3);
		r = tree < 0 ? tree : finish_bind(c, tree, q, target);
		if (r < 0 && tree >= 0)
			close(tree);
		return r < 0 ? r : tree;
	}
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

/* The source is only a name, but what /proc/mounts shows and people grep for. */
static int configure(struct child *c, int fs, const struct filesystem_request *q, const char *mode)
{
	SYS(fsconfig, fs, FSCONFIG_SET_STRING, "source", q->source ? q->source : q->type, 0);
	if (*mode)
		SYS(fsconfig, fs, FSCONFIG_SET_STRING, "mode", mode, 0);
	for (size_t i = 0; i < q->count; i++) {
		const struct mount_option *o = &q->options[i];
		int r = SYS(fsconfig, fs, o->value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG,
			    o->key, o->value, 0);

		if (r < 0) {
			c->value = (int64_t)i;
			return blame(c, WIRE_DETAIL_OPTION, r);
		}
	}
	return blame(c, WIRE_DETAIL_CREATE, SYS(fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
}

/* A new instance, detached. */
static int make_filesystem(struct child *c, const struct filesystem_request *q, const char *mode)
{
	int fs = SYS(fsopen, q->type, FSOPEN_CLOEXEC);
	int r, mount;

	if (fs < 0)
		return blame(c, WIRE_DETAIL_CREATE, fs);
	r = configure(c, fs, q, mode);
	mount = r < 0 ? r
		      : blame(c, WIRE_DETAIL_CREATE,
			      SYS(fsmount, fs, FSMOUNT_CLOEXEC, q->attributes));
	close(fs);
	return mount;
}

/* "0755" of the directory that is there, or "". */
const char *mount_mode_of(struct child *c, const struct step_target *target, char out[static 8])
{
	struct stat st;
	int fd = mount_target(c, target, 0);
	int n = 0;

	c->detail = WIRE_DETAIL_NONE;
	if (fd >= 0 && fstat(fd, &st) == 0)
		for (int shift = 9; shift >= 0; shift -= 3)
			out[n++] = (char)('0' + ((st.st_mode >> shift) & 7));
	if (fd >= 0)
		close(fd);
	out[n] = '\0';
	return out;
}

/* fsconfig(2) takes no string of 256 bytes or more, and overlays have long ones. */
static bool too_long(const struct filesystem_request *q)
{
	for (size_t i = 0; i < q->count; i++)
		if (q->options[i].value && strlen(q->options[i].value) > 255)
			return true;
	return q->source && strlen(q->source) > 255;
}

int mount_filesystem(struct child *c, const struct filesystem_request *q,
		     const struct step_target *target)
{
	char mode[8] = "";
	int mount, r;

	if (!c->plan->mount_api || too_long(q)) {
		mount = mount_old_filesystem(c, q, target);
		r = mount < 0 ? mount : mount_propagate(c, mount, q->propagation);
	} else {
		mount = make_filesystem(c, q,
					q->mode_of_target ? mount_mode_of(c, target, mode) : mode);
		r = mount < 0 ? mount
			      : mount_attach(c, mount, target, q->make_target ? S_IFDIR : 0);
		if (r == 0)
			r = mount_propagate(c, mount, q->propagation);
	}
	if (r == 0)
		return mount;
	if (mount >= 0)
		close(mount);
	return r;
}

int mount_procfs(struct child *c, uint64_t attributes)
{
	struct filesystem_request q = {.type = "proc", .attributes = attributes};

	if (c->plan->mount_api)
		return make_filesystem(c, &q, "");
	/* There is no detached mount: ours covers the host's in this mount namespace. */
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return blame(c, WIRE_DETAIL_CREATE, -errno);
	return SYS(openat, AT_FDCWD, "/proc", O_PATH | O_CLOEXEC, 0);
}
