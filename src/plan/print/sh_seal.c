/* The script's end: SEAL by setpriv(1) of the new root, and the exec of the command.
 *
 * setpriv applies everything at once, right before the command; so the steps only collect its
 * options in the positional parameters' place, and EXEC puts the line together.
 */
#include "plan/print/sh.h"

#include <inttypes.h>
#include <string.h>

static void collected(struct sh *sh)
{
	buffer_puts(sh->out, "# (an option of setpriv, below)\n");
}

static void lookup_user(struct sh *sh, const struct step *step)
{
	const char *colon = strchr(step->a.text.text, ':');
	AUTO_BUFFER user = {0};

	buffer_add(&user, step->a.text.text,
		   colon ? (size_t)(colon - step->a.text.text) : strlen(step->a.text.text));
	if (buffer_failed(&user)) {
		sh->out->failed = true;
		return;
	}
	sh->functions |= SH_LOOKUP;
	buffer_puts(sh->out, "lookup_user ");
	print_quoted(sh->out, user.data);
	if (colon) {
		buffer_puts(sh->out, "\nlookup_group ");
		print_quoted(sh->out, colon + 1);
	}
	buffer_puts(sh->out, "\n");
}

static void capability_option(struct sh *sh, const char *option, const struct step *step)
{
	char name[NAME_CAPABILITY_SIZE];

	buffer_puts(sh->out, option);
	for (unsigned n = 0; n < 64; n++) {
		if (!(step->a.capabilities >> n & 1))
			continue;
		name_capability(n, name);
		/* setpriv(1) knows "chown" for cap_chown, but "cap_41" for what has no name. */
		buffer_printf(sh->out, ",+%s", name[4] >= '0' && name[4] <= '9' ? name : name + 4);
	}
}

static void group_option(struct sh *sh, const struct step *step)
{
	if (!step->a.ids.set_groups) {
		buffer_puts(sh->out, " --keep-groups");
	} else if (step->a.ids.looked_up) {
		buffer_puts(sh->out, " \"$groups\"");
	} else if (!step->a.ids.group_count) {
		buffer_puts(sh->out, " --clear-groups");
	} else {
		for (size_t i = 0; i < step->a.ids.group_count; i++)
			buffer_printf(sh->out, "%s%" PRIu32,
				      i ? "," : " --groups=", step->a.ids.groups[i]);
	}
}

static void user_option(struct sh *sh, const struct step *step)
{
	if (step->a.ids.looked_up)
		buffer_puts(sh->out, " --reuid=\"$uid\" --regid=\"$gid\"");
	else
		buffer_printf(sh->out, " --reuid=%" PRIu32 " --regid=%" PRIu32, step->a.ids.uid,
			      step->a.ids.gid);
	group_option(sh, step);
}

static void set_user(struct sh *sh, const struct step *step)
{
	if (step->a.ids.looked_up && step->a.ids.set_groups)
		buffer_puts(sh->out, "groups=${groups:+--groups=$groups}\n"
				     "groups=${groups:---clear-groups}\n");
	collected(sh);
}

static bool ambient(const struct sh *sh)
{
	return sh_userns(sh->plan) == SH_USERNS_OWN && sh->plan->uid_map.count &&
	       sh->plan->uid_map.extents[0].inside != 0;
}

/* A root without setpriv gets a weaker container, and a line that says so; but never the wrong
 * user. */
static void setpriv(struct sh *sh)
{
	const struct plan *plan = sh->plan;
	const struct step *user = plan_find_step(plan, OP_SET_USER);
	const struct step *bounding = plan_find_step(plan, OP_BOUNDING_SET);
	const struct step *asked = plan_find_step(plan, OP_AMBIENT);
	const struct step *sets = plan_find_step(plan, OP_CAPABILITY_SETS);

	if (!user && !bounding && !sh_has(plan, OP_NO_NEW_PRIVS) && !ambient(sh))
		return;
	buffer_puts(sh->out, "if command -v setpriv >/dev/null; then\n\tset -- setpriv");
	if (user)
		user_option(sh, user);
	if (sh_has(plan, OP_NO_NEW_PRIVS))
		buffer_puts(sh->out, " --no-new-privs");
	if (asked) {
		capability_option(sh, " --inh-caps=-all", asked);
		capability_option(sh, " --ambient-caps=-all", asked);
	} else if (sets) {
		struct step inheritable = {.a.capabilities = sets->a.sets.inheritable};
		struct step raised = {.a.capabilities = sets->a.sets.ambient};

		capability_option(sh, " --inh-caps=-all", &inheritable);
		capability_option(sh, " --ambient-caps=-all", &raised);
	} else {
		buffer_puts(sh->out, " --inh-caps=-all");
		if (ambient(sh))
			buffer_puts(sh->out, " --ambient-caps=-all");
	}
	if (bounding)
		capability_option(sh, " \\\n\t\t--bounding-set=-all", bounding);
	buffer_puts(sh->out, " \"$@\"\nelse\n");
	if (user)
		buffer_puts(sh->out,
			    "\tdie 'setpriv is not in this root: cannot become another user'\n");
	else
		buffer_puts(sh->out, "\techo 'note: no setpriv in this root: capabilities and "
				     "no_new_privs stay as they are' >&2\n");
	buffer_puts(sh->out, "fi\n");
}

