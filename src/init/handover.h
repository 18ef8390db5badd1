/* Replacing a waiting program by the waiter: the same supervise loop in a program of a few
 * kilobytes.
 *
 * The process, its children, its pending signals and its terminal stay what they are; only its
 * memory goes. This side uses the C library; the waiter does not.
 */
#ifndef ROOTLET_INIT_HANDOVER_H
#define ROOTLET_INIT_HANDOVER_H

#include "init/ending.h"
#include "init/supervise.h"

#define WAITER_NAME "rootlet-waiter"

/* What the waiter and the monitor must know, as decimal arguments in this order; then those of
 * ENDING_FIELDS; then id, pidfile, cgroup, cgroup_left and memory_note as they are, empty when
 * there is none. */
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
enum {
	HANDOVER_NUMBERS = 0 HANDOVER_FIELDS(HANDOVER_ONE) ENDING_FIELDS(HANDOVER_ONE),
	HANDOVER_ARGUMENTS = HANDOVER_NUMBERS + 5,
};

/* After supervise_run returned SUPERVISE_HANDOVER: become the waiter, which does what *e asks for
 * at the end (ending_finish) and exits with the container's status. Standard input, output and
 * error and the descriptors in *s and *e are kept, every other one is closed, the environment is
 * left behind. Returns only when it cannot, with -errno: then call supervise_run again with
 * handover_ns 0. Descriptors above 2 may by then have become close-on-exec. For single-threaded
 * commands. */
int waiter_exec(const struct supervise *s, const struct ending *e);

#endif
