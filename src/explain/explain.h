/* Who is who: a process or a file, from both sides of a user namespace.
 *
 * Three steps, each by itself: gather (reads /proc and the file, changes nothing), judge (pure:
 * translation of ids, who may do what and which rule says so), and print (text, JSON, SVG from the
 * gathered structure). What may not be read is kept as such, never as an error of the whole. The
 * room stands on base and spec/idmap; it prints nothing itself.
 */
#ifndef ROOTLET_EXPLAIN_EXPLAIN_H
#define ROOTLET_EXPLAIN_EXPLAIN_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "spec/idmap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- id maps ---- */

/* One id map as /proc shows it to us. `map` holds the lines whose outer ids our own namespace
 * knows; `hidden` the others (the kernel writes 4294967295 there, user_namespaces(7)). */
struct shown_map {
	int error; /* of reading it, -errno */
	struct idmap map, hidden;
};

/* An id of ours and what it is called on the other side. */
struct id_pair {
	uint32_t here;
	uint32_t inside;
	bool mapped; /* else `inside` is the overflow id */
};

/* ---- a process ---- */

enum ns_kind {
	NS_USER,
	NS_PID,
	NS_MNT,
	NS_NET,
	NS_IPC,
	NS_UTS,
	NS_CGROUP,
	NS_TIME,
	NS_PID_CHILDREN,
	NS_TIME_CHILDREN,
	NS_KIND_COUNT
};

struct ns_seen {
	int error; /* -errno: may not be read, or this kernel has none */
	uint64_t inode;
};

struct ns_row {
	struct ns_seen its, yours;
	struct ns_seen owner; /* the user namespace that owns it (NS_GET_USERNS) */
};

struct member {
	int pid;
	uint32_t uid;
	char name[32];
};

struct userns {
	uint64_t inode;
	int parent; /* index, or -1: none, or out of sight */
	int depth;
	struct ns_seen owner; /* its owner's uid, as `inode` */
	struct member *members;
	size_t member_count;
	struct shown_map uid, gid; /* its ids → ours; empty for our own namespace */
	const char *container;	   /* whose it is; several that share it: "a, b"; NULL: none's */
};

struct userns_tree {
	struct userns *nodes;
	size_t count;
	size_t unreadable; /* processes whose user namespace we may not see */
	int yours;	   /* index, -1 when not seen */
};

enum { PID_LEVELS = 32 }; /* pid_namespaces(7): the kernel's own limit */

struct pid_level {
	struct ns_seen ns;
	int pid, parent; /* parent: 0 outside of this level, -1 unknown */
};

enum cap_set { CAPS_INHERITABLE, CAPS_PERMITTED, CAPS_EFFECTIVE, CAPS_BOUNDING, CAPS_AMBIENT };
enum { CAP_SETS = 5 };

/* What /proc/PID/status tells. */
struct status {
	char name[64];
	char state;
	int ppid;
	uint32_t uid[4], gid[4]; /* real, effective, saved, file system */
	uint32_t *groups;
	size_t group_count;
	int nspid[PID_LEVELS];
	size_t nspid_count;
	uint64_t caps[CAP_SETS];
	int no_new_privs, seccomp, seccomp_filters; /* -1: this kernel does not say */
};

struct process_view {
	struct arena arena;
	int pid, your_pid;
	struct status status, yours;
	const char *command; /* its arguments, joined; its name when it has none */
	struct ns_row ns[NS_KIND_COUNT];
	struct userns_tree tree;
	int node;		   /* its namespace in the tree, or -1 */
	struct shown_map uid, gid; /* its ids → ours; where it shares our namespace: → its parent's
				    */
	/* The same as read from inside it, which is also what its parent namespace reads. */
	bool parent_known;
	struct idmap parent_uid, parent_gid;
	struct pid_level levels[PID_LEVELS];
	size_t level_count;
	const char *parent_name; /* of the process that made it, or NULL */
	const char *cgroup;	 /* NULL: not readable */
	const char *passwd;	 /* the text of our own user list, for names */
};

int process_gather(int pid, struct process_view **ret, struct rootlet_error *err);
/* The user namespace of this inode belongs to the container of that name. */
int process_name_container(struct process_view *view, uint64_t userns, const char *name);
void process_view_free(struct process_view *view);

/* ---- a file ---- */

enum access_rule {
	RULE_OWNER_BITS,
	RULE_GROUP_BITS,
	RULE_OTHER_BITS,
	RULE_ACL,
	RULE_CAP_OVERRIDE,
	RULE_CAP_READ_SEARCH,
	RULE_READ_ONLY,
	RULE_IMMUTABLE,
	RULE_APPEND_ONLY,
	RULE_NOEXEC,
	RULE_NO_EXEC_BIT,
	RULE_UNMAPPED,
	RULE_SEARCH,
	RULE_NOT_MOUNTED,
	RULE_NO_SUCH_ID,
	RULE_UNKNOWN,
};

struct verdict {
	bool allowed;
	enum access_rule rule;
	/* Denied by bits, while a capability would have helped had the owner been mapped. */
	bool cap_lost;
};

enum { ACCESS_READ, ACCESS_WRITE, ACCESS_EXECUTE, ACCESS_KINDS };

