/* The attach protocol, and the client that speaks it: the terminal's side of `run -t`, `exec -t`
 * and `attach`.
 *
 * One packet of a SOCK_SEQPACKET socket is one type byte and its data. Monitor and client come from
 * the same build: the socket is no public interface.
 *
 * Input has a window of one packet: a client sends ATTACH_INPUT or ATTACH_END, then waits for
 * ATTACH_TAKEN before the next (but for the last before ATTACH_DETACH). So a container that does
 * not read never keeps the client's other packets (detach, signal, size) waiting.
 */
#ifndef ROOTLET_INIT_ATTACH_H
#define ROOTLET_INIT_ATTACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ATTACH_DATA = 8191, /* most bytes after the type byte */
	ATTACH_PACKET = ATTACH_DATA + 1,
	ATTACH_KEYS = 16,  /* longest detach sequence */
	ATTACH_LOST = 125, /* the client's status when the connection ends without ATTACH_EXIT */
};

enum attach_type {
	/* client → monitor */
	ATTACH_INPUT = 1, /* bytes */
	ATTACH_END,	  /* end of input */
	ATTACH_SIZE,	  /* struct attach_size */
	ATTACH_DETACH,	  /* I leave, the container goes on */
	ATTACH_SIGNAL, /* two bytes: its number; 1 when it is for the whole group (a terminal's) */

	/* monitor → client */
	ATTACH_STDOUT = 16, /* bytes */
	ATTACH_STDERR,	    /* bytes */
	ATTACH_TAKEN,	    /* the last input is with the container: send more */
	ATTACH_EXIT,	    /* struct attach_exit; nothing follows */
	ATTACH_REFUSED,	    /* MONITOR_CLIENTS are here already; nothing follows */
};

struct attach_size {
	uint16_t rows, cols;
};

struct attach_exit {
	int32_t status, signal; /* signal: what killed the command, or 0 */
};

#define CLIENT_NAME "rootlet-attach"

struct client {
	int socket_fd;	/* connected to the monitor */
	bool tty;	/* the container has a terminal: raw mode, window size, detach keys */
	bool no_stdin;	/* read nothing; the container's input stays open */
	bool sig_proxy; /* signals to the client are for the container; not with tty: there Ctrl-C
			 * is a byte, and what other processes send is for the client */
	const unsigned char *detach_keys; /* NULL: there are none */
	unsigned int detach_count;	  /* at most ATTACH_KEYS */
};

/* Decimal arguments of the client; then the bytes of the detach sequence, each as one. */
#define CLIENT_FIELDS(FIELD)                                                                       \
	FIELD(socket_fd)                                                                           \
	FIELD(tty)                                                                                 \
	FIELD(no_stdin)                                                                            \
	FIELD(sig_proxy)

#define CLIENT_ONE(name) +1 /* NOLINT(bugprone-macro-parentheses): terms of a sum */
enum { CLIENT_NUMBERS = 0 CLIENT_FIELDS(CLIENT_ONE) };

/* Become the client: descriptors 0 to 2 and socket_fd are kept, every other one is closed; the
 * environment is left behind. It exits with the container's status, 0 after a detach, ATTACH_LOST
 * when the monitor is gone, or dies by the signal that ended it. Returns only when it cannot, with
 * -errno: then exit with client_run. */
int client_exec(const struct client *c);

/* The same in place. For a process with one thread. Returns the exit status; does not return when a
 * signal ends the client. Signal mask and terminal are as they were. */
int client_run(const struct client *c);

#endif
