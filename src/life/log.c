/* The log's reader; see log.h. A line that the monitor has not finished is read again later, from
 * its beginning: the monitor takes back what it could write only half. */
#include "life/log.h"

#include "base/fd.h"
#include "base/io.h"
#include "init/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	BUFFER = 1 << 16, /* far more than a line of the monitor's */
	OPEN_TRIES = 100,
	HARMLESS_ROTATIONS =
		2, /* between two looks: the old and the new file are then both there */
};

struct life_log {
	int folder, inotify;

	/* From the oldest unread to the newest. */
	int *files;
	size_t count, at;
	bool keep; /* while counting: files stay open */

	char buffer[BUFFER];
	size_t start, end;
	off_t offset; /* of buffer[start] in its file */

	unsigned rotations;
	bool gap;

	/* Lines are counted where they begin. */
	uint64_t lines, skip;
	uint64_t line_of[2];
	bool in_line[2];
};

/* ---- files ---- */

static int open_file(int folder, const char *name)
{
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

	return fd < 0 ? -errno : fd;
}

static bool same_file(int a, int b)
{
	struct stat x, y;

	return a >= 0 && b >= 0 && fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_ino == y.st_ino &&
	       x.st_dev == y.st_dev;
}

/* Both files as they were at one moment. Each is -ENOENT when it is not there. */
static int open_pair(int folder, int *ret_old, int *ret_new)
{
	for (int i = 0; i < OPEN_TRIES; i++) {
		int now = open_file(folder, MONITOR_LOG);
		int old = open_file(folder, MONITOR_LOG_OLD);
		AUTO_FD again = open_file(folder, MONITOR_LOG);

		if ((now == -ENOENT && again == -ENOENT) || same_file(now, again)) {
			*ret_old = old;
			*ret_new = now;
			return 0;
		}
		fd_close(&now);
		fd_close(&old);
	}
	return -EAGAIN;
}

static int push(struct life_log *l, int fd)
{
	int *files;

	if (fd < 0)
		return 0;
	files = realloc(l->files, (l->count + 1) * sizeof(*files));
	if (!files) {
		close(fd);
		return -ENOMEM;
	}
	l->files = files;
	files[l->count++] = fd;
	return 0;
}

static void drain_events(struct life_log *l)
{
	char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n;

	while (l->inotify >= 0 && (n = read(l->inotify, events, sizeof(events))) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *e = (const void *)(events + at);

			if ((e->mask & IN_MOVED_TO) && e->len &&
			    strcmp(e->name, MONITOR_LOG_OLD) == 0)
				l->rotations++;
			at += (ssize_t)(sizeof(*e) + e->len);
		}
	}
}

int life_log_notice(struct life_log *l)
{
	int last = l->count ? l->files[l->count - 1] : -1, old, now, r;

	drain_events(l);
	if (open_pair(l->folder, &old, &now) < 0)
		return 0; /* it is turning at this moment: the next look sees it */
	if (now < 0 || same_file(now, last)) {
		fd_close(&old);
		fd_close(&now);
		return 0;
	}
	if (same_file(old, last))
		fd_close(&old);
	else if (l->count && l->rotations > HARMLESS_ROTATIONS)
		l->gap = true;
	l->rotations = 0;
	r = push(l, old);
	if (r < 0) {
		fd_close(&now);
		return r;
	}
	return push(l, now);
}

static void watch(struct life_log *l)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", l->folder);
	l->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (l->inotify >= 0 &&
	    inotify_add_watch(l->inotify, path, IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0)
		fd_close(&l->inotify);
}

int life_log_open(int folder, bool awaited, struct life_log **ret)
{
	struct life_log *l = calloc(1, sizeof(*l));
	int old, now, r;

	if (!l)
		return -ENOMEM;
	l->folder = folder;
	watch(l); /* before the first look: nothing happens unseen in between */
	r = open_pair(folder, &old, &now);
	if (r == 0)
		r = push(l, old);
	if (r == 0)
		r = push(l, now);
	if (r == 0 && !l->count && !(awaited && now == -ENOENT))
		r = now;
	if (r < 0) {
		life_log_close(l);
		return r;
	}
	*ret = l;
	return 0;
}

void life_log_close(struct life_log *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->count; i++)
		fd_close(&l->files[i]);
	fd_close(&l->inotify);
	free(l->files);
	free(l);
}

int life_log_fd(const struct life_log *l)
{
	return l->inotify;
}

bool life_log_gap(struct life_log *l)
{
	bool gap = l->gap;

	l->gap = false;
	return gap;
}

/* ---- lines ---- */

/* "2026-11-22T01:02:03.123456789Z "; 0: it is none. */
static int64_t read_stamp(const char *text, size_t len)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd.dddddddddZ ";
	struct tm tm = {0};
	int64_t ns = 0;

	if (len < sizeof(form) - 1)
		return 0;
	for (size_t i = 0; form[i]; i++)
		if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return 0;
