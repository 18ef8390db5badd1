/* From a bundle to a plan: what create does, and what `rootlet-oci plan` prints. See bundle.h. */
#include "life/bundle.h"

#include "base/io.h"
#include "facts/facts.h"
#include "parse/oci.h"
#include "plan/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONFIG_LIMIT = 64 << 20 };

static void lead_on(int r, const char *subject, struct rootlet_error *err)
{
	if (r == -EACCES)
		error_hint(err, "`namei -l %s` shows the owner and mode of each part of it",
			   subject);
	else
		error_hint(err, "a bundle is a directory (--bundle DIR) that has a file "
				"config.json: `rootlet-oci spec` writes one");
}

static int read_text(struct bundle_source *source, bool named, struct rootlet_error *err)
{
	/* one that is named may be a pipe: --config <(…) */
	int r = named ? io_read_named_file(source->config, CONFIG_LIMIT, &source->text,
					   &source->len)
		      : io_read_file(source->config, CONFIG_LIMIT, &source->text, &source->len);

	if (r < 0) {
		error_set(err, r, "bundle-config", source->config, "%s: %s", source->config,
			  error_text(r));
		lead_on(r, source->config, err);
	}
	return r;
}

int bundle_read_source(const struct life_bundle_options *o, struct bundle_source *ret,
		       struct rootlet_error *err)
{
	const char *named = o->bundle ? o->bundle : ".";
	struct bundle_source source = {.path = realpath(named, NULL)};
	int r;

	if (!source.path) {
		r = error_set(err, -errno, "bundle", named, "bundle %s: %s", named,
			      error_text(errno));
		lead_on(r, named, err);
		return r;
	}
	if (o->config)
		source.config = strdup(o->config);
	else if (asprintf(&source.config, "%s/config.json", source.path) < 0)
		source.config = NULL; /* asprintf(3): its contents are undefined */
	r = source.config ? read_text(&source, o->config != NULL, err) : error_nomem(err);
	if (r < 0)
		bundle_free_source(&source);
	else
		*ret = source;
	return r;
}

void bundle_free_source(struct bundle_source *source)
{
	free(source->text);
	free(source->config);
	free(source->path);
	*source = (struct bundle_source){0};
}

/* A service that systemd activates counts its sockets by the environment, and finds its own pid
 * there: 1, as it is in a pid namespace of its own. */
static int add_listening(const struct life_bundle_options *o, struct spec *spec)
{
	char count[32];
	const char *const words[] = {count, "LISTEN_PID=1", NULL};

	if (!o->listen_fds)
		return 0;
	snprintf(count, sizeof(count), "LISTEN_FDS=%u", o->listen_fds);
	return bundle_add_environment(spec, words);
}

/* sd_notify(3). To pass on what comes over it takes a process that stays until the service is
 * ready; engines have one, and then name a socket of theirs in the config. */
static void say_not_notified(const struct life_bundle_options *o, const struct spec *spec)
{
	for (size_t i = 0; i < spec->env_count; i++)
		if (strcmp(spec->env[i].name, "NOTIFY_SOCKET") == 0)
			return;
	if (o->notify_socket)
		life_say(&o->warn,
			 "NOTIFY_SOCKET is not handed into the container: nothing in it can tell "
			 "systemd that it is ready. An engine may do that (podman --sdnotify), or "
			 "bind the socket in mounts and name it in process.env");
}

static int fill_spec(const struct life_bundle_options *o, const char *id,
		     const struct bundle_source *source, struct spec *spec,
		     struct rootlet_error *err)
{
	int r = parse_oci_config(spec, source->path, source->text, source->len, source->config,
				 err);
	struct spec_oci *oci = spec->oci;

	if (r < 0)
		return r;
	oci->id = arena_strdup(&spec->arena, id);
	if (!oci->id)
		return error_nomem(err);
	oci->systemd_cgroup = o->systemd_cgroup;
	oci->no_cgroup = o->no_cgroup;
	oci->no_pivot = o->no_pivot;
	oci->no_new_keyring = o->no_new_keyring;
	spec->preserve_fds = o->preserve_fds + o->listen_fds;
	spec->detach = true;
	if (add_listening(o, spec) < 0)
		return error_nomem(err);
	r = spec_validate(spec, err);
	for (size_t i = 0; r == 0 && i < oci->note_count; i++)
		life_say(&o->warn, oci->notes[i]);
	if (r == 0)
		say_not_notified(o, spec);
	return r;
}

int bundle_make_spec(const struct life_bundle_options *o, const char *id,
		     const struct bundle_source *source, struct spec **ret,
		     struct rootlet_error *err)
{
	struct spec *spec = spec_new(SPEC_RUN);
	int r = spec ? fill_spec(o, id, source, spec, err) : error_nomem(err);

	if (r < 0)
		spec_free(spec);
	else
		*ret = spec;
	return r;
}

static int plan_spec(struct spec *spec, const char *facts_path, struct plan **ret,
		     struct rootlet_error *err)
{
	struct facts *facts = NULL;
	struct plan *plan = NULL;
	int r;

	spec->oci->awaits_start = true;
	r = facts_path ? facts_load(facts_path, &facts, err)
		       : facts_probe(spec, facts_needs(spec), &facts, err);
	if (r == 0)
		r = plan_make(spec, facts, &plan, err);
	if (r == 0)
		r = plan_verify(plan, err);
	facts_free(facts);
	if (r < 0)
		plan_free(plan);
	else
		*ret = plan;
	return r;
}

int life_bundle_plan(const char *id, const struct life_bundle_options *options,
		     const char *facts_path, struct plan **ret, struct rootlet_error *err)
{
	struct bundle_source source = {0};
	struct spec *spec = NULL;
	int r = bundle_read_source(options, &source, err);

	if (r == 0)
		r = bundle_make_spec(options, id, &source, &spec, err);
	if (r == 0)
		r = plan_spec(spec, facts_path, ret, err);
	spec_free(spec);
	bundle_free_source(&source);
	return r;
}
