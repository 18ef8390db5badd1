/* A command on a pseudo terminal: what a user types, what the screen shows. */
#ifndef ROOTLET_TESTS_SCREEN_H
#define ROOTLET_TESTS_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct pty {
	int fd;
	pid_t pid;
	size_t used, seen; /* of text; what was matched already */
	char text[1 << 16];
};

/* A session leader with that terminal as its own; ROWS × COLUMNS. */
void pty_start(struct pty *p, const char *const *argv, unsigned short rows, unsigned short columns);
void pty_type(struct pty *p, const char *keys);
void pty_resize(struct pty *p, unsigned short rows, unsigned short columns);

/* Until this appears after what was matched before; false after ten seconds. */
bool pty_shows(struct pty *p, const char *text);

/* Hangs up, waits (and kills after a while); the exit status. */
int pty_end(struct pty *p);

#define expect_shows(p, wanted)                                                                    \
	do {                                                                                       \
		if (!pty_shows(p, wanted))                                                         \
			fail_msg("the screen lacks \"%s\"; it shows:\n%s", wanted, (p)->text);     \
	} while (0)

#endif
