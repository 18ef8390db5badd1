/* The gates of SEAL but keys and terminals: capabilities (09), nothing silently weaker than asked
 * (17), every refused call refused (22), and --disable-userns. docs/SECURITY.md has the promises.
 */
#include "seal.h"

#include "../unit/bpf.h"
#include "seccomp/filter.h"

#include <linux/audit.h>
#include <linux/capability.h>
#include <string.h>

#define CAP(n) (UINT64_C(1) << CAP_##n)

/* ---- 09 ---- */

#define STATUS_SETS                                                                                \
	"sed -n 's/^Cap\\(Inh\\|Prm\\|Eff\\|Bnd\\|Amb\\):[[:space:]]*0*\\([0-9a-f]\\)/\\1 \\2/p' " \
	"/proc/self/status"

static const uint64_t usual = CAP(CHOWN) | CAP(DAC_OVERRIDE) | CAP(FOWNER) | CAP(FSETID) |
			      CAP(KILL) | CAP(NET_BIND_SERVICE) | CAP(SETFCAP) | CAP(SETGID) |
			      CAP(SETPCAP) | CAP(SETUID) | CAP(SYS_CHROOT);

static uint64_t known_capabilities(void)
{
	const struct result *r = shell("cat /proc/sys/kernel/cap_last_cap");

	return (UINT64_C(1) << (strtoul(r->out, NULL, 10) + 1)) - 1;
}

static void expect_sets(const char *options, uint64_t inheritable, uint64_t effective,
			uint64_t bounding)
{
	char wanted[256], script[1024];

	snprintf(script, sizeof(script), "$R run $O / " STATUS_SETS);
	snprintf(wanted, sizeof(wanted), "Inh %llx\nPrm %llx\nEff %llx\nBnd %llx\nAmb %llx\n",
		 (unsigned long long)inheritable, (unsigned long long)effective,
		 (unsigned long long)effective, (unsigned long long)bounding,
		 (unsigned long long)inheritable);
	expect_out(seal(options, script), wanted);
}

