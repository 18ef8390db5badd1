/* The gates of what the process has, of docs/SECURITY.md: descriptors and working directory (06),
 * rootlet's own program (07), users and groups by text (10, 11, 15), cgroups (13), sockets (14),
 * helpers (16), environment (20), and masks that stay (21). */
#include "gate.h"

#include <sys/stat.h>

/* ---- 06 ---- */

static void gate_06_only_the_listed_descriptors_are_inside(void **state)
{
	/* The caller holds the host's root, its own directory and a file. PID 1 has its signalfd,
	 * or has not made it yet. */
	static const char *const hold = "exec 7</ 8<. 9</etc/passwd 55</ 200</etc; ";
	char script[2048];

	snprintf(script, sizeof(script),
		 "%s $R run / sh -c 'for f in /proc/1/fd/*; do readlink $f; done' | "
		 "sed 's/:\\[[0-9]*\\]//; /^\\/dev\\/null$/d; /^pipe$/d; /memfd:/d; /signalfd/d' | "
		 "sort",
		 hold);
	expect_out(gate(script), "socket\n");
	for (int i = 0; i < 2; i++) {
		snprintf(script, sizeof(script),
			 "%s $R run %s / sh -c 'for f in /proc/self/fd/*; do echo ${f##*/}; done'",
			 hold, i ? "--no-init" : "");
		expect_out(gate(script),
			   "0\n1\n2\n3\n"); /* 3 is the shell's own, on the directory */
	}
	/* what was asked for and nothing else */
	snprintf(script, sizeof(script),
		 "%s exec 3<$T; $R run --preserve-fds 1 / bash -c 'for f in 3 4 5 6 7 8 9 55 200; "
		 "do { true <&$f; } 2>/dev/null && echo $f; done; true'",
		 hold);
	expect_out(gate(script), "3\n");
}

static void gate_06_no_descriptor_is_a_working_directory(void **state)
{
	/* with descriptors that lead to the host, below and above those that set-up opens */
	expect_out(gate("exec 7</ 8<. 55</; for form in self thread-self 1 self/task/1; do "
			"for n in $(seq 0 60); do $R run -w /proc/$form/fd/$n / pwd -P 2>/dev/null "
			"</; "
			"[ $? = 125 ] || echo $form $n: $?; done; done"),
		   "");
	expect_out(gate("for w in /proc/self/cwd /proc/1/cwd /proc/self/root /proc/1/root/etc "
			"/proc/self/fd/0/etc /dev/fd/0 "
			"/proc/self/fd/0/../etc; do "
			"$R run -w $w / pwd -P 2>/dev/null </; [ $? = 125 ] || echo $w: $?; done"),
		   "");
	/* and no link inside the root makes one */
	expect_out(gate("exec 7</ 8<. 55</; borrow; for n in $(seq 0 60); do ln -sfn "
			"/proc/self/fd/$n r/w; "
			"$R run $B -w /w ./r pwd -P 2>/dev/null </; [ $? = 125 ] || echo $n: $?; "
			"done; "
			"mkdir r/real; ln -sfn /real r/w; $R run $B -w /w ./r pwd"),
		   "/real\n");
}

/* Without our init the command is exec'd by set-up itself: no link to a descriptor may be its file.
 */
static void gate_06_no_descriptor_leads_to_a_program_of_the_host(void **state)
{
	expect_out(gate("exec 7</ 8<. 55</; borrow; printf '#!/bin/sh\\necho from the host\\n' "
			">tool; chmod +x tool; "
			"for n in $(seq 0 60); do for rest in tool ../tool $T/tool ..$T/tool "
			"../../..$T/tool; do "
			"ln -sfn /proc/self/fd/$n/$rest r/x; $R run --no-init $B ./r /x "
			"2>/dev/null; done; done; "
			"ln -sfn /tool r/x; cp tool r/tool; $R run --no-init $B ./r /x"),
		   "from the host\n"); /* once: by its honest way */
}

/* ---- 07 ---- */

