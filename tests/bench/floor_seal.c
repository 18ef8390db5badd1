/* The floor's SEAL: what the default start takes away from the command. */
#include "floor.h"

#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "seccomp/filter.h"

/* The default set: CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE
 * SYS_CHROOT SETFCAP.
 */
static const uint64_t kept = 1ull << 0 | 1ull << 1 | 1ull << 3 | 1ull << 4 | 1ull << 5 | 1ull << 6 |
			     1ull << 7 | 1ull << 8 | 1ull << 10 | 1ull << 18 | 1ull << 31;

static void load_filter(const struct seccomp_filter *filter)
{
	struct sock_fprog program;

	MUST(filter ? 0 : -1);
	program.len = filter->length;
	program.filter = (struct sock_filter *)filter->program;
	MUST(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
}

static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {
		{.effective = (uint32_t)kept, .permitted = (uint32_t)kept}};

	for (int cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (!(kept >> cap & 1))
			prctl(PR_CAPBSET_DROP, cap, 0, 0, 0); /* EINVAL: older than the header */
	MUST(syscall(SYS_capset, &header, data));
}

void floor_seal(const struct job *job)
{
	MUST(setpgid(0, 0));
	MUST(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL));
	umask(0022);
	if (job->form == SEALED) {
		drop_capabilities();
		MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	}
	MUST(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0));
	/* rootlet's own filters, compiled at build time: what they cost is the kernel's work. */
	load_filter(job->form == SEALED ? seccomp_default(kept) : seccomp_always());
	MUST(syscall(SYS_close_range, FIRST_FD_TO_CLOSE, ~0u, 0));
}
