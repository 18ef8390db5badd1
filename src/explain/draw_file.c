/* The picture of a file: a block for each user namespace that can see it, and a line for each that
 * cannot. */
#include "explain/draw.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { LABEL = 2, VALUE = 12 };

static void mode_words(uint32_t mode, char ret[11])
{
	static const char letters[] = "rwxrwxrwx";
	static const struct {
		uint32_t type;
		char letter;
	} types[] = {{S_IFREG, '-'}, {S_IFDIR, 'd'}, {S_IFLNK, 'l'}, {S_IFCHR, 'c'},
		     {S_IFBLK, 'b'}, {S_IFIFO, 'p'}, {S_IFSOCK, 's'}};

	ret[0] = '?';
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if ((mode & S_IFMT) == types[i].type)
			ret[0] = types[i].letter;
	for (int i = 0; i < 9; i++)
		ret[i + 1] = (mode & (0400u >> i)) ? letters[i] : '-';
	if (mode & S_ISUID)
		ret[3] = ret[3] == 'x' ? 's' : 'S';
	if (mode & S_ISGID)
		ret[6] = ret[6] == 'x' ? 's' : 'S';
	if (mode & S_ISVTX)
		ret[9] = ret[9] == 'x' ? 't' : 'T';
	ret[10] = '\0';
}

/* ---- why ---- */

static void bits_words(const struct file_in_ns *f, int shift, struct buffer *b)
{
	static const char *const classes[] = {"others", "the group", "the owner"};
	uint32_t bits = f->inode.mode >> shift & 7;

	buffer_printf(b, "the bits for %s, %c%c%c", classes[shift / 3], bits & 4 ? 'r' : '-',
		      bits & 2 ? 'w' : '-', bits & 1 ? 'x' : '-');
}

static void why_words(const struct file_in_ns *f, const struct verdict *v, struct buffer *b)
{
	switch (v->rule) {
	case RULE_OWNER_BITS:
		bits_words(f, 6, b);
		break;
	case RULE_GROUP_BITS:
		bits_words(f, 3, b);
		break;
	case RULE_OTHER_BITS:
		bits_words(f, 0, b);
		break;
	case RULE_ACL:
		buffer_puts(b, "its access control list (getfacl shows it)");
		break;
	case RULE_CAP_OVERRIDE:
		buffer_puts(b, "CAP_DAC_OVERRIDE: owner and group are mapped there, so it counts");
		break;
	case RULE_CAP_READ_SEARCH:
		buffer_puts(b,
			    "CAP_DAC_READ_SEARCH: owner and group are mapped there, so it counts");
		break;
	case RULE_READ_ONLY:
		buffer_puts(b, "the mount is read-only: no capability lifts that");
		break;
	case RULE_IMMUTABLE:
		buffer_puts(b, "it is immutable (chattr +i): no capability lifts that");
		break;
	case RULE_APPEND_ONLY:
		buffer_puts(b, "additions only: it is append-only (chattr +a)");
		break;
	case RULE_NOEXEC:
		buffer_puts(b, "the mount is noexec");
		break;
	case RULE_NO_EXEC_BIT:
		buffer_puts(b, "no x bit at all: not even CAP_DAC_OVERRIDE executes it");
		break;
	case RULE_UNMAPPED:
		buffer_puts(b,
			    "the bits refuse, and a capability counts only where owner and group "
			    "are both mapped");
		break;
	case RULE_SEARCH:
		buffer_printf(b, "the directory %s may not be searched (its x bit)",
			      f->blocked_at ? f->blocked_at : "");
		break;
	case RULE_NOT_MOUNTED:
		buffer_puts(b, "it is not mounted there");
		break;
	case RULE_NO_SUCH_ID:
		buffer_puts(b, "no such user there: the id is not mapped");
		break;
	case RULE_UNKNOWN:
		buffer_puts(b, "not known: you may not look there yourself");
		break;
	}
}

static const char *setuid_words(enum setuid_effect effect)
{
	switch (effect) {
	case SETUID_WORKS:
		return "works: who executes it gets the id of its owner there";
	case SETUID_NOSUID:
		return "does nothing: the mount is nosuid";
	case SETUID_UNMAPPED:
		return "does nothing: owner and group must both be mapped";
	case SETUID_NO_NEW_PRIVS:
		return "does nothing: the process has no_new_privs";
	case SETUID_NONE:
		break;
	}
	return NULL;
}

/* ---- a block ---- */

