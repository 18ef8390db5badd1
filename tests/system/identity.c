/* Who is who: the identity modes, explicit maps, setgroups, users, and rootlet inside rootlet. What
 * needs root to set the scene (further groups, two ranges) is in ../fault/as_root.c. */
#include "harness.h"

#include <stdio.h>

#define UID_MAP "cat /proc/self/uid_map | tr -s \" \""
#define MAPS	"cat /proc/self/uid_map /proc/self/gid_map | tr -s \" \""

static void identity__ranges_map_the_caller_and_the_subordinate_ids(void **state)
{
	expect_out(
		shell("$R run --userns ranges / sh -c '" MAPS
		      "; id -u; id -g; id -G; cat /proc/self/setgroups'"),
		" 0 $UID 1\n 1 $SUB $SUBCOUNT\n 0 $GID 1\n 1 $SUBGID $SUBCOUNT\n0\n0\n0\nallow\n");
}

static void identity__ranges_are_the_default(void **state)
{
	expect_out(shell("$R run / sh -c '" UID_MAP "'"), " 0 $UID 1\n 1 $SUB $SUBCOUNT\n");
}

static void identity__single_maps_the_caller_alone_and_denies_setgroups(void **state)
{
	expect_out(
		shell("$R run --userns single / sh -c '" MAPS "; id -u; cat /proc/self/setgroups'"),
		" 0 $UID 1\n 0 $GID 1\n0\ndeny\n");
}

static void identity__keep_id_keeps_the_callers_ids(void **state)
{
	expect_out(shell("$R run --userns keep-id / sh -c 'id -u; id -g; " UID_MAP "' | head -n 4"),
		   "$UID\n$GID\n 0 $SUB $UID\n $UID $UID 1\n");
	/* what follows the caller's id inside goes on where the range was left */
	expect_out(shell("$R run --userns keep-id / sh -c '" UID_MAP
			 "' | awk 'NR == 3 { print $1 - '$UID', $2 - '$UID' }'"),
		   "1 $SUB\n");
}

static void identity__keep_id_takes_other_ids(void **state)
{
	expect_out(
		shell("$R run --userns keep-id:uid=7,gid=8 / sh -c 'id -u; id -g; id -G; " UID_MAP
		      " | head -n 2'"),
		"7\n8\n8\n 0 $SUB 7\n 7 $UID 1\n");
}

static void identity__keep_id_writes_files_as_the_caller(void **state)
{
	expect_out(shell("$R run --userns keep-id -v \"$T:/mnt\" / touch /mnt/mine && stat -c '%u "
			 "%g' mine"),
		   "$UID $GID\n");
}

static void identity__uidmap_counts_as_podman_does(void **state)
{
	expect_out(shell("$R run --uidmap 0:1:10 --uidmap 10:0:1 / sh -c '" MAPS "'"),
		   " 0 $SUB 10\n 10 $UID 1\n 0 $SUBGID 10\n 10 $GID 1\n");
}

static void identity__gidmap_differs_from_uidmap(void **state)
{
	expect_out(shell("$R run --uidmap 0:0:1 --gidmap 0:0:1 --gidmap 5:1:3 / sh -c '" MAPS "'"),
		   " 0 $UID 1\n 0 $GID 1\n 5 $SUBGID 3\n");
}

static void identity__absolute_host_ids(void **state)
{
	expect_out(shell("first=$(awk -F: -v u=$USER '$1 == u { print $2; exit }' /etc/subuid); "
			 "$R run --uidmap 0:0:1 --uidmap 1:@$((first + 500)):5 / sh -c '" UID_MAP
			 "' | awk -v f=$first 'NR == 2 { print $1, $2 - f, $3 }'"),
		   "1 500 5\n");
}

static void identity__a_map_without_root_runs_as_its_first_id(void **state)
{
	expect_out(shell("$R run --uidmap 5:0:1 / sh -c 'id -u; id -g'"), "5\n5\n");
}

/* What was made inside by id N belongs outside to the subordinate id that the map says. */
static void identity__files_of_mapped_ids_belong_to_subordinate_ids_outside(void **state)
{
	expect_out(shell("mkdir d; $R run -v \"$T/d:/mnt\" / sh -c 'touch /mnt/a; chown 1:1 "
			 "/mnt/a; touch /mnt/b'; "
			 "stat -c %u d/a d/b"),
		   "$SUB\n$UID\n");
}

