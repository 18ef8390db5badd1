/* rootlet top: the processes of a container, as both sides number them. */
#include "cli/containers.h"
#include "cli/limit.h"
#include "term/paragraph.h"
#include "term/table.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>

struct request {
	struct args args;
	int format; /* table|json */
};

static const struct args_option options[] = {
	{"format", 0, ARGS_CHOICE, "FORMAT", offsetof(struct request, format), "table or json",
	 "table|json", 0, 0},
	{0},
};

static const struct table_column columns[] = {
	{.title = "PID", .right = true},
	{.title = "HOST PID", .right = true},
	{.title = "USER", .right = true},
	{.title = "HOST USER", .right = true},
	{.title = "STATE"},
	{.title = "TIME", .right = true},
	{.title = "COMMAND", .shrinks = 8},
};

enum { COLUMN_COUNT = sizeof(columns) / sizeof(columns[0]), CELL = 24 };

/* "0:01.25", "1:02:03" */
static void time_words(uint64_t ns, char *text, size_t size)
{
	uint64_t s = ns / 1000000000;

	if (s < 3600)
		snprintf(text, size, "%" PRIu64 ":%02" PRIu64 ".%02" PRIu64, s / 60, s % 60,
			 ns / 10000000 % 100);
	else
		snprintf(text, size, "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, s / 3600, s / 60 % 60,
			 s % 60);
}

static void add_row(struct table *t, const rootlet_process_row *p)
{
	char pid[CELL], host_pid[CELL], uid[CELL] = "-", host_uid[CELL], time[CELL];
	char state[2] = {p->state, '\0'};

	snprintf(pid, CELL, "%d", p->pid);
	snprintf(host_pid, CELL, "%d", p->host_pid);
	if (p->uid >= 0)
		snprintf(uid, CELL, "%" PRId64, p->uid);
	snprintf(host_uid, CELL, "%" PRId64, p->host_uid);
	time_words(p->cpu_ns, time, CELL);
	table_add(t, (const char *const[COLUMN_COUNT]){pid, host_pid, uid, host_uid, state, time,
						       p->command});
}

static json_object *make_json(const rootlet_process_row *p)
{
	json_object *o = json_object_new_object();
	char state[2] = {p->state, '\0'};

	json_object_object_add(o, "pid", json_object_new_int(p->pid));
	json_object_object_add(o, "host_pid", json_object_new_int(p->host_pid));
	json_object_object_add(o, "uid", p->uid < 0 ? NULL : json_object_new_int64(p->uid));
	json_object_object_add(o, "host_uid", json_object_new_int64(p->host_uid));
	json_object_object_add(o, "state", json_object_new_string(state));
	json_object_object_add(o, "cpu_ns", json_object_new_int64((int64_t)p->cpu_ns));
	json_object_object_add(o, "rss_bytes", json_object_new_int64((int64_t)p->rss));
	json_object_object_add(o, "command", json_object_new_string(p->command));
	return o;
}

static void print_json(const rootlet_processes *processes)
{
	json_object *array = json_object_new_array();
	rootlet_process_row row;

	for (size_t i = 0; rootlet_processes_get(processes, i, &row) == 0; i++)
		json_object_array_add(array, make_json(&row));
	printf("%s\n", json_object_to_json_string_ext(
			       array, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(array);
}

/* What its cgroup allows, above the table; nothing where there is no limit. */
static void print_limits(const rootlet_container *container)
{
	rootlet_container_info info;
	struct limits limits;
	char words[128];

	rootlet_container_get(container, &info);
	limits_read(info.cgroup, &limits);
	limits_words(&limits, words, sizeof(words));
	if (*words)
		printf("at most: %s\n", words);
}

static void print_table(const rootlet_processes *processes, const rootlet_container *container)
{
	struct table t = {.columns = columns, .column_count = COLUMN_COUNT};
	rootlet_process_row row;

	for (size_t i = 0; rootlet_processes_get(processes, i, &row) == 0; i++)
		add_row(&t, &row);
	print_limits(container);
	if (!t.failed)
		table_print(stdout, &t, table_width(), true, paragraph_utf8());
	table_release(&t);
}

static int top_one(rootlet_container *container, const char *word, void *data,
		   struct rootlet_error *err)
{
	const struct request *q = data;
	rootlet_processes *processes = NULL;
	rootlet_scan *scan = NULL;
	int r = rootlet_scan_make(&scan, err);

	if (r == 0)
		r = rootlet_processes_read(container, scan, false, &processes, err);
	rootlet_scan_free(scan);
	if (r < 0)
		return r;
	if (q->format == 1)
		print_json(processes);
	else
		print_table(processes, container);
	rootlet_processes_free(processes);
	return 0;
}

static int run(int argc, char **argv)
{
	struct request q = {0};
	struct rootlet_error err = {0};
	int r = command_begin(&top_command, &q, argc, argv, &err);
	int status = r == 0 ? command_each(&q.args, 0, top_one, &q) : EXIT_ROOTLET;

	command_end(&top_command, &q);
	return r > 0 ? 0 : status;
}

const struct args_command top_command = {
	.name = "top",
	.usage = "rootlet top [OPTIONS] CONTAINER",
	.about =
		"List the processes of a container with both numbers of each: the pid and the user "
		"that it has\ninside, and those that the host knows it by.",
	.examples = "  rootlet top web                         who is who\n"
		    "  rootlet top --format json web           with stable keys: rootlet-top(1)\n",
	.brief = "a container's processes, with both pids and both users",
	.run = run,
	.options = options,
	.kind = WORDS_CONTAINERS,
	.least = 1,
	.most = 1,
	.word = "CONTAINER",
	.ends = "0, or 125 when it does not run.",
};
