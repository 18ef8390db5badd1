/* A child with a hostname of its own: clone(2) with a new UTS namespace.
 *
 *     cc own-hostname.c -o own-hostname && ./own-hostname red
 *
 * The new user namespace comes in the same call: it makes an ordinary user root over the others.
 */
#include "example.h"

#include <sched.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>

struct order {
	uid_t uid;
	gid_t gid;
	const char *hostname;
};

static char stack[64 * 1024] __attribute__((aligned(16)));

static void print_hostname(const char *who)
{
	struct utsname names;
	char inode[64] = "";

	if (uname(&names) < 0 || readlink("/proc/self/ns/uts", inode, sizeof(inode) - 1) < 0)
		err(1, "uname");
	printf("%s: %s in %s\n", who, names.nodename, inode);
	fflush(stdout); /* the order of the lines is the order of what happened */
}

/* clone(2) starts the child in a function, on a stack that the parent gave. */
static int child(void *argument)
{
	const struct order *order = argument;

	become_root(order->uid, order->gid);
	if (sethostname(order->hostname, strlen(order->hostname)) < 0)
		err(1, "sethostname");
	print_hostname("child");
	return 0;
}

int main(int argc, char **argv)
{
	struct order order = {getuid(), getgid(), argc > 1 ? argv[1] : "red"};
	pid_t pid;
	int status;

	print_hostname("before");
	/* Stacks grow downwards: the child gets the end. SIGCHLD makes it a child to wait for. */
	pid = clone(child, stack + sizeof(stack), CLONE_NEWUSER | CLONE_NEWUTS | SIGCHLD, &order);
	if (pid < 0)
		err(1, "clone");
	if (waitpid(pid, &status, 0) < 0)
		err(1, "waitpid");
	print_hostname("parent"); /* nothing has changed here */
	return status != 0;
}
