/* The filters loaded for real, in a child each. Needs no privilege: no_new_privs is enough. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "seccomp/filter.h"
#include "seccomp/profile.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define CAP(n)	 (UINT64_C(1) << CAP_##n)
#define HIGH	 0xabcd000000000000ull

/* Fork, load, call, and hand the errno back (0: it succeeded; 255: not even loaded). */
static int live(const struct seccomp_filter *f, long (*call)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct sock_fprog program = {f->length, (struct sock_filter *)f->program};

		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
			_exit(255);
		errno = 0;
		_exit(call() < 0 ? errno : 0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

#define LIVE(name, ...)                                                                            \
	static long live_##name(void)                                                              \
	{                                                                                          \
		return syscall(__VA_ARGS__);                                                       \
	}
LIVE(getpid, SYS_getpid)
LIVE(keyctl, SYS_keyctl, 0, -3, 0)
LIVE(io_uring, 425, 1, 0)
LIVE(clone3, 435, 0, 0)
LIVE(unshare, SYS_unshare, 0)
LIVE(setns, SYS_setns, -1, 0)
LIVE(bpf, SYS_bpf, -1, 0, 0)
LIVE(personality, SYS_personality, 0x40000)
LIVE(personality_ask, SYS_personality, 0xffffffff)
LIVE(alg, SYS_socket, AF_ALG, SOCK_SEQPACKET, 0)
LIVE(audit, SYS_socket, AF_NETLINK, SOCK_RAW, 9)
LIVE(unix_socket, SYS_socket, AF_UNIX, SOCK_STREAM, 0)
LIVE(sti, SYS_ioctl, -1, TIOCSTI, 0)
LIVE(sti_high, SYS_ioctl, -1, TIOCSTI | HIGH, 0)
LIVE(winsize, SYS_ioctl, -1, TIOCGWINSZ, 0)
LIVE(statmount, 457, 0, 0, 0, 0)

static void seccomp_live__the_kernel_takes_it(void **state)
{
	static const struct {
		long (*call)(void);
		int usual, always;
	} rows[] = {
		/* On fd -1 an ioctl that the filter lets through says EBADF, clone3 of nothing
		   EINVAL. */
		{live_getpid, 0, 0},	      {live_keyctl, ENOSYS, ENOSYS},
		{live_io_uring, ENOSYS, -1},  {live_clone3, EINVAL, EINVAL},
		{live_unshare, 0, 0},	      {live_setns, EPERM, EBADF},
		{live_bpf, EPERM, -1},	      {live_personality, EPERM, 0},
		{live_personality_ask, 0, 0}, {live_alg, EAFNOSUPPORT, -1},
		{live_audit, EINVAL, -1},     {live_unix_socket, 0, 0},
		{live_sti, EPERM, EPERM},     {live_sti_high, EPERM, EPERM},
		{live_winsize, EBADF, EBADF}, {live_statmount, ENOSYS, -1},
	};
	const struct seccomp_filter *usual = seccomp_default(CAP(SYS_CHROOT));

	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(live(usual, rows[i].call), rows[i].usual);
		if (rows[i].always >= 0) /* else the kernel's build decides */
			assert_int_equal(live(seccomp_always(), rows[i].call), rows[i].always);
	}
	assert_int_equal(live(seccomp_no_userns(), live_clone3), ENOSYS);
}

/* A user's profile that knows nothing above openat2 (437). A sanitizer asks sigaltstack at the end.
 */
static void seccomp_live__newer_than_a_profile(void **state)
{
	static const char text[] =
		"{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [{\"names\": [\"getpid\", "
		"\"exit\", \"exit_group\", \"sigaltstack\", \"openat2\"], \"action\": "
		"\"SCMP_ACT_ALLOW\"}]}";
	struct seccomp_filter profile;
	struct rootlet_error err = {0};
	struct arena arena;

	arena_init(&arena);
	assert_int_equal(seccomp_profile_compile(&arena, text, strlen(text), "p.json", 0, "6.1",
						 &profile, &err),
			 0);
	assert_int_equal(live(&profile, live_getpid), 0);
	assert_int_equal(live(&profile, live_unshare), EPERM);
	assert_int_equal(live(&profile, live_clone3), EPERM);
	assert_int_equal(live(&profile, live_statmount), ENOSYS);
	arena_release(&arena);
}

#ifdef __x86_64__
/* The 32-bit door, from a 64-bit program: TIOCSTI on fd -1. */
static long live_sti_i386(void)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(54L), "b"(-1L), "c"((long)TIOCSTI), "d"(0L)
			 : "memory", "cc", "r8", "r9", "r10", "r11");
	errno = (int)-result;
	return result;
}

static void seccomp_live__the_kernel_takes_it_for_i386(void **state)
{
	int answer = live(seccomp_always(), live_sti_i386);

	if (answer == -SIGSEGV || answer == ENOSYS)
		skip(); /* a kernel without 32-bit emulation */
	assert_int_equal(answer, EPERM);
	assert_int_equal(live(seccomp_default(CAP(SYS_CHROOT)), live_sti_i386), EPERM);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seccomp_live__the_kernel_takes_it),
		cmocka_unit_test(seccomp_live__newer_than_a_profile),
#ifdef __x86_64__
		cmocka_unit_test(seccomp_live__the_kernel_takes_it_for_i386),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
