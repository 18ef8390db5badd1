#!/usr/bin/env python3
"""Cgroups made by systemd, for real: a manager of the user's own, in a mount namespace where /sys/fs/cgroup is the pure
version 2 and a folder in it is the user's, makes scopes for rootlet-oci and for rootlet.

    systemd_scope.py --rootlet build/src/cli/rootlet --oci build/src/oci/rootlet-oci [--user NAME]

Launched by root, which makes the scene. Ends with 77 where there is no root, no systemd, or no cgroup version 2."""
import argparse
import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import tempfile

MANAGER = "/lib/systemd/systemd"

SCENE = r"""
set -e
mount --make-rprivate /
mount -t cgroup2 none /sys/fs/cgroup
mount -t tmpfs none /run/systemd
mkdir /run/systemd/system # sd_booted(3)
top=/sys/fs/cgroup/rootlet-systemd-$$
mkdir -p $top/own
chown -R "$WHO" $top
echo $$ >$top/own/cgroup.procs
status=0
setpriv --reuid "$WHO" --regid "$WHO" --init-groups env HOME=/ sh -u "$SCRIPT" || status=$?
echo $$ >/sys/fs/cgroup/cgroup.procs
sleep 0.5
find $top -depth -type d -exec rmdir {} + || true
exit $status
"""

# Each check prints one word that main() wants to see, in this order.
BEGINNING = r"""
expect() { [ "$2" = "$3" ] && echo "$1" || echo "WRONG $1: wanted '$3', got '$2'"; }
has() { case "$2" in *"$3"*) echo "$1" ;; *) echo "WRONG $1: no '$3' in '$2'" ;; esac; }
/lib/systemd/systemd --user --unit=basic.target --log-target=null >/dev/null 2>&1 &
manager=$!
for i in $(seq 50); do [ -S "$XDG_RUNTIME_DIR/systemd/private" ] && break; sleep 0.1; done
for i in $(seq 50); do systemctl --user is-active -q basic.target && break; sleep 0.1; done
oci() { "$OCI" --systemd-cgroup "$@" >"$BOX/said" 2>&1 </dev/null; status=$?; cat "$BOX/said"; return $status; }
cd "$BOX"
"""

CHECKS = r"""
bundle() {
    rm -f "$BOX/config.json"; (cd "$BOX" && "$OCI" spec --rootless)
    sed -i -e 's/"terminal": true/"terminal": false/' -e "s#\"linux\": {#\"linux\": {\"cgroupsPath\": \"$1\",#" -e 's#"sh"#"sleep", "100"#' "$BOX/config.json"
}
show() { systemctl --user show libpod-abc.scope -p "$1" | cut -d= -f2; }
bundle app.slice:libpod:abc
expect created "$(oci create abc)" ""
expect in-its-slice "$(show Slice)" app.slice
expect delegated "$(show Delegate)" yes
expect active "$(show ActiveState)" active
has process-is-in-it "$(cat /proc/"$("$OCI" state abc | sed -n 's/.*"pid": \([0-9]*\).*/\1/p')"/cgroup)" /app.slice/libpod-abc.scope
expect started "$(oci start abc)" ""
expect root-of-its-namespace "$("$OCI" exec abc cat /proc/self/cgroup | sed -n 's/^0:://p')" /
expect paused "$(oci pause abc; "$OCI" state abc | grep -c '"paused"')" 1
expect resumed "$(oci resume abc)" ""
has name-is-taken "$(oci create abd)" "make the systemd scope libpod-abc.scope: Unit libpod-abc.scope was already loaded"
expect nothing-of-the-refused "$("$OCI" list -q)" abc
expect deleted "$(oci delete --force abc)" ""
sleep 0.5
expect scope-is-gone "$(show ActiveState)" inactive
bundle no-colons
has path-has-its-form "$(oci create abe)" 'expected "slice:prefix:name" for systemd cgroups'
has limit-of-no-controller "$("$ROOTLET" run --cgroup-conf misc.max="res_a 1" / true 2>&1)" "the misc controller is not delegated to you"
sleep 1
expect scopes-left "$(systemctl --user list-units --all --plain --no-legend 'rootlet-*.scope' 'libpod-*.scope' | wc -l)" 0
kill -TERM $manager; wait $manager
XDG_RUNTIME_DIR=/nowhere
export XDG_RUNTIME_DIR
bundle app.slice:libpod:abc
sed -i -e 's#"linux": {#"linux": {"resources": {"pids": {"limit": 10}},#' config.json
has no-manager "$(oci --root "$BOX/run" create abf)" "no systemd manager answers here"
"""

