/* Files that were forged, cut short or replaced: each is told by name, none is believed, none
 * crashes, and the container can still be cleared away. */
#include "state_box.h"

static const char *const any_id = "@ID@"; /* stands for the container's own */

static char *with_id(const char *text, const char *id)
{
	const char *at = strstr(text, any_id);
	char *out = NULL;

	if (at)
		assert_true(asprintf(&out, "%.*s%s%s", (int)(at - text), text, id,
				     at + strlen(any_id)) > 0);
	else
		out = strdup(text);
	return out;
}

/* find says state-corrupt, naming the file and the pointer; list shows it; rm clears it. */
static void expect_corrupt(struct box *box, struct state_container *c, const char *file,
			   const char *pointer)
{
	struct state_container *found = NULL;
	struct state_list list;

	memset(&box->err, 0, sizeof(box->err));
	box_refused(box, state_find(&box->store, c->id, 0, &found, &box->err), "state-corrupt");
	assert_null(found);
	assert_non_null(strstr(box->err.message, file));
	assert_string_equal(box->err.subject, pointer);
	assert_non_null(strstr(box->err.hint, "rootlet rm -f"));

	box_ok(box, state_list(&box->store, 0, &list, &box->err));
	assert_int_equal(list.count, 1);
	assert_non_null(list.items[0]->broken);
	state_list_release(&list);

	box_ok(box, state_find(&box->store, c->id, STATE_FIND_BROKEN, &found, &box->err));
	assert_string_equal(found->broken->id, "state-corrupt");
	assert_false(state_alive(found));
	state_free(found);
}

static void clear_away(struct box *box, struct state_container *c)
{
	struct state_container *found = NULL;

	box_ok(box, state_find(&box->store, c->id, STATE_FIND_BROKEN, &found, &box->err));
	box_ok(box, state_remove(found, &box->err));
	state_free(found);
	box_expect(box, 0, 0, 0);
}

struct forged {
	const char *text, *pointer;
};

static void try_each(struct box *box, const char *file, const struct forged *rows, size_t count)
{
	struct state_container *c = box_make(box, "web");

	for (size_t i = 0; i < count; i++) {
		char *text = with_id(rows[i].text, c->id);

		box_write(c->folder, file, text, strlen(text));
		expect_corrupt(box, c, file, rows[i].pointer);
		free(text);
	}
	clear_away(box, c);
	state_free(c);
}

#define HEAD "{\"version\":1,\"id\":\"@ID@\","
#define REST                                                                                       \
	"\"cwd\":null,\"root\":\"/\",\"words\":[],\"notes\":[],\"planDigest\":null,\"tty\":false," \
	"\"interactive\":false,\"detached\":false,\"remove\":false"
#define FINE_RECORD                                                                                \
	HEAD "\"rootlet\":\"0\",\"created\":1,\"command\":[]," REST ",\"stopSignal\":15}"

