/* Command lines that make no spec: one table a command, from which its parser,
 * its help page, its completions and the check of its manual page are made.
 *
 * run, plan, unshare and exec have the library's own table (rootlet_option_get) instead.
 */
#ifndef ROOTLET_TERM_ARGS_H
#define ROOTLET_TERM_ARGS_H

#include "rootlet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum args_type {
	ARGS_FLAG,   /* bool: --name, --name=true or --name=false */
	ARGS_TEXT,   /* const char *: not empty */
	ARGS_NUMBER, /* int64_t, least … most */
	ARGS_CHOICE, /* int: which of `values`, words with | between them */
	ARGS_LIST,   /* struct args_list: each adds to it */
};

struct args_option {
	const char *name; /* long name, without dashes */
	char letter;	  /* short name, or 0 */
	enum args_type type;
	const char *metavar; /* the value's name; NULL for flags */
	size_t target;	     /* offset in the command's own structure */
	const char *help;
	const char *values; /* of a choice; of others what a message calls a good value, or NULL */
	int64_t least, most;
};

struct args_list {
	const char **items;
	size_t count;
};

/* What every command's structure begins with. */
struct args {
	const char *state_dir;
	int color;	/* auto|always|never */
	int log_format; /* text|json */
	bool help;
	struct args_list words; /* what is no option */
};

enum args_words { WORDS_NONE, WORDS_CONTAINERS, WORDS_PATHS, WORDS_OTHER };

struct args_command {
	const char *name, *usage, *about, *examples;
	const char *brief; /* one line, for completions */
	int (*run)(int argc, char **argv);
	const struct args_option *options; /* the last one has no name; the common ones follow it */
	enum args_words kind;		   /* for completions */
	int least, most;		   /* how many words; most -1: any number */
	bool stateless;			   /* it has no --state-dir */
	bool stops;			   /* options end at the first word */
	const char *program;		   /* whose command it is; NULL: "rootlet" */
	const struct args_option *common;  /* what follows its own; NULL: the usual ones */
	const char *word;		   /* what a word is: "CONTAINER" */
	const char *ends;		   /* on its exit status */
};

/* Fill *target, which the caller has zeroed or given its defaults, from the words after the
 * command's name. Options may stand before and after other words; `--` ends them. With --help the
 * rest of the line is not looked at. -EINVAL with a message; args_release in any case. */
int args_parse(const struct args_command *command, void *target, int argc, char **argv,
	       rootlet_error *err);
void args_release(const struct args_command *command, void *target);

/* Option `index` of a command, the common ones after its own; NULL past the end. */
/* A paragraph of a help page, as wide as the terminal. */
void args_print_text(const char *text);
/* How many letters are to be changed, left out or put in to make one word the other. */
size_t args_distance(const char *a, const char *b);
const struct args_option *args_option(const struct args_command *command, size_t index);

/* The word of a list with | between that a choice stands for, copied into text. */
void args_choice_name(const char *values, int choice, char *text, size_t size);

/* The help page, on standard output. */
void args_print_help(const struct args_command *command);
/* One line of an options list, as all help pages have it. */
void args_print_option(char letter, const char *name, const char *metavar, bool optional,
		       const char *help);

#endif
