/* The client's own terminal; see screen.h. */
#include "init/screen.h"

#include <asm/termios.h>

#include "init/nolibc.h"

void screen_begin(struct screen *s)
{
	s->raw = false;
	s->is_terminal = raw_ioctl(0, TCGETS, &s->saved) == 0;
}

/* After a stop that we could not catch the terminal may be somebody else's settings over ours: then
 * `saved` is still what was there before us. */
void screen_raw(struct screen *s)
{
	struct termios t;

	if (!s->is_terminal || (!s->raw && raw_ioctl(0, TCGETS, &s->saved) < 0))
		return;
	t = s->saved;
	t.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
	t.c_oflag &= ~(tcflag_t)OPOST;
	t.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	t.c_cflag &= ~(tcflag_t)(CSIZE | PARENB);
	t.c_cflag |= CS8;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	s->raw = raw_ioctl(0, TCSETS, &t) == 0;
}

/* At once: waiting for the output to be shown (TCSETSW) could take for ever on a stopped terminal.
 */
void screen_restore(struct screen *s)
{
	if (s->raw)
		raw_ioctl(0, TCSETS, &s->saved);
	s->raw = false;
}

/* A terminal that is not our controlling one (ENOTTY) has no job control for us. */
bool screen_background(const struct screen *s)
{
	int group = 0;

	return s->is_terminal && raw_ioctl(0, TIOCGPGRP, &group) == 0 && group != raw_getpgid(0);
}

bool screen_size(struct attach_size *ret_size)
{
	struct winsize size;

	for (int fd = 0; fd < 3; fd++) {
		if (raw_ioctl(fd, TIOCGWINSZ, &size) == 0) {
			ret_size->rows = size.ws_row;
			ret_size->cols = size.ws_col;
			return true;
		}
	}
	return false;
}
