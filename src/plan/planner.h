/* Inside the plan room: the state of one planning, and what the stages offer each other.
 *
 * Planning is pure. Allocation failures stick in `nomem`, so that stage functions read as the list
 * of steps that they make; plan_make checks once at the end. Only plan_make and the stage_…
 * functions return errors; those fill p->err.
 */
#ifndef ROOTLET_PLAN_PLANNER_H
#define ROOTLET_PLAN_PLANNER_H

#include "base/path.h"
#include "plan/device_filter.h"
#include "plan/limit.h"
#include "plan/plan.h"
#include "spec/oci.h"

/* How the id maps get written. */
enum map_writer {
	WRITER_NONE,   /* the user namespace is joined */
	WRITER_CHILD,  /* one line that maps the caller's own id: the process itself may
			  (user_namespaces(7)) */
	WRITER_PARENT, /* we hold CAP_SETUID over the parent namespace */
	WRITER_HELPER, /* newuidmap, newgidmap */
};

struct planner {
	const struct spec *spec;
	const struct facts *facts;
	struct plan *plan;
	struct arena *arena; /* the plan's */
	struct rootlet_error *err;
	bool nomem;
	bool file_limit_raised;		    /* for the sources: SEAL puts it back */
	const struct oci_mount *oci_procfs; /* the config's /proc, which PROCFS makes for both */
	int *oci_late;	   /* slots of its mounts that are read-only once they are filled */
	struct step spare; /* where steps go when memory is gone */

	/* identity.c decides these first */
	enum map_writer writer;
	bool setgroups;		     /* setgroups(2) will be permitted inside */
	uint32_t user_uid, user_gid; /* who the command is when -u says nothing */
	bool root_mapped;	     /* uid 0 and gid 0 exist inside */

	/* environment.c: what only the root's own passwd file can tell, at start */
	bool lookup_user;
	bool lookup_shell;
	bool lookup_home;

	/* environment.c */
	const char *const *envp;
	const char *path; /* $PATH inside */

	/* groups.c: the container's cgroup */
	struct planned_group {
		bool make;
		const char *parent; /* the group it is made in, from the root of the hierarchy */
		const char *name;   /* NULL: any that is free */
		const char *scope;  /* the unit, when systemd makes it; "": any */
		const char *slice;
		bool leaf;	      /* we move out of the parent's way first */
		struct level *levels; /* on the way to it */
		size_t level_count;
		struct limits limits;
		const char **needed; /* the controllers of the limits */
		size_t needed_count;
		struct device_filter devices; /* nothing in it: none is attached */
	} group;

	/* sources.c */
	struct planned_source {
		int use; /* enum source_use */
		size_t index;
		int slot;
	} * sources;
	size_t source_count, source_next; /* where it is looked for first */
};

/* A new step at the end of the plan; subject must outlive the plan (its arena, or static). */
struct step *plan_add(struct planner *p, enum plan_op op, enum plan_actor actor,
		      const char *subject);
