/* What doctor shows beside what a plan needs: the distribution, the folders that rootlet keeps
 * things in, the key quota, which ids are nobody's. Reads only; no ordinary start asks for it. */
#include "facts/probe.h"

#include "base/io.h"
#include "base/path.h"

#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { RANGE = 65536, FIRST_FREE = 100000 };

/* ---- the distribution ---- */

const char *os_release_value(struct arena *a, const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *line = text; *line; line = strchrnul(line, '\n')) {
		size_t n;

		line += *line == '\n';
		if (strncmp(line, key, len) != 0 || line[len] != '=')
			continue;
		line += len + 1;
		n = strcspn(line, "\n");
		if (n >= 2 && (*line == '"' || *line == '\'') && line[n - 1] == *line) {
			line++;
			n -= 2;
		}
		return arena_strndup(a, line, n);
	}
	return NULL;
}

static void probe_distribution(struct facts *f)
{
	struct probe_text t;

	if (probe_read_text("/etc/os-release", &t) < 0 &&
	    probe_read_text("/usr/lib/os-release", &t) < 0)
		return;
	f->os_id = os_release_value(&f->arena, t.text, "ID");
	f->os_like = os_release_value(&f->arena, t.text, "ID_LIKE");
	f->os_name = os_release_value(&f->arena, t.text, "PRETTY_NAME");
	probe_text_release(&t);
}

/* ---- ids ---- */

/* Field `index` of the colon-separated line. */
static bool number_field(const char *line, int index, uint64_t *ret)
{
	char digits[24];
	size_t n;

	for (; index > 0; index--) {
		line += strcspn(line, ":\n");
		if (*line != ':')
			return false;
		line++;
	}
	n = strcspn(line, ":\n");
	if (!n || n >= sizeof(digits))
		return false;
	memcpy(digits, line, n);
	digits[n] = '\0';
	return io_parse_u64(digits, UINT64_MAX / 2, ret) == 0;
}

/* The end of the range of `text` that touches [start, start + RANGE), or 0. */
static uint64_t taken_until(const char *text, uint64_t start)
{
	for (const char *line = text; line && *line; line = strchrnul(line, '\n')) {
		uint64_t first, count;

		line += *line == '\n';
		if (number_field(line, 1, &first) && number_field(line, 2, &count) &&
		    first < start + RANGE && first + count > start)
			return first + count;
	}
	return 0;
}

uint64_t subids_free(const char *subuid_text, const char *subgid_text)
{
	uint64_t start = FIRST_FREE;

	while (start + RANGE <= ID_MAX) {
		uint64_t a = taken_until(subuid_text, start);
		uint64_t b = taken_until(subgid_text, start), end = a > b ? a : b;

		if (!end)
			return start;
		start = FIRST_FREE + (end - FIRST_FREE + RANGE - 1) / RANGE * RANGE;
	}
	return UINT64_MAX;
}

static void probe_ids(struct facts *f)
{
	struct probe_text uids, gids, passwd;
	bool have_uids = probe_read_text("/etc/subuid", &uids) == 0;
	bool have_gids = probe_read_text("/etc/subgid", &gids) == 0;

	f->subid_free = subids_free(have_uids ? uids.text : "", have_gids ? gids.text : "");
	if (have_uids)
		probe_text_release(&uids);
	if (have_gids)
		probe_text_release(&gids);
	if (probe_read_text("/etc/passwd", &passwd) < 0)
		return;
	for (const char *line = passwd.text; *line; line = strchrnul(line, '\n')) {
		uint64_t uid, gid;

		line += *line == '\n';
		if (number_field(line, 2, &uid) && uid == f->uid && number_field(line, 3, &gid)) {
			f->passwd_gid = gid;
			break;
		}
	}
	probe_text_release(&passwd);
}

/* ---- folders ---- */

static const char *filesystem_name(long type, char *buf, size_t size)
{
	static const struct {
		unsigned long type;
		const char *name;
	} names[] = {
		{EXT4_SUPER_MAGIC, "ext4"},
		{XFS_SUPER_MAGIC, "xfs"},
		{BTRFS_SUPER_MAGIC, "btrfs"},
		{TMPFS_MAGIC, "tmpfs"},
		{NFS_SUPER_MAGIC, "nfs"},
		{OVERLAYFS_SUPER_MAGIC, "overlay"},
		{F2FS_SUPER_MAGIC, "f2fs"},
		{SMB_SUPER_MAGIC, "smb"},
		{SMB2_SUPER_MAGIC, "smb"},
		{CIFS_SUPER_MAGIC, "smb"},
		{FUSE_SUPER_MAGIC, "fuse"},
		{V9FS_MAGIC, "9p"},
		{CEPH_SUPER_MAGIC, "ceph"},
		{AFS_SUPER_MAGIC, "afs"},
		{RAMFS_MAGIC, "ramfs"},
		{MSDOS_SUPER_MAGIC, "vfat"},
		{ECRYPTFS_SUPER_MAGIC, "ecryptfs"},
		{0x0BD00BD0, "lustre"},
		{0x47504653, "gpfs"},
		{0x19830326, "beegfs"},
		{0x2FC12FC1, "zfs"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].type == (unsigned long)type)
			return names[i].name;
	snprintf(buf, size, "0x%lx", (unsigned long)type);
	return buf;
}

