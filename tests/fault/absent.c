/* The newer system calls one by one made absent, as on an older kernel or behind somebody's filter:
 * what users do must work all the same. Launched by root: under no_new_privs newuidmap has no
 * power, and only root may load a filter without it. The tests themselves run as $ROOTLET_TEST_USER
 * behind the filter. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_open_tree_attr
#define SYS_open_tree_attr 467
#endif

enum { CALLS_MAX = 24 };

static const struct kernel {
	const char *name;
	int error;
	bool memfd_noexec;
	const char *feature; /* what the plan then says it does without */
	int calls[CALLS_MAX];
} kernels[] = {
	{"openat2", ENOSYS, false, "openat2", {SYS_openat2}},
	{"clone3", ENOSYS, false, "clone3", {SYS_clone3}},
	{"mount_api",
	 ENOSYS,
	 false,
	 "mount_api",
	 {SYS_open_tree, SYS_move_mount, SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick,
	  SYS_mount_setattr, SYS_open_tree_attr}},
	{"mount_setattr", ENOSYS, false, "mount_setattr", {SYS_mount_setattr, SYS_open_tree_attr}},
	{"close_range", ENOSYS, false, "close_range", {SYS_close_range}},
	{"pidfd",
	 ENOSYS,
	 false,
	 "pidfd_open",
	 {SYS_pidfd_open, SYS_pidfd_send_signal, SYS_pidfd_getfd}},
	{"executable_memfds", 0, true, "memfd_exec", {0}},
	{"all_of_them",
	 ENOSYS,
	 false,
	 "mount_api",
	 {SYS_openat2, SYS_clone3, SYS_open_tree, SYS_move_mount, SYS_fsopen, SYS_fsconfig,
	  SYS_fsmount, SYS_fspick, SYS_mount_setattr, SYS_open_tree_attr, SYS_close_range,
	  SYS_pidfd_open, SYS_pidfd_send_signal, SYS_pidfd_getfd, SYS_faccessat2}},
	/* as the filters of older container engines answer */
	{"all_of_them_by_eperm",
	 EPERM,
	 false,
	 "mount_api",
	 {SYS_openat2, SYS_clone3, SYS_open_tree, SYS_move_mount, SYS_fsopen, SYS_fsconfig,
	  SYS_fsmount, SYS_fspick, SYS_mount_setattr, SYS_open_tree_attr, SYS_close_range,
	  SYS_pidfd_open, SYS_pidfd_send_signal, SYS_pidfd_getfd}},
};

#define BORROW                                                                                     \
	"mkdir -p r; B=; for d in bin lib lib32 lib64 sbin usr; do [ -e /$d ] && B=\"$B -v "       \
	"/$d:/$d:ro\"; done; "

