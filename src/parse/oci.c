/* See oci.h. The top of a config.json, and the three entrances. */
#include "parse/oci.h"

#include "parse/oci_read.h"

#include <errno.h>
#include <string.h>

/* ---- ociVersion ---- */

static size_t version_number(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits > 1 && text[0] == '0' ? 0 : digits;
}

/* MAJOR.MINOR.PATCH, then "-pre" and "+build" (semver.org); *ret is behind the major. */
static bool semantic_version(const char *text, const char **ret)
{
	static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz-.";

	for (int part = 0; part < 3; part++) {
		size_t digits = version_number(text);

		if (!digits || (part < 2 && text[digits] != '.'))
			return false;
		if (part == 0)
			*ret = text + digits;
		text += digits + (part < 2);
	}
	for (const char *mark = "-+"; *mark; mark++) {
		size_t len;

		if (*text != *mark)
			continue;
		len = strspn(text + 1, letters);
		if (!len)
			return false;
		text += 1 + len;
	}
	return !*text;
}

static int read_version(struct oci_context *c, const struct json *value, void *target)
{
	const char *text, *behind;
	int r = reader_string(&c->r, value, &text);

	if (r < 0)
		return r;
	if (!semantic_version(text, &behind))
		return reader_fail(&c->r, value, "oci-version",
				   "\"%.60s\" is no version such as 1.2.0", text);
	if (behind != text + 1 || text[0] != '1')
		return reader_fail(&c->r, value, "oci-version",
				   "this is version %.60s of the runtime-spec; rootlet-oci "
				   "reads 1.x",
				   text);
	c->oci->version = text;
	return 0;
}

/* ---- root, annotations ---- */

static int read_root_path(struct oci_context *c, const struct json *value, void *target)
{
	const char *path;
	int r = reader_string(&c->r, value, &path);

	if (r < 0)
		return r;
	if (!*path)
		return reader_fail(&c->r, value, "oci-path", "is empty");
	c->spec->root_kind = ROOT_DIRECTORY;
	return oci_host_path(c, path, &c->spec->root_path);
}

static int read_root(struct oci_context *c, const struct json *value, void *target)
{
	static const struct oci_field fields[] = {
		OCI_MUST("path", read_root_path),
		{.key = "readonly",
		 .type = FIELD_FLAG,
		 .in_spec = true,
		 OCI_AT(struct spec, read_only)},
		{.key = NULL},
	};

	return oci_read_fields(c, value, fields, c->oci);
}

static int read_annotation(struct oci_context *c, const struct json *value, void *target)
{
	struct spec_oci *oci = c->oci;
	const char *text;
	int r = reader_string(&c->r, value, &text);

	if (r < 0)
		return r;
	if (!value->key[0])
		return reader_fail(&c->r, value, "oci-word", "its name is empty");
	if (arena_grow(c->a, &oci->annotations, oci->annotation_count, sizeof(*oci->annotations)) <
	    0)
		return error_nomem(c->r.err);
	oci->annotations[oci->annotation_count++] = (struct oci_pair){value->key, text};
	return 0;
}

static int read_annotations(struct oci_context *c, const struct json *value, void *target)
{
	return oci_each_member(c, value, read_annotation, NULL);
}

static int read_mounts(struct oci_context *c, const struct json *value, void *target)
{
	return oci_each(c, value, oci_mount, NULL);
}

static const struct oci_field hook_fields[] = {
	OCI_CALL_AT("prestart", oci_hook_list, struct spec_oci, hooks[OCI_PRESTART]),
	OCI_CALL_AT("createRuntime", oci_hook_list, struct spec_oci, hooks[OCI_CREATE_RUNTIME]),
	OCI_CALL_AT("createContainer", oci_hook_list, struct spec_oci, hooks[OCI_CREATE_CONTAINER]),
	OCI_CALL_AT("startContainer", oci_hook_list, struct spec_oci, hooks[OCI_START_CONTAINER]),
	OCI_CALL_AT("poststart", oci_hook_list, struct spec_oci, hooks[OCI_POSTSTART]),
	OCI_CALL_AT("poststop", oci_hook_list, struct spec_oci, hooks[OCI_POSTSTOP]),
	{.key = NULL},
};

static const struct oci_field config_fields[] = {
	OCI_MUST("ociVersion", read_version),
	OCI_CALL("process", oci_process),
	OCI_MUST("root", read_root),
	{.key = "hostname", .type = FIELD_TEXT, .in_spec = true, OCI_AT(struct spec, hostname)},
	{.key = "domainname", .type = FIELD_TEXT, .in_spec = true, OCI_AT(struct spec, domainname)},
	OCI_CALL("mounts", read_mounts),
	OCI_INSIDE("hooks", hook_fields),
	OCI_CALL("annotations", read_annotations),
	OCI_INSIDE("linux", oci_linux_fields),
	{.key = NULL},
};

/* ---- entrances ---- */

/* What holds where the config says nothing: everything is the runtime's own. */
static void begin(struct spec *spec)
{
	for (int type = 0; type < NS_COUNT; type++)
		spec->namespaces[type] = (struct spec_namespace){.mode = NS_MODE_HOST};
	spec->userns = USERNS_HOST;
	spec->no_new_privileges = NO;
	spec->seccomp = SECCOMP_UNCONFINED;
	spec->init = NO;
	spec->oci->no_process = true;
}

int parse_oci_config(struct spec *spec, const char *bundle, const char *text, size_t len,
		     const char *path, struct rootlet_error *err)
{
	struct oci_context c = {
		.r = {.text = text, .len = len, .path = path, .noun = "an OCI config", .err = err},
		.a = &spec->arena,
		.spec = spec,
		.oci = spec->oci ? spec->oci : spec_oci_new(spec),
	};
	const struct json *root;
	int r;

	if (!c.oci)
		return error_nomem(err);
	c.oci->config = arena_strdup(c.a, path);
	c.oci->bundle = arena_strdup(c.a, bundle);
	if (!c.oci->config || !c.oci->bundle)
		return error_nomem(err);
	begin(spec);
	r = reader_open(&c.r, c.a, &root);
	if (r < 0)
		return r;
	r = oci_read_fields(&c, root, config_fields, c.oci);
	if (r == 0)
		r = oci_note_rest(&c);
	reader_close(&c.r);
	return r;
}

int parse_oci_process(struct spec *spec, const char *text, size_t len, const char *path,
		      struct rootlet_error *err)
{
	struct oci_context c = {
		.r = {.text = text, .len = len, .path = path, .noun = "a process", .err = err},
		.a = &spec->arena,
		.spec = spec,
		.oci = spec->oci ? spec->oci : spec_oci_new(spec),
	};
	const struct json *root;
	int r;

	if (!c.oci)
		return error_nomem(err);
	r = reader_open(&c.r, c.a, &root);
	if (r < 0)
		return r;
	r = oci_process(&c, root, c.oci);
	if (r == 0)
		r = oci_note_rest(&c);
	reader_close(&c.r);
	return r;
}

int parse_oci_resources(struct arena *a, struct oci_resources *ret, const char *text, size_t len,
			const char *path, struct rootlet_error *err)
{
	struct oci_context c = {
		.r = {.text = text, .len = len, .path = path, .noun = "resources", .err = err},
		.a = a,
	};
	struct oci_resources resources = *ret;
	const struct json *root;
	int r = reader_open(&c.r, a, &root);

	if (r < 0)
		return r;
	r = oci_resources(&c, root, &resources);
	reader_close(&c.r);
	if (!r)
		*ret = resources;
	return r;
}