struct acl_entry {
	uint16_t tag, perm;
	uint32_t id;
};

/* What the kernel looks at; every id as our own namespace calls it. */
struct inode_seen {
	uint32_t mode, uid, gid;
	bool uid_mapped, gid_mapped; /* in the namespace of who asks */
	bool read_only, noexec, nosuid, immutable, append_only;
	const struct acl_entry *acl;
	size_t acl_count;
};

/* Who asks; ids as our own namespace calls them, capabilities as its own namespace has them. */
struct asker {
	uint32_t uid, gid;
	const uint32_t *groups;
	size_t group_count;
	uint64_t caps; /* effective */
};

enum setuid_effect {
	SETUID_NONE,
	SETUID_WORKS,
	SETUID_NOSUID,
	SETUID_UNMAPPED,
	SETUID_NO_NEW_PRIVS
};

struct file_in_ns {
	struct ns_seen userns;
	bool yours;
	int pid; /* whose eyes we look through; ours in our own */
	char name[32];
	const char *container; /* whose namespace it is, or NULL */
	int visible;	       /* 1; 0: not mounted there; -errno: we may not look */
	const char *path;      /* as it is called there */
	bool idmapped;	       /* its mount translates ids by itself */
	struct inode_seen inode;
	struct id_pair owner, group;
	struct id_pair asker_uid, asker_gid;
	bool asker_exists; /* the id that was asked for is mapped there */
	bool no_new_privs;
	uint64_t caps;
	const char *blocked_at; /* the directory that may not be searched, or NULL */
	struct verdict verdicts[ACCESS_KINDS];
	enum setuid_effect setuid, setgid;
};

struct file_view {
	struct arena arena;
	const char *word, *path; /* as given, and in full */
	uint64_t inode, size;
	bool acl;
	const char *user; /* as asked for, or NULL: who is there */
	struct file_in_ns *ns;
	size_t count;
	size_t hidden; /* namespaces of ours whose map or files we may not read */
	const char *passwd;
};

int file_gather(const char *path, const char *user, struct file_view **ret,
		struct rootlet_error *err);
/* The user namespace of this inode is that container's. Only -ENOMEM is an error. */
int file_name_container(struct file_view *view, uint64_t userns, const char *name);
void file_view_free(struct file_view *view);

/* ---- pure: judge ---- */

/* Parse the text of a uid_map. -EINVAL when it is none. */
int map_parse(struct arena *a, const char *text, struct shown_map *ret);
/* Two maps into our own namespace, the namespace's and its parent's, give the one between them. */
int map_between(struct arena *a, const struct idmap *inner, const struct idmap *outer,
		struct idmap *ret);
struct id_pair map_pair(const struct idmap *map, bool same, uint32_t here);
int status_parse(struct arena *a, const char *text, struct status *ret);
int acl_parse(struct arena *a, const void *data, size_t size, struct acl_entry **ret,
	      size_t *ret_count);
/* May `who` do this to it? `access` is one of ACCESS_…. As fs/namei.c decides it. */
struct verdict access_judge(const struct inode_seen *inode, const struct asker *who, int access);
enum setuid_effect setuid_judge(const struct inode_seen *inode, uint32_t bit, bool no_new_privs);
const char *access_rule_name(enum access_rule rule); /* stable: "owner-bits" */
/* The name of an id in a passwd file's text, written into `ret`; false when unknown. And the way
 * back. */
bool users_name(const char *passwd, uint32_t uid, char *ret, size_t size);
bool users_find(const char *passwd, const char *name, uint32_t *ret_uid, uint32_t *ret_gid);
/* The groups that a group file's text gives to this user, after the *count that `ret` holds. */
int users_groups(struct arena *a, const char *groups, const char *name, uint32_t **ret,
		 size_t *ret_count);
bool users_group_of(const char *passwd, uint32_t uid, uint32_t *ret_gid);
const char *ns_kind_name(enum ns_kind kind);	       /* "mnt"; the name below /proc/PID/ns */
bool ns_is_initial(enum ns_kind kind, uint64_t inode); /* by the numbers that the kernel fixes */
bool map_equal(const struct idmap *a, const struct idmap *b);

/* The namespaces of this kind that the process has: do its capabilities count there? 1, 0, or -1:
 * not known. capabilities count where the namespace's owner is its user namespace, or one below it
 * (user_namespaces(7)). */
int caps_reach(const struct process_view *v, enum ns_kind kind);
/* Does it hold them in the initial user namespace, that is, on the host itself? As above. */
int caps_on_host(const struct process_view *v);
/* "chown"; false past the last one that has a name. */
bool cap_name(unsigned cap, char *ret, size_t size);

/* ---- print ---- */

struct picture_options {
	size_t width;
	bool color, ascii;
};

int process_print_text(const struct process_view *v, const struct picture_options *o,
		       struct buffer *b);
int process_print_json(const struct process_view *v, struct buffer *b);
int process_print_svg(const struct process_view *v, const struct picture_options *o,
		      struct buffer *b);
int file_print_text(const struct file_view *v, const struct picture_options *o, struct buffer *b);
int file_print_json(const struct file_view *v, struct buffer *b);
int file_print_svg(const struct file_view *v, const struct picture_options *o, struct buffer *b);

#endif
