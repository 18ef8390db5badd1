/* process.capabilities. A name that nobody knows, and what the kernel would refuse to grant beside
 * the other sets, is passed over with a note, as the runtime-spec wants it: an engine's list may
 * be newer than we are. */
#include "parse/oci_read.h"

#include <errno.h>
#include <string.h>

/* By their numbers in capabilities(7), without "CAP_". */
static const char *const names[] = {
	"CHOWN",
	"DAC_OVERRIDE",
	"DAC_READ_SEARCH",
	"FOWNER",
	"FSETID",
	"KILL",
	"SETGID",
	"SETUID",
	"SETPCAP",
	"LINUX_IMMUTABLE",
	"NET_BIND_SERVICE",
	"NET_BROADCAST",
	"NET_ADMIN",
	"NET_RAW",
	"IPC_LOCK",
	"IPC_OWNER",
	"SYS_MODULE",
	"SYS_RAWIO",
	"SYS_CHROOT",
	"SYS_PTRACE",
	"SYS_PACCT",
	"SYS_ADMIN",
	"SYS_BOOT",
	"SYS_NICE",
	"SYS_RESOURCE",
	"SYS_TIME",
	"SYS_TTY_CONFIG",
	"MKNOD",
	"LEASE",
	"AUDIT_WRITE",
	"AUDIT_CONTROL",
	"SETFCAP",
	"MAC_OVERRIDE",
	"MAC_ADMIN",
	"SYSLOG",
	"WAKE_ALARM",
	"BLOCK_SUSPEND",
	"AUDIT_READ",
	"PERFMON",
	"BPF",
	"CHECKPOINT_RESTORE",
};

static int read_name(struct oci_context *c, const struct json *value, void *target)
{
	const char *text;
	int r = reader_string(&c->r, value, &text);

	if (r < 0)
		return r;
	for (unsigned i = 0; i < sizeof(names) / sizeof(*names) && strncmp(text, "CAP_", 4) == 0;
	     i++)
		if (text[4] == names[i][0] && strcmp(text + 4, names[i]) == 0) {
			*(uint64_t *)target |= (uint64_t)1 << i;
			return 0;
		}
	return oci_note(c, value, "\"%.60s\" is no capability that is known here: passed over",
			text);
}

static int read_set(struct oci_context *c, const struct json *value, void *target)
{
	return oci_each(c, value, read_name, target);
}

/* What is in `set` and not in `within` goes, with one note for all: engines write a dozen. */
static int confine(struct oci_context *c, const struct json *value, const char *key, uint64_t *set,
		   uint64_t within, const char *why)
{
	uint64_t gone = *set & ~within;
	const struct json *list = reader_member(value, key);
	const char *all = "";

	*set &= within;
	if (!gone)
		return 0;
	for (unsigned i = 0; all && i < sizeof(names) / sizeof(*names); i++)
		if (gone >> i & 1)
			all = arena_printf(c->a, "%s%sCAP_%s", all, *all ? ", " : "", names[i]);
	return all ? oci_note(c, list, "%s: passed over, for %s", all, why) : error_nomem(c->r.err);
}

int oci_capability_sets(struct oci_context *c, const struct json *value, void *target)
{
	static const struct oci_field fields[] = {
		OCI_CALL_AT("bounding", read_set, struct oci_capabilities, bounding),
		OCI_CALL_AT("effective", read_set, struct oci_capabilities, effective),
		OCI_CALL_AT("permitted", read_set, struct oci_capabilities, permitted),
		OCI_CALL_AT("inheritable", read_set, struct oci_capabilities, inheritable),
		OCI_CALL_AT("ambient", read_set, struct oci_capabilities, ambient),
		{.key = NULL},
	};
	struct oci_capabilities caps = {.given = true};
	int r = oci_read_fields(c, value, fields, &caps);

	if (!r)
		r = confine(c, value, "effective", &caps.effective, caps.permitted,
			    "what is effective must be permitted");
	if (!r)
		r = confine(c, value, "inheritable", &caps.inheritable, caps.bounding,
			    "what is inheritable must be in the bounding set");
	if (!r)
		r = confine(c, value, "ambient", &caps.ambient, caps.permitted & caps.inheritable,
			    "what is ambient must be permitted and inheritable");
	if (!r)
		c->oci->capabilities = caps;
	return r;
}
