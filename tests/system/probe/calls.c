/* System calls that a container has no use for. Each with arguments that the kernel takes, or
 * refuses only after its permission check: the comment says which errno shows that.
 */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define NOWHERE "/nonexistent/rootlet-probe"

static void call_keyctl(struct verdict *v)
{
	verdict_call(v, syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0));
}

static void call_add_key(struct verdict *v)
{
	verdict_call(v, syscall(SYS_add_key, "user", "probe", "x", 1UL, KEY_SPEC_PROCESS_KEYRING));
}

static void call_bpf(struct verdict *v)
{
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY};

	attr.key_size = attr.value_size = 4;
	attr.max_entries = 1;
	verdict_call(v, syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)));
}

static void call_perf(struct verdict *v)
{
	struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE, .size = sizeof(attr)};

	attr.config = PERF_COUNT_SW_CPU_CLOCK;
	attr.exclude_kernel = attr.exclude_hv = 1;
	verdict_call(v, syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0UL));
}

static void call_userfaultfd(struct verdict *v)
{
	verdict_call(v, syscall(SYS_userfaultfd, 1 /* UFFD_USER_MODE_ONLY */));
}

static void call_io_uring(struct verdict *v)
{
	struct io_uring_params params = {.flags = 0};

	verdict_call(v, syscall(SYS_io_uring_setup, 1U, &params));
}

/* Where the container has no init of its own, PID 1 is this program. */
static bool no_other_init(struct verdict *v)
{
	if (own_pid == 1)
		verdict_untried(v, "PID 1 is the probe itself");
	return own_pid == 1;
}

static void call_ptrace(struct verdict *v)
{
	if (!no_other_init(v))
		verdict_call(v, ptrace(PTRACE_SEIZE, 1, NULL, NULL));
}

/* Address 8 is never mapped: EFAULT comes after the permission. */
static void call_process_vm(struct verdict *v)
{
	char byte;
	struct iovec local = {&byte, 1}, remote = {(void *)(uintptr_t)8, 1};

	if (!no_other_init(v))
		verdict_call_or(v, process_vm_readv(1, &local, 1, &remote, 1, 0), EFAULT);
}

static void call_pidfd_getfd(struct verdict *v)
{
	int pidfd;

	if (no_other_init(v))
		return;
	pidfd = (int)syscall(SYS_pidfd_open, 1, 0U);
	verdict_call(v, pidfd < 0 ? -1 : syscall(SYS_pidfd_getfd, pidfd, 0, 0U));
}

/* Flags that do not exist are refused after the permission check. */
static void call_kexec(struct verdict *v)
{
	verdict_call_or(v, syscall(SYS_kexec_load, 0UL, 0UL, NULL, ~0UL), EINVAL);
}

static void call_open_by_handle(struct verdict *v)
{
	union {
		struct file_handle head;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} handle = {.head = {.handle_bytes = MAX_HANDLE_SZ}};
	int mount, dir = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (name_to_handle_at(AT_FDCWD, "/", &handle.head, &mount, 0) < 0) {
		verdict_set(v, "denied", OPEN_NOT, errno);
		verdict_detail(v, "no handle of /");
		return;
	}
	verdict_call(v, open_by_handle_at(dir, &handle.head, O_PATH | O_CLOEXEC));
}

static void call_swapon(struct verdict *v)
{
	verdict_call_or(v, syscall(SYS_swapon, NOWHERE, 0), ENOENT);
}

/* The magic numbers are checked after the capability: reboot(2). */
static void call_reboot(struct verdict *v)
{
	verdict_call_or(v, syscall(SYS_reboot, 1, 2, 3, NULL), EINVAL);
}

/* Without a time and a zone only the permission is checked. */
static void call_settimeofday(struct verdict *v)
{
	verdict_call(v, syscall(SYS_settimeofday, NULL, NULL));
}

static void call_init_module(struct verdict *v)
{
	verdict_call_or(v, syscall(SYS_init_module, NULL, 0UL, ""), ENOEXEC);
}

static void call_syslog(struct verdict *v)
{
	char log[4096];

	verdict_call(v, syscall(SYS_syslog, 3 /* SYSLOG_ACTION_READ_ALL */, log, sizeof(log)));
}

static void call_quotactl(struct verdict *v)
{
	verdict_call(v,
		     syscall(SYS_quotactl, 0x80000200U /* QCMD(Q_QUOTAON, 0) */, NOWHERE, 0, NULL));
}

