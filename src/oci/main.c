/* The rootlet-oci command: the global options, and the command that they stand before. */
#include "oci/oci.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct globals globals;

static const struct args_command *const commands[] = {
	&oci_create_command, &oci_start_command,    &oci_state_command,	 &oci_kill_command,
	&oci_delete_command, &oci_run_command,	    &oci_exec_command,	 &oci_list_command,
	&oci_ps_command,     &oci_pause_command,    &oci_resume_command, &oci_update_command,
	&oci_events_command, &oci_features_command, &oci_spec_command,	 &oci_plan_command,
};

const struct args_command *command_get(size_t index)
{
	return index < sizeof(commands) / sizeof(commands[0]) ? commands[index] : NULL;
}

static const struct args_option options[] = {
	{"root", 0, ARGS_TEXT, "DIR", offsetof(struct globals, root),
	 "the containers' state: not $XDG_RUNTIME_DIR/rootlet-oci", "a directory", 0, 0},
	{"log", 0, ARGS_TEXT, "FILE", offsetof(struct globals, log), "write messages there as well",
	 "a file", 0, 0},
	{"log-format", 0, ARGS_CHOICE, "FORMAT", offsetof(struct globals, log_as),
	 "of that file: text, or one JSON object a line", "text|json", 0, 0},
	{"debug", 0, ARGS_FLAG, NULL, offsetof(struct globals, debug),
	 "say what is done, and have warnings too in a JSON log", NULL, 0, 0},
	{"systemd-cgroup", 0, ARGS_FLAG, NULL, offsetof(struct globals, systemd_cgroup),
	 "cgroupsPath is slice:prefix:name", NULL, 0, 0},
	{"cgroup-manager", 0, ARGS_CHOICE, "MANAGER", offsetof(struct globals, manager),
	 "who makes the cgroups", "cgroupfs|systemd|disabled", 0, 0},
	{"rootless", 0, ARGS_CHOICE, "WHETHER", offsetof(struct globals, rootless),
	 "accepted: what is possible is found out", "auto|true|false", 0, 0},
	{"version", 'v', ARGS_FLAG, NULL, offsetof(struct globals, version), "print the version",
	 NULL, 0, 0},
	{0},
};

static const struct args_command global_command = {
	.name = "",
	.usage = "rootlet-oci [GLOBAL OPTIONS] COMMAND [OPTIONS] [ARGUMENTS]",
	.about = "An OCI runtime: containers from bundles, for engines such as podman, buildah and "
		 "containerd.",
	.options = options,
	.kind = WORDS_OTHER,
	.most = -1,
	.stops = true,
	.program = "rootlet-oci",
	.common = no_common_options,
};

static void print_commands(void)
{
	const struct args_command *c;

	args_print_help(&global_command);
	printf("\nCommands:\n");
	for (size_t i = 0; (c = command_get(i)) != NULL; i++)
		printf("  %-10s  %s\n", c->name, c->brief);
	printf("\n`rootlet-oci COMMAND --help` explains one.\n");
}

static int print_version(void)
{
	printf("rootlet-oci version %s\ncommit: %s\nspec: %s\n", rootlet_version(),
	       rootlet_version(), rootlet_oci_spec_version());
	return 0;
}

static const struct args_command *find(const char *name)
{
	const struct args_command *c;

	for (size_t i = 0; (c = command_get(i)) != NULL; i++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

static int help(const struct args_list *words)
{
	const struct args_command *c = words->count > 1 ? find(words->items[1]) : NULL;

	if (c)
		args_print_help(c);
	else
		print_commands();
	return 0;
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

static void log_command(const struct args_list *words)
{
	char text[1024] = "rootlet-oci";

	for (size_t i = 0, n = strlen(text); i < words->count && n < sizeof(text); i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " %s", words->items[i]);
	log_debug(text);
}

static int run_command(void)
{
	const struct args_list *words = &globals.args.words;
	struct rootlet_error err = {0};
	const struct args_command *c;

	if (globals.version)
		return print_version();
	if (globals.args.help || !words->count) {
		print_commands();
		return globals.args.help ? 0 : EXIT_OCI;
	}
	if (strcmp(words->items[0], "help") == 0)
		return help(words);
	if (strcmp(words->items[0], "version") == 0)
		return print_version();
	if (log_open() < 0)
		return EXIT_OCI;
	c = find(words->items[0]);
	if (c) {
		log_command(words);
		return c->run((int)words->count - 1, (char **)(uintptr_t)(words->items + 1));
	}
	error_set(&err, -EINVAL, "command-unknown", words->items[0],
		  "%.64s: there is no such command", words->items[0]);
	error_hint(&err, "`rootlet-oci help` lists the commands");
	return command_fail(&err);
}

static int dispatch(int argc, char **argv)
{
	struct rootlet_error err = {0};

	if (fcntl(0, F_GETFD) < 0 || fcntl(1, F_GETFD) < 0 || fcntl(2, F_GETFD) < 0)
		fill_standard_descriptors();
	signal(SIGCHLD, SIG_DFL); /* an inherited SIG_IGN would lose exit statuses */
	signal(SIGXFSZ, SIG_IGN); /* a file size limit is an error to report */
	if (rootlet_check_unprivileged(&err) < 0)
		return command_fail(&err);
	if (args_parse(&global_command, &globals, argc - 1, argv + 1, &err) < 0)
		return command_fail(&err);
	return run_command();
}

int main(int argc, char **argv)
{
	int status = dispatch(argc, argv);

	args_release(&global_command, &globals);
	/* Data that nobody got is a failure. */
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	if (!status && errno != EPIPE) { /* a reader that left early is nothing to talk about */
		struct rootlet_error err = {0};

		error_set(&err, -errno, "standard-output", "standard output", "standard output: %s",
			  errno ? error_text(errno) : "not all of it could be written");
		command_fail(&err);
	}
	return status ? status : EXIT_OCI;
}
