/* OCI containers on disk: ROOT/ID/ for each, made, found, locked, removed; and what each is at this
 * moment. docs/STATE.md has the format.
 *
 * The sister of `state`, whose identity of processes it shares. It keeps what others tell it and
 * checks what it reads; it knows no spec and no plan, starts nothing and signals nobody. The id is
 * taken by making its folder, and locks are flock(2) on it: they die with their holder, so a folder
 * without a state.json that nobody has locked is what a killed `create` left.
 */
#ifndef ROOTLET_BUNDLE_BUNDLE_H
#define ROOTLET_BUNDLE_BUNDLE_H

#include "base/arena.h"
#include "base/error.h"
#include "state/state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	BUNDLE_ID_MAX = 255,
	BUNDLE_ANSWER_MS = 10000, /* for an answer that is a matter of microseconds */
};

#define BUNDLE_CONFIG "config.json" /* as `create` read it */
#define BUNDLE_STATE  "state.json"
#define BUNDLE_START  "start" /* the socket that a created container listens on */

/* ---- the store ---- */

struct bundle_store {
	int fd; /* -1: there is none, and `make` was false */
	char path[4096];
};

/* `root` NULL: $XDG_RUNTIME_DIR/rootlet-oci for who is not root, else /run/rootlet-oci. id:
 * state-dir. */
int bundle_store_open(const char *root, const char *runtime_dir, bool make,
		      struct bundle_store *ret, struct rootlet_error *err);
void bundle_store_close(struct bundle_store *store);

/* ---- a container ---- */

struct bundle_pair {
	const char *key, *value;
};

/* state.json: written once `create` has made the process. */
struct bundle_record {
	const char *version;	 /* ociVersion */
	const char *path;	 /* of the bundle, absolute */
	const char *rootfs;	 /* absolute */
	int64_t created;	 /* nanoseconds since the epoch */
	uint32_t owner;		 /* whose `create` it was */
	const char *command;	 /* args[0]: for messages; NULL: there is no process to start */
	const char *cgroup;	 /* its directory, absolute; NULL: none of its own */
	const char *cgroup_left; /* a group that was left for a leaf of it, or NULL */
	int cgroup_levels;	 /* of those above its own, how many were made for it */
	const char *unit;	 /* systemd's, or NULL */
	bool start_hooks;	 /* startContainer or poststart: `start` has to read the config */
	bool stop_hooks;	 /* poststop: `delete` has to */
	bool own_mounts;	 /* a mount namespace that was made for it */
	uint64_t mounts_id;	 /* of that: never another's, or 0 (not known) */
	bool own_pids;		 /* PID 1 of a pid namespace: with it ends all that it has */
	bool tty;
	struct bundle_pair *annotations;
	size_t annotation_count;
	struct state_process process; /* pid 0: none is known */
};

enum bundle_status {
	BUNDLE_CREATING,
	BUNDLE_CREATED,
	BUNDLE_RUNNING,
	BUNDLE_PAUSED,
	BUNDLE_STOPPED,
};

const char *bundle_status_name(enum bundle_status status); /* "created" … */

struct bundle {
	const struct bundle_store *store;
	struct arena arena;
	char id[BUNDLE_ID_MAX + 1];
	int folder;
	bool locked; /* by this handle */
	bool broken; /* its state.json is not to be trusted */
	bool fresh;  /* made by this handle and not yet kept: bundle_free removes it */
	struct bundle_record record;
	bool has_record; /* false: creating, or left by a killed `create` */
	/* of the last bundle_look */
	bool looked;
	enum bundle_status status;
	int pidfd;  /* checked; -1: dead, or before Linux 5.3 */
	int mounts; /* its mount namespace, held open: its inode is no other's meanwhile; or -1 */
	int start;  /* of one that waits for its start: a connection to it; negative: none */
};

static inline bool bundle_alive(const struct bundle *b)
{
	return b->status == BUNDLE_CREATED || b->status == BUNDLE_RUNNING ||
	       b->status == BUNDLE_PAUSED;
}

/* Letters, digits and _ + - . as other runtimes have it; not "." nor "..". id: container-id. */
int bundle_check_id(const char *id, struct rootlet_error *err);

/* Take the id: its folder, empty and locked. What a killed `create` left under it is cleared away.
 * ids: container-id, container-exists. */
int bundle_create(const struct bundle_store *store, const char *id, struct bundle **ret,
		  struct rootlet_error *err);
