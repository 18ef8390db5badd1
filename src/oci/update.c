/* rootlet-oci update: other limits for a container that lives. The flags become the JSON that
 * --resources takes: one way in. */
#include "oci/oci.h"

#include "base/buffer.h"
#include "base/fd.h"
#include "base/io.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RESOURCES_LIMIT = 1 << 20 };

struct request {
	struct args args;
	const char *resources;
	const char *values[16]; /* by the rows below */
};

enum part { CPU, MEMORY, PIDS, BLOCK_IO, PARTS };
enum form { NUMBER, SIZE, WORDS };

/* Where each flag stands in linux.resources. */
static const struct row {
	const char *flag;
	enum part part;
	const char *key;
	enum form form;
} rows[] = {
	{"blkio-weight", BLOCK_IO, "weight", NUMBER},
	{"cpu-period", CPU, "period", NUMBER},
	{"cpu-quota", CPU, "quota", NUMBER},
	{"cpu-burst", CPU, "burst", NUMBER},
	{"cpu-share", CPU, "shares", NUMBER},
	{"cpu-rt-period", CPU, "realtimePeriod", NUMBER},
	{"cpu-rt-runtime", CPU, "realtimeRuntime", NUMBER},
	{"cpuset-cpus", CPU, "cpus", WORDS},
	{"cpuset-mems", CPU, "mems", WORDS},
	{"cpu-idle", CPU, "idle", NUMBER},
	{"kernel-memory", MEMORY, "kernel", SIZE},
	{"kernel-memory-tcp", MEMORY, "kernelTCP", SIZE},
	{"memory", MEMORY, "limit", SIZE},
	{"memory-reservation", MEMORY, "reservation", SIZE},
	{"memory-swap", MEMORY, "swap", SIZE},
	{"pids-limit", PIDS, "limit", NUMBER},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
_Static_assert(ROWS == sizeof((struct request){0}.values) / sizeof(const char *),
	       "a place for each flag");

#define VALUE(index, flag, metavar, help)                                                          \
	{                                                                                          \
		flag, 0, ARGS_TEXT, metavar,                                                       \
			offsetof(struct request, values) + (index) * sizeof(const char *), help,   \
			NULL, 0, 0                                                                 \
	}

static const struct args_option options[] = {
	{"resources", 'r', ARGS_TEXT, "FILE", offsetof(struct request, resources),
	 "JSON as linux.resources of a config; - is standard input. Other flags do not count then",
	 "a file, or -", 0, 0},
	VALUE(0, "blkio-weight", "N", "weight at block devices: 10 to 1000"),
	VALUE(1, "cpu-period", "MICROSECONDS", "length of the period of the quota"),
	VALUE(2, "cpu-quota", "MICROSECONDS", "processor time in each period; -1: any"),
	VALUE(3, "cpu-burst", "MICROSECONDS", "how much of what was not used may be used later"),
	VALUE(4, "cpu-share", "N", "weight when processors are contended for: 2 to 262144"),
	VALUE(5, "cpu-rt-period", "MICROSECONDS", "refused: cgroup version 2 has none"),
	VALUE(6, "cpu-rt-runtime", "MICROSECONDS", "refused: cgroup version 2 has none"),
	VALUE(7, "cpuset-cpus", "LIST", "these processors only: 0-3,8"),
	VALUE(8, "cpuset-mems", "LIST", "memory of these nodes only"),
	VALUE(9, "cpu-idle", "0|1", "only when nobody else wants the processor"),
	VALUE(10, "kernel-memory", "SIZE", "passed over, as the runtime-spec has it"),
	VALUE(11, "kernel-memory-tcp", "SIZE", "passed over, as the runtime-spec has it"),
	VALUE(12, "memory", "SIZE", "at most so much memory; -1: any"),
	VALUE(13, "memory-reservation", "SIZE", "so much is taken from it last"),
	VALUE(14, "memory-swap", "SIZE", "memory and swap together; -1: any"),
	VALUE(15, "pids-limit", "N", "at most so many processes; -1: any"),
	{0},
};

/* "64m", "1g", "1048576", "-1". */
static bool read_size(const char *text, int64_t *ret)
{
	const char *p = text;
	uint64_t number;
	unsigned shift;

	if (strcmp(text, "-1") == 0) {
		*ret = -1;
		return true;
	}
	if (io_take_u64(&p, &number) < 0)
		return false;
	switch (*p | 0x20) {
	case 'k':
		shift = 10;
		break;
	case 'm':
		shift = 20;
		break;
	case 'g':
		shift = 30;
		break;
	case 't':
		shift = 40;
		break;
	case 'b':
	case ' ': /* the end, with that bit */
		shift = 0;
		break;
	default:
		return false;
	}
	p += *p != '\0';
	if (p[0] == 'i' && shift)
		p++;
	if ((*p | 0x20) == 'b')
		p++;
	if (*p || number > (uint64_t)INT64_MAX >> shift)
		return false;
	*ret = (int64_t)(number << shift);
	return true;
}

static bool is_number(const char *text)
{
	const char *digits = text + (*text == '-');

	return *digits && digits[strspn(digits, "0123456789")] == '\0' && strlen(digits) < 20;
}

static int add_value(struct buffer *out, const struct row *row, const char *value,
		     rootlet_error *err)
{
	int64_t size;

	if (row->form == SIZE && read_size(value, &size))
		buffer_printf(out, "\"%s\":%" PRId64, row->key, size);
	else if (row->form == NUMBER && is_number(value))
		buffer_printf(out, "\"%s\":%s", row->key, value);
	else if (row->form == WORDS && !strpbrk(value, "\"\\\n"))
		buffer_printf(out, "\"%s\":\"%s\"", row->key, value);
	else
		return error_set(err, -EINVAL, "option-number", value, "--%s %.64s: invalid value",
				 row->flag, value);
	return 0;
}

static int write_json(const struct request *q, struct buffer *out, rootlet_error *err)
{
	static const char *const parts[PARTS] = {"cpu", "memory", "pids", "blockIO"};
	const char *separator = "";

	buffer_puts(out, "{");
	for (int part = 0; part < PARTS; part++) {
		const char *comma = "";

		for (int i = 0; i < ROWS; i++) {
			int r;

			if (!q->values[i] || (int)rows[i].part != part)
				continue;
			if (!*comma)
				buffer_printf(out, "%s\"%s\":{", separator, parts[part]);
			buffer_puts(out, comma);
			r = add_value(out, &rows[i], q->values[i], err);
			if (r < 0)
				return r;
			comma = ",";
		}
		if (*comma) {
			buffer_puts(out, "}");
			separator = ",";
		}
	}
	buffer_puts(out, "}");
	return buffer_failed(out) ? error_nomem(err) : 0;
}

static int read_resources(const char *path, char **ret, size_t *ret_len, rootlet_error *err)
{
	bool standard = strcmp(path, "-") == 0;
	int r = standard ? io_read_fd(0, RESOURCES_LIMIT, ret, ret_len)
			 : io_read_named_file(path, RESOURCES_LIMIT, ret, ret_len);

	return r < 0 ? error_set(err, r, "resources-read", path, "--resources %s: %s", path,
				 error_text(r))
		     : 0;
}

static int update(rootlet_bundle *bundle, void *data, rootlet_error *err)
{
	const struct request *q = data;
	AUTO_FREE char *text = NULL;
	AUTO_BUFFER json = {0};
	size_t len;
	int r;

	if (q->resources) {
		r = read_resources(q->resources, &text, &len, err);
		return r < 0 ? r : rootlet_bundle_update(bundle, text, len, q->resources, err);
	}
	r = write_json(q, &json, err);
	return r < 0 ? r : rootlet_bundle_update(bundle, json.data, json.len, "update", err);
}

static int run(int argc, char **argv)
{
	struct request q = {0};
	int r = command_begin(&oci_update_command, &q, argc, argv);
	int status = r > 0 ? 0 : EXIT_OCI;

	if (r == 0)
		status = command_with(q.args.words.items[0], update, &q);
	args_release(&oci_update_command, &q);
	return status;
}

const struct args_command oci_update_command = {
	.name = "update",
	.usage = "rootlet-oci update [OPTIONS] ID",
	.about = "Changes limits of a container that lives. What is not named stays as it is.",
	.brief = "change limits of a container",
	.run = run,
	.options = options,
	.kind = WORDS_OTHER,
	.least = 1,
	.most = 1,
	.word = "ID",
	.program = "rootlet-oci",
	.common = no_common_options,
};
