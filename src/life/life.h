/* Containers that live: what composes the state on disk with a plan that runs. Started in the
 * background, entered, attached, stopped, removed.
 *
 * It decides how the two rooms below it meet; what a start does is on the plan, what is kept is the
 * state's. It prints nothing.
 */
#ifndef ROOTLET_LIFE_LIFE_H
#define ROOTLET_LIFE_LIFE_H

#include "base/error.h"
#include "facts/facts.h"
#include "init/ending.h"
#include "plan/plan.h"
#include "run/run.h"
#include "spec/spec.h"
#include "state/state.h"

#include <stdbool.h>
#include <stdint.h>

/* ---- record.c: what a container is made again from ---- */

/* The record of a container that this spec and this plan describe. Everything lies in `arena`. The
 * words are a whole `rootlet run` command line: what concerned that one start is left out,
 * variables have their values, and a seccomp profile is `profile`, the copy in the state folder. */
int life_record(struct arena *arena, const struct spec *spec, const struct facts *facts,
		const struct plan *plan, struct state_record *ret, struct rootlet_error *err);

/* The spec that a record describes. The caller frees *ret with spec_free. A seccomp profile's path
 * is made absolute: it lies in the container's folder. */
int life_spec(const struct state_container *container, struct spec **ret,
	      struct rootlet_error *err);

/* A spec for a further command: the container's, with `line` (the words after `rootlet exec`) over
 * it. The caller frees *ret. */
int life_exec_spec(const struct state_container *container, int argc, const char *const *line,
		   struct spec **ret, struct rootlet_error *err);

/* The seccomp profile's text, kept beside the record. */
#define LIFE_PROFILE "seccomp.json"
int life_keep_profile(const struct state_container *container, const struct facts *facts,
		      struct rootlet_error *err);

/* ---- plan_cache.c ---- */

/* Keep what this planning had to compute and the next need not. */
void life_keep_plan(const struct plan *plan);

/* ---- resolve.c: containers that a spec names, as facts ---- */

int life_resolve(const struct state_store *store, const struct spec *spec, struct facts *facts,
		 struct rootlet_error *err);
/* A container that lives, as facts under the name that the spec has for it. */
int life_add_facts(const struct state_container *container, const char *name, struct facts *facts,
		   struct rootlet_error *err);
/* The same for any process whose namespaces these are; `cgroup` may be NULL. */
int life_add_process(const char *name, pid_t pid, const uint64_t namespaces[NS_COUNT],
		     const char *cgroup, struct facts *facts, struct rootlet_error *err);
/* Does this spec name one? Then resolve is needed before plan. */
bool life_names_containers(const struct spec *spec);
/* /proc/PID/uid_map or gid_map, as it reads from here: the ids inside → ours. Empty when it cannot
 * be read. */
void life_read_map(struct arena *arena, pid_t pid, const char *file, struct idmap *ret);
/* -ESRCH, with the message that a container of this name does not run. */
int life_not_running(const char *name, struct rootlet_error *err);
int life_not_paused(const struct state_container *container, struct rootlet_error *err);

/* ---- launch.c: a start whose supervisor is a process of its own ---- */

struct life_launch {
	const struct plan *plan;
	struct run_options run;
	struct state_container *container; /* locked; NULL: a further command, without state */
	bool interactive;		   /* keep stdin open for clients */
	bool attached; /* the caller is the first client, and owns the container */
	bool remove;   /* the state goes with the container */
	uint64_t log_max;
};

struct life_launched {
	int pid;
	int client;			  /* socket of the first client; -1 unless attached */
	const char *notes[RUN_NOTES_MAX]; /* static */
	size_t note_count;
};

/* Start, and leave a monitor behind as a child of nobody's. When it returns 0 the command runs, and
 * the container's state is published. On failure the container, if it was new, is gone. */
int life_start(const struct life_launch *launch, struct life_launched *ret,
	       struct rootlet_error *err);

/* A further command that nobody waits for (exec -d): no monitor stays. */
int life_start_alone(const struct plan *plan, const struct run_options *run,
		     struct rootlet_error *err);

/* ---- attach.c ---- */

#define LIFE_SOCKET "attach"
/* The listening socket in the container's folder. A descriptor, or -errno. */
int life_listen(int folder);
/* A connection to the monitor: a descriptor, or -errno with a message. */
int life_connect(const struct state_container *container, struct rootlet_error *err);

/* ---- end.c ---- */

/* Send a signal to the container's first process; SIGKILL ends all that it has. */
int life_kill(struct state_container *container, int signal, struct rootlet_error *err);
/* Its stop signal, and SIGKILL after `seconds`. 0 once it has ended, also when it had before. */
int life_stop(struct state_container *container, uint64_t seconds, struct rootlet_error *err);
/* Its two halves, for several at once: first each is asked, then each is waited for, and killed
 * `seconds` after it was asked. */
int life_ask_to_stop(struct state_container *container, int64_t *ret_asked,
		     struct rootlet_error *err);
int life_await_stop(struct state_container *container, int64_t asked, uint64_t seconds,
		    struct rootlet_error *err);
/* Until it has ended. `timeout_ms` -1: for ever; -ETIMEDOUT without a message. *ret_status: 125
 * when nobody recorded it. */
int life_wait(struct state_container *container, int timeout_ms, int *ret_status,
	      struct rootlet_error *err);
/* force: kill it first. */
int life_remove(struct state_container *container, bool force, struct rootlet_error *err);

/* ---- pause.c ---- */

/* Freeze all its processes, or let them go on. */
int life_pause(struct state_container *container, bool paused, struct rootlet_error *err);

/* ---- publish.c: what a supervisor keeps of the container that it has just started ---- */

/* Its process, and that others may see it. */
int life_publish(struct state_container *container, const struct run_process *process,
		 struct rootlet_error *err);
/* How its end is recorded: by descriptors of the supervisor's own, since the lock belongs to the
 * container's. -errno where its folder cannot be opened once more. */
int life_name_ending(const struct state_container *container, const struct run_process *process,
		     bool remove, struct ending *ret);

/* A run in the foreground, whose supervisor is the caller: both of these, and the lock let go. */
int life_register(struct state_container *container, const struct run_process *process, bool remove,
		  struct ending *ret, struct rootlet_error *err);

#endif
