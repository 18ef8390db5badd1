/* Files into and out of a container that runs.
 *
 * Two processes do it, with a socket between them: one on the host with the caller's rights and the
 * caller's view, one that has joined the container's user and mount namespaces and is root there.
 * So every path is resolved by the side that it belongs to: what a link in the container says
 * cannot lead to a file of the host.
 */
#ifndef ROOTLET_LIFE_COPY_H
#define ROOTLET_LIFE_COPY_H

#include "base/error.h"
#include "state/state.h"

#include <stddef.h>
#include <stdint.h>

enum life_copy { LIFE_COPY_IN, LIFE_COPY_OUT };

/* *ret_passed (may be NULL): devices, sockets and pipes, which are not copied. */
int life_copy(const struct state_container *container, enum life_copy direction, const char *local,
	      const char *path, size_t *ret_passed, struct rootlet_error *err);

/* ---- copy_tree.c: the two ends. Both end with the socket. ---- */

/* What went wrong, by the side on which it did; fits into a pipe as a whole (pipe(7)). */
struct copy_verdict {
	int code; /* -errno; 0: all done */
	size_t passed;
	char path[512];	  /* at which it was */
	const char *what; /* static: "read", "write" … */
};

void copy_send(int socket, const char *path, struct copy_verdict *ret);
void copy_receive(int socket, const char *path, struct copy_verdict *ret);

#endif
