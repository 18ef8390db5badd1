/* See profile_export.h. */
#include "seccomp/profile_export.h"

#include "base/fd.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* libseccomp before 2.6 writes only to a descriptor. */
int profile_export(scmp_filter_ctx ctx, const struct newer *newer_calls, uint32_t default_action,
		   const char *path, struct arena *a, struct seccomp_filter *ret,
		   struct rootlet_error *err)
{
	AUTO_FD fd = memfd_create("seccomp", MFD_CLOEXEC);
	struct sock_filter newer[NEWER_PROGRAM_MAX], *program;
	size_t head = newer_program(newer_calls, default_action, newer);
	off_t size;
	int code;

	if (fd < 0)
		return error_set(err, -errno, "seccomp-export", path,
				 "%s: no memory file for the compiled filter: %s", path,
				 error_text(errno));
	code = seccomp_export_bpf(ctx, fd);
	if (code < 0)
		return error_set(err, code, "seccomp-export", path,
				 "%s: libseccomp cannot compile it: %s", path, error_text(code));
	size = lseek(fd, 0, SEEK_END);
	if (size <= 0 || (size_t)size > (BPF_MAXINSNS - head) * sizeof(*program))
		return error_set(err, -E2BIG, "seccomp-too-long", path,
				 "%s: the filter is longer than the kernel's %d instructions", path,
				 BPF_MAXINSNS);
	program = arena_alloc(a, head * sizeof(*program) + (size_t)size);
	ret->name = arena_strdup(a, path);
	if (!program || !ret->name)
		return error_nomem(err);
	memcpy(program, newer, head * sizeof(*program));
	if (pread(fd, program + head, (size_t)size, 0) != (ssize_t)size)
		return error_set(err, -EIO, "seccomp-export", path,
				 "%s: the compiled filter cannot be read back", path);
	ret->program = program;
	ret->length = (uint16_t)(head + (size_t)size / sizeof(*program));
	return 0;
}
