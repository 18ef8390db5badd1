/* Inside explain: one look at a file, shared by what finds it (file.c) and what asks who may do
 * what with it (asker.c). */
#ifndef ROOTLET_EXPLAIN_LOOK_H
#define ROOTLET_EXPLAIN_LOOK_H

#include "explain/read.h"

#include <sys/stat.h>

enum { OVERFLOW_ID = 65534 };

/* What holds for the whole look. */
struct look {
	struct file_view *view;
	struct arena *arena;
	int fd; /* the file, O_PATH */
	struct stat stat;
	unsigned major,
		minor;	   /* of its mount: btrfs gives its files other numbers than mountinfo */
	const char *inner; /* its path within its file system, or NULL */
	bool uid_known, gid_known; /* its ids exist in our own namespace */
	bool by_number;		   /* a user was asked for */
	uint32_t user;
};

/* One namespace while it is looked at. */
struct place {
	const struct userns *node; /* NULL: our own */
	struct status status;
	int root; /* its root directory */
	struct asker asker;
};

/* A path inside a root that is not ours, O_PATH, never led out of it. */
int look_open(int root, const char *path);
int look_inode(struct look *l, const struct place *p, int fd, struct inode_seen *ret);
/* Fill in the inode, who asks and what they may; f->path is set. */
int look_judge(struct look *l, struct place *p, int fd, struct file_in_ns *f);

#endif
