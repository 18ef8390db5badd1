/* What is seen and what can be written: the host's root, directories, volumes, overlays, /dev, the
 * generated files of /etc; and that an image's symbolic links lead nowhere. */
#include "harness.h"

#include <stdio.h>

/* Makes a root directory `r` that borrows the host's programs: $B are its volumes. */
#define BORROW                                                                                     \
	"mkdir -p r; B=; for d in bin lib lib32 lib64 sbin usr; do "                               \
	"[ -e /$d ] && B=\"$B -v /$d:/$d:ro\"; done; "

static void files__host_root_is_read_only_everywhere(void **state)
{
	expect_out(shell("$R run / sh -c 'for d in / /etc /usr /var /home /opt /srv /boot /sys "
			 "/proc; do "
			 "touch $d/rootlet-x 2>/dev/null && echo $d; done; true'"),
		   "");
	/* by the mount, not by the missing right: no host mount may be writable; /proc is
	 * namespaced itself */
	expect_out(
		shell("$R run / awk '$6 ~ /^rw/ && $9 !~ /^(tmpfs|proc|devtmpfs|devpts|mqueue)$/ "
		      "&& $8 !~ /^(tmpfs|proc|devtmpfs|devpts|mqueue)$/ "
		      "{ print }' /proc/self/mountinfo"),
		"");
}

static void files__host_root_has_fresh_places(void **state)
{
	expect_out(
		shell("touch $T/outside; $R run / sh -c 'ls -A /tmp /run /var/tmp $HOME | grep -v "
		      ": | tr -d \"\\n\"; "
		      "for d in /tmp /run /var/tmp $HOME /dev/shm; do touch $d/x || echo $d; done; "
		      "stat -c %a /tmp /var/tmp /run'; [ -e ~/x ] || echo clean"),
		"1777\n1777\n755\nclean\n");
}

static void files__home_is_empty_unless_mounted(void **state)
{
	expect_out(shell("touch seen; $R run -v $T:$HOME/sub / sh -c 'ls -A $HOME $HOME/sub | grep "
			 "-v :'"),
		   "sub\n\nseen\n");
}

/* A copy of the host's "/" holds neither the new root, which is mounted over it, nor a loop. */
static void files__the_hosts_root_as_a_volume(void **state)
{
	expect_out(shell("mkdir -p r/bin; cp /bin/busybox r/bin/sh; touch r/inside; "
			 "for o in '' --overlay '--pid host'; do $R run $o -v /:/host:ro ./r "
			 "/bin/sh -c "
			 "'[ -e /host/inside ] || echo not the root; [ -e /host/etc/passwd ] && "
			 "echo the host'; done"),
		   "not the root\nthe host\nnot the root\nthe host\nnot the root\nthe host\n");
}

static void files__shared_memory_of_the_host(void **state)
{
	expect_out(shell("n=rootlet-test-$$; echo hi >/dev/shm/$n; $R run --ipc host / cat "
			 "/dev/shm/$n; "
			 "$R run / ls /dev/shm; rm /dev/shm/$n"),
		   "hi\n");
}

/* A HOME that has its own contents inside is not covered. */
static void files__odd_homes(void **state)
{
	expect_out(shell("HOME=/proc $R run / cat /proc/self/comm; HOME=/tmp $R run / stat -c %a "
			 "/tmp; "
			 "HOME=/usr $R run / echo fine"),
		   "cat\n1777\nfine\n");
}

static void files__volumes(void **state)
{
	expect_out(shell("mkdir d; echo hi >d/f; $R run -v \"$T/d:/mnt\" / sh -c 'cat /mnt/f; echo "
			 "new >/mnt/g'; cat d/g"),
		   "hi\nnew\n");
	/* one absolute path alone means the same path inside */
	expect_out(shell("$R run -v $T/d / cat $T/d/f"), "hi\n");
	/* a relative source */
	expect_out(shell("cd d; $R run -v .:/mnt / ls /mnt; cd ..; "
			 "$R run --tmpfs /mnt -v ./d/f:/mnt/f / ls /mnt; "
			 "$R run -v ./d/f:/etc/shadow / cat /etc/shadow"),
		   "f\ng\nf\nhi\n");
}

static void files__read_only_volume(void **state)
{
	expect_out(shell("mkdir d; echo hi >d/f; $R run -v ./d:/mnt:ro / sh -c 'cat /mnt/f; touch "
			 "/mnt/g 2>&1; echo x 2>/dev/null >/mnt/f || true'; ls d"),
		   "hi\ntouch: cannot touch '/mnt/g': Read-only file system\nf\n");
	expect_out(shell("$R run --mount type=bind,src=./d,dst=/mnt,ro / sh -c 'touch /mnt/g "
			 "2>/dev/null || echo ro'"),
		   "ro\n");
}

