/* Ids and names: their form, and the folder names/ that makes a name unique.
 *
 * names/NAME is a symlink whose text is an id; symlink(2) fails when it is there already. It counts
 * only while that container's folder bears the name: anything else is left over from a killed
 * rootlet. Changes happen under flock(2) on names/, held for a few system calls. */
#include "state/private.h"

#include "base/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>

/* ---- form ---- */

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool state_is_id(const char *text)
{
	size_t len = 0;

	while (is_hex(text[len]))
		len++;
	return text[len] == '\0' && len == STATE_ID_LENGTH;
}

int state_new_id(char id[static STATE_ID_LENGTH + 1])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[STATE_ID_LENGTH / 2];

	/* Up to 256 bytes come whole and without EINTR (getrandom(2)). */
	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return -errno;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		id[2 * i] = digits[bytes[i] >> 4];
		id[2 * i + 1] = digits[bytes[i] & 15];
	}
	id[STATE_ID_LENGTH] = '\0';
	return 0;
}

/* isalnum(3) would follow the locale. */
static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool has_name_form(const char *name)
{
	size_t len = strlen(name);

	if (!is_plain(name[0]) || len > STATE_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!is_plain(name[i]) && !strchr("_.-", name[i]))
			return false;
	}
	return true;
}

int state_name_check(const char *name, struct rootlet_error *err)
{
	const char *why = NULL;

	if (!*name)
		why = "it is empty";
	else if (strlen(name) > STATE_NAME_MAX)
		why = "it is longer than 128 characters";
	else if (state_is_id(name))
		why = "64 hexadecimal digits are an id";
	else if (!has_name_form(name))
		why = "it holds a character that a name cannot have";
	if (!why)
		return 0;
	error_set(err, -EINVAL, "name-form", name, "name \"%.160s\": %s", name, why);
	error_hint(err,
		   "a name begins with a letter or a digit, and goes on with those, \"_\", \".\" "
		   "and \"-\"");
	return -EINVAL;
}

/* ---- symlinks ---- */

/* The text of a symlink: 0, -ENOENT, -EINVAL (no symlink), -ENAMETOOLONG or -errno. */
static int read_link(int folder, const char *name, char *text, size_t size)
{
	ssize_t n = readlinkat(folder, name, text, size);

	if (n < 0)
		return -errno;
	if ((size_t)n >= size)
		return -ENAMETOOLONG;
	text[n] = '\0';
	return 0;
}

int state_read_name(int folder, char name[static STATE_NAME_MAX + 1])
{
	int r = read_link(folder, NAME_FILE, name, STATE_NAME_MAX + 1);

	if (!r && (!has_name_form(name) || state_is_id(name)))
		r = -EINVAL;
	if (r)
		name[0] = '\0';
	return r == -ENAMETOOLONG ? -EINVAL : r;
}

int state_write_name(int folder, const char *name)
{
	char temporary[48];

	snprintf(temporary, sizeof(temporary), "." NAME_FILE ".%d", (int)getpid());
	unlinkat(folder, temporary, 0);
	if (symlinkat(name, folder, temporary) < 0)
		return -errno;
	return renameat(folder, temporary, folder, NAME_FILE) < 0 ? -errno : 0;
}

int state_look_up_name(const struct state_store *store, const char *name,
		       char id[static STATE_ID_LENGTH + 1])
{
	int r = read_link(store->names, name, id, STATE_ID_LENGTH + 1);

	/* Something else in the name's place leads nowhere. */
	return r == -EINVAL || r == -ENAMETOOLONG || (!r && !state_is_id(id)) ? -ENOENT : r;
}

/* ---- unique names ---- */

/* A description of its own: flock(2) belongs to it, so that threads exclude each other too. Closing
 * it unlocks. */
static int lock_names(const struct state_store *store)
{
	int fd = openat(store->names, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	while (flock(fd, LOCK_EX) < 0) {
		if (errno != EINTR)
			return close(fd), -errno;
	}
	return fd;
}

static bool bears_name(int parent, const char *id, const char *name)
{
	AUTO_FD folder = state_open_folder(parent, id);
	char own[STATE_NAME_MAX + 1];

	return folder >= 0 && state_read_name(folder, own) == 0 && !strcmp(own, name);
}

/* pending first: a container that is published between the two looks is found by the second. */
static bool is_taken(const struct state_store *store, const char *name)
{
	char id[STATE_ID_LENGTH + 1];

	return state_look_up_name(store, name, id) == 0 &&
	       (bears_name(store->pending, id, name) || bears_name(store->containers, id, name));
}

static void drop(const struct state_store *store, const char *id, const char *name)
{
	char holder[STATE_ID_LENGTH + 1];

	if (state_look_up_name(store, name, holder) == 0 && !strcmp(holder, id))
		unlinkat(store->names, name, 0);
}

static int take(const struct state_store *store, const char *id, const char *name)
{
	char holder[STATE_ID_LENGTH + 1];

	if (symlinkat(id, store->names, name) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	if (state_look_up_name(store, name, holder) == 0 && !strcmp(holder, id))
		return 0;
	if (is_taken(store, name))
		return -EEXIST;
	if (unlinkat(store->names, name, 0) < 0 || symlinkat(id, store->names, name) < 0)
		return -errno;
	return 0;
}

int state_take_name(const struct state_store *store, const char *id, const char *name, int folder)
{
	AUTO_FD lock = lock_names(store);
	int r = lock < 0 ? lock : take(store, id, name);

	if (!r && folder >= 0)
		r = state_write_name(folder, name);
	if (r && r != -EEXIST && lock >= 0)
		drop(store, id, name);
	return r;
}

void state_drop_name(const struct state_store *store, const char *id, const char *name)
{
	AUTO_FD lock = lock_names(store);

	if (lock >= 0)
		drop(store, id, name);
}

int state_drop_stale_name(const struct state_store *store, const char *name)
{
	AUTO_FD lock = lock_names(store);

	if (lock < 0)
		return lock;
	if (is_taken(store, name))
		return 0;
	return unlinkat(store->names, name, 0) < 0 ? -errno : 1;
}
