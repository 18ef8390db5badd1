/* Numbers of a step as the words that people and manual pages use, for the printers. Leaf: knows
 * neither layout nor format. */
#ifndef ROOTLET_PLAN_NAMES_H
#define ROOTLET_PLAN_NAMES_H

#include "plan/plan.h"

/* The words of a set of flags, in a fixed order. */
struct names {
	size_t count;
	const char *items[16];
};

struct names names_attributes(uint64_t attributes); /* MOUNT_ATTR_…: "ro", "nosuid" … */
struct names names_attributes_cleared(
	uint64_t cleared);			     /* "rw", "suid": the options that undo them */
struct names names_namespaces(uint64_t clone_flags); /* CLONE_NEW…: "user", "pid" … */
struct names names_landlock(uint64_t rights);	     /* LANDLOCK_ACCESS_FS_…: "write_file" … */
struct names names_propagation(uint64_t flags);	     /* MS_…: "private", "recursive" */

#define NAME_CAPABILITY_SIZE 40
/* "cap_chown"; "cap_41" for a number that libcap does not know. */
void name_capability(unsigned capability, char name[NAME_CAPABILITY_SIZE]);

const char *name_signal(int signal, char name[16]); /* "SIGTERM"; "SIG35" for others */
const char *name_mode(enum ns_mode mode);	    /* "private", "host", "joined" */
const char *name_open_kind(enum open_kind kind);    /* "directory", "any", "namespace" */

/* Where a target is, as people say it: "/etc/hosts", "/dev/null". */
void name_target(const struct step_target *target, struct buffer *out);

/* Text for a terminal: control characters, also those of ISO 6429 in UTF-8, become \xNN. */
void print_escaped(struct buffer *out, const char *text);

/* One word as a POSIX shell reads it back: as it is when nothing in it is special, else in single
 * quotes. Every byte but NUL survives. */
void print_quoted(struct buffer *out, const char *word);

/* The same for people: quoted, then escaped. */
void print_word(struct buffer *out, const char *word);

/* One sentence on what a stage does. */
const char *stage_sentence(enum plan_stage stage);

/* The step that is the command's exec: EXEC or EXEC_INIT. NULL when the plan has none. */
const struct step *plan_exec_step(const struct plan *plan);

#endif