/* Root has what is bounded; another user nothing but what was asked for by name. */
static void gate_09_the_five_sets_are_exact(void **state)
{
	const uint64_t all = known_capabilities(), net = CAP(NET_RAW);
	const struct {
		const char *options;
		uint64_t inheritable, effective, bounding;
	} rows[] = {
		{"", 0, usual, usual},
		{"--userns single", 0, usual, usual},
		{"--no-init", 0, usual, usual},
		{"--pid host", 0, usual, usual},
		{"--security-opt no-new-privileges=false", 0, usual, usual},
		{"--security-opt seccomp=unconfined", 0, usual, usual},
		{"--cap-add NET_RAW", 0, usual | net, usual | net},
		{"--cap-drop CHOWN", 0, usual & ~CAP(CHOWN), usual & ~CAP(CHOWN)},
		{"--cap-drop ALL", 0, 0, 0},
		{"--cap-drop ALL --cap-add NET_RAW", 0, net, net},
		{"--cap-add ALL", 0, all, all},
		{"--cap-add ALL --cap-drop SYS_ADMIN", 0, all & ~CAP(SYS_ADMIN),
		 all & ~CAP(SYS_ADMIN)},
		{"--privileged", 0, all, all},
		{"--privileged --cap-drop SYS_ADMIN", 0, all & ~CAP(SYS_ADMIN),
		 all & ~CAP(SYS_ADMIN)},
		{"--privileged --cap-drop ALL", 0, 0, 0},
		{"-u root", 0, usual, usual},
		{"-u 0:5 --cap-add NET_RAW", 0, usual | net, usual | net},
		{"-u root --cap-add NET_RAW", 0, usual | net, usual | net},
		{"-u 5", 0, 0, usual},
		{"-u games", 0, 0, usual},
		{"-u 5 --security-opt no-new-privileges=false", 0, 0, usual},
		{"--privileged -u 5", 0, 0, all},
		{"-u 5 --cap-add NET_RAW", net, net, usual | net},
		{"-u games --cap-add NET_RAW", net, net, usual | net},
		{"-u 5 --cap-drop ALL --cap-add NET_RAW", net, net, net},
		{"-u 5 --no-init --cap-add NET_RAW --security-opt no-new-privileges=false", net,
		 net, usual | net},
		{"--privileged -u 5 --cap-add NET_RAW", net, net, all},
		{"-u 5 --cap-add ALL", all, all, all},
		{"--userns keep-id", 0, 0, usual},
		{"--userns keep-id --cap-add NET_RAW", net, net, usual | net},
		{"--userns keep-id -u root", 0, usual, usual},
		{"--userns keep-id:uid=0,gid=0 --cap-add NET_RAW", 0, usual | net, usual | net},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_sets(rows[i].options, rows[i].inheritable, rows[i].effective,
			    rows[i].bounding);
}

/* A caller with few capabilities and odd securebits makes a user namespace that starts afresh; so
 * does a container in a container. */
static void gate_09_the_five_sets_are_exact_when_nested(void **state)
{
	static const char inner[] =
		"$R run --privileged -v $R:/rootlet:ro / /rootlet run $O / " STATUS_SETS;
	char wanted[256];

	snprintf(wanted, sizeof(wanted), "Inh 0\nPrm %llx\nEff %llx\nBnd %llx\nAmb 0\n",
		 (unsigned long long)usual, (unsigned long long)usual, (unsigned long long)usual);
	expect_out(seal("", inner), wanted);
	expect_out(seal("--userns single", inner), wanted);
	expect_out(seal("",
			"$R run --cap-drop ALL --cap-add SETFCAP --security-opt seccomp=unconfined "
			"--security-opt unmask=ALL "
			"-v $R:/rootlet:ro / /rootlet run --pid host $O / " STATUS_SETS),
		   wanted);
}

static void gate_09_no_new_privs_and_securebits(void **state)
{
	static const struct {
		const char *options, *wanted;
	} rows[] = {{"", "1"},
		    {"-u 5", "1"},
		    {"--privileged", "0"},
		    {"--security-opt no-new-privileges=false", "0"},
		    {"--privileged --security-opt no-new-privileges", "1"}};
	char wanted[32];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(wanted, sizeof(wanted), "%s\n", rows[i].wanted);
		expect_out(seal(rows[i].options,
				"$R run $O / sed -n 's/^NoNewPrivs:[[:space:]]*//p' "
				"/proc/self/status"),
			   wanted);
	}
	need_program("capsh");
	expect_contains(seal("", "$R run --no-init / capsh --print"), "Securebits: 00/0x0/1'b0");
}

/* ---- 17 ---- */

