/* rootlet completion: scripts for the shells, made from the tables that the parsers read. Names of
 * containers are asked for when they are needed (`completion --names`). */
#include "cli/containers.h"
#include "cli/demo/demo.h"

#include <stdio.h>
#include <string.h>

/* Commands whose options are the library's. */
static const struct {
	const char *name, *brief;
	rootlet_command command;
} spec_commands[] = {
	{"run", "a command in a container of its own", ROOTLET_RUN},
	{"exec", "a further command in a container that runs", ROOTLET_EXEC},
	{"plan", "what run would do, and why", ROOTLET_PLAN},
	{"unshare", "be the mapped root on your own files", ROOTLET_UNSHARE},
};

/* Those with a parser of their own. */
static const struct {
	const char *name, *brief, *words;
} other_commands[] = {
	{"demo", "live demonstrations",
	 "--list --no-pause --script --json --color= all"},	/* and the names */
	{"help", "explain a command or a message", "messages"}, /* and those */
	{"completion", "print a completion script", "bash zsh fish"},
};

enum {
	SPEC_COUNT = sizeof(spec_commands) / sizeof(spec_commands[0]),
	OTHER_COUNT = sizeof(other_commands) / sizeof(other_commands[0]),
};

/* ---- words ---- */

static void print_spec_words(rootlet_command command)
{
	rootlet_option o;

	for (size_t i = 0; rootlet_option_get(i, &o) == 0; i++)
		if (o.commands & (unsigned)command)
			printf("--%s%s ", o.name, o.metavar && !o.optional ? "=" : "");
}

static void print_choices(const struct args_option *o)
{
	size_t count = 1;
	char value[32];

	for (const char *p = o->values; *p; p++)
		count += *p == '|';
	for (size_t i = 0; i < count; i++) {
		args_choice_name(o->values, (int)i, value, sizeof(value));
		printf("--%s=%s ", o->name, value);
	}
}

static void print_args_words(const struct args_command *command)
{
	const struct args_option *o;

	for (size_t i = 0; (o = args_option(command, i)) != NULL; i++) {
		if (o->type == ARGS_CHOICE)
			print_choices(o);
		else
			printf("--%s%s ", o->name, o->metavar ? "=" : "");
	}
}

static void print_command_names(void)
{
	for (size_t i = 0; i < SPEC_COUNT; i++)
		printf("%s ", spec_commands[i].name);
	for (size_t i = 0; command_get(i); i++)
		printf("%s ", command_get(i)->name);
	for (size_t i = 0; i < OTHER_COUNT; i++)
		printf("%s ", other_commands[i].name);
}

static void print_other_words(size_t index)
{
	const char *name = other_commands[index].name;
	rootlet_message m;

	printf("%s", other_commands[index].words);
	for (size_t i = 0; strcmp(name, "demo") == 0 && i < demo_text_count; i++)
		printf(" %s", demo_texts[i].name);
	if (strcmp(name, "help") != 0)
		return;
	putchar(' ');
	print_command_names();
	for (size_t i = 0; rootlet_message_get(i, &m) == 0; i++)
		printf("%s ", m.id);
}

/* ---- bash ---- */

/* What stands beside the options: files, containers, both, or only the words. */
static const char *bash_kind(enum args_words kind)
{
	switch (kind) {
	case WORDS_CONTAINERS:
		return "names";
	case WORDS_PATHS:
		return "names+files";
	case WORDS_NONE:
	case WORDS_OTHER:
		break;
	}
	return "words";
}

/* A case for each command, for bash and zsh alike: what stands beside the options, and the words.
 */
static void print_cases(void)
{
	for (size_t i = 0; i < SPEC_COUNT; i++) {
		printf("\t%s) kind=%s list='", spec_commands[i].name,
		       spec_commands[i].command == ROOTLET_EXEC ? "names+files" : "files");
		print_spec_words(spec_commands[i].command);
		printf("' ;;\n");
	}
	for (size_t i = 0; command_get(i); i++) {
		printf("\t%s) kind=%s list='", command_get(i)->name,
		       bash_kind(command_get(i)->kind));
		print_args_words(command_get(i));
		printf("' ;;\n");
	}
	for (size_t i = 0; i < OTHER_COUNT; i++) {
		printf("\t%s) kind=words list='", other_commands[i].name);
		print_other_words(i);
		printf("' ;;\n");
	}
}

