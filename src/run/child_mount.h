/* Mounts made by the child: one interface, two ways underneath.
 *
 * With the mount API of Linux 5.2 (open_tree, move_mount, fsopen) a mount is made detached, given
 * its attributes and then put in place, all by descriptor. Without it, mount(2) on /proc/self/fd/N
 * does the same in more steps. Which one is on the plan. The rules of child.h hold.
 */
#ifndef ROOTLET_RUN_CHILD_MOUNT_H
#define ROOTLET_RUN_CHILD_MOUNT_H

#include "run/child.h"

#include <sys/stat.h>

/* A bind in the making. */
struct bind_request {
	int source;	  /* O_PATH descriptor … */
	const char *name; /* … or a name in it; NULL: itself */
	bool recursive;
	bool make_target;
	bool device; /* must be the character (or block) device `rdev` */
	bool block;
	dev_t rdev;
	uint64_t attr_set, attr_clear, propagation;
	bool top;		     /* attr_… of the topmost mount alone, else of all */
	uint64_t rec_set, rec_clear; /* of all */
	bool ready;		     /* the source is a detached mount already */
	bool procfs;		     /* the source must be of a procfs */
	const struct step *keeper;   /* what is locked stays, and is said to be this step's; NULL:
					that is an error */
};

struct stat;
bool mount_is_device(const struct stat *st, const struct bind_request *request);

/* A new instance in the making. */
struct filesystem_request {
	const char *type, *source; /* source NULL: the type */
	const struct mount_option *options;
	size_t count;
	uint64_t attributes;
	uint64_t propagation; /* 0: private */
	bool make_target;
	bool mode_of_target; /* unless nothing is there */
};

/* Each returns the mount's descriptor (the caller closes it), or -errno with c->detail set. */
int mount_bind(struct child *c, const struct bind_request *request,
	       const struct step_target *target);
int mount_filesystem(struct child *c, const struct filesystem_request *request,
		     const struct step_target *target);

/* A file system instance that is not attached yet; without the mount API, one over the host's
 * /proc. */
int mount_procfs(struct child *c, uint64_t attributes);
int mount_attach(struct child *c, int mount_fd, const struct step_target *target, mode_t make);

/* Change the attributes of the mount that `fd` stands on. */
int mount_change(struct child *c, int fd, uint64_t set, uint64_t clear, bool recursive);

/* Where a mount goes, as move_mount(2) takes it: a directory and a name in it, or the place itself
 * (""). `close`: the descriptor was opened for this. */
struct mount_place {
	int dir;
	const char *name;
	bool close;
};

/* S_IFDIR or S_IFREG in `make` makes the mount point when it is missing; 0 does not. 0 or -errno.
 */
int mount_find_place(struct child *c, const struct step_target *target, mode_t make,
		     struct mount_place *ret);

/* The same as an O_PATH descriptor. */
int mount_target(struct child *c, const struct step_target *target, mode_t make);

/* MS_PRIVATE …, with MS_REC; 0 changes nothing. */
int mount_propagate(struct child *c, int fd, uint64_t propagation);

/* The mode of the directory that is there as an option of tmpfs, or "". */
const char *mount_mode_of(struct child *c, const struct step_target *target, char out[static 8]);

/* A bind's attributes, once `fd` stands on it. */
int mount_bind_attributes(struct child *c, int fd, const struct bind_request *request);

/* child_mount_old.c: the ways of before 5.2 and 5.12. */
int mount_old_bind(struct child *c, const struct bind_request *request,
		   const struct step_target *target);
int mount_old_filesystem(struct child *c, const struct filesystem_request *request,
			 const struct step_target *target);
int mount_old_change(struct child *c, int fd, uint64_t set, uint64_t clear, bool recursive);
int mount_old_propagation(int fd, uint64_t propagation);

#endif
