/* A user's profile: what it compiles to, and the place and words of each complaint. With podman's
 * own profile on the machine, also: the default filter refuses all that it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bpf.h"
#include "seccomp/compile.h"
#include "seccomp/profile.h"
#include "seccomp/profile_cache.h"
#include "seccomp/rules.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define CAP(n)	 (UINT64_C(1) << CAP_##n)
#define HIGH	 0xabcd000000000000ull

static struct arena arena;

static int setup(void **state)
{
	arena_init(&arena);
	return 0;
}

static int teardown(void **state)
{
	arena_release(&arena);
	return 0;
}

static void compile(const char *text, uint64_t capabilities, const char *release,
		    struct seccomp_filter *ret)
{
	struct rootlet_error err = {0};

	if (seccomp_profile_compile(&arena, text, strlen(text), "p.json", capabilities, release,
				    ret, &err) < 0)
		fail_msg("%s", err.message);
	assert_string_equal(ret->name, "p.json");
}

static int ask(const struct seccomp_filter *f, const char *name, uint64_t a0, uint64_t a1)
{
	uint32_t native = seccomp_arch_native();

	return bpf_errno(f, native, (uint32_t)seccomp_syscall_resolve_name(name),
			 (uint64_t[6]){a0, a1});
}

static void seccomp_profile__default_and_rules(void **state)
{
	struct seccomp_filter f;

	compile("{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 38, \"syscalls\": ["
		"{\"names\": [\"read\", \"no_such_call\"], \"action\": \"SCMP_ACT_ALLOW\"},"
		"{\"name\": \"write\", \"action\": \"SCMP_ACT_ALLOW\", \"args\": null},"
		"{\"names\": [\"kill\"], \"action\": \"SCMP_ACT_ERRNO\"},"
		"{\"names\": [\"mkdir\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 30}]}",
		0, "6.1.0", &f);
	assert_int_equal(ask(&f, "read", 0, 0), 0);
	assert_int_equal(ask(&f, "write", 0, 0), 0);
	assert_int_equal(ask(&f, "kill", 0, 0), EPERM);
	assert_int_equal(ask(&f, "mkdir", 0, 0), EROFS);
	assert_int_equal(ask(&f, "rmdir", 0, 0), ENOSYS);
	/* No other architecture was named. */
	assert_int_equal(bpf_errno(&f, AUDIT_ARCH_S390X, 3, NULL), -1);
}

static void seccomp_profile__each_operator(void **state)
{
	static const struct {
		const char *op;
		uint64_t value, two;
		int below, equal, above; /* for 15, 16, 17 */
	} rows[] = {
		{"NE", 16, 0, EPERM, 0, EPERM},		{"LT", 16, 0, EPERM, 0, 0},
		{"LE", 16, 0, EPERM, EPERM, 0},		{"EQ", 16, 0, 0, EPERM, 0},
		{"GE", 16, 0, 0, EPERM, EPERM},		{"GT", 16, 0, 0, 0, EPERM},
		{"MASKED_EQ", 0x11, 0x11, 0, 0, EPERM},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct seccomp_filter f;
		char text[400];

		snprintf(text, sizeof(text),
			 "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"dup\"],"
			 "\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":0,\"value\":%llu,"
			 "\"valueTwo\":%llu,\"op\":\"SCMP_CMP_%s\"}]}]}",
			 (unsigned long long)rows[i].value, (unsigned long long)rows[i].two,
			 rows[i].op);
		compile(text, 0, "6.1.0", &f);
		assert_int_equal(ask(&f, "dup", 15, 0), rows[i].below);
		assert_int_equal(ask(&f, "dup", 16, 0), rows[i].equal);
		assert_int_equal(ask(&f, "dup", 17, 0), rows[i].above);
	}
}

static void seccomp_profile__ioctl_ignores_high_bits(void **state)
{
	struct seccomp_filter f;

	compile("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"ioctl\"],"
		"\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":1,\"value\":21522,"
		"\"op\":\"SCMP_CMP_EQ\"}]}]}",
		0, "6.1.0", &f);
	assert_int_equal(ask(&f, "ioctl", 0, TIOCSTI), EPERM);
	assert_int_equal(ask(&f, "ioctl", 0, TIOCSTI | HIGH), EPERM);
	assert_int_equal(ask(&f, "ioctl", 0, TIOCGWINSZ), 0);
}

