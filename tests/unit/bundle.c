/* The state of OCI containers on disk: ids, what is kept and read again, who has the lock, what a
 * killed `create` leaves. What a process does is tests/oci/life.py's. */
#include "bundle/bundle.h"

#include "base/buffer.h"
#include "base/fd.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cmocka.h>

static char root[64];
static struct bundle_store store;
static struct rootlet_error err;

static int write_record(struct bundle *b, struct rootlet_error *why)
{
	int r = bundle_prepare_record(b, why);

	return r < 0 ? r : bundle_keep_record(b, why);
}

static int set_up(void **state)
{
	strcpy(root, "/tmp/rootlet-bundle-XXXXXX");
	return mkdtemp(root) && bundle_store_open(root, NULL, true, &store, &err) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	char command[96];

	bundle_store_close(&store);
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static void ids__are_names_of_folders(void **state)
{
	static const char *const good[] = {"a", "A-b_c+d.e", "...", ".hidden", "0"};
	static const char *const bad[] = {"", ".", "..", "a/b", "a b", "a~b", "\xc3\xa4", "a\n"};
	char longest[BUNDLE_ID_MAX + 2];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(bundle_check_id(good[i], &err), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(bundle_check_id(bad[i], &err), -EINVAL);
		assert_string_equal(err.id, "container-id");
	}
	memset(longest, 'x', sizeof(longest) - 1);
	longest[BUNDLE_ID_MAX + 1] = '\0';
	assert_int_equal(bundle_check_id(longest, &err), -EINVAL);
	longest[BUNDLE_ID_MAX] = '\0';
	assert_int_equal(bundle_check_id(longest, &err), 0);
}

static struct bundle *make(const char *id)
{
	static struct bundle_pair annotations[] = {{"k", "v \"w\""}, {"empty", ""}};
	struct bundle *b = NULL;

	assert_int_equal(bundle_create(&store, id, &b, &err), 0);
	b->record = (struct bundle_record){
		.version = "1.2.0",
		.path = "/b",
		.rootfs = "/b/rootfs",
		.created = 1764453600123456789,
		.owner = 7,
		.command = "sh",
		.own_pids = true,
		.annotations = annotations,
		.annotation_count = 2,
	};
	assert_int_equal(state_process_describe(getpid(), &b->record.process), 0);
	return b;
}

static void record__is_read_as_it_was_written(void **state)
{
	struct bundle *b = make("c"), *again = NULL;
	AUTO_BUFFER text = {0};

	assert_int_equal(write_record(b, &err), 0);
	assert_int_equal(bundle_find(&store, "c", &again, &err), 0);
	bundle_look(again);
	assert_int_equal(again->status, BUNDLE_RUNNING); /* we live, and listen on nothing */
	assert_string_equal(again->record.path, "/b");
	assert_string_equal(again->record.command, "sh");
	assert_null(again->record.cgroup);
	assert_true(again->record.own_pids);
	assert_int_equal(again->record.annotation_count, 2);
	assert_string_equal(again->record.annotations[0].value, "v \"w\"");
	assert_int_equal(bundle_state_json(again, "me", false, &text), 0);
	assert_non_null(strstr(text.data, "\"created\":\"2025-11-29T22:00:00.123456789Z\""));
	assert_non_null(strstr(text.data, "\"owner\":\"me\""));
	bundle_free(again);
	bundle_free(b);
}

static void id__belongs_to_one(void **state)
{
	struct bundle *b = make("c"), *other = NULL;

	assert_int_equal(bundle_create(&store, "c", &other, &err), -EEXIST);
	assert_string_equal(err.id, "container-exists");
	assert_int_equal(bundle_find(&store, "c", &other, &err), 0);
	bundle_look(other);
	assert_int_equal(other->status, BUNDLE_CREATING);
	bundle_free(other);
	assert_int_equal(write_record(b, &err), 0);
	bundle_free(b); /* and its lock; the state stays */
	assert_int_equal(bundle_create(&store, "c", &other, &err), -EEXIST);
}

static void create__that_was_killed_is_in_nobodys_way(void **state)
{
	struct bundle *b = NULL;
	char path[128];

	snprintf(path, sizeof(path), "%s/c", root);
	assert_int_equal(mkdir(path, 0700), 0);
	strcat(path, "/config.json");
	close(open(path, O_WRONLY | O_CREAT, 0600));
	assert_int_equal(bundle_find(&store, "c", &b, &err), 0);
	bundle_look(b);
	assert_int_equal(b->status, BUNDLE_STOPPED);
	bundle_free(b);
	assert_int_equal(bundle_create(&store, "c", &b, &err), 0);
	assert_int_equal(access(path, F_OK), -1);
	bundle_free(b); /* not kept: gone */
	assert_int_equal(bundle_find(&store, "c", &b, &err), -ENOENT);
	assert_non_null(strstr(err.message, "container does not exist"));
}

static void remove__frees_the_id(void **state)
{
	struct bundle *b = make("c"), *late = NULL;

	assert_int_equal(write_record(b, &err), 0);
	assert_int_equal(bundle_find(&store, "c", &late, &err), 0);
	assert_int_equal(bundle_remove(b, &err), 0);
	bundle_free(b);
	assert_int_equal(bundle_lock(late, &err), -ENOENT); /* who had found it before */
	bundle_free(late);
	b = make("c");
	bundle_free(b);
}

static void rewrite(const char *from, const char *to)
{
	char path[128], text[4096];
	AUTO_FD fd = -1;
	char *at;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/c/" BUNDLE_STATE, root);
	fd = open(path, O_RDWR);
	n = read(fd, text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n] = '\0';
	at = strstr(text, from);
	assert_non_null(at);
	assert_int_equal(pwrite(fd, to, strlen(to), at - text), strlen(to));
}

static void record__that_was_forged_is_refused(void **state)
{
	struct bundle *b = make("c"), *again = NULL;

	assert_int_equal(write_record(b, &err), 0);
	bundle_free(b);
	rewrite("\"startTime\":", "\"startTim_\":"); /* absent: then no process is it */
	assert_int_equal(bundle_find(&store, "c", &again, &err), 0);
	bundle_look(again);
	assert_int_equal(again->status, BUNDLE_STOPPED);
	bundle_free(again);
	rewrite("\"id\":\"c\"", "\"id\":\"d\"");
	assert_int_equal(bundle_find(&store, "c", &again, &err), -EBADMSG);
	assert_string_equal(err.id, "state-corrupt");
	rewrite("{", "x");
	assert_int_equal(bundle_find(&store, "c", &again, &err), -EBADMSG);
	assert_int_equal(bundle_find_broken(&store, "c", &again, &err), 0);
	assert_int_equal(bundle_lock(again, &err), 0);
	assert_int_equal(bundle_remove(again, &err), 0);
	bundle_free(again);
}

static void store__of_others_is_refused(void **state)
{
	struct bundle_store other;

	assert_int_equal(chmod(root, 0770), 0);
	assert_int_equal(bundle_store_open(root, NULL, false, &other, &err), -EPERM);
	assert_int_equal(chmod(root, 0700), 0);
	assert_int_equal(bundle_store_open("/tmp/no/such/folder", NULL, false, &other, &err), 0);
	assert_int_equal(other.fd, -1);
}

/* It may be one of another version, or have one bad member. */
static void record__that_is_wrong_still_tells_of_its_process(void **state)
{
	struct bundle *b = make("c"), *again = NULL;

	b->record.cgroup = "/sys/fs/cgroup/c";
	assert_int_equal(write_record(b, &err), 0);
	bundle_free(b);
	rewrite("\"version\":1", "\"version\":2");
	assert_int_equal(bundle_find(&store, "c", &again, &err), -EBADMSG);
	assert_int_equal(bundle_find_broken(&store, "c", &again, &err), 0);
	assert_string_equal(again->record.cgroup, "/sys/fs/cgroup/c");
	bundle_look(again);
	assert_int_equal(again->status, BUNDLE_RUNNING);
	assert_false(again->has_record);
	bundle_free(again);
	/* another container's says nothing of this one */
	rewrite("\"id\":\"c\"", "\"id\":\"d\"");
	assert_int_equal(bundle_find_broken(&store, "c", &again, &err), 0);
	assert_null(again->record.cgroup);
	assert_int_equal(again->record.process.pid, 0);
	bundle_look(again);
	assert_int_equal(again->status, BUNDLE_STOPPED);
	bundle_free(again);
}

static void count_trouble(void *data, const struct rootlet_error *e)
{
	assert_string_equal(e->id, "state-corrupt");
	assert_string_equal(e->subject, BUNDLE_STATE);
	++*(int *)data;
}

static void list__has_what_there_is(void **state)
{
	struct bundle *b = make("b"), *a = make("a"), *c = make("c");
	struct bundle_list list;
	char stray[96];
	int troubles = 0;

	assert_int_equal(write_record(a, &err), 0);
	assert_int_equal(write_record(b, &err), 0);
	assert_int_equal(write_record(c, &err), 0);
	rewrite("{", "x");
	snprintf(stray, sizeof(stray), "%s/notes.txt", root);
	close(open(stray, O_WRONLY | O_CREAT, 0600));
	assert_int_equal(bundle_list(&store, count_trouble, &troubles, &list, &err), 0);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[0]->id, "a");
	assert_string_equal(list.items[1]->id, "b");
	assert_int_equal(troubles, 1);
	bundle_list_release(&list);
	bundle_free(a);
	bundle_free(b);
	bundle_free(c);
}

#define with_store(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids__are_names_of_folders),
		with_store(record__is_read_as_it_was_written),
		with_store(id__belongs_to_one),
		with_store(create__that_was_killed_is_in_nobodys_way),
		with_store(remove__frees_the_id),
		with_store(record__that_was_forged_is_refused),
		with_store(record__that_is_wrong_still_tells_of_its_process),
		with_store(store__of_others_is_refused),
		with_store(list__has_what_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