/* Its record; not locked, and not yet looked at. id: no-such-container. */
int bundle_find(const struct bundle_store *store, const char *id, struct bundle **ret,
		struct rootlet_error *err);
/* One whose state.json cannot be trusted, to be deleted: of its record there is what could be read,
 * and of its process only what is checked anyway. */
int bundle_find_broken(const struct bundle_store *store, const char *id, struct bundle **ret,
		       struct rootlet_error *err);
/* One without a state.json: of its record there is what was prepared. It counts as broken from now
 * on, and is to be looked at again. */
void bundle_salvage_prepared(struct bundle *b);
/* Wait for its lock, then look again. -ENOENT when it was removed meanwhile. */
int bundle_lock(struct bundle *b, struct rootlet_error *err);
/* The same, but for so long at most. id: state-locked (-EBUSY). */
int bundle_lock_within(struct bundle *b, int ms, struct rootlet_error *err);
void bundle_unlock(struct bundle *b);
/* What it is now: status, pidfd, start. */
void bundle_look(struct bundle *b);
/* The same unless it was done. */
static inline void bundle_see(struct bundle *b)
{
	if (!b->looked)
		bundle_look(b);
}
void bundle_free(struct bundle *b); /* NULL is fine */

static inline void bundle_free_pointer(struct bundle **b)
{
	bundle_free(*b);
	*b = NULL;
}
#define AUTO_BUNDLE __attribute__((cleanup(bundle_free_pointer))) struct bundle *

/* The state in two halves: what takes time, and the rename that makes it count. The strings of
 * b->record may be the caller's: they are used by the first. */
int bundle_prepare_record(struct bundle *b, struct rootlet_error *err);
int bundle_keep_record(struct bundle *b, struct rootlet_error *err);

int bundle_write_config(struct bundle *b, const char *text, size_t len, struct rootlet_error *err);
/* The caller frees *ret. */
int bundle_read_config(const struct bundle *b, char **ret, size_t *ret_len,
		       struct rootlet_error *err);

/* Free the id and delete the folder. The caller holds the lock and has seen to the process. */
int bundle_remove(struct bundle *b, struct rootlet_error *err);

/* ---- the start ---- */

/* The socket of AWAIT_START, for the process that will listen there. A descriptor, or -errno. */
int bundle_bind(const struct bundle *b);
/* The file that tells a waiting process who may start it, and that its state is still there: for
 * the process itself, and for who sends it along. A descriptor, or -errno. */
int bundle_open_token(const struct bundle *b, bool to_show);
/* Of a broken one: who listens there is its process. True when there is one: then it is as if
 * bundle_look had found it. */
bool bundle_adopt(struct bundle *b);
/* Of a paused one: when it is resumed it will be "created". */
bool bundle_waits(const struct bundle *b);
/* A connection to one that waits for its start, as b->start, also where bundle_look had none
 * because too many have come before. -EAGAIN: it takes none of them. */
int bundle_reach(struct bundle *b);
/* It has been started. */
void bundle_forget_start(const struct bundle *b);

/* ---- as JSON (state_json.c) ---- */

enum { BUNDLE_TIME_ROOM = 40 };
void bundle_time_text(int64_t ns, char text[static BUNDLE_TIME_ROOM]);

struct buffer;
/* What a hook reads on its standard input: the runtime-spec's state. -ENOMEM. */
int bundle_hook_state(const struct bundle *b, enum bundle_status status, struct buffer *out);
/* What a seccomp agent gets with the listener: the runtime-spec's state of a container's process.
 */
int bundle_listener_state(const struct bundle *b, int pid, const char *metadata,
			  struct buffer *out);
/* The same, and what other runtimes print beside it. */
int bundle_state_json(const struct bundle *b, const char *owner, bool pretty, struct buffer *out);

/* ---- all of them ---- */

struct bundle_list {
	struct bundle **items; /* by id; their folders are closed: find one to act on it */
	size_t count;
};

/* One that cannot be read is told of, and the others are listed. */
typedef void bundle_trouble(void *data, const struct rootlet_error *err);
int bundle_list(const struct bundle_store *store, bundle_trouble *trouble, void *data,
		struct bundle_list *ret, struct rootlet_error *err);
void bundle_list_release(struct bundle_list *list);

/* ---- between the files of this room ---- */

int bundle_load_record(struct bundle *b, struct rootlet_error *err);
/* What can be read of a wrong one, unless it is another container's. */
void bundle_salvage_record(struct bundle *b);
int bundle_open_folder(int parent, const char *name);

#endif