static void gate_17_what_cannot_be_applied_fails(void **state)
{
	static const struct {
		const char *options, *message;
	} rows[] = {
		{"--security-opt seccomp=nowhere.json",
		 "rootlet: --security-opt seccomp=nowhere.json: No such file or directory"},
		{"--security-opt seccomp=.", "rootlet: --security-opt seccomp=.: "},
		{"--security-opt seccomp=fifo",
		 "rootlet: --security-opt seccomp=fifo: it is no regular file"},
		{"--security-opt seccomp=syntax.json", "rootlet: syntax.json:2:"},
		{"--security-opt seccomp=action.json", "rootlet: action.json:1:"},
		{"--security-opt seccomp=call.json", "rootlet: call.json:1:"},
		{"--privileged --security-opt seccomp=syntax.json", "rootlet: syntax.json:2:"},
		{"--cap-add NET_FLY", "rootlet: --cap-add NET_FLY: is no capability"},
		{"--ulimit nofile=40000000",
		 "rootlet: limit nofile: soft 40000000, hard 40000000: "},
		{"--mask /etc/nowhere", "rootlet: hide /etc/nowhere: there is no such path inside"},
		{"--security-opt mask=/nowhere/at/all", "rootlet: hide /nowhere/at/all: "},
		{"--group-add 5 --userns single", "rootlet: --group-add 5: "},
		{"-u 70000", "rootlet: "},
		{"--disable-userns --sysctl user.max_user_namespaces=9",
		 "rootlet: --disable-userns: contradicts "},
		{"--security-opt apparmor=x",
		 "rootlet: --security-opt apparmor=x: is no such option"},
		{"--userns keep-id --sysctl kernel.panic=1", "rootlet: --sysctl kernel.panic: "},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct result *r = seal(
			rows[i].options,
			"[ -e fifo ] || mkfifo fifo; printf '{\\n\"defaultAction\": }' "
			">syntax.json; "
			"echo '{\"defaultAction\": \"SCMP_ACT_SHRUG\"}' >action.json; "
			"echo '{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": "
			"[\"nosuchcall\"], \"action\": \"SCMP_ACT_ERRNO\"}]}' >call.json; "
			"$R run $O / echo it ran");

		expect_status(r, 125);
		expect_absent(r, "it ran");
		if (strncmp(r->err, rows[i].message, strlen(rows[i].message)) != 0)
			fail_msg("%s: %s", rows[i].options, r->err);
	}
}

/* A profile is applied whatever else was asked for, by its capabilities, and on top of what is
 * always on. */
static void gate_17_a_profile_is_applied(void **state)
{
	static const char *const options[] = {"", "--privileged", "--no-init", "-u 5",
					      "--security-opt no-new-privileges=false"};
	static const char script[] =
		"echo '{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": ["
		"{\"names\": [\"getpriority\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 40}, "
		"{\"names\": [\"sethostname\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 41, "
		"\"excludes\": {\"caps\": [\"CAP_SYS_ADMIN\"]}}]}' >p.json; "
		"{ echo 64 140; echo 64 170; echo 64 250; } | $R run $O --security-opt "
		"seccomp=p.json $IN / /inside calls";
	bool privileged;

#ifndef __x86_64__
	skip_because("the numbers below are x86-64's");
#endif
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		privileged = strcmp(options[i], "--privileged") == 0;
		expect_out(seal(options[i], script), privileged
							     ? "64 140 40\n64 170 22\n64 250 38\n"
							     : "64 140 40\n64 170 41\n64 250 38\n");
	}
}

/* What was compiled is kept for the next start: taken only from a file of one's own that nobody
 * else may write, and for that very text. The kept program is replaced by one that allows
 * everything, to tell. */
