/* The only room that changes anything: a small interpreter that carries a plan out, and the wait
 * for its end. It decides nothing; what it does is on the plan. */
#ifndef ROOTLET_RUN_RUN_H
#define ROOTLET_RUN_RUN_H

#include "base/error.h"
#include "init/ending.h"
#include "init/supervise.h"
#include "plan/plan.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct run_process;

struct run_options {
	bool timings;
	int status_fd;	     /* -1: none */
	const char *pidfile; /* NULL: none */
	bool waiter;	     /* a long wait may replace this program by the tiny waiter */
	int container;	     /* exec: pidfd of the container, -1: none; borrowed */
	int start;	/* AWAIT_START: a SOCK_SEQPACKET with an address; borrowed; 0 or -1: none */
	int state_file; /* AWAIT_START: a file of the state, O_PATH; borrowed. Who can open it for
			 * writing may start the container, and when it is deleted nobody can: then
			 * the process ends. */
	struct ending
		ending; /* what run_wait records and removes at the end; pidfile is the above */
	/* Called once by run_wait when the wait is about to become a long one: may fill *ending.
	 * NULL: nothing to do then. */
	void (*before_long_wait)(void *data, struct ending *ending);
	/* Called once the process is there, while it goes on with its set-up. */
	int (*made)(void *data, struct run_process *process, struct rootlet_error *err);
	/* HOOKS: the child stands still until this returns; -errno ends the start. Its namespaces
	 * are open until then, -1 for one that it could not open. */
	int (*hooks)(void *data, struct run_process *process, const int namespaces[NS_COUNT],
		     struct rootlet_error *err);
	/* The seccomp listener has arrived: `fd` is the callee's to hand on, and closed after it.
	 */
	int (*listener)(void *data, struct run_process *process, int fd, struct rootlet_error *err);
	void *data;
};

/* Steps that took their fallback: more kinds than there are would be a mistake. */
enum { RUN_NOTES_MAX = 4 };

struct run_process {
	const struct plan *plan; /* borrowed: must outlive the process */
	struct run_options options;
	pid_t pid;
	int pidfd;    /* -1 where the kernel has none */
	int control;  /* our end; -1 without an init */
	int terminal; /* the master of its own terminal, or -1 */
	char *cgroup; /* the lowest one made for it, absolute, or NULL; who ends it removes it */
	char *cgroup_left; /* the group that we have left for a leaf below it, or NULL */
	char *unit;	   /* systemd's, that the group belongs to, or NULL */
	int cgroup_levels; /* of the groups above it, how many were made for it too */
	/* Of one that is made where it shares a container's user and pid namespaces: what it has
	 * told of itself, as its /proc/PID/ns is closed. 0: not told. */
	uint64_t namespaces[NS_COUNT];
	uint64_t mounts_id;  /* NS_GET_MNTNS_ID of ioctl_nsfs(2) */
	sigset_t saved_mask; /* the caller's, put back by run_free */
	int64_t *timings;    /* nanoseconds a step, -1 unknown; NULL without timings */
	const char *
		notes[RUN_NOTES_MAX]; /* static sentences: defaults that turned out not to be had */
	size_t note_count;
	bool ended;
};

/* Carry the plan out up to the exec of its first process. All signals are blocked in the calling
 * thread from here to run_free: run_wait reads them. On failure nothing is left. The caller frees
 * *ret. */
int run_start(const struct plan *plan, const struct run_options *options, struct run_process **ret,
	      struct rootlet_error *err);

/* Wait until the command itself runs, as nobody will stay to hear that it could not be: 0, or what
 * kept it from running, in words. Only for plans with detached or terminal set. */
int run_await_command(struct run_process *process, struct rootlet_error *err);

/* This process is done with it: frees `process`, and what runs lives on, for whoever reaps it. */
void run_leave(struct run_process *process);

/* Of a plan that awaits its start: its state is kept, so it may wait for the start, and this
 * process is done with it. Frees `process`; the container lives on. */
void run_leave_created(struct run_process *process);

/* For supervise_run, or the monitor: what it has to know of this process. tty_fd is -1. */
struct supervise run_supervise(const struct run_process *process);

/* To the end: see rootlet_process_wait. */
int run_wait(struct run_process *process, int *ret_status, struct rootlet_error *err);

/* One line on the status descriptor: it runs. run_wait says it too. */
void run_report_started(const struct run_process *process);

/* One line on the status descriptor for a start, or an exec, that failed. */
void run_report_failure(int status_fd, const struct rootlet_error *err);

void run_free(struct run_process *process); /* NULL is fine; kills what still lives */

/* words.c: a failing step in words. `error` is a positive errno. Fills err, returns -error. */
int run_word_failure(const struct plan *plan, int step, int error, uint32_t detail, int64_t value,
		     struct rootlet_error *err);

/* The same for the command's own exec: the exit status is 127 or 126. */
int run_word_exec_failure(const struct plan *plan, int error, uint32_t detail,
			  struct rootlet_error *err);

/* A step that went on by its fallback, as a sentence for the user. Static; NULL: none is known. */
void run_word_pidfile(const char *path, int error, struct rootlet_error *err);
const char *run_word_note(const struct step *step, int error);

/* listen.c: the descriptors of WIRE_NAMESPACES, `count` that came along with `value`, each in its
 * place, -1 for the others and for what is no namespace. -EPROTO: they do not fit; they are closed.
 */
int run_sort_namespaces(int32_t value, const int *fds, size_t count, int ret[NS_COUNT]);

/* helpers.c: newuidmap and newgidmap of all HELPER_MAP steps side by side, on `pid`. On failure
 * *ret_step is the step that failed. */
int run_map_helpers(const struct plan *plan, pid_t pid, int *ret_step, struct rootlet_error *err);

#endif
