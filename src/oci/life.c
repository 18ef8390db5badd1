/* rootlet-oci start, kill, delete. */
#include "oci/oci.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- start ---- */

static int start(rootlet_bundle *bundle, void *data, rootlet_error *err)
{
	return rootlet_bundle_start(bundle, &log_warnings, err);
}

static int run_start(int argc, char **argv)
{
	struct args args = {0};
	int r = command_begin(&oci_start_command, &args, argc, argv);
	int status = r > 0 ? 0 : EXIT_OCI;

	if (r == 0)
		status = command_with(args.words.items[0], start, NULL);
	args_release(&oci_start_command, &args);
	return status;
}

const struct args_command oci_start_command = {
	.name = "start",
	.usage = "rootlet-oci start ID",
	.about = "Lets the command of a created container run.",
	.brief = "start a created container",
	.run = run_start,
	.kind = WORDS_OTHER,
	.least = 1,
	.most = 1,
	.word = "ID",
	.program = "rootlet-oci",
	.common = no_common_options,
};

/* ---- kill ---- */

struct kill_request {
	struct args args;
	bool all;
	int signal;
};

static const struct args_option kill_options[] = {
	{"all", 'a', ARGS_FLAG, NULL, offsetof(struct kill_request, all),
	 "to every process of the container", NULL, 0, 0},
	{0},
};

/* 0 too is a signal here: it asks whether there is somebody. */
static int parse_signal(const char *text, int *ret, rootlet_error *err)
{
	*ret = rootlet_signal_number(text);
	if (*ret || strcmp(text, "0") == 0)
		return 0;
	error_set(err, -EINVAL, "signal-unknown", text, "%.64s: unknown signal", text);
	error_hint(err, "a name such as TERM or SIGKILL, or a number: kill -l lists them");
	return -EINVAL;
}

static int send_signal(rootlet_bundle *bundle, void *data, rootlet_error *err)
{
	const struct kill_request *q = data;

	return rootlet_bundle_kill(bundle, q->signal, q->all, err);
}

static int run_kill(int argc, char **argv)
{
	struct kill_request q = {0};
	struct rootlet_error err = {0};
	const struct args_list *words = &q.args.words;
	int r = command_begin(&oci_kill_command, &q, argc, argv);
	int status = r > 0 ? 0 : EXIT_OCI;

	if (r == 0 &&
	    parse_signal(words->count > 1 ? words->items[1] : "TERM", &q.signal, &err) < 0)
		status = command_fail(&err);
	else if (r == 0)
		status = command_with(words->items[0], send_signal, &q);
	args_release(&oci_kill_command, &q);
	return status;
}

const struct args_command oci_kill_command = {
	.name = "kill",
	.usage = "rootlet-oci kill [OPTIONS] ID [SIGNAL]",
	.about = "Sends a signal, TERM when none is named, to the container's first process.",
	.brief = "send a signal to a container",
	.run = run_kill,
	.options = kill_options,
	.kind = WORDS_OTHER,
	.least = 1,
	.most = 2,
	.word = "ID",
	.program = "rootlet-oci",
	.common = no_common_options,
};

/* ---- delete ---- */

struct delete_request {
	struct args args;
	bool force;
};

static const struct args_option delete_options[] = {
	{"force", 'f', ARGS_FLAG, NULL, offsetof(struct delete_request, force),
	 "also one that runs, which is killed first; one that is not there is no failure", NULL, 0,
	 0},
	{0},
};

static int remove_it(rootlet_bundle *bundle, void *data, rootlet_error *err)
{
	return rootlet_bundle_delete(bundle, false, &log_warnings, err);
}

static int clear(const char *id)
{
	struct rootlet_error err = {0};
	rootlet_bundles *bundles = NULL;
	int r = command_store(false, &bundles);

	if (r < 0)
		return EXIT_OCI;
	r = rootlet_bundle_clear(bundles, id, &log_warnings, &err);
	rootlet_bundles_free(bundles);
	return r < 0 ? command_fail(&err) : 0;
}

static int run_delete(int argc, char **argv)
{
	struct delete_request q = {0};
	int r = command_begin(&oci_delete_command, &q, argc, argv);
	int status = r > 0 ? 0 : EXIT_OCI;

	if (r == 0 && q.force)
		status = clear(q.args.words.items[0]);
	else if (r == 0)
		status = command_with(q.args.words.items[0], remove_it, NULL);
	args_release(&oci_delete_command, &q);
	return status;
}

const struct args_command oci_delete_command = {
	.name = "delete",
	.usage = "rootlet-oci delete [OPTIONS] ID",
	.about = "Deletes what is kept of a container that has stopped.",
	.brief = "delete a container",
	.run = run_delete,
	.options = delete_options,
	.kind = WORDS_OTHER,
	.least = 1,
	.most = 1,
	.word = "ID",
	.program = "rootlet-oci",
	.common = no_common_options,
};
