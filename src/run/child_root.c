/* ROOT in the child: each step of the plan as calls of child_mount.h. See child.h for the rules. */
#include "run/child_mount.h"

#include "base/resolve.h"
#include "base/sys.h"
#include "init/image.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#ifndef MOUNT_ATTR_RDONLY
#include <linux/mount.h>
#endif

/* Keeps the descriptor in its slot, or closes it. */
static int keep(struct child *c, int fd, int slot)
{
	if (fd < 0)
		return fd;
	if (slot == SLOT_NONE)
		close(fd);
	else
		c->slots[slot] = fd;
	return 0;
}

int child_propagation(struct child *c, const struct step *step)
{
	struct sys_mount_attr attr = {.propagation = step->a.propagation.flags};
	bool all = !step->a.propagation.top;

	if (step->a.propagation.mount_setattr)
		return SYS(mount_setattr, AT_FDCWD, "/", all ? AT_RECURSIVE : 0, &attr,
			   sizeof(attr));
	return mount(NULL, "/", NULL, (all ? MS_REC : 0) | step->a.propagation.flags, NULL) < 0
		       ? -errno
		       : 0;
}

int child_mount(struct child *c, const struct step *step)
{
	struct filesystem_request q = {
		.type = step->a.fs.type,
		.source = step->a.fs.source,
		.options = step->a.fs.options,
		.count = step->a.fs.option_count,
		.attributes = step->a.fs.attributes,
		.propagation = step->a.fs.propagation,
		.make_target = step->a.fs.make_target,
		.mode_of_target = step->a.fs.mode_of_target,
	};
	int covered = -1, fd;

	if (step->a.fs.copy_up)
		covered = mount_target(c, &step->a.fs.target, q.make_target ? S_IFDIR : 0);
	if (step->a.fs.copy_up && covered < 0)
		return covered;
	fd = mount_filesystem(c, &q, &step->a.fs.target);
	if (fd >= 0 && covered >= 0) {
		int r = child_copy_tree(covered, fd);

		if (r < 0) {
			close(fd);
			fd = r;
		}
	}
	if (covered >= 0)
		close(covered);
	return keep(c, fd, step->a.fs.slot);
}

int child_tmpfs_over_root(struct child *c, const struct step *step)
{
	int r = child_mount(c, step);

	if (step->op == OP_ROOT_TMPFS)
		c->slots[SLOT_OWN_ROOT] = c->slots[SLOT_ROOT];
	return r;
}

/* A source of the container's own is looked up inside; *ret_opened is then to be closed. */
static int find_source(struct child *c, const struct step *step, struct bind_request *q,
		       int *ret_opened)
{
	const char *name = step->a.bind.source_name;

	*ret_opened = -1;
	if (step->a.bind.source != SLOT_ROOT || !name || name[0] != '/')
		return 0;
	*ret_opened = resolve_open(c->slots[SLOT_ROOT], name, c->plan->openat2);
	if (*ret_opened < 0) {
		c->detail = WIRE_DETAIL_SOURCE;
		return *ret_opened;
	}
	q->source = *ret_opened;
	q->name = NULL;
	return 0;
}

static int bind_step(struct child *c, const struct step *step, int slot)
{
	struct bind_request q = {
		.source = c->slots[step->a.bind.source],
		.name = step->a.bind.source_name,
		.recursive = step->a.bind.recursive,
		.make_target = step->a.bind.make_target,
		.attr_set = step->a.bind.attr_set,
		.attr_clear = step->a.bind.attr_clear,
		.propagation = step->a.bind.propagation,
		.top = step->a.bind.top,
		.rec_set = step->a.bind.rec_set,
		.rec_clear = step->a.bind.rec_clear,
		.ready = step->a.bind.ready,
		.procfs = step->a.bind.procfs,
		.keeper = step->a.bind.keep_locked ? step : NULL,
	};
	int opened, r;

	/* Without `top` what is said of the mount is said of all below it. */
	if (!q.top && q.recursive && q.propagation)
		q.propagation |= MS_REC;

	r = find_source(c, step, &q, &opened);
	if (r == 0)
		r = keep(c, mount_bind(c, &q, &step->a.bind.target), slot);
	if (opened >= 0)
		close(opened);
	return r;
}

int child_root_bind(struct child *c, const struct step *step)
{
	return bind_step(c, step, SLOT_ROOT);
}

int child_bind(struct child *c, const struct step *step)
{
	return bind_step(c, step, SLOT_NONE);
}

int child_bind_device(struct child *c, const struct step *step)
{
	struct bind_request q = {
		.source = c->slots[SLOT_HOST_DEV],
		.name = step->a.device.name,
		.make_target = true,
		.device = true,
		.rdev = makedev(step->a.device.major, step->a.device.minor),
	};

	return keep(c, mount_bind(c, &q, &step->a.device.target), SLOT_NONE);
}

