/* Options of the process itself: user, groups, working directory, entry point, init. */
#include "parse/parse.h"

#include "parse/values.h"

#include <errno.h>
#include <string.h>

/* Ids from 2^31 on are refused, as other runtimes do: what reads them as a signed number would see
 * a negative one. */
#define USER_ID_MAX 2147483647u

/* A number that is an id, or a name. An all-digit word is always an id, whatever passwd names. */
static const char *account_fault(const char *word, size_t len)
{
	uint32_t id;

	if (!len)
		return "is empty";
	if (strspn(word, "0123456789") >= len)
		return value_id(word, len, &id) && id <= USER_ID_MAX
			       ? NULL
			       : "is not a number from 0 to 2147483647";
	return value_account_name(word, len) ? NULL : "is no name";
}

int set_user(struct spec *spec, const char *value, const char *origin, struct rootlet_error *err)
{
	size_t len = strcspn(value, ":");
	const char *fault = account_fault(value, len);

	if (fault) {
		value_error(err, "user-form", origin, value, "the user %s", fault);
		if (strchr(value, '/'))
			error_hint(err,
				   "%s takes USER[:GROUP] here; a user namespace is always made",
				   origin);
		return -EINVAL;
	}
	if (value[len]) {
		fault = account_fault(value + len + 1, strlen(value + len + 1));
		if (fault)
			return value_error(err, "user-form", origin, value, "the group %s", fault);
	}
	return value_copy(&spec->arena, value, &spec->user, err);
}

int set_group_add(struct spec *spec, const char *value, const char *origin,
		  struct rootlet_error *err)
{
	const char *fault;

	if (strcmp(value, "keep-groups") == 0) {
		spec->keep_groups = true;
		return 0;
	}
	if (spec->kind == SPEC_UNSHARE)
		return value_error(err, "group-form", origin, value,
				   "unshare takes only keep-groups");
	fault = account_fault(value, strlen(value));
	if (fault)
		return value_error(err, "group-form", origin, value, "the group %s", fault);
	return list_add(&spec->arena, &spec->groups, value, err);
}

void clear_group_add(struct spec *spec)
{
	spec->keep_groups = false;
	spec->groups = (struct string_list){0};
}

int set_workdir(struct spec *spec, const char *value, const char *origin, struct rootlet_error *err)
{
	if (*value != '/') {
		value_error(err, "workdir", origin, value,
			    "the working directory inside is not absolute");
		if (*value == '.')
			error_hint(err,
				   "a directory as ROOT is writable without any option; %s is the "
				   "working "
				   "directory inside",
				   origin);
		return -EINVAL;
	}
	return value_copy(&spec->arena, value, &spec->cwd, err);
}

int set_entrypoint(struct spec *spec, const char *value, const char *origin,
		   struct rootlet_error *err)
{
	if (*value == '[') {
		value_error(err, "entrypoint", origin, value, "a list is not supported");
		error_hint(err, "give the first word here and the others behind ROOT");
		return -EINVAL;
	}
	if (!*value) { /* podman: none, whatever was set before */
		spec->entrypoint = NULL;
		return 0;
	}
	return value_copy(&spec->arena, value, &spec->entrypoint, err);
}

int set_argv0(struct spec *spec, const char *value, const char *origin, struct rootlet_error *err)
{
	return value_copy(&spec->arena, value, &spec->argv0, err);
}

static int set_init_to(struct spec *spec, bool sense, const char *value, const char *origin,
		       struct rootlet_error *err)
{
	bool on;
	int r = value_bool(value, origin, &on, err);

	if (!r)
		spec->init = on == sense ? YES : NO;
	return r;
}

int set_init(struct spec *spec, const char *value, const char *origin, struct rootlet_error *err)
{
	return set_init_to(spec, true, value, origin, err);
}

int set_no_init(struct spec *spec, const char *value, const char *origin, struct rootlet_error *err)
{
	return set_init_to(spec, false, value, origin, err);
}
