/* A demonstration on a terminal. Colour, width and line characters are as the terminal has them;
 * what is inside and what is the host's has its word beside its colour. Nothing is run here. */
#include "cli/demo/demo.h"

#include "base/fd.h"
#include "base/tint.h"
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { INDENT = 4, WIDEST = 88, NARROWEST = 40, COLUMNS_MAX = 5, CELL = 160 };

static bool utf8_locale(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
	const char *value;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		value = getenv(names[i]);
		if (value && *value)
			return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
	}
	return false;
}

void show_setup(struct show *show, bool on, bool pause)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size = {0};

	*show = (struct show){.on = on, .pause = on && pause, .color = message_color(1)};
	show->unicode = utf8_locale();
	if (ioctl(1, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		show->width = size.ws_col;
	else
		show->width = columns ? (int)strtol(columns, NULL, 10) : 80;
	if (show->width <= 0)
		show->width = 80;
	if (show->width > WIDEST)
		show->width = WIDEST;
	if (show->width < NARROWEST)
		show->width = NARROWEST;
}

static const char *on(const struct show *show, const char *sgr)
{
	static char codes[4][16];
	static unsigned next;
	char *code = codes[next++ % 4];

	if (!show->color)
		return "";
	snprintf(code, sizeof(codes[0]), "\033[%sm", sgr);
	return code;
}

static const char *off(const struct show *show)
{
	return show->color ? "\033[0m" : "";
}

/* Blocks of one kind stand together, different ones apart. */
enum block { BLOCK_NONE, BLOCK_WORDS, BLOCK_OUTPUT, BLOCK_CHECK };
static enum block last_block;

static void gap(enum block block)
{
	if (block != last_block && last_block != BLOCK_NONE)
		putchar('\n');
	last_block = block;
}

static void spaces(int n)
{
	printf("%*s", n, "");
}

void show_wrapped(const char *lead, int indent, int width, const char *text)
{
	int column = indent;
	size_t word;

	fputs(lead, stdout);
	for (const char *p = text; *p; p += word) {
		p += strspn(p, " \n");
		word = strcspn(p, " \n");
		if (word == 0)
			break;
		if (column > indent && column + 1 + (int)word > width) {
			putchar('\n');
			spaces(indent);
			column = indent;
		} else if (column > indent) {
			putchar(' ');
			column++;
		}
		fwrite(p, 1, word, stdout);
		column += (int)word;
	}
	putchar('\n');
}

static void rule_line(const struct show *show, int n)
{
	fputs(on(show, TINT_DIM), stdout);
	while (n-- > 0)
		fputs(show->unicode ? "─" : "-", stdout);
	printf("%s\n", off(show));
}

void show_title(const struct show *show, const struct demo *demo)
{
	const struct item *about = demo_find(demo, 0, ITEM_ABOUT);

	if (!show->on)
		return;
	printf("\n%s%s%s\n", on(show, TINT_BOLD), demo_title(demo), off(show));
	rule_line(show, (int)strlen(demo_title(demo)));
	if (about)
		show_wrapped("", 0, show->width, about->text);
}

void show_step(const struct show *show, int number, const char *text)
{
	if (show->on)
		printf("\n%s%2d  %s%s\n", on(show, TINT_BOLD), number, text, off(show));
	last_block = BLOCK_NONE;
}

void show_words(const struct show *show, const char *text)
{
	if (!show->on)
		return;
	gap(BLOCK_WORDS);
	show_wrapped("    ", INDENT, show->width, text);
}

void show_ask(const struct show *show, const char *text)
{
	char lead[48];

	if (!show->on)
		return;
	last_block = BLOCK_WORDS;
	snprintf(lead, sizeof(lead), "\n  %s?%s %s", on(show, TINT_BOLD_ASK), off(show),
		 on(show, TINT_BOLD));
	show_wrapped(lead, INDENT, show->width, text);
	fputs(off(show), stdout);
}

/* As it can be typed: no line is broken where the shell would not go on. */
void show_command(const struct show *show, const char *command, bool background)
{
	const char *line = command, *end;

	if (!show->on)
		return;
	putchar('\n');
	last_block = BLOCK_OUTPUT;
	for (; line; line = end ? end + 1 : NULL) {
		end = strchr(line, '\n');
		printf("  %s %s%.*s%s%s\n", line == command ? "$" : ">", on(show, TINT_BOLD),
		       end ? (int)(end - line) : (int)strlen(line), line,
		       background && !end ? " &" : "", off(show));
	}
}

static const char *side_word(enum item_kind side)
{
	return side == ITEM_INSIDE ? "inside" : side == ITEM_HOST ? "host  " : "both  ";
}

/* Output may hold anything: what is no text must not reach the terminal. */
static void print_clean(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		putchar(c < 0x20 || c == 0x7f ? (c == '\t' ? ' ' : '?') : c);
	}
}

