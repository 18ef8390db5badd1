/* The head of the exported script: what it does, what it cannot, what it needs; and the functions
 * of its inside part. Text only; the steps are elsewhere. */
#include "plan/print/sh.h"

#include <string.h>

static void item(struct sh *sh, const char *text)
{
	sh_wrap(sh, "#  - ", text);
}

static bool same_limit(const struct plan *plan, size_t i, size_t j)
{
	const char *a = sh_limit(plan, &plan->steps[i]), *b = sh_limit(plan, &plan->steps[j]);

	return a && b && strcmp(a, b) == 0 && plan->steps[i].op == plan->steps[j].op;
}

static void list_limits(struct sh *sh)
{
	const struct plan *plan = sh->plan;

	for (size_t i = 0; i < plan->count; i++) {
		const char *limit = sh_limit(plan, &plan->steps[i]);
		AUTO_BUFFER text = {0};
		size_t last = i;

		if (!limit)
			continue;
		while (last + 1 < plan->count && same_limit(plan, i, last + 1))
			last++;
		if (last > i)
			buffer_printf(&text, "steps %zu to %zu", i, last);
		else
			buffer_printf(&text, "step %zu", i);
		buffer_printf(&text, ", %s: %s", op_rows[plan->steps[i].op].name, limit);
		if (!buffer_failed(&text))
			item(sh, text.data);
		i = last;
	}
	if (sh->place)
		item(sh,
		     "every path inside ROOT: links are followed by the shell, as if ROOT were /; "
		     "right while nobody changes ROOT meanwhile, but no defence against who does "
		     "(rootlet: openat2(2))");
	if (plan->timeout_seconds)
		item(sh, "--timeout: put timeout(1) before this script");
}

static bool uses_setpriv(const struct plan *plan)
{
	return sh_has(plan, OP_BOUNDING_SET) || sh_has(plan, OP_SET_USER) ||
	       sh_has(plan, OP_NO_NEW_PRIVS);
}

static void list_needs_on_host(struct sh *sh)
{
	const struct plan *plan = sh->plan;
	AUTO_BUFFER text = {0};

	buffer_puts(&text, "on the host: util-linux 2.38 or newer (unshare");
	if (sh_userns(plan) != SH_USERNS_OWN)
		buffer_puts(&text, ", nsenter");
	if (sh->place || sh_has(plan, OP_PROCFS))
		buffer_puts(&text, ", mount");
	if (sh->place)
		buffer_puts(&text, ", umount, pivot_root");
	if (sh_has(plan, OP_RLIMIT))
		buffer_puts(&text, ", prlimit");
	buffer_puts(&text, "), readlink");
	if (sh_has(plan, OP_HELPER_MAP))
		buffer_puts(&text, "; newuidmap and newgidmap with subordinate ids");
	if (sh_has(plan, OP_HOSTNAME))
		buffer_puts(&text, "; hostname");
	if (sh_has(plan, OP_DOMAINNAME))
		buffer_puts(&text, "; domainname");
	if (sh_has(plan, OP_LOOPBACK_UP))
		buffer_puts(&text, "; ip or ifconfig for the loopback interface");
	if (!buffer_failed(&text))
		item(sh, text.data);
}

static void list_needs(struct sh *sh)
{
	const struct plan *plan = sh->plan;
	AUTO_BUFFER text = {0};

	list_needs_on_host(sh);
	if (sh->place) {
		buffer_printf(&text,
			      "the directory %s on the host: it is covered, in the private mount "
			      "namespace only",
			      sh->place);
		if (!buffer_failed(&text))
			item(sh, text.data);
		item(sh,
		     uses_setpriv(plan)
			     ? "inside ROOT: umount, env and setpriv (busybox has the first two)"
			     : "inside ROOT: umount and env (busybox has them)");
		item(sh,
		     "inside ROOT: the mount points, or leave for the mapped root to make them");
	} else if (uses_setpriv(plan)) {
		item(sh, "setpriv");
	}
}

