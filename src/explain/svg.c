/* The grid as one self-contained SVG: no scripts, no fonts from elsewhere, its own background.
 *
 * Lines are drawn as paths, not as characters, so that they meet whatever the font; every run of
 * text carries its length, so that columns stand even where the font's widths differ. */
#include "explain/canvas.h"

#include <stdio.h>

/* In tenths of a pixel. */
enum { CELL_WIDTH = 84, CELL_HEIGHT = 190, MARGIN = 200, BASELINE = 140 };

enum { LEFT = 1, RIGHT = 2, UP = 4, DOWN = 8 };

static const struct {
	const char *color;
	bool bold;
} looks[STYLE_COUNT] = {
	[STYLE_PLAIN] = {"#1f2328", false}, [STYLE_TITLE] = {"#1f2328", true},
	[STYLE_DIM] = {"#57606a", false},   [STYLE_INSIDE] = {"#0a5aa8", true},
	[STYLE_HERE] = {"#8a3b00", true},   [STYLE_GOOD] = {"#116329", true},
	[STYLE_BAD] = {"#a40e26", true},    [STYLE_LINE] = {"#57606a", false},
};

/* Where the arms of a line character lead; 0: it is text. */
static int arms(uint32_t code)
{
	switch (code) {
	case 0x2500:
		return LEFT | RIGHT;
	case 0x2502:
		return UP | DOWN;
	case 0x250c:
		return RIGHT | DOWN;
	case 0x2510:
		return LEFT | DOWN;
	case 0x2514:
		return UP | RIGHT;
	case 0x2518:
		return UP | LEFT;
	case 0x251c:
		return UP | DOWN | RIGHT;
	case 0x2524:
		return UP | DOWN | LEFT;
	default:
		return 0;
	}
}

static const struct cell *cell_at(const struct canvas *c, size_t row, size_t column)
{
	return &c->cells[row * c->width + column];
}

static int left_of(size_t column)
{
	return MARGIN + (int)column * CELL_WIDTH;
}

static int top_of(size_t row)
{
	return MARGIN + (int)row * CELL_HEIGHT;
}

static void number(struct buffer *b, int tenths)
{
	buffer_printf(b, "%d.%d", tenths / 10, tenths % 10);
}

/* M x y and one stroke: `h` or `v` and its length. */
static void stroke(struct buffer *b, int x, int y, char direction, int length)
{
	buffer_puts(b, "M");
	number(b, x);
	buffer_puts(b, " ");
	number(b, y);
	buffer_printf(b, "%c", direction);
	number(b, length);
}

static void row_strokes(const struct canvas *c, size_t row, struct buffer *b)
{
	int y = top_of(row) + CELL_HEIGHT / 2;

	for (size_t x = 0; x < c->width; x++) {
		int a = arms(cell_at(c, row, x)->code), from, to;

		if (!(a & (LEFT | RIGHT)))
			continue;
		from = left_of(x) + (a & LEFT ? 0 : CELL_WIDTH / 2);
		while ((a & RIGHT) && x + 1 < c->width && arms(cell_at(c, row, x + 1)->code) & LEFT)
			a = arms(cell_at(c, row, ++x)->code);
		to = left_of(x) + (a & RIGHT ? CELL_WIDTH : CELL_WIDTH / 2);
		stroke(b, from, y, 'h', to - from);
	}
}

static void column_strokes(const struct canvas *c, size_t column, struct buffer *b)
{
	int x = left_of(column) + CELL_WIDTH / 2;

	for (size_t y = 0; y < c->height; y++) {
		int a = arms(cell_at(c, y, column)->code), from, to;

		if (!(a & (UP | DOWN)))
			continue;
		from = top_of(y) + (a & UP ? 0 : CELL_HEIGHT / 2);
		while ((a & DOWN) && y + 1 < c->height &&
		       arms(cell_at(c, y + 1, column)->code) & UP)
			a = arms(cell_at(c, ++y, column)->code);
		to = top_of(y) + (a & DOWN ? CELL_HEIGHT : CELL_HEIGHT / 2);
		stroke(b, x, from, 'v', to - from);
	}
}

