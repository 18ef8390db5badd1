/* System calls and a few helpers for programs without a C library: the init, the waiter, the
 * monitor and the client, and for the files of theirs that are built into the library as well.
 *
 * raw_<name>() returns what the kernel returned: a value, or -errno. Only calls that x86-64 and
 * aarch64 both have. Nothing here allocates, keeps state or changes errno. Include no header of the
 * C library beside it: the kernel's own headers define the same structures.
 */
#ifndef ROOTLET_INIT_NOLIBC_H
#define ROOTLET_INIT_NOLIBC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asm/errno.h>
#include <asm/ioctls.h>
#include <asm/poll.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/signalfd.h>
#include <linux/time.h>
#include <linux/time_types.h>
#include <linux/uio.h>
#include <linux/wait.h>

/* Not in the kernel's exported headers. */
#define RAW_MSG_DONTWAIT 0x40
#define RAW_MSG_NOSIGNAL 0x4000
#define RAW_MSG_PEEK	 0x2
#define RAW_SHUT_WR	 1
#define RAW_SIGNALS	 64

#define RAW_INLINE static inline __attribute__((always_inline, unused))

#if defined(__x86_64__)

RAW_INLINE long raw_call(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

/* The same for few arguments: loads no register in vain, which is half the size of such a call. */
RAW_INLINE long raw_call3(long nr, long a, long b, long c)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "0"(nr), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return result;
}

#elif defined(__aarch64__)

RAW_INLINE long raw_call(long nr, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory", "cc");
	return x0;
}

RAW_INLINE long raw_call3(long nr, long a, long b, long c)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory", "cc");
	return x0;
}

#else
#error "rootlet's init knows x86-64 and aarch64"
#endif

/* ---- processes ---- */

RAW_INLINE _Noreturn void raw_exit(int status)
{
	for (;;)
		raw_call3(__NR_exit_group, status, 0, 0);
}

RAW_INLINE int raw_getpid(void)
{
	return (int)raw_call3(__NR_getpid, 0, 0, 0);
}

RAW_INLINE int raw_getppid(void)
{
	return (int)raw_call3(__NR_getppid, 0, 0, 0);
}

RAW_INLINE int raw_getpgid(int pid)
{
	return (int)raw_call3(__NR_getpgid, pid, 0, 0);
}

RAW_INLINE long raw_kill(int pid, int sig)
{
	return raw_call3(__NR_kill, pid, sig, 0);
}

RAW_INLINE long raw_execve(const char *path, char *const *argv, char *const *envp)
{
	return raw_call3(__NR_execve, (long)path, (long)argv, (long)envp);
}

RAW_INLINE long raw_wait4(int pid, int *status, int options)
{
	return raw_call(__NR_wait4, pid, (long)status, options, 0, 0, 0);
}

RAW_INLINE long raw_waitid(int type, int id, siginfo_t *info, int options)
{
	return raw_call(__NR_waitid, type, id, (long)info, options, 0, 0);
}

RAW_INLINE long raw_prctl(int option, unsigned long value)
{
	return raw_call(__NR_prctl, option, (long)value, 0, 0, 0, 0);
}

/* ---- signals ---- */

/* A signal set as the kernel has it: bit n-1 for signal n. */
RAW_INLINE uint64_t raw_sigbit(int sig)
{
	return (uint64_t)1 << (sig - 1);
}

RAW_INLINE long raw_sigprocmask(int how, const uint64_t *set, uint64_t *ret_old)
{
	return raw_call(__NR_rt_sigprocmask, how, (long)set, (long)ret_old, sizeof(*set), 0, 0);
}

RAW_INLINE uint64_t raw_sigpending(void)
{
	uint64_t set = 0;

	raw_call3(__NR_rt_sigpending, (long)&set, sizeof(set), 0);
	return set;
}

/* struct sigaction as the kernel has it on both architectures; all zero is SIG_DFL without flags.
 */
struct raw_sigaction {
	uint64_t handler, flags, restorer, mask;
};

RAW_INLINE long raw_sigaction(int sig, const struct raw_sigaction *action,
			      struct raw_sigaction *ret_old)
{
	return raw_call(__NR_rt_sigaction, sig, (long)action, (long)ret_old, sizeof(uint64_t), 0,
			0);
}

