/* rootlet stop, kill and wait: the end of a container, asked for or awaited. */
#include "cli/containers.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

struct request {
	struct args args;
	bool all;
	int64_t seconds; /* -1: the container's own */
	const char *signal;
	int number;
	container_action *act;
};

static const char ends[] = "0 when it worked for every container, else 125.";

/* The line that scripts read: what the caller called it, or the name where nobody did. */
static void print_done(rootlet_container *container, const char *word, const struct request *q)
{
	rootlet_container_info info;

	rootlet_container_get(container, &info);
	printf("%s\n", q->all && *info.name ? info.name : word);
	fflush(stdout); /* the next one may take its time */
}

/* With --all those that run. */
static int act_on(rootlet_container *container, const char *word, void *data,
		  struct rootlet_error *err)
{
	const struct request *q = data;
	rootlet_container_info info;
	int r;

	rootlet_container_get(container, &info);
	if (q->all && !info.alive)
		return 0;
	r = q->act(container, word, data, err);
	if (r == 0)
		print_done(container, word, q);
	return r;
}

static int usage_no_words(const struct args_command *command, const struct request *q,
			  struct rootlet_error *err)
{
	if (q->all ? !q->args.words.count : q->args.words.count > 0)
		return 0;
	if (q->all)
		error_set(err, -EINVAL, "word-too-many", "--all",
			  "%s: --all and names exclude "
			  "each other",
			  command->name);
	else
		error_set(err, -EINVAL, "word-missing", "CONTAINER", "%s: name a CONTAINER",
			  command->name);
	message_usage(err, command->name);
	return -EINVAL;
}

/* ---- stop ---- */

static const struct args_option stop_options[] = {
	{"all", 'a', ARGS_FLAG, NULL, offsetof(struct request, all), "all that run", NULL, 0, 0},
	{"time", 't', ARGS_NUMBER, "SECONDS", offsetof(struct request, seconds),
	 "how long before SIGKILL; -1: as the run said", NULL, -1, INT32_MAX / 1000},
	{0},
};

static int stop_one(rootlet_container *container, const char *word, void *data,
		    struct rootlet_error *err)
{
	const struct request *q = data;

	return rootlet_container_stop(container, q->seconds, err);
}

/* All of them first, so that their times do not add up. */
static int ask_one(rootlet_container *container, const char *word, void *data,
		   struct rootlet_error *err)
{
	return rootlet_container_ask_to_stop(container, err);
}

static int run_stop(int argc, char **argv)
{
	struct request q = {.seconds = -1, .act = stop_one};
	struct rootlet_error err = {0};
	int r = command_begin(&stop_command, &q, argc, argv, &err), status = EXIT_ROOTLET;

	if (r == 0 && usage_no_words(&stop_command, &q, &err) == 0)
		status = command_each_twice(&q.args, q.all ? EACH_ALL : 0, ask_one, act_on, &q);
	command_end(&stop_command, &q);
	return r > 0 ? 0 : status;
}

const struct args_command stop_command = {
	.name = "stop",
	.usage = "rootlet stop [OPTIONS] CONTAINER…",
	.about = "Ask containers to end: each gets its stop signal (SIGTERM, or run's "
		 "--stop-signal), and\nSIGKILL when it has not ended in time. One that has ended "
		 "already is no failure.",
	.examples = "  rootlet stop web                        SIGTERM, ten seconds, SIGKILL\n"
		    "  rootlet stop -t 0 web db                at once\n",
	.brief = "ask containers to end, and see that they do",
	.run = run_stop,
	.options = stop_options,
	.kind = WORDS_CONTAINERS,
	.most = -1,
	.word = "CONTAINER",
	.ends = ends,
};

/* ---- kill ---- */

static const struct args_option kill_options[] = {
	{"all", 'a', ARGS_FLAG, NULL, offsetof(struct request, all), "all that run", NULL, 0, 0},
	{"signal", 's', ARGS_TEXT, "SIGNAL", offsetof(struct request, signal),
	 "a name or a number; KILL when none is given", "a signal", 0, 0},
	{0},
};

static int kill_one(rootlet_container *container, const char *word, void *data,
		    struct rootlet_error *err)
{
	const struct request *q = data;
	int r = rootlet_container_kill(container, q->number, err);

	/* `kill x; rm x` works: who asked for the end gets it, as from docker */
	if (r == 0 && q->number == SIGKILL)
		r = rootlet_container_stop(container, 0, err);
	return r;
}

static int find_signal(struct request *q, struct rootlet_error *err)
{
	q->number = rootlet_signal_number(q->signal);
	if (q->number > 0)
		return 0;
	error_set(err, -EINVAL, "signal-unknown", q->signal, "--signal %s: there is no such signal",
		  q->signal);
	error_hint(err, "`kill -l` lists them");
	message_usage(err, "kill");
	return -EINVAL;
}

static int run_kill(int argc, char **argv)
{
	struct request q = {.signal = "KILL", .act = kill_one};
	struct rootlet_error err = {0};
	int r = command_begin(&kill_command, &q, argc, argv, &err), status = EXIT_ROOTLET;

	if (r == 0 && usage_no_words(&kill_command, &q, &err) == 0 && find_signal(&q, &err) == 0)
		status = command_each(&q.args, q.all ? EACH_ALL : 0, act_on, &q);
	command_end(&kill_command, &q);
	return r > 0 ? 0 : status;
}

const struct args_command kill_command = {
	.name = "kill",
	.usage = "rootlet kill [OPTIONS] CONTAINER…",
	.about = "Send a signal to the first process of containers. SIGKILL ends all that a "
		 "container has,\nand that is awaited; other signals reach the command, which does "
		 "with them what it "
		 "likes.",
	.examples = "  rootlet kill web                        SIGKILL\n"
		    "  rootlet kill -s HUP web                 read your configuration again\n",
	.brief = "send containers a signal",
	.run = run_kill,
	.options = kill_options,
	.kind = WORDS_CONTAINERS,
	.most = -1,
	.word = "CONTAINER",
	.ends = ends,
};

/* ---- wait ---- */

static int wait_one(rootlet_container *container, const char *word, void *data,
		    struct rootlet_error *err)
{
	int status = 0, r = rootlet_container_wait(container, &status, err);

	if (r == 0) {
		printf("%d\n", status);
		fflush(stdout);
	}
	return r;
}

static int run_wait(int argc, char **argv)
{
	struct args args = {0};
	struct rootlet_error err = {0};
	int r = command_begin(&wait_command, &args, argc, argv, &err);
	int status = r == 0 ? command_each(&args, 0, wait_one, NULL) : EXIT_ROOTLET;

	command_end(&wait_command, &args);
	return r > 0 ? 0 : status;
}

const struct args_command wait_command = {
	.name = "wait",
	.usage = "rootlet wait CONTAINER…",
	.about = "Wait until containers have ended, one after the other, and print each exit "
		 "status. One that\nhas ended already is not waited for; 125 when nobody recorded "
		 "how it ended.",
	.examples = "  rootlet wait build && echo ended        the status is on standard output\n",
	.brief = "wait for the end of containers, and print their exit statuses",
	.run = run_wait,
	.kind = WORDS_CONTAINERS,
	.least = 1,
	.most = -1,
	.word = "CONTAINER",
	.ends = "0 when every container was found, else 125.",
};
