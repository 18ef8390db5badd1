/* rootlet-oci state, list, ps: what there is, as JSON and as tables. */
#include "oci/oci.h"

#include "base/buffer.h"
#include "base/fd.h"
#include "base/io.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- state ---- */

static int print_state(rootlet_bundle *bundle, void *data, rootlet_error *err)
{
	AUTO_FREE char *text = NULL;
	int r = rootlet_bundle_state(bundle, true, &text, err);

	if (r == 0)
		puts(text);
	return r;
}

static int run_state(int argc, char **argv)
{
	struct args args = {0};
	int r = command_begin(&oci_state_command, &args, argc, argv);
	int status = r > 0 ? 0 : EXIT_OCI;

	if (r == 0)
		status = command_with(args.words.items[0], print_state, NULL);
	args_release(&oci_state_command, &args);
	return status;
}

const struct args_command oci_state_command = {
	.name = "state",
	.usage = "rootlet-oci state ID",
	.about = "Prints the state of a container as JSON.",
	.brief = "print the state of a container",
	.run = run_state,
	.kind = WORDS_OTHER,
	.least = 1,
	.most = 1,
	.word = "ID",
	.program = "rootlet-oci",
	.common = no_common_options,
};

/* ---- list ---- */

enum { AS_TABLE, AS_JSON };

struct list_request {
	struct args args;
	int format;
	bool quiet;
};

static const struct args_option list_options[] = {
	{"format", 'f', ARGS_CHOICE, "FORMAT", offsetof(struct list_request, format),
	 "table or json", "table|json", 0, 0},
	{"quiet", 'q', ARGS_FLAG, NULL, offsetof(struct list_request, quiet), "ids alone", NULL, 0,
	 0},
	{0},
};

static int print_json_list(const rootlet_bundle_list *list, rootlet_error *err)
{
	size_t count = rootlet_bundle_list_count(list);

	if (!count) {
		puts("null"); /* as other runtimes have it, whose readers know it */
		return 0;
	}
	putchar('[');
	for (size_t i = 0; i < count; i++) {
		AUTO_FREE char *text = NULL;
		int r = rootlet_bundle_state(rootlet_bundle_list_get(list, i), false, &text, err);

		if (r < 0)
			return r;
		printf("%s%s", i ? "," : "", text);
	}
	puts("]");
	return 0;
}

/* Columns as wide as their widest cell, three blanks apart and twelve wide at least: what scripts
 * that cut such a table expect. */
static void print_table_list(const rootlet_bundle_list *list)
{
	static const char *const titles[] = {"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"};
	enum { COLUMNS = sizeof(titles) / sizeof(titles[0]) };
	size_t count = rootlet_bundle_list_count(list);
	int widths[COLUMNS] = {0};
	bool measuring = true;

	for (int pass = 0; pass < 2; pass++, measuring = false) {
		for (size_t row = 0; row <= count; row++) {
			const char *cells[COLUMNS];
			rootlet_bundle_info info;
			char pid[16];

			memcpy(cells, titles, sizeof(cells));
			if (row) {
				rootlet_bundle_get(rootlet_bundle_list_get(list, row - 1), &info);
				snprintf(pid, sizeof(pid), "%d", info.pid);
				cells[0] = info.id;
				cells[1] = pid;
				cells[2] = info.status;
				cells[3] = info.bundle;
				cells[4] = info.created;
				cells[5] = info.owner;
			}
			for (int c = 0; c < COLUMNS; c++) {
				int width = (int)strlen(cells[c]) + 3;

				if (measuring && width > widths[c])
					widths[c] = width < 12 ? 12 : width;
				if (!measuring)
					printf("%-*s%s", c + 1 < COLUMNS ? widths[c] : 0, cells[c],
					       c + 1 < COLUMNS ? "" : "\n");
			}
		}
	}
}

/* A place that was named and is not there is a slip, and no place without containers. */
static int open_named(rootlet_bundles **ret, rootlet_error *err)
{
	if (globals.root && access(globals.root, F_OK) < 0) {
		int r = error_set(err, -errno, "state-dir", globals.root, "--root %.200s: %s",
				  globals.root, strerror(errno));

		error_hint(err, "the first `create` makes it; without --root the usual "
				"place is looked at");
		return r;
	}
	return rootlet_bundles_open(globals.root, false, ret, err);
}

static int print_list(const struct list_request *q, rootlet_error *err)
{
	rootlet_bundles *bundles = NULL;
	rootlet_bundle_list *list = NULL;
	int r = open_named(&bundles, err);

	if (r == 0)
		r = rootlet_bundle_list_make(bundles, &log_warnings, &list, err);
	if (r == 0 && q->quiet) {
		for (size_t i = 0; i < rootlet_bundle_list_count(list); i++) {
			rootlet_bundle_info info;

			rootlet_bundle_get(rootlet_bundle_list_get(list, i), &info);
			puts(info.id);
		}
	} else if (r == 0 && q->format == AS_JSON) {
		r = print_json_list(list, err);
	} else if (r == 0) {
		print_table_list(list);
	}
	rootlet_bundle_list_free(list);
	rootlet_bundles_free(bundles);
	return r;
}

