/* Which processes a namespace has: between processes.c and scan.c. */
#ifndef ROOTLET_LIFE_SCAN_H
#define ROOTLET_LIFE_SCAN_H

#include "life/processes.h"

#include <stdint.h>

/* 0, or an error that ends the walk. */
typedef int life_scan_visit(void *data, pid_t pid);

/* Each process in this pid namespace, or in one below it. */
int life_scan_below(const struct life_scan *scan, uint64_t pid_ns, life_scan_visit *visit,
		    void *data);
/* Each process in this mount namespace; its `id` too must be this one, unless that is 0. */
int life_scan_rooted(const struct life_scan *scan, uint64_t mnt_ns, uint64_t id,
		     life_scan_visit *visit, void *data);
/* The id of a process's mount namespace, which is given once in a boot, as its inode is not; 0: not
 * to be had. NS_GET_MNTNS_ID of ioctl_nsfs(2), Linux 6.11. */
uint64_t life_mounts_id(pid_t pid);

#endif
