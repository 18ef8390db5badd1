#!/usr/bin/env python3
"""kill and delete: whom they reach, and whom they must not."""
import json
import os
import pathlib
import resource
import signal
import subprocess
import time

import bundle
from life import Life, reap_all, share_pids, wait_for


def unlimited(life):
    """The state as it is on disk; containers with a cgroup are known by that."""
    state = life.state_folder / "c/state.json"
    kept = json.loads(state.read_text(encoding="utf-8"))
    if "cgroup" in kept:
        life.end()
        bundle.skip("it has a cgroup")
    return state, kept


def test_kill_what_a_first_process_leaves(b):
    """Its pid namespace is not its own: nothing ended with it."""
    left = b.root / "tmp/left"
    life = Life(b, ["sh", "-c", "sh -c 'while :; do echo . >>/tmp/left; sleep 0.02; done' & while ! [ -s /tmp/left ]; do sleep 0.01; done"])
    share_pids(b)
    life.write()
    life.create()
    life.ok("start", "c")
    wait_for(lambda: life.state()["status"] == "stopped")
    size = left.stat().st_size
    wait_for(lambda: left.stat().st_size > size)
    life.fails("kill", "c", "TERM", text="container not running")
    life.ok("kill", "c", "KILL")
    wait_for(lambda: life.call("kill", "c", "KILL").returncode)
    size = left.stat().st_size
    time.sleep(0.2)
    assert left.stat().st_size == size
    life.fails("kill", "c", "KILL", text="container not running")
    life.end()


def test_a_shared_pid_namespace_is_killed_whole(b):
    life = Life(b, ["sh", "-c", "sleep 100 & sleep 100 & echo up; wait"])
    share_pids(b)
    life.write()
    life.create()
    life.ok("start", "c")
    wait_for(lambda: "up" in life.output())
    wait_for(lambda: len(json.loads(life.ok("ps", "-f", "json", "c"))) == 3)
    life.ok("kill", "c", "KILL")
    reap_all()
    life.end()


def test_many_are_signalled_each(b):
    """More than there may be descriptors for at once."""
    life = Life(b, ["sh", "-c", "for i in $(seq 300); do sleep 100 & done; echo up; wait"])
    share_pids(b)
    life.write()
    life.create()
    life.ok("start", "c")
    wait_for(lambda: "up" in life.output(), seconds=30)
    assert len(json.loads(life.ok("ps", "-f", "json", "c"))) == 301
    life.ok("kill", "--all", "c", "TERM", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200)))
    reap_all(seconds=30)
    life.end()


def test_delete_takes_what_a_kernel_without_ids_of_mounts_knows(b):
    """Before Linux 6.11 its mount namespace is held open while it ends."""
    life = Life(b, ["sh", "-c", "sleep 100 & sleep 100 & echo up; wait"])
    share_pids(b)
    life.write()
    life.create()
    state, kept = unlimited(life)
    kept.pop("mountsId", None)
    state.write_text(json.dumps(kept), encoding="utf-8")
    life.ok("start", "c")
    wait_for(lambda: "up" in life.output())
    life.ok("delete", "--force", "c")
    reap_all()
    life.end()


def namesake(b, known, **members):
    """A container has ended, and a second one's mount namespace has the number that the first one's had."""
    life = Life(b)
    share_pids(b)
    b.process["args"] = ["true"]
    life.write()
    life.create()
    state, kept = unlimited(life)
    life.ok("start", "c")
    wait_for(lambda: life.state()["status"] == "stopped")
    b.process["args"] = ["sleep", "100"]
    life.write()
    life.create("other")
    life.ok("start", "other")
    kept["namespaces"]["mnt"] = os.stat(f"/proc/{life.state('other')['pid']}/ns/mnt").st_ino
    kept.update(members)
    if members:  # even its id is this one's
        kept["mountsId"] = json.loads((life.state_folder / "other/state.json").read_text(encoding="utf-8"))["mountsId"]
    if not known:
        kept.pop("mountsId", None)
    state.write_text(json.dumps(kept), encoding="utf-8")
    assert json.loads(life.ok("ps", "-f", "json", "c")) == []
    life.fails("kill", "c", "KILL", text="container not running")
    life.ok("delete", "c")
    assert life.state("other")["status"] == "running"
    life.end("other")


