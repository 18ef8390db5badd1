/* rootlet: containers without root. The public library interface. Unstable before 1.0.
 *
 * A container start is data before it is done:
 *
 *     text ──parse──▶ spec ──┐
 *                            ├──plan──▶ plan ──run──▶ process
 *     host ──probe──▶ facts ─┘
 *
 * Conventions. Functions return 0 or -errno, unless they say otherwise. The error object comes last
 * and may be NULL. `ret_` outputs are untouched on failure. Handles are opaque; every …_free
 * accepts NULL. Strings are UTF-8 and belong to the object that they came from, until it is freed.
 * Threads: an object belongs to one thread at a time; different objects are independent. Nothing
 * here changes the calling process but rootlet_process_* as documented there.
 */
#ifndef ROOTLET_H
#define ROOTLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define ROOTLET_PUBLIC __attribute__((visibility("default")))
#else
#define ROOTLET_PUBLIC
#endif

/* "0.1.0": of the library that is loaded. */
ROOTLET_PUBLIC const char *rootlet_version(void);

/* ---- errors ---- */

typedef struct rootlet_error rootlet_error;

/* NULL: no memory. One object can serve any number of calls; each failure overwrites it. */
ROOTLET_PUBLIC rootlet_error *rootlet_error_new(void);
ROOTLET_PUBLIC void rootlet_error_free(rootlet_error *err);
ROOTLET_PUBLIC int rootlet_error_code(const rootlet_error *err); /* -errno; 0: none */
ROOTLET_PUBLIC const char *rootlet_error_message(
	const rootlet_error *err);					 /* one line, WHAT: WHY */
ROOTLET_PUBLIC const char *rootlet_error_hint(const rootlet_error *err); /* "" when there is none */
ROOTLET_PUBLIC const char *rootlet_error_id(
	const rootlet_error *err); /* stable: "uid-map-overlap" */
ROOTLET_PUBLIC const char *rootlet_error_subject(
	const rootlet_error *err);					  /* path or flag, or "" */
ROOTLET_PUBLIC const char *rootlet_error_stage(const rootlet_error *err); /* "ROOT", or NULL */
ROOTLET_PUBLIC int rootlet_error_step(const rootlet_error *err);	  /* plan index, or -1 */

/* What a command should exit with after it: 125 rootlet itself failed, 126 the container's command
 * cannot be executed, 127 it was not found. */
ROOTLET_PUBLIC int rootlet_error_exit_status(const rootlet_error *err);

/* ---- options: the rows that the command line, its help and its completions are made from ---- */

typedef enum {
	ROOTLET_RUN = 1,
	ROOTLET_PLAN = 2,
	ROOTLET_UNSHARE = 4,
} rootlet_command;

typedef struct {
	const char *name;    /* long name, without dashes */
	char letter;	     /* short name, or 0 */
	const char *metavar; /* the argument's name, or NULL when it takes none */
	bool optional;	     /* the argument may be left out (then only --name=value gives one) */
	const char *group;   /* heading */
	unsigned commands;   /* rootlet_command bits */
	bool repeats;
	bool weakens;
	const char *help;
} rootlet_option;

ROOTLET_PUBLIC size_t rootlet_option_count(void);
/* Fill *ret with row `index`. -ERANGE past the end. */
ROOTLET_PUBLIC int rootlet_option_get(size_t index, rootlet_option *ret);

/* ---- spec: what is wanted ---- */

typedef struct rootlet_spec rootlet_spec;

ROOTLET_PUBLIC int rootlet_spec_new(rootlet_command command, rootlet_spec **ret,
				    rootlet_error *err);
ROOTLET_PUBLIC void rootlet_spec_free(rootlet_spec *spec);
/* One option by its long name; value NULL for a flag. `origin` is what messages call it, or NULL.
 */
ROOTLET_PUBLIC int rootlet_spec_set(rootlet_spec *spec, const char *option, const char *value,
				    const char *origin, rootlet_error *err);
/* A configuration file's text; `path` is for messages. */
ROOTLET_PUBLIC int rootlet_spec_set_config(rootlet_spec *spec, const char *text, const char *path,
					   rootlet_error *err);
/* ROOTLET_… variables of a NULL-terminated environment. */
ROOTLET_PUBLIC int rootlet_spec_set_environment(rootlet_spec *spec, const char *const *environ,
						rootlet_error *err);
/* A command line after the subcommand's name: OPTIONS ROOT COMMAND ARG… (unshare: no ROOT). */
ROOTLET_PUBLIC int rootlet_spec_set_command_line(rootlet_spec *spec, int argc,
						 const char *const *argv, rootlet_error *err);
/* The last value that this command line gives for an option, or NULL, without applying anything:
 * for "config", whose text is applied before the line, and for how to print a mistake in the line.
 */
ROOTLET_PUBLIC const char *rootlet_find_value(rootlet_command command, const char *option, int argc,
					      const char *const *argv);
/* An option that concerns the front end, as text: "color", "log-level", "log-format", "state-dir",
 * "facts", "format" ("text", "json", "sh"), or a flag ("help", "timings", "verbose": "true"). NULL
 * when it was not given. */
