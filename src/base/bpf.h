/* bpf(2) for programs that judge the use of devices by a cgroup's processes
 * (BPF_PROG_TYPE_CGROUP_DEVICE, Linux 4.15): the raw calls. No policy; what a program does is its
 * maker's matter.
 */
#ifndef ROOTLET_BASE_BPF_H
#define ROOTLET_BASE_BPF_H

#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>

/* Load it: a descriptor, or -errno. Of a loaded one the name can be read again (15 characters). */
int bpf_load_devices(const struct bpf_insn *program, size_t length, const char *name);

/* Attach it to the group that `dir` is, beside those of others. With `old` >= 0 it takes that one's
 * place in one step, since Linux 5.6; -EINVAL before. 0 or -errno. */
int bpf_attach_devices(int dir, int program, int old);
int bpf_detach_devices(int dir, int program);

/* The programs that are attached to this very group, by id: how many, or -errno. */
int bpf_list_devices(int dir, uint32_t *ids, size_t room);

/* A descriptor of the program with that id if it bears that name; -ENOENT: it bears another. */
int bpf_open_named(uint32_t id, const char *name);

#endif
