/* A container's record is a command line that makes the same container; a further command's spec is
 * that container's, with its own line over it; and the plan of one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

#include "life/life.h"
#include "parse/parse.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static struct facts *load_facts(void)
{
	struct facts *facts;

	assert_int_equal(facts_load(SOURCE_ROOT "/tests/golden/facts/debian12.json", &facts, NULL),
			 0);
	return facts;
}

static struct spec *parse_run(int argc, const char *const *argv)
{
	struct spec *spec = spec_new(SPEC_RUN);

	assert_int_equal(parse_command_line(spec, PARSE_RUN, argc, argv, NULL), 0);
	assert_int_equal(spec_validate(spec, NULL), 0);
	return spec;
}

/* A container as state_find would give it, from a command line. */
struct kept {
	struct facts *facts;
	struct spec *spec;
	struct plan *plan;
	struct arena arena;
	struct state_container container;
};

static void keep(struct kept *k, int argc, const char *const *argv)
{
	memset(k, 0, sizeof(*k));
	arena_init(&k->arena);
	k->facts = load_facts();
	k->spec = parse_run(argc, argv);
	assert_int_equal(plan_make(k->spec, k->facts, &k->plan, NULL), 0);
	assert_int_equal(
		life_record(&k->arena, k->spec, k->facts, k->plan, &k->container.record, NULL), 0);
	k->container.folder = -1;
}

static void forget(struct kept *k)
{
	plan_free(k->plan);
	spec_free(k->spec);
	facts_free(k->facts);
	arena_release(&k->arena);
}

static bool has_word(const struct state_record *r, const char *word)
{
	for (size_t i = 0; i < r->words.count; i++)
		if (strcmp(r->words.items[i], word) == 0)
			return true;
	return false;
}

static void record__is_the_command_line_again(void **state)
{
	static const char *const argv[] = {"-v",
					   "./src:/src:ro",
					   "--cap-add",
					   "SYS_TIME",
					   "-d",
					   "--name",
					   "red",
					   "-e",
					   "PLAIN=1",
					   "-e",
					   "TERM",
					   "-t",
					   "--rm",
					   "./root",
					   "sh",
					   "-c",
					   "echo \"two words\""};
	static const char *const words[] = {
		"--volume=./src:/src:ro", "--cap-add=SYS_TIME",	      "--tty", "--rm",
		"--env=PLAIN=1",	  "--env=TERM=xterm-256color"};
	struct spec *again;
	struct kept k;

	keep(&k, LENGTH(argv), argv);
	for (size_t i = 0; i < LENGTH(words); i++)
		assert_true(has_word(&k.container.record, words[i]));
	assert_false(has_word(&k.container.record, "--name=red"));
	assert_false(has_word(&k.container.record, "--detach"));
	assert_true(k.container.record.remove);
	assert_int_equal(k.container.record.stop_signal, SIGTERM);

	assert_int_equal(life_spec(&k.container, &again, NULL), 0);
	assert_string_equal(again->root_path, "./root");
	assert_int_equal(again->arg_count, 3);
	assert_string_equal(again->args[2], "echo \"two words\"");
	assert_int_equal(again->mount_count, 1);
	assert_true(again->tty);
	assert_null(again->name);
	assert_int_equal(again->cap_add, k.spec->cap_add);
	spec_free(again);
	forget(&k);
}

/* An empty value in a configuration file takes back what came before; so does the record. */
static void record__forgets_what_was_cleared(void **state)
{
	static const char text[] = "volume=/a\nenv=A=1\ncap-add=SYS_TIME\nvolume=\nvolume=/b\n";
	const char *const root[] = {"/", "true"};
	struct state_record r;
	struct kept k;

	keep(&k, 2, root);
	assert_int_equal(parse_config(k.spec, PARSE_RUN, text, "rootlet.conf", NULL), 0);
	assert_int_equal(life_record(&k.arena, k.spec, k.facts, k.plan, &r, NULL), 0);
	assert_false(has_word(&r, "--volume=/a"));
	assert_true(has_word(&r, "--volume=/b"));
	assert_true(has_word(&r, "--env=A=1"));
	assert_true(has_word(&r, "--cap-add=SYS_TIME"));
	forget(&k);
}

