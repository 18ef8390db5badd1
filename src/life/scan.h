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
/* Each process in this mount namespace. */
int life_scan_rooted(const struct life_scan *scan, uint64_t mnt_ns, life_scan_visit *visit,
		     void *data);

#endif
