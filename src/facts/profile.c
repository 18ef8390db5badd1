/* The text of the seccomp profile that was asked for. Read here, so that planning stays pure;
 * compiled there. Nothing of it is judged. */
#include "facts/probe.h"

#include "base/fd.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* podman's and Docker's are 20 KB. */
enum { PROFILE_LIMIT = 1 << 20 };

/* A FIFO would be read as empty, or hang us. */
static int read_regular(const char *path, char **ret_text)
{
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	size_t len;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	r = io_read_fd(fd, PROFILE_LIMIT, ret_text, &len);
	return r == 0 && strlen(*ret_text) != len ? -EILSEQ : r;
}

int probe_profile(struct facts *facts, const char *path)
{
	AUTO_FREE char *text = NULL;
	int r = read_regular(path, &text);

	if (r == -ENOMEM)
		return r;
	facts->profile_path = arena_strdup(&facts->arena, path);
	if (r < 0)
		facts->profile_error = arena_strdup(&facts->arena,
						    r == -EFBIG	   ? "it is longer than 1 MiB"
						    : r == -EINVAL ? "it is no regular file"
						    : r == -EILSEQ ? "it holds a zero byte"
								   : error_text(r));
	else
		facts->profile_text = arena_strdup(&facts->arena, text);
	return facts->profile_path && (facts->profile_error || facts->profile_text) ? 0 : -ENOMEM;
}
