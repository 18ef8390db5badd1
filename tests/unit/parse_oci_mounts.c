/* mounts[] → spec->oci->mounts: every option, and what a later one makes of an earlier one. */
#include "oci_box.h"

#include <linux/mount.h>

#define ATIME MOUNT_ATTR__ATIME

/* A tmpfs with these options. */
static struct spec *take_options(const char *options)
{
	char text[600];

	snprintf(text, sizeof(text), MOUNT("\"type\":\"tmpfs\",\"options\":[%s]"), options);
	return take_config(text);
}

static void parse_oci__every_flag(void **state)
{
	static const struct {
		const char *options;
		uint64_t attr_set, attr_clear, rec_set, rec_clear, sb_set, sb_clear;
	} rows[] = {
		{"\"ro\"", MOUNT_ATTR_RDONLY, 0, 0, 0, 0, 0},
		{"\"rw\"", 0, MOUNT_ATTR_RDONLY, 0, 0, 0, 0},
		{"\"ro\",\"rw\"", 0, MOUNT_ATTR_RDONLY, 0, 0, 0, 0},
		{"\"rw\",\"ro\"", MOUNT_ATTR_RDONLY, 0, 0, 0, 0, 0},
		{"\"nosuid\",\"nodev\",\"noexec\",\"nosymfollow\",\"nodiratime\"",
		 MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSYMFOLLOW |
			 MOUNT_ATTR_NODIRATIME,
		 0, 0, 0, 0, 0},
		{"\"suid\",\"dev\",\"exec\",\"symfollow\",\"diratime\"", 0,
		 MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSYMFOLLOW |
			 MOUNT_ATTR_NODIRATIME,
		 0, 0, 0, 0},
		{"\"relatime\"", 0, ATIME, 0, 0, 0, 0},
		{"\"norelatime\"", 0, ATIME, 0, 0, 0, 0},
		{"\"noatime\"", MOUNT_ATTR_NOATIME, ATIME, 0, 0, 0, 0},
		{"\"noatime\",\"atime\"", 0, ATIME, 0, 0, 0, 0},
		{"\"strictatime\"", MOUNT_ATTR_STRICTATIME, ATIME, 0, 0, 0, 0},
		{"\"strictatime\",\"nostrictatime\"", 0, ATIME, 0, 0, 0, 0},
		{"\"noatime\",\"strictatime\"", MOUNT_ATTR_STRICTATIME, ATIME, 0, 0, 0, 0},
		{"\"strictatime\",\"atime\"", MOUNT_ATTR_STRICTATIME, ATIME, 0, 0, 0, 0},
		{"\"rro\",\"rnosuid\",\"rnodev\",\"rnoexec\",\"rnosymfollow\",\"rnodiratime\"", 0,
		 0,
		 MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
			 MOUNT_ATTR_NOSYMFOLLOW | MOUNT_ATTR_NODIRATIME,
		 0, 0, 0},
		{"\"rrw\",\"rsuid\",\"rdev\",\"rexec\",\"rsymfollow\",\"rdiratime\"", 0, 0, 0,
		 MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
			 MOUNT_ATTR_NOSYMFOLLOW | MOUNT_ATTR_NODIRATIME,
		 0, 0},
		{"\"rrelatime\"", 0, 0, 0, ATIME, 0, 0},
		{"\"rnorelatime\"", 0, 0, 0, ATIME, 0, 0},
		{"\"rnoatime\"", 0, 0, MOUNT_ATTR_NOATIME, ATIME, 0, 0},
		{"\"ratime\"", 0, 0, 0, ATIME, 0, 0},
		{"\"rstrictatime\"", 0, 0, MOUNT_ATTR_STRICTATIME, ATIME, 0, 0},
		{"\"rnostrictatime\"", 0, 0, 0, ATIME, 0, 0},
		{"\"sync\",\"dirsync\",\"mand\",\"lazytime\",\"iversion\",\"silent\"", 0, 0, 0, 0,
		 MS_SYNCHRONOUS | MS_DIRSYNC | MS_MANDLOCK | MS_LAZYTIME | MS_I_VERSION | MS_SILENT,
		 0},
		{"\"async\",\"nomand\",\"nolazytime\",\"noiversion\",\"loud\"", 0, 0, 0, 0, 0,
		 MS_SYNCHRONOUS | MS_MANDLOCK | MS_LAZYTIME | MS_I_VERSION | MS_SILENT},
		{"\"defaults\",\"nofail\",\"auto\",\"noauto\",\"_netdev\",\"x-a.b=c\",\"X-mount."
		 "mkdir\"",
		 0, 0, 0, 0, 0, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct spec *spec = take_options(rows[i].options);
		const struct oci_mount *m = &spec->oci->mounts[0];

		if (m->attr_set != rows[i].attr_set || m->attr_clear != rows[i].attr_clear ||
		    m->rec_attr_set != rows[i].rec_set || m->rec_attr_clear != rows[i].rec_clear ||
		    m->sb_set != rows[i].sb_set || m->sb_clear != rows[i].sb_clear)
			fail_msg("%s: %lx %lx, %lx %lx, %lx %lx", rows[i].options, m->attr_set,
				 m->attr_clear, m->rec_attr_set, m->rec_attr_clear, m->sb_set,
				 m->sb_clear);
		assert_int_equal(m->option_count, 0);
		spec_free(spec);
	}
}

static void parse_oci__propagation(void **state)
{
	static const struct {
		const char *word;
		uint64_t flag;
		bool recursive;
	} rows[] = {
		{"private", MS_PRIVATE, false},	      {"rprivate", MS_PRIVATE, true},
		{"shared", MS_SHARED, false},	      {"rshared", MS_SHARED, true},
		{"slave", MS_SLAVE, false},	      {"rslave", MS_SLAVE, true},
		{"unbindable", MS_UNBINDABLE, false}, {"runbindable", MS_UNBINDABLE, true},
	};
	char options[40];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct spec *spec;

		snprintf(options, sizeof(options), "\"%s\"", rows[i].word);
		spec = take_options(options);
		assert_true(spec->oci->mounts[0].propagation == rows[i].flag);
		assert_true(spec->oci->mounts[0].rec_propagation == rows[i].recursive);
		spec_free(spec);
	}
}

