/* What the examples share: an end with a reason, and how an ordinary user becomes root of a user
 * namespace. Everything else stands in each program, so that it can be read by itself. */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* clone, unshare, setns */
#endif

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || dprintf(fd, "%s", text) < 0)
		err(1, "%s", path);
	close(fd);
}

/* Called in the new user namespace, with the ids from before it was made: in there nobody has a
 * number yet. An ordinary user may map one id, their own, after giving up setgroups(2), with which
 * a process could drop a group that forbids it something. user_namespaces(7) */
static inline void become_root(uid_t uid, gid_t gid)
{
	char line[64];

	write_text("/proc/self/setgroups", "deny");
	snprintf(line, sizeof(line), "0 %u 1", (unsigned)gid);
	write_text("/proc/self/gid_map", line);
	snprintf(line, sizeof(line), "0 %u 1", (unsigned)uid);
	write_text("/proc/self/uid_map", line);
}

#endif
