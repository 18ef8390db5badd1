/* The store: where it is, that it is private, and its three folders. It reads no container. */
#include "state/state.h"

#include "base/fd.h"
#include "state/private.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

int state_failed(struct rootlet_error *err, int code, const char *what_format, ...)
{
	char what[768];
	va_list ap;

	if (code == -ENOMEM)
		return error_nomem(err);
	va_start(ap, what_format);
	vsnprintf(what, sizeof(what), what_format, ap);
	va_end(ap);
	error_set(err, code, "state-dir", NULL, "%s: %s", what, error_text(code));
	if (code == -ENOSPC || code == -EDQUOT)
		error_hint(err, "the file system of the state is full; --state-dir DIR keeps "
				"containers elsewhere");
	if (code == -EMFILE)
		error_hint(err, "ulimit -n is too low for this");
	return code;
}

int64_t state_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int state_open_folder(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* ---- privacy ---- */

static int not_private(struct rootlet_error *err, const char *path, const char *why)
{
	error_set(err, -EPERM, "state-dir", path, "keep containers in %s: %s", path, why);
	error_hint(err, "remove or mend %s, or choose another place with --state-dir DIR", path);
	return -EPERM;
}

static int check_private(int fd, const char *path, struct rootlet_error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return state_failed(err, -errno, "look at %s", path);
	if (st.st_uid != geteuid())
		return not_private(err, path, "it belongs to another user");
	if ((st.st_mode & 0777) == 0700)
		return 0;
	not_private(err, path, "others may enter it, or you may not; it must have mode 0700");
	error_hint(err, "chmod 700 %s, if nobody else could have put anything in it", path);
	return -EPERM;
}

/* Why a folder cannot be made lies above it. */
static void hint_to_parent(struct rootlet_error *err, int code, const char *path)
{
	int above = (int)(strrchr(path, '/') - path);

	if (code == -EACCES)
		error_hint(err,
			   "you may not write in %.*s: `ls -ld` it; XDG_RUNTIME_DIR or --state-dir "
			   "DIR name another place",
			   above ? above : 1, path);
	else if (code == -EROFS)
		error_hint(err,
			   "%.*s is read-only; XDG_RUNTIME_DIR or --state-dir DIR name another "
			   "place",
			   above ? above : 1, path);
	else if (code == -ENOENT)
		error_hint(err, "make %.*s first", above ? above : 1, path);
}

/* Open, and first make where that is wanted, a folder that must be ours alone. `path` is for
 * messages. -ENOENT without a message when it is missing and not to be made. */
static int open_private(int parent, const char *name, const char *path, bool make, int *ret,
			struct rootlet_error *err)
{
	AUTO_FD fd = state_open_folder(parent, name);
	int r;

	if (fd == -ENOENT && !make)
		return -ENOENT;
	if (fd == -ENOENT) {
		if (mkdirat(parent, name, 0700) < 0 && errno != EEXIST) {
			r = state_failed(err, -errno, "make the folder %s", path);
			hint_to_parent(err, r, path);
			return r;
		}
		fd = state_open_folder(parent, name);
	}
	if (fd == -ELOOP || fd == -ENOTDIR)
		return not_private(err, path, "it is a symlink, or no directory");
	if (fd < 0)
		return state_failed(err, fd, "open the folder %s", path);
	r = check_private(fd, path, err);
	if (!r)
		*ret = fd_steal(&fd);
	return r;
}

/* ---- the place ---- */

static bool is_own_directory(const char *path)
{
	struct stat st;

	return path && path[0] == '/' && stat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
	       st.st_uid == geteuid();
}

__attribute__((format(printf, 3, 4))) static int set_path(struct state_store *store,
							  struct rootlet_error *err,
							  const char *format, ...)
{
	va_list ap;
	int len;

	va_start(ap, format);
	len = vsnprintf(store->path, sizeof(store->path), format, ap);
	va_end(ap);
	if (len < 0 || (size_t)len >= sizeof(store->path))
		return error_set(err, -ENAMETOOLONG, "state-dir", NULL,
				 "keep containers: the path of the state folder is too long");
	return 0;
}

static int choose_named(struct state_store *store, const char *dir, struct rootlet_error *err)
{
	char here[4096];

	if (!*dir)
		return error_set(err, -EINVAL, "state-dir", "--state-dir",
				 "--state-dir: the path is empty");
	if (dir[0] == '/')
		return set_path(store, err, "%s", dir);
	if (!getcwd(here, sizeof(here)))
		return state_failed(err, -errno, "--state-dir %s: find the working directory", dir);
	return set_path(store, err, "%s/%s", here, dir);
}

static int choose_place(struct state_store *store, const struct state_places *places,
			struct rootlet_error *err)
{
	const char *run_user = places->run_user ? places->run_user : "/run/user";
	const char *temporary = places->temporary ? places->temporary : "/tmp";
	const char *runtime = places->runtime_dir;
	char own[256];
	int r;

	if (places->state_dir)
		return choose_named(store, places->state_dir, err);
	if (is_own_directory(runtime))
		return set_path(store, err, "%s/rootlet", runtime);
	snprintf(own, sizeof(own), "%s/%u", run_user, (unsigned)geteuid());
	if (is_own_directory(own))
		r = set_path(store, err, "%s/rootlet", own);
	else
		r = set_path(store, err, "%s/rootlet-%u", temporary, (unsigned)geteuid());
	if (r)
		return r;
	if (runtime && *runtime)
		snprintf(
			store->note, sizeof(store->note),
			"XDG_RUNTIME_DIR (%.128s) is no directory of yours: containers are kept in "
			"%.256s",
			runtime, store->path);
	else if (!is_own_directory(own))
		snprintf(store->note, sizeof(store->note),
			 "there is no XDG_RUNTIME_DIR and no %.128s: containers are kept in %.256s",
			 own, store->path);
	return 0;
}

/* ---- open and close ---- */

static int open_folders(struct state_store *store, bool make, struct rootlet_error *err)
{
	struct {
		const char *name;
		int *fd;
	} folders[] = {{"containers", &store->containers},
		       {"names", &store->names},
		       {"pending", &store->pending}};
	int r = open_private(AT_FDCWD, store->path, store->path, make, &store->fd, err);

	for (size_t i = 0; i < 3 && !r; i++) {
		char path[sizeof(store->path) + 16];

		snprintf(path, sizeof(path), "%s/%s", store->path, folders[i].name);
		r = open_private(store->fd, folders[i].name, path, make, folders[i].fd, err);
	}
	return r;
}

int state_store_open(const struct state_places *places, bool make, struct state_store *ret,
		     struct rootlet_error *err)
{
	int r;

	memset(ret, 0, sizeof(*ret));
	ret->fd = ret->containers = ret->names = ret->pending = -1;
	r = choose_place(ret, places, err);
	if (!r)
		r = open_folders(ret, make, err);
	if (r)
		state_store_close(ret);
	if (r != -ENOENT || make)
		return r;
	ret->note[0] = '\0'; /* nothing is kept there */
	return 0;
}

void state_store_close(struct state_store *store)
{
	fd_close(&store->fd);
	fd_close(&store->containers);
	fd_close(&store->names);
	fd_close(&store->pending);
}
