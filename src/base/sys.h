/* System calls that the C library lacks or wraps, as raw calls. Async-signal-safe; no policy.
 *
 * Each returns what the kernel returned: a value, or -errno (never through errno). For the child
 * after clone, and for whoever needs a call that glibc 2.31 does not declare.
 */
#ifndef ROOTLET_BASE_SYS_H
#define ROOTLET_BASE_SYS_H

#include <errno.h>
#include <linux/openat2.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* syscall(2) with the kernel's own convention. */
#define SYS(name, ...)                                                                             \
	({                                                                                         \
		long sys_result = syscall(SYS_##name, ##__VA_ARGS__);                              \
		sys_result < 0 ? -errno : (int)sys_result;                                         \
	})

/* struct clone_args of linux/sched.h, version 2. Every clone3 knows version 0, the first 64 bytes;
 * `cgroup` came with Linux 5.7. */
struct sys_clone_args {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
	uint64_t set_tid, set_tid_size, cgroup;
};
enum { SYS_CLONE_ARGS_V0 = 64 };

/* struct mount_attr of linux/mount.h, which clashes with sys/mount.h on some C libraries. */
struct sys_mount_attr {
	uint64_t attr_set, attr_clr, propagation, userns_fd;
};

#endif
