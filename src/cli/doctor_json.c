/* doctor's answer for programs. The keys are stable: rootlet-doctor(1). */
#include "cli/doctor.h"

#include <json-c/json.h>
#include <stdio.h>

const char *doctor_verdict_name(rootlet_verdict verdict)
{
	static const char *const names[] = {
		[ROOTLET_VERDICT_UNKNOWN] = "unknown",
		[ROOTLET_VERDICT_GREEN] = "green",
		[ROOTLET_VERDICT_AMBER] = "amber",
		[ROOTLET_VERDICT_RED] = "red",
	};

	return names[verdict];
}

static void add(json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, value ? json_object_new_string(value) : NULL);
}

static json_object *rows_of(const rootlet_doctor *doctor)
{
	json_object *array = json_object_new_array();
	rootlet_doctor_row row;

	for (size_t i = 0; rootlet_doctor_row_get(doctor, i, &row) == 0; i++) {
		json_object *o = json_object_new_object();

		add(o, "id", row.id);
		add(o, "group", row.group);
		add(o, "title", row.title);
		add(o, "verdict", doctor_verdict_name(row.verdict));
		add(o, "found", row.found);
		add(o, "problem", row.problem);
		json_object_array_add(array, o);
	}
	return array;
}

static json_object *problems_of(const rootlet_doctor *doctor)
{
	json_object *array = json_object_new_array();
	rootlet_doctor_problem p;

	for (size_t i = 0; rootlet_doctor_problem_get(doctor, i, &p) == 0; i++) {
		json_object *o = json_object_new_object();

		add(o, "id", p.id);
		add(o, "row", p.row);
		add(o, "verdict", doctor_verdict_name(p.verdict));
		add(o, "title", p.title);
		add(o, "means", p.means);
		add(o, "why", p.why);
		add(o, "checked", p.checked);
		add(o, "mend", p.mend);
		add(o, "meanwhile", p.meanwhile);
		add(o, "administrator", p.administrator);
		json_object_array_add(array, o);
	}
	return array;
}

int doctor_print_json(const rootlet_doctor *doctor)
{
	json_object *root = json_object_new_object();
	const char *text;

	json_object_object_add(root, "version", json_object_new_int(1));
	add(root, "rootlet", rootlet_version());
	add(root, "verdict", doctor_verdict_name(rootlet_doctor_verdict(doctor)));
	json_object_object_add(root, "rows", rows_of(doctor));
	json_object_object_add(root, "problems", problems_of(doctor));
	add(root, "letter", rootlet_doctor_letter(doctor));
	text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
							    JSON_C_TO_STRING_SPACED |
							    JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		puts(text);
	json_object_put(root);
	return text ? 0 : -1;
}
