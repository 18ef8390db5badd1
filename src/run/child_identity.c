/* OPEN, MAPS, IDENTITY and NAMESPACES in the child: its sources, its ids, its names, its network.
 */
#include "run/child.h"
#include "run/child_mount.h"

#include "base/fds.h"
#include "base/sys.h"

#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080 /* Linux 5.6 */
#endif

/* What an engine keeps for its containers may belong to an id of theirs: then it takes the rights
 * of the mapped root, which begin with the maps. */
static int open_source(struct child *c, const char *path, int flags)
{
	int fd = SYS(openat, AT_FDCWD, path, flags, 0), r;

	if (fd != -EACCES || !c->plan->oci || !c->plan->parent_maps || c->mapped)
		return fd;
	r = child_await_maps(c);
	return r < 0 ? r : SYS(openat, AT_FDCWD, path, flags, 0);
}

int child_open_path(struct child *c, const struct step *step)
{
	int flags = O_PATH | O_CLOEXEC;
	struct stat st;
	int fd;

	if (step->a.open.kind == OPEN_DIRECTORY)
		flags |= O_DIRECTORY;
	fd = open_source(c, step->a.open.path, flags);
	if (fd < 0)
		return fd;
	c->slots[step->a.open.slot] = fd;
	if (step->a.open.kind != OPEN_DEVICE)
		return 0;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
		return 0;
	c->detail = WIRE_DETAIL_NOT_DEVICE;
	return -ENODEV;
}

/* With the caller's own rights, and as its own: with keep-id the mapped root is somebody else.
 * Where the caller may not make it, nothing of it can be shown. */
int child_own_folder(struct child *c, const struct step *step)
{
	const char *path = step->a.text.text;
	char part[PATH_MAX];
	int r = 0;

	if (strlen(path) >= sizeof(part))
		return -ENAMETOOLONG;
	for (size_t i = 1; i <= strlen(path); i++) {
		if (path[i] && path[i] != '/')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		r = SYS(mkdirat, AT_FDCWD, part, 0700);
	}
	return r == -EEXIST ? 0 : r == -EACCES || r == -EPERM || r == -EROFS ? -ENOENT : r;
}

int child_deny_setgroups(struct child *c, const struct step *step)
{
	return child_write_file(AT_FDCWD, "/proc/self/setgroups", "deny");
}

int child_write_map(struct child *c, const struct step *step)
{
	return child_write_file(AT_FDCWD,
				step->a.map.gid ? "/proc/self/gid_map" : "/proc/self/uid_map",
				step->a.map.text);
}

int child_set_groups(struct child *c, const struct step *step)
{
	int r = SYS(setgroups, (size_t)0, NULL);

	return r == -EPERM && step->optional ? 0 : r;
}

/* Raw calls: the C library's wrappers would try to change every thread of a process that has none.
 */
int child_set_ids(struct child *c, const struct step *step)
{
	int r = SYS(setresgid, step->a.ids.gid, step->a.ids.gid, step->a.ids.gid);

	if (r == 0)
		r = SYS(setresuid, step->a.ids.uid, step->a.ids.uid, step->a.ids.uid);
	return r < 0 ? r : child_hide(c);
}

int child_procfs(struct child *c, const struct step *step)
{
	int fd = mount_procfs(c, step->a.fs.attributes);

	if (fd < 0)
		return fd;
	c->slots[SLOT_PROC] = fd;
	return 0;
}

int child_cgroup_namespace(struct child *c, const struct step *step)
{
	return SYS(unshare, CLONE_NEWCGROUP);
}

int child_hostname(struct child *c, const struct step *step)
{
	return SYS(sethostname, step->a.text.text, strlen(step->a.text.text));
}

int child_domainname(struct child *c, const struct step *step)
{
	return SYS(setdomainname, step->a.text.text, strlen(step->a.text.text));
}

int child_loopback_up(struct child *c, const struct step *step)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int r = 0;

	if (fd < 0)
		return -errno;
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		r = -errno;
	close(fd);
	return r;
}

int child_sysctl(struct child *c, const struct step *step)
{
	int sys = openat(c->slots[SLOT_PROC], "sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (sys < 0)
		return -errno;
	r = child_write_file(sys, step->a.setting.path, step->a.setting.value);
	close(sys);
	return r;
}

/* unshare leaves us in the old time namespace and puts our children into the new one; the offsets
 * can be written until somebody is in it. Then we enter it ourselves, so that PID 1 is in it as
 * well. */
int child_time_offsets(struct child *c, const struct step *step)
{
	int proc = c->slots[SLOT_PROC];
	int r = SYS(unshare, CLONE_NEWTIME), fd;

	if (r == 0 && *step->a.text.text)
		r = child_write_file(proc, "self/timens_offsets", step->a.text.text);
	if (r < 0)
		return r;
	fd = openat(proc, "self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = SYS(setns, fd, CLONE_NEWTIME);
	close(fd);
	return r;
}

/* The parent has sent it before it lets us go. */
int child_take_source(struct child *c, const struct step *step)
{
	struct wire_message message = {0};
	size_t count;
	int n = fds_take(c->control, &message, sizeof(message), 0, &c->slots[step->a.open.slot], 1,
			 &count);

	if (n == sizeof(message) && message.type == WIRE_SOURCE && count)
		return 0;
	c->detail = WIRE_DETAIL_PARENT_GONE;
	return -EPIPE;
}