/* env(1) takes a command with `=` in its name for a variable. */
static void command(struct sh *sh, const struct step *step)
{
	const char *file = step->subject;
	const char *const *argv = step->a.exec.argv;

	buffer_puts(sh->out, "set -- ");
	if (strchr(file, '='))
		buffer_puts(sh->out, "/bin/sh -c 'exec \"$@\"' sh ");
	if (step->a.exec.shell_looked_up)
		buffer_puts(sh->out, "\"${shell:-/bin/sh}\"");
	else
		print_quoted(sh->out, file);
	for (size_t i = 1; argv && argv[0] && argv[i]; i++) {
		buffer_puts(sh->out, " ");
		print_quoted(sh->out, argv[i]);
	}
	buffer_puts(sh->out, "\n");
}

static void environment(struct sh *sh, const struct step *step)
{
	buffer_puts(sh->out, "set -- env -i \\\n");
	if (step->a.exec.home_looked_up)
		buffer_puts(sh->out, "\tHOME=\"$home\" \\\n");
	for (const char *const *e = step->a.exec.envp; e && *e; e++) {
		buffer_puts(sh->out, "\t");
		print_quoted(sh->out, *e);
		buffer_puts(sh->out, " \\\n");
	}
	buffer_puts(sh->out, "\t\"$@\"\n");
}

/* Descriptors above 9 have no name in sh; 9 itself kept the standard input. */
static void close_fds(struct sh *sh)
{
	const struct step *step = plan_find_step(sh->plan, OP_CLOSE_FDS);

	for (uint64_t fd = step ? step->a.number : 9; fd < 9; fd++)
		buffer_printf(sh->out, " %" PRIu64 "<&-", fd);
}

static void exec(struct sh *sh, const struct step *step)
{
	const struct step *mask = plan_find_step(sh->plan, OP_UMASK);

	command(sh, step);
	environment(sh, step);
	setpriv(sh);
	if (mask)
		buffer_printf(sh->out, "umask %04" PRIo64 "\n", mask->a.number);
	buffer_puts(sh->out, "exec \"$@\" <&9 9<&-");
	close_fds(sh);
	buffer_puts(sh->out, "\n");
}

static void workdir(struct sh *sh, const struct step *step)
{
	const char *text = step->a.text.text ? step->a.text.text : "/";

	buffer_puts(sh->out, "cd ");
	print_quoted(sh->out, text);
	buffer_puts(sh->out,
		    step->optional && strcmp(text, "/") != 0 ? " 2>/dev/null || cd /\n" : "\n");
}

void sh_seal_step(struct sh *sh, const struct step *step)
{
	if (step->op == OP_LOOKUP_USER)
		lookup_user(sh, step);
	else if (step->op == OP_WORKDIR)
		workdir(sh, step);
	else if (step->op == OP_UMASK)
		buffer_puts(sh->out, "# (right before the exec, below)\n");
	else if (step->op == OP_RLIMIT)
		buffer_puts(sh->out, "# (done before pivot_root, above)\n");
	else if (step->op == OP_CLOSE_FDS)
		buffer_puts(sh->out, "# (at the exec, below)\n");
	else if (step->op == OP_BOUNDING_SET || step->op == OP_CAPABILITIES ||
		 step->op == OP_NO_NEW_PRIVS || step->op == OP_KEEP_CAPABILITIES ||
		 step->op == OP_AMBIENT || step->op == OP_CAPABILITY_SETS)
		collected(sh);
	else if (step->op == OP_SET_USER)
		set_user(sh, step);
	else if (step->op == OP_EXEC || step->op == OP_EXEC_INIT)
		exec(sh, step);
}
