/* Inside the shell printer: the script's parts and what they share.
 *
 * The script has a head (what it is, what shell cannot say, what it needs), a part that runs on the
 * host up to the new namespaces, and a part that runs inside them, which the first one feeds to a
 * second shell as a here-document. Every step of the plan stands in one of the two, under its
 * number.
 */
#ifndef ROOTLET_PLAN_PRINT_SH_H
#define ROOTLET_PLAN_PRINT_SH_H

#include "base/buffer.h"
#include "plan/names.h"
#include "plan/plan.h"

/* Functions of the inside part that are printed only when a step calls them. */
enum sh_function {
	SH_INSIDE = 1 << 0,
	SH_MAKE = 1 << 1,
	SH_REMOUNT = 1 << 2,
	SH_REMOUNT_ALL = 1 << 3,
	SH_LOOKUP = 1 << 4,
	SH_HIDE = 1 << 5,
	SH_READ_ONLY = 1 << 6,
};

struct sh {
	const struct plan *plan;
	struct buffer *out;
	const char *place;  /* the directory that the new root is made in; NULL: the tree stays */
	unsigned functions; /* enum sh_function: what the steps called */
	bool indent;	    /* inside an `if` */
};

/* How the user namespace comes to be. */
enum sh_userns {
	SH_USERNS_JOINED, /* nsenter */
	SH_USERNS_OWN,	  /* unshare writes the one line */
	SH_USERNS_HOLDER, /* a holder, whose maps are written from outside, then nsenter */
};

enum sh_userns sh_userns(const struct plan *plan);
bool sh_has(const struct plan *plan, enum plan_op op);

/* Why this step is not, or not wholly, in the script; NULL when it is. */
const char *sh_limit(const struct plan *plan, const struct step *step);

/* Is the step carried out by the host's part (true) or inside? */
bool sh_on_host(enum plan_op op);

/* A directory of the host that can be covered: no source of the plan lies in it. */
const char *sh_place(const struct plan *plan);

void sh_header(struct sh *sh);
void sh_host(
	struct sh *sh); /* up to the command that starts the inside shell, without its newline */
void sh_functions(struct sh *sh);

/* One step of the inside part; the comment with its number is there already. */
void sh_inside_step(struct sh *sh, const struct step *step);
void sh_mount_step(struct sh *sh, const struct step *step);
void sh_seal_step(struct sh *sh, const struct step *step);

/* A comment of several lines when it is long; the first begins with `lead`. */
void sh_wrap(struct sh *sh, const char *lead, const char *text);

/* "# 12  bind /usr → /usr", and where the step is not in the script, that it is not. */
void sh_comment(struct sh *sh, size_t index);

#endif
