/* Asking the directories: how rootlet-nss is run, what it answers, and what the facts make of that.
 */
#include "facts/facts.h"

#include "base/fd.h"
#include "base/io.h"
#include "facts/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/rootlet-directory-XXXXXX";

/* A file in our directory; its path stays valid until the next call. */
static const char *make_file(const char *name, const char *text, mode_t mode)
{
	static char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	assert_true(fd >= 0);
	assert_int_equal(io_write_all(fd, text, strlen(text)), 0);
	close(fd);
	return path;
}

static void ask(struct arena *a, const char *program, const char *database, const char *key,
		int timeout_ms, const char **text, const char **error)
{
	struct directory_question q = {database, key, program, timeout_ms};

	assert_int_equal(directory_ask(a, &q, text, error), 0);
	assert_true(!*text != !*error);
}

/* ---- running it ---- */

static void directory__every_way_to_fail_is_said(void **state)
{
	static const struct {
		const char *script, *text, *error;
		int timeout_ms;
	} rows[] = {
		{"echo \"$1 $2\"", "subid alice\n", NULL, 0},
		{"read -r line; echo \"<$line>\"", "<>\n", NULL, 0},
		{"echo chatter; echo the reason >&2; exit 2", NULL, "the reason", 0},
		{"exit 3", NULL, "$P ended with status 3 and without a word", 0},
		{"kill -9 $$", NULL, "$P was killed by signal 9", 0},
		{"exec yes", NULL, "$P printed more than 256 KiB", 0},
		{"exec sleep 60", NULL, "$P gave no answer within 2 seconds", 1200},
		{"exec >&- 2>&-; exec sleep 60", NULL, "$P gave no answer within 2 seconds", 1200},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char script[256], expected[512] = "";
		const char *program, *text, *error;
		time_t start = time(NULL);
		struct arena a;

		snprintf(script, sizeof(script), "#!/bin/sh\n%s\n", rows[i].script);
		program = make_file("script", script, 0700);
		if (rows[i].error && rows[i].error[0] == '$')
			snprintf(expected, sizeof(expected), "%s%s", program, rows[i].error + 2);
		else if (rows[i].error)
			snprintf(expected, sizeof(expected), "%s", rows[i].error);
		arena_init(&a);
		ask(&a, program, "subid", "alice", rows[i].timeout_ms, &text, &error);
		assert_string_equal(error ? error : "", expected);
		assert_string_equal(text ? text : "", rows[i].text ? rows[i].text : "");
		assert_true(time(NULL) - start < 8);
		assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left */
		assert_int_equal(errno, ECHILD);
		arena_release(&a);
	}
}

static void directory__a_missing_program_is_named(void **state)
{
	static const char installed[] = LIBEXECDIR "/rootlet/rootlet-nss";
	const char *text, *error;
	struct arena a;

	arena_init(&a);
	ask(&a, "/nowhere/x", "subid", "alice", 0, &text, &error);
	assert_string_equal(error, "cannot run /nowhere/x: No such file or directory");
	if (access(installed, X_OK) != 0) {
		ask(&a, NULL, "subid", "alice", 0, &text, &error);
		assert_string_equal(error, LIBEXECDIR
				    "/rootlet/rootlet-nss is missing, and only it can ask "
				    "the directory services");
	}
	arena_release(&a);
}

/* ---- reading its answers ---- */

static void directory__values_are_whole_lines(void **state)
{
	static const char text[] =
		"noise\nname of a user\nnames x\nhome \nname second\nshell /bin/sh";
	static const struct {
		const char *key, *value;
	} rows[] = {{"name", "of a user"},
		    {"home", ""},
		    {"shell", "/bin/sh"},
		    {"nois", NULL},
		    {"noise", NULL}};
	struct arena a;

	arena_init(&a);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *value = directory_value(&a, text, rows[i].key);

		assert_int_equal(!value, !rows[i].value);
		if (value)
			assert_string_equal(value, rows[i].value);
	}
	arena_release(&a);
}

