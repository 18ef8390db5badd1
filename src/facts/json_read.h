/* What reads JSON for facts: values of one kind each, with a message that names a wrong one by its
 * JSON pointer (RFC 6901). Knows no field of the snapshot: json_load.c does. */
#ifndef ROOTLET_FACTS_JSON_READ_H
#define ROOTLET_FACTS_JSON_READ_H

#include "facts/facts.h"

#include <json-c/json.h>
#include <stddef.h>

struct loader {
	struct facts *facts;
	const char *path; /* of the file, for messages */
	struct rootlet_error *err;
};

/* "/subids/newuidmap" and its like, and what is appended to one. */
enum { POINTER_SIZE = 96, MEMBER_SIZE = POINTER_SIZE + 32 };

typedef int item_function(struct loader *l, const char *pointer, struct json_object *item,
			  void *array, size_t index);

/* The two failures, for who reads a kind of its own: always -errno. */
int loader_wrong(struct loader *l, const char *pointer, const char *wanted,
		 struct json_object *value);
int loader_nomem(struct loader *l);
bool loader_is_unsigned(struct json_object *value, uint64_t max);

/* Each: 0, or -errno with the error filled. */
int loader_u32(struct loader *l, const char *pointer, struct json_object *value, uint32_t *ret);
int loader_u64(struct loader *l, const char *pointer, struct json_object *value, uint64_t *ret);
int loader_bool(struct loader *l, const char *pointer, struct json_object *value, bool *ret);
int loader_answer(struct loader *l, const char *pointer, struct json_object *value,
		  enum answer *ret);
int loader_string(struct loader *l, const char *pointer, struct json_object *value,
		  const char **ret);
int loader_word(struct loader *l, const char *pointer, struct json_object *value,
		const char *const *words, size_t count, size_t *ret);
int loader_object(struct loader *l, const char *pointer, struct json_object *value);
int loader_array(struct loader *l, const char *pointer, struct json_object *value, void *array,
		 size_t size, size_t *ret_count, item_function *item);
int loader_member(struct loader *l, const char *pointer, struct json_object *object,
		  const char *key, uint32_t *ret);
int loader_parse(struct loader *l, const char *text, size_t len, struct json_object **ret);

#endif
