/* What clients type, on its way into the container: one packet at a time, written as the container
 * takes it. Freestanding. */
#ifndef ROOTLET_INIT_INPUT_H
#define ROOTLET_INIT_INPUT_H

#include <stdbool.h>

#include "init/attach.h"

enum { INPUT_NOBODY = -1 };

struct input {
	int fd; /* where it goes; -1: nowhere, all of it is dropped */
	bool tty;
	int from;	      /* the client whose packet this is, or INPUT_NOBODY */
	bool end;	      /* close it (on a terminal: VEOF) once it is empty */
	bool in_line;	      /* the last byte that was sent ended no line */
	unsigned int at, len; /* what is still to go: data[at..len) */
	char data[ATTACH_PACKET];
};

void input_begin(struct input *in, int fd, bool tty);

/* A packet is in the buffer, or an end is due: no other one may come. */
bool input_busy(const struct input *in);

/* There is something that poll should wait to write. */
bool input_wants(const struct input *in);

/* Take data[1..size) as a packet of `from`, or the end of input. */
void input_packet(struct input *in, int from, unsigned int size);
void input_end(struct input *in, int from);

/* Write what can be written. Returns the client whose packet is done with, or INPUT_NOBODY. */
int input_flush(struct input *in);

#endif
