/* state.json: what is kept of a container, written whole and read strictly. The strings of what is
 * read lie in the container's arena. */
#include "bundle/bundle.h"

#include "base/fd.h"
#include "base/io.h"

#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { RECORD_VERSION = 1, RECORD_LIMIT = 16 << 20 };

#define NEW_STATE BUNDLE_STATE ".new"

/* ---- writing ---- */

struct writer {
	struct json_object *root;
	bool failed;
};

/* Takes `value`; NULL: no memory. */
static void put(struct writer *w, struct json_object *object, const char *key,
		struct json_object *value)
{
	if (object && value && json_object_object_add(object, key, value) == 0)
		return;
	json_object_put(value);
	w->failed = true;
}

static void put_text(struct writer *w, const char *key, const char *text)
{
	if (text)
		put(w, w->root, key, json_object_new_string(text));
}

static void put_number(struct writer *w, const char *key, uint64_t value)
{
	put(w, w->root, key, json_object_new_uint64(value));
}

static void put_bool(struct writer *w, const char *key, bool value)
{
	if (value)
		put(w, w->root, key, json_object_new_boolean(true));
}

static void put_process(struct writer *w, const struct state_process *p)
{
	struct json_object *namespaces = json_object_new_object();

	put_number(w, "pid", (uint64_t)p->pid);
	put_number(w, "startTime", p->start_time);
	put_number(w, "pidfdInode", p->pidfd_inode);
	put_text(w, "boot", p->boot[0] ? p->boot : NULL);
	for (int i = 0; i < STATE_NAMESPACES; i++)
		put(w, namespaces, state_namespace_names[i],
		    json_object_new_uint64(p->namespaces[i]));
	put(w, w->root, "namespaces", namespaces);
}

static struct json_object *annotations(struct writer *w, const struct bundle_record *r)
{
	struct json_object *out = json_object_new_object();

	for (size_t i = 0; i < r->annotation_count; i++)
		put(w, out, r->annotations[i].key, json_object_new_string(r->annotations[i].value));
	return out;
}

