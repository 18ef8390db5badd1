/* Sending to clients and receiving from them; see clients.h.
 *
 * A client that ended may have left packets: a detach, say. So an error of sending only silences
 * it, and it is dropped when reading has come to the end. ECONNRESET is told once, before what is
 * left to read (it had packets of ours unread).
 */
#include "init/clients.h"

#include <asm/termios.h>
#include <linux/mman.h>

#include "init/nolibc.h"

enum { SPOOL_SIZE = 4 << 20 };

static const int sol_socket = 1, so_peercred = 17;

struct raw_ucred {
	int pid;
	unsigned int uid, gid;
};

static void take_in(struct slot *slot, int fd)
{
	*slot = (struct slot){.fd = fd};
}

static void set_nonblocking(int fd)
{
	long flags = raw_call3(__NR_fcntl, fd, F_GETFL, 0);

	if (flags >= 0)
		raw_call3(__NR_fcntl, fd, F_SETFL, flags | O_NONBLOCK);
}

void clients_begin(struct clients *c, struct monitor *m)
{
	c->supervise = &m->supervise;
	c->terminal_fd = m->terminal_fd;
	for (int i = 0; i < MONITOR_CLIENTS; i++)
		take_in(&c->slots[i], -1);
	if (m->client_fd >= 0) {
		take_in(&c->slots[0], m->client_fd);
		c->slots[0].owner = m->owned;
		c->slots[0].resized = true;
	}
	if (m->stdin_fd >= 0)
		set_nonblocking(m->stdin_fd);
	input_begin(&c->input, m->stdin_fd, m->stdin_fd >= 0 && m->stdin_fd == m->terminal_fd);
	c->spool = NULL;
	c->spool_len = 0;
	c->out_len = 0;
}

static void drop(struct clients *c, struct slot *slot)
{
	bool owner = slot->owner;

	raw_close(slot->fd);
	take_in(slot, -1);
	if (owner && c->terminal_fd >= 0)
		supervise_hang_up(c->supervise, c->terminal_fd);
	else if (owner)
		supervise_end(c->supervise);
}

/* ---- out ---- */

/* Returns whether it is gone from our hands: sent, or not to be sent any more. */
static bool send_packet(struct slot *slot, const void *packet, size_t size)
{
	long n = slot->mute ? 0 : raw_send(slot->fd, packet, size);

	if (n == -EAGAIN || n == -EINTR || n == -ENOBUFS || n == -ENOMEM)
		return false;
	if (n < 0 && n != -ECONNRESET)
		slot->mute = true;
	return true;
}

static void send_waiting(struct clients *c, struct slot *slot)
{
	static const char taken[] = {ATTACH_TAKEN};

	if (slot->waiting && send_packet(slot, c->out, c->out_len))
		slot->waiting = false;
	if (!slot->waiting && slot->taken && send_packet(slot, taken, sizeof(taken)))
		slot->taken = false;
}

void clients_send(struct clients *c)
{
	for (int i = 0; i < MONITOR_CLIENTS; i++) {
		if (c->slots[i].fd < 0)
			continue;
		c->slots[i].waiting = true;
		send_waiting(c, &c->slots[i]);
	}
}

bool clients_wait(const struct clients *c)
{
	for (int i = 0; i < MONITOR_CLIENTS; i++) {
		if (c->slots[i].waiting)
			return true;
	}
	return false;
}

void clients_flush_input(struct clients *c)
{
	int from;

	if (!input_busy(&c->input))
		return;
	from = input_flush(&c->input);
	if (input_busy(&c->input))
		return;
	for (int i = 0; i < MONITOR_CLIENTS; i++)
		c->slots[i].held = false;
	if (from >= 0 && c->slots[from].fd >= 0) {
		c->slots[from].taken = true;
		send_waiting(c, &c->slots[from]);
	}
}

/* ---- in ---- */

/* A window of the same size makes no program draw itself anew, which is what somebody who has just
 * attached wants to see: so it is another size for a moment. */
static void set_size(struct clients *c, struct slot *slot, const char *data)
{
	uint16_t rows, cols;
	struct winsize size = {0}, old;
	bool first = !slot->resized;

	if (c->terminal_fd < 0)
		return;
	__builtin_memcpy(&rows, data, sizeof(rows));
	__builtin_memcpy(&cols, data + sizeof(rows), sizeof(cols));
	size.ws_row = rows;
	size.ws_col = cols;
	slot->resized = true;
	if (first && rows > 1 && raw_ioctl(c->terminal_fd, TIOCGWINSZ, &old) == 0 &&
	    old.ws_row == rows && old.ws_col == cols) {
		size.ws_row--;
		raw_ioctl(c->terminal_fd, TIOCSWINSZ, &size);
		size.ws_row = rows;
	}
	raw_ioctl(c->terminal_fd, TIOCSWINSZ, &size);
}

static void on_packet(struct clients *c, struct slot *slot, const char *packet, long size)
{
	int sig;

	switch (packet[0]) {
	case ATTACH_SIZE:
		if (size == 1 + sizeof(struct attach_size))
			set_size(c, slot, packet + 1);
		break;
	case ATTACH_DETACH:
		slot->owner = false;
		break;
	case ATTACH_SIGNAL:
		sig = size == 3 ? packet[1] : 0;
		if (sig < 1 || sig > RAW_SIGNALS)
			break;
		if (packet[2])
			supervise_group_signal(c->supervise, sig);
		else
			supervise_forward(c->supervise, sig);
		break;
	default:
		break;
	}
}

