/* Namespaces: private, the host's, joined by path; and what is set up inside each. */
#include "harness.h"

#include <stdio.h>

/* In the test directory: a container that lives until it is killed; $P is its first process. */
#define HOLDER                                                                                     \
	"$R run --pidfile p / sleep 60 & "                                                         \
	"for i in $(seq 500); do [ -s p ] && break; sleep .01; done; P=$(cat p); "
#define END_HOLDER "; kill -KILL $P; wait"

static const char *const private_by_default[] = {"user", "pid", "mnt",	 "uts",
						 "ipc",	 "net", "cgroup"};

static void namespaces__are_private_by_default_but_time(void **state)
{
	for (size_t i = 0; i < 7; i++) {
		char script[256];

		snprintf(script, sizeof(script),
			 "[ $(readlink /proc/self/ns/%s) != $($R run / readlink /proc/self/ns/%s) "
			 "] && echo own",
			 private_by_default[i], private_by_default[i]);
		expect_out(shell(script), "own\n");
	}
	expect_out(shell("[ $(readlink /proc/self/ns/time) = $($R run / readlink "
			 "/proc/self/ns/time) ] && echo host"),
		   "host\n");
}

static const struct {
	const char *flag, *type;
} flags[] = {{"--pid", "pid"},	       {"--uts", "uts"},     {"--ipc", "ipc"},
	     {"--cgroupns", "cgroup"}, {"--network", "net"}, {"--net", "net"}};

static void namespaces__host_is_the_hosts_and_only_that_one(void **state)
{
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		char script[512];

		snprintf(script, sizeof(script),
			 "h() { readlink /proc/self/ns/$1; }; for n in pid uts ipc cgroup net; do "
			 "[ $(h $n) = $($R run %s host / readlink /proc/self/ns/$n) ] && echo $n; "
			 "done; true",
			 flags[i].flag);
		char wanted[32];

		snprintf(wanted, sizeof(wanted), "%s\n", flags[i].type);
		expect_out(shell(script), wanted);
	}
}

/* Joining any of them joins the user namespace that owns it too. */
static void namespaces__joined_by_path(void **state)
{
	for (size_t i = 0; i < 5; i++) {
		char script[1024];

		snprintf(script, sizeof(script),
			 HOLDER "for n in pid uts ipc cgroup net; do [ $(readlink /proc/$P/ns/$n) "
				"= $($R run "
				"--userns ns:/proc/$P/ns/user %s ns:/proc/$P/ns/%s / readlink "
				"/proc/self/ns/$n) ] "
				"&& echo $n; done" END_HOLDER,
			 flags[i].flag, flags[i].type);
		char wanted[32];

		snprintf(wanted, sizeof(wanted), "%s\n", flags[i].type);
		expect_out(shell(script), wanted);
	}
}

static void namespaces__joining_leaves_no_process(void **state)
{
	/* the joiner is reaped: the harness counts it otherwise */
	expect_out(shell(HOLDER "$R run --userns ns:/proc/$P/ns/user --network ns:/proc/$P/ns/net "
				"/ echo in" END_HOLDER),
		   "in\n");
}

static void namespaces__a_missing_namespace_file_is_named(void **state)
{
	expect_error_has(rootlet("run", "--network", "ns:/nowhere/net", "/", "true"), 125,
			 "/nowhere/net");
}

static void namespaces__loopback_is_up(void **state)
{
	expect_out(
		shell("$R run / sh -c 'cat /proc/net/dev | tail -n +3 | cut -d: -f1 | tr -d \" \"; "
		      "cat /sys/class/net/lo/operstate; cat /sys/class/net/lo/flags'"),
		"lo\nunknown\n0x9\n"); /* IFF_UP | IFF_LOOPBACK */
}

static void namespaces__anybody_may_ping(void **state)
{
	need_program("ping");
	expect_status(shell("$R run -u 5 / ping -c 1 -W 5 127.0.0.1"), 0);
	expect_status(shell("$R run --userns single / ping -c 1 -W 5 127.0.0.1"), 0);
	/* it is the setting, not a capability of ping's */
	expect_out(shell("$R run / cat /proc/sys/net/ipv4/ping_group_range"), "0\t65536\n");
}

static void namespaces__hostname(void **state)
{
	expect_out(shell("$R run -h box / sh -c 'hostname; echo $HOSTNAME; cat /etc/hostname; grep "
			 "-c box /etc/hosts'"),
		   "box\nbox\nbox\n1\n");
	expect_out(shell("before=$(hostname); $R run -h box / true; [ $(hostname) = $before ] && "
			 "echo kept"),
		   "kept\n");
	expect_out(rootlet("run", "/", "hostname"), "rootlet\n");
}

static void namespaces__domainname(void **state)
{
	expect_out(rootlet("run", "--domainname", "dom", "/", "cat", "/proc/sys/kernel/domainname"),
		   "dom\n");
}

static void namespaces__host_uts_keeps_the_hosts_name(void **state)
{
	expect_out(shell("[ $($R run --uts host / cat /proc/sys/kernel/hostname) = $(hostname) ] "
			 "&& echo same"),
		   "same\n");
}

