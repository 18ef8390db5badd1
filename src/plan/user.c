/* The user that the command runs as: what is known becomes numbers here, what only the root's own
 * passwd and group files can tell is looked up at start. Part of SEAL, called by stage_seal. */
#include "plan/planner.h"

#include <errno.h>
#include <string.h>

bool plan_digits(const char *text, size_t len)
{
	return len && strspn(text, "0123456789") >= len;
}

/* Digits only, and in range: parse has checked it. */
static uint32_t parse_id(const char *s)
{
	uint32_t id = 0;

	while (*s >= '0' && *s <= '9')
		id = id * 10 + (uint32_t)(*s++ - '0');
	return id;
}

static void add_lookup(struct planner *p)
{
	const char *user = p->spec->user;
	const char *who =
		user ? plan_copy(p, user) : plan_text(p, "%u:%u", p->user_uid, p->user_gid);
	struct step *step = plan_add(p, OP_LOOKUP_USER, ACTOR_CHILD, who);

	step->a.text.text = who;
	step->why = p->lookup_user    ? "looked up at start in the root's own passwd file"
		    : p->lookup_shell ? "the user's shell is looked up at start"
				      : "the user's home is looked up at start";
}

static int check_group(struct planner *p, const char *group)
{
	uint32_t outside;

	if (!p->setgroups) {
		error_set(p->err, -EPERM, "group-add-denied", "--group-add",
			  "--group-add %s: with this id map the kernel denies setgroups", group);
		error_hint(
			p->err,
			"use --userns ranges, or --group-add keep-groups to keep your own groups");
		return -EPERM;
	}
	if (!plan_digits(group, strlen(group))) {
		error_set(p->err, -EINVAL, "group-add-name", "--group-add",
			  "--group-add %s: further groups are given by number", group);
		error_hint(p->err, "the root's /etc/group has the number: getent group %s", group);
		return -EINVAL;
	}
	if (p->plan->gid_map.count && !idmap_down(&p->plan->gid_map, parse_id(group), &outside))
		return error_set(p->err, -EINVAL, "group-add-unmapped", "--group-add",
				 "--group-add %s: the id is not mapped in this container", group);
	return 0;
}

/* The numbers of --group-add; *ret stays NULL when there are none. */
static int further_groups(struct planner *p, const uint32_t **ret, size_t *ret_count)
{
	const struct string_list *list = &p->spec->groups;
	uint32_t *ids;

	if (!list->count)
		return 0;
	ids = arena_alloc(p->arena, list->count * sizeof(*ids));
	if (!ids) {
		p->nomem = true;
		return 0;
	}
	for (size_t i = 0; i < list->count; i++) {
		int r = check_group(p, list->items[i]);

		if (r < 0)
			return r;
		ids[i] = parse_id(list->items[i]);
	}
	*ret = ids;
	*ret_count = list->count;
	return 0;
}

/* Already there: the mapped root, or the only user that is mapped. */
static bool is_user_already(const struct planner *p)
{
	return !p->spec->user && (!p->root_mapped || (p->user_uid == 0 && p->user_gid == 0));
}

/* A number that the map does not hold needs no start to be refused. */
static int check_user(struct planner *p)
{
	const char *user = p->spec->user, *colon = user ? strchr(user, ':') : NULL;
	size_t len = user ? strcspn(user, ":") : 0;
	uint32_t outside;
	bool gid;

	if (!user || !p->plan->uid_map.count)
		return 0;
	gid = colon && plan_digits(colon + 1, strlen(colon + 1)) &&
	      !idmap_down(&p->plan->gid_map, parse_id(colon + 1), &outside);
	if (!gid &&
	    (!plan_digits(user, len) || idmap_down(&p->plan->uid_map, parse_id(user), &outside)))
		return 0;
	error_set(p->err, -EINVAL, "user-unmapped", "--user",
		  "--user %s: %s %u is not mapped in this container", user, gid ? "group" : "user",
		  parse_id(gid ? colon + 1 : user));
	error_hint(p->err, "%s; `--userns ranges` maps all that you have, `--uidmap` says which",
		   p->plan->summary_user);
	return -EINVAL;
}

int plan_user(struct planner *p)
{
	const char *user = p->spec->user, *colon = user ? strchr(user, ':') : NULL;
	bool known = user && !p->lookup_user;
	const uint32_t *groups = NULL;
	size_t count = 0;
	struct step *step;
	int r = check_user(p);

	if (r == 0)
		r = further_groups(p, &groups, &count);

	if (r < 0)
		return r;
	if (p->lookup_user || p->lookup_shell || p->lookup_home)
		add_lookup(p);
	if (is_user_already(p) && !count)
		return 0;
	step = plan_add(p, OP_SET_USER, ACTOR_CHILD,
			user ? plan_copy(p, user)
			     : plan_text(p, "%u:%u", p->user_uid, p->user_gid));
	step->a.ids.looked_up = p->lookup_user;
	step->a.ids.set_groups = p->setgroups && !p->spec->keep_groups;
	step->a.ids.uid = known ? parse_id(user) : p->user_uid;
	step->a.ids.gid = known && colon ? parse_id(colon + 1) : p->user_gid;
	step->a.ids.groups = groups;
	step->a.ids.group_count = count;
	return 0;
}