# Real root, by a manager of its own: what only the kernel's own root may do with a scope.
ROOT_CHECKS = r"""
"$OCI" spec
sed -i -e 's/"terminal": true/"terminal": false/' -e 's#"linux": {#"linux": {"cgroupsPath": "app.slice:libpod:abc",#' -e 's#"sh"#"sleep", "100"#' \
    -e 's#"linux": {#"linux": {"devices": [{"path": "/dev/kmsg", "type": "c", "major": 1, "minor": 11}],#' config.json
expect root-created "$(oci --root "$BOX/run/r" create abc)" ""
expect root-started "$(oci --root "$BOX/run/r" start abc)" ""
has root-device-denied "$(oci --root "$BOX/run/r" exec abc sh -c ': >/dev/kmsg')" "Operation not permitted"
echo '{"devices": [{"allow": true, "type": "c", "major": 1, "minor": 11, "access": "w"}]}' >rules
expect root-device-updated "$(oci --root "$BOX/run/r" update --resources rules abc; oci --root "$BOX/run/r" exec abc sh -c ': >/dev/kmsg && echo fine')" fine
expect root-deleted "$(oci --root "$BOX/run/r" delete --force abc)" ""
kill -TERM $manager; wait $manager
"""


def skip(reason):
    print(f"SKIP: {reason}")
    return 77


def run_checks(arguments, name, checks):
    """In a scene of their own, as that user. True when all is as it should be."""
    with tempfile.TemporaryDirectory() as folder:
        who = pwd.getpwnam(name)
        for path in (folder, f"{folder}/run", f"{folder}/rootfs", *(f"{folder}/rootfs/{d}" for d in ("bin", "proc", "sys", "dev"))):
            os.makedirs(path, exist_ok=True)
            os.chown(path, who.pw_uid, who.pw_gid)
        for path in (folder, f"{folder}/run"):
            os.chmod(path, 0o700)
        shutil.copy(shutil.which("busybox"), f"{folder}/rootfs/bin/busybox")
        for link in ("sh", "sleep", "cat"):
            os.symlink("busybox", f"{folder}/rootfs/bin/{link}")
        script = pathlib.Path(folder, "checks.sh")
        script.write_text(BEGINNING + checks, encoding="utf-8")
        script.chmod(0o644)
        environment = {"PATH": os.environ["PATH"], "WHO": name, "SCRIPT": str(script), "BOX": folder,
                       "ROOTLET": os.path.abspath(arguments.rootlet), "OCI": os.path.abspath(arguments.oci),
                       "XDG_RUNTIME_DIR": f"{folder}/run"}
        result = subprocess.run(["unshare", "-m", "sh", "-c", SCENE], env=environment, cwd="/", capture_output=True, text=True,
                                timeout=100, check=False)
    wanted = [line.split()[1] for line in checks.splitlines() if line.startswith(("expect ", "has "))]
    seen = result.stdout.split("\n")[:-1]
    print(result.stdout, result.stderr, sep="", end="")
    if result.returncode == 0 and seen == wanted:
        print(f"{name}: {len(wanted)} passed, 0 failed")
        return True
    print(f"{name}: status {result.returncode}; {len(set(wanted) & set(seen))} of {len(wanted)} as they should be")
    return False


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rootlet", required=True)
    parser.add_argument("--oci", required=True)
    parser.add_argument("--user", default=os.environ.get("ROOTLET_TEST_USER"))
    arguments = parser.parse_args()
    if os.geteuid() != 0 or not arguments.user:
        return skip("root sets the scene, for the user that ROOTLET_TEST_USER names")
    if not os.access(MANAGER, os.X_OK) or not shutil.which("systemctl") or not os.path.isdir("/run/systemd"):
        return skip("systemd is not installed")
    if not shutil.which("busybox"):
        return skip("busybox is not installed")
    if "\tcgroup2\n" not in pathlib.Path("/proc/filesystems").read_text(encoding="ascii"):
        return skip("this kernel has no cgroup version 2")
    results = [run_checks(arguments, arguments.user, CHECKS), run_checks(arguments, "root", ROOT_CHECKS)]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
