/* Who calls: ids, environment, terminal, names. A directory is asked only for a name that passwd
 * lacks.
 */
#include "facts/probe.h"

#include "base/io.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

static int copy_groups(struct facts *facts)
{
	gid_t few[64];
	int n = getgroups(64, few);

	_Static_assert(sizeof(gid_t) == sizeof(uint32_t), "gid_t is 32 bits");
	if (n >= 0) {
		facts->groups = arena_memdup(&facts->arena, few, (size_t)n * sizeof(*few));
	} else {
		n = getgroups(0, NULL);
		if (n < 0)
			n = 0;
		facts->groups = arena_alloc(&facts->arena, ((size_t)n + 1) * sizeof(gid_t));
		if (facts->groups)
			n = getgroups(n, facts->groups);
	}
	facts->group_count = n > 0 ? (size_t)n : 0;
	return facts->groups ? 0 : -ENOMEM;
}

/* The array in one allocation, the strings in another: an environment has some hundred of them. */
static int copy_environment(struct facts *facts)
{
	size_t count = 0, bytes = 0;
	char *p;

	for (char **e = environ; e && *e; e++, count++)
		bytes += strlen(*e) + 1;
	facts->environ = arena_alloc(&facts->arena, (count + 1) * sizeof(char *));
	p = arena_alloc(&facts->arena, bytes + 1);
	if (!facts->environ || !p)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(environ[i]) + 1;

		facts->environ[i] = memcpy(p, environ[i], len);
		p += len;
	}
	return 0;
}

static int probe_terminal(struct facts *facts)
{
	bool *const is[3] = {&facts->stdin_tty, &facts->stdout_tty, &facts->stderr_tty};
	char link[32], path[PATH_MAX];
	struct stat open, named;
	ssize_t n;
	int first = -1;

	for (int fd = 0; fd < 3; fd++) {
		*is[fd] = isatty(fd);
		if (*is[fd] && first < 0)
			first = fd;
	}
	if (first < 0)
		return 0;
	facts->foreground = tcgetpgrp(first) == getpgrp();
	/* ttyname(3) would search /dev for it. */
	snprintf(link, sizeof(link), "/proc/self/fd/%d", first);
	n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0 || path[0] != '/')
		return 0;
	path[n] = '\0';
	/* The path may name something else by now, or in this mount namespace (CVE-2025-52565). */
	if (fstat(first, &open) < 0 || stat(path, &named) < 0 || open.st_dev != named.st_dev ||
	    open.st_ino != named.st_ino)
		return 0;
	facts->tty_path = arena_strndup(&facts->arena, path, (size_t)n);
	return facts->tty_path ? 0 : -ENOMEM;
}

static int copy_names(struct facts *facts)
{
	struct utsname name;
	char cwd[PATH_MAX];

	if (uname(&name) == 0) {
		facts->hostname = arena_strdup(&facts->arena, name.nodename);
		facts->kernel_release = arena_strdup(&facts->arena, name.release);
		if (!facts->hostname || !facts->kernel_release)
			return -ENOMEM;
	}
	if (getcwd(cwd, sizeof(cwd)) && cwd[0] == '/') {
		facts->cwd = arena_strdup(&facts->arena, cwd);
		if (!facts->cwd)
			return -ENOMEM;
	}
	return 0;
}

int probe_caller(struct facts *facts)
{
	struct rlimit nofile;
	const char *value;
	int r;

	facts->uid = geteuid();
	facts->gid = getegid();
	r = copy_groups(facts);
	if (!r)
		r = copy_environment(facts);
	if (!r)
		r = copy_names(facts);
	if (!r)
		r = probe_terminal(facts);
	if (r)
		return r;
	value = facts_getenv(facts, "HOME");
	facts->home = value && value[0] == '/' ? value : NULL;
	value = facts_getenv(facts, "SHELL");
	facts->shell = value && value[0] == '/' ? value : NULL;
	if (getrlimit(RLIMIT_NOFILE, &nofile) == 0) {
		facts->nofile_soft = nofile.rlim_cur;
		facts->nofile_hard = nofile.rlim_max;
	}
	return 0;
}

