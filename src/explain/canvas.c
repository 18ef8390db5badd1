/* The grid: writing on it, and printing it as text. See canvas.h; svg.c makes the picture. */
#include "explain/canvas.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/tint.h"

enum { ELLIPSIS = 0x2026, REPLACEMENT = 0xfffd };

static bool need_row(struct canvas *c, size_t row)
{
	size_t room = c->room ? c->room : 32;
	struct cell *cells;

	if (c->failed)
		return false;
	while (room <= row)
		room *= 2;
	if (room > c->room) {
		cells = reallocarray(c->cells, room, c->width * sizeof(*cells));
		if (!cells) {
			c->failed = true;
			return false;
		}
		memset(cells + c->room * c->width, 0, (room - c->room) * c->width * sizeof(*cells));
		c->cells = cells;
		c->room = room;
	}
	if (c->height <= row)
		c->height = row + 1;
	return true;
}

void canvas_char(struct canvas *c, size_t row, size_t column, enum style style, uint32_t code)
{
	if (column < c->width && need_row(c, row))
		c->cells[row * c->width + column] = (struct cell){code, style};
}

/* One code point; REPLACEMENT and one byte for what is no UTF-8. */
static size_t decode(const char *text, uint32_t *ret)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t extra = p[0] < 0x80 ? 0 : p[0] >= 0xf0 ? 3 : p[0] >= 0xe0 ? 2 : 1;
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
	uint32_t code = extra == 0 ? p[0] : p[0] & (0x3fu >> extra);

	*ret = REPLACEMENT;
	if (p[0] >= 0xf8 || (p[0] >= 0x80 && p[0] < 0xc2))
		return 1;
	for (size_t i = 1; i <= extra; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 1;
		code = code << 6 | (p[i] & 0x3fu);
	}
	if (code < least[extra] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 1;
	/* Controls, and what turns or hides the text around it. */
	if (code >= 0x20 && !(code >= 0x7f && code < 0xa0) && !(code >= 0x200b && code < 0x2010) &&
	    !(code >= 0x2028 && code < 0x202f) && !(code >= 0x2060 && code < 0x2070) &&
	    code != 0xfeff && code != 0xfffe && code != 0xffff)
		*ret = code;
	return extra + 1;
}

static bool combining(uint32_t code)
{
	return (code >= 0x300 && code < 0x370) || (code >= 0xfe00 && code < 0xfe10);
}

static bool wide(uint32_t code)
{
	return (code >= 0x1100 && code < 0x1160) || (code >= 0x2e80 && code < 0xa4d0) ||
	       (code >= 0xac00 && code < 0xd7a4) || (code >= 0xf900 && code < 0xfb00) ||
	       (code >= 0xfe30 && code < 0xfe70) || (code >= 0xff00 && code < 0xff61) ||
	       (code >= 0x1f300 && code < 0x1fb00) || (code >= 0x20000 && code < 0x40000);
}

size_t canvas_columns(const char *text)
{
	size_t n = 0;
	uint32_t code;

	while (*text) {
		text += decode(text, &code);
		n += combining(code) ? 0 : wide(code) ? 2 : 1;
	}
	return n;
}

/* An ellipsis in the last column; a wide character that it cuts in two goes. */
static void cut(struct canvas *c, size_t row, enum style style)
{
	size_t last = c->width - 1;

	if (!need_row(c, row))
		return;
	if (last && c->cells[row * c->width + last].code == CELL_WIDE_REST)
		canvas_char(c, row, last - 1, style, ' ');
	canvas_char(c, row, last, style, ELLIPSIS);
}

size_t canvas_put(struct canvas *c, size_t row, size_t column, enum style style, const char *text)
{
	while (*text) {
		uint32_t code;
		size_t size;

		text += decode(text, &code);
		if (combining(code))
			continue;
		size = wide(code) ? 2 : 1;
		if (column + size > c->width) {
			cut(c, row, style);
			return c->width;
		}
		canvas_char(c, row, column, style, code);
		if (size == 2)
			canvas_char(c, row, column + 1, style, CELL_WIDE_REST);
		column += size;
	}
	return column;
}

size_t canvas_printf(struct canvas *c, size_t row, size_t column, enum style style, const char *fmt,
		     ...)
{
	char *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0) {
		c->failed = true;
		return column;
	}
	column = canvas_put(c, row, column, style, text);
	free(text);
	return column;
}

size_t canvas_wrap(struct canvas *c, size_t row, size_t column, enum style style, const char *text)
{
	size_t at = column;

	while (*text) {
		char word[512];
		size_t len = strcspn(text, " ");
		size_t size = len < sizeof(word) ? len : sizeof(word) - 1;

		memcpy(word, text, size);
		word[size] = '\0';
		text += len;
		text += strspn(text, " ");
		if (at > column && at + 1 + canvas_columns(word) > c->width) {
			row++;
			at = column;
		}
		at = canvas_put(c, row, at > column ? at + 1 : at, style, word);
	}
	return row + 1;
}