static const struct row {
	const char *name, *script, *out;
} rows[] = {
	{"ranges", "$R run / sh -c 'id -u; hostname; cat /proc/self/uid_map | tr -s \" \"'",
	 "0\nrootlet\n 0 $UID 1\n 1 $SUB $SUBCOUNT\n"},
	{"single", "$R run --userns single / sh -c 'id -u; echo $$'", "0\n2\n"},
	{"no_init", "$R run --no-init / sh -c 'echo $$; exit 4'; echo $?", "1\n4\n"},
	{"host_root_is_read_only",
	 "$R run / awk '$6 ~ /^rw/ && $9 !~ /^(tmpfs|proc|devtmpfs|devpts|mqueue)$/ && $8 !~ "
	 "/^(tmpfs|proc|devtmpfs|devpts|mqueue)$/ { print }' /proc/self/mountinfo; "
	 "$R run / sh -c 'for d in / /etc /usr /var /home; do touch $d/rootlet-x 2>/dev/null && "
	 "echo $d; done; "
	 "touch /tmp/x /run/x /var/tmp/x $HOME/x /dev/shm/x && echo places'",
	 "places\n"},
	{"host_root_flags",
	 "$R run / awk '$5 == \"/usr\" || $5 == \"/etc\" { print $5, $6 }' /proc/self/mountinfo",
	 "/etc ro,nosuid,nodev,relatime\n/usr ro,nosuid,nodev,relatime\n"},
	{"dev",
	 "$R run / sh -c 'ls -A /dev | tr \"\\n\" \" \"; echo x >/dev/null; head -c 2 /dev/zero | "
	 "wc -c; "
	 "stat -c %t:%T /dev/full'",
	 "console fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero "
	 "2\n1:7\n"},
	{"masks",
	 "$R run / sh -c 'cat /proc/keys | wc -c; ls -A /sys/firmware | wc -l; touch "
	 "/proc/sys/kernel/hostname "
	 "2>/dev/null || echo ro'",
	 "0\n0\nro\n"},
	{"volumes",
	 "mkdir d; echo hi >d/f; $R run -v ./d:/mnt / sh -c 'cat /mnt/f; touch /mnt/g'; "
	 "$R run -v ./d:/mnt:ro / sh -c 'touch /mnt/h 2>/dev/null || echo ro'; $R run -v "
	 "./d/f:/etc/shadow / cat /etc/shadow; ls d",
	 "hi\nro\nhi\nf\ng\n"},
	{"recursive_read_only",
	 "mkdir -p 'd/be low/er'; unshare -Urm sh -c 'mount -t tmpfs none \"d/be low\" && mkdir "
	 "\"d/be low/er\" && "
	 "mount -t tmpfs none \"d/be low/er\" && $R run -v ./d:/mnt:ro / sh -c \""
	 "touch /mnt/be\\ low/x 2>/dev/null || echo ro; touch /mnt/be\\ low/er/x 2>/dev/null || "
	 "echo ro\"'",
	 "ro\nro\n"},
	{"locked_flags",
	 "mkdir d; unshare -Urm sh -c 'mount -t tmpfs -o noexec,nosuid,nodev,noatime none d && "
	 "$R run -v ./d:/mnt:ro / sh -c \"grep -c \\\" /mnt ro,nosuid,nodev,noexec,noatime\\\" "
	 "/proc/self/mountinfo\"'",
	 "1\n"},
	{"tmpfs",
	 "$R run --tmpfs /mnt:size=1m,mode=0700 / sh -c 'stat -c %a /mnt; stat -f -c \"%b %S\" "
	 "/mnt'",
	 "700\n256 4096\n"},
	{"directory_root",
	 BORROW "$R run $B ./r sh -c 'touch /a; ls -A / | tr \"\\n\" \" \"' | sed 's/lib32 "
		"//;s/lib64 //'; ls r/a; "
		"$R run --read-only $B ./r sh -c 'touch /b 2>/dev/null || echo ro'",
	 "a bin dev etc lib proc sbin sys usr r/a\nro\n"},
	{"overlay",
	 BORROW "mkdir r/old; $R run --overlay $B ./r sh -c 'rm -r /old; touch /new; ls -d /new'; "
		"find r | sort",
	 "/new\nr\nr/old\n"},
	{"links_stay_inside",
	 BORROW "mkdir r/etc d; echo canary >canary; ln -s ../../../../../../..$T/canary "
		"r/etc/hosts; ln -s $T/canary r/etc/resolv.conf; "
		"ln -s /real r/link; touch d/x; $R run $B -v ./d:/link/sub ./r sh -c 'ls "
		"/real/sub'; cat canary",
	 "x\ncanary\n"},
	{"absolute_and_dotted_links",
	 BORROW "mkdir -p r/a/b d; touch d/x; ln -s /a/./b/../b r/l1; ln -s l1 r/l2; ln -s "
		"../../../l2 r/a/l3; "
		"$R run $B -v ./d:/a/l3/c ./r ls /a/b/c; ls -d r/a/b/c",
	 "x\nr/a/b/c\n"},
	{"users", "$R run -u daemon / sh -c 'id -u; id -g; grep CapEff /proc/self/status'",
	 "1\n1\nCapEff:\t0000000000000000\n"},
	{"no_descriptor_leaks_in",
	 "exec 5</etc/passwd 300</; $R run / sh -c 'echo /proc/2/fd/*'; $R run --no-init / ls "
	 "/proc/1/fd | tr '\\n' ' '",
	 "/proc/2/fd/0 /proc/2/fd/1 /proc/2/fd/2 /proc/2/fd/3\n0 1 2 3 "},
	{"host_network",
	 "$R run --network host / sh -c 'ls -d /sys/class/net/lo; touch /sys/kernel/x 2>/dev/null "
	 "|| echo ro'",
	 "/sys/class/net/lo\nro\n"},
	{"host_pid", "$R run --pid host / sh -c '[ -d /proc/'$$' ] && echo seen'", "seen\n"},
	{"loopback", "$R run / cat /sys/class/net/lo/flags", "0x9\n"},
	{"time",
	 "[ ! -e /proc/self/ns/time ] || $R run --monotonic 50 / sh -c 'tr -s \" \" "
	 "</proc/self/timens_offsets | head -n 1'",
	 "monotonic 50 0\n"},
	{"unshare",
	 "mkdir d; $R unshare chown 5:5 d; $R unshare rm -r d; [ -e d ] || echo removed; $R "
	 "unshare -pnm sh -c 'echo $$; ls -d /proc/1'",
	 "removed\n1\n/proc/1\n"},
	{"timeout",
	 "$R run --timeout 1 / sleep 30; echo $?; $R run / sh -c 'kill -TERM $$'; echo $?",
	 "124\n143\n"},
	{"exit_statuses",
	 "$R run / no-such 2>/dev/null; echo $?; $R run / /etc/passwd 2>/dev/null; echo $?",
	 "127\n126\n"},
	{"joined",
	 "$R run --pidfile p / sleep 60 & for i in $(seq 500); do [ -s p ] && break; sleep .01; "
	 "done; P=$(cat p); "
	 "$R run --userns ns:/proc/$P/ns/user --network ns:/proc/$P/ns/net / readlink "
	 "/proc/self/ns/net | "
	 "grep -c \"$(readlink /proc/$P/ns/net | tr -d '[]' | cut -d: -f2)\"; kill -KILL $P; wait",
	 "1\n"},
	{"nested", "$R run --privileged -v $R / $R run / id -u", "0\n"},
	{"the_old_root_is_gone",
	 "$R run --privileged / sh -c 'umount /tmp && ls -A /tmp; wc -l </proc/self/mountinfo | "
	 "awk \"\\$1 < 80 { print 1 }\"'",
	 "1\n"},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void check_row(void **state)
{
	const struct row *row = *state;

	expect_out(shell(row->script), row->out);
}

static void supervisor_killed(void **state)
{
	const struct result *r = shell_leaving(
		"$R run / sh -c 'echo ready; sleep 77' >o & p=$!; "
		"for i in $(seq 500); do grep -q ready o 2>/dev/null && break; sleep .01; done; "
		"kill -KILL $p; wait $p",
		1000);

	assert_int_equal(r->alive, 0);
	expect_status(r, 137);
}

/* The test must be able to fail: the calls are absent indeed. */
static const struct kernel *current;

static void really_absent(void **state)
{
	char wanted[64];

	snprintf(wanted, sizeof(wanted), "\"%s\":false", current->feature);
	expect_contains(rootlet("plan", "--format=json", "/", "true"), wanted);
	if (current->memfd_noexec) {
		expect_out(shell("cat /proc/sys/vm/memfd_noexec"), "2\n");
		return;
	}
	for (int i = 0; i < CALLS_MAX && current->calls[i]; i++) {
		assert_int_equal(syscall(current->calls[i], -1, NULL, NULL, 0, 0), -1);
		assert_int_equal(errno, current->error);
	}
}

/* ---- making calls absent ---- */

static void load_filter(const struct kernel *k)
{
	struct sock_filter code[CALLS_MAX + 4];
	struct sock_fprog program = {.filter = code};
	int n = 0, count = 0;

	while (count < CALLS_MAX && k->calls[count])
		count++;
	if (!count)
		return;
	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						 offsetof(struct seccomp_data, nr));
	for (int i = 0; i < count; i++)
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							 (unsigned)k->calls[i],
							 (unsigned char)(count - i), 0);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
						 SECCOMP_RET_ERRNO | (unsigned)k->error);
	program.len = (unsigned short)n;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0) {
		perror("seccomp");
		exit(99);
	}
}

