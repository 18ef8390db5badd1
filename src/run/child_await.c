/* AWAIT_START in the child: it waits on a socket of its state until whoever may start it says so.
 * See child.h for the rules.
 *
 * Whoever reaches the socket can connect, a container that has the state bound read-only among
 * them: so each word counts only beside a file of the state that is open for writing. None of those
 * who say nothing can keep the others out.
 */
#include "run/child.h"

#include "base/fds.h"
#include "base/sys.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

enum {
	CONNECTIONS = 8,
	LOOK_MS = 2000, /* how often it is looked whether the state is still there */
};

/* The socket, and after it who has connected, the oldest first. */
struct waiting {
	struct pollfd fds[1 + CONNECTIONS];
	unsigned count;
};

/* The container's state is kept now, and `create` is done; or it was killed, and nobody will ever
 * know of us. */
static void await_keeper(const struct child *c)
{
	struct wire_message message = {0};

	if (child_receive(c->control, &message) < 0 || message.type != WIRE_GO)
		_exit(125);
}

/* Then nobody can start it any more, nor know of it. ESTALE: on another machine. */
static bool is_lost(const struct child *c)
{
	struct stat st;

	if (fstat(c->state_file, &st) < 0)
		return errno == ENOENT || errno == ESTALE;
	return st.st_nlink == 0;
}

/* Opened for writing: where a mount is read-only that is refused. (One that was opened with O_PATH
 * has no access mode.) */
static bool is_proof(const struct child *c, int fd)
{
	int flags = SYS(fcntl, fd, F_GETFL);
	struct stat own, shown;

	return flags >= 0 && (flags & O_ACCMODE) == O_RDWR && fstat(c->state_file, &own) == 0 &&
	       fstat(fd, &shown) == 0 && own.st_dev == shown.st_dev && own.st_ino == shown.st_ino;
}

/* Who has lost patience while we could not hear takes his word back with the connection. */
static bool has_hung_up(int connection)
{
	size_t count;
	char byte;

	return fds_take(connection, &byte, 1, MSG_PEEK | MSG_DONTWAIT, NULL, 0, &count) == 0;
}

enum heard { STAYS, LEAVES, LETS_GO };

static enum heard hear(const struct child *c, int connection)
{
	struct wire_message message = {0};
	int proof = -1, n;
	size_t count;
	bool good;

	n = fds_take(connection, &message, sizeof(message), 0, &proof, 1, &count);
	good = n == sizeof(message) && count && is_proof(c, proof);
	if (count)
		close(proof);
	if (good && message.type == WIRE_GO)
		return has_hung_up(connection) ? LEAVES : LETS_GO;
	if (!good || message.type != WIRE_NAMESPACES)
		return LEAVES;
	return child_send_namespaces(connection) == 0 ? STAYS : LEAVES;
}

static void drop(struct waiting *w, unsigned at)
{
	close(w->fds[at].fd);
	for (w->count--; at <= w->count; at++)
		w->fds[at] = w->fds[at + 1];
}

static void take_connection(struct waiting *w)
{
	int connection = SYS(accept4, w->fds[0].fd, NULL, NULL, SOCK_CLOEXEC);

	if (connection == -EINTR || connection == -ECONNABORTED || connection == -EMFILE ||
	    connection == -ENFILE || connection == -ENOMEM || connection == -ENOBUFS)
		return;
	if (connection < 0)
		_exit(125); /* nobody is there to hear of it */
	if (w->count == CONNECTIONS)
		drop(w, 1);
	w->fds[++w->count] = (struct pollfd){.fd = connection, .events = POLLIN};
}

/* A filter that is loaded by now may refuse poll: then one is waited for after the other. */
static void await_any(struct waiting *w)
{
	unsigned only = w->count ? 1 : 0;
	int r = poll(w->fds, 1 + w->count, LOOK_MS);

	if (r > 0)
		return;
	for (unsigned i = 0; i <= w->count; i++)
		w->fds[i].revents = 0;
	if (r < 0 && errno != EINTR)
		w->fds[only].revents = POLLIN;
}

/* The connection of who has let us go. */
static int await_go(const struct child *c)
{
	struct waiting w = {.fds[0] = {.fd = c->start, .events = POLLIN}};

	for (;;) {
		await_any(&w);
		if (is_lost(c))
			_exit(125);
		for (unsigned i = 1; i <= w.count;) {
			enum heard heard = w.fds[i].revents ? hear(c, w.fds[i].fd) : STAYS;
			int connection = w.fds[i].fd;

			if (heard == LETS_GO) {
				w.fds[i].fd = -1;
				while (w.count)
					drop(&w, 1);
				return connection;
			}
			if (heard == LEAVES)
				drop(&w, i);
			else
				i++;
		}
		if (w.fds[0].revents)
			take_connection(&w);
	}
}

static void end_by(int number)
{
	_exit(128 + number);
}

/* What is sent to it meanwhile must do what it would do to any program that has no handler: not
 * wait for the command, and end that at its first breath. The kernel spares the first process of a
 * pid namespace what would end any other: pid_namespaces(7). */
static void take_signals(const struct child *c, bool taken)
{
	static const int ending[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
	struct sigaction end = {.sa_handler = end_by};
	unsigned long all = ~0UL;

	if (!taken) {
		SYS(rt_sigprocmask, SIG_SETMASK, &all, NULL, (size_t)8);
		return;
	}
	child_reset_signals();
	for (size_t i = 0; c->plan->own_pid_ns && i < sizeof(ending) / sizeof(*ending); i++)
		sigaction(ending[i], &end, NULL);
}

static void take_over(struct child *c, int connection)
{
	close(c->start);
	close(c->state_file);
	c->start = c->state_file = -1;
	c->report = c->control = connection;
}

int child_await_start(struct child *c, const struct step *step)
{
	int r = SYS(prctl, PR_SET_DUMPABLE, 0UL, 0UL, 0UL, 0UL);

	if (r == 0)
		r = child_send(c, WIRE_CREATED, (int)(step - c->plan->steps), 0, 0);
	if (r == -EPIPE)
		_exit(125);
	if (r < 0)
		return r;
	close(c->report); /* its end is what `create` waits for */
	await_keeper(c);
	close(c->control);
	take_signals(c, true);
	r = await_go(c);
	take_signals(c, false);
	take_over(c, r);
	return 0;
}