void sh_header(struct sh *sh)
{
	const struct step *exec = plan_exec_step(sh->plan);

	buffer_puts(sh->out, "#!/bin/sh\n#\n#");
	for (const char *const *arg = exec ? exec->a.exec.argv : NULL; arg && *arg; arg++) {
		buffer_puts(sh->out, " ");
		print_word(sh->out, *arg);
	}
	buffer_printf(sh->out, ", started as `%s` would start it, by the tools of util-linux.\n",
		      plan_command_name(sh->plan));
	buffer_puts(sh->out,
		    "# Made by `rootlet plan --format=sh`, for an ordinary user; numbers are the "
		    "plan's steps.\n");
	if (sh->plan->summary_user) {
		buffer_puts(sh->out, "# Ids: ");
		print_escaped(sh->out, sh->plan->summary_user);
		buffer_puts(sh->out, ".\n");
	}
	buffer_puts(sh->out, "#\n# What this script cannot do:\n");
	list_limits(sh);
	buffer_puts(sh->out, "# What it needs:\n");
	list_needs(sh);
	if (plan_line(sh->plan, 0))
		buffer_puts(sh->out, "# Notes of the plan:\n");
	for (size_t i = 0; plan_line(sh->plan, i); i++) {
		AUTO_BUFFER note = {0};

		print_escaped(&note, plan_line(sh->plan, i));
		if (note.data)
			item(sh, note.data);
	}
	buffer_puts(sh->out, "\nset -eu\nPATH=$PATH:/usr/sbin:/sbin\n");
}

static const char function_inside[] =
	"\n"
	"# Find $1 inside the new root, every link followed as if that root were /: sets $target.\n"
	"inside() {\n"
	"\tleft=$1/\n"
	"\ttarget=$new\n"
	"\thops=0\n"
	"\twhile [ -n \"$left\" ]; do\n"
	"\t\tpart=${left%%/*}\n"
	"\t\tleft=${left#*/}\n"
	"\t\tcase $part in\n"
	"\t\t'' | .) ;;\n"
	"\t\t..) [ \"$target\" = \"$new\" ] || target=${target%/*} ;;\n"
	"\t\t*)\n"
	"\t\t\tif [ -L \"$target/$part\" ]; then\n"
	"\t\t\t\thops=$((hops + 1))\n"
	"\t\t\t\t[ \"$hops\" -le 40 ] || die \"$1: too many links\"\n"
	"\t\t\t\tlink=$(readlink \"$target/$part\" && echo .)\n"
	"\t\t\t\tlink=${link%??} # readlink's newline and the dot that kept the name's own\n"
	"\t\t\t\tcase $link in /*) target=$new ;; esac\n"
	"\t\t\t\tleft=$link/$left\n"
	"\t\t\telse\n"
	"\t\t\t\ttarget=$target/$part\n"
	"\t\t\tfi\n"
	"\t\t\t;;\n"
	"\t\tesac\n"
	"\tdone\n"
	"}\n";

static const char function_make[] =
	"\n"
	"# Make $target as a mount point when it is missing: a directory, a file, or as source $1 "
	"is.\n"
	"make_dir() { [ -e \"$target\" ] || mkdir -p \"$target\"; }\n"
	"make_file() { [ -e \"$target\" ] || { mkdir -p \"${target%/*}\" && : >\"$target\"; }; }\n"
	"make_like() { if [ -d \"$1\" ]; then make_dir; else make_file; fi; }\n";

static const char function_remount[] =
	"\n"
	"# Change options of the mount at $1 to $2; the others stay, as the kernel wants for "
	"locked ones.\n"
	"remount() { mount -n --options-source mtab -o \"remount,bind,$2\" \"$1\"; }\n";

static const char function_remount_all[] =
	"\n"
	"# The same for every mount at or below $1: mount(8) before 2.39 has no recursive form.\n"
	"remount_all() {\n"
	"\twhile read -r _ _ _ _ point _; do\n"
	"\t\tpoint=$(printf '%b.' \"$point\") # blanks are octal there\n"
	"\t\tpoint=${point%.}\n"
	"\t\tcase $point in\n"
	"\t\t\"$1\" | \"$1\"/*) if [ -e \"$point\" ]; then remount \"$point\" \"$2\"; fi ;;\n"
	"\t\tesac\n"
	"\tdone </proc/self/mountinfo\n"
	"}\n";

static const char function_hide[] =
	"\n"
	"# Cover $1: a directory by an empty tmpfs, a file by /dev/null; what is absent needs "
	"none.\n"
	"hide() {\n"
	"\tinside \"$1\"\n"
	"\tif [ -d \"$target\" ]; then\n"
	"\t\tmount -n -t tmpfs -o ro,nosuid,nodev,noexec,size=0,mode=0555 tmpfs \"$target\"\n"
	"\telif [ -e \"$target\" ]; then\n"
	"\t\tmount -n --bind /dev/null \"$target\"\n"
	"\tfi\n"
	"}\n";

