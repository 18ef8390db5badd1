/* Who may do what with a file, and by which rule; when a setuid bit counts. */
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

#define test(function) cmocka_unit_test_teardown(function, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(access__each_rule_decides_in_its_turn),
		test(access__a_list_decides_for_whom_it_names),
		test(setuid__counts_only_where_it_can),
	};

	return cmocka_run_group_tests_name("explain_access", tests, NULL, NULL);
}
