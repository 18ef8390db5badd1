/* /proc/PID/status and user lists as text. Pure: nothing is opened here. */
#include "explain/explain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The value of "Name:\t…", or NULL. The text begins at a line's start. */
static const char *field(const char *text, const char *name)
{
	size_t len = strlen(name);

	while (text) {
		if (strncmp(text, name, len) == 0 && text[len] == ':') {
			text += len + 1;
			return text + strspn(text, " \t");
		}
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	return NULL;
}

/* Up to `max` numbers of one line. */
static size_t numbers(const char *value, uint32_t *ret, size_t max)
{
	size_t n = 0;
	char *end;

	while (value && *value && *value != '\n' && n < max) {
		unsigned long number = strtoul(value, &end, 10);

		if (end == value)
			break;
		ret[n++] = (uint32_t)number;
		value = end + strspn(end, " \t");
	}
	return n;
}

static int number_or(const char *text, const char *name, int otherwise)
{
	uint32_t value;

	return numbers(field(text, name), &value, 1) ? (int)value : otherwise;
}

/* The kernel escapes newline and backslash in Name; the rest is as the process chose it. */
static void copy_name(char *ret, size_t size, const char *value)
{
	size_t n = strcspn(value, "\n");

	if (n >= size)
		n = size - 1;
	memcpy(ret, value, n);
	ret[n] = '\0';
}

static int copy_groups(struct arena *a, const char *text, struct status *ret)
{
	enum { MOST = 65536 }; /* NGROUPS_MAX */
	const char *value = field(text, "Groups");
	size_t room = 0;

	for (const char *p = value; p && *p && *p != '\n'; p++)
		room += *p == ' ';
	if (!value || !room)
		room = 1;
	if (room > MOST)
		room = MOST;
	ret->groups = arena_alloc(a, (room + 1) * sizeof(*ret->groups));
	if (!ret->groups)
		return -ENOMEM;
	ret->group_count = numbers(value, ret->groups, room + 1);
	return 0;
}

int status_parse(struct arena *a, const char *text, struct status *ret)
{
	static const char *const sets[CAP_SETS] = {
		[CAPS_INHERITABLE] = "CapInh", [CAPS_PERMITTED] = "CapPrm",
		[CAPS_EFFECTIVE] = "CapEff",   [CAPS_BOUNDING] = "CapBnd",
		[CAPS_AMBIENT] = "CapAmb",
	};
	const char *name = field(text, "Name");
	uint32_t levels[PID_LEVELS];
	struct status out = {0};

	if (!name || numbers(field(text, "Uid"), out.uid, 4) != 4 ||
	    numbers(field(text, "Gid"), out.gid, 4) != 4)
		return -EINVAL;
	copy_name(out.name, sizeof(out.name), name);
	out.state = field(text, "State") ? *field(text, "State") : '?';
	out.ppid = number_or(text, "PPid", 0);
	out.nspid_count = numbers(field(text, "NSpid"), levels, PID_LEVELS);
	for (size_t i = 0; i < out.nspid_count; i++)
		out.nspid[i] = (int)levels[i];
	for (size_t i = 0; i < CAP_SETS; i++) {
		const char *value = field(text, sets[i]);

		out.caps[i] = value ? strtoull(value, NULL, 16) : 0;
	}
	out.no_new_privs = number_or(text, "NoNewPrivs", -1);
	out.seccomp = number_or(text, "Seccomp", -1);
	out.seccomp_filters = number_or(text, "Seccomp_filters", -1);
	if (copy_groups(a, text, &out) < 0)
		return -ENOMEM;
	*ret = out;
	return 0;
}

/* ---- user lists: name:password:uid:gid:… ---- */

struct user_line {
	const char *name;
	size_t len;
	uint32_t uid, gid;
};

/* The user of this line; false when it is none. *next is where the following one starts. */
static bool user_line(const char *line, const char **next, struct user_line *ret)
{
	const char *end = line + strcspn(line, "\n");
	const char *part = line;
	uint32_t ids[2];

	*next = *end ? end + 1 : end;
	ret->name = line;
	ret->len = strcspn(line, ":\n");
	for (int i = 0; i < 2; i++) {
		part = memchr(part, ':', (size_t)(end - part));
		if (!part)
			return false;
		part++;
	}
	for (int i = 0; i < 2; i++) {
		char *stop;
		unsigned long value = strtoul(part, &stop, 10);

		if (stop == part || *part < '0' || *part > '9' || *stop != ':' || value > ID_MAX)
			return false;
		ids[i] = (uint32_t)value;
		part = stop + 1;
	}
	ret->uid = ids[0];
	ret->gid = ids[1];
	return ret->len > 0;
}

bool users_name(const char *passwd, uint32_t uid, char *ret, size_t size)
{
	struct user_line u;

	while (passwd && *passwd) {
		if (!user_line(passwd, &passwd, &u) || u.uid != uid || u.len >= size)
			continue;
		memcpy(ret, u.name, u.len);
		ret[u.len] = '\0';
		return true;
	}
	return false;
}

bool users_find(const char *passwd, const char *name, uint32_t *ret_uid, uint32_t *ret_gid)
{
	struct user_line u;

	while (passwd && *passwd) {
		if (!user_line(passwd, &passwd, &u) || strlen(name) != u.len ||
		    strncmp(u.name, name, u.len) != 0)
			continue;
		*ret_uid = u.uid;
		*ret_gid = u.gid;
		return true;
	}
	return false;
}

bool users_group_of(const char *passwd, uint32_t uid, uint32_t *ret_gid)
{
	struct user_line u;

	while (passwd && *passwd) {
		if (!user_line(passwd, &passwd, &u) || u.uid != uid)
			continue;
		*ret_gid = u.gid;
		return true;
	}
	return false;
}

/* name:password:gid:member,member… */
static bool group_has(const char *line, const char *name, uint32_t *ret_gid)
{
	size_t len = strlen(name);
	const char *end = line + strcspn(line, "\n");
	const char *part = line;
	char *stop;
	unsigned long gid;

	for (int i = 0; i < 2; i++) {
		part = memchr(part, ':', (size_t)(end - part));
		if (!part)
			return false;
		part++;
	}
	gid = strtoul(part, &stop, 10);
	if (stop == part || *stop != ':' || gid > ID_MAX)
		return false;
	*ret_gid = (uint32_t)gid;
	for (part = stop + 1; part < end; part += strcspn(part, ",\n") + 1)
		if (strcspn(part, ",\n") == len && strncmp(part, name, len) == 0)
			return true;
	return false;
}

int users_groups(struct arena *a, const char *groups, const char *name, uint32_t **ret,
		 size_t *ret_count)
{
	while (groups && *groups) {
		uint32_t gid;

		if (group_has(groups, name, &gid)) {
			int r = arena_grow(a, ret, *ret_count, sizeof(**ret));

			if (r < 0)
				return r;
			(*ret)[(*ret_count)++] = gid;
		}
		groups += strcspn(groups, "\n");
		groups += *groups == '\n';
	}
	return 0;
}