#define KEPT                                                                                       \
	"export XDG_CACHE_HOME=$T/cache; K=cache/rootlet/seccomp-*; "                              \
	"profile() { echo '{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": "    \
	"[\"sethostname\"], \"action\": \"SCMP_ACT_ERRNO\"}]}' \"$@\" >p.json; }; "                \
	"length() { $R plan --format=json --security-opt seccomp=p.json $1 / true | "              \
	"sed -n '/p.json/,$s/.*\"length\": *\\([0-9]*\\).*/\\1/p' | tail -n 1; }; "                \
	"replace() { size=$(wc -c <$K); head -c $((size - 8 * full)) $K >new; "                    \
	"printf '\\006\\0\\0\\0\\0\\0\\377\\177' >>new; cat new >$K; }; "                          \
	"profile; full=$(length); "

static void gate_17_a_kept_profile_is_the_right_one(void **state)
{
	static const struct {
		const char *change, *wanted;
	} rows[] = {
		{":", "1"}, /* it is used */
		{"chmod g+w $K", "full"},
		{"chmod o+w $K", "full"},
		{"mv $K elsewhere; ln -s $PWD/elsewhere cache/rootlet/$(basename $OLD)", "full"},
		{"profile ' '", "full"},
		{"printf x >>$K", "full"},
		{": >$K", "full"},
		{"sed -i s/sethostname/gethostname/ $K", "full"},
		{"option=--cap-drop=CHOWN", "full"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char script[2048], wanted[32];

		snprintf(script, sizeof(script), "%s%s%s",
			 KEPT
			 "$R run --security-opt seccomp=p.json / true; replace; OLD=$(echo $K); ",
			 rows[i].change,
			 "; got=$(length $option); [ $got = $full ] && echo full || echo $got; rm "
			 "-rf cache");
		snprintf(wanted, sizeof(wanted), "%s\n", rows[i].wanted);
		expect_out(seal("", script), wanted);
	}
}

/* ---- 22 ---- */

static const struct {
	const char *door;
	uint32_t arch;
} doors[] = {
#ifdef __x86_64__
	{"64", AUDIT_ARCH_X86_64},
	{"32", AUDIT_ARCH_I386},
#else
	{"64", AUDIT_ARCH_AARCH64},
#endif
};

enum { DOORS = sizeof(doors) / sizeof(doors[0]), NUMBERS = 600 };
static const uint64_t nonsense[6] = {UINT64_MAX, UINT64_MAX, UINT64_MAX,
				     UINT64_MAX, UINT64_MAX, UINT64_MAX};

/* Every number that the filter refuses with these arguments, as lines for `inside calls`. */
static void write_refused(const struct seccomp_filter *f, char *script, size_t size)
{
	size_t used = (size_t)snprintf(script, size, "cat >calls <<END\n");

	for (size_t d = 0; d < DOORS; d++)
		for (uint32_t n = 0; n < NUMBERS && used < size; n++)
			if (bpf_errno(f, doors[d].arch, n, nonsense))
				used += (size_t)snprintf(script + used, size - used, "%s %u\n",
							 doors[d].door, n);
	snprintf(script + used, size - used, "END\n$R run $O $IN / /inside calls <calls");
}

/* How many lines of `inside calls` say what the filter says; those of a missing door are left out.
 */
static void compare(const struct result *r, const struct seccomp_filter *f, int ret_same[DOORS],
		    int ret_other[DOORS])
{
	const char *line = r->out;
	char door[8];
	unsigned number;
	int error, used;

	memset(ret_same, 0, DOORS * sizeof(int));
	memset(ret_other, 0, DOORS * sizeof(int));
	while (sscanf(line, "%7s %u %d\n%n", door, &number, &error, &used) == 3) {
		size_t d = 0;

		while (d < DOORS - 1 && strcmp(doors[d].door, door) != 0)
			d++;
		line += used;
		if (error == 254)
			continue;
		if (error == bpf_errno(f, doors[d].arch, number, nonsense))
			ret_same[d]++;
		else
			ret_other[d]++;
	}
}

static void gate_22_every_refused_call_is_refused(void **state)
{
	static const struct {
		const char *options;
		uint64_t capabilities;
	} rows[] = {{"", CAP(SYS_CHROOT)},
		    {"--no-init -u 5", CAP(SYS_CHROOT)},
		    {"--userns single --cap-drop ALL", 0},
		    {"--cap-add ALL --cap-drop SYS_TIME", UINT64_MAX & ~CAP(SYS_TIME)},
		    {"--security-opt no-new-privileges=false", CAP(SYS_CHROOT)}};
	static char script[12288];
	struct arena arena;
	int same[DOORS], other[DOORS];

	arena_init(&arena);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seccomp_filter f;

		assert_int_equal(seccomp_build(&arena, rows[i].capabilities, &f, NULL), 0);
		write_refused(&f, script, sizeof(script));
		compare(seal(rows[i].options, script), &f, same, other);
		for (size_t d = 0; d < DOORS; d++) {
			if (other[d])
				fail_msg("%s: %d calls of door %s answer otherwise",
					 rows[i].options, other[d], doors[d].door);
			assert_true(d > 0 || same[d] > 150);
			assert_true(same[d] == 0 || same[d] > 150);
		}
		/* Without a filter many of them answer otherwise: else this would show nothing. */
		compare(seal("--security-opt seccomp=unconfined", script), &f, same, other);
		assert_in_range(other[0], 20, NUMBERS);
	}
	arena_release(&arena);
}

static void gate_22_the_init_has_the_filter_too(void **state)
{
	expect_out(seal("", "$R run / sed -n 's/^Seccomp:[[:space:]]*//p' /proc/1/status"), "2\n");
	expect_out(seal("", "$R run --no-init / sed -n 's/^Seccomp_filters:[[:space:]]*//p' "
			    "/proc/1/status"),
		   "1\n");
}

/* ---- --disable-userns ---- */

static void seal__user_namespaces_can_be_made_inside(void **state)
{
	const struct result *r = seal("", "$R run $IN / /inside userns");

	expect_contains(r, "unshare 64 0\n");
	expect_contains(r, "clone 64 0\n");
	expect_contains(r, "clone3 64 0\n");
	expect_status(seal("", "$R run / unshare -Ur true"), 0);
}

/* Two lines: the count, and a filter that holds where root may raise the count again. */
static void seal__disable_userns_holds(void **state)
{
	static const char *const options[] = {"",
					      "--privileged",
					      "--privileged --no-init",
					      "--cap-add SYS_RESOURCE --security-opt unmask=ALL",
					      "--security-opt seccomp=unconfined",
					      "--security-opt seccomp=allow.json",
					      "-u 5",
					      "--userns keep-id",
					      "--userns single",
					      "--pid host"};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		const struct result *r =
			seal(options[i], ALLOW_ALL
			     "$R run --disable-userns $O $IN / sh -c '"
			     "cat /proc/sys/user/max_user_namespaces; "
			     "echo 99 2>/dev/null >/proc/sys/user/max_user_namespaces; "
			     "/inside userns; unshare -Ur true 2>/dev/null && echo made'; true");

		expect_contains(r, "0\nunshare 64 1\nclone 64 1\nclone3 64 38\n");
		expect_absent(r, "made");
		expect_absent(r, "32 0\n"); /* x32's as well */
	}
}

