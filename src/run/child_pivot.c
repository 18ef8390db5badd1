/* The last steps of ROOT in the child: the new root becomes the root, and nothing of the old one is
 * left. See child.h for the rules. */
#include "run/child.h"

#include "base/path.h"
#include "base/sys.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* pivot_root(2): the root file system of the kernel itself cannot be moved. */
static bool is_initramfs(void)
{
	struct statfs fs;

	return statfs("/", &fs) == 0 && (fs.f_type == RAMFS_MAGIC || fs.f_type == TMPFS_MAGIC);
}

/* The id of the mount that `path` ends on; 0 where the kernel does not tell (before 5.8). */
static uint64_t mount_id(int dir, const char *path, int flags)
{
	struct statx sx;

	if (SYS(statx, dir, path, flags, STATX_MNT_ID, &sx) < 0 || !(sx.stx_mask & STATX_MNT_ID))
		return 0;
	return sx.stx_mnt_id;
}

enum { TABLE_MAX = 1 << 18, PASSES_MAX = 64 };

/* "36 35 98:0 / /mnt rw … - proc proc rw": is it a whole proc or sysfs? Its id, and its place. */
static bool parse_line(char *line, uint64_t *ret_id, char **ret_path)
{
	char *field[5], *dash = strstr(line, " - "), *save = line;
	int n = 0;

	if (!dash || (strncmp(dash + 3, "proc ", 5) != 0 && strncmp(dash + 3, "sysfs ", 6) != 0))
		return false;
	while (n < 5 && (field[n] = save) && (save = strchr(save, ' '))) {
		*save++ = '\0';
		n++;
	}
	if (n < 5 || strcmp(field[3], "/") != 0 || strchr(field[4], '\\'))
		return false;
	*ret_id = 0;
	for (const char *c = field[0]; *c >= '0' && *c <= '9'; c++)
		*ret_id = *ret_id * 10 + (uint64_t)(*c - '0');
	*ret_path = field[4];
	return true;
}

/* Takes away what stands on that place, if it is the mount of that id; 1: something was taken. */
static int take_away(uint64_t id, const char *path)
{
	int fd = SYS(openat, AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0), r;
	uint64_t top;

	if (fd < 0)
		return 0;
	top = mount_id(fd, "", AT_EMPTY_PATH);
	if (top && top != id) { /* covered for now, or one of the new root's */
		close(fd);
		return 0;
	}
	r = SYS(fchdir, fd);
	close(fd);
	if (r == 0 && umount2(".", MNT_DETACH) == 0)
		return 1;
	/* locked, and so it is for whoever is inside; but not in sight */
	return mount("tmpfs", path, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
		     "size=0") < 0
		       ? -errno
		       : 1;
}

/* Over "/" itself the new root hides nothing by name: its mounts are told by their ids. */
static bool is_below(const char *path, const char *new_root)
{
	return strcmp(new_root, "/") != 0 && path_within(path, new_root);
}

static int one_pass(char *table, const char *new_root)
{
	char *line = table, *end, *path;
	int taken = 0;
	uint64_t id;

	for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		int r;

		*end = '\0';
		if (!parse_line(line, &id, &path) || is_below(path, new_root))
			continue;
		r = take_away(id, path);
		if (r < 0)
			return r;
		taken += r;
	}
	return taken;
}

/* A whole proc or sysfs of the host's below would let whoever makes a user namespace inside mount
 * new ones, without the masks (the kernel looks for one that is in full sight), and be in reach of
 * whoever may unmount: away with all of them, also those that others cover. */
static int hide_kernel(const char *new_root)
{
	static char table[TABLE_MAX];
	int info = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC), r = 1;

	if (info < 0)
		return -errno;
	for (int pass = 0; r > 0 && pass < PASSES_MAX; pass++) {
		size_t used = 0;
		ssize_t n;

		if (lseek(info, 0, SEEK_SET) < 0)
			return -errno;
		while (used < sizeof(table) - 1 &&
		       (n = read(info, table + used, sizeof(table) - 1 - used)) > 0)
			used += (size_t)n;
		table[used] = '\0';
		r = one_pass(table, new_root);
	}
	close(info);
	return r < 0 ? r : 0;
}

/* The new root lies over the old one; the process's own root still is the old one, until it goes.
 */
int child_move_root(struct child *c, const struct step *step)
{
	char link[64] = "/proc/self/fd/", digits[12], new_root[PATH_MAX];
	int n, r;

	strcat(link, child_digits(digits, (unsigned)c->slots[SLOT_ROOT]));
	n = SYS(readlinkat, AT_FDCWD, link, new_root, sizeof(new_root) - 1);
	if (n < 0)
		return n;
	new_root[n] = '\0';
	r = hide_kernel(new_root);
	if (r == 0)
		r = SYS(fchdir, c->slots[SLOT_ROOT]);
	if (r == 0)
		r = SYS(chroot, ".");
	c->below = r == 0;
	return r < 0 ? r : SYS(chdir, "/");
}

/* pivot_root(2), NOTES: new and old may be the same directory; the old root then lies on top of the
 * new one, where the next step finds it as ".". */
int child_pivot_root(struct child *c, const struct step *step)
{
	int r = SYS(fchdir, c->slots[SLOT_ROOT]);

	if (r == 0)
		r = SYS(pivot_root, ".", ".");
	if (r != -EINVAL || !c->plan->oci || !is_initramfs())
		return r;
	/* An engine on such a machine knows of no flag, and has no other choice. */
	child_send(c, WIRE_NOTE, (int)(step - c->plan->steps), EINVAL, 0);
	return child_move_root(c, step);
}

/* The old root lies over the new one, and with it what lay over the old one: a scratch tmpfs, and
 * whatever a host had mounted over its "/". Each umount takes the topmost; "/.." is the topmost.
 * Without ids their number is the plan's. */
int child_detach_old_root(struct child *c, const struct step *step)
{
	uint64_t root = mount_id(c->slots[SLOT_ROOT], "", AT_EMPTY_PATH);
	int r = 0;

	if (c->below) /* there is none to detach */
		return 0;

	for (uint64_t i = 0; r == 0 && i < 64; i++) {
		if (root ? mount_id(AT_FDCWD, "/..", AT_SYMLINK_NOFOLLOW) == root
			 : i == step->a.number)
			return SYS(chdir, "/");
		/* A mount of it that is shared still would be unmounted on the host as well. */
		r = SYS(mount, NULL, "/..", NULL, MS_PRIVATE | MS_REC, NULL);
		if (r == 0)
			r = SYS(umount2, ".", MNT_DETACH);
	}
	return r < 0 ? r : -ELOOP;
}
