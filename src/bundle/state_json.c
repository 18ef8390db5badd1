/* The state of a container as JSON: what hooks get, what `state` and `list` print. */
#include "bundle/bundle.h"

#include "base/buffer.h"

#include <json-c/json.h>
#include <stdio.h>
#include <time.h>

static void put_text(struct json_object *o, const char *key, const char *text)
{
	if (text)
		json_object_object_add(o, key, json_object_new_string(text));
}

static void put_annotations(struct json_object *o, const struct bundle_record *r)
{
	struct json_object *all;

	if (!r->annotation_count)
		return;
	all = json_object_new_object();
	for (size_t i = 0; i < r->annotation_count; i++)
		put_text(all, r->annotations[i].key, r->annotations[i].value);
	json_object_object_add(o, "annotations", all);
}

/* RFC 3339 with nanoseconds. */
void bundle_time_text(int64_t ns, char text[static BUNDLE_TIME_ROOM])
{
	time_t seconds = (time_t)(ns / 1000000000);
	struct tm tm;
	size_t n;

	gmtime_r(&seconds, &tm);
	n = strftime(text, BUNDLE_TIME_ROOM, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + n, BUNDLE_TIME_ROOM - n, ".%09dZ", (int)(ns % 1000000000));
}

/* The members of the runtime-spec, in the order in which readers with regular expressions expect
 * them. */
static struct json_object *state_object(const struct bundle *b, enum bundle_status status)
{
	struct json_object *o = json_object_new_object();
	const struct bundle_record *r = &b->record;
	int pid = status == BUNDLE_STOPPED ? 0 : (int)r->process.pid;

	put_text(o, "ociVersion", r->version ? r->version : "1.0.0");
	put_text(o, "id", b->id);
	json_object_object_add(o, "pid", json_object_new_int(pid));
	put_text(o, "status", bundle_status_name(status));
	put_text(o, "bundle", r->path ? r->path : "");
	return o;
}

static int print(struct json_object *o, int flags, struct buffer *out)
{
	const char *text =
		json_object_to_json_string_ext(o, flags | JSON_C_TO_STRING_NOSLASHESCAPE);

	buffer_puts(out, text ? text : "");
	json_object_put(o);
	return text && !buffer_failed(out) ? 0 : -ENOMEM;
}

int bundle_hook_state(const struct bundle *b, enum bundle_status status, struct buffer *out)
{
	struct json_object *o = state_object(b, status);

	put_annotations(o, &b->record);
	return print(o, JSON_C_TO_STRING_PLAIN, out);
}

int bundle_listener_state(const struct bundle *b, int pid, const char *metadata, struct buffer *out)
{
	struct json_object *o = json_object_new_object(), *fds = json_object_new_array();
	enum bundle_status status = b->status == BUNDLE_RUNNING || b->status == BUNDLE_CREATED
					    ? b->status
					    : BUNDLE_CREATING;
	struct json_object *state = state_object(b, status);

	put_annotations(state, &b->record);
	put_text(o, "ociVersion", b->record.version ? b->record.version : "1.0.0");
	json_object_array_add(fds, json_object_new_string("seccompFd"));
	json_object_object_add(o, "fds", fds);
	json_object_object_add(o, "pid", json_object_new_int(pid));
	put_text(o, "metadata", metadata);
	json_object_object_add(o, "state", state);
	return print(o, JSON_C_TO_STRING_PLAIN, out);
}

int bundle_state_json(const struct bundle *b, const char *owner, bool pretty, struct buffer *out)
{
	struct json_object *o = state_object(b, b->status);
	char time[BUNDLE_TIME_ROOM];

	put_text(o, "rootfs", b->record.rootfs ? b->record.rootfs : "");
	bundle_time_text(b->record.created, time);
	put_text(o, "created", time);
	put_annotations(o, &b->record);
	put_text(o, "owner", owner);
	return print(o,
		     pretty ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED
			    : JSON_C_TO_STRING_PLAIN,
		     out);
}
