/* The rootlet command: looks the subcommand up and hands over. */
#include "cli/containers.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *name;
	cli_command *run;
} commands[] = {
	{"run", cli_run},   {"plan", cli_plan}, {"unshare", cli_unshare},
	{"exec", cli_exec}, {"help", cli_help}, {"completion", cli_completion},
	{"demo", cli_demo},
};

static int print_version(void)
{
	printf("rootlet %s\n", rootlet_version());
	return 0;
}

/* Commands of podman's and docker's that have another name here, or no place yet. */
static const struct {
	const char *name, *instead;
} foreign[] = {
	{"restart", "rootlet stop CONTAINER && rootlet start CONTAINER"},
	{"create", "rootlet run -d starts it as well"},
	{"container", "the commands stand alone: rootlet ps, rootlet rm …"},
	{"images",
	 "there are no images yet: ROOT is a directory, or / for this machine's own files"},
	{"pull", "there are no images yet; mmdebstrap makes a root, or podman export another's"},
	{"build", "there are no images yet; a root is a directory that `rootlet run` changes"},
	{"commit",
	 "there are no images yet; a root is a directory: copy it (rootlet unshare cp -a)"},
	{"export", "a root is a directory: rootlet unshare tar -cf FILE -C ROOT ."},
	{"diff", "run with --overlay=DIR: DIR then holds what was changed"},
	{"info", "rootlet doctor"},
	{"events", "run has --status-fd: a line of JSON for each thing that happens"},
	{"port", "there are no published ports: --network host"},
	{"update", "limits are given to run: --memory, --cpus, --pids-limit; remove the container "
		   "and start it anew"},
	{"pod", "start the others with --network container:FIRST"},
	{"login", "there are no registries"},
};

static const char *nearest(const char *name)
{
	const char *best = NULL, *candidate;
	size_t least = 3, d; /* more is another word */
	const size_t own = sizeof(commands) / sizeof(commands[0]);

	for (size_t i = 0;; i++) {
		if (i >= own && !command_get(i - own))
			break;
		candidate = i < own ? commands[i].name : command_get(i - own)->name;
		d = args_distance(name, candidate);
		if (d < least && d < strlen(candidate)) {
			best = candidate;
			least = d;
		}
	}
	return best;
}

static int unknown(const char *name)
{
	struct rootlet_error err = {0};
	const char *near = nearest(name);
	const char *what = *name == '-' ? "options stand after the command: rootlet run --help"
					: "`rootlet help` lists the commands";
	char meant[64];

	if (near) {
		snprintf(meant, sizeof(meant), "did you mean `rootlet %s`?", near);
		what = meant;
	}
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		if (strcmp(name, foreign[i].name) == 0)
			what = foreign[i].instead;
	error_set(&err, -EINVAL, "command-unknown", name, "%.64s: there is no such command", name);
	error_hint(&err, "%s", what);
	message_error(&err);
	return EXIT_ROOTLET;
}

/* A descriptor that we open must never become 0, 1 or 2 and receive what a program prints. */
static void fill_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= 2);
	if (fd > 2)
		close(fd);
}

/* Data that nobody got is a failure, even if the disk is full only now. */
static int finish_output(int status)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	return status ? status : message_output_failed(errno);
}

static int dispatch(int argc, char **argv)
{
	const struct args_command *container_command;
	rootlet_error *err = NULL;

	if (fcntl(0, F_GETFD) < 0 || fcntl(1, F_GETFD) < 0 || fcntl(2, F_GETFD) < 0)
		fill_standard_descriptors();
	signal(SIGCHLD, SIG_DFL); /* an inherited SIG_IGN would lose the container's exit status */
	signal(SIGXFSZ,
	       SIG_IGN); /* a file size limit is an error to report, not a death without a word */
	if (rootlet_check_unprivileged(NULL) < 0) {
		err = rootlet_error_new();
		if (err && rootlet_check_unprivileged(err) < 0)
			message_error(err);
		rootlet_error_free(err);
		return EXIT_ROOTLET;
	}
	if (argc < 2) {
		help_main();
		return EXIT_ROOTLET;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0)
		return print_version();
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return cli_help(0, argv + 2);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, argv[1]) == 0)
			return commands[i].run(argc - 2, argv + 2);
	container_command = command_find(argv[1]);
	if (container_command)
		return container_command->run(argc - 2, argv + 2);
	return unknown(argv[1]);
}

int main(int argc, char **argv)
{
	return finish_output(dispatch(argc, argv));
}
