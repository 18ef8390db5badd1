/* What a hostile program inside would try. Prints one line for each attempt; the tests judge them.
 *
 *     inside calls          reads "DOOR NUMBER" lines, makes each call with nonsense for arguments
 *     inside userns         every way to a further user namespace
 *     inside terminal       TIOCSTI and TIOCLINUX on standard input
 *     inside keys [SERIAL]  the key calls, and the keyring of that number
 *
 * DOOR is 64, 32 (int 0x80, from this same 64-bit program) or x32. The answer is an errno's number,
 * 0, or "none" where the kernel has no such door. Each attempt is a process of its own. Runs
 * outside as well: that is how a test shows that it can fail.
 */
#include <errno.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NONE = 254, LINUX_PASTE = 3, X32_BIT = 0x40000000 };
#define TERMINAL_LINUX 0x541cUL /* TIOCLINUX */
#define HIGH	       0xabcd000000000000UL

typedef const char *door;
static const char native[] = "64", i386[] = "32", x32[] = "x32";

static long through_i386(long number, const long args[5])
{
#ifdef __x86_64__
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(args[0]), "c"(args[1]), "d"(args[2]), "S"(args[3]),
			   "D"(args[4])
			 : "memory", "cc", "r8", "r9", "r10", "r11");
	return (int)result;
#else
	return -ENOSYS;
#endif
}

static long call(door d, long number, const long args[5])
{
	long result;

	if (d == i386)
		return through_i386(number, args);
	result = syscall(d == x32 ? number | X32_BIT : number, args[0], args[1], args[2], args[3],
			 args[4]);
	return result < 0 ? -errno : result;
}

/* A process of its own: some attempts kill. A clone that works comes back twice, and its child
 * leaves. */
static int attempt(door d, long number, const long args[5])
{
	pid_t pid = fork(), self;
	int status;

	if (pid == 0) {
		self = getpid();
		long result = call(d, number, args);

		if (getpid() != self)
			_exit(0);
		while (waitpid(-1, NULL, 0) > 0)
			;
		_exit(result < 0 ? (int)-result : 0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	return d != native && WTERMSIG(status) == SIGSEGV ? NONE : 1000 + WTERMSIG(status);
}

static void answer(const char *what, door d, long number, const long args[5])
{
	int error = attempt(d, number, args);

	if (error == NONE || (d == x32 && error == ENOSYS))
		printf("%s %s none\n", what, d);
	else
		printf("%s %s %d\n", what, d, error);
}

static int try_calls(void)
{
	static const long nonsense[5] = {-1, -1, -1, -1, -1};
	char name[8];
	long number;

	while (scanf("%7s %ld", name, &number) == 2) {
		door d = strcmp(name, i386) == 0 ? i386 : strcmp(name, x32) == 0 ? x32 : native;
		int error = attempt(d, number, nonsense);

		printf("%s %ld %d\n", d, number, error);
	}
	return 0;
}

static int try_userns(void)
{
	uint64_t *clone3_args = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS
#ifdef MAP_32BIT
					     | MAP_32BIT
#endif
				     ,
				     -1, 0);
	const long flags = CLONE_NEWUSER, with_signal = CLONE_NEWUSER | SIGCHLD;

	clone3_args[0] = CLONE_NEWUSER;
	clone3_args[4] = SIGCHLD;
	answer("unshare", native, SYS_unshare, (long[5]){flags});
	answer("clone", native, SYS_clone, (long[5]){with_signal});
	answer("clone3", native, 435, (long[5]){(long)clone3_args, 64});
#ifdef __x86_64__
	answer("unshare-high", native, SYS_unshare,
	       (long[5]){(long)((unsigned long)flags | 1UL << 40)});
	answer("unshare", i386, 310, (long[5]){flags});
	answer("clone", i386, 120, (long[5]){with_signal});
	answer("clone3", i386, 435, (long[5]){(long)clone3_args, 64});
	answer("unshare", x32, SYS_unshare, (long[5]){flags});
	answer("clone", x32, SYS_clone, (long[5]){with_signal});
#endif
	return 0;
}

static void try_terminal_through(door d, long number, char *low)
{
	const unsigned long sti = TIOCSTI;
	bool wide = d != i386;

	answer("sti", d, number, (long[5]){0, (long)sti, (long)low});
	answer("linux", d, number, (long[5]){0, (long)TERMINAL_LINUX, (long)(low + 1)});
	if (!wide)
		return;
	answer("sti-high", d, number, (long[5]){0, (long)(sti | HIGH), (long)low});
	answer("linux-high", d, number,
	       (long[5]){0, (long)(TERMINAL_LINUX | HIGH), (long)(low + 1)});
}

static int try_terminal(void)
{
	char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS
#ifdef MAP_32BIT
				 | MAP_32BIT
#endif
			 ,
			 -1, 0);

	low[0] = 'X';
	low[1] = LINUX_PASTE;
	try_terminal_through(native, SYS_ioctl, low);
#ifdef __x86_64__
	try_terminal_through(i386, 54, low);
	try_terminal_through(x32, 514, low);
	try_terminal_through(x32, SYS_ioctl, low);
#endif
	return 0;
}

static int try_keys(long serial)
{
	static char room[64];

	answer("session", native, SYS_keyctl,
	       (long[5]){KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0});
	answer("add", native, SYS_add_key,
	       (long[5]){(long)"user", (long)"rootlet-test", (long)"x", 1,
			 KEY_SPEC_PROCESS_KEYRING});
	answer("request", native, SYS_request_key,
	       (long[5]){(long)"user", (long)"rootlet-test", 0, 0});
	if (serial)
		answer("read", native, SYS_keyctl,
		       (long[5]){KEYCTL_READ, serial, (long)room, sizeof(room)});
#ifdef __x86_64__
	answer("session", i386, 288, (long[5]){KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0});
	if (serial)
		answer("read", i386, 288, (long[5]){KEYCTL_READ, serial, 0, 0});
	answer("session", x32, SYS_keyctl,
	       (long[5]){KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0});
#endif
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	setlinebuf(stdout);
	if (strcmp(what, "calls") == 0)
		return try_calls();
	if (strcmp(what, "userns") == 0)
		return try_userns();
	if (strcmp(what, "terminal") == 0)
		return try_terminal();
	if (strcmp(what, "keys") == 0)
		return try_keys(argc > 2 ? strtol(argv[2], NULL, 10) : 0);
	fprintf(stderr, "inside: calls, userns, terminal or keys\n");
	return 2;
}
