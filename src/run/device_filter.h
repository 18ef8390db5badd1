/* The program for the devices of a cgroup: attached, exchanged and taken away. For run itself, and
 * for who changes the rules of a container that lives. */
#ifndef ROOTLET_RUN_DEVICE_FILTER_H
#define ROOTLET_RUN_DEVICE_FILTER_H

#include <stddef.h>

struct bpf_insn;

/* From now on the group that `dir` is has this program and no other of ours; NULL: none of ours.
 * There is no moment without the old one or the new. Those of others are left alone. 0 or -errno.
 */
int device_filter_set(int dir, const struct bpf_insn *program, size_t length);

#endif