static void on_input(struct clients *c, struct slot *slot, bool gone)
{
	int index = (int)(slot - c->slots);
	char ignored;
	long n;

	if (input_busy(&c->input)) {
		if (gone) /* nobody waits for it; what comes after it may matter */
			raw_receive(slot->fd, &ignored, 1);
		else
			slot->held = true;
		return;
	}
	n = raw_receive(slot->fd, c->input.data, sizeof(c->input.data));
	if (n <= 0)
		return;
	if (c->input.data[0] == ATTACH_END)
		input_end(&c->input, index);
	else
		input_packet(&c->input, index, (unsigned int)n);
	clients_flush_input(c);
}

static void receive(struct clients *c, struct slot *slot, bool gone)
{
	char packet[8];
	long n = raw_peek(slot->fd, packet, sizeof(packet));

	if (n == -EAGAIN || n == -EINTR || n == -ECONNRESET)
		return;
	if (n <= 0) {
		drop(c, slot);
	} else if (packet[0] == ATTACH_INPUT || packet[0] == ATTACH_END) {
		on_input(c, slot, gone);
	} else {
		raw_receive(slot->fd, packet, sizeof(packet));
		on_packet(c, slot, packet, n);
	}
}

void clients_fill(const struct clients *c, struct pollfd *fds)
{
	for (int i = 0; i < MONITOR_CLIENTS; i++) {
		const struct slot *slot = &c->slots[i];
		int events = slot->held ? 0 : POLLIN;

		if (slot->waiting || slot->taken)
			events |= POLLOUT;
		fds[i] = (struct pollfd){.fd = slot->fd, .events = (short)events};
	}
}

void clients_serve(struct clients *c, const struct pollfd *fds)
{
	for (int i = 0; i < MONITOR_CLIENTS; i++) {
		struct slot *slot = &c->slots[i];
		int events = fds[i].revents;

		if (!events || slot->fd != fds[i].fd)
			continue;
		if (events & (POLLOUT | POLLERR | POLLHUP))
			send_waiting(c, slot);
		if (events & (POLLIN | POLLERR | POLLHUP))
			receive(c, slot, events & POLLHUP);
	}
}

/* The socket's folder is ours alone, but a descriptor may have got about. */
static bool is_ours(int fd)
{
	struct raw_ucred peer = {0};
	unsigned int size = sizeof(peer);

	return raw_call(__NR_getsockopt, fd, sol_socket, so_peercred, (long)&peer, (long)&size,
			0) == 0 &&
	       peer.uid == (unsigned int)raw_call3(__NR_geteuid, 0, 0, 0);
}

void clients_accept(struct clients *c, int listen_fd)
{
	static const char refused[] = {ATTACH_REFUSED};
	int fd = (int)raw_call(__NR_accept4, listen_fd, 0, 0, O_CLOEXEC | O_NONBLOCK, 0, 0);

	if (fd < 0)
		return;
	for (int i = 0; i < MONITOR_CLIENTS && is_ours(fd); i++) {
		if (c->slots[i].fd >= 0)
			continue;
		take_in(&c->slots[i], fd);
		return;
	}
	raw_send(fd, refused, sizeof(refused));
	raw_close(fd);
}

/* ---- the end ---- */

void clients_spool_begin(struct clients *c)
{
	bool any = false, rest = clients_wait(c);
	long result;

	for (int i = 0; i < MONITOR_CLIENTS; i++)
		any |= c->slots[i].fd >= 0;
	if (!any)
		return;
	result = raw_call(__NR_mmap, 0, SPOOL_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	c->spool = result < 0 ? NULL : (char *)result;
	if (!rest)
		return;
	clients_spool(c); /* first what some have got already */
	for (int i = 0; i < MONITOR_CLIENTS; i++) {
		if (!c->slots[i].waiting)
			c->slots[i].at = c->spool_len;
	}
}

/* A record of the spool: two bytes of length, then the packet. */
void clients_spool(struct clients *c)
{
	uint16_t len = (uint16_t)c->out_len;

	if (!c->spool || c->spool_len + sizeof(len) + len > SPOOL_SIZE)
		return;
	__builtin_memcpy(c->spool + c->spool_len, &len, sizeof(len));
	__builtin_memcpy(c->spool + c->spool_len + sizeof(len), c->out, len);
	c->spool_len += (uint32_t)sizeof(len) + len;
}

/* Returns whether it has everything. */
static bool send_rest(struct clients *c, struct slot *slot, const char *last, size_t last_size)
{
	uint16_t len;

	while (slot->at < c->spool_len) {
		__builtin_memcpy(&len, c->spool + slot->at, sizeof(len));
		if (!send_packet(slot, c->spool + slot->at + sizeof(len), len))
			return false;
		slot->at += (uint32_t)sizeof(len) + len;
	}
	return send_packet(slot, last, last_size);
}

void clients_end(struct clients *c, int status, int signal)
{
	const struct attach_exit end = {status, signal};
	char last[1 + sizeof(end)];
	struct pollfd fds[MONITOR_CLIENTS];

	last[0] = ATTACH_EXIT;
	__builtin_memcpy(last + 1, &end, sizeof(end));
	for (;;) {
		bool left = false;

		for (int i = 0; i < MONITOR_CLIENTS; i++) {
			struct slot *slot = &c->slots[i];

			slot->owner = false;
			if (slot->fd >= 0 && send_rest(c, slot, last, sizeof(last)))
				drop(c, slot);
			left |= slot->fd >= 0;
			fds[i] = (struct pollfd){.fd = slot->fd, .events = POLLOUT};
		}
		if (!left)
			return;
		raw_ppoll(fds, MONITOR_CLIENTS, NULL);
	}
}
