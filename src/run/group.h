/* A cgroup's directory: writing its files, asking whether it is in use. For run itself, and for who
 * changes the limits of a container that lives. */
#ifndef ROOTLET_RUN_GROUP_H
#define ROOTLET_RUN_GROUP_H

#include "plan/limit.h"
#include "run/run.h"

#include <stdbool.h>

/* Write a file of the group that `dir` is. 0 or -errno. */
int group_write(int dir, const char *file, const char *value);
/* The same for a limit, with what stands for a file that is missing. */
int group_limit(int dir, const struct limit *limit);
/* Is any process in it, or below it? */
bool group_has_processes(const char *path);

/* systemd.c: let a scope go, whose processes have ended. 0 or -errno. */
int group_stop_unit(const char *unit);
/* systemd.c: change what it knows of a unit. -EREMOTEIO: it refuses; *ret_said is why, the caller's
 * to free, or NULL. -ENOENT, -ECONNREFUSED: there is no manager. */
int group_set_properties(const char *unit, const struct unit_properties *properties,
			 char **ret_said);

/* Remove what a start has made; after an ordinary end it is gone already. */
void group_remove(struct run_process *process);

#endif
