/* What the commands for containers share: their tables, how each begins and ends, and the walk over
 * the containers that a line names. */
#ifndef ROOTLET_CLI_CONTAINERS_H
#define ROOTLET_CLI_CONTAINERS_H

#include "term/args.h"
#include "cli/cli.h"

#include "base/error.h"

/* The tables, one beside each command's code. */
extern const struct args_command ps_command, inspect_command, start_command, attach_command,
	stop_command, kill_command, wait_command, rm_command, rename_command, prune_command,
	logs_command, top_command, stats_command, cp_command, pause_command, unpause_command,
	explain_command, doctor_command;

/* commands.c: all of them in the order of `rootlet help`; NULL past the end, or for no such name.
 */
const struct args_command *command_get(size_t index);
const struct args_command *command_find(const char *name);

/* begin.c: the line into *target (which begins with a struct args), messages set up. 0; 1 when
 * --help was printed; -1 after a message. command_end in every case. */
int command_begin(const struct args_command *command, void *target, int argc, char **argv,
		  struct rootlet_error *err);
void command_end(const struct args_command *command, void *target);

/* The store of a line; a missing one is empty. Says where it is when that is unusual. -errno after
 * a message. */
int command_store(const struct args *args, rootlet_store **ret, struct rootlet_error *err);

/* One container of a line. 0, an exit status, or -errno with a message in err. `word` is what the
 * line calls it. */
typedef int container_action(rootlet_container *container, const char *word, void *data,
			     struct rootlet_error *err);
enum {
	EACH_ALL = 1 << 0,     /* all containers, whatever the line names */
	EACH_BROKEN = 1 << 1,  /* those too whose files cannot be trusted */
	EACH_LENIENT = 1 << 2, /* a container that is not there is no failure */
};
/* Each in turn; a failure is printed and does not keep the next one from its turn. The exit status
 * of the command. */
int command_each(const struct args *args, unsigned flags, container_action *action, void *data);
/* The same in two rounds: `first` with as many as may be held at once, then the action with those
 * where it returned 0. */
int command_each_twice(const struct args *args, unsigned flags, container_action *first,
		       container_action *action, void *data);
/* The one that this word names. */
int command_one(const struct args *args, const char *word, container_action *action, void *data);

#endif