static size_t draw_pair(const struct file_view *v, const struct file_in_ns *f, struct canvas *c,
			size_t row, const char *label, struct id_pair pair, bool user)
{
	size_t bridge = c->width < DRAW_NARROW ? 4 : 12, at;

	canvas_put(c, row, LABEL, STYLE_DIM, label);
	if (f->yours) {
		at = canvas_put(c, row, VALUE, STYLE_HERE,
				word_user(user ? v->passwd : NULL, pair.here).text);
		if (!pair.mapped)
			canvas_put(c, row, at, STYLE_BAD, " nobody: not mapped");
		return row + 1;
	}
	at = pair.mapped ? canvas_printf(c, row, VALUE, STYLE_INSIDE, "%u", pair.inside)
			 : canvas_put(c, row, VALUE, STYLE_BAD, "65534 nobody: not mapped");
	canvas_line(c, row, at + 1, at + 1 + bridge);
	at = canvas_put(c, row, at + 2 + bridge, STYLE_HERE,
			word_user(user ? v->passwd : NULL, pair.here).text);
	canvas_put(c, row, at, STYLE_DIM, " here");
	return row + 1;
}

static size_t draw_who(const struct file_view *v, const struct file_in_ns *f, struct canvas *c,
		       size_t row)
{
	struct words eyes;
	size_t at;

	canvas_put(c, row, LABEL, STYLE_DIM, v->user ? "user" : "who");
	if (!f->asker_exists) {
		canvas_printf(c, row, VALUE, STYLE_BAD, "uid %u: not mapped there",
			      f->asker_uid.inside);
		return row + 1;
	}
	at = canvas_printf(c, row, VALUE, f->yours ? STYLE_HERE : STYLE_INSIDE, "uid %u gid %u",
			   f->asker_uid.inside, f->asker_gid.inside);
	if (!f->yours)
		at = canvas_printf(c, row, at, STYLE_HERE, "  %s here",
				   word_user(v->passwd, f->asker_uid.here).text);
	if (v->user)
		return row + 1;
	if (f->yours)
		snprintf(eyes.text, sizeof(eyes.text), "(you)");
	else
		snprintf(eyes.text, sizeof(eyes.text), "(PID %d, %s)", f->pid, f->name);
	if (at + 2 + canvas_columns(eyes.text) > c->width) {
		row++;
		at = VALUE - 2;
	}
	canvas_put(c, row, at + 2, STYLE_DIM, eyes.text);
	return row + 1;
}

static size_t draw_verdicts(const struct file_in_ns *f, struct canvas *c, size_t row)
{
	static const char *const labels[] = {"read", "write", "execute"};

	for (int i = 0; i < ACCESS_KINDS; i++) {
		const struct verdict *v = &f->verdicts[i];
		AUTO_BUFFER b = {0};

		canvas_put(c, row, LABEL, STYLE_DIM,
			   i == ACCESS_EXECUTE && S_ISDIR(f->inode.mode) ? "search" : labels[i]);
		canvas_put(c, row, VALUE, v->allowed ? STYLE_GOOD : STYLE_BAD,
			   v->rule == RULE_UNKNOWN ? "?"
			   : v->allowed		   ? "yes"
						   : "no");
		why_words(f, v, &b);
		row = canvas_wrap(c, row, VALUE + 5, STYLE_PLAIN, b.data ? b.data : "");
	}
	return row;
}

static size_t draw_setuid(const struct file_in_ns *f, struct canvas *c, size_t row)
{
	if (setuid_words(f->setuid)) {
		canvas_put(c, row, LABEL, STYLE_DIM, "setuid");
		row = canvas_wrap(c, row, VALUE, STYLE_PLAIN, setuid_words(f->setuid));
	}
	if (setuid_words(f->setgid)) {
		canvas_put(c, row, LABEL, STYLE_DIM, "setgid");
		row = canvas_wrap(c, row, VALUE, STYLE_PLAIN, setuid_words(f->setgid));
	}
	return row;
}

/* A container by its name, else a program and its number: there may be many of that name. */
static struct words whose(const struct file_in_ns *f)
{
	struct words w;

	if (f->yours)
		snprintf(w.text, sizeof(w.text), "HERE");
	else if (f->container)
		snprintf(w.text, sizeof(w.text), "container %s", f->container);
	else
		snprintf(w.text, sizeof(w.text), "%s %d", f->name, f->pid);
	return w;
}

