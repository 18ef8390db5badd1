/* rootlet start: a container again, from what was kept of it; and attach, to one that runs. */
#include "cli/containers.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Relative paths of the first run must mean the same again. */
static int go_where_run_was(const rootlet_container_info *info)
{
	char text[256];

	if (!info->cwd || chdir(info->cwd) == 0)
		return 0;
	snprintf(text, sizeof(text), "start %.64s: %.128s, where it was run first: %s", info->name,
		 info->cwd, strerror(errno));
	message_text(text);
	return EXIT_ROOTLET;
}

int start_again(rootlet_store *store, const char *name, bool attached, rootlet_error *err)
{
	struct session s = {.command = ROOTLET_RUN, .name = "start", .err = err};
	rootlet_container_info info;
	int status = 0;

	if (rootlet_container_begin(store, name, &s.container, err) < 0) {
		/* as podman and docker have it: what was asked for is so */
		if (attached || strcmp(rootlet_error_id(err), "already-running") != 0)
			return command_fail(s.err);
		printf("%s\n", name);
		return 0;
	}
	rootlet_container_get(s.container, &info);
	status = go_where_run_was(&info);
	if (status == 0 && rootlet_container_spec(s.container, &s.spec, err) < 0)
		status = command_fail(s.err);
	if (status == 0)
		status = session_plan(&s);
	if (status == 0) {
		rootlet_container *container = s.container;

		s.container = NULL; /* it is started, not entered */
		status = kept_launch(&s, container, attached, name);
		s.container = container;
	}
	s.err = NULL; /* the caller's */
	session_close(&s);
	return status;
}

/* ---- start ---- */

struct start_request {
	struct args args;
	bool attach;
};

static const struct args_option start_options[] = {
	{"attach", 'a', ARGS_FLAG, NULL, offsetof(struct start_request, attach),
	 "stay connected with it, as a run in the foreground is", NULL, 0, 0},
	{0},
};

/* The exit status: of the last that failed, or of the one that was attached. */
static int start_all(const struct start_request *q, struct rootlet_error *err)
{
	rootlet_store *store = NULL;
	int status = 0;

	if (command_store(&q->args, &store, err) < 0)
		return EXIT_ROOTLET;
	for (size_t i = 0; i < q->args.words.count; i++) {
		int r = start_again(store, q->args.words.items[i], q->attach, err);

		fflush(stdout); /* the next one may take its time */
		status = r ? r : status;
	}
	rootlet_store_free(store);
	return status;
}

static int run_start(int argc, char **argv)
{
	struct start_request q = {0};
	struct rootlet_error err = {0};
	int r = command_begin(&start_command, &q, argc, argv, &err), status = EXIT_ROOTLET;

	if (r == 0 && q.attach && q.args.words.count > 1) {
		error_set(&err, -EINVAL, "word-too-many", "--attach",
			  "start: --attach takes one container");
		message_usage(&err, "start");
	} else if (r == 0) {
		status = start_all(&q, &err);
	}
	command_end(&start_command, &q);
	return r > 0 ? 0 : status;
}

const struct args_command start_command = {
	.name = "start",
	.usage = "rootlet start [-a] CONTAINER…",
	.about =
		"Run containers again that have ended, with the options of their first run, in the "
		"background.\nPrints what each was called.",
	.examples = "  rootlet start web                       in the background\n"
		    "  rootlet start -a build                  and stay to see what it prints\n",
	.brief = "run containers again that have ended",
	.run = run_start,
	.options = start_options,
	.kind = WORDS_CONTAINERS,
	.least = 1,
	.most = -1,
	.word = "CONTAINER",
	.ends = "0 when all run, the command's own with -a, else 125, 126 or 127 as run's.",
};

/* ---- attach ---- */

struct attach_request {
	struct args args;
	bool no_stdin, sig_proxy;
	const char *detach_keys;
};

static const struct args_option attach_options[] = {
	{"detach-keys", 0, ARGS_TEXT, "KEYS", offsetof(struct attach_request, detach_keys),
	 "leave with these, as ctrl-p,ctrl-q; none by default", NULL, 0, 0},
	{"no-stdin", 0, ARGS_FLAG, NULL, offsetof(struct attach_request, no_stdin),
	 "only look: pass nothing that is typed", NULL, 0, 0},
	{"sig-proxy", 0, ARGS_FLAG, NULL, offsetof(struct attach_request, sig_proxy),
	 "=false: signals end this command, not the container's", NULL, 0, 0},
	{0},
};

static int attach(rootlet_container *container, const char *word, void *data,
		  struct rootlet_error *err)
{
	const struct attach_request *q = data;
	rootlet_attach_options o = {
		.no_stdin = q->no_stdin, .sig_proxy = q->sig_proxy, .detach_keys = q->detach_keys};
	rootlet_container_info info;
	int status = EXIT_ROOTLET, r;

	rootlet_container_get(container, &info);
	o.tty = info.tty;
	if (!info.alive)
		return error_set(err, -ESRCH, "not-running", word, "%s: is not running", word);
	if (o.tty && !o.no_stdin && !isatty(0)) {
		error_set(err, -ENOTTY, "stdin-no-terminal", word,
			  "attach %s: it has a terminal, and standard input is none", word);
		error_hint(err,
			   "--no-stdin only looks on; `rootlet exec -i %s COMMAND` takes a pipe",
			   word);
		return -ENOTTY;
	}
	if (!o.detach_keys)
		o.detach_keys = info.detach_keys;
	r = rootlet_container_connect(container, err);
	if (r >= 0)
		r = rootlet_attach(r, &o, &status, err);
	return r < 0 ? r : status;
}

static int run_attach(int argc, char **argv)
{
	struct attach_request q = {.sig_proxy = true};
	struct rootlet_error err = {0};
	int r = command_begin(&attach_command, &q, argc, argv, &err);
	int status =
		r == 0 ? command_one(&q.args, q.args.words.items[0], attach, &q) : EXIT_ROOTLET;

	command_end(&attach_command, &q);
	return r > 0 ? 0 : status;
}

const struct args_command attach_command = {
	.name = "attach",
	.usage = "rootlet attach [OPTIONS] CONTAINER",
	.about = "Connect this terminal with the command of a container that runs in the "
		 "background. "
		 "When the\ncommand ends, so does attach, with its exit status. Closing the "
		 "terminal "
		 "leaves the container\nas it is.",
	.examples = "  rootlet attach --detach-keys ctrl-p,ctrl-q shell\n"
		    "  rootlet attach --no-stdin web           look on\n",
	.brief = "connect with the command of a container that runs",
	.run = run_attach,
	.options = attach_options,
	.kind = WORDS_CONTAINERS,
	.least = 1,
	.most = 1,
	.word = "CONTAINER",
	.ends = "the command's own; 0 after the detach keys; 125 when the connection is lost.",
};