static void state_files__forged_record(void **state)
{
	static const struct forged rows[] = {
		{"", ""},
		{"   \n", ""},
		{"null", ""},
		{"[]", ""},
		{"{}", "/version"},
		{"{\"version\":2,\"id\":\"@ID@\"}", "/version"},
		{"{\"version\":\"1\",\"id\":\"@ID@\"}", "/version"},
		{"{\"version\":-1,\"id\":\"@ID@\"}", "/version"},
		{"{\"version\":1}", "/id"},
		{"{\"version\":1,\"id\":null}", "/id"},
		{"{\"version\":1,\"id\":\"../../etc\"}", "/id"},
		{"{\"version\":1,\"id\":\"@ID@\\u0000\"}", "/id"},
		{"{\"version\":1,\"id\":"
		 "\"0000000000000000000000000000000000000000000000000000000000000000\"}",
		 "/id"},
		{FINE_RECORD "x", ""},
		{FINE_RECORD FINE_RECORD, ""},
		{HEAD "\"rootlet\":1}", "/rootlet"},
		{HEAD "\"rootlet\":\"0\",\"created\":\"1\"}", "/created"},
		{HEAD "\"rootlet\":\"0\",\"created\":-1}", "/created"},
		{HEAD "\"rootlet\":\"0\",\"created\":1.5}", "/created"},
		{HEAD "\"rootlet\":\"0\",\"created\":99999999999999999999}", "/created"},
		{HEAD "\"rootlet\":\"0\",\"created\":1,\"command\":{}," REST ",\"stopSignal\":15}",
		 "/command"},
		{HEAD "\"rootlet\":\"0\",\"created\":1,\"command\":[\"a\",1]," REST
		      ",\"stopSignal\":15}",
		 "/command/1"},
		{HEAD "\"rootlet\":\"0\",\"created\":1,\"command\":[\"a\\u0000b\"]," REST
		      ",\"stopSignal\":15}",
		 "/command/0"},
		{HEAD "\"rootlet\":\"0\",\"created\":1,\"command\":[]," REST ",\"stopSignal\":0}",
		 "/stopSignal"},
		{HEAD "\"rootlet\":\"0\",\"created\":1,\"command\":[]," REST ",\"stopSignal\":65}",
		 "/stopSignal"},
		{HEAD "\"rootlet\":\"0\",\"created\":1,\"command\":[]," REST "}", "/stopSignal"},
		{"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", ""},
	};
	struct box *box = *state;
	struct state_container *c = box_make(box, "fine"), *found = NULL;
	char *text = with_id(FINE_RECORD, c->id);

	/* The rows fail for what they say, not for the rest of the text. */
	box_write(c->folder, "container.json", text, strlen(text) + 1);
	expect_corrupt(box, c, "container.json", ""); /* a zero byte */
	box_write(c->folder, "container.json", text, strlen(text));
	box_ok(box, state_find(&box->store, "fine", 0, &found, &box->err));
	free(text);
	box_ok(box, state_remove(found, &box->err));
	state_free(found);
	state_free(c);
	try_each(box, "container.json", rows, sizeof(rows) / sizeof(rows[0]));
}

#define SPACES(user)                                                                               \
	"\"namespaces\":{\"user\":" user ",\"pid\":1,\"mnt\":1,\"uts\":1,\"ipc\":1,\"net\":1,"     \
	"\"cgroup\":1,\"time\":1}"
#define BOOTED(pid, start, user, inode, boot, monitor, cgroup)                                     \
	HEAD "\"pid\":" pid ",\"startTime\":" start                                                \
	     "," SPACES(user) ",\"pidfdInode\":" inode ",\"boot\":" boot ",\"monitor\":" monitor   \
			      ",\"monitorStartTime\":0,\"started\":0,\"cgroup\":" cgroup "}"
#define PROCESS(pid, start, user, monitor, cgroup)                                                 \
	BOOTED(pid, start, user, "0", "null", monitor, cgroup)

