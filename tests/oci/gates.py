#!/usr/bin/env python3
"""The gates 01 to 05, 09 to 11 (docs/SECURITY.md) for bundles: what a hostile root can do to its own start."""
import os
import pathlib
import shutil

import bundle


class Canary:
    """A directory outside of the root that nothing may change."""

    def __init__(self, b):
        self.path = b.folder / "canary"
        self.path.mkdir()
        (self.path / "file").write_text("untouched", encoding="utf-8")
        self.before = self.look()

    def look(self):
        return sorted((str(p), p.lstat().st_mtime_ns, p.lstat().st_size) for p in [self.path, *self.path.rglob("*")])

    def check(self, where):
        assert self.look() == self.before, f"{where}: the canary was changed: {self.look()}"


def replace(root, name, target):
    place = root / name
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    elif place.is_symlink() or place.exists():
        place.unlink()
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(target)


def test_gate_01_links_of_the_root_lead_nowhere_else(b):
    canary = Canary(b)
    up = "../" * 12
    (b.folder / "data").mkdir()
    b.bind(b.folder / "data", "/volume/below")
    b.mount("/run/x", type="tmpfs", source="tmpfs", options=["mode=700"])
    b.linux["maskedPaths"] = ["/mask"]
    b.linux["readonlyPaths"] = ["/readonly"]
    b.linux["devices"] = [{"type": "p", "path": "/nodes/fifo"}]
    b.process["cwd"] = "/work/here"
    for name in ("dev", "dev/pts", "volume", "run", "mask", "readonly", "nodes", "work", "proc", "sys", "etc"):
        for target in (str(canary.path), up + str(canary.path).lstrip("/"), str(canary.path / "not-there")):
            replace(b.root, name, target)
            result = b.start("touch /volume/below/mine /run/x/mine 2>/dev/null; echo ran")
            canary.check(f"{name} → {target}")
            if name in ("proc", "sys"):
                assert result.returncode != 0 and result.stdout == "", (name, result)
            replace(b.root, name, "tmp")
            (b.root / name).unlink()
            (b.root / name).mkdir()


def test_gate_01_good_links_work(b):
    (b.root / "var").mkdir()
    (b.root / "run").mkdir()
    (b.root / "var/run").symlink_to("/run")
    b.mount("/var/run/here", type="tmpfs", source="tmpfs")
    assert "/run/here" in b.mounts()


def test_gate_02_a_directory_that_becomes_a_link(b):
    canary = Canary(b)
    (b.folder / "data").mkdir()
    (b.root / "a").mkdir()
    (b.root / "link").symlink_to(canary.path)
    b.bind(b.folder / "data", "/a/mnt")
    pid = os.fork()
    if pid == 0: # until it is killed
        one, two = os.fsencode(b.root / "a"), os.fsencode(b.root / "link")
        while True:
            bundle.libc.renameat2(-100, one, -100, two, 2) # RENAME_EXCHANGE
    try:
        for _ in range(60):
            b.start("ls /a/mnt /a /link")
            canary.check("swapped")
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)


def test_gate_03_sources_of_the_root_are_the_hosts_to_name(b):
    """The config names host paths only; a relative one begins at the bundle."""
    (b.folder / "beside").mkdir()
    (b.folder / "beside/x").touch()
    b.mount("/mnt", type="bind", source="beside", options=["bind"])
    assert b.run("ls /mnt") == "x\n"


def test_gate_04_a_device_that_is_none(b):
    if os.getuid() == 0:
        bundle.skip("root makes its own nodes")
    b.linux["devices"] = [{"type": "c", "path": str(b.folder / "fake"), "major": 1, "minor": 3}]
    (b.folder / "fake").write_text("no device", encoding="utf-8")
    b.linux["devices"][0].update(major=1, minor=99)
    b.refused("true")
    b.linux["devices"] = [{"type": "c", "path": "/dev/zero-renamed", "major": 1, "minor": 5}]
    b.run("head -c 1 /dev/zero-renamed")


def test_gate_05_proc_is_a_proc(b):
    (b.folder / "fake").mkdir()
    b.config["mounts"][0] = {"destination": "/proc", "type": "bind", "source": str(b.folder / "fake"), "options": ["bind"]}
    b.refused("true", words=["proc"])
    b.config["mounts"][0] = {"destination": "/proc", "type": "tmpfs", "source": "tmpfs"}
    b.refused("true", words=["/proc"])
    b.config["mounts"][0] = {"destination": "/proc", "type": "proc", "source": "proc"}
    b.bind(b.folder / "fake", "/proc/sys")
    b.refused("true", words=["/proc/sys"])
    b.config["mounts"].pop()
    (b.root / "innocent").symlink_to("/proc/self")
    b.bind(b.folder / "fake", "/innocent/attr")
    b.refused("true")


def test_gate_09_no_capability_that_was_not_said(b):
    b.process["user"] = {"uid": 1000, "gid": 1000}
    table = dict(l.split(":\t") for l in b.run("cat /proc/self/status").splitlines() if l.startswith("Cap"))
    assert table["CapEff"] == table["CapPrm"] == table["CapInh"] == table["CapAmb"] == "0" * 16, table


def test_gate_10_numbers_are_numbers(b):
    (b.root / "etc/passwd").write_text("1000:x:0:0::/:/bin/sh\n", encoding="utf-8")
    b.process["user"] = {"uid": 1000, "gid": 1000}
    assert b.run("id -u") == "1000\n"
    for wrong in (-1, 2 ** 32, 2 ** 32 - 1, "0"):
        b.process["user"]["uid"] = wrong
        b.refused("true", words=["/process/user/uid"])


def test_gate_11_groups_of_the_caller_stay_outside(b):
    assert b.run("id -G") == "0\n"
    if os.getuid() == 0:
        return
    for kind in ("uidMappings", "gidMappings"):
        b.linux[kind] = b.linux[kind][:1]
    assert b.run("cat /proc/self/setgroups") == "deny\n"


def test_a_hostile_passwd_file_delays_nothing(b):
    b.process["env"] = ["PATH=/bin"]
    passwd = pathlib.Path(b.root / "etc/passwd")
    passwd.unlink()
    os.mkfifo(passwd)
    assert b.run("sh", "-c", "echo $HOME") == "/\n"


if __name__ == "__main__":
    bundle.main(globals())
