/* Whole reads and writes, interrupted or short ones continued. Leaf helpers, no policy. */
#ifndef ROOTLET_BASE_IO_H
#define ROOTLET_BASE_IO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Read a file of at most `limit` bytes into a malloc'd, NUL-terminated string (the caller frees).
 * -EFBIG when it is longer, -EISDIR/-EINVAL when it is no regular, proc or sys file. len may be
 * NULL. */
int io_read_file(const char *path, size_t limit, char **ret_text, size_t *ret_len);
/* The same for a file that the user named: a FIFO or a pipe is waited for, as cat(1) would. */
int io_read_named_file(const char *path, size_t limit, char **ret_text, size_t *ret_len);
int io_read_fd(int fd, size_t limit, char **ret_text, size_t *ret_len);

/* Write all of it. 0 or -errno. */
int io_write_all(int fd, const void *data, size_t len);

/* Strict unsigned decimal: digits only, no sign, no blank, no overflow past `max`. 0, -EINVAL or
 * -ERANGE. */
int io_parse_u64(const char *text, uint64_t max, uint64_t *ret);
/* The digits that *text begins with; it is moved past them. 0, -EINVAL or -ERANGE. */
int io_take_u64(const char **text, uint64_t *ret);

#endif
