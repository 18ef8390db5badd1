/* What the files of the floor share: see floor.c for what it is.
 *
 * The floor keeps no state that it could keep on the stack, allocates nothing, and stops at the
 * first failure: a yardstick that skips a step would measure something else.
 */
#ifndef ROOTLET_BENCH_FLOOR_H
#define ROOTLET_BENCH_FLOOR_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The container's descriptors that outlive close_range. */
enum { CONTROL_FD = 3, IMAGE_FD = 4, FIRST_FD_TO_CLOSE = 5 };

/* MNT_DETACH: sys/mount.h clashes with linux/mount.h on some C libraries. */
enum { UMOUNT_DETACH = 2 };

enum { ENTRIES_MAX = 128 };

/* One name of the host's `/` that the container gets too. */
struct entry {
	char name[256];
	char link[256]; /* its target when it is a symlink, else "" */
	bool directory;
};

enum form { BARE, PRIVILEGED, SEALED };

struct job {
	enum form form;
	bool ranges;
	bool own_init; /* the init is a program of its own, as rootlet's is */
	const char *command;
	const char *home; /* covered by an empty tmpfs, as `rootlet run /` does; NULL: none */
	const char *sub_uid, *sub_gid, *sub_count;
	struct entry entries[ENTRIES_MAX];
	size_t count;
	int host, host_dev; /* `/` and /dev, O_PATH; not for `bare`, which mounts by path */
	int image;	    /* the init program's memfd */
};

/* The value of a call that must not fail. */
#define MUST(call) must((long)(call), #call, __FILE__, __LINE__)

static inline long must(long result, const char *what, const char *file, int line)
{
	if (result >= 0)
		return result;
	dprintf(2, "floor: %s:%d: %s: %s\n", file, line, what, strerror(errno));
	_exit(125);
}

/* Read `/`. The entries that get a fresh mount are left out. */
void floor_read_root(struct job *job);

/* ROOT in its two forms. Both end with the old root detached and `/` as the working directory. */
void floor_root_by_path(const struct job *job);
void floor_root_by_fd(const struct job *job);

/* SEAL, as far as the form asks for it. */
void floor_seal(const struct job *job);

#endif