static void namespaces__time_offsets_move_the_clocks(void **state)
{
	if (shell("[ -e /proc/self/ns/time ]")->status)
		skip_because("this kernel has no time namespaces");
	expect_out(shell("a=$(cut -d. -f1 /proc/uptime); b=$($R run --boottime 100000 / cut -d. "
			 "-f1 /proc/uptime); "
			 "[ $((b - a)) -ge 100000 ] && [ $((b - a)) -lt 100060 ] && echo moved"),
		   "moved\n");
	expect_out(shell("$R run --boottime 100000 --monotonic 5000 / cat "
			 "/proc/self/timens_offsets | tr -s ' '"),
		   "monotonic 5000 0\nboottime 100000 0\n");
	expect_out(shell("[ $(readlink /proc/self/ns/time) != $($R run --time private / readlink "
			 "/proc/self/ns/time) ] && echo own"),
		   "own\n");
	expect_out(shell("$R unshare -T --monotonic 77 sh -c 'cat /proc/self/timens_offsets' | tr "
			 "-s ' ' | head -n 1"),
		   "monotonic 77 0\n");
}

static void namespaces__sysctls_are_the_containers_own(void **state)
{
	expect_out(shell("before=$(cat /proc/sys/net/ipv4/ip_default_ttl /proc/sys/kernel/shmmni); "
			 "$R run --sysctl net.ipv4.ip_default_ttl=33 --sysctl kernel.shmmni=77 / "
			 "cat /proc/sys/net/ipv4/ip_default_ttl /proc/sys/kernel/shmmni; "
			 "[ \"$before\" = \"$(cat /proc/sys/net/ipv4/ip_default_ttl "
			 "/proc/sys/kernel/shmmni)\" ] && echo kept"),
		   "33\n77\nkept\n");
}

static void namespaces__host_pid_shows_the_hosts_processes(void **state)
{
	expect_out(shell("$R run --pid host / sh -c '[ -d /proc/'$$' ] && echo seen'"), "seen\n");
	expect_out(shell("$R run / sh -c 'ls /proc | grep -c \"^[0-9]\" | awk \"\\$1 < 10 { print "
			 "\\\"few\\\" }\"'"),
		   "few\n");
}

static void namespaces__host_network_brings_the_hosts_resolv_conf(void **state)
{
	expect_out(shell("$R run --network host / cat /etc/resolv.conf | cmp - /etc/resolv.conf && "
			 "echo same"),
		   "same\n");
}

/* /sys shows the host's devices then, but nothing below it is writable, and no cgroup tree comes
 * along. */
static void namespaces__host_network_covers_the_cgroup_tree(void **state)
{
	expect_out(shell("$R run --network host / sh -c 'ls /sys/fs/cgroup | grep -c "
			 "\"^cgroup.procs$\"; "
			 "ls -d /sys/fs/cgroup/*/ | grep -c -E \"/(cpu|memory|systemd)/$\"; "
			 "touch /sys/kernel/x 2>/dev/null || echo ro'"),
		   "1\n0\nro\n");
	expect_out(shell("$R run --network host --cgroupns host / sh -c 'ls -A /sys/fs/cgroup | wc "
			 "-l'"),
		   "0\n");
	expect_out(shell("ls /sys/class/net >n; $R run --network host / ls /sys/class/net | cmp - "
			 "n && echo same"),
		   "same\n");
}

static void namespaces__host_ipc_shares_message_queues_and_shm_segments(void **state)
{
	need_program("ipcmk");
	expect_out(shell("id=$(ipcmk -M 64 | awk '{ print $NF }'); "
			 "$R run --ipc host / ipcs -m -i $id >/dev/null && echo seen; "
			 "$R run / ipcs -m -i $id 2>&1 | grep -q 'not found' && echo hidden; ipcrm "
			 "-m $id"),
		   "seen\nhidden\n");
}

static void namespaces__own_cgroup_namespace_starts_at_its_root(void **state)
{
	expect_out(shell("$R run / sh -c 'grep ^0:: /proc/self/cgroup'"), "0::/\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		test(namespaces__are_private_by_default_but_time),
		test(namespaces__host_is_the_hosts_and_only_that_one),
		test(namespaces__joined_by_path),
		test(namespaces__joining_leaves_no_process),
		test(namespaces__a_missing_namespace_file_is_named),
		test(namespaces__loopback_is_up),
		test(namespaces__anybody_may_ping),
		test(namespaces__hostname),
		test(namespaces__domainname),
		test(namespaces__host_uts_keeps_the_hosts_name),
		test(namespaces__time_offsets_move_the_clocks),
		test(namespaces__sysctls_are_the_containers_own),
		test(namespaces__host_pid_shows_the_hosts_processes),
		test(namespaces__host_network_brings_the_hosts_resolv_conf),
		test(namespaces__host_network_covers_the_cgroup_tree),
		test(namespaces__host_ipc_shares_message_queues_and_shm_segments),
		test(namespaces__own_cgroup_namespace_starts_at_its_root),
	};

	return harness_main("namespaces", tests, sizeof(tests) / sizeof(tests[0]));
}
