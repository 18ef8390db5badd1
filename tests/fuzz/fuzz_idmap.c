/* Id-map texts and the algebra: two maps in uid_map's form, apart by a line "-", and ranges behind
 * a second one. What is valid must obey the laws of the algebra on every id that matters.
 */
#include "fuzz.h"

#include "parse/parse.h"
#include "spec/idmap.h"

struct inputs {
	struct arena a;
	struct idmap x, y;
	struct id_ranges ranges;
};

/* Where a map's behaviour changes: its ends, and the ids beside them. */
static void at_edges(const struct inputs *in, const struct idmap *map,
		     void (*check)(const struct inputs *in, uint32_t id, void *data), void *data)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct id_extent *e = &map->extents[i];
		const uint32_t ids[] = {e->inside - 1, e->inside, e->inside + e->count / 2,
					e->inside + e->count - 1, e->inside + e->count};

		for (size_t j = 0; j < sizeof(ids) / sizeof(*ids); j++)
			check(in, ids[j], data);
	}
}

/* `data` is x composed with y. */
static void check_composed(const struct inputs *in, uint32_t id, void *data)
{
	uint32_t middle, expected = 0, got = 0;
	bool mapped = idmap_down(&in->x, id, &middle) && idmap_down(&in->y, middle, &expected);

	require(idmap_down(data, id, &got) == mapped);
	require(!mapped || got == expected);
}

/* `data` must map as x does. */
static void check_same(const struct inputs *in, uint32_t id, void *data)
{
	uint32_t expected = 0, got = 0;
	bool mapped = idmap_down(&in->x, id, &expected);

	require(idmap_down(data, id, &got) == mapped);
	require(!mapped || got == expected);
}

static bool in_ranges(const struct id_ranges *ranges, uint32_t id)
{
	for (size_t i = 0; i < ranges->count; i++)
		if (id >= ranges->ranges[i].start &&
		    id - ranges->ranges[i].start < ranges->ranges[i].count)
			return true;
	return false;
}

/* `data` is x cut to the ranges. */
static void check_cut(const struct inputs *in, uint32_t id, void *data)
{
	uint32_t outside = 0, got = 0;
	bool mapped = idmap_down(&in->x, id, &outside) && in_ranges(&in->ranges, outside);

	require(idmap_down(data, id, &got) == mapped);
	require(!mapped || got == outside);
}

/* Every line of a split map lies in one extent of the parent, or in none of them. */
static void require_split(const struct idmap *map, const struct idmap *parent)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct id_extent *e = &map->extents[i];
		uint64_t from = e->outside, to = from + e->count;

		for (size_t j = 0; j < parent->count; j++) {
			uint64_t start = parent->extents[j].inside;
			uint64_t end = start + parent->extents[j].count;

			require(to <= start || from >= end || (from >= start && to <= end));
		}
	}
}

static void check_laws(struct inputs *in)
{
	struct idmap out, again;
	uint32_t missing, id;
	char *text;

	require(!idmap_compose(&in->a, &in->x, &in->y, &out));
	require(!idmap_validate(&out, "composed", NULL) || out.count > IDMAP_MAX_EXTENTS);
	at_edges(in, &in->x, check_composed, &out);
	at_edges(in, &out, check_composed, &out);

	require(!idmap_normalize(&in->a, &in->x, &out));
	require(!idmap_validate(&out, "normalized", NULL) && out.count <= in->x.count);
	at_edges(in, &in->x, check_same, &out);

	require(!idmap_split(&in->a, &in->x, &in->y, &out));
	at_edges(in, &in->x, check_same, &out);
	require_split(&out, &in->y);
	require(!idmap_normalize(&in->a, &out, &again));
	require(again.count <= in->x.count);

	require(!idmap_intersect(&in->a, &in->x, &in->ranges, &out));
	require(idmap_within(&out, &in->ranges, &missing));
	at_edges(in, &in->x, check_cut, &out);
	at_edges(in, &out, check_cut, &out);
	if (!idmap_within(&in->x, &in->ranges, &missing))
		require(idmap_up(&in->x, missing, &id) && !in_ranges(&in->ranges, missing));

	if (!idmap_shift(&in->a, &in->x, 1000, &out))
		require(!idmap_validate(&out, "shifted", NULL));

	text = idmap_format(&in->a, &in->x);
	require(text && !parse_proc_map(&in->a, text, &again) && again.count == in->x.count);
	at_edges(in, &in->x, check_same, &again);
}

/* The part up to a line "-"; *text is behind it. */
static char *part(char **text)
{
	char *from = *text, *end = strstr(from, "-\n");

	if (end) {
		*end = '\0';
		*text = end + 2;
	} else {
		*text = from + strlen(from);
	}
	return from;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct inputs in = {0};
	struct rootlet_error err = {0};
	struct spec_map_entry entry;
	char *text = fuzz_string(data, size), *rest = text;
	bool good;
	int r;

	arena_init(&in.a);
	r = parse_map_entry(text, "--uidmap", &entry, &err);
	require_message(r, &err);
	require(r || (entry.count && (uint64_t)entry.container + entry.count - 1 <= ID_MAX &&
		      (uint64_t)entry.host + entry.count - 1 <= ID_MAX));

	good = !parse_proc_map(&in.a, part(&rest), &in.x) &&
	       !parse_proc_map(&in.a, part(&rest), &in.y);
	require(!parse_subid_file(&in.a, rest, "u", 1000, &in.ranges));
	for (size_t i = 0; i < in.ranges.count; i++)
		require(in.ranges.ranges[i].count &&
			(uint64_t)in.ranges.ranges[i].start + in.ranges.ranges[i].count - 1 <=
				ID_MAX);
	if (good) {
		err = (struct rootlet_error){0};
		r = idmap_validate(&in.x, "x", &err);
		require_message(r, &err);
		if (!r && !idmap_validate(&in.y, "y", NULL))
			check_laws(&in);
	}
	arena_release(&in.a);
	free(text);
	return 0;
}
