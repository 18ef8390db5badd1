/* Reading /proc for the gatherers. See read.h. Nothing is changed, and what may not be read is
 * kept as -errno. */
#include "explain/read.h"

#include "base/fd.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

enum { PROC_MAX = 1 << 20, PASSWD_MAX = 4 << 20 };

char *read_proc(struct arena *a, int pid, const char *name, size_t *ret_len, int *ret_error)
{
	AUTO_FREE char *text = NULL;
	char path[64], *copy;
	size_t len;
	int r;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	r = io_read_file(path, PROC_MAX, &text, &len);
	if (r < 0) {
		*ret_error = r;
		return NULL;
	}
	copy = arena_memdup(a, text, len + 1);
	*ret_error = copy ? 0 : -ENOMEM;
	if (ret_len)
		*ret_len = len;
	return copy;
}

int read_status(struct arena *a, int pid, struct status *ret)
{
	int r;
	const char *text = read_proc(a, pid, "status", NULL, &r);

	return text ? status_parse(a, text, ret) : r;
}

void read_map(struct arena *a, int pid, const char *name, struct shown_map *ret)
{
	int r;
	const char *text = read_proc(a, pid, name, NULL, &r);

	*ret = (struct shown_map){0};
	if (text)
		r = map_parse(a, text, ret);
	ret->error = r;
}

const char *ns_kind_name(enum ns_kind kind)
{
	static const char *const names[NS_KIND_COUNT] = {
		[NS_USER] = "user",
		[NS_PID] = "pid",
		[NS_MNT] = "mnt",
		[NS_NET] = "net",
		[NS_IPC] = "ipc",
		[NS_UTS] = "uts",
		[NS_CGROUP] = "cgroup",
		[NS_TIME] = "time",
		[NS_PID_CHILDREN] = "pid_for_children",
		[NS_TIME_CHILDREN] = "time_for_children",
	};

	return names[kind];
}

/* include/uapi/linux/nsfs.h since 6.18, include/linux/proc_ns.h before: fixed for ever. The first
 * mount and network namespaces have fixed numbers only since 6.18, so nothing is said of them. */
bool ns_is_initial(enum ns_kind kind, uint64_t inode)
{
	static const uint64_t numbers[NS_KIND_COUNT] = {
		[NS_USER] = 0xEFFFFFFD,		[NS_PID] = 0xEFFFFFFC,
		[NS_IPC] = 0xEFFFFFFF,		[NS_UTS] = 0xEFFFFFFE,
		[NS_CGROUP] = 0xEFFFFFFB,	[NS_TIME] = 0xEFFFFFFA,
		[NS_PID_CHILDREN] = 0xEFFFFFFC, [NS_TIME_CHILDREN] = 0xEFFFFFFA,
	};

	return inode && numbers[kind] == inode;
}

int read_ns(int pid, enum ns_kind kind)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, ns_kind_name(kind));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

struct ns_seen ns_seen_of(int fd)
{
	struct stat st;

	if (fd < 0)
		return (struct ns_seen){.error = fd};
	if (fstat(fd, &st) < 0)
		return (struct ns_seen){.error = -errno};
	return (struct ns_seen){.inode = st.st_ino};
}

static int related(int fd, unsigned long request)
{
	int other;

	if (fd < 0)
		return fd;
	other = ioctl(fd, request);
	if (other < 0)
		return -errno;
	/* the kernel sets close-on-exec itself (open_related_ns in fs/nsfs.c) */
	return other;
}

int ns_owner(int fd)
{
	return related(fd, NS_GET_USERNS);
}

int ns_parent(int fd)
{
	return related(fd, NS_GET_PARENT);
}

struct ns_seen ns_owner_uid(int fd)
{
	uid_t uid;

	if (ioctl(fd, NS_GET_OWNER_UID, &uid) < 0)
		return (struct ns_seen){.error = -errno};
	return (struct ns_seen){.inode = uid};
}

const char *read_passwd(struct arena *a)
{
	AUTO_FREE char *text = NULL;
	const char *copy;

	if (io_read_file("/etc/passwd", PASSWD_MAX, &text, NULL) < 0)
		return "";
	copy = arena_strdup(a, text);
	return copy ? copy : "";
}
