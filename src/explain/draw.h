/* Inside explain: what both drawings share. */
#ifndef ROOTLET_EXPLAIN_DRAW_H
#define ROOTLET_EXPLAIN_DRAW_H

#include "explain/canvas.h"
#include "explain/explain.h"

/* Below NARROW the tables leave out what does not fit: a number is never cut. */
enum { DRAW_NARROW = 60, DRAW_OWNERS = 72, DRAW_WIDE = 150, DRAW_GAP = 3 };

struct words {
	char text[96];
};

/* ── TITLE ──────; returns the row after it. */
size_t draw_title(struct canvas *c, size_t row, const char *title);
struct words word_user(const char *passwd, uint32_t uid); /* "1001 (dev)" */
struct words word_range(uint32_t first, uint32_t count);  /* "1-65536" */
const char *word_error(int error); /* why something of a process may not be seen */
/* A map as boxes with a line for each range between them. Returns the row after it. */
struct map_picture {
	const char *label, *left, *right; /* headings */
	const struct shown_map *map;
	const char *passwd; /* for names on the right side, or NULL */
};
size_t draw_map(struct canvas *c, size_t row, const struct map_picture *p);
void draw_tree(const struct process_view *v, struct canvas *c);
/* The lines themselves: "0 1001 1 · 1 100000 65536". */
void add_map_lines(const struct idmap *map, struct buffer *b);

#endif
