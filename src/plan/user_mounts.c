/* What was asked for with -v, --mount, --tmpfs and --device, and the generated files of /etc. */
#include "plan/planner.h"

#include <string.h>
#include <sys/mount.h>

#ifndef MOUNT_ATTR_RDONLY
#include <linux/mount.h>
#endif

static void add_bind(struct planner *p, const struct spec_mount *m, size_t index)
{
	struct step *step = plan_add(p, OP_BIND, ACTOR_CHILD, plan_copy(p, m->destination));

	step->a.bind.source = plan_source(p, SOURCE_MOUNT, index);
	step->a.bind.source_path = plan_copy(p, m->source);
	step->a.bind.target = (struct step_target){SLOT_ROOT, step->subject};
	step->a.bind.recursive = m->recursive;
	step->a.bind.make_target = true;
	step->a.bind.attr_set = m->attr_set;
	step->a.bind.attr_clear = m->attr_clear;
	step->a.bind.propagation = m->propagation;
	step->why = m->origin ? plan_text(p, "asked for: %s", m->origin) : "asked for";
}

/* A device node opens only on a mount without nodev, which is what volumes have. */
static void note_dead_devices(struct planner *p, const struct spec_mount *m)
{
	static const char *const no_devices[] = {"/dev/shm", "/dev/mqueue", "/dev/hugepages"};

	if (!path_within(m->source, "/dev") || !(m->attr_set & MOUNT_ATTR_NODEV))
		return;
	for (size_t i = 0; i < sizeof(no_devices) / sizeof(no_devices[0]); i++)
		if (path_within(m->source, no_devices[i]))
			return;
	plan_note(p,
		  "%s: a device in a volume cannot be opened (nodev): use --device PATH, or the "
		  "volume's option dev",
		  m->origin ? m->origin : m->source);
}

static void add_filesystem(struct planner *p, const struct spec_mount *m)
{
	const char *path = plan_copy(p, m->destination);
	struct step *step = plan_mount(p, mount_type_name(m->type), path, m->attr_set, NULL);
	struct mount_option *options =
		arena_alloc(p->arena, (m->option_count ? m->option_count : 1) * sizeof(*options));

	if (!options) {
		p->nomem = true;
		return;
	}
	for (size_t i = 0; i < m->option_count; i++) {
		options[i].key = plan_copy(p, m->options[i].key);
		options[i].value = plan_copy(p, m->options[i].value);
	}
	step->a.fs.options = options;
	step->a.fs.option_count = m->option_count;
	step->why = m->origin ? plan_text(p, "asked for: %s", m->origin) : "asked for";
}

static void add_devices(struct planner *p)
{
	for (size_t i = 0; i < p->spec->device_count; i++) {
		const struct spec_device *d = &p->spec->devices[i];
		struct step *step = plan_add(p, OP_BIND, ACTOR_CHILD, plan_copy(p, d->destination));

		step->a.bind.source = plan_source(p, SOURCE_DEVICE, i);
		step->a.bind.source_path = plan_copy(p, d->source);
		step->a.bind.target = (struct step_target){SLOT_ROOT, step->subject};
		step->a.bind.make_target = true;
		step->why = d->origin ? plan_text(p, "asked for: %s", d->origin) : "asked for";
	}
}

static size_t depth(const char *path)
{
	size_t n = 0;

	for (const char *c = path; *c; c++)
		n += c[0] == '/' && c[1] && c[1] != '/';
	return n;
}

/* Parents first, else in the order given, as podman and docker have it: what is mounted on /mnt
 * must not cover what was mounted on /mnt/file. */
void plan_user_mounts(struct planner *p)
{
	size_t done = 0;

	for (size_t level = 0; done < p->spec->mount_count; level++) {
		for (size_t i = 0; i < p->spec->mount_count; i++) {
			const struct spec_mount *m = &p->spec->mounts[i];

			if (depth(m->destination) != level)
				continue;
			done++;
			if (m->type != MOUNT_BIND) {
				add_filesystem(p, m);
				continue;
			}
			note_dead_devices(p, m);
			add_bind(p, m, i);
		}
	}
	add_devices(p);
}

static bool asked_for(const struct planner *p, const char *path)
{
	for (size_t i = 0; i < p->spec->mount_count; i++)
		if (path_within(path, p->spec->mounts[i].destination))
			return true;
	return false;
}

static void bind_text(struct planner *p, const char *path, const char *text, const char *why,
		      bool there)
{
	struct step *step;

	if (asked_for(p, path) || (p->spec->root_kind == ROOT_HOST && !there))
		return;
	step = plan_add(p, OP_BIND_TEXT, ACTOR_CHILD, path);
	step->a.file.target = (struct step_target){SLOT_ROOT, path};
	step->a.file.text = text;
	step->a.file.mode = 0644;
	step->why = why;
	step->optional = true;
}

static const char *hosts_text(struct planner *p)
{
	const char *name = p->plan->hostname;
	const char *out = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";

	if (name)
		out = plan_text(p, "%s127.0.1.1\t%s\n", out, name);
	for (size_t i = 0; i < p->spec->host_count; i++)
		out = plan_text(p, "%s%s\t%s\n", out, p->spec->hosts[i].address,
				p->spec->hosts[i].name);
	return out;
}

static const char *resolv_text(struct planner *p)
{
	const char *out = "";

	for (size_t i = 0; i < p->spec->dns.count; i++)
		out = plan_text(p, "%snameserver %s\n", out, p->spec->dns.items[i]);
	if (*out)
		return out;
	return "# Nothing resolves here: the container has a network namespace of its own with "
	       "only the\n"
	       "# loopback device (--network none, the default). `--network host` shares the "
	       "host's network.\n";
}

void plan_etc_files(struct planner *p)
{
	const struct facts *f = p->facts;
	int resolv = plan_source(p, SOURCE_HOST_RESOLV_CONF, 0);

	if (plan_private(p, NS_UTS) && p->plan->hostname)
		bind_text(p, "/etc/hostname", plan_text(p, "%s\n", p->plan->hostname),
			  "as hostname(1) says inside", f->etc_hostname);
	if (plan_private(p, NS_NET) || p->spec->host_count)
		bind_text(p, "/etc/hosts", hosts_text(p), "the names of this container's network",
			  f->etc_hosts);
	if (plan_private(p, NS_NET) || p->spec->dns.count) {
		bind_text(p, "/etc/resolv.conf", resolv_text(p),
			  "the name servers of this container", f->etc_resolv_conf);
	} else if (resolv != SLOT_NONE && !asked_for(p, "/etc/resolv.conf")) {
		struct step *step = plan_add(p, OP_BIND, ACTOR_CHILD, "/etc/resolv.conf");

		step->a.bind.source = resolv;
		step->a.bind.source_path = "/etc/resolv.conf";
		step->a.bind.target = (struct step_target){SLOT_ROOT, "/etc/resolv.conf"};
		step->a.bind.make_target = true;
		step->a.bind.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
		step->optional = true;
		step->why = "the network is not our own: its name servers";
	}
}
