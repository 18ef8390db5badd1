#!/usr/bin/env python3
"""The exported script is run, beside rootlet itself, and what both see from inside is compared.

As an ordinary user: for each set of arguments, `rootlet plan --format=sh … | sh` and `rootlet run …` (or
the same of unshare, when `rootlet plan` can print it) run the same probe: which namespaces it is in, the
id maps, the hostname, and every mount. Namespaces must be the host's, or not the host's, alike; all the
rest must be equal once what cannot be (device numbers, layer paths) is taken out.

    sh_runs.py --rootlet build/src/cli/rootlet [--user NAME] [NAME…]

Run by root it becomes --user (default: nobody may be guessed, so it must be given). Ends with 77 and a
reason where this host cannot run containers at all.
"""
import argparse
import contextlib
import json
import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import tempfile

NAMESPACES = ["user", "pid", "mnt", "uts", "ipc", "net", "cgroup", "time"]

# Runs inside: builtins, and cat and readlink of the root.
PROBE = r"""
for ns in user pid mnt uts ipc net cgroup time; do
	printf 'ns %s %s\n' "$ns" "$(readlink /proc/self/ns/$ns)"
done
while read -r line; do printf 'uid %s\n' "$line"; done </proc/self/uid_map
while read -r line; do printf 'gid %s\n' "$line"; done </proc/self/gid_map
printf 'setgroups %s\n' "$(cat /proc/self/setgroups)"
printf 'hostname %s\n' "$(cat /proc/sys/kernel/hostname)"
printf 'domainname %s\n' "$(cat /proc/sys/kernel/domainname)"
printf 'id %s:%s\n' "$(id -u)" "$(id -g)"
printf 'groups %s\n' "$(id -G)"
printf 'cwd %s\n' "$(pwd)"
printf 'umask %s\n' "$(umask)"
printf 'nofile %s\n' "$(ulimit -n)"
printf 'home %s\n' "$HOME"
while read -r key value; do
	case $key in CapBnd: | CapEff: | CapPrm: | CapInh: | CapAmb: | NoNewPrivs:) printf '%s %s\n' "$key" "$value" ;; esac
done </proc/self/status
[ ! -r /etc/hosts ] || while read -r line; do printf 'hosts %s\n' "$line"; done </etc/hosts
while read -r line; do printf 'mount %s\n' "$line"; done </proc/self/mountinfo
"""

# name: arguments; ROOT and DIR stand for folders that are made for each run.
CASES = {
    "host-root": ["/"],
    "directory": ["-v", "/usr", "ROOT"],
    "single": ["--userns", "single", "-v", "/usr", "ROOT"],
    "keep-id": ["--userns", "keep-id", "-v", "/usr", "ROOT"],
    "explicit-map": ["--uidmap", "0:0:1", "--uidmap", "1:1:999", "--uidmap", "5000:1000:100", "-v", "/usr", "ROOT"],
    "read-only": ["--read-only", "--tmpfs", "/scratch:size=1m,mode=700", "-v", "/usr:/usr:ro", "ROOT"],
    "overlay": ["--overlay", "-v", "/usr", "ROOT"],
    "overlay-kept": ["--overlay=DIR/changes", "-v", "/usr", "ROOT"],
    "odd-names": ["-v", "/usr", "-v", "DIR/it's \"odd\" $HOME\nname:/mnt/a b:ro", "ROOT"],
    "locked-flags": ["-v", "DIR/tree:/tree:ro", "-v", "/dev/shm:/shm:ro", "-v", "/usr", "ROOT"],
    "network-host": ["--network", "host", "/"],
    "pid-ipc-host": ["--pid", "host", "--ipc", "host", "/"],
    "uts-cgroup-host": ["--uts", "host", "--cgroupns", "host", "/"],
    "time": ["--time", "private", "--boottime", "86400", "--monotonic", "3600", "/"],
    "names": ["--hostname", "web", "--domainname", "example.org", "--add-host", "db:10.0.0.2", "-v", "/usr", "ROOT"],
    "privileged": ["--privileged", "/"],
    "capabilities": ["--cap-drop", "ALL", "--cap-add", "CHOWN", "--security-opt", "no-new-privileges=false", "/"],
    "user": ["-u", "web", "-v", "/usr", "ROOT"],
    "user-group": ["-u", "33:44", "-v", "/usr", "ROOT"],
    "limits": ["--ulimit", "nofile=64:128", "--umask", "077", "/"],
    "masks": ["--mask", "/proc/version", "--security-opt", "unmask=/proc/keys", "/"],
    "root-links": ["-v", "/usr", "-v", "DIR/tree:/var/run/tree", "ROOT"],
}


def make_root(base):
    root = base / "root"
    for folder in ["etc", "usr", "tmp", "var", "run", "srv/web"]:
        (root / folder).mkdir(parents=True)
    for name in ["bin", "sbin", "lib", "lib64"]:
        if os.path.lexists("/" + name):
            (root / name).symlink_to("usr/" + name)
    (root / "var/run").symlink_to("/run")  # absolute: a resolver must stay inside
    (root / "etc/resolv.conf").symlink_to("/var/run/made/resolv.conf")
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\nweb:x:33:33:web:/srv/web:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\nweb:x:33:\nextra:x:44:other,web\n")
    (base / "changes").mkdir()
    (base / "it's \"odd\" $HOME\nname").mkdir()
    (base / "tree").mkdir()
    return root


