/* A file as JSON. Keys are stable: docs/man/rootlet-explain.1.scd lists them. */
#include "explain/json.h"

#include <stdio.h>

static struct json_object *verdict(struct json_out *o, const struct verdict *v)
{
	struct json_object *object = json_object_new_object();

	if (v->rule == RULE_UNKNOWN)
		out_null(o, object, "allowed");
	else
		out_bool(o, object, "allowed", v->allowed);
	out_text(o, object, "rule", access_rule_name(v->rule));
	return object;
}

static const char *setuid_word(enum setuid_effect effect)
{
	static const char *const names[] = {
		[SETUID_NONE] = NULL,
		[SETUID_WORKS] = "works",
		[SETUID_NOSUID] = "nosuid",
		[SETUID_UNMAPPED] = "owner-not-mapped",
		[SETUID_NO_NEW_PRIVS] = "no-new-privs",
	};

	return names[effect];
}

static struct json_object *mount_of(struct json_out *o, const struct file_in_ns *f)
{
	struct json_object *object = json_object_new_object();

	out_bool(o, object, "read_only", f->inode.read_only);
	out_bool(o, object, "nosuid", f->inode.nosuid);
	out_bool(o, object, "noexec", f->inode.noexec);
	out_bool(o, object, "idmapped", f->idmapped);
	return object;
}

static struct json_object *asker(struct json_out *o, const struct file_in_ns *f)
{
	struct json_object *object = json_object_new_object();

	out_bool(o, object, "mapped", f->asker_exists);
	out_number(o, object, "uid", f->asker_uid.inside);
	if (f->asker_exists) {
		out_number(o, object, "uid_here", f->asker_uid.here);
		out_number(o, object, "gid", f->asker_gid.inside);
	} else {
		out_null(o, object, "uid_here");
		out_null(o, object, "gid");
	}
	out_put(o, object, "capabilities", out_caps(o, f->caps));
	return object;
}

static void seen(struct json_out *o, struct json_object *row, const struct file_in_ns *f)
{
	static const char *const names[] = {"read", "write", "execute"};
	struct json_object *access = json_object_new_object();

	for (int i = 0; i < ACCESS_KINDS; i++)
		out_put(o, access, names[i], verdict(o, &f->verdicts[i]));
	out_put(o, row, "access", access);
	if (f->visible <= 0)
		return;
	out_put(o, row, "who", asker(o, f));
	out_text(o, row, "blocked_at", f->blocked_at);
	out_put(o, row, "mount", mount_of(o, f));
	out_bool(o, row, "immutable", f->inode.immutable);
	out_bool(o, row, "append_only", f->inode.append_only);
	out_bool(o, row, "acl", f->inode.acl_count);
	out_text(o, row, "setuid", setuid_word(f->setuid));
	out_text(o, row, "setgid", setuid_word(f->setgid));
}

static struct json_object *one(struct json_out *o, const struct file_in_ns *f)
{
	struct json_object *row = json_object_new_object();

	out_seen(o, row, "inode", f->userns);
	out_bool(o, row, "yours", f->yours);
	out_number(o, row, "pid", (uint64_t)f->pid);
	out_text(o, row, "name", f->name);
	out_text(o, row, "container", f->container);
	if (f->visible < 0)
		out_null(o, row, "visible");
	else
		out_bool(o, row, "visible", f->visible);
	out_text(o, row, "path", f->visible > 0 ? f->path : NULL);
	out_put(o, row, "owner", out_pair(o, f->owner));
	out_put(o, row, "group", out_pair(o, f->group));
	seen(o, row, f);
	return row;
}

int file_print_json(const struct file_view *v, struct buffer *b)
{
	struct json_out o = {0};
	struct json_object *root = json_object_new_object(), *list = json_object_new_array();
	char mode[16];

	snprintf(mode, sizeof(mode), "%04o", v->ns[0].inode.mode & 07777);
	out_number(&o, root, "version", 1);
	out_text(&o, root, "kind", "file");
	out_text(&o, root, "path", v->path);
	out_number(&o, root, "inode", v->inode);
	out_number(&o, root, "size", v->size);
	out_text(&o, root, "mode", mode);
	out_text(&o, root, "user", v->user);
	for (size_t i = 0; i < v->count; i++)
		out_push(&o, list, one(&o, &v->ns[i]));
	out_put(&o, root, "user_namespaces", list);
	out_number(&o, root, "unreadable_namespaces", v->hidden);
	return out_finish(&o, root, b);
}
