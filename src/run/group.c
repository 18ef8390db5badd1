/* The steps of PREPARE that make the container's cgroup and write its limits, and their undoing.
 *
 * All by its directory's descriptor or path, with the caller's rights; what may not be written is
 * the kernel's to say, and diagnose's to explain.
 */
#include "run/start.h"

#include "base/fd.h"
#include "base/io.h"
#include "base/sys.h"
#include "init/ending.h"
#include "run/group.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

enum { PROCS_LIMIT = 1 << 20, STALE_SECONDS = 10 };

static int open_directory(const char *path)
{
	return SYS(openat, AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
}

int group_write(int dir, const char *file, const char *value)
{
	AUTO_FD fd = openat(dir, file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return -errno;
	/* One write: the kernel takes each as a whole. */
	return write(fd, value, strlen(value)) < 0 ? -errno : 0;
}

int group_limit(int dir, const struct limit *l)
{
	int r = group_write(dir, l->file, l->value);

	if (r == -ENOENT && l->other)
		r = group_write(dir, l->other, l->other_value);
	return r == -ENOENT && l->optional ? 0 : r;
}

/* ---- out of the way ---- */

/* Facts found nobody but us there; with -d our maker is there as well. */
static int move_all(int from, int to)
{
	AUTO_FD procs = openat(from, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	AUTO_FREE char *text = NULL;
	int r = procs < 0 ? -errno : io_read_fd(procs, PROCS_LIMIT, &text, NULL);

	if (r < 0)
		return r;
	for (char *line = text, *next; line && *line && r == 0; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		r = group_write(to, "cgroup.procs", line);
		if (r == -ESRCH) /* it has ended meanwhile */
			r = 0;
	}
	return r;
}

int group_leave_way(struct start *s, const struct step *step)
{
	const char *leaf = step->a.text.text;
	char *above = strndup(leaf, (size_t)(strrchr(leaf, '/') - leaf));
	int r;

	if (!above)
		return -ENOMEM;
	s->process->cgroup_left = above;
	if (mkdir(leaf, 0755) < 0 && errno != EEXIST)
		return -errno;
	AUTO_FD from = open_directory(above);
	AUTO_FD to = open_directory(leaf);
	r = from < 0 ? from : to < 0 ? to : move_all(from, to);
	return r;
}

/* ---- the way to it ---- */

/* The lowest that was made so far; what was made above it goes with it. So a start that fails at
 * any step undoes them all. */
static int keep_made(struct run_process *p, const char *path)
{
	char *above = p->cgroup;

	if (asprintf(&p->cgroup, "%s", path) < 0) {
		p->cgroup = above;
		rmdir(path);
		return -ENOMEM;
	}
	if (above)
		p->cgroup_levels++;
	free(above);
	return 0;
}

int group_parent(struct start *s, const struct step *step)
{
	const char *path = step->a.setting.path;
	int r = mkdir(path, 0755) < 0 ? -errno : keep_made(s->process, path);

	if (r < 0 && r != -EEXIST)
		return r;
	AUTO_FD dir = open_directory(path);
	if (dir < 0)
		return dir;
	return *step->a.setting.value
		       ? group_write(dir, "cgroup.subtree_control", step->a.setting.value)
		       : 0;
}

/* Each by itself: the kernel takes all of a write or nothing, and one that it refuses (cpu beside
 * realtime processes, say) keeps none of the others out. */
int group_offer(struct start *s, const struct step *step)
{
	AUTO_FD dir = open_directory(step->a.setting.path);

	if (dir < 0)
		return 0;
	for (const char *word = step->a.setting.value; *word; word += strspn(word, " ")) {
		int len = (int)strcspn(word, " ");
		char name[64];

		if (snprintf(name, sizeof(name), "%.*s", len, word) < (int)sizeof(name))
			group_write(dir, "cgroup.subtree_control", name);
		word += len;
	}
	return 0;
}

/* ---- the group ---- */

/* "rootlet-PID-N", whose rootlet is gone and was killed before it could remove it. The age keeps us
 * from one that is being made this moment by a rootlet whose pid means nothing here. */
static bool is_stale(int parent, const char *name)
{
	struct timespec now;
	struct stat st;
	char *end;
	long pid;

	if (strncmp(name, "rootlet-", 8) != 0)
		return false;
	pid = strtol(name + 8, &end, 10);
	if (pid <= 0 || *end != '-' || kill((pid_t)pid, 0) == 0 || errno != ESRCH)
		return false;
	clock_gettime(CLOCK_REALTIME, &now);
	return fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       now.tv_sec - st.st_ctim.tv_sec > STALE_SECONDS;
}

/* rmdir(2) refuses those that still hold a process. */
static void sweep(const char *parent)
{
	DIR *dir = opendir(parent);

	for (const struct dirent *e; dir && (e = readdir(dir)) != NULL;)
		if (is_stale(dirfd(dir), e->d_name))
			unlinkat(dirfd(dir), e->d_name, AT_REMOVEDIR);
	if (dir)
		closedir(dir);
}

/* A process that is made in it would stand still before its first step, and we with it. */
static bool is_frozen(const char *path)
{
	char file[PATH_MAX];

	if (snprintf(file, sizeof(file), "%s/cgroup.freeze", path) >= (int)sizeof(file))
		return false;
	AUTO_FREE char *text = NULL;
	return io_read_file(file, PROCS_LIMIT, &text, NULL) == 0 && *text == '1';
}

static int make_named(const char *path)
{
	if (mkdir(path, 0755) == 0)
		return 0;
	if (errno != EEXIST || group_has_processes(path))
		return -errno;
	return is_frozen(path) ? -EBUSY : 0;
}

/* Its name is ours to choose: nothing else of the plan depends on it. */
static int make_any(const char *parent, char **ret)
{
	int r = -EEXIST;

	sweep(parent);
	for (int n = 0; r == -EEXIST && n < 1000; n++) {
		free(*ret);
		if (asprintf(ret, "%s/rootlet-%d-%d", parent, (int)getpid(), n) < 0) {
			*ret = NULL;
			return -ENOMEM;
		}
		r = mkdir(*ret, 0755) < 0 ? -errno : 0;
	}
	return r;
}

/* By a group above it: then it is frozen from its beginning on (cgroup_create() of the kernel). */
static bool is_held(const char *path)
{
	char file[PATH_MAX];

	if (snprintf(file, sizeof(file), "%s/cgroup.events", path) >= (int)sizeof(file))
		return false;
	AUTO_FREE char *text = NULL;
	return io_read_file(file, PROCS_LIMIT, &text, NULL) == 0 &&
	       strstr(text, "frozen 1") != NULL;
}

int group_make(struct start *s, const struct step *step)
{
	const char *parent = step->a.cgroup.parent, *name = step->a.cgroup.name;
	AUTO_FREE char *path = NULL;
	int r;

	if (name && asprintf(&path, "%s/%s", parent, name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	r = name ? make_named(path) : make_any(parent, &path);
	if (r == 0)
		r = keep_made(s->process, path);
	if (r == 0 && is_held(path))
		r = -EBUSY;
	if (r < 0)
		return r;
	s->cgroup = open_directory(s->process->cgroup);
	return s->cgroup < 0 ? s->cgroup : 0;
}

int group_write_limit(struct start *s, const struct step *step)
{
	int r = group_limit(s->cgroup, &step->a.limit);

	/* engines take "no such file" for a command that is not there */
	return r == -ENOENT ? -EOPNOTSUPP : r;
}

/* "0::/a/box/init.scope" of the first process, and "/sys/fs/cgroup/a/box", the container's group:
 * what the path of the one has below the other. NULL: it is not below. */
static const char *below(const char *group, char *own)
{
	size_t len = strlen(group);

	for (char *end = own + strlen(own); end > own; end--) {
		size_t n = (size_t)(end - own);

		if ((*end == '/' || *end == '\0') && n <= len &&
		    memcmp(group + len - n, own, n) == 0)
			return *end ? end : NULL;
	}
	return NULL;
}

/* "/a/box" of a process, as our own namespace has it: to be freed, or NULL. */
static char *read_group_of(uint32_t pid)
{
	AUTO_FREE char *text = NULL;
	char path[64];
	char *line;

	snprintf(path, sizeof(path), "/proc/%u/cgroup", pid);
	if (io_read_file(path, PROCS_LIMIT, &text, NULL) < 0)
		return NULL;
	line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
	if (!line)
		return NULL;
	line += *line == '\n' ? 4 : 3;
	return strndup(line, strcspn(line, "\n"));
}

/* Where the hierarchy is mounted that has, or had, the group of that path: how much of it. 0: it is
 * not of one. */
static size_t find_mount(const char *group)
{
	char path[PATH_MAX];
	size_t found = 0;

	if (strlen(group) >= sizeof(path))
		return 0;
	strcpy(path, group);
	for (char *slash; (slash = strrchr(path, '/')) && slash != path; *slash = '\0') {
		struct statfs st;
		int r = statfs(path, &st);

		if (r == 0 && st.f_type == CGROUP2_SUPER_MAGIC)
			found = strlen(path);
		else if (r == 0 || errno != ENOENT)
			break;
	}
	return found;
}

/* Another group than the container's own is taken where nobody has asked for one. */
static int enter_with_first(struct start *s, int error)
{
	const struct step *enter = plan_find_step(s->plan, OP_ENTER_CGROUP),
			  *join = plan_find_step(s->plan, OP_JOIN_CONTAINER);
	const char *group = enter ? enter->a.text.text : "", *rest;
	char path[PATH_MAX];
	size_t len;
	int fd;

	if (!enter || enter->a.text.strict || !join)
		return error;
	AUTO_FREE char *own = read_group_of(join->a.container.pid);
	rest = own ? below(group, own) : NULL;
	len = rest ? strlen(group) : find_mount(group);
	/* above the root of our own namespace: it is in no directory that we see */
	if (!own || !len || strncmp(own, "/..", 3) == 0 ||
	    snprintf(path, sizeof(path), "%.*s%s", (int)len, group, rest ? rest : own) >=
		    (int)sizeof(path))
		return error;
	fd = open_directory(path);
	if (fd < 0)
		return error;
	fd_close(&s->cgroup);
	s->cgroup = fd;
	return 0;
}

int group_go_below(struct start *s)
{
	return enter_with_first(s, -EBUSY);
}

/* The first process may have gone elsewhere, and the group with it. */
int group_enter(struct start *s, const struct step *step)
{
	s->cgroup = open_directory(step->a.text.text);
	if (s->cgroup == -ENOENT)
		return enter_with_first(s, -ENOENT);
	return s->cgroup < 0 ? s->cgroup : 0;
}

/* ---- in use, and removed ---- */

bool group_has_processes(const char *path)
{
	char file[PATH_MAX];

	if (snprintf(file, sizeof(file), "%s/cgroup.events", path) >= (int)sizeof(file))
		return true;
	AUTO_FREE char *text = NULL;
	return io_read_file(file, PROCS_LIMIT, &text, NULL) == 0 &&
	       strstr(text, "populated 1") != NULL;
}

void group_remove(struct run_process *p)
{
	if (p->cgroup && p->cgroup_levels != ENDING_SYSTEMD)
		ending_remove_cgroup(p->cgroup, p->cgroup_levels, true);
	if (p->cgroup_left)
		ending_return(p->cgroup_left);
	free(p->cgroup);
	free(p->cgroup_left);
	free(p->unit);
	p->cgroup = p->cgroup_left = p->unit = NULL;
}