/* The condition stands in front of a rule that allows chroot; the default refuses. */
static void seccomp_profile__conditions(void **state)
{
	static const struct {
		const char *condition;
		uint64_t capabilities;
		const char *release;
		int answer;
	} rows[] = {
		{"\"includes\":{\"caps\":[\"CAP_SYS_CHROOT\"]}", CAP(SYS_CHROOT), "6.1", 0},
		{"\"includes\":{\"caps\":[\"CAP_SYS_CHROOT\"]}", CAP(SYS_ADMIN), "6.1", EPERM},
		{"\"includes\":{\"caps\":[\"CAP_SYS_CHROOT\",\"CAP_SYS_ADMIN\"]}", CAP(SYS_CHROOT),
		 "6.1", EPERM},
		{"\"excludes\":{\"caps\":[\"CAP_SYS_CHROOT\",\"CAP_SYS_ADMIN\"]}", CAP(SYS_CHROOT),
		 "6.1", EPERM},
		{"\"excludes\":{\"caps\":[\"CAP_SYS_CHROOT\"]}", 0, "6.1", 0},
		{"\"includes\":{\"arches\":[\"s390x\"]}", 0, "6.1", EPERM},
		{"\"includes\":{\"arches\":[\"s390x\",\"amd64\",\"arm64\"]}", 0, "6.1", 0},
		{"\"excludes\":{\"arches\":[\"amd64\",\"arm64\"]}", 0, "6.1", EPERM},
		{"\"excludes\":{\"arches\":[\"s390\"]}", 0, "6.1", 0},
		{"\"includes\":{\"minKernel\":\"4.8\"}", 0, "6.1.0-40-amd64", 0},
		{"\"includes\":{\"minKernel\":\"6.2\"}", 0, "6.1.0-40-amd64", EPERM},
		{"\"includes\":{\"minKernel\":\"6.1\"}", 0, "6.1.0-40-amd64", 0},
		{"\"excludes\":{\"minKernel\":\"6.1\"}", 0, "6.10.1", EPERM},
		{"\"includes\":{},\"excludes\":{}", 0, "6.1", 0},
		{"\"includes\":null,\"excludes\":null,\"comment\":\"\"", 0, "6.1", 0},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct seccomp_filter f;
		char text[400];

		snprintf(text, sizeof(text),
			 "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":["
			 "\"chroot\"],\"action\":\"SCMP_ACT_ALLOW\",%s}]}",
			 rows[i].condition);
		compile(text, rows[i].capabilities, rows[i].release, &f);
		if (ask(&f, "chroot", 0, 0) != rows[i].answer)
			fail_msg("%s: %d", rows[i].condition, ask(&f, "chroot", 0, 0));
	}
}

/* Every kind of default: only a refusal by another errno leaves new calls to their fallback. */
static void seccomp_profile__calls_newer_than_the_profile(void **state)
{
	static const struct {
		const char *action;
		int named, older, newer;
	} rows[] = {
		{"SCMP_ACT_ERRNO\"", 0, EPERM, ENOSYS},
		{"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":13", 0, EACCES, ENOSYS},
		{"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38", 0, ENOSYS, ENOSYS},
		{"SCMP_ACT_KILL\"", 0, -1, -1},
		{"SCMP_ACT_KILL_PROCESS\"", 0, -1, -1},
		{"SCMP_ACT_TRAP\"", 0, -1, -1},
		{"SCMP_ACT_TRACE\"", 0, -1, -1},
		{"SCMP_ACT_LOG\"", 0, -1, -1},
		{"SCMP_ACT_ALLOW\"", 0, 0, 0},
	};
	uint32_t native = seccomp_arch_native();

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct seccomp_filter f;
		char text[400];

		/* close_range is 436 everywhere. What a condition leaves out is known all the same,
		 * and what libseccomp does not know is not. */
		snprintf(text, sizeof(text),
			 "{\"defaultAction\":\"%s,\"syscalls\":[{\"names\":[\"dup\","
			 "\"no_such_call\"],\"action\":\"SCMP_ACT_ALLOW\"},{\"names\":["
			 "\"close_range\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"caps\":["
			 "\"CAP_SYS_ADMIN\"]}}]}",
			 rows[i].action);
		compile(text, 0, "6.1", &f);
		assert_int_equal(ask(&f, "dup", 0, 0), rows[i].named);
		assert_int_equal(bpf_errno(&f, native, 435, NULL), rows[i].older);
		assert_int_equal(bpf_errno(&f, native, 436, NULL), rows[i].older);
		assert_int_equal(bpf_errno(&f, native, 437, NULL), rows[i].newer);
		assert_int_equal(bpf_errno(&f, native, 4000, NULL), rows[i].newer);
	}
}

#ifdef __x86_64__
#define X32(n) (0x40000000u | (n))

/* Each has its own newest. i386's socket(2) is a name with two numbers; x32's rt_sigaction is in
 * the old block of its own, which says nothing of what is new; -1 is no call. */
static void seccomp_profile__newer_calls_of_each_architecture(void **state)
{
	static const struct {
		uint32_t arch, number;
		int answer;
	} rows[] = {
		{AUDIT_ARCH_X86_64, 13, 0},
		{AUDIT_ARCH_X86_64, 41, 0},
		{AUDIT_ARCH_X86_64, 40, EPERM},
		{AUDIT_ARCH_X86_64, 42, ENOSYS},
		{AUDIT_ARCH_X86_64, 0x3fffffff, ENOSYS},
		{AUDIT_ARCH_X86_64, UINT32_MAX, EPERM},
		{AUDIT_ARCH_X86_64, X32(41), 0},
		{AUDIT_ARCH_X86_64, X32(40), EPERM},
		{AUDIT_ARCH_X86_64, X32(42), ENOSYS},
		{AUDIT_ARCH_X86_64, X32(511), ENOSYS},
		{AUDIT_ARCH_X86_64, X32(512), 0},
		{AUDIT_ARCH_X86_64, X32(513), EPERM},
		{AUDIT_ARCH_X86_64, X32(547), EPERM},
		{AUDIT_ARCH_X86_64, X32(548), ENOSYS},
		{AUDIT_ARCH_I386, 174, 0},
		{AUDIT_ARCH_I386, 359, 0},
		{AUDIT_ARCH_I386, 358, EPERM},
		{AUDIT_ARCH_I386, 374, ENOSYS},
	};
	struct seccomp_filter f;

	compile("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X32\","
		"\"SCMP_ARCH_X86\",\"SCMP_ARCH_X86_64\"],\"syscalls\":[{\"names\":["
		"\"rt_sigaction\",\"socket\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
		0, "6.1", &f);
	for (size_t i = 0; i < COUNT(rows); i++)
		if (bpf_errno(&f, rows[i].arch, rows[i].number, NULL) != rows[i].answer)
			fail_msg("%x %x: %d", rows[i].arch, rows[i].number,
				 bpf_errno(&f, rows[i].arch, rows[i].number, NULL));

	/* x32 is not named: it stays as it was. */
	compile("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":["
		"\"socket\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
		0, "6.1", &f);
	assert_int_equal(bpf_errno(&f, AUDIT_ARCH_X86_64, 42, NULL), ENOSYS);
	assert_int_equal(bpf_errno(&f, AUDIT_ARCH_X86_64, X32(42), NULL), -1);
	assert_int_equal(bpf_errno(&f, AUDIT_ARCH_I386, 400, NULL), -1);
	assert_int_equal(bpf_errno(&f, AUDIT_ARCH_I386, 1, NULL), -1);
}

static void seccomp_profile__architectures(void **state)
{
	static const char *const named[] = {
		"\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\"]",
		"\"archMap\":[{\"architecture\":\"SCMP_ARCH_S390X\",\"subArchitectures\":["
		"\"SCMP_ARCH_S390\"]},{\"architecture\":\"SCMP_ARCH_X86_64\","
		"\"subArchitectures\":[\"SCMP_ARCH_X86\"]}]"};

	for (size_t i = 0; i < COUNT(named); i++) {
		struct seccomp_filter f;
		char text[400];

		snprintf(text, sizeof(text),
			 "{\"defaultAction\":\"SCMP_ACT_ALLOW\",%s,\"syscalls\":[{\"names\":["
			 "\"chroot\"],\"action\":\"SCMP_ACT_ERRNO\"}]}",
			 named[i]);
		compile(text, 0, "6.1", &f);
		assert_int_equal(bpf_errno(&f, AUDIT_ARCH_X86_64, 161, NULL), EPERM);
		assert_int_equal(bpf_errno(&f, AUDIT_ARCH_I386, 61, NULL), EPERM);
		assert_int_equal(bpf_errno(&f, AUDIT_ARCH_I386, 161, NULL), 0);
	}
}
#endif

#define ALLOW "{\"defaultAction\":\"SCMP_ACT_ALLOW\""
#define RULE  ALLOW ",\n\"syscalls\":[{\"names\":[\"dup\"],\"action\":\"SCMP_ACT_ERRNO\",\n"

static void seccomp_profile__complaints(void **state)
{
	static const struct {
		const char *text, *id, *subject, *message;
	} rows[] = {
		{"", "json-syntax", "", "p.json:1:1: the text ends in the middle"},
		{ALLOW ",\n", "json-syntax", "", "p.json:2:1: the text ends in the middle"},
		{ALLOW ",\n  x}", "json-syntax", "", "p.json:2:3: "},
		{ALLOW "}\n{", "json-syntax", "",
		 "p.json:2:1: more text after the end of the JSON value"},
		{"[]", "json-type", "", "p.json:1:1: expected an object, got a list"},
		{"{}", "json-type", "/defaultAction",
		 "p.json:1:1: /defaultAction: expected a string, got nothing"},
		{"{\n \"defaultAction\": \"ALLOW\"}", "seccomp-action", "/defaultAction",
		 "p.json:2:19: /defaultAction: unknown action \"ALLOW\""},
		{"{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}", "seccomp-action", "/defaultAction",
		 "p.json:1:18: /defaultAction: rootlet has no listener for SCMP_ACT_NOTIFY"},
		{ALLOW ",\n\"defaultErrnoRet\": 1}", "seccomp-errno", "/defaultErrnoRet",
		 "p.json:2:20: /defaultErrnoRet: SCMP_ACT_ALLOW gives no errno"},
		{ALLOW ",\n \"sycalls\": []}", "json-key", "/sycalls",
		 "p.json:2:13: /sycalls: no such field in a seccomp profile"},
		{ALLOW ",\n\"a/b~c\": 1}", "json-key", "/a~1b~0c", "p.json:2:10: /a~1b~0c: "},
		{ALLOW ",\n\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"]}", "seccomp-flag", "/flags/0",
		 "p.json:2:10: /flags/0: rootlet cannot set SECCOMP_FILTER_FLAG_LOG"},
		{ALLOW ",\n\"architectures\":[\"x86\"]}", "seccomp-arch", "/architectures/0",
		 "p.json:2:18: /architectures/0: unknown architecture \"x86\""},
		{ALLOW ",\n\"syscalls\":[{\"names\":[\"dup\",\n\"raed\"],"
		       "\"action\":\"SCMP_ACT_ERRNO\"}]}",
		 "seccomp-call", "/syscalls/0/names/1",
		 "p.json:3:1: /syscalls/0/names/1: libseccomp knows no system call \"raed\", so it "
		 "cannot be refused"},
		{RULE "\"errnoRet\":-1}]}", "json-value", "/syscalls/0/errnoRet",
		 "p.json:3:12: /syscalls/0/errnoRet: out of range: 0 to 4095"},
		{RULE "\"errnoRet\":4096}]}", "json-value", "/syscalls/0/errnoRet",
		 "p.json:3:12: /syscalls/0/errnoRet: out of range: 0 to 4095"},
		{RULE "\"errno\":\"ENOSYS\"}]}", "seccomp-errno", "/syscalls/0/errno",
		 "p.json:3:9: /syscalls/0/errno: the errno is given by name only: add its number "
		 "as "
		 "errnoRet"},
		{RULE "\"args\":[{\"index\":6,\"op\":\"SCMP_CMP_EQ\"}]}]}", "json-value",
		 "/syscalls/0/args/0/index",
		 "p.json:3:18: /syscalls/0/args/0/index: out of range: 0 to 5"},
		{RULE "\"args\":[{\"index\":1.5,\"op\":\"SCMP_CMP_EQ\"}]}]}", "json-type",
		 "/syscalls/0/args/0/index",
		 "p.json:3:18: /syscalls/0/args/0/index: expected a whole number, got a fraction"},
		{RULE "\"args\":[{\"value\":18446744073709551616,\"op\":\"SCMP_CMP_EQ\"}]}]}",
		 "json-value", "/syscalls/0/args/0/value",
		 "p.json:3:18: /syscalls/0/args/0/value: does not fit into 64 bits"},
		{RULE "\"args\":[{\"value\":1,\"op\":\"EQ\"}]}]}", "seccomp-operator",
		 "/syscalls/0/args/0/op",
		 "p.json:3:25: /syscalls/0/args/0/op: unknown operator \"EQ\""},
		{RULE "\"args\":[{\"op\":\"SCMP_CMP_GE\",\"value\":1},\n"
		      "{\"op\":\"SCMP_CMP_LE\",\"value\":4}]}]}",
		 "seccomp-argument", "/syscalls/0/args/1",
		 "p.json:4:1: /syscalls/0/args/1: argument 0 is compared twice in one rule, which "
		 "seccomp cannot express: write two rules"},
		{RULE "\"includes\":{\"caps\":[\"CAP_ROOT\"]}}]}", "seccomp-capability",
		 "/syscalls/0/includes/caps/0",
		 "p.json:3:21: /syscalls/0/includes/caps/0: unknown capability \"CAP_ROOT\""},
		{RULE "\"includes\":{\"minKernel\":\"new\"}}]}", "seccomp-kernel",
		 "/syscalls/0/includes/minKernel",
		 "p.json:3:25: /syscalls/0/includes/minKernel: expected a kernel version such as "
		 "\"4.8\", got \"new\""},
		{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"dup\"],"
		 "\"action\":\"SCMP_ACT_ALLOW\"},\n{\"names\":[\"dup\"],"
		 "\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"op\":\"SCMP_CMP_EQ\"}]}]}",
		 "seccomp-conflict", "/syscalls/1/names/0",
		 "p.json:2:11: /syscalls/1/names/0: another rule has a milder answer for dup "
		 "whatever its arguments are, so this one would never count"},
		{RULE "\"args\":[{\"op\":\"SCMP_CMP_EQ\"}]},\n{\"names\":[\"dup\"],"
		      "\"action\":\"SCMP_ACT_KILL\",\"args\":[{\"op\":\"SCMP_CMP_EQ\"}]}]}",
		 "seccomp-conflict", "/syscalls/1/names/0",
		 "p.json:4:11: /syscalls/1/names/0: dup has another answer for these arguments in "
		 "an earlier rule"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct seccomp_filter f = {0};
		struct rootlet_error err = {0};
		int code = seccomp_profile_compile(&arena, rows[i].text, strlen(rows[i].text),
						   "p.json", 0, "6.1.0", &f, &err);

		if (code != -EINVAL)
			fail_msg("%s: %d %s", rows[i].text, code, err.message);
		assert_null(f.program);
		assert_string_equal(err.id, rows[i].id);
		assert_string_equal(err.subject, rows[i].subject);
		/* json-c's own words may change: only the place is compared where ours end in a
		 * colon. */
		if (rows[i].message[strlen(rows[i].message) - 1] == ' ')
			assert_memory_equal(err.message, rows[i].message, strlen(rows[i].message));
		else
			assert_string_equal(err.message, rows[i].message);
	}
}

static void seccomp_profile__same_rule_twice_is_no_conflict(void **state)
{
	struct seccomp_filter f;

	compile(RULE "\"comment\":\"\"},{\"names\":[\"dup\",\"dup\"],"
		     "\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":1}]}",
		0, "6.1.0", &f);
	assert_int_equal(ask(&f, "dup", 0, 0), EPERM);
}

