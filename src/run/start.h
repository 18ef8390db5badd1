/* A start in progress: between start.c, which carries out the parent's steps, prepare.c and
 * listen.c. For these three alone. */
#ifndef ROOTLET_RUN_START_H
#define ROOTLET_RUN_START_H

#include "init/wire.h"
#include "run/child.h"
#include "run/run.h"

#include <stdbool.h>
#include <sys/types.h>

struct start {
	const struct plan *plan;
	struct run_process *process;
	struct child child;
	int report; /* read end */
	int cgroup; /* its directory, or -1 */
	pid_t joiner;
	bool helpers_done, ready;
	bool listened; /* the seccomp listener has come, or will not */
	bool opened;   /* `namespaces` have come, for HOOKS */
	int namespaces[NS_COUNT];
	struct rootlet_error *err;
};

/* ---- prepare.c ---- */

/* What the caller promised to have open is open. */
int prepare_check_status_fd(int fd, struct rootlet_error *err);
int prepare_check_preserved(const struct plan *plan, struct rootlet_error *err);

/* Everything that the child writes to, allocated while allocation is allowed. Or -ENOMEM. */
int prepare_child(struct start *s);

/* Handlers of the steps of PREPARE: 0 or -errno, without words. */
int prepare_channels(struct start *s, const struct step *step);
int prepare_init_image(struct start *s, const struct step *step);

/* ---- group.c: handlers of the steps that concern the cgroup ---- */

int group_leave_way(struct start *s, const struct step *step);
int group_parent(struct start *s, const struct step *step);
int group_offer(struct start *s, const struct step *step);
int group_make(struct start *s, const struct step *step);
int group_write_limit(struct start *s, const struct step *step);
int group_enter(struct start *s, const struct step *step);
/* The container's group holds groups of its own by now, with controllers, as a systemd inside makes
 * them: then no process may be in it. The one of the first process serves, unless the group was
 * asked for. */
int group_go_below(struct start *s);
int group_devices(struct start *s, const struct step *step); /* device_filter.c */
int group_scope(struct start *s, const struct step *step); /* systemd.c; may word its own failure */

/* ---- map_source.c: MAP_SOURCE ---- */

int map_source(struct start *s, const struct step *step);

/* ---- listen.c ---- */

/* Until the report pipe closes, by the exec or by the child's end; or, with a joiner, until the
 * child's pid is known. 0, or what failed in the child, in words. */
int listen_to_child(struct start *s, bool until_pid);
/* What the child has said by now of its own failure; else `r`, the parent's. */
int listen_for_words(struct start *s, int r);
/* WIRE_GO on the control channel. */
int listen_let_go(const struct start *s);
/* The master of the container's own terminal. */
int listen_take_terminal(struct start *s);

/* One report; as read(2). */
ssize_t listen_read(int fd, struct wire_report *report);
/* The joiner has said who the child is, and is reaped. */
void listen_take_pid(struct start *s, int64_t pid);

#endif
