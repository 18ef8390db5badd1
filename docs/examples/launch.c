/* A launcher with a flag for each namespace.
 *
 *     cc launch.c -o launch && ./launch -u -p sh
 *
 *     -C cgroup   -i ipc   -m mount   -n network   -p pid   -u UTS   -T time   -v say so
 *
 * There is always a user namespace: without it an ordinary user may make none of the others.
 */
#include "example.h"

#include <sched.h>
#include <sys/wait.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80 /* Linux 5.6 */
#endif

static const struct {
	char letter;
	int flag;
	const char *name; /* in /proc/PID/ns */
} namespaces[] = {
	{'C', CLONE_NEWCGROUP, "cgroup"}, {'i', CLONE_NEWIPC, "ipc"}, {'m', CLONE_NEWNS, "mnt"},
	{'n', CLONE_NEWNET, "net"},	  {'p', CLONE_NEWPID, "pid"}, {'u', CLONE_NEWUTS, "uts"},
	{'T', CLONE_NEWTIME, "time"},
};

enum { COUNT = sizeof(namespaces) / sizeof(namespaces[0]) };

static void print_namespaces(const char *who)
{
	char path[64], inode[64];
	ssize_t n;

	fprintf(stderr, "%s:", who);
	for (int i = 0; i < COUNT; i++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", namespaces[i].name);
		n = readlink(path, inode, sizeof(inode) - 1);
		fprintf(stderr, " %.*s", n < 0 ? 0 : (int)n, inode);
	}
	fputc('\n', stderr);
}

static int flag_of(int letter)
{
	for (int i = 0; i < COUNT; i++)
		if (namespaces[i].letter == letter)
			return namespaces[i].flag;
	errx(2, "usage: launch [-CimnpuTv] COMMAND [ARG...]");
}

int main(int argc, char **argv)
{
	int flags = CLONE_NEWUSER, verbose = 0, letter, status;
	uid_t uid = getuid();
	gid_t gid = getgid();
	pid_t pid;

	/* The + ends the options at the command, which has options of its own. */
	while ((letter = getopt(argc, argv, "+CimnpuTv")) != -1) {
		if (letter == 'v')
			verbose = 1;
		else
			flags |= flag_of(letter);
	}
	if (optind == argc)
		flag_of('?');
	if (verbose)
		print_namespaces("before");
	if (unshare(flags) < 0)
		err(1, "unshare");
	become_root(uid, gid);
	/* pid and time namespaces take in children only, so the command is always a child. */
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		if (verbose)
			print_namespaces("after");
		execvp(argv[optind], argv + optind);
		err(127, "%s", argv[optind]);
	}
	if (waitpid(pid, &status, 0) < 0)
		err(1, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
