/* Inside a container, as its root: tries to catch whoever joins it before its exec (gate 08).
 *
 *     catch MS       for so long, at every new process: its program, memory, descriptors,
 * directory, and ptrace. Then prints "caught N" and "denied N": how often something of rootlet's
 * own was reached, and how often a process was met and refused catch mark     what the joiners run:
 * a process whose own things may be reached
 *
 * Static, so that the mark has no descriptors of a loader's.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { AHEAD = 3, MARK_US = 3000 };

static int caught, denied, met;

static long long now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (long long)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void tell(const char *what, const char *detail)
{
	caught++;
	if (caught <= 20)
		printf("%s %s\n", what, detail);
}

/* 1: the mark, or sealed; 0: refused, or gone; -1: something else, and that is told. */
static int look_at_program(pid_t pid)
{
	char path[64], link[256];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	n = readlink(path, link, sizeof(link) - 1);
	if (n < 0) {
		denied += errno == EACCES;
		return 0;
	}
	link[n] = '\0';
	/* The sealed program that executes the command has nothing of the host's any more. */
	if (strcmp(link, "/catch") == 0 || strcmp(link, "/memfd:rootlet-init (deleted)") == 0)
		return 1;
	tell("exe", link);
	return -1;
}

/* Opened, and the process still has not exec'd: then it was its memory of before. */
static void look_at_memory(pid_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	if (look_at_program(pid) == 0 && kill(pid, 0) == 0)
		tell("mem", "of before the exec");
	close(fd);
}

static void look_at_descriptors(pid_t pid)
{
	char path[320], link[256];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	if (!dir)
		return;
	for (struct dirent *entry; (entry = readdir(dir));) {
		ssize_t n;

		if (*entry->d_name == '.' || atoi(entry->d_name) <= 2)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/fd/%s", (int)pid, entry->d_name);
		n = readlink(path, link, sizeof(link) - 1);
		link[n > 0 ? n : 0] = '\0';
		/* With CAP_SYS_PTRACE there is a moment within execve(2) when the memory is the
		 * mark's and the kernel still closes what is close-on-exec. By then that is the
		 * report pipe and no file of the host's. */
		if (*link == '/')
			tell("fd", link);
	}
	closedir(dir);
}

static void look_at_directory(pid_t pid, const char *what)
{
	char path[64], link[256];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, what);
	n = readlink(path, link, sizeof(link) - 1);
	link[n > 0 ? n : 0] = '\0';
	if (n > 0 && strcmp(link, "/") != 0)
		tell(what, link);
}

/* Seized and asked to stop: where it stands then, the mark must run already. (An exec that is
 * nearly over, with the mark's memory in place and the descriptors closed, may be seized:
 * ptrace_attach() waits for that, and the exec is reported all the same.) */
static void seize(pid_t pid)
{
	int status = 0;

	if (ptrace(PTRACE_SEIZE, pid, NULL, (void *)PTRACE_O_TRACEEXEC) < 0)
		return;
	ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
	waitpid(pid, &status, __WALL);
	if (WIFSTOPPED(status) && look_at_program(pid) == 0)
		tell("ptrace", "before the exec");
	if (!WIFSTOPPED(status))
		return;
	kill(pid, SIGKILL); /* as good as any other way to let go of a mark */
	waitpid(pid, &status, __WALL);
}

static bool exists(pid_t pid)
{
	return kill(pid, 0) == 0 || errno == EPERM;
}

/* Processes are numbered one after the other; the next is nearly always the next that comes. */
static void hunt(long ms)
{
	long long end = now_us() + ms * 1000;
	pid_t next = getpid() + 1;

	for (int turn = 0; now_us() < end; turn++) {
		for (pid_t pid = next; pid < next + AHEAD; pid++) {
			int before = denied;

			if (!exists(pid))
				continue;
			switch (turn % 4) {
			case 0:
				seize(pid);
				break;
			case 1:
				look_at_memory(pid);
				break;
			default:
				look_at_descriptors(pid);
				look_at_directory(pid, "cwd");
				look_at_directory(pid, "root");
				break;
			}
			while (exists(pid) && look_at_program(pid) == 0)
				; /* all the way to its exec */
			look_at_descriptors(pid);
			met += denied > before;
			next = pid + 1;
			turn++;
		}
	}
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "mark") == 0) {
		usleep(MARK_US);
		return 0;
	}
	if (argc != 2)
		return 2;
	printf("up\n");
	fflush(stdout);
	hunt(atol(argv[1]));
	printf("caught %d\nmet %d\n", caught, met);
	return 0;
}
