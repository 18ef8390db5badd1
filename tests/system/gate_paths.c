/* The gates of paths, 01 to 05 of docs/SECURITY.md: set-up never follows a root's own links to the
 * host, not even when they change meanwhile; what it binds is what it should be; and /proc is the
 * kernel's own. */
#include "gate.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

/* Every place that a start mounts on, writes to or makes, as a link to the canary: as itself and as
 * a parent. Prints what went wrong; the start may fail or be contained. */
#define LINKED                                                                                     \
	"canary; before=$(sighting); mkdir d; "                                                    \
	"for place in dev dev/pts dev/shm dev/null dev/console proc sys sys/fs sys/fs/cgroup run " \
	"tmp "                                                                                     \
	"var var/tmp etc etc/resolv.conf etc/hosts etc/hostname etc/passwd etc/group vol vol/a "   \
	"vol/a/b vol/a/b/c vol/tmp home; do "                                                      \
	"for to in $T/outside $T/outside/file ../outside ../../outside ../../../../$T/outside "    \
	"../../../../../$T/outside $T/outside/new $T/outside/new/deep ../outside/new "             \
	"/proc/1/root$T/outside /proc/self/cwd/outside /proc/self/fd/8; do "                       \
	"borrow; mkdir -p r/$(dirname $place); ln -s $to r/$place; "

static void gate_01_links_in_the_root_lead_nowhere(void **state)
{
	expect_out(
		gate(LINKED
		     "$R run $B -v ./d:/vol/a/b/c --tmpfs /vol/tmp ./r true 8<outside >out 2>&1; "
		     "s=$?; "
		     "[ $s = 0 ] || [ $s = 125 ] || { echo $place $to: $s; cat out; }; "
		     "[ \"$(sighting)\" = \"$before\" ] || { echo \"$place -> $to\"; sighting; }; "
		     "done; done; echo done"),
		"done\n");
}

static void gate_01_links_lead_nowhere_with_other_options(void **state)
{
	expect_out(
		gate(LINKED
		     "$R run $B --network host --read-only --mask /vol/a --device /dev/null:/dev/x "
		     "--hostname x -u nobody ./r true 8<outside >out 2>&1; s=$?; "
		     "[ $s = 0 ] || [ $s = 125 ] || { echo $place $to: $s; cat out; }; "
		     "[ \"$(sighting)\" = \"$before\" ] || { echo \"$place -> $to\"; sighting; }; "
		     "done; done; echo done"),
		"done\n");
}

static void gate_01_harmless_links_still_work(void **state)
{
	/* /var/run → /run, relative and absolute, and a link in a volume's own path */
	expect_out(
		gate("mkdir d; touch d/x; for to in /run ../run; do borrow; mkdir -p r/var r/run; "
		     "ln -s $to r/var/run; $R run $B -v ./d:/var/run/app ./r ls /run/app; done"),
		"x\nx\n");
	/* an absolute link to a name that exists on the host too means the root's */
	expect_out(gate("borrow; mkdir r/etc; ln -s /etc/real r/etc/resolv.conf; touch r/etc/real; "
			"$R run $B ./r grep -c Nothing /etc/real /etc/resolv.conf"),
		   "/etc/real:1\n/etc/resolv.conf:1\n");
	/* parents that may be passed through but not listed: another user's, and one's own closed
	 * one */
	expect_out(
		gate("$R unshare sh -c 'mkdir -p p/r; chmod 711 p; chown 5:5 p'; borrow; rm -r r; "
		     "$R run $B $PWD/p/r pwd; mkdir -p q/r; touch q/f; chmod 700 q; "
		     "$R run -v ./q/f:/f $B ./q/r ls /f; $R unshare chown 0:0 p"),
		"/\n/f\n");
}

/* ---- 02 ---- */

static _Noreturn void swap_forever(const char *one, const char *other)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		if (renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE) < 0)
			_exit(1);
}

/* In the root `r`, `a/b` and `etc` are a directory at one moment and a link to the canary at the
 * next. Prints starts and successes; anything else is the canary. */
#define RACE                                                                                       \
	"canary; before=$(sighting); borrow; mkdir -p d r/a/b r/etc; echo volume >d/f; "           \
	"ln -s $T/outside r/a/x; ln -s ../outside r/x; "                                           \
	"nice $SWAP race r/a/b r/a/x & one=$!; nice $SWAP race r/etc r/x & two=$!; n=0 ok=0; "     \
	"while [ $n -lt $STARTS ] && [ $SECONDS -lt $LIMIT ]; do n=$((n+1)); "                     \
	"$R run $B -v ./d:/a/b/c --tmpfs /a/b/t ./r sh -c 'while read a b c from to; do case "     \
	"$from in "                                                                                \
	"*outside*) echo $from $to;; esac; done </proc/self/mountinfo; "                           \
	"cat /a/b/file /a/x/file /etc/file /x/file 2>/dev/null; cat /a/b/c/f /a/x/c/f >&2 "        \
	"2>/dev/null; true' "                                                                      \
	">>seen 2>>err && ok=$((ok+1)); done; "                                                    \
	"kill $one $two; wait $one $two 2>/dev/null; "                                             \
	"cat seen; [ \"$(sighting)\" = \"$before\" ] || sighting; grep -q volume err || echo no "  \
	"volume; "                                                                                 \
	"[ -e r/outside ] && [ -e r$T/outside ] && hit=1 || hit=0; echo $n $ok $hit"

