/* The two ends of a copy: a tree read into a socket, and one written out of it. Neither follows a
 * link below its starting point, and what is written never goes through one. */
#include "life/copy.h"

#include "base/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	CHUNK = 1 << 16,
	DEPTH_MAX = 200, /* each level holds a descriptor */
	MODE_KEPT = 01777,
};

enum record_type {
	RECORD_FILE = 1,  /* its name; DATA follows */
	RECORD_DATA,	  /* bytes; an empty one ends the file */
	RECORD_DIRECTORY, /* its name; what is in it follows */
	RECORD_UP,	  /* the end of a directory */
	RECORD_LINK,	  /* its name, a NUL, what it says */
	RECORD_PASSED,	  /* its name: of a kind that is not copied */
	RECORD_END,
};

struct record {
	uint32_t type, mode, len; /* len bytes follow */
	int64_t seconds, nanoseconds;
};

struct end {
	int socket;
	struct copy_verdict *verdict;
	char path[PATH_MAX]; /* for messages */
	char data[CHUNK];
};

static int fail(struct end *e, int r, const char *what)
{
	if (e->verdict->code == 0) {
		e->verdict->code = r;
		e->verdict->what = what;
		snprintf(e->verdict->path, sizeof(e->verdict->path), "%.*s",
			 (int)sizeof(e->verdict->path) - 1, e->path);
	}
	return r;
}

/* A path grows and shrinks with the walk; one too long is only told short. */
static size_t enter_path(struct end *e, const char *name)
{
	size_t len = strlen(e->path);

	if (strcmp(name, ".") != 0)
		snprintf(e->path + len, sizeof(e->path) - len, "%s%s",
			 len && e->path[len - 1] != '/' ? "/" : "", name);
	return len;
}

/* ---- the socket ---- */

