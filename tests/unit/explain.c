/* What explain judges, from fixtures: id maps as two readers see them, status, user lists, mounts,
 * and who may do what to a file by which rule. Drawing is in explain_draw.c. */
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

/* ---- access ---- */

enum { R = 1, W = 2, X = 4 };

static const struct {
	const char *name;
	uint32_t mode, uid, gid; /* the file's */
	uint32_t who, group;
	uint64_t caps;
	unsigned flags;
	int allowed;
	enum access_rule rules[ACCESS_KINDS];
} access_rows[] = {
#define OVERRIDE (UINT64_C(1) << CAP_DAC_OVERRIDE)
#define SEARCH	 (UINT64_C(1) << CAP_DAC_READ_SEARCH)
	{"owner",
	 0100640,
	 5,
	 6,
	 5,
	 9,
	 0,
	 0,
	 R | W,
	 {RULE_OWNER_BITS, RULE_OWNER_BITS, RULE_OWNER_BITS}},
	{"owner is denied though others may",
	 0100077,
	 5,
	 6,
	 5,
	 6,
	 0,
	 0,
	 0,
	 {RULE_OWNER_BITS, RULE_OWNER_BITS, RULE_OWNER_BITS}},
	{"group",
	 0100750,
	 5,
	 6,
	 7,
	 6,
	 0,
	 0,
	 R | X,
	 {RULE_GROUP_BITS, RULE_GROUP_BITS, RULE_GROUP_BITS}},
	{"group is denied though others may",
	 0100707,
	 5,
	 6,
	 7,
	 6,
	 0,
	 0,
	 0,
	 {RULE_GROUP_BITS, RULE_GROUP_BITS, RULE_GROUP_BITS}},
	{"further group",
	 0100060,
	 5,
	 42,
	 7,
	 6,
	 0,
	 0,
	 R | W,
	 {RULE_GROUP_BITS, RULE_GROUP_BITS, RULE_GROUP_BITS}},
	{"others",
	 0100644,
	 5,
	 6,
	 7,
	 8,
	 0,
	 0,
	 R,
	 {RULE_OTHER_BITS, RULE_OTHER_BITS, RULE_OTHER_BITS}},
	{"override",
	 0100000,
	 5,
	 6,
	 7,
	 8,
	 OVERRIDE,
	 0,
	 R | W,
	 {RULE_CAP_OVERRIDE, RULE_CAP_OVERRIDE, RULE_NO_EXEC_BIT}},
	{"override and an x bit",
	 0100001,
	 5,
	 6,
	 5,
	 8,
	 OVERRIDE,
	 0,
	 R | W | X,
	 {RULE_CAP_OVERRIDE, RULE_CAP_OVERRIDE, RULE_CAP_OVERRIDE}},
	{"override on a directory",
	 0040000,
	 5,
	 6,
	 7,
	 8,
	 OVERRIDE,
	 0,
	 R | W | X,
	 {RULE_CAP_OVERRIDE, RULE_CAP_OVERRIDE, RULE_CAP_OVERRIDE}},
	{"read and search",
	 0100000,
	 5,
	 6,
	 7,
	 8,
	 SEARCH,
	 0,
	 R,
	 {RULE_CAP_READ_SEARCH, RULE_OTHER_BITS, RULE_OTHER_BITS}},
	{"read and search on a directory",
	 0040000,
	 5,
	 6,
	 7,
	 8,
	 SEARCH,
	 0,
	 R | X,
	 {RULE_CAP_READ_SEARCH, RULE_OTHER_BITS, RULE_CAP_READ_SEARCH}},
#define NO_UID	  1
#define NO_GID	  2
#define READ_ONLY 4
#define IMMUTABLE 8
#define NOEXEC	  16
#define APPEND	  32
	{"owner not mapped",
	 0100600,
	 5,
	 6,
	 7,
	 8,
	 OVERRIDE,
	 NO_UID,
	 0,
	 {RULE_UNMAPPED, RULE_UNMAPPED, RULE_NO_EXEC_BIT}},
	{"group not mapped is as bad",
	 0100700,
	 5,
	 6,
	 7,
	 8,
	 OVERRIDE,
	 NO_GID,
	 0,
	 {RULE_UNMAPPED, RULE_UNMAPPED, RULE_UNMAPPED}},
	{"not mapped, but the bits allow",
	 0100604,
	 5,
	 6,
	 7,
	 8,
	 OVERRIDE,
	 NO_UID | NO_GID,
	 R,
	 {RULE_OTHER_BITS, RULE_UNMAPPED, RULE_NO_EXEC_BIT}},
	{"read-only",
	 0100777,
	 5,
	 6,
	 5,
	 6,
	 OVERRIDE,
	 READ_ONLY,
	 R | X,
	 {RULE_OWNER_BITS, RULE_READ_ONLY, RULE_OWNER_BITS}},
	{"read-only does not hold a device",
	 0020666,
	 5,
	 6,
	 5,
	 6,
	 0,
	 READ_ONLY,
	 R | W,
	 {RULE_OWNER_BITS, RULE_OWNER_BITS, RULE_OWNER_BITS}},
	{"immutable",
	 0100666,
	 5,
	 6,
	 5,
	 6,
	 OVERRIDE,
	 IMMUTABLE,
	 R,
	 {RULE_OWNER_BITS, RULE_IMMUTABLE, RULE_NO_EXEC_BIT}},
	{"append-only",
	 0100666,
	 5,
	 6,
	 5,
	 6,
	 0,
	 APPEND,
	 R | W,
	 {RULE_OWNER_BITS, RULE_APPEND_ONLY, RULE_OWNER_BITS}},
	{"noexec",
	 0100777,
	 5,
	 6,
	 5,
	 6,
	 OVERRIDE,
	 NOEXEC,
	 R | W,
	 {RULE_OWNER_BITS, RULE_OWNER_BITS, RULE_NOEXEC}},
	{"noexec lets search",
	 0040777,
	 5,
	 6,
	 5,
	 6,
	 0,
	 NOEXEC,
	 R | W | X,
	 {RULE_OWNER_BITS, RULE_OWNER_BITS, RULE_OWNER_BITS}},
};