/* Blanks at a line's end, as columns have them, take no room. */
static size_t trimmed_length(const char *text, size_t len)
{
	while (len > 0 && text[len - 1] == ' ')
		len--;
	return len;
}

/* How much of a line is printed at once: all of it, or up to the last blank that fits. A word that
 * is longer than the room (a path, a hash) is cut. */
static size_t piece_length(const char *text, size_t len, size_t room)
{
	size_t n = room;

	if (trimmed_length(text, len) <= room)
		return len;
	while (n > 0 && text[n] != ' ')
		n--;
	/* Blanks at the front are a column's: breaking there would print an empty line. */
	return trimmed_length(text, n) > 0 ? n : room;
}

void show_output(const struct show *show, enum item_kind side, const char *text)
{
	size_t room = (size_t)(show->width - INDENT - 9), len, line;
	const char *sgr = side == ITEM_INSIDE ? TINT_INSIDE
			  : side == ITEM_HOST ? TINT_HOST
					      : TINT_DIM;
	const char *end = text + strlen(text);

	if (!show->on)
		return;
	while (end > text && strchr(" \n", end[-1]))
		end--;
	for (; text < end; text += len + (text[len] == '\n' || (len < line && text[len] == ' '))) {
		line = strcspn(text, "\n");
		if (line > (size_t)(end - text))
			line = (size_t)(end - text);
		len = piece_length(text, line, room);
		printf("    %s%s %s%s ", on(show, sgr), side_word(side), show->unicode ? "│" : "|",
		       off(show));
		print_clean(text, trimmed_length(text, len));
		putchar('\n');
	}
}

/* "inner_pid = 1", "inner_ns: uts:[2] != uts:[1]" */
static void claim(const struct check *c, struct buffer *out)
{
	if (!c->pass)
		buffer_printf(out, "%s is %s%s%s", c->name, c->value ? c->value : "not there",
			      *c->expected ? ", expected: " : "", c->expected);
	else if (strcmp(c->relation, "=") == 0)
		buffer_printf(out, "%s = %s", c->name, c->expected);
	else
		buffer_printf(out, "%s: %s %s %s", c->name, c->value, c->relation, c->expected);
}

void show_check(const struct show *show, const struct check *check)
{
	const char *mark = show->unicode ? (check->pass ? "✓" : "✗") : check->pass ? "+" : "!";
	AUTO_BUFFER text = {0};
	char lead[48];

	if (!show->on)
		return;
	gap(BLOCK_CHECK);
	if (*check->words)
		buffer_printf(&text, "%s (", check->words);
	claim(check, &text);
	if (*check->words)
		buffer_puts(&text, ")");
	snprintf(lead, sizeof(lead), "  %s%s%s ", on(show, check->pass ? TINT_GOOD : TINT_BOLD_BAD),
		 mark, off(show));
	show_wrapped(lead, INDENT, show->width, text.data ? text.data : check->name);
}

void show_rule(const struct show *show, const char *text)
{
	char lead[48];

	if (!show->on)
		return;
	last_block = BLOCK_WORDS;
	snprintf(lead, sizeof(lead), "\n    %sRule:%s ", on(show, TINT_BOLD_HEAD), off(show));
	show_wrapped(lead, INDENT + 6, show->width, text);
}

