/* The colours of everything that is printed: SGR parameters (console_codes(4)), and what they mean.
 *
 * Nobody can ask a terminal whether its ground is light or dark, and the sixteen classic colours
 * are the terminal's own: its green and cyan vanish on white, its blue on black. So these are fixed
 * ones of the 256, each with a contrast of 4:1 or more on white and on black alike (a unit test
 * counts that). The console of the kernel and old terminals take their nearest. */
#ifndef ROOTLET_BASE_TINT_H
#define ROOTLET_BASE_TINT_H

#define TINT_BOLD   "1"
#define TINT_DIM    "38;5;243"
#define TINT_GOOD   "38;5;28"
#define TINT_WARN   "38;5;130"
#define TINT_BAD    "38;5;161"
#define TINT_ASK    "38;5;133"
#define TINT_HEAD   "38;5;31"
#define TINT_INSIDE "38;5;31"  /* what is in the container: as in the drawings for slides */
#define TINT_HOST   "38;5;130" /* what is outside of it */

#define TINT_BOLD_BAD  "1;" TINT_BAD
#define TINT_BOLD_ASK  "1;" TINT_ASK
#define TINT_BOLD_HEAD "1;" TINT_HEAD

#endif
