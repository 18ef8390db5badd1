#!/usr/bin/env python3
"""What a config says of the root, its mounts and its devices, as seen from inside."""
import os
import stat

import bundle

SAFE = bundle.SAFE


def test_the_standard_devices_and_links(b):
    out = b.run("for d in null zero full random urandom tty; do stat -c '%n %F %t:%T' /dev/$d; done; "
                "for l in fd stdin stdout stderr core ptmx; do readlink /dev/$l; done; echo x >/dev/null")
    for name, number in {"null": "1:3", "zero": "1:5", "full": "1:7", "random": "1:8", "urandom": "1:9",
                         "tty": "5:0"}.items():
        assert f"/dev/{name} character special file {number}\n" in out, out
    assert out.splitlines()[6:] == ["/proc/self/fd", "/proc/self/fd/0", "/proc/self/fd/1", "/proc/self/fd/2",
                                    "/proc/kcore", "pts/ptmx"], out


def test_mount_options_are_what_the_config_says(b):
    (b.folder / "data").mkdir()
    b.bind(b.folder / "data", "/plain")
    b.bind(b.folder / "data", "/tight", "bind", "ro", "nosuid", "nodev", "noexec")
    b.mount("/scratch", type="tmpfs", source="mine", options=["size=1m", "mode=1750", "ro", "nodev"])
    seen = b.mounts()
    assert "rw" in seen["/plain"]["options"], seen
    for word in ("ro", "nosuid", "nodev", "noexec"):
        assert word in seen["/tight"]["options"], seen["/tight"]
    assert seen["/scratch"]["source"] == "mine" and seen["/scratch"]["type"] == "tmpfs"
    assert "ro" in seen["/scratch"]["options"] and "nodev" in seen["/scratch"]["options"]
    assert "size=1024k" in seen["/scratch"]["super"] and "mode=1750" in seen["/scratch"]["super"]
    assert "ro" in seen["/sys"]["options"] and "rw" in seen["/proc"]["options"]
    assert not [t for t in seen.values() if t["type"] == "cgroup"], "cgroup version 1 inside"


def test_order_is_the_configs(b):
    for name in ("one", "two"):
        (b.folder / name).mkdir()
        (b.folder / name / "name").write_text(name, encoding="utf-8")
    b.bind(b.folder / "one", "/mnt")
    b.bind(b.folder / "two", "/mnt")
    assert b.run("cat /mnt/name") == "two"


def test_missing_targets_are_made_as_the_source_is(b):
    (b.folder / "file").write_text("content", encoding="utf-8")
    (b.folder / "dir").mkdir()
    b.bind(b.folder / "file", "/a/b/file")
    b.bind(b.folder / "dir", "/a/c/dir")
    b.mount("/a/d", type="tmpfs", source="tmpfs")
    assert b.run("cat /a/b/file; test -d /a/c/dir && test -d /a/d && echo yes") == "contentyes\n"


def test_a_missing_source_is_named(b):
    b.bind(b.folder / "nowhere", "/mnt")
    b.refused("true", words=["nowhere", "does not exist"])


def test_read_only_root(b):
    b.config["root"]["readonly"] = True
    b.process["cwd"] = "/made/for/it"
    assert b.run("pwd; touch /x 2>/dev/null || echo refused; touch /dev/shm/x && echo shm") == \
        "/made/for/it\nrefused\nshm\n"


def test_recursive_attributes(b):
    """ro is of the mount alone; rro is of all that came along."""
    for name in ("flat", "deep"):
        b.mount(f"/{name}", type="tmpfs", source="tmpfs")
    (b.folder / "tree").mkdir()
    b.bind("/proc/self", "/unused", "bind")
    b.config["mounts"].pop()
    b.bind("/dev", "/hostdev-ro", "rbind", "ro")
    b.bind("/dev", "/hostdev-rro", "rbind", "rro")
    seen = b.mounts()
    below = [p for p in seen if p.startswith("/hostdev-ro/")]
    if not below:
        bundle.skip("nothing is mounted below the host's /dev")
    assert "ro" in seen["/hostdev-ro"]["options"] and "ro" in seen["/hostdev-rro"]["options"]
    assert any("rw" in seen[p]["options"] for p in below), "ro was recursive"
    for path in (p for p in seen if p.startswith("/hostdev-rro/")):
        assert "ro" in seen[path]["options"], path


