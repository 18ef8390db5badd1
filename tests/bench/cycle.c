/* One container of an OCI runtime from beginning to end, as an engine drives it: create, start, the
 * end of its process, delete. This program is the subreaper, as conmon is, so that the container's
 * process is left to it.
 *
 *     cycle BUNDLE ID RUNTIME [OPTION…]
 *
 * Prints a line `CREATE START DELETE KILOBYTES`: microseconds of the three commands (what lies
 * between start and delete is the container's own), and the most memory that one of them had
 * resident. Fails when one of them fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WORDS_MAX = 32 };

static long most_kb;

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000ll + t.tv_nsec / 1000;
}

/* Microseconds, or the end of this program. */
static long run(char **runtime, int count, const char *const *words)
{
	char *argv[WORDS_MAX + 8];
	long long begin = now();
	struct rusage usage;
	int length = 0, status = 0;
	pid_t child;

	while (length < count)
		argv[length] = runtime[length], length++;
	while (*words)
		argv[length++] = (char *)*words++; /* execvp(3) does not write to them */
	argv[length] = NULL;
	child = vfork();
	if (!child) {
		execvp(argv[0], argv);
		_exit(127);
	}
	while (wait4(child, &status, 0, &usage) != child)
		if (errno != EINTR)
			exit(2);
	if (status)
		exit(1);
	if (usage.ru_maxrss > most_kb)
		most_kb = usage.ru_maxrss;
	return (long)(now() - begin);
}

int main(int argc, char **argv)
{
	char pid_file[] = "/tmp/cycle-XXXXXX", digits[32] = "";
	long create, start, delete;
	int fd;

	if (argc < 4 || argc > WORDS_MAX)
		return 2;
	fd = mkstemp(pid_file);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	create = run(argv + 3, argc - 3,
		     (const char *[]){"create", "--bundle", argv[1], "--pid-file", pid_file,
				      argv[2], NULL});
	close(fd);
	fd = open(pid_file, O_RDONLY); /* some runtimes put a new file there */
	if (fd < 0 || read(fd, digits, sizeof(digits) - 1) <= 0)
		return 1;
	unlink(pid_file);
	start = run(argv + 3, argc - 3, (const char *[]){"start", argv[2], NULL});
	while (waitpid(atoi(digits), NULL, 0) < 0)
		if (errno != EINTR)
			return 1;
	delete = run(argv + 3, argc - 3, (const char *[]){"delete", argv[2], NULL});
	printf("%ld %ld %ld %ld\n", create, start, delete, most_kb);
	return 0;
}