#define TWO(at) ((text[at] - '0') * 10 + text[(at) + 1] - '0')
	tm.tm_year = TWO(0) * 100 + TWO(2) - 1900;
	if (tm.tm_year < 70 || tm.tm_year > 361) /* 64 bits of nanoseconds end in 2262 */
		return 0;
	tm.tm_mon = TWO(5) - 1;
	tm.tm_mday = TWO(8);
	tm.tm_hour = TWO(11);
	tm.tm_min = TWO(14);
	tm.tm_sec = TWO(17);
#undef TWO
	for (size_t i = 20; i < 29; i++)
		ns = ns * 10 + (text[i] - '0');
	return (int64_t)timegm(&tm) * 1000000000 + ns;
}

/* What is no line of the monitor's is shown as it is. */
static void parse_line(const char *line, size_t len, struct life_log_entry *e)
{
	enum { STAMP = 31, STREAM = 6, HEAD = STAMP + STREAM + 3 };

	*e = (struct life_log_entry){.text = line, .len = len};
	if (len < HEAD || line[STAMP + STREAM] != ' ' || line[STAMP + STREAM + 2] != ' ')
		return;
	if (memcmp(line + STAMP, "stdout", STREAM) != 0 &&
	    memcmp(line + STAMP, "stderr", STREAM) != 0)
		return;
	e->time = read_stamp(line, len);
	if (!e->time)
		return;
	e->from_stderr = line[STAMP + 3] == 'e';
	e->partial = line[STAMP + STREAM + 1] == 'P';
	e->text = line + HEAD;
	e->len = len - HEAD;
}

/* False: it belongs to a line that is passed over. */
static bool count_line(struct life_log *l, const struct life_log_entry *e)
{
	int s = e->from_stderr;

	if (!l->in_line[s])
		l->line_of[s] = ++l->lines;
	l->in_line[s] = e->partial;
	return l->line_of[s] > l->skip;
}

static void consume(struct life_log *l, size_t len)
{
	l->start += len;
	l->offset += (off_t)len;
}

/* A line out of the buffer. `all`: what is left in it is one too. */
static bool take_line(struct life_log *l, bool all, struct life_log_entry *e)
{
	const char *from = l->buffer + l->start;
	size_t left = l->end - l->start;
	const char *newline = left ? memchr(from, '\n', left) : NULL;
	size_t len = newline ? (size_t)(newline - from) : left;

	if (!newline && !(all && left))
		return false;
	parse_line(from, len, e);
	consume(l, len + (newline != NULL));
	return true;
}

/* ---- reading ---- */

static ssize_t refill(struct life_log *l)
{
	ssize_t n;

	if (l->at >= l->count) /* nothing was written yet */
		return 0;
	memmove(l->buffer, l->buffer + l->start, l->end - l->start);
	l->end -= l->start;
	l->start = 0;
	do
		n = pread(l->files[l->at], l->buffer + l->end, BUFFER - l->end,
			  l->offset + (off_t)l->end);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		l->end += (size_t)n;
	return n < 0 ? -errno : n;
}

static void begin_file(struct life_log *l, size_t at)
{
	l->at = at;
	l->start = l->end = 0;
	l->offset = 0;
}

/* At the end of a file: 1: read on, 0: there is no more. Who writes has left a file for good before
 * the next one is seen, and may have written to it since we read: it is read once more then. */
static int turn(struct life_log *l)
{
	size_t before = l->count;
	int r;

	if (l->at + 1 < l->count) {
		if (!l->keep)
			fd_close(&l->files[l->at]);
		begin_file(l, l->at + 1);
		return 1;
	}
	r = life_log_notice(l);
	if (r < 0)
		return r;
	return l->count > before;
}

static int next_entry(struct life_log *l, struct life_log_entry *ret)
{
	for (;;) {
		ssize_t n;
		int r;

		if (take_line(l, l->end - l->start == BUFFER, ret))
			return 1;
		n = refill(l);
		if (n < 0)
			return (int)n;
		if (n > 0)
			continue;
		if (l->at + 1 < l->count && take_line(l, true, ret))
			return 1;
		r = turn(l);
		if (r < 0)
			return r;
		if (r == 0) { /* what is not finished is read again */
			l->start = l->end = 0;
			return 0;
		}
	}
}

int life_log_next(struct life_log *l, struct life_log_entry *ret)
{
	int r;

	do
		r = next_entry(l, ret);
	while (r == 1 && !count_line(l, ret));
	return r;
}

int life_log_tail(struct life_log *l, uint64_t lines)
{
	struct life_log_entry e = {0};
	int r;

	l->keep = true;
	while ((r = life_log_next(l, &e)) == 1)
		;
	l->keep = false;
	l->skip = l->lines > lines ? l->lines - lines : 0;
	l->lines = 0;
	l->in_line[0] = l->in_line[1] = false;
	begin_file(l, 0);
	return r;
}
