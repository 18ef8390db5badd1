/* A hook's failure in words: what became of it, the end of what it wrote, and a way out. */
#include "life/hook_running.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Which of the files that exec can mean is the missing one: as the runtime sees them, which is not
 * how a hook in the container does. */
static void hint(const struct running *r, const char *point, int error, struct rootlet_error *err)
{
	bool inside = !strcmp(point, oci_hook_names[OCI_START_CONTAINER]);
	const char *path = r->hook->path;

	if (r->stopped == OUT_OF_TIME)
		error_hint(err,
			   "raise its timeout, or find out what it waits for: hooks.%s of "
			   "config.json",
			   point);
	else if (error == ENOENT && !inside && access(path, F_OK) == 0)
		error_hint(err,
			   "the interpreter of its first line, or its loader, is not there: "
			   "head -1 %s",
			   path);
	else if (error == ENOENT)
		error_hint(err, "hooks.%s of config.json names it: the path of a program %s", point,
			   inside ? "in the container" : "on the host");
	else if (error == EACCES)
		error_hint(err,
			   "it must be a file with an x bit, and every directory on the way "
			   "one that you may search: `namei -l %s`",
			   path);
	else if (error == ENOEXEC)
		error_hint(err,
			   "a script begins with #!, a program is one for this kind of "
			   "machine: file %s",
			   path);
}

/* The first words are runc's: engines and their users look for them. */
int hook_word_failure(struct running *r, const char *point, size_t index, int status, int error,
		      struct rootlet_error *err)
{
	const char *path = r->hook->path;
	size_t len = r->said_len;
	char why[96];

	while (len && (r->said[len - 1] == '\n' || r->said[len - 1] == ' '))
		len--;
	for (size_t i = 0; i < len; i++) /* a message is one line */
		if (r->said[i] == '\n')
			r->said[i] = ';';
	if (r->stopped == OUT_OF_TIME)
		snprintf(why, sizeof(why), "not done after %u seconds, and killed",
			 (unsigned)r->hook->timeout);
	else if (r->stopped == INTERRUPTED)
		snprintf(why, sizeof(why), "killed, since we were told to end by signal %d (%s)",
			 r->signal, strsignal(r->signal));
	else if (r->stopped)
		snprintf(why, sizeof(why), "killed, since the container ended");
	else if (error)
		snprintf(why, sizeof(why), "%s%s",
			 WEXITSTATUS(status) == CANNOT_ENTER && r->place->namespaces
				 ? "entering the container's namespaces: "
				 : "",
			 error_text(error));
	else if (WIFSIGNALED(status))
		snprintf(why, sizeof(why), "killed by signal %d (%s)", WTERMSIG(status),
			 WTERMSIG(status) == SIGSYS ? "bad system call: a seccomp filter"
						    : strsignal(WTERMSIG(status)));
	else
		snprintf(why, sizeof(why), "exit status %d", WEXITSTATUS(status));
	error_set(err, -EIO, "hook", path, "error running %s hook #%zu: %s: %s%s%.*s", point, index,
		  path, why, len ? ": " : "", (int)len, r->said);
	hint(r, point, error, err);
	return -EIO;
}
