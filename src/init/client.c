/* The client: copies between the user's terminal or pipes and the monitor's socket (attach.h).
 *
 * Every signal is blocked and read from a signalfd, so no exit path leaves the terminal raw but
 * SIGKILL. Its stdin, stdout and stderr are shared with other programs: they stay blocking, and a
 * write never takes more than what poll has promised.
 */
#include "init/attach.h"

#include "init/keys.h"
#include "init/nolibc.h"
#include "init/screen.h"

enum {
	PIPE_ROOM = 4096, /* what a pipe takes at once when poll says so (PIPE_BUF) */
	GOING_ON = -1,	  /* no exit status yet */
	DETACHED = 0,
	FAILED = ATTACH_LOST,
};

struct link {
	const struct client *c;
	struct screen screen;
	struct keys keys;
	uint64_t old_mask;
	int signal_fd;
	bool input_open;     /* stdin is read */
	bool input_ended;    /* the container is still to be told so */
	bool credit;	     /* the monitor waits for input */
	bool typed;	     /* something was read since the terminal is raw */
	unsigned int in_len; /* bytes in `packet` that are to be sent */
	unsigned int out_at, out_len;
	int out_fd;
	unsigned char packet[ATTACH_PACKET]; /* type byte, then in_len bytes of input */
	unsigned char out[ATTACH_PACKET];
};

/* ---- ends ---- */

static void say(const char *line)
{
	size_t n = 0;

	while (line[n])
		n++;
	raw_write(2, line, n);
}

static _Noreturn void die(struct link *l, int sig)
{
	const struct raw_sigaction dfl = {0, 0, 0, 0};
	const uint64_t set = raw_sigbit(sig);

	screen_restore(&l->screen);
	raw_prctl(PR_SET_DUMPABLE, 0); /* a core of ours would tell nobody anything */
	raw_sigaction(sig, &dfl, NULL);
	raw_kill(raw_getpid(), sig);
	raw_sigprocmask(SIG_UNBLOCK, &set, NULL);
	raw_exit(128 + sig);
}

/* Stop, alone or with our group, until somebody continues us. False when nothing stopped us: the
 * group is orphaned, or the signal is ignored. */
static bool stop(struct link *l, int pid, int sig)
{
	const uint64_t set = raw_sigbit(sig);

	screen_restore(&l->screen);
	raw_kill(pid, sig);
	raw_sigprocmask(SIG_UNBLOCK, &set, NULL); /* stops here */
	raw_sigprocmask(SIG_BLOCK, &set, NULL);
	return raw_sigpending() & raw_sigbit(SIGCONT);
}

/* ---- our terminal ---- */

static void send_size(const struct link *l)
{
	struct attach_size size;
	char packet[1 + sizeof(size)];

	if (!l->c->tty || !screen_size(&size))
		return;
	packet[0] = ATTACH_SIZE;
	__builtin_memcpy(packet + 1, &size, sizeof(size));
	raw_send(l->c->socket_fd, packet, sizeof(packet));
}

/* As any program that reads its terminal from the background: it stops, its whole job with it, and
 * where nobody could continue it, it has no input. */
static void take_terminal(struct link *l)
{
	if (!l->input_open)
		return;
	while (screen_background(&l->screen)) {
		if (!stop(l, 0, SIGTTIN)) {
			l->input_open = false;
			l->input_ended = true;
			return;
		}
	}
	if (l->c->tty)
		screen_raw(&l->screen);
}

/* ---- input ---- */

static void send_input(struct link *l)
{
	static const char end[] = {ATTACH_END};

	if (!l->credit)
		return;
	if (l->in_len) {
		l->packet[0] = ATTACH_INPUT;
		if (raw_send(l->c->socket_fd, l->packet, 1 + l->in_len) < 0)
			return; /* the socket's end will tell */
		l->in_len = 0;
		l->credit = false;
	} else if (l->input_ended) {
		raw_send(l->c->socket_fd, end, sizeof(end));
		l->input_ended = false;
		l->credit = false;
	}
}

static int detach(struct link *l)
{
	static const char packet[] = {ATTACH_DETACH};

	l->credit = true; /* no time to wait: the monitor takes it if it has room */
	send_input(l);
	raw_send(l->c->socket_fd, packet, sizeof(packet));
	screen_restore(&l->screen);
	say("\n"); /* the shell's prompt on a line of its own */
	return DETACHED;
}

