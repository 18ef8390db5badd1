/* See profile_cache.h. */
#include "seccomp/profile_cache.h"

#include <errno.h>
#include <inttypes.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>

/* Between the text and the program. */
struct traits {
	uint32_t flags, notify;
};

enum { HEAD_MAX = 512, FORMAT = 3 };

/* Everything but the text. Its length is in it, so that no text can be taken for another's end. The
 * length is a multiple of 8, as the program behind it is read in place. */
static size_t write_head(char head[HEAD_MAX], const char *text, uint64_t capabilities,
			 const char *kernel_release)
{
	const struct scmp_version *library = seccomp_version();
	int n = snprintf(head, HEAD_MAX,
			 "rootlet %s seccomp profile %d\nlibseccomp %u.%u.%u\nmachine %x\n"
			 "kernel %.128s\ncapabilities %016" PRIx64 "\nbytes %zu\n",
			 ROOTLET_VERSION, FORMAT, library->major, library->minor, library->micro,
			 seccomp_arch_native(), kernel_release, capabilities, strlen(text));
	size_t len = (size_t)n;

	while ((len + strlen(text)) % sizeof(struct sock_filter))
		head[len++] = '\n';
	return len;
}

int profile_cache_pack(struct arena *a, const char *text, uint64_t capabilities,
		       const char *kernel_release, const struct seccomp_filter *filter,
		       struct profile_bytes *ret)
{
	const struct traits traits = {filter->flags, filter->notify};
	char head[HEAD_MAX], *out;
	size_t len = write_head(head, text, capabilities, kernel_release), text_len = strlen(text);
	size_t program = filter->length * sizeof(*filter->program);

	out = arena_alloc(a, len + text_len + sizeof(traits) + program);
	if (!out)
		return -ENOMEM;
	memcpy(out, head, len);
	memcpy(out + len, text, text_len);
	memcpy(out + len + text_len, &traits, sizeof(traits));
	memcpy(out + len + text_len + sizeof(traits), filter->program, program);
	*ret = (struct profile_bytes){out, len + text_len + sizeof(traits) + program};
	return 0;
}

bool profile_cache_unpack(struct arena *a, const struct profile_bytes *bytes, const char *text,
			  uint64_t capabilities, const char *kernel_release,
			  struct seccomp_filter *ret)
{
	char head[HEAD_MAX];
	size_t len = write_head(head, text, capabilities, kernel_release), text_len = strlen(text);
	const char *data = bytes->data;
	struct traits traits;
	size_t program;
	void *copy;

	if (bytes->size <= len + text_len + sizeof(traits) || memcmp(data, head, len) != 0 ||
	    memcmp(data + len, text, text_len) != 0)
		return false;
	memcpy(&traits, data + len + text_len, sizeof(traits));
	program = bytes->size - len - text_len - sizeof(traits);
	if (program % sizeof(*ret->program) || program / sizeof(*ret->program) > BPF_MAXINSNS)
		return false;
	copy = arena_memdup(a, data + len + text_len + sizeof(traits), program);
	if (!copy)
		return false;
	ret->program = copy;
	ret->flags = traits.flags;
	ret->notify = traits.notify;
	ret->length = (uint16_t)(program / sizeof(*ret->program));
	return true;
}
