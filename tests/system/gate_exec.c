/* The gates' exec halves (docs/SECURITY.md): descriptors and directories (06), rootlet's own
 * program (07), catching the joiner (08), capabilities (09), typing into the caller's terminal
 * (12), what was recorded (17), the filter (22). That exec has in each variant what run has is
 * exec.c's. */
#include "life.h"

#include "screen.h"
#include "seal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void run_gate(const char *script, const char *wanted)
{
	static char text[16000];

	snprintf(text, sizeof(text),
		 "I=%s; IN=\"-v $I:/inside:ro\"; "
		 "borrow() { rm -rf r; mkdir -p r; B=; for d in bin lib lib32 lib64 sbin usr; do "
		 "[ -e /$d ] && B=\"$B -v /$d:/$d:ro\"; done; }; %s",
		 seal_inside(), script);
	expect_out(life(text), wanted);
}

/* ---- 06 ---- */

static void gate_06_exec_has_only_the_listed_descriptors(void **state)
{
	run_gate(
		"exec 7</ 8<. 9</etc/passwd 55</ 200</etc; $R run -d --name a / sleep 60 >id; "
		"for o in '' '-u 5' --privileged; do $R exec $o a sh -c 'for f in /proc/self/fd/*; "
		"do echo ${f##*/}; done' | tr '\\n' ' '; done; "
		"$R exec --preserve-fds 1 a bash -c 'true' 2>id; "
		"exec 3<$T; $R exec --preserve-fds 1 a bash -c 'for f in 3 4 5 6 7 8 9 55 200; do "
		"{ true <&$f; } 2>/dev/null && echo $f; done; true'; $R rm -f a; left",
		"0 1 2 3 0 1 2 3 0 1 2 3 3\na\n");
}

static void gate_06_no_descriptor_is_a_working_directory_of_exec(void **state)
{
	run_gate("exec 7</ 8<. 55</; $R run -d --name a / sleep 60 >id; "
		 "for form in self thread-self 1 self/task/1; do for n in $(seq 0 60); do "
		 "$R exec -w /proc/$form/fd/$n a pwd -P 2>/dev/null </; [ $? = 125 ] || echo $form "
		 "$n: $?; done; done; for w in /proc/self/cwd /proc/1/cwd /proc/self/root "
		 "/proc/1/root/etc /proc/self/fd/0/etc /dev/fd/0; do $R exec -w $w a pwd -P "
		 "2>/dev/null </; [ $? = 125 ] || echo $w: $?; done; $R rm -f a; left",
		 "a\n");
	/* and no link that the container makes is one */
	run_gate("exec 7</ 8<. 55</; borrow; $R run -d $B --name a ./r sleep 60 >id; "
		 "for n in $(seq 0 60); do ln -sfn /proc/self/fd/$n r/w; $R exec -w /w a pwd -P "
		 "2>/dev/null </; [ $? = 125 ] || echo $n: $?; done; mkdir r/real; ln -sfn /real "
		 "r/w; $R exec -w /w a pwd; $R rm -f a; left",
		 "/real\na\n");
}

static void gate_06_no_descriptor_leads_exec_to_a_program_or_passwd(void **state)
{
	run_gate(
		"exec 7</ 8<. 55</; borrow; printf '#!/bin/sh\\necho from the host\\n' >tool; "
		"chmod +x tool; echo victim:x:0:0::/:/bin/sh >passwd; mkdir r/etc; "
		"$R run -d $B --name a ./r sleep 60 >id; for n in $(seq 0 60); do for rest in tool "
		"../tool $T/tool ..$T/tool ../../..$T/tool; do ln -sfn /proc/self/fd/$n/$rest r/x; "
		"$R exec a /x 2>/dev/null; done; for rest in passwd ../passwd $T/passwd "
		"../..$T/passwd; do ln -sfn /proc/self/fd/$n/$rest r/etc/passwd; $R exec -u victim "
		"a id 2>/dev/null; done; done; cp tool r/tool; ln -sfn /tool r/x; $R exec a /x; "
		"$R rm -f a; left",
		"from the host\na\n");
}

/* ---- 07 ---- */

static void gate_07_exec_shows_no_program_of_ours(void **state)
{
	need_program("python3");
	run_gate("cat >probe <<'END'\n"
		 "import os, time\n"
		 "end = time.time() + 3\n"
		 "print('up', flush=True)\n"
		 "while time.time() < end:\n"
		 "    for pid in os.listdir('/proc'):\n"
		 "        if not pid.isdigit(): continue\n"
		 "        for what in ('exe', 'fd/3', 'fd/4', 'fd/5', 'fd/6'):\n"
		 "            path = '/proc/%s/%s' % (pid, what)\n"
		 "            try: name = os.readlink(path)\n"
		 "            except OSError: continue\n"
		 "            if 'rootlet' not in name or 'memfd:rootlet-init' in name: continue\n"
		 "            print('seen:', name)\n"
		 "            for flags in (os.O_WRONLY, os.O_RDWR | os.O_TRUNC):\n"
		 "                try: os.open(path, flags); print('opened for writing:', name)\n"
		 "                except OSError: pass\n"
		 "END\n"
		 "before=$(sha256sum <$R); for o in '' --privileged; do "
		 "$R run -d --name a $o -v ./probe:/opt/probe --tmpfs /opt / python3 /opt/probe "
		 ">id; "
		 "said a up; while $R exec a true 2>id; do :; done; "
		 "$R wait a >id; decode stdout $(folder a)/log; $R rm -f a >id; "
		 "done; [ \"$(sha256sum <$R)\" = \"$before\" ] || echo changed; left",
		 "up\nup\n");
}

