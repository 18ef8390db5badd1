/* The monitor's side of attach.h: who is attached, and what each has yet to get. Freestanding.
 *
 * While the container lives there is one packet of output at a time, and no new one is read from
 * the container before every client has it: a slow client slows the container down, as a terminal
 * does. When the container has ended, what is left of its output is spooled in memory, so that log,
 * exit record and removal wait for nobody; then each client gets its rest at its own pace.
 */
#ifndef ROOTLET_INIT_CLIENTS_H
#define ROOTLET_INIT_CLIENTS_H

#include "init/attach.h"
#include "init/input.h"
#include "init/monitor.h"

struct pollfd;

struct slot {
	int fd;	      /* -1: free */
	bool owner;   /* the container ends with it */
	bool resized; /* its first window size came */
	bool mute;    /* takes nothing any more; what it sent is still read */
	bool waiting; /* has not got the packet in `out` */
	bool taken;   /* is owed ATTACH_TAKEN */
	bool held;    /* its next packet is input, and another's is in the way */
	uint32_t at;  /* its place in the spool */
};

struct clients {
	struct supervise *supervise;
	int terminal_fd;
	struct slot slots[MONITOR_CLIENTS];
	struct input input;
	char *spool;
	uint32_t spool_len;
	unsigned int out_len;
	char out[ATTACH_PACKET]; /* type byte, then what was read */
};

void clients_begin(struct clients *c, struct monitor *m);

/* One entry a slot into fds. */
void clients_fill(const struct clients *c, struct pollfd *fds);
void clients_serve(struct clients *c, const struct pollfd *fds);
void clients_accept(struct clients *c, int listen_fd);
void clients_flush_input(struct clients *c);

/* Some client has not got `out` yet: read nothing more. */
bool clients_wait(const struct clients *c);
/* Send `out`, which has out_len bytes. */
void clients_send(struct clients *c);

/* At the end: put `out` in the spool instead of sending it. */
void clients_spool_begin(struct clients *c);
void clients_spool(struct clients *c);
/* Send the spool and the exit, and wait until every client has it or is gone. */
void clients_end(struct clients *c, int status, int signal);

#endif
