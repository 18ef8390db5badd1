/* Reading small files of /proc, /sys and /etc: few system calls, and no heap in the usual case. */
#include "facts/probe.h"

#include "base/fd.h"
#include "base/io.h"

#include <fcntl.h>
#include <string.h>

enum { TEXT_LIMIT = 4 << 20 };

/* One read: a short one of a regular file is its end, so none is needed that only hears 0. */
static ssize_t read_once(int fd, char *buf, size_t size)
{
	ssize_t n;

	do {
		n = read(fd, buf, size);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

ssize_t probe_read_line(const char *path, char *buf, size_t size)
{
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read_once(fd, buf, size - 1);
	if (n < 0)
		return n;
	if (n && buf[n - 1] == '\n')
		n--;
	buf[n] = '\0';
	return n;
}

bool probe_read_number(const char *path, uint64_t *ret)
{
	char text[32];

	return probe_read_line(path, text, sizeof(text)) > 0 &&
	       io_parse_u64(text, UINT64_MAX, ret) == 0;
}

int probe_read_text(const char *path, struct probe_text *ret)
{
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ssize_t n;

	ret->heap = NULL;
	if (fd < 0)
		return -errno;
	n = read_once(fd, ret->near, sizeof(ret->near) - 1);
	if (n < 0)
		return (int)n;
	/* Files of /proc hand out a page or so a read, so there only an empty read is the end. */
	if ((size_t)n < sizeof(ret->near) - 1 && strncmp(path, "/proc/", 6) != 0) {
		ret->near[n] = '\0';
		ret->text = ret->near;
		return 0;
	}
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	n = io_read_fd(fd, TEXT_LIMIT, &ret->heap, NULL);
	ret->text = ret->heap;
	return (int)n;
}

void probe_text_release(struct probe_text *t)
{
	free(t->heap);
	t->heap = NULL;
}
