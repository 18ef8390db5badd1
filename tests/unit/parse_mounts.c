/* -v, --mount, --tmpfs, --device: see src/parse/{volume,mounts,mount_words}.c. */
#include "parse_check.h"

#include <linux/mount.h>

#define DEFAULT (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

struct bind {
	const char *option, *text;
	const char *source, *destination;
	uint64_t attributes;
	uint64_t propagation;
	bool recursive;
};

static void mounts__reads_binds(void **state)
{
	static const struct bind rows[] = {
		{"volume", "/data", "/data", "/data", DEFAULT, 0, true},
		{"volume", "/a//b/./c/", "/a//b/./c/", "/a/b/c", DEFAULT, 0, true},
		{"volume", "./src:/src", "./src", "/src", DEFAULT, 0, true},
		{"volume", ".:/src", ".", "/src", DEFAULT, 0, true},
		{"volume", "../x:/src:rw", "../x", "/src", DEFAULT, 0, true},
		{"volume", "/a:/b:ro", "/a", "/b", DEFAULT | MOUNT_ATTR_RDONLY, 0, true},
		{"volume", "/a:/b:suid,dev,noexec,z", "/a", "/b", MOUNT_ATTR_NOEXEC, 0, true},
		{"volume", "/a:/b:rbind,rslave,Z", "/a", "/b", DEFAULT, MS_SLAVE, true},
		{"volume", "/a:/b:bind,private,exec", "/a", "/b", DEFAULT, MS_PRIVATE, true},
		{"mount", "type=bind,src=/a,dst=/b", "/a", "/b", DEFAULT, 0, true},
		{"mount", "source=./a:b,destination=/b,type=bind,ro", "./a:b", "/b",
		 DEFAULT | MOUNT_ATTR_RDONLY, 0, true},
		{"mount", "type=bind,src=/a,target=/b,readonly=true,bind-propagation=rprivate",
		 "/a", "/b", DEFAULT | MOUNT_ATTR_RDONLY, MS_PRIVATE, true},
		{"mount", "type=bind,src=/a,dst=/b,ro=false,bind-nonrecursive=true,relabel=shared",
		 "/a", "/b", DEFAULT, 0, false},
		{"mount", "type=bind,src=/a,dst=/b,rw=false", "/a", "/b",
		 DEFAULT | MOUNT_ATTR_RDONLY, 0, true},
		{"mount", "type=bind,\"src=/a,b\",dst=/b,noexec", "/a,b", "/b",
		 DEFAULT | MOUNT_ATTR_NOEXEC, 0, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct spec *spec = new_spec(SPEC_RUN);
		const struct spec_mount *m;
		char origin[256];

		take(spec, rows[i].option, rows[i].text);
		assert_int_equal(spec->mount_count, 1);
		m = &spec->mounts[0];
		assert_int_equal(m->type, MOUNT_BIND);
		assert_string_equal(m->source, rows[i].source);
		assert_string_equal(m->destination, rows[i].destination);
		assert_int_equal(m->attr_set, rows[i].attributes);
		assert_int_equal(m->attr_clear, 0);
		assert_int_equal(m->propagation, rows[i].propagation);
		assert_int_equal(m->recursive, rows[i].recursive);
		assert_int_equal(m->option_count, 0);
		assert_string_equal(m->option, rows[i].option);
		snprintf(origin, sizeof(origin), "--%s %s", rows[i].option, rows[i].text);
		assert_string_equal(m->origin, origin);
		spec_free(spec);
	}
}

static void mounts__reads_tmpfs(void **state)
{
	static const struct {
		const char *option, *text;
		uint64_t attributes;
		const char *options; /* "key=value " */
	} rows[] = {
		{"tmpfs", "/t", DEFAULT, ""},
		{"tmpfs", "/t:size=64M,mode=1777", DEFAULT, "size=64m mode=1777 "},
		{"tmpfs", "/t:ro,noexec,nr_inodes=1k",
		 DEFAULT | MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC, "nr_inodes=1k "},
		{"tmpfs", "/t/:size=50%,uid=5,gid=6,exec", DEFAULT, "size=50% uid=5 gid=6 "},
		{"mount", "type=tmpfs,dst=/t,tmpfs-size=100,tmpfs-mode=700", DEFAULT,
		 "size=100 mode=700 "},
		{"mount", "type=tmpfs,dst=/t,size=1G,notmpcopyup", DEFAULT, "size=1g "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct spec *spec = new_spec(SPEC_RUN);
		const struct spec_mount *m;
		char options[128] = "";

		take(spec, rows[i].option, rows[i].text);
		m = &spec->mounts[0];
		assert_int_equal(m->type, MOUNT_TMPFS);
		assert_null(m->source);
		assert_string_equal(m->destination, "/t");
		assert_int_equal(m->attr_set, rows[i].attributes);
		assert_false(m->recursive);
		for (size_t j = 0; j < m->option_count; j++) {
			size_t used = strlen(options);

			snprintf(options + used, sizeof(options) - used, "%s=%s ",
				 m->options[j].key, m->options[j].value);
		}
		assert_string_equal(options, rows[i].options);
		spec_free(spec);
	}
}

static void mounts__reads_kernel_file_systems(void **state)
{
	struct spec *spec = new_spec(SPEC_RUN);

	(void)state;
	take(spec, "mount", "type=mqueue,dst=/dev/mq");
	take(spec, "mount", "type=devpts,dst=/pts");
	take(spec, "mount", "type=cgroup2,dst=/cg,ro");
	assert_int_equal(spec->mounts[0].type, MOUNT_MQUEUE);
	assert_int_equal(spec->mounts[0].attr_set, DEFAULT | MOUNT_ATTR_NOEXEC);
	assert_int_equal(spec->mounts[1].type, MOUNT_DEVPTS);
	assert_int_equal(spec->mounts[1].attr_set, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	assert_int_equal(spec->mounts[2].type, MOUNT_CGROUP2);
	assert_true(spec->mounts[2].attr_set & MOUNT_ATTR_RDONLY);
	spec_free(spec);
}

#define COLON                                                                                      \
	"the form is SRC:DST:OPTS, as in ./src:/src:ro; a path with a colon needs --mount "        \
	"type=bind,src=…,dst=…"
#define TYPES	"use bind, tmpfs, mqueue, proc, sysfs, devpts or cgroup2"
#define VOLUMES "ro, rw, noexec, nosuid, nodev, private, slave …"

static void mounts__refuses_volumes(void **state)
{
	static const struct refusal rows[] = {
		{"volume", "", "mount-bind", "--volume \"\": the source is empty", ""},
		{"volume", ":/x", "mount-bind", "--volume :/x: the source is empty", ""},
		{"volume", "data:/x", "mount-bind",
		 "--volume data:/x: the source \"data\" begins with neither / nor .",
		 "there are no named volumes: write ./data for a directory here"},
		{"volume", "~/x:/x", "mount-bind",
		 "--volume ~/x:/x: the source \"~/x\" begins with neither / nor .",
		 "the shell expands ~ only at the beginning of a word: use \"$HOME\""},
		{"volume", "./src", "mount-bind",
		 "--volume ./src: a relative source needs a place inside",
		 "write ./src:/PLACE, or the absolute path for the same path inside"},
		{"volume", "/a:ro", "inside-path",
		 "--volume /a:ro: the path inside, \"ro\", is not absolute", COLON},
		{"volume", "/a:", "inside-path",
		 "--volume /a:: the path inside, \"\", is not absolute", ""},
		{"volume", "/a:/b/../c", "inside-path",
		 "--volume /a:/b/../c: the path inside, /b/../c, contains \"..\"", ""},
		{"volume", "/a/../b", "inside-path",
		 "--volume /a/../b: the path inside, /a/../b, contains \"..\"", ""},
		{"volume", "/a:/", "mount-bind", "--volume /a:/: would cover the whole root",
		 "ROOT is what stands at /"},
		{"volume", "/", "mount-bind", "--volume /: would cover the whole root",
		 "ROOT is what stands at /"},
		{"volume", "/a:/b:", "mount-bind", "--volume /a:/b:: an option is empty", ""},
		{"volume", "/a:/b:ro,", "mount-bind", "--volume /a:/b:ro,: an option is empty", ""},
		{"volume", "/a:/b:ro,rw", "mount-bind",
		 "--volume /a:/b:ro,rw: ro and rw contradict each other", ""},
		{"volume", "/a:/b:rx", "mount-bind",
		 "--volume /a:/b:rx: rx is no option of a volume", VOLUMES},
		{"volume", "/a:/b:ro:x", "mount-bind",
		 "--volume /a:/b:ro:x: ro:x is no option of a volume", VOLUMES},
		{"volume", "/a:/b:rshared", "mount-bind",
		 "--volume /a:/b:rshared: a mount made inside cannot reach the host without root: "
		 "rshared is "
		 "impossible",
		 "slave lets the host's later mounts appear inside"},
		{"volume", "/a:/b:U", "mount-bind",
		 "--volume /a:/b:U: U: rootlet changes no owners on the host",
		 "rootlet unshare chown does, for files of yours"},
		{"volume", "/a:/b:O", "mount-bind",
		 "--volume /a:/b:O: O: an overlay on a volume is not available",
		 "--overlay puts one on the whole root"},
	};

	(void)state;
	check_refusals(rows);
}

static void mounts__refuses_long_forms(void **state)
{
	static const struct refusal rows[] = {
		{"mount", "src=/a,dst=/b", "mount-bind", "--mount src=/a,dst=/b: has no type",
		 "begin with type=bind, or type=tmpfs"},
		{"mount", "", "mount-bind", "--mount \"\": a field is empty", ""},
		{"mount", "type=bind,,dst=/b", "mount-bind",
		 "--mount type=bind,,dst=/b: a field is empty", ""},
		{"mount", "type=nfs", "mount-bind",
		 "--mount type=nfs: type=nfs is none that can be mounted", TYPES},
		{"mount", "type", "mount-bind", "--mount type: type= is none that can be mounted",
		 TYPES},
		{"mount", "type=volume,dst=/b", "mount-bind",
		 "--mount type=volume,dst=/b: type=volume is none that can be mounted",
		 "there are no named volumes: type=bind binds a directory"},
		{"mount", "type=bind,type=tmpfs", "mount-bind",
		 "--mount type=bind,type=tmpfs: the type is given twice", ""},
		{"mount", "type=bind,dst=/b", "mount-bind",
		 "--mount type=bind,dst=/b: has no source", ""},
		{"mount", "type=bind,src=/a", "mount-bind",
		 "--mount type=bind,src=/a: has no destination", ""},
		{"mount", "type=bind,src=/a,source=/c", "mount-bind",
		 "--mount type=bind,src=/a,source=/c: the source is given twice", ""},
		{"mount", "type=bind,src", "mount-bind", "--mount type=bind,src: src has no value",
		 ""},
		{"mount", "type=tmpfs,src=/a,dst=/b", "mount",
		 "--mount type=tmpfs,src=/a,dst=/b: type=tmpfs has no source", ""},
		{"mount", "type=bind,src=/a,dst=b", "inside-path",
		 "--mount type=bind,src=/a,dst=b: the path inside, \"b\", is not absolute", ""},
		{"mount", "type=bind,ro=maybe,dst=/b", "mount-bind",
		 "--mount type=bind,ro=maybe,dst=/b: ro=maybe is neither true nor false", ""},
		{"mount", "type=bind,tmpfs-size=5", "mount-bind",
		 "--mount type=bind,tmpfs-size=5: tmpfs-size is no option of type=bind", ""},
		{"mount", "type=bind,bind-propagation=x", "mount-bind",
		 "--mount type=bind,bind-propagation=x: bind-propagation=x is none", ""},
		{"mount", "type=proc,size=1", "mount",
		 "--mount type=proc,size=1: size is no option of type=proc", ""},
		{"mount", "type=tmpfs,dst=/t,noexec=1", "mount",
		 "--mount type=tmpfs,dst=/t,noexec=1: noexec is no option of type=tmpfs", ""},
		{"mount", "type=bind,\"src=/a", "mount-bind",
		 "--mount type=bind,\"src=/a: a quotation mark is not closed", ""},
		{"mount", "type=bind,\"src=/a\"x", "mount-bind",
		 "--mount type=bind,\"src=/a\"x: there is no comma after a quoted field", ""},
	};

	(void)state;
	check_refusals(rows);
}

static void mounts__refuses_tmpfs(void **state)
{
	static const char words[] = "size=, mode=, uid=, gid=, nr_inodes=, ro, noexec …";
	static const struct refusal rows[] = {
		{"tmpfs", "t", "inside-path", "--tmpfs t: the path inside, \"t\", is not absolute",
		 ""},
		{"tmpfs", "", "inside-path", "--tmpfs \"\": the path inside, \"\", is not absolute",
		 ""},
		{"tmpfs", "/", "mount", "--tmpfs /: would cover the whole root",
		 "ROOT is what stands at /"},
		{"tmpfs", "/t:size=", "mount",
		 "--tmpfs /t:size=: size= is not a size: digits, and k, m, g or % after them", ""},
		{"tmpfs", "/t:size=-1", "mount",
		 "--tmpfs /t:size=-1: size=-1 is not a size: digits, and k, m, g or % after them",
		 ""},
		{"tmpfs", "/t:size=8589934592g", "mount",
		 "--tmpfs /t:size=8589934592g: size=8589934592g is not a size: digits, and k, m, g "
		 "or % after "
		 "them",
		 ""},
		{"tmpfs", "/t:size=1,size=2", "mount",
		 "--tmpfs /t:size=1,size=2: size is given twice", ""},
		{"tmpfs", "/t:mode=10000", "mount",
		 "--tmpfs /t:mode=10000: mode=10000 is not an octal number up to 7777", ""},
		{"tmpfs", "/t:mode=8", "mount",
		 "--tmpfs /t:mode=8: mode=8 is not an octal number up to 7777", ""},
		{"tmpfs", "/t:uid=-1", "mount",
		 "--tmpfs /t:uid=-1: uid=-1 is not a number from 0 to 4294967294", ""},
		{"tmpfs", "/t:huge=always", "mount",
		 "--tmpfs /t:huge=always: huge=always is no option of a tmpfs", words},
		{"tmpfs", "/t:bind", "mount", "--tmpfs /t:bind: bind is no option of a tmpfs",
		 words},
		{"tmpfs", "/t:tmpcopyup", "mount",
		 "--tmpfs /t:tmpcopyup: tmpcopyup: what lies below a tmpfs is not copied into it",
		 "leave it out"},
	};

	(void)state;
	check_refusals(rows);
}

static void mounts__reads_devices(void **state)
{
	static const struct refusal refused[] = {
		{"device", "dev/fuse", "device",
		 "--device dev/fuse: the device's path is not absolute", ""},
		{"device", "/dev/fuse:r", "device",
		 "--device /dev/fuse:r: permissions of a device cannot be narrowed without root",
		 "leave r out: the node's own mode decides"},
		{"device", "/dev/fuse:/dev/../x", "inside-path",
		 "--device /dev/fuse:/dev/../x: the path inside, /dev/../x, contains \"..\"", ""},
	};
	struct spec *spec = new_spec(SPEC_RUN);

	(void)state;
	take(spec, "device", "/dev/fuse");
	take(spec, "device", "/dev/fuse:rwm");
	take(spec, "device", "/dev/fuse:/dev//f:rwm");
	assert_string_equal(spec->devices[0].destination, "/dev/fuse");
	assert_string_equal(spec->devices[1].source, "/dev/fuse");
	assert_string_equal(spec->devices[1].destination, "/dev/fuse");
	assert_string_equal(spec->devices[2].destination, "/dev/f");
	assert_string_equal(spec->devices[2].origin, "--device /dev/fuse:/dev//f:rwm");
	spec_free(spec);
	check_refusals(refused);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mounts__reads_binds),
		cmocka_unit_test(mounts__reads_tmpfs),
		cmocka_unit_test(mounts__reads_kernel_file_systems),
		cmocka_unit_test(mounts__refuses_volumes),
		cmocka_unit_test(mounts__refuses_long_forms),
		cmocka_unit_test(mounts__refuses_tmpfs),
		cmocka_unit_test(mounts__reads_devices),
	};

	return cmocka_run_group_tests_name("mounts", tests, NULL, NULL);
}
