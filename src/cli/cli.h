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
};

/* A subcommand: argv after its name. Returns the exit status. */
typedef int cli_command(int argc, char **argv);
cli_command cli_run, cli_plan, cli_unshare, cli_help, cli_completion;

/* session.c: configuration files, environment and command line into a validated spec. 0; 1 when
 * --help was asked for and printed; -1 when a message was printed. */
int session_open(struct session *s, rootlet_command command, const char *name, int argc,
		 char **argv);
/* Facts (from --facts or probed) and the plan. 0, or the exit status after a message. */
int session_plan(struct session *s);
void session_close(struct session *s);

/* message.c: `rootlet: WHAT: WHY` and `hint: …` on stderr, in colour on a terminal. */
void message_setup(const char *color, const char *log_format,
		   const char *log_level); /* NULL: default */
void message_error(const rootlet_error *err);
void message_usage(const rootlet_error *err, const char *command); /* with the pointer to help */
void message_note(const char *text);
void message_text(const char *text); /* a bare error line */
bool message_color(int fd);	     /* may colour be used on this descriptor? */

/* help.c */
void help_command(rootlet_command command, const char *name);
void help_main(void);

#endif