/* A mount below the source comes along, and read-only reaches it too. */
static void files__volumes_are_recursive_and_so_is_read_only(void **state)
{
	expect_out(shell("mkdir -p d/below; $R unshare -m sh -c '"
			 "mount -t tmpfs none d/below && touch d/below/deep && "
			 "$R run -v ./d:/mnt / sh -c \"ls /mnt/below; touch /mnt/below/w && echo "
			 "writable\" && "
			 "$R run -v ./d:/mnt:ro / sh -c \"ls /mnt/below; touch /mnt/below/x "
			 "2>/dev/null || echo ro\"'"),
		   "deep\nwritable\ndeep\nw\nro\n");
}

/* mount_namespaces(7): nodev, nosuid, noexec of the outer mount are locked; a bind keeps them. */
static void files__locked_flags_are_kept(void **state)
{
	expect_out(shell("mkdir d; $R unshare -m sh -c 'mount -t tmpfs -o noexec,nosuid,nodev none "
			 "d && "
			 "$R run -v ./d:/mnt / sh -c \"grep -c \\\" /mnt .*noexec\\\" "
			 "/proc/self/mountinfo\" && "
			 "$R run -v ./d:/mnt:ro / sh -c \"grep -c \\\" /mnt ro,.*noexec\\\" "
			 "/proc/self/mountinfo\"'"),
		   "1\n1\n");
}

static void files__tmpfs(void **state)
{
	expect_out(shell("$R run --tmpfs /mnt:size=1m,mode=0700 / sh -c 'stat -c %a /mnt; stat -f "
			 "-c \"%T %b %S\" /mnt; "
			 "head -c 2m /dev/zero >/mnt/big 2>/dev/null || echo full'"),
		   "700\ntmpfs 256 4096\nfull\n");
	expect_out(shell("$R run --mount type=tmpfs,dst=/mnt,tmpfs-size=64k / stat -f -c %b /mnt"),
		   "16\n");
}

static void files__overlay_throws_every_write_away(void **state)
{
	expect_out(shell(BORROW "mkdir r/old; echo a >r/file; $R run --overlay $B ./r sh -c "
				"'rm -r /old; echo b >/file; touch /new; cat /file; ls -d /old "
				"/new 2>/dev/null'; "
				"cat r/file; find r | sort"),
		   "b\n/new\na\nr\nr/file\nr/old\n");
}

static void files__overlay_keeps_the_writes_in_its_directory(void **state)
{
	expect_out(
		shell(BORROW
		      "mkdir r/old keep; echo a >r/file; "
		      "$R run --overlay=./keep $B ./r sh -c 'rm -r /old; echo b >/file'; "
		      "$R run --overlay=./keep $B ./r sh -c 'cat /file; ls -d /old 2>/dev/null'; "
		      "cat r/file; find r | sort; cat keep/upper/file"),
		"b\na\nr\nr/file\nr/old\nb\n");
}

static void files__directory_root_is_writable_unless_read_only(void **state)
{
	expect_out(shell(BORROW "$R run $B ./r touch /a; $R run --read-only $B ./r sh -c "
				"'touch /b 2>/dev/null || echo ro; touch /tmp/x /run/x /var/tmp/x "
				"&& echo places'; "
				"ls r/a; ls r/b 2>/dev/null; find r/tmp r/run r/var -type f"),
		   "ro\nplaces\nr/a\n");
}

static void files__mount_points_are_made(void **state)
{
	expect_out(shell(BORROW "mkdir d; touch f; $R run $B -v ./d:/a/b/c -v ./f:/a/g ./r true; "
				"stat -c '%F %n %a' r/a/b/c r/a/g r/proc r/dev"),
		   "directory r/a/b/c 755\nregular empty file r/a/g 644\ndirectory r/proc "
		   "755\ndirectory r/dev 755\n");
	/* with the host's root, only where the root itself is made */
	expect_out(shell("mkdir -p d; touch d/x; $R run -v ./d:/rootlet-new/place / ls "
			 "/rootlet-new/place"),
		   "x\n");
}

static void files__dev_has_what_programs_expect(void **state)
{
	expect_out(shell("$R run / sh -c 'cd /dev; for n in null zero full random urandom tty; do "
			 "stat -c \"%n %F %t:%T\" $n; done; readlink fd stdin stdout stderr ptmx; "
			 "echo gone >null; head -c 3 zero | od -An -tx1; echo x >full 2>/dev/null "
			 "|| echo full; "
			 "head -c 4 urandom | wc -c; ls -d shm mqueue pts'"),
		   "null character special file 1:3\nzero character special file 1:5\n"
		   "full character special file 1:7\nrandom character special file 1:8\n"
		   "urandom character special file 1:9\ntty character special file 5:0\n"
		   "/proc/self/fd\n/proc/self/fd/0\n/proc/self/fd/1\n/proc/self/fd/2\npts/ptmx\n"
		   " 00 00 00\nfull\n4\nmqueue\npts\nshm\n");
	expect_out(shell("$R run / sh -c 'ls -A /dev | tr \"\\n\" \" \"'"),
		   "console fd full mqueue null ptmx pts random shm stderr stdin stdout tty "
		   "urandom zero ");
}

