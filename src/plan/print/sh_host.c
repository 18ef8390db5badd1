/* The script's part on the host: from nothing to a shell inside the new namespaces.
 *
 * A new user namespace whose maps need newuidmap is held open by a sleeping process while they are
 * written from outside; then nsenter enters it as the mapped root. A map of one's own id alone is
 * written by unshare itself.
 */
#include "plan/print/sh.h"

#include <inttypes.h>
#include <linux/mount.h>
#include <string.h>

static const char *const unshare_options[NS_COUNT] = {
	[NS_PID] = "--pid", [NS_MNT] = "--mount",     [NS_UTS] = "--uts",   [NS_IPC] = "--ipc",
	[NS_NET] = "--net", [NS_CGROUP] = "--cgroup", [NS_TIME] = "--time",
};

static const char *const nsenter_options[NS_COUNT] = {
	[NS_USER] = "--user", [NS_PID] = "--pid", [NS_MNT] = "--mount",	    [NS_UTS] = "--uts",
	[NS_IPC] = "--ipc",   [NS_NET] = "--net", [NS_CGROUP] = "--cgroup", [NS_TIME] = "--time",
};

static void comments(struct sh *sh, enum plan_stage first, enum plan_stage last)
{
	enum plan_stage stage = STAGE_COUNT;

	for (size_t i = 0; i < sh->plan->count; i++) {
		const struct step *step = &sh->plan->steps[i];

		if (step_stage(step) < first || step_stage(step) > last)
			continue;
		if (step_stage(step) != stage) {
			stage = step_stage(step);
			buffer_printf(sh->out, "\n# ---- %s: %s\n\n", stage_name(stage),
				      stage_sentence(stage));
		}
		sh_comment(sh, i);
	}
}

static void holder(struct sh *sh)
{
	buffer_puts(
		sh->out,
		"\n"
		"# A process that holds the new user namespace open while its maps are written.\n"
		"unshare --user sleep 60 &\n"
		"holder=$!\n"
		"trap 'kill \"$holder\" 2>/dev/null' EXIT\n"
		"while [ \"$(readlink \"/proc/$holder/ns/user\")\" = \"$(readlink "
		"/proc/self/ns/user)\" ]; "
		"do\n"
		"\tsleep 0.01\n"
		"done\n");
}

static void helper(struct sh *sh, const struct step *step)
{
	print_quoted(sh->out, step->a.helper.path);
	buffer_puts(sh->out, " \"$holder\"");
	for (const char **arg = step->a.helper.args; arg && *arg; arg++) {
		buffer_puts(sh->out, " ");
		print_quoted(sh->out, *arg);
	}
	buffer_puts(sh->out, "\n");
}

static void direct_map(struct sh *sh, const struct step *step)
{
	AUTO_BUFFER text = {0};

	for (const char *c = step->a.map.text; *c;
	     c++) /* one write: the kernel takes no second one */
		buffer_printf(&text, *c == '\n' ? "\\n" : "%c", *c);
	if (buffer_failed(&text) || !text.data)
		return;
	buffer_puts(sh->out, "printf ");
	print_quoted(sh->out, text.data);
	buffer_printf(sh->out, " >\"/proc/$holder/%cid_map\"\n", step->a.map.gid ? 'g' : 'u');
}

static void write_maps(struct sh *sh)
{
	for (size_t i = 0; i < sh->plan->count; i++) {
		const struct step *step = &sh->plan->steps[i];

		if (step_stage(step) != STAGE_MAPS)
			continue;
		sh_comment(sh, i);
		if (step->op == OP_HELPER_MAP)
			helper(sh, step);
		else if (step->op == OP_WRITE_MAP)
			direct_map(sh, step);
		else if (step->op == OP_DENY_SETGROUPS)
			buffer_puts(sh->out, "echo deny >\"/proc/$holder/setgroups\"\n");
	}
}

/* nsenter calls setgroups whenever it sets a group; where the plan keeps the caller's groups, or
 * the kernel denies the call, the ids must be right already. */
static const char *nsenter_ids(const struct plan *plan)
{
	if (sh_has(plan, OP_SET_IDS) && !sh_has(plan, OP_SET_GROUPS))
		return "--preserve-credentials";
	return "--setuid 0 --setgid 0";
}