static int print_bash(void)
{
	printf("_rootlet()\n{\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} list= kind=files names=\n"
	       "\tCOMPREPLY=()\n"
	       "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
	       "\t\tCOMPREPLY=($(compgen -W '");
	print_command_names();
	printf("--help --version' -- \"$cur\"))\n\t\treturn\n\tfi\n\tcase ${COMP_WORDS[1]} in\n");
	print_cases();
	/* bash breaks words at `=`, and wants to hear what stands behind it only. */
	printf("\tesac\n"
	       "\tlocal whole=${COMP_LINE:0:COMP_POINT}; whole=${whole##*[[:space:]]}\n"
	       "\tif [[ $whole == --*=* && $COMP_WORDBREAKS == *=* ]]; then\n"
	       "\t\tCOMPREPLY=($(compgen -W \"$list\" -- \"$whole\"))\n"
	       "\t\tCOMPREPLY=(\"${COMPREPLY[@]#*=}\")\n"
	       "\t\t[[ -n ${COMPREPLY[0]-} ]] || COMPREPLY=($(compgen -f -- "
	       "\"${whole#*=}\"))\n"
	       "\t\treturn\n\tfi\n"
	       "\tcase $cur,$kind in\n"
	       "\t-*) COMPREPLY=($(compgen -W \"$list\" -- \"$cur\")); [[ ${COMPREPLY[0]-} == *= "
	       "]] && compopt -o nospace; return ;;\n"
	       "\t*,words) COMPREPLY=($(compgen -W \"$list\" -- \"$cur\")) ;;\n"
	       "\t*,names*) names=$(rootlet completion --names 2>/dev/null)\n"
	       "\t\tCOMPREPLY=($(compgen -W \"$names\" -- \"$cur\")) ;;\n"
	       "\tesac\n"
	       "\tcase $kind in *files) COMPREPLY+=($(compgen -f -- \"$cur\")); compopt -o "
	       "filenames ;; esac\n"
	       "}\ncomplete -F _rootlet rootlet\n");
	return 0;
}

/* ---- zsh ---- */

static void print_zsh_command(const char *name, const char *brief)
{
	printf("\t\t'%s:", name);
	for (; *brief; brief++)
		printf(*brief == '\'' ? "'\\''" : "%c", *brief);
	printf("'\n");
}

/* Words, not _arguments, which would want every option quoted twice. Both sourced and from $fpath.
 */
static int print_zsh(void)
{
	printf("#compdef rootlet\n_rootlet()\n{\n\tlocal kind=files list=\n\tlocal -a names\n"
	       "\tif (( CURRENT == 2 )); then\n\t\tnames=(\n");
	for (size_t i = 0; i < SPEC_COUNT; i++)
		print_zsh_command(spec_commands[i].name, spec_commands[i].brief);
	for (size_t i = 0; command_get(i); i++)
		print_zsh_command(command_get(i)->name, command_get(i)->brief);
	for (size_t i = 0; i < OTHER_COUNT; i++)
		print_zsh_command(other_commands[i].name, other_commands[i].brief);
	printf("\t\t)\n\t\tif [[ $PREFIX == -* ]]; then compadd -- --help --version\n"
	       "\t\telse _describe command names; fi\n\t\treturn\n\tfi\n"
	       "\tcase ${words[2]} in\n");
	print_cases();
	printf("\tesac\n"
	       "\tcase $PREFIX,$kind in\n"
	       "\t-*) names=(${=list}); compadd -S '' -- ${(M)names:#*=}\n"
	       "\t\tcompadd -- ${names:#*=}; return ;;\n"
	       "\t*,words) compadd -- ${=list} ;;\n"
	       "\t*,names*) names=(${(f)\"$(rootlet completion --names 2>/dev/null)\"})\n"
	       "\t\tcompadd -- $names ;;\n"
	       "\tesac\n"
	       "\tif [[ $kind == *files ]]; then _files; fi\n"
	       "}\n"
	       "if [[ ${funcstack[1]} == _rootlet ]]; then _rootlet; else compdef _rootlet "
	       "rootlet; "
	       "fi\n");
	return 0;
}

/* ---- fish ---- */

static void print_fish_text(const char *text)
{
	printf(" -d '");
	for (; *text; text++)
		printf(*text == '\'' || *text == '\\' ? "\\%c" : "%c", *text);
	printf("'\n");
}