static void state_files__forged_process(void **state)
{
	static const struct forged rows[] = {
		{"", ""},
		{HEAD "\"pid\":null}", "/pid"},
		{PROCESS("0", "1", "1", "0", "null"), "/pid"},
		{PROCESS("1", "1", "1", "0", "null"), "/pid"},
		{PROCESS("-1", "1", "1", "0", "null"), "/pid"},
		{PROCESS("4194305", "1", "1", "0", "null"), "/pid"},
		{PROCESS("18446744073709551615", "1", "1", "0", "null"), "/pid"},
		{PROCESS("\"12\"", "1", "1", "0", "null"), "/pid"},
		{PROCESS("12", "0", "1", "0", "null"), "/startTime"},
		{PROCESS("12", "true", "1", "0", "null"), "/startTime"},
		{PROCESS("12", "1", "-1", "0", "null"), "/namespaces/user"},
		{PROCESS("12", "1", "null", "0", "null"), "/namespaces/user"},
		{BOOTED("12", "1", "1", "-1", "null", "0", "null"), "/pidfdInode"},
		{BOOTED("12", "1", "1", "0", "\"short\"", "0", "null"), "/boot"},
		{BOOTED("12", "1", "1", "0", "7", "0", "null"), "/boot"},
		{PROCESS("12", "1", "1", "1", "null"), "/monitor"},
		{PROCESS("12", "1", "1", "-1", "null"), "/monitor"},
		{PROCESS("12", "1", "1", "0", "1"), "/cgroup"},
		{PROCESS("12", "1", "1", "0", "\"\""), "/cgroup"},
		{PROCESS("12", "1", "1", "0", "\"cg\""), "/cgroup"},
		{PROCESS("12", "1", "1", "0", "\"/a/../b\""), "/cgroup"},
		{HEAD "\"pid\":12,\"startTime\":1,\"namespaces\":[]}", "/namespaces"},
		{"{\"version\":1,\"id\":\"web\"}", "/id"},
	};
	struct box *box = *state;
	struct state_container *c = box_make(box, "fine"), *found = NULL;
	char *text = with_id(PROCESS("4194303", "1", "1", "0", "\"/c\""), c->id);

	box_write(c->folder, "process.json", text, strlen(text));
	box_ok(box, state_find(&box->store, "fine", 0, &found, &box->err));
	assert_true(found->has_process && found->lost);
	assert_string_equal(found->process.cgroup, "/c");
	free(text);
	box_ok(box, state_remove(found, &box->err));
	state_free(found);
	state_free(c);
	try_each(box, "process.json", rows, sizeof(rows) / sizeof(rows[0]));
}

static void state_files__forged_exit(void **state)
{
	static const struct forged rows[] = {
		{"", ""},
		{"{\"version\":1}", "/status"},
		{"{\"version\":1,\"status\":256,\"signal\":0,\"finished\":1,\"timeout\":false}",
		 "/status"},
		{"{\"version\":1,\"status\":-1,\"signal\":0,\"finished\":1,\"timeout\":false}",
		 "/status"},
		{"{\"version\":1,\"status\":1,\"signal\":65,\"finished\":1,\"timeout\":false}",
		 "/signal"},
		{"{\"version\":1,\"status\":1,\"signal\":0,\"finished\":\"\",\"timeout\":false}",
		 "/finished"},
		{"{\"version\":1,\"status\":1,\"signal\":0,\"finished\":1,\"timeout\":0}",
		 "/timeout"},
		{"{\"version\":1,\"status\":1,\"signal\":0,\"finished\":1}", "/timeout"},
		{"{\"version\":9,\"status\":1,\"signal\":0,\"finished\":1,\"timeout\":false}",
		 "/version"},
	};
	/* As the monitor writes it, a newline at the end or not. */
	static const char fine[] = "{\"version\":1,\"status\":137,\"signal\":9,"
				   "\"finished\":1700000000000000001,\"timeout\":true}\n";
	struct box *box = *state;
	struct state_container *c = box_make(box, "fine");

	for (size_t cut = 0; cut < 2; cut++) {
		box_write(c->folder, "exit.json", fine, sizeof(fine) - 1 - cut);
		box_ok(box, state_refresh(c, &box->err));
		assert_null(c->broken);
		assert_true(c->has_exit && c->exit.timed_out && !c->lost);
		assert_int_equal(c->status, STATE_EXITED);
		assert_int_equal(c->exit.status, 137);
		assert_int_equal(c->exit.signal, 9);
		assert_true(c->exit.finished == 1700000000000000001);
	}
	box_ok(box, state_remove(c, &box->err));
	state_free(c);
	try_each(box, "exit.json", rows, sizeof(rows) / sizeof(rows[0]));
}

static void read_back(struct state_container *c, const char *file, char *text, size_t size,
		      size_t *ret_len)
{
	int fd = openat(c->folder, file, O_RDONLY);
	ssize_t n = read(fd, text, size);

	assert_true(n > 0 && (size_t)n < size);
	*ret_len = (size_t)n;
	close(fd);
}

