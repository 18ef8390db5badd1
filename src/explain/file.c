/* Gathers what there is to say about one file in every user namespace of ours, and has it judged.
 * Reads only. A file is looked at through each mount namespace by itself (/proc/PID/root), since
 * the mount there may be read-only, or not be there at all. */
#include "explain/look.h"

#include "base/fd.h"
#include "base/io.h"
#include "base/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

enum { ACL_MAX = 65536 };

int look_open(int root, const char *path)
{
	int fd = resolve_open(root, path, true);

	return fd == -ENOSYS ? resolve_open(root, path, false) : fd;
}

static bool mapped(const struct place *p, bool known, bool group, uint32_t here)
{
	uint32_t inside;

	if (!known)
		return false;
	return !p->node || idmap_up(group ? &p->node->gid.map : &p->node->uid.map, here, &inside);
}

static int read_acl(struct look *l, int fd, struct inode_seen *ret)
{
	AUTO_FREE char *data = malloc(ACL_MAX);
	struct acl_entry *list;
	char path[48];
	ssize_t n;
	int r;

	if (!data)
		return -ENOMEM;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd); /* O_PATH has no fgetxattr(2) */
	n = getxattr(path, "system.posix_acl_access", data, ACL_MAX);
	if (n <= 0)
		return 0;
	r = acl_parse(l->arena, data, (size_t)n, &list, &ret->acl_count);
	if (r == 0)
		ret->acl = list;
	return r == -ENOMEM ? r : 0;
}

int look_inode(struct look *l, const struct place *p, int fd, struct inode_seen *ret)
{
	struct inode_seen seen = {0};
	struct statvfs mount;
	struct statx extra;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	seen.mode = st.st_mode;
	seen.uid = st.st_uid;
	seen.gid = st.st_gid;
	seen.uid_mapped = mapped(p, st.st_uid != OVERFLOW_ID || l->uid_known, false, st.st_uid);
	seen.gid_mapped = mapped(p, st.st_gid != OVERFLOW_ID || l->gid_known, true, st.st_gid);
	if (fstatvfs(fd, &mount) == 0) {
		seen.read_only = mount.f_flag & ST_RDONLY;
		seen.noexec = mount.f_flag & ST_NOEXEC;
		seen.nosuid = mount.f_flag & ST_NOSUID;
	}
	if (statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &extra) == 0) {
		seen.immutable = extra.stx_attributes & STATX_ATTR_IMMUTABLE;
		seen.append_only = extra.stx_attributes & STATX_ATTR_APPEND;
	}
	*ret = seen;
	return read_acl(l, fd, ret);
}

/* ---- where it is there ---- */

/* Look for the file below each mount of its file system; what lies on top wins, so the identity of
 * what is found there decides. The descriptor, 0 when it is not mounted there, or -errno. */
static int find_there(struct look *l, const struct place *p, int pid, struct file_in_ns *f)
{
	struct mount_line m;
	int r, found = 0;
	const char *text = read_proc(l->arena, pid, "mountinfo", NULL, &r);

	if (!text)
		return r;
	while (l->inner && (r = mount_line_next(l->arena, &text, &m)) > 0) {
		const char *path;
		struct stat st;
		AUTO_FD fd = -1;

		if (m.major != l->major || m.minor != l->minor)
			continue;
		path = mount_path(l->arena, &m, l->inner);
		if (!path)
			continue;
		fd = look_open(p->root, path);
		if (fd == -EACCES && !found) {
			f->path = path;
			f->visible = -EACCES;
		}
		if (fd < 0 || fstat(fd, &st) < 0 || st.st_dev != l->stat.st_dev ||
		    st.st_ino != l->stat.st_ino)
			continue;
		if (found)
			close(found);
		found = fd_steal(&fd);
		f->path = path;
		f->visible = 1;
		f->idmapped = m.idmapped;
	}
	return r < 0 ? r : found;
}

static void set_not_visible(struct file_in_ns *f)
{
	for (int i = 0; i < ACCESS_KINDS; i++)
		f->verdicts[i].rule = f->visible < 0 ? RULE_UNKNOWN : RULE_NOT_MOUNTED;
}

/* Its owner's number is told even where no path leads to it. */
static void owner_only(struct look *l, const struct place *p, struct file_in_ns *f)
{
	f->inode.mode = l->stat.st_mode;
	f->owner = map_pair(&p->node->uid.map, false, l->stat.st_uid);
	f->group = map_pair(&p->node->gid.map, false, l->stat.st_gid);
	set_not_visible(f);
}

