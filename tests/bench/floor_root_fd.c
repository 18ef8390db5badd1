/* The floor's root by descriptor: `privileged` and `sealed`. The same result as floor_root_path.c
 * and the safe way to it: targets inside the root are resolved by openat2 under the root's
 * descriptor, mounts are made detached and moved there. With it what the default start adds:
 * hostname, loopback, ping, generated files, masks. */
#include "floor.h"

#include <linux/openat2.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum { API = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };

static const char *const no_options[] = {NULL};

static int target(int root, const char *path)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};

	return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

/* A detached instance; options are key, value, …, NULL. */
static int make_fs(const char *type, const char *const *options, unsigned int attributes)
{
	int context = (int)MUST(syscall(SYS_fsopen, type, FSOPEN_CLOEXEC)), mount;

	for (; *options; options += 2)
		MUST(syscall(SYS_fsconfig, context,
			     options[1] ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, options[0],
			     options[1], 0));
	MUST(syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
	mount = (int)MUST(syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes));
	close(context);
	return mount;
}

static void attach_at(int mount, int dir, const char *name)
{
	MUST(syscall(SYS_move_mount, mount, "", dir, name,
		     MOVE_MOUNT_F_EMPTY_PATH | (*name ? 0 : MOVE_MOUNT_T_EMPTY_PATH)));
}

static void attach(int mount, int root, const char *path)
{
	int dir = (int)MUST(target(root, path));

	attach_at(mount, dir, "");
	close(dir);
}

static void mount_fs(const char *type, const char *const *options, unsigned int attributes,
		     int root, const char *path)
{
	int mount = make_fs(type, options, attributes);

	attach(mount, root, path);
	close(mount);
}

static int clone_tree(int dir, const char *path, unsigned int recursive)
{
	return (int)MUST(syscall(SYS_open_tree, dir, path,
				 OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | recursive |
					 (*path ? 0 : AT_EMPTY_PATH)));
}

static void set_read_only(int mount, unsigned int recursive)
{
	struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};

	MUST(syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH | recursive, &attributes,
		     sizeof(attributes)));
}

static void write_at(int dir, const char *path, int flags, const char *text)
{
	int fd = (int)MUST(openat(dir, path, flags | O_WRONLY | O_CLOEXEC, 0644));

	MUST(write(fd, text, strlen(text)));
	close(fd);
}

/* NAMESPACES */
static void set_up_namespaces(int proc, bool ranges)
{
	struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd = (int)MUST(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));

	MUST(syscall(SYS_sethostname, "rootlet", 7));
	MUST(ioctl(fd, SIOCSIFFLAGS, &loopback));
	close(fd);
	write_at(proc, "sys/net/ipv4/ping_group_range", 0, ranges ? "0 65536" : "0 0");
}

static void bind_entries(const struct job *job, int root)
{
	for (size_t i = 0; i < job->count; i++) {
		const struct entry *entry = &job->entries[i];
		int tree;

		if (entry->link[0]) {
			MUST(symlinkat(entry->link, root, entry->name));
			continue;
		}
		if (entry->directory)
			MUST(mkdirat(root, entry->name, 0755));
		else
			MUST(mknodat(root, entry->name, S_IFREG | 0644, 0));
		tree = clone_tree(job->host, entry->name, 0x8000 /* AT_RECURSIVE */);
		attach_at(tree, root, entry->name);
		close(tree);
	}
}

static void make_dev(const struct job *job, int root)
{
	static const char *const devices[][2] = {
		{"null", "null"},	{"zero", "zero"}, {"full", "full"},   {"random", "random"},
		{"urandom", "urandom"}, {"tty", "tty"},	  {"null", "console"}};
	static const char *const links[][2] = {{"/proc/self/fd", "fd"},
					       {"/proc/self/fd/0", "stdin"},
					       {"/proc/self/fd/1", "stdout"},
					       {"/proc/self/fd/2", "stderr"},
					       {"pts/ptmx", "ptmx"}};
	static const char *const dev_options[] = {"mode", "0755", "size", "64k", NULL};
	static const char *const shm_options[] = {"mode", "1777", "size", "65536k", NULL};
	const char *const pts_options[] = {
		"newinstance", NULL, "ptmxmode", "0666", "mode", "0620", job->ranges ? "gid" : NULL,
		"5",	       NULL};
	int dev = make_fs("tmpfs", dev_options, MOUNT_ATTR_NOSUID), mount;

	attach(dev, root, "dev");
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		struct stat st;

		mount = clone_tree(job->host_dev, devices[i][0], 0);
		MUST(fstat(mount, &st));
		MUST(mknodat(dev, devices[i][1], S_IFREG | 0666, 0));
		attach_at(mount, dev, devices[i][1]);
		close(mount);
	}
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		MUST(symlinkat(links[i][0], dev, links[i][1]));
	MUST(mkdirat(dev, "pts", 0755));
	MUST(mkdirat(dev, "shm", 0755));
	MUST(mkdirat(dev, "mqueue", 0755));

	mount = make_fs("devpts", pts_options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	attach_at(mount, dev, "pts");
	close(mount);

	mount = make_fs("tmpfs", shm_options, API);
	attach_at(mount, dev, "shm");
	close(mount);
	mount = make_fs("mqueue", no_options, API);
	attach_at(mount, dev, "mqueue");
	close(mount);
	close(dev);
}

