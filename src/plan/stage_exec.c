/* EXEC: the first program. The files to try are worked out here, so that the child only tries them.
 */
#include "plan/planner.h"

#include <errno.h>
#include <string.h>

struct word_list {
	const char **items;
	size_t count;
};

static void push(struct planner *p, struct word_list *list, const char *word)
{
	if (arena_grow(p->arena, &list->items, list->count, sizeof(*list->items)) < 0)
		p->nomem = true;
	else
		list->items[list->count++] = word;
}

static const char *const *finish(struct planner *p, struct word_list *list)
{
	push(p, list, NULL);
	return (const char *const *)list->items;
}

static bool has_directory(const char *path)
{
	return *path == '/' || strstr(path, ":/");
}

/* As execvp(3) searches, but for empty and relative entries: the working directory is no place to
 * find a command by its bare name. */
static const char *const *candidates(struct planner *p, const char *command)
{
	struct word_list list = {0};

	if (strchr(command, '/')) {
		push(p, &list, command);
		return finish(p, &list);
	}
	for (const char *dir = p->path; *dir;) {
		size_t len = strcspn(dir, ":");

		if (len && dir[0] == '/')
			push(p, &list, plan_text(p, "%.*s/%s", (int)len, dir, command));
		dir += len + (dir[len] == ':');
	}
	return finish(p, &list);
}

static void default_shell(struct planner *p, struct word_list *argv)
{
	const char *shell = p->facts->shell;

	if (p->spec->root_kind == ROOT_DIRECTORY || !shell)
		shell = "/bin/sh";
	push(p, argv, plan_copy(p, shell));
}

int stage_exec(struct planner *p)
{
	const struct spec *s = p->spec;
	struct step *step = plan_add(p, p->plan->init ? OP_EXEC_INIT : OP_EXEC, ACTOR_CHILD, "");
	struct word_list argv = {0};
	const char *command;

	if (s->entrypoint)
		push(p, &argv, plan_copy(p, s->entrypoint));
	for (size_t i = 0; i < s->arg_count; i++)
		push(p, &argv, plan_copy(p, s->args[i]));
	if (!argv.count)
		default_shell(p, &argv);
	if (p->nomem)
		return 0;
	command = argv.items[0];
	if (s->argv0)
		argv.items[0] = plan_copy(p, s->argv0);
	if (!strchr(command, '/') && !has_directory(p->path)) {
		error_set(p->err, -ENOENT, "command-not-found", command,
			  "%s: command not found: PATH=%s names no absolute directory", command,
			  p->path);
		plan_hint(p, "give its path, or set PATH with -e PATH=…",
			  "give its path, or set PATH: process.env, for exec --env");
		if (p->err)
			p->err->exit_status = 127;
		return -ENOENT;
	}
	step->subject = command;
	step->a.exec.candidates = candidates(p, command);
	step->a.exec.argv = finish(p, &argv);
	step->a.exec.envp = p->envp;
	step->a.exec.shell_looked_up = p->lookup_shell;
	step->a.exec.home_looked_up = p->lookup_home;
	return 0;
}
