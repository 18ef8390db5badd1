/* For the tests of the monitor: a real container (init_box.h) with pipes or a pseudo-terminal, a
 * state folder in a store of its own, and the real monitor behind it. The test is the client. */
#ifndef ROOTLET_TESTS_INIT_POD_H
#define ROOTLET_TESTS_INIT_POD_H

#include <ftw.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <termios.h>

#include "init_box.h"

#include "init/attach.h"
#include "init/log.h"
#include "init/monitor.h"

#define POD_ID	 "0123456789ab"
#define POD_NAME "brave_otter"

struct pod {
	/* wanted */
	struct box b; /* script, host_pid, no_init */
	bool tty, no_peer, input, owned, remove, in_place, no_log, held_pipe, stopped;
	uint64_t log_max, timeout_ns;
	/* made */
	char path[64];
	pid_t monitor;
	int client; /* from birth */
	int dir, store, pipe_end;
};

static inline void pod_path(const struct pod *p, char path[256], const char *name)
{
	snprintf(path, 256, "%s/%s", p->path, name);
}

static inline void pod_store(struct pod *p)
{
	strcpy(p->path, "/tmp/rootlet-test-XXXXXX");
	assert_non_null(mkdtemp(p->path));
	p->store = open(p->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(p->store, "containers", 0700), 0);
	assert_int_equal(mkdirat(p->store, "names", 0700), 0);
	assert_int_equal(mkdirat(p->store, "pending", 0700), 0);
	assert_int_equal(mkdirat(p->store, "containers/" POD_ID, 0700), 0);
	assert_int_equal(symlinkat("../containers/" POD_ID, p->store, "names/" POD_NAME), 0);
	p->dir = openat(p->store, "containers/" POD_ID, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(p->dir >= 0);
	assert_int_equal(symlinkat(POD_NAME, p->dir, "name"), 0);
}

static inline int pod_listen(const struct pod *p)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/containers/" POD_ID "/attach",
		 p->path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 16), 0);
	return fd;
}

static inline int pod_connect(const struct pod *p)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/containers/" POD_ID "/attach",
		 p->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* The container's standard descriptors (theirs) and the monitor's (m). */
static inline void pod_stdio(const struct pod *p, struct monitor *m, int theirs[3])
{
	int fds[2];

	if (p->tty) {
		int zero = 0;

		m->terminal_fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
		ioctl(m->terminal_fd, TIOCSPTLCK, &zero);
		theirs[0] = open(ptsname(m->terminal_fd), O_RDWR | O_NOCTTY | O_CLOEXEC);
		theirs[1] = theirs[2] = theirs[0];
		m->stdin_fd = p->input ? m->terminal_fd : -1;
		return;
	}
	theirs[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (p->input && pipe2(fds, O_CLOEXEC) == 0) {
		theirs[0] = fds[0];
		m->stdin_fd = fds[1];
	}
	if (pipe2(fds, O_CLOEXEC) < 0)
		_exit(119);
	m->stdout_fd = fds[0];
	theirs[1] = fds[1];
	if (pipe2(fds, O_CLOEXEC) < 0)
		_exit(119);
	m->stderr_fd = fds[0];
	theirs[2] = fds[1];
}

static inline void pod_command(struct pod *p, const int theirs[3], int control)
{
	if (p->tty) {
		setsid();
		ioctl(theirs[0], TIOCSCTTY, 0);
	} else {
		setpgid(0, 0);
	}
	for (int i = 0; i < 3; i++)
		dup2(theirs[i], i);
	box_exec(&p->b, control);
}

/* From here on TIOCGPTPEER fails, as before Linux 4.13. */
static inline void pod_deny_peer(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), /* number */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 24), /* low half of the second argument */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCGPTPEER, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTTY),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		_exit(116);
}