/* One after another, as mount(2) would. */
static void parse_oci__propagation_of_several_words(void **state)
{
	static const struct {
		const char *words;
		uint64_t flag;
		bool recursive;
	} rows[] = {
		{"\"rshared\",\"rslave\"", MS_SLAVE, true},
		{"\"slave\",\"rprivate\"", MS_PRIVATE, true},
		{"\"rprivate\",\"rslave\"", MS_PRIVATE, true}, /* of nobody */
		{"\"unbindable\",\"slave\"", MS_UNBINDABLE, false},
		{"\"rslave\",\"rslave\"", MS_SLAVE, true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct spec *spec = take_options(rows[i].words);

		assert_true(spec->oci->mounts[0].propagation == rows[i].flag);
		assert_true(spec->oci->mounts[0].rec_propagation == rows[i].recursive);
		spec_free(spec);
	}
}

/* Maps in the option's own text: of the file system's ids, of the host's. */
static void parse_oci__idmap_with_maps(void **state)
{
	struct spec *spec =
		take_config(MOUNT("\"source\":\"/s\",\"options\":[\"bind\","
				  "\"ridmap=uids=0-1000-1#1-100000-9;gids=5-6-4294967295\"]"));
	const struct oci_mount *m = &spec->oci->mounts[0];

	assert_true(m->idmap && m->rec_idmap);
	assert_int_equal(m->uid_map_count, 2);
	assert_int_equal(m->uid_maps[1].container, 1);
	assert_int_equal(m->uid_maps[1].host, 100000);
	assert_int_equal(m->uid_maps[1].count, 9);
	assert_int_equal(m->gid_map_count, 1);
	assert_int_equal(m->gid_maps[0].container, 5);
	assert_true(m->gid_maps[0].count == UINT32_MAX);
	assert_int_equal(m->option_count, 0);
	spec_free(spec);
}

/* What is not known is the file system's own, split where the kernel would split it. */
static void parse_oci__options_of_the_file_system(void **state)
{
	static const struct {
		const char *key, *value;
	} expected[] = {
		{"size", "64k"},
		{"mode", "0755"},
		{"newinstance", NULL},
		{"lowerdir", "/a\\,b:/c"},
		{"context", "\"u:r:t:s0:c1,c2\""},
		{"nr_inodes", "5"},
		{"noswap", NULL},
	};
	struct spec *spec = take_options(
		"\"size=64k,mode=0755\",\"newinstance\",\"lowerdir=/a\\\\,b:/c\","
		"\"context=\\\"u:r:t:s0:c1,c2\\\",nr_inodes=5\",\",noswap,\",\"\",\"tmpcopyup\"");
	const struct oci_mount *m = &spec->oci->mounts[0];

	assert_int_equal(m->option_count, sizeof(expected) / sizeof(*expected));
	for (size_t i = 0; i < m->option_count; i++) {
		assert_string_equal(m->options[i].key, expected[i].key);
		if (expected[i].value)
			assert_string_equal(m->options[i].value, expected[i].value);
		else
			assert_null(m->options[i].value);
	}
	assert_true(m->copy_up);
	spec_free(spec);
}

static void parse_oci__binds(void **state)
{
	struct spec *spec = take_config(TOP(
		"\"mounts\":["
		"{\"destination\":\"/a\",\"type\":\"none\",\"source\":\"/"
		"src\",\"options\":[\"rbind\"]},"
		"{\"destination\":\"/b/../../c/"
		"\",\"source\":\"data\",\"options\":[\"bind\",\"ro\"]},"
		"{\"destination\":\"/d\",\"type\":\"bind\",\"source\":\"/e\"},"
		"{\"destination\":\"/f\",\"source\":\"/g\",\"options\":[\"rbind\",\"ridmap\"],"
		"\"uidMappings\":[{\"containerID\":0,\"hostID\":7,\"size\":2}],"
		"\"gidMappings\":[{\"containerID\":0,\"hostID\":8,\"size\":3}]},"
		"{\"destination\":\"/h\",\"options\":[\"remount\",\"ro\"]},"
		"{\"destination\":\"/i\",\"source\":\"/j\",\"options\":[\"bind\",\"idmap\"]}]"));
	const struct oci_mount *m = spec->oci->mounts;

	assert_int_equal(spec->oci->mount_count, 6);
	assert_true(m[0].bind && m[0].recursive);
	assert_string_equal(m[0].type, "bind");
	assert_string_equal(m[0].source, "/src");
	assert_true(m[1].bind && !m[1].recursive);
	assert_string_equal(m[1].destination, "/c");
	assert_string_equal(m[1].source, "/bundle/data");
	assert_true(m[1].attr_set == MOUNT_ATTR_RDONLY);
	assert_true(m[2].bind && !m[2].recursive);
	assert_true(m[3].idmap && m[3].rec_idmap);
	assert_int_equal(m[3].uid_map_count, 1);
	assert_int_equal(m[3].uid_maps[0].host, 7);
	assert_int_equal(m[3].gid_maps[0].count, 3);
	assert_true(m[4].remount && !m[4].bind);
	assert_true(m[5].idmap && !m[5].rec_idmap && !m[5].uid_map_count);
	spec_free(spec);
}

/* As mount(2) does with them; but it is told. */
static void parse_oci__a_bind_takes_no_options_of_a_file_system(void **state)
{
	struct spec *spec = take_config(
		MOUNT("\"source\":\"/s\",\"options\":[\"rbind\",\"size=4k\",\"mode=700\"]"));

	assert_int_equal(spec->oci->mounts[0].option_count, 0);
	assert_int_equal(spec->oci->note_count, 1);
	assert_string_equal(spec->oci->notes[0],
			    "config.json:2:55: /mounts/0/options: \"size\" is an option of a file "
			    "system, and a bind mount takes none: passed over");
	spec_free(spec);
}

/* The kernel would pass them over without a word. */
static void parse_oci__options_of_a_file_system_on_a_bind_are_noted(void **state)
{
	static const char *const words[] = {"sync",    "dirsync",  "mand",     "lazytime",
					    "size=1m", "iversion", "tmpcopyup"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		char config[300], note[300];
		struct spec *spec;

		snprintf(config, sizeof(config),
			 MOUNT("\"source\":\"/s\",\"options\":[\"bind\",\"silent\",\"%s\"]"),
			 words[i]);
		snprintf(note, sizeof(note),
			 "config.json:2:55: /mounts/0/options: \"%.*s\" is an option of a file "
			 "system, and a bind mount takes none: passed over",
			 (int)strcspn(words[i], "="), words[i]);
		spec = take_config(config);
		assert_int_equal(spec->oci->note_count, 1);
		assert_string_equal(spec->oci->notes[0], note);
		assert_int_equal(spec->oci->mounts[0].sb_set, 0);
		spec_free(spec);
	}
}

/* user_namespaces(7): the kernel takes 340 lines, and would say so only when it is made. */
static void parse_oci__maps_of_a_mount_are_bounded(void **state)
{
	static const char row[] = "{\"containerID\":0,\"hostID\":0,\"size\":1}";
	char rows[341 * sizeof(row) + 1] = "", config[sizeof(rows) * 2 + 500];
	struct rootlet_error err = {0};
	struct spec *spec;

	for (int i = 0; i < 341; i++)
		snprintf(rows + strlen(rows), sizeof(rows) - strlen(rows), "%s%s", i ? "," : "",
			 row);
	snprintf(config, sizeof(config),
		 MOUNT("\"source\":\"/s\",\"options\":[\"bind\"],\"uidMappings\":[%s],"
		       "\"gidMappings\":[%s]"),
		 rows, row);
	assert_int_equal(read_config(&spec, config, &err), -EINVAL);
	assert_string_equal(err.message, "config.json:2:11: /mounts/0: its maps have more than the "
					 "340 rows that the kernel takes");
	spec_free(spec);
}

static void parse_oci__file_systems_keep_type_and_source(void **state)
{
	struct spec *spec = take_config(
		TOP("\"mounts\":[{\"destination\":\"proc\",\"type\":\"proc\",\"source\":\"proc\"},"
		    "{\"destination\":\"/o\",\"type\":\"overlay\",\"source\":\"\"}]"));
	const struct oci_mount *m = spec->oci->mounts;

	assert_string_equal(m[0].destination, "/proc");
	assert_string_equal(m[0].type, "proc");
	assert_string_equal(m[0].source, "proc");
	assert_null(m[1].source);
	assert_int_equal(spec->oci->note_count, 1);
	assert_string_equal(spec->oci->notes[0],
			    "config.json:2:26: /mounts/0/destination: a relative destination is "
			    "deprecated: it is taken from the root on");
	spec_free(spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_oci__every_flag),
		cmocka_unit_test(parse_oci__propagation),
		cmocka_unit_test(parse_oci__propagation_of_several_words),
		cmocka_unit_test(parse_oci__idmap_with_maps),
		cmocka_unit_test(parse_oci__options_of_the_file_system),
		cmocka_unit_test(parse_oci__binds),
		cmocka_unit_test(parse_oci__a_bind_takes_no_options_of_a_file_system),
		cmocka_unit_test(parse_oci__options_of_a_file_system_on_a_bind_are_noted),
		cmocka_unit_test(parse_oci__maps_of_a_mount_are_bounded),
		cmocka_unit_test(parse_oci__file_systems_keep_type_and_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
