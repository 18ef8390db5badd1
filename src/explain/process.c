/* Gathers what there is to say about one process. Reads only; draws nothing. */
#include "explain/read.h"

#include "base/fd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void gather_namespaces(struct process_view *v)
{
	for (int kind = 0; kind < NS_KIND_COUNT; kind++) {
		struct ns_row *row = &v->ns[kind];
		AUTO_FD its = read_ns(v->pid, (enum ns_kind)kind);
		AUTO_FD yours = read_ns(v->your_pid, (enum ns_kind)kind);
		AUTO_FD owner = ns_owner(its);

		row->its = ns_seen_of(its);
		row->yours = ns_seen_of(yours);
		row->owner = ns_seen_of(owner);
		/* What has ended keeps its number until its parent waits, and gives its namespaces
		 * back at once: their links are gone (proc(5)), though the kernel has the kind. */
		if (v->status.state == 'Z' && row->its.error == -ENOENT && !row->yours.error)
			row->its.error = -ESRCH;
	}
}

/* The pid namespaces from the innermost one outwards, as far as we may see. */
static void gather_levels(struct process_view *v)
{
	size_t count = v->status.nspid_count;
	struct status parent;
	bool parent_read =
		v->status.ppid > 0 && read_status(&v->arena, v->status.ppid, &parent) == 0;
	AUTO_FD fd = read_ns(v->pid, NS_PID);

	if (parent_read)
		v->parent_name = arena_strdup(&v->arena, parent.name);
	v->level_count = count;
	for (size_t i = 0; i < count; i++) {
		struct pid_level *level = &v->levels[i];

		level->pid = v->status.nspid[i];
		level->ns.error = -ENODATA;
		/* A parent lives in the same pid namespace or in one above it: where it has no
		 * number, it is outside, and getppid(2) says 0 (pid_namespaces(7)). */
		if (parent_read)
			level->parent = i < parent.nspid_count ? parent.nspid[i] : 0;
		else
			level->parent = v->status.ppid == 0 ? 0 : -1;
	}
	for (size_t i = count; i-- > 0;) {
		int up;

		v->levels[i].ns = ns_seen_of(fd);
		/* The outermost one is that of /proc itself: ours, unless /proc came from outside.
		 */
		if (i == 0 && v->levels[i].ns.error && v->yours.nspid_count == 1)
			v->levels[i].ns = v->ns[NS_PID].yours;
		if (fd < 0)
			continue;
		up = ns_parent(fd);
		fd_close(&fd);
		fd = up;
	}
}

/* The map as its parent reads it: the lines themselves where that is what we read, else computed
 * from what we read of both. */
static int gather_parent_view(struct process_view *v)
{
	const struct userns *node, *parent;
	int r;

	if (v->uid.error || v->gid.error || v->node < 0)
		return 0;
	node = &v->tree.nodes[v->node];
	if (v->node == v->tree.yours || (node->parent >= 0 && node->parent == v->tree.yours)) {
		if (v->uid.hidden.count || v->gid.hidden.count)
			return 0;
		v->parent_uid = v->uid.map;
		v->parent_gid = v->gid.map;
		v->parent_known = true;
		return 0;
	}
	if (node->parent < 0)
		return 0;
	parent = &v->tree.nodes[node->parent];
	if (parent->uid.error || parent->gid.error)
		return 0;
	r = map_between(&v->arena, &v->uid.map, &parent->uid.map, &v->parent_uid);
	if (r == 0)
		r = map_between(&v->arena, &v->gid.map, &parent->gid.map, &v->parent_gid);
	v->parent_known = r == 0;
	return r;
}

/* The arguments joined by spaces; the name where there are none (a kernel thread, a zombie). */
static int gather_command(struct process_view *v)
{
	enum { SHOWN = 4000 };
	size_t len = 0;
	int r;
	char *text = read_proc(&v->arena, v->pid, "cmdline", &len, &r);

	if (r == -ENOMEM)
		return r;
	if (len > SHOWN)
		len = SHOWN;
	while (len && !text[len - 1])
		len--;
	for (size_t i = 0; i < len; i++)
		if (!text[i])
			text[i] = ' ';
	if (len)
		text[len] = '\0';
	v->command = len ? text : v->status.name;
	return 0;
}

static int gather_cgroup(struct process_view *v)
{
	int r;
	char *text = read_proc(&v->arena, v->pid, "cgroup", NULL, &r);
	char *line = text;

	if (!text)
		return r == -ENOMEM ? r : 0;
	while (line && strncmp(line, "0::", 3) != 0) { /* cgroups(7): the unified hierarchy */
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	if (!line)
		return 0;
	line += 3;
	line[strcspn(line, "\n")] = '\0';
	v->cgroup = line;
	return 0;
}

static int gather(struct process_view *v)
{
	int r = gather_command(v);

	if (r == 0)
		r = gather_cgroup(v);
	if (r < 0)
		return r;
	gather_namespaces(v);
	gather_levels(v);
	read_map(&v->arena, v->pid, "uid_map", &v->uid);
	read_map(&v->arena, v->pid, "gid_map", &v->gid);
	r = tree_gather(&v->arena, v->pid, &v->tree);
	if (r == -ENOMEM)
		return r;
	v->node = v->ns[NS_USER].its.error ? -1 : tree_find(&v->tree, v->ns[NS_USER].its.inode);
	v->passwd = read_passwd(&v->arena);
	return gather_parent_view(v);
}

static int no_process(int pid, int r, struct rootlet_error *err)
{
	if (r == -ENOMEM)
		return error_nomem(err);
	if (r != -ENOENT && r != -ESRCH)
		return error_set(err, r, "explain-proc", "/proc", "/proc/%d/status: %s", pid,
				 error_text(r));
	error_set(err, -ESRCH, "explain-no-process", NULL,
		  "%d: there is no process of this number that you can see", pid);
	error_hint(err, "`ps ax` lists those that you can; inside a container the numbers are "
			"others than on the host");
	return -ESRCH;
}

int process_gather(int pid, struct process_view **ret, struct rootlet_error *err)
{
	struct process_view *v = calloc(1, sizeof(*v));
	int r;

	if (!v)
		return error_nomem(err);
	arena_init(&v->arena);
	v->your_pid = getpid();
	v->pid = pid ? pid : v->your_pid;
	v->node = -1;
	r = read_status(&v->arena, v->your_pid, &v->yours);
	if (r == 0)
		r = read_status(&v->arena, v->pid, &v->status);
	if (r < 0) {
		r = no_process(v->pid, r, err);
		process_view_free(v);
		return r;
	}
	r = gather(v);
	if (r < 0) {
		process_view_free(v);
		return error_nomem(err);
	}
	*ret = v;
	return 0;
}

int process_name_container(struct process_view *view, uint64_t userns, const char *name)
{
	for (size_t i = 0; i < view->tree.count; i++) {
		struct userns *n = &view->tree.nodes[i];

		if ((int)i == view->tree.yours || n->inode != userns)
			continue;
		n->container = n->container
				       ? arena_printf(&view->arena, "%s, %s", n->container, name)
				       : arena_strdup(&view->arena, name);
		if (!n->container)
			return -ENOMEM;
	}
	return 0;
}

void process_view_free(struct process_view *view)
{
	if (!view)
		return;
	arena_release(&view->arena);
	free(view);
}
