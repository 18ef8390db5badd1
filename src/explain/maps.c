/* Id maps as two readers see them. Pure: text and maps in, maps out. */
#include "explain/explain.h"

#include <errno.h>
#include <stdio.h>

enum { OVERFLOW_ID = 65534, NO_ID = 0xffffffffu };

/* One line: three numbers. The number of characters taken, or 0. */
static size_t parse_line(const char *text, struct id_extent *ret)
{
	uint64_t values[3];
	const char *p = text;

	for (int i = 0; i < 3; i++) {
		while (*p == ' ' || *p == '\t')
			p++;
		if (*p < '0' || *p > '9')
			return 0;
		values[i] = 0;
		for (; *p >= '0' && *p <= '9'; p++) {
			values[i] = values[i] * 10 + (uint64_t)(*p - '0');
			if (values[i] > UINT32_MAX)
				return 0;
		}
	}
	while (*p == ' ')
		p++;
	if (*p != '\n' && *p != '\0')
		return 0;
	*ret = (struct id_extent){(uint32_t)values[0], (uint32_t)values[1], (uint32_t)values[2]};
	return (size_t)(p - text) + (*p == '\n');
}

int map_parse(struct arena *a, const char *text, struct shown_map *ret)
{
	struct shown_map out = {0};

	while (*text) {
		struct id_extent e;
		size_t taken = parse_line(text, &e);
		int r;

		if (!taken)
			return -EINVAL;
		text += taken;
		r = idmap_add(a, e.outside == NO_ID ? &out.hidden : &out.map, e.inside, e.outside,
			      e.count);
		if (r < 0)
			return r;
	}
	*ret = out;
	return 0;
}

int map_between(struct arena *a, const struct idmap *inner, const struct idmap *outer,
		struct idmap *ret)
{
	struct idmap turned = {0};

	for (size_t i = 0; i < outer->count; i++) {
		const struct id_extent *e = &outer->extents[i];
		int r = idmap_add(a, &turned, e->outside, e->inside, e->count);

		if (r < 0)
			return r;
	}
	return idmap_compose(a, inner, &turned, ret);
}

struct id_pair map_pair(const struct idmap *map, bool same, uint32_t here)
{
	struct id_pair pair = {.here = here, .inside = OVERFLOW_ID};

	if (same)
		return (struct id_pair){here, here, true};
	pair.mapped = idmap_up(map, here, &pair.inside);
	return pair;
}

bool map_equal(const struct idmap *a, const struct idmap *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const struct id_extent *x = &a->extents[i], *y = &b->extents[i];

		if (x->inside != y->inside || x->outside != y->outside || x->count != y->count)
			return false;
	}
	return true;
}
