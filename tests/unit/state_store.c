/* The store and the containers in it: where it is, names, look-up, locks, removal. What happens
 * when several work on it, or are killed, is state_races.c. */
#include "state_box.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

/* ---- the place ---- */

static void state_store__folders_are_private(void **state)
{
	struct box *box = *state;
	const int fds[] = {box->store.fd, box->store.containers, box->store.names,
			   box->store.pending};
	struct state_container *c = box_make(box, "web");
	struct stat st;

	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(fstat(fds[i], &st), 0);
		assert_int_equal(st.st_mode & 07777, 0700);
	}
	assert_int_equal(fstat(c->folder, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(fstatat(c->folder, "container.json", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	state_free(c);
}

static void state_store__place(void **state)
{
	struct box *box = *state;
	char runtime[96], user[96], temporary[96], own[128], named[96], expected[256];
	struct {
		const char *state_dir, *runtime_dir, *run_user;
		const char *path; /* below the box */
		const char *note; /* part of it; "" none */
	} rows[] = {
		{named, runtime, user, "/named", ""},
		{NULL, runtime, user, "/runtime/rootlet", ""},
		{NULL, NULL, user, "/user/UID/rootlet", ""},
		{NULL, "", user, "/user/UID/rootlet", ""},
		{NULL, "/nowhere/at/all", user, "/user/UID/rootlet", "XDG_RUNTIME_DIR (/nowhere"},
		{NULL, "runtime", user, "/user/UID/rootlet", "no directory of yours"},
		{NULL, NULL, "/nowhere", "/tmp/rootlet-UID", "there is no XDG_RUNTIME_DIR"},
	};

	snprintf(runtime, sizeof(runtime), "%s/runtime", box->dir);
	snprintf(user, sizeof(user), "%s/user", box->dir);
	snprintf(temporary, sizeof(temporary), "%s/tmp", box->dir);
	snprintf(named, sizeof(named), "%s/named", box->dir);
	snprintf(own, sizeof(own), "%s/%u", user, (unsigned)geteuid());
	mkdir(runtime, 0700);
	mkdir(user, 0700);
	mkdir(own, 0700);
	mkdir(temporary, 01777);
	assert_int_equal(chdir(box->dir), 0); /* "runtime" would be there */
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct state_places places = {rows[i].state_dir, rows[i].runtime_dir,
					      rows[i].run_user, temporary};
		const char *at = strstr(rows[i].path, "UID");
		struct state_store store;

		snprintf(expected, sizeof(expected), "%s%.*s", box->dir,
			 at ? (int)(at - rows[i].path) : 99, rows[i].path);
		if (at)
			snprintf(expected + strlen(expected), 64, "%u%s", (unsigned)geteuid(),
				 at + 3);
		box_ok(box, state_store_open(&places, true, &store, &box->err));
		assert_string_equal(store.path, expected);
		assert_int_equal(store.note[0] != 0, rows[i].note[0] != 0);
		assert_non_null(strstr(store.note, rows[i].note));
		state_store_close(&store);
	}
	assert_int_equal(chdir("/"), 0);
}

/* A folder that somebody else could have prepared is never used. */
static void state_store__refuses_an_unsafe_place(void **state)
{
	static const char *const cases[] = {"symlink", "dangling", "file",  "0755",
					    "0770",    "0500",	   "other", "inner"};
	struct box *box = *state;
	char place[160], target[128], inner[200];

	snprintf(target, sizeof(target), "%s/target", box->dir);
	mkdir(target, 0700);
	snprintf(place, sizeof(place), "%s/rootlet-%u", box->dir, (unsigned)geteuid());
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct state_places places = {.run_user = "/nowhere", .temporary = box->dir};
		struct state_store store;

		box_delete(AT_FDCWD, place);
		if (!strcmp(cases[i], "symlink"))
			assert_int_equal(symlink(target, place), 0);
		else if (!strcmp(cases[i], "dangling"))
			assert_int_equal(symlink("/tmp/rootlet-not-there", place), 0);
		else if (!strcmp(cases[i], "file"))
			box_write(AT_FDCWD, place, "", 0);
		else
			assert_int_equal(mkdir(place, 0700), 0);
		if (cases[i][0] == '0')
			assert_int_equal(chmod(place, (mode_t)strtoul(cases[i], NULL, 8)), 0);
		if (!strcmp(cases[i], "other") && chown(place, 12345, (gid_t)-1) < 0)
			continue; /* only root can show this one */
		snprintf(inner, sizeof(inner), "%s/containers", place);
		if (!strcmp(cases[i], "inner"))
			assert_int_equal(symlink(target, inner), 0);
		memset(&box->err, 0, sizeof(box->err));
		box_refused(box, state_store_open(&places, true, &store, &box->err), "state-dir");
		assert_non_null(strstr(box->err.message, place));
		assert_true(box->err.hint[0] != 0);
		assert_int_equal(store.fd, -1);
	}
	assert_int_equal(rmdir(target), 0); /* nothing was put there */
}

static void state_store__missing_store_is_empty(void **state)
{
	struct box *box = *state;
	char path[96];
	struct state_places places = {.state_dir = path};
	struct state_container *c = NULL;
	struct state_store store;
	struct state_list list;

	snprintf(path, sizeof(path), "%s/none", box->dir);
	box_ok(box, state_store_open(&places, false, &store, &box->err));
	box_ok(box, state_list(&store, 0, &list, &box->err));
	assert_int_equal(list.count, 0);
	box_refused(box, state_find(&store, "web", 0, &c, &box->err), "no-such-container");
	box_ok(box, state_sweep(&store, NULL, &box->err));
	assert_int_equal(access(path, F_OK), -1);
	state_store_close(&store);
}

/* ---- making and finding ---- */

static void state_store__record_comes_back(void **state)
{
	static const char *const command[] = {"sh", "-c", "echo \"a\\b\"\n\t\xff\xfe \xc3\xa9", ""};
	static const char *const notes[] = {"single-id: no subordinate ids"};
	struct box *box = *state;
	struct state_record record = {.version = "9.9",
				      .created = 1700000000123456789,
				      .root = "/a/b c",
				      .command = {command, 4},
				      .plan_digest = "abc",
				      .notes = {notes, 1},
				      .tty = true,
				      .remove = true,
				      .stop_signal = 3};
	struct state_container *made = NULL, *c = NULL;

	box_ok(box, state_create(&box->store, &record, "web", &made, &box->err));
	box_ok(box, state_publish(made, &box->err));
	box_ok(box, state_find(&box->store, "web", 0, &c, &box->err));
	assert_string_equal(c->id, made->id);
	assert_string_equal(c->name, "web");
	assert_string_equal(c->record.version, "9.9");
	assert_true(c->record.created == 1700000000123456789);
	assert_null(c->record.cwd);
	assert_string_equal(c->record.root, "/a/b c");
	assert_int_equal(c->record.command.count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(c->record.command.items[i], command[i]);
	assert_int_equal(c->record.words.count, 0);
	assert_string_equal(c->record.plan_digest, "abc");
	assert_string_equal(c->record.notes.items[0], notes[0]);
	assert_true(c->record.tty && c->record.remove);
	assert_false(c->record.interactive || c->record.detached);
	assert_int_equal(c->record.stop_signal, 3);
	assert_int_equal(c->status, STATE_CREATED);
	assert_false(c->lost || c->has_process || c->has_exit || c->locked);
	state_free(c);
	state_free(made);
}

static void state_store__unpublished_is_unseen(void **state)
{
	struct box *box = *state;
	struct state_record record = box_record();
	struct state_container *made = NULL, *c = NULL;
	struct state_list list;

	box_ok(box, state_create(&box->store, &record, "web", &made, &box->err));
	box_expect(box, 0, 1, 1);
	box_refused(box, state_find(&box->store, "web", 0, &c, &box->err), "no-such-container");
	box_refused(box, state_find(&box->store, made->id, 0, &c, &box->err), "no-such-container");
	box_ok(box, state_list(&box->store, 0, &list, &box->err));
	assert_int_equal(list.count, 0);
	box_refused(box, state_create(&box->store, &record, "web", &c, &box->err), "name-in-use");
	box_expect(box, 0, 1, 1);
	state_free(made); /* a start that failed */
	box_expect(box, 0, 0, 0);
}

static void state_store__finds_by_name_id_and_prefix(void **state)
{
	struct box *box = *state;
	struct state_container *web = box_make(box, "web"), *c = NULL;
	char prefix[8];

	for (int len = 1; len < (int)sizeof(prefix); len++) {
		snprintf(prefix, sizeof(prefix), "%.*s", len, web->id);
		box_ok(box, state_find(&box->store, prefix, 0, &c, &box->err));
		assert_string_equal(c->id, web->id);
		state_free(c);
	}
	box_ok(box, state_find(&box->store, web->id, 0, &c, &box->err));
	state_free(c);
	box_refused(box, state_find(&box->store, "we", 0, &c, &box->err), "no-such-container");
	assert_non_null(strstr(box->err.hint, "rootlet ps -a"));

	/* An exact name wins over the beginning of another's id. */
	struct state_container *other = box_make(box, prefix);

	box_ok(box, state_find(&box->store, prefix, 0, &c, &box->err));
	assert_string_equal(c->id, other->id);
	state_free(c);
	state_free(other);
	state_free(web);
}

/* Of 49 ids four begin with the same digit. */
static void state_store__ambiguous_prefix_lists_candidates(void **state)
{
	static const char digits[] = "0123456789abcdef";
	struct box *box = *state;
	struct state_container *c = NULL;
	int count[16] = {0};
	bool many = false;

	for (int i = 0; i < 49; i++) {
		c = box_make(box, NULL);
		count[strchr(digits, c->id[0]) - digits]++;
		state_free(c);
	}
	for (int i = 0; i < 16; i++) {
		char digit[2] = {digits[i], 0}, number[32];

		if (count[i] < 2)
			continue;
		box_refused(box, state_find(&box->store, digit, 0, &c, &box->err), "ambiguous-id");
		snprintf(number, sizeof(number), ": %d ids", count[i]);
		assert_non_null(strstr(box->err.message, number));
		assert_int_equal(strstr(box->err.message, " …") != NULL, count[i] > 3);
		many |= count[i] > 3;
	}
	assert_true(many);
}

static void state_store__refuses_what_is_no_name(void **state)
{
	static const char *const bad[] = {
		"",   ".",  "..", "../x", "a/b", "/",	  "a b",
		"-a", "_a", ".a", "a\n",  "é",	 "a\x7f", "../../../../etc/passwd"};
	struct box *box = *state;
	struct state_record record = box_record();
	struct state_container *c = NULL;
	char text[STATE_NAME_MAX + 2];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		box_refused(box, state_create(&box->store, &record, bad[i], &c, &box->err),
			    "name-form");
		box_refused(box, state_find(&box->store, bad[i], 0, &c, &box->err), "name-form");
		assert_null(c);
	}
	memset(text, 'a', sizeof(text));
	text[STATE_NAME_MAX + 1] = '\0';
	box_refused(box, state_name_check(text, &box->err), "name-form");
	text[STATE_NAME_MAX] = '\0';
	box_ok(box, state_name_check(text, &box->err));
	text[STATE_ID_LENGTH] = '\0'; /* looks like an id */
	box_refused(box, state_name_check(text, &box->err), "name-form");
	text[STATE_ID_LENGTH - 1] = '\0';
	box_ok(box, state_name_check(text, &box->err));
	box_ok(box, state_name_check("A.b-c_9", &box->err));
	box_expect(box, 0, 0, 0);
}

static void state_store__generates_names(void **state)
{
	struct box *box = *state;

	for (int i = 0; i < 200; i++) { /* of 4096: some are drawn twice */
		struct state_container *c = box_make(box, NULL);

		box_ok(box, state_name_check(c->name, &box->err));
		assert_non_null(strchr(c->name, '_'));
		state_free(c);
	}
	box_expect(box, 200, 200, 0);
}

/* ---- acting ---- */

static void state_store__rename(void **state)
{
	struct box *box = *state;
	struct state_container *web = box_make(box, "web"), *db = box_make(box, "db"), *c = NULL;

	box_refused(box, state_rename(web, "db", &box->err), "name-in-use");
	assert_non_null(strstr(box->err.message, "\"db\""));
	box_refused(box, state_rename(web, "../x", &box->err), "name-form");
	box_ok(box, state_rename(web, "web", &box->err));
	box_ok(box, state_rename(web, "www", &box->err));
	assert_false(web->locked);
	assert_string_equal(web->name, "www");
	box_refused(box, state_find(&box->store, "web", 0, &c, &box->err), "no-such-container");
	box_ok(box, state_find(&box->store, "www", 0, &c, &box->err));
	assert_string_equal(c->id, web->id);
	state_free(c);
	box_ok(box, state_rename(db, "web", &box->err)); /* is free again */
	box_expect(box, 2, 2, 0);
	state_free(web);
	state_free(db);
}

static void state_store__remove_deletes_all_and_follows_nothing(void **state)
{
	struct box *box = *state;
	struct state_container *web = box_make(box, "web"), *second = NULL;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int canary = openat(AT_FDCWD, box->dir, O_RDONLY | O_DIRECTORY), s;

	mkdirat(canary, "outside", 0700);
	box_write(canary, "canary", "alive", 5);
	box_write(web->folder, "log", "x", 1);
	box_write(web->folder, "log.1", "x", 1);
	assert_int_equal(symlinkat("../../../outside", web->folder, "a"), 0);
	assert_int_equal(symlinkat("../../../canary", web->folder, "b"), 0);
	assert_int_equal(mkfifoat(web->folder, "fifo", 0600), 0);
	s = socket(AF_UNIX, SOCK_STREAM, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/attach",
		 web->folder);
	assert_int_equal(bind(s, (struct sockaddr *)&address, sizeof(address)), 0);

	box_ok(box, state_find(&box->store, "web", 0, &second, &box->err));
	box_ok(box, state_remove(web, &box->err));
	box_expect(box, 0, 0, 0);
	assert_int_equal(faccessat(canary, "canary", F_OK, 0), 0);
	assert_int_equal(faccessat(canary, "outside", F_OK, 0), 0);
	box_refused(box, state_remove(second, &box->err), "no-such-container");
	box_refused(box, state_refresh(second, &box->err), "no-such-container");
	state_free(second);
	state_free(web);
	close(s);
	close(canary);
}

static void state_store__lock_dies_with_its_holder(void **state)
{
	struct box *box = *state;
	struct state_container *c = box_make(box, "web"), *gone = NULL;
	int ready[2], status;
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		struct state_container *own = NULL;

		if (state_find(&box->store, "web", 0, &own, &box->err) < 0 ||
		    state_lock(own, &box->err) < 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(state_try_lock(c, &box->err), -EWOULDBLOCK);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	box_ok(box, state_try_lock(c, &box->err));
	assert_true(c->locked);
	box_ok(box, state_find(&box->store, "web", 0, &gone, &box->err));
	assert_int_equal(state_try_lock(gone, &box->err), -EWOULDBLOCK);
	box_ok(box, state_remove(c, &box->err));
	box_refused(box, state_lock(gone, &box->err), "no-such-container");
	assert_false(gone->locked);
	state_free(gone);
	state_free(c);
	close(ready[0]);
	close(ready[1]);
}

static void state_store__list_is_sorted_and_closed(void **state)
{
	static const int64_t times[] = {50, 300, 20, 300, 1};
	struct box *box = *state;
	struct state_list list;

	for (size_t i = 0; i < 5; i++) {
		struct state_record record = box_record();
		struct state_container *c = NULL;

		record.created = times[i];
		box_ok(box, state_create(&box->store, &record, NULL, &c, &box->err));
		box_ok(box, state_publish(c, &box->err));
		state_free(c);
	}
	mkdirat(box->store.containers, "not-an-id", 0700);
	box_ok(box, state_list(&box->store, 0, &list, &box->err));
	assert_int_equal(list.count, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(list.items[i]->folder, -1);
		assert_int_equal(list.items[i]->pidfd, -1);
		assert_int_equal(list.items[i]->record.words.count, 5);
		if (i)
			assert_true(list.items[i - 1]->record.created >=
				    list.items[i]->record.created);
	}
	state_list_release(&list);
	box_ok(box, state_list(&box->store, STATE_LIST_LIVE, &list, &box->err));
	assert_int_equal(list.count, 0);
	state_list_release(&list);
}

static double milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* 1,000 that live, which is the dearest case. Times are told, not asserted. */
static void state_store__lists_a_thousand(void **state)
{
	struct box *box = *state;
	struct state_process process = {.started = state_now()};
	struct state_list list;
	double begin = milliseconds();

	assert_int_equal(state_process_describe(getpid(), &process), 0);
	for (int i = 0; i < 1000; i++) {
		struct state_record record = box_record();
		struct state_container *c = NULL;

		box_ok(box, state_create(&box->store, &record, NULL, &c, &box->err));
		box_ok(box, state_write_process(c, &process, &box->err));
		box_ok(box, state_publish(c, &box->err));
		state_free(c);
	}
	print_message("1,000 made in %.1f ms\n", milliseconds() - begin);
	for (int round = 0; round < 3; round++) {
		begin = milliseconds();
		box_ok(box, state_list(&box->store, STATE_LIST_LIVE | STATE_LIST_BRIEF, &list,
				       &box->err));
		assert_int_equal(list.count, 1000);
		assert_int_equal(list.items[999]->status, STATE_RUNNING);
		state_list_release(&list);
		print_message("1,000 listed in %.1f ms\n", milliseconds() - begin);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOX_TEST(state_store__folders_are_private),
		BOX_TEST(state_store__place),
		BOX_TEST(state_store__refuses_an_unsafe_place),
		BOX_TEST(state_store__missing_store_is_empty),
		BOX_TEST(state_store__record_comes_back),
		BOX_TEST(state_store__unpublished_is_unseen),
		BOX_TEST(state_store__finds_by_name_id_and_prefix),
		BOX_TEST(state_store__ambiguous_prefix_lists_candidates),
		BOX_TEST(state_store__refuses_what_is_no_name),
		BOX_TEST(state_store__generates_names),
		BOX_TEST(state_store__rename),
		BOX_TEST(state_store__remove_deletes_all_and_follows_nothing),
		BOX_TEST(state_store__lock_dies_with_its_holder),
		BOX_TEST(state_store__list_is_sorted_and_closed),
		BOX_TEST(state_store__lists_a_thousand),
	};

	umask(022);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
