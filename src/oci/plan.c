/* rootlet-oci plan: what create would do, and why. Does nothing. */
#include "oci/oci.h"

#include "base/fd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct request {
	struct args args;
	const char *bundle, *config, *facts;
	int format;
};

static const struct args_option options[] = {
	{"bundle", 'b', ARGS_TEXT, "DIR", offsetof(struct request, bundle),
	 "the bundle: not the working directory", "a directory", 0, 0},
	{"config", 'f', ARGS_TEXT, "FILE", offsetof(struct request, config),
	 "the config: not config.json in the bundle", "a file", 0, 0},
	{"facts", 0, ARGS_TEXT, "FILE", offsetof(struct request, facts),
	 "plan for the host of saved facts, not for this one", "a file", 0, 0},
	{"format", 0, ARGS_CHOICE, "FORMAT", offsetof(struct request, format),
	 "text, json, or a shell script", "text|json|sh", 0, 0},
	{0},
};

static int print(const struct request *q, const char *id, rootlet_error *err)
{
	static const rootlet_format formats[] = {ROOTLET_FORMAT_TEXT, ROOTLET_FORMAT_JSON,
						 ROOTLET_FORMAT_SH};
	const rootlet_bundle_options o = {
		.bundle = q->bundle,
		.config = q->config,
		.systemd_cgroup = globals.systemd_cgroup || globals.manager == 1,
		.no_cgroup = globals.manager == 2,
		.warnings = log_warnings,
	};
	AUTO_FREE char *text = NULL;
	rootlet_plan *plan = NULL;
	int r = rootlet_bundle_plan(id, &o, q->facts, &plan, err);

	if (r == 0)
		r = rootlet_plan_print(plan, formats[q->format], false, &text, err);
	if (r == 0)
		fputs(text, stdout);
	rootlet_plan_free(plan);
	return r;
}

static int run_plan(int argc, char **argv)
{
	struct request q = {0};
	struct rootlet_error err = {0};
	int r = command_begin(&oci_plan_command, &q, argc, argv);
	int status = r > 0 ? 0 : EXIT_OCI;

	if (r == 0)
		status = print(&q, q.args.words.count ? q.args.words.items[0] : "ID", &err) < 0
				 ? command_fail(&err)
				 : 0;
	args_release(&oci_plan_command, &q);
	return status;
}

const struct args_command oci_plan_command = {
	.name = "plan",
	.usage = "rootlet-oci plan [OPTIONS] [ID]",
	.about = "Prints what create would do, step by step, and why. Nothing is made.",
	.brief = "print what create would do",
	.run = run_plan,
	.options = options,
	.kind = WORDS_OTHER,
	.most = 1,
	.word = "ID",
	.program = "rootlet-oci",
	.common = no_common_options,
};