RAW_INLINE int raw_signalfd(uint64_t set)
{
	return (int)raw_call(__NR_signalfd4, -1, (long)&set, sizeof(set), O_CLOEXEC | O_NONBLOCK, 0,
			     0);
}

/* ---- descriptors ---- */

RAW_INLINE long raw_read(int fd, void *data, size_t size)
{
	return raw_call3(__NR_read, fd, (long)data, (long)size);
}

RAW_INLINE long raw_write(int fd, const void *data, size_t size)
{
	return raw_call3(__NR_write, fd, (long)data, (long)size);
}

RAW_INLINE long raw_close(int fd)
{
	return raw_call3(__NR_close, fd, 0, 0);
}

RAW_INLINE long raw_open(const char *path, int flags)
{
	return raw_call(__NR_openat, AT_FDCWD, (long)path, flags, 0, 0, 0);
}

RAW_INLINE long raw_unlink(const char *path)
{
	return raw_call3(__NR_unlinkat, AT_FDCWD, (long)path, 0);
}

RAW_INLINE bool raw_exists(const char *path)
{
	return raw_call3(__NR_faccessat, AT_FDCWD, (long)path, 0) == 0;
}

RAW_INLINE long raw_ioctl(int fd, unsigned int request, void *data)
{
	return raw_call3(__NR_ioctl, fd, request, (long)data);
}

RAW_INLINE long raw_ppoll(struct pollfd *fds, unsigned int count, struct __kernel_timespec *timeout)
{
	return raw_call(__NR_ppoll, (long)fds, count, (long)timeout, 0, 0, 0);
}

/* One record; never waits and never raises SIGPIPE. */
RAW_INLINE long raw_send(int fd, const void *data, size_t size)
{
	return raw_call(__NR_sendto, fd, (long)data, (long)size,
			RAW_MSG_DONTWAIT | RAW_MSG_NOSIGNAL, 0, 0);
}

RAW_INLINE long raw_receive(int fd, void *data, size_t size)
{
	return raw_call(__NR_recvfrom, fd, (long)data, (long)size, RAW_MSG_DONTWAIT, 0, 0);
}

/* The next record stays in the socket. */
RAW_INLINE long raw_peek(int fd, void *data, size_t size)
{
	return raw_call(__NR_recvfrom, fd, (long)data, (long)size, RAW_MSG_DONTWAIT | RAW_MSG_PEEK,
			0, 0);
}

RAW_INLINE uint64_t raw_clock_ns(int clock)
{
	struct __kernel_timespec now = {0, 0};

	raw_call3(__NR_clock_gettime, clock, (long)&now, 0);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

RAW_INLINE uint64_t raw_monotonic_ns(void)
{
	return raw_clock_ns(CLOCK_MONOTONIC);
}

/* ---- files in a folder ---- */

RAW_INLINE int raw_openat(int dir, const char *name, int flags, int mode)
{
	return (int)raw_call(__NR_openat, dir, (long)name, flags, mode, 0, 0);
}

RAW_INLINE long raw_ftruncate(int fd, uint64_t size)
{
	return raw_call3(__NR_ftruncate, fd, (long)size, 0);
}

RAW_INLINE long raw_unlinkat(int dir, const char *name, int flags)
{
	return raw_call3(__NR_unlinkat, dir, (long)name, flags);
}

RAW_INLINE long raw_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	return raw_call(__NR_renameat2, from_dir, (long)from, to_dir, (long)to, 0, 0);
}

/* Adds the terminating zero that the kernel does not; a target that does not fit is cut. */
RAW_INLINE long raw_readlinkat(int dir, const char *name, char *text, size_t size)
{
	long n = raw_call(__NR_readlinkat, dir, (long)name, (long)text, (long)size - 1, 0, 0);

	text[n > 0 ? n : 0] = '\0';
	return n;
}

/* ---- text ---- */

/* A decimal number, possibly negative. What is not one yields what was read so far: these strings
 * come from our own programs only. */
RAW_INLINE int64_t raw_number(const char *text)
{
	bool negative = *text == '-';
	int64_t value = 0;

	for (text += negative; *text >= '0' && *text <= '9'; text++)
		value = value * 10 + (*text - '0');
	return negative ? -value : value;
}

#endif
