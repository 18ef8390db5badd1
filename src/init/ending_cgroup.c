/* The end of a container's cgroup: did the kernel kill for want of memory in it, and its removal
 * with all that was made below it. Freestanding, as ending.c is. */
#include "init/ending.h"

#include "init/nolibc.h"

enum {
	PATH_SIZE = 4096,
	ROUNDS = 200,
	PAUSE_NS = 10000000,
};

struct entry { /* struct linux_dirent64 of getdents64(2) */
	uint64_t ino;
	int64_t off;
	unsigned short reclen;
	unsigned char type;
	char name[];
};

static bool is_dots(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

static int open_directory(int dir, const char *name)
{
	return raw_openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW, 0);
}

static long read_small(int dir, const char *name, char *text, unsigned int size)
{
	int fd = raw_openat(dir, name, O_RDONLY | O_CLOEXEC, 0);
	long n;

	if (fd < 0)
		return fd;
	n = raw_read(fd, text, size - 1);
	raw_close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n;
}

/* ---- memory.events ---- */

/* The number behind a line's first word, or 0. */
static int64_t value_of(const char *text, const char *key)
{
	while (*text) {
		const char *k = key;

		while (*k && *text == *k) {
			text++;
			k++;
		}
		if (!*k && *text == ' ')
			return raw_number(text + 1);
		while (*text && *text++ != '\n')
			;
	}
	return 0;
}

bool ending_oom_killed(const char *path)
{
	char text[1024];
	int dir = open_directory(AT_FDCWD, path);
	bool killed;

	if (dir < 0)
		return false;
	killed = read_small(dir, "memory.events", text, sizeof(text)) > 0 &&
		 value_of(text, "oom_kill") > 0;
	raw_close(dir);
	return killed;
}

/* ---- removal ---- */

/* A walk through the groups below one, however deep they are: with one directory open, and no
 * memory of the way but how far down it is. Groups are never moved (cgroup v2), so ".." leads back.
 */
struct walk {
	int dir, depth;
	uint64_t come_from; /* the inode of the group below that is done; 0: none */
	const struct ending_groups *groups;
};

static void step_to(struct walk *w, int dir, int down)
{
	raw_close(w->dir);
	w->dir = dir;
	w->depth += down;
}

/* A group below; true when the walk goes down into it. What it came from may have gone meanwhile:
 * then this group's others are left to the next walk. */
static bool meet(struct walk *w, const struct entry *e)
{
	bool remove = w->groups->remove;
	int below;

	if (w->come_from) {
		if (e->ino != w->come_from)
			return false;
		w->come_from = 0;
		if (remove)
			raw_unlinkat(w->dir, e->name, AT_REMOVEDIR);
		return false;
	}
	if (remove && raw_unlinkat(w->dir, e->name, AT_REMOVEDIR) != -EBUSY)
		return false;
	below = open_directory(w->dir, e->name);
	if (below < 0)
		return false;
	step_to(w, below, 1);
	return true;
}

/* Through one group from where it stands: true when the walk has gone down. *ret_ino: its own. */
static bool look_through(struct walk *w, uint64_t *ret_ino)
{
	_Alignas(struct entry) char data[1024];
	long n;

	raw_call3(__NR_lseek, w->dir, 0, 0);
	while ((n = raw_call3(__NR_getdents64, w->dir, (long)data, sizeof(data))) > 0) {
		for (long at = 0; at < n;) {
			const struct entry *e = (const struct entry *)(data + at);

			if (e->name[0] == '.' && !e->name[1])
				*ret_ino = e->ino;
			if (e->type == 4 && !is_dots(e->name) && meet(w, e)) /* DT_DIR */
				return true;
			at += e->reclen;
		}
	}
	return false;
}

/* Into each once on the way down; and removed, if that is wanted, on the way up. */
static long walk_below(int top, const struct ending_groups *groups)
{
	struct walk w = {open_directory(top, "."), 0, 0, groups};
	long r = w.dir < 0 ? w.dir : 0;

	while (r == 0) {
		uint64_t own = 0;
		int above;

		if (look_through(&w, &own)) {
			r = groups->visit ? groups->visit(groups->data, w.dir) : 0;
			continue;
		}
		if (w.depth == 0)
			break;
		above = open_directory(w.dir, "..");
		if (above < 0)
			r = above;
		else
			step_to(&w, above, -1);
		w.come_from = own;
	}
	if (w.dir >= 0)
		raw_close(w.dir);
	return r;
}