static void print_fish_command(const char *name, const char *brief)
{
	printf("complete -c rootlet -n __fish_use_subcommand -f -a %s", name);
	print_fish_text(brief);
}

/* `choices`: "a|b", or NULL */
static void print_fish_option(const char *command, const char *name, char letter, bool value,
			      const char *choices, const char *help)
{
	printf("complete -c rootlet -n '__fish_seen_subcommand_from %s' -l %s%s", command, name,
	       choices ? " -x"
	       : value ? " -r"
		       : "");
	if (letter)
		printf(" -s %c", letter);
	if (choices) {
		printf(" -a '");
		for (; *choices; choices++)
			putchar(*choices == '|' ? ' ' : *choices);
		putchar('\'');
	}
	print_fish_text(help);
}

static void print_fish_spec(size_t index)
{
	rootlet_option o;

	for (size_t i = 0; rootlet_option_get(i, &o) == 0; i++)
		if (o.commands & (unsigned)spec_commands[index].command)
			print_fish_option(spec_commands[index].name, o.name, o.letter,
					  o.metavar && !o.optional, NULL, o.help);
}

static void print_fish_names(const char *command, bool files)
{
	printf("complete -c rootlet -n '__fish_seen_subcommand_from %s'%s -a '(rootlet completion "
	       "--names 2>/dev/null)'\n",
	       command, files ? "" : " -f");
}

static int print_fish(void)
{
	const struct args_command *c;
	const struct args_option *o;

	printf("complete -c rootlet -n __fish_use_subcommand -l version -d 'print the version'\n"
	       "complete -c rootlet -n __fish_use_subcommand -l help -d 'list the commands'\n");
	for (size_t i = 0; i < SPEC_COUNT; i++) {
		print_fish_command(spec_commands[i].name, spec_commands[i].brief);
		print_fish_spec(i);
	}
	print_fish_names("exec", true);
	for (size_t i = 0; (c = command_get(i)) != NULL; i++) {
		print_fish_command(c->name, c->brief);
		for (size_t k = 0; (o = args_option(c, k)) != NULL; k++)
			print_fish_option(c->name, o->name, o->letter, o->metavar != NULL,
					  o->type == ARGS_CHOICE ? o->values : NULL, o->help);
		if (c->kind == WORDS_CONTAINERS || c->kind == WORDS_PATHS)
			print_fish_names(c->name, c->kind == WORDS_PATHS);
	}
	for (size_t i = 0; i < OTHER_COUNT; i++) {
		print_fish_command(other_commands[i].name, other_commands[i].brief);
		printf("complete -c rootlet -n '__fish_seen_subcommand_from %s' -f -a '",
		       other_commands[i].name);
		print_other_words(i);
		printf("'\n");
	}
	return 0;
}

/* ---- live names ---- */

/* Silent whatever happens: nobody wants an error in the middle of a line. */
static int print_names(void)
{
	rootlet_store *store = NULL;
	rootlet_list *list = NULL;
	rootlet_container_info info;

	if (rootlet_store_open(NULL, false, &store, NULL) < 0)
		return EXIT_ROOTLET;
	if (rootlet_container_list(store, true, &list, NULL) == 0)
		for (size_t i = 0; i < rootlet_list_count(list); i++) {
			rootlet_container_get(rootlet_list_get(list, i), &info);
			if (*info.name)
				printf("%s\n", info.name);
		}
	rootlet_list_free(list);
	rootlet_store_free(store);
	return 0;
}

void completion_help(void)
{
	printf("Usage: rootlet completion bash|zsh|fish\n\n");
	args_print_text(
		"Print a script that teaches a shell rootlet's commands, their options, and "
		"the names of your containers.");
	printf("\nExamples:\n"
	       "  . <(rootlet completion bash)            for this shell\n"
	       "  rootlet completion fish > ~/.config/fish/completions/rootlet.fish\n");
}

int cli_completion(int argc, char **argv)
{
	static const struct {
		const char *shell;
		int (*print)(void);
	} rows[] = {{"bash", print_bash},
		    {"zsh", print_zsh},
		    {"fish", print_fish},
		    {"--names", print_names}};

	for (size_t i = 0; argc == 1 && i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(argv[0], rows[i].shell) == 0)
			return rows[i].print();
	if (argc == 1 && (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0)) {
		completion_help();
		return 0;
	}
	message_text("completion: name one shell: bash, zsh or fish");
	return EXIT_ROOTLET;
}
