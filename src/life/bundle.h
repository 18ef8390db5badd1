/* The life of OCI containers: created, started, entered, signalled, deleted. What composes the
 * state of bundles with plans that run, as life.h does for rootlet's own containers.
 *
 * No process of ours stays in between: after `create` the container's first process is left to
 * whoever called us. It prints nothing: what is only to be warned of goes to `warn`.
 */
#ifndef ROOTLET_LIFE_BUNDLE_H
#define ROOTLET_LIFE_BUNDLE_H

#include "base/error.h"
#include "bundle/bundle.h"
#include "run/run.h"
#include "spec/oci.h"
#include "spec/spec.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

struct plan;

struct life_warn {
	void (*say)(void *data, const char *text); /* NULL: nobody listens */
	void *data;
};

/* ---- bundle_create.c ---- */

struct life_bundle_options {
	const char *bundle;	    /* NULL: the working directory */
	const char *config;	    /* NULL: config.json in the bundle */
	const char *pid_file;	    /* or NULL */
	const char *console_socket; /* or NULL */
	const char *pidfd_socket;   /* or NULL */
	uint32_t preserve_fds;
	uint32_t listen_fds; /* the first of those are a socket activation's: sd_listen_fds(3) */
	bool systemd_cgroup, no_cgroup, no_pivot, no_new_keyring;
	bool notify_socket; /* the caller has one, which it does not hand in */
	bool foreground;    /* the caller waits for it: a terminal's master is handed to it */
	struct life_warn warn;
};

struct life_bundle_made {
	struct bundle *bundle; /* locked until it is freed */
	int terminal;	       /* with `foreground` and a terminal: its master; else -1 */
};

/* Everything up to the moment where the command would be executed. On failure nothing is left.
 * `made` may be NULL. The process is a child of the caller's. */
int life_bundle_create(const struct bundle_store *store, const char *id,
		       const struct life_bundle_options *options, struct life_bundle_made *made,
		       struct rootlet_error *err);

/* ---- bundle_plan.c ---- */

/* The plan of `create`: nothing is made. `facts_path` NULL: this host's. */
int life_bundle_plan(const char *id, const struct life_bundle_options *options,
		     const char *facts_path, struct plan **ret, struct rootlet_error *err);

/* What a bundle holds, and the spec that is made of it; the caller frees both. Notes are warned of.
 */
struct bundle_source {
	char *path, *config; /* of the bundle, and of its config */
	char *text;	     /* the config's */
	size_t len;
};
int bundle_read_source(const struct life_bundle_options *options, struct bundle_source *ret,
		       struct rootlet_error *err);
void bundle_free_source(struct bundle_source *source);
int bundle_make_spec(const struct life_bundle_options *options, const char *id,
		     const struct bundle_source *source, struct spec **ret,
		     struct rootlet_error *err);

/* ---- bundle_start.c ---- */

/* Let it go. Whether its command could be executed is known when this returns. */
int life_bundle_start(struct bundle *bundle, const struct life_warn *warn,
		      struct rootlet_error *err);

/* ---- bundle_end.c ---- */

/* `all`: to every process that it has. Without it SIGKILL still ends all of them. */
int life_bundle_kill(struct bundle *bundle, int signal, bool all, struct rootlet_error *err);
/* force: end it first. */
int life_bundle_delete(struct bundle *bundle, bool force, const struct life_warn *warn,
		       struct rootlet_error *err);
/* Whether its first process is gone, or is on its way out and runs nothing any more. */
bool life_bundle_is_ending(const struct bundle *bundle);
/* SIGKILL to all that it has, and wait. */
int life_bundle_end(struct bundle *bundle, struct rootlet_error *err);

/* ---- bundle_members.c ---- */

/* Its processes, as the caller numbers them: *ret is the caller's to free. */
int life_bundle_pids(const struct bundle *bundle, pid_t **ret, size_t *ret_count,
		     struct rootlet_error *err);
int life_bundle_by_number(const void *a, const void *b); /* the order of *ret: for bsearch(3) */

/* ---- bundle_cgroup.c ---- */

/* Does the plan make a group by a name of its own? Its directory. */
bool life_bundle_named_group(const struct plan *plan, char path[static PATH_MAX]);
/* A group that the plan takes over, because it is there already, must not be that of another
 * container that has ended and was not deleted: deleting the one would end the other. id:
 * cgroup-taken. */
int life_bundle_check_group(const struct bundle_store *store, const char *id,
			    const struct plan *plan, struct rootlet_error *err);

/* Freeze all its processes, or let them go on. */
int life_bundle_pause(struct bundle *bundle, bool paused, struct rootlet_error *err);
/* What is given of the resources: written to its cgroup, as far as it has one. `text` is JSON as
 * linux.resources; `path` its name for messages. */
int life_bundle_update(struct bundle *bundle, const char *text, size_t len, const char *path,
		       struct rootlet_error *err);
/* Until it has ended, or an event in its memory, or the time: 1 when it has ended. *ret_kills: how
 * many processes it has lost for want of memory so far. */
int life_bundle_watch(struct bundle *bundle, int timeout_ms, uint64_t *ret_kills,
		      struct rootlet_error *err);