static void identity__user_by_number_name_and_group(void **state)
{
	static const struct {
		const char *user, *out;
	} rows[] = {
		{"5", "5 60"}, /* games' own group, from the root's passwd file */
		{"daemon", "1 1"},    {"daemon:bin", "1 2"}, {"5:6", "5 6"},
		{"12345", "12345 0"}, /* nobody in passwd: group 0, as docker has it */
		{"0", "0 0"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char wanted[64];
		const struct result *r = rootlet("run", "-u", rows[i].user, "/", "sh", "-c",
						 "echo $(id -u) $(id -g)");

		snprintf(wanted, sizeof(wanted), "%s\n", rows[i].out);
		expect_out(r, wanted);
	}
}

static void identity__user_gets_its_home_and_groups_from_the_roots_files(void **state)
{
	expect_out(
		shell("mkdir -p r/etc r/proc; for d in bin lib lib64 usr; do [ -e /$d ] && mkdir "
		      "-p r/$d; done; "
		      "printf 'root:x:0:0::/root:/bin/sh\\nann:x:42:43::/home/ann:/bin/sh\\n' "
		      ">r/etc/passwd; "
		      "printf 'ann:x:43:\\nwheel:x:50:bob,ann\\nother:x:51:anna\\n' >r/etc/group; "
		      "b=; for d in bin lib lib64 usr; do [ -e /$d ] && b=\"$b -v /$d:/$d:ro\"; "
		      "done; "
		      "$R run $b -u ann ./r sh -c 'echo $HOME $(id -u) $(id -G)'"),
		"/home/ann 42 43 50\n");
}

static void identity__a_name_of_digits_is_never_looked_up(void **state)
{
	expect_out(shell("mkdir -p r/etc; printf '7:x:0:0::/:/bin/sh\\n' >r/etc/passwd; "
			 "b=; for d in bin lib lib64 usr; do [ -e /$d ] && b=\"$b -v /$d:/$d:ro\"; "
			 "done; "
			 "$R run $b -u 7 ./r id -u"),
		   "7\n");
}

static void identity__setgroups_works_in_ranges_only(void **state)
{
	need_program("setpriv");
	expect_out(shell("$R run / setpriv --groups 5,6 id -G"), "0 5 6\n");
	expect_status(shell("$R run --userns single / setpriv --groups 5 id -G"), 127);
}

static void identity__nested_ranges_hand_on_every_id(void **state)
{
	expect_out(shell("$R run --privileged -v $R / $R run / sh -c '" UID_MAP "; id -u'"),
		   " 0 0 1\n 1 1 $SUBCOUNT\n0\n");
}

static void identity__nested_single(void **state)
{
	expect_out(
		shell("$R run --privileged -v $R / $R run --userns single / sh -c '" UID_MAP "'"),
		" 0 0 1\n");
	expect_out(shell("$R run --userns single --privileged -v $R / $R run --userns single / sh "
			 "-c '" UID_MAP "'"),
		   " 0 0 1\n");
}

/* The kernel refuses a new /proc where the outer one is masked; unmasked, nesting needs no
 * privilege. */
static void identity__nested_needs_an_unmasked_proc_only(void **state)
{
	/* the default filter keeps sethostname to the outer one's namespace */
	expect_out(shell("$R run --security-opt unmask=ALL -v $R / $R run --uts host / id -u"),
		   "0\n");
	expect_error_has(shell("$R run --security-opt unmask=ALL -v $R / $R run / id -u"), 125,
			 "--uts host");
	expect_error_has(shell("$R run -v $R / $R run / id -u"), 125, "unmask=ALL");
}

static void identity__nested_three_deep(void **state)
{
	expect_out(shell("$R run --privileged -v $R / $R run --privileged -v $R / $R run / sh -c "
			 "'" UID_MAP "'"),
		   " 0 0 1\n 1 1 $SUBCOUNT\n");
}

static void identity__joined_user_namespace(void **state)
{
	expect_out(
		shell("$R run --pidfile p / sleep 60 & for i in $(seq 500); do [ -s p ] && break; "
		      "sleep .01; done; "
		      "pid=$(cat p); a=$(readlink /proc/$pid/ns/user); "
		      "b=$($R run --userns ns:/proc/$pid/ns/user / readlink /proc/self/ns/user); "
		      "[ \"$a\" = \"$b\" ] && echo same; kill -KILL $pid; wait"),
		"same\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		test(identity__ranges_map_the_caller_and_the_subordinate_ids),
		test(identity__ranges_are_the_default),
		test(identity__single_maps_the_caller_alone_and_denies_setgroups),
		test(identity__keep_id_keeps_the_callers_ids),
		test(identity__keep_id_takes_other_ids),
		test(identity__keep_id_writes_files_as_the_caller),
		test(identity__uidmap_counts_as_podman_does),
		test(identity__gidmap_differs_from_uidmap),
		test(identity__absolute_host_ids),
		test(identity__a_map_without_root_runs_as_its_first_id),
		test(identity__files_of_mapped_ids_belong_to_subordinate_ids_outside),
		test(identity__user_by_number_name_and_group),
		test(identity__user_gets_its_home_and_groups_from_the_roots_files),
		test(identity__a_name_of_digits_is_never_looked_up),
		test(identity__setgroups_works_in_ranges_only),
		test(identity__nested_ranges_hand_on_every_id),
		test(identity__nested_single),
		test(identity__nested_needs_an_unmasked_proc_only),
		test(identity__nested_three_deep),
		test(identity__joined_user_namespace),
	};

	return harness_main("identity", tests, sizeof(tests) / sizeof(tests[0]));
}