int plan_new_slot(struct planner *p);
/* A way out of what p->err says; "" where that front end has none. */
void plan_hint(struct planner *p, const char *rootlet, const char *oci);
void plan_note(struct planner *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void plan_remark(struct planner *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Arena helpers that remember a failed allocation. Never NULL. */
const char *plan_text(struct planner *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
const char *plan_copy(struct planner *p, const char *s); /* NULL stays NULL */

/* The first container that this spec shares a namespace with, or NULL. */
const char *plan_shared_container(const struct spec *spec);

/* groups.c: decides first whether it gets a cgroup of its own, and where; then the steps of
 * PREPARE, and that of MAPS. */
int plan_group(struct planner *p);
bool plan_own_cgroup(const struct planner *p);
void plan_group_steps(struct planner *p);
void plan_group_late_steps(struct planner *p);
/* oci/device_rules.c: linux.resources.devices, once the group is decided; a step of that kind. */
int plan_device_rules(struct planner *p);
void plan_device_step(struct planner *p, enum plan_op op);
/* scope.c: the same by systemd. */
int plan_scope(struct planner *p);
void plan_scope_step(struct planner *p);

/* Is this namespace made new? And: is it the host's? (neither: joined) */
bool plan_private(const struct planner *p, enum ns_type type);
bool plan_host(const struct planner *p, enum ns_type type);

/* identity.c: the maps and who writes them; do the caller's supplementary groups stay? */
int plan_identity(struct planner *p);
bool plan_keeps_groups(const struct planner *p);
/* environment.c: envp, PATH, and what has to be looked up at start. */
int plan_environment(struct planner *p);

/* Made from an OCI config: nothing is added that it does not say. */
static inline bool plan_oci(const struct planner *p)
{
	return p->spec->oci != NULL;
}

/* The stages, in order. Each opens by saying what it should and must not do. */
int stage_prepare(struct planner *p);
int stage_join(struct planner *p);
int stage_clone(struct planner *p);
int stage_open(struct planner *p); /* assigns slots to sources: see struct sources */
int stage_maps(struct planner *p);
int stage_identity(struct planner *p);
int stage_namespaces(struct planner *p);
int stage_root(struct planner *p);
int stage_seal(struct planner *p);
int stage_exec(struct planner *p);

/* What stands inside the root, called by stage_root: api_mounts.c (the kernel's own file systems),
 * devices.c, user_mounts.c, masks.c. */
void plan_api_mounts(struct planner *p);
void plan_devices(struct planner *p);
void plan_terminal(struct planner *p); /* devices.c: the TERMINAL step, when one was asked for */
void plan_fresh_places(struct planner *p); /* tmpfs where the host's files must not show */
void plan_etc_files(struct planner *p);
void plan_user_mounts(struct planner *p);
void plan_masks(struct planner *p);
void plan_own_folders(struct planner *p); /* own_files.c: in OPEN, and after the user's mounts */
void plan_own_files(struct planner *p);

/* oci/….c: what stands in the place of the above when the spec came from an OCI config. */
int plan_oci_root(struct planner *p);	       /* ROOT, whole */
int plan_oci_open(struct planner *p);	       /* OPEN: what ROOT will bind */
int plan_oci_seal(struct planner *p);	       /* SEAL */
void plan_oci_devices(struct planner *p);      /* the nodes and links of /dev */
void plan_oci_open_devices(struct planner *p); /* OPEN: their nodes on the host */
void plan_oci_open_mounts(struct planner *p);
void plan_oci_map_sources(struct planner *p); /* MAPS: sources whose ids are mapped */
int plan_oci_mounts(struct planner *p);	      /* the mounts, in their order */
void plan_oci_mounts_done(struct planner *p); /* what is read-only only when it is filled */
void plan_oci_process(struct planner *p);     /* SEAL: scheduling, memory policy, personality … */
bool plan_oci_has_label(const struct planner *p); /* of AppArmor or SELinux */
void plan_oci_labels(struct planner *p); /* SEAL: what LSMs shall give the command at its exec */
uint64_t plan_oci_first_propagation(
	const struct planner *p); /* MS_…: of the mounts to begin with */
const char *plan_in_bundle(struct planner *p, const char *path);
bool plan_oci_asks(const struct planner *p, const char *annotation, const char *value);

/* user.c: LOOKUP_USER and SET_USER, called by stage_seal. */
int plan_user(struct planner *p);

/* capabilities.c: what the kernel knows; what is kept of it (an error names what cannot be); and
 * what a user other than root gets, 0 for root. */
uint64_t plan_all_capabilities(const struct planner *p);
int plan_kept_capabilities(struct planner *p, uint64_t *ret);
uint64_t plan_ambient_capabilities(const struct planner *p, uint64_t kept);

/* landlock.c: the LANDLOCK step, when it was asked for. */
int plan_landlock(struct planner *p);

/* oci/start.c: what an OCI container's start is cut into. HOOKS, in ROOT before the pivot; and in
 * SEAL, where the command is who it will be: FIND_COMMAND, AWAIT_START. Nothing without spec->oci.
 */
bool plan_wants_hooks(const struct planner *p); /* will there be a HOOKS step? */
void plan_hooks(struct planner *p);
void plan_await_start(struct planner *p);
/* The last of SEAL: startContainer hooks, a step each. */
void plan_start_hooks(struct planner *p);

/* filters.c: the SECCOMP steps, for a command that keeps these capabilities. */
int plan_filters(struct planner *p, uint64_t capabilities);

/* A mount of a new file system instance on `path`; options "key=value,flag" or NULL. */
struct step *plan_mount(struct planner *p, const char *type, const char *path, uint64_t attributes,
			const char *options);

/* sources.c: slots that stage_open gave to sources, found again by what they are for. */
enum source_use {
	SOURCE_ROOT,	      /* the directory ROOT, or `/` itself */
	SOURCE_OVERLAY_UPPER, /* --overlay=DIR */
	SOURCE_MOUNT,	      /* index: spec->mounts[] */
	SOURCE_DEVICE,	      /* index: spec->devices[] */
	SOURCE_HOST_DEV,
	SOURCE_HOST_PROC,
	SOURCE_HOST_SYS,
	SOURCE_HOST_RESOLV_CONF,
	SOURCE_HOST_HOSTS,
	SOURCE_TERMINAL,
	SOURCE_HOST_CGROUP,
	SOURCE_NODE, /* index: spec->oci->devices[] */
};
int plan_source(struct planner *p, enum source_use use, size_t index);
/* The same for one that another step than OPEN_PATH fills. */
int plan_new_source(struct planner *p, enum source_use use, size_t index);

/* Does it begin with so many digits, at least one? An account word of digits is an id (user.c). */
bool plan_digits(const char *text, size_t len);

/* stage_root.c: the directory, with all that is mounted below it, becomes the root. */
struct step *plan_bind_root(struct planner *p);

/* Absolute, by its spelling: without ".", ".." and what the ".." take away, or doubled slashes. */
const char *plan_clean_path(struct planner *p, const char *path);

/* sources.c: an OPEN_PATH step, found again by plan_source. */
struct step *plan_open(struct planner *p, enum source_use use, size_t index, const char *path,
		       enum open_kind kind, int slot);

/* Room for so many sources. */
void plan_raise_file_limit(struct planner *p, uint64_t sources);

/* stage_root.c */
void plan_propagation(struct planner *p, uint64_t flags);
void plan_attributes(struct planner *p, const char *subject, struct step_target target,
		     uint64_t set, const char *why);
void plan_attach_procfs(struct planner *p);
void plan_init_file(struct planner *p);
/* stage_seal.c */
void plan_close_fds(struct planner *p);
void plan_limits(struct planner *p);

#endif
