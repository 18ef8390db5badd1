/* rootlet pause and unpause: a container's processes held, and let go, by the cgroup freezer. */
#include "cli/containers.h"

#include <stdio.h>

static const char ends[] = "0 when it worked for every container, else 125.";

static int pause_one(rootlet_container *container, const char *word, void *data,
		     struct rootlet_error *err)
{
	const bool *paused = data;
	int r = rootlet_container_pause(container, *paused, err);

	if (r == 0) {
		printf("%s\n", word);
		fflush(stdout);
	}
	return r;
}

static int run_for(const struct args_command *command, bool paused, int argc, char **argv)
{
	struct args args = {0};
	struct rootlet_error err = {0};
	int r = command_begin(command, &args, argc, argv, &err);
	int status = r == 0 ? command_each(&args, 0, pause_one, &paused) : EXIT_ROOTLET;

	command_end(command, &args);
	return r > 0 ? 0 : status;
}

static int run_pause(int argc, char **argv)
{
	return run_for(&pause_command, true, argc, argv);
}

static int run_unpause(int argc, char **argv)
{
	return run_for(&unpause_command, false, argc, argv);
}

const struct args_command pause_command = {
	.name = "pause",
	.usage = "rootlet pause CONTAINER…",
	.about = "Hold all processes of containers where they are, by the cgroup freezer: they "
		 "notice nothing.\nA container has a cgroup of its own when one was delegated to "
		 "you "
		 "as it was started.",
	.examples = "  rootlet pause build                     and later: rootlet unpause build\n"
		    "  systemd-run --user --scope -p Delegate=yes rootlet run -d --name build …\n",
	.brief = "hold all processes of containers",
	.run = run_pause,
	.kind = WORDS_CONTAINERS,
	.least = 1,
	.most = -1,
	.word = "CONTAINER",
	.ends = ends,
};

const struct args_command unpause_command = {
	.name = "unpause",
	.usage = "rootlet unpause CONTAINER…",
	.about = "Let the processes of paused containers go on.",
	.examples = "  rootlet unpause build\n",
	.brief = "let them go on",
	.run = run_unpause,
	.kind = WORDS_CONTAINERS,
	.least = 1,
	.most = -1,
	.word = "CONTAINER",
	.ends = ends,
};
