/* Process 1 whose parent is 0: clone(2) with a new pid namespace.
 *
 *     cc pid-one.c -o pid-one && ./pid-one
 *
 * One process, two numbers; and from inside the parent cannot even be named.
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
	pid_t outside = *(pid_t *)argument; /* the parent's number, as the parent knows it */

	printf("inside: I am %d, my parent is %d\n", getpid(), getppid());
	/* Signal 0 asks whether the process is there and may be signalled; nothing is sent. */
	if (kill(outside, 0) == 0)
		printf("inside: process %d is there\n", outside);
	else
		printf("inside: process %d: %s\n", outside, strerror(errno));
	/* No new root and no map were needed: the user namespace only gives the right to the pid
	 * namespace. */
	fflush(stdout);
	return 0;
}

int main(void)
{
	pid_t me = getpid(), pid;
	int status;

	printf("outside: I am %d\n", me);
	fflush(stdout);
	pid = clone(child, stack + sizeof(stack), CLONE_NEWUSER | CLONE_NEWPID | SIGCHLD, &me);
	if (pid < 0)
		err(1, "clone");
	if (waitpid(pid, &status, 0) < 0)
		err(1, "waitpid");
	printf("outside: my child was %d\n", pid);
	return status != 0;
}
