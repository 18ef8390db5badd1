/* What the drawings of explain are compared by. */
#ifndef ROOTLET_TESTS_DRAW_BOX_H
#define ROOTLET_TESTS_DRAW_BOX_H

#include "explain/canvas.h"
#include "explain/explain.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

static struct buffer out;

static inline int teardown(void **state)
{
	buffer_release(&out);
	return 0;
}

static inline const char *json_at(struct json_object *root, const char *pointer)
{
	struct json_object *value;

	if (json_pointer_get(root, pointer, &value) != 0)
		return "(missing)";
	return json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN |
							     JSON_C_TO_STRING_NOSLASHESCAPE);
}

#endif
