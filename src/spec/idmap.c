/* The algebra of id maps. See idmap.h; pure, and in 64 bits wherever two ids are added, since the
 * last id plus one does not fit into 32.
 *
 * Maps have at most a few hundred lines, so the quadratic loops are cheaper than keeping them
 * sorted. Nothing here knows which ids a host grants: that is plan's.
 */
#include "spec/idmap.h"

#include "base/buffer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint64_t inside_end(const struct id_extent *e)
{
	return (uint64_t)e->inside + e->count;
}

static uint64_t outside_end(const struct id_extent *e)
{
	return (uint64_t)e->outside + e->count;
}

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

int idmap_add(struct arena *a, struct idmap *map, uint32_t inside, uint32_t outside, uint32_t count)
{
	int r = arena_grow(a, &map->extents, map->count, sizeof(*map->extents));

	if (r < 0)
		return r;
	map->extents[map->count++] = (struct id_extent){inside, outside, count};
	return 0;
}

/* ---- validation ---- */

static int check_extent(const struct id_extent *e, const char *what, struct rootlet_error *err)
{
	const char *side = NULL;

	if (!e->count) {
		error_set(err, -EINVAL, "id-map-empty", what,
			  "%s %u:%u:0: a count of 0 maps nothing", what, e->inside, e->outside);
		error_hint(err, "the count is at least 1");
		return -EINVAL;
	}
	if (inside_end(e) - 1 > ID_MAX)
		side = "inside";
	else if (outside_end(e) - 1 > ID_MAX)
		side = "outside";
	if (!side)
		return 0;
	error_set(err, -EINVAL, "id-map-range", what,
		  "%s %u:%u:%u: the %s ids go past %u, the last one", what, e->inside, e->outside,
		  e->count, side, ID_MAX);
	return -EINVAL;
}

static int check_pair(const struct id_extent *x, const struct id_extent *y, const char *what,
		      struct rootlet_error *err)
{
	const char *side = "inside";
	uint64_t from = max_u64(x->inside, y->inside);
	uint64_t to = min_u64(inside_end(x), inside_end(y));

	if (from >= to) {
		side = "outside";
		from = max_u64(x->outside, y->outside);
		to = min_u64(outside_end(x), outside_end(y));
	}
	if (from >= to)
		return 0;
	error_set(err, -EINVAL, "id-map-overlap", what,
		  "%s %u:%u:%u and %u:%u:%u: both map the %s ids %llu-%llu", what, x->inside,
		  x->outside, x->count, y->inside, y->outside, y->count, side,
		  (unsigned long long)from, (unsigned long long)(to - 1));
	error_hint(err, "an id may stand in one line only, on either side (user_namespaces(7))");
	return -EINVAL;
}

int idmap_validate(const struct idmap *map, const char *what, struct rootlet_error *err)
{
	if (map->count > IDMAP_MAX_EXTENTS)
		return error_set(err, -EINVAL, "id-map-lines", what,
				 "%s: %zu lines are more than the %d that the kernel takes", what,
				 map->count, IDMAP_MAX_EXTENTS);
	for (size_t i = 0; i < map->count; i++) {
		int r = check_extent(&map->extents[i], what, err);

		for (size_t j = 0; !r && j < i; j++)
			r = check_pair(&map->extents[j], &map->extents[i], what, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- look-up ---- */

bool idmap_down(const struct idmap *map, uint32_t inside, uint32_t *ret_outside)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct id_extent *e = &map->extents[i];

		if (inside < e->inside || inside >= inside_end(e))
			continue;
		*ret_outside = e->outside + (inside - e->inside);
		return true;
	}
	return false;
}

bool idmap_up(const struct idmap *map, uint32_t outside, uint32_t *ret_inside)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct id_extent *e = &map->extents[i];

		if (outside < e->outside || outside >= outside_end(e))
			continue;
		*ret_inside = e->inside + (outside - e->outside);
		return true;
	}
	return false;
}

/* ---- algebra ---- */

/* The part of `e` whose outside ids are [from, to). */
static int add_part(struct arena *a, struct idmap *map, const struct id_extent *e, uint64_t from,
		    uint64_t to)
{
	return idmap_add(a, map, (uint32_t)(e->inside + (from - e->outside)), (uint32_t)from,
			 (uint32_t)(to - from));
}

int idmap_compose(struct arena *a, const struct idmap *inner, const struct idmap *outer,
		  struct idmap *ret)
{
	struct idmap out = {0};
	struct idmap sorted;
	int r;

	for (size_t i = 0; i < inner->count; i++) {
		const struct id_extent *x = &inner->extents[i];

		for (size_t j = 0; j < outer->count; j++) {
			const struct id_extent *y = &outer->extents[j];
			uint64_t from = max_u64(x->outside, y->inside);
			uint64_t to = min_u64(outside_end(x), inside_end(y));

			if (from >= to)
				continue;
			r = idmap_add(a, &out, (uint32_t)(x->inside + (from - x->outside)),
				      (uint32_t)(y->outside + (from - y->inside)),
				      (uint32_t)(to - from));
			if (r < 0)
				return r;
		}
	}
	r = idmap_normalize(a, &out, &sorted);
	if (r < 0)
		return r;
	*ret = sorted;
	return 0;
}

