/* The commands for containers, in the order in which help lists them. */
#include "cli/containers.h"

#include <string.h>

static const struct args_command *const commands[] = {
	&ps_command,	  &start_command,   &attach_command, &stop_command,  &kill_command,
	&wait_command,	  &rm_command,	    &rename_command, &pause_command, &unpause_command,
	&prune_command,	  &cp_command,	    &logs_command,   &top_command,   &stats_command,
	&inspect_command, &explain_command, &doctor_command,
};

const struct args_command *command_get(size_t index)
{
	return index < sizeof(commands) / sizeof(commands[0]) ? commands[index] : NULL;
}

const struct args_command *command_find(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}