/* The first line by itself: what the filter cannot see, the count refuses (ENOSPC). */
static void seal__disable_userns_sets_the_count(void **state)
{
	const struct result *r = seal("", "$R plan --disable-userns / true");

	expect_contains(r, "write 0 to /proc/sys/user/max_user_namespaces");
	expect_contains(r, "no-userns");
	expect_contains(
		seal("--sysctl user.max_user_namespaces=0", "$R run $O $IN / /inside userns"),
		"unshare 64 28\n");
	/* of a joined one it belongs to somebody else */
	expect_out(seal("", "$R run --pidfile p / sleep 60 & for i in $(seq 500); do [ -s p ] && "
			    "break; sleep .01; "
			    "done; $R run --disable-userns --userns ns:/proc/$(cat p)/ns/user $IN "
			    "/ sh -c '"
			    "[ $(cat /proc/sys/user/max_user_namespaces) != 0 ] && echo kept; "
			    "/inside userns | head -n 1'; "
			    "kill -KILL $(cat p); wait"),
		   "kept\nunshare 64 1\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		test(gate_09_the_five_sets_are_exact),
		test(gate_09_the_five_sets_are_exact_when_nested),
		test(gate_09_no_new_privs_and_securebits),
		test(gate_17_what_cannot_be_applied_fails),
		test(gate_17_a_profile_is_applied),
		test(gate_17_a_kept_profile_is_the_right_one),
		test(gate_22_every_refused_call_is_refused),
		test(gate_22_the_init_has_the_filter_too),
		test(seal__user_namespaces_can_be_made_inside),
		test(seal__disable_userns_holds),
		test(seal__disable_userns_sets_the_count),
	};

	return harness_main("gate_seal", tests, sizeof(tests) / sizeof(tests[0]));
}