/* In either order, and also where the stricter one is the default. */
static void seccomp_profile__the_stricter_of_two_rules_wins(void **state)
{
	static const struct {
		const char *action, *first, *second;
		int answer;
	} rows[] = {
		{"ALLOW", "ERRNO", "KILL", -1},	    {"ALLOW", "KILL", "ERRNO", -1},
		{"KILL", "ALLOW", "ERRNO", EPERM},  {"KILL", "ERRNO", "ALLOW", EPERM},
		{"ERRNO", "ALLOW", "ERRNO", EPERM}, {"ERRNO", "ERRNO", "ALLOW", EPERM},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct seccomp_filter f;
		char text[400];

		snprintf(text, sizeof(text),
			 "{\"defaultAction\":\"SCMP_ACT_%s\",\"syscalls\":["
			 "{\"names\":[\"dup\",\"read\"],\"action\":\"SCMP_ACT_%s\"},"
			 "{\"names\":[\"dup\"],\"action\":\"SCMP_ACT_%s\"}]}",
			 rows[i].action, rows[i].first, rows[i].second);
		compile(text, 0, "6.1", &f);
		assert_int_equal(ask(&f, "dup", 0, 0), rows[i].answer);
	}
}

static void seccomp_profile__positions_survive_strings_with_brackets(void **state)
{
	static const char text[] = ALLOW ", \"syscalls\": [ {\"comment\": \"]}\\\"{[,:\\\\\","
					 "\"names\":[], \"action\" : \"SCMP_ACT_ERRNO\"},\n"
					 "  {\"names\" : [ \"dup\" ] , \"action\" :  7 } ] }";
	struct seccomp_filter f;
	struct rootlet_error err = {0};

	assert_int_equal(seccomp_profile_compile(&arena, text, sizeof(text) - 1, "p.json", 0,
						 "6.1.0", &f, &err),
			 -EINVAL);
	assert_string_equal(
		err.message,
		"p.json:2:38: /syscalls/1/action: expected a string, got a whole number");
}

