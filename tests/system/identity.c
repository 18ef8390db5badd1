/* Who is who: the identity modes, explicit maps, setgroups, groups, and rootlet inside rootlet. */
#include "harness.h"

#define MAPS "cat /proc/self/uid_map /proc/self/gid_map | tr -s ' '"

static void identity__ranges_map_the_caller_and_the_subordinate_ids(void **state)
{
	expect_out(shell("$R run --userns ranges / sh -c \"" MAPS "; id -u; id -g; id -G; cat /proc/self/setgroups\""),
		   " 0 $UID 1\n 1 $SUB $SUBCOUNT\n 0 $GID 1\n 1 $SUBGID $SUBCOUNT\n0\n0\n0\nallow\n");
}

static void identity__ranges_are_the_default(void **state)
{
	expect_out(shell("$R run / cat /proc/self/uid_map | tr -s ' '"), " 0 $UID 1\n 1 $SUB $SUBCOUNT\n");
}

static void identity__single_maps_the_caller_alone_and_denies_setgroups(void **state)
{
	expect_out(shell("$R run --userns single / sh -c \"" MAPS "; id -u; cat /proc/self/setgroups\""),
		   " 0 $UID 1\n 0 $GID 1\n0\ndeny\n");
}

static void identity__keep_id_keeps_the_callers_ids(void **state)
{
	expect_out(shell("$R run --userns keep-id / sh -c 'id -u; id -g; cat /proc/self/uid_map | tr -s \" \"'"),
		   "$UID\n$GID\n 0 $SUB $UID\n $UID $UID 1\n"
		   /* the rest of the range follows the caller's id */
		   " " /* start */);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		test(identity__ranges_map_the_caller_and_the_subordinate_ids),
		test(identity__ranges_are_the_default),
		test(identity__single_maps_the_caller_alone_and_denies_setgroups),
		test(identity__keep_id_keeps_the_callers_ids),
	};

	return harness_main("identity", tests, sizeof(tests) / sizeof(tests[0]));
}
