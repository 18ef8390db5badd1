/* The tree of user namespaces, drawn: each with its owner and members below the one that made it.
 */
#include "explain/draw.h"

#include <errno.h>

enum { TREE_NODES = 10, TREE_MEMBERS = 4, TREE_DEEP = 33, MORE = sizeof(" and 9999 more") - 1 };

static bool is_above(const struct userns_tree *t, int node, int of)
{
	for (size_t steps = 0; of >= 0 && steps <= t->count; steps++) {
		if (of == node)
			return true;
		of = t->nodes[of].parent;
	}
	return false;
}

/* What leads to the process and what is below it is always drawn, the others while there is room.
 */
static bool is_drawn(const struct process_view *v, int node)
{
	size_t room = TREE_NODES;

	if (is_above(&v->tree, node, v->node) || is_above(&v->tree, v->node, node) ||
	    node == v->tree.yours)
		return true;
	for (int i = 0; i < node; i++)
		if (room && !is_above(&v->tree, i, v->node))
			room--;
	return room > 0;
}

/* As many as fit into `room`: whoever is cut off would have half a number. */
static void member_words(const struct process_view *v, const struct userns *n, size_t room,
			 struct buffer *b)
{
	size_t shown = 0, used = 0;

	for (size_t i = 0; i < n->member_count; i++)
		if (n->members[i].pid == v->pid) {
			buffer_printf(b, "%s %d", n->members[i].name, n->members[i].pid);
			used = canvas_columns(b->data ? b->data : "");
			shown++;
		}
	for (size_t i = 0; i < n->member_count && shown < TREE_MEMBERS; i++) {
		AUTO_BUFFER one = {0};
		size_t size;

		if (n->members[i].pid == v->pid)
			continue;
		buffer_printf(&one, "%s%s %d", shown ? ", " : "", n->members[i].name,
			      n->members[i].pid);
		size = canvas_columns(one.data ? one.data : "");
		if (shown && used + size + MORE > room)
			break;
		used += size;
		buffer_puts(b, one.data ? one.data : "");
		shown++;
	}
	if (n->member_count > shown)
		buffer_printf(b, " and %zu more", n->member_count - shown);
	if (!n->member_count)
		buffer_puts(b, "no process that you can see");
}

/* One namespace and its members; `bars` says at which depths a line goes on downwards. */
static size_t draw_node(const struct process_view *v, struct canvas *c, size_t row, int node,
			const bool *bars, bool has_children)
{
	const struct userns *n = &v->tree.nodes[node];
	size_t depth = n->depth < TREE_DEEP ? (size_t)n->depth : TREE_DEEP - 1;
	size_t column = 2 + depth * 3;
	AUTO_BUFFER b = {0};
	size_t at;

	for (size_t d = 1; d <= depth; d++) {
		size_t x = 2 + (d - 1) * 3;

		if (d == depth) {
			canvas_char(c, row, x, STYLE_LINE, bars[d] ? 0x251c : 0x2514);
			canvas_char(c, row, x + 1, STYLE_LINE, 0x2500);
		} else if (bars[d]) {
			canvas_char(c, row, x, STYLE_LINE, 0x2502);
		}
		if (bars[d])
			canvas_char(c, row + 1, x, STYLE_LINE, 0x2502);
	}
	if (has_children)
		canvas_char(c, row + 1, column, STYLE_LINE, 0x2502);
	at = canvas_printf(c, row, column, node == v->node ? STYLE_INSIDE : STYLE_TITLE, "%llu",
			   (unsigned long long)n->inode);
	at = canvas_printf(c, row, at, STYLE_PLAIN, "%s%s",
			   ns_is_initial(NS_USER, n->inode) ? " initial" : "",
			   node == v->tree.yours ? ", yours" : "");
	at = canvas_put(c, row, at, STYLE_DIM, "  owner ");
	at = canvas_put(c, row, at, n->owner.error ? STYLE_DIM : STYLE_HERE,
			n->owner.error ? word_error(n->owner.error)
				       : word_user(v->passwd, (uint32_t)n->owner.inode).text);
	if (n->container)
		at = canvas_printf(c, row, at, STYLE_INSIDE, "  container %s", n->container);
	if (node == v->node)
		canvas_put(c, row, at, STYLE_INSIDE, "  ◀ it is here");
	member_words(v, n, c->width > column + 3 ? c->width - column - 3 : 0, &b);
	canvas_put(c, row + 1, column + 3, STYLE_DIM, b.data ? b.data : "");
	return row + 2;
}

static int next_child(const struct process_view *v, int parent, int after)
{
	for (int i = after + 1; i < (int)v->tree.count; i++)
		if (v->tree.nodes[i].parent == parent && is_drawn(v, i))
			return i;
	return -1;
}

/* Depth first without recursion: down to the first child, else to the next one of the nearest
 * parent that has one. */
void draw_tree(const struct process_view *v, struct canvas *c)
{
	size_t row = draw_title(c, 0, "USER NAMESPACES: who is below whom"), drawn = 0;
	bool bars[TREE_DEEP + 1] = {false};
	int node = next_child(v, -1, -1);

	while (node >= 0) {
		int child = next_child(v, node, -1);
		int depth = v->tree.nodes[node].depth;

		if (depth < TREE_DEEP)
			bars[depth] = depth && next_child(v, v->tree.nodes[node].parent, node) >= 0;
		row = draw_node(v, c, row, node, bars, child >= 0);
		drawn++;
		if (child >= 0) {
			node = child;
			continue;
		}
		while (node >= 0) {
			int parent = v->tree.nodes[node].parent;
			int next = next_child(v, parent, node);

			if (next >= 0 || parent < 0) {
				node = next;
				break;
			}
			node = parent;
		}
	}
	if (drawn < v->tree.count)
		canvas_printf(c, row++, 2, STYLE_DIM, "and %zu more that are not drawn",
			      v->tree.count - drawn);
	if (v->tree.unreadable)
		canvas_printf(c, row++, 2, STYLE_DIM, "%zu %s not readable for you",
			      v->tree.unreadable,
			      v->tree.unreadable == 1 ? "process is" : "processes are");
}
