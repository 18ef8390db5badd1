/* process: of a config.json, and of exec's process.json. Capabilities are oci_capabilities.c's. */
#include "parse/oci_read.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/resource.h>

static int absolute_text(struct oci_context *c, const struct json *value, const char **ret)
{
	const char *path;
	int r = reader_string(&c->r, value, &path);

	if (r < 0)
		return r;
	if (path[0] != '/')
		return reader_fail(&c->r, value, "oci-path", "\"%.200s\" is not absolute", path);
	*ret = path;
	return 0;
}

static int read_cwd(struct oci_context *c, const struct json *value, void *target)
{
	return absolute_text(c, value, &c->spec->cwd);
}

static int read_args(struct oci_context *c, const struct json *value, void *target)
{
	const char *const *args;
	size_t count;
	int r = oci_texts(c, value, &args, &count);

	if (r < 0)
		return r;
	if (!count)
		return reader_fail(&c->r, value, "oci-args", "holds no command");
	/* the spec's lists are made by adding, and so not const */
	c->spec->args = (const char **)args;
	c->spec->arg_count = count;
	return 0;
}

static int read_variable(struct oci_context *c, const struct json *value, void *target)
{
	struct spec *spec = c->spec;
	const char *text, *equals, *name;
	int r = reader_string(&c->r, value, &text);

	if (r < 0)
		return r;
	equals = strchr(text, '=');
	if (!equals || equals == text)
		return reader_fail(&c->r, value, "oci-env", "\"%.100s\" is not NAME=VALUE", text);
	name = arena_strndup(c->a, text, (size_t)(equals - text));
	if (!name || arena_grow(c->a, &spec->env, spec->env_count, sizeof(*spec->env)) < 0)
		return error_nomem(c->r.err);
	spec->env[spec->env_count++] = (struct spec_env){name, equals + 1};
	return 0;
}

static int read_env(struct oci_context *c, const struct json *value, void *target)
{
	return oci_each(c, value, read_variable, NULL);
}

/* ---- user ---- */

static int read_group(struct oci_context *c, const struct json *value, void *target)
{
	struct spec_oci *oci = c->oci;
	int64_t gid;
	int r = reader_signed(&c->r, value, 0, UINT32_MAX - 1, &gid);

	if (r < 0)
		return r;
	if (arena_grow(c->a, &oci->additional_gids, oci->additional_gid_count,
		       sizeof(*oci->additional_gids)) < 0)
		return error_nomem(c->r.err);
	oci->additional_gids[oci->additional_gid_count++] = (uint32_t)gid;
	return 0;
}

static int read_groups(struct oci_context *c, const struct json *value, void *target)
{
	return oci_each(c, value, read_group, NULL);
}

static const struct oci_field user_fields[] = {
	OCI_NUMBER("uid", struct spec_oci, uid, 0, UINT32_MAX - 1),
	OCI_NUMBER("gid", struct spec_oci, gid, 0, UINT32_MAX - 1),
	{.key = "umask",
	 .type = FIELD_NUMBER,
	 .in_spec = true,
	 OCI_AT(struct spec, umask),
	 .max = 0777},
	OCI_CALL("additionalGids", read_groups),
	{.key = NULL},
};

/* ---- terminal ---- */

struct box {
	uint64_t height, width;
};

/* Without a terminal it is passed over, whatever it says; with one it is what ioctl_tty(2) takes.
 */
static int read_console_size(struct oci_context *c, const struct json *value, void *target)
{
	static const struct oci_field fields[] = {
		OCI_UNSIGNED("height", struct box, height),
		OCI_UNSIGNED("width", struct box, width),
		{.key = NULL},
	};
	const struct json *terminal = reader_member(value->up, "terminal");
	struct box box = {0};
	int r = oci_read_fields(c, value, fields, &box);

	if (r < 0 || !terminal || terminal->kind != JSON_BOOL || !terminal->truth)
		return r;
	if (box.height > UINT16_MAX || box.width > UINT16_MAX)
		return reader_fail(&c->r, value, "json-value",
				   "a terminal has at most 65535 rows and columns");
	c->oci->console_rows = (uint16_t)box.height;
	c->oci->console_columns = (uint16_t)box.width;
	return 0;
}

/* ---- rlimits ---- */

