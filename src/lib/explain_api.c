/* The public façade of the room explain. Composes; decides nothing. */
#include "rootlet.h"

#include "base/buffer.h"
#include "base/error.h"
#include "explain/explain.h"

#include <errno.h>
#include <stdlib.h>

struct rootlet_explanation {
	struct process_view *process; /* one of the two */
	struct file_view *file;
};

static int wrap(struct rootlet_explanation found, rootlet_explanation **ret, rootlet_error *err)
{
	rootlet_explanation *handle = malloc(sizeof(*handle));

	if (!handle) {
		process_view_free(found.process);
		file_view_free(found.file);
		return error_nomem(err);
	}
	*handle = found;
	*ret = handle;
	return 0;
}

int rootlet_explain_process(int pid, rootlet_explanation **ret, rootlet_error *err)
{
	struct rootlet_explanation found = {0};
	int r = process_gather(pid, &found.process, err);

	return r < 0 ? r : wrap(found, ret, err);
}

int rootlet_explain_file(const char *path, const char *user, rootlet_explanation **ret,
			 rootlet_error *err)
{
	struct rootlet_explanation found = {0};
	int r = file_gather(path, user, &found.file, err);

	return r < 0 ? r : wrap(found, ret, err);
}

int rootlet_explain_name(rootlet_explanation *explanation, uint64_t userns, const char *name,
			 rootlet_error *err)
{
	int r = explanation->file ? file_name_container(explanation->file, userns, name)
				  : process_name_container(explanation->process, userns, name);

	return r < 0 ? error_nomem(err) : 0;
}

static int print(const rootlet_explanation *e, rootlet_explain_format format,
		 const struct picture_options *o, struct buffer *b)
{
	switch (format) {
	case ROOTLET_EXPLAIN_TEXT:
		return e->file ? file_print_text(e->file, o, b)
			       : process_print_text(e->process, o, b);
	case ROOTLET_EXPLAIN_JSON:
		return e->file ? file_print_json(e->file, b) : process_print_json(e->process, b);
	case ROOTLET_EXPLAIN_SVG:
		return e->file ? file_print_svg(e->file, o, b)
			       : process_print_svg(e->process, o, b);
	}
	return -EINVAL;
}

int rootlet_explain_print(const rootlet_explanation *explanation, rootlet_explain_format format,
			  const rootlet_explain_options *options, char **ret_text,
			  rootlet_error *err)
{
	enum { NARROWEST = 40, WIDEST = 1000, TEXT_WIDTH = 80, SVG_WIDTH = 160 };
	struct picture_options o = {.width =
					    format == ROOTLET_EXPLAIN_SVG ? SVG_WIDTH : TEXT_WIDTH};
	AUTO_BUFFER b = {0};
	int r;

	if (options) {
		o.color = options->color;
		o.ascii = options->ascii;
		if (options->width)
			o.width = options->width;
	}
	if (o.width < NARROWEST)
		o.width = NARROWEST;
	if (o.width > WIDEST)
		o.width = WIDEST;
	r = print(explanation, format, &o, &b);
	if (r == -EINVAL)
		return error_set(err, r, "explain-format", NULL,
				 "explain: there is no such format");
	if (r < 0 || buffer_failed(&b) || !b.data)
		return error_nomem(err);
	*ret_text = b.data;
	b.data = NULL;
	return 0;
}

void rootlet_explain_free(rootlet_explanation *explanation)
{
	if (!explanation)
		return;
	process_view_free(explanation->process);
	file_view_free(explanation->file);
	free(explanation);
}
