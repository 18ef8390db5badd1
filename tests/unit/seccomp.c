/* The default filter and the two small ones, simulated for every architecture. What the kernel
 * makes of them is seccomp_live.c's concern, how they compare with podman's seccomp_profile.c's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <cmocka.h>

#include "bpf.h"
#include "seccomp/compile.h"
#include "seccomp/rules.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define CAP(n)	 (UINT64_C(1) << CAP_##n)
#define X32	 0x40000000u
#define HIGH	 0xabcd000000000000ull

extern const struct seccomp_tables seccomp_tables_other;

static const struct seccomp_tables *const machines[] = {&seccomp_tables, &seccomp_tables_other};
static const uint32_t arches[] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64,
				  AUDIT_ARCH_ARM};

/* Compiled in, or built by the code that seccomp_build uses, for either machine. */
static void filter_for(const struct seccomp_tables *tables, uint64_t capabilities,
		       struct seccomp_filter *ret)
{
	static struct sock_filter program[SECCOMP_PROGRAM_MAX];
	const struct seccomp_filter *ready = seccomp_variant_find(tables, capabilities);
	int length;

	if (ready) {
		*ret = *ready;
		return;
	}
	length = seccomp_compile(tables, capabilities, program);
	assert_true(length > 0);
	*ret = (struct seccomp_filter){program, (uint16_t)length, "built", 0, false};
}

static const struct seccomp_tables *machine_of(uint32_t arch)
{
	for (size_t i = 0; i < COUNT(machines); i++)
		for (size_t k = 0; k < machines[i]->arch_count; k++)
			if (machines[i]->arches[k].token == arch)
				return machines[i];
	fail_msg("no machine runs architecture %x", arch);
	return NULL;
}

/* libseccomp's number, or for calls younger than Debian 12's libseccomp the one all architectures
 * share. */
static int number_of(uint32_t arch, const char *name)
{
	static const struct {
		const char *name;
		int number;
	} young[] = {
		{"cachestat", 451},	    {"fchmodat2", 452},	       {"map_shadow_stack", 453},
		{"futex_wake", 454},	    {"futex_wait", 455},       {"futex_requeue", 456},
		{"statmount", 457},	    {"listmount", 458},	       {"lsm_get_self_attr", 459},
		{"lsm_set_self_attr", 460}, {"lsm_list_modules", 461}, {"mseal", 462},
	};

	for (size_t i = 0; i < COUNT(young); i++)
		if (strcmp(young[i].name, name) == 0)
			return young[i].number;
	/* libseccomp takes it for a part of socketcall. */
	if (arch == AUDIT_ARCH_I386 && strcmp(name, "socket") == 0)
		return 359;
	return seccomp_syscall_resolve_name_arch(arch, name);
}

static int ask(uint32_t arch, const char *name, uint64_t capabilities, const uint64_t args[6])
{
	struct seccomp_filter f;
	int number = number_of(arch, name);

	if (number < 0)
		return -2;
	filter_for(machine_of(arch), capabilities, &f);
	return bpf_errno(&f, arch, (uint32_t)number, args);
}

