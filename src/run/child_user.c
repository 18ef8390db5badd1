/* Who the command runs as, from the root's own passwd and group files.
 *
 * Those files belong to the container and may be hostile: only regular files are read, a bounded
 * number of bytes of them, line by line into a small buffer; longer lines are passed over. No name
 * service. A number is always an id, whatever a passwd file calls a user. The rules of child.h
 * hold.
 */
#include "run/child_user.h"

#include "base/sys.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { LINE_SIZE = 1024, FILE_MAX_BYTES = 4 << 20 };

struct lines {
	int fd;
	char buffer[LINE_SIZE + 1];
	size_t start, end; /* unread part of the buffer */
	size_t total;
	bool passing; /* inside a line that is too long */
};

/* A FIFO or a device of the root's would hang us or have effects: only regular files are opened for
 * good, and no open waits. -1: there is none to read. */
static int open_regular(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)))
		return fd;
	close(fd);
	return -1;
}

static bool refill(struct lines *l)
{
	ssize_t n;

	memmove(l->buffer, l->buffer + l->start, l->end - l->start);
	l->end -= l->start;
	l->start = 0;
	if (l->end == LINE_SIZE) { /* no newline in a full buffer */
		l->passing = true;
		l->end = 0;
	}
	if (l->total >= FILE_MAX_BYTES)
		return false;
	n = read(l->fd, l->buffer + l->end, LINE_SIZE - l->end);
	if (n <= 0)
		return false;
	l->total += (size_t)n;
	l->end += (size_t)n;
	return true;
}

/* The next whole line, without its newline; NULL at the end. */
static char *next_line(struct lines *l)
{
	for (;;) {
		char *start = l->buffer + l->start;
		char *newline = memchr(start, '\n', l->end - l->start);

		if (newline) {
			bool passed = l->passing;

			*newline = '\0';
			l->start = (size_t)(newline + 1 - l->buffer);
			l->passing = false;
			if (!passed)
				return start;
			continue;
		}
		if (refill(l))
			continue;
		if (l->end == l->start || l->passing)
			return NULL;
		l->buffer[l->end] = '\0'; /* a last line without newline */
		start = l->buffer + l->start;
		l->start = l->end;
		return start;
	}
}

/* Cuts the next field off *rest at ':'. NULL when there is none. */
static char *field(char **rest)
{
	char *start = *rest, *colon;

	if (!start)
		return NULL;
	colon = strchr(start, ':');
	*rest = colon ? colon + 1 : NULL;
	if (colon)
		*colon = '\0';
	return start;
}

static bool parse_number(const char *text, uint32_t *ret)
{
	uint64_t n = 0;

	if (!text || !*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		n = n * 10 + (uint64_t)(*text - '0');
		if (n > UINT32_MAX - 1)
			return false;
	}
	*ret = (uint32_t)n;
	return true;
}

struct user {
	char name[CHILD_NAME_MAX];  /* as asked, or the entry's */
	char group[CHILD_NAME_MAX]; /* as asked; "" when not */
	bool numeric, found;
	uint32_t uid, gid;
};

static void copy(char *dst, size_t size, const char *prefix, const char *src)
{
	if (strlen(prefix) + strlen(src) >= size)
		return; /* stays as it was */
	strcpy(stpcpy(dst, prefix), src);
}

static bool split(struct user *u, const char *text)
{
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);

	if (len >= sizeof(u->name) || (colon && strlen(colon + 1) >= sizeof(u->group)))
		return false;
	memcpy(u->name, text, len);
	u->name[len] = '\0';
	strcpy(u->group, colon ? colon + 1 : "");
	u->numeric = parse_number(u->name, &u->uid);
	return true;
}

/* name:password:uid:gid:gecos:home:shell — passwd(5) */
static void take_passwd_line(struct child *c, struct user *u, char *line)
{
	char *name = field(&line), *home, *shell;
	uint32_t uid, gid;

	field(&line);
	if (!parse_number(field(&line), &uid) || !parse_number(field(&line), &gid))
		return;
	field(&line);
	home = field(&line);
	shell = field(&line);
	if (u->numeric ? uid != u->uid : strcmp(name, u->name) != 0)
		return;
	u->found = true;
	u->uid = uid;
	u->gid = gid;
	copy(u->name, sizeof(u->name), "", name);
	if (home && *home == '/')
		copy(c->home, sizeof(c->home), "HOME=", home);
	if (shell && *shell == '/')
		copy(c->shell, sizeof(c->shell), "", shell);
}

static bool is_member(char *list, const char *name)
{
	size_t len = strlen(name);

	while (list && *list) {
		size_t n = strcspn(list, ",");

		if (n == len && strncmp(list, name, len) == 0)
			return true;
		list += n + (list[n] == ',');
	}
	return false;
}

/* name:password:gid:members — group(5). Returns true when the asked group is found. */
static bool take_group_line(struct child *c, struct user *u, char *line)
{
	char *name = field(&line), *members;
	uint32_t gid;

	field(&line);
	if (!parse_number(field(&line), &gid))
		return false;
	members = field(&line);
	if (*u->group) {
		if (strcmp(name, u->group) != 0)
			return false;
		u->gid = gid;
		return true;
	}
	if (u->found && is_member(members, u->name) && c->group_count < CHILD_GROUPS_MAX)
		c->groups[c->group_count++] = gid;
	return false;
}

static void read_passwd(struct child *c, struct user *u, int fd)
{
	struct lines l = {.fd = fd};

	while (!u->found) {
		char *line = next_line(&l);

		if (!line)
			return;
		take_passwd_line(c, u, line);
	}
}

static int read_group(struct child *c, struct user *u, int fd)
{
	bool found = parse_number(u->group, &u->gid);
	struct lines l = {.fd = fd};

	while (!found) {
		char *line = next_line(&l);

		if (!line)
			break;
		found = take_group_line(c, u, line);
	}
	if (*u->group && !found) {
		c->detail = WIRE_DETAIL_NO_GROUP;
		return -ESRCH;
	}
	return 0;
}

int child_find_user(struct child *c, const char *text, int passwd, int group)
{
	struct user u = {0};
	int r;

	if (!split(&u, text))
		return -ENAMETOOLONG;
	copy(c->home, sizeof(c->home), "HOME=", "/");
	if (passwd >= 0)
		read_passwd(c, &u, passwd);
	if (!u.numeric && !u.found) { /* a number needs no entry */
		c->detail = WIRE_DETAIL_NO_USER;
		return -ESRCH;
	}
	r = group >= 0 || *u.group ? read_group(c, &u, group) : 0;
	c->uid = u.uid;
	c->gid = u.gid;
	return r;
}

int child_lookup_user(struct child *c, const struct step *step)
{
	int passwd = open_regular("/etc/passwd"), group = open_regular("/etc/group");
	int r = child_find_user(c, step->a.text.text, passwd, group);

	if (passwd >= 0)
		close(passwd);
	if (group >= 0)
		close(group);
	return r;
}