/* vm.memfd_noexec belongs to a pid namespace: one of our own, with a /proc that shows it. */
static bool forbid_memfd_exec(void)
{
	int fd, status;
	pid_t pid;

	if (unshare(CLONE_NEWPID | CLONE_NEWNS) < 0)
		return false;
	pid = fork();
	if (pid > 0) {
		waitpid(pid, &status, 0);
		exit(WIFEXITED(status) ? WEXITSTATUS(status) : 99);
	}
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("proc", "/proc", "proc", 0, NULL) < 0)
		return false;
	fd = open("/proc/sys/vm/memfd_noexec", O_WRONLY | O_CLOEXEC);
	return fd >= 0 && write(fd, "2", 1) == 1;
}

static int run_behind(const struct kernel *k)
{
	static struct CMUnitTest tests[ROWS + 2];
	static char names[ROWS + 2][128];
	int n = 0;

	if (k->memfd_noexec && !forbid_memfd_exec()) {
		print_message("skipped: this kernel has no vm.memfd_noexec (Linux 6.3)\n");
		return 0;
	}
	load_filter(k);
	current = k;
	snprintf(names[n], sizeof(names[0]), "absent__%s__really", k->name);
	tests[n] = (struct CMUnitTest)test(really_absent);
	tests[n].name = names[n];
	n++;
	for (int i = 0; i < ROWS; i++, n++) {
		snprintf(names[n], sizeof(names[0]), "absent__%s__%s", k->name, rows[i].name);
		tests[n] = (struct CMUnitTest){.name = names[n],
					       .test_func = check_row,
					       .setup_func = harness_setup,
					       .teardown_func = harness_teardown,
					       .initial_state = (void *)(uintptr_t)&rows[i]};
	}
	snprintf(names[n], sizeof(names[0]), "absent__%s__supervisor_killed", k->name);
	tests[n] = (struct CMUnitTest)test(supervisor_killed);
	tests[n].name = names[n];
	return harness_main(k->name, tests, (size_t)n + 1);
}

int main(int argc, char **argv)
{
	const char *only = argc > 1 ? argv[1] : NULL;
	int failed = 0;

	if (geteuid() != 0 || !getenv("ROOTLET_TEST_USER")) {
		printf("skipped: root must launch this, with ROOTLET_TEST_USER set\n");
		return 77;
	}
	for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
		int status;
		pid_t pid;

		if (only && strcmp(only, kernels[i].name) != 0)
			continue;
		fflush(stdout);
		pid = fork();
		if (pid == 0)
			exit(run_behind(&kernels[i]));
		waitpid(pid, &status, 0);
		failed += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
	}
	return failed ? 1 : 0;
}
