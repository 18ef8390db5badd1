/* Mounts where the kernel, or a filter around us, lacks the newer calls: mount(2) on
 * /proc/self/fd/N.
 *
 * Every path given to mount(2) is a descriptor that was resolved safely before, so nothing inside
 * the root can lead it astray. A mount covers its mount point, so it is looked up again to be
 * changed. Without mount_setattr each mount below is remounted on its own, found through its id in
 * mountinfo.
 */
#include "run/child_mount.h"

#include "base/resolve.h"
#include "base/sys.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#ifndef MOUNT_ATTR_RDONLY
#include <linux/mount.h>
#endif

enum { FD_PATH_MAX = 64, TREE_MAX = 4096, LINE_MAX_BYTES = 8192 };

static int blame(struct child *c, uint32_t detail, int r)
{
	if (r < 0)
		c->detail = detail;
	return r;
}

static const char *fd_path(char out[static FD_PATH_MAX], int fd)
{
	char digits[12];

	strcpy(out, "/proc/self/fd/");
	return strcat(out, child_digits(digits, (unsigned)fd));
}

static const struct {
	uint64_t attribute;
	unsigned long flag;    /* of mount(2) */
	unsigned long statvfs; /* of statvfs(3) */
} flag_rows[] = {
	{MOUNT_ATTR_RDONLY, MS_RDONLY, ST_RDONLY},
	{MOUNT_ATTR_NOSUID, MS_NOSUID, ST_NOSUID},
	{MOUNT_ATTR_NODEV, MS_NODEV, 4 /* ST_NODEV */},
	{MOUNT_ATTR_NOEXEC, MS_NOEXEC, 8 /* ST_NOEXEC */},
	{MOUNT_ATTR_NOATIME, MS_NOATIME, 1024 /* ST_NOATIME */},
	{MOUNT_ATTR_NODIRATIME, MS_NODIRATIME, 2048 /* ST_NODIRATIME */},
};

static unsigned long flags_of(uint64_t attributes)
{
	unsigned long flags = 0;

	for (size_t i = 0; i < sizeof(flag_rows) / sizeof(flag_rows[0]); i++)
		if (attributes & flag_rows[i].attribute)
			flags |= flag_rows[i].flag;
	return flags;
}

/* A remount sets all flags at once, and refuses to lose one that is locked: so those that the mount
 * has are kept (mount_namespaces(7)). */
static int remount(int fd, uint64_t set, uint64_t clear)
{
	char path[FD_PATH_MAX];
	unsigned long flags = 0;
	struct statvfs st;

	if (fstatvfs(fd, &st) < 0)
		return -errno;
	for (size_t i = 0; i < sizeof(flag_rows) / sizeof(flag_rows[0]); i++)
		if (st.f_flag & flag_rows[i].statvfs)
			flags |= flag_rows[i].flag;
	flags = (flags & ~flags_of(clear)) | flags_of(set);
	if (mount(NULL, fd_path(path, fd), NULL, MS_REMOUNT | MS_BIND | flags, NULL) < 0)
		return -errno;
	return 0;
}

/* ---- the mounts below a mount, from mountinfo ---- */

struct tree {
	int ids[TREE_MAX];
	int count;
	char prefix[PATH_MAX]; /* mount point of the topmost */
};

static int number(const char **text)
{
	int n = 0;

	while (**text == ' ')
		++*text;
	while (**text >= '0' && **text <= '9')
		n = n * 10 + (*(*text)++ - '0');
	return n;
}

/* proc(5): space, tab, newline and backslash are written as \ooo. */
static void unescape(char *s)
{
	char *out = s;

	while (*s) {
		if (s[0] == '\\' && s[1] && s[2] && s[3]) {
			*out++ = (char)(((s[1] - '0') << 6) | ((s[2] - '0') << 3) | (s[3] - '0'));
			s += 4;
		} else {
			*out++ = *s++;
		}
	}
	*out = '\0';
}

static bool in_tree(const struct tree *t, int id)
{
	for (int i = 0; i < t->count; i++)
		if (t->ids[i] == id)
			return true;
	return false;
}

static int mount_id(int fd)
{
	char path[FD_PATH_MAX + 8] = "/proc/self/fdinfo/", digits[12], text[512];
	const char *found;
	ssize_t n;
	int info;

	strcat(path, child_digits(digits, (unsigned)fd));
	info = open(path, O_RDONLY | O_CLOEXEC);
	if (info < 0)
		return -errno;
	n = read(info, text, sizeof(text) - 1);
	close(info);
	if (n <= 0)
		return -EIO;
	text[n] = '\0';
	found = strstr(text, "mnt_id:");
	if (!found)
		return -ENOTSUP;
	found += strlen("mnt_id:");
	while (*found == '\t')
		found++;
	return number(&found);
}

/* "36 35 98:0 / /mnt rw …": remounts it when its parent is in the tree. */
static int visit_line(struct tree *t, char *line, int top, uint64_t set, uint64_t clear)
{
	const char *p = line;
	int id = number(&p), parent = number(&p);
	char *path = line + (p - line), *end;
	int fd, r;

	for (int skip = 0; skip < 2; skip++) { /* major:minor, root */
		path = strchr(path + 1, ' ');
		if (!path)
			return -EIO;
	}
	end = strchr(++path, ' ');
	if (end)
		*end = '\0';
	unescape(path);
	if (id == t->ids[0]) {
		if (strlen(path) >= sizeof(t->prefix))
			return -ENAMETOOLONG;
		strcpy(t->prefix, path);
		return 0;
	}
	if (!in_tree(t, parent))
		return 0;
	if (t->count == TREE_MAX)
		return -ENOSPC;
	t->ids[t->count++] = id;
	path += strcmp(t->prefix, "/") == 0 ? 0 : strlen(t->prefix);
	fd = resolve_open(top, path, false);
	if (fd < 0)
		return fd == -ENOENT || fd == -EACCES
			       ? 0
			       : fd; /* covered, or out of everybody's reach */
	r = remount(fd, set, clear);
	close(fd);
	return r;
}

