/* rootlet stats: what containers use of processor and memory, from the numbers of their processes.
 */
#include "cli/containers.h"
#include "cli/limit.h"
#include "term/paragraph.h"
#include "term/table.h"

#include "base/fd.h"
#include "base/io.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SHORT_ID = 12, FIRST_MS = 500, INTERVAL_MS = 1000 };

struct request {
	struct args args;
	bool no_stream;
	int format; /* table|json */
};

static const struct args_option options[] = {
	{"format", 0, ARGS_CHOICE, "FORMAT", offsetof(struct request, format), "table or json",
	 "table|json", 0, 0},
	{"no-stream", 0, ARGS_FLAG, NULL, offsetof(struct request, no_stream),
	 "once, not every second", NULL, 0, 0},
	{0},
};

/* A container at one moment. */
struct sample {
	char id[72], name[136];
	rootlet_processes *processes;
	uint64_t at; /* CLOCK_MONOTONIC */
	uint64_t memory;
	const char *source; /* "cgroup", "pss", "rss" */
	size_t pids;
	struct limits limits;
	double percent; /* of one processor, since the sample before; below 0: not known yet */
};

struct samples {
	struct sample *items;
	size_t count;
	const rootlet_scan *scan; /* while they are taken */
};

static uint64_t monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void release(struct samples *s)
{
	for (size_t i = 0; i < s->count; i++)
		rootlet_processes_free(s->items[i].processes);
	free(s->items);
	*s = (struct samples){0};
}

/* ---- one ---- */