/* What podman's profile refuses and this filter allows, each with its reason. */
static const struct {
	uint32_t number; /* the same on every architecture */
	uint64_t with;	 /* any of these; 0: always */
	const char *name, *why;
} podman_refuses[] = {
	{443, CAP(SYS_ADMIN), "quotactl_fd", "as quotactl: lifted in podman's newer profiles"},
	{449, 0, "futex_waitv", "allowed in podman's newer profiles; wine waits with it"},
	{450, CAP(SYS_NICE), "set_mempolicy_home_node", "as mbind: lifted in Docker's"},
	{452, 0, "fchmodat2", "allowed in podman's newer profiles; glibc's fchmodat takes it"},
	{454, 0, "futex_wake", "allowed in podman's newer profiles"},
	{455, 0, "futex_wait", "allowed in podman's newer profiles"},
	{456, 0, "futex_requeue", "allowed in podman's newer profiles"},
	{459, CAP(SYS_ADMIN), "lsm_get_self_attr", "lifted in Docker's"},
	{460, CAP(SYS_ADMIN), "lsm_set_self_attr", "lifted in Docker's"},
	{461, CAP(SYS_ADMIN), "lsm_list_modules", "lifted in Docker's"},
};

static bool is_exception(uint32_t arch, uint32_t nr, uint64_t capabilities)
{
	/* uretprobe, uprobe: the kernel's own trampolines call them, see rules.c. */
	if (arch == AUDIT_ARCH_X86_64 && (nr == 335 || nr == 336))
		return true;
	for (size_t i = 0; i < COUNT(podman_refuses); i++)
		if (podman_refuses[i].number == nr &&
		    (!podman_refuses[i].with || (podman_refuses[i].with & capabilities)))
			return true;
	return false;
}

