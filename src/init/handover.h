/* Replacing a waiting program by the waiter: the same supervise loop in a program of a few
 * kilobytes.
 *
 * The process, its children, its pending signals and its terminal stay what they are; only its
 * memory goes. This side uses the C library; the waiter does not.
 */
#ifndef ROOTLET_INIT_HANDOVER_H
#define ROOTLET_INIT_HANDOVER_H

#include "init/supervise.h"

#define WAITER_NAME "rootlet-waiter"

/* What the waiter must know, as decimal arguments in this order; then, if any, the pidfile's path.
 */
#define HANDOVER_FIELDS(FIELD)                                                                     \
	FIELD(pid)                                                                                 \
	FIELD(pidfd)                                                                               \
	FIELD(control_fd)                                                                          \
	FIELD(tty_fd)                                                                              \
	FIELD(status_fd)                                                                           \
	FIELD(stop_signal)                                                                         \
	FIELD(init)                                                                                \
	FIELD(host_pid)                                                                            \
	FIELD(foreground_tty)                                                                      \
	FIELD(mirror_signal)                                                                       \
	FIELD(group)                                                                               \
	FIELD(resume_group)                                                                        \
	FIELD(running)                                                                             \
	FIELD(has_tty)                                                                             \
	FIELD(stopped)                                                                             \
	FIELD(suspending)                                                                          \
	FIELD(hung_up)                                                                             \
	FIELD(deadline_ns)                                                                         \
	FIELD(relayed)                                                                             \
	FIELD(forwarded)

#define HANDOVER_ONE(name) +1 /* NOLINT(bugprone-macro-parentheses): terms of a sum */
enum { HANDOVER_COUNT = 0 HANDOVER_FIELDS(HANDOVER_ONE) };

/* After supervise_run returned SUPERVISE_HANDOVER: become the waiter, which removes `pidfile`
 * (NULL: none) at the end and exits with the container's status. Standard input, output and error
 * and the descriptors in *s are kept, every other one is closed, the environment is left behind.
 * Returns only when it cannot, with -errno: then call supervise_run again with handover_ns 0.
 * Descriptors above 2 may by then have become close-on-exec. For single-threaded commands. */
int waiter_exec(const struct supervise *s, const char *pidfile);

#endif
