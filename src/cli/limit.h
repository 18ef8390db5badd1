/* What a container's cgroup allows, for stats and top. */
#ifndef ROOTLET_CLI_LIMIT_H
#define ROOTLET_CLI_LIMIT_H

#include <stdint.h>
#include <stddef.h>

#define LIMIT_NONE UINT64_MAX

struct limits {
	uint64_t memory, pids; /* LIMIT_NONE */
	double cpus;	       /* 0: no limit */
};

/* Of the group's directory; NULL, or one that cannot be read: no limits. */
void limits_read(const char *cgroup, struct limits *ret);
/* "memory 64 MiB, cpus 1.5, processes 50"; "" when there are none. */
void limits_words(const struct limits *limits, char *text, size_t size);

#endif
