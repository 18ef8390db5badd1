#!/usr/bin/env python3
"""A delegated cgroup: containers get one of their own below it, are held and let go, and leave nothing.

Launched by root, which makes the scene that an administrator (or systemd) makes: in a mount namespace of its own
/sys/fs/cgroup is the pure version 2, and a folder in it belongs to the user. The rest is done as that user.

    pause.py --rootlet build/src/cli/rootlet [--user NAME]

Ends with 77 where there is no root, or no cgroup version 2."""
import argparse
import os
import pathlib
import pwd
import subprocess
import sys
import tempfile

SCENE = r"""
set -e
mount --make-rprivate /
mount -t cgroup2 none /sys/fs/cgroup
top=/sys/fs/cgroup/rootlet-test-$$
mkdir -p $top/own
chown -R "$WHO" $top
echo $$ >$top/own/cgroup.procs
status=0
setpriv --reuid "$WHO" --regid "$WHO" --init-groups env HOME=/ OWN=$top/own sh -u "$SCRIPT" || status=$?
echo $$ >/sys/fs/cgroup/cgroup.procs
rmdir $top/own $top
exit $status
"""

# Each check prints one word that main() wants to see, in this order.
CHECKS = r"""
expect() { [ "$2" = "$3" ] && echo "$1" || echo "WRONG $1: wanted '$3', got '$2'"; }
groups() { find "$OWN" -mindepth 1 -type d | wc -l; }
beats() { wc -l <"$BOX/beats"; }

"$ROOTLET" run / true
expect plain-run-has-none "$(groups)" 0
"$ROOTLET" run -d --name heart -v "$BOX" / sh -c "while :; do echo >>$BOX/beats; sleep 0.02; done" >/dev/null
expect a-group-of-its-own "$(groups)" 1
expect root-of-its-namespace "$("$ROOTLET" exec heart sed -n 's/^0:://p' /proc/self/cgroup)" /
expect read-only-inside "$("$ROOTLET" exec heart sh -c 'mkdir /sys/fs/cgroup/x 2>/dev/null || echo refused')" refused
sleep 0.3
"$ROOTLET" pause heart >/dev/null
expect shown-as-paused "$("$ROOTLET" ps --format json | grep -c '"paused"')" 1
before=$(beats); sleep 0.3
expect stands-still "$(beats)" "$before"
expect exec-is-refused "$("$ROOTLET" exec heart true 2>&1 | head -1)" "rootlet: heart: is paused"
expect twice-is-refused "$("$ROOTLET" pause heart 2>&1 | head -1)" "rootlet: heart: is paused already"
"$ROOTLET" unpause heart >/dev/null; sleep 0.3
expect goes-on "$([ "$(beats)" -gt "$before" ] && echo yes)" yes
expect not-paused-is-refused "$("$ROOTLET" unpause heart 2>&1 | head -1)" "rootlet: heart: is not paused"
"$ROOTLET" pause heart >/dev/null
"$ROOTLET" stop -t 5 heart >/dev/null
expect stopped-while-paused "$("$ROOTLET" wait heart)" 143
expect group-gone "$(groups)" 0
"$ROOTLET" start heart >/dev/null
expect group-again "$(groups)" 1
monitor=$("$ROOTLET" inspect heart | sed -n 's/.*"monitor_pid": *\([0-9]*\).*/\1/p' | head -1)
kill -9 "$monitor"; sleep 0.5
"$ROOTLET" rm -f heart >/dev/null
expect rm-takes-what-a-killed-monitor-left "$(groups)" 0
"$ROOTLET" run -d --name brief / true >/dev/null; "$ROOTLET" wait brief >/dev/null; "$ROOTLET" rm brief >/dev/null
expect nothing-left "$(groups)" 0
expect refused-leaves-none "$("$ROOTLET" run -d / no-such-command 2>/dev/null; groups)" 0
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rootlet", required=True)
    parser.add_argument("--user", default=os.environ.get("ROOTLET_TEST_USER"))
    arguments = parser.parse_args()
    if os.geteuid() != 0 or not arguments.user:
        print("SKIP: root sets the scene, for the user that ROOTLET_TEST_USER names")
        return 77
    if "\tcgroup2\n" not in pathlib.Path("/proc/filesystems").read_text(encoding="ascii"):
        print("SKIP: this kernel has no cgroup version 2")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        who = pwd.getpwnam(arguments.user)
        for path in (folder, f"{folder}/run"):
            os.makedirs(path, exist_ok=True)
            os.chown(path, who.pw_uid, who.pw_gid)
            os.chmod(path, 0o700)
        script = pathlib.Path(folder, "checks.sh")
        script.write_text(CHECKS, encoding="utf-8")
        script.chmod(0o644)
        environment = {"PATH": os.environ["PATH"], "WHO": arguments.user, "SCRIPT": str(script), "BOX": folder,
                       "ROOTLET": os.path.abspath(arguments.rootlet), "XDG_RUNTIME_DIR": f"{folder}/run"}
        result = subprocess.run(["unshare", "-m", "sh", "-c", SCENE], env=environment, cwd="/", capture_output=True, text=True,
                                timeout=100, check=False)
    wanted = [line.split()[1] for line in CHECKS.splitlines() if line.startswith("expect ")]
    seen = result.stdout.split("\n")[:-1]
    print(result.stdout, result.stderr, sep="", end="")
    if result.returncode == 0 and seen == wanted:
        print(f"{len(wanted)} passed, 0 failed")
        return 0
    print(f"status {result.returncode}; {len(set(wanted) & set(seen))} of {len(wanted)} as they should be")
    return 1


if __name__ == "__main__":
    sys.exit(main())
