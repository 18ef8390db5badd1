/* Inside the JSON printer: values that its files share. They return NULL when there is no
 * memory, and an add that fails sticks in `failed`. */
#ifndef ROOTLET_PLAN_PRINT_JSON_H
#define ROOTLET_PLAN_PRINT_JSON_H

#include <json-c/json.h>

#include "plan/names.h"
#include "plan/plan.h"

struct json_writer {
	bool failed;
};

/* Takes `value`; NULL means no memory here (JSON's null is json_put_null). */
void json_put(struct json_writer *w, struct json_object *object, const char *key,
	      struct json_object *value);
void json_put_text(struct json_writer *w, struct json_object *object, const char *key,
		   const char *text); /* NULL: null */
void json_put_u64(struct json_writer *w, struct json_object *object, const char *key,
		  uint64_t value);
void json_put_bool(struct json_writer *w, struct json_object *object, const char *key, bool value);
void json_push(struct json_writer *w, struct json_object *array, struct json_object *value);

/* JSON is Unicode, paths are bytes: what is not UTF-8 becomes U+FFFD. */
struct json_object *json_text(const char *text);
struct json_object *json_names(struct json_writer *w, struct names names);

struct json_object *json_texts(struct json_writer *w, const char *const *list); /* to NULL */

/* json_programs.c: args of steps that load one. */
void json_args_filter(struct json_writer *w, struct json_object *o, const struct step *step);
void json_args_devices(struct json_writer *w, struct json_object *o, const struct step *step);

/* The `args` of one step, by the args kind of its row. */
struct json_object *json_step_args(struct json_writer *w, const struct step *step);

#endif
