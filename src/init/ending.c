/* The exit record, and the removal of a state folder.
 *
 * Nothing here can be reported to anybody: the container is gone and its user with it, so what
 * fails is left as it is, for `ps` to show and `rm` to clear. The library's callers get -errno.
 */
#include "init/ending.h"

#include "init/nolibc.h"

#define TEMPORARY ".exit.json.new"

/* Zeroes after what fits: a name that is too long for this is none of ours. */
struct text {
	char data[384];
	unsigned int len;
};

static void add(struct text *t, const char *word)
{
	while (*word && t->len < sizeof(t->data) - 1)
		t->data[t->len++] = *word++;
	t->data[t->len] = '\0';
}

static void add_number(struct text *t, uint64_t value)
{
	char digits[24];
	unsigned int at = sizeof(digits) - 1;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	add(t, digits + at);
}

static void add_path(struct text *t, const char *folder, const char *name)
{
	t->len = 0;
	add(t, folder);
	add(t, name);
}

static unsigned int same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* One component, and not one that leads away. */
static bool is_name(const char *name)
{
	if (!*name || same(name, ".") || same(name, ".."))
		return false;
	for (; *name; name++) {
		if (*name == '/')
			return false;
	}
	return true;
}

static int open_temporary(int dir_fd)
{
	return raw_openat(dir_fd, TEMPORARY, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

void ending_reserve(int dir_fd)
{
	int fd = open_temporary(dir_fd);
	char blank = ' ';

	if (fd < 0)
		return;
	raw_write(fd, &blank, 1); /* one block, or page, whatever its size */
	raw_close(fd);
}

int ending_record(int dir_fd, int status, int signal, bool timeout, bool oom_killed)
{
	struct text t = {.len = 0};
	long result;
	int fd;

	add(&t, "{\"version\":1,\"status\":");
	add_number(&t, (uint64_t)(status & 0xff));
	add(&t, ",\"signal\":");
	add_number(&t, (uint64_t)(signal > 0 ? signal : 0));
	add(&t, ",\"finished\":");
	add_number(&t, raw_clock_ns(CLOCK_REALTIME));
	add(&t, timeout ? ",\"timeout\":true" : ",\"timeout\":false");
	add(&t, oom_killed ? ",\"oom_killed\":true}\n" : ",\"oom_killed\":false}\n");

	fd = open_temporary(dir_fd);
	if (fd < 0)
		return fd;
	result = raw_write(fd, t.data, t.len); /* into what was reserved, if it was */
	raw_ftruncate(fd, t.len);
	raw_close(fd);
	if (result == (long)t.len)
		result = raw_renameat(dir_fd, TEMPORARY, dir_fd, ENDING_RECORD);
	else if (result >= 0)
		result = -ENOSPC;
	if (result < 0)
		raw_unlinkat(dir_fd, TEMPORARY, 0);
	return (int)result;
}

/* ---- removal ---- */

/* names/NAME is a symbolic link whose last component is the id. */
static void free_name(int store_fd, int dir_fd, const char *id)
{
	char name[256], target[256];
	struct text path;
	const char *last = target;

	if (raw_readlinkat(dir_fd, "name", name, sizeof(name)) <= 0 || !is_name(name))
		return;
	add_path(&path, "names/", name);
	if (raw_readlinkat(store_fd, path.data, target, sizeof(target)) <= 0)
		return;
	for (const char *c = target; *c; c++) {
		if (*c == '/')
			last = c + 1;
	}
	if (same(last, id))
		raw_unlinkat(store_fd, path.data, 0);
}

/* struct linux_dirent64 of getdents64(2), which no exported header has. */
struct entry {
	uint64_t ino;
	int64_t off;
	unsigned short reclen;
	unsigned char type;
	char name[];
};

static void empty(int dir_fd)
{
	_Alignas(struct entry) char data[1024];
	long n;

	raw_call3(__NR_lseek, dir_fd, 0, 0);
	while ((n = raw_call3(__NR_getdents64, dir_fd, (long)data, sizeof(data))) > 0) {
		for (long at = 0; at < n;) {
			const struct entry *e = (const struct entry *)(data + at);

			if (!same(e->name, ".") && !same(e->name, "..") &&
			    raw_unlinkat(dir_fd, e->name, 0) == -EISDIR)
				raw_unlinkat(dir_fd, e->name, AT_REMOVEDIR);
			at += e->reclen;
		}
	}
}

int ending_remove(int store_fd, int dir_fd, const char *id)
{
	struct text from, to;
	long result;

	if (!is_name(id))
		return -EINVAL;
	add_path(&from, "containers/", id);
	add_path(&to, "pending/", id);
	result = raw_renameat(store_fd, from.data, store_fd, to.data);
	if (result < 0)
		return (int)result;
	free_name(store_fd, dir_fd, id);
	/* unlinking moves the place where the next getdents64 reads in some file systems */
	for (int round = 0; round < 4; round++) {
		empty(dir_fd);
		result = raw_unlinkat(store_fd, to.data, AT_REMOVEDIR);
		if (result != -ENOTEMPTY && result != -EEXIST)
			break;
	}
	return (int)result;
}

static void say(const char *text)
{
	unsigned int len = 0;

	while (text[len])
		len++;
	raw_write(2, text, len);
}

void ending_finish(const struct ending *e, const struct supervise *s, int status)
{
	bool oom_killed = e->cgroup && ending_oom_killed(e->cgroup);

	if (oom_killed && e->memory_note)
		say(e->memory_note);
	if (e->cgroup && e->cgroup_levels != ENDING_SYSTEMD)
		ending_remove_cgroup(e->cgroup, e->cgroup_levels, true);
	if (e->cgroup_left)
		ending_return(e->cgroup_left);
	if (e->pidfile)
		raw_unlink(e->pidfile);
	if (e->dir_fd >= 0)
		ending_record(e->dir_fd, status, s->exit_signal, s->timed_out, oom_killed);
	if (e->remove && e->dir_fd >= 0 && e->store_fd >= 0 && e->id)
		ending_remove(e->store_fd, e->dir_fd, e->id);
}
