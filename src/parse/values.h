/* What the setters share: the form of error messages, and the forms of small values. Private to
 * parse.
 *
 * `origin` is how the user wrote the option ("-v", "/etc/rootlet/rootlet.conf:3: volume"); a
 * message is `ORIGIN VALUE: WHY`. Every string that is kept is copied into the spec's arena.
 */
#ifndef ROOTLET_PARSE_VALUES_H
#define ROOTLET_PARSE_VALUES_H

#include "base/error.h"
#include "spec/spec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "ORIGIN VALUE: WHY"; an empty value is shown as "". Returns -EINVAL. `value` NULL: "ORIGIN: WHY".
 */
int value_error(struct rootlet_error *err, const char *id, const char *origin, const char *value,
		const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* true, false (1, 0); NULL is true. */
int value_bool(const char *value, const char *origin, bool *ret, struct rootlet_error *err);

/* Strict decimal from `min` to `max`; `noun` is what the number is: "a number of seconds". */
int value_number(const char *value, const char *origin, const char *noun, uint64_t min,
		 uint64_t max, uint64_t *ret, struct rootlet_error *err);

/* An id: strict decimal up to 4294967294. `value` need not be terminated: `len` bytes. */
bool value_id(const char *value, size_t len, uint32_t *ret);

/* A size for tmpfs: digits with k, m, g (or b) behind them, or with '%' when `percent`. *ret is the
 * form that the kernel takes. */
int value_size(struct arena *a, const char *value, const char *origin, bool percent,
	       const char **ret, struct rootlet_error *err);

/* Octal digits up to `max`. */
bool value_octal(const char *value, uint32_t max, uint32_t *ret);

/* An absolute path inside the container, without "..": slashes squeezed, "." components dropped. */
int value_inside_path(struct arena *a, const char *value, size_t len, const char *origin,
		      const char *whole, const char **ret, struct rootlet_error *err);

/* Copy a string, or append it to a list. 0 or -ENOMEM with its message. */
int value_copy(struct arena *a, const char *value, const char **ret, struct rootlet_error *err);
int list_add(struct arena *a, struct string_list *list, const char *value,
	     struct rootlet_error *err);

/* A user or group name as passwd(5) may hold it: no ':', '/', ',', blank or control character, no
 * leading
 * '-' or '+'. */
bool value_account_name(const char *name, size_t len);

/* One assignment K=V, or K alone, to the end of the environment. */
int env_add(struct spec *spec, const char *text, size_t len, const char *origin,
	    struct rootlet_error *err);

/* "did you mean": the candidate nearest to `name`, if near enough. Feed candidates one by one. */
struct nearest {
	const char *name, *best;
	size_t distance;
};
void nearest_try(struct nearest *n, const char *candidate);

/* What to say of an option that rootlet lacks but other tools have; NULL when it is simply unknown.
 * `name` with its dashes: "--publish", "-B"; `command` one of enum parse_command. */
const char *foreign_hint(const char *name, unsigned command);

/* Every setter and clearer that options.def names. */
#define OPTION(name, letter, argument, metavar, group, commands, traits, set, help)                \
	int set(struct spec *spec, const char *value, const char *origin,                          \
		struct rootlet_error *err);
#define LIST(name, letter, metavar, group, commands, traits, set, clear, help)                     \
	int set(struct spec *spec, const char *value, const char *origin,                          \
		struct rootlet_error *err);                                                        \
	void clear(struct spec *spec);
#include "parse/options.def"
#undef OPTION
#undef LIST

#endif
