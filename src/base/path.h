/* Paths as text: no file system, no policy. */
#ifndef ROOTLET_BASE_PATH_H
#define ROOTLET_BASE_PATH_H

#include <stdbool.h>
#include <string.h>

/* Is `path` at or below `dir`? By their spelling alone; slashes at the end of `dir` do not count.
 */
static inline bool path_within(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	while (len && dir[len - 1] == '/')
		len--;
	return strncmp(path, dir, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* Is one of its components ".."? */
static inline bool path_has_dotdot(const char *path)
{
	for (const char *c = path; (c = strstr(c, "..")) != NULL; c += 2)
		if ((c == path || c[-1] == '/') && (c[2] == '/' || c[2] == '\0'))
			return true;
	return false;
}

/* `path` as it would be looked up if no component of it were a link: absolute, without "." and with
 * every ".." taken back, at the top as well. `out` has room for strlen(path) + 2 bytes. */
void path_clean(const char *path, char *out);

#endif
