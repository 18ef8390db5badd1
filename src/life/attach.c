/* The attach socket's two ends. Its protocol is init/attach.h's; who speaks it are the monitor and
 * the client. */
#include "life/life.h"

#include "base/fd.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* By way of /proc/self/fd: a runtime folder's path and an id together are longer than sun_path
 * (unix(7)). */
static socklen_t address(int folder, struct sockaddr_un *ret)
{
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d/%s", folder, LIFE_SOCKET);
	return sizeof(*ret);
}

int life_listen(int folder)
{
	AUTO_FD fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un a;

	if (fd < 0)
		return -errno;
	unlinkat(folder, LIFE_SOCKET, 0); /* of an earlier run */
	if (bind(fd, (struct sockaddr *)&a, address(folder, &a)) < 0 || listen(fd, 8) < 0)
		return -errno;
	return fd_steal(&fd);
}

int life_connect(const struct state_container *c, struct rootlet_error *err)
{
	AUTO_FD fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un a;

	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, address(c->folder, &a)) == 0)
		return fd_steal(&fd);
	if (errno == ENOENT) {
		error_set(err, -ENOTCONN, "not-attachable", c->name,
			  "%s: runs in the foreground of another terminal, so nothing can be "
			  "attached",
			  c->name);
		error_hint(err, "`rootlet exec -it %s sh` gives you a shell in it", c->name);
		return -ENOTCONN;
	}
	return error_set(err, -errno, "attach", c->name, "attach to %s: %s", c->name,
			 error_text(errno));
}
