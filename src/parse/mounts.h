/* What -v, --mount and --tmpfs share. Private to parse. */
#ifndef ROOTLET_PARSE_MOUNTS_H
#define ROOTLET_PARSE_MOUNTS_H

#include "base/error.h"
#include "spec/spec.h"

#include <stdbool.h>
#include <stddef.h>

/* A mount that is being read, and where its text came from. */
struct mount_text {
	struct spec *spec;
	struct spec_mount mount;
	const char *text, *origin;
	struct rootlet_error *err;
	bool ro, rw;
};

/* "ID"-less shorthand: an error about this mount's text. Returns -EINVAL. */
int mount_error(struct mount_text *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A flag that all kinds know (ro, nosuid, noexec, noatime …). 1: taken; 0: not one; -errno. */
int mount_flag(struct mount_text *m, const char *word);

/* private, rslave, unbindable …. 1: taken; 0: not one; -errno: shared. */
int mount_propagation(struct mount_text *m, const char *word);

/* A word of podman's that changes nothing here (z, Z), or that is refused with its reason (U, O).
 * As above. */
int mount_podman_word(struct mount_text *m, const char *word);

/* One option of a tmpfs by its name in tmpfs(5): size, mode, nr_inodes, nr_blocks, uid, gid. 1:
 * taken. */
int mount_tmpfs_option(struct mount_text *m, const char *key, const char *value);

/* The source of a bind: absolute, or relative beginning with '.'. */
int mount_source(struct mount_text *m, const char *source);

/* Check what must be there and append it to the spec; `option` is the long name of the flag. */
int mount_finish(struct mount_text *m, const char *option);

#endif
