/* File descriptors that close themselves at the end of their scope. No policy. */
#ifndef ROOTLET_BASE_FD_H
#define ROOTLET_BASE_FD_H

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* Close *fd if it is open, keep errno, and set it to -1. */
static inline void fd_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

/* Hand the descriptor out of the scope that would close it. */
static inline int fd_steal(int *fd)
{
	int out = *fd;

	*fd = -1;
	return out;
}

static inline void free_pointer(void *p)
{
	free(*(void **)p);
}

#define AUTO_FD	  __attribute__((cleanup(fd_close))) int
#define AUTO_FREE __attribute__((cleanup(free_pointer)))

#endif
