/* See unix.h. */
#include "base/unix.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* One that is too long for sun_path is reached by way of its directory (unix(7)). */
int unix_connect(const char *path)
{
	AUTO_FD fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *folder = NULL;
	/* what it is at the beginning is what is closed when nothing was opened */
	/* cppcheck-suppress unreadVariable */
	AUTO_FD dir = -1;

	if (fd < 0)
		return -errno;
	if (strlen(path) < sizeof(a.sun_path)) {
		strcpy(a.sun_path, path);
	} else {
		folder = slash ? strndup(path, (size_t)(slash + 1 - path)) : NULL;
		dir = folder ? open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
		if (dir < 0 || snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/%s", dir,
					slash + 1) >= (int)sizeof(a.sun_path))
			return -ENAMETOOLONG;
	}
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		return -errno;
	return fd_steal(&fd);
}
