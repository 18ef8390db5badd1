/* What of /proc and /sys a container does not see, or may only read, unless somebody says
 * otherwise: the lists of docker and podman. Each path tells of the whole machine, or changes it.
 */
#ifndef ROOTLET_SPEC_HIDDEN_H
#define ROOTLET_SPEC_HIDDEN_H

/* NULL-terminated. */
extern const char *const spec_hidden[], *const spec_read_only[];
/* Hidden by podman too, and by no config.json that runtimes write. */
extern const char *const spec_hidden_further[];

#endif