static void files__pseudo_terminals_work(void **state)
{
	need_program("script");
	expect_out(shell("$R run / script -qec 'tty; stat -c \"%G %a\" $(tty)' /dev/null | tr -d "
			 "'\\r'"),
		   "/dev/pts/0\ntty 620\n");
	expect_out(shell("$R run --userns single / script -qec tty /dev/null | tr -d '\\r'"),
		   "/dev/pts/0\n");
}

static void files__shm_is_its_own_and_has_a_size(void **state)
{
	expect_out(shell("touch /dev/shm/rootlet-$$; $R run --shm-size 1m / sh -c 'ls -A /dev/shm; "
			 "stat -f -c \"%b %S\" /dev/shm; "
			 "stat -c %a /dev/shm'; rm /dev/shm/rootlet-$$"),
		   "256 4096\n1777\n");
	expect_out(shell("$R run / stat -f -c '%b %S' /dev/shm"), "16384 4096\n");
}

static void files__mqueue_is_its_own(void **state)
{
	expect_out(shell("$R run / sh -c 'stat -f -c %T /dev/mqueue; touch /dev/mqueue/q && ls "
			 "/dev/mqueue'"),
		   "mqueue\nq\n");
}

static void files__devices_on_request(void **state)
{
	if (shell("[ -c /dev/kmsg ]")->status)
		skip_because("this host has no /dev/kmsg");
	expect_out(shell("$R run --device /dev/kmsg / stat -c '%F %t:%T' /dev/kmsg"),
		   "character special file 1:b\n");
	expect_out(shell("$R run --device /dev/kmsg:/dev/other / stat -c '%F %t:%T' /dev/other"),
		   "character special file 1:b\n");
}

static void files__resolv_conf_says_why_nothing_resolves(void **state)
{
	expect_out(shell("$R run / cat /etc/resolv.conf"),
		   "# Nothing resolves here: the container has a network namespace of its own with "
		   "only the\n"
		   "# loopback device (--network none, the default). `--network host` shares the "
		   "host's network.\n");
	expect_out(shell("$R run --dns 192.0.2.7 / cat /etc/resolv.conf"),
		   "nameserver 192.0.2.7\n");
}

static void files__hosts_names_the_container(void **state)
{
	expect_out(shell("$R run -h box --add-host db:192.0.2.9 / cat /etc/hosts"),
		   "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost "
		   "ip6-loopback\n127.0.1.1\tbox\n192.0.2.9\tdb\n");
}

/* An image may put symbolic links where set-up writes. None may lead it out of the root. */
static void files__symbolic_links_never_lead_to_the_host(void **state)
{
	static const char *const names[] = {"etc/resolv.conf", "etc/hosts", "etc/hostname"};
	static const char *const kinds[] = {"$T/canary", "../../canary",
					    "../../../../../..$T/canary", "/proc/self/cwd/canary",
					    "dangling"};

	for (size_t i = 0; i < 3; i++) {
		for (size_t j = 0; j < 5; j++) {
			char script[1024];

			snprintf(script, sizeof(script),
				 "rm -rf r; " BORROW
				 "mkdir r/etc; echo canary >canary; ln -s %s r/%s; "
				 "$R run $B ./r sh -c 'cat /%s >/dev/null 2>&1; echo ran'; cat "
				 "canary; ls dangling 2>/dev/null; true",
				 harness_expand(kinds[j]), names[i], names[i]);
			/* a magic link is refused, every other one is resolved inside */
			expect_out(shell(script), j == 3 ? "canary\n" : "ran\ncanary\n");
		}
	}
}

static void files__linked_mount_points_stay_inside_the_root(void **state)
{
	static const char *const names[] = {"proc", "sys", "dev", "tmp", "run"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char script[1024];

		snprintf(script, sizeof(script),
			 "rm -rf r outside; " BORROW
			 "mkdir outside; echo canary >outside/file; ln -s $T/outside r/%s; "
			 "$R run $B -v ./r:/vol ./r true 2>/dev/null; cat outside/file; ls -A "
			 "outside",
			 names[i]);
		expect_out(shell(script), "canary\nfile\n");
	}
	/* a volume's destination through a link lands where the link points inside */
	expect_out(shell("rm -rf r; " BORROW "mkdir d r/real; touch d/x; ln -s /real r/link; "
			 "$R run $B -v ./d:/link/sub ./r ls /real/sub; ls /real 2>&1 | grep -c 'No "
			 "such'"),
		   "x\n1\n");
}

