/* The library's side of a handover: a sealed memory file with the image of a tiny program, executed
 * in place.
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
#include "init/attach.h"
#include "init/image.h"
#include "init/monitor.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/* A program, its arguments and the descriptors that it keeps besides 0 to 2. */
struct handover {
	const char *name;
	const unsigned char *image;
	size_t size;
	int fds[16];
	size_t fd_count;
	char numbers[HANDOVER_NUMBERS + MONITOR_NUMBERS][24];
	size_t number_count;
	const char *argv[HANDOVER_ARGUMENTS + MONITOR_NUMBERS + 2];
	size_t argc;
};

static void begin(struct handover *h, const char *name, const unsigned char *image, size_t size)
{
	h->name = name;
	h->image = image;
	h->size = size;
	h->argv[h->argc++] = name;
}

static void add_text(struct handover *h, const char *text)
{
	h->argv[h->argc++] = text ? text : "";
}

static void add_number(struct handover *h, int64_t value)
{
	char *text = h->numbers[h->number_count++];

	snprintf(text, sizeof(h->numbers[0]), "%" PRId64, value);
	add_text(h, text);
}

static void keep(struct handover *h, int fd)
{
	if (fd >= 0)
		h->fds[h->fd_count++] = fd;
}

static void add_supervised(struct handover *h, const struct supervise *s, const struct ending *e)
{
#define ADD_SUPERVISE(name) add_number(h, (int64_t)s->name);
#define ADD_ENDING(name)    add_number(h, (int64_t)e->name);
	HANDOVER_FIELDS(ADD_SUPERVISE)
	ENDING_FIELDS(ADD_ENDING)
	add_text(h, e->id);
	add_text(h, e->pidfile);
	add_text(h, e->cgroup);
	add_text(h, e->cgroup_left);
	add_text(h, e->memory_note);
	keep(h, s->pidfd);
	keep(h, s->control_fd);
	keep(h, s->tty_fd);
	keep(h, s->status_fd);
	keep(h, e->dir_fd);
	keep(h, e->store_fd);
}

static int image_file(const struct handover *h, int *ret_fd)
{
	const unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	AUTO_FD fd = memfd_create(h->name, flags | MFD_EXEC);
	int result;

	if (fd < 0 && errno == EINVAL) /* before 6.3 every memory file may be executed */
		fd = memfd_create(h->name, flags);
	if (fd < 0)
		return -errno;
	result = io_write_all(fd, h->image, h->size);
	if (result < 0)
		return result;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
		return -errno;
	*ret_fd = fd_steal(&fd);
	return 0;
}

static int become(const struct handover *h)
{
	const char *envp[] = {NULL};
	AUTO_FD image = -1;
	int result = image_file(h, &image);

	if (result < 0)
		return result;
	/* What was preserved for the container is not ours to hold open: a pipe's reader would wait
	 * for it in vain. Without close_range (before 5.11) they stay. */
	syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
	for (size_t i = 0; i < h->fd_count; i++)
		fcntl(h->fds[i], F_SETFD, 0);
	syscall(SYS_execveat, image, "", h->argv, envp, AT_EMPTY_PATH);
	result = -errno;
	for (size_t i = 0; i < h->fd_count; i++) {
		if (h->fds[i] > 2)
			fcntl(h->fds[i], F_SETFD, FD_CLOEXEC);
	}
	return result;
}

int waiter_exec(const struct supervise *s, const struct ending *e)
{
	struct handover h = {.argc = 0};

	begin(&h, WAITER_NAME, waiter_image, waiter_image_size);
	add_supervised(&h, s, e);
	return become(&h);
}

int monitor_exec(const struct monitor *m)
{
	struct handover h = {.argc = 0};

	begin(&h, MONITOR_NAME, monitor_image, monitor_image_size);
	add_supervised(&h, &m->supervise, &m->ending);
#define ADD_MONITOR(name) add_number(&h, (int64_t)m->name);
	MONITOR_FIELDS(ADD_MONITOR)
	keep(&h, m->terminal_fd);
	keep(&h, m->stdin_fd);
	keep(&h, m->stdout_fd);
	keep(&h, m->stderr_fd);
	keep(&h, m->listen_fd);
	keep(&h, m->client_fd);
	return become(&h);
}

/* The detach keys go as numbers: they may hold any byte but zero. */
int client_exec(const struct client *c)
{
	struct handover h = {.argc = 0};

	begin(&h, CLIENT_NAME, client_image, client_image_size);
#define ADD_CLIENT(name) add_number(&h, (int64_t)c->name);
	CLIENT_FIELDS(ADD_CLIENT)
	for (unsigned int i = 0; i < c->detach_count && i < ATTACH_KEYS; i++)
		add_number(&h, c->detach_keys[i]);
	keep(&h, c->socket_fd);
	return become(&h);
}
