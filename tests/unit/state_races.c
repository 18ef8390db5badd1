/* The store under many hands: several processes at once, and what killed ones leave. */
#include "state_box.h"

/* ---- several at once ---- */

typedef int racer(struct box *box, int number);

/* Runs it in `count` processes that start together; returns how many returned 0. The others must
 * fail with `id`. */
static int race(struct box *box, int count, racer *run, const char *id)
{
	int gate[2], won = 0;
	char byte;

	assert_int_equal(pipe(gate), 0);
	for (int i = 0; i < count; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid)
			continue;
		close(gate[1]);
		if (read(gate[0], &byte, 1) != 0)
			_exit(9);
		if (run(box, i) == 0)
			_exit(0);
		_exit(strcmp(box->err.id, id) == 0 ? 1 : 2);
	}
	close(gate[0]);
	close(gate[1]);
	for (int i = 0, status; i < count; i++) {
		assert_true(wait(&status) > 0);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
		won += WEXITSTATUS(status) == 0;
	}
	return won;
}

static int create_web(struct box *box, int number)
{
	struct state_record record = box_record();
	struct state_container *c = NULL;
	int r = state_create(&box->store, &record, "web", &c, &box->err);

	if (!r)
		r = state_publish(c, &box->err);
	state_free(c);
	return r;
}

static void state_store__one_of_many_gets_a_name(void **state)
{
	struct box *box = *state;

	for (int round = 0; round < 20; round++) {
		struct state_container *c = NULL;

		assert_int_equal(race(box, 8, create_web, "name-in-use"), 1);
		box_expect(box, 1, 1, 0);
		box_ok(box, state_find(&box->store, "web", 0, &c, &box->err));
		box_ok(box, state_remove(c, &box->err));
		state_free(c);
		box_expect(box, 0, 0, 0);
	}
}

static int remove_web(struct box *box, int number)
{
	struct state_container *c = NULL;
	int r = state_find(&box->store, "web", 0, &c, &box->err);

	if (!r)
		r = state_remove(c, &box->err);
	state_free(c);
	return r;
}

static void state_store__one_of_many_removes(void **state)
{
	struct box *box = *state;

	for (int round = 0; round < 20; round++) {
		state_free(box_make(box, "web"));
		assert_int_equal(race(box, 6, remove_web, "no-such-container"), 1);
		box_expect(box, 0, 0, 0);
	}
}

static int create_and_remove(struct box *box, int number)
{
	struct state_record record = box_record();
	int r = 0;

	for (int i = 0; i < 20 && !r; i++) {
		struct state_container *c = NULL;

		r = state_create(&box->store, &record, NULL, &c, &box->err);
		if (!r && i % 2)
			r = state_publish(c, &box->err);
		if (!r && i % 2)
			r = state_remove(c, &box->err);
		state_free(c);
	}
	return r;
}

/* Every one of them sweeps pending/ while the others work there. */
static void state_store__sweeps_spare_the_living(void **state)
{
	struct box *box = *state;

	assert_int_equal(race(box, 8, create_and_remove, ""), 8);
	box_expect(box, 0, 0, 0);
}

/* ---- what killed rootlets leave ---- */

static void state_store__sweep_clears_a_killed_start(void **state)
{
	struct box *box = *state;
	struct state_record record = box_record();
	struct state_container *mine = NULL, *c = NULL;
	size_t swept = 9;
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (state_create(&box->store, &record, "web", &c, &box->err) == 0)
			kill(getpid(), SIGKILL);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	box_expect(box, 0, 1, 1);
	box_ok(box, state_create(&box->store, &record, "web", &mine, &box->err));
	box_expect(box, 0, 1, 1); /* create swept, and took the name */
	box_ok(box, state_sweep(&box->store, &swept, &box->err));
	assert_int_equal(swept, 0); /* ours is locked */
	box_expect(box, 0, 1, 1);
	box_ok(box, state_publish(mine, &box->err));
	box_ok(box, state_find(&box->store, "web", 0, &c, &box->err));
	state_free(c);
	state_free(mine);
}

static void state_store__sweep_finishes_a_killed_removal(void **state)
{
	struct box *box = *state;
	struct state_container *c = box_make(box, "web");
	size_t swept = 0;

	assert_int_equal(renameat(box->store.containers, c->id, box->store.pending, c->id), 0);
	box_write(box->store.pending, "stray", "x", 1);
	box_ok(box, state_sweep(&box->store, &swept, &box->err));
	assert_int_equal(swept, 2);
	box_expect(box, 0, 0, 0);
	state_free(c);
}

static void state_store__killed_rename_leaves_no_second_name(void **state)
{
	struct box *box = *state;
	struct state_container *web = box_make(box, "web"), *c = NULL, *other;

	assert_int_equal(symlinkat(web->id, box->store.names, "db"), 0);
	assert_int_equal(symlinkat("nonsense", box->store.names, "odd"), 0);
	box_refused(box, state_find(&box->store, "db", 0, &c, &box->err), "no-such-container");
	box_refused(box, state_find(&box->store, "odd", 0, &c, &box->err), "no-such-container");
	other = box_make(box, "db"); /* takes the leftover over */
	box_ok(box, state_find(&box->store, "db", 0, &c, &box->err));
	assert_string_equal(c->id, other->id);
	state_free(c);
	box_expect(box, 2, 3, 0);
	box_ok(box, state_sweep_names(&box->store, &box->err));
	box_expect(box, 2, 2, 0);
	box_ok(box, state_remove(web, &box->err));
	box_expect(box, 1, 1, 0);
	state_free(web);
	state_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOX_TEST(state_store__one_of_many_gets_a_name),
		BOX_TEST(state_store__one_of_many_removes),
		BOX_TEST(state_store__sweeps_spare_the_living),
		BOX_TEST(state_store__sweep_clears_a_killed_start),
		BOX_TEST(state_store__sweep_finishes_a_killed_removal),
		BOX_TEST(state_store__killed_rename_leaves_no_second_name),
	};

	umask(022);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