/* What each call answers by default, and which capability makes it 0. One row a decision. */
static const struct {
	const char *name;
	int answer;
	uint64_t lifted_by;
} decisions[] = {
	{"read", 0, 0},
	{"openat", 0, 0},
	{"execve", 0, 0},
	{"fchmodat2", 0, 0},
	{"futex_waitv", 0, 0},
	{"futex_requeue", 0, 0},
	{"landlock_restrict_self", 0, 0},
	{"seccomp", 0, 0},
	/* Nested containers. */
	{"clone", 0, 0},
	{"clone3", 0, 0},
	{"unshare", 0, 0},
	{"mount", 0, 0},
	{"umount2", 0, 0},
	{"pivot_root", 0, 0},
	{"fsopen", 0, 0},
	{"fsmount", 0, 0},
	{"move_mount", 0, 0},
	{"open_tree", 0, 0},
	{"mount_setattr", 0, 0},
	/* The kernel's own rules do. */
	{"ptrace", 0, 0},
	{"process_vm_readv", 0, 0},
	{"adjtimex", 0, 0},
	{"name_to_handle_at", 0, 0},
	{"setns", EPERM, CAP(SYS_ADMIN)},
	{"sethostname", EPERM, CAP(SYS_ADMIN)},
	{"setdomainname", EPERM, CAP(SYS_ADMIN)},
	{"quotactl", EPERM, CAP(SYS_ADMIN)},
	{"quotactl_fd", EPERM, CAP(SYS_ADMIN)},
	{"fanotify_init", EPERM, CAP(SYS_ADMIN)},
	{"lsm_set_self_attr", ENOSYS, CAP(SYS_ADMIN)},
	{"bpf", EPERM, CAP(SYS_ADMIN)},
	{"bpf", EPERM, UINT64_C(1) << 39},
	{"perf_event_open", EPERM, CAP(SYS_ADMIN)},
	{"perf_event_open", EPERM, UINT64_C(1) << 38},
	{"syslog", EPERM, CAP(SYSLOG)},
	{"reboot", EPERM, CAP(SYS_BOOT)},
	{"open_by_handle_at", EPERM, CAP(DAC_READ_SEARCH)},
	{"init_module", EPERM, CAP(SYS_MODULE)},
	{"finit_module", EPERM, CAP(SYS_MODULE)},
	{"delete_module", EPERM, CAP(SYS_MODULE)},
	{"mbind", EPERM, CAP(SYS_NICE)},
	{"set_mempolicy", EPERM, CAP(SYS_NICE)},
	{"get_mempolicy", EPERM, CAP(SYS_NICE)},
	{"set_mempolicy_home_node", EPERM, CAP(SYS_NICE)},
	{"acct", EPERM, CAP(SYS_PACCT)},
	{"kcmp", EPERM, CAP(SYS_PTRACE)},
	{"pidfd_getfd", EPERM, CAP(SYS_PTRACE)},
	{"process_madvise", EPERM, CAP(SYS_PTRACE)},
	{"iopl", EPERM, CAP(SYS_RAWIO)},
	{"ioperm", EPERM, CAP(SYS_RAWIO)},
	{"clock_settime", EPERM, CAP(SYS_TIME)},
	{"clock_settime64", EPERM, CAP(SYS_TIME)},
	{"settimeofday", EPERM, CAP(SYS_TIME)},
	{"stime", EPERM, CAP(SYS_TIME)},
	{"vhangup", EPERM, CAP(SYS_TTY_CONFIG)},
	{"kexec_load", EPERM, 0},
	{"kexec_file_load", EPERM, 0},
	{"swapon", EPERM, 0},
	{"move_pages", EPERM, 0},
	{"migrate_pages", EPERM, 0},
	{"vm86", EPERM, 0},
	{"keyctl", ENOSYS, 0},
	{"add_key", ENOSYS, 0},
	{"request_key", ENOSYS, 0},
	{"userfaultfd", ENOSYS, 0},
	{"io_uring_setup", ENOSYS, 0},
	{"io_uring_enter", ENOSYS, 0},
	{"io_uring_register", ENOSYS, 0},
	{"vmsplice", ENOSYS, 0},
	{"uselib", ENOSYS, 0},
	{"_sysctl", ENOSYS, 0},
	{"nfsservctl", ENOSYS, 0},
	{"statmount", ENOSYS, 0},
	{"mseal", ENOSYS, 0},
};

static void seccomp__each_decision_holds_on_every_architecture(void **state)
{
	uint64_t all = UINT64_MAX, usual = seccomp_default_capabilities();

	for (size_t i = 0; i < COUNT(decisions); i++) {
		uint64_t lifts = decisions[i].lifted_by;
		int met = 0;

		for (size_t k = 0; k < COUNT(arches); k++) {
			int answer = ask(arches[k], decisions[i].name, usual, NULL);

			if (answer == -2)
				continue;
			met++;
			if (answer != decisions[i].answer)
				fail_msg("%s on %x: %d, not %d", decisions[i].name, arches[k],
					 answer, decisions[i].answer);
			if (lifts && ask(arches[k], decisions[i].name, usual | lifts, NULL) != 0)
				fail_msg("%s on %x: not lifted", decisions[i].name, arches[k]);
			if (!lifts)
				assert_int_equal(ask(arches[k], decisions[i].name, all, NULL),
						 decisions[i].answer);
		}
		if (met == 0)
			fail_msg("%s: nowhere", decisions[i].name);
	}
}

static void seccomp__chroot_needs_its_capability(void **state)
{
	for (size_t k = 0; k < COUNT(arches); k++) {
		assert_int_equal(ask(arches[k], "chroot", CAP(SYS_CHROOT), NULL), 0);
		assert_int_equal(ask(arches[k], "chroot", 0, NULL), EPERM);
	}
}

