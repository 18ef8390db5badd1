/* Where the child shares a container's pid namespace nobody may look into it, its maker neither:
 * so it tells itself which namespaces it is in, at once after the clone. See child.h for the rules.
 *
 * By the procfs of who makes it, which is still there: an image's would say what it likes.
 */
#include "run/child.h"

#include "base/sys.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#ifndef NS_GET_MNTNS_ID /* linux/nsfs.h of Linux 6.11 */
#define NS_GET_MNTNS_ID _IOR(NSIO, 0x5, uint64_t)
#endif

/* O_NONBLOCK: of what stands there in a joined mount namespace. */
static int open_own(enum ns_type type)
{
	char path[32] = "/proc/self/ns/";
	struct statfs fs;
	int fd;

	strcat(path, ns_type_name(type));
	fd = SYS(openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
	if (fd < 0 || (fstatfs(fd, &fs) == 0 && fs.f_type == NSFS_MAGIC))
		return fd;
	close(fd);
	return -ENOENT;
}

void child_tell_namespaces(struct child *c)
{
	for (int t = 0; t < NS_COUNT; t++) {
		int fd = open_own((enum ns_type)t);
		uint64_t id = 0;
		struct stat st;

		if (fd < 0) /* older than that type, or there is no procfs */
			continue;
		if (fstat(fd, &st) == 0)
			child_send(c, WIRE_NAMESPACE, t, 0, (int64_t)st.st_ino);
		if (t == NS_MNT && SYS(ioctl, fd, NS_GET_MNTNS_ID, &id) == 0)
			child_send(c, WIRE_MOUNTS, t, 0, (int64_t)id);
		close(fd);
	}
}