#define PROBE_EXE                                                                                  \
	"cat >probe <<'END'\n"                                                                     \
	"import fcntl, glob, os\n"                                                                 \
	"for path in glob.glob('/proc/[0-9]*/exe') + ['/proc/self/exe'] + "                        \
	"glob.glob('/proc/1/fd/*') + glob.glob('/proc/1/map_files/*'):\n"                          \
	"    try: name = os.readlink(path)\n"                                                      \
	"    except OSError: continue\n"                                                           \
	"    if 'rootlet' not in name or 'rootlet-test' in name: continue\n"                       \
	"    if 'memfd:rootlet-init' not in name: print('seen:', name)\n"                          \
	"    for flags in (os.O_WRONLY, os.O_RDWR, os.O_RDWR | os.O_TRUNC, os.O_WRONLY | "         \
	"os.O_APPEND):\n"                                                                          \
	"        try: os.open(path, flags); print('opened for writing:', path, name)\n"            \
	"        except OSError: pass\n"                                                           \
	"fd = os.open('/proc/1/exe', os.O_RDONLY)\n"                                               \
	"print('seals %#x' % fcntl.fcntl(fd, 1034))\n"                                             \
	"END\n"

static void gate_07_no_program_of_ours_can_be_written(void **state)
{
	need_program("python3");
	expect_out(gate(PROBE_EXE
			"before=$(sha256sum <$R); for o in '' --privileged '-v '${R%/*}; do "
			"$R run -v ./probe:/tmp/probe $o / python3 /tmp/probe; done; "
			"[ \"$(sha256sum <$R)\" = \"$before\" ] || echo changed"),
		   "seals 0xf\nseals 0xf\nseals 0xf\n");
}

/* The trick of CVE-2019-5736: the command's interpreter is /proc/self/exe, which makes whoever
 * execs it run itself. */
static void gate_07_the_interpreter_trick_finds_only_the_sealed_init(void **state)
{
	expect_out(gate("before=$(sha256sum <$R); borrow; printf '#!/proc/self/exe\\n' >r/x; chmod "
			"+x r/x; "
			"ln -s /proc/self/exe r/sh; for o in '' --no-init; do for c in /x /sh "
			"/proc/self/exe /proc/1/exe; do "
			"$R run $B $o ./r $c --version 2>/dev/null; done; done; "
			"[ \"$(sha256sum <$R)\" = \"$before\" ] || echo changed"),
		   "");
}

/* ---- 10 ---- */

static void gate_10_a_number_is_an_id_whatever_passwd_names(void **state)
{
	expect_out(gate("borrow; mkdir r/etc; printf '1:x:0:0::/:/bin/sh\\n1000:x:7:7::/:/bin/sh\\n"
			"root:x:9:9::/:/bin/sh\\n-1:x:0:0::/:\\n::0:0::/:\\n' >r/etc/passwd; "
			"printf '2:x:0:\\n1000:x:0:\\n' >r/etc/group; for u in 1 1000 1:2 "
			"1000:1000 root; do "
			"$R run $B -u $u ./r sh -c 'id -u; id -g' | tr '\\n' ' '; done"),
		   "1 0 1000 0 1 2 1000 1000 9 9 ");
}

static void gate_10_what_is_no_user_is_refused(void **state)
{
	/* the first ones even when passwd knows such a name; the last three are names, and it knows
	 * none */
	static const char *const bad[] = {"2147483648",
					  "4294967295",
					  "4294967296",
					  "18446744073709551616",
					  "-1",
					  "1:",
					  ":",
					  ":1",
					  "",
					  "1:-1",
					  "1:4294967296",
					  "1:2:3",
					  "+1",
					  "0x0",
					  " 0"};
	char script[512];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct result *r;

		snprintf(
			script, sizeof(script),
			"borrow; mkdir r/etc; printf '%%s:x:0:0::/:/bin/sh\\n' '%s' >r/etc/passwd; "
			"$R run $B --user='%s' ./r id; s=$?; $R run --user='%s' / id; [ $? = $s ] "
			"&& exit $s",
			i < 12 ? bad[i] : "root", bad[i], bad[i]);
		r = gate(script);
		expect_status(r, 125);
		expect_absent(r, "uid");
	}
}

/* ---- 11 ---- */

static void gate_11_a_single_id_cannot_drop_groups(void **state)
{
	need_program("python3");
	expect_out(gate("$R run --userns single / python3 -c '\n"
			"import os\n"
			"print(open(\"/proc/self/setgroups\").read().strip())\n"
			"for name in \"uid_map\", \"gid_map\": print(*open(\"/proc/self/\" + "
			"name).read().split())\n"
			"try: os.setgroups([]); print(\"setgroups worked\")\n"
			"except PermissionError: print(\"refused\")\n'"),
		   "deny\n0 $UID 1\n0 $GID 1\nrefused\n");
}