/* "/proc/self/fd/N" and a name in it, for overlayfs, which takes its layers by path. */
static const char *layer_path(char out[static 64], int fd, const char *name)
{
	char digits[12];

	strcpy(out, "/proc/self/fd/");
	strcat(out, child_digits(digits, (unsigned)fd));
	return strcat(out, name);
}

static int make_layers(struct child *c, int dir)
{
	static const char *const names[] = {"upper", "work"};

	for (int i = 0; i < 2; i++) {
		int r = SYS(mkdirat, dir, names[i], 0755);

		if (r < 0 && r != -EEXIST) {
			c->detail = WIRE_DETAIL_MAKE_TARGET;
			return r;
		}
	}
	return 0;
}

int child_root_overlay(struct child *c, const struct step *step)
{
	char lower[64], upper[64], work[64];
	int top = step->a.overlay.upper == SLOT_NONE ? c->slots[SLOT_SCRATCH]
						     : c->slots[step->a.overlay.upper];
	struct mount_option options[] = {
		{"lowerdir", layer_path(lower, c->slots[step->a.overlay.lower], "")},
		{"upperdir", layer_path(upper, top, "/upper")},
		{"workdir", layer_path(work, top, "/work")},
		/* without it a removed directory cannot be marked in a user namespace: Linux 5.11
		 */
		{"userxattr", NULL},
	};
	struct filesystem_request q = {
		.type = "overlay", .options = options, .count = 4, .attributes = MOUNT_ATTR_NODEV};
	struct step_target over_root = {SLOT_NONE, "/"};
	int r = make_layers(c, top);

	if (r < 0)
		return r;
	return keep(c, mount_filesystem(c, &q, &over_root), SLOT_ROOT);
}

int child_make_directory(struct child *c, const struct step *step)
{
	const struct step_target *target = &step->a.file.target;
	int r;

	if (target->base == SLOT_ROOT) {
		r = resolve_make(c->slots[SLOT_ROOT], target->path, RESOLVE_MAKE_DIRECTORY,
				 c->plan->openat2, NULL);
		if (r >= 0)
			close(r);
		return r < 0 ? r : 0;
	}
	r = SYS(mkdirat, c->slots[target->base], target->path, step->a.file.mode);
	return r == -EEXIST ? 0 : r;
}

static int make_link(int dir, const char *name, const struct step *step)
{
	int r;

	if (step->a.file.exists == FILE_REPLACED) {
		r = SYS(unlinkat, dir, name, 0);
		if (r < 0 && r != -ENOENT)
			return r;
	}
	r = SYS(symlinkat, step->a.file.text, dir, name);
	return r == -EEXIST && step->a.file.exists == FILE_KEPT ? 0 : r;
}

int child_make_symlink(struct child *c, const struct step *step)
{
	const struct step_target *target = &step->a.file.target;
	const char *name;
	int dir, r;

	if (target->base != SLOT_ROOT)
		return make_link(c->slots[target->base], target->path, step);
	dir = resolve_parent(c->slots[SLOT_ROOT], target->path, c->plan->openat2, &name);
	if (dir < 0)
		return dir;
	r = make_link(dir, name, step);
	close(dir);
	return r;
}

static int write_text(struct child *c, const struct step *step, const char *name)
{
	size_t len = strlen(step->a.file.text);
	int fd = SYS(openat, c->slots[SLOT_DEV], name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		     step->a.file.mode);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = write(fd, step->a.file.text, len);
	close(fd);
	return n == (ssize_t)len ? 0 : -EIO;
}

/* The content becomes a file on the tmpfs of /dev, which is ours; that file is bound, and then its
 * name is removed: only the bind is left. */
int child_bind_text(struct child *c, const struct step *step)
{
	static const char name[] = ".rootlet-text";
	struct bind_request q = {
		.source = c->slots[SLOT_DEV],
		.name = name,
		.make_target = true,
		.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
	};
	int r = write_text(c, step, name);

	if (r == 0)
		r = keep(c, mount_bind(c, &q, &step->a.file.target), SLOT_NONE);
	SYS(unlinkat, c->slots[SLOT_DEV], name, 0);
	/* A root that we may not write to, and that lacks the file, does without. */
	if (step->optional &&
	    (c->detail == WIRE_DETAIL_MAKE_TARGET || c->detail == WIRE_DETAIL_TARGET) &&
	    (r == -EACCES || r == -EROFS || r == -EPERM))
		return -ENOENT;
	return r;
}

