/* rootlet rm, rename and prune: what is kept of containers. */
#include "cli/containers.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct request {
	struct args args;
	bool all, force;
	size_t removed;
};

/* ---- rm ---- */

static const struct args_option rm_options[] = {
	{"all", 'a', ARGS_FLAG, NULL, offsetof(struct request, all), "every container", NULL, 0, 0},
	{"force", 'f', ARGS_FLAG, NULL, offsetof(struct request, force),
	 "kill it first; not being there is no failure", NULL, 0, 0},
	{0},
};

static void print_done(const rootlet_container_info *info, const char *word, bool all)
{
	printf("%s\n", all && *info->name ? info->name : word);
	fflush(stdout);
}

static int remove_one(rootlet_container *container, const char *word, void *data,
		      struct rootlet_error *err)
{
	struct request *q = data;
	rootlet_container_info info;
	char name[160];
	int r;

	rootlet_container_get(container, &info);
	snprintf(name, sizeof(name), "%s", q->all && *info.name ? info.name : word);
	r = rootlet_container_remove(container, q->force, err);
	if (r < 0)
		return r;
	print_done(&info, name, false);
	return 0;
}

static int check_rm(const struct request *q, struct rootlet_error *err)
{
	if (q->all ? !q->args.words.count : q->args.words.count > 0 || q->force)
		return 0;
	if (q->all)
		error_set(err, -EINVAL, "word-too-many", "--all",
			  "rm: --all and names exclude each other");
	else
		error_set(err, -EINVAL, "word-missing", "CONTAINER", "rm: name a CONTAINER");
	message_usage(err, "rm");
	return -EINVAL;
}

static int run_rm(int argc, char **argv)
{
	struct request q = {0};
	struct rootlet_error err = {0};
	int r = command_begin(&rm_command, &q, argc, argv, &err), status = EXIT_ROOTLET;

	if (r == 0 && check_rm(&q, &err) == 0)
		status = command_each(&q.args,
				      EACH_BROKEN | (q.all ? EACH_ALL : 0) |
					      (q.force ? EACH_LENIENT : 0),
				      remove_one, &q);
	command_end(&rm_command, &q);
	return r > 0 ? 0 : status;
}

const struct args_command rm_command = {
	.name = "rm",
	.usage = "rootlet rm [OPTIONS] CONTAINER…",
	.about = "Remove containers that have ended: their record, their log, their name. Files "
		 "of ROOT and of\nvolumes stay as they are.",
	.examples = "  rootlet rm web                          it must have ended\n"
		    "  rootlet rm -f web                       kill it first\n"
		    "  rootlet rm -fa                          clear all away\n",
	.brief = "remove containers that have ended, or with -f any",
	.run = run_rm,
	.options = rm_options,
	.kind = WORDS_CONTAINERS,
	.most = -1,
	.word = "CONTAINER",
	.ends = "0 when every container was removed, else 125.",
};

/* ---- rename ---- */

static int rename_one(struct args *args, struct rootlet_error *err)
{
	rootlet_container *container = NULL;
	rootlet_store *store = NULL;
	int r = command_store(args, &store, err);

	if (r < 0)
		return EXIT_ROOTLET;
	r = rootlet_container_find(store, args->words.items[0], false, &container, err);
	if (r == 0)
		r = rootlet_container_rename(container, args->words.items[1], err);
	rootlet_container_free(container);
	rootlet_store_free(store);
	return r < 0 ? command_fail(err) : 0;
}

static int run_rename(int argc, char **argv)
{
	struct args args = {0};
	struct rootlet_error err = {0};
	int r = command_begin(&rename_command, &args, argc, argv, &err);
	int status = r == 0 ? rename_one(&args, &err) : EXIT_ROOTLET;

	command_end(&rename_command, &args);
	return r > 0 ? 0 : status;
}

const struct args_command rename_command = {
	.name = "rename",
	.usage = "rootlet rename CONTAINER NAME",
	.about = "Give a container another name. Its hostname stays what it was.",
	.examples = "  rootlet rename web old-web\n",
	.brief = "give a container another name",
	.run = run_rename,
	.kind = WORDS_CONTAINERS,
	.least = 2,
	.most = 2,
	.word = "CONTAINER and a NAME",
	.ends = "0, or 125 when it keeps the old name.",
};

/* ---- prune ---- */

static const struct args_option prune_options[] = {
	{"force", 'f', ARGS_FLAG, NULL, offsetof(struct request, force), "do not ask", NULL, 0, 0},
	{0},
};

/* Only people are asked. */
static bool agreed(const struct request *q)
{
	char answer[16];

	if (q->force || !isatty(0) || !isatty(2))
		return true;
	fputs("Remove all stopped containers? [y/N] ", stderr);
	fflush(stderr);
	return fgets(answer, sizeof(answer), stdin) && (*answer == 'y' || *answer == 'Y');
}

static int prune_one(rootlet_container *container, const char *word, void *data,
		     struct rootlet_error *err)
{
	struct request *q = data;
	rootlet_container_info info;
	char id[80];
	int r;

	rootlet_container_get(container, &info);
	/* what is broken may be alive: rm -f is for that; what was made and not started may be
	 * about to start */
	if (info.alive || info.broken || strcmp(info.status, "exited") != 0)
		return 0;
	snprintf(id, sizeof(id), "%s", info.id);
	r = rootlet_container_remove(container, false, err);
	if (r == -EBUSY) /* started meanwhile */
		return 0;
	if (r < 0)
		return r;
	q->removed++;
	printf("%s\n", id);
	return 0;
}

static int sweep(const struct request *q)
{
	struct rootlet_error err = {0};
	rootlet_store *store = NULL;
	size_t count = 0;
	int r = rootlet_store_open(q->args.state_dir, false, &store, &err);

	if (r == 0)
		r = rootlet_store_sweep(store, &count, &err);
	rootlet_store_free(store);
	if (r < 0)
		return command_fail(&err);
	if (count)
		printf("%zu %s of killed starts\n", count, count == 1 ? "leftover" : "leftovers");
	return 0;
}

static int run_prune(int argc, char **argv)
{
	struct request q = {0};
	struct rootlet_error err = {0};
	int r = command_begin(&prune_command, &q, argc, argv, &err), status = EXIT_ROOTLET;

	if (r == 0 && !agreed(&q)) {
		message_note("prune: nothing was removed");
		status = 0;
	} else if (r == 0) {
		int swept;

		status = command_each(&q.args, EACH_ALL, prune_one, &q);
		swept = sweep(&q);
		status = status ? status : swept;
	}
	command_end(&prune_command, &q);
	return r > 0 ? 0 : status;
}

const struct args_command prune_command = {
	.name = "prune",
	.usage = "rootlet prune [-f]",
	.about = "Remove every container that has ended, and what killed starts left behind. "
		 "Prints the ids of\nwhat it removed. On a terminal it asks first.",
	.examples = "  rootlet prune -f                        for scripts and timers\n",
	.brief = "remove all containers that have ended",
	.run = run_prune,
	.options = prune_options,
	.kind = WORDS_NONE,
	.word = "CONTAINER",
	.ends = "0 when all could be removed, else 125.",
};
