/* What is left to do when a container with a state folder has ended: its exit record, and with
 * --rm the removal of the folder and of its name.
 *
 * Freestanding: shared by the waiter, the monitor and the library (`rm`). It takes no lock: the
 * rename away from containers/ is what decides between two that remove at once.
 */
#ifndef ROOTLET_INIT_ENDING_H
#define ROOTLET_INIT_ENDING_H

#include <stdbool.h>

#include "init/supervise.h"

#define ENDING_RECORD "exit.json"

struct ending {
	int dir_fd;		 /* the container's state folder, or -1: no state at all */
	int store_fd;		 /* the folder that has containers/, names/ and pending/, or -1 */
	const char *id;		 /* the folder's name below containers/, or NULL */
	const char *pidfile;	 /* unlinked at the end, or NULL; an absolute path */
	const char *cgroup;	 /* its own group, removed at the end, or NULL; absolute */
	const char *cgroup_left; /* a group that we left to hand controllers on, or NULL */
	const char *memory_note; /* written to stderr when its memory limit has cost a process */
	int cgroup_levels;	 /* the groups above it that go with it, as far as they are empty */
	bool remove;		 /* --rm */
};

/* In a handover: as decimal numbers; the strings follow (handover.h). */
#define ENDING_FIELDS(FIELD)                                                                       \
	FIELD(dir_fd)                                                                              \
	FIELD(store_fd)                                                                            \
	FIELD(cgroup_levels)                                                                       \
	FIELD(remove)

/* All fields as "nothing to do". */
#define ENDING_NONE                                                                                \
	{                                                                                          \
		.dir_fd = -1, .store_fd = -1                                                       \
	}

/* Write exit.json into dir_fd, whole or not at all:
 * {"version":1,"status":S,"signal":N,"finished":NS_SINCE_EPOCH,"timeout":false,"oom_killed":false}.
 */
int ending_record(int dir_fd, int status, int signal, bool timeout, bool oom_killed);

/* Has the kernel killed a process of this cgroup because its memory limit was reached? */
bool ending_oom_killed(const char *path);

/* In the place of `cgroup_levels`: the group is systemd's, and goes by itself once it is empty. */
enum { ENDING_SYSTEMD = 64 };

/* What is done with a cgroup and with all that are below it, however deep. */
struct ending_groups {
	int (*visit)(void *data, int dir); /* a negative value ends the walk; may be NULL below */
	void *data;
	bool remove; /* those below, as far as they are empty */
};
/* 0, or what `visit` has returned, or -errno. */
int ending_each_group(const char *path, const struct ending_groups *groups);

/* Remove a cgroup whose container has ended, what was made below it and `levels` of those above it.
 * With `kill` a process that lingers in it is killed, else the group stays then. 0 or -errno, of
 * the group itself. */
int ending_remove_cgroup(const char *path, int levels, bool kill);

/* The other way round of what made way for it: as soon as nothing else is below the group `left`,
 * it hands no controller on any more, and takes back those who are in its leaf. */
#define ENDING_LEAF "rootlet-supervisor"
void ending_return(const char *left);

/* Take the room that the record will need, so that a log which fills the disk cannot keep the end
 * from being known. */
void ending_reserve(int dir_fd);

/* Take containers/ID to pending/ID, free its name if it is still this container's, and delete the
 * folder with all that is in it. -ENOENT: somebody else has removed it or is at it. */
int ending_remove(int store_fd, int dir_fd, const char *id);

/* All of it, in this order: cgroup, pidfile, exit record, removal; what is not wanted is left out.
 */
void ending_finish(const struct ending *e, const struct supervise *s, int status);

#endif