static void subids__answers_are_read_by_kind_and_bounded(void **state)
{
	static const char text[] = "chatter of a library\n"
				   "uid 100000 65536\n"
				   "gid 7 1\n"
				   "uid 4294967294 1\n"
				   "uid 4294967294 2\n" /* past the last id */
				   "uid 18446744073709551615 1\n"
				   "uid 5 0\n"
				   "uid 5\n"
				   "uid 5 6 7\n"
				   "uids 8 9";
	static const struct id_range uids[] = {{100000, 65536}, {4294967294u, 1}},
				     gids[] = {{7, 1}};
	struct id_ranges u = {0}, g = {0};
	struct arena a;

	arena_init(&a);
	assert_int_equal(subids_from_answer(&a, text, false, &u), 0);
	assert_int_equal(subids_from_answer(&a, text, true, &g), 0);
	assert_int_equal(u.count, 2);
	assert_memory_equal(u.ranges, uids, sizeof(uids));
	assert_int_equal(g.count, 1);
	assert_memory_equal(g.ranges, gids, sizeof(gids));
	arena_release(&a);
}

/* ---- the program itself, on this host ---- */

/* The first name of a file like /etc/subuid. */
static bool first_owner(const char *path, char *buf, size_t size)
{
	char line[256];

	if (probe_read_line(path, line, sizeof(line)) <= 0 || !strchr(line, ':'))
		return false;
	snprintf(buf, size, "%.*s", (int)strcspn(line, ":"), line);
	return buf[0] != '\0' && (buf[0] < '0' || buf[0] > '9');
}

static void subids__files_and_libsubid_agree(void **state)
{
	for (int gid = 0; gid < 2; gid++) {
		const char *path = gid ? "/etc/subgid" : "/etc/subuid", *text, *error = NULL;
		struct id_ranges direct = {0}, library = {0};
		char name[64];
		struct arena a;

		if (!first_owner(path, name, sizeof(name)))
			skip();
		arena_init(&a);
		ask(&a, NSS_PROGRAM, "subid", name, 0, &text, &error);
		if (error) {
			assert_non_null(strstr(error, "libsubid is not installed"));
			arena_release(&a);
			skip();
		}
		assert_int_equal(subids_from_answer(&a, text, gid, &library), 0);
		assert_int_equal(subids_from_file(&a, path, name, SPEC_ID_UNSET, &direct, &error),
				 0);
		assert_null(error);
		assert_true(direct.count > 0);
		assert_int_equal(direct.count, library.count);
		assert_memory_equal(direct.ranges, library.ranges,
				    direct.count * sizeof(*direct.ranges));
		arena_release(&a);
	}
}

static void passwd__the_program_and_the_c_library_agree(void **state)
{
	const struct passwd *pw = getpwuid(getuid());
	const char *text, *error;
	char uid[16];
	struct arena a;

	arena_init(&a);
	snprintf(uid, sizeof(uid), "%u", getuid());
	ask(&a, NSS_PROGRAM, "passwd", uid, 0, &text, &error);
	assert_int_equal(!text, !pw);
	if (pw) {
		assert_string_equal(directory_value(&a, text, "name"), pw->pw_name);
		assert_string_equal(directory_value(&a, text, "home"), pw->pw_dir);
		assert_string_equal(directory_value(&a, text, "shell"), pw->pw_shell);
	}
	ask(&a, NSS_PROGRAM, "passwd", "4123456789", 0, &text, &error); /* nobody: exit status 1 */
	assert_string_equal(error, NSS_PROGRAM " ended with status 1 and without a word");
	ask(&a, NSS_PROGRAM, "passwd", "-1", 0, &text, &error);
	assert_string_equal(error, "the user id must be a number");
	ask(&a, NSS_PROGRAM, "group", "1", 0, &text, &error);
	assert_string_equal(error, "usage: rootlet-nss passwd UID | subid NAME");
	arena_release(&a);
}

/* ---- a host with a directory ---- */

static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && io_write_all(fd, text, strlen(text)) == 0;

	close(fd);
	return ok;
}

/* A mount namespace of our own where nsswitch.conf names the directory, and passwd holds nobody. */
static bool enter_host(void)
{
	char uid_map[64], gid_map[64], source[256];
	bool root = geteuid() == 0;

	snprintf(uid_map, sizeof(uid_map), "%u %u 1\n", geteuid(), geteuid());
	snprintf(gid_map, sizeof(gid_map), "%u %u 1\n", getegid(), getegid());
	if (unshare(CLONE_NEWNS | (root ? 0 : CLONE_NEWUSER)) < 0)
		return false;
	if (!root && (!write_text("/proc/self/setgroups", "deny") ||
		      !write_text("/proc/self/uid_map", uid_map) ||
		      !write_text("/proc/self/gid_map", gid_map)))
		return false;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return false;
	snprintf(source, sizeof(source), "%s",
		 make_file("nsswitch", "passwd: files rootlettest\nsubid: rootlettest\n", 0644));
	if (mount(source, "/etc/nsswitch.conf", NULL, MS_BIND, NULL) < 0)
		return false;
	return mount(make_file("passwd", "", 0644), "/etc/passwd", NULL, MS_BIND, NULL) == 0;
}