/* The genuine files, cut at every byte. */
static void state_files__truncated_anywhere(void **state)
{
	static const char *const files[] = {"container.json", "process.json", "exit.json"};
	struct box *box = *state;
	struct state_container *c = box_make(box, "web");
	struct state_process process = {.pid = 4194303, .start_time = 5, .cgroup = "/x"};
	struct state_exit end = {.status = 3};
	char text[4096];
	size_t len;

	box_ok(box, state_write_process(c, &process, &box->err));
	box_ok(box, state_write_exit(c, &end, &box->err));
	box_ok(box, state_refresh(c, &box->err));
	assert_null(c->broken);
	for (size_t i = 0; i < 3; i++) {
		read_back(c, files[i], text, sizeof(text), &len);
		for (size_t cut = 0; cut < len; cut++) {
			struct state_container *found = NULL;

			box_write(c->folder, files[i], text, cut);
			box_refused(box, state_find(&box->store, "web", 0, &found, &box->err),
				    "state-corrupt");
			assert_non_null(strstr(box->err.message, files[i]));
		}
		box_write(c->folder, files[i], text, len);
	}
	box_ok(box, state_refresh(c, &box->err));
	assert_null(c->broken);
	state_free(c);
}

/* What was broken for a moment is not broken for ever. */
static void state_files__refresh_sees_the_mending(void **state)
{
	struct box *box = *state;
	struct state_container *c = box_make(box, "web"), *found = NULL;
	char text[4096];
	size_t len;

	read_back(c, "container.json", text, sizeof(text), &len);
	box_write(c->folder, "container.json", "{}", 2);
	box_ok(box, state_find(&box->store, "web", STATE_FIND_BROKEN, &found, &box->err));
	box_ok(box, state_refresh(found, &box->err));
	assert_non_null(found->broken);
	box_write(c->folder, "container.json", text, len);
	box_ok(box, state_refresh(found, &box->err));
	assert_null(found->broken);
	assert_string_equal(found->record.root, "/root");
	state_free(found);
	state_free(c);
}

/* The bounds, from both sides: blanks at the end are no fault of their own. */
static void state_files__oversized(void **state)
{
	static const struct {
		const char *file;
		size_t limit;
	} rows[] = {
		{"container.json", 1 << 20}, {"process.json", 16 << 10}, {"exit.json", 16 << 10}};
	struct box *box = *state;
	struct state_container *c = box_make(box, "web"), *found = NULL;
	struct state_process process = {.pid = 4194303, .start_time = 5};
	struct state_exit end = {.status = 3};
	char *text = malloc((1 << 20) + 1);
	size_t len;

	assert_non_null(text);
	box_ok(box, state_write_process(c, &process, &box->err));
	box_ok(box, state_write_exit(c, &end, &box->err));
	for (size_t i = 0; i < 3; i++) {
		read_back(c, rows[i].file, text, 4096, &len);
		memset(text + len, ' ', rows[i].limit + 1 - len);
		box_write(c->folder, rows[i].file, text, rows[i].limit);
		box_ok(box, state_find(&box->store, "web", 0, &found, &box->err));
		state_free(found);
		box_write(c->folder, rows[i].file, text, rows[i].limit + 1);
		expect_corrupt(box, c, rows[i].file, "");
		box_write(c->folder, rows[i].file, text, len);
	}
	free(text);
	state_free(c);
}

/* A record that does not fit is refused when it is written, and nothing is left. */
static void state_files__a_record_that_is_too_long(void **state)
{
	struct box *box = *state;
	struct state_record record = box_record();
	struct state_container *c = NULL;
	char *text = malloc((1 << 20) + 1);
	const char *words[1] = {text};

	assert_non_null(text);
	memset(text, 'x', 1 << 20);
	text[1 << 20] = '\0';
	record.words = (struct state_strings){words, 1};
	box_refused(box, state_create(&box->store, &record, NULL, &c, &box->err), "state-dir");
	assert_non_null(strstr(box->err.message, "longer than 1048576 bytes"));
	box_expect(box, 0, 0, 0);
	text[900 << 10] = '\0';
	box_ok(box, state_create(&box->store, &record, "web", &c, &box->err));
	box_ok(box, state_publish(c, &box->err));
	state_free(c);
	box_ok(box, state_find(&box->store, "web", 0, &c, &box->err));
	assert_int_equal(strlen(c->record.words.items[0]), 900 << 10);
	state_free(c);
	free(text);
}