/* The nearest part of the path that exists says on which file system it is, or would be made. */
static void judge_place(struct facts *f, struct facts_place *p)
{
	char path[PATH_MAX], number[32];
	struct statvfs flags;
	struct statfs fs;
	char *slash;

	if (!p->path || strlen(p->path) >= sizeof(path))
		return;
	strcpy(path, p->path);
	while (statfs(path, &fs) < 0) {
		slash = strrchr(path, '/');
		if (!slash || !path[1])
			return;
		slash[slash == path] = '\0';
	}
	p->filesystem =
		arena_strdup(&f->arena, filesystem_name((long)fs.f_type, number, sizeof(number)));
	if (statvfs(path, &flags) < 0)
		return;
	p->noexec = (flags.f_flag & ST_NOEXEC) ? ANSWER_YES : ANSWER_NO;
	p->read_only = (flags.f_flag & ST_RDONLY) ? ANSWER_YES : ANSWER_NO;
}

/* XDG base directory specification: ours, and 0700. */
static enum runtime_state judge_runtime(const struct facts *f, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return RUNTIME_MISSING;
	if (st.st_uid != f->uid)
		return RUNTIME_FOREIGN;
	if (st.st_mode & 077)
		return RUNTIME_MODE;
	return access(path, W_OK | X_OK) < 0 ? RUNTIME_REFUSED : RUNTIME_OK;
}

static void probe_runtime(struct facts *f)
{
	const char *path = facts_getenv(f, "XDG_RUNTIME_DIR"), *set;

	if (path && *path == '/') {
		f->runtime_place.path = arena_strdup(&f->arena, path);
		f->runtime_state = judge_runtime(f, path);
		return;
	}
	set = path && *path ? path : NULL;
	path = arena_printf(&f->arena, "/run/user/%u", f->uid);
	/* not absolute: it counts for nothing, and whoever set it wants to know */
	if (!set && path && judge_runtime(f, path) == RUNTIME_OK) {
		f->runtime_place.path = path;
		f->runtime_state = RUNTIME_OK;
	} else {
		f->runtime_place.path = set ? arena_strdup(&f->arena, set) : NULL;
		f->runtime_state = set ? RUNTIME_RELATIVE : RUNTIME_UNSET;
	}
}

static bool is_directory(const char *path)
{
	struct stat st;

	return path && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The mount point that `path` is below: the longest of mountinfo's that leads to it. */
static const char *mount_of(struct arena *a, const char *path)
{
	char real[PATH_MAX], best[PATH_MAX] = "", point[PATH_MAX];
	struct probe_text t;

	if (!path || !realpath(path, real) || probe_read_text("/proc/self/mountinfo", &t) < 0)
		return NULL;
	for (const char *line = t.text; *line; line = strchrnul(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, "%*s %*s %*s %*s %4095s", point) == 1 &&
		    path_within(real, point) && strlen(point) >= strlen(best))
			strcpy(best, point);
	}
	probe_text_release(&t);
	return *best ? arena_strdup(a, best) : NULL;
}

static void probe_folders(struct facts *f)
{
	const char *data = facts_getenv(f, "XDG_DATA_HOME");

	probe_runtime(f);
	f->home_place.path = f->home;
	f->home_missing = is_directory(f->home) ? ANSWER_NO : ANSWER_YES;
	if (data && *data == '/')
		f->data_place.path = arena_printf(&f->arena, "%s/rootlet", data);
	else if (f->home)
		f->data_place.path = arena_printf(&f->arena, "%s/.local/share/rootlet", f->home);
	judge_place(f, &f->runtime_place);
	judge_place(f, &f->home_place);
	judge_place(f, &f->data_place);
}

/* ---- the rest ---- */

/* " 1001:     3 3/3 2/200 40/20000": quota of keys, used and allowed (keyrings(7)). */
static void probe_keys(struct facts *f)
{
	const char *limit =
		f->uid ? "/proc/sys/kernel/keys/maxkeys" : "/proc/sys/kernel/keys/root_maxkeys";
	struct probe_text t;

	probe_read_number(limit, &f->keys_max);
	if (probe_read_text("/proc/key-users", &t) < 0)
		return;
	f->keys_used = 0; /* a user without keys has no line */
	for (const char *line = t.text; *line; line = strchrnul(line, '\n')) {
		unsigned long uid, used, max;

		line += *line == '\n';
		/* the kernel wrote it. NOLINTNEXTLINE(cert-err34-c) */
		if (sscanf(line, " %lu: %*u %*u/%*u %lu/%lu", &uid, &used, &max) == 3 &&
		    uid == f->uid) {
			f->keys_used = used;
			f->keys_max = max;
		}
	}
	probe_text_release(&t);
}

static void probe_controllers(struct facts *f)
{
	char path[PATH_MAX], line[256];
	int n;

	if (!f->cgroup_mount || !f->cgroup_path)
		return;
	n = snprintf(path, sizeof(path), "%s%s/cgroup.controllers", f->cgroup_mount,
		     f->cgroup_path);
	if (n < (int)sizeof(path) && probe_read_line(path, line, sizeof(line)) >= 0)
		f->cgroup_controllers = arena_strdup(&f->arena, line);
}

static void probe_system(struct facts *f)
{
	const struct facts_helper *h =
		f->newuidmap.state == HELPER_NOSUID ? &f->newuidmap : &f->newgidmap;
	struct rlimit nproc;

	f->seccomp_filter = prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2;
	f->systemd = access("/run/systemd/system", F_OK) == 0 ? ANSWER_YES : ANSWER_NO;
	f->helper_mount = mount_of(&f->arena, h->path);
	if (getrlimit(RLIMIT_NPROC, &nproc) == 0)
		f->nproc_soft = nproc.rlim_cur;
}

int probe_places(struct facts *f)
{
	probe_distribution(f);
	probe_ids(f);
	probe_folders(f);
	probe_keys(f);
	probe_controllers(f);
	probe_system(f);
	return 0;
}