def test_remount(b):
    """ro is of the mount alone, rro of all below it too; what a remount does not change is refused."""
    b.mount("/mnt", type="tmpfs", source="tmpfs")
    b.mount("/mnt/below", type="tmpfs", source="tmpfs")
    b.mount("/mnt", options=["remount", "nosuid", "rro", "rnodev"])
    seen = b.mounts()
    for path in ("/mnt", "/mnt/below"):
        assert "ro" in seen[path]["options"] and "nodev" in seen[path]["options"], seen[path]
    assert "nosuid" in seen["/mnt"]["options"] and "nosuid" not in seen["/mnt/below"]["options"], seen
    for words in (["rprivate"], ["shared"], ["bind", "idmap"], ["tmpcopyup"], ["size=1m"]):
        if "idmap" in words and os.geteuid() == 0:
            continue # refused before that: there is no user namespace
        b.config["mounts"][-1]["options"] = ["remount", "ro", *words]
        b.refused("true", words=["mount /mnt: remount changes the flags of a mount"])


def test_propagation(b):
    for name in ("a", "b", "c"):
        (b.folder / name).mkdir()
    b.bind(b.folder / "a", "/a", "rbind", "rprivate")
    b.bind(b.folder / "b", "/b", "rbind", "rshared")
    b.bind(b.folder / "c", "/c", "rbind", "runbindable")
    seen = b.mounts()
    assert seen["/a"]["peers"] == [], seen["/a"]
    assert any(p.startswith("shared:") for p in seen["/b"]["peers"]), seen["/b"]
    assert "unbindable" in seen["/c"]["peers"], seen["/c"]
    assert not any(p.startswith("shared:") for p in seen["/"]["peers"]), seen["/"]


def test_rootfs_propagation(b):
    for word, wanted in {"shared": "shared:", "rshared": "shared:", "unbindable": "unbindable"}.items():
        b.linux["rootfsPropagation"] = word
        peers = b.mounts()["/"]["peers"]
        assert any(p.startswith(wanted) for p in peers), (word, peers)
    b.linux["rootfsPropagation"] = "rprivate"
    assert b.mounts()["/"]["peers"] == []


def test_a_tmpfs_takes_the_mode_of_what_it_covers(b):
    (b.root / "closed").mkdir()
    os.chmod(b.root / "closed", 0o710)
    b.mount("/closed", type="tmpfs", source="tmpfs")
    assert b.run("stat -c %a /closed") == "710\n"


def test_tmpcopyup(b):
    place = b.root / "etc/many/below"
    place.mkdir(parents=True)
    (place / "file").write_text("text", encoding="utf-8")
    os.chmod(place / "file", 0o4751)
    (place / "link").symlink_to("../../passwd")
    b.mount("/etc/many", type="tmpfs", source="tmpfs", options=["tmpcopyup", "ro"])
    out = b.run("cat /etc/many/below/file; stat -c ' %a' /etc/many/below/file; readlink /etc/many/below/link; "
                "touch /etc/many/x 2>/dev/null || echo refused")
    assert out == "text 4751\n../../passwd\nrefused\n", out
    assert b.mounts()["/etc/many"]["type"] == "tmpfs"


def test_masked_and_read_only_paths(b):
    (b.root / "secret").mkdir()
    (b.root / "secret/file").write_text("secret", encoding="utf-8")
    (b.root / "file").write_text("secret", encoding="utf-8")
    b.linux["maskedPaths"] = ["/secret", "/file", "/not/there", "/proc/keys", "/secret"]
    b.linux["readonlyPaths"] = ["/tmp", "/not/there/either", "/proc/sys"]
    out = b.run("ls /secret; cat /file; cat /proc/keys; touch /secret/x 2>/dev/null || echo refused; "
                "touch /tmp/x 2>/dev/null || echo refused; touch /other && echo done")
    assert out == "refused\nrefused\ndone\n", out


def test_devices_of_the_config(b):
    b.linux["devices"] = [{"type": "c", "path": "/dev/nought", "major": 1, "minor": 3},
                          {"type": "p", "path": "/dev/sub/fifo", "fileMode": 0o640}]
    out = b.run("stat -c '%F %t:%T' /dev/nought; stat -c '%F %a' /dev/sub/fifo; echo gone >/dev/nought")
    assert out == "character special file 1:3\nfifo 640\n", out


def test_a_device_that_the_host_does_not_have(b):
    if os.getuid() == 0:
        bundle.skip("root makes it")
    b.linux["devices"] = [{"type": "c", "path": "/dev/none-of-that-name", "major": 10, "minor": 200}]
    b.refused("true", words=["/dev/none-of-that-name"])


def test_a_bind_on_dev_brings_its_own(b):
    dev = b.folder / "dev"
    dev.mkdir()
    b.config["mounts"] = [m for m in b.config["mounts"] if not m["destination"].startswith("/dev")]
    b.bind(dev, "/dev")
    assert b.run("ls /dev") == ""