static void join(struct sh *sh)
{
	const struct plan *plan = sh->plan;
	bool any = false, user = false;

	for (size_t i = 0; i < plan->count; i++) {
		const struct step *step = &plan->steps[i];

		if (step->op != OP_JOIN_NAMESPACE)
			continue;
		buffer_printf(sh->out, "%s%s=", any ? " " : "nsenter ",
			      nsenter_options[step->a.ns.type]);
		print_quoted(sh->out, step->a.ns.path);
		any = true;
		user |= step->a.ns.type == NS_USER;
	}
	if (user)
		buffer_printf(sh->out, " %s", nsenter_ids(plan));
	if (any)
		buffer_puts(sh->out, " \\\n\t");
}

static void enter_holder(struct sh *sh)
{
	buffer_printf(sh->out,
		      "nsenter --target \"$holder\" --user %s \\\n"
		      "\tsh -c 'kill \"$1\"; shift; exec \"$@\"' sh \"$holder\" \\\n\t",
		      nsenter_ids(sh->plan));
}

static void time_options(const struct plan *plan, struct buffer *out)
{
	const struct step *step = plan_find_step(plan, OP_TIME_OFFSETS);

	if (!step)
		return;
	buffer_puts(out, " --time");
	for (const char *line = step->a.text.text; line && *line;) {
		size_t name = strcspn(line, " "), value = strcspn(line + name + 1, " \n");

		/* "monotonic 86400 0": unshare(1) takes the seconds */
		buffer_printf(out, " --%.*s=%.*s", (int)name, line, (int)value, line + name + 1);
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
}

static void propagation_option(const struct plan *plan, struct buffer *out)
{
	const struct step *step = plan_find_step(plan, OP_PROPAGATION);
	uint64_t flags = step ? step->a.propagation.flags : 0;

	if (!step)
		return;
	buffer_printf(out, " --propagation %s",
		      flags & MS_SHARED	 ? "shared"
		      : flags & MS_SLAVE ? "slave"
					 : "private");
}

static void namespace_options(const struct plan *plan, struct buffer *out)
{
	const struct step *clone = plan_find_step(plan, OP_CLONE);
	uint64_t flags = clone ? clone->a.clone.flags : 0;

	for (int type = 0; type < NS_COUNT; type++)
		if (type != NS_USER && flags & ns_type_flag((enum ns_type)type))
			buffer_printf(out, " %s", unshare_options[type]);
	time_options(plan, out);
	if (flags & ns_type_flag(NS_MNT))
		propagation_option(plan, out);
}

/* The one line that maps one's own id: unshare writes it, and denies setgroups before. */
static void own_map_options(const struct plan *plan, struct buffer *out)
{
	uint32_t uid = plan->uid_map.count ? plan->uid_map.extents[0].inside : 0;
	uint32_t gid = plan->gid_map.count ? plan->gid_map.extents[0].inside : 0;

	buffer_printf(out, " --user --map-user=%" PRIu32 " --map-group=%" PRIu32, uid, gid);
	if (uid != 0) /* else the next exec loses them: capabilities(7) */
		buffer_puts(out, " --keep-caps");
}

static void unshare_command(struct sh *sh)
{
	const struct plan *plan = sh->plan;
	const struct step *death = plan_find_step(plan, OP_PARENT_DEATH);
	AUTO_BUFFER options = {0};
	char name[16];

	if (sh_userns(plan) == SH_USERNS_OWN)
		own_map_options(plan, &options);
	namespace_options(plan, &options);
	if (buffer_failed(&options)) {
		sh->out->failed = true;
		return;
	}
	buffer_printf(sh->out, "unshare%s \\\n\t--fork --kill-child=%s sh -s",
		      options.data ? options.data : "",
		      death ? name_signal((int)death->a.number, name) : "SIGKILL");
}

void sh_host(struct sh *sh)
{
	bool held = sh_userns(sh->plan) == SH_USERNS_HOLDER;

	comments(sh, STAGE_PREPARE, STAGE_OPEN);
	if (held) {
		holder(sh);
		buffer_printf(sh->out, "\n# ---- %s: %s\n\n", stage_name(STAGE_MAPS),
			      stage_sentence(STAGE_MAPS));
		write_maps(sh);
		buffer_puts(sh->out, "trap - EXIT\n");
	} else {
		comments(sh, STAGE_MAPS, STAGE_MAPS);
	}
	comments(sh, STAGE_IDENTITY, STAGE_IDENTITY);
	buffer_puts(
		sh->out,
		"\n# The new namespaces, and a shell in them that reads the rest of this file;\n"
		"# descriptor 9 keeps the standard input for the command (a closed one: "
		"/dev/null).\n"
		"true 2>/dev/null 9<&0 || exec </dev/null\n");
	join(sh);
	if (held)
		enter_holder(sh);
	unshare_command(sh);
}
