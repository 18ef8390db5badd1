/* How every command for containers begins and ends, and how it goes from one container to the next.
 * What it does with one is the command's. */
#include "cli/containers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void set_up_messages(const struct args *args)
{
	static const char *const colors[] = {"auto", "always", "never"};
	static const char *const formats[] = {"text", "json"};

	message_setup(colors[args->color], formats[args->log_format], NULL);
}

int command_begin(const struct args_command *command, void *target, int argc, char **argv,
		  struct rootlet_error *err)
{
	const struct args *args = target;
	int r = args_parse(command, target, argc, argv, err);

	set_up_messages(args);
	if (r < 0) {
		message_usage(err, command->name);
		return -1;
	}
	if (args->help)
		args_print_help(command);
	return args->help;
}

void command_end(const struct args_command *command, void *target)
{
	args_release(command, target);
}

int command_fail(const struct rootlet_error *err)
{
	message_error(err);
	return EXIT_ROOTLET;
}

int command_store(const struct args *args, rootlet_store **ret, struct rootlet_error *err)
{
	int r = rootlet_store_open(args->state_dir, false, ret, err);

	if (r < 0)
		message_error(err);
	else if (rootlet_store_note(*ret))
		message_note(rootlet_store_note(*ret));
	return r;
}

/* ---- one after the other ---- */

struct walk {
	rootlet_store *store;
	unsigned flags;
	container_action *action;
	void *data;
	int status;
};

static void take(struct walk *w, const char *word)
{
	rootlet_container *container = NULL;
	struct rootlet_error err = {0};
	int r = rootlet_container_find(w->store, word, (w->flags & EACH_BROKEN) != 0, &container,
				       &err);

	if (r == -ENOENT && (w->flags & EACH_LENIENT))
		return;
	if (r == 0)
		r = w->action(container, word, w->data, &err);
	rootlet_container_free(container);
	if (r < 0)
		w->status = command_fail(&err);
}

/* By their ids. One that goes away while the others have their turn is none of the line's. */
static void take_all(struct walk *w)
{
	struct rootlet_error err = {0};
	rootlet_list *list = NULL;

	if (rootlet_container_list(w->store, true, &list, &err) < 0) {
		w->status = command_fail(&err);
		return;
	}
	w->flags |= EACH_LENIENT;
	for (size_t i = 0; i < rootlet_list_count(list); i++) {
		rootlet_container_info info;

		rootlet_container_get(rootlet_list_get(list, i), &info);
		if (!info.broken || (w->flags & EACH_BROKEN))
			take(w, info.id);
	}
	rootlet_list_free(list);
}

int command_each(const struct args *args, unsigned flags, container_action *action, void *data)
{
	struct walk w = {.flags = flags, .action = action, .data = data};
	struct rootlet_error err = {0};

	if (command_store(args, &w.store, &err) < 0)
		return EXIT_ROOTLET;
	if (flags & EACH_ALL)
		take_all(&w);
	for (size_t i = 0; !(flags & EACH_ALL) && i < args->words.count; i++)
		take(&w, args->words.items[i]);
	rootlet_store_free(w.store);
	return w.status;
}
