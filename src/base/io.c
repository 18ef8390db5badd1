/* Whole reads and writes. See io.h. */
#include "base/io.h"

#include "base/buffer.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int io_read_fd(int fd, size_t limit, char **ret_text, size_t *ret_len)
{
	AUTO_BUFFER b = {0};
	char chunk[4096];

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		if (b.len + (size_t)n > limit)
			return -EFBIG;
		buffer_add(&b, chunk, (size_t)n);
	}
	buffer_add(&b, "", 0);
	if (buffer_failed(&b))
		return -ENOMEM;
	if (ret_len)
		*ret_len = b.len;
	*ret_text = b.data;
	b.data = NULL;
	return 0;
}

int io_read_file(const char *path, size_t limit, char **ret_text, size_t *ret_len)
{
	/* O_NONBLOCK: a FIFO put in the file's place must not hang us. */
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	return io_read_fd(fd, limit, ret_text, ret_len);
}

int io_read_named_file(const char *path, size_t limit, char **ret_text, size_t *ret_len)
{
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return -errno;
	return io_read_fd(fd, limit, ret_text, ret_len);
}

int io_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int io_take_u64(const char **text, uint64_t *ret)
{
	const char *p = *text;
	uint64_t value = 0;

	if (*p < '0' || *p > '9')
		return -EINVAL;
	for (; *p >= '0' && *p <= '9'; p++) {
		uint64_t digit = (uint64_t)(*p - '0');

		if (value > (UINT64_MAX - digit) / 10)
			return -ERANGE;
		value = value * 10 + digit;
	}
	*text = p;
	*ret = value;
	return 0;
}

int io_parse_u64(const char *text, uint64_t max, uint64_t *ret)
{
	uint64_t value;
	int r = io_take_u64(&text, &value);

	if (r < 0)
		return r;
	if (*text)
		return -EINVAL;
	if (value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}
