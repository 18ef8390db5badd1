/* Text on a terminal: see paragraph.h. Knows nothing of what it prints. */
#include "term/paragraph.h"

#include "base/io.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>

enum { NARROWEST = 40, USUAL = 80 };

int paragraph_width(int most)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size = {0};
	uint64_t n = USUAL;

	if (ioctl(1, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		n = size.ws_col;
	else if (!columns || io_parse_u64(columns, 10000, &n) < 0)
		n = USUAL;
	if (n < NARROWEST)
		n = NARROWEST;
	return n > (uint64_t)most ? most : (int)n;
}

bool paragraph_utf8(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]), *set;

		if (!value || !*value)
			continue;
		set = strchr(value, '.');
		return set && (!strncasecmp(set, ".utf-8", 6) || !strncasecmp(set, ".utf8", 5));
	}
	return false;
}

int paragraph_columns(const char *text, size_t len)
{
	int n = 0;

	for (size_t i = 0; i < len && text[i]; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

static void print_word(FILE *f, const char *word, size_t len, bool utf8)
{
	static const char dots[] = "…";

	for (size_t i = 0; i < len; i++) {
		if (!utf8 && len - i >= 3 && !memcmp(word + i, dots, 3)) {
			fputs("...", f);
			i += 2;
		} else {
			fputc(word[i], f);
		}
	}
}

void paragraph_print(FILE *f, const char *text, int at, int indent, int width)
{
	bool utf8 = paragraph_utf8(), first = true;

	while (*text) {
		size_t len = strcspn(text, " ");
		/* elsewhere each byte takes one, and the three of "…" become three dots */
		int columns = utf8 ? paragraph_columns(text, len) : (int)len;

		if (!first && at + 1 + columns > width) {
			fprintf(f, "\n%*s", indent, "");
			at = indent;
		} else if (!first) {
			fputc(' ', f);
			at++;
		}
		print_word(f, text, len, utf8);
		at += columns;
		first = false;
		text += len;
		text += strspn(text, " ");
	}
	fputc('\n', f);
}
