/* The user namespaces that we may see: those of all processes in /proc, and their parents up to our
 * own (NS_GET_PARENT goes no further, ioctl_ns(2)). Gathers only. */
#include "explain/read.h"

#include "base/fd.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* user_namespaces(7): at most 32 levels. */
enum { DEEPEST = 40 };

struct gatherer {
	struct arena *arena;
	struct userns_tree *tree;
	int error;
};

int tree_find(const struct userns_tree *tree, uint64_t inode)
{
	for (size_t i = 0; i < tree->count; i++)
		if (tree->nodes[i].inode == inode)
			return (int)i;
	return -1;
}

static int new_node(struct gatherer *g, uint64_t inode, int fd)
{
	struct userns_tree *t = g->tree;
	int r = arena_grow(g->arena, &t->nodes, t->count, sizeof(*t->nodes));

	if (r < 0)
		return r;
	t->nodes[t->count] = (struct userns){
		.inode = inode,
		.parent = -1,
		.owner = ns_owner_uid(fd),
		.uid.error = -ENODATA,
		.gid.error = -ENODATA,
	};
	return (int)t->count++;
}

/* The namespace behind `fd` and all above it. Its index, or -errno. */
static int add_chain(struct gatherer *g, int fd)
{
	AUTO_FD current = fd; /* ours from here on */
	int first = -1, below = -1;

	for (int depth = 0; depth < DEEPEST; depth++) {
		struct ns_seen seen = ns_seen_of(current);
		int known, node, next;

		if (seen.error)
			return seen.error;
		known = tree_find(g->tree, seen.inode);
		node = known >= 0 ? known : new_node(g, seen.inode, current);
		if (node < 0)
			return node;
		if (first < 0)
			first = node;
		if (below >= 0)
			g->tree->nodes[below].parent = node;
		if (known >= 0)
			return first;
		below = node;
		next = ns_parent(current);
		if (next < 0)
			return first;
		fd_close(&current);
		current = next;
	}
	return first;
}

static int add_member(struct gatherer *g, struct userns *node, int pid, const struct status *s)
{
	int r = arena_grow(g->arena, &node->members, node->member_count, sizeof(*node->members));

	if (r < 0)
		return r;
	node->members[node->member_count] = (struct member){.pid = pid, .uid = s->uid[1]};
	snprintf(node->members[node->member_count].name, sizeof(node->members[0].name), "%.31s",
		 s->name);
	node->member_count++;
	return 0;
}

static void add_process(struct gatherer *g, int pid)
{
	struct status status;
	int fd, node;

	if (read_status(g->arena, pid, &status) < 0)
		return; /* it has ended meanwhile */
	fd = read_ns(pid, NS_USER);
	if (fd == -ENOENT || fd == -ESRCH)
		return;
	if (fd < 0) {
		g->tree->unreadable++;
		return;
	}
	node = add_chain(g, fd);
	if (node == -ENOMEM ||
	    (node >= 0 && g->tree->nodes && add_member(g, &g->tree->nodes[node], pid, &status) < 0))
		g->error = -ENOMEM;
}

static int compare_members(const void *x, const void *y)
{
	const struct member *a = x, *b = y;

	return (a->pid > b->pid) - (a->pid < b->pid);
}

static void finish_node(struct gatherer *g, struct userns *node)
{
	int depth = 0;

	for (int up = node->parent; up >= 0 && depth < DEEPEST; up = g->tree->nodes[up].parent)
		depth++;
	node->depth = depth;
	if (!node->member_count)
		return;
	qsort(node->members, node->member_count, sizeof(*node->members), compare_members);
	read_map(g->arena, node->members[0].pid, "uid_map", &node->uid);
	read_map(g->arena, node->members[0].pid, "gid_map", &node->gid);
}

int tree_gather(struct arena *a, int first, struct userns_tree *ret)
{
	struct userns_tree tree = {.yours = -1};
	struct gatherer g = {.arena = a, .tree = &tree};
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int fd;

	if (!proc)
		return -errno;
	add_process(&g, first);
	while ((entry = readdir(proc))) {
		int pid = (int)strtol(entry->d_name, NULL, 10);

		if (pid > 0 && pid != first)
			add_process(&g, pid);
	}
	closedir(proc);
	for (size_t i = 0; i < tree.count; i++)
		finish_node(&g, &tree.nodes[i]);
	fd = read_ns(getpid(), NS_USER);
	if (fd >= 0) {
		tree.yours = tree_find(&tree, ns_seen_of(fd).inode);
		fd_close(&fd);
	}
	*ret = tree;
	return g.error;
}
