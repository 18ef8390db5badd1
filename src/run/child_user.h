/* The reading of passwd(5) and group(5) texts apart from where they lie, so that a fuzz target can
 * feed it. The rules of child.h hold. */
#ifndef ROOTLET_RUN_CHILD_USER_H
#define ROOTLET_RUN_CHILD_USER_H

#include "run/child.h"

/* Finds USER[:GROUP] in two open regular files (-1: there is none) and sets the child's uid, gid,
 * groups, home and shell. 0 or -errno, with c->detail then. Closes nothing. */
int child_find_user(struct child *c, const char *text, int passwd, int group);

#endif