static int put(struct end *e, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = send(e->socket, p, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(e, -errno, "send");
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int get(struct end *e, void *data, size_t len)
{
	char *p = data;

	while (len) {
		ssize_t n = recv(e->socket, p, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(e, n < 0 ? -errno : -EPIPE, "receive");
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int put_record(struct end *e, enum record_type type, const struct stat *st, const void *data,
		      size_t len)
{
	struct record r = {.type = type, .len = (uint32_t)len};
	int result;

	if (st) {
		r.mode = st->st_mode & MODE_KEPT;
		r.seconds = st->st_mtim.tv_sec;
		r.nanoseconds = st->st_mtim.tv_nsec;
	}
	result = put(e, &r, sizeof(r));
	return result < 0 ? result : put(e, data, len);
}

/* ---- read: it calls itself, a level of the tree at a time, DEPTH_MAX of them at most ---- */
/* NOLINTBEGIN(misc-no-recursion) */

static int send_any(struct end *e, int dir, const char *name, int depth);

static int send_file(struct end *e, int dir, const char *name)
{
	AUTO_FD fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	ssize_t n;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return fail(e, -errno, "read");
	if (!S_ISREG(st.st_mode)) /* it was another a moment ago */
		return fail(e, -EAGAIN, "read");
	r = put_record(e, RECORD_FILE, &st, name, strlen(name));
	while (r == 0) {
		n = read(fd, e->data, sizeof(e->data));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(e, -errno, "read");
		r = put_record(e, RECORD_DATA, NULL, e->data, (size_t)n);
		if (n == 0)
			break;
	}
	return r;
}

static int send_link(struct end *e, int dir, const char *name)
{
	char text[NAME_MAX + PATH_MAX + 2];
	size_t len = strlen(name) + 1;
	ssize_t n;

	memcpy(text, name, len);
	n = readlinkat(dir, name, text + len, sizeof(text) - len);
	if (n < 0)
		return fail(e, -errno, "read");
	return put_record(e, RECORD_LINK, NULL, text, len + (size_t)n);
}

static int send_entries(struct end *e, DIR *entries, int depth)
{
	struct dirent *entry;
	int r = 0;

	while (r == 0 && (errno = 0, entry = readdir(entries)) != NULL) {
		size_t len;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		len = enter_path(e, entry->d_name);
		r = send_any(e, dirfd(entries), entry->d_name, depth);
		e->path[len] = '\0';
	}
	return r == 0 && errno ? fail(e, -errno, "read") : r;
}

static int send_directory(struct end *e, int dir, const char *name, int depth)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	struct stat st;
	int r;

	if (!entries || fstat(fd, &st) < 0) {
		r = fail(e, -errno, "read");
		fd_close(&fd);
		return r;
	}
	r = depth >= DEPTH_MAX ? fail(e, -ELOOP, "read")
			       : put_record(e, RECORD_DIRECTORY, &st, name, strlen(name));
	if (r == 0)
		r = send_entries(e, entries, depth + 1);
	closedir(entries);
	return r < 0 ? r : put_record(e, RECORD_UP, &st, NULL, 0);
}

static int send_any(struct end *e, int dir, const char *name, int depth)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(e, -errno, "read");
	if (S_ISREG(st.st_mode))
		return send_file(e, dir, name);
	if (S_ISDIR(st.st_mode))
		return send_directory(e, dir, name, depth);
	if (S_ISLNK(st.st_mode))
		return send_link(e, dir, name);
	return put_record(e, RECORD_PASSED, NULL, name, strlen(name));
}
/* NOLINTEND(misc-no-recursion) */

/* The directory that holds the last component, and that component; "." for what ends in a slash or
 * a dot: the directory itself. */
static int open_parent(const char *path, char name[NAME_MAX + 1])
{
	const char *slash = strrchr(path, '/'), *last = slash ? slash + 1 : path;
	char parent[PATH_MAX];
	int fd;

	if (strlen(path) >= sizeof(parent) || strlen(last) > NAME_MAX)
		return -ENAMETOOLONG;
	if (!*last || strcmp(last, ".") == 0 || strcmp(last, "..") == 0) {
		strcpy(name, ".");
		fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		return fd < 0 ? -errno : fd;
	}
	strcpy(name, last);
	snprintf(parent, sizeof(parent), "%.*s", slash ? (int)(slash - path) + 1 : 1,
		 slash ? path : ".");
	fd = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

void copy_send(int socket, const char *path, struct copy_verdict *ret)
{
	struct end *e = calloc(1, sizeof(*e));
	char name[NAME_MAX + 1];
	AUTO_FD dir = -1;

	*ret = (struct copy_verdict){.code = e ? 0 : -ENOMEM, .what = "read"};
	if (!e)
		return;
	e->socket = socket;
	e->verdict = ret;
	snprintf(e->path, sizeof(e->path), "%s", path);
	dir = open_parent(path, name);
	if (dir < 0)
		fail(e, dir, "read");
	else if (send_any(e, dir, name, 0) == 0)
		put_record(e, RECORD_END, NULL, NULL, 0);
	free(e);
}

/* ---- written ---- */

static int receive_any(struct end *e, int dir, const struct record *r, const char *name, int depth);

static int get_name(struct end *e, const struct record *r, char *text, size_t size)
{
	int result;

	if (!r->len || r->len >= size)
		return fail(e, -EBADMSG, "receive");
	result = get(e, text, r->len);
	text[r->len] = '\0';
	if (result == 0 && (strchr(text, '/') || strcmp(text, "..") == 0))
		result = fail(e, -EBADMSG, "receive");
	return result;
}

static int finish(int fd, const struct record *r)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
					  {.tv_sec = r->seconds, .tv_nsec = r->nanoseconds}};

	if (fchmod(fd, r->mode & MODE_KEPT) < 0 || futimens(fd, times) < 0)
		return -errno;
	return 0;
}

static int receive_data(struct end *e, int fd)
{
	struct record r;

	for (;;) {
		const char *p = e->data;
		int result = get(e, &r, sizeof(r));

		if (result == 0 && (r.type != RECORD_DATA || r.len > sizeof(e->data)))
			result = fail(e, -EBADMSG, "receive");
		if (result == 0)
			result = get(e, e->data, r.len);
		if (result < 0 || r.len == 0)
			return result;
		for (size_t left = r.len; left;) {
			ssize_t n = write(fd, p, left);

			if (n < 0 && errno == EINTR)
				continue;
			if (n < 0)
				return fail(e, -errno, "write");
			p += n;
			left -= (size_t)n;
		}
	}
}

/* Under a name of its own until it is whole; then it takes the place of what was there, be that a
 * link. */
static int receive_file(struct end *e, int dir, const struct record *r, const char *name)
{
	char temporary[40];
	AUTO_FD fd = -1;
	int result;

	for (unsigned i = 0; fd < 0 && i < 100; i++) {
		snprintf(temporary, sizeof(temporary), ".rootlet-cp-%d-%u", (int)getpid(), i);
		fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			    0600);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	if (fd < 0)
		return fail(e, -errno, "write");
	result = receive_data(e, fd);
	if (result == 0 && (result = finish(fd, r)) < 0)
		fail(e, result, "write");
	if (result == 0 && renameat(dir, temporary, dir, name) < 0)
		result = fail(e, -errno, "write");
	if (result < 0)
		unlinkat(dir, temporary, 0);
	return result;
}

static int receive_link(struct end *e, int dir, const char *name, const char *target)
{
	for (int i = 0; i < 2; i++) {
		if (symlinkat(target, dir, name) == 0)
			return 0;
		if (errno != EEXIST || unlinkat(dir, name, 0) < 0)
			break;
	}
	return fail(e, -errno, "write");
}

/* A level of the tree at a time, DEPTH_MAX of them at most. NOLINTBEGIN(misc-no-recursion) */
/* Its mode comes at its end: one without write permission could not be filled. */
static int receive_directory(struct end *e, int dir, const char *name, int depth)
{
	bool made = strcmp(name, ".") != 0 && mkdirat(dir, name, 0700) == 0;
	AUTO_FD fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return fail(e, -errno, "write");
	for (;;) {
		char text[NAME_MAX + PATH_MAX + 2];
		struct record r;
		size_t len;
		int result = get(e, &r, sizeof(r));

		if (result < 0)
			return result;
		if (r.type == RECORD_UP) {
			result = made ? finish(fd, &r) : 0;
			return result < 0 ? fail(e, result, "write") : 0;
		}
		result = get_name(e, &r, text, sizeof(text));
		if (result < 0)
			return result;
		len = enter_path(e, text);
		result = receive_any(e, fd, &r, text, depth + 1);
		e->path[len] = '\0';
		if (result < 0)
			return result;
	}
}

/* `name`: as it is to be called here; of a link its text follows. */
static int receive_any(struct end *e, int dir, const struct record *r, const char *name, int depth)
{
	if (depth > DEPTH_MAX)
		return fail(e, -ELOOP, "write");
	switch ((enum record_type)r->type) {
	case RECORD_FILE:
		return receive_file(e, dir, r, name);
	case RECORD_DIRECTORY:
		return receive_directory(e, dir, name, depth);
	case RECORD_LINK:
		return receive_link(e, dir, name, name + strlen(name) + 1);
	case RECORD_PASSED:
		e->verdict->passed++;
		return 0;
	case RECORD_DATA:
	case RECORD_UP:
	case RECORD_END:
		break;
	}
	return fail(e, -EBADMSG, "receive");
}
/* NOLINTEND(misc-no-recursion) */

/* A directory that is there takes the copy in, under its own name; anything else is the name of the
 * copy. */
static int place(const char *path, const char *source, int *ret_dir, char name[NAME_MAX + 1])
{
	int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir >= 0) {
		snprintf(name, NAME_MAX + 1, "%.*s", NAME_MAX, source);
		*ret_dir = dir;
		return 0;
	}
	if (errno != ENOENT && errno != ENOTDIR)
		return -errno;
	dir = open_parent(path, name);
	*ret_dir = dir;
	return dir < 0 ? dir : 0;
}

static void receive(struct end *e, const char *path)
{
	char text[NAME_MAX + PATH_MAX + 2], name[NAME_MAX + 1], both[sizeof(text) + NAME_MAX + 2];
	AUTO_FD dir = -1;
	struct record r;
	size_t len;
	int result;

	memset(text, 0, sizeof(text));
	if (get(e, &r, sizeof(r)) < 0 || get_name(e, &r, text, sizeof(text)) < 0)
		return;
	result = place(path, text, &dir, name);
	if (result < 0) {
		fail(e, result, "write");
		return;
	}
	/* a link's own text comes after its new name */
	len = strlen(name) + 1;
	memcpy(both, name, len);
	memcpy(both + len, text + strlen(text) + 1, sizeof(text) - strlen(text) - 1);
	if (receive_any(e, dir, &r, both, 0) == 0 && get(e, &r, sizeof(r)) == 0 &&
	    r.type != RECORD_END)
		fail(e, -EBADMSG, "receive");
}

void copy_receive(int socket, const char *path, struct copy_verdict *ret)
{
	struct end *e = calloc(1, sizeof(*e));

	*ret = (struct copy_verdict){.code = e ? 0 : -ENOMEM, .what = "write"};
	if (!e)
		return;
	e->socket = socket;
	e->verdict = ret;
	snprintf(e->path, sizeof(e->path), "%s", path);
	receive(e, path);
	free(e);
}
