/* rootlet-oci features: what this binary can do, as the runtime-spec's features document. */
#include "oci/oci.h"

#include "base/fd.h"

#include <stdio.h>
#include <stdlib.h>

static int run_features(int argc, char **argv)
{
	struct args args = {0};
	struct rootlet_error err = {0};
	AUTO_FREE char *text = NULL;
	int r = command_begin(&oci_features_command, &args, argc, argv);
	int status = r < 0 ? EXIT_OCI : 0;

	if (r == 0 && rootlet_oci_features(&text, &err) < 0)
		status = command_fail(&err);
	else if (r == 0)
		puts(text); /* main tells of what could not be written */
	args_release(&oci_features_command, &args);
	return status;
}

const struct args_command oci_features_command = {
	.name = "features",
	.usage = "rootlet-oci features",
	.about = "Prints what this runtime can do as JSON.",
	.brief = "print what this runtime can do",
	.run = run_features,
	.kind = WORDS_NONE,
	.program = "rootlet-oci",
	.common = no_common_options,
};
