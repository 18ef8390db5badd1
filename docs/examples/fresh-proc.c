/* A shell whose ps shows only itself: unshare(2), fork(2), a fresh /proc.
 *
 *     cc fresh-proc.c -o fresh-proc && ./fresh-proc ps ax
 *
 * Three steps, each of which is needed: new namespaces; a fork, because only children enter the new
 * pid namespace; a mount, because ps reads /proc, and that shows the namespace of whoever mounted
 * it.
 */
#include "example.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

static void mount_proc(void)
{
	/* Without this the new /proc could appear on the host as well. mount_namespaces(7) */
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		err(1, "private propagation");
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		err(1, "mount /proc");
}

int main(int argc, char **argv)
{
	char word[] = "sh", *shell[] = {word, NULL};
	char **command = argc > 1 ? argv + 1 : shell;
	uid_t uid = getuid();
	gid_t gid = getgid();
	pid_t pid;
	int status;

	if (unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS) < 0)
		err(1, "unshare");
	become_root(uid, gid);
	fprintf(stderr, "outside: I am still %d\n", getpid());
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		fprintf(stderr, "inside: I am %d\n", getpid());
		mount_proc();
		execvp(command[0], command);
		err(127, "%s", command[0]);
	}
	if (waitpid(pid, &status, 0) < 0)
		err(1, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
