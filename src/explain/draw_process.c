/* The picture of a process: sections on canvases of their own, put under or beside each other. */
#include "explain/draw.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

typedef void section(const struct process_view *v, struct canvas *c);

static bool is_self(const struct process_view *v)
{
	return v->pid == v->your_pid;
}

static bool shares_userns(const struct process_view *v)
{
	return v->node >= 0 && v->node == v->tree.yours;
}

/* ---- who it is ---- */

/* After what stands there, or below it where it does not fit. */
static size_t head_part(struct canvas *c, size_t *row, size_t at, const char *label,
			const char *text)
{
	if (at + 3 + canvas_columns(label) + canvas_columns(text) > c->width)
		(*row)++;
	at = canvas_put(c, *row, *row > 1 ? 0 : at + 3, STYLE_DIM, label);
	return canvas_put(c, *row, at, STYLE_HERE, text);
}

static void draw_head(const struct process_view *v, struct canvas *c)
{
	const struct status *s = &v->status;
	struct id_pair uid = map_pair(&v->uid.map, shares_userns(v), s->uid[1]);
	struct id_pair gid = map_pair(&v->gid.map, shares_userns(v), s->gid[1]);
	char words[160];
	size_t at = canvas_printf(c, 0, 0, STYLE_TITLE, "PID %d", v->pid), row = 1;

	at = canvas_printf(c, 0, at + 2, STYLE_PLAIN, "%s", v->command);
	if (v->node >= 0 && v->tree.nodes[v->node].container)
		at = canvas_printf(c, 0, at, STYLE_INSIDE, "   container %s",
				   v->tree.nodes[v->node].container);
	if (v->status.state == 'Z')
		canvas_put(c, 0, at, STYLE_BAD,
			   "  a zombie: it has ended, its parent has not waited");
	at = canvas_put(c, 1, 0, STYLE_DIM, "inside ");
	if (v->uid.error)
		at = canvas_put(c, 1, at, STYLE_DIM, word_error(v->uid.error));
	else if (uid.mapped)
		at = canvas_printf(c, 1, at, STYLE_INSIDE, "uid %u gid %u", uid.inside, gid.inside);
	else
		at = canvas_put(c, 1, at, STYLE_INSIDE, "nobody (its uid is not mapped)");
	snprintf(words, sizeof(words), "uid %s gid %u", word_user(v->passwd, s->uid[1]).text,
		 s->gid[1]);
	at = head_part(c, &row, at, "here ", words);
	snprintf(words, sizeof(words), "uid %s", word_user(v->passwd, v->yours.uid[1]).text);
	head_part(c, &row, at, "you ", is_self(v) ? "this is you" : words);
}

/* ---- id maps ---- */

static size_t draw_both_maps(const struct process_view *v, struct canvas *c, size_t row,
			     const char *left, const char *right)
{
	bool one = map_equal(&v->uid.map, &v->gid.map) && map_equal(&v->uid.hidden, &v->gid.hidden);
	struct map_picture p = {one ? "ids" : "uid", left, right, &v->uid, v->passwd};

	row = draw_map(c, row, &p);
	if (one)
		return row;
	p = (struct map_picture){"gid", left, right, &v->gid, NULL};
	return draw_map(c, row, &p);
}

/* One file as the reader has it, or both where they differ. */
static size_t draw_reading(struct canvas *c, size_t row, const char *who, const struct idmap *uid,
			   const struct idmap *gid)
{
	const struct idmap *maps[] = {uid, gid};
	bool one = map_equal(uid, gid);

	canvas_put(c, row, 2, STYLE_DIM, who);
	for (size_t i = 0; i < (one ? 1 : 2); i++) {
		AUTO_BUFFER b = {0};
		size_t at = 18;

		if (!one)
			at = canvas_put(c, row, at, STYLE_DIM, i ? "gid  " : "uid  ");
		add_map_lines(maps[i], &b);
		row = canvas_wrap(c, row, at, STYLE_PLAIN, b.data ? b.data : "");
	}
	return row;
}