static void draw_block(const struct file_view *v, const struct file_in_ns *f, struct canvas *c)
{
	char title[128], mode[11];
	const struct inode_seen *n = &f->inode;
	size_t row, at;

	snprintf(title, sizeof(title), "%s: user namespace %llu%s", whose(f).text,
		 (unsigned long long)f->userns.inode,
		 ns_is_initial(NS_USER, f->userns.inode) ? " initial" : "");
	if (canvas_columns(title) + 4 > c->width) /* its end is the number */
		snprintf(title, sizeof(title), "%s: %llu", whose(f).text,
			 (unsigned long long)f->userns.inode);
	row = draw_title(c, 0, title);
	canvas_put(c, row, LABEL, STYLE_DIM, "path");
	canvas_put(c, row++, VALUE, STYLE_PLAIN, f->path);
	mode_words(n->mode, mode);
	canvas_put(c, row, LABEL, STYLE_DIM, "mode");
	at = canvas_put(c, row, VALUE, STYLE_PLAIN, mode);
	at = canvas_put(c, row, at, STYLE_DIM, n->acl_count ? " and an access control list" : "");
	at = canvas_put(c, row, at, STYLE_DIM, n->read_only ? "  read-only" : "");
	at = canvas_put(c, row, at, STYLE_DIM, n->nosuid ? "  nosuid" : "");
	at = canvas_put(c, row, at, STYLE_DIM, n->noexec ? "  noexec" : "");
	at = canvas_put(c, row, at, STYLE_DIM, n->immutable ? "  immutable" : "");
	canvas_put(c, row++, at, STYLE_DIM, f->idmapped ? "  idmapped" : "");
	row = draw_pair(v, f, c, row, "owner", f->owner, true);
	row = draw_pair(v, f, c, row, "group", f->group, false);
	row = draw_who(v, f, c, row);
	row = draw_verdicts(f, c, row);
	draw_setuid(f, c, row);
}

static void draw_absent(const struct file_view *v, struct canvas *c)
{
	size_t row = draw_title(c, 0, "NOT TO BE SEEN FROM");

	for (size_t i = 0; i < v->count; i++) {
		const struct file_in_ns *f = &v->ns[i];
		AUTO_BUFFER b = {0};
		size_t at;

		if (f->visible > 0)
			continue;
		at = canvas_printf(c, row, LABEL, STYLE_INSIDE, "%llu",
				   (unsigned long long)f->userns.inode);
		buffer_printf(&b, "%s: %s; its owner would be %s", whose(f).text,
			      f->visible < 0 ? "you may not look there" : "not mounted there",
			      f->owner.mapped ? word_range(f->owner.inside, 1).text : "nobody");
		row = canvas_wrap(c, row, at + 2, STYLE_PLAIN, b.data ? b.data : "");
	}
	if (v->hidden)
		canvas_printf(c, row, LABEL, STYLE_DIM,
			      "and %zu user namespaces that are not readable for you", v->hidden);
}

static size_t visible_count(const struct file_view *v)
{
	size_t n = 0;

	for (size_t i = 0; i < v->count; i++)
		n += v->ns[i].visible > 0;
	return n;
}

static void draw(const struct file_view *v, struct canvas *c)
{
	bool two = c->width >= DRAW_WIDE && visible_count(v) > 1;
	size_t half = two ? (c->width - DRAW_GAP) / 2 : c->width, row[2] = {3, 3}, at, side = 0;

	at = canvas_printf(c, 0, 0, STYLE_TITLE, "FILE ");
	canvas_put(c, 0, at, STYLE_PLAIN, v->path);
	at = canvas_printf(c, 1, 0, STYLE_DIM, "%llu bytes, inode %llu",
			   (unsigned long long)v->size, (unsigned long long)v->inode);
	if (v->user)
		canvas_printf(c, 1, at, STYLE_DIM, ", for the user %s of each namespace", v->user);
	for (size_t i = 0; i < v->count; i++) {
		AUTO_CANVAS part = {.width = half};

		if (v->ns[i].visible <= 0)
			continue;
		draw_block(v, &v->ns[i], &part);
		side = two && row[1] < row[0] ? 1 : 0;
		canvas_copy(c, row[side], side * (half + DRAW_GAP), &part);
		row[side] += part.height + 1;
	}
	if (visible_count(v) < v->count || v->hidden) {
		AUTO_CANVAS part = {.width = half};

		draw_absent(v, &part);
		side = two && row[1] < row[0] ? 1 : 0;
		canvas_copy(c, row[side], side * (half + DRAW_GAP), &part);
	}
}

int file_print_text(const struct file_view *v, const struct picture_options *o, struct buffer *b)
{
	AUTO_CANVAS c = {.width = o->width};

	draw(v, &c);
	canvas_text(&c, o->color, o->ascii, b);
	return buffer_failed(b) ? -ENOMEM : 0;
}

int file_print_svg(const struct file_view *v, const struct picture_options *o, struct buffer *b)
{
	AUTO_CANVAS c = {.width = o->width};

	draw(v, &c);
	canvas_svg(&c, "rootlet explain: a file from every side", b);
	return buffer_failed(b) ? -ENOMEM : 0;
}
