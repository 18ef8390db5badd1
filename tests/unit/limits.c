/* Limits as writes to files of a cgroup, from the words of a config and of a command line; and
 * where the cgroup is asked for. */
#include "oci_box.h"

#include "parse/parse.h"
#include "plan/limit.h"
#include "spec/cgroup.h"

/* "FILE=VALUE" of each write, a line each; what stands for a missing file behind a bar, and ? after
 * what may be missing. */
static void collect(const struct limits *limits, char *out, size_t size)
{
	size_t len = 0;

	*out = '\0';
	for (size_t i = 0; i < limits->count; i++) {
		const struct limit *l = &limits->items[i];

		len += (size_t)snprintf(out + len, size - len, "%s=%s%s%s%s%s%s\n", l->file,
					l->value, l->other ? "|" : "", l->other ? l->other : "",
					l->other ? "=" : "", l->other ? l->other_value : "",
					l->optional ? "?" : "");
	}
}

static void limits__of_a_config(void **state)
{
	static const struct {
		const char *resources, *writes;
	} rows[] = {
		{"", ""},
		{"\"memory\":{\"limit\":67108864}", "memory.max=67108864\n"},
		{"\"memory\":{\"limit\":100,\"swap\":300,\"reservation\":50}",
		 "memory.max=100\nmemory.swap.max=200\nmemory.low=50\n"},
		{"\"memory\":{\"limit\":100,\"swap\":100}", "memory.max=100\nmemory.swap.max=0?\n"},
		{"\"memory\":{\"limit\":100,\"swap\":-1}",
		 "memory.max=100\nmemory.swap.max=max?\n"},
		{"\"memory\":{\"limit\":-1}", "memory.max=max\nmemory.swap.max=max?\n"},
		{"\"memory\":{\"limit\":-1,\"swap\":7}", "memory.max=max\nmemory.swap.max=7\n"},
		{"\"memory\":{\"kernel\":5,\"disableOOMKiller\":false}", ""},
		{"\"cpu\":{\"shares\":1024}", "cpu.weight=100\n"},
		{"\"cpu\":{\"shares\":2}", "cpu.weight=1\n"},
		{"\"cpu\":{\"shares\":262144}", "cpu.weight=10000\n"},
		{"\"cpu\":{\"shares\":0}", ""},
		{"\"cpu\":{\"quota\":50000}", "cpu.max=50000 100000\n"},
		{"\"cpu\":{\"quota\":-1,\"period\":20000}", "cpu.max=max 20000\n"},
		{"\"cpu\":{\"period\":20000}", "cpu.max=max 20000\n"},
		{"\"cpu\":{\"quota\":50000,\"burst\":9}",
		 "cpu.max=50000 100000\ncpu.max.burst=9\n"},
		{"\"cpu\":{\"idle\":1,\"shares\":5}", "cpu.idle=1\n"},
		{"\"cpu\":{\"cpus\":\"0-1\",\"mems\":\"0\"}", "cpuset.cpus=0-1\ncpuset.mems=0\n"},
		{"\"pids\":{\"limit\":9}", "pids.max=9\n"},
		{"\"pids\":{\"limit\":-1}", "pids.max=max\n"},
		{"\"pids\":{\"limit\":0}", "pids.max=1\n"},
		{"\"blockIO\":{\"weight\":10}", "io.bfq.weight=10|io.weight=1\n"},
		{"\"blockIO\":{\"weight\":1000}", "io.bfq.weight=1000|io.weight=10000\n"},
		{"\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":1,\"rate\":7}]}",
		 "io.max=8:1 rbps=7\n"},
		{"\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":4194304}]",
		 "hugetlb.2MB.max=4194304\nhugetlb.2MB.rsvd.max=4194304?\n"},
		{"\"rdma\":{\"mlx5_1\":{\"hcaHandles\":3}}", "rdma.max=mlx5_1 hca_handle=3\n"},
		{"\"unified\":{\"io.max\":\"8:0 rbps=1\\n8:1 wbps=2\"}",
		 "io.max=8:0 rbps=1\nio.max=8:1 wbps=2\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[1024], writes[512];
		struct rootlet_error err = {0};
		struct limits limits;
		struct spec *spec;

		snprintf(text, sizeof(text), RESOURCES("%s"), rows[i].resources);
		spec = take_config(text);
		assert_int_equal(limits_from(&spec->arena, &spec->oci->resources, &limits, &err),
				 0);
		collect(&limits, writes, sizeof(writes));
		if (strcmp(writes, rows[i].writes) != 0)
			print_error("%s\n", rows[i].resources);
		assert_string_equal(writes, rows[i].writes);
		spec_free(spec);
	}
}

