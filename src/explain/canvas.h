/* A grid of characters to draw on, and its two ways out: a terminal's text and an SVG picture.
 *
 * One grid for both, so that they are the same picture. Rows appear as they are written to; what
 * does not fit into the width is cut with an ellipsis. Text from outside is made harmless here:
 * control characters and broken UTF-8 never reach the terminal. Errors stick: see canvas_failed. */
#ifndef ROOTLET_EXPLAIN_CANVAS_H
#define ROOTLET_EXPLAIN_CANVAS_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum style {
	STYLE_PLAIN,
	STYLE_TITLE,
	STYLE_DIM,
	STYLE_INSIDE, /* as the container has it */
	STYLE_HERE,   /* as we have it */
	STYLE_GOOD,
	STYLE_BAD,
	STYLE_LINE,
	STYLE_COUNT
};

struct cell {
	uint32_t code; /* 0: nothing; CELL_WIDE_REST: the right half of a wide character */
	enum style style;
};

enum { CELL_WIDE_REST = 0xffffffff };

struct canvas {
	size_t width, height;
	struct cell *cells;
	size_t room; /* rows that are allocated */
	bool failed;
};

/* Writes from (row, column) on; returns the column after it. */
size_t canvas_put(struct canvas *c, size_t row, size_t column, enum style style, const char *text);
size_t canvas_printf(struct canvas *c, size_t row, size_t column, enum style style, const char *fmt,
		     ...) __attribute__((format(printf, 5, 6)));
/* Writes words, going on in the next rows at the same column. Returns the row after the last. */
size_t canvas_wrap(struct canvas *c, size_t row, size_t column, enum style style, const char *text);
void canvas_line(struct canvas *c, size_t row, size_t from, size_t to); /* ──── [from, to) */
void canvas_char(struct canvas *c, size_t row, size_t column, enum style style, uint32_t code);
void canvas_box(struct canvas *c, size_t row, size_t column, size_t height, size_t width);
void canvas_copy(struct canvas *to, size_t row, size_t column, const struct canvas *from);
size_t canvas_columns(const char *text);
void canvas_release(struct canvas *c);

void canvas_text(const struct canvas *c, bool color, bool ascii, struct buffer *b);
void canvas_svg(const struct canvas *c, const char *title, struct buffer *b);

#define AUTO_CANVAS __attribute__((cleanup(canvas_release))) struct canvas

#endif
