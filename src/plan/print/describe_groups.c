/* How the steps of cgroups read. */
#include "plan/print/describe.h"

void describe_text(struct buffer *out, const char *before, const char *text)
{
	buffer_puts(out, before);
	print_escaped(out, text ? text : "?");
}

void describe_cgroup(struct buffer *out, const struct step *step)
{
	describe_text(out, "make the cgroup ", step->a.cgroup.parent);
	buffer_puts(out, "/");
	print_escaped(out, step->a.cgroup.name ? step->a.cgroup.name : "rootlet-PID-N");
}

void describe_cgroup_parent(struct buffer *out, const struct step *step)
{
	describe_text(out, "in the cgroup ", step->a.setting.path);
	if (*step->a.setting.value)
		describe_text(out, ", hand on: ", step->a.setting.value);
}

void describe_cgroup_offer(struct buffer *out, const struct step *step)
{
	describe_text(out, "in the cgroup ", step->a.setting.path);
	describe_text(out, ", hand on as well what can be had of: ", step->a.setting.value);
}

void describe_scope(struct buffer *out, const struct step *step)
{
	describe_text(out, "ask systemd for the scope ",
		      step->a.scope.unit ? step->a.scope.unit : "rootlet-PID-N.scope");
	describe_text(out, " in ", step->a.scope.slice);
}

void describe_cgroup_limit(struct buffer *out, const struct step *step)
{
	describe_text(out, "write ", step->a.limit.file);
	describe_text(out, ": ", step->a.limit.value);
}
