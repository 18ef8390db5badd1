/* Paths inside an untrusted root: openat2(2) with RESOLVE_IN_ROOT, or a walk that does the same by
 * hand. See resolve.h. The walk also makes what is missing, which openat2 cannot do for whole
 * paths.
 */
#include "base/resolve.h"

#include "base/fd.h"
#include "base/sys.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

enum {
	DEPTH_MAX = 64,	 /* directories that the walk may be deep in */
	LINKS_MAX = 40,	 /* as the kernel's own limit: path_resolution(7) */
	AGAIN_MAX = 128, /* openat2 says EAGAIN when a rename or a mount raced with a ".." */
};

/* A walk in progress. `rest` is what is left of the path, symlinks already put in front. The stack
 * holds every directory from the root down, so that ".." never asks the file system, which another
 * process may be rearranging at this moment. */
struct walk {
	int stack[DEPTH_MAX];
	int depth; /* index of the current directory; stack[0] is the caller's root */
	int links;
	char rest[PATH_MAX];
	bool made;
};

static int open_in_root(int root, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd = -EAGAIN;

	for (int i = 0; fd == -EAGAIN && i < AGAIN_MAX; i++)
		fd = SYS(openat2, root, path, &how, sizeof(how));
	return fd;
}

static void leave(struct walk *w, int to_depth)
{
	while (w->depth > to_depth)
		close(w->stack[w->depth--]);
}

/* Takes the next component off `rest` into name; false at the end. */
static bool next_component(struct walk *w, char name[static NAME_MAX + 1], int *ret_error)
{
	const char *start = w->rest;
	size_t len;

	*ret_error = 0;
	while (*start == '/')
		start++;
	if (!*start)
		return false;
	for (len = 0; start[len] && start[len] != '/'; len++)
		;
	if (len > NAME_MAX) {
		*ret_error = -ENAMETOOLONG;
		return false;
	}
	memcpy(name, start, len);
	name[len] = '\0';
	memmove(w->rest, start + len, strlen(start + len) + 1);
	return true;
}

static bool at_last(const struct walk *w)
{
	const char *p = w->rest;

	while (*p == '/')
		p++;
	return !*p;
}

/* What RESOLVE_NO_MAGICLINKS refuses, nearly: links below a directory of a process, such as
 * /proc/self/fd/N, whose text is not where they lead. Those beside them, such as /proc/self, are
 * ordinary ones. */
static bool is_magic(const struct walk *w, int fd)
{
	enum { PROC_ROOT_INODE = 1 };
	struct statfs fs;
	struct stat dir;

	return fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC &&
	       !(fstat(w->stack[w->depth], &dir) == 0 && dir.st_ino == PROC_ROOT_INODE);
}

/* Puts the text of the symlink `fd` in front of what is left. */
static int follow(struct walk *w, int fd)
{
	char target[PATH_MAX];
	ssize_t len = readlinkat(fd, "", target, sizeof(target) - 1);
	size_t rest_len = strlen(w->rest);

	if (len < 0)
		return -errno;
	if (is_magic(w, fd))
		return -ELOOP;
	if (len == 0)
		return -ENOENT;
	if (++w->links > LINKS_MAX)
		return -ELOOP;
	if ((size_t)len + 1 + rest_len + 1 > sizeof(w->rest))
		return -ENAMETOOLONG;
	memmove(w->rest + len + 1, w->rest, rest_len + 1);
	memcpy(w->rest, target, (size_t)len);
	w->rest[len] = '/';
	if (target[0] == '/')
		leave(w, 0);
	return 0;
}

static int make_component(struct walk *w, const char *name, enum resolve_make make)
{
	int dir = w->stack[w->depth], r;

	if (make == RESOLVE_MAKE_FILE && at_last(w))
		r = mknodat(dir, name, S_IFREG | 0644, 0);
	else
		r = mkdirat(dir, name, 0755);
	if (r < 0 && errno != EEXIST)
		return -errno;
	w->made = true;
	return 0;
}

static int step_into(struct walk *w, const char *name, enum resolve_make make)
{
	struct stat st;
	AUTO_FD fd = -1;
	int r;

	for (int tries = 0; fd < 0; tries++) {
		fd = openat(w->stack[w->depth], name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0)
			break;
		if (errno != ENOENT || make == RESOLVE_MAKE_NOTHING || tries > 1)
			return -errno;
		r = make_component(w, name, make);
		if (r < 0)
			return r;
	}
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return follow(w, fd);
	if (!S_ISDIR(st.st_mode) && !at_last(w))
		return -ENOTDIR;
	if (w->depth + 1 >= DEPTH_MAX)
		return -ENAMETOOLONG;
	w->stack[++w->depth] = fd_steal(&fd);
	return 0;
}

static int walk_path(int root, const char *path, enum resolve_make make, bool *ret_made)
{
	struct walk w = {.stack = {root}};
	char name[NAME_MAX + 1];
	int r = 0, out;

	if (strlen(path) >= sizeof(w.rest))
		return -ENAMETOOLONG;
	memcpy(w.rest, path, strlen(path) + 1);
	while (r == 0 && next_component(&w, name, &r)) {
		if (strcmp(name, ".") == 0)
			continue;
		if (strcmp(name, "..") == 0)
			leave(&w, w.depth > 0 ? w.depth - 1 : 0);
		else
			r = step_into(&w, name, make);
	}
	out = r;
	if (r == 0)
		out = w.depth ? fcntl(w.stack[w.depth], F_DUPFD_CLOEXEC, 3)
			      : openat(root, ".", O_PATH | O_CLOEXEC);
	if (r == 0 && out < 0)
		out = -errno;
	leave(&w, 0);
	if (ret_made)
		*ret_made = w.made;
	return out;
}

/* The walk never says EAGAIN: it is the way out where mounts and renames do not stop elsewhere. */
int resolve_open(int root, const char *path, bool openat2)
{
	int fd = openat2 ? open_in_root(root, path) : -EAGAIN;

	return fd == -EAGAIN ? walk_path(root, path, RESOLVE_MAKE_NOTHING, NULL) : fd;
}

int resolve_make(int root, const char *path, enum resolve_make make, bool openat2, bool *ret_made)
{
	int fd = resolve_open(root, path, openat2);

	if (ret_made)
		*ret_made = false;
	if (fd != -ENOENT || make == RESOLVE_MAKE_NOTHING)
		return fd;
	return walk_path(root, path, make, ret_made);
}

int resolve_parent(int root, const char *path, bool openat2, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	char parent[PATH_MAX];
	size_t len = slash ? (size_t)(slash - path) : 0;

	if (len >= sizeof(parent))
		return -ENAMETOOLONG;
	memcpy(parent, path, len);
	parent[len] = '\0';
	*ret_name = slash ? slash + 1 : path;
	return resolve_make(root, len ? parent : "/", RESOLVE_MAKE_DIRECTORY, openat2, NULL);
}