int child_attach_procfs(struct child *c, const struct step *step)
{
	const struct step_target *target = &step->a.file.target;
	struct filesystem_request q = {.type = "proc",
				       .attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
						     MOUNT_ATTR_NOEXEC,
				       .make_target = true};

	if (c->plan->mount_api)
		return mount_attach(c, c->slots[SLOT_PROC], target, S_IFDIR);
	return keep(c, mount_filesystem(c, &q, target), SLOT_NONE);
}

int child_mount_attributes(struct child *c, const struct step *step)
{
	const struct step_target *target = &step->a.attributes.target;
	bool own = strcmp(target->path, "/") == 0;
	int fd = own ? c->slots[target->base] : mount_target(c, target, 0);
	int r = fd < 0 ? fd
		       : mount_change(c, fd, step->a.attributes.set, step->a.attributes.clear,
				      step->a.attributes.recursive);

	if (!own && fd >= 0)
		close(fd);
	return r;
}

/* An empty tmpfs that nobody can write to; the first one serves for all. */
static int cover_directory(struct child *c, const struct step_target *target)
{
	static const struct mount_option empty[] = {{"size", "0"}, {"mode", "0555"}};
	static const struct filesystem_request nothing = {
		.type = "tmpfs",
		.options = empty,
		.count = 2,
		.attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			      MOUNT_ATTR_NOEXEC,
	};
	struct bind_request again = {.source = c->slots[SLOT_EMPTY]};
	int fd;

	if (again.source >= 0)
		return keep(c, mount_bind(c, &again, target), SLOT_NONE);
	fd = mount_filesystem(c, &nothing, target);
	return keep(c, fd, SLOT_EMPTY);
}

/* A file is covered by /dev/null, a directory by an empty one. */
int child_mask(struct child *c, const struct step *step)
{
	struct bind_request null_device = {
		.source = c->slots[SLOT_HOST_DEV],
		.name = "null",
		.device = true,
		.rdev = makedev(1, 3),
	};
	const struct step_target *target = &step->a.file.target;
	struct stat st;
	int fd = mount_target(c, target, 0), r;

	if (fd < 0)
		return fd == -ENOTDIR ? -ENOENT : fd;
	r = fstat(fd, &st) < 0 ? -errno : 0;
	close(fd);
	if (r < 0)
		return r;
	if (S_ISDIR(st.st_mode))
		return cover_directory(c, target);
	return keep(c, mount_bind(c, &null_device, target), SLOT_NONE);
}

/* A mount of what is there over itself. */
static int bind_in_place(struct child *c, const struct step_target *target, uint64_t attributes)
{
	struct bind_request q = {
		.source = mount_target(c, target, 0),
		.recursive = true,
		.attr_set = attributes,
	};
	int r;

	if (q.source < 0)
		return q.source;
	r = keep(c, mount_bind(c, &q, target), SLOT_NONE);
	close(q.source);
	return r;
}

int child_readonly_path(struct child *c, const struct step *step)
{
	return bind_in_place(c, &step->a.file.target, MOUNT_ATTR_RDONLY);
}

/* First each directory below the volume's own place, so that none of them can be renamed: EBUSY of
 * rename(2). */
int child_own_path(struct child *c, const struct step *step)
{
	struct step_target target = step->a.file.target;
	const char *path = target.path;
	char part[PATH_MAX];
	size_t i = strlen(step->a.file.text);
	int r = 0;

	if (strlen(path) >= sizeof(part))
		return -ENAMETOOLONG;
	for (i = i > 1 ? i + 1 : 1; r == 0 && i < strlen(path); i++) {
		if (path[i] != '/')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		target.path = part;
		r = bind_in_place(c, &target, 0);
	}
	target.path = path;
	return r < 0 ? r : bind_in_place(c, &target, MOUNT_ATTR_RDONLY);
}

/* Where memory files may not be executed: PID 1's program becomes an unlinked file on the
 * container's /dev, a tmpfs of our own. A second open, read-only: a file that is open for writing
 * cannot be run. */
int child_init_file(struct child *c, const struct step *step)
{
	static const char name[] = ".rootlet-init";
	int dev = c->slots[SLOT_DEV];
	int fd;
	ssize_t n;

	if (dev <
	    0) /* exec: the container's own, which it may have changed; so may it its command */
		dev = SYS(openat, AT_FDCWD, "/dev", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	fd = SYS(openat, dev, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0555);
	if (fd < 0)
		return fd;
	n = write(fd, init_image, init_image_size);
	close(fd);
	c->init_image = SYS(openat, dev, name, O_RDONLY | O_CLOEXEC, 0);
	SYS(unlinkat, dev, name, 0);
	if (n != (ssize_t)init_image_size)
		return -EIO;
	return c->init_image < 0 ? c->init_image : 0;
}