/* Something else in a file's place: a symlink to a perfectly good file, too. */
static void state_files__replaced(void **state)
{
	static const char *const kinds[] = {"symlink", "fifo", "directory", "missing"};
	static const char *const files[] = {"container.json", "process.json", "exit.json"};
	struct box *box = *state;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		for (size_t f = 0; f < 3; f++) {
			struct state_container *c = box_make(box, "web");

			if (!strcmp(kinds[i], "missing") && f) {
				clear_away(box, c); /* these need not be there */
				state_free(c);
				continue;
			}
			if (!f)
				renameat(c->folder, files[f], c->folder, "good");
			if (!strcmp(kinds[i], "symlink"))
				assert_int_equal(symlinkat("good", c->folder, files[f]), 0);
			if (!strcmp(kinds[i], "fifo"))
				assert_int_equal(mkfifoat(c->folder, files[f], 0600), 0);
			if (!strcmp(kinds[i], "directory"))
				assert_int_equal(mkdirat(c->folder, files[f], 0700), 0);
			expect_corrupt(box, c, files[f], "");
			clear_away(box, c);
			state_free(c);
		}
	}
}

static void state_files__bad_name(void **state)
{
	static const char *const bad[] = {"../x", "a b", "", NULL};
	struct box *box = *state;

	for (size_t i = 0; i < 4; i++) {
		struct state_container *c = box_make(box, "web");

		unlinkat(c->folder, "name", 0);
		unlinkat(box->store.names, "web", 0);
		if (bad[i] && *bad[i])
			assert_int_equal(symlinkat(bad[i], c->folder, "name"), 0);
		else if (bad[i])
			box_write(c->folder, "name", "web", 3);
		expect_corrupt(box, c, "name", "name");
		clear_away(box, c);
		state_free(c);
	}
}

/* In the place of a whole container. */
static void state_files__no_folder(void **state)
{
	struct box *box = *state;
	char name[STATE_ID_LENGTH + 1];
	struct state_container *c = NULL;
	struct state_list list;

	memset(name, 'a', STATE_ID_LENGTH);
	name[STATE_ID_LENGTH] = '\0';
	for (int i = 0; i < 2; i++) {
		if (i)
			box_write(box->store.containers, name, "", 0);
		else
			assert_int_equal(symlinkat(box->dir, box->store.containers, name), 0);
		box_refused(box, state_find(&box->store, name, 0, &c, &box->err), "state-corrupt");
		box_ok(box, state_list(&box->store, 0, &list, &box->err));
		assert_int_equal(list.count, 1);
		assert_non_null(list.items[0]->broken);
		state_list_release(&list);
		box_ok(box, state_find(&box->store, "aa", STATE_FIND_BROKEN, &c, &box->err));
		assert_true(state_lock(c, &box->err) < 0);
		box_ok(box, state_remove(c, &box->err));
		state_free(c);
		box_expect(box, 0, 0, 0);
		assert_int_equal(access(box->dir, F_OK), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOX_TEST(state_files__forged_record),
		BOX_TEST(state_files__forged_process),
		BOX_TEST(state_files__forged_exit),
		BOX_TEST(state_files__truncated_anywhere),
		BOX_TEST(state_files__refresh_sees_the_mending),
		BOX_TEST(state_files__oversized),
		BOX_TEST(state_files__a_record_that_is_too_long),
		BOX_TEST(state_files__replaced),
		BOX_TEST(state_files__bad_name),
		BOX_TEST(state_files__no_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
