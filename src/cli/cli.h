/* The `rootlet` command: the library's first user. It reads rootlet.h and leaf helpers of base
 * only, and it alone prints. */
#ifndef ROOTLET_CLI_CLI_H
#define ROOTLET_CLI_CLI_H

#include "rootlet.h"

#include <stdbool.h>

enum { EXIT_ROOTLET = 125 }; /* rootlet itself failed: CLI exit status */

/* What every command starts from. */
struct session {
	rootlet_command command;
	const char *name; /* "run" */
	rootlet_error *err;
	rootlet_spec *spec;
	rootlet_facts *facts;
	rootlet_plan *plan;
	rootlet_container *container; /* exec: the one that is entered */
	/* `plan unshare`: plan's own options, which unshare's line has not */
	const char *facts_file, *format;
};

/* A subcommand: argv after its name. Returns the exit status. */
typedef int cli_command(int argc, char **argv);
cli_command cli_exec;
cli_command cli_run, cli_plan, cli_unshare, cli_help, cli_completion, cli_demo;

/* session.c: configuration files, environment and command line into a validated spec. 0; 1 when
 * --help was asked for and printed; -1 when a message was printed. */
int session_open(struct session *s, rootlet_command command, const char *name, int argc,
		 char **argv);
/* Facts (from --facts or probed) and the plan. 0, or the exit status after a message. */
int session_plan(struct session *s);
void session_close(struct session *s);

/* begin.c: print the error; the exit status that goes with it. */
int command_fail(const rootlet_error *err);

/* run.c: start in the foreground, and wait. Returns the exit status. */
int start_and_wait(struct session *s);
/* What --log-level and -v want to know before the start. */
void announce_plan(const struct session *s);

/* kept.c: containers with a supervisor of their own. Each prints its messages and returns the exit
 * status. */
int kept_open_store(struct session *s, bool make, rootlet_store **ret);
/* `word`: what is printed when nobody stays connected; NULL: its id. */
int kept_launch(struct session *s, rootlet_container *container, bool attached, const char *word);
int kept_run(struct session *s); /* run -d, run -t */

/* --cidfile: taken before the start, so that an existing file stops it; gone when the start fails.
 */
struct cidfile {
	const char *path;
	int fd; /* -1: none was asked for */
};
int cidfile_open(const struct session *s, struct cidfile *ret);
int cidfile_write(const struct cidfile *f, const rootlet_container *container);
void cidfile_close(struct cidfile *f, bool keep);

/* start.c: one container again; prints `name`. Changes the working directory. */
int start_again(rootlet_store *store, const char *name, bool attached, rootlet_error *err);

/* message.c: `rootlet: WHAT: WHY` and `hint: …` on stderr, in colour on a terminal. */
void message_setup(const char *color, const char *log_format,
		   const char *log_level); /* NULL: default */
enum message_level { LEVEL_ERROR, LEVEL_WARN, LEVEL_INFO, LEVEL_DEBUG };
bool message_wanted(enum message_level level);
void message_progress(enum message_level level, const char *text); /* a bare line, or JSON */
void message_error(const rootlet_error *err);
void message_usage(const rootlet_error *err, const char *command); /* with the pointer to help */
void message_note(const char *text);
/* The same as a text, for who will print it later; the caller frees it. NULL: nothing is to be
 * said. */
char *message_note_text(const char *text);
void message_text(const char *text);  /* a bare error line */
int message_output_failed(int error); /* of standard output; 0: not known. The exit status */
bool message_color(int fd);	      /* may colour be used on this descriptor? */

/* meaning.c: whose each namespace is, and what that means; for `unshare -v` */
void print_meanings(const rootlet_plan *plan);

/* demo.c */
void demo_help(void);

/* completion.c */
void completion_help(void);

/* help_message.c */
bool help_message(const char *id); /* false: there is no such message */
void help_messages(void);	   /* all ids with their titles */
void help_unknown(const char *word);

/* help.c */
void help_command(rootlet_command command, const char *name);
void help_main(void);

#endif
