/* Signals that ask this process to end while it has them blocked: whoever waits long looks for them
 * beside what it waits for. */
#ifndef ROOTLET_LIFE_INTERRUPT_H
#define ROOTLET_LIFE_INTERRUPT_H

/* A descriptor that can be read once such a signal has come; -1: none is blocked, they do what they
 * always do. Those that the caller ignores are no such signals. */
int interrupt_open(void);
/* Which it was: it counts as delivered. 0: none. */
int interrupt_take(int fd);

#endif
