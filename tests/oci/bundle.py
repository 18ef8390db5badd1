"""A bundle for a test: a root of busybox alone, a config that a test changes, and rootlet-oci run on it.

Tests are functions named test_…; main() runs them, each with a bundle of its own, and prints what failed. A test says why
it cannot run with skip(). As root they go down to $ROOTLET_TEST_USER first; tests that need real root say so (--root)."""
import argparse
import copy
import ctypes
import json
import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import tempfile
import traceback
import unicodedata # traceback wants it, and where Python lies may be out of reach once root has gone down

libc = ctypes.CDLL(None, use_errno=True)
assert unicodedata

SAFE = ["nosuid", "noexec", "nodev"]
KEPT = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]


class Skip(Exception):
    pass


def skip(why):
    raise Skip(why)


def ranges(name, own):
    """The mapping of an ordinary user: its own id, then its subordinate ones."""
    rows = [{"containerID": 0, "hostID": own, "size": 1}]
    user = pwd.getpwuid(os.getuid()).pw_name
    for line in pathlib.Path(name).read_text(encoding="utf-8").splitlines():
        who, start, count = line.split(":")
        if who == user:
            rows.append({"containerID": 1, "hostID": int(start), "size": int(count)})
            break
    return rows


def namespaces(*without):
    return [{"type": t} for t in ("user", "mount", "pid", "ipc", "uts", "network", "cgroup") if t not in without]


