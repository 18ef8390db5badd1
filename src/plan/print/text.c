/* The plan for people: a heading a stage, numbered steps, the reason under them, the manual page at
 * the right. Laid out for 80 columns.
 *
 * Neighbours that share their reason share its line too: it stands under the last of them. Messages
 * name steps by the same numbers. No policy, and no escape sequence unless `color` is true.
 */
#include "plan/plan.h"

#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/tint.h"
#include "plan/names.h"

enum {
	WIDTH = 80,
	LABEL_WIDTH = 14, /* "  namespaces  " */
	STEP_INDENT = 6,  /* " 123  " */
};

struct page {
	const struct plan *plan;
	struct buffer *out;
	bool color;
	bool mixed; /* this stage's steps are several actors' */
};

static void style(struct page *page, const char *codes)
{
	if (page->color)
		buffer_printf(page->out, "\033[%sm", codes);
}

static void plain(struct page *page)
{
	style(page, "0");
}

static void spaces(struct page *page, size_t count)
{
	while (count--)
		buffer_puts(page->out, " ");
}

/* Columns of UTF-8 text whose characters are all one column wide, as ours are. */
static size_t columns(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

/* The text from column `at` on, broken at blanks, each further line indented to `indent`. Returns
 * the column after it. A word longer than the line is never cut: it can be copied whole. */
static size_t wrap(struct page *page, const char *text, size_t at, size_t indent)
{
	bool first = true;

	while (*text) {
		size_t len = strcspn(text, " ");
		size_t width = columns(text, len);

		if (!first && at + 1 + width > WIDTH) {
			buffer_puts(page->out, "\n");
			spaces(page, indent);
			at = indent;
		} else if (!first) {
			buffer_puts(page->out, " ");
			at++;
		}
		buffer_add(page->out, text, len);
		at += width;
		text += len + (text[len] == ' ');
		first = false;
	}
	return at;
}

static void field(struct page *page, const char *label, const struct buffer *value)
{
	if (buffer_failed(value)) {
		page->out->failed = true;
		return;
	}
	style(page, TINT_DIM);
	buffer_printf(page->out, "  %-*s", LABEL_WIDTH - 2, label);
	plain(page);
	wrap(page, value->data ? value->data : "", LABEL_WIDTH, LABEL_WIDTH);
	buffer_puts(page->out, "\n");
}

static void field_text(struct page *page, const char *label, const char *text)
{
	AUTO_BUFFER value = {0};

	if (!text)
		return;
	print_escaped(&value, text);
	field(page, label, &value);
}

static void title(struct page *page)
{
	const struct step *exec = plan_exec_step(page->plan);
	bool looked_up = exec && exec->a.exec.shell_looked_up;

	style(page, TINT_BOLD);
	buffer_printf(page->out, "%s:", plan_command_name(page->plan));
	if (looked_up)
		buffer_puts(page->out, " the user's shell, else");
	for (const char *const *arg = exec ? exec->a.exec.argv : NULL; arg && *arg; arg++) {
		buffer_puts(page->out, " ");
		print_word(page->out, *arg);
	}
	plain(page);
	buffer_puts(page->out, "\n\n");
}

static void field_root(struct page *page)
{
	AUTO_BUFFER value = {0};

	for (size_t i = 0; i < page->plan->count && !value.len; i++) {
		const struct step *step = &page->plan->steps[i];

		if (step->op == OP_ROOT_TMPFS)
			buffer_puts(&value, "/, the host's own files");
		else if (step->op == OP_ROOT_BIND || step->op == OP_ROOT_OVERLAY)
			print_word(&value, step->subject);
		if (step->op == OP_ROOT_OVERLAY)
			buffer_puts(&value, ", under an overlay");
	}
	if (!value.len)
		buffer_puts(&value, "as it is: the mount tree stays");
	field(page, "root", &value);
}

static void add_modes(struct page *page, struct buffer *value, const char *mode, const char *before)
{
	bool first = true;

	for (int type = 0; type < NS_COUNT; type++) {
		if (strcmp(name_mode(page->plan->ns_modes[type]), mode) != 0)
			continue;
		if (first)
			buffer_printf(value, "%s%s", value->len ? "; " : "", before);
		buffer_printf(value, "%s %s", first ? "" : ",", ns_type_name((enum ns_type)type));
		first = false;
	}
}

static void field_namespaces(struct page *page)
{
	AUTO_BUFFER value = {0};

	add_modes(page, &value, "private", "its own");
	add_modes(page, &value, "joined", "joined");
	add_modes(page, &value, "host", "the host's");
	field(page, "namespaces", &value);
}

static void heading(struct page *page, size_t index)
{
	enum plan_stage stage = step_stage(&page->plan->steps[index]);
	const char *actor = actor_name(page->plan->steps[index].actor);

	for (size_t i = index; i < page->plan->count; i++)
		if (step_stage(&page->plan->steps[i]) == stage &&
		    page->plan->steps[i].actor != page->plan->steps[index].actor)
			actor = NULL; /* several: said at each step */
	buffer_puts(page->out, "\n");
	style(page, TINT_BOLD_HEAD);
	buffer_puts(page->out, stage_name(stage));
	plain(page);
	style(page, TINT_DIM);
	page->mixed = !actor;
	if (actor)
		buffer_printf(page->out, " · %s", actor);
	buffer_printf(page->out, " · %s", stage_sentence(stage));
	plain(page);
	buffer_puts(page->out, "\n");
}

static void step_line(struct page *page, size_t index)
{
	const struct step *step = &page->plan->steps[index];
	const char *manual = op_rows[step->op].manual;
	AUTO_BUFFER action = {0};
	size_t at;

	if (page->mixed)
		buffer_printf(&action, "%s: ", actor_name(step->actor));
	step_describe(step, &action);
	if (buffer_failed(&action)) {
		page->out->failed = true;
		return;
	}
	style(page, TINT_DIM);
	buffer_printf(page->out, "%4zu  ", index);
	plain(page);
	at = wrap(page, action.data, STEP_INDENT, STEP_INDENT + 4);
	style(page, TINT_DIM);
	if (at + 2 + strlen(manual) > WIDTH) {
		buffer_puts(page->out, "\n");
		at = 0;
	}
	spaces(page, WIDTH - strlen(manual) - at);
	buffer_puts(page->out, manual);
	plain(page);
	buffer_puts(page->out, "\n");
}

static bool shares_why(const struct plan *plan, size_t index)
{
	const struct step *step = &plan->steps[index], *next = step + 1;

	return index + 1 < plan->count && step_stage(step) == step_stage(next) &&
	       strcmp(step_why(step), step_why(next)) == 0;
}

static void why_line(struct page *page, size_t index)
{
	AUTO_BUFFER why = {0};

	if (shares_why(page->plan, index))
		return;
	print_escaped(&why, step_why(&page->plan->steps[index]));
	if (buffer_failed(&why)) {
		page->out->failed = true;
		return;
	}
	spaces(page, STEP_INDENT + 2);
	style(page, TINT_DIM);
	wrap(page, why.data ? why.data : "", STEP_INDENT + 2, STEP_INDENT + 2);
	plain(page);
	buffer_puts(page->out, "\n");
}

static void notes(struct page *page)
{
	const char *line;

	if (!plan_line(page->plan, 0))
		return;
	buffer_puts(page->out, "\n");
	style(page, TINT_BOLD_HEAD);
	buffer_puts(page->out, "NOTES");
	plain(page);
	buffer_puts(page->out, "\n");
	for (size_t i = 0; (line = plan_line(page->plan, i)) != NULL; i++) {
		AUTO_BUFFER note = {0};

		print_escaped(&note, line);
		style(page, TINT_WARN);
		buffer_puts(page->out, "   -  ");
		if (note.data)
			wrap(page, note.data, STEP_INDENT, STEP_INDENT);
		plain(page);
		buffer_puts(page->out, "\n");
	}
}

int plan_print_text(const struct plan *plan, bool color, struct buffer *out)
{
	struct page page = {plan, out, color, false};

	title(&page);
	field_root(&page);
	field_text(&page, "ids", plan->summary_user);
	field_text(&page, "hostname", plan->hostname);
	field_namespaces(&page);
	for (size_t i = 0; i < plan->count; i++) {
		if (i == 0 || step_stage(&plan->steps[i]) != step_stage(&plan->steps[i - 1]))
			heading(&page, i);
		step_line(&page, i);
		why_line(&page, i);
	}
	notes(&page);
	return buffer_failed(out) ? -ENOMEM : 0;
}
