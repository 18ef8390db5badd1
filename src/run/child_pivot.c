/* The last steps of ROOT in the child: the new root becomes the root, and nothing of the old one is
 * left. See child.h for the rules. */
#include "run/child.h"

#include "base/sys.h"

#include <fcntl.h>
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

/* A full proc or sysfs of the host's would stay in reach of whoever may unmount in the container
 * (and lets it mount new ones): away with it, or covered where it is locked. */
static int hide_below(const char *path)
{
	if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
		return 0;
	if (errno != EINVAL && errno != EPERM)
		return errno == ENOENT ? 0 : -errno;
	return mount("tmpfs", path, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
		     "size=0") < 0
		       ? -errno
		       : 0;
}

/* The new root lies over the old one; the process's own root still is the old one, until it goes.
 */
int child_move_root(struct child *c, const struct step *step)
{
	int r = hide_below("/sys");

	if (r == 0)
		r = hide_below("/proc");
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

/* The id of the mount that `path` ends on; 0 where the kernel does not tell (before 5.8). */
static uint64_t mount_id(int dir, const char *path, int flags)
{
	struct statx sx;

	if (SYS(statx, dir, path, flags, STATX_MNT_ID, &sx) < 0 || !(sx.stx_mask & STATX_MNT_ID))
		return 0;
	return sx.stx_mnt_id;
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
