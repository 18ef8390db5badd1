/* rootlet ps: which containers there are, and how they are. */
#include "cli/containers.h"
#include "term/paragraph.h"
#include "cli/ps.h"
#include "term/table.h"

#include "base/buffer.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { SHORT_ID = 12 };

struct request {
	struct args args;
	bool all, quiet, latest, no_trunc;
	int format; /* table|json */
	struct args_list filters;
};

static const struct args_option options[] = {
	{"all", 'a', ARGS_FLAG, NULL, offsetof(struct request, all), "those too that do not run",
	 NULL, 0, 0},
	{"filter", 'f', ARGS_LIST, "KEY=VALUE", offsetof(struct request, filters),
	 "name=PART, status=WORD or id=BEGINNING", NULL, 0, 0},
	{"format", 0, ARGS_CHOICE, "FORMAT", offsetof(struct request, format), "table or json",
	 "table|json", 0, 0},
	{"latest", 'l', ARGS_FLAG, NULL, offsetof(struct request, latest),
	 "the one that was made last, also when it does not run", NULL, 0, 0},
	{"no-trunc", 0, ARGS_FLAG, NULL, offsetof(struct request, no_trunc),
	 "whole ids and commands", NULL, 0, 0},
	{"quiet", 'q', ARGS_FLAG, NULL, offsetof(struct request, quiet), "ids alone", NULL, 0, 0},
	{0},
};

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* ---- which ---- */

enum { KEY_NAME, KEY_STATUS, KEY_ID, KEY_COUNT };

static int filter_key(const char *filter, const char **ret_value)
{
	static const char *const keys[] = {"name", "status", "id"};

	for (int k = 0; k < KEY_COUNT; k++) {
		size_t len = strlen(keys[k]);

		if (strncmp(filter, keys[k], len) != 0 || filter[len] != '=' || !filter[len + 1])
			continue;
		*ret_value = filter + len + 1;
		return k;
	}
	return -1;
}

static const char *status_word(const rootlet_container_info *info)
{
	return info->broken ? "broken" : info->lost ? "lost" : info->status;
}

static bool fits(const rootlet_container_info *info, int key, const char *value)
{
	switch (key) {
	case KEY_NAME:
		return strstr(info->name, value) != NULL;
	case KEY_STATUS:
		return strcmp(status_word(info), value) == 0 || strcmp(info->status, value) == 0;
	case KEY_ID:
		return strncmp(info->id, value, strlen(value)) == 0;
	default:
		return false;
	}
}

static bool wanted(const struct request *q, const rootlet_container_info *info)
{
	bool named[KEY_COUNT] = {0}, met[KEY_COUNT] = {0};

	for (size_t i = 0; i < q->filters.count; i++) {
		const char *value = NULL;
		int key = filter_key(q->filters.items[i], &value);

		named[key] = true;
		met[key] |= fits(info, key, value);
	}
	for (int k = 0; k < KEY_COUNT; k++)
		if (named[k] && !met[k])
			return false;
	return true;
}

static int check(struct request *q, struct rootlet_error *err)
{
	for (size_t i = 0; i < q->filters.count; i++) {
		const char *filter = q->filters.items[i], *value = NULL;
		int key = filter_key(filter, &value);

		if (key == KEY_STATUS) /* who asks for those that ended wants to see them */
			q->all = true;
		if (key >= 0)
			continue;
		error_set(err, -EINVAL, "filter-unknown", filter, "--filter %s: is no filter",
			  filter);
		error_hint(err, "it is name=, status= or id= with something after it");
		message_usage(err, "ps");
		return -EINVAL;
	}
	if (q->latest)
		q->all = true;
	return 0;
}

/* ---- printed ---- */

static const struct table_column columns[] = {
	{.title = "CONTAINER ID"},
	{.title = "ROOT", .shrinks = 4, .most = 30},
	{.title = "COMMAND", .shrinks = 8, .most = 30},
	{.title = "CREATED", .shrinks = 14, .late = true},
	{.title = "STATUS", .shrinks = 18, .late = true},
	{.title = "NAMES"},
};
static const struct table_column whole_columns[] = {
	{.title = "CONTAINER ID"}, {.title = "ROOT"},	{.title = "COMMAND"},
	{.title = "CREATED"},	   {.title = "STATUS"}, {.title = "NAMES"},
};

enum { COLUMN_COUNT = sizeof(columns) / sizeof(columns[0]) };

