/* Gate 24: the caller's keys stay outside, also when there is no quota left for a keyring of the
 * container's own. By itself: it uses up this user's keys (200 by default) for a moment. */
#include "seal.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static long keyctl(int op, long a, long b)
{
	return syscall(SYS_keyctl, op, a, b, 0, 0);
}

static void expect_no_keys(const struct result *r)
{
	expect_status(r, 0);
	expect_contains(r, "session 64 38\nadd 64 38\nrequest 64 38\n");
	if (strstr(r->out, "read "))
		expect_contains(r, "read 64 38\n");
	expect_absent(r, "32 0\n"); /* x32's as well */
}

/* The caller's user keyring has its uid, and so has the container's root: the kernel would let it
 * in. */
static void gate_24_the_callers_keyrings_are_out_of_reach(void **state)
{
	long ring = keyctl(KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 1);
	char script[512];

	if (ring < 0 && errno == ENOSYS)
		skip_because("this kernel has no keys, or a filter hides them");
	assert_true(ring > 0);
	snprintf(script, sizeof(script), ALLOW_ALL "$R run $O $IN / /inside keys %ld", ring);
	expect_no_keys(seal("", script));
	expect_no_keys(seal("--userns keep-id", script));
	for (size_t i = 0; i < SEAL_OPEN; i++)
		expect_no_keys(seal(seal_open[i], script));
	/* It can be read from a user namespace without a filter, so the above shows something. */
	snprintf(script, sizeof(script), "$R unshare $I keys %ld", ring);
	expect_contains(seal("", script), "read 64 0\n");
}

static void gate_24_no_key_is_listed(void **state)
{
	expect_out(seal("", "$R run / sh -c 'cat /proc/keys | wc -c'"), "0\n");
}

/* From outside: each has brought one session keyring more. (Dead ones vanish when the kernel finds
 * the time, so serial numbers are compared, not counts.) */
static void gate_24_the_session_keyring_is_its_own(void **state)
{
	expect_out(seal("",
			"rings() { grep \" $(id -u) .*keyring *_ses\" /proc/keys | cut -d' ' -f1 | "
			"sort; }; "
			"rings >before; for n in 1 2 3; do $R run --pidfile p$n / sleep 60 & done; "
			"for i in $(seq 500); do [ -s p1 ] && [ -s p2 ] && [ -s p3 ] && break; "
			"sleep .01; done; "
			"rings | comm -13 before - | wc -l >n; [ $(cat n) -ge 3 ] && echo own; "
			"kill -KILL $(cat p1 p2 p3); wait "
			"2>/dev/null"),
		   "own\n");
}

/* As root in a user namespace keys count on the same uid; here in a session keyring of our own,
 * that goes with the process. A keyring that exists already is what makes the quota count
 * (keyctl(2)). */
static void use_up_the_quota(void)
{
	char name[32];
	int quiet = 0;

	assert_true(keyctl(KEYCTL_JOIN_SESSION_KEYRING, 0, 0) > 0);
	/* Dead keys count until they are collected, some time later: until nothing changes any
	 * more. */
	for (int i = 0; quiet < 20; i++) {
		snprintf(name, sizeof(name), "rootlet-test-%d", i);
		if (syscall(SYS_add_key, "user", name, "x", (size_t)1, KEY_SPEC_SESSION_KEYRING) >=
		    0) {
			quiet = 0;
			continue;
		}
		assert_int_equal(errno, EDQUOT);
		usleep(25000);
		quiet++;
	}
}

#define NOTE                                                                                       \
	"rootlet: session keyring: your key quota is used up (/proc/key-users), so the container " \
	"has none of its "                                                                         \
	"own; your keys stay hidden: every key call inside is refused\n"

static void gate_24_a_used_up_quota_is_said_and_hides_the_keys(void **state)
{
	const char *script = ALLOW_ALL "$R run $O $IN / /inside keys";
	const struct result *r;

	if (keyctl(KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0) < 0 && errno == ENOSYS)
		skip_because("this kernel has no keys, or a filter hides them");
	use_up_the_quota();
	r = seal("", script);
	expect_no_keys(r);
	assert_string_equal(r->err, NOTE);
	for (size_t i = 0; i < SEAL_OPEN; i++) {
		r = seal(seal_open[i], script);
		expect_no_keys(r);
		/* more power inside is said as well, before */
		assert_string_equal(r->err + strlen(r->err) - strlen(NOTE), NOTE);
	}
	r = seal("--log-format json", script);
	expect_no_keys(r);
	assert_non_null(strstr(r->err, "{\"level\":\"warning\",\"msg\":\"session keyring: "));
	/* outside of it our own key is found */
	expect_contains(seal("", "$I keys"), "session 64 0\n");
	keyctl(KEYCTL_REVOKE, KEY_SPEC_SESSION_KEYRING, 0);
	keyctl(KEYCTL_JOIN_SESSION_KEYRING, 0, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		test(gate_24_the_callers_keyrings_are_out_of_reach),
		test(gate_24_no_key_is_listed),
		test(gate_24_the_session_keyring_is_its_own),
		test(gate_24_a_used_up_quota_is_said_and_hides_the_keys),
	};

	return harness_main("gate_keys", tests, sizeof(tests) / sizeof(tests[0]));
}