/* [first argument, third argument] of socket. */
static void seccomp__socket_is_judged_by_family(void **state)
{
	static const struct {
		uint64_t family, protocol;
		int usual, with_audit;
	} rows[] = {
		{AF_UNIX, 0, 0, 0},
		{AF_INET, 9, 0, 0},
		{AF_NETLINK, 0, 0, 0},
		{AF_NETLINK, 9, EINVAL, 0},
		{AF_NETLINK | HIGH, 9 | HIGH, EINVAL, 0},
		{AF_ALG, 0, EAFNOSUPPORT, EAFNOSUPPORT},
		{AF_ALG | HIGH, 9, EAFNOSUPPORT, EAFNOSUPPORT},
		{AF_VSOCK, 0, EAFNOSUPPORT, EAFNOSUPPORT},
		{AF_VSOCK | HIGH, 0, EAFNOSUPPORT, EAFNOSUPPORT},
		{39, 0, 0, 0},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t k = 0; k < COUNT(arches); k++) {
			uint64_t args[6] = {rows[i].family, SOCK_STREAM, rows[i].protocol};
			uint32_t a = arches[k];

			assert_int_equal(ask(a, "socket", 0, args), rows[i].usual);
			assert_int_equal(ask(a, "socket", CAP(AUDIT_WRITE), args),
					 rows[i].with_audit);
		}
	/* i386's old door: where the family lies behind a pointer nothing can be said. */
	assert_int_equal(ask(AUDIT_ARCH_I386, "socketcall", 0, (uint64_t[6]){1}), 0);
}

static void seccomp__personality_allows_five_values(void **state)
{
	static const struct {
		uint64_t value;
		int answer;
	} rows[] = {{0, 0},
		    {8, 0},
		    {0x20000, 0},
		    {0x20008, 0},
		    {0xffffffff, 0},
		    {0xffffffffffffffff, 0},
		    {1, EPERM},
		    {0x40000 /* ADDR_NO_RANDOMIZE */, EPERM},
		    {0x40000 | HIGH, EPERM},
		    {0x100000 /* MMAP_PAGE_ZERO */, EPERM},
		    {0x40008, EPERM},
		    {0xfffffffe, EPERM}};

	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t k = 0; k < COUNT(arches); k++)
			assert_int_equal(
				ask(arches[k], "personality", 0, (uint64_t[6]){rows[i].value}),
				rows[i].answer);
}

/* Gate 12. The always filter is asked for this machine only: it is written for it. */
static void seccomp__terminal_injection_is_refused(void **state)
{
	static const struct {
		uint64_t command;
		int answer;
	} rows[] = {{TIOCSTI, EPERM}, {TIOCSTI | HIGH, EPERM},	 {TIOCSTI | 1ull << 32, EPERM},
		    {0x541c, EPERM},  {0x541c | HIGH, EPERM},	 {TIOCGWINSZ, 0},
		    {TIOCSTI + 1, 0}, {0xffffffff00000000ull, 0}};

	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t args[6] = {0, rows[i].command};

		for (size_t k = 0; k < COUNT(arches); k++) {
			assert_int_equal(ask(arches[k], "ioctl", 0, args), rows[i].answer);
			assert_int_equal(ask(arches[k], "ioctl", UINT64_MAX, args), rows[i].answer);
		}
		for (size_t k = 0; k < seccomp_tables.arch_count; k++) {
			uint32_t a = seccomp_tables.arches[k].token;

			assert_int_equal(bpf_errno(seccomp_always(), a,
						   (uint32_t)number_of(a, "ioctl"), args),
					 rows[i].answer);
		}
	}
}

#ifdef __x86_64__
static void seccomp__terminal_injection_is_refused_through_x32(void **state)
{
	static const uint32_t doors[] = {16 | X32, 514 | X32, 514};
	uint64_t bad[6] = {0, TIOCSTI | HIGH}, good[6] = {0, TIOCGWINSZ};

	for (size_t i = 0; i < COUNT(doors); i++) {
		uint32_t a = AUDIT_ARCH_X86_64;

		assert_int_equal(bpf_errno(seccomp_always(), a, doors[i], bad), EPERM);
		assert_int_equal(bpf_errno(seccomp_always(), a, doors[i], good), 0);
	}
	for (uint32_t n = 248; n <= 250; n++)
		assert_int_equal(bpf_errno(seccomp_always(), AUDIT_ARCH_X86_64, n | X32, good),
				 ENOSYS);
}
#endif

/* Gate 24: keys are found by the owner's uid, which is the caller's own inside too. */
static bool is_key_call(uint32_t arch, uint32_t n)
{
	static const char *const names[] = {"add_key", "request_key", "keyctl"};

	for (size_t i = 0; i < COUNT(names); i++)
		if ((uint32_t)number_of(arch, names[i]) == n)
			return true;
	return false;
}

