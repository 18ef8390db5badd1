/* Text → spec. Nothing here looks at the host, but for reading the file that --env-file names.
 *
 * One table (options.def) knows every option: its names, argument, group, which commands take it,
 * the function that sets it, its help, and whether it weakens the container (those are never taken
 * from the environment). Help texts and completions are made from the same rows.
 */
#ifndef ROOTLET_PARSE_PARSE_H
#define ROOTLET_PARSE_PARSE_H

#include "base/error.h"
#include "spec/idmap.h"
#include "spec/spec.h"

#include <stdbool.h>
#include <stddef.h>

/* Commands as bits: which of them take an option. */
enum parse_command {
	PARSE_RUN = 1 << 0,
	PARSE_PLAN = 1 << 1,
	PARSE_UNSHARE = 1 << 2,
	PARSE_EXEC = 1 << 3,
};

enum option_argument {
	ARGUMENT_NONE,
	ARGUMENT_REQUIRED,
	ARGUMENT_OPTIONAL /* only as --opt=value */
};

struct option_row {
	const char *name; /* without dashes: "volume" */
	char letter;	  /* 'v', or 0 */
	enum option_argument argument;
	const char *metavar; /* "SRC[:DST[:OPTS]]", or NULL */
	const char *group;   /* "files": a heading of the help */
	unsigned commands;
	bool repeats; /* a list: values add up, an empty value in a file clears */
	bool weakens; /* takes protection away: never taken from the environment */
	bool guards;  /* a flag that protects: its "false" is never taken from the environment */
	bool once;    /* concerns this start alone: not kept for the next (life/record.c) */
	const char *help; /* one sentence, no full stop */
	int (*set)(struct spec *spec, const char *value, const char *origin,
		   struct rootlet_error *err);
	/* parse forgets what a list has gathered (an empty value in a configuration file); NULL
	 * otherwise */
	void (*clear)(struct spec *spec);
};

extern const struct option_row option_rows[];
extern const size_t option_row_count;

/* The row with that name (or letter) for that command; NULL when it takes none such. "net" is
 * another name for "network". The environment and configuration files are for all commands: see
 * config.c. */
const struct option_row *option_find(const char *name, enum parse_command command);
const struct option_row *option_find_letter(char letter, enum parse_command command);

/* Apply one option. `origin` is how the user wrote it, for messages ("-v", "rootlet.conf:3"). */
int option_apply(struct spec *spec, const struct option_row *row, const char *value,
		 const char *origin, struct rootlet_error *err);
/* Forget what a list, and its kin, have gathered. Only for rows with a clearer. */
void option_clear(struct spec *spec, const struct option_row *row);

/* A whole command line after the subcommand's name: options, ROOT, COMMAND, ARG…
 * Unknown options get -EINVAL; those of podman's that rootlet lacks, and HPC tools' flags that mean
 * something else here, a hint that says what to use. */
int parse_command_line(struct spec *spec, enum parse_command command, int argc,
		       const char *const *argv, struct rootlet_error *err);

/* The last value that this command line gives for an option, or NULL; lies in argv. For what must
 * be known before the line is applied: --config, whose file the line wins over, and how to print a
 * mistake in it. */
const char *parse_find_value(enum parse_command command, const char *name, int argc,
			     const char *const *argv);

/* The text of a configuration file: one long option a line without its dashes, `name=value`; '#'
 * comments; `path` is for messages. */
int parse_config(struct spec *spec, enum parse_command command, const char *text, const char *path,
		 struct rootlet_error *err);

/* ROOTLET_<OPTION> variables ("K=V", NULL-terminated). Options that weaken the container are
 * refused with a message: nothing is silently ignored. */
int parse_environment(struct spec *spec, enum parse_command command, const char *const *environ,
		      struct rootlet_error *err);

/* The bytes of --detach-keys. 0 or -EINVAL. */
enum { DETACH_KEYS_MAX = 16 };
int parse_detach_keys(const char *text, unsigned char ret[static DETACH_KEYS_MAX],
		      unsigned *ret_count);

/* A signal by name, with or without SIG, or number; 0: it is none. */
int parse_signal(const char *text);

/* The parts, each with its own message; public for tests and fuzzing. */
int parse_volume(struct spec *spec, const char *text, const char *origin,
		 struct rootlet_error *err);
int parse_mount(struct spec *spec, const char *text, const char *origin, struct rootlet_error *err);
int parse_tmpfs(struct spec *spec, const char *text, const char *origin, struct rootlet_error *err);
int parse_map_entry(const char *text, const char *origin, struct spec_map_entry *ret,
		    struct rootlet_error *err);
int parse_env_file(struct spec *spec, const char *text, size_t len, const char *path,
		   struct rootlet_error *err);
int parse_subid_file(struct arena *a, const char *text, const char *user_name, uint32_t uid,
		     struct id_ranges *ret);
int parse_proc_map(struct arena *a, const char *text, struct idmap *ret); /* /proc/PID/uid_map */

#endif
