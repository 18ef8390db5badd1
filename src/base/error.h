/* The one error object: what failed, on what, why, and a way out.
 *
 * Functions return 0 or -errno and take an optional `struct rootlet_error *` last. Only the
 * function that knows the subject fills it; callers above pass it through untouched. Nothing here
 * allocates or prints. Not for the child after clone: it reports {step, errno} and the parent words
 * it.
 */
#ifndef ROOTLET_BASE_ERROR_H
#define ROOTLET_BASE_ERROR_H

#include <errno.h>
#include <stdarg.h>

struct rootlet_error {
	int code;	   /* negative errno; 0: no error */
	const char *id;	   /* stable message id, static storage ("uid-map-overlap") */
	const char *stage; /* stage heading ("ROOT"), or NULL outside a plan */
	int step;	   /* index in the plan, or -1 */
	int exit_status; /* what a command should exit with: 125, or 126, 127 of the command's exec
			  */
	char subject[256];  /* path, flag, or JSON pointer; "" when there is none */
	char message[1024]; /* one line, WHAT: WHY, without the program's name */
	char hint[1024];    /* the way out, or "" */
};

/* Fill *err (when not NULL) and return code. `id` must be static; `subject` may be NULL.
 * The format gives the whole line "WHAT: WHY". Control characters in it are escaped as \xNN, so
 * that a hostile path can neither forge a second line nor reach the terminal. */
int error_set(struct rootlet_error *err, int code, const char *id, const char *subject,
	      const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Add the way out to a filled error. Returns err->code (0 when err is NULL), so that a caller can
 * `error_set(…); error_hint(…); return code;` */
void error_hint(struct rootlet_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* -ENOMEM with its message. Inline, so that the analysers see that it is never 0. */
void error_fill_nomem(struct rootlet_error *err);
static inline int error_nomem(struct rootlet_error *err)
{
	error_fill_nomem(err);
	return -ENOMEM;
}

/* "No such file or directory", never NULL; for a negative or a positive errno. */
const char *error_text(int code);

#endif
