/* EXEC in the child: the final vectors, and the exec itself. See child.h for the rules. */
#include "run/child.h"

#include "base/sys.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

static const char **final_environment(struct child *c, const struct step *step)
{
	int n = 0;

	if (step->a.exec.home_looked_up && *c->home)
		c->envp[n++] = c->home;
	for (int i = 0; step->a.exec.envp[i]; i++)
		c->envp[n++] = step->a.exec.envp[i];
	c->envp[n] = NULL;
	return c->envp;
}

static const char *init_flags(const struct child *c)
{
	if (c->plan->detached || c->plan->terminal)
		return c->plan->own_pid_ns ? "s" : "ps";
	return c->plan->own_pid_ns ? "-" : "p";
}

/* By way of the tiny program, which tries the candidates: as PID 1's command, or with
 * INIT_FLAG_EXEC in its own place. */
static int exec_image(struct child *c, const struct step *step, const char *flags)
{
	const char *const *candidates = step->a.exec.candidates;
	bool looked_up = step->a.exec.shell_looked_up && *c->shell;
	int n = 0, command, count = looked_up, r;

	r = SYS(fcntl, c->control, F_SETFD, 0);
	if (r < 0)
		return r;
	while (candidates[count - looked_up])
		count++;
	c->argv[n++] = INIT_NAME;
	c->argv[n++] = child_digits(c->control_digits, (unsigned)c->control);
	c->argv[n++] = flags;
	c->argv[n++] = child_digits(c->count_digits, (unsigned)count);
	if (looked_up)
		c->argv[n++] = c->shell;
	for (int i = 0; candidates[i]; i++)
		c->argv[n++] = candidates[i];
	command = n;
	for (int i = 0; step->a.exec.argv[i]; i++)
		c->argv[n++] = step->a.exec.argv[i];
	c->argv[n] = NULL;
	if (looked_up)
		c->argv[command] = c->shell;
	return SYS(execveat, c->init_image, "", c->argv, final_environment(c, step), AT_EMPTY_PATH);
}

int child_exec_init(struct child *c, const struct step *step)
{
	return exec_image(c, step, init_flags(c));
}

/* The raw calls take the kernel's own struct, whose first word is the handler; all zero is SIG_DFL.
 */
void child_reset_signals(void)
{
	unsigned long defaults[8] = {0}, none = 0;

	for (int signal = 1; signal <= 64; signal++)
		SYS(rt_sigaction, signal, defaults, NULL, (size_t)8);
	SYS(rt_sigprocmask, SIG_SETMASK, &none, NULL, (size_t)8);
}

/* The search of execvp(3): what is not there is passed over, what may not be run is remembered. */
static int try_all(const char *const *candidates, const char **argv, const char **envp,
		   int *ret_denied)
{
	struct stat st;
	int r = -ENOENT;

	for (int i = 0; candidates[i]; i++) {
		r = SYS(execve, candidates[i], argv, envp);
		if (r == -EACCES) {
			/* A folder of PATH that may not be searched is not a command that may not
			 * be run. */
			if (!candidates[1] || stat(candidates[i], &st) == 0)
				*ret_denied = r;
			r = -ENOENT;
		} else if (r != -ENOENT && r != -ENOTDIR) {
			return r;
		}
	}
	return r;
}

/* A text without #!: execvp(3) hands it to the shell, and so does the init (init.c). The one that
 * was not refused as missing is the first that is there. */
static void exec_script(struct child *c, const char *const *candidates, const char **envp,
			int words)
{
	struct stat st;
	int i = 0;

	while (candidates[i + 1] && stat(candidates[i], &st) < 0)
		i++;
	memmove(c->argv + 2, c->argv + 1, (size_t)words * sizeof(*c->argv));
	c->argv[0] = "/bin/sh";
	c->argv[1] = candidates[i];
	SYS(execve, "/bin/sh", c->argv, envp);
}

int child_exec(struct child *c, const struct step *step)
{
	static const char exec_flags[] = {INIT_FLAG_EXEC, '\0'};
	const char **envp = final_environment(c, step);
	const char *const *candidates = step->a.exec.candidates;
	bool looked_up = step->a.exec.shell_looked_up && *c->shell;
	struct stat st;
	int n = 0, denied = 0, r;

	for (int i = 0; step->a.exec.argv[i]; i++)
		c->argv[n++] = step->a.exec.argv[i];
	c->argv[n] = NULL;
	if (looked_up)
		c->argv[0] = c->shell;
	child_reset_signals();
	if (c->plan->image)
		return exec_image(c, step, exec_flags);
	if (looked_up) {
		const char *first[] = {c->shell, NULL};

		try_all(first, c->argv, envp, &denied);
		c->argv[0] = step->a.exec.argv[0];
	}
	r = try_all(candidates, c->argv, envp, &denied);
	if (r == -ENOENT && !denied && candidates[0] && !candidates[1] &&
	    stat(candidates[0], &st) == 0)
		c->detail = WIRE_DETAIL_INTERPRETER;
	if (r == -ENOEXEC) {
		c->detail = WIRE_DETAIL_EXEC_FORMAT;
		exec_script(c, candidates, envp, n);
	}
	return denied ? denied : r;
}
