/* Writing into the container's stdin; see input.h. */
#include "init/input.h"

#include <asm/termbits.h>

#include "init/nolibc.h"

void input_begin(struct input *in, int fd, bool tty)
{
	in->fd = fd;
	in->tty = tty;
	in->from = INPUT_NOBODY;
	in->end = false;
	in->in_line = false;
	in->at = in->len = 0;
}

bool input_busy(const struct input *in)
{
	return in->from != INPUT_NOBODY;
}

bool input_wants(const struct input *in)
{
	return in->fd >= 0 && in->at < in->len;
}

void input_packet(struct input *in, int from, unsigned int size)
{
	in->from = from;
	in->at = 1;
	in->len = size;
}

/* In canonical mode VEOF ends a line that has begun, and only at its start the input (termios(3)):
 * an unfinished last line takes two of them. In raw mode the program gets the byte, as if ^D had
 * been typed. */
static unsigned int add_veof(struct input *in)
{
	struct termios t;
	char veof = 4;
	bool canonical = false;

	if (raw_ioctl(in->fd, TCGETS, &t) == 0) {
		canonical = t.c_lflag & ICANON;
		if (canonical)
			veof = (char)t.c_cc[VEOF];
	}
	in->data[1] = in->data[2] = veof;
	return canonical && in->in_line ? 3 : 2;
}

void input_end(struct input *in, int from)
{
	in->from = from;
	in->at = 1;
	in->len = 1;
	if (in->fd < 0)
		return;
	if (in->tty) {
		in->len = add_veof(in);
		in->in_line = false;
	} else {
		in->end = true;
	}
}

static int done(struct input *in)
{
	int from = in->from;

	if (in->end) {
		raw_close(in->fd);
		in->fd = -1;
		in->end = false;
	}
	in->at = in->len = 0;
	in->from = INPUT_NOBODY;
	return from;
}

int input_flush(struct input *in)
{
	if (!input_busy(in))
		return INPUT_NOBODY;
	while (input_wants(in)) {
		long n = raw_write(in->fd, in->data + in->at, in->len - in->at);

		if (n == -EAGAIN || n == 0) /* 0: a stopped terminal */
			return INPUT_NOBODY;
		if (n == -EINTR)
			continue;
		if (n < 0) {
			/* nobody reads it any more; a terminal may be opened again */
			in->end = !in->tty;
			break;
		}
		in->at += (unsigned int)n;
		in->in_line = in->data[in->at - 1] != '\n' && in->data[in->at - 1] != '\r';
	}
	return done(in);
}
