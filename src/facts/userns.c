/* Our own user namespace: its maps, and what we may do in it. */
#include "facts/probe.h"

#include "base/sys.h"
#include "parse/parse.h"

#include <linux/capability.h>
#include <string.h>

/* The initial user namespace has a fixed number: USER_NS_INIT_INO of linux/nsfs.h, the same
 * since 3.8. */
#define INITIAL_USERNS "user:[4026531837]"

static bool in_initial_namespace(void)
{
	char link[64];
	ssize_t n = readlink("/proc/self/ns/user", link, sizeof(link));

	return n == sizeof(INITIAL_USERNS) - 1 && !memcmp(link, INITIAL_USERNS, (size_t)n);
}

static int read_map(struct facts *facts, const char *path, struct idmap *ret)
{
	struct probe_text t;
	int r = probe_read_text(path, &t);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	r = parse_proc_map(&facts->arena, t.text, ret);
	probe_text_release(&t);
	return r == -ENOMEM ? r : 0;
}

static bool is_identity(const struct idmap *map)
{
	return map->count == 1 && map->extents[0].inside == 0 && map->extents[0].outside == 0 &&
	       map->extents[0].count == UINT32_MAX;
}

static void probe_capabilities(struct facts *facts)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	if (SYS(capget, &header, data) < 0)
		return;
	facts->cap_setuid = data[0].effective & (1u << CAP_SETUID);
	facts->cap_setgid = data[0].effective & (1u << CAP_SETGID);
}

int probe_maps(struct facts *facts)
{
	char setgroups[16];
	int r;

	probe_capabilities(facts);
	if (in_initial_namespace()) {
		facts->initial_userns = true;
		r = idmap_add(&facts->arena, &facts->uid_map, 0, 0, UINT32_MAX);
		return r ? r : idmap_add(&facts->arena, &facts->gid_map, 0, 0, UINT32_MAX);
	}
	r = read_map(facts, "/proc/self/uid_map", &facts->uid_map);
	if (!r)
		r = read_map(facts, "/proc/self/gid_map", &facts->gid_map);
	/* Kernels that are imitated number otherwise; and root of a namespace that maps every id is
	 * as powerful over files as the real one. */
	facts->initial_userns = is_identity(&facts->uid_map);
	facts->setgroups_denied =
		probe_read_line("/proc/self/setgroups", setgroups, sizeof(setgroups)) > 0 &&
		!strcmp(setgroups, "deny");
	return r;
}