static void call_acct(struct verdict *v)
{
	verdict_call_or(v, syscall(SYS_acct, NOWHERE), ENOENT);
}

static void call_iopl(struct verdict *v)
{
#ifdef SYS_iopl
	verdict_call(v, syscall(SYS_iopl, 3));
#else
	verdict_untried(v, "not on this architecture");
#endif
}

static void call_personality(struct verdict *v)
{
	verdict_call(v, personality(ADDR_NO_RANDOMIZE));
}

static void call_fanotify(struct verdict *v)
{
	verdict_call(v, syscall(SYS_fanotify_init, 0x200U /* FAN_REPORT_FID */, O_RDONLY));
}

static void call_mempolicy(struct verdict *v)
{
	verdict_call(v, syscall(SYS_set_mempolicy, 0 /* MPOL_DEFAULT */, NULL, 0UL));
}

/* The name is too long: refused after the permission check. */
static void call_sethostname(struct verdict *v)
{
	verdict_call_or(v, syscall(SYS_sethostname, "probe", 1000), EINVAL);
}

static void call_chroot(struct verdict *v)
{
	verdict_call(v, chroot("/"));
}

/* ---- the terminal ---- */

static void terminal(struct verdict *v, unsigned long request, char *byte)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd < 0 && isatty(0))
		fd = 0;
	if (fd < 0)
		verdict_untried(v, "no terminal");
	else
		verdict_call(v, ioctl(fd, request, byte));
}

static void terminal_push(struct verdict *v)
{
	char byte = ' ';

	terminal(v, TIOCSTI, &byte);
}

/* ENOTTY from a pseudo-terminal: only a virtual console knows it. The filter is what is asked. */
static void terminal_linux(struct verdict *v)
{
	char request[2] = {3 /* paste the selection */, 0};

	terminal(v, 0x541c /* TIOCLINUX */, request);
}

/* ---- families of sockets ---- */

/* A filter answers as a kernel without the family would, or EINVAL, which the kernel never gives to
 * these arguments. */
static void family(struct verdict *v, int domain, int type, int protocol)
{
	verdict_call(v, socket(domain, type | SOCK_CLOEXEC, protocol));
	if (v->error == EAFNOSUPPORT || v->error == EPROTONOSUPPORT || v->error == EINVAL)
		verdict_set(v, "denied", OPEN_NOT, v->error);
}

static void socket_vsock(struct verdict *v)
{
	family(v, AF_VSOCK, SOCK_STREAM, 0);
}

static void socket_alg(struct verdict *v)
{
	family(v, AF_ALG, SOCK_SEQPACKET, 0);
}

static void socket_audit(struct verdict *v)
{
	family(v, AF_NETLINK, SOCK_RAW, NETLINK_AUDIT);
}

static void socket_packet(struct verdict *v)
{
	family(v, AF_PACKET, SOCK_RAW, 0);
}

static void socket_raw(struct verdict *v)
{
	family(v, AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

const struct probe probes_calls[] = {
	{"keyctl", call_keyctl},
	{"add_key", call_add_key},
	{"bpf", call_bpf},
	{"perf_event_open", call_perf},
	{"userfaultfd", call_userfaultfd},
	{"io_uring_setup", call_io_uring},
	{"ptrace_pid_1", call_ptrace},
	{"process_vm_readv_pid_1", call_process_vm},
	{"pidfd_getfd_pid_1", call_pidfd_getfd},
	{"kexec_load", call_kexec},
	{"open_by_handle_at", call_open_by_handle},
	{"swapon", call_swapon},
	{"reboot", call_reboot},
	{"settimeofday", call_settimeofday},
	{"init_module", call_init_module},
	{"syslog", call_syslog},
	{"quotactl", call_quotactl},
	{"acct", call_acct},
	{"iopl", call_iopl},
	{"personality", call_personality},
	{"fanotify_init", call_fanotify},
	{"set_mempolicy", call_mempolicy},
	{"sethostname", call_sethostname},
	{"chroot", call_chroot},
	{"terminal_TIOCSTI", terminal_push},
	{"terminal_TIOCLINUX", terminal_linux},
	{"socket_vsock", socket_vsock},
	{"socket_alg", socket_alg},
	{"socket_audit", socket_audit},
	{"socket_packet", socket_packet},
	{"socket_raw", socket_raw},
	{NULL, NULL},
};
