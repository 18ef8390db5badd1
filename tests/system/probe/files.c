/* Files: the host's own, those of /proc, /sys, /dev and the cgroup tree. Opens for writing and
 * never writes, but for files of its own name, which it removes.
 */
#include "probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* ---- the root ---- */

static void write_in(struct verdict *v, const char *dir)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/.rootlet-probe-%d", dir, (int)getpid());
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == ENOENT) {
		verdict_untried(v, "not in this root");
		return;
	}
	verdict_call(v, fd);
	if (fd >= 0)
		unlink(path);
}

static void write_root(struct verdict *v)
{
	write_in(v, "");
}

static void write_usr(struct verdict *v)
{
	write_in(v, "/usr");
}

static void write_etc(struct verdict *v)
{
	write_in(v, "/etc");
}

/* Whether it can be read, and there is something in it. A file masked by /dev/null is empty. */
static void readable(struct verdict *v, const char *path)
{
	char text[16];
	ssize_t n;

	if (!path) {
		verdict_untried(v, "no bait given");
		return;
	}
	n = read_text(path, text, sizeof(text));
	verdict_seen(v, n > 0);
	v->error = n < 0 ? errno : 0;
}

static void read_shadow(struct verdict *v)
{
	readable(v, "/etc/shadow");
}

static void read_home(struct verdict *v)
{
	readable(v, bait.home);
}

static void read_tmp(struct verdict *v)
{
	readable(v, bait.tmp);
}

static void read_kcore(struct verdict *v)
{
	readable(v, "/proc/kcore");
}

static void read_keys(struct verdict *v)
{
	readable(v, "/proc/keys");
}

static void read_timers(struct verdict *v)
{
	readable(v, "/proc/timer_list");
}

static void read_interrupts(struct verdict *v)
{
	readable(v, "/proc/interrupts");
}

static void read_kmsg(struct verdict *v)
{
	readable(v, "/dev/kmsg");
}

static void read_config(struct verdict *v)
{
	readable(v, "/proc/config.gz");
}

/* The kernel's addresses; zeros for those who may not see them. */
static void read_symbols(struct verdict *v)
{
	char text[32];

	verdict_seen(v, read_text("/proc/kallsyms", text, sizeof(text)) > 0 &&
				strncmp(text, "0000000000000000", 16) != 0);
}

/* ---- what changes the whole machine ---- */

static void writable(struct verdict *v, const char *const *paths)
{
	int opened = 0, error = ENOENT;

	for (; *paths; paths++) {
		int fd = open(*paths, O_WRONLY | O_CLOEXEC | O_NONBLOCK);

		if (fd >= 0)
			verdict_detail(v, "%s%s", opened++ ? " " : "", *paths);
		else if (error == ENOENT || errno == EROFS)
			error = errno;
	}
	verdict_set(v, opened ? "allowed" : "denied", opened ? OPEN_FULLY : OPEN_NOT,
		    opened ? 0 : error);
}

static void write_sysctls(struct verdict *v)
{
	writable(v, (const char *const[]){
			    "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/panic",
			    "/proc/sys/kernel/modprobe", "/proc/sys/kernel/randomize_va_space",
			    "/proc/sys/vm/overcommit_memory", "/proc/sys/fs/suid_dumpable", NULL});
}

/* Those that belong to the container's own namespaces; pid_max since Linux 6.14. */
static void write_own_sysctls(struct verdict *v)
{
	writable(v, (const char *const[]){
			    "/proc/sys/net/ipv4/ip_forward", "/proc/sys/kernel/shmmax",
			    "/proc/sys/kernel/msgmax", "/proc/sys/user/max_user_namespaces",
			    "/proc/sys/kernel/ns_last_pid", "/proc/sys/kernel/pid_max", NULL});
}

static void write_sysrq(struct verdict *v)
{
	writable(v, (const char *const[]){"/proc/sysrq-trigger", NULL});
}

static int counted;
static char example[200];

static int count_writable(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	if (type == FTW_D && ftw->level == 2 && strcmp(path, "/sys/fs/cgroup") == 0)
		return FTW_SKIP_SUBTREE;
	if (type == FTW_F && (st->st_mode & 0222) && access(path, W_OK) == 0 && counted++ == 0)
		snprintf(example, sizeof(example), "%s", path);
	return FTW_CONTINUE;
}

static void writable_below(struct verdict *v, const char *top)
{
	counted = 0;
	if (access(top, F_OK) < 0) {
		verdict_untried(v, "not there");
		return;
	}
	nftw(top, count_writable, 32, FTW_PHYS | FTW_ACTIONRETVAL);
	verdict_set(v, counted ? "allowed" : "denied", counted, 0);
	if (counted)
		verdict_detail(v, "%d, %s first", counted, example);
}