def arguments_of(case, base):
    root = base / "root"
    return [str(root) if word == "ROOT" else word.replace("DIR", str(base), 1) for word in CASES[case]]


def observe(command, stdin=None):
    result = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60, check=False)
    if result.returncode != 0:
        raise RuntimeError(f"status {result.returncode}: {result.stderr.strip()[:800]}")
    return result.stdout


def mount_entry(line):
    """`id parent maj:min root point options [fields] - type source super` → what must be equal."""
    before, after = line.split(" - ", 1)
    _, _, _, root, point, options = before.split(" ")[:6]
    kind, _, super_options = after.split(" ", 2)
    kept = []
    for option in super_options.split(","):
        key = option.split("=")[0]
        if key in ("ro", "rw", "lowerdir", "upperdir", "workdir", "uuid", "inode64"):
            continue  # the instance's own switch; paths of layers
        kept.append(option)
    if kind == "tmpfs" and root != "/":
        root = "a file"  # generated: its name on the scratch tmpfs is nobody's business
    return (point, kind, root, ",".join(sorted(options.split(","))), ",".join(sorted(kept)))


def summary(text, host):
    seen = {"mounts": [], "facts": []}
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word == "mount":
            seen["mounts"].append(mount_entry(rest))
        elif word == "ns":
            name, _, link = rest.partition(" ")
            seen["facts"].append(f"{name} namespace: {'the host' if link == host[name] else 'its own'}")
        else:
            seen["facts"].append(" ".join(line.split()))
    seen["mounts"].sort()
    return seen


def differences(script, rootlet):
    out = []
    for key in ("facts", "mounts"):
        out += [f"only from the script:  {item}" for item in script[key] if item not in rootlet[key]]
        out += [f"only from rootlet run: {item}" for item in rootlet[key] if item not in script[key]]
        if not out and script[key] != rootlet[key]:
            out.append(f"{key}: the same lines, another number or order of them")
    return out


def check_sane(case, seen, failures):
    """A comparison of two wrongs must not pass."""
    arguments = CASES[case]
    own = "mnt namespace: its own" in seen["facts"] and "user namespace: its own" in seen["facts"]
    if not own or len(seen["mounts"]) < 10:
        failures.append(f"{case}: no container at all: {seen}")
    for option, name in (("--network", "net"), ("--pid", "pid"), ("--ipc", "ipc"), ("--uts", "uts")):
        shared = option in arguments and arguments[arguments.index(option) + 1] == "host"
        wanted = f"{name} namespace: {'the host' if shared else 'its own'}"
        if wanted not in seen["facts"]:
            failures.append(f"{case}: expected “{wanted}”")


def left_behind(base):
    mounts = pathlib.Path("/proc/self/mountinfo").read_text()
    return str(base) in mounts


def run_case(case, rootlet, host, failures):
    base = pathlib.Path(tempfile.mkdtemp(prefix="rootlet-sh-"))
    try:
        make_root(base)
        (base / "probe").write_text(PROBE)
        arguments = arguments_of(case, base)
        command = ["/bin/sh", "-c", PROBE]
        script = observe([rootlet, "plan", "--format=sh", *arguments, *command])
        (base / "script").write_text(script)
        by_script = summary(observe(["/bin/sh", str(base / "script")]), host)
        by_rootlet = summary(observe([rootlet, "run", *arguments, *command]), host)
        check_sane(case, by_script, failures)
        for line in differences(by_script, by_rootlet):
            failures.append(f"{case}: {line}")
        if left_behind(base):
            failures.append(f"{case}: a mount was left on the host")
    except (RuntimeError, subprocess.TimeoutExpired) as problem:
        failures.append(f"{case}: {problem}")
    finally:
        remove(base, rootlet)


def remove(base, rootlet):
    with contextlib.suppress(OSError):
        shutil.rmtree(base)
    if base.exists():  # what belongs to subordinate ids
        subprocess.run([rootlet, "unshare", "rm", "-rf", str(base)], check=False)


def become(user):
    entry = pwd.getpwnam(user)
    os.initgroups(user, entry.pw_gid)
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    os.environ.update(HOME=entry.pw_dir, USER=user, LOGNAME=user)
    os.chdir("/")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rootlet", required=True)
    parser.add_argument("--user", default=os.environ.get("ROOTLET_TEST_USER"))
    parser.add_argument("names", nargs="*", help=f"of {', '.join(CASES)}")
    arguments = parser.parse_args()
    rootlet = str(pathlib.Path(arguments.rootlet).resolve())
    if os.getuid() == 0:
        if not arguments.user:
            print("SKIP: run by root without --user: the script is an ordinary user's")
            sys.exit(77)
        become(arguments.user)
    for variable in [name for name in os.environ if name.startswith("ROOTLET_")]:
        del os.environ[variable]
    works = subprocess.run([rootlet, "run", "/", "true"], capture_output=True, text=True, check=False)
    if works.returncode != 0:
        print(f"SKIP: no container can be run here: {works.stderr.strip()}")
        sys.exit(77)
    host = {name: os.readlink(f"/proc/self/ns/{name}") for name in NAMESPACES}
    failures = []
    names = arguments.names or list(CASES)
    for case in names:
        before = len(failures)
        run_case(case, rootlet, host, failures)
        print(f"{'ok' if len(failures) == before else 'FAIL'} {case}", flush=True)
        for line in failures[before:]:
            print(f"  {line}")
    print(json.dumps({"cases": len(names), "failures": len(failures)}))
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
