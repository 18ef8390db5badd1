/* What was seen elsewhere: a step that cannot be done here may say what it showed on another
 * machine, when, and with what. It is shown as that and graded as nothing. */
#include "cli/demo/demo.h"

#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "NAME = VALUE", as a fact with a star: in a table it cannot be taken for a live one. */
static int take_record(const char *text, json_object *facts, rootlet_error *err)
{
	char name[64], marked[256];
	const char *value = fact_name(text, name);

	if (!value || *value != '=')
		return error_set(err, -EINVAL, "demo-fact", text, "%s: not `NAME = VALUE`", text);
	value++;
	value += strspn(value, " ");
	snprintf(marked, sizeof(marked), "%s *", value);
	if (setenv(name, marked, 1) < 0)
		return error_nomem(err);
	json_object_object_add(facts, name, json_object_new_string(value));
	return 0;
}

int recorded_use(const struct demo *demo, size_t at, json_object **ret, rootlet_error *err)
{
	const struct item *source = demo_find(demo, at, ITEM_RECORDED);
	json_object *facts;
	int r = 0;

	*ret = NULL;
	if (!source)
		return 0;
	facts = json_object_new_object();
	*ret = json_object_new_object();
	json_object_object_add(*ret, "source", json_object_new_string(source->text));
	json_object_object_add(*ret, "facts", facts);
	for (size_t i = at; r == 0 && i < demo->count && demo->items[i].kind != ITEM_STEP; i++)
		if (demo->items[i].kind == ITEM_RECORD)
			r = take_record(demo->items[i].text, facts, err);
	return r;
}

static const char *source_of(json_object *step)
{
	json_object *recorded, *source;

	if (!json_object_object_get_ex(step, "recorded", &recorded) ||
	    !json_object_object_get_ex(recorded, "source", &source))
		return NULL;
	return json_object_get_string(source);
}

/* Below a table: what its stars mean. Steps that were recorded together are named once. */
void recorded_footnote(const struct show *show, json_object *steps)
{
	const char *last = "";

	for (size_t i = 0; i < json_object_array_length(steps); i++) {
		const char *source = source_of(json_object_array_get_idx(steps, i));
		AUTO_BUFFER text = {0};

		if (!source || !strcmp(source, last))
			continue;
		buffer_printf(&text, "* not seen here: recorded %s", source);
		if (!buffer_failed(&text))
			show_footnote(show, text.data);
		last = source;
	}
}

void recorded_forget(json_object *steps)
{
	json_object *recorded, *facts;

	for (size_t i = 0; i < json_object_array_length(steps); i++) {
		json_object *step = json_object_array_get_idx(steps, i);

		if (!json_object_object_get_ex(step, "recorded", &recorded) ||
		    !json_object_object_get_ex(recorded, "facts", &facts))
			continue;
		json_object_object_foreach(facts, name, value)
		{
			(void)value;
			unsetenv(name);
		}
	}
}
