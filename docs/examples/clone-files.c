/* A child that closes a file: does the parent still have it open?
 *
 *     cc clone-files.c -o clone-files && ./clone-files; ./clone-files shared
 *
 * clone(2) chooses for each resource whether parent and child share it. A thread shares nearly all
 * of them, the child of fork(2) none, a container less than none.
 */
#include "example.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

static char stack[64 * 1024] __attribute__((aligned(16)));

static int child(void *argument)
{
	return close(*(int *)argument) < 0;
}

int main(int argc, char **argv)
{
	int shared = argc > 1 && strcmp(argv[1], "shared") == 0;
	int fd = open("/dev/null", O_WRONLY), status;
	pid_t pid;

	if (fd < 0)
		err(1, "/dev/null");
	/* CLONE_FILES: one table of descriptors for both. Without it the child gets a copy. */
	pid = clone(child, stack + sizeof(stack), (shared ? CLONE_FILES : 0) | SIGCHLD, &fd);
	if (pid < 0)
		err(1, "clone");
	if (waitpid(pid, &status, 0) < 0 || status != 0)
		errx(1, "the child failed");
	printf("%s table: descriptor %d is ", shared ? "one" : "a copied", fd);
	if (write(fd, "x", 1) == 1)
		printf("open in the parent\n");
	else
		printf("gone: %s\n", strerror(errno));
	return 0;
}
