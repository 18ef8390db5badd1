/* Which cgroup a spec asks for: a run's --cgroup-parent, or an OCI config's cgroupsPath. */
#include "spec/cgroup.h"

#include "spec/oci.h"

#include <errno.h>
#include <string.h>

/* "." and ".." taken out by the spelling, as runc does: what is named stays below the group that it
 * is counted from. Slashes are squeezed; "" when nothing is left of it, or only the slash. */
static char *clean(struct arena *a, const char *path)
{
	char *out = arena_alloc(a, strlen(path) + 2);
	size_t len = 0;

	for (const char *p = path; out && *p;) {
		size_t n = strcspn(p, "/");

		if (n == 2 && strncmp(p, "..", 2) == 0) {
			while (len && out[--len] != '/')
				;
		} else if (n && !(n == 1 && *p == '.')) {
			if (len || *path == '/')
				out[len++] = '/';
			memcpy(out + len, p, n);
			len += n;
		}
		p += n + (p[n] == '/');
	}
	if (out)
		out[len] = '\0';
	return out;
}

/* cgroupsPath names the container's group itself. Without one it bears the container's id; "/" is
 * everybody's, and no group of its own. */
static int from_oci(const struct spec_oci *oci, struct arena *a, struct spec_cgroup *ret)
{
	const char *path = clean(a, oci->cgroups_path ? oci->cgroups_path : ""), *slash;

	if (!path)
		return -ENOMEM;
	ret->wanted = !oci->no_cgroup;
	ret->limited = oci->resources.given;
	ret->name = oci->id;
	if (!*path)
		return 0;
	ret->named = true;
	slash = strrchr(path, '/');
	ret->name = slash ? slash + 1 : path;
	ret->parent = slash == path ? "/"
		      : slash	    ? arena_strndup(a, path, (size_t)(slash - path))
				    : "";
	return ret->parent ? 0 : -ENOMEM;
}

int spec_cgroup(const struct spec *spec, struct arena *a, struct spec_cgroup *ret)
{
	*ret = (struct spec_cgroup){0};
	if (spec->kind != SPEC_RUN)
		return 0;
	if (spec->oci)
		return from_oci(spec->oci, a, ret);
	ret->limited = spec->limits != NULL;
	ret->named = spec->cgroup_parent != NULL;
	ret->parent = spec->cgroup_parent;
	ret->wanted = spec->detach || spec->tty || spec->name || ret->limited || ret->named;
	return 0;
}

const char *spec_cgroup_path(struct arena *a, const char *own, const char *path)
{
	size_t size = strlen(own) + strlen(path) + 3, len = 0;
	char *out = arena_alloc(a, size);
	const char *parts[] = {*path == '/' ? "" : own, path};

	if (!out)
		return NULL;
	for (size_t i = 0; i < 2; i++) {
		for (const char *p = parts[i]; *p;) {
			size_t n = strcspn(p, "/");

			if (n && !(n == 1 && *p == '.')) {
				out[len++] = '/';
				memcpy(out + len, p, n);
				len += n;
			}
			p += n + (p[n] == '/');
		}
	}
	if (!len)
		out[len++] = '/';
	out[len] = '\0';
	return out;
}
