/* Paths inside an untrusted root, as properties: in random trees of directories, files and symbolic
 * links, the kernel's way (openat2) and our own walk find the same, never leave the root, and make
 * nothing outside it. The seed is printed; RESOLVE_SEED repeats a run, RESOLVE_ROUNDS makes it
 * longer. */
#include "base/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static char base[PATH_MAX]; /* holds root/ and the canary outside/ */
static uint64_t seed;

static unsigned any(unsigned below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % below;
}

/* ---- trees ---- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static void put_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static int set_up(void **state)
{
	snprintf(base, sizeof(base), "/tmp/resolve-XXXXXX");
	assert_non_null(mkdtemp(base));
	assert_int_equal(chdir(base), 0);
	assert_int_equal(mkdir("outside", 0755), 0);
	assert_int_equal(mkdir("outside/a", 0755), 0);
	put_file("outside/b", "canary");
	put_file("outside/a/b", "canary");
	return 0;
}

static int tear_down(void **state)
{
	assert_int_equal(chdir("/"), 0);
	return nftw(base, remove_one, 16, FTW_PHYS | FTW_DEPTH);
}

/* A path of a few components, most of which exist somewhere. */
static void any_path(char *out, size_t size, bool link)
{
	static const char *const parts[] = {"a", "b", "c",  "d",   "..", ".",
					    "a", "b", "..", "new", ""};
	size_t used = 0;
	unsigned count = 1 + any(6);

	*out = '\0';
	switch (link ? any(5) : 0) {
	case 1:
		used = (size_t)snprintf(out, size, "%s/outside/", base);
		break;
	case 2:
		used = (size_t)snprintf(out, size, "../outside/");
		break;
	case 3:
		used = (size_t)snprintf(out, size, "../../../../../../../..%s/outside/", base);
		break;
	case 4:
		used = (size_t)snprintf(out, size, "/");
		break;
	default:
		break;
	}
	for (unsigned i = 0; i < count; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%s", i ? "/" : "",
					 parts[any(sizeof(parts) / sizeof(parts[0]))]);
	if (!*out)
		strcpy(out, ".");
}

static void any_tree(void)
{
	char path[PATH_MAX], target[PATH_MAX];

	nftw("root", remove_one, 16, FTW_PHYS | FTW_DEPTH);
	assert_int_equal(mkdir("root", 0755), 0);
	for (int i = 0; i < 40; i++) {
		size_t used = (size_t)snprintf(path, sizeof(path), "root");

		for (unsigned depth = 1 + any(4); depth; depth--)
			used += (size_t)snprintf(path + used, sizeof(path) - used, "/%c",
						 'a' + (int)any(4));
		any_path(target, sizeof(target), true);
		/* what stands in the way, or has no parent, is left out; nothing is made through a
		 * link */
		if (any(3) == 0) {
			char real[PATH_MAX], parent[PATH_MAX];

			strcpy(parent, path);
			*strrchr(parent, '/') = '\0';
			if (realpath(parent, real) && strncmp(real, base, strlen(base)) == 0 &&
			    strncmp(real + strlen(base), "/root", 5) == 0)
				(void)!symlink(target, path);
		} else {
			int root = open("root", O_PATH | O_CLOEXEC);
			struct stat st;

			if (lstat(path, &st) < 0)
				(void)!(any(4) ? mkdirat(root, path + 5, 0755) : 0);
			close(root);
		}
	}
}

/* Everything outside the root, as text. */
static char sighting[4096];

static int see(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	size_t used = strlen(sighting);

	snprintf(sighting + used, sizeof(sighting) - used, "%s %o %lu %ld %ld.%ld %ld.%ld\n", path,
		 st->st_mode, (unsigned long)st->st_ino, (long)st->st_size,
		 (long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec, (long)st->st_ctim.tv_sec,
		 st->st_ctim.tv_nsec);
	return 0;
}

static const char *see_outside(void)
{
	*sighting = '\0';
	nftw("outside", see, 16, FTW_PHYS);
	return sighting;
}

/* ---- properties ---- */

static void check_inside(int fd, const char *path)
{
	char link[32], real[PATH_MAX], root[PATH_MAX];
	size_t len = (size_t)snprintf(root, sizeof(root), "%s/root", base);
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, real, sizeof(real) - 1);
	assert_true(n > 0);
	real[n] = '\0';
	if (strncmp(real, root, len) != 0 || (real[len] && real[len] != '/'))
		fail_msg("%s led to %s", path, real);
}

static bool kernel_has_openat2(int root)
{
	int fd = resolve_open(root, "/", true);

	if (fd >= 0)
		close(fd);
	return fd != -ENOSYS;
}

