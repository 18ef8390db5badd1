/* Columns for people; see table.h. Knows nothing of what it prints. */
#include "term/table.h"

#include "term/paragraph.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { GAP = 3, WIDEST = 1000 };

int table_width(void)
{
	return isatty(1) || getenv("COLUMNS") ? paragraph_width(WIDEST) : 0;
}

/* ---- text ---- */

/* How many bytes of a well-formed character begin here; 0: none, or one of the control characters
 * beyond ASCII (U+0080 to U+009F), which terminals obey too. */
static size_t character(const unsigned char *p)
{
	size_t len = *p < 0x80	 ? 1
		     : *p < 0xc2 ? 0
		     : *p < 0xe0 ? 2
		     : *p < 0xf0 ? 3
		     : *p < 0xf5 ? 4
				 : 0;

	if (len == 1)
		return *p >= 0x20 && *p != 0x7f;
	for (size_t i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if (len == 2 && p[0] == 0xc2 && p[1] < 0xa0)
		return 0;
	return len;
}

char *table_visible(const char *text)
{
	char *out = malloc(strlen(text) * 4 + 1), *to = out;
	const unsigned char *p = (const unsigned char *)text;

	if (!out)
		return NULL;
	while (*p) {
		size_t len = character(p);

		if (len) {
			memcpy(to, p, len);
			to += len;
			p += len;
			continue;
		}
		if (*p == '\n' || *p == '\t')
			to += sprintf(to, "\\%c", *p == '\n' ? 'n' : 't');
		else
			to += sprintf(to, "\\x%02x", *p);
		p++;
	}
	*to = '\0';
	return out;
}

/* ---- rows ---- */

void table_add(struct table *t, const char *const *cells)
{
	char ***rows = t->rows;

	if (t->row_count % 64 == 0)
		rows = realloc(t->rows, (t->row_count + 64) * sizeof(*rows));
	if (!rows) {
		t->failed = true;
		return;
	}
	t->rows = rows;
	rows[t->row_count] = calloc(t->column_count, sizeof(**rows));
	if (!rows[t->row_count]) {
		t->failed = true;
		return;
	}
	for (size_t c = 0; c < t->column_count; c++) {
		rows[t->row_count][c] = table_visible(cells[c]);
		t->failed |= !rows[t->row_count][c];
	}
	t->row_count++;
}

void table_release(struct table *t)
{
	for (size_t r = 0; r < t->row_count; r++) {
		for (size_t c = 0; c < t->column_count; c++)
			free(t->rows[r][c]);
		free(t->rows[r]);
	}
	free(t->rows);
	t->rows = NULL;
	t->row_count = 0;
}

/* ---- widths ---- */

static int wide(const char *text)
{
	return text ? paragraph_columns(text, strlen(text)) : 0;
}

static void natural_widths(const struct table *t, bool titles, int widths[TABLE_COLUMNS])
{
	for (size_t c = 0; c < t->column_count; c++) {
		int most = t->columns[c].most;

		widths[c] = titles ? wide(t->columns[c].title) : 0;
		for (size_t r = 0; r < t->row_count; r++)
			if (wide(t->rows[r][c]) > widths[c])
				widths[c] = wide(t->rows[r][c]);
		if (most && widths[c] > most)
			widths[c] = most;
	}
}

static size_t widest(const struct table *t, bool late, const int widths[TABLE_COLUMNS])
{
	size_t found = t->column_count;

	for (size_t c = 0; c < t->column_count; c++)
		if (t->columns[c].shrinks && t->columns[c].late == late &&
		    widths[c] > t->columns[c].shrinks &&
		    (found == t->column_count || widths[c] > widths[found]))
			found = c;
	return found;
}

/* Take from the widest of those that may shrink, a column at a time, until it fits. */
static void shrink(const struct table *t, int width, int widths[TABLE_COLUMNS])
{
	int sum = ((int)t->column_count - 1) * GAP;

	for (size_t c = 0; c < t->column_count; c++)
		sum += widths[c];
	for (; sum > width; sum--) {
		size_t victim = widest(t, false, widths);

		if (victim == t->column_count)
			victim = widest(t, true, widths);
		if (victim == t->column_count)
			return;
		widths[victim]--;
	}
}

/* ---- printing ---- */

/* The first `columns` characters. */
static int print_start(FILE *f, const char *text, int columns)
{
	const char *p = text;
	int n = 0;

	while (*p && n < columns) {
		p++;
		while (((unsigned char)*p & 0xc0) == 0x80)
			p++;
		n++;
	}
	fwrite(text, 1, (size_t)(p - text), f);
	return n;
}

static int print_cell(FILE *f, const char *text, int width, bool utf8)
{
	const char *dots = utf8 ? "…" : "...";
	int dot_columns = utf8 ? 1 : 3;

	if (wide(text) <= width)
		return print_start(f, text, width);
	print_start(f, text, width > dot_columns ? width - dot_columns : 0);
	fputs(dots, f);
	return width;
}

static void print_row(FILE *f, const struct table *t, char *const *cells, const int *widths,
		      bool utf8)
{
	for (size_t c = 0; c < t->column_count; c++) {
		const char *text = cells[c] ? cells[c] : "";
		bool last = c + 1 == t->column_count;
		int n;

		if (t->columns[c].right)
			fprintf(f, "%*s", wide(text) < widths[c] ? widths[c] - wide(text) : 0, "");
		n = print_cell(f, text, widths[c], utf8);
		if (!last)
			fprintf(f, "%*s",
				(t->columns[c].right || n > widths[c] ? 0 : widths[c] - n) + GAP,
				"");
	}
	fputc('\n', f);
}

void table_print(FILE *f, const struct table *t, int width, bool titles, bool utf8)
{
	int widths[TABLE_COLUMNS];

	natural_widths(t, titles, widths);
	if (width > 0)
		shrink(t, width, widths);
	if (titles) {
		char *cells[TABLE_COLUMNS];

		for (size_t c = 0; c < t->column_count; c++)
			cells[c] = (char *)(uintptr_t)t->columns[c].title;
		print_row(f, t, cells, widths, utf8);
	}
	for (size_t r = 0; r < t->row_count; r++)
		print_row(f, t, t->rows[r], widths, utf8);
}
