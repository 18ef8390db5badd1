/* Containers on disk: made, found, locked, removed; and which of them live. docs/STATE.md has the
 * format.
 *
 * This room keeps what others tell it and checks what it reads. It knows no spec and no plan,
 * starts nothing, and decides no policy. Everything is reached by directory descriptors; no symlink
 * of the store is followed. Locks are flock(2) on a container's folder: they die with their holder.
 */
#ifndef ROOTLET_STATE_STATE_H
#define ROOTLET_STATE_STATE_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	STATE_ID_LENGTH = 64, /* lower-case hexadecimal digits */
	STATE_NAME_MAX = 128,
	STATE_BOOT_LENGTH = 36,
	STATE_NAMESPACES = 8, /* user pid mnt uts ipc net cgroup time: the order of enum ns_type */
};

/* ---- the store ---- */

/* Where a store may be. NULL: not given, not set. */
struct state_places {
	const char *state_dir;	 /* --state-dir: this and no other */
	const char *runtime_dir; /* $XDG_RUNTIME_DIR */
	const char *run_user;	 /* NULL: "/run/user" (the tests give their own) */
	const char *temporary;	 /* NULL: "/tmp" */
};

struct state_store {
	int fd, containers, names, pending; /* all -1: there is no store, and `make` was false */
	char path[4096];
	char note[512]; /* a sentence to tell the user ("no XDG_RUNTIME_DIR …"), or "" */
};

/* Open the store. With `make` it is made where it is missing; without, a missing store is an empty
 * one: list finds none in it and find says no-such-container. id: state-dir. */
int state_store_open(const struct state_places *places, bool make, struct state_store *ret,
		     struct rootlet_error *err);
void state_store_close(struct state_store *store);

/* Delete what killed rootlets left in pending/. create and remove call it too. ret_count may be
 * NULL. */
int state_sweep(const struct state_store *store, size_t *ret_count, struct rootlet_error *err);
/* For prune: delete entries of names/ that no container bears (a rename was killed). Looks at every
 * name. */
int state_sweep_names(const struct state_store *store, struct rootlet_error *err);

/* ---- a container ---- */

struct state_strings {
	const char *const *items;
	size_t count;
};

/* container.json: written once, never changed. Strings may be NULL. */
struct state_record {
	const char *version; /* of the rootlet that made it; NULL: this one */
	int64_t created;     /* nanoseconds since the epoch; 0: now */
	const char *cwd;
	struct state_strings words; /* the command line after `rootlet run` */
	const char *root;
	struct state_strings command;
	const char *plan_digest;
	struct state_strings notes; /* what was downgraded */
	bool tty, interactive, detached, remove;
	int stop_signal; /* 1 … 64 */
};

/* process.json: written at each start. */
struct state_process {
	pid_t pid;
	uint64_t start_time;		       /* field 22 of /proc/PID/stat */
	uint64_t namespaces[STATE_NAMESPACES]; /* inodes; 0: not known */
	uint64_t pidfd_inode; /* never given twice in a boot (pidfs, Linux 6.9); 0: not known */
	char boot[STATE_BOOT_LENGTH + 1]; /* boot id, /proc/sys/kernel/random; "": not known */
	pid_t monitor;			  /* 0: none */
	uint64_t monitor_start_time;
	int64_t started;
	const char *cgroup;	 /* its directory, absolute, as the host sees it; or NULL */
	const char *cgroup_left; /* the group that its supervisor has left for a leaf, or NULL */
	int cgroup_levels;	 /* of the groups above it, how many were made for it */
};

/* exit.json: written at the end, by the monitor. */
struct state_exit {
	int status; /* 0 … 255, 128+N for a signal */
	int signal; /* 0: it exited */
	int64_t finished;
	bool timed_out;	 /* "timeout" */
	bool oom_killed; /* the kernel killed a process of it for want of memory */
};

enum state_status { STATE_CREATED, STATE_RUNNING, STATE_PAUSED, STATE_EXITED };

const char *state_status_name(enum state_status status); /* "created" … */

/* "user", "pid" … : the names of /proc/PID/ns and the keys of process.json. */
extern const char *const state_namespace_names[STATE_NAMESPACES];

struct state_container {
	const struct state_store *store;
	struct arena own, *arena; /* a list's containers share the list's */
	char id[STATE_ID_LENGTH + 1];
	char name[STATE_NAME_MAX + 1]; /* "" when its file is broken */
	int folder;		       /* its directory; -1 in a list */
	bool pending;		       /* made, not yet published */
	bool locked;		       /* by this handle */

	struct state_record record;
	bool has_process, has_exit;
	struct state_process process;
	struct state_exit exit;

