/* Inside explain: values for both JSON printers. A missing value makes the whole fail, at the end.
 */
#ifndef ROOTLET_EXPLAIN_JSON_H
#define ROOTLET_EXPLAIN_JSON_H

#include "explain/explain.h"

#include <json-c/json.h>

struct json_out {
	bool failed;
};

/* These take `value`; NULL means no memory. */
void out_put(struct json_out *o, struct json_object *object, const char *key,
	     struct json_object *value);
void out_push(struct json_out *o, struct json_object *array, struct json_object *value);
void out_null(struct json_out *o, struct json_object *object, const char *key);
void out_text(struct json_out *o, struct json_object *object, const char *key, const char *text);
void out_number(struct json_out *o, struct json_object *object, const char *key, uint64_t value);
void out_bool(struct json_out *o, struct json_object *object, const char *key, bool value);
/* Its number, or null. */
void out_seen(struct json_out *o, struct json_object *object, const char *key, struct ns_seen seen);
struct json_object *out_map(struct json_out *o, const struct idmap *map);
/* {"here": …, "inside": … or null} */
struct json_object *out_pair(struct json_out *o, struct id_pair pair);
struct json_object *out_caps(struct json_out *o, uint64_t set);
/* Prints and puts `root`. */
int out_finish(struct json_out *o, struct json_object *root, struct buffer *b);

#endif
