/* A process as JSON. Keys are stable: docs/man/rootlet-explain.1.scd lists them. */
#include "explain/json.h"

#include <errno.h>

static const enum ns_kind reach_kinds[] = {NS_MNT, NS_PID,    NS_NET, NS_IPC,
					   NS_UTS, NS_CGROUP, NS_TIME};

static const char *error_word(int error)
{
	return error == -EACCES || error == -EPERM ? "permission" : "unknown";
}

static bool shared(const struct process_view *v)
{
	return v->node >= 0 && v->node == v->tree.yours;
}

static struct json_object *ids(struct json_out *o, const struct process_view *v)
{
	static const char *const names[] = {"real", "effective", "saved", "filesystem"};
	struct json_object *object = json_object_new_object();
	struct json_object *uid = json_object_new_object(), *gid = json_object_new_object();
	struct json_object *groups = json_object_new_array();

	for (int i = 0; i < 4; i++) {
		out_put(o, uid, names[i],
			out_pair(o, map_pair(&v->uid.map, shared(v), v->status.uid[i])));
		out_put(o, gid, names[i],
			out_pair(o, map_pair(&v->gid.map, shared(v), v->status.gid[i])));
	}
	for (size_t i = 0; i < v->status.group_count; i++)
		out_push(o, groups,
			 out_pair(o, map_pair(&v->gid.map, shared(v), v->status.groups[i])));
	out_put(o, object, "uid", uid);
	out_put(o, object, "gid", gid);
	out_put(o, object, "groups", groups);
	return object;
}

static struct json_object *namespaces(struct json_out *o, const struct process_view *v)
{
	struct json_object *array = json_object_new_array();

	for (int kind = 0; kind < NS_KIND_COUNT; kind++) {
		const struct ns_row *n = &v->ns[kind];
		struct json_object *row;

		if (n->its.error == -ENOENT && n->yours.error == -ENOENT)
			continue;
		row = json_object_new_object();
		out_text(o, row, "type", ns_kind_name((enum ns_kind)kind));
		out_seen(o, row, "inode", n->its);
		out_seen(o, row, "yours", n->yours);
		if (n->its.error || n->yours.error)
			out_null(o, row, "same");
		else
			out_bool(o, row, "same", n->its.inode == n->yours.inode);
		out_seen(o, row, "owner", n->owner);
		out_text(o, row, "error", n->its.error ? error_word(n->its.error) : NULL);
		out_push(o, array, row);
	}
	return array;
}

static struct json_object *one_map(struct json_out *o, const struct process_view *v,
				   const struct shown_map *m, const struct idmap *parent)
{
	struct json_object *object = json_object_new_object();

	if (m->error || shared(v)) {
		out_null(o, object, "here");
		out_null(o, object, "not_here");
	} else {
		out_put(o, object, "here", out_map(o, &m->map));
		out_put(o, object, "not_here", out_map(o, &m->hidden));
	}
	if (v->parent_known)
		out_put(o, object, "parent", out_map(o, parent));
	else
		out_null(o, object, "parent");
	out_text(o, object, "error", m->error ? error_word(m->error) : NULL);
	return object;
}

static struct json_object *maps(struct json_out *o, const struct process_view *v)
{
	struct json_object *object = json_object_new_object();

	out_bool(o, object, "same_as_yours", shared(v));
	out_put(o, object, "uid", one_map(o, v, &v->uid, &v->parent_uid));
	out_put(o, object, "gid", one_map(o, v, &v->gid, &v->parent_gid));
	return object;
}

static struct json_object *members(struct json_out *o, const struct userns *n)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < n->member_count; i++) {
		struct json_object *row = json_object_new_object();

		out_number(o, row, "pid", (uint64_t)n->members[i].pid);
		out_number(o, row, "uid", n->members[i].uid);
		out_text(o, row, "name", n->members[i].name);
		out_push(o, array, row);
	}
	return array;
}

static struct json_object *tree(struct json_out *o, const struct process_view *v)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < v->tree.count; i++) {
		const struct userns *n = &v->tree.nodes[i];
		struct json_object *row = json_object_new_object();