static size_t draw_readings(const struct process_view *v, struct canvas *c, size_t row)
{
	const struct userns *node = v->node >= 0 ? &v->tree.nodes[v->node] : NULL;

	if (v->uid.map.count || !v->uid.hidden.count)
		row = draw_reading(c, row, "read by you", &v->uid.map, &v->gid.map);
	/* What is every number itself needs no second reading. */
	if (!v->parent_known && !v->uid.hidden.count && v->uid.map.count == 1 &&
	    v->uid.map.extents[0].inside == v->uid.map.extents[0].outside &&
	    v->uid.map.extents[0].count == UINT32_MAX)
		return canvas_wrap(c, row, 18, STYLE_DIM,
				   "Every id stands for itself, as in the initial user namespace.");
	if (v->parent_known) {
		row = draw_reading(c, row, "read inside", &v->parent_uid, &v->parent_gid);
	} else {
		canvas_put(c, row, 2, STYLE_DIM, "read inside");
		row = canvas_wrap(c, row, 18, STYLE_DIM,
				  "not known: the map of its parent is not readable for you");
	}
	if (!v->parent_known || !node)
		return row;
	if (node->parent >= 0 && node->parent == v->tree.yours)
		return canvas_wrap(c, row, 18, STYLE_DIM,
				   "Both read the same: the file shows the ids of the parent "
				   "namespace, and that is yours.");
	if (map_equal(&v->uid.map, &v->parent_uid))
		return canvas_wrap(c, row, 18, STYLE_DIM,
				   "The same numbers here, but not the same ids: inside, the file "
				   "shows the parent namespace's, to you your own.");
	return canvas_wrap(c, row, 18, STYLE_DIM,
			   "The file differs with its reader: inside, it shows the ids of the "
			   "parent namespace; to you, your own.");
}

static void draw_ids(const struct process_view *v, struct canvas *c)
{
	size_t row = draw_title(c, 0, "IDS: inside and here");

	if (v->uid.error || v->gid.error) {
		canvas_printf(c, row, 2, STYLE_DIM, "its id map: %s",
			      word_error(v->uid.error ? v->uid.error : v->gid.error));
		return;
	}
	if (!v->uid.map.count && !v->uid.hidden.count) {
		canvas_put(c, row, 2, STYLE_BAD,
			   "No map is written yet: every id in it is 65534, nobody.");
		return;
	}
	if (!shares_userns(v)) {
		row = draw_both_maps(v, c, row, "inside", "here");
		draw_readings(v, c, row);
		return;
	}
	canvas_wrap(c, row, 2, STYLE_PLAIN,
		    "It shares your user namespace: every id is the same on both sides.");
	if (!ns_is_initial(NS_USER, v->ns[NS_USER].its.inode))
		draw_both_maps(v, c, row + 1, "here", "in the parent namespace");
}

/* ---- namespaces ---- */

static struct words ns_words(enum ns_kind kind, struct ns_seen seen, bool narrow)
{
	struct words w;

	if (seen.error)
		snprintf(w.text, sizeof(w.text), "%s", word_error(seen.error));
	else
		snprintf(w.text, sizeof(w.text), "%llu%s", (unsigned long long)seen.inode,
			 !narrow && ns_is_initial(kind, seen.inode) ? " initial" : "");
	return w;
}

/* The rows for children say something only where they differ (after unshare -p, before a fork). */
static bool is_row(const struct process_view *v, int kind)
{
	if (kind == NS_PID_CHILDREN || kind == NS_TIME_CHILDREN) {
		int own = kind == NS_PID_CHILDREN ? NS_PID : NS_TIME;

		return !v->ns[kind].its.error && v->ns[kind].its.inode != v->ns[own].its.inode;
	}
	return v->ns[kind].its.error != -ENOENT || v->ns[kind].yours.error != -ENOENT;
}

