/* Small files in a container's folder: read with a bound, written whole. It knows no format. */
#include "state/private.h"

#include "base/fd.h"
#include "base/io.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

DIR *state_open_entries(int folder)
{
	int fd = state_open_folder(folder, ".");
	DIR *entries;

	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	entries = fdopendir(fd);
	if (!entries)
		fd_close(&fd);
	return entries;
}

/* The rest of a long container.json. */
static int grow(struct state_text *text)
{
	size_t size = text->limit + 1;
	char *data = malloc(size);

	if (!data)
		return -ENOMEM;
	memcpy(data, text->data, text->len);
	text->data = text->heap = data;
	text->size = size;
	return 0;
}

int state_read_file(int folder, const char *name, struct state_text *ret)
{
	/* O_NONBLOCK: a FIFO put in the file's place must not hang us. It looks empty. */
	AUTO_FD fd =
		openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t n;

	ret->len = 0;
	if (fd < 0)
		return -errno;
	for (;;) {
		n = read(fd, ret->data + ret->len, ret->size - ret->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		ret->len += (size_t)n;
		if (ret->len < ret->size) /* less than there was room for: its end */
			break;
		if (ret->size > ret->limit)
			return -EFBIG;
		if (grow(ret) < 0)
			return -ENOMEM;
	}
	ret->data[ret->len] = '\0';
	return 0;
}

int state_write_file(int folder, const char *name, const char *text, size_t len)
{
	char temporary[64];
	AUTO_FD fd = -1;
	int r;

	/* Writers hold the container's lock; the pid is for the one that does not. */
	snprintf(temporary, sizeof(temporary), ".%s.%d", name, (int)getpid());
	unlinkat(folder, temporary, 0);
	fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = io_write_all(fd, text, len);
	if (!r && renameat(folder, temporary, folder, name) < 0)
		r = -errno;
	if (r)
		unlinkat(folder, temporary, 0);
	return r;
}
