/* A copy's two processes: see copy.h. This one begins them, lets one into the container, and says
 * which of the two could not go on. */
#include "life/copy.h"

#include "base/fd.h"
#include "base/io.h"
#include "life/life.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

_Static_assert(sizeof(struct copy_verdict) <= 4096, "a pipe keeps it whole: pipe(7)");

static int open_namespace(const struct state_container *c, const char *type)
{
	char path[48];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)c->process.pid, type);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Root of the container, in the container's view. The user namespace first: it gives the right to
 * join the other (setns(2)). Not dumpable, so that nothing in there may look into this process. */
static int go_inside(int user, int mnt)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || setns(user, CLONE_NEWUSER) < 0 ||
	    setns(mnt, CLONE_NEWNS) < 0)
		return -errno;
	/* without ranges there may be no group to leave and no root to be: then it is the one id
	 * that there is */
	(void)!setgroups(0, NULL);
	(void)!setresgid(0, 0, 0);
	(void)!setresuid(0, 0, 0);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || chdir("/") < 0)
		return -errno;
	umask(0);
	return 0;
}

struct job {
	enum life_copy direction;
	const char *path;
	int user, mnt; /* namespaces */
	int socket, told;
};

static _Noreturn void work_inside(struct job *j)
{
	struct copy_verdict v = {.what = "enter"};

	v.code = go_inside(j->user, j->mnt);
	if (v.code == 0 && j->direction == LIFE_COPY_IN)
		copy_receive(j->socket, j->path, &v);
	else if (v.code == 0)
		copy_send(j->socket, j->path, &v);
	io_write_all(j->told, &v, sizeof(v));
	_exit(v.code < 0);
}

/* The side that broke off first is the one to tell of: the other only saw the socket close. */
static int tell(const struct state_container *c, const struct copy_verdict *inside,
		const struct copy_verdict *local, struct rootlet_error *err)
{
	bool by_inside = inside->code < 0 &&
			 (local->code == 0 || local->code == -EPIPE || local->code == -ECONNRESET);
	const struct copy_verdict *v = by_inside ? inside : local;

	if (v->code == 0)
		return 0;
	if (v->code == -EROFS && by_inside) {
		error_set(err, v->code, "copy", v->path, "cp: %s %s:%s: it is mounted read-only",
			  v->what, c->name, v->path);
		error_hint(err, "copy to a volume or to a tmpfs of the container");
		return v->code;
	}
	return error_set(err, v->code, "copy", v->path, "cp: %s %s%s%s: %s", v->what,
			 by_inside ? c->name : "", by_inside ? ":" : "", v->path,
			 error_text(v->code));
}

static int hear(int fd, struct copy_verdict *ret)
{
	ssize_t n;

	do
		n = read(fd, ret, sizeof(*ret));
	while (n < 0 && errno == EINTR);
	if (n != sizeof(*ret))
		*ret = (struct copy_verdict){.code = -ECHILD, .what = "enter"};
	return 0;
}

static int run(const struct state_container *c, struct job *job, const char *local,
	       size_t *ret_passed, struct rootlet_error *err)
{
	struct copy_verdict inside, here;
	int sockets[2], pipes[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
		return error_set(err, -errno, "copy", NULL, "cp: make a socket pair: %s",
				 error_text(errno));
	if (pipe2(pipes, O_CLOEXEC) < 0) {
		int r = -errno;

		close(sockets[0]);
		close(sockets[1]);
		return error_set(err, r, "copy", NULL, "cp: make a pipe: %s", error_text(r));
	}
	job->socket = sockets[1];
	job->told = pipes[1];
	pid = fork();
	if (pid == 0) {
		close(sockets[0]);
		work_inside(job);
	}
	close(sockets[1]);
	close(pipes[1]);
	if (pid < 0)
		here = (struct copy_verdict){.code = -errno, .what = "start"};
	else if (job->direction == LIFE_COPY_IN)
		copy_send(sockets[0], local, &here);
	else
		copy_receive(sockets[0], local, &here);
	close(sockets[0]); /* so that the other side ends, whatever it waits for */
	hear(pipes[0], &inside);
	close(pipes[0]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (ret_passed)
		*ret_passed = inside.passed + here.passed;
	return tell(c, &inside, &here, err);
}

int life_copy(const struct state_container *c, enum life_copy direction, const char *local,
	      const char *path, size_t *ret_passed, struct rootlet_error *err)
{
	AUTO_FD user = open_namespace(c, "user");
	AUTO_FD mnt = open_namespace(c, "mnt");
	struct job job = {.direction = direction, .path = path, .user = user, .mnt = mnt};

	/* looked at again after both were opened: they are this container's, and no successor's of
	 * its number */
	if (!state_alive(c) || user < 0 || mnt < 0 || !state_process_alive(&c->process, NULL))
		return life_not_running(c->name, err);
	return run(c, &job, local, ret_passed, err);
}
