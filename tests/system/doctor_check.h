/* What the tests of doctor share: its JSON, looked into. */
#ifndef ROOTLET_TESTS_DOCTOR_CHECK_H
#define ROOTLET_TESTS_DOCTOR_CHECK_H

#include "harness.h"

#include <string.h>

#include <json-c/json.h>

static inline const char *doctor_text(json_object *object, const char *key)
{
	const char *text = json_object_get_string(json_object_object_get(object, key));

	return text ? text : "";
}

/* The element of an array whose "id" is this, or NULL. */
static inline json_object *doctor_find(json_object *root, const char *array, const char *id)
{
	json_object *items = json_object_object_get(root, array);

	for (size_t i = 0; i < json_object_array_length(items); i++) {
		json_object *item = json_object_array_get_idx(items, i);

		if (strcmp(doctor_text(item, "id"), id) == 0)
			return item;
	}
	return NULL;
}

/* The caller puts it. */
static inline json_object *doctor_parse(const struct result *r)
{
	json_object *root = json_tokener_parse(r->out);

	if (!root)
		fail_msg("%s: no JSON:\n%.2000s\n%s", r->what, r->out, r->err);
	return root;
}

/* doctor --format=json names this problem, with parts of its cause and of its way out, and its row
 * has this verdict. */
static inline void doctor_expect(const struct result *r, const char *id, const char *verdict,
				 const char *cause, const char *way_out)
{
	json_object *root = doctor_parse(r);
	json_object *p = doctor_find(root, "problems", id);
	json_object *row = p ? doctor_find(root, "rows", doctor_text(p, "row")) : NULL;

	if (!row)
		fail_msg("%s: doctor does not name %s:\n%.6000s", r->what, id, r->out);
	assert_string_equal(doctor_text(p, "verdict"), verdict);
	assert_string_equal(doctor_text(row, "verdict"), verdict);
	assert_int_equal(r->status, strcmp(doctor_text(root, "verdict"), "red") == 0);
	if (!strstr(doctor_text(p, "means"), cause))
		fail_msg("%s: %s is not in: %s", id, cause, doctor_text(p, "means"));
	if (!strstr(doctor_text(p, "mend"), way_out) &&
	    !strstr(doctor_text(p, "meanwhile"), way_out))
		fail_msg("%s: %s is not in: %s", id, way_out, doctor_text(p, "mend"));
	assert_true(*doctor_text(p, "checked") && *doctor_text(p, "why"));
	json_object_put(root);
}

/* What run says of the same: its status, and parts of its two lines. */
static inline void doctor_expect_run(const struct result *r, int status, const char *cause,
				     const char *way_out)
{
	expect_status(r, status);
	if (!strstr(r->err, harness_expand(cause)) || !strstr(r->err, way_out))
		fail_msg("%s: neither %s nor %s in:\n%s", r->what, cause, way_out, r->err);
	assert_int_equal(strncmp(r->err, "rootlet: ", 9), 0);
}

#endif
