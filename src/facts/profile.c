/* The text of the seccomp profile that was asked for, and what an earlier start kept of it. Read
 * here, so that planning stays pure; judged and compiled there. */
#include "facts/probe.h"

#include "base/fd.h"
#include "base/hash.h"
#include "base/io.h"
#include "spec/oci.h"

#include <errno.h>
#include <inttypes.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* podman's and Docker's are 20 KB; compiled, 12. */
enum { PROFILE_LIMIT = 1 << 20, CACHED_LIMIT = PROFILE_LIMIT + (64 << 10) };

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

/* One file for each text and each wish for capabilities, which a profile may look at. It names the
 * file; what is in it is compared byte for byte. */
static uint64_t cache_key(const struct facts *facts, const struct spec *spec)
{
	const uint64_t wishes[] = {spec->cap_add, spec->cap_drop,
				   (uint64_t)spec->cap_add_all | (uint64_t)spec->cap_drop_all << 1 |
					   (uint64_t)spec->privileged << 2};
	uint64_t hash = fnv1a(FNV1A_START, wishes, sizeof(wishes));

	return fnv1a(hash, facts->profile_text, strlen(facts->profile_text));
}

static int cache_file(struct facts *facts, const struct spec *spec)
{
	const char *base = facts_getenv(facts, "XDG_CACHE_HOME"), *below = "";

	if (!base || *base != '/') {
		base = facts->home;
		below = "/.cache";
	}
	if (!base)
		return 0;
	facts->profile_cache = arena_printf(&facts->arena, "%s%s/rootlet/seccomp-%016" PRIx64, base,
					    below, cache_key(facts, spec));
	return facts->profile_cache ? 0 : -ENOMEM;
}

/* Only a file of the caller's own that nobody else may write. */
static int read_cached(struct facts *facts)
{
	AUTO_FD fd = open(facts->profile_cache,
			  O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
	AUTO_FREE char *bytes = NULL;
	struct stat st;
	size_t len;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != facts->uid ||
	    (st.st_mode & 022) || io_read_fd(fd, CACHED_LIMIT, &bytes, &len) < 0)
		return 0;
	if (!len)
		return 0;
	facts->profile_cached = arena_memdup(&facts->arena, bytes, len);
	facts->profile_cached_size = len;
	return facts->profile_cached ? 0 : -ENOMEM;
}

static int find_cached(struct facts *facts, const struct spec *spec)
{
	int r = facts->profile_text ? cache_file(facts, spec) : 0;

	return r < 0 || !facts->profile_cache ? r : read_cached(facts);
}

static int probe_file(struct facts *facts, const struct spec *spec)
{
	const char *path = spec->seccomp_path;
	AUTO_FREE char *text = NULL;
	int r = read_regular(path, &text);

	if (r == -ENOMEM)
		return r;
	facts->profile_path = arena_strdup(&facts->arena, path);
	if (r < 0)
		facts->profile_error =
			arena_strdup(&facts->arena, r == -EFBIG	   ? "it is longer than 1 MiB"
						    : r == -EINVAL ? "it is no regular file"
						    : r == -EILSEQ ? "it holds a zero byte"
								   : error_text(r));
	else
		facts->profile_text = arena_strdup(&facts->arena, text);
	if (!facts->profile_path || (!facts->profile_error && !facts->profile_text))
		return -ENOMEM;
	return find_cached(facts, spec);
}

/* linux.seccomp: the text is at hand, and only what was kept of it is read. */
static int probe_part(struct facts *facts, const struct spec *spec)
{
	facts->profile_path = arena_strdup(&facts->arena,
					   spec->seccomp_path ? spec->seccomp_path : "config.json");
	facts->profile_text = arena_strdup(&facts->arena, spec->oci->seccomp_text);
	if (!facts->profile_path || !facts->profile_text)
		return -ENOMEM;
	return find_cached(facts, spec);
}

int probe_profile(struct facts *facts, const struct spec *spec)
{
	if (spec->oci)
		return spec->oci->seccomp_text ? probe_part(facts, spec) : 0;
	return probe_file(facts, spec);
}
