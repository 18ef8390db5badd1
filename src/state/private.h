/* What the files of this room share, and nobody else sees. */
#ifndef ROOTLET_STATE_PRIVATE_H
#define ROOTLET_STATE_PRIVATE_H

#include "state/state.h"

#include <dirent.h>

enum {
	RECORD_LIMIT = 1 << 20, /* bytes of a container.json */
	SMALL_LIMIT = 16 << 10, /* of the other files */
	EXIT_WAIT_MS = 200,	/* for an exit.json whose monitor still lives */
};

#define RECORD_FILE  "container.json"
#define PROCESS_FILE "process.json"
#define EXIT_FILE    "exit.json"
#define NAME_FILE    "name"

/* ---- messages ---- */

/* "WHAT: WHY", the errno worded, id state-dir. Returns code. */
int state_failed(struct rootlet_error *err, int code, const char *what_format, ...)
	__attribute__((format(printf, 3, 4)));
int state_gone(struct rootlet_error *err, const char *text);

/* ---- ids and names ---- */

bool state_is_id(const char *text);
int state_new_id(char id[static STATE_ID_LENGTH + 1]);
/* "adjective_noun"; from the third try on with a number. */
void state_generate_name(char name[static STATE_NAME_MAX + 1], unsigned attempt);

/* The name that a folder gives itself: 0, -ENOENT, -EINVAL (not a name's form) or -errno. */
int state_read_name(int folder, char name[static STATE_NAME_MAX + 1]);
int state_write_name(int folder, const char *name);

/* Make names/NAME lead to `id`; -EEXIST, without a message, when another container has it. An entry
 * whose container does not bear the name is a leftover and is taken over. With a folder (else -1)
 * the name is written there in the same breath. */
int state_take_name(const struct state_store *store, const char *id, const char *name, int folder);
/* 1: names/NAME was a leftover and is gone; 0: a container bears it; or -errno. */
int state_drop_stale_name(const struct state_store *store, const char *name);
/* Remove names/NAME if it leads to `id`. */
void state_drop_name(const struct state_store *store, const char *id, const char *name);
/* The id that names/NAME leads to: 0, -ENOENT, or -errno. */
int state_look_up_name(const struct state_store *store, const char *name,
		       char id[static STATE_ID_LENGTH + 1]);

/* ---- folders ---- */

/* Open a directory below `parent`, no symlink followed. An fd or -errno. */
int state_open_folder(int parent, const char *name);
/* An iteration of its own over a folder, whose offset is not shared. NULL with errno set. */
DIR *state_open_entries(int folder);
static inline void state_close_entries(DIR **entries)
{
	if (*entries)
		closedir(*entries);
}
#define AUTO_ENTRIES __attribute__((cleanup(state_close_entries))) DIR
/* Is `fd` what `parent`/`name` is at this moment? */
bool state_same_folder(int parent, const char *name, int fd);
/* Delete what is in a pending folder, the folder and its name. The caller holds its lock. */
int state_delete_pending(const struct state_store *store, const char *id, int folder);

/* ---- files ---- */

/* A file's text: in `near` as long as it fits, which is nearly always. */
struct state_text {
	size_t limit;
	char *data, *heap; /* heap: to be freed */
	size_t size, len;
	char near[SMALL_LIMIT + 1];
};

/* Read a file of at most text->limit bytes, NUL-terminated. -EFBIG when it is longer. The caller
 * frees text->heap whatever is returned. */
int state_read_file(int folder, const char *name, struct state_text *text);
/* Write it under another name, then rename: a reader sees the old or the new, whole. */
int state_write_file(int folder, const char *name, const char *text, size_t len);

/* ---- JSON (json_load.c, json_save.c) ---- */

/* 0, -ENOENT without a message when the file is not there, or -EBADMSG (state-corrupt). Strings go
 * into c->arena. */
int state_load_record(struct state_container *c, int folder, unsigned list_flags,
		      struct rootlet_error *err);
int state_load_process(struct state_container *c, int folder, struct state_process *ret,
		       struct rootlet_error *err);
int state_load_exit(struct state_container *c, int folder, struct state_exit *ret,
		    struct rootlet_error *err);

int state_save_record(struct state_container *c, struct rootlet_error *err);
int state_save_process(struct state_container *c, struct rootlet_error *err);
int state_save_exit(struct state_container *c, struct rootlet_error *err);

/* For a list, which nobody acts on: was it alive a moment ago? Cheaper: by the inode of its pidfd,
 * or by start time and pid namespace. */
bool state_process_seen(const struct state_process *process);

/* ---- reading a container (read.c) ---- */

enum { STATE_LISTED = 1 << 8 }; /* with the flags of state_list: this is one of a list */

/* arena NULL: one of its own. */
struct state_container *state_new(const struct state_store *store, const char *id,
				  struct arena *arena);

/* A deadline that several containers share: set when it is first needed. */
struct state_patience {
	int64_t until; /* CLOCK_MONOTONIC nanoseconds; 0: not begun */
};

/* Fill name, process, exit, status, pidfd, lost; broken when a file cannot be trusted. */
int state_read_life(struct state_container *c, int folder, unsigned list_flags,
		    struct state_patience *patience);
/* The same and the record. */
int state_read_all(struct state_container *c, int folder, unsigned list_flags,
		   struct state_patience *patience);

/* Copies `err` to c->broken, unless there is one already. */
int state_mark_broken(struct state_container *c, const struct rootlet_error *err);

#endif