static void gate_11_maps_and_groups_are_as_planned(void **state)
{
	expect_out(gate("$R run / sh -c 'cat /proc/self/uid_map /proc/self/gid_map; id -G' | tr -s "
			"' '"),
		   " 0 $UID 1\n 1 $SUB $SUBCOUNT\n 0 $GID 1\n 1 $SUBGID $SUBCOUNT\n0\n");
	expect_out(gate("$R run --userns keep-id / sh -c 'id -u; id -g; id -G; cat "
			"/proc/self/setgroups'"),
		   "$UID\n$GID\n$GID\nallow\n");
	/* the caller's further groups stay outside */
	need_program("setpriv");
	expect_out(gate("$R unshare setpriv --groups 7,8 id -G; $R unshare setpriv --groups 7,8 $R "
			"run / id -G"),
		   "0 7 8\n0\n");
}

/* ---- 13 ---- */

static void gate_13_no_cgroup_file_is_writable(void **state)
{
	static const char *const options[] = {"",
					      "--network host",
					      "--cgroupns host",
					      "--network host --cgroupns host",
					      "--pid host",
					      "--userns single",
					      "-u 1"};
	char script[1024];

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		snprintf(
			script, sizeof(script),
			"$R run %s / sh -c 'grep -e \"- cgroup \" /proc/self/mountinfo | while "
			"read a b c d m rest; do "
			"[ $(stat -f -c %%T $m 2>/dev/null || echo none) = cgroupfs ] && echo "
			"version 1: $m; done; "
			"grep -e \" rw,.*- cgroup2 \" /proc/self/mountinfo; "
			"find /sys/fs/cgroup -type f | head -2000 | while read f; do { true >>$f; "
			"} 2>/dev/null && echo $f; done; "
			"mkdir /sys/fs/cgroup/x 2>/dev/null && echo made; find / -xdev -name "
			"release_agent 2>/dev/null; "
			"mount -o remount,rw /sys/fs/cgroup 2>/dev/null && echo remounted; "
			"unshare -UrmC sh -c \"mount -t cgroup -o rdma c /mnt 2>/dev/null && echo "
			"version 1; "
			"mount -o remount,rw /sys/fs/cgroup && echo remounted\" 2>/dev/null; true'",
			options[i]);
		expect_out(gate(script), "");
	}
}

/* ---- 14 ---- */

#define LISTENERS                                                                                  \
	"cat >listen <<'END'\n"                                                                    \
	"import os, socket, sys\n"                                                                 \
	"a = socket.socket(socket.AF_UNIX); a.bind('\\0rootlet-gate-' + sys.argv[1]); "            \
	"a.listen()\n"                                                                             \
	"t = socket.socket(); t.bind(('127.0.0.1', 0)); t.listen()\n"                              \
	"open('port.new', 'w').write(str(t.getsockname()[1])); os.rename('port.new', 'port')\n"    \
	"import time; time.sleep(30)\n"                                                            \
	"END\n"                                                                                    \
	"cat >connect <<'END'\n"                                                                   \
	"import socket, sys\n"                                                                     \
	"for what, family, address in ('abstract', socket.AF_UNIX, '\\0rootlet-gate-' + "          \
	"sys.argv[1]), ('loopback', socket.AF_INET, ('127.0.0.1', int(sys.argv[2]))):\n"           \
	"    try: socket.socket(family).connect(address); print(what, 'reached')\n"                \
	"    except OSError: print(what, 'out of reach')\n"                                        \
	"END\n"                                                                                    \
	"python3 listen $$ & l=$!; while [ ! -e port ]; do sleep 0.01; done; "

static void gate_14_sockets_of_the_host_are_out_of_reach(void **state)
{
	need_program("python3");
	expect_out(gate(LISTENERS "for n in none host; do $R run --network $n -v ./connect:/tmp/c "
				  "/ python3 /tmp/c $$ $(cat port); done; "
				  "kill $l; wait $l 2>/dev/null; true"),
		   "abstract out of reach\nloopback out of reach\nabstract reached\nloopback "
		   "reached\n");
}

/* ---- 15 ---- */

/* AddressSanitizer's shadow alone is terabytes of address space. */
#ifdef __SANITIZE_ADDRESS__
#define BOUND_MEMORY ""
#else
#define BOUND_MEMORY "ulimit -v 200000; "
#endif