static int run_list(int argc, char **argv)
{
	struct list_request q = {0};
	struct rootlet_error err = {0};
	int r = command_begin(&oci_list_command, &q, argc, argv);
	int status = r > 0 ? 0 : EXIT_OCI;

	if (r == 0)
		status = print_list(&q, &err) < 0 ? command_fail(&err) : 0;
	args_release(&oci_list_command, &q);
	return status;
}

const struct args_command oci_list_command = {
	.name = "list",
	.usage = "rootlet-oci list [OPTIONS]",
	.about = "Lists the containers whose state is below --root.",
	.brief = "list containers",
	.run = run_list,
	.options = list_options,
	.kind = WORDS_NONE,
	.program = "rootlet-oci",
	.common = no_common_options,
};

/* ---- ps ---- */

struct ps_request {
	struct args args;
	int format;
};

static const struct args_option ps_options[] = {
	{"format", 'f', ARGS_CHOICE, "FORMAT", offsetof(struct ps_request, format),
	 "table, by ps(1), or json: the pids", "table|json", 0, 0},
	{0},
};

static bool is_one_of(const int *pids, size_t count, long pid)
{
	for (size_t i = 0; i < count; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

/* The place of the column PID in ps's title; -1: it has none. */
static int pid_column(const char *title)
{
	int n = 0;

	for (const char *p = title + strspn(title, " "); *p; n++) {
		size_t len = strcspn(p, " ");

		if (len == 3 && strncmp(p, "PID", 3) == 0)
			return n;
		p += len;
		p += strspn(p, " ");
	}
	return -1;
}

static long number_in_column(const char *line, int column)
{
	const char *p = line + strspn(line, " ");

	for (; column > 0 && *p; column--) {
		p += strcspn(p, " ");
		p += strspn(p, " ");
	}
	return strtol(p, NULL, 10);
}

static void print_ours(char *text, const int *pids, size_t count)
{
	char *save = NULL, *line = strtok_r(text, "\n", &save);
	int column = line ? pid_column(line) : -1;

	if (line)
		puts(line);
	while ((line = strtok_r(NULL, "\n", &save)) != NULL)
		if (column >= 0 && is_one_of(pids, count, number_in_column(line, column)))
			puts(line);
}

/* What ps(1) prints with these words. */
static int ask_ps(const struct args_list *words, char **ret, rootlet_error *err)
{
	AUTO_FREE const char **argv = calloc(words->count + 3, sizeof(*argv));
	int ends[2], status = 0, r;
	size_t n = 0;
	pid_t pid;

	if (!argv)
		return error_nomem(err);
	argv[n++] = "ps";
	for (size_t i = 1; i < words->count; i++)
		argv[n++] = words->items[i];
	if (n == 1)
		argv[n++] = "-ef";
	if (pipe(ends) < 0)
		return error_set(err, -errno, "streams", NULL, "make a pipe: %s",
				 error_text(errno));
	pid = fork();
	if (pid == 0) {
		if (dup2(ends[1], 1) == 1) {
			close(ends[0]);
			close(ends[1]);
			execvp("ps", (char *const *)(uintptr_t)argv);
		}
		free(argv);
		_exit(127);
	}
	close(ends[1]);
	r = pid < 0 ? -errno : io_read_fd(ends[0], 16 << 20, ret, NULL);
	close(ends[0]);
	if (pid > 0)
		waitpid(pid, &status, 0);
	if (r < 0 || status)
		return error_set(err, r < 0 ? r : -ENOENT, "ps", "ps",
				 "ps: it failed, or is not installed; --format json needs no ps");
	return 0;
}

static int print_processes(rootlet_bundle *bundle, void *data, rootlet_error *err)
{
	const struct ps_request *q = data;
	AUTO_FREE char *text = NULL;
	AUTO_FREE int *pids = NULL;
	size_t count = 0;
	int r = rootlet_bundle_processes(bundle, &pids, &count, err);

	if (r < 0)
		return r;
	if (q->format == AS_TABLE) {
		r = ask_ps(&q->args.words, &text, err);
		if (r == 0)
			print_ours(text, pids, count);
		return r;
	}
	putchar('[');
	for (size_t i = 0; i < count; i++)
		printf("%s%d", i ? "," : "", pids[i]);
	puts("]");
	return 0;
}

static int run_ps(int argc, char **argv)
{
	struct ps_request q = {0};
	int r = command_begin(&oci_ps_command, &q, argc, argv);
	int status = r > 0 ? 0 : EXIT_OCI;

	if (r == 0)
		status = command_with(q.args.words.items[0], print_processes, &q);
	args_release(&oci_ps_command, &q);
	return status;
}

const struct args_command oci_ps_command = {
	.name = "ps",
	.usage = "rootlet-oci ps [OPTIONS] ID [PS OPTIONS]",
	.about = "Lists the processes of a container, as the caller numbers them.",
	.brief = "list the processes of a container",
	.run = run_ps,
	.options = ps_options,
	.kind = WORDS_OTHER,
	.least = 1,
	.most = -1,
	.word = "ID",
	.stops = true,
	.program = "rootlet-oci",
	.common = no_common_options,
};
