/* The floor's root by path, with mount(2): `bare`. One system call a mount is the cheapest form
 * there is; it trusts every path on the way, which is why rootlet does not do it so. */
#include "floor.h"

static void mount_fs(const char *type, const char *target, unsigned long flags, const char *options)
{
	MUST(syscall(SYS_mount, type, target, type, flags, options));
}

static void bind_entries(const struct job *job)
{
	char source[512];

	for (size_t i = 0; i < job->count; i++) {
		const struct entry *entry = &job->entries[i];

		if (entry->link[0]) {
			MUST(symlinkat(entry->link, AT_FDCWD, entry->name));
			continue;
		}
		if (entry->directory)
			MUST(mkdirat(AT_FDCWD, entry->name, 0755));
		else
			MUST(mknodat(AT_FDCWD, entry->name, S_IFREG | 0644, 0));
		source[0] = '/';
		strcpy(source + 1, entry->name);
		MUST(syscall(SYS_mount, source, entry->name, NULL, MS_BIND | MS_REC, NULL));
	}
}

static void make_dev(bool ranges)
{
	static const char *const devices[][2] = {
		{"/dev/null", "dev/null"},	 {"/dev/zero", "dev/zero"},
		{"/dev/full", "dev/full"},	 {"/dev/random", "dev/random"},
		{"/dev/urandom", "dev/urandom"}, {"/dev/tty", "dev/tty"},
		{"/dev/null", "dev/console"},
	};

	mount_fs("tmpfs", "dev", MS_NOSUID, "mode=0755,size=64k");
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		MUST(mknodat(AT_FDCWD, devices[i][1], S_IFREG | 0666, 0));
		MUST(syscall(SYS_mount, devices[i][0], devices[i][1], NULL, MS_BIND, NULL));
	}
	MUST(symlinkat("/proc/self/fd", AT_FDCWD, "dev/fd"));
	MUST(symlinkat("/proc/self/fd/0", AT_FDCWD, "dev/stdin"));
	MUST(symlinkat("/proc/self/fd/1", AT_FDCWD, "dev/stdout"));
	MUST(symlinkat("/proc/self/fd/2", AT_FDCWD, "dev/stderr"));
	MUST(symlinkat("pts/ptmx", AT_FDCWD, "dev/ptmx"));
	MUST(mkdirat(AT_FDCWD, "dev/pts", 0755));
	MUST(mkdirat(AT_FDCWD, "dev/shm", 0755));
	MUST(mkdirat(AT_FDCWD, "dev/mqueue", 0755));
	mount_fs("devpts", "dev/pts", MS_NOSUID | MS_NOEXEC,
		 ranges ? "newinstance,ptmxmode=0666,mode=0620,gid=5"
			: "newinstance,ptmxmode=0666,mode=0620");
	mount_fs("tmpfs", "dev/shm", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=1777,size=65536k");
	mount_fs("mqueue", "dev/mqueue", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

void floor_root_by_path(const struct job *job)
{
	static const char *const fresh[] = {"proc", "sys", "dev", "run", "tmp"};
	struct mount_attr read_only = {.attr_set = MOUNT_ATTR_RDONLY};

	MUST(syscall(SYS_mount, NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	mount_fs("tmpfs", "/tmp", MS_NODEV, "mode=0755");
	MUST(chdir("/tmp"));
	bind_entries(job);
	for (size_t i = 0; i < sizeof(fresh) / sizeof(fresh[0]); i++)
		MUST(mkdirat(AT_FDCWD, fresh[i], 0755));
	MUST(syscall(SYS_mount_setattr, AT_FDCWD, ".", 0x8000 /* AT_RECURSIVE */, &read_only,
		     sizeof(read_only)));
	mount_fs("proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	mount_fs("sysfs", "sys", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, NULL);
	mount_fs("cgroup2", "sys/fs/cgroup", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, NULL);
	make_dev(job->ranges);
	mount_fs("tmpfs", "tmp", MS_NOSUID | MS_NODEV, "mode=1777");
	mount_fs("tmpfs", "run", MS_NOSUID | MS_NODEV, "mode=0755");
	mount_fs("tmpfs", "var/tmp", MS_NOSUID | MS_NODEV, "mode=1777");
	if (job->home)
		mount_fs("tmpfs", job->home + 1, MS_NOSUID | MS_NODEV, "mode=0700");
	MUST(syscall(SYS_pivot_root, ".", "."));
	MUST(syscall(SYS_umount2, ".", UMOUNT_DETACH));
	MUST(chdir("/"));
}