/* 0, or an error: it runs, and has a cgroup of its own. */
int life_bundle_has_cgroup(const struct bundle *bundle, struct rootlet_error *err);

/* ---- bundle_broken.c ---- */

/* One whose state.json cannot be trusted, or that a killed `create` left without one, before it is
 * deleted: what tells of its processes and of its cgroup otherwise. What may be left of it is
 * warned of. */
void bundle_recover(struct bundle *bundle, const struct life_warn *warn);
/* If a killed `create` left something under this id, it goes. */
void bundle_clear_leftover(const struct bundle_store *store, const char *id,
			   const struct life_warn *warn);

/* ---- bundle_exec.c ---- */

struct life_bundle_exec {
	const char *process;	 /* the path of a process.json; NULL: the rest says it */
	const char *const *args; /* NULL-terminated, or NULL */
	const char *const *env;	 /* added; NULL-terminated, or NULL */
	const char *cwd;
	bool has_user;
	uint32_t uid, gid;
	const uint32_t *gids; /* further groups */
	size_t gid_count;
	uint64_t capabilities; /* added */
	bool tty, no_new_privileges, detach, ignore_paused;
	const char *apparmor, *label;
	const char *cgroup; /* below the container's own; NULL: not asked for */
	const char *pid_file, *console_socket, *pidfd_socket;
	uint32_t preserve_fds;
	struct life_warn warn;
};

/* Detached: 0 once the command runs. Else the caller has it to wait for: *ret_plan must outlive
 * *ret. A terminal's master is in (*ret)->terminal, when no console socket took it. */
int life_bundle_exec(struct bundle *bundle, const struct life_bundle_exec *exec,
		     struct plan **ret_plan, struct run_process **ret, struct rootlet_error *err);

/* ---- bundle_run.c ---- */

/* create, start, wait, and delete unless `keep`. *ret_status is an exit status as the shell has it.
 */
int life_bundle_run(const struct bundle_store *store, const char *id,
		    const struct life_bundle_options *options, bool keep, int *ret_status,
		    struct rootlet_error *err);
/* An exec that is waited for, unless it is detached: then *ret_status stays. */
int life_bundle_exec_wait(struct bundle *bundle, const struct life_bundle_exec *exec,
			  int *ret_status, struct rootlet_error *err);

/* ---- bundle_parts.c: what several of these share ---- */

/* A file with a pid in it, whole or not at all. */
int bundle_write_pid(const char *path, pid_t pid, struct rootlet_error *err);
/* Hand a terminal's master to whoever listens there. */
int bundle_send_terminal(const char *socket_path, int master, struct rootlet_error *err);
/* The same for a pidfd of the process, in two parts: before it is made, that somebody listens is
 * found out. -1 for no path; `kind` goes with the descriptor. */
int bundle_reach_pidfd_socket(const char *socket_path, int *ret_fd, struct rootlet_error *err);
int bundle_send_pidfd(int to, const char *socket_path, const char *kind,
		      const struct run_process *process, struct rootlet_error *err);
/* Hand a seccomp listener to whoever listens at linux.seccomp.listenerPath, with the state of the
 * process `pid` that it answers for. */
int bundle_send_listener(const struct bundle *bundle, const struct spec_oci *oci, pid_t pid,
			 int listener, struct rootlet_error *err);
/* "K=V" words, NULL-terminated or NULL, put behind what is there. -ENOMEM. */
int bundle_add_environment(struct spec *spec, const char *const *env);
/* A word to a process that waits for its start, with the sign that we may say it. 0 or -errno; it
 * hangs up on who may not. */
int bundle_say(const struct bundle *bundle, int connection, uint32_t type);
/* The words that engines look for. */
int bundle_not_running(const struct bundle *bundle, struct rootlet_error *err);
/* What came of it: there is nobody any more, or the sign could not be had. */
bool bundle_is_gone(int r);
int bundle_no_right(const struct bundle *bundle, int r, struct rootlet_error *err);
/* 0: something has come over it, or its end. -ETIMEDOUT. */
int bundle_await_answer(int connection);
/* Then, in words: a signal may have stopped it. It is as it was. */
int bundle_no_answer(const struct bundle *bundle, struct rootlet_error *err);
/* Of a process that waits for its start, which stands closed to inspection: it hands them out. -1
 * for one that it cannot open. The caller closes them. */
int bundle_namespaces(const struct bundle *bundle, int fds[NS_COUNT]);
/* The spec of the config that is kept. The caller frees *ret with spec_free. */
int bundle_spec(const struct bundle *bundle, enum spec_kind kind, struct spec **ret,
		struct rootlet_error *err);
/* The hooks of one point, with the container in that status; in our namespaces, or in
 * these NS_COUNT ones of its own. */
int bundle_hooks(const struct bundle *bundle, const struct spec_oci *oci, enum oci_hook_point point,
		 enum bundle_status status, const int *namespaces, struct rootlet_error *err);
/* After its end: what goes wrong with them is only warned of. */
void bundle_poststop(const struct bundle *bundle, const struct spec_oci *oci,
		     const struct life_warn *warn);
void life_say(const struct life_warn *warn, const char *text);

#endif