/* Where the column of = and ≠ stands; "yours" is three columns further. */
static size_t ns_equal_at(const struct canvas *c)
{
	return c->width < DRAW_NARROW ? 22 : 31;
}

static void draw_ns_row(const struct process_view *v, struct canvas *c, size_t row, int kind)
{
	const struct ns_row *n = &v->ns[kind];
	bool known = !n->its.error && !n->yours.error;
	bool same = known && n->its.inode == n->yours.inode, narrow = c->width < DRAW_NARROW;

	canvas_put(c, row, 2, STYLE_TITLE, ns_kind_name((enum ns_kind)kind));
	canvas_put(c, row, 10, same || !known ? STYLE_PLAIN : STYLE_INSIDE,
		   ns_words((enum ns_kind)kind, n->its, narrow).text);
	if (narrow && n->its.error)
		return;
	canvas_put(c, row, ns_equal_at(c), same ? STYLE_DIM : STYLE_TITLE,
		   !known ? "?"
		   : same ? "="
			  : "≠");
	canvas_put(c, row, ns_equal_at(c) + 3, same ? STYLE_DIM : STYLE_HERE,
		   ns_words((enum ns_kind)kind, n->yours, narrow).text);
	if (kind == NS_USER || c->width < DRAW_OWNERS)
		return;
	if (n->owner.error)
		canvas_put(c, row, 55, STYLE_DIM, n->its.error ? "" : word_error(-ENODATA));
	else if (!v->ns[NS_USER].its.error && n->owner.inode == v->ns[NS_USER].its.inode)
		canvas_put(c, row, 55, same ? STYLE_DIM : STYLE_INSIDE, "its own");
	else
		canvas_printf(c, row, 55, STYLE_DIM, "%llu%s", (unsigned long long)n->owner.inode,
			      !v->ns[NS_USER].yours.error &&
					      n->owner.inode == v->ns[NS_USER].yours.inode
				      ? " yours"
				      : "");
}

static void draw_namespaces(const struct process_view *v, struct canvas *c)
{
	size_t row = draw_title(c, 0, "NAMESPACES: its and yours");

	canvas_put(c, row, 10, STYLE_DIM, "its");
	canvas_put(c, row, ns_equal_at(c) + 3, STYLE_DIM, "yours");
	canvas_put(c, row++, 55, STYLE_DIM, c->width < DRAW_OWNERS ? "" : "of user namespace");
	for (int kind = 0; kind < NS_KIND_COUNT; kind++)
		if (is_row(v, kind))
			draw_ns_row(v, c, row++, kind);
	if (v->ns[NS_USER].its.error == -EACCES || v->ns[NS_USER].its.error == -EPERM)
		canvas_printf(c, row, 2, STYLE_DIM, "Not readable for you: it belongs to %s.",
			      word_user(v->passwd, v->status.uid[1]).text);
}

/* ---- pids ---- */

static void draw_level_name(const struct pid_level *l, struct canvas *c, size_t row, size_t level)
{
	size_t column = 2 + level * 3, at;

	if (column > 20)
		column = 20;
	if (level) {
		canvas_char(c, row, column - 3, STYLE_LINE, 0x2514);
		canvas_char(c, row, column - 2, STYLE_LINE, 0x2500);
	}
	at = canvas_put(c, row, column, level ? STYLE_INSIDE : STYLE_HERE,
			ns_words(NS_PID, l->ns, false).text);
	if (!level)
		canvas_put(c, row, at + 1, STYLE_DIM, "yours");
}