static const struct oci_word rlimit_words[] = {
	{"RLIMIT_AS", RLIMIT_AS},
	{"RLIMIT_CORE", RLIMIT_CORE},
	{"RLIMIT_CPU", RLIMIT_CPU},
	{"RLIMIT_DATA", RLIMIT_DATA},
	{"RLIMIT_FSIZE", RLIMIT_FSIZE},
	{"RLIMIT_LOCKS", RLIMIT_LOCKS},
	{"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
	{"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
	{"RLIMIT_NICE", RLIMIT_NICE},
	{"RLIMIT_NOFILE", RLIMIT_NOFILE},
	{"RLIMIT_NPROC", RLIMIT_NPROC},
	{"RLIMIT_RSS", RLIMIT_RSS},
	{"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
	{"RLIMIT_RTTIME", RLIMIT_RTTIME},
	{"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
	{"RLIMIT_STACK", RLIMIT_STACK},
	OCI_WORDS_END,
};

/* "nofile": what the spec calls RLIMIT_NOFILE, as its option does. */
static const char *short_name(struct arena *a, const char *word)
{
	char *name = arena_strdup(a, word + strlen("RLIMIT_"));

	for (char *p = name; p && *p; p++)
		*p = (char)(*p | 0x20);
	return name;
}

static int read_rlimit_type(struct oci_context *c, const struct json *value, void *target)
{
	struct spec_rlimit *limit = target;
	uint64_t resource;
	int r = oci_word(c, value, "resource limit", rlimit_words, &resource);

	if (r < 0)
		return r;
	for (size_t i = 0; i < c->spec->rlimit_count; i++)
		if (c->spec->rlimits[i].resource == (int)resource)
			return reader_fail(&c->r, value, "oci-twice", "%s stands in the list twice",
					   value->string);
	limit->resource = (int)resource;
	limit->name = short_name(c->a, value->string);
	return limit->name ? 0 : error_nomem(c->r.err);
}

static int read_rlimit(struct oci_context *c, const struct json *value, void *target)
{
	static const struct oci_field fields[] = {
		OCI_MUST("type", read_rlimit_type),
		{.key = "soft",
		 .type = FIELD_UNSIGNED,
		 .required = true,
		 OCI_AT(struct spec_rlimit, soft)},
		{.key = "hard",
		 .type = FIELD_UNSIGNED,
		 .required = true,
		 OCI_AT(struct spec_rlimit, hard)},
		{.key = NULL},
	};
	struct spec *spec = c->spec;
	struct spec_rlimit limit = {0};
	int r = oci_read_fields(c, value, fields, &limit);

	if (r < 0)
		return r;
	if (limit.soft > limit.hard)
		return reader_fail(&c->r, value, "oci-rlimit",
				   "the soft limit is above the hard one");
	if (arena_grow(c->a, &spec->rlimits, spec->rlimit_count, sizeof(*spec->rlimits)) < 0)
		return error_nomem(c->r.err);
	spec->rlimits[spec->rlimit_count++] = limit;
	return 0;
}

static int read_rlimits(struct oci_context *c, const struct json *value, void *target)
{
	if (value->kind == JSON_LIST && value->count) { /* exec's, over the container's */
		c->spec->rlimits = NULL;
		c->spec->rlimit_count = 0;
	}
	return oci_each(c, value, read_rlimit, NULL);
}

/* ---- scheduling ---- */

static int read_policy(struct oci_context *c, const struct json *value, void *target)
{
	static const struct oci_word words[] = {
		{"SCHED_OTHER", SCHED_NORMAL},
		{"SCHED_FIFO", SCHED_FIFO},
		{"SCHED_RR", SCHED_RR},
		{"SCHED_BATCH", SCHED_BATCH},
		{"SCHED_IDLE", SCHED_IDLE},
		{"SCHED_ISO", 4},
		{"SCHED_DEADLINE", SCHED_DEADLINE},
		OCI_WORDS_END,
	};
	uint64_t policy;
	int r = oci_word(c, value, "scheduling policy", words, &policy);

	if (r < 0)
		return r;
	if (policy == 4)
		return reader_fail(&c->r, value, "oci-word",
				   "SCHED_ISO is reserved: no kernel of today has it");
	c->oci->scheduler.policy = (uint32_t)policy;
	return 0;
}

static int read_scheduler_flag(struct oci_context *c, const struct json *value, void *target)
{
	static const struct oci_word words[] = {
		{"SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK},
		{"SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM},
		{"SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN},
		{"SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY},
		{"SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS},
		{"SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN},
		{"SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX},
		OCI_WORDS_END,
	};
	uint64_t flag;
	int r = oci_word(c, value, "scheduling flag", words, &flag);

	if (!r)
		c->oci->scheduler.flags |= flag;
	return r;
}

static int read_scheduler_flags(struct oci_context *c, const struct json *value, void *target)
{
	return oci_each(c, value, read_scheduler_flag, NULL);
}

/* What sched_setattr(2) would pass over or refuse without saying why. */
static int check_scheduler(struct oci_context *c, const struct json *value)
{
	const struct oci_scheduler *s = &c->oci->scheduler;
	bool nice = s->policy == SCHED_NORMAL || s->policy == SCHED_BATCH;
	bool realtime = s->policy == SCHED_FIFO || s->policy == SCHED_RR;

	if (nice && (s->nice < -20 || s->nice > 19))
		return reader_fail(&c->r, reader_member(value, "nice"), "json-value",
				   "out of range: -20 to 19");
	if (s->priority && !realtime)
		return reader_fail(&c->r, reader_member(value, "priority"), "oci-scheduler",
				   "goes with SCHED_FIFO and SCHED_RR only");
	if ((s->runtime || s->deadline || s->period) && s->policy != SCHED_DEADLINE)
		return reader_fail(&c->r, value, "oci-scheduler",
				   "runtime, deadline and period go with SCHED_DEADLINE only");
	return 0;
}

static int read_scheduler(struct oci_context *c, const struct json *value, void *target)
{
	static const struct oci_field fields[] = {
		OCI_MUST("policy", read_policy),
		OCI_NUMBER("nice", struct oci_scheduler, nice, INT32_MIN, INT32_MAX),
		OCI_NUMBER("priority", struct oci_scheduler, priority, 0, 99),
		OCI_CALL("flags", read_scheduler_flags),
		OCI_UNSIGNED("runtime", struct oci_scheduler, runtime),
		OCI_UNSIGNED("deadline", struct oci_scheduler, deadline),
		OCI_UNSIGNED("period", struct oci_scheduler, period),
		{.key = NULL},
	};
	int r;

	c->oci->scheduler = (struct oci_scheduler){.given = true};
	r = oci_read_fields(c, value, fields, &c->oci->scheduler);
	return r < 0 ? r : check_scheduler(c, value);
}

struct io_priority {
	uint64_t class;
	uint32_t priority;
};

static int read_io_class(struct oci_context *c, const struct json *value, void *target)
{
	static const struct oci_word words[] = {
		{"IOPRIO_CLASS_RT", IOPRIO_CLASS_RT},
		{"IOPRIO_CLASS_BE", IOPRIO_CLASS_BE},
		{"IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE},
		OCI_WORDS_END,
	};

	return oci_word(c, value, "class of I/O priority", words, target);
}

static int read_io_priority(struct oci_context *c, const struct json *value, void *target)
{
	static const struct oci_field fields[] = {
		{.key = "class",
		 .type = FIELD_CALL,
		 .required = true,
		 .call = read_io_class,
		 OCI_AT(struct io_priority, class)},
		OCI_NUMBER("priority", struct io_priority, priority, 0, 7),
		{.key = NULL},
	};
	struct io_priority io = {0};
	int r = oci_read_fields(c, value, fields, &io);

	if (r < 0)
		return r;
	c->oci->has_io_priority = true;
	c->oci->io_priority = (uint16_t)IOPRIO_PRIO_VALUE(io.class, io.priority);
	return 0;
}

/* ---- the rest ---- */

static int read_no_new_privileges(struct oci_context *c, const struct json *value, void *target)
{
	int r = reader_want(&c->r, value, JSON_BOOL);

	if (!r)
		c->spec->no_new_privileges = value->truth ? YES : NO;
	return r;
}

static int read_oom_score(struct oci_context *c, const struct json *value, void *target)
{
	int64_t score;
	int r = reader_signed(&c->r, value, -1000, 1000, &score);

	if (r < 0)
		return r;
	c->oci->has_oom_score_adj = true;
	c->oci->oom_score_adj = (int32_t)score;
	return 0;
}

static const struct oci_field affinity_fields[] = {
	OCI_CALL_AT("initial", oci_cpu_list, struct spec_oci, exec_cpu_initial),
	OCI_CALL_AT("final", oci_cpu_list, struct spec_oci, exec_cpu_final),
	{.key = NULL},
};

static const struct oci_field process_fields[] = {
	{.key = "terminal", .type = FIELD_FLAG, .in_spec = true, OCI_AT(struct spec, tty)},
	OCI_CALL("consoleSize", read_console_size),
	OCI_INSIDE("user", user_fields),
	OCI_MUST("args", read_args),
	OCI_CALL("env", read_env),
	OCI_MUST("cwd", read_cwd),
	OCI_CALL("capabilities", oci_capability_sets),
	OCI_CALL("rlimits", read_rlimits),
	OCI_TEXT("apparmorProfile", struct spec_oci, apparmor_profile),
	OCI_TEXT("selinuxLabel", struct spec_oci, selinux_label),
	OCI_CALL("oomScoreAdj", read_oom_score),
	OCI_CALL("scheduler", read_scheduler),
	OCI_CALL("ioPriority", read_io_priority),
	OCI_CALL("noNewPrivileges", read_no_new_privileges),
	OCI_INSIDE("execCPUAffinity", affinity_fields),
	{.key = NULL},
};

int oci_process(struct oci_context *c, const struct json *value, void *target)
{
	struct spec *spec = c->spec;
	struct spec_oci *oci = c->oci;

	/* what a process.json that does not say it means to be empty, not the container's */
	spec->args = NULL;
	spec->arg_count = 0;
	spec->env = NULL;
	spec->env_count = 0;
	spec->cwd = NULL;
	spec->tty = false;
	oci->no_process = false;
	oci->console_rows = oci->console_columns = 0;
	oci->uid = oci->gid = 0;
	oci->additional_gids = NULL;
	oci->additional_gid_count = 0;
	return oci_read_fields(c, value, process_fields, oci);
}