int ending_each_group(const char *path, const struct ending_groups *groups)
{
	int dir = open_directory(AT_FDCWD, path);
	long r = dir < 0 ? dir : groups->visit(groups->data, dir);

	if (r == 0)
		r = walk_below(dir, groups);
	if (dir >= 0)
		raw_close(dir);
	return (int)r;
}

static int kill_listed(void *data, int dir)
{
	char text[4096];

	if (read_small(dir, "cgroup.procs", text, sizeof(text)) <= 0)
		return 0;
	for (const char *line = text; *line;) {
		int64_t pid = raw_number(line);

		if (pid > 1)
			raw_kill((int)pid, SIGKILL);
		while (*line && *line++ != '\n')
			;
	}
	return 0;
}

/* The container is over; what still runs in its group has no one any more. (cgroup.kill: Linux
 * 5.14) */
static void kill_all(int dir)
{
	static const struct ending_groups listed = {.visit = kill_listed};
	char one = '1';
	int fd = raw_openat(dir, "cgroup.kill", O_WRONLY | O_CLOEXEC, 0);

	if (fd < 0) {
		kill_listed(NULL, dir);
		walk_below(dir, &listed);
		return;
	}
	raw_write(fd, &one, 1);
	raw_close(fd);
}

static long remove_busy(const char *path, bool kill)
{
	static const struct ending_groups all = {.remove = true};
	long result = -EBUSY;

	for (int round = 0; round < (kill ? ROUNDS : 3) && result == -EBUSY; round++) {
		struct __kernel_timespec pause = {0, PAUSE_NS};
		int dir = open_directory(AT_FDCWD, path);

		if (dir < 0)
			return dir;
		if (kill)
			kill_all(dir);
		walk_below(dir, &all);
		raw_close(dir);
		result = raw_unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
		if (result == -EBUSY) /* the killed are on their way through the kernel */
			raw_ppoll(NULL, 0, &pause);
	}
	return result;
}

/* The path of the group above, in place. */
static bool go_up(char *path)
{
	char *slash = NULL;

	for (char *c = path; *c; c++) {
		if (*c == '/')
			slash = c;
	}
	if (!slash || slash == path)
		return false;
	*slash = '\0';
	return true;
}

int ending_remove_cgroup(const char *path, int levels, bool kill)
{
	char above[PATH_SIZE];
	unsigned int len = 0;
	long result = raw_unlinkat(AT_FDCWD, path, AT_REMOVEDIR);

	if (result == -EBUSY)
		result = remove_busy(path, kill);
	for (; len < PATH_SIZE - 1 && path[len]; len++)
		above[len] = path[len];
	above[len] = '\0';
	while (result == 0 && levels-- > 0 && go_up(above))
		if (raw_unlinkat(AT_FDCWD, above, AT_REMOVEDIR) < 0)
			break; /* others use it */
	return (int)result;
}

/* ---- back to where we were ---- */

static bool same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* Is there a group below it but the leaf? */
static bool is_used(int dir)
{
	_Alignas(struct entry) char data[1024];
	bool used = false;
	long n;

	while ((n = raw_call3(__NR_getdents64, dir, (long)data, sizeof(data))) > 0) {
		for (long at = 0; at < n;) {
			const struct entry *e = (const struct entry *)(data + at);

			if (e->type == 4 && !is_dots(e->name) && !same(e->name, ENDING_LEAF))
				used = true;
			at += e->reclen;
		}
	}
	return used;
}

/* Each word of `text`, with `sign` before it where there is one, as a write of its own. */
static void write_words(int dir, const char *name, char sign, const char *text)
{
	char word[64];
	int fd = raw_openat(dir, name, O_WRONLY | O_CLOEXEC, 0);

	while (fd >= 0 && *text) {
		unsigned int len = 0;

		if (sign)
			word[len++] = sign;
		for (; *text && *text != ' ' && *text != '\n'; text++) {
			if (len < sizeof(word))
				word[len++] = *text;
		}
		if (len > (sign ? 1U : 0U))
			raw_write(fd, word, len);
		while (*text == ' ' || *text == '\n')
			text++;
	}
	if (fd >= 0)
		raw_close(fd);
}

void ending_return(const char *left)
{
	char text[4096];
	int dir = open_directory(AT_FDCWD, left);

	if (dir < 0)
		return;
	if (!is_used(dir)) {
		if (read_small(dir, "cgroup.subtree_control", text, sizeof(text)) > 0)
			write_words(dir, "cgroup.subtree_control", '-', text);
		if (read_small(dir, ENDING_LEAF "/cgroup.procs", text, sizeof(text)) > 0)
			write_words(dir, "cgroup.procs", 0, text);
		raw_unlinkat(dir, ENDING_LEAF, AT_REMOVEDIR);
	}
	raw_close(dir);
}