def base_config():
    config = {
        "ociVersion": "1.2.0",
        "process": {
            "user": {"uid": 0, "gid": 0}, "args": ["sh"], "cwd": "/", "noNewPrivileges": True,
            "env": ["PATH=/bin", "HOME=/"],
            "capabilities": {kind: list(KEPT) for kind in ("bounding", "effective", "permitted")},
        },
        "root": {"path": "rootfs"},
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755", "size=65536k"]},
            {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
             "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]},
            {"destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": SAFE + ["mode=1777", "size=65536k"]},
            {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": SAFE + ["ro"]},
        ],
        "linux": {"namespaces": namespaces()},
    }
    if os.getuid() == 0:
        config["linux"]["namespaces"] = namespaces("user")
    else:
        config["linux"]["uidMappings"] = ranges("/etc/subuid", os.getuid())
        config["linux"]["gidMappings"] = ranges("/etc/subgid", os.getgid())
    return config


# What the hints of a rootlet-oci must not speak of: it has no such options.
OPTIONS_OF_ROOTLET = ("-v", "-w", "-u", "-e", "--userns", "--mask", "--pid", "--network", "--ipc", "--tmpfs", "--overlay",
                      "--security-opt", "--time", "--uidmap", "--cap-add", "--cgroup-parent")


class Bundle:
    def __init__(self, runtime, folder):
        self.runtime, self.folder = runtime, pathlib.Path(folder)
        self.root = self.folder / "rootfs"
        for name in ("bin", "etc", "proc", "sys", "dev", "tmp"):
            (self.root / name).mkdir(parents=True)
        shutil.copy2(os.path.realpath("/bin/busybox"), self.root / "bin/busybox")
        for applet in subprocess.check_output(["busybox", "--list"], text=True).split():
            if applet != "busybox":
                (self.root / "bin" / applet).symlink_to("busybox")
        (self.root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n",
                                              encoding="utf-8")
        self.config = base_config()
        self.count = 0

    @property
    def process(self):
        return self.config["process"]

    @property
    def linux(self):
        return self.config["linux"]

    def mount(self, destination, **rest):
        self.config["mounts"].append({"destination": destination, **rest})

    def bind(self, source, destination, *options):
        self.mount(destination, type="bind", source=str(source), options=list(options) or ["bind"])

    def start(self, *args, **keywords):
        """Runs args, or a text by sh, and returns what subprocess says."""
        config = copy.deepcopy(self.config)
        if args:
            config["process"]["args"] = list(args) if len(args) > 1 else ["sh", "-c", args[0]]
        (self.folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
        self.count += 1
        return subprocess.run([self.runtime, "--root", str(self.folder / "state"), *keywords.pop("options", ()), "run",
                               *keywords.pop("flags", ()), "--bundle", str(self.folder), f"c{self.count}"],
                              capture_output=True, text=True, timeout=60, check=False,
                              stdin=subprocess.DEVNULL, **keywords)

    def run(self, *args, **keywords):
        """The same, which must work: its standard output."""
        result = self.start(*args, **keywords)
        assert result.returncode == 0, f"status {result.returncode}: {result.stdout}{result.stderr}"
        return result.stdout

    def refused(self, *args, words=(), **keywords):
        """The start must fail, with each of these words in its message; nothing has run."""
        result = self.start(*args, **keywords)
        assert result.returncode != 0, f"it was not refused: {result.stdout}{result.stderr}"
        assert result.stdout == "", f"something ran: {result.stdout}"
        for word in words:
            assert word in result.stderr, f"“{word}” is not in: {result.stderr}"
        hint = result.stderr.partition("hint: ")[2]
        for option in () if "outer container" in hint else OPTIONS_OF_ROOTLET:
            assert f" {option} " not in f" {hint} ", f"{option} is an option of another command: {hint}"
        return result.stderr

    def mounts(self, **keywords):
        """mountinfo inside: where → (the root of the mount, its options, its optional fields, type, super options)."""
        table = {}
        for line in self.run("cat /proc/self/mountinfo", **keywords).splitlines():
            fields = line.split()
            dash = fields.index("-")
            table[fields[4]] = {"root": fields[3], "options": fields[5].split(","), "peers": fields[6:dash],
                                "type": fields[dash + 1], "source": fields[dash + 2], "super": fields[dash + 3].split(",")}
        return table


def go_down(user):
    account = pwd.getpwnam(user)
    runtime_dir = f"/run/user/{account.pw_uid}"
    os.initgroups(user, account.pw_gid)
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    os.environ.update(HOME=account.pw_dir, USER=user, XDG_RUNTIME_DIR=runtime_dir)
    os.chdir("/")


def why_not(arguments):
    if arguments.root and os.getuid() != 0:
        return "root runs this one"
    if not arguments.root and os.getuid() == 0 and not arguments.user:
        return "an ordinary user runs this one, or root with ROOTLET_TEST_USER"
    busybox = shutil.which("busybox")
    if not busybox:
        return "there is no busybox"
    if b"interpreter" in subprocess.run(["file", "-L", busybox], capture_output=True, check=False).stdout:
        return "busybox is not static"
    return None


def clear_away(runtime, folder):
    """What a test left that failed: the next one takes the same id, and root's have one cgroup for it."""
    state = pathlib.Path(folder, "state")
    for container in state.iterdir() if state.is_dir() else ():
        subprocess.run([runtime, "--root", str(state), "delete", "--force", container.name], stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60, check=False)


def try_one(test, runtime):
    with tempfile.TemporaryDirectory(prefix="rootlet-oci-test-", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)
        try:
            test(Bundle(runtime, folder))
        except Skip as why:
            print(f"skip {test.__name__}: {why}")
        except Exception: # whatever it was, the others go on
            print(f"FAIL {test.__name__}")
            traceback.print_exc(file=sys.stdout)
            clear_away(runtime, folder)
            return False
        else:
            print(f"ok   {test.__name__}")
    return True


def main(tests):
    parser = argparse.ArgumentParser()
    parser.add_argument("--runtime", required=True)
    parser.add_argument("--user", default=os.environ.get("ROOTLET_TEST_USER"))
    parser.add_argument("--root", action="store_true", help="as real root")
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    reason = why_not(arguments)
    if reason:
        print(f"skipped: {reason}")
        sys.exit(77)
    runtime = os.path.abspath(arguments.runtime) # before the working directory changes
    if os.getuid() == 0 and not arguments.root:
        go_down(arguments.user)
    chosen = [t for n, t in tests.items() if n.startswith("test_") and (not arguments.names or n in arguments.names)]
    failed = [t for t in chosen if not try_one(t, runtime)]
    print(f"{len(chosen)} tests, {len(failed)} failed")
    sys.exit(1 if failed or not chosen else 0)