void show_note(const struct show *show, const char *text)
{
	char lead[32];

	if (!show->on)
		return;
	gap(BLOCK_WORDS);
	snprintf(lead, sizeof(lead), "%s    ", on(show, TINT_DIM));
	show_wrapped(lead, INDENT, show->width, text);
	fputs(off(show), stdout);
}

void show_footnote(const struct show *show, const char *text)
{
	char lead[32];

	if (!show->on)
		return;
	snprintf(lead, sizeof(lead), "\n%s    ", on(show, TINT_DIM));
	show_wrapped(lead, INDENT, show->width, text);
	fputs(off(show), stdout);
}

void show_wait(const struct show *show, const char *text)
{
	if (!show->pause)
		return;
	putchar('\n');
	if (*text)
		show_wrapped("    ", INDENT, show->width, text);
	printf("    %s[Enter] goes on, q ends%s ", on(show, TINT_DIM), off(show));
	child_pause();
	putchar('\n');
}

struct grid {
	char cells[24][COLUMNS_MAX][CELL];
	int rows, columns;
	bool used[COLUMNS_MAX];
	int width[COLUMNS_MAX];
};

static void grid_row(struct grid *grid, const char *text)
{
	AUTO_FREE char *line = fact_expand(text);
	char *rest = line, *cell;
	int column = 0;

	while (line && grid->rows < 24 && column < COLUMNS_MAX &&
	       (cell = strsep(&rest, "|")) != NULL) {
		cell += strspn(cell, " ");
		cell[strcspn(cell, "\n")] = '\0';
		while (*cell && cell[strlen(cell) - 1] == ' ')
			cell[strlen(cell) - 1] = '\0';
		snprintf(grid->cells[grid->rows][column], CELL, "%s",
			 strchr(cell, '$') ? "" : cell);
		if (grid->rows > 0 && *cell && !strchr(cell, '$'))
			grid->used[column] = true;
		column++;
	}
	if (column > grid->columns)
		grid->columns = column;
	grid->rows++;
}

static void print_grid(const struct show *show, const struct grid *grid)
{
	for (int row = 0; row < grid->rows; row++) {
		int room = INDENT;

		for (int column = 0; column < grid->columns; column++) {
			if (!grid->used[column])
				continue;
			printf("%*s%s%s%s", room, "",
			       on(show, row == 0 || column == 0 ? TINT_BOLD : "0"),
			       grid->cells[row][column], off(show));
			room = grid->width[column] - (int)strlen(grid->cells[row][column]) + 2;
		}
		putchar('\n');
	}
}

/* A column of which nothing is known, such as an absent docker's, is left out. */
void show_table(const struct show *show, const struct demo *demo, size_t at)
{
	struct grid *grid = show->on ? calloc(1, sizeof(*grid)) : NULL;
	int len;

	if (!grid)
		return;
	grid_row(grid, demo->items[at].text);
	for (size_t i = at + 1; i < demo->count && demo->items[i].kind == ITEM_ROW; i++)
		grid_row(grid, demo->items[i].text);
	for (int row = 0; row < grid->rows; row++)
		for (int column = 0; column < grid->columns; column++) {
			len = (int)strlen(grid->cells[row][column]);
			if (len > grid->width[column])
				grid->width[column] = len;
		}
	putchar('\n');
	print_grid(show, grid);
	free(grid);
}

void show_result(const struct show *show, const char *result, const char *reason, int passed,
		 int failed)
{
	if (!show->on)
		return;
	putchar('\n');
	if (strcmp(result, "skipped") == 0)
		printf("%sSkipped:%s %s\n", on(show, TINT_BOLD_ASK), off(show), reason);
	else if (strcmp(result, "stopped") == 0)
		printf("Broken off. Nothing is left behind.\n");
	else if (failed == 0)
		printf("%sAll %d facts are as said.%s\n", on(show, TINT_GOOD), passed, off(show));
	else
		printf("%s%d of %d facts are not as said.%s\n", on(show, TINT_BOLD_BAD), failed,
		       passed + failed, off(show));
	fflush(stdout);
}