/* /etc/hosts and its like, generated on a scratch tmpfs that goes with the old root. */
static void bind_texts(int root)
{
	static const char *const texts[][3] = {
		{"hosts", "etc/hosts", "127.0.0.1 localhost rootlet\n::1 localhost\n"},
		{"resolv.conf", "etc/resolv.conf", "# no network: nothing resolves\n"},
		{"hostname", "etc/hostname", "rootlet\n"},
	};
	static const char *const options[] = {"mode", "0755", NULL};
	int scratch = make_fs("tmpfs", options, API), text;

	attach_at(scratch, AT_FDCWD, "/tmp"); /* the host's, in our own mount namespace */
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		write_at(scratch, texts[i][0], O_CREAT | O_EXCL, texts[i][2]);
		text = clone_tree(scratch, texts[i][0], 0);
		set_read_only(text, 0);
		attach(text, root, texts[i][1]);
		close(text);
	}
	close(scratch);
}

static void mask_paths(int root)
{
	static const char *const paths[] = {
		"proc/acpi",
		"proc/asound",
		"proc/interrupts",
		"proc/kcore",
		"proc/keys",
		"proc/latency_stats",
		"proc/sched_debug",
		"proc/scsi",
		"proc/timer_list",
		"proc/timer_stats",
		"sys/firmware",
		"sys/devices/virtual/powercap",
		"sys/devices/system/cpu/cpu0/thermal_throttle",
	};
	static const char *const read_only[] = {"proc/bus", "proc/fs", "proc/irq", "proc/sys",
						"proc/sysrq-trigger"};
	int null = (int)MUST(target(root, "dev/null")), empty = -1;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		int at = target(root, paths[i]), cover;
		struct stat st;

		if (at < 0)
			continue; /* this kernel does not have it */
		MUST(fstat(at, &st));
		if (!S_ISDIR(st.st_mode))
			cover = clone_tree(null, "", 0);
		else if (empty < 0)
			cover = empty = make_fs("tmpfs", no_options, API | MOUNT_ATTR_RDONLY);
		else
			cover = clone_tree(empty, "", 0);
		attach_at(cover, at, "");
		close(at);
		if (cover != empty)
			close(cover);
	}
	for (size_t i = 0; i < sizeof(read_only) / sizeof(read_only[0]); i++) {
		int at = target(root, read_only[i]), cover;

		if (at < 0)
			continue;
		cover = clone_tree(at, "", 0x8000);
		set_read_only(cover, 0x8000);
		attach_at(cover, at, "");
		close(at);
		close(cover);
	}
	close(null);
	close(empty);
}

void floor_root_by_fd(const struct job *job)
{
	static const char *const fresh[] = {"proc", "sys", "dev", "run", "tmp"};
	static const char *const root_options[] = {"mode", "0755", NULL};
	static const char *const sticky[] = {"mode", "1777", NULL};
	static const char *const private_home[] = {"mode", "0700", NULL};
	int proc = make_fs("proc", no_options, API), root;

	set_up_namespaces(proc, job->ranges);
	MUST(syscall(SYS_mount, NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	root = make_fs("tmpfs", root_options, MOUNT_ATTR_NODEV);
	attach_at(root, AT_FDCWD, "/");
	bind_entries(job, root);
	for (size_t i = 0; i < sizeof(fresh) / sizeof(fresh[0]); i++)
		MUST(mkdirat(root, fresh[i], 0755));
	set_read_only(root, 0x8000);
	attach(proc, root, "proc");
	close(proc);
	mount_fs("sysfs", no_options, API | MOUNT_ATTR_RDONLY, root, "sys");
	mount_fs("cgroup2", no_options, API | MOUNT_ATTR_RDONLY, root, "sys/fs/cgroup");
	make_dev(job, root);
	mount_fs("tmpfs", sticky, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, root, "tmp");
	mount_fs("tmpfs", root_options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, root, "run");
	mount_fs("tmpfs", sticky, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, root, "var/tmp");
	if (job->home)
		mount_fs("tmpfs", private_home, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, root,
			 job->home);
	bind_texts(root);
	if (job->form == SEALED)
		mask_paths(root);
	MUST(fchdir(root));
	MUST(syscall(SYS_pivot_root, ".", "."));
	MUST(syscall(SYS_umount2, ".", UMOUNT_DETACH));
	MUST(chdir("/"));
}
