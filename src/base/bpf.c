/* bpf(2): see bpf.h. */
#include "base/bpf.h"

#include "base/fd.h"
#include "base/sys.h"

#include <string.h>
#include <sys/resource.h>

/* Each call has its own members of the union. Whatever it does not know must be zero, which an
 * initializer does not promise of a union's other members. */
static void clear(union bpf_attr *attr)
{
	memset(attr, 0, sizeof(*attr));
}

static int call(int command, union bpf_attr *attr)
{
	return SYS(bpf, command, attr, sizeof(*attr));
}

static int load(union bpf_attr *attr)
{
	int r;

	do /* its verifier gives way to signals */
		r = call(BPF_PROG_LOAD, attr);
	while (r == -EAGAIN);
	return r;
}

int bpf_load_devices(const struct bpf_insn *program, size_t length, const char *name)
{
	struct rlimit limit, none;
	union bpf_attr attr;
	int r;

	clear(&attr);
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insn_cnt = (uint32_t)length;
	attr.insns = (uintptr_t)program;
	attr.license = (uintptr_t) "MIT"; /* it calls no helper */
	strncpy(attr.prog_name, name, sizeof(attr.prog_name) - 1);
	r = load(&attr);
	if (r != -EPERM || getrlimit(RLIMIT_MEMLOCK, &limit) < 0)
		return r;
	/* Until Linux 5.11 a program counted as locked memory, and 64 KiB were all that there was.
	 */
	none = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
	if (setrlimit(RLIMIT_MEMLOCK, &none) < 0)
		return r;
	r = load(&attr);
	setrlimit(RLIMIT_MEMLOCK, &limit);
	return r;
}

int bpf_attach_devices(int dir, int program, int old)
{
	union bpf_attr attr;

	clear(&attr);
	attr.target_fd = (uint32_t)dir;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (old >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (uint32_t)old;
	}
	return call(BPF_PROG_ATTACH, &attr);
}

int bpf_detach_devices(int dir, int program)
{
	union bpf_attr attr;

	clear(&attr);
	attr.target_fd = (uint32_t)dir;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	return call(BPF_PROG_DETACH, &attr);
}

int bpf_list_devices(int dir, uint32_t *ids, size_t room)
{
	union bpf_attr attr;
	int r;

	clear(&attr);
	attr.query.target_fd = (uint32_t)dir;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uintptr_t)ids;
	attr.query.prog_cnt = (uint32_t)room;
	r = call(BPF_PROG_QUERY, &attr);
	return r < 0 ? r : (int)attr.query.prog_cnt;
}

int bpf_open_named(uint32_t id, const char *name)
{
	struct bpf_prog_info info;
	union bpf_attr attr;
	AUTO_FD fd = -1;
	int r;

	clear(&attr);
	attr.prog_id = id;
	fd = call(BPF_PROG_GET_FD_BY_ID, &attr);
	if (fd < 0)
		return fd;
	memset(&info, 0, sizeof(info));
	clear(&attr);
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uintptr_t)&info;
	r = call(BPF_OBJ_GET_INFO_BY_FD, &attr);
	if (r < 0)
		return r;
	return strncmp(info.name, name, sizeof(info.name)) == 0 ? fd_steal(&fd) : -ENOENT;
}
