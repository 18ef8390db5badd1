/* rootlet rm, rename and prune: what is kept of containers. */
#include "cli/containers.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct request {
	struct args args;
	bool all, force;
	int64_t seconds; /* of rm; -1: the container's own */
	size_t removed;
};

enum { NOT_GIVEN = -2 };

/* ---- rm ---- */

static const struct args_option rm_options[] = {
	{"all", 'a', ARGS_FLAG, NULL, offsetof(struct request, all), "every container", NULL, 0, 0},
	{"force", 'f', ARGS_FLAG, NULL, offsetof(struct request, force),
	 "kill it first; not being there is no failure", NULL, 0, 0},
	{"time", 't', ARGS_NUMBER, "SECONDS", offsetof(struct request, seconds),
	 "with -f: stop it, SIGKILL after that time; -1: as the run said", NULL, -1,
	 INT32_MAX / 1000},
	{0},
};

/* As `rootlet stop` does. What is broken may not be asked: the removal ends it. */
static bool stops(rootlet_container *container, const struct request *q)
{
	rootlet_container_info info;

	rootlet_container_get(container, &info);
	return q->force && q->seconds != NOT_GIVEN && info.alive;
}

static int ask_one(rootlet_container *container, const char *word, void *data,
		   struct rootlet_error *err)
{
	return stops(container, data) ? rootlet_container_ask_to_stop(container, err) : 0;
}

static int remove_one(rootlet_container *container, const char *word, void *data,
		      struct rootlet_error *err)
{
	struct request *q = data;
	rootlet_container_info info;
	char name[160];
	int r = 0;

	rootlet_container_get(container, &info);
	snprintf(name, sizeof(name), "%s", q->all && *info.name ? info.name : word);
	if (stops(container, q))
		r = rootlet_container_stop(container, q->seconds, err);
	if (r == 0)
		r = rootlet_container_remove(container, q->force, err);
	if (r < 0)
		return r;
	printf("%s\n", name);
	fflush(stdout); /* the next one may take its time */
	return 0;
}

static int check_rm(const struct request *q, struct rootlet_error *err)
{
	bool timed = q->seconds != NOT_GIVEN && !q->force;

	if (!timed && (q->all ? !q->args.words.count : q->args.words.count > 0 || q->force))
		return 0;
	if (timed)
		error_set(err, -EINVAL, "option-alone", "--time",
			  "rm: --time: it goes with --force only");
	else if (q->all)
		error_set(err, -EINVAL, "word-too-many", "--all",
			  "rm: --all and names exclude each other");
	else
		error_set(err, -EINVAL, "word-missing", "CONTAINER", "rm: name a CONTAINER");
	message_usage(err, "rm");
	return -EINVAL;
}

static int run_rm(int argc, char **argv)
{
	struct request q = {.seconds = NOT_GIVEN};
	struct rootlet_error err = {0};
	int r = command_begin(&rm_command, &q, argc, argv, &err), status = EXIT_ROOTLET;

	if (r == 0 && check_rm(&q, &err) == 0)
		status = command_each_twice(
			&q.args,
			EACH_BROKEN | (q.all ? EACH_ALL : 0) | (q.force ? EACH_LENIENT : 0),
			q.seconds != NOT_GIVEN ? ask_one : NULL, remove_one, &q);
	command_end(&rm_command, &q);
	return r > 0 ? 0 : status;
}

const struct args_command rm_command = {
	.name = "rm",
	.usage = "rootlet rm [OPTIONS] CONTAINER…",
	.about = "Remove containers that have ended: their record, their log, their name. Files "
		 "of ROOT and of\nvolumes stay as they are.",
	.examples =
		"  rootlet rm web                          it must have ended\n"
		"  rootlet rm -f web                       kill it first\n"
		"  rootlet rm -f -t 10 web                 let it end by itself, for ten seconds\n"
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

static int rename_one(rootlet_container *container, const char *word, void *data,
		      struct rootlet_error *err)
{
	const struct args *args = data;

	return rootlet_container_rename(container, args->words.items[1], err);
}

static int run_rename(int argc, char **argv)
{
	struct args args = {0};
	struct rootlet_error err = {0};
	int r = command_begin(&rename_command, &args, argc, argv, &err);
	int status =
		r == 0 ? command_one(&args, args.words.items[0], rename_one, &args) : EXIT_ROOTLET;

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

enum answer { ANSWER_NO, ANSWER_YES, ANSWER_NONE };

/* What cannot be undone is never done unasked; `yes |` answers as well. */
static enum answer ask(const struct request *q)
{
	char answer[16];

	if (q->force)
		return ANSWER_YES;
	if (isatty(0)) {
		fputs("Remove all stopped containers? [y/N] ", stderr);
		fflush(stderr);
	}
	if (!fgets(answer, sizeof(answer), stdin))
		return isatty(0) ? ANSWER_NO : ANSWER_NONE;
	return *answer == 'y' || *answer == 'Y' ? ANSWER_YES : ANSWER_NO;
}

static int nobody_answered(struct rootlet_error *err)
{
	error_set(err, -EPERM, "prune-unconfirmed", "prune",
		  "prune: nobody is there to be asked: nothing was removed");
	error_hint(err, "rootlet prune -f does not ask");
	return command_fail(err);
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

	enum answer answer = r == 0 ? ask(&q) : ANSWER_NO;

	if (r == 0 && answer == ANSWER_NO) {
		message_note("prune: nothing was removed");
		status = 0;
	} else if (r == 0 && answer == ANSWER_NONE) {
		status = nobody_answered(&err);
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
		 "Prints the ids of\nwhat it removed. It asks first.",
	.examples = "  rootlet prune                           say y, and they are gone\n"
		    "  rootlet prune -f                        for scripts and timers\n",
	.brief = "remove all containers that have ended",
	.run = run_prune,
	.options = prune_options,
	.kind = WORDS_NONE,
	.word = "CONTAINER",
	.ends = "0 when all could be removed, else 125.",
};