static void add_row(struct table *t, const struct request *q, const rootlet_container_info *info)
{
	char id[72], created[48] = "", status[1200];
	AUTO_BUFFER command = {0};
	size_t n;

	snprintf(id, sizeof(id), "%.*s", q->no_trunc ? 64 : SHORT_ID, info->id);
	for (size_t i = 0; i < info->command_count; i++)
		buffer_printf(&command, "%s%s", i ? " " : "", info->command[i]);
	if (info->created) {
		age_words(now() - info->created, created, sizeof(created));
		n = strlen(created);
		snprintf(created + n, sizeof(created) - n, " ago");
	}
	ps_status(info, now(), status, sizeof(status));
	table_add(t, (const char *const[COLUMN_COUNT]){id, info->root ? info->root : "",
						       command.data ? command.data : "", created,
						       status, info->name});
}

static json_object *text_or_null(const char *text)
{
	return text && *text ? json_object_new_string(text) : NULL;
}

static json_object *stamp_or_null(int64_t ns)
{
	char text[48];

	if (!ns)
		return NULL;
	age_stamp(ns, text, sizeof(text));
	return json_object_new_string(text);
}

static json_object *make_json(const rootlet_container_info *info)
{
	json_object *o = json_object_new_object(), *command = json_object_new_array();

	for (size_t i = 0; i < info->command_count; i++)
		json_object_array_add(command, json_object_new_string(info->command[i]));
	json_object_object_add(o, "id", json_object_new_string(info->id));
	json_object_object_add(o, "name", text_or_null(info->name));
	json_object_object_add(o, "status", json_object_new_string(status_word(info)));
	json_object_object_add(o, "root", text_or_null(info->root));
	json_object_object_add(o, "command", command);
	json_object_object_add(o, "pid",
			       info->alive && info->pid ? json_object_new_int(info->pid) : NULL);
	json_object_object_add(o, "exit_status",
			       info->has_exit ? json_object_new_int(info->exit_status) : NULL);
	json_object_object_add(o, "created", stamp_or_null(info->created));
	json_object_object_add(o, "started", stamp_or_null(info->started));
	json_object_object_add(o, "finished", stamp_or_null(info->finished));
	json_object_object_add(o, "broken", text_or_null(info->broken));
	return o;
}

struct output {
	const struct request *q;
	struct table table;
	json_object *array;
};

static void add(struct output *o, const rootlet_container_info *info)
{
	if (o->array)
		json_object_array_add(o->array, make_json(info));
	else if (o->q->quiet)
		printf("%.*s\n", o->q->no_trunc ? 64 : SHORT_ID, info->id);
	else
		add_row(&o->table, o->q, info);
}

static int finish(struct output *o)
{
	if (o->array)
		printf("%s\n",
		       json_object_to_json_string_ext(
			       o->array, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	else if (!o->q->quiet && !o->table.failed)
		table_print(stdout, &o->table, o->q->no_trunc ? 0 : table_width(), true,
			    paragraph_utf8());
	json_object_put(o->array);
	table_release(&o->table);
	if (!o->table.failed)
		return 0;
	message_text("memory: the system has no more to give");
	return EXIT_ROOTLET;
}

static int list(const struct request *q, struct rootlet_error *err)
{
	struct output out = {.q = q,
			     .table = {.columns = q->no_trunc ? whole_columns : columns,
				       .column_count = COLUMN_COUNT},
			     .array = q->format == 1 ? json_object_new_array() : NULL};
	rootlet_container_info info;
	rootlet_store *store = NULL;
	rootlet_list *found = NULL;

	if (command_store(&q->args, &store, err) < 0)
		return EXIT_ROOTLET;
	if (rootlet_container_list(store, q->all, &found, err) < 0) {
		rootlet_store_free(store);
		return command_fail(err);
	}
	for (size_t i = 0; i < rootlet_list_count(found); i++) {
		rootlet_container_get(rootlet_list_get(found, i), &info);
		if (!wanted(q, &info))
			continue;
		add(&out, &info);
		if (q->latest)
			break;
	}
	rootlet_list_free(found);
	rootlet_store_free(store);
	return finish(&out);
}

static int run(int argc, char **argv)
{
	struct request q = {0};
	struct rootlet_error err = {0};
	int r = command_begin(&ps_command, &q, argc, argv, &err), status = EXIT_ROOTLET;

	if (r == 0 && check(&q, &err) == 0)
		status = list(&q, &err);
	command_end(&ps_command, &q);
	return r > 0 ? 0 : status;
}

const struct args_command ps_command = {
	.name = "ps",
	.usage = "rootlet ps [OPTIONS]",
	.about = "List containers, newest first: those that run, or with -a all.",
	.examples = "  rootlet ps -a                           those too that have ended\n"
		    "  rootlet ps -aq --filter status=exited   ids, for scripts\n"
		    "  rootlet ps --format json                with stable keys: rootlet-ps(1)\n",
	.brief = "list containers: those that run, or with -a all",
	.run = run,
	.options = options,
	.kind = WORDS_NONE,
	.word = "nothing",
	.ends = "0, or 125 when the list could not be read.",
};
