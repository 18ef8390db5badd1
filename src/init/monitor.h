/* The monitor: what stands on the host's side of a detached container, or of one with a terminal.
 *
 * It is the supervise loop with three more duties: it reads what the container writes, keeps the
 * log, and serves the clients that are attached (attach.h). One process a container, of a few
 * kilobytes; it never parses anything but its own arguments and the packets of attach.h.
 *
 * Freestanding but for monitor_exec, which is the library's side.
 */
#ifndef ROOTLET_INIT_MONITOR_H
#define ROOTLET_INIT_MONITOR_H

#include <stdbool.h>
#include <stdint.h>

#include "init/ending.h"
#include "init/supervise.h"

#define MONITOR_NAME "rootlet-monitor"

enum {
	MONITOR_CLIENTS = 8, /* at a time, the one from birth included */
};

/* The log: CRI lines, as the kubelet and podman's k8s-file have them:
 *     2026-11-22T01:02:03.123456789Z stdout F text
 * F ends a line, P is a part of one that goes on in the next entry of that stream. A container with
 * a terminal has stdout only. When MONITOR_LOG would grow above log_max it becomes MONITOR_LOG_OLD,
 * so that both together stay below twice log_max. */
#define MONITOR_LOG	"log"
#define MONITOR_LOG_OLD "log.1"

struct monitor {
	/* What supervise.h wants. tty_fd is -1: there is no job control behind a monitor. */
	struct supervise supervise;
	struct ending ending; /* ENDING_NONE: no state folder */

	/* Every descriptor here is the monitor's own; -1: none. It makes them non-blocking. */
	int terminal_fd; /* the pty's master, unlocked; then stdout_fd and stderr_fd are -1 */
	int stdin_fd;	 /* write end of the container's stdin, or the master again: input wanted */
	int stdout_fd;	 /* read ends of the container's pipes */
	int stderr_fd;
	int listen_fd; /* SOCK_SEQPACKET, bound and listening */
	int client_fd; /* a client that is connected from birth */

	bool owned;    /* the container ends with the connection of client_fd, unless it detaches */
	bool keep_log; /* in ending.dir_fd */
	uint64_t log_max; /* bytes; 0: no bound */
};

/* Decimal arguments of the monitor, after those of handover.h. timeout_ns is in the supervise part:
 * that loop has not begun yet. */
#define MONITOR_FIELDS(FIELD)                                                                      \
	FIELD(supervise.timeout_ns)                                                                \
	FIELD(terminal_fd)                                                                         \
	FIELD(stdin_fd)                                                                            \
	FIELD(stdout_fd)                                                                           \
	FIELD(stderr_fd)                                                                           \
	FIELD(listen_fd)                                                                           \
	FIELD(client_fd)                                                                           \
	FIELD(owned)                                                                               \
	FIELD(keep_log)                                                                            \
	FIELD(log_max)

#define MONITOR_ONE(name) +1 /* NOLINT(bugprone-macro-parentheses): terms of a sum */
enum { MONITOR_NUMBERS = 0 MONITOR_FIELDS(MONITOR_ONE) };

/* Become the monitor. The caller has started the container and is its parent; it is a session
 * leader of its own, with /dev/null as descriptors 0 to 2, one thread and every signal blocked
 * since before the clone. The descriptors named in *m are kept, every other one is closed. Returns
 * only when it cannot, with -errno: then monitor_run in place is the same with more memory.
 * Descriptors above 2 may by then have become close-on-exec. */
int monitor_exec(const struct monitor *m);

/* The monitor's whole life, in place. Returns the exit status once everything is done: the log is
 * complete, the exit record is written, the state is removed if so wished and the clients know. */
int monitor_run(struct monitor *m);

#endif
