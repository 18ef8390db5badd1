/* Descriptors that travel beside a message over a unix socket: SCM_RIGHTS of unix(7), the one place
 * where it is written out. Who may send them, and what they are, is the callers' business. And
 * descriptors that must not travel to the next program.
 *
 * For the child after clone as well: nothing here but system calls.
 */
#ifndef ROOTLET_BASE_FDS_H
#define ROOTLET_BASE_FDS_H

#include <stddef.h>

enum { FDS_MAX = 8 }; /* with one message */

/* All of the message, with `count` descriptors; never a SIGPIPE. 0, or -errno; -EINVAL for an empty
 * message or too many. */
int fds_send(int to, const void *message, size_t len, const int *fds, size_t count);

/* One message of at most `len` bytes, with at most `most` descriptors: its length, 0 at the end of
 * file, or -errno. `flags` are recvmsg(2)'s. What is taken is close-on-exec; fds[*ret_count …] are
 * -1. A message that is longer (-EMSGSIZE), that brings more descriptors (-EPROTO), or more than
 * there is room for in our table (-EMFILE), is refused, and nothing of it stays open. */
int fds_take(int from, void *message, size_t len, int flags, int *fds, size_t most,
	     size_t *ret_count);

/* This one and all above it are close-on-exec from now on. */
void fds_close_on_exec(unsigned from);

#endif