/* Nothing but what they are for: unconfined means it. */
static void seccomp__small_filters_allow_everything_else(void **state)
{
	static const struct {
		const char *name;
		uint64_t flags;
		int answer;
	} rows[] = {{"clone", CLONE_NEWUSER | SIGCHLD, EPERM},
		    {"clone", CLONE_NEWUSER | HIGH, EPERM},
		    {"clone", CLONE_NEWNS | SIGCHLD, 0},
		    {"unshare", CLONE_NEWUSER | CLONE_NEWNS, EPERM},
		    {"unshare", CLONE_NEWNS, 0},
		    {"clone3", 0, ENOSYS}};

	for (size_t k = 0; k < seccomp_tables.arch_count; k++) {
		uint32_t a = seccomp_tables.arches[k].token;
		uint32_t ioctl_nr = (uint32_t)number_of(a, "ioctl");
		uint32_t clone = (uint32_t)number_of(a, "clone");
		uint32_t unshare_nr = (uint32_t)number_of(a, "unshare");

		for (uint32_t n = 0; n < 1024; n++) {
			uint64_t sti[6] = {CLONE_NEWUSER, TIOCSTI};

			if (n != ioctl_nr && n != 514)
				assert_int_equal(bpf_errno(seccomp_always(), a, n, sti),
						 is_key_call(a, n) ? ENOSYS : 0);
			if (n != clone && n != unshare_nr && n != 435)
				assert_int_equal(bpf_errno(seccomp_no_userns(), a, n, sti), 0);
		}
		for (size_t i = 0; i < COUNT(rows); i++)
			assert_int_equal(bpf_errno(seccomp_no_userns(), a,
						   (uint32_t)number_of(a, rows[i].name),
						   (uint64_t[6]){rows[i].flags}),
					 rows[i].answer);
	}
	assert_int_equal(bpf_errno(seccomp_always(), AUDIT_ARCH_S390X, 1, NULL), -1);
	assert_int_equal(bpf_errno(seccomp_no_userns(), AUDIT_ARCH_S390X, 1, NULL), -1);
}

static void seccomp__unknown_numbers_do_not_exist(void **state)
{
	static const uint32_t far[] = {0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, 100000};
	struct seccomp_filter f;

	for (size_t k = 0; k < COUNT(arches); k++) {
		filter_for(machine_of(arches[k]), UINT64_MAX, &f);
		for (uint32_t n = SECCOMP_LAST_KNOWN + 1; n < 2048; n++)
			assert_int_equal(bpf_errno(&f, arches[k], n, NULL), ENOSYS);
		for (size_t i = 0; i < COUNT(far); i++)
			assert_int_equal(bpf_errno(&f, arches[k], far[i], NULL), ENOSYS);
		/* Nothing of x32 exists, whatever is below its bit. */
		for (uint32_t n = 0; n < 1024; n++)
			assert_int_equal(bpf_errno(&f, arches[k], n | X32, NULL), ENOSYS);
	}
	filter_for(machines[0], UINT64_MAX, &f);
	assert_int_equal(bpf_errno(&f, AUDIT_ARCH_S390X, 1, NULL), -1);
	/* 32-bit arm's own calls are far above all others: set_tls, and the gap after them. */
	filter_for(machine_of(AUDIT_ARCH_ARM), 0, &f);
	assert_int_equal(bpf_errno(&f, AUDIT_ARCH_ARM, 0xf0005, NULL), 0);
	assert_int_equal(bpf_errno(&f, AUDIT_ARCH_ARM, 0xf0007, NULL), ENOSYS);
	assert_int_equal(bpf_errno(&f, AUDIT_ARCH_ARM, 0xf0000, NULL), ENOSYS);
}

/* The code generator against the plainest reading of the tables, for many sets of capabilities. */
static int plain_reading(const struct seccomp_arch *arch, uint32_t nr, uint64_t capabilities)
{
	const struct seccomp_rule *r;
	size_t i = 0;

	while (i + 1 < arch->count && arch->segments[i + 1].first <= nr)
		i++;
	r = &seccomp_rules[arch->segments[i].rule];
	/* With all arguments 0 the three checks allow. */
	return (r->lifted_by & capabilities) || r->check != CHECK_NONE ? 0 : r->error;
}

