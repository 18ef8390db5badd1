/* The floor: the least that a container start can cost, as a yardstick for rootlet.
 *
 *     floor FORM single COMMAND
 *     floor FORM ranges COMMAND SUBUID SUBGID COUNT
 *
 * A straight-line static program that makes the system calls of `rootlet run / COMMAND` with every
 * value compiled in: no parsing, no probing, no plan, no message. What differs between two machines
 * and cannot be compiled in (the ids, the entries of `/`) is read in the cheapest way.
 *
 *   bare        the least that deserves the name: seven namespaces, the maps, a tmpfs root with the
 *               host's entries, a read-only pass over them, fresh /proc /sys /dev /tmp /run
 *               /var/tmp and home, pivot_root, an init that execs the command and reaps. By path,
 *               with mount(2).
 *   privileged  what `--privileged` does: the same by descriptor (openat2, fsopen, open_tree,
 *               move_mount), and hostname, loopback, ping, /etc/hosts and its like, keyring, the
 *               terminal's filter, close_range.
 *   sealed      the default: all of it, and masks, capabilities, no_new_privs, the default filter.
 *
 * The init is a branch of this process and costs a start nothing, where rootlet execs a program of
 * its own so that an idle container costs almost no memory: so the floor is lower than what rootlet
 * can reach. With `+init` behind the form, rootlet's init is exec'd from a sealed memfd, to show
 * what that is worth.
 *
 * The floor handles no error but by stopping; it is not a container tool.
 */
#include "floor.h"

#include "init/image.h"
#include "init/wire.h"

#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

static void write_file(int dir, const char *path, const char *text, size_t len)
{
	int fd = (int)MUST(openat(dir, path, O_WRONLY | O_CLOEXEC));

	MUST(write(fd, text, len));
	close(fd);
}

void floor_read_root(struct job *job)
{
	static const char *const fresh[] = {".", "..", "proc", "sys", "dev", "run", "tmp"};
	DIR *root = opendir("/");
	struct dirent *found;

	if (!root)
		MUST(-1);
	while ((found = readdir(root)) && job->count < ENTRIES_MAX) {
		struct entry *entry = &job->entries[job->count];
		bool skip = false;

		for (size_t i = 0; i < sizeof(fresh) / sizeof(fresh[0]); i++)
			skip = skip || !strcmp(found->d_name, fresh[i]);
		if (skip)
			continue;
		strcpy(entry->name, found->d_name);
		entry->directory = found->d_type == DT_DIR;
		if (found->d_type == DT_LNK)
			MUST(readlinkat(dirfd(root), entry->name, entry->link,
					sizeof(entry->link) - 1));
		job->count++;
	}
	closedir(root);
}

/* MAPS, single-id: a process may map its own user by itself, so no word with the parent is needed.
 */
static void map_self(uid_t uid, gid_t gid)
{
	char text[32];

	write_file(AT_FDCWD, "/proc/self/setgroups", "deny", 4);
	write_file(AT_FDCWD, "/proc/self/uid_map", text,
		   (size_t)snprintf(text, sizeof(text), "0 %u 1", uid));
	write_file(AT_FDCWD, "/proc/self/gid_map", text,
		   (size_t)snprintf(text, sizeof(text), "0 %u 1", gid));
}

static pid_t spawn_helper(const char *helper, const char *pid, const char *own, const char *sub,
			  const char *count)
{
	pid_t child = vfork();

	if (!child) {
		execl(helper, helper, pid, "0", own, "1", "1", sub, count, (char *)NULL);
		_exit(127);
	}
	return (pid_t)MUST(child);
}

/* MAPS, ranges: both helpers at once. */
static void map_child(const struct job *job, pid_t child)
{
	char pid[16], uid[16], gid[16];
	pid_t helpers[2];
	int status;

	snprintf(pid, sizeof(pid), "%d", child);
	snprintf(uid, sizeof(uid), "%u", getuid());
	snprintf(gid, sizeof(gid), "%u", getgid());
	helpers[0] = spawn_helper("/usr/bin/newuidmap", pid, uid, job->sub_uid, job->sub_count);
	helpers[1] = spawn_helper("/usr/bin/newgidmap", pid, gid, job->sub_gid, job->sub_count);
	for (int i = 0; i < 2; i++) {
		MUST(waitpid(helpers[i], &status, 0));
		errno = EPERM;
		MUST(status ? -1 : 0);
	}
}

/* PREPARE: the init program in a memory file that nobody can change. */
static int make_image(void)
{
	int fd = (int)MUST(
		syscall(SYS_memfd_create, INIT_NAME, 0x1 /* CLOEXEC */ | 0x2 /* ALLOW_SEALING */));

	MUST(write(fd, init_image, init_image_size));
	MUST(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE));
	return fd;
}

