/* Limits as systemd knows them: properties of the unit that the group belongs to. What it does not
 * know stays with the files alone. Pure. */
#include "plan/limit.h"

#include "base/io.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define INFINITE "18446744073709551615"

enum { PERCENT = 10000 }; /* microseconds a second */

struct writer {
	struct arena *arena;
	struct unit_properties *out;
	bool nomem;
};

static void add(struct writer *w, const char *name, char type, const char *value)
{
	struct unit_property row = {name, type, value};
	struct unit_properties *out = w->out;

	if (!value || arena_grow(w->arena, &out->items, out->count, sizeof(row)) < 0)
		w->nomem = true;
	else
		out->items[out->count++] = row;
}

/* "QUOTA PERIOD" in microseconds. systemd counts by the second, and when it is loaded again it
 * knows whole percents only: up, for the groups below were given what fits into the exact one. */
static void add_quota(struct writer *w, const char *value)
{
	bool any = strncmp(value, "max ", 4) == 0;
	char *end;
	unsigned long long quota = any ? 0 : strtoull(value, &end, 10);
	unsigned long long period = strtoull(any ? value + 4 : end, NULL, 10);

	if (!period || quota > UINT64_MAX / 1000000)
		return;
	quota = (quota * 1000000 / period + PERCENT - 1) / PERCENT * PERCENT;
	add(w, "CPUQuotaPerSecUSec", 't', any ? INFINITE : arena_printf(w->arena, "%llu", quota));
	add(w, "CPUQuotaPeriodUSec", 't', arena_printf(w->arena, "%llu", period));
}

static void add_limit(struct writer *w, const struct limit *l)
{
	static const struct {
		const char *file, *property;
		char type;
	} rows[] = {
		{"memory.max", "MemoryMax", 't'},    {"memory.high", "MemoryHigh", 't'},
		{"memory.low", "MemoryLow", 't'},    {"memory.swap.max", "MemorySwapMax", 't'},
		{"pids.max", "TasksMax", 't'},	     {"cpu.weight", "CPUWeight", 't'},
		{"cpuset.cpus", "AllowedCPUs", 'y'}, {"cpuset.mems", "AllowedMemoryNodes", 'y'},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(l->file, rows[i].file) == 0)
			add(w, rows[i].property, rows[i].type,
			    strcmp(l->value, "max") == 0 ? INFINITE : l->value);
	if (strcmp(l->file, "cpu.max") == 0)
		add_quota(w, l->value);
}

int limits_properties(struct arena *a, const struct limits *limits, struct unit_properties *ret)
{
	struct writer w = {.arena = a, .out = ret};

	for (size_t i = 0; i < limits->count; i++)
		add_limit(&w, &limits->items[i]);
	return w.nomem ? -ENOMEM : 0;
}

/* "0-3,8": one number, or two, of a part. */
static bool take_range(const char **at, uint64_t *ret_from, uint64_t *ret_to)
{
	*at += strspn(*at, " ");
	if (io_take_u64(at, ret_from) < 0)
		return false;
	*ret_to = *ret_from;
	if (**at == '-') {
		++*at;
		if (io_take_u64(at, ret_to) < 0)
			return false;
	}
	*at += strspn(*at, " ");
	return *ret_from <= *ret_to;
}

int unit_property_bits(const char *list, unsigned char *bits, size_t size, size_t *ret_len)
{
	uint64_t from, to;

	*ret_len = 0;
	memset(bits, 0, size);
	for (const char *at = list; *at; at += *at == ',') {
		if (!take_range(&at, &from, &to) || (*at && *at != ','))
			return -EINVAL;
		if (to >= size * 8)
			return -ERANGE;
		for (uint64_t n = from; n <= to; n++)
			bits[n / 8] |= (unsigned char)(1 << n % 8);
		if (to / 8 >= *ret_len)
			*ret_len = to / 8 + 1;
	}
	return 0;
}