void canvas_line(struct canvas *c, size_t row, size_t from, size_t to)
{
	for (; from < to; from++)
		canvas_char(c, row, from, STYLE_LINE, 0x2500);
}

void canvas_box(struct canvas *c, size_t row, size_t column, size_t height, size_t width)
{
	size_t right = column + width - 1, bottom = row + height - 1;

	canvas_line(c, row, column + 1, right);
	canvas_line(c, bottom, column + 1, right);
	for (size_t y = row + 1; y < bottom; y++) {
		canvas_char(c, y, column, STYLE_LINE, 0x2502);
		canvas_char(c, y, right, STYLE_LINE, 0x2502);
	}
	canvas_char(c, row, column, STYLE_LINE, 0x250c);
	canvas_char(c, row, right, STYLE_LINE, 0x2510);
	canvas_char(c, bottom, column, STYLE_LINE, 0x2514);
	canvas_char(c, bottom, right, STYLE_LINE, 0x2518);
}

void canvas_copy(struct canvas *to, size_t row, size_t column, const struct canvas *from)
{
	if (from->failed)
		to->failed = true;
	for (size_t y = 0; y < from->height && !from->failed; y++)
		for (size_t x = 0; x < from->width; x++) {
			const struct cell *cell = &from->cells[y * from->width + x];

			if (cell->code)
				canvas_char(to, row + y, column + x, cell->style, cell->code);
			else
				need_row(to, row + y);
		}
}

void canvas_release(struct canvas *c)
{
	free(c->cells);
	*c = (struct canvas){0};
}

/* ---- as text ---- */

static const char *const colors[STYLE_COUNT] = {
	[STYLE_PLAIN] = "0",	       [STYLE_TITLE] = "0;" TINT_BOLD,
	[STYLE_DIM] = "0;" TINT_DIM,   [STYLE_INSIDE] = "0;" TINT_INSIDE,
	[STYLE_HERE] = "0;" TINT_HOST, [STYLE_GOOD] = "0;" TINT_GOOD,
	[STYLE_BAD] = "0;" TINT_BAD,   [STYLE_LINE] = "0;" TINT_DIM,
};

static char plain(uint32_t code)
{
	if (code < 0x80)
		return (char)code;
	switch (code) {
	case 0x2500:
		return '-';
	case 0x2502:
		return '|';
	case 0x2260: /* ≠ */
		return '#';
	case 0x25c0: /* ◀ */
		return '<';
	case 0x00b7: /* · */
		return ',';
	case ELLIPSIS:
		return '~';
	default:
		return code > 0x2500 && code < 0x2580 ? '+' : '?';
	}
}

static void add_code(struct buffer *b, uint32_t code, bool ascii)
{
	char out[4];
	size_t n;

	if (ascii || code < 0x80) {
		out[0] = plain(code);
		n = 1;
	} else if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		n = 2;
	} else if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code & 0x3f));
		n = 3;
	} else {
		out[0] = (char)(0xf0 | code >> 18);
		out[1] = (char)(0x80 | (code >> 12 & 0x3f));
		out[2] = (char)(0x80 | (code >> 6 & 0x3f));
		out[3] = (char)(0x80 | (code & 0x3f));
		n = 4;
	}
	buffer_add(b, out, n);
}

static size_t row_end(const struct canvas *c, size_t row)
{
	size_t end = c->width;

	while (end && (!c->cells[row * c->width + end - 1].code ||
		       c->cells[row * c->width + end - 1].code == ' '))
		end--;
	return end;
}

void canvas_text(const struct canvas *c, bool color, bool ascii, struct buffer *b)
{
	if (c->failed)
		b->failed = true;
	for (size_t y = 0; y < c->height && !c->failed; y++) {
		enum style now = STYLE_PLAIN;
		size_t end = row_end(c, y);

		for (size_t x = 0; x < end; x++) {
			struct cell cell = c->cells[y * c->width + x];

			if (cell.code == CELL_WIDE_REST) {
				if (ascii)
					buffer_puts(b, "?");
				continue;
			}
			if (color && cell.code && cell.code != ' ' && cell.style != now) {
				buffer_printf(b, "\033[%sm", colors[cell.style]);
				now = cell.style;
			}
			if (cell.code)
				add_code(b, cell.code, ascii);
			else
				buffer_puts(b, " ");
		}
		buffer_puts(b, now == STYLE_PLAIN ? "\n" : "\033[0m\n");
	}
}
