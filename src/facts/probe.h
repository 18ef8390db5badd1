/* What the files of the facts room share; nobody else includes it.
 *
 * Each probe_<what> fills its part of the snapshot. It returns 0 or -ENOMEM: what the host does not
 * have is recorded as absent, never as a failure.
 */
#ifndef ROOTLET_FACTS_PROBE_H
#define ROOTLET_FACTS_PROBE_H

#include "facts/facts.h"

#include <sys/types.h>

/* The probes, in the order in which facts_probe calls them. spec may be NULL (doctor). */
int probe_caller(struct facts *facts);
int probe_passwd(struct facts *facts);
int probe_kernel(struct facts *facts, bool want_time);
void probe_pidfd_setns(struct facts *facts);   /* for exec */
void probe_terminal_size(struct facts *facts); /* for --tty */
int probe_maps(struct facts *facts);
int probe_subids(struct facts *facts, const struct spec *spec);
int probe_helpers(struct facts *facts);
int probe_root_entries(struct facts *facts);
int probe_lsm(struct facts *facts);
int probe_proc(struct facts *facts);
int probe_cgroup(struct facts *facts, const struct spec *spec);
int probe_limits(struct facts *facts);
int probe_join(struct facts *facts, uint32_t pid);
int probe_own(struct facts *facts, const struct spec *spec);
int probe_profile(struct facts *facts, const struct spec *spec);
int probe_places(struct facts *facts);
int probe_trials(struct facts *facts); /* wants FACT_SUBIDS before it, to try the helpers */

/* ---- reading small files without the heap ---- */

/* The file's beginning, NUL-terminated, its last newline cut. Its length, or -errno. */
ssize_t probe_read_line(const char *path, char *buf, size_t size);

/* A decimal number in a file of /proc/sys; false when it is absent or no number. */
bool probe_read_number(const char *path, uint64_t *ret);

/* A whole file: in the object itself when it is short, as nearly always, else on the heap. */
struct probe_text {
	char *text; /* NUL-terminated once read */
	char *heap;
	char near[8192];
};
int probe_read_text(const char *path, struct probe_text *ret); /* 0 or -errno; -EFBIG past 4 MiB */
void probe_text_release(struct probe_text *t);

/* ---- what only the host's directories know ---- */

struct directory_question {
	const char *database; /* "passwd", "subid" */
	const char *key;      /* a user id; a name */
	const char *program;  /* NULL: rootlet-nss, in the usual places */
	int timeout_ms;	      /* 0: 10 seconds */
};

/* Outputs are in the arena: what it printed, or why there is no answer; the other is NULL. 0 or
 * -ENOMEM. */
int directory_ask(struct arena *a, const struct directory_question *question, const char **ret_text,
		  const char **ret_error);

/* The rest of the line that begins with this word, in the arena, or NULL. */
const char *directory_value(struct arena *a, const char *text, const char *key);

/* ---- the trials: what the child writes, in memory that it shares with us (try.c) ---- */

struct trial_note {
	int32_t worked; /* enum answer */
	int32_t error;
	uint32_t call; /* an index of trial_calls */
};

/* Everything but the ranges, in a child that is about to end: async-signal-safe calls only. */
void trial_child(volatile struct trial_note *notes, uint32_t uid, uint32_t gid);
/* "unshare(CLONE_NEWUSER)" …; a static text. */
const char *trial_call_name(uint32_t call);

/* ---- parts that are tested by themselves ---- */

/* The first multiple of 65536 from 100000 on (100000, 165536, …) whose 65536 ids no line of these
 * two files holds. */
uint64_t subids_free(const char *subuid_text, const char *subgid_text);
/* A value of os-release(5), without its quotes, in the arena; NULL: none. */
const char *os_release_value(struct arena *a, const char *text, const char *key);

/* The text of a passwd file: the line of `uid`. Outputs are in the arena, or NULL without such a
 * line. 0 or -ENOMEM. */
int passwd_find(struct arena *a, const char *text, uint32_t uid, const char **ret_name,
		const char **ret_home);

/* nsswitch.conf(5): copy the sources of a database ("files systemd"), comments and [actions] left
 * out. False when the database is not mentioned. */
bool nsswitch_sources(const char *text, const char *database, char *buf, size_t size);

/* The ranges in the answer of `rootlet-nss subid`. */
int subids_from_answer(struct arena *a, const char *text, bool gid, struct id_ranges *ret);
/* The ranges in a file like /etc/subuid. */
int subids_from_file(struct arena *a, const char *path, const char *name, uint32_t uid,
		     struct id_ranges *ret, const char **ret_error);

/* What state a helper is in when it is the file `path`; before it, the same from what is known of
 * one. */
struct stat;
enum helper_state helper_judge(const struct stat *st, bool file_caps, bool nosuid, bool nested,
			       bool no_new_privs);
enum helper_state helper_check(const char *path, bool nested, bool no_new_privs);

/* The text of a mountinfo file (proc_pid_mountinfo(5)): is some procfs fully visible? *ret_covered
 * is in the arena, or NULL. */
int proc_visibility(struct arena *a, const char *mountinfo, enum answer *ret,
		    const char **ret_covered);

/* Facts from JSON text; `path` is for messages. */
int facts_parse(const char *text, size_t len, const char *path, struct facts **ret,
		struct rootlet_error *err);

#endif