/* The walk takes no notice of a trailing slash, which mount targets never have. */
static bool same_answer(int a, int b)
{
	struct stat x, y;

	if (a < 0 || b < 0)
		return a == b;
	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

static void check_open(int root, const char *path, bool both, unsigned *found)
{
	int walked = resolve_open(root, path, false);
	int kernel = both ? resolve_open(root, path, true) : walked;

	if (!same_answer(walked, kernel))
		fail_msg("%s: the walk says %d, openat2 says %d (%s/root)", path, walked, kernel,
			 base);
	if (walked >= 0) {
		check_inside(walked, path);
		check_inside(kernel, path);
		close(walked);
		++*found;
	}
	if (both && kernel >= 0)
		close(kernel);
}

static void check_make(int root, const char *path, bool both, unsigned *made_count)
{
	enum resolve_make kind = any(2) ? RESOLVE_MAKE_DIRECTORY : RESOLVE_MAKE_FILE;
	bool made = false;
	int fd = resolve_make(root, path, kind, both && any(2), &made), again;

	if (fd < 0)
		return;
	check_inside(fd, path);
	again = resolve_open(root, path, false);
	if (!same_answer(fd, again))
		fail_msg("%s: made, but it is not what is found afterwards", path);
	*made_count += made;
	close(fd);
	close(again);
}

static void resolve__random_trees_are_never_left(void **state)
{
	const char *given = getenv("RESOLVE_SEED"), *rounds = getenv("RESOLVE_ROUNDS");
	unsigned found = 0, made = 0, total = rounds ? (unsigned)atoi(rounds) : 300;
	char path[PATH_MAX], before[sizeof(sighting)];

	seed = given ? strtoull(given, NULL, 10)
		     : (uint64_t)time(NULL) ^ ((uint64_t)getpid() << 32);
	print_message("RESOLVE_SEED=%llu\n", (unsigned long long)seed);
	for (unsigned round = 0; round < total; round++) {
		int root;
		bool both;

		any_tree();
		strcpy(before, see_outside());
		root = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
		both = kernel_has_openat2(root);
		for (int i = 0; i < 100; i++) {
			any_path(path, sizeof(path), any(4) == 0);
			check_open(root, path, both, &found);
		}
		for (int i = 0; i < 10; i++) {
			any_path(path, sizeof(path), any(4) == 0);
			check_make(root, path, both, &made);
		}
		close(root);
		assert_string_equal(see_outside(), before);
	}
	/* trees in which nothing is found would show nothing */
	assert_true(found > total * 10 && made > total / 10);
}

/* Each by name, so that a failure says which. */
static void resolve__known_ways_out(void **state)
{
	static const struct {
		const char *target, *path;
	} rows[] = {
		{"../outside", "link/b"},    {"../../../../../../outside", "link/b"},
		{"/outside", "link/b"},	     {"a/../../outside", "link/b"},
		{"/proc/self/root", "link"}, {"/proc/self/cwd/outside", "link"},
		{"/proc/self/fd/0", "link"}, {"link", "link"},
		{"..", "link/link/outside"}, {"../root/../outside", "link/a"},
	};
	int root;

	nftw("root", remove_one, 16, FTW_PHYS | FTW_DEPTH);
	mkdir("root", 0755);
	mkdir("root/a", 0755);
	root = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unlink("root/link");
		assert_int_equal(symlink(rows[i].target, "root/link"), 0);
		assert_true(resolve_open(root, rows[i].path, false) < 0);
		if (kernel_has_openat2(root))
			assert_true(resolve_open(root, rows[i].path, true) < 0);
	}
	close(root);
}

/* The host's own absolute link to the canary, and what stands there is made inside instead. */
static void resolve__make_is_made_inside(void **state)
{
	char target[PATH_MAX], inside[PATH_MAX];
	struct stat st;
	bool made;
	int root, fd;

	nftw("root", remove_one, 16, FTW_PHYS | FTW_DEPTH);
	mkdir("root", 0755);
	snprintf(target, sizeof(target), "%.4000s/outside/new", base);
	assert_int_equal(symlink(target, "root/link"), 0);
	root = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	fd = resolve_make(root, "/link/deep", RESOLVE_MAKE_FILE, true, &made);
	assert_true(fd >= 0 && made);
	close(fd);
	close(root);
	assert_int_equal(stat("outside/new", &st), -1);
	snprintf(inside, sizeof(inside), "root%.4000s/outside/new/deep", base);
	assert_int_equal(stat(inside, &st), 0);
	assert_true(S_ISREG(st.st_mode));
}

/* path_resolution(7): 40 links, and not one more. */
static void resolve__as_many_links_as_the_kernel_follows(void **state)
{
	char link[32], target[32];
	int root;

	nftw("root", remove_one, 16, FTW_PHYS | FTW_DEPTH);
	mkdir("root", 0755);
	mkdir("root/0", 0755);
	for (int i = 1; i <= 41; i++) {
		snprintf(link, sizeof(link), "root/%d", i);
		snprintf(target, sizeof(target), "%d", i - 1);
		assert_int_equal(symlink(target, link), 0);
	}
	root = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (int openat2 = 0; openat2 <= (kernel_has_openat2(root) ? 1 : 0); openat2++) {
		int fd = resolve_open(root, "40", openat2);

		assert_true(fd >= 0);
		close(fd);
		assert_int_equal(resolve_open(root, "41", openat2), -ELOOP);
	}
	close(root);
}

/* Links of a process in /proc lead where no text says: both ways refuse them, and only them. */
static void resolve__magic_links_are_refused(void **state)
{
	static const char *const refused[] = {"/self/fd/0", "/self/exe", "/self/cwd/x",
					      "/self/ns/mnt", "/thread-self/root"};
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd;

	assert_true(proc >= 0);
	for (int way = 0; way < 2; way++) {
		for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
			assert_int_equal(resolve_open(proc, refused[i], way), -ELOOP);
		fd = resolve_open(proc, "/self/status", way);
		assert_true(fd >= 0);
		close(fd);
		fd = resolve_open(proc, "/mounts", way);
		assert_true(fd >= 0);
		close(fd);
	}
	close(proc);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(resolve__random_trees_are_never_left, set_up,
						tear_down),
		cmocka_unit_test(resolve__magic_links_are_refused),
		cmocka_unit_test_setup_teardown(resolve__known_ways_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(resolve__make_is_made_inside, set_up, tear_down),
		cmocka_unit_test_setup_teardown(resolve__as_many_links_as_the_kernel_follows,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