static void write_sys(struct verdict *v)
{
	writable_below(v, "/sys");
}

static void write_cgroup(struct verdict *v)
{
	writable_below(v, "/sys/fs/cgroup");
}

static void cgroup_v1(struct verdict *v)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[4096];
	bool seen = false;

	while (f && fgets(line, sizeof(line), f))
		seen |= strstr(line, " - cgroup ") != NULL;
	if (f)
		fclose(f);
	verdict_seen(v, seen);
}

/* A folder counts as seen when it holds anything. */
static void listable(struct verdict *v, const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int count = 0;

	v->error = dir ? 0 : errno;
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && count++ < 4)
			verdict_detail(v, "%s ", entry->d_name);
	if (dir)
		closedir(dir);
	verdict_set(v, count ? "visible" : "hidden", count ? OPEN_FULLY : OPEN_NOT, v->error);
}

static void list_firmware(struct verdict *v)
{
	listable(v, "/sys/firmware");
}

static void list_debug(struct verdict *v)
{
	listable(v, "/sys/kernel/debug");
}

static void list_tracing(struct verdict *v)
{
	listable(v, "/sys/kernel/tracing");
}

static void list_security(struct verdict *v)
{
	listable(v, "/sys/kernel/security");
}

static void list_powercap(struct verdict *v)
{
	listable(v, "/sys/devices/virtual/powercap");
}

static void list_acpi(struct verdict *v)
{
	listable(v, "/proc/acpi");
}

static void list_scsi(struct verdict *v)
{
	listable(v, "/proc/scsi");
}

static void list_modules(struct verdict *v)
{
	listable(v, "/sys/module");
}

/* ---- devices ---- */

static int device_nodes;
static char device_names[300];

static int count_device(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	static const char *const usual[] = {"null",    "zero", "full",	  "random",
					    "urandom", "tty",  "console", "ptmx"};
	const char *name = strrchr(path, '/') + 1;
	size_t used = strlen(device_names);

	if ((!S_ISCHR(st->st_mode) && !S_ISBLK(st->st_mode)) || strncmp(path, "/dev/pts/", 9) == 0)
		return 0;
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (strcmp(name, usual[i]) == 0)
			return 0;
	device_nodes++;
	if (device_nodes <= 6)
		snprintf(device_names + used, sizeof(device_names) - used, "%s ", name);
	return 0;
}

static void list_devices(struct verdict *v)
{
	nftw("/dev", count_device, 16, FTW_PHYS);
	verdict_set(v, device_nodes ? "visible" : "hidden", device_nodes, 0);
	if (device_nodes)
		verdict_detail(v, "%d beyond the usual: %s", device_nodes, device_names);
}

static void make_device(struct verdict *v)
{
	static const char *const places[] = {"/tmp", "/dev/shm", ""};
	long result = -1;

	for (size_t i = 0; i < 3 && result < 0; i++) {
		char path[64];

		snprintf(path, sizeof(path), "%s/.rootlet-probe-%d", places[i], (int)getpid());
		result = mknod(path, S_IFCHR | 0600, makedev(1, 3));
		if (result == 0)
			unlink(path);
		else if (errno == EPERM)
			break;
	}
	verdict_call(v, result);
}

const struct probe probes_files[] = {
	{"write_root", write_root},
	{"write_usr", write_usr},
	{"write_etc", write_etc},
	{"read_etc_shadow", read_shadow},
	{"read_home_file", read_home},
	{"read_host_tmp", read_tmp},
	{"read_proc_kcore", read_kcore},
	{"read_proc_keys", read_keys},
	{"read_proc_timer_list", read_timers},
	{"read_proc_interrupts", read_interrupts},
	{"read_proc_config", read_config},
	{"read_kernel_addresses", read_symbols},
	{"read_dev_kmsg", read_kmsg},
	{"list_proc_acpi", list_acpi},
	{"list_proc_scsi", list_scsi},
	{"write_sysctls_of_host", write_sysctls},
	{"write_sysctls_of_own", write_own_sysctls},
	{"write_proc_sysrq", write_sysrq},
	{"write_sys", write_sys},
	{"write_cgroup", write_cgroup},
	{"see_cgroup_v1", cgroup_v1},
	{"list_sys_firmware", list_firmware},
	{"list_sys_debug", list_debug},
	{"list_sys_tracing", list_tracing},
	{"list_sys_security", list_security},
	{"list_sys_powercap", list_powercap},
	{"list_sys_module", list_modules},
	{"devices", list_devices},
	{"mknod", make_device},
	{NULL, NULL},
};