static int write_text(int folder, const char *text, size_t len)
{
	AUTO_FD fd = openat(folder, NEW_STATE,
			    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : io_write_all(fd, text, len);
}

static int not_written(const struct bundle *b, int r, struct rootlet_error *err)
{
	return error_set(err, r, "state-write", b->id, "container %s: keep its state: %s", b->id,
			 error_text(r));
}

int bundle_prepare_record(struct bundle *b, struct rootlet_error *err)
{
	const struct bundle_record *r = &b->record;
	struct writer w = {.root = json_object_new_object()};
	const char *text = NULL;
	size_t len = 0;
	int result = -ENOMEM;

	put_number(&w, "version", RECORD_VERSION);
	put_text(&w, "id", b->id);
	put_text(&w, "ociVersion", r->version);
	put_text(&w, "bundle", r->path);
	put_text(&w, "rootfs", r->rootfs);
	put_number(&w, "created", (uint64_t)r->created);
	put_number(&w, "owner", r->owner);
	put_text(&w, "command", r->command);
	put_text(&w, "cgroup", r->cgroup);
	put_text(&w, "cgroupLeft", r->cgroup_left);
	put_number(&w, "cgroupLevels", (uint64_t)r->cgroup_levels);
	put_text(&w, "unit", r->unit);
	put_bool(&w, "ownMounts", r->own_mounts);
	if (r->mounts_id)
		put_number(&w, "mountsId", r->mounts_id);
	put_bool(&w, "startHooks", r->start_hooks);
	put_bool(&w, "stopHooks", r->stop_hooks);
	put_bool(&w, "ownPids", r->own_pids);
	put_bool(&w, "tty", r->tty);
	if (r->annotation_count)
		put(&w, w.root, "annotations", annotations(&w, r));
	put_process(&w, &r->process);
	if (!w.failed)
		text = json_object_to_json_string_length(
			w.root, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
	if (text)
		result = write_text(b->folder, text, len);
	json_object_put(w.root);
	return result < 0 ? not_written(b, result, err) : 0;
}

int bundle_keep_record(struct bundle *b, struct rootlet_error *err)
{
	if (renameat(b->folder, NEW_STATE, b->folder, BUNDLE_STATE) < 0)
		return not_written(b, -errno, err);
	b->has_record = true;
	b->fresh = false;
	return 0;
}

/* ---- reading: what is absent is empty, what is of another type is wrong ---- */

struct reader {
	struct bundle *b;
	struct json_object *root;
	const char *wrong; /* the first key that is not what it should be */
	bool others;	   /* it is another container's, or nobody's */
	bool nomem;
};

static struct json_object *get(struct reader *r, const char *key, enum json_type type)
{
	struct json_object *value = json_object_object_get(r->root, key);

	if (!value || json_object_is_type(value, type))
		return value;
	r->wrong = r->wrong ? r->wrong : key;
	return NULL;
}

static const char *copy(struct reader *r, struct json_object *value)
{
	const char *text;

	if (!value)
		return NULL;
	text = arena_strdup(&r->b->arena, json_object_get_string(value));
	r->nomem |= !text;
	return text;
}

static const char *get_text(struct reader *r, const char *key)
{
	return copy(r, get(r, key, json_type_string));
}

static uint64_t get_number(struct reader *r, const char *key, uint64_t most)
{
	struct json_object *value = get(r, key, json_type_int);
	uint64_t number = value ? json_object_get_uint64(value) : 0;

	if (!value || (number <= most && json_object_get_int64(value) >= 0))
		return number;
	r->wrong = r->wrong ? r->wrong : key;
	return 0;
}

static bool get_bool(struct reader *r, const char *key)
{
	struct json_object *value = get(r, key, json_type_boolean);

	return value && json_object_get_boolean(value);
}

static void get_annotations(struct reader *r, struct bundle_record *out)
{
	struct json_object *all = get(r, "annotations", json_type_object);
	struct bundle_pair *pairs;

	if (!all)
		return;
	pairs = arena_alloc(&r->b->arena,
			    ((size_t)json_object_object_length(all) + 1) * sizeof(*pairs));
	if (!pairs) {
		r->nomem = true;
		return;
	}
	out->annotations = pairs;
	json_object_object_foreach(all, key, value)
	{
		struct bundle_pair *pair = &pairs[out->annotation_count++];

		pair->key = arena_strdup(&r->b->arena, key);
		pair->value = copy(r, value);
		r->nomem |= !pair->key;
		if (!pair->value)
			pair->value = "";
	}
}

static void get_process(struct reader *r, struct state_process *p)
{
	struct json_object *namespaces = get(r, "namespaces", json_type_object);
	const char *boot = get_text(r, "boot");

	p->pid = (pid_t)get_number(r, "pid", 1 << 22); /* PID_MAX_LIMIT of linux/threads.h */
	p->start_time = get_number(r, "startTime", INT64_MAX);
	p->pidfd_inode = get_number(r, "pidfdInode", UINT64_MAX);
	snprintf(p->boot, sizeof(p->boot), "%s", boot ? boot : "");
	for (int i = 0; namespaces && i < STATE_NAMESPACES; i++)
		p->namespaces[i] = json_object_get_uint64(
			json_object_object_get(namespaces, state_namespace_names[i]));
}

static void read_all(struct reader *r)
{
	struct bundle_record *out = &r->b->record;
	const char *id = get_text(r, "id");

	*out = (struct bundle_record){
		.version = get_text(r, "ociVersion"),
		.path = get_text(r, "bundle"),
		.rootfs = get_text(r, "rootfs"),
		.created = (int64_t)get_number(r, "created", INT64_MAX),
		.owner = (uint32_t)get_number(r, "owner", UINT32_MAX),
		.command = get_text(r, "command"),
		.cgroup = get_text(r, "cgroup"),
		.cgroup_left = get_text(r, "cgroupLeft"),
		.cgroup_levels = (int)get_number(r, "cgroupLevels", 4096),
		.unit = get_text(r, "unit"),
		.own_mounts = get_bool(r, "ownMounts"),
		.mounts_id = get_number(r, "mountsId", UINT64_MAX),
		.start_hooks = get_bool(r, "startHooks"),
		.stop_hooks = get_bool(r, "stopHooks"),
		.own_pids = get_bool(r, "ownPids"),
		.tty = get_bool(r, "tty"),
	};
	get_annotations(r, out);
	get_process(r, &out->process);
	r->others = !id || strcmp(id, r->b->id) != 0;
	if (r->others)
		r->wrong = r->wrong ? r->wrong : "id";
	if (get_number(r, "version", UINT32_MAX) != RECORD_VERSION)
		r->wrong = "version";
	if (!out->path)
		r->wrong = r->wrong ? r->wrong : "bundle";
}

static int corrupt(const struct bundle *b, const char *key, struct rootlet_error *err)
{
	error_set(err, -EBADMSG, "state-corrupt", BUNDLE_STATE,
		  "container %s: %s/%s/" BUNDLE_STATE ": %s%s", b->id, b->store->path, b->id,
		  key ? "not as it was written: /" : "is no JSON", key ? key : "");
	error_hint(err, "`rootlet-oci delete --force %s` clears it away", b->id);
	return -EBADMSG;
}

/* 1 when there was something to read; 0 without a file. */
static int read_file(struct reader *r, const char *name, struct rootlet_error *err)
{
	struct bundle *b = r->b;
	AUTO_FREE char *text = NULL;
	AUTO_FD fd =
		openat(b->folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int result;

	if (fd < 0 && errno == ENOENT)
		return 0;
	result = fd < 0 ? -errno : io_read_fd(fd, RECORD_LIMIT, &text, NULL);
	if (result < 0)
		return error_set(err, result, "state-read", b->id,
				 "container %s: read its state: %s", b->id, error_text(result));
	r->root = json_tokener_parse(text);
	if (!json_object_is_type(r->root, json_type_object)) {
		json_object_put(r->root);
		return corrupt(b, NULL, err);
	}
	read_all(r);
	json_object_put(r->root);
	return 1;
}

/* What its folder tells, while there is no record: whose it is, and since when. */
static void read_folder(struct bundle *b)
{
	struct stat st;

	if (fstat(b->folder, &st) < 0)
		return;
	b->record.owner = st.st_uid;
	b->record.created = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
}

int bundle_load_record(struct bundle *b, struct rootlet_error *err)
{
	struct reader r = {.b = b};
	int result;

	b->has_record = false;
	result = read_file(&r, BUNDLE_STATE, err);
	if (result == 0)
		read_folder(b);
	if (result <= 0)
		return result;
	if (r.nomem)
		return error_nomem(err);
	if (r.wrong)
		return corrupt(b, r.wrong, err);
	b->has_record = true;
	return 0;
}

void bundle_salvage_record(struct bundle *b)
{
	struct reader r = {.b = b};

	if (read_file(&r, BUNDLE_STATE, NULL) <= 0 || r.others || r.nomem)
		b->record = (struct bundle_record){0};
}

void bundle_salvage_prepared(struct bundle *b)
{
	struct reader r = {.b = b};

	if (read_file(&r, NEW_STATE, NULL) <= 0 || r.wrong || r.nomem)
		b->record = (struct bundle_record){0};
	b->broken = true;
}
