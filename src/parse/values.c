/* Small values and their messages. See values.h. */
#include "parse/values.h"

#include "base/buffer.h"
#include "base/io.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int value_error(struct rootlet_error *err, const char *id, const char *origin, const char *value,
		const char *fmt, ...)
{
	char why[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	if (!value)
		return error_set(err, -EINVAL, id, origin, "%s: %s", origin, why);
	/* bounded, so that the reason is never cut off by a long value */
	return error_set(err, -EINVAL, id, origin,
			 *value ? "%.300s %.300s: %s" : "%.300s \"%s\": %s", origin, value, why);
}

int value_bool(const char *value, const char *origin, bool *ret, struct rootlet_error *err)
{
	if (!value || strcmp(value, "true") == 0 || strcmp(value, "1") == 0)
		*ret = true;
	else if (strcmp(value, "false") == 0 || strcmp(value, "0") == 0)
		*ret = false;
	else
		return value_error(err, "option-flag", origin, value,
				   "a flag takes no value but true or false");
	return 0;
}

int value_number(const char *value, const char *origin, const char *noun, uint64_t min,
		 uint64_t max, uint64_t *ret, struct rootlet_error *err)
{
	uint64_t number;

	if (io_parse_u64(value, max, &number) < 0 || number < min)
		return value_error(err, "option-number", origin, value, "not %s from %llu to %llu",
				   noun, (unsigned long long)min, (unsigned long long)max);
	*ret = number;
	return 0;
}

bool value_id(const char *value, size_t len, uint32_t *ret)
{
	uint64_t id = 0;

	if (!len)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (value[i] < '0' || value[i] > '9')
			return false;
		id = id * 10 + (uint64_t)(value[i] - '0');
		if (id >= UINT32_MAX)
			return false;
	}
	*ret = (uint32_t)id;
	return true;
}

int value_size(struct arena *a, const char *value, const char *origin, bool percent,
	       const char **ret, struct rootlet_error *err)
{
	size_t digits = strspn(value, "0123456789");
	char unit = value[digits];
	uint64_t shift = 0, number = 0;
	char text[32];
	bool good = digits && digits < 20 && (!unit || !value[digits + 1]);

	if (unit >= 'A' && unit <= 'Z')
		unit = (char)(unit - 'A' + 'a');
	switch (unit) {
	case '\0':
	case 'b':
		unit = '\0';
		break;
	case 'k':
		shift = 10;
		break;
	case 'm':
		shift = 20;
		break;
	case 'g':
		shift = 30;
		break;
	case '%':
		good = good && percent;
		break;
	default:
		good = false;
	}
	if (good) {
		snprintf(text, sizeof(text), "%.*s", (int)digits, value);
		good = io_parse_u64(text, (uint64_t)INT64_MAX >> shift, &number) == 0;
	}
	if (!good)
		return value_error(err, "option-size", origin, value,
				   percent ? "not a size: digits, and k, m, g or %% after them"
					   : "not a size: digits, and b, k, m or g after them");
	snprintf(text, sizeof(text), "%llu%.1s", (unsigned long long)number, unit ? &unit : "");
	return value_copy(a, text, ret, err);
}

bool value_octal(const char *value, uint32_t max, uint32_t *ret)
{
	uint32_t number = 0;

	if (!*value)
		return false;
	for (; *value; value++) {
		if (*value < '0' || *value > '7')
			return false;
		number = number * 8 + (uint32_t)(*value - '0');
		if (number > max)
			return false;
	}
	*ret = number;
	return true;
}

int value_inside_path(struct arena *a, const char *value, size_t len, const char *origin,
		      const char *whole, const char **ret, struct rootlet_error *err)
{
	AUTO_BUFFER path = {0};

	if (!len || value[0] != '/') {
		value_error(err, "inside-path", origin, whole,
			    "the path inside, \"%.*s\", is not absolute", (int)len, value);
		return -EINVAL;
	}
	for (size_t i = 0; i < len;) {
		size_t from;

		while (i < len && value[i] == '/')
			i++;
		from = i;
		while (i < len && value[i] != '/')
			i++;
		if (i == from || (i - from == 1 && value[from] == '.'))
			continue;
		if (i - from == 2 && value[from] == '.' && value[from + 1] == '.')
			return value_error(err, "inside-path", origin, whole,
					   "the path inside, %.*s, contains \"..\"", (int)len,
					   value);
		buffer_puts(&path, "/");
		buffer_add(&path, value + from, i - from);
	}
	if (!path.data)
		buffer_puts(&path, "/");
	if (buffer_failed(&path))
		return error_nomem(err);
	return value_copy(a, path.data, ret, err);
}

int value_copy(struct arena *a, const char *value, const char **ret, struct rootlet_error *err)
{
	const char *copy = arena_strdup(a, value);

	if (!copy)
		return error_nomem(err);
	*ret = copy;
	return 0;
}

int list_add(struct arena *a, struct string_list *list, const char *value,
	     struct rootlet_error *err)
{
	if (arena_grow(a, &list->items, list->count, sizeof(*list->items)) < 0)
		return error_nomem(err);
	if (value_copy(a, value, &list->items[list->count], err) < 0)
		return -ENOMEM;
	list->count++;
	return 0;
}

bool value_account_name(const char *name, size_t len)
{
	if (!len || len > 256 || name[0] == '-' || name[0] == '+')
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)name[i];

		if (c <= ' ' || c == 0x7f || strchr(":/,", c))
			return false;
	}
	return true;
}
