/* rootlet explain: who is who, from both sides. Reads only. */
#include "cli/containers.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct request {
	struct args args;
	const char *user, *word; /* word: PID, CONTAINER or FILE; NULL: ourselves */
	int format;		 /* text|json|svg */
	int64_t width;		 /* 0: the terminal's */
	bool ascii;
};

static const struct args_option options[] = {
	{"format", 0, ARGS_CHOICE, "FORMAT", offsetof(struct request, format), "text, json or svg",
	 "text|json|svg", 0, 0},
	{"user", 0, ARGS_TEXT, "NAME|UID", offsetof(struct request, user),
	 "of a file: what this user may do, as each namespace counts", "a name or a number", 0, 0},
	{"width", 0, ARGS_NUMBER, "N", offsetof(struct request, width),
	 "columns of text or SVG; from 150 on two columns of sections", NULL, 40, 1000},
	{"ascii", 0, ARGS_FLAG, NULL, offsetof(struct request, ascii),
	 "no character outside of ASCII", NULL, 0, 0},
	{0},
};

/* ---- what the word is ---- */

/* The container's first process. It is looked at while the store is held open, so that the pid is
 * still the container's: the store compares start time and namespaces. */
static int find_process(const struct request *q, const char *name, int *ret_pid,
			struct rootlet_error *err)
{
	rootlet_store *store = NULL;
	rootlet_container *container = NULL;
	rootlet_container_info info;
	int r = rootlet_store_open(q->args.state_dir, false, &store, err);

	if (r == 0)
		r = rootlet_container_find(store, name, false, &container, err);
	if (r == 0) {
		rootlet_container_get(container, &info);
		if (info.alive && info.pid > 0) {
			*ret_pid = info.pid;
		} else {
			r = error_set(err, -ESRCH, "container-not-running", name,
				      "%s: the container does not run (%s): it has no process",
				      name, info.status);
			error_hint(err, "rootlet start %s", name);
		}
	}
	rootlet_container_free(container);
	rootlet_store_free(store);
	return r;
}

static int explain_container(const struct request *q, rootlet_explanation **ret,
			     struct rootlet_error *err)
{
	int pid = 0, r = find_process(q, q->word, &pid, err);

	return r < 0 ? r : rootlet_explain_process(pid, ret, err);
}

/* CONTAINER:/PATH, as cp takes it. The path's links would lead through the host's root here, so it
 * is not looked up; but where it is seen from the host is said. */
static int refuse_inside(const struct request *q, const char *colon, struct rootlet_error *err)
{
	AUTO_FREE char *name = strndup(q->word, (size_t)(colon - q->word));
	int pid = 0, r = name ? find_process(q, name, &pid, err) : error_nomem(err);

	if (r < 0)
		return r;
	error_set(err, -EINVAL, "explain-inside", q->word,
		  "%s: a file is named by its path on the host", q->word);
	error_hint(err,
		   "from here it is: rootlet explain /proc/%d/root%s; inside: rootlet exec %s ls "
		   "-ln %s",
		   pid, colon + 1, name, colon + 1);
	return -EINVAL;
}

/* The names of containers, where the store has some; without them programs are named. */
static int name_containers(const struct request *q, rootlet_explanation *explanation,
			   struct rootlet_error *err)
{
	rootlet_store *store = NULL;
	rootlet_list *list = NULL;
	rootlet_container_info info;
	int r = 0;

	if (rootlet_store_open(q->args.state_dir, false, &store, NULL) == 0 &&
	    rootlet_container_list(store, false, &list, NULL) == 0)
		for (size_t i = 0; r == 0 && i < rootlet_list_count(list); i++) {
			rootlet_container_get(rootlet_list_get(list, i), &info);
			if (info.alive && info.namespaces[0] && info.name && *info.name)
				r = rootlet_explain_name(explanation, info.namespaces[0], info.name,
							 err);
		}
	rootlet_list_free(list);
	rootlet_store_free(store);
	return r;
}

static bool is_number(const char *word)
{
	return *word && strspn(word, "0123456789") == strlen(word);
}

static int explain_number(const char *word, rootlet_explanation **ret, struct rootlet_error *err)
{
	uint64_t pid;

	if (io_parse_u64(word, INT_MAX, &pid) < 0 || pid == 0)
		return error_set(err, -EINVAL, "explain-no-process", word,
				 "%s: no process has this number", word);
	return rootlet_explain_process((int)pid, ret, err);
}