static void limits__that_version_2_has_not(void **state)
{
	static const struct {
		const char *resources, *subject;
	} rows[] = {
		{"\"memory\":{\"swap\":5}", "/linux/resources/memory/swap"},
		{"\"memory\":{\"limit\":9,\"swap\":5}", "/linux/resources/memory/swap"},
		{"\"memory\":{\"swappiness\":50}", "/linux/resources/memory/swappiness"},
		{"\"memory\":{\"disableOOMKiller\":true}",
		 "/linux/resources/memory/disableOOMKiller"},
		{"\"cpu\":{\"realtimeRuntime\":5}", "/linux/resources/cpu/realtimeRuntime"},
		{"\"unified\":{\"a/b.c\":\"1\"}", "/linux/resources/unified/a/b.c"},
		{"\"unified\":{\"nodot\":\"1\"}", "/linux/resources/unified/nodot"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct spec *spec = NULL;
		struct rootlet_error err = {0};
		struct limits limits;
		char text[1024];

		snprintf(text, sizeof(text), RESOURCES("%s"), rows[i].resources);
		if (read_config(&spec, text, &err) == 0) { /* else the parser has refused it */
			assert_int_equal(
				limits_from(&spec->arena, &spec->oci->resources, &limits, &err),
				-EINVAL);
			assert_string_equal(err.subject, rows[i].subject);
		}
		spec_free(spec);
	}
}

static void limits__of_a_command_line(void **state)
{
	static const struct {
		const char *option, *value, *writes; /* NULL: refused */
	} rows[] = {
		{"memory", "64m", "memory.max=67108864\n"},
		{"memory", "1G", "memory.max=1073741824\n"},
		{"memory", "12q", NULL},
		{"memory", "-1", NULL},
		{"cpus", "1.5", "cpu.max=150000 100000\n"},
		{"cpus", ".25", "cpu.max=25000 100000\n"},
		{"cpus", "2", "cpu.max=200000 100000\n"},
		{"cpus", "0", ""},
		{"cpus", "0.001", NULL},
		{"cpus", "1.", NULL},
		{"cpus", "-1", NULL},
		{"cpus", "1,5", NULL},
		{"pids-limit", "100", "pids.max=100\n"},
		{"pids-limit", "-1", "pids.max=max\n"},
		{"pids-limit", "0", "pids.max=max\n"},
		{"pids-limit", "many", NULL},
		{"cpuset-cpus", "0-3,8", "cpuset.cpus=0-3,8\n"},
		{"cpuset-cpus", "0-", NULL},
		{"cpuset-cpus", "a", NULL},
		{"cgroup-conf", "memory.high=1G", "memory.high=1G\n"},
		{"cgroup-conf", "memory.high", NULL},
		{"cgroup-conf", "../memory.high=1", NULL},
		{"cgroup-conf", "high=1", NULL},
		{"cgroup-parent", "/a/../b", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct spec *spec = spec_new(SPEC_RUN);
		struct rootlet_error err = {0};
		struct limits limits = {0};
		char writes[512];
		int r = option_apply(spec, option_find(rows[i].option, PARSE_RUN), rows[i].value,
				     "--x", &err);

		if ((r == 0) != (rows[i].writes != NULL))
			print_error("--%s %s\n", rows[i].option, rows[i].value);
		assert_int_equal(r == 0, rows[i].writes != NULL);
		if (r == 0) {
			assert_int_equal(limits_from(&spec->arena, spec->limits, &limits, &err), 0);
			collect(&limits, writes, sizeof(writes));
			assert_string_equal(writes, rows[i].writes);
		}
		spec_free(spec);
	}
}

static void cgroup__is_where_it_was_asked_for(void **state)
{
	static const struct {
		const char *own, *asked, *path;
	} rows[] = {
		{"/a/b", "c", "/a/b/c"}, {"/a/b", "/c//d/", "/c/d"}, {"/", "x", "/x"},
		{"/", "/", "/"},	 {"/a", "", "/a"},	     {"/a", "./x/.", "/a/x"},
	};
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(spec_cgroup_path(&a, rows[i].own, rows[i].asked), rows[i].path);
	arena_release(&a);
}

static void cgroup__of_a_config(void **state)
{
	static const struct {
		const char *path, *parent, *name; /* parent NULL: nothing was said */
	} rows[] = {
		{NULL, NULL, "id"},	  {"", NULL, "id"},
		{"/", NULL, "id"},	  {"/a", "/", "a"},
		{"/a/b", "/a", "b"},	  {"a", "", "a"},
		{"a/b/c", "a/b", "c"},	  {"/pod//box/", "/pod", "box"},
		{"/..", NULL, "id"},	  {"../..", NULL, "id"},
		{"/a/../../b", "/", "b"}, {"../a/./b", "a", "b"},
		{"a/..", NULL, "id"},	  {"a/../b", "", "b"},
		{"/a/b/../c", "/a", "c"}, {"..a/b..", "..a", "b.."},
	};
	struct spec *spec = take_config(LINUX("\"namespaces\":[]"));
	struct spec_cgroup c;

	(void)state;
	spec->oci->id = "id";
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		spec->oci->cgroups_path = rows[i].path;
		assert_int_equal(spec_cgroup(spec, &spec->arena, &c), 0);
		assert_true(c.wanted && !c.limited);
		assert_string_equal(c.name, rows[i].name);
		assert_int_equal(c.named, rows[i].parent != NULL);
		if (rows[i].parent)
			assert_string_equal(c.parent, rows[i].parent);
	}
	spec->oci->no_cgroup = true;
	assert_int_equal(spec_cgroup(spec, &spec->arena, &c), 0);
	assert_false(c.wanted);
	spec_free(spec);
}

static void limits__as_systemd_knows_them(void **state)
{
	static const struct {
		const char *file, *value, *properties;
	} rows[] = {
		{"memory.max", "67108864", "MemoryMax t 67108864\n"},
		{"memory.max", "max", "MemoryMax t 18446744073709551615\n"},
		{"memory.swap.max", "0", "MemorySwapMax t 0\n"},
		{"pids.max", "50", "TasksMax t 50\n"},
		{"cpu.weight", "100", "CPUWeight t 100\n"},
		{"cpu.max", "50000 100000",
		 "CPUQuotaPerSecUSec t 500000\nCPUQuotaPeriodUSec t 100000\n"},
		/* 0.333 of a processor: 34 of a hundred */
		{"cpu.max", "333 1000", "CPUQuotaPerSecUSec t 340000\nCPUQuotaPeriodUSec t 1000\n"},
		{"cpu.max", "max 20000",
		 "CPUQuotaPerSecUSec t 18446744073709551615\nCPUQuotaPeriodUSec t 20000\n"},
		{"cpuset.cpus", "0-1", "AllowedCPUs y 0-1\n"},
		{"cpuset.mems", "0", "AllowedMemoryNodes y 0\n"},
		{"io.max", "8:1 rbps=7", ""},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct limit limit = {.file = rows[i].file, .value = rows[i].value};
		const struct limits limits = {&limit, 1};
		struct unit_properties properties = {0};
		struct arena arena;
		char out[256] = "";
		size_t len = 0;

		arena_init(&arena);
		assert_int_equal(limits_properties(&arena, &limits, &properties), 0);
		for (size_t n = 0; n < properties.count; n++)
			len += (size_t)snprintf(out + len, sizeof(out) - len, "%s %c %s\n",
						properties.items[n].name, properties.items[n].type,
						properties.items[n].value);
		assert_string_equal(out, rows[i].properties);
		arena_release(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits__as_systemd_knows_them),
		cmocka_unit_test(limits__of_a_config),
		cmocka_unit_test(limits__that_version_2_has_not),
		cmocka_unit_test(limits__of_a_command_line),
		cmocka_unit_test(cgroup__is_where_it_was_asked_for),
		cmocka_unit_test(cgroup__of_a_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
