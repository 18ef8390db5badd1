/* mountinfo as text: where a mount shows a file. Pure. */
#include "explain/read.h"

#include "base/path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A field up to the next blank, with its octal escapes undone (mangle in fs/seq_file.c). */
static char *unescape(struct arena *a, const char *text, size_t len)
{
	char *out = arena_alloc(a, len + 1);
	size_t n = 0;

	if (!out)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		const char *e = text + i;

		if (e[0] == '\\' && len - i >= 4 && e[1] >= '0' && e[1] <= '3' && e[2] >= '0' &&
		    e[2] <= '7' && e[3] >= '0' && e[3] <= '7') {
			out[n++] = (char)((e[1] - '0') << 6 | (e[2] - '0') << 3 | (e[3] - '0'));
			i += 3;
		} else {
			out[n++] = *e;
		}
	}
	return out;
}

static const char *next_field(const char *p, const char *end, size_t *ret_len)
{
	while (p < end && *p == ' ')
		p++;
	*ret_len = strcspn(p, " \n");
	return p;
}

static bool has_option(const char *list, size_t len, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < len; i += strcspn(list + i, ", \n") + 1)
		if (strcspn(list + i, ", \n") == n && strncmp(list + i, name, n) == 0)
			return true;
	return false;
}

/* A number and the character that ends it: what follows, or NULL. */
static const char *number_field(const char *text, char end, unsigned long *ret)
{
	char *stop;

	if (*text < '0' || *text > '9')
		return NULL;
	*ret = strtoul(text, &stop, 10);
	return *stop == end ? stop + 1 : NULL;
}

/* id parent major:minor root point options … 1: filled; 0: the end; -errno. */
int mount_line_next(struct arena *a, const char **text, struct mount_line *ret)
{
	for (;;) {
		const char *line = *text, *end = line + strcspn(line, "\n"), *p;
		struct mount_line m = {0};
		size_t len;
		unsigned long id, parent, major, minor;

		if (!*line)
			return 0;
		*text = *end ? end + 1 : end;
		p = number_field(line, ' ', &id);
		p = p ? number_field(p, ' ', &parent) : NULL;
		p = p ? number_field(p, ':', &major) : NULL;
		p = p ? number_field(p, ' ', &minor) : NULL;
		if (!p)
			continue;
		m.id = (int)id;
		m.major = (unsigned)major;
		m.minor = (unsigned)minor;
		p = next_field(p, end, &len);
		m.root = unescape(a, p, len);
		p = next_field(p + len, end, &len);
		m.point = unescape(a, p, len);
		p = next_field(p + len, end, &len);
		m.idmapped = has_option(p, len, "idmapped");
		if (!m.root || !m.point)
			return -ENOMEM;
		*ret = m;
		return 1;
	}
}

/* `path` below `from`, put below `to`. NULL when it is not below it, or without memory. */
static const char *moved(struct arena *a, const char *path, const char *from, const char *to)
{
	size_t skip = strcmp(from, "/") == 0 ? 0 : strlen(from);
	const char *base = strcmp(to, "/") == 0 ? "" : to;

	if (!path_within(path, from))
		return NULL;
	path += skip;
	if (strcmp(path, "/") == 0 && *base)
		path = "";
	return !*path && !*base ? "/" : arena_printf(a, "%s%s", base, path);
}

const char *mount_path(struct arena *a, const struct mount_line *m, const char *inner)
{
	return moved(a, inner, m->root, m->point);
}

const char *mount_inner(struct arena *a, const struct mount_line *m, const char *path)
{
	return moved(a, path, m->point, m->root);
}