/* The monitor's process: what `run -d` starts. */
static inline void pod_monitor(struct pod *p, int client, int listen_fd, int pipe_socket)
{
	struct monitor m = {.supervise.status_fd = -1,
			    .ending = {.dir_fd = p->dir,
				       .store_fd = p->store,
				       .id = POD_ID,
				       .remove = p->remove},
			    .terminal_fd = -1,
			    .stdin_fd = -1,
			    .stdout_fd = -1,
			    .stderr_fd = -1,
			    .listen_fd = listen_fd,
			    .client_fd = client,
			    .owned = p->owned,
			    .keep_log = !p->no_log,
			    .log_max = p->log_max};
	int pair[2], theirs[3], null;
	struct supervise *s = &m.supervise;
	sigset_t all;

	setsid();
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int i = 0; i < 3; i++)
		dup2(null, i);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	pod_stdio(p, &m, theirs);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		_exit(118);
	s->pid = box_fork(p->b.host_pid);
	if (s->pid == 0)
		pod_command(p, theirs, pair[1]);
	close(pair[1]);
	if (p->held_pipe) { /* the test gets a copy of the writing end */
		char data[CMSG_SPACE(sizeof(int))] = {0}, byte = 0;
		struct iovec iov = {&byte, 1};
		struct msghdr msg = {.msg_iov = &iov,
				     .msg_iovlen = 1,
				     .msg_control = data,
				     .msg_controllen = sizeof(data)};
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &theirs[1], sizeof(int));
		if (sendmsg(pipe_socket, &msg, 0) != 1)
			_exit(117);
	}
	for (int i = 0; i < 3; i++)
		close(theirs[i]); /* tty: the same one three times */
	if (p->b.no_init) {
		close(pair[0]);
		pair[0] = -1;
	}
	if (!p->tty) /* there it makes a session of its own, which a group leader cannot */
		setpgid(s->pid, s->pid);
	s->pidfd = (int)syscall(SYS_pidfd_open, s->pid, 0);
	s->control_fd = pair[0];
	s->tty_fd = -1;
	s->init = !p->b.no_init;
	s->host_pid = p->b.host_pid;
	s->timeout_ns = p->timeout_ns;
	if (p->no_peer)
		pod_deny_peer();
	if (p->stopped)
		raise(SIGSTOP);
	if (p->in_place)
		_exit(monitor_run(&m));
	monitor_exec(&m);
	_exit(120); /* it must have worked here */
}

static inline void pod_start(struct pod *p)
{
	int client[2], pipe_socket[2], listen_fd;

	pod_store(p);
	listen_fd = pod_listen(p);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, client), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pipe_socket), 0);
	p->monitor = fork();
	assert_true(p->monitor >= 0);
	if (p->monitor == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(client[0]);
		pod_monitor(p, client[1], listen_fd, pipe_socket[1]);
	}
	close(client[1]);
	close(listen_fd);
	close(pipe_socket[1]);
	p->client = client[0];
	p->pipe_end = -1;
	if (p->held_pipe) {
		char data[CMSG_SPACE(sizeof(int))], byte;
		struct iovec iov = {&byte, 1};
		struct msghdr msg = {.msg_iov = &iov,
				     .msg_iovlen = 1,
				     .msg_control = data,
				     .msg_controllen = sizeof(data)};
		struct cmsghdr *c;

		assert_int_equal(recvmsg(pipe_socket[0], &msg, MSG_CMSG_CLOEXEC), 1);
		c = CMSG_FIRSTHDR(&msg);
		if (!c)
			abort();
		memcpy(&p->pipe_end, CMSG_DATA(c), sizeof(int));
	}
	close(pipe_socket[0]);
}

/* The monitor's exit status; fails the test after ten seconds. */
static inline int pod_wait(struct pod *p)
{
	int status = 0;

	for (int i = 0; i < 2000; i++) {
		pid_t pid = waitpid(p->monitor, &status, WNOHANG);

		if (pid == p->monitor)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		assert_int_equal(pid, 0);
		box_sleep(5);
	}
	kill(p->monitor, SIGKILL);
	waitpid(p->monitor, NULL, 0);
	fail_msg("the monitor did not end");
	return -1;
}

