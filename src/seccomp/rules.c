/* The policy table. See rules.h; the reasons for the whole are in
 * docs/adr/0004-default-seccomp-filter.md.
 *
 * The errno follows one rule. EPERM where the kernel itself would say EPERM to a process without
 * the capability: programs expect it. ENOSYS where a program should take the way it takes on a
 * kernel without the call. A capability lifts a rule because the kernel then makes its own, finer
 * decision, always against the container's user namespace.
 */
#include "seccomp/rules.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>

#ifndef CAP_PERFMON /* 5.8 */
#define CAP_PERFMON 38
#define CAP_BPF	    39
#endif

#define CAP(name) (UINT64_C(1) << CAP_##name)

const struct seccomp_rule seccomp_rules[] = {
	[RULE_ALLOW] = {"", 0, 0, CHECK_NONE},
	[RULE_UNKNOWN] = {"", ENOSYS, 0, CHECK_NONE},

	/* Looked at more closely. */
	{"ioctl", EPERM, 0, CHECK_IOCTL},
	{"socket", EAFNOSUPPORT, 0, CHECK_SOCKET},
	{"personality", EPERM, 0, CHECK_PERSONALITY},

	/* Lifted by a capability. */
	{"open_by_handle_at", EPERM, CAP(DAC_READ_SEARCH), CHECK_NONE},
	{"fanotify_init lookup_dcookie quotactl quotactl_fd setdomainname sethostname setns", EPERM,
	 CAP(SYS_ADMIN), CHECK_NONE},
	{"lsm_get_self_attr lsm_set_self_attr lsm_list_modules", ENOSYS, CAP(SYS_ADMIN),
	 CHECK_NONE},
	{"bpf", EPERM, CAP(SYS_ADMIN) | CAP(BPF), CHECK_NONE},
	{"perf_event_open", EPERM, CAP(SYS_ADMIN) | CAP(PERFMON), CHECK_NONE},
	{"syslog", EPERM, CAP(SYS_ADMIN) | CAP(SYSLOG), CHECK_NONE},
	{"reboot", EPERM, CAP(SYS_BOOT), CHECK_NONE},
	{"chroot", EPERM, CAP(SYS_CHROOT), CHECK_NONE},
	{"delete_module finit_module init_module", EPERM, CAP(SYS_MODULE), CHECK_NONE},
	{"get_mempolicy mbind set_mempolicy set_mempolicy_home_node", EPERM, CAP(SYS_NICE),
	 CHECK_NONE},
	{"acct", EPERM, CAP(SYS_PACCT), CHECK_NONE},
	/* Not ptrace and process_vm_*: the kernel lets a process use these on its own children and
	 * equals, and debuggers and sanitizers need them. pidfd_getfd is the one that neither uses.
	 */
	{"kcmp pidfd_getfd process_madvise", EPERM, CAP(SYS_PTRACE), CHECK_NONE},
	{"ioperm iopl", EPERM, CAP(SYS_RAWIO), CHECK_NONE},
	{"clock_settime clock_settime64 settimeofday stime", EPERM, CAP(SYS_TIME), CHECK_NONE},
	{"vhangup", EPERM, CAP(SYS_TTY_CONFIG), CHECK_NONE},

	/* The machine's, never the container's. */
	{"kexec_file_load kexec_load migrate_pages move_pages nice pciconfig_iobase "
	 "pciconfig_read pciconfig_write swapoff swapon vm86 vm86old",
	 EPERM, 0, CHECK_NONE},

	/* Much code in the kernel, a history of holes, and every user has a fallback. Keyrings are
	 * not namespaced before they are looked at by uid: ENOSYS is what runc and crun tolerate
	 * inside. */
	{"add_key keyctl request_key", ENOSYS, 0, CHECK_NONE},
	{"io_uring_enter io_uring_register io_uring_setup userfaultfd vmsplice", ENOSYS, 0,
	 CHECK_NONE},
	{"io_pgetevents io_pgetevents_time64 cachestat map_shadow_stack statmount listmount",
	 ENOSYS, 0, CHECK_NONE},

	/* Of another age, or never there. */
	{"oldfstat oldlstat oldolduname oldstat olduname sgetmask ssetmask sysfs uselib ustat",
	 ENOSYS, 0, CHECK_NONE},
	{"_sysctl afs_syscall bdflush break create_module ftime get_kernel_syms getpmsg gtty idle "
	 "lock mpx nfsservctl prof profil putpmsg query_module security stty tuxcall ulimit "
	 "vserver",
	 ENOSYS, 0, CHECK_NONE},
};
const size_t seccomp_rule_count = sizeof(seccomp_rules) / sizeof(seccomp_rules[0]);

