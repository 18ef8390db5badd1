/* The files that -u is looked up in: a first line USER[:GROUP], then a passwd file up to a line
 * "-", then a group file. They come from the container's root, so any bytes may be in them. Found
 * ids are compared with a plain second reading of the same texts.
 */
#include "fuzz.h"

#include "run/child_user.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

/* What child_user.c passes over: a line must fit its buffer. */
enum { LINE_SIZE = 1024 };

static int file(const char *name, const char *text, size_t len)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	require(fd >= 0 && write(fd, text, len) == (ssize_t)len && lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

static bool id(const char *text, uint32_t *ret)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (!*text || strspn(text, "0123456789") != strlen(text) || strlen(text) > 4000 ||
	    n > UINT32_MAX - 1)
		return false;
	*ret = (uint32_t)n;
	return true;
}

/* The first line of `text` with `name` (or, for a number, with that id) in front: its field number
 * `want`. -1: none. */
static int64_t entry(const char *text, size_t len, const char *name, const uint32_t *uid, int want)
{
	while (len) {
		const char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) : len;
		char line[LINE_SIZE + 1], *fields[5] = {0}, *rest = line;
		uint32_t ids[2] = {0, 0};
		int count = 0;

		if (n < LINE_SIZE) {
			memcpy(line, text, n);
			line[n] = '\0';
			while (count < 5 && rest)
				fields[count++] = strsep(&rest, ":");
			if (fields[2] && id(fields[2], &ids[0]) &&
			    (want == 2 || (fields[3] && id(fields[3], &ids[1]))) &&
			    (uid ? ids[0] == *uid : !strcmp(fields[0], name)))
				return ids[want == 2 ? 0 : 1];
		}
		n += end != NULL;
		text += n;
		len -= n;
	}
	return -1;
}

static void require_result(const struct child *c, int r, char *user, const char *passwd,
			   size_t passwd_len, const char *group, size_t group_len)
{
	char *group_name = strchr(user, ':');
	uint32_t uid = 0, gid = 0;
	int64_t found;
	bool numeric;

	if (group_name)
		*group_name++ = '\0';
	numeric = id(user, &uid);
	found = entry(passwd, passwd_len, user, numeric ? &uid : NULL, 3);
	if (!numeric && found < 0) {
		require(r == -ESRCH && c->detail == WIRE_DETAIL_NO_USER);
		return;
	}
	gid = found < 0 ? 0 : (uint32_t)found;
	if (group_name && *group_name && !id(group_name, &gid)) {
		found = entry(group, group_len, group_name, NULL, 2);
		require((r == 0) == (found >= 0));
		require(!r || (r == -ESRCH && c->detail == WIRE_DETAIL_NO_GROUP));
		gid = (uint32_t)found;
	}
	require(r || (c->gid == gid && (!numeric || c->uid == uid)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct child c = {.uid = 7, .gid = 7};
	char *text = fuzz_string(data, size), *user = text, *passwd, *group;
	size_t passwd_len, group_len = 0;
	int passwd_fd, group_fd, r;

	user[strcspn(user, "\n")] = '\0';
	passwd = user + strlen(user) + (strlen(user) < size);
	passwd_len = size - (size_t)(passwd - text);
	group = memmem(passwd, passwd_len, "\n-\n", 3);
	if (group) {
		group_len = passwd_len - (size_t)(group + 3 - passwd);
		passwd_len = (size_t)(group + 1 - passwd);
		group += 3;
	}
	passwd_fd = file("passwd", passwd, passwd_len);
	group_fd = file("group", group ? group : "", group_len);
	r = child_find_user(&c, user, passwd_fd, group_fd);
	require(r == 0 || r == -ESRCH || r == -ENAMETOOLONG);
	require(c.group_count >= 0 && c.group_count <= CHILD_GROUPS_MAX);
	require(memchr(c.home, '\0', sizeof(c.home)) && memchr(c.shell, '\0', sizeof(c.shell)));
	require(r == -ENAMETOOLONG || !strncmp(c.home, "HOME=/", 6));
	require(!*c.shell || *c.shell == '/');
	if (r != -ENAMETOOLONG)
		require_result(&c, r, user, passwd, passwd_len, group, group_len);
	close(passwd_fd);
	close(group_fd);
	free(text);
	return 0;
}
