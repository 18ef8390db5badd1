/* The library's side of a handover: a sealed memory file with the waiter's image, executed in
 * place.
 *
 * It decides nothing: when to hand over is the caller's. A host that refuses to execute memory
 * files (vm.memfd_noexec, a noexec policy of an LSM) gets an error here and goes on without.
 */
#include "init/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/io.h"
#include "init/image.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

static int image_file(int *ret_fd)
{
	const unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	AUTO_FD fd = memfd_create(WAITER_NAME, flags | MFD_EXEC);
	int result;

	if (fd < 0 && errno == EINVAL) /* before 6.3 every memory file may be executed */
		fd = memfd_create(WAITER_NAME, flags);
	if (fd < 0)
		return -errno;
	result = io_write_all(fd, waiter_image, waiter_image_size);
	if (result < 0)
		return result;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
		return -errno;
	*ret_fd = fd_steal(&fd);
	return 0;
}

static void keep_over_exec(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (fds[i] >= 0)
			fcntl(fds[i], F_SETFD, 0);
	}
}

static void close_on_exec(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (fds[i] > 2)
			fcntl(fds[i], F_SETFD, FD_CLOEXEC);
	}
}

int waiter_exec(const struct supervise *s, const char *pidfile)
{
	const int64_t values[HANDOVER_COUNT] = {
#define HANDOVER_VALUE(name) (int64_t) s->name,
		HANDOVER_FIELDS(HANDOVER_VALUE)};
	const int kept[] = {s->pidfd, s->control_fd, s->tty_fd, s->status_fd};
	const size_t kept_count = sizeof(kept) / sizeof(kept[0]);
	char numbers[HANDOVER_COUNT][24];
	const char *argv[HANDOVER_COUNT + 3] = {WAITER_NAME};
	const char *envp[] = {NULL};
	AUTO_FD image = -1;
	int result;

	for (size_t i = 0; i < HANDOVER_COUNT; i++) {
		snprintf(numbers[i], sizeof(numbers[i]), "%" PRId64, values[i]);
		argv[i + 1] = numbers[i];
	}
	argv[HANDOVER_COUNT + 1] = pidfile;

	result = image_file(&image);
	if (result < 0)
		return result;
	/* What was preserved for the container is not the waiter's to hold open: a pipe's reader
	 * would wait for it in vain. Without close_range (before 5.11) they stay. */
	syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
	keep_over_exec(kept, kept_count);
	syscall(SYS_execveat, image, "", argv, envp, AT_EMPTY_PATH);
	result = -errno;
	close_on_exec(kept, kept_count);
	return result;
}
