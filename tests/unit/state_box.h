/* What the tests of src/state share: a store of their own, and a look at what is in it. */
#ifndef ROOTLET_TESTS_STATE_BOX_H
#define ROOTLET_TESTS_STATE_BOX_H

#include "state/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct box {
	char dir[64];
	struct state_store store;
	struct rootlet_error err;
};

static inline int box_setup(void **state)
{
	struct box *box = calloc(1, sizeof(*box));
	struct state_places places = {0};
	char path[96];

	snprintf(box->dir, sizeof(box->dir), "/tmp/rootlet-state-test-XXXXXX");
	if (!mkdtemp(box->dir))
		return -1;
	snprintf(path, sizeof(path), "%s/store", box->dir);
	places.state_dir = path;
	if (state_store_open(&places, true, &box->store, &box->err) < 0)
		return -1;
	*state = box;
	return 0;
}

/* As deep as the test made it. */
// NOLINTNEXTLINE(misc-no-recursion)
static inline void box_delete(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	while (entries && (entry = readdir(entries))) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			box_delete(fd, entry->d_name);
	}
	if (entries)
		closedir(entries);
	unlinkat(parent, name, entries ? AT_REMOVEDIR : 0);
}

static inline int box_teardown(void **state)
{
	struct box *box = *state;

	state_store_close(&box->store);
	box_delete(AT_FDCWD, box->dir);
	free(box);
	return 0;
}

#define BOX_TEST(function) cmocka_unit_test_setup_teardown(function, box_setup, box_teardown)

/* Entries of a folder, without . and .. */
static inline int box_count(int folder)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY), count = 0;
	DIR *entries = fdopendir(fd);

	assert_non_null(entries);
	for (struct dirent *entry; (entry = readdir(entries));)
		count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(entries);
	return count;
}

static inline void box_expect(struct box *box, int containers, int names, int pending)
{
	assert_int_equal(box_count(box->store.containers), containers);
	assert_int_equal(box_count(box->store.names), names);
	assert_int_equal(box_count(box->store.pending), pending);
}

static inline void box_ok(struct box *box, int r)
{
	if (r < 0)
		fail_msg("%d: %s", r, box->err.message);
	assert_int_equal(r, 0);
}

static inline void box_refused(struct box *box, int r, const char *id)
{
	assert_true(r < 0);
	assert_int_equal(r, box->err.code);
	assert_string_equal(box->err.id, id);
}

static inline struct state_record box_record(void)
{
	static const char *const command[] = {"sleep", "1"};
	static const char *const words[] = {"-d", "--", "/root", "sleep", "1"};

	return (struct state_record){.root = "/root",
				     .command = {command, 2},
				     .words = {words, 5},
				     .cwd = "/home",
				     .stop_signal = 15};
}

/* A container that others see, not locked. */
static inline struct state_container *box_make(struct box *box, const char *name)
{
	struct state_record record = box_record();
	struct state_container *c = NULL;

	box_ok(box, state_create(&box->store, &record, name, &c, &box->err));
	box_ok(box, state_publish(c, &box->err));
	state_unlock(c);
	return c;
}

static inline void box_write(int folder, const char *name, const void *text, size_t len)
{
	int fd;

	if (!text)
		abort();
	unlinkat(folder, name, 0);
	fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	close(fd);
}

#endif