def test_cgroup_is_version_two_or_nothing(b):
    b.mount("/sys/fs/cgroup", type="cgroup", source="cgroup", options=SAFE + ["ro"])
    seen = b.mounts()
    assert seen["/sys/fs/cgroup"]["type"] == "cgroup2", seen["/sys/fs/cgroup"]
    assert not [p for p, m in seen.items() if m["type"] == "cgroup"]


def test_locked_flags_stay(b):
    """A source that is nosuid for whoever made it: to ask for suid is no reason to fail."""
    if "nosuid" not in next(line.split()[5] for line in open("/proc/self/mountinfo", encoding="utf-8")
                            if line.split()[4] == "/proc"):
        bundle.skip("/proc of this host is not nosuid")
    b.bind("/proc", "/hostproc", "rbind", "suid", "exec")
    result = b.start("cat /proc/self/mountinfo")
    assert result.returncode == 0, result.stderr
    line = next(l for l in result.stdout.splitlines() if l.split()[4] == "/hostproc")
    if os.getuid() != 0:
        assert "nosuid" in line.split()[5], line


def test_without_pivot_root(b):
    (b.root / "mark").touch()
    out = b.run("ls /mark; ls /rootfs /home 2>/dev/null; cat /proc/self/mountinfo | grep -c .", flags=["--no-pivot"])
    assert out.startswith("/mark\n"), out


def test_without_pivot_root_the_hosts_proc_is_out_of_sight(b):
    """Who may make a user namespace inside could else mount a proc without the masks."""
    b.linux["maskedPaths"] = ["/proc/keys"]
    b.process["capabilities"] = {k: ["CAP_SYS_ADMIN", "CAP_SETFCAP"] for k in ("bounding", "permitted", "effective")}
    for flags in ([], ["--no-pivot"]):
        result = b.start("unshare", "-mrpf", "mount", "-t", "proc", "none", "/proc", flags=flags)
        assert result.returncode != 0 and "mount:" in result.stderr, (flags, result)


def test_a_source_in_the_root_is_the_containers(b):
    """It is looked up inside when its turn comes, with what earlier mounts have brought, and links stay inside."""
    (b.folder / "data").mkdir()
    (b.folder / "data/file").write_text("data", encoding="utf-8")
    (b.root / "link").symlink_to("/mnt")
    b.bind(b.folder / "data", "/mnt")
    b.bind(b.root / "link", "/final")
    b.bind(b.root / "mnt", str(b.root / "spelt/as/the/host"))
    assert b.run("cat /final/file /spelt/as/the/host/file") == "datadata"


def test_mapped_ids(b):
    """Files of 1 and 2 belong to 1001 and 1002 inside; to the container's own map without one of their own."""
    (b.folder / "data").mkdir()
    row = [{"containerID": 0, "hostID": 1000, "size": 1000}]
    b.mount("/mnt", type="bind", source=str(b.folder / "data"), options=["bind", "ro", "noexec"], uidMappings=row,
            gidMappings=row)
    if os.getuid() != 0:
        b.refused("true", words=["mapped" if "5.12" in b.start("true").stderr else "file system"])
        return
    for name, owner in {"one": 1, "two": 2}.items():
        (b.folder / "data" / name).touch()
        os.chown(b.folder / "data" / name, owner, owner)
    assert b.run("stat -c %u:%g /mnt/one /mnt/two; cd /mnt && touch x 2>/dev/null || echo refused") == \
        "1001:1001\n1002:1002\nrefused\n"
    for word in ("idmapped", "ro", "noexec"):
        assert word in str(b.mounts()["/mnt"]), word
    b.linux["namespaces"] = bundle.namespaces()
    b.linux["uidMappings"] = b.linux["gidMappings"] = [{"containerID": 0, "hostID": 500000, "size": 65536}]
    mount = b.config["mounts"][-1]
    del mount["uidMappings"], mount["gidMappings"]
    mount["options"] = ["rbind", "ridmap"]
    os.chmod(b.folder, 0o755)
    assert b.run("stat -c %u:%g /mnt/one /mnt/two") == "1:1\n2:2\n"


def test_modes_are_not_the_callers_umask(b):
    old = os.umask(0o077)
    try:
        out = b.run("stat -c %a /made /dev/fd/.. ; umask", **{}) if (b.process.update(cwd="/made") is None) else ""
    finally:
        os.umask(old)
    assert out.splitlines()[0] == "755" and out.splitlines()[-1] == "0022", out
    assert stat.S_IMODE(os.stat(b.root / "made").st_mode) == 0o755


if __name__ == "__main__":
    bundle.main(globals())
