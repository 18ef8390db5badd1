/* The plan as a POSIX shell script for an ordinary user with util-linux: the same namespaces, maps,
 * hostname and mounts, made by unshare(1), nsenter(1), newuidmap(1), mount(8) and pivot_root(8).
 *
 * For reading, for learning and for comparing; not a replacement: what the script lacks stands in
 * its head. Pure: what it prints comes from the plan alone.
 */
#include "plan/print/sh.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool sh_has(const struct plan *plan, enum plan_op op)
{
	return plan_find_step(plan, op) != NULL;
}

enum sh_userns sh_userns(const struct plan *plan)
{
	const struct step *map = plan_find_step(plan, OP_WRITE_MAP);

	if (sh_has(plan, OP_HELPER_MAP) || (map && map->actor == ACTOR_PARENT))
		return SH_USERNS_HOLDER;
	return map ? SH_USERNS_OWN : SH_USERNS_JOINED;
}

static bool same_or_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return strncmp(path, dir, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

static bool covers_source(const struct plan *plan, const char *dir)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct step *step = &plan->steps[i];
		const char *path = NULL;

		if (step->op == OP_OPEN_PATH)
			path = step->a.open.path;
		else if (step->op == OP_BIND)
			path = step->a.bind.source_path;
		if (!path || strcmp(path, "/") == 0)
			continue; /* `/` itself is only ever bound entry by entry */
		/* And the other way round: a source that holds the place would hold the new root.
		 */
		if (same_or_below(path, dir) || same_or_below(dir, path))
			return true;
		if (same_or_below(path, "/var/run") && strcmp(dir, "/run") == 0)
			return true; /* a symlink to it everywhere */
	}
	return false;
}

const char *sh_place(const struct plan *plan)
{
	static const char *const places[] = {"/run", "/mnt", "/media", "/tmp", "/var/tmp", "/opt"};

	if (!sh_has(plan, OP_PIVOT_ROOT))
		return NULL;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (!covers_source(plan, places[i]))
			return places[i];
	return places[0];
}

enum { WIDTH = 100 };

void sh_wrap(struct sh *sh, const char *lead, const char *text)
{
	size_t at = strlen(lead);
	bool first = true;

	buffer_puts(sh->out, lead);
	while (*text) {
		size_t len = strcspn(text, " ");

		if (!first && at + 1 + len > WIDTH) {
			buffer_puts(sh->out, "\n#    ");
			at = 5;
			first = true;
		}
		if (!first)
			buffer_puts(sh->out, " ");
		buffer_add(sh->out, text, len);
		at += len + !first;
		text += len + (text[len] == ' ');
		first = false;
	}
	buffer_puts(sh->out, "\n");
}

void sh_comment(struct sh *sh, size_t index)
{
	const struct step *step = &sh->plan->steps[index];
	const char *limit = sh_limit(sh->plan, step);
	AUTO_BUFFER text = {0};
	char lead[32];

	snprintf(lead, sizeof(lead), "# %zu  ", index);
	step_describe(step, &text);
	if (limit)
		buffer_printf(&text, " [differs: %s]", limit);
	if (buffer_failed(&text))
		sh->out->failed = true;
	else
		sh_wrap(sh, lead, text.data);
}

static void stage_comment(struct sh *sh, size_t index)
{
	enum plan_stage stage = step_stage(&sh->plan->steps[index]);

	if (index == 0 || step_stage(&sh->plan->steps[index - 1]) != stage)
		buffer_printf(sh->out, "\n# ---- %s: %s\n\n", stage_name(stage),
			      stage_sentence(stage));
}

static void inside_steps(struct sh *sh)
{
	for (size_t i = 0; i < sh->plan->count; i++) {
		const struct step *step = &sh->plan->steps[i];

		if (step_stage(step) < STAGE_NAMESPACES)
			continue;
		stage_comment(sh, i);
		sh_comment(sh, i);
		if (sh_on_host(step->op))
			buffer_puts(sh->out, "#    (an option of unshare, above)\n");
		else
			sh_inside_step(sh, step);
	}
}

/* The here-document ends at the first line that is this word: it must not be a line of the body. */
static const char *end_word(const struct buffer *body)
{
	static const char *const words[] = {"INSIDE", "END_OF_INSIDE", "END_OF_INSIDE_2",
					    "END_OF_INSIDE_3"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		bool found = false;

		for (const char *line = body->data; line && !found;) {
			size_t len = strcspn(line, "\n");

			found = len == strlen(words[i]) && strncmp(line, words[i], len) == 0;
			line = line[len] ? line + len + 1 : NULL;
		}
		if (!found)
			return words[i];
	}
	return NULL;
}

int plan_print_sh(const struct plan *plan, struct buffer *out)
{
	AUTO_BUFFER steps = {0};
	AUTO_BUFFER body = {0};
	struct sh sh = {.plan = plan, .out = &steps, .place = sh_place(plan)};
	const char *end;

	inside_steps(&sh);
	sh.out = &body;
	sh_functions(&sh);
	if (buffer_failed(&steps) || buffer_failed(&body))
		return -ENOMEM;
	buffer_add(&body, steps.data, steps.len);
	if (buffer_failed(&body))
		return -ENOMEM;
	end = end_word(&body);
	if (!end)
		return -EINVAL;
	sh.out = out;
	sh_header(&sh);
	sh_host(&sh);
	buffer_printf(out, " 9<&0 <<'%s'\n", end);
	buffer_add(out, body.data, body.len);
	buffer_printf(out, "%s\n", end);
	return buffer_failed(out) ? -ENOMEM : 0;
}
