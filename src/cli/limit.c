/* What a container's cgroup allows: numbers of its files, and as words. */
#include "cli/limit.h"

#include "base/fd.h"
#include "base/io.h"
#include "term/table.h"

#include <stdio.h>
#include <string.h>

enum { PATH = 4200, WORD = 32, FILE_LIMIT = 64 };

/* The first number of a file, and the text behind it in *ret_rest. */
static uint64_t read_number(const char *cgroup, const char *file, char rest[WORD])
{
	AUTO_FREE char *text = NULL;
	uint64_t value;
	char path[PATH];
	const char *at;

	*rest = '\0';
	snprintf(path, sizeof(path), "%s/%s", cgroup, file);
	if (io_read_file(path, FILE_LIMIT, &text, NULL) < 0)
		return LIMIT_NONE;
	at = text;
	if (io_take_u64(&at, &value) < 0) /* "max" */
		return LIMIT_NONE;
	snprintf(rest, WORD, "%s", at + (*at == ' '));
	return value;
}

void limits_read(const char *cgroup, struct limits *ret)
{
	char rest[WORD];
	const char *at = rest;
	uint64_t quota, period;

	*ret = (struct limits){.memory = LIMIT_NONE, .pids = LIMIT_NONE};
	if (!cgroup)
		return;
	ret->memory = read_number(cgroup, "memory.max", rest);
	ret->pids = read_number(cgroup, "pids.max", rest);
	quota = read_number(cgroup, "cpu.max", rest);
	if (quota != LIMIT_NONE && io_take_u64(&at, &period) == 0 && period)
		ret->cpus = (double)quota / (double)period;
}

static void add(char *text, size_t size, const char *word, const char *value)
{
	size_t len = strlen(text);

	snprintf(text + len, size - len, "%s%s %s", len ? ", " : "", word, value);
}

void limits_words(const struct limits *l, char *text, size_t size)
{
	char value[WORD];

	*text = '\0';
	if (l->memory != LIMIT_NONE) {
		size_words(l->memory, value, sizeof(value));
		add(text, size, "memory", value);
	}
	if (l->cpus > 0) {
		snprintf(value, sizeof(value), "%g", l->cpus);
		add(text, size, "processors", value);
	}
	if (l->pids != LIMIT_NONE) {
		snprintf(value, sizeof(value), "%llu", (unsigned long long)l->pids);
		add(text, size, "processes", value);
	}
}
