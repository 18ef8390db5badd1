/* Inside explain: what both gatherers read from /proc. Read-only; nothing is judged here. */
#ifndef ROOTLET_EXPLAIN_READ_H
#define ROOTLET_EXPLAIN_READ_H

#include "explain/explain.h"

/* /proc/PID/NAME as text in the arena; NULL with *ret_error set when it may not be read. ret_len
 * may be NULL. */
char *read_proc(struct arena *a, int pid, const char *name, size_t *ret_len, int *ret_error);
int read_status(struct arena *a, int pid, struct status *ret);
void read_map(struct arena *a, int pid, const char *name, struct shown_map *ret);
/* A descriptor of /proc/PID/ns/NAME, or -errno. */
int read_ns(int pid, enum ns_kind kind);
struct ns_seen ns_seen_of(int fd); /* fd may be -errno */
/* ioctl_ns(2): the related namespace as a descriptor, or -errno. */
int ns_owner(int fd);
int ns_parent(int fd);
struct ns_seen ns_owner_uid(int fd);
/* The text of our own user list, or "" when it cannot be had. */
const char *read_passwd(struct arena *a);

/* One line of mountinfo (proc_pid_mountinfo(5)); NULL at the end. The strings are in the arena. */
struct mount_line {
	int id;
	unsigned major, minor;
	const char *root, *point;
	bool idmapped;
};
int mount_line_next(struct arena *a, const char **text, struct mount_line *ret);
/* What `inner` is called below a mount: NULL when the mount does not show it. */
const char *mount_path(struct arena *a, const struct mount_line *m, const char *inner);
/* And the way back: the path within the file system of what stands at `path`. */
const char *mount_inner(struct arena *a, const struct mount_line *m, const char *path);

/* All user namespaces that we may see. `first` is looked at before all others. */
int tree_gather(struct arena *a, int first, struct userns_tree *ret);
int tree_find(const struct userns_tree *tree, uint64_t inode); /* index or -1 */

#endif
