/* Power: capabilities, --security-opt, masks. The names of capabilities are libcap's. */
#include "parse/parse.h"

#include "parse/values.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/capability.h>

/* ---- capabilities ---- */

/* libcap's reader takes numbers, and stops at the first character that is none of a name's
 * ("chown,kill" is CHOWN for it): what it found must read as what was written. */
static bool find_capability(const char *name, uint64_t *ret_bit)
{
	cap_value_t capability;
	char full[64];
	char *real;
	bool same;

	if (strlen(name) > 40)
		return false;
	snprintf(full, sizeof(full), "cap_%s", name);
	if (cap_from_name(full, &capability) < 0 || capability < 0 || capability > 63)
		return false;
	real = cap_to_name(capability);
	same = real && strcasecmp(real, full) == 0;
	cap_free(real);
	*ret_bit = (uint64_t)1 << capability;
	return same;
}

static int add_capability(const char *value, const char *origin, uint64_t *set, bool *all,
			  struct rootlet_error *err)
{
	const char *name = strncasecmp(value, "CAP_", 4) == 0 ? value + 4 : value;
	uint64_t bit;

	if (strcasecmp(name, "ALL") == 0) {
		*all = true;
		return 0;
	}
	if (!find_capability(name, &bit)) {
		value_error(err, "capability", origin, value, "is no capability");
		if (strchr(value, ','))
			error_hint(err, "repeat the option, one name each: %s %.*s %s …", origin,
				   (int)strcspn(value, ","), value, origin);
		else
			error_hint(err,
				   "capabilities(7) lists them: NET_ADMIN, SYS_PTRACE … or ALL");
		return -EINVAL;
	}
	*set |= bit;
	return 0;
}

int set_cap_add(struct spec *spec, const char *value, const char *origin, struct rootlet_error *err)
{
	return add_capability(value, origin, &spec->cap_add, &spec->cap_add_all, err);
}

int set_cap_drop(struct spec *spec, const char *value, const char *origin,
		 struct rootlet_error *err)
{
	return add_capability(value, origin, &spec->cap_drop, &spec->cap_drop_all, err);
}

void clear_cap_add(struct spec *spec)
{
	spec->cap_add = 0;
	spec->cap_add_all = false;
}

void clear_cap_drop(struct spec *spec)
{
	spec->cap_drop = 0;
	spec->cap_drop_all = false;
}

/* ---- masks ---- */

/* Paths between colons. */
static int add_paths(struct spec *spec, struct string_list *list, const char *paths,
		     const char *value, const char *origin, struct rootlet_error *err)
{
	for (;;) {
		size_t len = strcspn(paths, ":");
		const char *path;
		int r = value_inside_path(&spec->arena, paths, len, origin, value, &path, err);

		if (!r && strcmp(path, "/") == 0)
			r = value_error(err, "inside-path", origin, value,
					"the whole root cannot be masked");
		if (!r)
			r = list_add(&spec->arena, list, path, err);
		if (r < 0)
			return r;
		if (!paths[len])
			return 0;
		paths += len + 1;
	}
}

int set_mask(struct spec *spec, const char *value, const char *origin, struct rootlet_error *err)
{
	return add_paths(spec, &spec->masked_paths, value, value, origin, err);
}

void clear_mask(struct spec *spec)
{
	spec->masked_paths = (struct string_list){0};
}

/* ---- --security-opt ---- */

static int set_seccomp(struct spec *spec, const char *profile, const char *value,
		       const char *origin, struct rootlet_error *err)
{
	if (!*profile)
		return value_error(err, "security-opt", origin, value, "names no profile");
	if (strcmp(profile, "unconfined") == 0) {
		spec->seccomp = SECCOMP_UNCONFINED;
		return 0;
	}
	spec->seccomp = SECCOMP_FILE;
	return value_copy(&spec->arena, profile, &spec->seccomp_path, err);
}

static int set_no_new_privileges(struct spec *spec, const char *word, const char *value,
				 const char *origin, struct rootlet_error *err)
{
	bool on;

	/* docker writes a colon, podman an equals sign */
	if (value_bool(*word ? word + 1 : NULL, origin, &on, NULL) < 0)
		return value_error(err, "security-opt", origin, value,
				   "no-new-privileges is neither true nor false");
	spec->no_new_privileges = on ? YES : NO;
	return 0;
}

static int unmask(struct spec *spec, const char *paths, const char *value, const char *origin,
		  struct rootlet_error *err)
{
	if (strcasecmp(paths, "ALL") == 0)
		return list_add(&spec->arena, &spec->unmasked_paths, "ALL", err);
	return add_paths(spec, &spec->unmasked_paths, paths, value, origin, err);
}

int set_security_opt(struct spec *spec, const char *value, const char *origin,
		     struct rootlet_error *err)
{
	static const char nnp[] = "no-new-privileges";
	const char *after = value + sizeof(nnp) - 1;

	if (strncmp(value, nnp, sizeof(nnp) - 1) == 0 &&
	    (!*after || *after == '=' || *after == ':'))
		return set_no_new_privileges(spec, after, value, origin, err);
	if (strncmp(value, "seccomp=", 8) == 0 || strncmp(value, "seccomp:", 8) == 0)
		return set_seccomp(spec, value + 8, value, origin, err);
	if (strncmp(value, "mask=", 5) == 0)
		return add_paths(spec, &spec->masked_paths, value + 5, value, origin, err);
	if (strncmp(value, "unmask=", 7) == 0)
		return unmask(spec, value + 7, value, origin, err);
	if (strcmp(value, "landlock") == 0) {
		spec->landlock = true;
		return 0;
	}
	value_error(err, "security-opt", origin, value, "is no such option");
	if (strncmp(value, "label", 5) == 0)
		error_hint(err, "rootlet sets no SELinux labels: the command keeps the caller's");
	else if (strncmp(value, "apparmor", 8) == 0)
		error_hint(err, "rootlet sets no AppArmor profile: the command keeps the caller's");
	else
		error_hint(err, "no-new-privileges[=false], seccomp=FILE|unconfined, mask=PATH, "
				"unmask=PATH|ALL, landlock");
	return -EINVAL;
}

void clear_security_opt(struct spec *spec)
{
	spec->no_new_privileges = UNSET;
	spec->seccomp = SECCOMP_DEFAULT;
	spec->seccomp_path = NULL;
	spec->landlock = false;
	spec->unmasked_paths = (struct string_list){0};
}