static void draw_pids(const struct process_view *v, struct canvas *c)
{
	size_t row = draw_title(c, 0, "PIDS: one process, a number at each level");
	bool narrow = c->width < DRAW_NARROW;
	size_t pid_at = narrow ? 12 : 36, parent_at = narrow ? 21 : 46;

	canvas_put(c, row, 2, STYLE_DIM, narrow ? "level" : "pid namespace");
	canvas_put(c, row, pid_at, STYLE_DIM, "its pid");
	canvas_put(c, row++, parent_at, STYLE_DIM, "its parent");
	for (size_t i = 0; i < v->level_count; i++) {
		const struct pid_level *l = &v->levels[i];
		enum style style = i ? STYLE_INSIDE : STYLE_HERE;

		if (!narrow)
			draw_level_name(l, c, row, i);
		else
			canvas_printf(c, row, 2, style, i ? "%zu below" : "yours", i);
		canvas_printf(c, row, pid_at, style, "%d", l->pid);
		if (l->parent > 0 && i == 0)
			canvas_printf(c, row, parent_at, STYLE_PLAIN, "%d %s", l->parent,
				      v->parent_name ? v->parent_name : "");
		else if (l->parent >= 0)
			canvas_printf(c, row, parent_at, STYLE_PLAIN, "%d%s", l->parent,
				      l->parent ? ""
				      : narrow	? " (outside)"
						: " (outside this level)");
		else
			canvas_put(c, row, parent_at, STYLE_DIM, word_error(-EACCES));
		row++;
	}
	if (!v->level_count)
		canvas_put(c, row, 2, STYLE_DIM, "this kernel does not say");
}

/* ---- capabilities ---- */

static void add_caps(uint64_t set, struct buffer *b)
{
	const uint64_t all = (UINT64_C(2) << CAP_LAST_CAP) - 1;
	bool any = false;

	if ((set & all) == all) {
		buffer_puts(b, "all");
		return;
	}
	for (unsigned i = 0; i < 64; i++) {
		char name[32];

		if (!(set >> i & 1))
			continue;
		if (cap_name(i, name, sizeof(name)))
			buffer_printf(b, "%s%s", any ? " " : "", name);
		else
			buffer_printf(b, "%s%u", any ? " " : "", i);
		any = true;
	}
	if (!any)
		buffer_puts(b, "none");
}

static void add_reach(const struct process_view *v, int reach, struct buffer *b)
{
	static const enum ns_kind kinds[] = {NS_MNT, NS_PID,	NS_NET, NS_IPC,
					     NS_UTS, NS_CGROUP, NS_TIME};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (caps_reach(v, kinds[i]) == reach)
			buffer_printf(b, " %s", ns_kind_name(kinds[i]));
}

static size_t draw_worth(const struct process_view *v, struct canvas *c, size_t row)
{
	AUTO_BUFFER on = {0}, off = {0};
	int host = caps_on_host(v);

	add_reach(v, 1, &on);
	add_reach(v, 0, &off);
	canvas_put(c, row, 2, STYLE_DIM, "count on");
	row = canvas_wrap(c, row, 15, on.data ? STYLE_GOOD : STYLE_DIM,
			  on.data    ? on.data + 1
			  : host < 0 ? word_error(-EACCES)
				     : "none of its namespaces");
	if (off.data) {
		canvas_put(c, row, 2, STYLE_DIM, "not on");
		row = canvas_wrap(c, row, 15, STYLE_BAD, off.data + 1);
	}
	canvas_put(c, row, 2, STYLE_DIM, "on the host");
	if (host < 0)
		return canvas_wrap(c, row, 15, STYLE_DIM, word_error(-EACCES));
	if (!v->status.caps[CAPS_EFFECTIVE])
		return canvas_wrap(c, row, 15, STYLE_PLAIN, "nothing: it has none in effect");
	if (host)
		return canvas_wrap(c, row, 15, STYLE_BAD,
				   "all of it: this is the initial user namespace, its powers are "
				   "real");
	return canvas_wrap(c, row, 15, STYLE_GOOD,
			   "nothing: outside its user namespace it is a plain user");
}

