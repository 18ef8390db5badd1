/* The algebra of id maps: see src/spec/idmap.h. Maps are written as uid_map reads: "0 1000 1\n". */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "spec/idmap.h"

static struct arena arena;

static int setup(void **state)
{
	(void)state;
	arena_init(&arena);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static struct idmap map_of(const char *text)
{
	struct idmap map = {0};
	unsigned inside, outside, count;
	int used;

	while (sscanf(text, "%u %u %u%n", &inside, &outside, &count, &used) == 3) {
		assert_int_equal(idmap_add(&arena, &map, inside, outside, count), 0);
		text += used;
	}
	return map;
}

static struct id_ranges ranges_of(const char *text)
{
	struct id_ranges ranges = {0};
	unsigned start, count;
	int used;

	while (sscanf(text, "%u %u%n", &start, &count, &used) == 2) {
		assert_int_equal(
			arena_grow(&arena, &ranges.ranges, ranges.count, sizeof(*ranges.ranges)),
			0);
		ranges.ranges[ranges.count++] = (struct id_range){start, count};
		text += used;
	}
	return ranges;
}

#define assert_map(map, text) assert_string_equal(idmap_format(&arena, map), text)

static void idmap__formats_as_the_kernel_reads(void **state)
{
	struct idmap map = map_of("0 1000 1 1 100000 65536");
	struct idmap empty = {0};

	(void)state;
	assert_map(&map, "0 1000 1\n1 100000 65536\n");
	assert_map(&empty, "");
}

static void idmap__looks_up_both_ways(void **state)
{
	struct idmap map = map_of("0 1000 1 1 100000 65536 70000 4294967290 5");
	uint32_t id = 7;

	(void)state;
	assert_true(idmap_down(&map, 0, &id));
	assert_int_equal(id, 1000);
	assert_true(idmap_down(&map, 65536, &id));
	assert_int_equal(id, 165535);
	assert_true(idmap_down(&map, 70004, &id));
	assert_int_equal(id, 4294967294);
	assert_true(idmap_up(&map, 4294967294, &id));
	assert_int_equal(id, 70004);
	assert_true(idmap_up(&map, 100000, &id));
	assert_int_equal(id, 1);
	id = 7;
	assert_false(idmap_down(&map, 65537, &id));
	assert_false(idmap_down(&map, 70005, &id));
	assert_false(idmap_up(&map, 99999, &id));
	assert_false(idmap_up(&map, 1001, &id));
	assert_int_equal(id, 7);
}

static void idmap__validates(void **state)
{
	static const struct {
		const char *map, *id, *message; /* NULL: it is good */
	} rows[] = {
		{"", NULL, NULL},
		{"0 0 4294967295", NULL, NULL},
		{"4294967294 0 1", NULL, NULL},
		{"0 4294967294 1", NULL, NULL},
		{"0 0 10 10 10 10", NULL, NULL},
		{"0 5 0", "id-map-empty", "--uidmap 0:5:0: a count of 0 maps nothing"},
		{"4294967294 0 2", "id-map-range",
		 "--uidmap 4294967294:0:2: the inside ids go past 4294967294, the last one"},
		{"0 4294967295 1", "id-map-range",
		 "--uidmap 0:4294967295:1: the outside ids go past 4294967294, the last one"},
		{"0 1 4294967295", "id-map-range",
		 "--uidmap 0:1:4294967295: the outside ids go past 4294967294, the last one"},
		{"0 1000 10 9 2000 5", "id-map-overlap",
		 "--uidmap 0:1000:10 and 9:2000:5: both map the inside ids 9-9"},
		{"0 1000 10 20 1005 100", "id-map-overlap",
		 "--uidmap 0:1000:10 and 20:1005:100: both map the outside ids 1005-1009"},
		{"100 0 1 0 5 1 100 9 1", "id-map-overlap",
		 "--uidmap 100:0:1 and 100:9:1: both map the inside ids 100-100"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct idmap map = map_of(rows[i].map);
		struct rootlet_error err = {0};
		int r = idmap_validate(&map, "--uidmap", &err);

		assert_int_equal(r, rows[i].message ? -EINVAL : 0);
		if (!rows[i].message)
			continue;
		assert_string_equal(err.message, rows[i].message);
		assert_string_equal(err.id, rows[i].id);
		assert_string_equal(err.subject, "--uidmap");
	}
}

static void idmap__refuses_more_lines_than_the_kernel(void **state)
{
	struct idmap map = {0};
	struct rootlet_error err = {0};

	(void)state;
	for (uint32_t i = 0; i < IDMAP_MAX_EXTENTS; i++)
		idmap_add(&arena, &map, 2 * i, 2 * i, 1);
	assert_int_equal(idmap_validate(&map, "--gidmap", &err), 0);
	idmap_add(&arena, &map, 2 * IDMAP_MAX_EXTENTS, 2 * IDMAP_MAX_EXTENTS, 1);
	assert_int_equal(idmap_validate(&map, "--gidmap", &err), -EINVAL);
	assert_string_equal(err.message,
			    "--gidmap: 341 lines are more than the 340 that the kernel takes");
	assert_string_equal(err.id, "id-map-lines");
}

static void idmap__composes(void **state)
{
	static const struct {
		const char *inner, *outer, *result;
	} rows[] = {
		{"0 0 10", "0 1000 1 1 100000 65536", "0 1000 1\n1 100000 9\n"},
		{"0 65530 100", "0 1000 1 1 100000 65536", "0 165529 7\n"},
		{"0 5 1", "10 0 5", ""},
		{"0 0 4294967295", "5 7 4294967200", "5 7 4294967200\n"},
		{"7 4294967294 1", "0 0 4294967295", "7 4294967294 1\n"},
		{"0 10 20", "20 300 10 10 200 10", "0 200 10\n10 300 10\n"},
		{"0 10 20", "20 210 10 10 200 10", "0 200 20\n"},
		{"", "0 0 1", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct idmap inner = map_of(rows[i].inner), outer = map_of(rows[i].outer), out;

		assert_int_equal(idmap_compose(&arena, &inner, &outer, &out), 0);
		assert_map(&out, rows[i].result);
	}
}

static void idmap__intersects(void **state)
{
	static const struct {
		const char *map, *ranges, *result;
	} rows[] = {
		{"0 100 10", "100 10", "0 100 10\n"},
		{"0 100 10", "105 100", "5 105 5\n"},
		{"0 100 10", "0 103 107 1", "0 100 3\n7 107 1\n"},
		{"0 100 10", "", ""},
		{"0 100 10", "100 0 102 1", "2 102 1\n"},
		/* neighbours stay apart: a line must not leave its range */
		{"0 100 10", "100 5 105 5", "0 100 5\n5 105 5\n"},
		/* overlapping ranges give no id twice */
		{"0 100 10", "100 6 103 7", "0 100 6\n6 106 4\n"},
		{"0 4294967290 5", "4294967294 1", "4 4294967294 1\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct idmap map = map_of(rows[i].map), out;
		struct id_ranges ranges = ranges_of(rows[i].ranges);

		assert_int_equal(idmap_intersect(&arena, &map, &ranges, &out), 0);
		assert_map(&out, rows[i].result);
	}
}

static void idmap__shifts_up_to_the_last_id(void **state)
{
	struct idmap map = map_of("0 1000 1 10 5 2");
	struct idmap out = {0};

	(void)state;
	assert_int_equal(idmap_shift(&arena, &map, 100, &out), 0);
	assert_map(&out, "100 1000 1\n110 5 2\n");
	assert_int_equal(idmap_shift(&arena, &map, 4294967283, &out), 0);
	assert_map(&out, "4294967283 1000 1\n4294967293 5 2\n");
	assert_int_equal(idmap_shift(&arena, &map, 4294967284, &out), -ERANGE);
	assert_map(&out, "4294967283 1000 1\n4294967293 5 2\n");
}

static void idmap__splits_at_parent_extents(void **state)
{
	static const struct {
		const char *map, *parent, *result;
	} rows[] = {
		{"0 0 10", "0 1000 1 1 100000 65536", "0 0 1\n1 1 9\n"},
		{"0 0 10", "0 0 4294967295", "0 0 10\n"},
		{"0 5 10", "0 1 10 10 50 10", "0 5 5\n5 10 5\n"},
		/* what the parent does not map is a piece of its own */
		{"0 0 10", "2 0 3", "0 0 2\n2 2 3\n5 5 5\n"},
		{"0 0 10", "", "0 0 10\n"},
		{"5 4294967290 5", "4294967294 0 1 0 1 4294967294",
		 "5 4294967290 4\n9 4294967294 1\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct idmap map = map_of(rows[i].map), parent = map_of(rows[i].parent), out;

		assert_int_equal(idmap_split(&arena, &map, &parent, &out), 0);
		assert_map(&out, rows[i].result);
	}
}

static void idmap__names_the_first_id_not_granted(void **state)
{
	struct idmap map = map_of("0 100 10 10 200 1");
	struct id_ranges all = ranges_of("105 10 100 5 200 1");
	struct id_ranges gap = ranges_of("100 5 106 4 200 1");
	struct id_ranges none = {0};
	uint32_t missing = 0;

	(void)state;
	assert_true(idmap_within(&map, &all, &missing));
	assert_int_equal(missing, 0);
	assert_false(idmap_within(&map, &gap, &missing));
	assert_int_equal(missing, 105);
	assert_false(idmap_within(&map, &none, &missing));
	assert_int_equal(missing, 100);
}

static void idmap__normalizes(void **state)
{
	struct idmap map = map_of("10 110 5 0 100 5 5 105 5 20 115 1 15 115 1");
	struct idmap out;

	(void)state;
	assert_int_equal(idmap_normalize(&arena, &map, &out), 0);
	assert_map(&out, "0 100 16\n20 115 1\n");
	/* the input is as it was, and the result can grow */
	assert_map(&map, "10 110 5\n0 100 5\n5 105 5\n20 115 1\n15 115 1\n");
	for (uint32_t i = 0; i < 9; i++)
		assert_int_equal(idmap_add(&arena, &out, 100 + i, 2 * i, 1), 0);
	assert_int_equal(out.count, 11);
	assert_int_equal(out.extents[1].outside, 115);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(idmap__formats_as_the_kernel_reads),
		cmocka_unit_test(idmap__looks_up_both_ways),
		cmocka_unit_test(idmap__validates),
		cmocka_unit_test(idmap__refuses_more_lines_than_the_kernel),
		cmocka_unit_test(idmap__composes),
		cmocka_unit_test(idmap__intersects),
		cmocka_unit_test(idmap__shifts_up_to_the_last_id),
		cmocka_unit_test(idmap__splits_at_parent_extents),
		cmocka_unit_test(idmap__names_the_first_id_not_granted),
		cmocka_unit_test(idmap__normalizes),
	};

	return cmocka_run_group_tests_name("idmap", tests, setup, teardown);
}