static void exec_init(const struct job *job)
{
	char *const argv[] = {(char *)INIT_NAME,    (char *)"3",	  (char *)"-", (char *)"1",
			      (char *)job->command, (char *)job->command, NULL};
	char *const envp[] = {(char *)"PATH=/usr/local/bin:/usr/bin:/bin", NULL};

	MUST(fcntl(CONTROL_FD, F_SETFD, 0));
	MUST(syscall(SYS_execveat, IMAGE_FD, "", argv, envp, AT_EMPTY_PATH));
}

/* PID 1: exec the command, then wait for its end or for the supervisor's. */
static int init(const struct job *job)
{
	char *const argv[] = {(char *)job->command, NULL};
	char *const envp[] = {(char *)"PATH=/usr/local/bin:/usr/bin:/bin", NULL};
	struct pollfd polled[2];
	sigset_t child_signal;
	pid_t command;
	int status;

	sigemptyset(&child_signal);
	sigaddset(&child_signal, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child_signal, NULL);
	polled[0] = (struct pollfd){.fd = CONTROL_FD, .events = POLLIN};
	polled[1] =
		(struct pollfd){.fd = signalfd(-1, &child_signal, SFD_CLOEXEC), .events = POLLIN};
	command = vfork();
	if (!command) {
		sigprocmask(SIG_UNBLOCK, &child_signal, NULL);
		execve(job->command, argv, envp);
		_exit(127);
	}
	for (;;) {
		struct signalfd_siginfo info;

		MUST(poll(polled, 2, -1));
		if (polled[0].revents)
			return 125;
		MUST(read(polled[1].fd, &info, sizeof(info)));
		for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
			if (pid == command)
				return WIFEXITED(status) ? WEXITSTATUS(status)
							 : 128 + WTERMSIG(status);
	}
}

static void container(struct job *job, uid_t uid, gid_t gid)
{
	char go;

	floor_read_root(job);
	if (job->form != BARE) {
		job->host = (int)MUST(open("/", O_PATH | O_CLOEXEC));
		job->host_dev = (int)MUST(open("/dev", O_PATH | O_CLOEXEC));
	}
	if (job->ranges)
		MUST(read(CONTROL_FD, &go, 1) - 1); /* 0, the parent's end, becomes -1 */
	else
		map_self(uid, gid);
	if (job->ranges)
		MUST(syscall(SYS_setgroups, 0, NULL));
	MUST(syscall(SYS_setresgid, 0, 0, 0));
	MUST(syscall(SYS_setresuid, 0, 0, 0));

	if (job->form == BARE) {
		floor_root_by_path(job);
	} else {
		floor_root_by_fd(job);
		floor_seal(job);
	}
	if (job->own_init)
		exec_init(job);
	_exit(init(job));
}

int main(int argc, char **argv)
{
	static struct job job; /* static: 70 KB that would otherwise be cleared */
	struct clone_args args = {
		.flags = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC |
			 CLONE_NEWNET | CLONE_NEWCGROUP,
		.exit_signal = SIGCHLD,
	};
	uid_t uid = getuid();
	gid_t gid = getgid();
	int control[2], status;
	pid_t child;

	if (argc != 4 && argc != 7) {
		dprintf(2, "usage: floor FORM single|ranges COMMAND [SUBUID SUBGID COUNT]\n");
		return 125;
	}
	job.form = *argv[1] == 's' ? SEALED : *argv[1] == 'p' ? PRIVILEGED : BARE;
	job.own_init = strchr(argv[1], '+') != NULL;
	job.ranges = argc == 7;
	job.command = argv[3];
	job.home = getenv("HOME");
	if (job.ranges) {
		job.sub_uid = argv[4];
		job.sub_gid = argv[5];
		job.sub_count = argv[6];
	}

	if (job.own_init)
		job.image = make_image();
	MUST(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control));
	child = (pid_t)MUST(syscall(SYS_clone3, &args, sizeof(args)));
	if (!child) {
		close(control[0]);
		if (job.own_init)
			MUST(dup3(job.image, 64, O_CLOEXEC));
		if (control[1] != CONTROL_FD)
			MUST(dup3(control[1], CONTROL_FD, O_CLOEXEC));
		if (job.own_init)
			MUST(dup3(64, IMAGE_FD, O_CLOEXEC));
		container(&job, uid, gid);
	}
	close(control[1]);
	if (job.ranges) {
		map_child(&job, child);
		MUST(write(control[0], "g", 1));
	}
	MUST(waitpid(child, &status, 0));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
