/* What the parts of the probe share: how an attempt is judged, and what lies outside as bait.
 * See probe.c.
 */
#ifndef ROOTLET_TESTS_PROBE_H
#define ROOTLET_TESTS_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* How far an attempt came. A higher number is never better for whoever runs the container. */
enum exposure {
	OPEN_NOT,     /* refused, hidden, or the kernel has no such thing */
	OPEN_REACHED, /* the kernel's code looked at the arguments and refused for their sake */
	OPEN_FULLY,   /* it worked */
};

struct verdict {
	char word[16]; /* denied reached allowed hidden visible absent set unset */
	int open;      /* an enum exposure, or a count where more of it is worse */
	int error;     /* an errno, or 0 */
	char detail[400];
};

typedef void probe_function(struct verdict *v);

struct probe {
	const char *name;
	probe_function *run;
};

/* One list for each file, ended by a row without a name. */
extern const struct probe probes_rights[], probes_calls[], probes_mounting[], probes_files[],
	probes_around[];

/* Bait that the caller laid out, as KEY=VALUE arguments; NULL where there is none. */
struct bait {
	const char *home;     /* a file in the caller's home */
	const char *tmp;      /* a file in the host's /tmp */
	const char *run;      /* a listening socket under the host's /run or the like */
	const char *abstract; /* a listening abstract socket */
	const char *port;     /* a listening TCP port of the host's 127.0.0.1 */
	const char *pid;      /* a process of the caller, as the host counts */
	const char *marker;   /* text in that process's command line and environment */
	const char *secret;   /* the value of a variable that nobody asked to pass on */
};
extern struct bait bait;
extern int inherited_fds[16], inherited_count;
extern pid_t own_pid; /* of the process that runs all attempts */

void verdict_set(struct verdict *v, const char *word, int open, int error);
void verdict_detail(struct verdict *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A call's result: worked, refused (EPERM, EACCES, EROFS, ENOSYS), or refused for another reason.
 */
void verdict_call(struct verdict *v, long result);
/* The same, where this errno shows that the permission was there. */
void verdict_call_or(struct verdict *v, long result, int granted);
void verdict_seen(struct verdict *v, bool seen);
void verdict_untried(struct verdict *v, const char *why);

ssize_t read_text(const char *path, char *text, size_t size); /* -1, or the length */
bool write_text(const char *path, const char *text);

#endif
