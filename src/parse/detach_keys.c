/* --detach-keys: keys as docker and podman write them, "ctrl-p,ctrl-q" or "a,b", as the bytes that
 * a terminal sends for them. */
#include "parse/parse.h"

#include "parse/values.h"

#include <errno.h>
#include <string.h>

/* One key; its byte, or -1. ctrl- takes what ^ takes on a terminal: ascii(7). */
static int key_byte(const char *key, size_t len)
{
	int c;

	if (len == 1 && (unsigned char)key[0] > ' ' && (unsigned char)key[0] < 0x7f)
		return key[0];
	if (len != 6 || strncmp(key, "ctrl-", 5) != 0)
		return -1;
	c = key[5] >= 'a' && key[5] <= 'z' ? key[5] - 'a' + 'A' : key[5];
	return c >= '@' && c <= '_' ? c & 0x1f : -1;
}

int parse_detach_keys(const char *text, unsigned char ret[static DETACH_KEYS_MAX],
		      unsigned *ret_count)
{
	unsigned count = 0;

	while (*text) {
		size_t len = *text == ',' ? 1 : strcspn(text, ",");
		int byte = key_byte(text, len);

		if (byte < 0 || count == DETACH_KEYS_MAX)
			return -EINVAL;
		ret[count++] = (unsigned char)byte;
		text += len;
		if (*text == ',' && text[1])
			text++;
		else if (*text)
			return -EINVAL;
	}
	*ret_count = count;
	return 0;
}

int set_detach_keys(struct spec *spec, const char *value, const char *origin,
		    struct rootlet_error *err)
{
	unsigned char bytes[DETACH_KEYS_MAX];
	unsigned count;

	if (parse_detach_keys(value, bytes, &count) == 0)
		return value_copy(&spec->arena, value, &spec->detach_keys, err);
	value_error(err, "detach-keys", origin, value, "is no list of keys");
	error_hint(err, "single characters and ctrl-X, with commas between them: ctrl-p,ctrl-q; "
			"empty for none");
	return -EINVAL;
}
