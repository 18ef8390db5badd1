/* rootlet-oci create and run: a container out of a bundle. */
#include "oci/oci.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct request {
	struct args args;
	const char *bundle, *config, *pid_file, *console_socket, *pidfd_socket;
	int64_t preserve_fds;
	bool no_pivot, no_new_keyring, no_subreaper, detach, keep;
};

#define MADE_OPTIONS                                                                               \
	{"bundle",                                                                                 \
	 'b',                                                                                      \
	 ARGS_TEXT,                                                                                \
	 "DIR",                                                                                    \
	 offsetof(struct request, bundle),                                                         \
	 "the bundle: not the working directory",                                                  \
	 "a directory",                                                                            \
	 0,                                                                                        \
	 0},                                                                                       \
		{"config",                                                                         \
		 'f',                                                                              \
		 ARGS_TEXT,                                                                        \
		 "FILE",                                                                           \
		 offsetof(struct request, config),                                                 \
		 "the config: not config.json in the bundle",                                      \
		 "a file",                                                                         \
		 0,                                                                                \
		 0},                                                                               \
		{"pid-file",                                                                       \
		 0,                                                                                \
		 ARGS_TEXT,                                                                        \
		 "FILE",                                                                           \
		 offsetof(struct request, pid_file),                                               \
		 "write the pid of its first process there",                                       \
		 "a file",                                                                         \
		 0,                                                                                \
		 0},                                                                               \
		{"console-socket",                                                                 \
		 0,                                                                                \
		 ARGS_TEXT,                                                                        \
		 "PATH",                                                                           \
		 offsetof(struct request, console_socket),                                         \
		 "a unix socket that takes the terminal's master",                                 \
		 "a socket",                                                                       \
		 0,                                                                                \
		 0},                                                                               \
		{"pidfd-socket",                                                                   \
		 0,                                                                                \
		 ARGS_TEXT,                                                                        \
		 "PATH",                                                                           \
		 offsetof(struct request, pidfd_socket),                                           \
		 "a unix socket that takes a pidfd of its first process",                          \
		 "a socket",                                                                       \
		 0,                                                                                \
		 0},                                                                               \
		{"preserve-fds",                                                                   \
		 0,                                                                                \
		 ARGS_NUMBER,                                                                      \
		 "N",                                                                              \
		 offsetof(struct request, preserve_fds),                                           \
		 "hand on N descriptors, from 3 on ($LISTEN_FDS more)",                            \
		 NULL,                                                                             \
		 0,                                                                                \
		 INT_MAX / 2},                                                                     \
		{"no-pivot",                                                                       \
		 0,                                                                                \
		 ARGS_FLAG,                                                                        \
		 NULL,                                                                             \
		 offsetof(struct request, no_pivot),                                               \
		 "leave the host's root below the container's, where pivot_root cannot work",      \
		 NULL,                                                                             \
		 0,                                                                                \
		 0},                                                                               \
	{                                                                                          \
		"no-new-keyring", 0, ARGS_FLAG, NULL, offsetof(struct request, no_new_keyring),    \
			"keep the caller's session keyring", NULL, 0, 0                            \
	}

static const struct args_option create_options[] = {MADE_OPTIONS, {0}};

static const struct args_option run_options[] = {
	MADE_OPTIONS,
	{"detach", 'd', ARGS_FLAG, NULL, offsetof(struct request, detach),
	 "leave it once its command runs", NULL, 0, 0},
	{"keep", 0, ARGS_FLAG, NULL, offsetof(struct request, keep),
	 "do not delete it when it has ended", NULL, 0, 0},
	{"no-subreaper", 0, ARGS_FLAG, NULL, offsetof(struct request, no_subreaper),
	 "accepted: no subreaper is used", NULL, 0, 0},
	{0},
};

/* systemd's socket activation: sd_listen_fds(3). */
static unsigned listen_fds(void)
{
	const char *text = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	char *end;
	long n = text ? strtol(text, &end, 10) : 0;

	if (!text || *end || n < 0 || n > 4096)
		return 0;
	return !pid || strtol(pid, NULL, 10) == getpid() ? (unsigned)n : 0;
}

