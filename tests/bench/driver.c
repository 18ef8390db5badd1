/* Times commands against each other: round after round, one run of each in turn, so that a slow
 * moment of the machine falls on all of them alike.
 *
 *     driver ROUNDS WARM-UP COMMAND [ARG…] ';;' COMMAND [ARG…] …
 *
 * Prints a line `INDEX NANOSECONDS STATUS` a run (warm-up rounds are run and not printed). From
 * before vfork to the end of the command: little of the driver's own is in the figure. The commands
 * get no stdin, and stdout goes to /dev/null; stderr stays, so that a failing contestant says why.
 * It judges nothing: bench.py does.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COMMANDS_MAX = 64 };

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/* Nanoseconds from here to the end of the command; *ret_status as waitid(2) has it. */
static long long run(char **argv, int null, int *ret_status)
{
	siginfo_t info = {0};
	long long begin = now();
	pid_t child = vfork();

	if (!child) {
		dup2(null, 0);
		dup2(null, 1);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (child < 0 || waitid(P_PID, (id_t)child, &info, WEXITED) < 0)
		return -1;
	*ret_status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
	return now() - begin;
}

int main(int argc, char **argv)
{
	char **commands[COMMANDS_MAX];
	int count = 0, null = open("/dev/null", O_RDWR | O_CLOEXEC);
	long rounds, warm_up;

	if (argc < 4 || null < 0) {
		fprintf(stderr, "usage: driver ROUNDS WARM-UP COMMAND [ARG...] ';;' COMMAND...\n");
		return 2;
	}
	rounds = atol(argv[1]);
	warm_up = atol(argv[2]);
	commands[count++] = argv + 3;
	for (int i = 3; i < argc; i++)
		if (!strcmp(argv[i], ";;") && count < COMMANDS_MAX) {
			argv[i] = NULL;
			commands[count++] = argv + i + 1;
		}
	for (long round = -warm_up; round < rounds; round++)
		for (int i = 0; i < count; i++) {
			int status = 0;
			long long took = run(commands[i], null, &status);

			if (took < 0) {
				perror("driver");
				return 2;
			}
			if (round >= 0)
				printf("%d %lld %d\n", i, took, status);
		}
	return 0;
}