static void race_once(int starts, int seconds, int *total, int *good, bool *hit)
{
	char self[PATH_MAX] = "", script[8192];
	const struct result *r;
	int n = 0, ok = 0, linked = 0, end = 0;

	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	snprintf(script, sizeof(script),
		 "rm -rf outside r d seen err; SWAP=%s STARTS=%d LIMIT=%d; " RACE, self, starts,
		 seconds);
	r = gate(script);
	expect_status(r, 0);
	if (sscanf(r->out, "%d %d %d\n%n", &n, &ok, &linked, &end) != 3 || r->out[end])
		expect_out(r, "starts and successes, and nothing of the canary");
	*total += n;
	*good += ok;
	*hit |= linked;
}

/* 20 seconds of it; with ROOTLET_TEST_LONG, 10,000 starts. */
static void gate_02_swapped_directories_lead_nowhere(void **state)
{
	bool longer = getenv("ROOTLET_TEST_LONG") != NULL, hit = false;
	int wanted = longer ? 10000 : INT_MAX, total = 0, good = 0;
	time_t start = time(NULL);

	while (total < wanted && (longer || time(NULL) - start < 20))
		race_once(longer ? wanted - total : 10000, longer ? 30 : 10, &total, &good, &hit);
	print_message("gate 02: %d starts while directories were swapped, %d of them successful, "
		      "in %lld s\n",
		      total, good, (long long)(time(NULL) - start));
	assert_true(total >= 50);
	/* it shows something only when starts succeed, and when both links were met: resolved
	 * inside */
	assert_true(good > 0 && hit);
}

/* ---- 03 ---- */

/* Whatever is bound from inside is the container's own: the read-only parts of /proc are of the new
 * procfs, and masks cover what the root shows there. */
static void gate_03_what_is_bound_from_inside_is_from_inside(void **state)
{
	expect_out(gate("borrow; $R run $B ./r sh -c 'for p in bus fs irq sys sysrq-trigger; do [ "
			"-e /proc/$p ] || continue; "
			"[ $(stat -c %d /proc/$p) = $(stat -c %d /proc) ] || echo $p: another file "
			"system; "
			"grep -q \" /$p /proc/$p ro,\" /proc/self/mountinfo || echo $p: writable; "
			"done; "
			"touch /proc/sys/kernel/x 2>&1; :; >/proc/sys/kernel/domainname' 2>&1 | "
			"sed 's/.*: //'"),
		   "No such file or directory\nRead-only file system\n");
	expect_out(
		gate("canary; before=$(sighting); borrow; mkdir r/etc; echo inner >r/etc/file; ln "
		     "-s /etc r/link; "
		     "ln -s $T/outside r/out; "
		     "$R run $B --mask /link/file ./r sh -c 'wc -c </etc/file; grep -c outside "
		     "/proc/self/mountinfo'; "
		     "$R run $B --mask /out/file ./r true 2>/dev/null; echo $?; [ \"$(sighting)\" "
		     "= \"$before\" ] || sighting"),
		"0\n0\n125\n");
}

/* ---- 04 ---- */

static void gate_04_a_false_device_is_not_bound(void **state)
{
	static const char *const names[] = {"null", "zero", "full", "random", "urandom", "tty"};
	static const char *const fakes[] = {
		"echo secret >$FAKE",
		"mkfifo $FAKE",
		"mkdir $FAKE",
		"ln -s $T/canary $FAKE",
		"ln -s /dev/kmsg $FAKE",
		"touch $FAKE; mount --bind /dev/kmsg $FAKE",
		"true",
	};
	char script[2048];

	for (size_t i = 0; i < 6; i++)
		for (size_t j = 0; j < sizeof(fakes) / sizeof(fakes[0]); j++) {
			const struct result *r;

			snprintf(script, sizeof(script),
				 "FAKE=%s; mkdir -p fake; $R unshare -m bash -c 'FAKE='$FAKE'; "
				 "mount -t tmpfs none fake; "
				 "cd fake; for n in null zero full random urandom tty; do [ $n = "
				 "$FAKE ] && continue; "
				 "touch $n; mount --bind /dev/$n $n; done; %s; cd ..; mount "
				 "--rbind fake /dev; "
				 "cd .; $R run --userns single / true <&-'",
				 names[i], fakes[j]);
			r = gate(script);
			expect_status(r, 125);
			snprintf(script, sizeof(script), "/dev/%s", names[i]);
			expect_error_has(r, 125, script);
		}
	/* the same with nothing false in it starts: it is the device that makes the difference */
	expect_out(gate("mkdir -p fake; $R unshare -m bash -c 'mount -t tmpfs none fake; cd fake; "
			"for n in null zero full random urandom tty; do touch $n; mount --bind "
			"/dev/$n $n; done; "
			"cd ..; mount --rbind fake /dev; cd .; $R run --userns single / echo "
			"started <&-'"),
		   "started\n");
}

