/* Help that teaches: made from the option table, so that it cannot say what the parser does not do.
 */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name, *usage, *about, *examples;
	rootlet_command command;
} topics[] = {
	{"run", "rootlet run [OPTIONS] ROOT [COMMAND [ARG…]]",
	 "Run a command in a container of its own. ROOT is a directory that begins with / or . ;\n"
	 "`/` itself is the host's own files, read-only, with fresh /proc, /dev, /tmp, /run and "
	 "an\n"
	 "empty home. No root, no daemon, nothing left behind. COMMAND defaults to a shell; with "
	 "`/` it\n"
	 "is looked for in your own PATH.",
	 "  rootlet run / id                        root inside, you outside\n"
	 "  rootlet run -v \"$PWD\" / make            build here, with nothing else writable\n"
	 "  rootlet run ./debian bash               a root file system in a directory\n"
	 "  rootlet run --overlay ./debian sh       the same, every write thrown away\n"
	 "  rootlet run --network host / curl …     offline unless asked\n",
	 ROOTLET_RUN},
	{"plan", "rootlet plan [OPTIONS] ROOT [COMMAND [ARG…]]",
	 "Print what `rootlet run` would do with the same arguments, step by step, with each "
	 "step's\n"
	 "reason and manual page. Nothing is done.",
	 "  rootlet plan / id                       for people\n"
	 "  rootlet plan --format=json / id         for scripts\n"
	 "  rootlet plan --format=sh / id > go.sh   a shell script that does the same with "
	 "util-linux\n",
	 ROOTLET_PLAN},
	{"unshare", "rootlet unshare [-C -i -m -n -p -u -T] [OPTIONS] [COMMAND [ARG…]]",
	 "Be the mapped root on the host's own files, with your own rights and no more: delete "
	 "and\n"
	 "chown what containers left, unpack a root filesystem, or try one namespace at a time.\n"
	 "There is always a user namespace; each letter adds one. COMMAND defaults to your shell.",
	 "  rootlet unshare rm -rf ./debian         remove files of subordinate owners\n"
	 "  rootlet unshare -p ps ax                a pid namespace with its own /proc\n"
	 "  rootlet unshare -u --hostname red sh    another hostname, nowhere else\n"
	 "  rootlet unshare --join 4711 ip addr     enter the namespaces of a process\n",
	 ROOTLET_UNSHARE},
};

enum { TOPIC_COUNT = sizeof(topics) / sizeof(topics[0]), NAME_WIDTH = 34 };

/* Characters, not bytes: a continuation byte of UTF-8 takes no column. */
static int columns(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static void print_option(const rootlet_option *o)
{
	char left[128];
	int n;

	n = o->letter ? snprintf(left, sizeof(left), "-%c, --%s", o->letter, o->name)
		      : snprintf(left, sizeof(left), "    --%s", o->name);
	if (o->metavar && n > 0 && (size_t)n < sizeof(left))
		snprintf(left + n, sizeof(left) - (size_t)n, o->optional ? "[=%s]" : " %s",
			 o->metavar);
	if (columns(left) > NAME_WIDTH)
		printf("  %s\n  %-*s  %s\n", left, NAME_WIDTH, "", o->help);
	else
		printf("  %s%*s  %s\n", left, NAME_WIDTH - columns(left), "", o->help);
}

void help_command(rootlet_command command, const char *name)
{
	const char *group = NULL;
	rootlet_option o;

	for (size_t i = 0; i < TOPIC_COUNT; i++)
		if (topics[i].command == command)
			printf("Usage: %s\n\n%s\n\nExamples:\n%s", topics[i].usage, topics[i].about,
			       topics[i].examples);
	for (size_t i = 0; rootlet_option_get(i, &o) == 0; i++) {
		if (!(o.commands & (unsigned)command))
			continue;
		if (!group || strcmp(group, o.group) != 0)
			printf("\n%s:\n", o.group);
		group = o.group;
		print_option(&o);
	}
	printf("\nExit status: the command's own; 128+N when signal N killed it; 125 rootlet "
	       "itself failed;\n"
	       "126 the command cannot be run; 127 it was not found; 124 after --timeout.\n");
}

void help_main(void)
{
	printf("rootlet %s: containers without root, and without secrets about it\n\n"
	       "Usage: rootlet COMMAND [OPTIONS] …\n\nCommands:\n"
	       "  run       run a command in a container of its own\n"
	       "  plan      print what run would do, and why; does nothing\n"
	       "  unshare   be the mapped root on your own files, or try one namespace at a time\n"
	       "  doctor    what this host allows, what it lacks, and the line that mends it\n"
	       "  explain   who is who, from both sides: a process, a container or a file\n"
	       "  demo      live demonstrations of what a container is: rootlet demo --list\n"
	       "  help      explain a command or a message: help run, help userns-off, help "
	       "messages\n"
	       "  completion bash|zsh|fish   print a completion script\n\n"
	       "Start with:  rootlet run / sh     then  rootlet plan / sh\n",
	       rootlet_version());
}

int cli_help(int argc, char **argv)
{
	if (argc == 0) {
		help_main();
		return 0;
	}
	if (strcmp(argv[0], "doctor") == 0) {
		doctor_help();
		return 0;
	}
	if (strcmp(argv[0], "messages") == 0) {
		help_messages();
		return 0;
	}
	if (strcmp(argv[0], "explain") == 0) {
		explain_help();
		return 0;
	}
	if (strcmp(argv[0], "demo") == 0) {
		demo_help();
		return 0;
	}
	for (size_t i = 0; i < TOPIC_COUNT; i++) {
		if (strcmp(argv[0], topics[i].name) != 0)
			continue;
		help_command(topics[i].command, topics[i].name);
		return 0;
	}
	if (help_message(argv[0]))
		return 0;
	help_unknown(argv[0]);
	return EXIT_ROOTLET;
}
