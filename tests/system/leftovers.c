/* After any ordinary end nothing stays: no mount, process, zombie, descriptor, key, cgroup or file.
 * The harness counts processes after every run; here everything is counted around many ends of many
 * kinds. */
#include "harness.h"

#include <stdio.h>
#include <string.h>

static void same_holdings(struct holdings before, const char *what)
{
	struct holdings now = holdings_count();

	/* The kernel collects dead keys when it finds the time, and other tests of this user make
	 * some. */
	if (now.keys > before.keys && now.keys < before.keys + 30)
		now.keys = before.keys;
	if (now.keys < before.keys)
		now.keys = before.keys;
	if (memcmp(&before, &now, sizeof(now)) == 0)
		return;
	fail_msg("%s: mounts %d → %d, children %d → %d, fds %d → %d, keys %d → %d, cgroups %d → "
		 "%d, files %d → %d",
		 what, before.mounts, now.mounts, before.children, now.children, before.fds,
		 now.fds, before.keys, now.keys, before.cgroups, now.cgroups, before.files,
		 now.files);
}

static void leftovers__none_after_any_end(void **state)
{
	static const char *const scripts[] = {
		"$R run / true",
		"$R run / sh -c 'exit 9'; true",
		"$R run / sh -c 'kill -KILL $$'; true",
		"$R run --no-init / true",
		"$R run --pid host / sh -c 'sleep 90 & true'",
		"$R run --userns single / true",
		"$R run --privileged / sh -c 'mount -t tmpfs none /mnt; mkdir /mnt/x; sleep 91 & "
		"true'",
		"$R run --timeout 1 / sleep 92; true",
		"$R run / no-such-command 2>/dev/null; true",
		"$R run -w /nowhere / true 2>/dev/null; true",
		"$R run -v ./nowhere:/mnt / true 2>/dev/null; true",
		"$R run -v $T:/mnt / ls /mnt >/dev/null",
		"$R run --pidfile $T/p / sleep 0.5",
		"$R unshare -CimnpuT true",
		"$R unshare true",
		"$R run --ipc host / true",
		"$R run -u nosuch / true 2>/dev/null; true",
	};

	shell("$R run / true"); /* whatever the first run of all makes, once */
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		struct holdings before = holdings_count();

		expect_status(shell(scripts[i]), 0);
		same_holdings(before, scripts[i]);
	}
}

static void leftovers__none_after_a_hundred_runs(void **state)
{
	struct holdings before = holdings_count();

	expect_status(shell("for i in $(seq 50); do $R run / sh -c 'true & true' || exit; $R run "
			    "--userns single --no-init / true || exit; done"),
		      0);
	same_holdings(before, "100 runs");
}

/* Nothing but the mount points that were missing stays in a directory root; with an overlay not
 * even these. */
static void leftovers__only_mount_points_in_a_directory_root(void **state)
{
	expect_out(shell("mkdir r; B=; for d in bin lib lib32 lib64 sbin usr; do [ -e /$d ] && { "
			 "mkdir -p r/$d; B=\"$B -v /$d:/$d:ro\"; }; done; "
			 "find r | sort >before; $R run --overlay $B ./r true; find r | sort | "
			 "diff before - && echo same; "
			 "$R run $B ./r true; find r | sort | diff before - | sed -n 's/^> //p'; "
			 "cat r/etc/* | wc -c"),
		   "same\nr/dev\nr/etc\nr/etc/hostname\nr/etc/hosts\nr/etc/resolv.conf\nr/proc\nr/"
		   "sys\n0\n");
}

static void leftovers__no_files_in_the_usual_places(void **state)
{
	expect_out(shell("l() { find /tmp /var/tmp /dev/shm /run/user/$(id -u) $HOME -xdev -newer "
			 "$T/mark -user $(id -u) "
			 "-not -path \"/tmp/rootlet-test-*\" -not -path \"*/.cache/*\" -iname "
			 "\"*rootlet*\" 2>/dev/null; }; touch mark; sleep 0.05; "
			 "$R run / true; $R run --timeout 1 / sleep 9; l; true"),
		   "");
}

/* The harness must be able to fail: a process that nobody waits for is seen. */
static void leftovers__harness_sees_what_is_left(void **state)
{
	const struct result *r = shell_leaving("(sleep 93 & )", 0);

	assert_int_equal(r->alive, 1);
	r = shell_leaving("(sleep 0.3 & )",
			  5000); /* it outlives the shell, which might else reap it */
	assert_int_equal(r->handed, 1);
	struct holdings before = holdings_count();

	shell("touch file");
	assert_int_equal(holdings_count().files, before.files + 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		test(leftovers__harness_sees_what_is_left),
		test(leftovers__none_after_any_end),
		test(leftovers__none_after_a_hundred_runs),
		test(leftovers__only_mount_points_in_a_directory_root),
		test(leftovers__no_files_in_the_usual_places),
	};

	return harness_main("leftovers", tests, sizeof(tests) / sizeof(tests[0]));
}