static int for_each_line(struct tree *t, int info, int top, uint64_t set, uint64_t clear)
{
	char buffer[LINE_MAX_BYTES];
	size_t used = 0;

	for (;;) {
		ssize_t n = read(info, buffer + used, sizeof(buffer) - 1 - used);
		char *line = buffer, *end;

		if (n < 0)
			return -errno;
		if (n == 0)
			return used ? -EIO : 0;
		used += (size_t)n;
		buffer[used] = '\0';
		while ((end = strchr(line, '\n')) != NULL) {
			int r;

			*end = '\0';
			r = visit_line(t, line, top, set, clear);
			if (r < 0)
				return r;
			line = end + 1;
		}
		used -= (size_t)(line - buffer);
		memmove(buffer, line, used);
		if (used == sizeof(buffer) - 1)
			return -ENAMETOOLONG;
	}
}

int mount_old_change(struct child *c, int fd, uint64_t set, uint64_t clear, bool recursive)
{
	struct tree tree = {.count = 1};
	int r = remount(fd, set, clear), info;

	if (r < 0 || !recursive)
		return blame(c, WIRE_DETAIL_ATTRIBUTES, r);
	tree.ids[0] = mount_id(fd);
	if (tree.ids[0] < 0)
		return blame(c, WIRE_DETAIL_ATTRIBUTES, tree.ids[0]);
	info = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	if (info < 0)
		return blame(c, WIRE_DETAIL_ATTRIBUTES, -errno);
	r = for_each_line(&tree, info, fd, set, clear);
	close(info);
	return blame(c, WIRE_DETAIL_ATTRIBUTES, r);
}

int mount_old_propagation(int fd, uint64_t propagation)
{
	char path[FD_PATH_MAX];

	return mount(NULL, fd_path(path, fd), NULL, propagation, NULL) < 0 ? -errno : 0;
}

/* ---- making mounts ---- */

/* The mount that was just put on `target`. "/.." steps up onto whatever is mounted over the root.
 */
static int top_of(struct child *c, const struct step_target *target)
{
	if (target->base == SLOT_NONE)
		return SYS(openat, AT_FDCWD, "/..", O_PATH | O_CLOEXEC, 0);
	return mount_target(c, target, 0);
}

static int attach_old(struct child *c, const char *source, const char *type, unsigned long flags,
		      const char *data, const struct step_target *target, mode_t make)
{
	char path[FD_PATH_MAX];
	int at = mount_target(c, target, make);
	int r = 0;

	if (at < 0)
		return at;
	if (mount(source, target->base == SLOT_NONE ? "/" : fd_path(path, at), type, flags, data) <
	    0)
		r = -errno;
	close(at);
	if (r < 0)
		return blame(c, type ? WIRE_DETAIL_CREATE : WIRE_DETAIL_ATTACH, r);
	return top_of(c, target);
}

/* The source as a descriptor of its own, so that a name in a directory is looked at once. */
static int open_source(const struct bind_request *q)
{
	if (!q->name)
		return SYS(openat, q->source, "", O_PATH | O_CLOEXEC, 0);
	return SYS(openat, q->source, q->name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
}

int mount_old_bind(struct child *c, const struct bind_request *q, const struct step_target *target)
{
	char path[FD_PATH_MAX];
	int source = q->name ? open_source(q) : q->source;
	mode_t make = 0;
	struct statfs fs;
	struct stat st;
	int top, r = 0;

	if (source < 0)
		return blame(c, WIRE_DETAIL_SOURCE, source);
	if (fstat(source, &st) < 0)
		return blame(c, WIRE_DETAIL_SOURCE, -errno);
	if (q->procfs && (fstatfs(source, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC))
		return blame(c, WIRE_DETAIL_NOT_PROC, -EINVAL);
	if (q->device && !mount_is_device(&st, q))
		return blame(c, WIRE_DETAIL_NOT_DEVICE, -ENODEV);
	if (q->make_target)
		make = S_ISDIR(st.st_mode) ? S_IFDIR : S_IFREG;
	top = attach_old(c, fd_path(path, source), NULL, MS_BIND | (q->recursive ? MS_REC : 0),
			 NULL, target, make);
	if (source != q->source)
		close(source);
	if (top < 0)
		return top;
	r = mount_bind_attributes(c, top, q);
	if (r == 0)
		r = mount_propagate(c, top, q->propagation);
	if (r == 0)
		return top;
	close(top);
	return r;
}

int mount_old_filesystem(struct child *c, const struct filesystem_request *q,
			 const struct step_target *target)
{
	char data[PATH_MAX] = "", mode[8] = "";
	size_t used = 0;

	if (q->mode_of_target && *mount_mode_of(c, target, mode)) {
		strcat(strcpy(data, "mode="), mode);
		used = strlen(data);
	}
	for (size_t i = 0; i < q->count; i++) {
		const struct mount_option *o = &q->options[i];
		size_t need = strlen(o->key) + (o->value ? strlen(o->value) + 1 : 0) + 2;

		if (used + need > sizeof(data))
			return blame(c, WIRE_DETAIL_OPTION, -E2BIG);
		if (used)
			strcat(data, ",");
		strcat(data, o->key);
		if (o->value)
			strcat(strcat(data, "="), o->value);
		used = strlen(data);
	}
	return attach_old(c, q->source ? q->source : q->type, q->type, flags_of(q->attributes),
			  data, target, q->make_target ? S_IFDIR : 0);
}
