/* The client's own terminal: raw mode and back, window size, foreground. Freestanding. */
#ifndef ROOTLET_INIT_SCREEN_H
#define ROOTLET_INIT_SCREEN_H

#include <asm/termbits.h>
#include <stdbool.h>

#include "init/attach.h"

struct screen {
	bool is_terminal;     /* stdin is one */
	bool raw;	      /* we made it raw; `saved` is what it was */
	struct termios saved; /* as the kernel has it */
};

void screen_begin(struct screen *s);
void screen_raw(struct screen *s);
void screen_restore(struct screen *s);

/* Our group is not the one that has the terminal: reading or changing it is not for us. */
bool screen_background(const struct screen *s);

/* Of the first of stdin, stdout and stderr that is a terminal. */
bool screen_size(struct attach_size *ret_size);

#endif
