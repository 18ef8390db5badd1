/* Paths inside a root that is not trusted: resolved so that nothing in them leads out of it.
 *
 * Every symlink, `..` and absolute path is taken relative to the root descriptor, as if it were
 * `/`. Async-signal-safe and without allocation: the child uses it between clone and exec. Results
 * are O_PATH|O_CLOEXEC descriptors, or -errno.
 */
#ifndef ROOTLET_BASE_RESOLVE_H
#define ROOTLET_BASE_RESOLVE_H

#include <stdbool.h>
#include <sys/types.h>

enum resolve_make { RESOLVE_MAKE_NOTHING, RESOLVE_MAKE_DIRECTORY, RESOLVE_MAKE_FILE };

/* `path` inside `root`, the last component's symlink followed. */
int resolve_open(int root, const char *path, bool openat2);

/* The same, making what is missing: directories (0755) on the way and, at the end, a directory or
 * an empty file (0644). *ret_made tells whether anything was made; may be NULL. */
int resolve_make(int root, const char *path, enum resolve_make make, bool openat2, bool *ret_made);

/* The directory that holds the last component, which is not followed; *ret_name points into `path`.
 * For making symlinks. */
int resolve_parent(int root, const char *path, bool openat2, const char **ret_name);

#endif
