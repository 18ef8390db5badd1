/* A copy of a directory's contents, for a tmpfs that begins with what it covers. See child.h for
 * the rules: no heap, so the depth is bounded.
 *
 * Files, directories and links with their modes and owners; sockets and devices are left out. Names
 * in it are the root's: none is followed.
 */
#include "run/child.h"

#include "base/sys.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 32, NAMES_MAX = 4096 };

/* struct linux_dirent64 of getdents64(2). */
struct entry {
	uint64_t inode;
	int64_t offset;
	unsigned short length;
	unsigned char type;
	char name[];
};

static int copy_bytes(int from, int to)
{
	char buffer[16384];
	ssize_t n;

	while ((n = read(from, buffer, sizeof(buffer))) > 0)
		if (write(to, buffer, (size_t)n) != n)
			return -ENOSPC;
	return n < 0 ? -errno : 0;
}

static int set_owner(int dir, const char *name, const struct stat *st)
{
	return SYS(fchownat, dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW);
}

static int copy_file(int from, int to, const char *name, const struct stat *st)
{
	int in = SYS(openat, from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0), out, r;

	if (in < 0)
		return in;
	out = SYS(openat, to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	r = out < 0 ? out : copy_bytes(in, out);
	if (r == 0)
		r = set_owner(to, name, st);
	if (r == 0) /* after the owner, whose change takes setuid away */
		r = SYS(fchmod, out, st->st_mode & 07777);
	close(in);
	if (out >= 0)
		close(out);
	return r;
}

static int copy_link(int from, int to, const char *name, const struct stat *st)
{
	char text[PATH_MAX];
	int n = SYS(readlinkat, from, name, text, sizeof(text) - 1), r;

	if (n < 0)
		return n;
	text[n] = '\0';
	r = SYS(symlinkat, text, to, name);
	return r < 0 ? r : set_owner(to, name, st);
}

/* NOLINTBEGIN(misc-no-recursion): no deeper than DEPTH_MAX */
static int copy_directory(int from, int to, int depth);

static int open_directory(int dir, const char *name)
{
	return SYS(openat, dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
}

static int copy_below(int from, int to, const char *name, const struct stat *st, int depth)
{
	int r = SYS(mkdirat, to, name, 0700), in, out;

	if (r < 0)
		return r;
	in = open_directory(from, name);
	out = open_directory(to, name);
	r = in < 0 ? in : out < 0 ? out : copy_directory(in, out, depth + 1);
	if (r == 0)
		r = set_owner(to, name, st);
	if (r == 0)
		r = SYS(fchmod, out, st->st_mode & 07777);
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return r;
}

static int copy_entry(int from, int to, const char *name, int depth)
{
	struct stat st;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return 0;
	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return copy_below(from, to, name, &st, depth);
	if (S_ISREG(st.st_mode))
		return copy_file(from, to, name, &st);
	return S_ISLNK(st.st_mode) ? copy_link(from, to, name, &st) : 0;
}

static int copy_directory(int from, int to, int depth)
{
	_Alignas(struct entry) char names[NAMES_MAX];
	int n, r = 0;

	if (depth > DEPTH_MAX)
		return -ELOOP;
	while ((n = SYS(getdents64, from, names, sizeof(names))) > 0) {
		for (int at = 0; r == 0 && at < n;) {
			const struct entry *e = (const void *)(names + at);

			r = copy_entry(from, to, e->name, depth);
			at += e->length;
		}
		if (r < 0)
			return r;
	}
	return n;
}

/* NOLINTEND(misc-no-recursion) */

int child_copy_tree(int from, int to)
{
	int in = open_directory(from, "."), out = open_directory(to, ".");
	int r = in < 0 ? in : out < 0 ? out : copy_directory(in, out, 0);

	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return r;
}
