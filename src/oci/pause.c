/* rootlet-oci pause, resume: all processes of a container held by the cgroup freezer. */
#include "oci/oci.h"

static int pause_it(rootlet_bundle *bundle, void *data, rootlet_error *err)
{
	return rootlet_bundle_pause(bundle, data != NULL, err);
}

static int run(const struct args_command *command, int argc, char **argv, void *paused)
{
	struct args args = {0};
	int r = command_begin(command, &args, argc, argv);
	int status = r > 0 ? 0 : EXIT_OCI;

	if (r == 0)
		status = command_with(args.words.items[0], pause_it, paused);
	args_release(command, &args);
	return status;
}

static int run_pause(int argc, char **argv)
{
	static bool yes;

	return run(&oci_pause_command, argc, argv, &yes);
}

static int run_resume(int argc, char **argv)
{
	return run(&oci_resume_command, argc, argv, NULL);
}

const struct args_command oci_pause_command = {
	.name = "pause",
	.usage = "rootlet-oci pause ID",
	.about = "Holds all processes of a container where they are, by the cgroup freezer.",
	.brief = "hold all processes of a container",
	.run = run_pause,
	.kind = WORDS_OTHER,
	.least = 1,
	.most = 1,
	.word = "ID",
	.program = "rootlet-oci",
	.common = no_common_options,
};

const struct args_command oci_resume_command = {
	.name = "resume",
	.usage = "rootlet-oci resume ID",
	.about = "Lets the processes of a paused container go on.",
	.brief = "let a paused container go on",
	.run = run_resume,
	.kind = WORDS_OTHER,
	.least = 1,
	.most = 1,
	.word = "ID",
	.program = "rootlet-oci",
	.common = no_common_options,
};