static void seccomp__programs_agree_with_the_tables(void **state)
{
	uint64_t random = 0x9e3779b97f4a7c15u;
	size_t most = 0;

	for (int round = 0; round < 200; round++) {
		uint64_t capabilities = round == 0 ? 0 : round == 1 ? UINT64_MAX : random;

		random = random * 6364136223846793005u + 1442695040888963407u;
		for (size_t m = 0; m < COUNT(machines); m++) {
			struct seccomp_filter f;

			filter_for(machines[m], capabilities, &f);
			for (size_t k = 0; k < machines[m]->arch_count; k++)
				for (uint32_t n = 0; n < 520; n++) {
					const struct seccomp_arch *a = &machines[m]->arches[k];
					struct seccomp_data data = {.arch = a->token, .nr = (int)n};
					size_t steps;

					bpf_run(&f, &data, &steps);
					most = steps > most ? steps : most;
					assert_int_equal(bpf_errno(&f, a->token, n, NULL),
							 plain_reading(a, n, capabilities));
				}
		}
	}
	/* The price of a load is this times a thousand numbers; a list would be at a hundred. */
	assert_true(most <= 22);
}

/* Tables longer than ours, so that jumps go farther than a conditional one can; then too long ones.
 */
static void seccomp__long_programs_jump_far(void **state)
{
	static struct seccomp_segment segments[510];
	struct seccomp_tables tables = {
		.arches = {{AUDIT_ARCH_X86_64, segments, 300}, {AUDIT_ARCH_I386, segments, 300}},
		.arch_count = 2};
	static const uint16_t rules[] = {RULE_ALLOW, RULE_UNKNOWN, 5 /* refused without a look */};
	struct seccomp_filter f;
	size_t longest = 0;

	assert_int_equal(seccomp_rules[rules[2]].check, CHECK_NONE);
	for (uint32_t i = 0; i < COUNT(segments); i++)
		segments[i] = (struct seccomp_segment){2 * i, rules[i % 3]};
	filter_for(&tables, 0, &f);
	for (size_t i = 0; i < f.length; i++)
		if (f.program[i].code == (BPF_JMP | BPF_JA) && f.program[i].k > longest)
			longest = f.program[i].k;
	assert_true(longest > 255);
	for (size_t k = 0; k < 2; k++)
		for (uint32_t n = 0; n < 700; n++)
			assert_int_equal(bpf_errno(&f, tables.arches[k].token, n, NULL),
					 plain_reading(&tables.arches[k], n, 0));

	tables.arches[0].count = tables.arches[1].count = COUNT(segments);
	assert_int_equal(
		seccomp_compile(&tables, 0, (struct sock_filter[SECCOMP_PROGRAM_MAX]){{0}}),
		-E2BIG);
}

static void seccomp__build_gives_every_combination(void **state)
{
	struct seccomp_filter f, again;
	struct arena a;

	arena_init(&a);
	assert_ptr_equal(seccomp_default(CAP(SYS_CHROOT)),
			 seccomp_default(CAP(SYS_CHROOT) | CAP(KILL)));
	assert_string_equal(seccomp_default(CAP(SYS_CHROOT))->name, "default");
	assert_string_equal(seccomp_default(UINT64_MAX)->name, "default+ALL");
	assert_true(seccomp_default(CAP(SYS_CHROOT))->length <= 240);
	assert_int_equal(seccomp_build(&a, CAP(SYS_CHROOT), &f, NULL), 0);
	assert_ptr_equal(f.program, seccomp_default(CAP(SYS_CHROOT))->program);

	assert_null(seccomp_default(CAP(SYS_TIME)));
	assert_int_equal(seccomp_build(&a, CAP(SYS_TIME), &f, NULL), 0);
	assert_string_equal(f.name, "default-SYS_CHROOT+SYS_TIME");
	assert_int_equal(bpf_errno(&f, AUDIT_ARCH_X86_64, 227, NULL), 0);
	assert_int_equal(bpf_errno(&f, AUDIT_ARCH_X86_64, 161, NULL), EPERM);
	assert_int_equal(seccomp_build(&a, CAP(SYS_TIME), &again, NULL), 0);
	assert_int_equal(f.length, again.length);
	assert_memory_equal(f.program, again.program, f.length * sizeof(f.program[0]));
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seccomp__each_decision_holds_on_every_architecture),
		cmocka_unit_test(seccomp__chroot_needs_its_capability),
		cmocka_unit_test(seccomp__socket_is_judged_by_family),
		cmocka_unit_test(seccomp__personality_allows_five_values),
		cmocka_unit_test(seccomp__terminal_injection_is_refused),
		cmocka_unit_test(seccomp__small_filters_allow_everything_else),
		cmocka_unit_test(seccomp__unknown_numbers_do_not_exist),
		cmocka_unit_test(seccomp__programs_agree_with_the_tables),
		cmocka_unit_test(seccomp__long_programs_jump_far),
		cmocka_unit_test(seccomp__build_gives_every_combination),
#ifdef __x86_64__
		cmocka_unit_test(seccomp__terminal_injection_is_refused_through_x32),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