static void access__each_rule_decides_in_its_turn(void **state)
{
	static const uint32_t further[] = {41, 42};

	for (size_t i = 0; i < sizeof(access_rows) / sizeof(access_rows[0]); i++) {
		unsigned flags = access_rows[i].flags;
		struct inode_seen inode = {
			.mode = access_rows[i].mode,
			.uid = access_rows[i].uid,
			.gid = access_rows[i].gid,
			.uid_mapped = !(flags & NO_UID),
			.gid_mapped = !(flags & NO_GID),
			.read_only = flags & READ_ONLY,
			.immutable = flags & IMMUTABLE,
			.noexec = flags & NOEXEC,
			.append_only = flags & APPEND,
		};
		struct asker who = {access_rows[i].who, access_rows[i].group, further, 2,
				    access_rows[i].caps};

		for (int k = 0; k < ACCESS_KINDS; k++) {
			struct verdict v = access_judge(&inode, &who, k);
			bool expected = access_rows[i].allowed >> k & 1;

			if (v.allowed != expected || v.rule != access_rows[i].rules[k])
				fail_msg("%s, %d: %s by %s, expected %s by %s", access_rows[i].name,
					 k, v.allowed ? "yes" : "no", access_rule_name(v.rule),
					 expected ? "yes" : "no",
					 access_rule_name(access_rows[i].rules[k]));
		}
	}
}

static void access__a_list_decides_for_whom_it_names(void **state)
{
	/* user:33:rw-, group:44:r--, mask r--, other r-- ; the file's group bits are the mask */
	static const unsigned char data[] = {
		2,    0, 0, 0, 1,   0,	 6,   0,   255,	 255, 255, 255, 2,   0,	  6,   0,  33, 0,
		0,    0, 4, 0, 0,   0,	 255, 255, 255,	 255, 8,   0,	4,   0,	  44,  0,  0,  0,
		0x10, 0, 4, 0, 255, 255, 255, 255, 0x20, 0,   4,   0,	255, 255, 255, 255};
	static const struct {
		uint32_t uid, gid;
		int allowed;
	} rows[] = {
		{33, 1, R},    /* rw-, cut by the mask */
		{7, 44, R},    /* a group that is named */
		{7, 6, 0},     /* the file's group gets nothing, and is not among the others */
		{7, 8, R},     /* the others */
		{5, 1, R | W}, /* the owner is not asked of the list */
	};
	struct acl_entry *list;
	struct inode_seen inode = {.mode = 0100644, .uid = 5, .gid = 6};
	size_t count;

	assert_int_equal(acl_parse(&arena, data, sizeof(data), &list, &count), 0);
	assert_int_equal(count, 6);
	inode.acl = list;
	inode.acl_count = count;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct asker who = {.uid = rows[i].uid, .gid = rows[i].gid};

		for (int k = 0; k < ACCESS_KINDS; k++)
			if (access_judge(&inode, &who, k).allowed != (rows[i].allowed >> k & 1))
				fail_msg("row %zu, access %d", i, k);
	}
	assert_int_equal(acl_parse(&arena, data, 11, &list, &count), -22);
	assert_int_equal(acl_parse(&arena, "\1\0\0\0", 4, &list, &count), -22);
}

static void setuid__counts_only_where_it_can(void **state)
{
	struct inode_seen inode = {.mode = 0104755, .uid_mapped = true, .gid_mapped = true};

	assert_int_equal(setuid_judge(&inode, S_ISUID, false), SETUID_WORKS);
	assert_int_equal(setuid_judge(&inode, S_ISUID, true), SETUID_NO_NEW_PRIVS);
	assert_int_equal(setuid_judge(&inode, S_ISGID, false), SETUID_NONE);
	inode.gid_mapped = false;
	assert_int_equal(setuid_judge(&inode, S_ISUID, false), SETUID_UNMAPPED);
	inode.nosuid = true;
	assert_int_equal(setuid_judge(&inode, S_ISUID, false), SETUID_NOSUID);
	inode.mode = 0100755;
	assert_int_equal(setuid_judge(&inode, S_ISUID, false), SETUID_NONE);
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
		test(access__each_rule_decides_in_its_turn),
		test(access__a_list_decides_for_whom_it_names),
		test(setuid__counts_only_where_it_can),
		test(caps__count_where_the_own_namespace_or_one_below_owns),
	};

	return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
