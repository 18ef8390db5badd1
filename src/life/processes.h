/* The processes of a container, as both sides number them. Looks only. */
#ifndef ROOTLET_LIFE_PROCESSES_H
#define ROOTLET_LIFE_PROCESSES_H

#include "base/arena.h"
#include "base/error.h"
#include "state/state.h"

#include <stdint.h>

struct life_process {
	pid_t host_pid, pid;
	int64_t host_uid, uid; /* uid -1: it has none in the container */
	char state;	       /* a letter of proc_pid_stat(5) */
	uint64_t cpu_ns;       /* used so far, user and system */
	uint64_t rss, pss;     /* bytes; pss 0 when it was not asked for or cannot be read */
	const char *command;   /* its words, or [name] */
};

enum { LIFE_PROCESSES_PSS = 1 << 0 }; /* costs the kernel a walk over every page */

struct life_processes {
	struct arena arena;
	struct life_process *items; /* by pid */
	size_t count;
};

/* All processes and whose pid namespace each is in, at one moment: made once for many containers.
 */
struct life_scan;

int life_scan_make(struct life_scan **ret);
void life_scan_free(struct life_scan *scan);

/* Those in its pid namespace and in ones made inside it. Where that namespace is another's (the
 * host's, another container's), those that have its root: its mount namespace. -ESRCH when it does
 * not run. */
int life_processes(const struct state_container *container, const struct life_scan *scan,
		   unsigned flags, struct life_processes *ret, struct rootlet_error *err);
void life_processes_release(struct life_processes *processes);

#endif