static void record__names_the_copy_of_a_profile(void **state)
{
	static const char *const argv[] = {"--security-opt", "seccomp=unconfined", "/", "true"};
	struct kept k;

	keep(&k, LENGTH(argv), argv);
	assert_true(has_word(&k.container.record, "--security-opt=seccomp=unconfined"));
	k.spec->words[0].value = "seccomp=./mine.json";
	assert_int_equal(life_record(&k.arena, k.spec, k.facts, k.plan, &k.container.record, NULL),
			 0);
	assert_true(has_word(&k.container.record, "--security-opt=seccomp=seccomp.json"));
	forget(&k);
}

/* ---- exec ---- */

static void add_container(struct facts *facts, const char *name)
{
	static struct id_extent one[] = {{0, 1000, 1}, {1, 100000, 65536}};
	static struct facts_container c;

	c = (struct facts_container){
		.name = name, .pid = 4711, .uid_map = {one, 2}, .gid_map = {one, 2}};
	for (int t = 0; t < NS_COUNT; t++) {
		facts->own_namespaces[t] = 1000u + (unsigned)t;
		c.namespaces[t] =
			t == NS_NET || t == NS_TIME ? 1000u + (unsigned)t : 2000u + (unsigned)t;
	}
	facts->containers = &c;
	facts->container_count = 1;
	facts->pidfd_setns = ANSWER_YES;
}

static struct plan *plan_exec(struct kept *k, int argc, const char *const *line)
{
	struct spec *spec;
	struct plan *plan;

	assert_int_equal(life_exec_spec(&k->container, argc, line, &spec, NULL), 0);
	add_container(k->facts, spec->container);
	assert_int_equal(plan_make(spec, k->facts, &plan, NULL), 0);
	assert_int_equal(plan_verify(plan, NULL), 0);
	spec_free(spec);
	return plan;
}

static const struct step *step_of(const struct plan *plan, enum plan_op op)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->steps[i].op == op)
			return &plan->steps[i];
	return NULL;
}

static void exec__enters_what_is_not_shared_in_one_call(void **state)
{
	static const char *const argv[] = {"--network", "host", "/srv/debian", "sleep", "9"};
	static const char *const line[] = {"red", "id", "-u"};
	uint64_t want = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC |
			CLONE_NEWCGROUP;
	const struct step *join, *hide, *clone;
	struct plan *plan;
	struct kept k;

	keep(&k, LENGTH(argv), argv);
	plan = plan_exec(&k, LENGTH(line), line);
	join = step_of(plan, OP_JOIN_CONTAINER);
	hide = step_of(plan, OP_UNDUMPABLE);
	clone = step_of(plan, OP_CLONE);
	assert_non_null(join);
	assert_non_null(hide);
	assert_int_equal(join->a.container.flags, want);
	assert_int_equal(join->a.container.pid, 4711);
	assert_true(join < hide && hide < clone);
	assert_int_equal(clone->a.clone.flags, 0);
	assert_null(step_of(plan, OP_OPEN_PATH));
	assert_null(step_of(plan, OP_EXEC_INIT));
	assert_string_equal(step_of(plan, OP_EXEC)->a.exec.argv[1], "-u");
	plan_free(plan);

	k.facts->pidfd_setns = ANSWER_NO;
	plan = NULL;
	forget(&k);
}

