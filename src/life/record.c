/* A container's record: the command line that makes it again, and back. The words are options as
 * they were applied, so that whatever a configuration file or a variable contributed is in them. */
#include "life/life.h"

#include "base/buffer.h"
#include "base/fd.h"
#include "base/hash.h"
#include "base/io.h"
#include "parse/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct words {
	struct arena *arena;
	const char **items;
	size_t count;
	bool nomem;
};

static void push(struct words *w, const char *word)
{
	if (!word || arena_grow(w->arena, &w->items, w->count, sizeof(*w->items)) < 0)
		w->nomem = true;
	else
		w->items[w->count++] = word;
}

static const struct option_row *row_of(const struct spec_word *word)
{
	return option_find(word->option, PARSE_RUN);
}

static bool is_profile(const struct spec_word *word)
{
	return strcmp(word->option, "security-opt") == 0 && word->value &&
	       strncmp(word->value, "seccomp=", 8) == 0 &&
	       strcmp(word->value + 8, "unconfined") != 0;
}

/* Variables are recorded by their values, below: the caller's may be others tomorrow. */
static bool is_environment(const struct spec_word *word)
{
	return strncmp(word->option, "env", 3) == 0;
}

static void push_options(struct words *w, const struct spec *spec)
{
	for (size_t i = 0; i < spec->word_count; i++) {
		const struct spec_word *word = &spec->words[i];
		const struct option_row *row = row_of(word);

		if (!row || row->once || is_environment(word))
			continue;
		if (is_profile(word))
			push(w, "--security-opt=seccomp=" LIFE_PROFILE);
		else if (word->value)
			push(w, arena_printf(w->arena, "--%s=%s", word->option, word->value));
		else
			push(w, arena_printf(w->arena, "--%s", word->option));
	}
}

static void push_environment(struct words *w, const struct spec *spec, const struct facts *facts)
{
	for (const char **e = facts->environ; spec->env_host && e && *e; e++)
		if (strchr(*e, '=') && **e != '=')
			push(w, arena_printf(w->arena, "--env=%s", *e));
	for (size_t i = 0; i < spec->env_count; i++) {
		const struct spec_env *e = &spec->env[i];
		const char *value = e->value ? e->value : facts_getenv(facts, e->name);

		if (value)
			push(w, arena_printf(w->arena, "--env=%s=%s", e->name, value));
	}
}

static void push_command(struct words *w, const struct spec *spec)
{
	push(w, "--");
	push(w, spec->root_path);
	for (size_t i = 0; i < spec->arg_count; i++)
		push(w, spec->args[i]);
}

/* Over the plan as it prints: enough to see that two containers had the same. */
static const char *digest(struct arena *arena, const struct plan *plan)
{
	AUTO_BUFFER text = {0};

	if (plan_print_json(plan, &text) < 0 || buffer_failed(&text))
		return NULL;
	return arena_printf(arena, "fnv1a:%016llx",
			    (unsigned long long)fnv1a(FNV1A_START, text.data, text.len));
}

int life_record(struct arena *arena, const struct spec *spec, const struct facts *facts,
		const struct plan *plan, struct state_record *ret, struct rootlet_error *err)
{
	const struct step *exec = &plan->steps[plan->count - 1];
	struct words words = {.arena = arena}, command = {.arena = arena};

	push_options(&words, spec);
	push_environment(&words, spec, facts);
	push_command(&words, spec);
	for (const char *const *arg = exec->a.exec.argv; *arg; arg++)
		push(&command, *arg);
	*ret = (struct state_record){
		.cwd = facts->cwd,
		.words = {words.items, words.count},
		.root = spec->root_path,
		.command = {command.items, command.count},
		.plan_digest = digest(arena, plan),
		.notes = {plan->notes, plan->note_count},
		.tty = spec->tty,
		.interactive = spec->interactive,
		.detached = spec->detach,
		.remove = spec->remove || (!spec->detach && !spec->name),
		.stop_signal = plan->stop_signal ? plan->stop_signal : SIGTERM,
	};
	if (words.nomem || command.nomem || !ret->plan_digest)
		return error_nomem(err);
	return 0;
}

int life_keep_profile(const struct state_container *container, const struct facts *facts,
		      struct rootlet_error *err)
{
	AUTO_FD fd = -1;
	int r;

	if (!facts->profile_text)
		return 0;
	fd = openat(container->folder, LIFE_PROFILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	r = fd < 0 ? -errno : io_write_all(fd, facts->profile_text, strlen(facts->profile_text));
	if (r < 0)
		return error_set(err, r, "state-write", LIFE_PROFILE,
				 "keep the seccomp profile beside the container's state: %s",
				 error_text(r));
	return 0;
}

/* The profile's recorded name is relative to the container's folder. */
static int place_profile(const struct state_container *c, struct spec *spec,
			 struct rootlet_error *err)
{
	if (spec->seccomp != SECCOMP_FILE)
		return 0;
	spec->seccomp_path = arena_printf(&spec->arena, "/proc/%d/fd/%d/%s", (int)getpid(),
					  c->folder, LIFE_PROFILE);
	return spec->seccomp_path ? 0 : error_nomem(err);
}

int life_spec(const struct state_container *c, struct spec **ret, struct rootlet_error *err)
{
	const struct state_strings *words = &c->record.words;
	struct spec *spec = spec_new(SPEC_RUN);
	int r;

	if (!spec)
		return error_nomem(err);
	r = parse_command_line(spec, PARSE_RUN, (int)words->count, words->items, err);
	if (r == 0)
		r = place_profile(c, spec, err);
	if (r < 0) {
		spec_free(spec);
		return r;
	}
	*ret = spec;
	return 0;
}

/* What was asked for the container's own command and its own start alone. */
static void forget_run(struct spec *spec)
{
	spec->kind = SPEC_EXEC;
	spec->args = NULL;
	spec->arg_count = 0;
	spec->entrypoint = spec->argv0 = NULL;
	spec->init = NO;
	spec->tty = spec->interactive = spec->detach = spec->remove = false;
	spec->detach_keys = NULL;
	spec->timeout_seconds = 0;
	spec->preserve_fds = 0;
}

int life_exec_spec(const struct state_container *c, int argc, const char *const *line,
		   struct spec **ret, struct rootlet_error *err)
{
	struct spec *spec = NULL;
	int r = life_spec(c, &spec, err);

	if (r < 0)
		return r;
	forget_run(spec);
	r = parse_command_line(spec, PARSE_EXEC, argc, line, err);
	if (r == 0)
		r = spec_validate(spec, err);
	if (r < 0) {
		spec_free(spec);
		return r;
	}
	*ret = spec;
	return 0;
}
