/* Reaching a unix stream socket by its path. Who listens there, and what is said, is the callers'.
 */
#ifndef ROOTLET_BASE_UNIX_H
#define ROOTLET_BASE_UNIX_H

/* The connection, close-on-exec, or -errno. A path may be longer than unix(7)'s sun_path. */
int unix_connect(const char *path);

#endif