/* CVE-2019-5736: a program, a shell's name or an interpreter that is /proc/self/exe makes whoever
 * execs it run itself, and that process can be opened by a root inside. */
static void gate_07_the_interpreter_trick_finds_nothing_of_ours(void **state)
{
	run_gate(
		"before=$(sha256sum <$R); borrow; printf '#!/proc/self/exe\\n' >r/x; chmod +x r/x; "
		"ln -s /proc/self/exe r/sh; for o in '' --no-init --privileged; do $R run -d $B $o "
		"--name a ./r sleep 60 >id; for c in /x /sh /proc/self/exe /proc/1/exe; do "
		"for e in '' '-u 5' -d; do $R exec $e a $c --version 2>&1 | grep '^rootlet 0\\|no "
		"such command'; done; "
		"done; "
		"$R rm -f a >id; for c in /x /sh /proc/self/exe /proc/1/exe; do $R run $B $o ./r "
		"$c "
		"--version 2>&1 | grep '^rootlet 0\\|no such command'; done; done; "
		"[ \"$(sha256sum <$R)\" = \"$before\" ] || echo changed; left",
		"");
}

/* The same to its end: a copy of the command that belongs to the user is not overwritten. */
static void gate_07_the_users_own_copy_is_not_overwritten(void **state)
{
	need_program("python3");
	run_gate(
		"cp $R mine; borrow; printf '#!/proc/self/exe\\n' >r/x; chmod +x r/x; cat "
		">r/attack "
		"<<'END'\n"
		"import os, sys, time\n"
		"print('up', flush=True)\n"
		"end = time.time() + 2\n"
		"while time.time() < end:\n"
		"    for pid in os.listdir('/proc'):\n"
		"        if not pid.isdigit(): continue\n"
		"        try:\n"
		"            if not os.readlink('/proc/%s/exe' % pid).endswith('/mine'): continue\n"
		"            fd = os.open('/proc/%s/exe' % pid, os.O_RDONLY)\n"
		"        except OSError: continue\n"
		"        while time.time() < end:\n"
		"            try:\n"
		"                os.write(os.open('/proc/self/fd/%d' % fd, os.O_WRONLY), b'#!')\n"
		"                sys.exit()\n"
		"            except OSError: pass\n"
		"END\n"
		"./mine run -d $B --name a ./r python3 /attack >id; said a up; "
		"p=$(first a); while ! dead $p; do ./mine exec a /x exec >id 2>&1; done; "
		"cmp $R mine; $R rm -f a; left",
		"a\n");
}

/* ---- 08 ---- */

/* A root inside that does nothing else tries at every process that comes (catch.c). Most of them
 * must have been met before their exec, or the test shows nothing. */
static void gate_08_nobody_catches_the_joiner(void **state)
{
	static const char *const powers[] = {"", "--cap-add SYS_PTRACE", "--privileged",
					     "--userns keep-id", "--userns single --privileged"};
	const char *catch = getenv("ROOTLET_CATCH");
	int ms = getenv("ROOTLET_TEST_LONG") ? 60000 : 2000;
	char script[2048];

	if (!catch)
		fail_msg("ROOTLET_CATCH must name the program catch.c");
	for (size_t i = 0; i < sizeof(powers) / sizeof(powers[0]); i++) {
		const struct result *r;
		int caught = -1, met = -1;

		snprintf(script, sizeof(script),
			 "mkdir r; $R run --log-level error -d %s --name a -v %s:/catch:ro ./r "
			 "/catch %d "
			 ">id; said a up; while $R exec a /catch mark 2>id; [ $? != 125 ]; do :; "
			 "done; "
			 "$R wait a >id; decode stdout $(folder a)/log | sed 1d; $R rm a >id; left",
			 powers[i], catch, ms);
		r = life(script);
		expect_status(r, 0);
		if (sscanf(r->out, "caught %d\nmet %d\n", &caught, &met) != 2 || caught)
			fail_msg("%s: %s", powers[i], r->out);
		print_message("%s: %d joiners met before their exec\n", powers[i], met);
		assert_true(met >= 10);
	}
}

/* ---- 12 ---- */