static void gate_15_hostile_passwd_and_group_files(void **state)
{
	static const char *const makers[] = {
		"mkfifo r/etc/passwd r/etc/group",
		/* one in which the lines wait */
		"mkfifo r/etc/passwd; exec 4<>r/etc/passwd; for i in 1 2 3 4; do echo "
		"victim:x:0:0::/:/bin/sh >&4; done",
		"ln -s $T/passwd r/etc/passwd; ln -s $T/passwd r/etc/group",
		"ln -s ../../passwd r/etc/passwd; ln -s ../../passwd r/etc/group",
		"truncate -s 1G r/etc/passwd r/etc/group",
		"truncate -s 1G r/etc/passwd; printf '\\nvictim:x:0:0::/:/bin/sh\\n' "
		">>r/etc/passwd",
		"mkdir r/etc/passwd r/etc/group",
		"ln -s /dev/zero r/etc/passwd; ln -s /dev/zero r/etc/group",
		"ln -s /dev/tty r/etc/passwd",
		"ln -s passwd r/etc/passwd",
		"yes victim:x | tr -d '\\n' | head -c 3000000 >r/etc/passwd; printf "
		"':0:0::/:/bin/sh\\n' >>r/etc/passwd",
		"printf "
		"'victim\\nvictim:\\nvictim:x\\nvictim:x:0\\nvictim:x:0:\\nvictim:x:-1:0::/"
		":\\nvictim:x:0:99999999999::/:\\n"
		"victim:x:4294967295:0::/:\\n\\0\\n' >r/etc/passwd",
	};
	char script[2048];

	for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++) {
		const struct result *r;

		snprintf(script, sizeof(script),
			 "borrow; mkdir -p r/etc r/dev; echo victim:x:0:0::/:/bin/sh >passwd; "
			 "%s; " BOUND_MEMORY
			 "$R run $B -u victim ./r id 2>/dev/null; echo $?; $R run $B -u 1:victim "
			 "./r id 2>/dev/null; echo $?; "
			 "$R run $B ./r id -u; $R run $B -u 1 ./r id -u",
			 makers[i]);
		r = gate(script);
		expect_out(r, "125\n125\n0\n1\n");
		assert_true(r->seconds < 5);
	}
}

/* A link to a descriptor that set-up or the caller holds must not find the host's passwd file. */
static void gate_15_no_descriptor_leads_to_the_hosts_passwd(void **state)
{
	expect_out(gate("exec 7</ 8<. 55</; borrow; mkdir r/etc; echo victim:x:0:0::/:/bin/sh "
			">passwd; "
			"for n in $(seq 3 60); do for rest in passwd ../passwd $T/passwd "
			"../..$T/passwd; do "
			"ln -sfn /proc/self/fd/$n/$rest r/etc/passwd; $R run $B -u victim ./r id "
			"2>/dev/null; done; done; "
			"ln -sfn /etc/real r/etc/passwd; echo victim:x:5:5::/:/bin/sh >r/etc/real; "
			"$R run $B -u victim ./r id -u"),
		   "5\n");
}

/* ---- 16 ---- */

static void gate_16_decoys_of_the_helpers_never_run(void **state)
{
	expect_out(gate("borrow; mkdir -p bin r/opt; for n in newuidmap newgidmap getsubids "
			"rootlet-nss pasta ip sh; do "
			"for d in . bin r/opt; do printf '#!/bin/bash\\ntouch $T/ran-%s\\nexit "
			"0\\n' $n >$d/$n; chmod 755 $d/$n; done; done; "
			"for path in $T/bin:$PATH $T/bin .:$PATH $T/r/opt:. :$PATH; do for root in "
			"/ ./r; do "
			"PATH=$path $R run $([ $root = / ] || echo $B) $root /usr/bin/cat "
			"/proc/self/uid_map | wc -l; done; done; ls ran-* 2>/dev/null; true"),
		   "2\n2\n2\n2\n2\n2\n2\n2\n2\n2\n");
}

/* ---- 20 ---- */

static void gate_20_only_the_named_variables_are_inside(void **state)
{
	static const char *const options[] = {"", "--no-init"};
	char script[1024];

	for (int i = 0; i < 2; i++) {
		snprintf(script, sizeof(script),
			 "export SECRET=s AWS_SECRET_ACCESS_KEY=s SSH_AUTH_SOCK=s "
			 "DBUS_SESSION_BUS_ADDRESS=s XDG_RUNTIME_DIR=/s "
			 "BASH_ENV=/s LANG=s  ROOTLET_TEST_FAULT= GCONV_PATH=s; "
			 "$R run %s -e GIVEN=1 / python3 -c '\n"
			 "import glob\n"
			 "for f in glob.glob(\"/proc/[0-9]*/environ\"):\n"
			 "    print(*sorted(v.split(\"=\")[0] for v in "
			 "open(f).read().split(\"\\0\") if v))\n' | sort -u",
			 options[i]);
		expect_out(gate(script), "GIVEN HOME HOSTNAME PATH TERM container\n");
	}
}