/* The program where an installation has it. Not below /usr itself, which we need. */
static bool install_program(void)
{
	AUTO_FREE char *program = NULL;
	char path[] = LIBEXECDIR "/rootlet/rootlet-nss";
	size_t len;
	int fd, r;

	if (io_read_file(NSS_PROGRAM, 64 << 20, &program, &len) < 0 ||
	    mount("tmpfs", PREFIX, "tmpfs", 0, NULL) < 0)
		return false;
	for (char *p = path + sizeof(PREFIX); (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(path, 0755);
		*p = '/';
	}
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	if (fd < 0)
		return false;
	r = io_write_all(fd, program, len);
	close(fd);
	return r == 0;
}

static bool can_install(void)
{
	return !strncmp(LIBEXECDIR, PREFIX "/", sizeof(PREFIX)) && strcmp(PREFIX, "/usr") != 0 &&
	       access(PREFIX, F_OK) == 0;
}

static void print_answer(FILE *out, const char *database, const char *key)
{
	const char *text, *error;
	struct arena a;

	arena_init(&a);
	ask(&a, NSS_PROGRAM, database, key, 0, &text, &error);
	fprintf(out, "%s\n", text ? text : error);
	arena_release(&a);
}

static void print_facts(FILE *out, const char *subuid_name)
{
	struct spec spec = {.subuid_name = subuid_name};
	struct facts *f = NULL;

	if (facts_probe(&spec, FACT_SUBIDS, &f, NULL) < 0)
		return;
	fprintf(out, "%s; %s; %s: %zu %zu; %s\n", f->user_name, f->home, f->subid_source,
		f->subuids.count, f->subgids.count, f->subid_error ? f->subid_error : "fine");
	if (f->subuids.count && f->subgids.count)
		fprintf(out, "%u %u\n", f->subuids.ranges[0].start, f->subgids.ranges[0].start);
	facts_free(f);
}

/* Never returns: the namespaces are the process's own. */
static _Noreturn void ask_on_that_host(int fd)
{
	FILE *out = fdopen(fd, "w");
	char uid[16];

	if (!out || !enter_host())
		_exit(77);
	snprintf(uid, sizeof(uid), "%u", getuid());
	setenv("LD_LIBRARY_PATH", MODULES, 1);
	unsetenv("HOME");
	print_answer(out, "passwd", uid);
	print_answer(out, "subid", "directory-user");
	print_answer(out, "subid", "away");
	if (can_install()) {
		if (!install_program())
			_exit(1);
		print_facts(out, NULL);
		print_facts(out, "away");
	}
	fflush(out);
	_exit(0);
}

static void directory__is_what_nsswitch_names(void **state)
{
	AUTO_FREE char *text = NULL;
	static const char expected[] =
		"name directory-user\nhome /home/of the directory\nshell /bin/directory-sh\n\n"
		"uid 700000 4096\ngid 800000 4096\n\n"
		"the directory service of subordinate ids does not answer\n"
		/* what the facts make of it: two owners are two questions */
		"directory-user; /home/of the directory; rootlettest: 1 1; fine\n"
		"700000 800000\n"
		"directory-user; /home/of the directory; rootlettest: 0 1; "
		"the directory service of subordinate ids does not answer\n";
	int ends[2], status;
	pid_t pid;

	if (access("/etc/nsswitch.conf", F_OK) != 0)
		skip();
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		ask_on_that_host(ends[1]);
	close(ends[1]);
	assert_int_equal(io_read_fd(ends[0], 65536, &text, NULL), 0);
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip(); /* no namespaces for us here */
	if (text && strstr(text, "libsubid is not installed"))
		skip();
	assert_int_equal(status, 0);
	if (can_install())
		assert_string_equal(text, expected);
	else
		assert_memory_equal(text, expected, strlen(text));
}

/* ---- where it is found ---- */

/* A copy of this test in bin/, and a helper that says where it lies. */
struct beside {
	const char *made;    /* the helper's folder, beside bin/ */
	mode_t mode, folder; /* the helper's and the folder's */
	const char *given;   /* what belongs to somebody else */
	bool linked;	     /* the helper is a link to one that would do */
	bool found;
};

static int shell(const char *format, ...)
{
	char command[1024];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	assert_true(n > 0 && (size_t)n < sizeof(command));
	return system(command); /* NOLINT(cert-env33-c): of our own making */
}

/* To give files away takes root, real or mapped. */
static const char *as_root(void)
{
	return geteuid() == 0 ? "" : "unshare --map-auto --map-root-user";
}

static bool make_tree(const struct beside *row)
{
	if (shell("cd %s && mkdir -p tree/bin tree/%s && cp /proc/%d/exe tree/bin/copy && "
		  "cd tree/%s && printf '#!/bin/sh\necho \"$0\"\n' >real && chmod 0%o real && "
		  "%s real rootlet-nss && chmod 0%o .",
		  directory, row->made, (int)getpid(), row->made, (unsigned)row->mode,
		  row->linked ? "ln -s" : "mv", (unsigned)row->folder) != 0)
		fail();
	return !row->given ||
	       shell("%s chown 7 %s/tree/%s 2>/dev/null", as_root(), directory, row->given) == 0;
}

/* What the copy's helper says, or why there is none. */
static void ask_copy(char *answer, size_t size)
{
	char command[512];
	FILE *copy;

	snprintf(command, sizeof(command), "%s/tree/bin/copy --ask", directory);
	copy = popen(command, "r"); /* NOLINT(cert-env33-c) */
	assert_non_null(copy);
	assert_non_null(fgets(answer, (int)size, copy));
	assert_int_equal(pclose(copy), 0);
}

/* As contrib/dist's archive has it, and as a build folder has it; else not at all. */
static void directory__the_program_is_found_beside_ours(void **state)
{
	static const struct beside rows[] = {
		{"libexec/rootlet", 0755, 0755, NULL, false, true},
		{"nss", 0775, 0775, NULL, false, true},
		{"libexec/rootlet", 0757, 0755, NULL, false, false},
		{"libexec/rootlet", 0755, 0777, NULL, false, false},
		{"libexec/rootlet", 0755, 01777, NULL, false, false},
		{"libexec/rootlet", 0755, 0755, NULL, true, false},
		{"libexec/rootlet", 0755, 0755, "libexec/rootlet/rootlet-nss", false, false},
		{"libexec/rootlet", 0755, 0755, "libexec/rootlet", false, false},
		{"bin", 0755, 0755, NULL, false, false},
		{"libexec", 0755, 0755, NULL, false, false},
	};

	if (access(LIBEXECDIR "/rootlet/rootlet-nss", X_OK) == 0)
		skip(); /* an installed one goes first */
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char answer[512] = "", expected[512];

		if (make_tree(&rows[i])) {
			ask_copy(answer, sizeof(answer));
			snprintf(expected, sizeof(expected), "%s/tree/bin/../%s/rootlet-nss\n",
				 directory, rows[i].made);
			if (rows[i].found)
				assert_string_equal(answer, expected);
			else
				assert_non_null(strstr(answer, "rootlet-nss is missing"));
		} else {
			print_message("no subordinate ids: row %zu is left out\n", i);
		}
		assert_int_equal(
			shell("%s rm -rf %s/tree", rows[i].given ? as_root() : "", directory), 0);
	}
}

/* What the copy does. */
static int ask_and_print(void)
{
	const char *text, *error;
	struct arena a;

	arena_init(&a);
	ask(&a, NULL, "subid", "alice", 0, &text, &error);
	printf("%s\n", text ? text : error);
	arena_release(&a);
	return 0;
}

static int make_directory(void **state)
{
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	static const char *const names[] = {"script", "nsswitch", "passwd"};
	char path[256];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		unlink(path);
	}
	return rmdir(directory);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--ask"))
		return ask_and_print();

	const struct CMUnitTest tests[] = {
		cmocka_unit_test(directory__every_way_to_fail_is_said),
		cmocka_unit_test(directory__a_missing_program_is_named),
		cmocka_unit_test(directory__values_are_whole_lines),
		cmocka_unit_test(subids__answers_are_read_by_kind_and_bounded),
		cmocka_unit_test(subids__files_and_libsubid_agree),
		cmocka_unit_test(passwd__the_program_and_the_c_library_agree),
		cmocka_unit_test(directory__is_what_nsswitch_names),
		cmocka_unit_test(directory__the_program_is_found_beside_ours),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