static void gate_12_exec_cannot_type_into_the_callers_terminal(void **state)
{
	static const char *const options[] = {"", "--privileged", "-t", "-t --privileged"};
	struct pty p;

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		char script[1024];
		const char *argv[] = {"/bin/bash", "-c", script, NULL};

		snprintf(script, sizeof(script),
			 LIFE "I=%s; $R run -d --security-opt seccomp=unconfined --name a -v "
			      "$I:/inside:ro / sleep 60 >id; $R exec %s a /inside terminal; "
			      "read -t 0.2 -n 1 x && echo TYPED; $R rm -f a; echo e''nd",
			 seal_inside(), options[i]);
		life_write_functions();
		pty_start(&p, argv, 24, 80);
		expect_shows(&p, "end");
		assert_int_equal(pty_end(&p), 0);
		assert_null(strstr(p.text, "TYPED"));
		if (!strstr(p.text, "sti 64 1\r\n") || !strstr(p.text, "linux 64 1\r\n") ||
		    !strstr(p.text, "sti-high 64 1\r\n"))
			fail_msg("%s: %s", options[i], p.text);
		life("left");
	}
}

/* ---- 17 ---- */

/* What the host's side recorded is what counts; when it cannot be had, there is no exec. */
static void gate_17_exec_never_goes_on_without_what_was_recorded(void **state)
{
	run_gate(
		"echo '{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": "
		"[\"mkdir\", \"mkdirat\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 44}]}' "
		">p.json; $R run -d --name a --security-opt seccomp=p.json / sleep 60 >id; "
		"rm p.json; try() { $R exec a mkdir /tmp/x 2>&1 | grep -o 'Channel number out of "
		"range'; echo ${PIPESTATUS[0]}; }; try; p=$(folder a)/seccomp.json; "
		"for bad in 'rm $p' ': >$p' 'echo [] >$p' 'echo {} >$p' 'rm -f $p; ln -s /dev/null "
		"$p' 'rm -f $p; mkfifo $p'; do cp $p kept; eval \"$bad\"; timeout 5 $R exec a true "
		"2>err; echo $? $(head -1 err | grep -c '^rootlet: ');  rm -f $p; cp kept $p; "
		"done; try; $R rm -f a; left",
		"Channel number out of range\n1\n125 1\n125 1\n125 1\n125 1\n125 1\n125 1\n"
		"Channel number out of range\n1\na\n");
}

/* ---- 22 ---- */

/* The same calls, by number and door, under run and under exec: the same answers. */
static void gate_22_exec_is_denied_what_run_is(void **state)
{
	static const char *const options[] = {"",
					      "-u 5",
					      "--security-opt seccomp=unconfined",
					      "--security-opt seccomp=allow.json",
					      "--privileged",
					      "--cap-add ALL",
					      "--userns single",
					      "--disable-userns",
					      "--no-init"};
	char script[2048];

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		snprintf(script, sizeof(script),
			 ALLOW_ALL
			 "for d in 64 32 x32; do for n in 101 103 134 135 139 153 154 156 163 164 "
			 "165 166 "
			 "167 168 169 172 173 174 175 176 177 178 179 180 212 227 237 238 239 246 "
			 "248 "
			 "249 250 256 279 298 300 303 304 305 308 310 311 312 313 320 321 323 425 "
			 "426 "
			 "427 428 429 430 431 432 433 438 442 443 447 449 451 455 460 470 500 999; "
			 "do "
			 "[ \"$d $n\" = '32 173' ] || echo $d $n; done; done >calls; O='%s'; "
			 "$R run --log-level error $O $IN / /inside calls <calls >as.run; "
			 "$R run --log-level error -d $O $IN --name a / sleep 60 >id; "
			 "$R exec a /inside calls <calls >as.exec; wc -l <as.exec; "
			 "diff as.run as.exec && echo same; "
			 "$R run --log-level error $O $IN / /inside userns >as.run; "
			 "$R exec a /inside userns >as.exec; diff as.run as.exec && echo same; "
			 "$R rm -f a; left",
			 options[i]);
		run_gate(script, "203\nsame\nsame\na\n");
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		test(gate_06_exec_has_only_the_listed_descriptors),
		test(gate_06_no_descriptor_is_a_working_directory_of_exec),
		test(gate_06_no_descriptor_leads_exec_to_a_program_or_passwd),
		test(gate_07_exec_shows_no_program_of_ours),
		test(gate_07_the_interpreter_trick_finds_nothing_of_ours),
		test(gate_07_the_users_own_copy_is_not_overwritten),
		test(gate_08_nobody_catches_the_joiner),
		test(gate_12_exec_cannot_type_into_the_callers_terminal),
		test(gate_17_exec_never_goes_on_without_what_was_recorded),
		test(gate_22_exec_is_denied_what_run_is),
	};

	return harness_main("gate_exec", tests, sizeof(tests) / sizeof(tests[0]));
}