/* Not the init, if there is another: what a container is for is its command. */
static const struct member *eyes_of(const struct look *l, const struct userns *node)
{
	struct status s;

	for (size_t i = 0; i < node->member_count; i++)
		if (read_status(l->arena, node->members[i].pid, &s) == 0 && s.nspid_count &&
		    s.nspid[s.nspid_count - 1] != 1)
			return &node->members[i];
	return node->member_count ? &node->members[0] : NULL;
}

static struct file_in_ns *new_row(struct look *l)
{
	struct file_view *v = l->view;

	if (arena_grow(l->arena, &v->ns, v->count, sizeof(*v->ns)) < 0)
		return NULL;
	v->ns[v->count] = (struct file_in_ns){0};
	return &v->ns[v->count++];
}

static int look_from(struct look *l, const struct userns *node)
{
	const struct member *eyes = eyes_of(l, node);
	struct place p = {.node = node, .root = -1};
	struct file_in_ns *f;
	AUTO_FD root = -1;
	char path[48];
	int r;

	if (!eyes || node->uid.error || node->gid.error ||
	    read_status(l->arena, eyes->pid, &p.status) < 0) {
		l->view->hidden++;
		return 0;
	}
	snprintf(path, sizeof(path), "/proc/%d/root", eyes->pid);
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0) {
		l->view->hidden++;
		return 0;
	}
	p.root = root;
	f = new_row(l);
	if (!f)
		return -ENOMEM;
	f->userns.inode = node->inode;
	f->pid = eyes->pid;
	memcpy(f->name, eyes->name, sizeof(f->name));
	r = find_there(l, &p, eyes->pid, f);
	if (r > 0) {
		AUTO_FD fd = r;

		return look_judge(l, &p, fd, f);
	}
	if (r < 0)
		f->visible = r;
	owner_only(l, &p, f);
	return r == -ENOMEM ? r : 0;
}

static int look_here(struct look *l)
{
	struct file_in_ns *f = new_row(l);
	struct place p = {.root = -1};
	AUTO_FD root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTO_FD own = read_ns(getpid(), NS_USER);
	int r = f ? read_status(l->arena, getpid(), &p.status) : -ENOMEM;

	if (r < 0)
		return r;
	p.root = root;
	f->userns = ns_seen_of(own);
	f->yours = true;
	f->pid = getpid();
	f->path = l->view->path;
	f->visible = 1;
	snprintf(f->name, sizeof(f->name), "%.31s", p.status.name);
	return look_judge(l, &p, l->fd, f);
}

/* ---- the file itself ---- */

/* The mount that holds it, by fdinfo's number, gives its path within its file system. */
static int find_inner(struct look *l)
{
	struct mount_line m;
	char name[48];
	const char *info, *text;
	int r, wanted;

	snprintf(name, sizeof(name), "fdinfo/%d", l->fd);
	info = read_proc(l->arena, getpid(), name, NULL, &r);
	info = info ? strstr(info, "mnt_id:") : NULL;
	text = read_proc(l->arena, getpid(), "mountinfo", NULL, &r);
	if (!info || !text)
		return r == -ENOMEM ? r : 0;
	wanted = (int)strtol(info + strlen("mnt_id:"), NULL, 10);
	while ((r = mount_line_next(l->arena, &text, &m)) > 0)
		if (m.id == wanted) {
			l->inner = mount_inner(l->arena, &m, l->view->path);
			l->major = m.major;
			l->minor = m.minor;
		}
	return r;
}

/* Does our own namespace know the id? In the initial one 65534 is an id as any other. */
static bool known_here(struct look *l, const char *name, uint32_t id)
{
	struct shown_map map;
	uint32_t outside;

	if (id != OVERFLOW_ID)
		return true;
	read_map(l->arena, getpid(), name, &map);
	return map.error || idmap_down(&map.map, id, &outside) ||
	       idmap_down(&map.hidden, id, &outside);
}

/* The first directory on the way that we may not search, for EACCES names none; false: it lies
 * behind a symlink, or is open by now. */