static inline int pod_delete(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static inline void pod_free(struct pod *p)
{
	if (p->client >= 0)
		close(p->client);
	if (p->pipe_end >= 0)
		close(p->pipe_end);
	close(p->dir);
	close(p->store);
	nftw(p->path, pod_delete, 16, FTW_DEPTH | FTW_PHYS);
}

/* One packet into `packet`, its size; 0 at the end; -1 after five seconds of silence. */
static inline ssize_t pod_receive(int fd, unsigned char into[ATTACH_PACKET])
{
	struct pollfd f = {.fd = fd, .events = POLLIN};
	ssize_t n;

	if (poll(&f, 1, 5000) != 1)
		return -1;
	n = recv(fd, into, ATTACH_PACKET, 0);
	if (n < 0 && errno == ECONNRESET)
		n = recv(fd, into, ATTACH_PACKET, 0);
	return n;
}

static inline void pod_send(int fd, int type, const void *data, size_t size)
{
	unsigned char whole[ATTACH_PACKET];

	whole[0] = (unsigned char)type;
	if (size)
		memcpy(whole + 1, data, size);
	assert_int_equal(send(fd, whole, 1 + size, MSG_NOSIGNAL), 1 + size);
}

/* Wait until what the client has seen on stdout ends with `text`. */
static inline void pod_expect(int fd, const char *text)
{
	static unsigned char part[ATTACH_PACKET];
	char seen[8192];
	size_t len = 0, want = strlen(text);

	for (;;) {
		ssize_t n = pod_receive(fd, part);

		if (n <= 0)
			fail_msg("\"%s\" did not come, but \"%.*s\"", text, (int)len, seen);
		if (part[0] != ATTACH_STDOUT)
			continue;
		assert_true(len + (size_t)n < sizeof(seen));
		memcpy(seen + len, part + 1, (size_t)n - 1);
		len += (size_t)n - 1;
		if (len >= want && memcmp(seen + len - want, text, want) == 0)
			return;
	}
}

/* A file of the container's folder, as a string that the caller frees; NULL when there is none. */
static inline char *pod_file(const struct pod *p, const char *name, size_t *ret_size)
{
	int fd = openat(p->dir, name, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *text;

	if (ret_size)
		*ret_size = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		return NULL;
	text = malloc((size_t)st.st_size + 1);
	assert_non_null(text);
	assert_int_equal(read(fd, text, (size_t)st.st_size), st.st_size);
	text[st.st_size] = '\0';
	if (ret_size)
		*ret_size = (size_t)st.st_size;
	close(fd);
	return text;
}

/* The same, and it must be there. */
static inline char *pod_text(const struct pod *p, const char *name)
{
	char *text = pod_file(p, name, NULL);

	if (!text) {
		fail_msg("there is no %s", name);
		abort();
	}
	return text;
}

/* What the log has of one stream, its parts joined and every line's form checked. */
static inline char *pod_logged(const struct pod *p, const char *name, const char *stream)
{
	char *text = pod_text(p, name), *to, *result;

	result = to = malloc(strlen(text) + 1);
	for (char *line = text; *line;) {
		char *end = strchr(line, '\n'), kind;
		char form[] = "dddd-dd-ddTdd:dd:dd.dddddddddZ ";
		size_t n = strlen(stream);

		assert_non_null(end);
		assert_true(end - line > LOG_STAMP);
		for (size_t i = 0; i < LOG_STAMP; i++) {
			char c = line[i] >= '0' && line[i] <= '9' ? 'd' : line[i];

			assert_int_equal(c, form[i]);
		}
		line += LOG_STAMP;
		if (strncmp(line, stream, n) == 0 && line[n] == ' ') {
			kind = line[n + 1];
			assert_true(kind == 'F' || kind == 'P');
			assert_int_equal(line[n + 2], ' ');
			memcpy(to, line + n + 3, (size_t)(end - line) - n - 3);
			to += (size_t)(end - line) - n - 3;
			if (kind == 'F')
				*to++ = '\n';
		} else {
			assert_true(strncmp(line, "stdout ", 7) == 0 ||
				    strncmp(line, "stderr ", 7) == 0);
		}
		line = end + 1;
	}
	*to = '\0';
	free(text);
	return result;
}

/* Read to the end: everything of one type, as a string that the caller frees, and the exit. */
static inline char *pod_read_all(int fd, int type, struct attach_exit *ret_exit)
{
	size_t len = 0, room = 1 << 16;
	char *text = malloc(room);
	static unsigned char part[ATTACH_PACKET];
	bool exited = false;
	ssize_t n;

	assert_non_null(text);
	*ret_exit = (struct attach_exit){-1, -1};
	while ((n = pod_receive(fd, part)) > 0) {
		assert_false(exited); /* nothing follows it */
		if (part[0] == ATTACH_EXIT) {
			assert_int_equal(n, 1 + sizeof(*ret_exit));
			memcpy(ret_exit, part + 1, sizeof(*ret_exit));
			exited = true;
		} else if (part[0] == type) {
			while (len + (size_t)n > room) {
				char *more = realloc(text, room *= 2);

				if (!more)
					abort();
				text = more;
			}
			memcpy(text + len, part + 1, (size_t)n - 1);
			len += (size_t)n - 1;
		}
	}
	assert_int_equal(n, 0);
	assert_true(exited);
	text[len] = '\0';
	return text;
}

#endif