/* What one typed byte may add: itself and what was held back. */
static size_t input_room(const struct link *l)
{
	size_t used = l->in_len + ATTACH_KEYS;

	return used < ATTACH_DATA ? ATTACH_DATA - used : 0;
}

/* ^D that was typed while the terminal was not raw yet stands in its queue as a zero byte. */
static void restore_veof(struct link *l, unsigned char *typed, long n)
{
	for (long i = 0; i < n && l->screen.raw && !l->typed; i++)
		if (!typed[i])
			typed[i] = l->screen.saved.c_cc[VEOF];
	l->typed = true;
}

static int read_input(struct link *l)
{
	unsigned char typed[2048];
	unsigned char *first = l->packet + 1, *to = first + l->in_len;
	size_t room = input_room(l);
	long n = raw_read(0, typed, room < sizeof(typed) ? room : sizeof(typed));

	if (n == -EAGAIN || n == -EINTR)
		return GOING_ON;
	/* In raw mode a terminal has no end of input: its window was closed. Typing ^D into the
	 * container for that would end the shell that it stands in. */
	if (n <= 0 && l->c->tty && l->screen.is_terminal)
		die(l, SIGHUP);
	if (n <= 0) {
		keys_end(&l->keys, &to);
		l->input_open = false;
		l->input_ended = true;
	}
	restore_veof(l, typed, n);
	for (long i = 0; i < n; i++) {
		if (keys_type(&l->keys, typed[i], &to)) {
			l->in_len = (unsigned int)(to - first);
			return detach(l);
		}
	}
	l->in_len = (unsigned int)(to - first);
	send_input(l);
	return GOING_ON;
}

/* ---- output ---- */

static int write_output(struct link *l)
{
	unsigned int size = l->out_len - l->out_at;
	long n = raw_write(l->out_fd, l->out + l->out_at, size < PIPE_ROOM ? size : PIPE_ROOM);

	if (n == -EAGAIN || n == -EINTR)
		return GOING_ON;
	if (n == -EPIPE || n == -EBADF)
		die(l, SIGPIPE); /* it is pending: whoever reads us has gone */
	if (n < 0) {
		screen_restore(&l->screen);
		say("rootlet: output of the container: it cannot be written\n");
		return FAILED;
	}
	l->out_at += (unsigned int)n;
	if (l->out_at == l->out_len)
		l->out_at = l->out_len = 0;
	return GOING_ON;
}

static int on_packet(struct link *l, long size)
{
	struct attach_exit end;

	switch (l->out[0]) {
	case ATTACH_STDOUT:
	case ATTACH_STDERR:
		l->out_fd = l->out[0] == ATTACH_STDOUT ? 1 : 2;
		l->out_at = 1;
		l->out_len = (unsigned int)size;
		break;
	case ATTACH_TAKEN:
		l->credit = true;
		send_input(l);
		break;
	case ATTACH_EXIT:
		if (size != 1 + sizeof(end))
			break;
		__builtin_memcpy(&end, l->out + 1, sizeof(end));
		return end.status & 0xff;
	case ATTACH_REFUSED:
		screen_restore(&l->screen);
		say("rootlet: attach: as many clients as one container can have are attached\n");
		return FAILED;
	default:
		break;
	}
	return GOING_ON;
}

static int read_packet(struct link *l)
{
	long n = raw_receive(l->c->socket_fd, l->out, sizeof(l->out));

	/* ECONNRESET: the monitor left something of ours unread; what it wrote still follows */
	if (n == -EAGAIN || n == -EINTR || n == -ECONNRESET)
		return GOING_ON;
	if (n > 0)
		return on_packet(l, n);
	screen_restore(&l->screen);
	say("rootlet: the container's monitor has ended, how the container ended is not known\n");
	return ATTACH_LOST;
}

/* ---- signals ---- */

static void forward(const struct link *l, int sig, bool to_group)
{
	const char packet[] = {ATTACH_SIGNAL, (char)sig, to_group};

	raw_send(l->c->socket_fd, packet, sizeof(packet));
}