/* Returns how many calls are refused there and allowed here, and prints each. */
static size_t compare_with(const struct seccomp_filter *theirs, uint64_t capabilities)
{
	static const uint64_t questions[][6] = {
		{0}, {0x40000}, {AF_NETLINK, SOCK_RAW, 9}, {AF_VSOCK, SOCK_STREAM, 0}};
	struct seccomp_filter ours;
	size_t refused = 0, missed = 0;

	assert_int_equal(seccomp_build(&arena, capabilities, &ours, NULL), 0);
	for (size_t k = 0; k < seccomp_tables.arch_count; k++)
		for (uint32_t n = 0; n < 1024; n++)
			for (size_t q = 0; q < COUNT(questions); q++) {
				uint32_t a = seccomp_tables.arches[k].token;

				if (bpf_errno(theirs, a, n, questions[q]) == 0 ||
				    is_exception(a, n, capabilities))
					continue;
				refused++;
				if (bpf_errno(&ours, a, n, questions[q]) != 0)
					continue;
				missed++;
				print_error("call %u (%s) on %x, question %zu, capabilities %llx: "
					    "refused there, allowed here\n",
					    n, seccomp_syscall_resolve_num_arch(a, (int)n), a, q,
					    (unsigned long long)capabilities);
			}
	assert_true(refused > 4000); /* most numbers up to 1024 do not exist */
	return missed;
}

