/* What explain judges, from fixtures: id maps as two readers see them, status, user lists, mounts.
 * Who may do what to a file is explain_access.c, drawing explain_draw.c. */
#include "explain/explain.h"
#include "explain/read.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <linux/capability.h>

static struct arena arena;

static int teardown(void **state)
{
	arena_release(&arena);
	return 0;
}

static struct idmap map_of(const char *text)
{
	struct shown_map m;

	assert_int_equal(map_parse(&arena, text, &m), 0);
	return m.map;
}

static void expect_map(const struct idmap *map, const char *text)
{
	assert_string_equal(idmap_format(&arena, map), text);
}

/* ---- maps ---- */

static void map__is_read_as_the_kernel_pads_it(void **state)
{
	struct shown_map m;

	assert_int_equal(
		map_parse(&arena,
			  "         0       1001          1\n         1     100000      65536\n",
			  &m),
		0);
	expect_map(&m.map, "0 1001 1\n1 100000 65536\n");
	assert_int_equal(m.hidden.count, 0);
}

static void map__ids_that_the_reader_lacks_are_kept_apart(void **state)
{
	struct shown_map m;

	assert_int_equal(map_parse(&arena, "0 4294967295 1\n1 5 2\n", &m), 0);
	expect_map(&m.map, "1 5 2\n");
	assert_int_equal(m.hidden.count, 1);
	assert_int_equal(m.hidden.extents[0].inside, 0);
}

static void map__broken_text_is_refused(void **state)
{
	static const char *const bad[] = {"0 1\n",     "a b c\n", "0 1 4294967296\n",
					  "0 1 2 3\n", "\n",	  "0 -1 2\n"};
	struct shown_map m;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (map_parse(&arena, bad[i], &m) == 0)
			fail_msg("accepted: %s", bad[i]);
}

static void map__between_child_and_parent_is_computed(void **state)
{
	/* here → parent: 0 is 1001, 1… are 100000…; the child maps its 0 to the parent's 33, and
	 * its 1-10 to the parent's 1000-1009, which is what the file says inside. */
	static const struct {
		const char *child, *parent, *expected;
	} rows[] = {
		{"0 100032 1\n1 100999 10\n", "0 1001 1\n1 100000 65536\n", "0 33 1\n1 1000 10\n"},
		{"0 1001 1\n", "0 1001 1\n", "0 0 1\n"},
		{"0 1001 1\n", "1001 1001 1\n", "0 1001 1\n"},
		{"0 7 1\n", "0 1001 1\n", ""},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct idmap child = map_of(rows[i].child), parent = map_of(rows[i].parent), out;

		assert_int_equal(map_between(&arena, &child, &parent, &out), 0);
		expect_map(&out, rows[i].expected);
	}
}

static void map__an_id_that_is_not_mapped_is_nobody(void **state)
{
	struct idmap map = map_of("0 1001 1\n1 100000 65536\n");
	static struct id_pair mapped, other, same;

	mapped = map_pair(&map, false, 100032);
	other = map_pair(&map, false, 0);
	same = map_pair(&map, true, 0);
	assert_true(mapped.mapped);
	assert_int_equal(mapped.inside, 33);
	assert_false(other.mapped);
	assert_int_equal(other.inside, 65534);
	assert_true(same.mapped);
	assert_int_equal(same.inside, 0);
}

/* ---- status ---- */

static const char status_text[] = "Name:\tsleep\nUmask:\t0022\nState:\tS (sleeping)\nPPid:\t4710\n"
				  "Uid:\t1001\t1001\t1001\t1001\nGid:\t1001\t1002\t1003\t1004\n"
				  "Groups:\t4 24 1001 \nNSpid:\t4711\t3\t1\n"
				  "CapInh:\t0000000000000000\nCapPrm:\t00000000a80425fb\n"
				  "CapEff:\t0000000000000003\nCapBnd:\t000001ffffffffff\n"
				  "CapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n"
				  "Seccomp_filters:\t3\n";

static void status__is_read(void **state)
{
	struct status s;

	assert_int_equal(status_parse(&arena, status_text, &s), 0);
	assert_string_equal(s.name, "sleep");
	assert_int_equal(s.ppid, 4710);
	assert_int_equal(s.uid[3], 1001);
	assert_int_equal(s.gid[3], 1004);
	assert_int_equal(s.group_count, 3);
	assert_int_equal(s.groups[1], 24);
	assert_int_equal(s.nspid_count, 3);
	assert_int_equal(s.nspid[0], 4711);
	assert_int_equal(s.nspid[2], 1);
	assert_true(s.caps[CAPS_EFFECTIVE] == 3);
	assert_true(s.caps[CAPS_BOUNDING] == 0x1ffffffffff);
	assert_int_equal(s.no_new_privs, 1);
	assert_int_equal(s.seccomp, 2);
	assert_int_equal(s.seccomp_filters, 3);
}