/* ---- 21 ---- */

/* In a user namespace of one's own inside, with every capability there. */
static void gate_21_masks_stay_in_a_nested_user_namespace(void **state)
{
	expect_out(gate("cat >nested <<'END'\n"
			"id -u\n"
			"for m in $(awk '{ print $5 }' /proc/self/mountinfo | sort -r); do umount "
			"$m 2>/dev/null; umount -l $m 2>/dev/null; done\n"
			"umount -a 2>/dev/null; umount -R /proc 2>/dev/null\n"
			"cat /proc/keys /proc/timer_list /proc/interrupts | wc -c\n"
			"mount -t proc proc /mnt 2>/dev/null && echo a fresh proc\n"
			"mount -t proc proc /proc 2>/dev/null && echo a fresh proc\n"
			"mount -t sysfs sys /mnt 2>/dev/null && echo a fresh sysfs\n"
			"mount -o remount,bind,rw /proc/sys 2>/dev/null && echo writable\n"
			"mount -o remount,bind,rw /etc 2>/dev/null && echo writable\n"
			"mount --bind /proc /mnt 2>/dev/null && cat /mnt/keys\n"
			"ls -d $1 2>/dev/null; true\n"
			"END\n"
			"$R run --tmpfs /mnt -v ./nested:/tmp/nested / unshare -Urmpf sh "
			"/tmp/nested $T"),
		   "0\n0\n");
}

/* Nothing of the host's tree lies below, not even for one who may unmount everything: with
 * --privileged the masks may go, the old root is gone all the same. */
static void gate_21_the_old_root_is_gone(void **state)
{
	expect_out(gate("canary; borrow; cat >peel <<'END'\n"
			"for i in 1 2 3 4; do for m in $(awk '{ print $5 }' /proc/1/mountinfo | "
			"sort -r); do case $m in /bin*|/usr*|/lib*|/proc|/) ;; "
			"*) umount -l $m 2>/dev/null;; esac; done; done\n"
			"ls -d $1/outside /.. /../$1/outside 2>/dev/null\n"
			"awk '$4 ~ /outside/ || $5 !~ /^\\//' /proc/self/mountinfo\n"
			"umount -l / 2>/dev/null; ls -d $1/outside 2>/dev/null\n"
			"mkdir -p /c; chroot /c /none 2>/dev/null; cat "
			"/proc/1/root/$1/outside/file 2>/dev/null\n"
			"unshare -m sh -c \"umount -l / ; ls -d $1/outside\" 2>/dev/null; true\n"
			"END\n"
			"for o in '' --privileged '--cap-add SYS_ADMIN'; do cp peel r/peel; $R run "
			"$B $o ./r sh /peel $T; done"),
		   "/..\n/..\n/..\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		test(gate_06_only_the_listed_descriptors_are_inside),
		test(gate_06_no_descriptor_is_a_working_directory),
		test(gate_06_no_descriptor_leads_to_a_program_of_the_host),
		test(gate_07_no_program_of_ours_can_be_written),
		test(gate_07_the_interpreter_trick_finds_only_the_sealed_init),
		test(gate_10_a_number_is_an_id_whatever_passwd_names),
		test(gate_10_what_is_no_user_is_refused),
		test(gate_11_a_single_id_cannot_drop_groups),
		test(gate_11_maps_and_groups_are_as_planned),
		test(gate_13_no_cgroup_file_is_writable),
		test(gate_14_sockets_of_the_host_are_out_of_reach),
		test(gate_15_hostile_passwd_and_group_files),
		test(gate_15_no_descriptor_leads_to_the_hosts_passwd),
		test(gate_16_decoys_of_the_helpers_never_run),
		test(gate_20_only_the_named_variables_are_inside),
		test(gate_21_masks_stay_in_a_nested_user_namespace),
		test(gate_21_the_old_root_is_gone),
	};

	return harness_main("gate_process", tests, sizeof(tests) / sizeof(tests[0]));
}