/* ---- passwd ---- */

int passwd_find(struct arena *a, const char *text, uint32_t uid, const char **ret_name,
		const char **ret_home)
{
	*ret_name = *ret_home = NULL;
	while (*text) {
		const char *end = strchrnul(text, '\n'), *field[7];
		size_t fields = 0;
		char number[16];
		uint64_t found;

		for (const char *p = text; p <= end && fields < 7;) {
			field[fields++] = p;
			while (p < end && *p != ':')
				p++;
			p++;
		}
		if (fields >= 6 && field[3] - field[2] - 1 < 16) {
			size_t len = (size_t)(field[3] - field[2] - 1);

			memcpy(number, field[2], len);
			number[len] = '\0';
			if (io_parse_u64(number, ID_MAX, &found) == 0 && found == uid) {
				const char *home_end = fields > 6 ? field[6] - 1 : end;

				*ret_name = arena_strndup(a, text, (size_t)(field[1] - text - 1));
				*ret_home =
					arena_strndup(a, field[5], (size_t)(home_end - field[5]));
				return *ret_name && *ret_home ? 0 : -ENOMEM;
			}
		}
		text = *end ? end + 1 : end;
	}
	return 0;
}

bool nsswitch_sources(const char *text, const char *database, char *buf, size_t size)
{
	size_t name_len = strlen(database), len = 0;
	bool found = false, action = false;

	for (const char *line = text; *line && !found; line = strchrnul(line, '\n')) {
		line += strspn(line, " \t\n");
		found = !strncmp(line, database, name_len) && line[name_len] == ':';
		if (found)
			text = line + name_len + 1;
	}
	if (!found)
		return false;
	for (; *text && *text != '\n' && *text != '#'; text++) {
		char c = *text == '\t' ? ' ' : *text;

		action = c == '[' || (action && c != ']');
		if (action || c == ']' || (c == ' ' && (!len || buf[len - 1] == ' ')))
			continue;
		if (len + 1 < size)
			buf[len++] = c;
	}
	while (len && buf[len - 1] == ' ')
		len--;
	buf[len] = '\0';
	return true;
}

/* Directories (LDAP, SSSD, systemd) hold users that the file does not. Whoever is in neither simply
 * has no name, and so has nobody when the directory cannot be asked. */
static int passwd_from_directory(struct facts *facts, const char **name, const char **home)
{
	struct directory_question question = {.database = "passwd"};
	char sources[128] = "", uid[16];
	const char *text, *error;
	struct probe_text t;
	bool more;
	int r;

	if (probe_read_text("/etc/nsswitch.conf", &t) < 0)
		return 0;
	more = nsswitch_sources(t.text, "passwd", sources, sizeof(sources)) &&
	       strcmp(sources, "files") != 0;
	probe_text_release(&t);
	if (!more)
		return 0;
	snprintf(uid, sizeof(uid), "%u", facts->uid);
	question.key = uid;
	r = directory_ask(&facts->arena, &question, &text, &error);
	if (r || !text)
		return r;
	*name = directory_value(&facts->arena, text, "name");
	*home = directory_value(&facts->arena, text, "home");
	return 0;
}

void probe_terminal_size(struct facts *facts)
{
	struct winsize size;

	for (int fd = 0; fd <= 2 && !facts->tty_rows; fd++) {
		if (ioctl(fd, TIOCGWINSZ, &size) < 0)
			continue;
		facts->tty_rows = size.ws_row;
		facts->tty_columns = size.ws_col;
	}
}

int probe_passwd(struct facts *facts)
{
	const char *name = NULL, *home = NULL;
	struct probe_text t;
	int r = 0;

	if (probe_read_text("/etc/passwd", &t) == 0) {
		r = passwd_find(&facts->arena, t.text, facts->uid, &name, &home);
		probe_text_release(&t);
	}
	if (!r && !name)
		r = passwd_from_directory(facts, &name, &home);
	if (r)
		return r;
	facts->user_name = name;
	if (!facts->home && home && home[0] == '/')
		facts->home = home;
	return 0;
}
