/* The monitor's loop: what the container writes, and who may write to it, served by the supervise
 * loop's ppoll. The log is log.c's, the clients are those of clients.c, the last rites ending.c's.
 */
#include "init/monitor.h"

#include "init/clients.h"
#include "init/log.h"
#include "init/nolibc.h"

/* Entries that a hook adds, in this order; then a slot each. */
enum {
	FD_LISTEN,
	FD_INPUT,
	FD_SOURCES,
	SOURCES = 2, /* stdout or the terminal, stderr */
	FD_SLOTS = FD_SOURCES + SOURCES,
};
_Static_assert(FD_SLOTS + MONITOR_CLIENTS <= SUPERVISE_MORE, "the supervise loop has no room");

enum {
	/* A terminal that nobody has open: when to look again. */
	HUNG_PAUSE_NS = 250000000,
	/* The most that is read of one source after the container's end. A pipe of an ordinary user
	 * holds 1 MiB (/proc/sys/fs/pipe-max-size); what comes after that is written by processes
	 * that are no part of the container any more. */
	DRAIN_BYTES = 3 << 19,
};

struct source {
	int fd;
	bool terminal;
	uint64_t hung_ns; /* the terminal gave EIO: leave it alone until then */
	const char *name; /* in the log */
	char type;	  /* of its packets */
};

struct state {
	struct monitor *m;
	struct log log;
	struct source sources[SOURCES];
	int peer_fd; /* the terminal's other side */
	struct clients clients;
};

/* ---- what the container writes ---- */

static void begin_source(struct source *s, int fd, bool terminal, const char *name, char type)
{
	*s = (struct source){.fd = fd, .terminal = terminal, .name = name, .type = type};
	if (fd >= 0) {
		long flags = raw_call3(__NR_fcntl, fd, F_GETFL, 0);

		raw_call3(__NR_fcntl, fd, F_SETFL, flags | O_NONBLOCK);
	}
}

static void close_source(struct source *s)
{
	raw_close(s->fd);
	s->fd = -1;
}

/* Read once, into the packet and into the log. Returns how much, 0 when there is nothing now. */
static long read_source(struct state *st, struct source *s)
{
	struct clients *c = &st->clients;
	long n;

	if (s->fd < 0)
		return 0;
	do
		n = raw_read(s->fd, c->out + 1, ATTACH_DATA);
	while (n == -EINTR);
	if (n > 0) {
		c->out[0] = s->type;
		c->out_len = 1 + (unsigned int)n;
		log_write(&st->log, s->name, c->out + 1, (size_t)n);
		return n;
	}
	if (n == -EAGAIN)
		return 0;
	if (s->terminal) /* EIO: no process has it open at this moment */
		s->hung_ns = raw_monotonic_ns() + HUNG_PAUSE_NS;
	else
		close_source(s);
	return 0;
}

/* ---- the hook ---- */

static unsigned int fill(struct supervise *sup, struct pollfd *fds, uint64_t *wait_ns)
{
	struct state *st = sup->hook_data;
	bool wait = clients_wait(&st->clients);
	const struct input *in = &st->clients.input;

	fds[FD_LISTEN] = (struct pollfd){.fd = st->m->listen_fd, .events = POLLIN};
	fds[FD_INPUT] = (struct pollfd){.fd = input_wants(in) ? in->fd : -1, .events = POLLOUT};
	for (int i = 0; i < SOURCES; i++) {
		struct source *s = &st->sources[i];
		bool wanted = !wait;

		if (s->hung_ns && wanted) {
			uint64_t now = raw_monotonic_ns();

			if (now < s->hung_ns) {
				wanted = false;
				if (!*wait_ns || *wait_ns > s->hung_ns - now)
					*wait_ns = s->hung_ns - now;
			} else {
				s->hung_ns = 0;
			}
		}
		fds[FD_SOURCES + i] = (struct pollfd){.fd = wanted ? s->fd : -1, .events = POLLIN};
	}
	clients_fill(&st->clients, fds + FD_SLOTS);
	return FD_SLOTS + MONITOR_CLIENTS;
}

static void serve(struct supervise *sup, const struct pollfd *fds)
{
	struct state *st = sup->hook_data;

	clients_serve(&st->clients, fds + FD_SLOTS);
	if (fds[FD_INPUT].revents)
		clients_flush_input(&st->clients);
	for (int i = 0; i < SOURCES; i++) {
		if (fds[FD_SOURCES + i].revents && !clients_wait(&st->clients) &&
		    read_source(st, &st->sources[i]) > 0)
			clients_send(&st->clients);
	}
	if (fds[FD_LISTEN].revents)
		clients_accept(&st->clients, st->m->listen_fd);
}

/* ---- begin and end ---- */

/* With its other side held open the master never gives EIO: a container in which nobody has the
 * terminal open costs no wake-ups. (TIOCGPTPEER: Linux 4.13.) It hides nothing from the container,
 * since our end of the terminal hangs it up all the same. */
static int hold_terminal(int terminal_fd)
{
	if (terminal_fd < 0)
		return -1;
	return (int)raw_call3(__NR_ioctl, terminal_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

static void begin(struct state *st, struct monitor *m)
{
	static const struct supervise_hook hook = {fill, serve};

	st->m = m;
	clients_begin(&st->clients, m);
	if (m->ending.dir_fd >= 0 && !m->ending.remove)
		ending_reserve(m->ending.dir_fd);
	log_begin(&st->log, m->keep_log ? m->ending.dir_fd : -1, m->log_max);
	if (m->terminal_fd >= 0)
		begin_source(&st->sources[0], m->terminal_fd, true, "stdout", ATTACH_STDOUT);
	else
		begin_source(&st->sources[0], m->stdout_fd, false, "stdout", ATTACH_STDOUT);
	begin_source(&st->sources[1], m->stderr_fd, false, "stderr", ATTACH_STDERR);
	st->peer_fd = hold_terminal(m->terminal_fd);
	m->supervise.tty_fd = -1;
	m->supervise.handover_ns = 0;
	m->supervise.hook = &hook;
	m->supervise.hook_data = st;
}

/* What the container wrote before its end. A process that has the pipe open still (with the host's
 * PIDs) is not waited for. */
static void drain(struct state *st)
{
	if (st->peer_fd >= 0)
		raw_close(st->peer_fd);
	for (int i = 0; i < SOURCES; i++) {
		long n, total = 0;

		while (total < DRAIN_BYTES && (n = read_source(st, &st->sources[i])) > 0) {
			clients_spool(&st->clients);
			total += n;
		}
	}
	log_end(&st->log);
}

int monitor_run(struct monitor *m)
{
	struct supervise *s = &m->supervise;
	struct state st;
	int status;

	begin(&st, m);
	status = supervise_run(s);
	s->hook = NULL;
	if (status < 0) { /* it cannot watch: the container must not outlive us unseen */
		supervise_forward(s, SIGKILL);
		raw_wait4(s->pid, NULL, 0);
		status = 125;
	}
	s->ended = true;
	if (s->phase >= SUPERVISE_KILLING && status == 128 + SIGKILL)
		s->exit_signal = SIGKILL; /* of our doing, whatever way it took */
	if (m->listen_fd >= 0)
		raw_close(m->listen_fd);
	clients_spool_begin(&st.clients);
	drain(&st);
	ending_finish(&m->ending, s, status);
	clients_end(&st.clients, status, s->exit_signal);
	return status;
}