/* ROOTLET_TEST_PROFILE names another profile to compare with. */
static void seccomp_profile__default_refuses_what_podman_refuses(void **state)
{
	static const uint64_t sets[] = {
		0, CAP(SYS_CHROOT), CAP(SYS_ADMIN), CAP(SYS_PTRACE), CAP(AUDIT_WRITE), UINT64_MAX};
	const char *path = getenv("ROOTLET_TEST_PROFILE");
	static char text[1 << 20];
	ssize_t length;
	size_t missed = 0;
	int fd;

	fd = open(path ? path : "/usr/share/containers/seccomp.json", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		skip(); /* needs podman's profile (golang-github-containers-common) */
	length = read(fd, text, sizeof(text));
	close(fd);
	assert_true(length > 0);
	for (size_t i = 0; i < COUNT(sets); i++) {
		struct seccomp_filter theirs;
		struct rootlet_error err = {0};

		if (seccomp_profile_compile(&arena, text, (size_t)length, "podman", sets[i],
					    "6.1.0", &theirs, &err) < 0)
			fail_msg("%s", err.message);
		missed += compare_with(&theirs, sets[i]);
	}
	assert_int_equal(missed, 0);
}

/* What was kept is that profile's and nobody else's: each byte of what it depends on counts. */
static void seccomp_profile__kept_bytes_are_for_one_profile(void **state)
{
	static const char text[] = "{\"defaultAction\": \"SCMP_ACT_ERRNO\"}";
	static const char longer[] = "{\"defaultAction\": \"SCMP_ACT_ERRNO\"} ";
	struct seccomp_filter filter, again = {.name = "kept"};
	struct profile_bytes bytes, changed;
	size_t program;
	char *copy;

	compile(text, 5, "6.1.0", &filter);
	program = filter.length * sizeof(*filter.program);
	assert_int_equal(profile_cache_pack(&arena, text, 5, "6.1.0", &filter, &bytes), 0);
	assert_true(profile_cache_unpack(&arena, &bytes, text, 5, "6.1.0", &again));
	assert_int_equal(again.length, filter.length);
	assert_memory_equal(again.program, filter.program, program);
	assert_string_equal(again.name, "kept");
	assert_int_equal(again.flags, filter.flags);
	assert_int_equal(again.notify, filter.notify);

	assert_false(profile_cache_unpack(&arena, &bytes, text, 4, "6.1.0", &again));
	assert_false(profile_cache_unpack(&arena, &bytes, text, 5, "6.1.1", &again));
	assert_false(profile_cache_unpack(&arena, &bytes, longer, 5, "6.1.0", &again));
	assert_false(profile_cache_unpack(&arena, &bytes, "{}", 5, "6.1.0", &again));
	copy = arena_memdup(&arena, bytes.data, bytes.size);
	/* all but the program and, before it, its flags and whether it notifies */
	for (size_t i = 0; i < bytes.size - program - 8; i++) {
		changed = (struct profile_bytes){copy, bytes.size};
		copy[i] ^= 1;
		assert_false(profile_cache_unpack(&arena, &changed, text, 5, "6.1.0", &again));
		copy[i] ^= 1;
	}
	for (size_t size = 0; size < bytes.size; size++) {
		bool whole = size > bytes.size - program && (bytes.size - size) % 8 == 0;

		changed = (struct profile_bytes){copy, size};
		assert_int_equal(profile_cache_unpack(&arena, &changed, text, 5, "6.1.0", &again),
				 whole);
	}
}

static struct rootlet_error error;

static int part(const char *text, bool listener, struct seccomp_filter *ret, const char **unknown)
{
	const struct seccomp_part p = {.text = text,
				       .len = strlen(text),
				       .path = "config.json",
				       .line = 7,
				       .column = 3,
				       .listener = listener};

	return seccomp_part_compile(&arena, &p, 0, "6.1.0", ret, unknown, &error);
}

/* linux.seccomp of a config.json: what it may say beyond a profile, and what it may not. */
static void seccomp_profile__part_of_a_config(void **state)
{
	struct seccomp_filter filter;
	const char *unknown;

	assert_int_equal(
		part("{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"later\": 1, \"flags\": "
		     "[\"SECCOMP_FILTER_FLAG_LOG\", \"SECCOMP_FILTER_FLAG_SPEC_ALLOW\", "
		     "\"SECCOMP_FILTER_FLAG_TSYNC\"], \"syscalls\": [{\"names\": [\"getcwd\", "
		     "\"nocall\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 38}]}",
		     false, &filter, &unknown),
		0);
	assert_int_equal(filter.flags, SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	assert_false(filter.notify);
	assert_non_null(strstr(unknown, "\"nocall\""));
	assert_int_equal(part("{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": "
			      "[\"personality\"], \"action\": \"SCMP_ACT_ERRNO\", \"args\": "
			      "[{\"index\": 0, \"value\": 8, \"op\": \"SCMP_CMP_EQ\"}, "
			      "{\"index\": 0, \"value\": 9, \"op\": \"SCMP_CMP_EQ\"}]}]}",
			      false, &filter, &unknown),
			 0);
	assert_int_equal(ask(&filter, "personality", 8, 0), EPERM);
	assert_int_equal(ask(&filter, "personality", 9, 0), EPERM);
	assert_int_equal(ask(&filter, "personality", 7, 0), 0);
	assert_non_null(strstr(unknown, "twice"));

	assert_int_equal(part("{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": "
			      "[\"mkdir\"], \"action\": \"SCMP_ACT_NOTIFY\"}]}",
			      true, &filter, &unknown),
			 0);
	assert_true(filter.notify);
	assert_null(unknown);

	/* without a listener nobody would answer */
	assert_int_equal(part("{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": "
			      "[\"mkdir\"], \"action\": \"SCMP_ACT_NOTIFY\"}]}",
			      false, &filter, &unknown),
			 -EINVAL);
	assert_non_null(strstr(error.message, "config.json:7:"));
	assert_non_null(strstr(error.message, "listenerPath"));
	assert_int_equal(part("{\"defaultAction\": \"SCMP_ACT_NOTIFY\"}", true, &filter, &unknown),
			 -EINVAL);
	assert_int_equal(part("{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": "
			      "[\"sendmsg\"], \"action\": \"SCMP_ACT_NOTIFY\"}]}",
			      true, &filter, &unknown),
			 -EINVAL);
	assert_int_equal(part("{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": "
			      "[\"mkdir\", \"write\"], \"action\": \"SCMP_ACT_NOTIFY\"}]}",
			      true, &filter, &unknown),
			 -EINVAL);
	assert_non_null(strstr(error.message, "cannot be used for the write syscall"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seccomp_profile__default_and_rules),
		cmocka_unit_test(seccomp_profile__each_operator),
		cmocka_unit_test(seccomp_profile__part_of_a_config),
		cmocka_unit_test(seccomp_profile__ioctl_ignores_high_bits),
		cmocka_unit_test(seccomp_profile__conditions),
		cmocka_unit_test(seccomp_profile__calls_newer_than_the_profile),
#ifdef __x86_64__
		cmocka_unit_test(seccomp_profile__architectures),
		cmocka_unit_test(seccomp_profile__newer_calls_of_each_architecture),
#endif
		cmocka_unit_test(seccomp_profile__complaints),
		cmocka_unit_test(seccomp_profile__same_rule_twice_is_no_conflict),
		cmocka_unit_test(seccomp_profile__the_stricter_of_two_rules_wins),
		cmocka_unit_test(seccomp_profile__positions_survive_strings_with_brackets),
		cmocka_unit_test(seccomp_profile__kept_bytes_are_for_one_profile),
		cmocka_unit_test(seccomp_profile__default_refuses_what_podman_refuses),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