static void add_code(struct buffer *b, uint32_t code)
{
	if (code == '<')
		buffer_puts(b, "&lt;");
	else if (code == '>')
		buffer_puts(b, "&gt;");
	else if (code == '&')
		buffer_puts(b, "&amp;");
	else if (code < 0x80)
		buffer_printf(b, "%c", (int)code);
	else
		buffer_printf(b, "&#%u;", code); /* decimal: every reader knows it */
}

static bool is_text(const struct cell *cell)
{
	return cell->code && !arms(cell->code);
}

static bool is_blank(const struct canvas *c, size_t row, size_t column)
{
	const struct cell *cell;

	if (column >= c->width)
		return true;
	cell = cell_at(c, row, column);
	return !is_text(cell) || cell->code == ' ';
}

/* One run of one style, up to two blanks. Returns the column after it. */
static size_t add_run(const struct canvas *c, size_t row, size_t from, struct buffer *b)
{
	enum style style = cell_at(c, row, from)->style;
	size_t to = from;

	while (to < c->width && is_text(cell_at(c, row, to)) &&
	       (cell_at(c, row, to)->style == style) &&
	       !(is_blank(c, row, to) && is_blank(c, row, to + 1)))
		to++;
	while (to > from + 1 && is_blank(c, row, to - 1))
		to--;
	buffer_puts(b, "<text x=\"");
	number(b, left_of(from));
	buffer_puts(b, "\" y=\"");
	number(b, top_of(row) + BASELINE);
	buffer_printf(b, "\" class=\"s%d\" textLength=\"", (int)style);
	number(b, (int)(to - from) * CELL_WIDTH);
	buffer_puts(b, "\" lengthAdjust=\"spacingAndGlyphs\">");
	for (size_t x = from; x < to; x++)
		if (cell_at(c, row, x)->code != CELL_WIDE_REST)
			add_code(b, cell_at(c, row, x)->code);
	buffer_puts(b, "</text>\n");
	return to;
}

static void add_head(const struct canvas *c, const char *title, struct buffer *b)
{
	int width = 2 * MARGIN + (int)c->width * CELL_WIDTH;
	int height = 2 * MARGIN + (int)c->height * CELL_HEIGHT;

	buffer_printf(b,
		      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		      "viewBox=\"0 0 %d %d\" role=\"img\">\n<title>",
		      width / 10, height / 10, width / 10, height / 10);
	for (; *title; title++)
		add_code(b, (unsigned char)*title < 0x80 && *title >= ' ' ? (unsigned char)*title
									  : '?');
	buffer_puts(b, "</title>\n<style>text{font:14px \"DejaVu Sans Mono\",Menlo,Consolas,"
		       "\"Liberation Mono\",monospace;white-space:pre}");
	for (int i = 0; i < STYLE_COUNT; i++)
		buffer_printf(b, ".s%d{fill:%s%s}", i, looks[i].color,
			      looks[i].bold ? ";font-weight:bold" : "");
	/* The edge shows on white, the ground on black. */
	buffer_printf(b,
		      "</style>\n<rect x=\"0.5\" y=\"0.5\" width=\"%d\" height=\"%d\" rx=\"8\" "
		      "fill=\"#ffffff\" stroke=\"#8c959f\"/>\n",
		      width / 10 - 1, height / 10 - 1);
}

void canvas_svg(const struct canvas *c, const char *title, struct buffer *b)
{
	if (c->failed)
		b->failed = true;
	if (b->failed || !c->height)
		return;
	add_head(c, title, b);
	buffer_puts(b, "<path fill=\"none\" stroke=\"#6e7781\" stroke-width=\"1.2\" "
		       "stroke-linecap=\"square\" d=\"");
	for (size_t y = 0; y < c->height; y++)
		row_strokes(c, y, b);
	for (size_t x = 0; x < c->width; x++)
		column_strokes(c, x, b);
	buffer_puts(b, "\"/>\n");
	for (size_t y = 0; y < c->height; y++)
		for (size_t x = 0; x < c->width;)
			x = is_blank(c, y, x) ? x + 1 : add_run(c, y, x, b);
	buffer_puts(b, "</svg>\n");
}