	enum state_status status;
	int pidfd; /* of process.pid, checked; -1 when dead, in a list, or before Linux 5.3 */
	bool lost; /* STATE_EXITED, and nobody recorded how: its monitor was killed too */

	struct rootlet_error *broken; /* a file that cannot be trusted (state-corrupt), or NULL */
};

static inline bool state_alive(const struct state_container *c)
{
	return c->status == STATE_RUNNING || c->status == STATE_PAUSED;
}

/* Make a container: in pending/, locked, with its record and its name (NULL: a generated one). ids:
 * name-form, name-in-use. The record is copied. */
int state_create(const struct state_store *store, const struct state_record *record,
		 const char *name, struct state_container **ret, struct rootlet_error *err);

/* Let others see it. It stays locked until state_unlock. */
int state_publish(struct state_container *c, struct rootlet_error *err);

/* Delete a container that was not published; nothing is left of it. state_free does this as well.
 */
void state_abandon(struct state_container *c);

/* Closes, unlocks, forgets. NULL is fine. In a forked child of the maker call _exit instead: the
 * lock is shared with the parent. */
void state_free(struct state_container *c);

static inline void state_free_pointer(struct state_container **c)
{
	state_free(*c);
	*c = NULL;
}

#define AUTO_CONTAINER __attribute__((cleanup(state_free_pointer))) struct state_container *

/* ---- finding ---- */

enum {
	STATE_FIND_BROKEN = 1 << 0, /* for rm and inspect: return a broken one too (c->broken) */
};

/* By exact name, full id, or unique prefix of an id (an exact name wins). Not locked; process, exit
 * and status are those of now. ids: no-such-container, ambiguous-id, name-form, state-corrupt. */
int state_find(const struct state_store *store, const char *text, unsigned flags,
	       struct state_container **ret, struct rootlet_error *err);

enum {
	STATE_LIST_LIVE = 1 << 0,  /* running, paused, and those of which that cannot be known */
	STATE_LIST_BRIEF = 1 << 1, /* leave out record.words and record.notes */
};

struct state_list {
	struct state_container **items; /* newest first; folder and pidfd are closed: find to act */
	size_t count;
	struct arena arena;
};

int state_list(const struct state_store *store, unsigned flags, struct state_list *ret,
	       struct rootlet_error *err);
void state_list_release(struct state_list *list);

/* ---- acting ---- */

/* Wait for the container's lock, then read it again. -ENOENT (no-such-container) when it was
 * removed meanwhile. */
int state_lock(struct state_container *c, struct rootlet_error *err);
/* -EWOULDBLOCK, without a message, when another holds it. */
int state_try_lock(struct state_container *c, struct rootlet_error *err);
void state_unlock(struct state_container *c);

/* Read name, process and exit again, and see whether it lives. -ENOENT (no-such-container) when it
 * was removed. A file that became bad is told in c->broken. */
int state_refresh(struct state_container *c, struct rootlet_error *err);

/* Send a signal to its first process, if that still is the one that was recorded. -ESRCH, without a
 * message, when it is gone. */
int state_signal(struct state_container *c, int signal);

/* Before another start: forget the process and its end. */
int state_clear_run(struct state_container *c, struct rootlet_error *err);
int state_write_process(struct state_container *c, const struct state_process *process,
			struct rootlet_error *err);
int state_write_exit(struct state_container *c, const struct state_exit *end,
		     struct rootlet_error *err);

/* Each takes the lock for itself when the caller does not hold it. */
int state_rename(struct state_container *c, const char *name, struct rootlet_error *err);
/* Whether it lives or not: the caller decides that. The folder with all in it is deleted. */
int state_remove(struct state_container *c, struct rootlet_error *err);

/* ---- processes ---- */

/* Fill pid, start_time, namespaces, pidfd_inode and boot. -ESRCH when there is no such live
 * process. */
int state_process_describe(pid_t pid, struct state_process *ret);
/* The start time alone, for a monitor. -ESRCH as above. */
int state_process_start_time(pid_t pid, uint64_t *ret);
/* Recorded before this boot: no number of it means anything any more. */
bool state_process_of_another_boot(const struct state_process *process);
/* Is this the process that was recorded, and alive? *ret_pidfd (may be NULL) gets its pidfd, or -1
 * before Linux 5.3. */
bool state_process_alive(const struct state_process *process, int *ret_pidfd);

/* ---- names ---- */

/* [a-zA-Z0-9][a-zA-Z0-9_.-]*, at most 128, and not in the form of a full id. id: name-form. */
int state_name_check(const char *name, struct rootlet_error *err);

/* Nanoseconds since the epoch. */
int64_t state_now(void);

#endif
