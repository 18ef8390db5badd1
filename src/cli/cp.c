/* rootlet cp: files into and out of a container that runs. The copying is the library's. */
#include "cli/containers.h"

#include <errno.h>
#include <string.h>

static int run(int argc, char **argv)
{
	struct args args = {0};
	struct rootlet_error err = {0};
	int r = command_begin(&cp_command, &args, argc, argv, &err);
	int status = EXIT_ROOTLET;

	command_end(&cp_command, &args);
	return r > 0 ? 0 : status;
}

const struct args_command cp_command = {
	.name = "cp",
	.usage = "rootlet cp CONTAINER:PATH LOCAL, or LOCAL CONTAINER:PATH",
	.about = "Copy.",
	.group = "Containers",
	.brief = "copy files into or out of a container",
	.run = run,
	.kind = WORDS_PATHS,
	.least = 2,
	.most = 2,
	.word = "source and a destination",
};