def test_a_number_that_was_given_again_is_another_containers(b):
    namesake(b, True)


def test_a_number_alone_says_nothing_of_one_that_ended(b):
    namesake(b, False)


def test_a_number_of_another_boot(b):
    namesake(b, True, boot="00000000-0000-0000-0000-000000000000")


def test_a_joined_mount_namespace_is_its_owners(b):
    life = Life(b)
    share_pids(b)
    life.write()
    life.create("other")
    life.ok("start", "other")
    pid = life.state("other")["pid"]
    for namespace in b.linux["namespaces"]:
        if namespace["type"] in ("user", "mount"):
            namespace["path"] = f"/proc/{pid}/ns/{ {'mount': 'mnt'}.get(namespace['type'], namespace['type'])}"
    b.linux.pop("uidMappings", None)
    b.linux.pop("gidMappings", None)
    b.config["mounts"] = []
    life.write()
    result = life.call("create", "--bundle", str(b.folder), "c", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if result.returncode == 0:
        life.call("start", "c")
        life.call("delete", "--force", "c")
    assert life.state("other")["status"] == "running"
    life.end("other")


def test_a_number_of_a_process_that_was_given_again(b):
    """Between looking and signalling: what is signalled must still be the container's."""
    if os.geteuid() != 0:
        bundle.skip("root gives numbers out (ns_last_pid)")
    life = Life(b, ["sh", "-c", "sleep 100 & sleep 101 & echo up; wait; wait"])
    share_pids(b)
    life.write()
    life.create()
    life.ok("start", "c")
    wait_for(lambda: "up" in life.output())
    target = max(json.loads(life.ok("ps", "-f", "json", "c")))
    line, keywords = life.command("kill", "--all", "c", "TERM")
    slow = ["strace", "-qq", "-o", "/dev/null", "-e", "trace=pidfd_open", "-e", "inject=pidfd_open:delay_enter=400000"]
    with subprocess.Popen([*slow, *line], **keywords) as kill:
        time.sleep(1)
        os.kill(target, signal.SIGKILL)
        time.sleep(0.1)
        with open("/proc/sys/kernel/ns_last_pid", "w", encoding="ascii") as last:
            last.write(str(target - 1))
        with subprocess.Popen(["sleep", "100"]) as innocent:
            kill.wait(30)
            alive = innocent.poll() is None
            if alive:
                innocent.kill()
    if innocent.pid != target:
        life.end()
        bundle.skip("the number went to somebody else")
    assert alive, "a process that is not the container's was signalled"
    life.end()


def test_a_group_of_a_container_that_ended_is_not_taken_over(b):
    b.linux["cgroupsPath"] = f"/rootlet-ends-{os.getpid()}"
    life = Life(b, ["true"])
    life.create()
    if "cgroup" not in json.loads((life.state_folder / "c/state.json").read_text(encoding="utf-8")):
        life.end()
        bundle.skip("no cgroup can be made here")
    life.ok("start", "c")
    wait_for(lambda: life.state()["status"] == "stopped")
    life.fails("create", "--bundle", str(b.folder), "second", text=["container c's", "delete c"])
    assert life.names() == ["c"]
    life.ok("delete", "c")
    life.create("second")
    life.end("second")


def test_a_create_that_fails_leaves_no_group(b):
    if os.geteuid() != 0:
        bundle.skip("root makes groups where it likes")
    with open("/proc/self/mounts", encoding="ascii") as mounts:
        tree = next((line.split()[1] for line in mounts if line.split()[2] == "cgroup2"), None) or bundle.skip("no cgroup version 2")
    top = pathlib.Path(tree, f"rootlet-ends-{os.getpid()}")
    top.mkdir()
    try:
        (top / "cgroup.max.depth").write_text("2", encoding="ascii")
        b.linux["cgroupsPath"] = f"/{top.name}/one/two/three"
        life = Life(b)
        life.create_fails("three")
        assert not [entry for entry in top.iterdir() if entry.is_dir()], list(top.iterdir())
    finally:
        top.rmdir()


if __name__ == "__main__":
    bundle.main(globals())