static void files__masks_hide(void **state)
{
	expect_out(shell("$R run / sh -c 'cat /proc/keys /proc/timer_list | wc -c; ls -A "
			 "/sys/firmware | wc -l; "
			 "echo 1 2>/dev/null >/proc/sysrq-trigger || echo no; touch "
			 "/proc/sys/kernel/hostname 2>/dev/null || echo ro'"),
		   "0\n0\nno\nro\n");
	expect_out(shell("$R run --mask /etc/passwd --mask /etc/apt / sh -c 'wc -c </etc/passwd; "
			 "ls -A /etc/apt 2>/dev/null | wc -l'"),
		   "0\n0\n");
	expect_out(shell("$R run --security-opt unmask=/proc/keys / sh -c 'wc -l </proc/keys | tr "
			 "-d 1-9; grep -c /proc/keys /proc/self/mountinfo; true'"),
		   "\n0\n");
}

static void files__the_old_root_is_gone(void **state)
{
	expect_out(shell("$R run --privileged / sh -c 'umount -l /proc 2>/dev/null; cat "
			 "/etc/hostname >/dev/null; "
			 "ls -d /.old* /oldroot /put_old 2>/dev/null; true'"),
		   "");
	/* nothing of the host lies below what was mounted fresh */
	expect_out(shell("touch canary; $R run --privileged / sh -c 'umount /tmp && ls -A /tmp; "
			 "umount /run && ls -A /run | grep -v -x mount; "
			 "umount $HOME 2>/dev/null; true'"),
		   "");
}

static void files__relative_root_and_working_directory(void **state)
{
	expect_out(shell(BORROW "cd r; $R run $B . pwd"), "/\n");
	expect_out(shell("mkdir -p w; cd w; $R run -v \"$PWD\" / pwd"), "$T/w\n");
	expect_out(shell("cd /usr/bin; $R run / pwd"), "/usr/bin\n");
	expect_out(shell("$R run -w /etc / pwd"), "/etc\n");
}

static void files__make_works_in_the_working_directory(void **state)
{
	need_program("make");
	expect_out(shell("printf 'all:\\n\\t@echo made > out; id -u\\n' >Makefile; $R run -v "
			 "\"$PWD\" / make; cat out; stat -c %u out"),
		   "0\nmade\n$UID\n");
}

/* Each source is a descriptor until it is mounted. */
static void files__more_volumes_than_the_soft_limit(void **state)
{
	const struct result *r;

	if (shell("[ \"$(ulimit -Hn)\" = unlimited ] || [ \"$(ulimit -Hn)\" -ge 1000 ]")->status)
		skip_because("the hard limit of open files is too low");
	r = shell("mkdir v; ulimit -Sn 300; for i in $(seq 400); do set -- \"$@\" -v ./v:/tmp/v$i; "
		  "done; "
		  "$R run \"$@\" / sh -c 'ls /tmp | wc -l; ulimit -Sn'; "
		  "$R run --ulimit nofile=70:80 \"$@\" / sh -c 'ulimit -Sn; ulimit -Hn'");
	expect_out(r, "400\n300\n70\n80\n");
	expect_out(shell("ulimit -Sn 300; $R run / sh -c '[ $(ulimit -Hn) -gt 300 ] && echo more'"),
		   "more\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		test(files__more_volumes_than_the_soft_limit),
		test(files__host_root_is_read_only_everywhere),
		test(files__host_root_has_fresh_places),
		test(files__home_is_empty_unless_mounted),
		test(files__volumes),
		test(files__the_hosts_root_as_a_volume),
		test(files__shared_memory_of_the_host),
		test(files__odd_homes),
		test(files__read_only_volume),
		test(files__volumes_are_recursive_and_so_is_read_only),
		test(files__locked_flags_are_kept),
		test(files__tmpfs),
		test(files__overlay_throws_every_write_away),
		test(files__overlay_keeps_the_writes_in_its_directory),
		test(files__directory_root_is_writable_unless_read_only),
		test(files__mount_points_are_made),
		test(files__dev_has_what_programs_expect),
		test(files__pseudo_terminals_work),
		test(files__shm_is_its_own_and_has_a_size),
		test(files__mqueue_is_its_own),
		test(files__devices_on_request),
		test(files__resolv_conf_says_why_nothing_resolves),
		test(files__hosts_names_the_container),
		test(files__symbolic_links_never_lead_to_the_host),
		test(files__linked_mount_points_stay_inside_the_root),
		test(files__masks_hide),
		test(files__the_old_root_is_gone),
		test(files__relative_root_and_working_directory),
		test(files__make_works_in_the_working_directory),
	};

	return harness_main("files", tests, sizeof(tests) / sizeof(tests[0]));
}
