/* What both drawings share: headings, words for ids, and the picture of an id map. */
#include "explain/draw.h"

#include <errno.h>
#include <stdio.h>

enum { MAP_ROWS = 12, MAP_LEFT = 7, MAP_BRIDGE = 24 };

size_t draw_title(struct canvas *c, size_t row, const char *title)
{
	size_t column;

	canvas_line(c, row, 0, 2);
	column = canvas_put(c, row, 3, STYLE_TITLE, title);
	canvas_line(c, row, column + 1, c->width);
	return row + 1;
}

struct words word_user(const char *passwd, uint32_t uid)
{
	struct words w;
	char name[64];

	if (passwd && users_name(passwd, uid, name, sizeof(name)))
		snprintf(w.text, sizeof(w.text), "%u (%s)", uid, name);
	else
		snprintf(w.text, sizeof(w.text), "%u", uid);
	return w;
}

struct words word_range(uint32_t first, uint32_t count)
{
	struct words w;

	if (count == 1)
		snprintf(w.text, sizeof(w.text), "%u", first);
	else
		snprintf(w.text, sizeof(w.text), "%u-%llu", first,
			 (unsigned long long)first + count - 1);
	return w;
}

const char *word_error(int error)
{
	switch (error) {
	case -EACCES:
	case -EPERM:
		return "not readable for you";
	case -ENOENT:
		return "this kernel has none";
	case -ENOTTY:
		return "this kernel does not say";
	case -ESRCH:
		return "gone";
	case -ENODATA:
		return "out of your sight";
	default:
		return "not readable";
	}
}

static struct words right_words(const struct map_picture *p, const struct id_extent *e, bool hidden)
{
	struct words w;

	if (!hidden && e->count == 1)
		return word_user(p->passwd, e->outside);
	if (!hidden)
		return word_range(e->outside, e->count);
	snprintf(w.text, sizeof(w.text), "not an id of yours");
	return w;
}

/* Line i of what is mapped and then of what is hidden. */
static const struct id_extent *line_of(const struct shown_map *m, size_t i, bool *ret_hidden)
{
	*ret_hidden = i >= m->map.count;
	return *ret_hidden ? &m->hidden.extents[i - m->map.count] : &m->map.extents[i];
}

static void widths(const struct map_picture *p, size_t count, size_t *ret_left, size_t *ret_right)
{
	for (size_t i = 0; i < count; i++) {
		bool hidden;
		const struct id_extent *e = line_of(p->map, i, &hidden);
		size_t left = canvas_columns(word_range(e->inside, e->count).text) + 4;
		size_t right = canvas_columns(right_words(p, e, hidden).text) + 4;

		*ret_left = left > *ret_left ? left : *ret_left;
		*ret_right = right > *ret_right ? right : *ret_right;
	}
}

static void draw_range(struct canvas *c, size_t row, const struct map_picture *p, size_t i,
		       size_t bridge, size_t right)
{
	bool hidden;
	const struct id_extent *e = line_of(p->map, i, &hidden);

	canvas_put(c, row, MAP_LEFT + 2, STYLE_INSIDE, word_range(e->inside, e->count).text);
	canvas_put(c, row, right + 2, hidden ? STYLE_DIM : STYLE_HERE,
		   right_words(p, e, hidden).text);
	canvas_char(c, row, bridge, STYLE_LINE, 0x251c);
	canvas_line(c, row, bridge + 1, right);
	canvas_char(c, row, right, STYLE_LINE, 0x2524);
}

size_t draw_map(struct canvas *c, size_t row, const struct map_picture *p)
{
	size_t count = p->map->map.count + p->map->hidden.count;
	size_t shown = count > MAP_ROWS ? MAP_ROWS - 1 : count;
	size_t left = canvas_columns(p->left), right = canvas_columns(p->right), bridge, at;

	widths(p, shown, &left, &right);
	bridge = MAP_LEFT + left - 1;
	at = bridge + 1 + MAP_BRIDGE;
	if (at + right > c->width)
		at = c->width > right + bridge + 4 ? c->width - right : bridge + 4;
	canvas_put(c, row, MAP_LEFT, STYLE_DIM, p->left);
	canvas_put(c, row++, at, STYLE_DIM, p->right);
	canvas_box(c, row, MAP_LEFT, shown + 2, left);
	canvas_box(c, row, at, shown + 2, right);
	canvas_put(c, row + 1, 2, STYLE_TITLE, p->label);
	for (size_t i = 0; i < shown; i++)
		draw_range(c, row + 1 + i, p, i, bridge, at);
	row += shown + 2;
	if (shown < count)
		canvas_printf(c, row++, MAP_LEFT, STYLE_DIM, "and %zu more lines", count - shown);
	return row;
}

void add_map_lines(const struct idmap *map, struct buffer *b)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct id_extent *e = &map->extents[i];

		if (i == MAP_ROWS) {
			buffer_printf(b, " · and %zu more", map->count - i);
			break;
		}
		buffer_printf(b, "%s%u %u %u", i ? " · " : "", e->inside, e->outside, e->count);
	}
	if (!map->count)
		buffer_puts(b, "empty: nothing is mapped");
}