static const char function_read_only[] =
	"\n"
	"# Make $1 read-only, when it is there: a bind of it to itself is a mount that can be.\n"
	"read_only() {\n"
	"\tinside \"$1\"\n"
	"\tif [ -e \"$target\" ]; then\n"
	"\t\tmount -n --rbind \"$target\" \"$target\"\n"
	"\t\tremount_all \"$target\" ro\n"
	"\tfi\n"
	"}\n";

static const char function_lookup[] =
	"\n"
	"# Look $1 up in the root's own passwd file, a number as a uid: sets uid, gid, home, "
	"shell; and\n"
	"# groups, from its group file.\n"
	"lookup_user() {\n"
	"\tuid='' gid=0 login='' groups='' home=/ shell=''\n"
	"\tcase $1 in *[!0-9]*) key=name ;; *) key=id uid=$1 ;; esac\n"
	"\tif [ -r /etc/passwd ]; then\n"
	"\t\twhile IFS=: read -r name _ id group _ dir program || [ -n \"$name\" ]; do\n"
	"\t\t\tcase $key:$1 in \"name:$name\" | \"id:$id\") ;; *) continue ;; esac\n"
	"\t\t\tlogin=$name uid=$id gid=$group\n"
	"\t\t\tcase $dir in /*) home=$dir ;; esac\n"
	"\t\t\tcase $program in /*) shell=$program ;; esac\n"
	"\t\t\tbreak\n"
	"\t\tdone </etc/passwd\n"
	"\tfi\n"
	"\t[ -n \"$uid\" ] || die \"$1: no such user in the root's own /etc/passwd\"\n"
	"\tif [ ! -r /etc/group ]; then return 0; fi\n"
	"\twhile IFS=: read -r _ _ id members || [ -n \"$id\" ]; do\n"
	"\t\tcase ,$members, in *,\"${login:-,}\",*) groups=${groups:+$groups,}$id ;; esac\n"
	"\tdone </etc/group\n"
	"}\n"
	"# Take group $1, a name or a number, instead of the user's own.\n"
	"lookup_group() {\n"
	"\tgroups=''\n"
	"\tcase $1 in *[!0-9]*) gid='' ;; *) gid=$1 ;; esac\n"
	"\tif [ -z \"$gid\" ] && [ -r /etc/group ]; then\n"
	"\t\twhile IFS=: read -r name _ id _ || [ -n \"$name\" ]; do\n"
	"\t\t\tif [ \"$name\" = \"$1\" ]; then gid=$id && break; fi\n"
	"\t\tdone </etc/group\n"
	"\tfi\n"
	"\t[ -n \"$gid\" ] || die \"$1: no such group in the root's own /etc/group\"\n"
	"}\n";

void sh_functions(struct sh *sh)
{
	buffer_puts(sh->out, "set -eu\numask 022\n");
	if (sh->place && (sh_has(sh->plan, OP_SCRATCH) || sh_has(sh->plan, OP_ROOT_OVERLAY)))
		buffer_printf(sh->out,
			      "scratch=%s # a tmpfs will cover it\n"
			      "new=$scratch/root # the new root, until it is /\n",
			      sh->place);
	else if (sh->place)
		buffer_printf(sh->out, "new=%s # the new root covers it, until it is /\n",
			      sh->place);
	else
		buffer_puts(sh->out, "new= # the root stays\n");
	buffer_puts(sh->out, "\ndie() {\n\tprintf '%s\\n' \"$*\" >&2\n\texit 1\n}\n");
	if (sh->functions & SH_INSIDE)
		buffer_puts(sh->out, function_inside);
	if (sh->functions & SH_MAKE)
		buffer_puts(sh->out, function_make);
	if (sh->functions & (SH_REMOUNT | SH_REMOUNT_ALL))
		buffer_puts(sh->out, function_remount);
	if (sh->functions & SH_REMOUNT_ALL)
		buffer_puts(sh->out, function_remount_all);
	if (sh->functions & SH_HIDE)
		buffer_puts(sh->out, function_hide);
	if (sh->functions & SH_READ_ONLY)
		buffer_puts(sh->out, function_read_only);
	if (sh->functions & SH_LOOKUP)
		buffer_puts(sh->out, function_lookup);
}