/* A process chooses its name; the kernel escapes the newline, so a field cannot be forged. */
static void status__a_name_is_not_a_field(void **state)
{
	struct status s;

	assert_int_equal(
		status_parse(&arena,
			     "Name:\tx Uid: 0\\nUid:\t0\nUid:\t5\t5\t5\t5\nGid:\t6\t6\t6\t6\n", &s),
		0);
	assert_string_equal(s.name, "x Uid: 0\\nUid:\t0");
	assert_int_equal(s.uid[0], 5);
	assert_int_equal(s.no_new_privs, -1);
	assert_int_equal(s.group_count, 0);
	assert_int_equal(status_parse(&arena, "Name:\tx\n", &s), -22);
}

/* ---- user lists ---- */

static void users__names_and_groups_are_found(void **state)
{
	static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n\nbroken:x\nbad:x:9q:1:::\n"
				     "dev:x:1001:1002::/home/dev:/bin/sh\n";
	static const char groups[] =
		"root:x:0:\nadm:x:4:dev\nwheel:x:10:devel,dev\nno:x:11:devel\n";
	uint32_t uid, gid, *list = NULL;
	size_t count = 0;
	char name[16];

	assert_true(users_name(passwd, 1001, name, sizeof(name)));
	assert_string_equal(name, "dev");
	assert_false(users_name(passwd, 9, name, sizeof(name)));
	assert_true(users_find(passwd, "dev", &uid, &gid));
	assert_int_equal(uid, 1001);
	assert_int_equal(gid, 1002);
	assert_false(users_find(passwd, "de", &uid, &gid));
	assert_false(users_find(passwd, "broken", &uid, &gid));
	assert_true(users_group_of(passwd, 1001, &gid));
	assert_int_equal(gid, 1002);
	assert_int_equal(users_groups(&arena, groups, "dev", &list, &count), 0);
	assert_int_equal(count, 2);
	assert_int_equal(list[0], 4);
	assert_int_equal(list[1], 10);
}

/* ---- mounts ---- */

static void mounts__a_file_is_found_below_a_bind(void **state)
{
	const char *text =
		"21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
		"22 21 8:1 /home/dev/my\\040files /mnt ro,nosuid,idmapped - ext4 /dev/sda1 rw\n";
	struct mount_line m;

	assert_int_equal(mount_line_next(&arena, &text, &m), 1);
	assert_int_equal(m.id, 21);
	assert_int_equal(m.major, 8);
	assert_false(m.idmapped);
	assert_string_equal(mount_inner(&arena, &m, "/home/dev/my files/a"),
			    "/home/dev/my files/a");
	assert_int_equal(mount_line_next(&arena, &text, &m), 1);
	assert_true(m.idmapped);
	assert_string_equal(mount_path(&arena, &m, "/home/dev/my files/a"), "/mnt/a");
	assert_string_equal(mount_path(&arena, &m, "/home/dev/my files"), "/mnt");
	assert_null(mount_path(&arena, &m, "/home/dev/my filesystem"));
	assert_string_equal(mount_inner(&arena, &m, "/mnt/a"), "/home/dev/my files/a");
	assert_int_equal(mount_line_next(&arena, &text, &m), 0);
}

/* ---- what capabilities are worth ---- */

static void caps__count_where_the_own_namespace_or_one_below_owns(void **state)
{
	struct userns nodes[] = {{.inode = 100, .parent = -1},
				 {.inode = 200, .parent = 0},
				 {.inode = 300, .parent = 1},
				 {.inode = 400, .parent = 0}};
	struct process_view v = {.node = 1, .tree = {.nodes = nodes, .count = 4}};
	static const struct {
		uint64_t owner;
		int error, expected;
	} rows[] = {{200, 0, 1}, {300, 0, 1},	 {100, 0, 0},
		    {400, 0, 0}, {0, -EPERM, 0}, {0, -EACCES, -1}};

	v.ns[NS_USER].its.inode = 200;
	v.ns[NS_MNT].its.inode = 1;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		v.ns[NS_MNT].owner = (struct ns_seen){rows[i].error, rows[i].owner};
		if (caps_reach(&v, NS_MNT) != rows[i].expected)
			fail_msg("row %zu: %d", i, caps_reach(&v, NS_MNT));
	}
	assert_int_equal(caps_on_host(&v), 0);
	v.ns[NS_USER].its.inode = 0xEFFFFFFD;
	assert_int_equal(caps_on_host(&v), 1);
	v.ns[NS_USER].its.error = -EACCES;
	assert_int_equal(caps_on_host(&v), -1);
}

#define test(function) cmocka_unit_test_teardown(function, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(map__is_read_as_the_kernel_pads_it),
		test(map__ids_that_the_reader_lacks_are_kept_apart),
		test(map__broken_text_is_refused),
		test(map__between_child_and_parent_is_computed),
		test(map__an_id_that_is_not_mapped_is_nobody),
		test(status__is_read),
		test(status__a_name_is_not_a_field),
		test(users__names_and_groups_are_found),
		test(mounts__a_file_is_found_below_a_bind),
		test(caps__count_where_the_own_namespace_or_one_below_owns),
	};

	return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
