/* The command's environment, and what only the root's own passwd file can tell at start.
 *
 * Inside: PATH, HOME, TERM, HOSTNAME, container=rootlet and what was asked for; nothing else of the
 * caller's leaks in. `unshare` keeps the caller's environment, as unshare(1) does.
 */
#include "plan/planner.h"

#include <errno.h>
#include <string.h>

static const char default_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

struct env_list {
	const char **items;
	size_t count;
};

static void set_variable(struct planner *p, struct env_list *env, const char *assignment)
{
	size_t name_len = strcspn(assignment, "=") + 1;

	for (size_t i = 0; i < env->count; i++) {
		if (strncmp(env->items[i], assignment, name_len) == 0) {
			env->items[i] = assignment;
			return;
		}
	}
	if (arena_grow(p->arena, &env->items, env->count, sizeof(*env->items)) < 0)
		p->nomem = true;
	else
		env->items[env->count++] = assignment;
}

static const char *get_variable(const struct env_list *env, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < env->count; i++)
		if (strncmp(env->items[i], name, len) == 0 && env->items[i][len] == '=')
			return env->items[i] + len + 1;
	return NULL;
}

static void drop_empty(struct env_list *env, const char *name)
{
	size_t len = strlen(name), n = 0;

	for (size_t i = 0; i < env->count; i++)
		if (strncmp(env->items[i], name, len) != 0 || strcmp(env->items[i] + len, "=") != 0)
			env->items[n++] = env->items[i];
	env->count = n;
}

static void copy_host(struct planner *p, struct env_list *env)
{
	for (const char **e = p->facts->environ; e && *e; e++)
		if (strchr(*e, '='))
			set_variable(p, env, plan_copy(p, *e));
}

static void add_defaults(struct planner *p, struct env_list *env)
{
	const char *term = facts_getenv(p->facts, "TERM");
	const char *path = facts_getenv(p->facts, "PATH");
	bool host_root = p->spec->root_kind == ROOT_HOST;

	/* With the host's own files a command should be found where the caller finds it. */
	set_variable(p, env,
		     plan_text(p, "PATH=%s", host_root && path && *path ? path : default_path));
	if (host_root && p->facts->home)
		set_variable(p, env, plan_text(p, "HOME=%s", p->facts->home));
	else if (!p->spec->user && p->user_uid == 0)
		set_variable(p, env, "HOME=/root");
	if (term && *term)
		set_variable(p, env, plan_text(p, "TERM=%s", term));
	if (p->plan->hostname)
		set_variable(p, env, plan_text(p, "HOSTNAME=%s", p->plan->hostname));
	set_variable(p, env, "container=rootlet");
}

static void add_asked(struct planner *p, struct env_list *env)
{
	for (size_t i = 0; i < p->spec->env_count; i++) {
		const struct spec_env *e = &p->spec->env[i];
		const char *value = e->value ? e->value : facts_getenv(p->facts, e->name);

		if (value)
			set_variable(p, env, plan_text(p, "%s=%s", e->name, value));
	}
}

/* Names need the passwd file; so does the group of a bare number, and a default shell. */
static void choose_lookups(struct planner *p)
{
	const char *user = p->spec->user;
	const char *colon = user ? strchr(user, ':') : NULL;
	size_t name_len = user ? (colon ? (size_t)(colon - user) : strlen(user)) : 0;
	bool directory = p->spec->root_kind == ROOT_DIRECTORY;

	if (plan_oci(p))
		return; /* numbers, and no default command */
	if (user)
		p->lookup_user = !colon || !plan_digits(user, name_len) ||
				 !plan_digits(colon + 1, strlen(colon + 1));
	p->lookup_shell = directory && !p->spec->arg_count && !p->spec->entrypoint;
}

/* The default, so that a container has a name of its own and plans stay the same from run to run.
 */
static void choose_hostname(struct planner *p)
{
	enum ns_mode asked = p->spec->namespaces[NS_UTS].mode;
	bool own = p->spec->kind == SPEC_EXEC ? asked == NS_MODE_UNSET || asked == NS_MODE_PRIVATE
					      : plan_private(p, NS_UTS);

	if (p->spec->hostname)
		p->plan->hostname = plan_copy(p, p->spec->hostname);
	else if (plan_oci(p))
		p->plan->hostname = NULL;
	else if (p->spec->kind != SPEC_UNSHARE && own)
		p->plan->hostname = "rootlet";
	else if (p->spec->kind != SPEC_UNSHARE && asked == NS_MODE_HOST)
		p->plan->hostname = plan_copy(p, p->facts->hostname);
}

int plan_environment(struct planner *p)
{
	struct env_list env = {0};

	choose_lookups(p);
	choose_hostname(p);
	if (p->spec->kind == SPEC_UNSHARE || p->spec->env_host)
		copy_host(p, &env);
	if (p->spec->kind != SPEC_UNSHARE && !plan_oci(p))
		add_defaults(p, &env);
	add_asked(p, &env);
	if (plan_oci(p)) /* engines leave it empty where they want the user's */
		drop_empty(&env, "HOME");
	p->lookup_home = p->spec->kind != SPEC_UNSHARE && !get_variable(&env, "HOME");
	p->path = get_variable(&env, "PATH");
	if (!p->path)
		p->path = default_path;
	if (arena_grow(p->arena, &env.items, env.count, sizeof(*env.items)) < 0)
		p->nomem = true;
	else
		env.items[env.count] = NULL;
	p->envp = (const char *const *)env.items;
	return 0;
}
