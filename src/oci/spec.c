/* rootlet-oci spec: a config.json to begin with. */
#include "oci/oci.h"

#include "base/fd.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct request {
	struct args args;
	const char *bundle;
	bool rootless;
};

static const struct args_option options[] = {
	{"bundle", 'b', ARGS_TEXT, "DIR", offsetof(struct request, bundle),
	 "the bundle: not the working directory", "a directory", 0, 0},
	{"rootless", 0, ARGS_FLAG, NULL, offsetof(struct request, rootless),
	 "for an ordinary user: with a user namespace of its own", NULL, 0, 0},
	{0},
};

/* What is there was written by somebody, and stays. */
static int write_config(const struct request *q, const char *text, rootlet_error *err)
{
	AUTO_FREE char *path = NULL;
	AUTO_FD fd = -1;
	int r;

	if (asprintf(&path, "%s/config.json", q->bundle ? q->bundle : ".") < 0) {
		path = NULL; /* asprintf(3): its contents are undefined */
		return error_nomem(err);
	}
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	r = fd < 0 ? -errno : io_write_all(fd, text, strlen(text));
	if (r == -EEXIST)
		return error_set(err, r, "spec-exists", path,
				 "%s: file exists already; remove it first", path);
	if (r < 0) {
		error_set(err, r, "spec-write", path, "%s: %s", path, error_text(r));
		error_hint(err,
			   "--bundle DIR names a folder that exists and that you may write to");
	}
	return r;
}

static int make_config(const struct request *q, rootlet_error *err)
{
	char *text;
	int r = rootlet_oci_spec(q->rootless, &text, err);

	if (r < 0)
		return r;
	r = write_config(q, text, err);
	free(text);
	return r;
}

static int run_spec(int argc, char **argv)
{
	struct request q = {0};
	struct rootlet_error err = {0};
	int r = command_begin(&oci_spec_command, &q, argc, argv);
	int status = r > 0 ? 0 : EXIT_OCI;

	if (r == 0)
		status = make_config(&q, &err) < 0 ? command_fail(&err) : 0;
	args_release(&oci_spec_command, &q);
	return status;
}

const struct args_command oci_spec_command = {
	.name = "spec",
	.usage = "rootlet-oci spec [OPTIONS]",
	.about = "Writes a config.json that runs a shell in the root file system `rootfs`.",
	.brief = "write a config.json to begin with",
	.run = run_spec,
	.options = options,
	.kind = WORDS_NONE,
	.program = "rootlet-oci",
	.common = no_common_options,
};
