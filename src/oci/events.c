/* rootlet-oci events: what a container uses, and when the kernel has killed in it for want of
 * memory; one JSON object a line, in the form of runc's. */
#include "oci/oci.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/io.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { USUAL_MS = 5000 };

struct request {
	struct args args;
	const char *interval;
	bool stats;
	int64_t interval_ms;
};

static const struct args_option options[] = {
	{"stats", 0, ARGS_FLAG, NULL, offsetof(struct request, stats),
	 "print what it uses once, and end", NULL, 0, 0},
	{"interval", 0, ARGS_TEXT, "TIME", offsetof(struct request, interval),
	 "from one line to the next: 5s, 500ms, 1m (5s)", NULL, 0, 0},
	{0},
};

/* "5s", "500ms", "1m30s": as Go has durations; digits alone are seconds. */
static bool read_duration(const char *text, int64_t *ret_ms)
{
	static const struct {
		const char *unit;
		uint64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
	uint64_t number, sum = 0;

	do {
		bool found = false;

		if (io_take_u64(&text, &number) < 0 || number > INT32_MAX)
			return false;
		for (size_t i = 0; i < sizeof(units) / sizeof(units[0]) && !found; i++) {
			size_t len = strlen(units[i].unit);

			found = strncmp(text, units[i].unit, len) == 0;
			if (found) {
				sum += number * units[i].ms;
				text += len;
			}
		}
		if (!found && *text)
			return false;
		if (!found)
			sum += number * 1000;
	} while (*text);
	*ret_ms = (int64_t)sum;
	return sum > 0 && sum < INT32_MAX;
}

static int print_stats(rootlet_bundle *bundle, const char *id, rootlet_error *err)
{
	AUTO_FREE char *data = NULL;
	int r = rootlet_bundle_stats(bundle, &data, err);

	if (r == 0)
		printf("{\"type\":\"stats\",\"id\":\"%s\",\"data\":%s}\n", id, data);
	return r < 0 ? r : fflush(stdout) != 0 ? EXIT_OCI : 0;
}

/* Until its end. What was killed before we looked is no event. */
static int watch(rootlet_bundle *bundle, void *data, rootlet_error *err)
{
	const struct request *q = data;
	const char *id = q->args.words.items[0];
	uint64_t before = 0, kills;
	int64_t next = clock_ms() + q->interval_ms;
	int ended = rootlet_bundle_watch(bundle, 0, &before, err);

	if (ended < 0)
		return ended;
	if (q->stats)
		return print_stats(bundle, id, err);
	while (!ended) {
		int64_t left = next - clock_ms();
		int r;

		ended = rootlet_bundle_watch(bundle, left > 0 ? (int)left : 0, &kills, err);
		if (ended < 0)
			return ended;
		for (; before < kills; before++)
			printf("{\"type\":\"oom\",\"id\":\"%s\"}\n", id);
		if (fflush(stdout) != 0)
			return EXIT_OCI;
		if (ended || clock_ms() < next)
			continue;
		next += q->interval_ms;
		r = print_stats(bundle, id, err);
		if (r)
			return r == -ESRCH ? 0 : r;
	}
	return 0;
}

static int run(int argc, char **argv)
{
	struct request q = {.interval_ms = USUAL_MS};
	struct rootlet_error err = {0};
	int r = command_begin(&oci_events_command, &q, argc, argv);
	int status = r > 0 ? 0 : EXIT_OCI;

	if (r == 0 && q.interval && !read_duration(q.interval, &q.interval_ms)) {
		error_set(&err, -EINVAL, "interval", q.interval,
			  "--interval %.32s: duration interval must be greater than 0", q.interval);
		error_hint(&err, "as in 5s, 500ms or 1m");
		status = command_fail(&err);
	} else if (r == 0) {
		status = command_with(q.args.words.items[0], watch, &q);
	}
	args_release(&oci_events_command, &q);
	return status;
}

const struct args_command oci_events_command = {
	.name = "events",
	.usage = "rootlet-oci events [OPTIONS] ID",
	.about = "Prints what a container uses every few seconds, and when the kernel kills in it "
		 "for want of memory:\none JSON object a line, until it ends.",
	.brief = "what a container uses, as JSON",
	.run = run,
	.options = options,
	.kind = WORDS_OTHER,
	.least = 1,
	.most = 1,
	.word = "ID",
	.program = "rootlet-oci",
	.common = no_common_options,
};
