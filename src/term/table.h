/* Listings: columns for people, times in words, text that a terminal takes no orders from. */
#ifndef ROOTLET_TERM_TABLE_H
#define ROOTLET_TERM_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { TABLE_COLUMNS = 10 };

struct table_column {
	const char *title;
	bool right;  /* numbers */
	int shrinks; /* its least width when the table is too wide; 0: it never shrinks */
	int most;    /* never wider than this; 0: no bound */
	bool late;   /* shrinks only when the others cannot any more */
};

struct table {
	const struct table_column *columns;
	size_t column_count, row_count;
	char ***rows;
	bool failed;
};

/* A row: column_count strings, which are copied with what a terminal would obey made visible. */
void table_add(struct table *t, const char *const *cells);
/* `width` 0: as wide as it gets. `titles`: with the first line. */
void table_print(FILE *f, const struct table *t, int width, bool titles, bool utf8);
void table_release(struct table *t);

/* Columns of standard output for a listing; 0 when it is no terminal: then nothing is cut. */
int table_width(void);

/* Control characters as \n, \t or \xNN; malloc'd. */
char *table_visible(const char *text);

/* "5 seconds", "About a minute", "3 weeks": as docker and podman have it. */
void age_words(int64_t ns, char *text, size_t size);
/* "2026-11-22T01:02:03.123456789Z" */
void age_stamp(int64_t ns_since_epoch, char *text, size_t size);
/* "2026-11-22T01:02:03.5Z", "2026-11-22T01:02:03", or how long ago: "90", "10s", "5m", "2h", "1d".
 * 0 or -EINVAL. */
int age_parse(const char *text, int64_t now, int64_t *ret);
/* "512 B", "1.5 MB": powers of 1000, as docker has it. */
void size_words(uint64_t bytes, char *text, size_t size);

#endif
