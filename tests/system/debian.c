/* A real Debian, made by mmdebstrap as an ordinary user: what its administrators do works inside,
 * and what it leaves can be removed. The tar file is built once, into the user's cache, or given by
 * ROOTLET_TEST_DEBIAN. The tests share one tree and run in their order. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char tree[64]; /* $D: the directory that holds ./debian */

static void need_tree(void)
{
	if (!*tree)
		skip_because("there is no Debian root to test in");
	harness_set_variable("D", tree);
}

static void debian__unpacks_with_every_owner(void **state)
{
	const struct result *r;

	if (!getenv("ROOTLET_TEST_DEBIAN"))
		need_program("mmdebstrap");
	harness_timeout_ms = 280000;
	r = shell("tar=${ROOTLET_TEST_DEBIAN:-$HOME/.cache/rootlet-check/debian.tar}; "
		  "if [ ! -s $tar ]; then mkdir -p ${tar%/*} && . /etc/os-release && "
		  "mmdebstrap --quiet --variant=minbase --mode=unshare ${VERSION_CODENAME:-stable} "
		  "$tar.new.tar >&2 && mv $tar.new.tar $tar; fi; "
		  "[ -s $tar ] && echo $tar");
	if (r->status)
		skip_because("mmdebstrap could not make a Debian here: %.200s", r->err);
	snprintf(tree, sizeof(tree), "/tmp/rootlet-debian-XXXXXX");
	assert_non_null(mkdtemp(tree));
	assert_int_equal(chmod(tree, 0755), 0);
	harness_set_variable("D", tree);
	expect_status(shell("tar=${ROOTLET_TEST_DEBIAN:-$HOME/.cache/rootlet-check/debian.tar}; "
			    "mkdir $D/debian && $R unshare tar -xpf $tar -C $D/debian "
			    "--exclude='./dev/*'"),
		      0);
	harness_timeout_ms = 60000;
	expect_out(shell("$R run $D/debian stat -c '%U:%G %a' / /var/mail /etc/shadow"),
		   "root:root 755\nroot:mail 2775\nroot:shadow 640\n");
	expect_out(shell("stat -c %u $D/debian/etc/passwd"), "$UID\n");
}

static void debian__runs_its_own_shell(void **state)
{
	need_tree();
	expect_out(shell("$R run $D/debian bash -c 'echo $0 $(id -un) $PWD; cat "
			 "/etc/debian_version >/dev/null && echo debian'"),
		   "bash root /\ndebian\n");
	/* without a command: the user's shell of its passwd file */
	expect_out(shell("echo 'readlink /proc/$$/exe' | $R run $D/debian"), "/usr/bin/bash\n");
}

static void debian__dpkg_installs_files_of_several_owners(void **state)
{
	need_tree();
	expect_out(shell("$R run $D/debian bash -ec '"
			 "mkdir -p /root/p/DEBIAN /root/p/opt/several; cd /root/p; "
			 "printf \"Package: several\\nVersion: 1\\nArchitecture: all\\nMaintainer: "
			 "x <x@example.org>\\nDescription: x\\n\" >DEBIAN/control; "
			 "printf \"#!/bin/sh\\nchown games:games /opt/several/late\\n\" "
			 ">DEBIAN/postinst; chmod 755 DEBIAN/postinst; "
			 "for u in root daemon www-data nobody; do echo x >opt/several/$u; chown "
			 "$u opt/several/$u; done; "
			 "chgrp mail opt/several/daemon; chmod 4755 opt/several/daemon; echo x "
			 ">opt/several/late; "
			 "dpkg-deb --build . /root/several.deb >/dev/null; dpkg -i "
			 "/root/several.deb >/dev/null 2>&1; "
			 "cd /opt/several; stat -c \"%n %U:%G %a\" *; dpkg -s several | grep "
			 "^Status'"),
		   "daemon daemon:mail 4755\nlate games:games 644\nnobody nobody:root 644\nroot "
		   "root:root 644\n"
		   "www-data www-data:root 644\nStatus: install ok installed\n");
	expect_out(shell("$R run $D/debian sh -c 'dpkg -r several >/dev/null 2>&1; [ -e "
			 "/opt/several ] || echo gone'"),
		   "gone\n");
}

static void debian__useradd_and_su(void **state)
{
	need_tree();
	expect_out(shell("$R run $D/debian bash -ec 'useradd -m -s /bin/bash -G mail alice; "
			 "su - alice -c \"id -un; id -Gn; pwd; touch mine; stat -c %U mine\"; stat "
			 "-c %U:%G /home/alice'"),
		   "alice\nalice mail\n/home/alice\nalice\nalice:alice\n");
	/* the next container knows her, with home, groups and shell from the root's own files */
	expect_out(shell("$R run -u alice $D/debian sh -c 'id -un; id -Gn; echo $HOME; cat ~/mine "
			 "&& echo mine'"),
		   "alice\nalice mail\n/home/alice\nmine\n");
	expect_out(
		shell("$R run -u alice $D/debian sh -c 'cat /etc/shadow 2>/dev/null || echo no'"),
		"no\n");
}

static void debian__chown_across_the_range(void **state)
{
	need_tree();
	expect_out(shell("n=$(awk -F: -v u=$USER '$1 == u { print $3; exit }' /etc/subuid); "
			 "$R run $D/debian bash -c \"cd /root; touch a b; chown $n:$n a && stat -c "
			 "'%u %g' a | grep -c '^$n $n$'; "
			 "chown $((n + 1)) b 2>&1 | grep -c 'Invalid argument'\""),
		   "1\n1\n");
}

static void debian__overlay_leaves_it_as_it_was(void **state)
{
	need_tree();
	expect_out(shell("$R run --overlay $D/debian sh -c 'rm -rf /usr/share/doc /etc/passwd; [ "
			 "-e /usr/share/doc ] || echo gone'; "
			 "[ -e $D/debian/usr/share/doc ] && [ -e $D/debian/etc/passwd ] && echo "
			 "there"),
		   "gone\nthere\n");
}

static void debian__read_only_and_users_of_it(void **state)
{
	need_tree();
	expect_out(shell("$R run --read-only -u www-data $D/debian sh -c 'id -un; touch /x "
			 "2>/dev/null || echo ro; touch /tmp/x && echo tmp'"),
		   "www-data\nro\ntmp\n");
}

static void debian__is_removed_by_unshare_rm(void **state)
{
	need_tree();
	expect_out(shell("rm -rf $D/debian 2>/dev/null; [ -e $D/debian ] && echo 'not by its maker "
			 "alone'; "
			 "$R unshare rm -rf $D/debian && ls -A $D"),
		   "not by its maker alone\n");
	assert_int_equal(rmdir(tree), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		test(debian__unpacks_with_every_owner),
		test(debian__runs_its_own_shell),
		test(debian__dpkg_installs_files_of_several_owners),
		test(debian__useradd_and_su),
		test(debian__chown_across_the_range),
		test(debian__overlay_leaves_it_as_it_was),
		test(debian__read_only_and_users_of_it),
		test(debian__is_removed_by_unshare_rm),
	};

	return harness_main("debian", tests, sizeof(tests) / sizeof(tests[0]));
}