static int gather(const struct request *q, rootlet_explanation **ret, struct rootlet_error *err)
{
	bool file = q->word && (q->word[0] == '/' || q->word[0] == '.');
	const char *colon;
	int r;

	if (q->user && !file) {
		error_set(err, -EINVAL, "explain-user", "--user", "--user: it belongs to a file");
		error_hint(err, "rootlet explain --user %s ./FILE", q->user);
		return -EINVAL;
	}
	if (!q->word)
		return rootlet_explain_process(0, ret, err);
	if (file)
		return rootlet_explain_file(q->word, q->user, ret, err);
	if (is_number(q->word))
		return explain_number(q->word, ret, err);
	colon = strstr(q->word, ":/");
	r = colon && colon > q->word ? refuse_inside(q, colon, err)
				     : explain_container(q, ret, err);
	if (r < 0 && r != -ESRCH && faccessat(AT_FDCWD, q->word, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		error_hint(err, "the file of that name is explained by `rootlet explain ./%s`",
			   q->word);
	return r;
}

static int explain_word(const struct request *q, rootlet_explanation **ret,
			struct rootlet_error *err)
{
	int r = gather(q, ret, err);

	return r < 0 ? r : name_containers(q, *ret, err);
}

/* ---- how it is drawn ---- */

/* The locale's character set by its name: the program is static and loads no locale. */
static bool is_utf8_locale(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return strcasestr(value, "UTF-8") || strcasestr(value, "UTF8");
	}
	return false;
}

static unsigned terminal_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	uint64_t number;

	if (ioctl(1, TIOCGWINSZ, &size) == 0 && size.ws_col)
		return size.ws_col;
	if (columns && io_parse_u64(columns, 1000, &number) == 0)
		return (unsigned)number;
	return 0;
}

static int print(const struct request *q, const rootlet_explanation *explanation,
		 struct rootlet_error *err)
{
	static const rootlet_explain_format formats[] = {ROOTLET_EXPLAIN_TEXT, ROOTLET_EXPLAIN_JSON,
							 ROOTLET_EXPLAIN_SVG};
	rootlet_explain_options drawing = {.color = message_color(1),
					   .ascii = q->ascii || !is_utf8_locale(),
					   .width = (unsigned)q->width};
	rootlet_explain_format format = formats[q->format];
	char *text;
	int r;

	if (!drawing.width && format == ROOTLET_EXPLAIN_TEXT)
		drawing.width = terminal_width();
	r = rootlet_explain_print(explanation, format, &drawing, &text, err);
	if (r < 0)
		return r;
	fputs(text, stdout); /* main looks whether it was taken */
	free(text);
	return 0;
}

static int explain(struct request *q, struct rootlet_error *err)
{
	rootlet_explanation *explanation = NULL;
	int r;

	q->word = q->args.words.count ? q->args.words.items[0] : NULL;
	r = explain_word(q, &explanation, err);
	if (r == 0)
		r = print(q, explanation, err);
	rootlet_explain_free(explanation);
	return r < 0 ? command_fail(err) : 0;
}

static int run(int argc, char **argv)
{
	struct request q = {.args.state_dir = getenv("ROOTLET_STATE_DIR")};
	struct rootlet_error err = {0};
	int r = command_begin(&explain_command, &q, argc, argv, &err);
	int status = r == 0 ? explain(&q, &err) : EXIT_ROOTLET;

	command_end(&explain_command, &q);
	return r > 0 ? 0 : status;
}

const struct args_command explain_command = {
	.name = "explain",
	.usage = "rootlet explain [OPTIONS] [PID | CONTAINER | FILE]",
	.about = "Show who is who, from both sides. Digits are a PID, a word that begins with / or "
		 ". is a file,\n"
		 "anything else a container; nothing is rootlet itself. Reads only.\n\n"
		 "Of a process: its namespaces beside yours, its id maps as both sides read them, "
		 "the tree of user\n"
		 "namespaces, its capabilities and what they are worth, its pid at each level. Of "
		 "a file: its owner in\n"
		 "each user namespace of yours, who may read, write and execute it there, and "
		 "which rule decides.",
	.examples =
		"  rootlet explain web                       the container of that name\n"
		"  rootlet explain $$                        your shell\n"
		"  rootlet explain --user 0 ./notes          may root of each namespace read it\n"
		"  rootlet explain --format=svg web > a.svg  the same picture for a slide\n",
	.brief = "who is who, from both sides",
	.run = run,
	.options = options,
	.kind = WORDS_PATHS,
	.most = 1,
	.word = "PID, CONTAINER or FILE",
	.ends = "0, or 125 when there is nothing of that name or it may not be read.",
};