static rootlet_bundle_options options_of(const struct request *r)
{
	return (rootlet_bundle_options){
		.bundle = r->bundle,
		.config = r->config,
		.pid_file = r->pid_file,
		.console_socket = r->console_socket,
		.pidfd_socket = r->pidfd_socket,
		.preserve_fds = (unsigned)r->preserve_fds,
		.listen_fds = listen_fds(),
		.systemd_cgroup = globals.systemd_cgroup || globals.manager == 1,
		.no_cgroup = globals.manager == 2,
		.no_pivot = r->no_pivot,
		.no_new_keyring = r->no_new_keyring,
		.notify_socket = getenv("NOTIFY_SOCKET") != NULL,
		.warnings = log_warnings,
	};
}

static int create(const rootlet_bundles *bundles, const struct request *q, const char *id,
		  rootlet_error *err)
{
	const rootlet_bundle_options options = options_of(q);

	return rootlet_bundle_create(bundles, id, &options, err);
}

static int run_create(int argc, char **argv)
{
	struct request q = {0};
	struct rootlet_error err = {0};
	rootlet_bundles *bundles = NULL;
	int r = command_begin(&oci_create_command, &q, argc, argv);
	int status = r > 0 ? 0 : EXIT_OCI;

	if (r == 0)
		r = command_check_preserved(q.preserve_fds, listen_fds());
	if (r == 0 && command_store(true, &bundles) == 0) {
		r = create(bundles, &q, q.args.words.items[0], &err);
		status = r < 0 ? command_fail(&err) : 0;
	}
	rootlet_bundles_free(bundles);
	args_release(&oci_create_command, &q);
	return status;
}

/* ---- run ---- */

static int run_detached(const rootlet_bundles *bundles, const struct request *q, const char *id,
			rootlet_error *err)
{
	rootlet_bundle *bundle = NULL;
	int r = create(bundles, q, id, err);

	if (r < 0)
		return r;
	r = rootlet_bundle_find(bundles, id, &bundle, err);
	if (r == 0)
		r = rootlet_bundle_start(bundle, &log_warnings, err);
	rootlet_bundle_free(bundle); /* and with it its lock, which whoever clears it takes */
	if (r < 0) {
		struct rootlet_error ignored = {0};

		rootlet_bundle_clear(bundles, id, &log_warnings, &ignored);
	}
	return r;
}

static int run_run(int argc, char **argv)
{
	struct request q = {0};
	struct rootlet_error err = {0};
	rootlet_bundles *bundles = NULL;
	int r = command_begin(&oci_run_command, &q, argc, argv);
	int status = r > 0 ? 0 : EXIT_OCI;

	if (r == 0)
		r = command_check_preserved(q.preserve_fds, listen_fds());
	if (r == 0 && command_store(true, &bundles) == 0) {
		const rootlet_bundle_options options = options_of(&q);
		const char *id = q.args.words.items[0];

		status = 0;
		if (q.detach)
			r = run_detached(bundles, &q, id, &err);
		else
			r = rootlet_bundle_run(bundles, id, &options, q.keep, &status, &err);
		if (r < 0)
			status = command_fail(&err);
	}
	rootlet_bundles_free(bundles);
	args_release(&oci_run_command, &q);
	return status;
}

const struct args_command oci_create_command = {
	.name = "create",
	.usage = "rootlet-oci create [OPTIONS] ID",
	.about = "Makes the container of a bundle, up to the moment where its command would be "
		 "executed.",
	.brief = "make a container, without starting it",
	.run = run_create,
	.options = create_options,
	.kind = WORDS_OTHER,
	.least = 1,
	.most = 1,
	.word = "ID",
	.program = "rootlet-oci",
	.common = no_common_options,
};

const struct args_command oci_run_command = {
	.name = "run",
	.usage = "rootlet-oci run [OPTIONS] ID",
	.about = "create and start in one; and, without --detach, wait and delete.",
	.brief = "make a container, start it, and wait for its end",
	.run = run_run,
	.options = run_options,
	.kind = WORDS_OTHER,
	.least = 1,
	.most = 1,
	.word = "ID",
	.ends = "that of the container's command, 1 when rootlet-oci itself failed.",
	.program = "rootlet-oci",
	.common = no_common_options,
};
