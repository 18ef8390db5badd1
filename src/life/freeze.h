/* The cgroup freezer of version 2. */
#ifndef ROOTLET_LIFE_FREEZE_H
#define ROOTLET_LIFE_FREEZE_H

#include <stdbool.h>

enum { FREEZE_WAIT_MS = 5000 };

/* Freeze a group, and wait until all of it has stopped; or let it go on. 0, -errno, or -ETIMEDOUT
 * when a process hangs in the kernel. */
int freeze_cgroup(const char *cgroup, bool frozen);

#endif