static bool closed_directory(const char *word, char ret[4096])
{
	for (const char *slash = strchr(word, '/'); slash; slash = strchr(slash + 1, '/')) {
		size_t n = slash == word ? 1 : (size_t)(slash - word);

		if (n >= 4096)
			return false;
		memcpy(ret, word, n);
		ret[n] = '\0';
		if (faccessat(AT_FDCWD, ret, X_OK, AT_EACCESS) < 0)
			return errno == EACCES;
	}
	return false;
}

static int cannot_see(const char *word, int error, struct rootlet_error *err)
{
	const char *why = error_text(error);
	char closed[4096];

	if (error == -EACCES && closed_directory(word, closed))
		return error_set(err, error, "explain-file", word,
				 "%s: the directory %s may not be searched by you", word, closed);

	if (error == -ENOENT || error == -ENOTDIR)
		why = "there is no such file";
	else if (error == -EACCES)
		why = "a directory on the way to it may not be searched by you";
	return error_set(err, error, "explain-file", word, "%s: %s", word, why);
}

static int open_file(struct look *l, struct rootlet_error *err)
{
	const char *word = l->view->word;
	char link[48], full[4096];
	ssize_t n;

	l->fd = open(word, O_PATH | O_CLOEXEC);
	if (l->fd < 0 || fstat(l->fd, &l->stat) < 0)
		return cannot_see(word, -errno, err);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", l->fd);
	n = readlink(link, full, sizeof(full) - 1);
	l->view->path = n > 0 ? arena_strndup(l->arena, full, (size_t)n) : word;
	l->view->inode = l->stat.st_ino;
	l->view->size = (uint64_t)l->stat.st_size;
	if (!l->view->path)
		return error_nomem(err);
	return 0;
}

static int find_user(struct look *l, struct rootlet_error *err)
{
	const char *word = l->view->user;
	uint64_t number;
	uint32_t gid;

	if (!word)
		return 0;
	l->by_number = true;
	if (io_parse_u64(word, ID_MAX, &number) == 0) {
		l->user = (uint32_t)number;
		return 0;
	}
	if (users_find(l->view->passwd, word, &l->user, &gid))
		return 0;
	error_set(err, -EINVAL, "explain-user", "--user",
		  "--user %s: /etc/passwd knows no such user", word);
	error_hint(err, "a number is taken as it is: --user 33");
	return -EINVAL;
}

static int gather(struct look *l)
{
	struct userns_tree tree = {0};
	int r = find_inner(l);

	l->uid_known = known_here(l, "uid_map", l->stat.st_uid);
	l->gid_known = known_here(l, "gid_map", l->stat.st_gid);
	if (r == 0)
		r = look_here(l);
	if (r == 0)
		r = tree_gather(l->arena, getpid(), &tree);
	for (size_t i = 0; r == 0 && i < tree.count; i++)
		if ((int)i != tree.yours)
			r = look_from(l, &tree.nodes[i]);
	l->view->acl = r == 0 && l->view->ns[0].inode.acl_count;
	return r;
}

int file_gather(const char *path, const char *user, struct file_view **ret,
		struct rootlet_error *err)
{
	struct file_view *v = calloc(1, sizeof(*v));
	struct look l = {.view = v, .fd = -1};
	int r;

	if (!v)
		return error_nomem(err);
	arena_init(&v->arena);
	l.arena = &v->arena;
	v->word = arena_strdup(&v->arena, path);
	v->user = user ? arena_strdup(&v->arena, user) : NULL;
	v->passwd = read_passwd(&v->arena);
	r = v->word && (v->user || !user) ? open_file(&l, err) : error_nomem(err);
	if (r == 0)
		r = find_user(&l, err);
	if (r == 0) {
		r = gather(&l);
		if (r < 0)
			error_set(err, r, "explain-file", path, "%s: %s", path, error_text(r));
	}
	fd_close(&l.fd);
	if (r < 0) {
		file_view_free(v);
		return r;
	}
	*ret = v;
	return 0;
}

int file_name_container(struct file_view *view, uint64_t userns, const char *name)
{
	for (size_t i = 0; i < view->count; i++) {
		struct file_in_ns *f = &view->ns[i];

		if (f->yours || f->container || f->userns.inode != userns)
			continue;
		f->container = arena_strdup(&view->arena, name);
		if (!f->container)
			return -ENOMEM;
	}
	return 0;
}

void file_view_free(struct file_view *view)
{
	if (!view)
		return;
	arena_release(&view->arena);
	free(view);
}