static bool is_ignored(int sig)
{
	struct raw_sigaction action = {0, 0, 0, 0};

	return raw_sigaction(sig, NULL, &action) == 0 && action.handler == 1; /* SIG_IGN */
}

static void on_signal(struct link *l, const struct signalfd_siginfo *si)
{
	int sig = (int)si->ssi_signo;
	bool proxy = l->c->sig_proxy && !l->c->tty;

	switch (sig) {
	case SIGCHLD:
	case SIGPIPE:
	case SIGTTIN:
	case SIGTTOU:
		return; /* of our own making */
	case SIGCONT:
		take_terminal(l);
		send_size(l);
		break;
	case SIGTSTP:
		if (!is_ignored(sig) && !stop(l, raw_getpid(), sig))
			take_terminal(l);
		return;
	case SIGWINCH:
		if (l->c->tty)
			send_size(l);
		break;
	default:
		break;
	}
	if (is_ignored(sig))
		return;
	if (proxy)
		forward(l, sig, si->ssi_code == SI_KERNEL);
	else if (sig != SIGCONT && sig != SIGWINCH && sig != SIGURG)
		die(l, sig);
}

static void read_signals(struct link *l)
{
	struct signalfd_siginfo si;

	while (raw_read(l->signal_fd, &si, sizeof(si)) == sizeof(si))
		on_signal(l, &si);
}

/* ---- the loop ---- */

enum { FD_SIGNALS, FD_SOCKET, FD_INPUT, FD_OUTPUT, FDS };

static int serve(struct link *l, const struct pollfd *fds)
{
	int status = GOING_ON;

	if (fds[FD_SIGNALS].revents)
		read_signals(l);
	if (fds[FD_OUTPUT].revents)
		status = write_output(l);
	if (status == GOING_ON && fds[FD_SOCKET].revents)
		status = read_packet(l);
	/* a stop may have come in between: then it is not ours to read */
	if (status == GOING_ON && fds[FD_INPUT].revents && l->input_open &&
	    !screen_background(&l->screen))
		status = read_input(l);
	return status;
}

static int loop(struct link *l)
{
	struct pollfd fds[FDS];
	int status = GOING_ON;

	while (status == GOING_ON) {
		bool output = l->out_len != 0;
		bool input = l->input_open && input_room(l);

		fds[FD_SIGNALS] = (struct pollfd){.fd = l->signal_fd, .events = POLLIN};
		fds[FD_SOCKET] =
			(struct pollfd){.fd = output ? -1 : l->c->socket_fd, .events = POLLIN};
		fds[FD_INPUT] = (struct pollfd){.fd = input ? 0 : -1, .events = POLLIN};
		fds[FD_OUTPUT] = (struct pollfd){.fd = output ? l->out_fd : -1, .events = POLLOUT};
		if (raw_ppoll(fds, FDS, NULL) > 0)
			status = serve(l, fds);
	}
	return status;
}

/* A descriptor of ours must not take the place of a closed stdin. */
static int above_standard(int fd)
{
	int other;

	if (fd < 0 || fd > 2)
		return fd;
	other = (int)raw_call3(__NR_fcntl, fd, F_DUPFD_CLOEXEC, 3);
	raw_close(fd);
	return other;
}

static void begin(struct link *l, const struct client *c)
{
	const uint64_t all = ~(uint64_t)0;

	l->c = c;
	raw_sigprocmask(SIG_BLOCK, &all, &l->old_mask);
	l->signal_fd = above_standard(raw_signalfd(all));
	l->input_open = !c->no_stdin;
	l->input_ended = false;
	l->credit = true;
	l->in_len = l->out_at = l->out_len = 0;
	l->out_fd = -1;
	screen_begin(&l->screen);
	l->keys = (struct keys){.sequence = c->detach_keys};
	if (c->tty && l->screen.is_terminal && c->detach_keys)
		l->keys.count = c->detach_count;
}

int client_run(const struct client *c)
{
	struct link l;
	int status = FAILED;

	begin(&l, c);
	if (l.signal_fd >= 0) {
		send_size(&l);
		take_terminal(&l);
		status = loop(&l);
		raw_close(l.signal_fd);
	}
	screen_restore(&l.screen);
	raw_sigprocmask(SIG_SETMASK, &l.old_mask, NULL);
	return status;
}