ROOTLET_PUBLIC const char *rootlet_spec_get(const rootlet_spec *spec, const char *option);
/* What can be judged without the host. */
ROOTLET_PUBLIC int rootlet_spec_validate(const rootlet_spec *spec, rootlet_error *err);

/* ---- facts: what the host gives ---- */

typedef struct rootlet_facts rootlet_facts;

/* Probe what this spec needs; spec NULL: everything. */
ROOTLET_PUBLIC int rootlet_facts_probe(const rootlet_spec *spec, rootlet_facts **ret,
				       rootlet_error *err);
ROOTLET_PUBLIC int rootlet_facts_load(const char *path, rootlet_facts **ret, rootlet_error *err);
/* A JSON text that the caller frees with free(3). */
ROOTLET_PUBLIC int rootlet_facts_save(const rootlet_facts *facts, char **ret_json,
				      rootlet_error *err);
ROOTLET_PUBLIC void rootlet_facts_free(rootlet_facts *facts);

/* ---- plan: what will be done, and why ---- */

typedef struct rootlet_plan rootlet_plan;

typedef enum { ROOTLET_FORMAT_TEXT, ROOTLET_FORMAT_JSON, ROOTLET_FORMAT_SH } rootlet_format;

/* Pure: probes nothing, touches nothing. The plan is verified. It keeps nothing of spec or facts.
 */
ROOTLET_PUBLIC int rootlet_plan_make(const rootlet_spec *spec, const rootlet_facts *facts,
				     rootlet_plan **ret, rootlet_error *err);
ROOTLET_PUBLIC void rootlet_plan_free(rootlet_plan *plan);
ROOTLET_PUBLIC size_t rootlet_plan_step_count(const rootlet_plan *plan);
/* Sentences on defaults that this host cannot give; NULL past the end. */
ROOTLET_PUBLIC const char *rootlet_plan_note(const rootlet_plan *plan, size_t index);
/* Keep what this planning had to compute and the next need not (a seccomp profile, compiled) in the
 * user's cache folder. Optional; the plan itself does not change. */
ROOTLET_PUBLIC void rootlet_plan_keep(const rootlet_plan *plan);
/* The whole plan as text that the caller frees with free(3). `color` counts for TEXT only. */
ROOTLET_PUBLIC int rootlet_plan_print(const rootlet_plan *plan, rootlet_format format, bool color,
				      char **ret_text, rootlet_error *err);

/* ---- process: a plan that runs ---- */

typedef struct rootlet_process rootlet_process;

typedef struct {
	bool timings;	     /* measure every step */
	int status_fd;	     /* one JSON object a line is written there; -1: none */
	const char *pidfile; /* NULL: none; removed at the end */
	bool tiny_waiter;    /* wait may replace the calling program by a tiny one (see there) */
} rootlet_start_options;

/* The options that the spec itself asked for (--timings, --status-fd, --pidfile); tiny_waiter is
 * off. */
ROOTLET_PUBLIC void rootlet_spec_start_options(const rootlet_spec *spec,
					       rootlet_start_options *ret);

/* Carry the plan out up to the exec of its first process. On failure nothing is left behind. The
 * calling process gains one child; SIGCHLD and every other disposition of it stay as they are. */
ROOTLET_PUBLIC int rootlet_process_start(const rootlet_plan *plan,
					 const rootlet_start_options *options,
					 rootlet_process **ret, rootlet_error *err);
/* The container's first process, as seen from the caller's pid namespace. */
ROOTLET_PUBLIC int rootlet_process_pid(const rootlet_process *process);
/* Sentences on defaults that turned out not to be had during the start; NULL past the end. */
ROOTLET_PUBLIC const char *rootlet_process_note(const rootlet_process *process, size_t index);
/* Wait for the end, in the foreground: forwards the signals that the caller gets, keeps job control
 * right, ends the container after its timeout. *ret_status is an exit status as the shell has it
 * (the command's own, or 128+N). While it waits, signals are blocked in the calling thread and the
 * process should have only one. With tiny_waiter, a wait that lasts replaces the calling program by
 * a small one that exits with that status, so this function then never returns: for commands, not
 * for libraries. */
ROOTLET_PUBLIC int rootlet_process_wait(rootlet_process *process, int *ret_status,
					rootlet_error *err);
/* One line on step `index`: "bind /usr at /usr". The caller frees it with free(3). */
ROOTLET_PUBLIC int rootlet_plan_step_text(const rootlet_plan *plan, size_t index, char **ret_text);
ROOTLET_PUBLIC const char *rootlet_plan_step_stage(const rootlet_plan *plan, size_t index);

/* Nanoseconds that step `index` took; -ENODATA without timings. */
ROOTLET_PUBLIC int rootlet_process_timing(const rootlet_process *process, size_t index,
					  uint64_t *ret_ns);
/* Kills the container if it still lives, and reaps it. */
ROOTLET_PUBLIC void rootlet_process_free(rootlet_process *process);

/* Refuse to go on in a program that is setuid, setgid or has file capabilities: rootlet never is.
 * Call it first in main. -EPERM with a message. */
ROOTLET_PUBLIC int rootlet_check_unprivileged(rootlet_error *err);

#ifdef __cplusplus
}
#endif

#endif
