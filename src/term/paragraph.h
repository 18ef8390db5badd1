/* Text on a terminal: its width, its character set, and lines broken between words. For whatever
 * front end prints more than a line. */
#ifndef ROOTLET_TERM_PARAGRAPH_H
#define ROOTLET_TERM_PARAGRAPH_H

#include <stdbool.h>
#include <stdio.h>

/* Columns of standard output, from 40 to `most`; 80 when it is no terminal and $COLUMNS is not set.
 */
int paragraph_width(int most);
/* The locale's character set is UTF-8: LC_ALL, LC_CTYPE, LANG in this order (locale(7)). */
bool paragraph_utf8(void);
/* Characters, not bytes: a continuation byte of UTF-8 takes no column. */
int paragraph_columns(const char *text, size_t len);
/* Prints the text broken between words, its first line at column `at` (already reached), the others
 * indented by `indent`; ends with a newline. What has no blank in it is not broken. Without UTF-8,
 * "…" becomes "...". */
void paragraph_print(FILE *f, const char *text, int at, int indent, int width);

#endif
