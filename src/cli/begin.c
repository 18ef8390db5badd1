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

int command_fail(const rootlet_error *err)
{
	message_error(err);
	return rootlet_error_exit_status(err);
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

enum { HELD_MAX = 64 }; /* each has descriptors, and a process has 1024 by default */

struct walk {
	rootlet_store *store;
	unsigned flags;
	container_action *first, *action; /* first: NULL, or what all get before the action */
	void *data;
	int status;

	struct held {
		rootlet_container *container;
		const char *word;
	} held[HELD_MAX]; /* between the two */
	size_t held_count;
};

static int act(struct walk *w, container_action *action, const struct held *h)
{
	struct rootlet_error err = {0};
	int r = action(h->container, h->word, w->data, &err);

	if (r)
		w->status = r < 0 ? command_fail(&err) : r;
	return r;
}

static void let_go(struct walk *w)
{
	for (size_t i = 0; i < w->held_count; i++) {
		act(w, w->action, &w->held[i]);
		rootlet_container_free(w->held[i].container);
	}
	w->held_count = 0;
}

/* A line may name it twice; it is asked once. */
static bool is_held(const struct walk *w, const rootlet_container *container)
{
	rootlet_container_info a, b;

	rootlet_container_get(container, &a);
	for (size_t i = 0; i < w->held_count; i++) {
		rootlet_container_get(w->held[i].container, &b);
		if (strcmp(a.id, b.id) == 0)
			return true;
	}
	return false;
}

static void take(struct walk *w, const char *word)
{
	struct held h = {.word = word};
	struct rootlet_error err = {0};
	int r = rootlet_container_find(w->store, word, (w->flags & EACH_BROKEN) != 0, &h.container,
				       &err);

	if (r == -ENOENT && (w->flags & EACH_LENIENT))
		return;
	if (r < 0) {
		w->status = command_fail(&err);
		return;
	}
	if (w->first && !is_held(w, h.container) && act(w, w->first, &h) != 0) {
		rootlet_container_free(h.container);
		return;
	}
	w->held[w->held_count++] = h;
	if (!w->first || w->held_count == HELD_MAX)
		let_go(w);
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
	let_go(w); /* their words are the list's */
	rootlet_list_free(list);
}

int command_each(const struct args *args, unsigned flags, container_action *action, void *data)
{
	return command_each_twice(args, flags, NULL, action, data);
}

int command_one(const struct args *args, const char *word, container_action *action, void *data)
{
	struct walk w = {.action = action, .data = data};
	struct rootlet_error err = {0};

	if (command_store(args, &w.store, &err) < 0)
		return EXIT_ROOTLET;
	take(&w, word);
	rootlet_store_free(w.store);
	return w.status;
}

int command_each_twice(const struct args *args, unsigned flags, container_action *first,
		       container_action *action, void *data)
{
	struct walk w = {.flags = flags, .first = first, .action = action, .data = data};
	struct rootlet_error err = {0};

	if (command_store(args, &w.store, &err) < 0)
		return EXIT_ROOTLET;
	if (flags & EACH_ALL)
		take_all(&w);
	for (size_t i = 0; !(flags & EACH_ALL) && i < args->words.count; i++)
		take(&w, args->words.items[i]);
	let_go(&w);
	rootlet_store_free(w.store);
	return w.status;
}
