/* The config.json that `rootlet-oci spec` writes: a shell on a terminal, the usual mounts, few
 * capabilities. Text that parse_oci_config reads again; nothing is looked up. */
#include "parse/oci.h"

#include "base/buffer.h"
#include "spec/hidden.h"

#include <stdio.h>

/* It asks for nothing newer than 1.0.2, and there are runtimes that refuse any later version. */
static const char head[] =
	"{\n"
	"\t\"ociVersion\": \"1.0.2\",\n"
	"\t\"process\": {\n"
	"\t\t\"terminal\": true,\n"
	"\t\t\"user\": {\n"
	"\t\t\t\"uid\": 0,\n"
	"\t\t\t\"gid\": 0\n"
	"\t\t},\n"
	"\t\t\"args\": [\n"
	"\t\t\t\"sh\"\n"
	"\t\t],\n"
	"\t\t\"env\": [\n"
	"\t\t\t\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\",\n"
	"\t\t\t\"TERM=xterm\"\n"
	"\t\t],\n"
	"\t\t\"cwd\": \"/\",\n"
	"\t\t\"capabilities\": {\n";

static const char after_capabilities[] = "\t\t},\n"
					 "\t\t\"rlimits\": [\n"
					 "\t\t\t{\n"
					 "\t\t\t\t\"type\": \"RLIMIT_NOFILE\",\n"
					 "\t\t\t\t\"hard\": 1024,\n"
					 "\t\t\t\t\"soft\": 1024\n"
					 "\t\t\t}\n"
					 "\t\t],\n"
					 "\t\t\"noNewPrivileges\": true\n"
					 "\t},\n"
					 "\t\"root\": {\n"
					 "\t\t\"path\": \"rootfs\",\n"
					 "\t\t\"readonly\": true\n"
					 "\t},\n"
					 "\t\"hostname\": \"rootlet\",\n"
					 "\t\"mounts\": [\n";

/* For whom a row is. */
enum whom { BOTH, ROOT_ONLY, ROOTLESS_ONLY };

static const struct {
	enum whom whom;
	const char *destination, *type, *source;
	const char *options[8];
} mounts[] = {
	{BOTH, "/proc", "proc", "proc", {NULL}},
	{BOTH, "/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}},
	{ROOT_ONLY,
	 "/dev/pts",
	 "devpts",
	 "devpts",
	 {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}},
	/* the group tty is not mapped */
	{ROOTLESS_ONLY,
	 "/dev/pts",
	 "devpts",
	 "devpts",
	 {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"}},
	{BOTH,
	 "/dev/shm",
	 "tmpfs",
	 "shm",
	 {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}},
	{BOTH, "/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}},
	{ROOT_ONLY, "/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}},
	/* a fresh sysfs belongs to the network namespace, which stays the host's */
	{ROOTLESS_ONLY, "/sys", "none", "/sys", {"rbind", "nosuid", "noexec", "nodev", "ro"}},
	{BOTH,
	 "/sys/fs/cgroup",
	 "cgroup",
	 "cgroup",
	 {"nosuid", "noexec", "nodev", "relatime", "ro"}},
};

static const struct {
	enum whom whom;
	const char *type;
} namespaces[] = {
	{BOTH, "pid"},	 {ROOT_ONLY, "network"}, {BOTH, "ipc"},		  {BOTH, "uts"},
	{BOTH, "mount"}, {BOTH, "cgroup"},	 {ROOTLESS_ONLY, "user"},
};

static const char *const capability_names[] = {"CAP_AUDIT_WRITE", "CAP_KILL",
					       "CAP_NET_BIND_SERVICE", NULL};

static bool is_for(enum whom whom, bool rootless)
{
	return whom == BOTH || (whom == ROOTLESS_ONLY) == rootless;
}

/* "\t\t"NAME": [ … ]" without the line end. */
static void add_list(struct buffer *b, const char *indent, const char *name,
		     const char *const *items)
{
	buffer_printf(b, "%s\"%s\": [", indent, name);
	for (size_t i = 0; items[i]; i++)
		buffer_printf(b, "%s\n%s\t\"%s\"", i ? "," : "", indent, items[i]);
	buffer_printf(b, "\n%s]", indent);
}

static void add_mounts(struct buffer *b, bool rootless)
{
	const char *comma = "";

	for (size_t i = 0; i < sizeof(mounts) / sizeof(*mounts); i++) {
		if (!is_for(mounts[i].whom, rootless))
			continue;
		buffer_printf(b,
			      "%s\t\t{\n\t\t\t\"destination\": \"%s\",\n\t\t\t\"type\": \"%s\",\n"
			      "\t\t\t\"source\": \"%s\"",
			      comma, mounts[i].destination, mounts[i].type, mounts[i].source);
		if (mounts[i].options[0]) {
			buffer_puts(b, ",\n");
			add_list(b, "\t\t\t", "options", mounts[i].options);
		}
		buffer_puts(b, "\n\t\t}");
		comma = ",\n";
	}
	buffer_puts(b, "\n\t],\n");
}

static void add_capabilities(struct buffer *b)
{
	static const char *const sets[] = {"bounding", "effective", "permitted"};

	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++) {
		add_list(b, "\t\t\t", sets[i], capability_names);
		buffer_puts(b, i + 1 < sizeof(sets) / sizeof(*sets) ? ",\n" : "\n");
	}
}

static void add_map(struct buffer *b, const char *name, uint32_t id)
{
	buffer_printf(b,
		      "\t\t\"%s\": [\n\t\t\t{\n\t\t\t\t\"containerID\": 0,\n"
		      "\t\t\t\t\"hostID\": %u,\n\t\t\t\t\"size\": 1\n\t\t\t}\n\t\t],\n",
		      name, id);
}

static void add_linux(struct buffer *b, bool rootless, uint32_t uid, uint32_t gid)
{
	const char *comma = "";

	buffer_puts(b, "\t\"linux\": {\n");
	if (rootless) {
		add_map(b, "uidMappings", uid);
		add_map(b, "gidMappings", gid);
	} else {
		buffer_puts(b, "\t\t\"resources\": {\n\t\t\t\"devices\": [\n\t\t\t\t{\n"
			       "\t\t\t\t\t\"allow\": false,\n\t\t\t\t\t\"access\": \"rwm\"\n"
			       "\t\t\t\t}\n\t\t\t]\n\t\t},\n");
	}
	buffer_puts(b, "\t\t\"namespaces\": [\n");
	for (size_t i = 0; i < sizeof(namespaces) / sizeof(*namespaces); i++) {
		if (!is_for(namespaces[i].whom, rootless))
			continue;
		buffer_printf(b, "%s\t\t\t{\n\t\t\t\t\"type\": \"%s\"\n\t\t\t}", comma,
			      namespaces[i].type);
		comma = ",\n";
	}
	buffer_puts(b, "\n\t\t],\n");
	add_list(b, "\t\t", "maskedPaths", spec_hidden);
	buffer_puts(b, ",\n");
	add_list(b, "\t\t", "readonlyPaths", spec_read_only);
	buffer_puts(b, "\n\t}\n}\n");
}

const char *parse_oci_default(struct arena *a, bool rootless, uint32_t uid, uint32_t gid)
{
	AUTO_BUFFER b = {0};

	buffer_puts(&b, head);
	add_capabilities(&b);
	buffer_puts(&b, after_capabilities);
	add_mounts(&b, rootless);
	add_linux(&b, rootless, uid, gid);
	return buffer_failed(&b) ? NULL : arena_strdup(a, b.data);
}