const struct seccomp_number seccomp_numbers[] = {
	/* The kernel jumps into these two from its own trampolines (6.11, 6.18): refusing them
	 * would kill a program that the host's administrator traces. From elsewhere they do
	 * nothing. */
	{"uretprobe", 335, AUDIT_ARCH_X86_64},
	{"uprobe", 336, AUDIT_ARCH_X86_64},
	{"socket", 359, AUDIT_ARCH_I386},
	{"epoll_pwait2", 441, 0},
	{"mount_setattr", 442, 0},
	{"quotactl_fd", 443, 0},
	{"landlock_create_ruleset", 444, 0},
	{"landlock_add_rule", 445, 0},
	{"landlock_restrict_self", 446, 0},
	{"memfd_secret", 447, 0},
	{"process_mrelease", 448, 0},
	{"futex_waitv", 449, 0},
	{"set_mempolicy_home_node", 450, 0},
	{"cachestat", 451, 0},
	{"fchmodat2", 452, 0},
	{"map_shadow_stack", 453, 0},
	{"futex_wake", 454, 0},
	{"futex_wait", 455, 0},
	{"futex_requeue", 456, 0},
	{"statmount", 457, 0},
	{"listmount", 458, 0},
	{"lsm_get_self_attr", 459, 0},
	{"lsm_set_self_attr", 460, 0},
	{"lsm_list_modules", SECCOMP_LAST_KNOWN, 0},
};
const size_t seccomp_number_count = sizeof(seccomp_numbers) / sizeof(seccomp_numbers[0]);

/* AUDIT_WRITE lifts a part of a rule, so it is not in the table above. */
static const struct {
	int capability;
	const char *name;
} relevant[] = {
	{CAP_DAC_READ_SEARCH, "DAC_READ_SEARCH"},
	{CAP_SYS_MODULE, "SYS_MODULE"},
	{CAP_SYS_RAWIO, "SYS_RAWIO"},
	{CAP_SYS_CHROOT, "SYS_CHROOT"},
	{CAP_SYS_PTRACE, "SYS_PTRACE"},
	{CAP_SYS_PACCT, "SYS_PACCT"},
	{CAP_SYS_ADMIN, "SYS_ADMIN"},
	{CAP_SYS_BOOT, "SYS_BOOT"},
	{CAP_SYS_NICE, "SYS_NICE"},
	{CAP_SYS_TIME, "SYS_TIME"},
	{CAP_SYS_TTY_CONFIG, "SYS_TTY_CONFIG"},
	{CAP_AUDIT_WRITE, "AUDIT_WRITE"},
	{CAP_SYSLOG, "SYSLOG"},
	{CAP_PERFMON, "PERFMON"},
	{CAP_BPF, "BPF"},
};

uint64_t seccomp_relevant(uint64_t capabilities)
{
	uint64_t all = 0;

	for (size_t i = 0; i < sizeof(relevant) / sizeof(relevant[0]); i++)
		all |= UINT64_C(1) << relevant[i].capability;
	return capabilities & all;
}

const char *seccomp_capability_name(int capability)
{
	for (size_t i = 0; i < sizeof(relevant) / sizeof(relevant[0]); i++)
		if (relevant[i].capability == capability)
			return relevant[i].name;
	return NULL;
}

uint64_t seccomp_default_capabilities(void)
{
	return CAP(SYS_CHROOT);
}
