/* Help that teaches: made from the option table, so that it cannot say what the parser does not do.
 */
#include "cli/containers.h"

#include <stdio.h>
#include <string.h>

static const struct topic {
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
	 "reason and manual page. `plan unshare …` is the same for unshare. Nothing is done.",
	 "  rootlet plan / id                       for people\n"
	 "  rootlet plan --format=json / id         for scripts\n"
	 "  rootlet plan --format=sh / id > go.sh   the same as a shell script\n"
	 "  rootlet plan unshare -p ps ax           what unshare would do\n",
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
	{"exec", "rootlet exec [OPTIONS] CONTAINER COMMAND [ARG…]",
	 "Run a further command in a container that runs: in its namespaces, with its "
	 "capabilities, its\n"
	 "filter and its user, unless an option says otherwise.",
	 "  rootlet exec web ps ax                  what it has\n"
	 "  rootlet exec -it web sh                 a shell, with a terminal of its own\n"
	 "  rootlet exec -u 33 -w /srv web id       as another user, in another directory\n"
	 "  rootlet exec -d web ./job               and do not wait for it\n",
	 ROOTLET_EXEC},
};

enum { TOPIC_COUNT = sizeof(topics) / sizeof(topics[0]) };

#define STATUS                                                                                     \
	"Exit status: the command's own; 128+N when signal N killed it; 125 rootlet itself "       \
	"failed; 126 the command cannot be run; 127 it was not found"

static void print_topic(const struct topic *topic)
{
	printf("Usage: %s\n\n", topic->usage);
	args_print_text(topic->about);
	printf("\nExamples:\n%s", topic->examples);
}

void help_command(rootlet_command command, const char *name)
{
	const char *group = NULL;
	rootlet_option o;

	for (size_t i = 0; i < TOPIC_COUNT; i++)
		if (topics[i].command == command)
			print_topic(&topics[i]);
	for (size_t i = 0; rootlet_option_get(i, &o) == 0; i++) {
		if (!(o.commands & (unsigned)command))
			continue;
		if (!group || strcmp(group, o.group) != 0)
			printf("\n%s:\n", o.group);
		group = o.group;
		args_print_option(o.letter, o.name, o.metavar, o.optional, o.help);
	}
	putchar('\n');
	args_print_text(command == ROOTLET_EXEC ? STATUS "." : STATUS "; 124 after --timeout.");
}

/* A screen of 24 lines holds it. */
static const struct {
	const char *commands, *what; /* NULL: a heading */
} overview[] = {
	{"Run", NULL},
	{"run", "a command in a container of its own; -d in the background"},
	{"exec", "a further command in a container that runs"},
	{"plan", "what run would do, step by step, and why; does nothing"},
	{"unshare", "be the mapped root on your own files, or try one namespace"},
	{"Containers", NULL},
	{"ps", "those that run, or with -a all"},
	{"start, stop, kill", "run one again, ask it to end, send it a signal"},
	{"pause, unpause", "freeze all that it has, and let it go on"},
	{"attach, wait", "connect with its command; wait for its end"},
	{"logs", "what it has printed; -f follows it"},
	{"cp", "copy files into it and out of it"},
	{"rename, rm, prune", "its name; remove one; remove all that have ended"},
	{"Understand", NULL},
	{"top, stats", "its processes with both pids and both users; what it uses"},
	{"inspect", "all that is known of it, as JSON"},
	{"explain", "who is who, from both sides: a process, a container, a file"},
	{"doctor", "what this host allows, what it lacks, what mends it"},
	{"demo", "live demonstrations of what a container is"},
};

void help_main(void)
{
	printf("rootlet %s: containers without root, and without secrets about it\n",
	       rootlet_version());
	for (size_t i = 0; i < sizeof(overview) / sizeof(overview[0]); i++) {
		if (overview[i].what)
			printf("  %-18s %s\n", overview[i].commands, overview[i].what);
		else
			printf("%s\n", overview[i].commands);
	}
	printf("More: help COMMAND, help MESSAGE-ID, help messages, completion bash|zsh|fish\n"
	       "Start with:  rootlet run / sh     then  rootlet plan / sh\n");
}

int cli_help(int argc, char **argv)
{
	if (argc == 0) {
		help_main();
		return 0;
	}
	if (strcmp(argv[0], "messages") == 0) {
		help_messages();
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
	if (strcmp(argv[0], "help") == 0) {
		help_main();
		return 0;
	}
	if (strcmp(argv[0], "completion") == 0) {
		completion_help();
		return 0;
	}
	if (command_find(argv[0])) {
		args_print_help(command_find(argv[0]));
		return 0;
	}
	if (help_message(argv[0]))
		return 0;
	help_unknown(argv[0]);
	return EXIT_ROOTLET;
}