/* Where the stretch of `ranges` that holds `id` ends (the longest, when they overlap); 0 when none
 * holds it. */
static uint64_t range_end(const struct id_ranges *ranges, uint64_t id)
{
	uint64_t end = 0;

	for (size_t i = 0; i < ranges->count; i++) {
		const struct id_range *r = &ranges->ranges[i];

		if (id >= r->start && id < (uint64_t)r->start + r->count)
			end = max_u64(end, (uint64_t)r->start + r->count);
	}
	return end;
}

/* The first id from `id` on at which a range begins; UINT64_MAX when there is none. */
static uint64_t next_range(const struct id_ranges *ranges, uint64_t id)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < ranges->count; i++)
		if (ranges->ranges[i].count && ranges->ranges[i].start >= id)
			next = min_u64(next, ranges->ranges[i].start);
	return next;
}

int idmap_intersect(struct arena *a, const struct idmap *map, const struct id_ranges *ranges,
		    struct idmap *ret)
{
	struct idmap out = {0};

	for (size_t i = 0; i < map->count; i++) {
		const struct id_extent *e = &map->extents[i];
		uint64_t id = e->outside;

		while (id < outside_end(e)) {
			uint64_t end = min_u64(range_end(ranges, id), outside_end(e));

			if (end) {
				int r = add_part(a, &out, e, id, end);

				if (r < 0)
					return r;
				id = end;
			} else {
				id = next_range(ranges, id);
			}
		}
	}
	*ret = out;
	return 0;
}

int idmap_shift(struct arena *a, const struct idmap *map, uint32_t by, struct idmap *ret)
{
	struct idmap out = {0};

	for (size_t i = 0; i < map->count; i++) {
		const struct id_extent *e = &map->extents[i];
		int r;

		if (inside_end(e) + by > (uint64_t)ID_MAX + 1)
			return -ERANGE;
		r = idmap_add(a, &out, e->inside + by, e->outside, e->count);
		if (r < 0)
			return r;
	}
	*ret = out;
	return 0;
}

/* The next id after `id` at which an extent of `parent` begins or ends, seen from its inside. */
static uint64_t next_boundary(const struct idmap *parent, uint64_t id)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < parent->count; i++) {
		const struct id_extent *e = &parent->extents[i];

		if (e->inside > id)
			next = min_u64(next, e->inside);
		if (inside_end(e) > id)
			next = min_u64(next, inside_end(e));
	}
	return next;
}

int idmap_split(struct arena *a, const struct idmap *map, const struct idmap *parent,
		struct idmap *ret)
{
	struct idmap out = {0};

	for (size_t i = 0; i < map->count; i++) {
		const struct id_extent *e = &map->extents[i];
		uint64_t id = e->outside;

		while (id < outside_end(e)) {
			uint64_t end = min_u64(next_boundary(parent, id), outside_end(e));
			int r = add_part(a, &out, e, id, end);

			if (r < 0)
				return r;
			id = end;
		}
	}
	*ret = out;
	return 0;
}

bool idmap_within(const struct idmap *map, const struct id_ranges *ranges, uint32_t *ret_missing)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct id_extent *e = &map->extents[i];
		uint64_t id = e->outside;

		while (id < outside_end(e)) {
			uint64_t end = range_end(ranges, id);

			if (!end) {
				*ret_missing = (uint32_t)id;
				return false;
			}
			id = end;
		}
	}
	return true;
}

static int compare_inside(const void *x, const void *y)
{
	const struct id_extent *a = x, *b = y;

	return (a->inside > b->inside) - (a->inside < b->inside);
}

static bool continues(const struct id_extent *x, const struct id_extent *y)
{
	return inside_end(x) == y->inside && outside_end(x) == y->outside &&
	       (uint64_t)x->count + y->count <= UINT32_MAX;
}

int idmap_normalize(struct arena *a, const struct idmap *map, struct idmap *ret)
{
	struct idmap sorted = {0};
	struct idmap out = {0};

	/* Copied by adding: what idmap_add may later append relies on arena_grow's capacities. */
	for (size_t i = 0; i < map->count; i++) {
		const struct id_extent *e = &map->extents[i];
		int r = idmap_add(a, &sorted, e->inside, e->outside, e->count);

		if (r < 0)
			return r;
	}
	if (sorted.count)
		qsort(sorted.extents, sorted.count, sizeof(*sorted.extents), compare_inside);
	out.extents = sorted.extents;
	for (size_t i = 0; i < sorted.count; i++) {
		struct id_extent e = sorted.extents[i];
		struct id_extent *last = out.count ? &out.extents[out.count - 1] : NULL;

		if (last && continues(last, &e))
			last->count += e.count;
		else
			out.extents[out.count++] = e;
	}
	*ret = out;
	return 0;
}

char *idmap_format(struct arena *a, const struct idmap *map)
{
	AUTO_BUFFER text = {0};

	for (size_t i = 0; i < map->count; i++) {
		const struct id_extent *e = &map->extents[i];

		buffer_printf(&text, "%u %u %u\n", e->inside, e->outside, e->count);
	}
	if (buffer_failed(&text))
		return NULL;
	return arena_strdup(a, text.data ? text.data : "");
}