/* What the cgroup counts, where the container has one. */
static bool cgroup_memory(const char *cgroup, uint64_t *ret)
{
	AUTO_FREE char *text = NULL;
	char path[4200];

	if (!cgroup)
		return false;
	snprintf(path, sizeof(path), "%s/memory.current", cgroup);
	if (io_read_file(path, 64, &text, NULL) < 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	return io_parse_u64(text, UINT64_MAX, ret) == 0;
}

static void add_up(struct sample *s, const char *cgroup)
{
	rootlet_process_row row;
	uint64_t rss = 0, pss = 0;

	for (s->pids = 0; rootlet_processes_get(s->processes, s->pids, &row) == 0; s->pids++) {
		rss += row.rss;
		pss += row.pss;
	}
	s->source = pss ? "pss" : "rss";
	s->memory = pss ? pss : rss;
	if (cgroup_memory(cgroup, &s->memory))
		s->source = "cgroup";
}

static int take_sample(rootlet_container *container, const char *word, void *data,
		       struct rootlet_error *err)
{
	struct samples *all = data;
	rootlet_container_info info;
	struct sample s = {.percent = -1, .at = monotonic()}, *items;
	int r;

	rootlet_container_get(container, &info);
	r = rootlet_processes_read(container, all->scan, true, &s.processes, err);
	if (r < 0)
		return r;
	snprintf(s.id, sizeof(s.id), "%s", info.id);
	snprintf(s.name, sizeof(s.name), "%s", info.name);
	add_up(&s, info.cgroup);
	limits_read(info.cgroup, &s.limits);
	items = realloc(all->items, (all->count + 1) * sizeof(*items));
	if (!items) {
		rootlet_processes_free(s.processes);
		return error_nomem(err);
	}
	all->items = items;
	items[all->count++] = s;
	return 0;
}

static int take_live(rootlet_container *container, const char *word, void *data,
		     struct rootlet_error *err)
{
	rootlet_container_info info;
	int r;

	rootlet_container_get(container, &info);
	r = info.alive ? take_sample(container, word, data, err) : 0;
	return r == -ESRCH ? 0 : r; /* it ended meanwhile */
}

/* ---- two of them compared ---- */

/* Both lists are in the order of their pids. A process that is new has used all that it used since
 * then. */
static void compare(const struct sample *before, struct sample *now)
{
	rootlet_process_row old, new;
	uint64_t used = 0;
	size_t at = 0;

	for (size_t i = 0; rootlet_processes_get(now->processes, i, &new) == 0; i++) {
		while (rootlet_processes_get(before->processes, at, &old) == 0 && old.pid < new.pid)
			at++;
		if (rootlet_processes_get(before->processes, at, &old) == 0 &&
		    old.host_pid == new.host_pid && old.cpu_ns <= new.cpu_ns)
			used += new.cpu_ns - old.cpu_ns;
		else
			used += new.cpu_ns;
	}
	if (now->at > before->at)
		now->percent = 100.0 * (double)used / (double)(now->at - before->at);
}

static void compare_all(const struct samples *before, struct samples *now)
{
	for (size_t i = 0; i < now->count; i++)
		for (size_t k = 0; k < before->count; k++)
			if (strcmp(before->items[k].id, now->items[i].id) == 0)
				compare(&before->items[k], &now->items[i]);
}

/* ---- printed ---- */

static const struct table_column columns[] = {
	{.title = "CONTAINER ID"},	   {.title = "NAME", .shrinks = 8},
	{.title = "CPU %", .right = true}, {.title = "MEMORY", .right = true},
	{.title = "COUNTED AS"},	   {.title = "PIDS", .right = true},
};

enum { COLUMN_COUNT = sizeof(columns) / sizeof(columns[0]), CELL = 40 };

/* "12 MiB / 64 MiB" */
static void of_limit(char cell[CELL], uint64_t limit)
{
	size_t len = strlen(cell);

	snprintf(cell + len, CELL - len, " / ");
	len = strlen(cell);
	size_words(limit, cell + len, CELL - len);
}

static void add_row(struct table *t, const struct sample *s)
{
	char id[SHORT_ID + 1], percent[CELL] = "-", memory[CELL], pids[CELL];

	snprintf(id, sizeof(id), "%.*s", SHORT_ID, s->id);
	if (s->percent >= 0)
		snprintf(percent, CELL, "%.2f%%", s->percent);
	size_words(s->memory, memory, CELL);
	if (s->limits.memory != LIMIT_NONE)
		of_limit(memory, s->limits.memory);
	snprintf(pids, CELL, "%zu", s->pids);
	if (s->limits.pids != LIMIT_NONE)
		snprintf(pids, CELL, "%zu / %llu", s->pids, (unsigned long long)s->limits.pids);
	table_add(t,
		  (const char *const[COLUMN_COUNT]){id, s->name, percent, memory, s->source, pids});
}

static void print_table(const struct samples *all, bool clear)
{
	struct table t = {.columns = columns, .column_count = COLUMN_COUNT};

	for (size_t i = 0; i < all->count; i++)
		add_row(&t, &all->items[i]);
	if (clear)
		fputs("\033[H\033[J", stdout);
	if (!t.failed)
		table_print(stdout, &t, table_width(), true, paragraph_utf8());
	table_release(&t);
}

static json_object *limit_json(uint64_t limit)
{
	return limit == LIMIT_NONE ? NULL : json_object_new_int64((int64_t)limit);
}

static void print_json(const struct samples *all, bool pretty)
{
	json_object *array = json_object_new_array();

	for (size_t i = 0; i < all->count; i++) {
		const struct sample *s = &all->items[i];
		json_object *o = json_object_new_object();

		json_object_object_add(o, "id", json_object_new_string(s->id));
		json_object_object_add(o, "name", json_object_new_string(s->name));
		json_object_object_add(o, "cpu_percent",
				       s->percent < 0 ? NULL : json_object_new_double(s->percent));
		json_object_object_add(o, "memory_bytes",
				       json_object_new_int64((int64_t)s->memory));
		json_object_object_add(o, "memory_source", json_object_new_string(s->source));
		json_object_object_add(o, "memory_limit_bytes", limit_json(s->limits.memory));
		json_object_object_add(o, "pids", json_object_new_int64((int64_t)s->pids));
		json_object_object_add(o, "pids_limit", limit_json(s->limits.pids));
		json_object_object_add(o, "cpus_limit",
				       s->limits.cpus > 0 ? json_object_new_double(s->limits.cpus)
							  : NULL);
		json_object_array_add(array, o);
	}
	printf("%s\n", json_object_to_json_string_ext(array, pretty ? JSON_C_TO_STRING_PRETTY
								    : JSON_C_TO_STRING_PLAIN));
	json_object_put(array);
}

static int sample_all(const struct request *q, struct samples *ret)
{
	bool all = !q->args.words.count;
	struct rootlet_error err = {0};
	rootlet_scan *scan = NULL;
	int status;

	if (rootlet_scan_make(&scan, &err) < 0)
		return command_fail(&err);
	ret->scan = scan;
	status = command_each(&q->args, all ? EACH_ALL : 0, all ? take_live : take_sample, ret);
	rootlet_scan_free(scan);
	return status;
}

static int watch(const struct request *q)
{
	struct samples before = {0}, now = {0};
	bool screen = !q->no_stream && isatty(1);
	int status = sample_all(q, &before), ms = FIRST_MS;

	while (status == 0) {
		struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};

		nanosleep(&pause, NULL);
		ms = INTERVAL_MS;
		status = sample_all(q, &now);
		if (status)
			break;
		compare_all(&before, &now);
		if (q->format == 1)
			print_json(&now, q->no_stream);
		else
			print_table(&now, screen);
		release(&before);
		before = now;
		now = (struct samples){0};
		if (fflush(stdout) != 0)
			status = message_output_failed(errno);
		if (q->no_stream)
			break;
	}
	release(&before);
	release(&now);
	return status;
}

static int run(int argc, char **argv)
{
	struct request q = {0};
	struct rootlet_error err = {0};
	int r = command_begin(&stats_command, &q, argc, argv, &err);
	int status = r == 0 ? watch(&q) : EXIT_ROOTLET;

	command_end(&stats_command, &q);
	return r > 0 ? 0 : status;
}

const struct args_command stats_command = {
	.name = "stats",
	.usage = "rootlet stats [OPTIONS] [CONTAINER…]",
	.about = "Show what containers use, every second: processor time (100% is one processor), "
		 "memory, and how\nmany processes they have. Memory is counted by the container's "
		 "cgroup where it has one; else it\nis the sum over its processes, each with its "
		 "share of what they share (pss), or without (rss).",
	.examples = "  rootlet stats                           all that run\n"
		    "  rootlet stats --no-stream --format json web\n",
	.brief = "what containers use of processor and memory",
	.run = run,
	.options = options,
	.kind = WORDS_CONTAINERS,
	.most = -1,
	.word = "CONTAINER",
	.ends = "0, or 125 when a container does not run.",
};
