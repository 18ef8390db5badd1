/* The placeholders of the conditions' texts: the snapshot's values, and the exact line for this
 * distribution. Reads the snapshot only. */
#include "diagnose/diagnose.h"

#include "base/buffer.h"
#include "diagnose/mends.h"
#include "facts/json.h"

#include <stdio.h>
#include <string.h>

/* ---- distributions ---- */

enum family { DEBIAN, FEDORA, SUSE, ARCH, ALPINE, OTHER };

/* `id` is one of the words of `list`. */
static bool has_word(const char *list, const char *id)
{
	size_t len = strlen(id);

	for (const char *p = list; p && *p; p += strcspn(p, " "), p += strspn(p, " "))
		if (strcspn(p, " ") == len && !strncmp(p, id, len))
			return true;
	return false;
}

static enum family family_of(const struct facts *f)
{
	static const struct {
		const char *id;
		enum family family;
	} rows[] = {
		{"debian", DEBIAN},	 {"ubuntu", DEBIAN},
		{"fedora", FEDORA},	 {"rhel", FEDORA},
		{"centos", FEDORA},	 {"suse", SUSE},
		{"opensuse", SUSE},	 {"sles", SUSE},
		{"opensuse-leap", SUSE}, {"opensuse-tumbleweed", SUSE},
		{"arch", ARCH},		 {"alpine", ALPINE},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (has_word(f->os_id, rows[i].id) || has_word(f->os_like, rows[i].id))
			return rows[i].family;
	return OTHER;
}

static void add_install(struct buffer *b, const struct facts *f)
{
	static const char *const lines[] = {
		[DEBIAN] = "sudo apt install uidmap",
		[FEDORA] = "sudo dnf install shadow-utils",
		[SUSE] = "sudo zypper install shadow",
		[ARCH] = "sudo pacman -S shadow",
		[ALPINE] = "sudo apk add shadow-uidmap",
		[OTHER] = ("sudo apt install uidmap (Debian, Ubuntu), or the package shadow-utils "
			   "(Fedora, SUSE)"),
	};

	buffer_puts(b, lines[family_of(f)]);
}

static void add_reinstall(struct buffer *b, const struct facts *f)
{
	static const char *const lines[] = {
		[DEBIAN] = "sudo apt install --reinstall uidmap",
		[FEDORA] = "sudo dnf reinstall shadow-utils",
		[SUSE] = "sudo zypper install --force shadow",
		[ARCH] = "sudo pacman -S shadow",
		[ALPINE] = "sudo apk fix shadow-uidmap",
		[OTHER] = "reinstall the package uidmap (shadow-utils elsewhere)",
	};

	buffer_puts(b, lines[family_of(f)]);
}

/* ---- ids ---- */

void mend_user(struct buffer *b, const struct facts *f)
{
	if (f->user_name)
		buffer_puts(b, f->user_name);
	else
		buffer_printf(b, "%u", f->uid);
}

/* Only what is missing is granted. Where nothing is, the question is of more: of both kinds. */
static bool lacks_uids(const struct facts *f)
{
	return !f->subuids.count || f->subgids.count;
}

static bool lacks_gids(const struct facts *f)
{
	return !f->subgids.count || f->subuids.count;
}

static void add_subid_missing(struct buffer *b, const struct facts *f)
{
	buffer_puts(b, !lacks_gids(f)	? "/etc/subuid"
		       : !lacks_uids(f) ? "/etc/subgid"
					: "/etc/subuid and /etc/subgid");
}

/* newuidmap and usermod know users by name only. */
static const char without_name[] = "has no entry in passwd, and newuidmap serves only who has one";

/* The line without sudo, from `start` on. */
static void add_usermod(struct buffer *b, const struct facts *f, uint64_t start)
{
	unsigned long long first = start, last = first + 65535;

	buffer_puts(b, "usermod ");
	if (lacks_uids(f))
		buffer_printf(b, "--add-subuids %llu-%llu ", first, last);
	if (lacks_gids(f))
		buffer_printf(b, "--add-subgids %llu-%llu ", first, last);
	mend_user(b, f);
}

static void add_root_grant(struct buffer *b, const struct facts *f)
{
	add_usermod(b, f, f->subid_free == UINT64_MAX ? 100000 : f->subid_free);
}

static void add_ask_grant(struct buffer *b, const struct facts *f)
{
	if (!f->user_name) {
		buffer_printf(b, "Please make an account for user %u: it %s.", f->uid,
			      without_name);
		return;
	}
	buffer_puts(b, "Please run: ");
	add_root_grant(b, f);
}

static void add_grant(struct buffer *b, const struct facts *f)
{
	if (!f->user_name) {
		buffer_printf(b, "nothing can be granted: user %u %s", f->uid, without_name);
		return;
	}
	buffer_puts(b, "sudo ");
	if (family_of(f) == ALPINE && f->subid_free != UINT64_MAX) { /* busybox has no usermod */
		buffer_puts(b, "sh -c 'echo ");
		mend_user(b, f);
		buffer_printf(b, ":%llu:65536 %s'", (unsigned long long)f->subid_free,
			      !lacks_gids(f)   ? ">>/etc/subuid"
			      : !lacks_uids(f) ? ">>/etc/subgid"
					       : "| tee -a /etc/subuid >>/etc/subgid");
		return;
	}
	add_root_grant(b, f);
}

/* ---- helpers ---- */

/* The first helper that does not work; it is what a text about helpers speaks of. */
static const struct facts_helper *bad_helper(const struct facts *f, const char **ret_name)
{
	bool uid_is_bad = f->newuidmap.state != HELPER_OK;

	*ret_name = uid_is_bad ? "newuidmap" : "newgidmap";
	return uid_is_bad ? &f->newuidmap : &f->newgidmap;
}

static void add_helper(struct buffer *b, const struct facts *f)
{
	const char *name;

	bad_helper(f, &name);
	buffer_puts(b, name);
}

static void add_helper_path(struct buffer *b, const struct facts *f)
{
	const char *name;
	const struct facts_helper *helper = bad_helper(f, &name);

	buffer_puts(b, helper->path ? helper->path : name);
}

/* ---- trials ---- */

/* "unshare(CLONE_NEWUSER) failed: Operation not permitted", or what the helper said. */
static void add_failed(struct buffer *b, const struct facts_trial *t)
{
	if (t->said)
		buffer_printf(b, "%s", t->said);
	else if (t->call && *t->call)
		buffer_printf(b, "%s failed: %s", t->call, error_text(t->error));
	else
		buffer_puts(b, "it was refused");
}

static const struct facts_trial *first_failed(const struct facts *f, enum trial from, enum trial to)
{
	for (int i = (int)from; i <= (int)to; i++)
		if (f->trials[i].worked == ANSWER_NO)
			return &f->trials[i];
	return &f->trials[from];
}

static void add_failed_namespace(struct buffer *b, const struct facts *f)
{
	add_failed(b, first_failed(f, TRIAL_USERNS, TRIAL_TIME));
}

static void add_call_namespace(struct buffer *b, const struct facts *f)
{
	const struct facts_trial *t = first_failed(f, TRIAL_USERNS, TRIAL_TIME);

	buffer_puts(b, t->call && *t->call ? t->call : "unshare(2)");
}

static void add_failed_mount(struct buffer *b, const struct facts *f)
{
	add_failed(b, first_failed(f, TRIAL_TMPFS, TRIAL_DEVPTS));
}

/* The kind of the namespace whose limit is reached, doubled. */
static void add_raise(struct buffer *b, const struct facts *f)
{
	static const enum ns_type kinds[] = {
		[TRIAL_USERNS] = NS_USER, [TRIAL_SINGLE_MAP] = NS_USER, [TRIAL_RANGES] = NS_USER,
		[TRIAL_MNT] = NS_MNT,	  [TRIAL_PID] = NS_PID,		[TRIAL_UTS] = NS_UTS,
		[TRIAL_IPC] = NS_IPC,	  [TRIAL_NET] = NS_NET,		[TRIAL_CGROUP] = NS_CGROUP,
		[TRIAL_TIME] = NS_TIME,
	};
	enum ns_type kind = kinds[first_failed(f, TRIAL_USERNS, TRIAL_TIME) - f->trials];
	uint64_t limit = f->max_namespaces[kind];

	buffer_printf(
		b, "user.max_%s_namespaces=%llu", ns_type_name(kind),
		(unsigned long long)(limit < 32768 || limit == UINT64_MAX ? 65536 : limit * 2));
}

/* ---- folders, quotas ---- */

static void add_number(struct buffer *b, uint64_t n)
{
	if (n == UINT64_MAX)
		buffer_puts(b, "unlimited");
	else
		buffer_printf(b, "%llu", (unsigned long long)n);
}

static void add_passwd_gid(struct buffer *b, const struct facts *f)
{
	add_number(b, f->passwd_gid);
}

static void add_keys_used(struct buffer *b, const struct facts *f)
{
	add_number(b, f->keys_used);
}

static void add_keys_max(struct buffer *b, const struct facts *f)
{
	add_number(b, f->keys_max);
}

static void add_nofile(struct buffer *b, const struct facts *f)
{
	add_number(b, f->nofile_soft);
}

/* Where containers are kept then: state/store.c, choose_place. */
static void add_runtime_meanwhile(struct buffer *b, const struct facts *f)
{
	if (f->runtime_state == RUNTIME_REFUSED)
		buffer_puts(b,
			    "containers in the foreground work; --state-dir DIR keeps the others");
	else if (f->runtime_state == RUNTIME_MODE)
		buffer_puts(b, "it works: the folder rootlet in it is yours alone");
	else if (f->runtime_state == RUNTIME_UNSET)
		buffer_printf(
			b, "it works: containers are kept in /tmp/rootlet-%u, a folder of your own",
			f->uid);
	else
		buffer_printf(b,
			      "it works: containers are kept in /run/user/%u/rootlet, if that is "
			      "there, else in /tmp/rootlet-%u",
			      f->uid, f->uid);
}

static void add_runtime_problem(struct buffer *b, const struct facts *f)
{
	const char *path = f->runtime_place.path ? f->runtime_place.path : "";

	switch (f->runtime_state) {
	case RUNTIME_MISSING:
		buffer_printf(b, "XDG_RUNTIME_DIR is %s, and there is no such folder", path);
		break;
	case RUNTIME_FOREIGN:
		buffer_printf(b, "XDG_RUNTIME_DIR is %s, which belongs to somebody else", path);
		break;
	case RUNTIME_MODE:
		buffer_printf(b, "XDG_RUNTIME_DIR is %s, which others may enter", path);
		break;
	case RUNTIME_REFUSED:
		buffer_printf(b, "XDG_RUNTIME_DIR is %s, which you may not write", path);
		break;
	case RUNTIME_RELATIVE:
		buffer_printf(b, "XDG_RUNTIME_DIR is %s, which is not absolute", path);
		break;
	case RUNTIME_UNKNOWN:
	case RUNTIME_OK:
	case RUNTIME_UNSET:
		buffer_printf(b,
			      "XDG_RUNTIME_DIR is not set, and there is no /run/user/%u of yours",
			      f->uid);
		break;
	}
}

static void add_uid(struct buffer *b, const struct facts *f)
{
	buffer_printf(b, "%u", f->uid);
}

static void add_gid(struct buffer *b, const struct facts *f)
{
	buffer_printf(b, "%u", f->gid);
}

/* Texts of the snapshot as they are. */
static const char *plain(const struct facts *f, const char *key)
{
	const struct {
		const char *key, *value, *otherwise;
	} rows[] = {
		{"covered", f->proc_covered, "a part of /proc"},
		{"subid_error", f->subid_error, ""},
		{"home", f->home_place.path, "home"},
		{"controllers", f->cgroup_controllers, "none"},
		{"runtime", f->runtime_place.path, "$XDG_RUNTIME_DIR"},
		{"runtime_fs", f->runtime_place.filesystem, "another file system"},
		{"data", f->data_place.path, "$XDG_DATA_HOME"},
		{"data_fs", f->data_place.filesystem, "another file system"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!strcmp(rows[i].key, key))
			return rows[i].value ? rows[i].value : rows[i].otherwise;
	return NULL;
}

static const struct {
	const char *key;
	void (*add)(struct buffer *b, const struct facts *f);
} placeholders[] = {
	{"user", mend_user},
	{"uid", add_uid},
	{"gid", add_gid},
	{"passwd_gid", add_passwd_gid},
	{"helper", add_helper},
	{"helper_path", add_helper_path},
	{"install_helpers", add_install},
	{"reinstall_helpers", add_reinstall},
	{"grant", add_grant},
	{"root_grant", add_root_grant},
	{"failed_namespace", add_failed_namespace},
	{"call_namespace", add_call_namespace},
	{"raise_namespaces", add_raise},
	{"failed_mount", add_failed_mount},
	{"keys_used", add_keys_used},
	{"keys_max", add_keys_max},
	{"nofile", add_nofile},
	{"raise_files", mend_raise_files},
	{"ask_files", mend_ask_files},
	{"nproc", mend_nproc},
	{"raise_userns", mend_raise_userns},
	{"subid_missing", add_subid_missing},
	{"ask_grant", add_ask_grant},
	{"subid_overlap", mend_subid_overlap},
	{"regrant", mend_regrant},
	{"ask_regrant", mend_ask_regrant},
	{"remount_helper", mend_remount_helper},
	{"uncover", mend_uncover},
	{"leave_container", mend_leave_container},
	{"shared_meanwhile", mend_shared_meanwhile},
	{"proc_meanwhile", mend_proc_meanwhile},
	{"cgroup_hybrid", mend_cgroup_hybrid},
	{"cgroup_folder", mend_cgroup_folder},
	{"delegate", mend_delegate},
	{"delegate_controllers", mend_delegate_controllers},
	{"mend_runtime", mend_runtime},
	{"ask_runtime", mend_ask_runtime},
	{"runtime_problem", add_runtime_problem},
	{"runtime_meanwhile", add_runtime_meanwhile},
};

static bool add_value(struct buffer *b, const struct facts *f, const char *key)
{
	const char *text = plain(f, key);

	if (text)
		buffer_puts(b, text);
	for (size_t i = 0; !text && i < sizeof(placeholders) / sizeof(placeholders[0]); i++) {
		if (!strcmp(placeholders[i].key, key)) {
			placeholders[i].add(b, f);
			return true;
		}
	}
	for (int i = 0; !text && !strncmp(key, "failed ", 7) && i < TRIAL_COUNT; i++) {
		if (!strcmp(trial_names[i], key + 7)) {
			add_failed(b, &f->trials[i]);
			return true;
		}
	}
	return text != NULL;
}

/* Root has no need of it, and a small system no such program. Only before a command: the word
 * stands in sentences too. */
static void drop_sudo(char *text)
{
	static const char word[] = "sudo ";
	const size_t len = sizeof(word) - 1;

	for (char *p = text; (p = strstr(p, word)) != NULL;) {
		bool command = p == text ||
			       (p >= text + 2 && p[-1] == ' ' && strchr("&|:", p[-2]) != NULL);

		if (command)
			memmove(p, p + len, strlen(p + len) + 1);
		else
			p += len;
	}
}

void condition_expand(const char *text, const struct facts *facts, char *buf, size_t size)
{
	AUTO_BUFFER b = {0};

	for (const char *p = text; *p;) {
		const char *open = strchrnul(p, '{'), *close = *open ? strchr(open, '}') : NULL;
		char key[32] = "";

		buffer_add(&b, p, (size_t)(open - p));
		if (!close) {
			buffer_puts(&b, open);
			break;
		}
		if ((size_t)(close - open) <= sizeof(key))
			memcpy(key, open + 1, (size_t)(close - open - 1));
		if (!add_value(&b, facts, key)) /* not ours: left to the caller */
			buffer_add(&b, open, (size_t)(close - open + 1));
		p = close + 1;
	}
	snprintf(buf, size, "%s", b.data ? b.data : "");
	if (facts->uid == 0)
		drop_sudo(buf);
}
