/* Who asks in a namespace, and what they may do there: their ids and groups, the way to the file,
 * and then access_judge's verdicts. Reads the lists of users of the root there; changes nothing. */
#include "explain/look.h"

#include "base/fd.h"
#include "base/io.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { LIST_MAX = 4 << 20 };

/* A list of the root there, never through a link to the host: "" when there is none. */
static const char *list_of(struct look *l, const struct place *p, const char *path)
{
	AUTO_FREE char *text = NULL;
	AUTO_FD held = look_open(p->root, path);
	char again[48];
	struct stat st;
	const char *copy;

	if (held < 0 || fstat(held, &st) < 0 || !S_ISREG(st.st_mode))
		return "";
	snprintf(again, sizeof(again), "/proc/self/fd/%d", held);
	if (io_read_file(again, LIST_MAX, &text, NULL) < 0)
		return "";
	copy = arena_strdup(l->arena, text);
	return copy ? copy : "";
}

static uint32_t inside_of(const struct place *p, bool group, uint32_t here)
{
	return map_pair(p->node ? (group ? &p->node->gid.map : &p->node->uid.map) : NULL, !p->node,
			here)
		.inside;
}

static bool here_of(const struct place *p, bool group, uint32_t inside, uint32_t *ret)
{
	if (p->node)
		return idmap_down(group ? &p->node->gid.map : &p->node->uid.map, inside, ret);
	*ret = inside;
	return true;
}

/* The member whose eyes we look through, or ourselves. */
static void ask_as_member(struct place *p)
{
	const struct status *s = &p->status;

	p->asker = (struct asker){.uid = s->uid[3],
				  .gid = s->gid[3],
				  .groups = s->groups,
				  .group_count = s->group_count,
				  .caps = s->caps[CAPS_EFFECTIVE]};
}

/* The user of this number there, as a log-in or `run -u` would make it. */
static int ask_as_user(struct look *l, struct place *p, bool *ret_exists)
{
	const char *passwd = list_of(l, p, "/etc/passwd");
	uint32_t gid = 0, *groups = NULL;
	size_t count = 0;
	char name[64];
	int r = 0;

	*ret_exists = here_of(p, false, l->user, &p->asker.uid);
	if (!*ret_exists)
		return 0;
	if (p->asker.uid == p->status.uid[3]) {
		ask_as_member(p);
		return 0;
	}
	users_group_of(passwd, l->user, &gid);
	*ret_exists = here_of(p, true, gid, &p->asker.gid);
	if (users_name(passwd, l->user, name, sizeof(name)))
		r = users_groups(l->arena, list_of(l, p, "/etc/group"), name, &groups, &count);
	for (size_t i = 0; i < count; i++)
		if (!here_of(p, true, groups[i], &groups[i]))
			groups[i] = p->asker.gid;
	p->asker.groups = groups;
	p->asker.group_count = count;
	p->asker.caps = l->user == 0 ? p->status.caps[CAPS_BOUNDING] : 0;
	return r;
}

/* ---- may it? ---- */

/* The first directory on the way that who asks may not search; sets *ret_unknown where we may not
 * look ourselves. */
static const char *blocked_on_way(struct look *l, const struct place *p, const char *path,
				  bool *ret_unknown)
{
	const char *slash = path;

	while ((slash = strchr(slash, '/')) && slash[1]) {
		const char *way =
			slash == path ? "/" : arena_strndup(l->arena, path, (size_t)(slash - path));
		AUTO_FD fd = way ? look_open(p->root, way) : -ENOMEM;
		struct inode_seen dir;
		int r = fd < 0 ? fd : look_inode(l, p, fd, &dir);

		if (r < 0)
			*ret_unknown = true;
		if (r < 0 || !access_judge(&dir, &p->asker, ACCESS_EXECUTE).allowed)
			return way ? way : path;
		slash++;
	}
	return NULL;
}

static void judge(struct look *l, const struct place *p, struct file_in_ns *f)
{
	bool unknown = false;
	enum access_rule rule = RULE_SEARCH;
	bool refused = true;

	if (!f->asker_exists) {
		rule = RULE_NO_SUCH_ID;
	} else {
		f->blocked_at = blocked_on_way(l, p, f->path, &unknown);
		rule = unknown ? RULE_UNKNOWN : RULE_SEARCH;
		refused = f->blocked_at;
	}
	for (int i = 0; i < ACCESS_KINDS; i++) {
		f->verdicts[i] = (struct verdict){.rule = rule};
		if (!refused)
			f->verdicts[i] = access_judge(&f->inode, &p->asker, i);
	}
	f->setuid = setuid_judge(&f->inode, S_ISUID, f->no_new_privs);
	f->setgid = setuid_judge(&f->inode, S_ISGID, f->no_new_privs);
}

int look_judge(struct look *l, struct place *p, int fd, struct file_in_ns *f)
{
	int r = look_inode(l, p, fd, &f->inode);

	if (r < 0)
		return r;
	f->asker_exists = true;
	if (l->by_number)
		r = ask_as_user(l, p, &f->asker_exists);
	else
		ask_as_member(p);
	if (r < 0)
		return r;
	f->owner = (struct id_pair){f->inode.uid, inside_of(p, false, f->inode.uid),
				    f->inode.uid_mapped};
	f->group = (struct id_pair){f->inode.gid, inside_of(p, true, f->inode.gid),
				    f->inode.gid_mapped};
	if (!f->owner.mapped)
		f->owner.inside = OVERFLOW_ID;
	if (!f->group.mapped)
		f->group.inside = OVERFLOW_ID;
	f->asker_uid = (struct id_pair){p->asker.uid,
					l->by_number ? l->user : inside_of(p, false, p->asker.uid),
					f->asker_exists};
	f->asker_gid =
		(struct id_pair){p->asker.gid, inside_of(p, true, p->asker.gid), f->asker_exists};
	f->caps = p->asker.caps;
	f->no_new_privs = p->status.no_new_privs == 1;
	judge(l, p, f);
	return 0;
}
