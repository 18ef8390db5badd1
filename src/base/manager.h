/* Which systemd manager is ours to ask: the system's for root, else one of our own. */
#ifndef ROOTLET_BASE_MANAGER_H
#define ROOTLET_BASE_MANAGER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

enum { MANAGER_PATH = 108 }; /* sockaddr_un's */

/* Its socket; false when there is none. Root of a user namespace is not the system's. */
static inline bool manager_socket(uint32_t uid, const char *runtime_dir, char path[MANAGER_PATH])
{
	int n;

	snprintf(path, MANAGER_PATH, "/run/systemd/private");
	if (uid == 0 && access(path, W_OK) == 0)
		return true;
	n = snprintf(path, MANAGER_PATH, "%s/systemd/private", runtime_dir ? runtime_dir : "");
	return runtime_dir && *runtime_dir == '/' && n < MANAGER_PATH && access(path, W_OK) == 0;
}

#endif