static void exec__is_sealed_as_its_run_was(void **state)
{
	static const char *const argv[] = {
		"--cap-drop", "ALL", "--cap-add", "CHOWN", "-u", "33:33", "--ulimit",	 "nofile=7",
		"--umask",    "077", "-w",	  "/srv",  "-e", "A=1",	  "/srv/debian", "true"};
	static const char *const line[] = {"-e", "A=2", "red", "true"};
	static const enum plan_op same[] = {OP_BOUNDING_SET, OP_SET_USER, OP_CAPABILITIES,
					    OP_NO_NEW_PRIVS, OP_SECCOMP,  OP_UMASK,
					    OP_RLIMIT,	     OP_WORKDIR};
	struct plan *plan;
	struct kept k;
	bool found = false;

	keep(&k, LENGTH(argv), argv);
	plan = plan_exec(&k, LENGTH(line), line);
	for (size_t i = 0; i < LENGTH(same); i++) {
		const struct step *run = step_of(k.plan, same[i]), *exec = step_of(plan, same[i]);

		assert_non_null(run);
		assert_non_null(exec);
		assert_string_equal(run->subject, exec->subject);
	}
	assert_int_equal(step_of(plan, OP_BOUNDING_SET)->a.capabilities,
			 step_of(k.plan, OP_BOUNDING_SET)->a.capabilities);
	assert_int_equal(step_of(plan, OP_SECCOMP)->a.filter.length,
			 step_of(k.plan, OP_SECCOMP)->a.filter.length);
	for (const char *const *e = step_of(plan, OP_EXEC)->a.exec.envp; *e; e++)
		found |= strcmp(*e, "A=2") == 0;
	assert_true(found);
	plan_free(plan);
	forget(&k);
}

static void exec__refuses_a_user_that_the_container_has_not(void **state)
{
	static const char *const argv[] = {"/srv/debian", "true"};
	static const char *const line[] = {"-u", "70000", "red", "true"};
	struct rootlet_error err = {0};
	struct spec *spec;
	struct plan *plan;
	struct kept k;

	keep(&k, LENGTH(argv), argv);
	assert_int_equal(life_exec_spec(&k.container, LENGTH(line), line, &spec, NULL), 0);
	add_container(k.facts, "red");
	assert_int_equal(plan_make(spec, k.facts, &plan, &err), -EINVAL);
	assert_string_equal(err.id, "user-unmapped");
	spec_free(spec);
	forget(&k);
}

/* ---- sharing ---- */

static void share__one_namespace_brings_the_user_namespace(void **state)
{
	static const char *const argv[] = {"--uts", "container:red", "/srv/debian", "true"};
	struct facts *facts = load_facts();
	struct spec *spec = parse_run(LENGTH(argv), argv);
	struct rootlet_error err = {0};
	struct plan *plan;
	int joined = 0;

	assert_int_equal(plan_make(spec, facts, &plan, &err), -ESRCH);
	assert_string_equal(err.id, "no-such-container");
	add_container(facts, "red");
	assert_int_equal(plan_make(spec, facts, &plan, &err), 0);
	assert_int_equal(plan_verify(plan, &err), 0);
	for (size_t i = 0; i < plan->count; i++) {
		const struct step *s = &plan->steps[i];

		if (s->op != OP_JOIN_NAMESPACE)
			continue;
		assert_int_equal(s->a.ns.type, joined == 0 ? NS_USER : NS_UTS);
		assert_int_equal(s->a.ns.inode, 2000 + s->a.ns.type);
		joined++;
	}
	assert_int_equal(joined, 2);
	assert_null(step_of(plan, OP_HELPER_MAP));
	plan_free(plan);
	spec_free(spec);
	facts_free(facts);
}

static void share__another_user_namespace_is_refused(void **state)
{
	static const char *const lines[][6] = {
		{"--uts", "container:red", "--userns", "single", "/", "true"},
		{"--uts", "container:red", "--uidmap", "0:0:1", "/", "true"},
	};

	for (size_t i = 0; i < LENGTH(lines); i++) {
		struct spec *spec = spec_new(SPEC_RUN);
		struct rootlet_error err = {0};

		assert_int_equal(parse_command_line(spec, PARSE_RUN, 6, lines[i], NULL), 0);
		assert_int_equal(spec_validate(spec, &err), -EINVAL);
		assert_string_equal(err.id, "join-other-userns");
		spec_free(spec);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(record__is_the_command_line_again),
		cmocka_unit_test(record__forgets_what_was_cleared),
		cmocka_unit_test(record__names_the_copy_of_a_profile),
		cmocka_unit_test(exec__enters_what_is_not_shared_in_one_call),
		cmocka_unit_test(exec__is_sealed_as_its_run_was),
		cmocka_unit_test(exec__refuses_a_user_that_the_container_has_not),
		cmocka_unit_test(share__one_namespace_brings_the_user_namespace),
		cmocka_unit_test(share__another_user_namespace_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