		out_number(o, row, "inode", n->inode);
		if (n->parent >= 0)
			out_number(o, row, "parent", v->tree.nodes[n->parent].inode);
		else
			out_null(o, row, "parent");
		out_number(o, row, "depth", (uint64_t)n->depth);
		out_seen(o, row, "owner", n->owner);
		out_bool(o, row, "initial", ns_is_initial(NS_USER, n->inode));
		out_bool(o, row, "yours", (int)i == v->tree.yours);
		out_bool(o, row, "its", (int)i == v->node);
		out_text(o, row, "container", n->container);
		out_put(o, row, "members", members(o, n));
		out_push(o, array, row);
	}
	return array;
}

static struct json_object *reach(struct json_out *o, const struct process_view *v, int wanted)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < sizeof(reach_kinds) / sizeof(reach_kinds[0]); i++)
		if (caps_reach(v, reach_kinds[i]) == wanted)
			out_push(o, array, json_object_new_string(ns_kind_name(reach_kinds[i])));
	return array;
}

static struct json_object *capabilities(struct json_out *o, const struct process_view *v)
{
	static const char *const names[CAP_SETS] = {
		[CAPS_INHERITABLE] = "inheritable", [CAPS_PERMITTED] = "permitted",
		[CAPS_EFFECTIVE] = "effective",	    [CAPS_BOUNDING] = "bounding",
		[CAPS_AMBIENT] = "ambient",
	};
	struct json_object *object = json_object_new_object();

	for (int i = 0; i < CAP_SETS; i++)
		out_put(o, object, names[i], out_caps(o, v->status.caps[i]));
	out_put(o, object, "count_on", reach(o, v, 1));
	out_put(o, object, "not_on", reach(o, v, 0));
	if (caps_on_host(v) < 0)
		out_null(o, object, "on_host");
	else
		out_bool(o, object, "on_host",
			 caps_on_host(v) == 1 && v->status.caps[CAPS_EFFECTIVE]);
	return object;
}

static struct json_object *pids(struct json_out *o, const struct process_view *v)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < v->level_count; i++) {
		const struct pid_level *l = &v->levels[i];
		struct json_object *row = json_object_new_object();

		out_seen(o, row, "namespace", l->ns);
		out_number(o, row, "pid", (uint64_t)l->pid);
		if (l->parent < 0)
			out_null(o, row, "parent");
		else
			out_number(o, row, "parent", (uint64_t)l->parent);
		out_push(o, array, row);
	}
	return array;
}

static void holds(struct json_out *o, struct json_object *root, const struct status *s)
{
	static const char *const modes[] = {"off", "strict", "filter"};

	if (s->no_new_privs < 0)
		out_null(o, root, "no_new_privs");
	else
		out_bool(o, root, "no_new_privs", s->no_new_privs == 1);
	out_text(o, root, "seccomp", s->seccomp < 0 || s->seccomp > 2 ? NULL : modes[s->seccomp]);
	if (s->seccomp_filters < 0)
		out_null(o, root, "seccomp_filters");
	else
		out_number(o, root, "seccomp_filters", (uint64_t)s->seccomp_filters);
}

int process_print_json(const struct process_view *v, struct buffer *b)
{
	struct json_out o = {0};
	struct json_object *root = json_object_new_object(), *you = json_object_new_object();

	out_number(&o, root, "version", 1);
	out_text(&o, root, "kind", "process");
	out_number(&o, root, "pid", (uint64_t)v->pid);
	out_text(&o, root, "name", v->status.name);
	out_text(&o, root, "command", v->command);
	out_bool(&o, root, "self", v->pid == v->your_pid);
	out_number(&o, you, "pid", (uint64_t)v->your_pid);
	out_number(&o, you, "uid", v->yours.uid[1]);
	out_put(&o, root, "you", you);
	out_put(&o, root, "ids", ids(&o, v));
	out_put(&o, root, "namespaces", namespaces(&o, v));
	out_put(&o, root, "maps", maps(&o, v));
	out_put(&o, root, "user_namespaces", tree(&o, v));
	out_number(&o, root, "unreadable_processes", v->tree.unreadable);
	out_put(&o, root, "capabilities", capabilities(&o, v));
	out_put(&o, root, "pids", pids(&o, v));
	holds(&o, root, &v->status);
	out_text(&o, root, "cgroup", v->cgroup);
	return out_finish(&o, root, b);
}
