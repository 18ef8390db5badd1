/* rootlet completion: scripts for the shells, made from the option table. */
#include "cli/cli.h"
#include "cli/demo/demo.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	rootlet_command command;
} commands[] = {{"run", ROOTLET_RUN}, {"plan", ROOTLET_PLAN}, {"unshare", ROOTLET_UNSHARE}};

enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

static void print_words(rootlet_command command)
{
	rootlet_option o;

	for (size_t i = 0; rootlet_option_get(i, &o) == 0; i++)
		if (o.commands & (unsigned)command)
			printf("--%s%s ", o.name, o.metavar && !o.optional ? "=" : "");
}

#define EXPLAIN_WORDS                                                                              \
	"--format=text --format=json --format=svg --user= --color= --width= --ascii --state-dir="

static void print_demo_words(void)
{
	printf("--list --no-pause --script --json --color= all");
	for (size_t i = 0; i < demo_text_count; i++)
		printf(" %s", demo_texts[i].name);
}

static void print_message_ids(void)
{
	rootlet_message m;

	for (size_t i = 0; rootlet_message_get(i, &m) == 0; i++)
		printf("%s ", m.id);
}

static int print_bash(void)
{
	printf("_rootlet()\n{\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} words=\n\tCOMPREPLY=()\n"
	       "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
	       "\t\tCOMPREPLY=($(compgen -W 'run plan unshare doctor explain demo help completion' "
	       "-- "
	       "\"$cur\"))\n"
	       "\t\treturn\n\tfi\n\tcase ${COMP_WORDS[1]} in\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		printf("\t%s) words='", commands[i].name);
		print_words(commands[i].command);
		printf("' ;;\n");
	}
	printf("\texplain) words='" EXPLAIN_WORDS "' ;;\n");
	printf("\tdemo) words='");
	print_demo_words();
	printf("' ;;\n\tdoctor) words='--format= --facts= --save-facts= --color=' ;;\n\thelp) "
	       "words='run plan unshare doctor explain demo messages ");
	print_message_ids();
	printf("' ;;\n\tcompletion) words='bash zsh "
	       "fish' "
	       ";;\n\tesac\n"
	       "\tcase $cur in\n"
	       "\t-*) COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")); [[ ${COMPREPLY[0]-} == *= "
	       "]] && "
	       "compopt -o nospace ;;\n"
	       "\t*) case ${COMP_WORDS[1]} in demo | help | completion) COMPREPLY=($(compgen -W "
	       "\"$words\" -- "
	       "\"$cur\")) ;;\n\t   *) COMPREPLY=($(compgen -f -- \"$cur\")); compopt -o filenames "
	       ";; esac ;;\n"
	       "\tesac\n}\ncomplete -F _rootlet rootlet\n");
	return 0;
}

/* zsh reads bash completions after bashcompinit; its own _arguments would need every option quoted
 * twice. */
static int print_zsh(void)
{
	printf("#compdef rootlet\nautoload -U +X bashcompinit && bashcompinit\n");
	return print_bash();
}

static int print_fish(void)
{
	rootlet_option o;

	printf("complete -c rootlet -n __fish_use_subcommand -f -a 'run plan unshare doctor "
	       "explain demo "
	       "help "
	       "completion'\n");
	printf("complete -c rootlet -n '__fish_seen_subcommand_from help' -f -a 'run plan unshare "
	       "doctor explain demo messages ");
	print_message_ids();
	printf("'\n");
	for (int i = 0; i < 4; i++)
		printf("complete -c rootlet -n '__fish_seen_subcommand_from doctor' -r -l %s\n",
		       (const char *const[]){"format", "facts", "save-facts", "color"}[i]);
	printf("complete -c rootlet -n '__fish_seen_subcommand_from explain' -a '" EXPLAIN_WORDS
	       "'\n");
	printf("complete -c rootlet -n '__fish_seen_subcommand_from demo' -f -a '");
	print_demo_words();
	printf("'\n");
	for (size_t c = 0; c < COMMAND_COUNT; c++) {
		for (size_t i = 0; rootlet_option_get(i, &o) == 0; i++) {
			if (!(o.commands & (unsigned)commands[c].command))
				continue;
			printf("complete -c rootlet -n '__fish_seen_subcommand_from %s' -l %s%s",
			       commands[c].name, o.name, o.metavar && !o.optional ? " -r" : "");
			if (o.letter)
				printf(" -s %c", o.letter);
			printf(" -d '");
			for (const char *h = o.help; *h; h++)
				printf(*h == '\'' ? "\\'" : "%c", *h);
			printf("'\n");
		}
	}
	return 0;
}

int cli_completion(int argc, char **argv)
{
	static const struct {
		const char *shell;
		int (*print)(void);
	} rows[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};

	for (size_t i = 0; argc == 1 && i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(argv[0], rows[i].shell) == 0)
			return rows[i].print();
	message_text("completion: name one shell: bash, zsh or fish");
	return EXIT_ROOTLET;
}