static void draw_capabilities(const struct process_view *v, struct canvas *c)
{
	static const struct {
		const char *label;
		enum cap_set set;
	} rows[] = {{"effective", CAPS_EFFECTIVE},
		    {"permitted", CAPS_PERMITTED},
		    {"inheritable", CAPS_INHERITABLE},
		    {"bounding", CAPS_BOUNDING},
		    {"ambient", CAPS_AMBIENT}};
	size_t row = draw_title(c, 0, "CAPABILITIES: what it holds, what that is worth");

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t set = v->status.caps[rows[i].set];
		AUTO_BUFFER b = {0};

		canvas_put(c, row, 2, STYLE_DIM, rows[i].label);
		if (i && set && set == v->status.caps[CAPS_EFFECTIVE])
			buffer_puts(&b, "the same");
		else
			add_caps(set, &b);
		row = canvas_wrap(c, row, 15, STYLE_PLAIN, b.data ? b.data : "");
	}
	draw_worth(v, c, row);
}

/* ---- limits ---- */

static void draw_limits(const struct process_view *v, struct canvas *c)
{
	static const char *const modes[] = {"off", "strict: read, write, exit", "filter"};
	const struct status *s = &v->status;
	size_t row = draw_title(c, 0, "WHAT HOLDS IT"), at;

	canvas_put(c, row, 2, STYLE_DIM, "no_new_privs");
	canvas_put(c, row++, 16, STYLE_PLAIN,
		   s->no_new_privs < 0 ? word_error(-ENOTTY)
		   : s->no_new_privs   ? "on: no setuid program can give it anything"
				       : "off");
	canvas_put(c, row, 2, STYLE_DIM, "seccomp");
	at = canvas_put(c, row, 16, STYLE_PLAIN,
			s->seccomp < 0 || s->seccomp > 2 ? word_error(-ENOTTY) : modes[s->seccomp]);
	if (s->seccomp == 2 && s->seccomp_filters > 0)
		canvas_printf(c, row, at, STYLE_PLAIN, ": %d loaded", s->seccomp_filters);
	row++;
	canvas_put(c, row, 2, STYLE_DIM, "cgroup");
	canvas_put(c, row, 16, v->cgroup ? STYLE_PLAIN : STYLE_DIM,
		   v->cgroup ? v->cgroup : "none in the unified hierarchy");
}

/* ---- all of it ---- */

static section *const left_sections[] = {draw_namespaces, draw_ids, draw_pids};
static section *const right_sections[] = {draw_tree, draw_capabilities, draw_limits};

static size_t draw_column(const struct process_view *v, struct canvas *c, size_t row, size_t column,
			  size_t width, section *const *sections, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		AUTO_CANVAS part = {.width = width};

		sections[i](v, &part);
		canvas_copy(c, row, column, &part);
		row += part.height + 1;
	}
	return row;
}

static void draw(const struct process_view *v, struct canvas *c)
{
	enum { SECTIONS = 3 };
	size_t row;

	draw_head(v, c);
	row = c->height + 1;
	if (c->width < DRAW_WIDE) {
		row = draw_column(v, c, row, 0, c->width, left_sections, SECTIONS);
		draw_column(v, c, row, 0, c->width, right_sections, SECTIONS);
	} else {
		size_t half = (c->width - DRAW_GAP) / 2;

		draw_column(v, c, row, 0, half, left_sections, SECTIONS);
		draw_column(v, c, row, half + DRAW_GAP, c->width - half - DRAW_GAP, right_sections,
			    SECTIONS);
	}
}

int process_print_text(const struct process_view *v, const struct picture_options *o,
		       struct buffer *b)
{
	AUTO_CANVAS c = {.width = o->width};

	draw(v, &c);
	canvas_text(&c, o->color, o->ascii, b);
	return buffer_failed(b) ? -ENOMEM : 0;
}

int process_print_svg(const struct process_view *v, const struct picture_options *o,
		      struct buffer *b)
{
	AUTO_CANVAS c = {.width = o->width};
	char title[160];

	draw(v, &c);
	snprintf(title, sizeof(title), "rootlet explain %d: %s", v->pid, v->status.name);
	canvas_svg(&c, title, b);
	return buffer_failed(b) ? -ENOMEM : 0;
}
