/* --security-opt landlock: what the plan leaves read-only stays so, also for a root that may change
 * mounts; and what a program does in its own places does not change. docs/adr/0012-landlock.md has
 * the list. */
#include "seal.h"

static void need_landlock(void)
{
	if (seal("", "$R plan --security-opt landlock / true")->status)
		skip_because("this kernel has no Landlock, or it is not switched on");
}

/* The mount of a read-only volume made writable by a privileged root: as if that step had been
 * wrong. */
#define UNDO                                                                                       \
	"mkdir -m 777 ro; $R run --privileged $O -v ./ro:/ro:ro / sh -c 'mount -o "                \
	"remount,bind,rw /ro; "                                                                    \
	"echo x >/ro/file; mkdir /ro/dir' 2>/dev/null; ls ro"

static void landlock__read_only_stays_read_only(void **state)
{
	need_landlock();
	expect_out(seal("", UNDO), "dir\nfile\n"); /* else the next line would show nothing */
	expect_out(seal("--security-opt landlock", "rm -rf ro; " UNDO), "");
	expect_out(seal("--security-opt landlock",
			"mkdir -p new; $R run --privileged $O -v ./new:/new:ro / sh -c 'umount "
			"/new 2>/dev/null && echo off; mount -t tmpfs none /mnt 2>/dev/null && "
			"echo on; umount -l /home 2>/dev/null && echo home; true'"),
		   "");
}

/* A writable mount that the rules do not know: the rights end where the plan says. The process of
 * the host that enters has no rules itself. */
static void landlock__also_where_a_mount_is_wrong(void **state)
{
	need_landlock();
	expect_out(seal("--security-opt landlock",
			"mkdir -m 777 w; $R run --privileged --pidfile p $O -v ./w:/opt:ro / sh -c "
			"'until [ -e /tmp/go ]; do sleep .02; done; echo x >/opt/file; echo x "
			">/tmp/file && echo tmp' >out 2>err & for i in $(seq 500); do [ -s p ] && "
			"break; sleep .01; done; sleep .2; P=$(cat p); nsenter -t $P -U -m "
			"--preserve-credentials mount -o remount,bind,rw /opt; nsenter -t $P -U -m "
			"--preserve-credentials touch /opt/entered /tmp/go; wait; cat out; ls w"),
		   "tmp\nentered\n");
}

static void landlock__what_one_may_write_is_written_as_before(void **state)
{
	static const char script[] =
		"rm -rf d; mkdir -m 777 d; $R run $O -v ./d:/data / sh -ec 'cd /data; mkdir a b; "
		"echo x >a/f; mv a/f b/; ln b/f a/g; : >b/f; mkfifo p; ln -s x l; mv l a/; rm p; "
		"rmdir a 2>/dev/null || ls a b; echo x >/dev/null; echo x >/dev/shm/x; echo 7 "
		">/proc/self/oom_score_adj; cat /proc/self/oom_score_adj; echo piped | cat "
		">/tmp/x; cat /tmp/x; cd /tmp; mkdir -p a/b; mv a c; ls -d c/b; if [ $(id -u) = 0 "
		"]; then echo x >/etc/hosts; fi; echo x >/var/tmp/x; unshare -Ur true; sleep 9 & "
		"kill -9 $!; echo end'";
	static const char *const options[] = {"",
					      "--no-init",
					      "--pid host",
					      "--userns single",
					      "--userns keep-id",
					      "--privileged",
					      "--security-opt seccomp=unconfined"};
	char plain[4096];

	need_landlock();
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		char with[256];
		const struct result *r = seal(options[i], script);

		expect_contains(r, "a:\ng\nl\n\nb:\nf\n7\npiped\nc/b\n");
		snprintf(plain, sizeof(plain), "%.4000s", r->out);
		snprintf(with, sizeof(with), "%s --security-opt landlock", options[i]);
		expect_out(seal(with, script), plain);
	}
}

static void landlock__a_writable_root_is_writable(void **state)
{
	need_landlock();
	expect_out(seal("--security-opt landlock",
			"mkdir r; B=; for d in bin lib lib32 lib64 sbin usr; do [ -e /$d ] && { "
			"mkdir -p r/$d; B=\"$B -v /$d:/$d:ro\"; }; done; $R run $O $B ./r sh -c "
			"'mkdir -p /x/y; mv /x/y /z; ls -d /z; touch /usr/x 2>/dev/null || echo "
			"ro'; $R run $O --read-only $B ./r sh -c 'touch /q 2>/dev/null || echo ro; "
			"touch /tmp/q && echo tmp'; $R run $O --overlay $B ./r sh -c 'touch /q && "
			"echo overlay'; [ ! -e r/q ]"),
		   "/z\nro\nro\ntmp\noverlay\n");
}

/* The reasons why it is not on by default; when one of them goes, so may the record. */
static void landlock__what_it_takes_away(void **state)
{
	static const char nested[] =
		"$R run $O / unshare -Urm true 2>/dev/null && echo nested; $R run $O / sh -c 'echo "
		"x >/dev/stdout' 2>/dev/null >file; cat file";

	need_landlock();
	expect_out(seal("", nested), "nested\nx\n");
	expect_out(seal("--security-opt landlock", nested), "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		test(landlock__read_only_stays_read_only),
		test(landlock__also_where_a_mount_is_wrong),
		test(landlock__what_one_may_write_is_written_as_before),
		test(landlock__a_writable_root_is_writable),
		test(landlock__what_it_takes_away),
	};

	return harness_main("landlock", tests, sizeof(tests) / sizeof(tests[0]));
}