/* The terminal of the caller becomes /dev/console only when the path is really that terminal. */
static void gate_04_a_false_terminal_is_not_bound(void **state)
{
	need_program("script");
	expect_out(gate("script -qec \"$R run / stat -L -c %F /dev/console\" /dev/null </dev/null "
			"| tr -d '\\r'"),
		   "character special file\n");
	expect_contains(
		gate("cat >inner <<'END'\nt=$(tty); [ -c $t ] || exit 1; mkdir fake; echo secret "
		     ">fake/${t##*/}\n"
		     "mount --bind fake /dev/pts; $R run --userns single / sh -c 'wc -c "
		     "</dev/console; stat -L -c %t:%T /dev/console' 2>&1\nEND\n"
		     "script -qec '$R unshare -m sh inner' /dev/null </dev/null | tr -d '\\r'"),
		"0\n1:3\n");
}

/* ---- 05 ---- */

static void gate_05_a_root_whose_proc_is_a_link_does_not_start(void **state)
{
	static const char *const targets[] = {
		"$T/outside", "../outside",	  "/tmp", "tmp", "/nowhere",
		"/proc",      "/proc/1/root/proc"};
	static const char *const places[] = {"proc", "sys"};
	const struct result *r;
	char script[1024];

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		for (size_t j = 0; j < 2; j++) {
			snprintf(script, sizeof(script),
				 "canary; before=$(sighting); borrow; mkdir r/tmp; ln -s %s r/%s; "
				 "$R run $B ./r true; s=$?; "
				 "[ \"$(sighting)\" = \"$before\" ] || sighting; exit $s",
				 targets[i], places[j]);
			r = gate(script);
			expect_error_has(r, 125,
					 j ? "mount sysfs on /sys" : "put the new proc on /proc");
			expect_error_has(r, 125,
					 ": it is a symbolic link inside the root, and must be "
					 "mounted on ordinary directory\n");
		}
}

static void gate_05_nothing_is_mounted_over_proc(void **state)
{
	static const char *const mounts[] = {
		"-v ./d:/proc",
		"-v ./d:/proc/self",
		"-v ./d:/proc/sys",
		"--tmpfs /proc",
		"--tmpfs /proc/sys",
		"--mount type=tmpfs,dst=/proc",
		"-v ./d/f:/proc/1/attr/exec",
	};
	static const char *const linked[] = {"-v ./d:/link", "-v ./d:/link/sys",
					     "--tmpfs /link/sys/kernel", "-v ./d/f:/etc/f",
					     "-v ./d:/root/proc"};
	char script[1024];

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		snprintf(script, sizeof(script), "mkdir -p d; touch d/f; $R run %s / true",
			 mounts[i]);
		expect_error_has(gate(script), 125, "would stand where the kernel's own /proc");
	}
	for (size_t i = 0; i < sizeof(linked) / sizeof(linked[0]); i++) {
		snprintf(script, sizeof(script),
			 "mkdir -p d; touch d/f; borrow; mkdir r/etc; ln -s /proc r/link; ln -s / "
			 "r/root; "
			 "ln -s /proc/uptime r/etc/f; $R run $B %s ./r true",
			 linked[i]);
		expect_error_has(gate(script), 125, "a link inside the root leads it into /proc\n");
	}
	/* single files that say nothing of processes may be replaced */
	expect_out(gate("echo 1 >up; $R run -v ./up:/proc/uptime / cat /proc/uptime"), "1\n");
}

/* Something that the host's side mounted at the root's /proc before: the new procfs is on top. */
static void gate_05_what_was_mounted_on_proc_is_covered(void **state)
{
	expect_out(gate("borrow; mkdir r/proc; $R unshare -m bash -c \"mount -t tmpfs none r/proc; "
			"mkdir -p r/proc/sys r/proc/1; "
			"echo fake >r/proc/uptime; $R run --userns single $B ./r sh -c 'stat -f -c "
			"%T /proc; "
			"grep -c fake /proc/uptime; grep -c \\\" /sys /proc/sys ro\\\" "
			"/proc/self/mountinfo; head -c 0 /proc/1/maps && echo ok'\""),
		   "proc\n0\n1\nok\n");
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		test(gate_01_links_in_the_root_lead_nowhere),
		test(gate_01_links_lead_nowhere_with_other_options),
		test(gate_01_harmless_links_still_work),
		test(gate_02_swapped_directories_lead_nowhere),
		test(gate_03_what_is_bound_from_inside_is_from_inside),
		test(gate_04_a_false_device_is_not_bound),
		test(gate_04_a_false_terminal_is_not_bound),
		test(gate_05_a_root_whose_proc_is_a_link_does_not_start),
		test(gate_05_nothing_is_mounted_over_proc),
		test(gate_05_what_was_mounted_on_proc_is_covered),
	};

	if (argc == 4 && strcmp(argv[1], "race") == 0)
		swap_forever(argv[2], argv[3]);
	return harness_main("gate_paths", tests, sizeof(tests) / sizeof(tests[0]));
}
