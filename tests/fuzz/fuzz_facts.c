/* Any text as a facts file, and what it means for planning: a first line of words as for `rootlet
 * run`, then the JSON. What loads must save and load again as itself; a plan that is made must
 * verify and print.
 */
#include "fuzz.h"

#include "base/buffer.h"
#include "facts/facts.h"
#include "facts/probe.h"
#include "parse/parse.h"
#include "plan/plan.h"

enum { WORDS = 32 };

/* Saving what was loaded gives a text that loads, and saves as itself. */
static void require_round_trip(const struct facts *facts)
{
	struct buffer first = {0}, second = {0};
	struct rootlet_error err = {0};
	struct facts *again = NULL;

	require(!facts_save(facts, &first, &err));
	require(!facts_parse(first.data, first.len, "saved", &again, &err));
	require(!facts_save(again, &second, &err));
	require(first.len == second.len && !memcmp(first.data, second.data, first.len));
	facts_free(again);
	buffer_release(&first);
	buffer_release(&second);
}

static void require_plan(const struct spec *spec, const struct facts *facts)
{
	int (*const prints[])(const struct plan *, struct buffer *) = {plan_print_json,
								       plan_print_sh};
	struct rootlet_error err = {0};
	struct buffer out = {0};
	struct plan *plan = NULL;
	int r = plan_make(spec, facts, &plan, &err);

	require_message(r, &err);
	if (r)
		return;
	r = plan_verify(plan, &err);
	if (r)
		fprintf(stderr, "%s\n", err.message);
	require(!r);
	require(!plan_print_text(plan, false, &out) && out.len);
	for (size_t i = 0; i < 2; i++) {
		buffer_release(&out);
		out = (struct buffer){0};
		require(!prints[i](plan, &out) && out.len);
	}
	buffer_release(&out);
	plan_free(plan);
}

static void plan_with(char *line, const struct facts *facts)
{
	const char *argv[WORDS];
	struct rootlet_error err = {0};
	struct spec *spec = spec_new(SPEC_RUN);
	int argc = 0;

	require(spec);
	if (strstr(line, "env-file")) /* reads a file */
		line = NULL;
	while (line && argc < WORDS)
		argv[argc++] = strsep(&line, " ");
	if (!parse_command_line(spec, PARSE_RUN, argc, argv, &err) && !spec->help &&
	    !spec_validate(spec, &err))
		require_plan(spec, facts);
	spec_free(spec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rootlet_error err = {0};
	struct facts *facts = NULL;
	char *text = fuzz_string(data, size), *json = memchr(text, '\n', size);
	int r;

	if (json) {
		*json++ = '\0';
		r = facts_parse(json, size - (size_t)(json - text), "facts", &facts, &err);
		require_message(r, &err);
		if (!r) {
			require_round_trip(facts);
			plan_with(text, facts);
			facts_free(facts);
		}
	}
	free(text);
	return 0;
}
