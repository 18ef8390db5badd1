/* What the files that read an OCI config share: tables of members, and small values. Private to
 * parse.
 *
 * A table says which members an object has, what each must be, and where it goes. Members that no
 * table has are passed over; one that is given twice is an error, since two readers of the same
 * config could take either. Strings are not copied: the reader's arena is the spec's.
 */
#ifndef ROOTLET_PARSE_OCI_READ_H
#define ROOTLET_PARSE_OCI_READ_H

#include "base/reader.h"
#include "parse/oci.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oci_context {
	struct reader r;
	struct arena *a;
	struct spec *spec; /* NULL, as oci: resources alone */
	struct spec_oci *oci;
	size_t noted; /* notes of this text */
};

/* Reads one value into `target`. 0 or -errno with the error filled. */
typedef int oci_call(struct oci_context *c, const struct json *value, void *target);

enum oci_field_type {
	FIELD_TEXT,	/* const char *; "" is not given, as everywhere in the field */
	FIELD_TEXTS,	/* const char *const *, NULL-terminated; an empty list is NULL */
	FIELD_FLAG,	/* bool */
	FIELD_NUMBER,	/* int8_t to uint64_t by `size`, from `min` to `max` */
	FIELD_UNSIGNED, /* uint64_t, any */
	FIELD_OBJECT,	/* its members into the same target */
	FIELD_CALL,	/* `call` */
};

struct oci_field {
	const char *key;
	enum oci_field_type type;
	bool required;
	bool in_spec; /* the target is c->spec, not the table's own */
	uint16_t offset, size;
	int64_t min, max;
	oci_call *call;
	const struct oci_field *fields; /* FIELD_OBJECT; ends with a key of NULL */
};

#define OCI_AT(struct_, member)                                                                    \
	.offset = offsetof(struct_, member), .size = sizeof(((struct_ *)0)->member)

#define OCI_TEXT(key_, struct_, member)                                                            \
	{                                                                                          \
		.key = (key_), .type = FIELD_TEXT, OCI_AT(struct_, member)                         \
	}
#define OCI_FLAG(key_, struct_, member)                                                            \
	{                                                                                          \
		.key = (key_), .type = FIELD_FLAG, OCI_AT(struct_, member)                         \
	}
#define OCI_UNSIGNED(key_, struct_, member)                                                        \
	{                                                                                          \
		.key = (key_), .type = FIELD_UNSIGNED, OCI_AT(struct_, member)                     \
	}
#define OCI_NUMBER(key_, struct_, member, min_, max_)                                              \
	{                                                                                          \
		.key = (key_), .type = FIELD_NUMBER, OCI_AT(struct_, member), .min = (min_),       \
		.max = (max_)                                                                      \
	}
#define OCI_NEEDED(key_, struct_, member, min_, max_)                                              \
	{                                                                                          \
		.key = (key_), .type = FIELD_NUMBER, .required = true, OCI_AT(struct_, member),    \
		.min = (min_), .max = (max_)                                                       \
	}
#define OCI_INSIDE(key_, fields_)                                                                  \
	{                                                                                          \
		.key = (key_), .type = FIELD_OBJECT, .fields = (fields_)                           \
	}
#define OCI_CALL(key_, function)                                                                   \
	{                                                                                          \
		.key = (key_), .type = FIELD_CALL, .call = (function)                              \
	}
#define OCI_MUST(key_, function)                                                                   \
	{                                                                                          \
		.key = (key_), .type = FIELD_CALL, .required = true, .call = (function)            \
	}
#define OCI_CALL_AT(key_, function, struct_, member)                                               \
	{                                                                                          \
		.key = (key_), .type = FIELD_CALL, .call = (function), OCI_AT(struct_, member)     \
	}

/* The members of an object into `target`. */
int oci_read_fields(struct oci_context *c, const struct json *object,
		    const struct oci_field *fields, void *target);

/* `call` for each element of a list, or each member of an object, whose keys must differ. */
int oci_each(struct oci_context *c, const struct json *list, oci_call *call, void *target);
int oci_each_member(struct oci_context *c, const struct json *object, oci_call *call, void *target);

/* What names something, and where; two that are equal are an error at the later one. */
struct oci_key {
	const char *text;
	const struct json *at;
};
int oci_refuse_twins(struct oci_context *c, struct oci_key *keys, size_t count);

/* A list of strings; *ret is NULL-terminated, and NULL where the list is empty. */
int oci_texts(struct oci_context *c, const struct json *list, const char *const **ret,
	      size_t *ret_count);

/* A string that is one of the words of a table. */
struct oci_word {
	const char *name;
	uint64_t value;
};
int oci_word(struct oci_context *c, const struct json *value, const char *noun,
	     const struct oci_word *words, uint64_t *ret);
#define OCI_WORDS_END                                                                              \
	{                                                                                          \
		NULL, 0                                                                            \
	}

/* A path inside the container: absolute, made plain by its text alone ("." and ".." resolved). */
int oci_inside_path(struct oci_context *c, const struct json *value, const char **ret);
/* The same text made plain; it need not begin with a slash. NULL: no memory. */
const char *oci_plain_path(struct arena *a, const char *path);
/* A path of the host's: a relative one begins at the bundle. */
int oci_host_path(struct oci_context *c, const char *path, const char **ret);

/* "0-3,7": processors or memory nodes. */
int oci_cpu_list(struct oci_context *c, const struct json *value, void *target);

/* One row of uidMappings or gidMappings. */
int oci_mapping(struct oci_context *c, const struct json *value, struct oci_idmap *ret);

/* A line for oci->notes: "PATH:LINE:COLUMN: POINTER: WHY". */
int oci_note(struct oci_context *c, const struct json *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Once the text is read: how many of them were too many to keep. */
int oci_note_rest(struct oci_context *c);

int oci_process(struct oci_context *c, const struct json *value, void *target);
int oci_capability_sets(struct oci_context *c, const struct json *value, void *target);
int oci_mount(struct oci_context *c, const struct json *value, void *target);
int oci_hook_list(struct oci_context *c, const struct json *value, void *target);
int oci_device_list(struct oci_context *c, const struct json *value, void *target);
int oci_resources(struct oci_context *c, const struct json *value, void *target);
int oci_memory_policy(struct oci_context *c, const struct json *value, void *target);

extern const struct oci_field oci_linux_fields[];

/* The options of a mount, in their order; in oci_mount_options.c. */
int oci_mount_options(struct oci_context *c, const struct json *list, struct oci_mount *mount);
/* The word that sets one of these flags of a file system; NULL: none that matters. */
const char *oci_superblock_option(uint64_t flags);
int oci_propagation(struct oci_context *c, const struct json *value, void *target);

#endif
