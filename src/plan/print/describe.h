/* Between describe.c, which has the table of all steps, describe_mounts.c, which has the steps of
 * the file tree and what has to do with devices, and describe_groups.c, which has those of cgroups:
 * for these alone. */
#ifndef ROOTLET_PLAN_DESCRIBE_H
#define ROOTLET_PLAN_DESCRIBE_H

#include "base/buffer.h"
#include "plan/names.h"
#include "plan/plan.h"

/* Adds "(a, b)" piece by piece: opens at the first one, closed by bracket_end. */
struct bracket {
	struct buffer *out;
	size_t count;
};

void bracket_next(struct bracket *bracket);
void bracket_add(struct bracket *bracket, const char *word);
void bracket_names(struct bracket *bracket, struct names names);
void bracket_end(struct bracket *bracket);

/* `text`, escaped, after what is ours to say. */
void describe_text(struct buffer *out, const char *before, const char *text);

/* Each adds one step's line to out. */
void describe_cgroup(struct buffer *out, const struct step *step);
void describe_cgroup_parent(struct buffer *out, const struct step *step);
void describe_cgroup_offer(struct buffer *out, const struct step *step);
void describe_scope(struct buffer *out, const struct step *step);
void describe_cgroup_limit(struct buffer *out, const struct step *step);
void describe_filesystem(struct buffer *out, const struct step *step);
void describe_propagation(struct buffer *out, const struct step *step);
void describe_bind(struct buffer *out, const struct step *step);
void describe_overlay(struct buffer *out, const struct step *step);
void describe_symlink(struct buffer *out, const struct step *step);
void describe_bind_text(struct buffer *out, const struct step *step);
void describe_directory(struct buffer *out, const struct step *step);
void describe_device(struct buffer *out, const struct step *step);
void describe_node(struct buffer *out, const struct step *step);
void describe_devices(struct buffer *out, const struct step *step);
void describe_attributes(struct buffer *out, const struct step *step);
/* The path of a file's step between two pieces of text. */
void describe_file(struct buffer *out, const struct step *step, const char *before,
		   const char *after);

#endif
