#!/usr/bin/env python3
"""What a container or a killed runtime could leave behind, and does not."""
import datetime
import json
import os
import pathlib
import pwd
import signal
import subprocess
import time

import bundle
from life import Life, wait_for


def ended(pid):
    wait_for(lambda: os.waitpid(pid, os.WNOHANG)[0] == pid)


def test_a_first_process_in_a_user_namespace_of_its_own(b):
    """It is the same process, with other rights."""
    life = Life(b, args=("unshare", "-U", "sleep", "100"))
    for end in (["kill", "c", "KILL"], ["kill", "--all", "c", "KILL"], ["delete", "--force", "c"]):
        life.create()
        pid = life.state()["pid"]
        life.ok("start", "c")
        wait_for(lambda: pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"sleep"))
        assert life.state()["status"] == "running" and life.state()["pid"] == pid
        life.fails("delete", "c", text="not stopped")
        life.ok(*end)
        ended(pid)
        life.end()


def pod(b, name="pod"):
    """A container, and the bundle's config from now on joins its user and pid namespaces."""
    life = Life(b)
    life.create(name)
    life.ok("start", name)
    first = life.state(name)["pid"]
    for ns in b.linux["namespaces"]:
        if ns["type"] in ("user", "pid", "ipc"):
            ns["path"] = f"/proc/{first}/ns/{ns['type']}"
    b.linux.pop("uidMappings", None)
    b.linux.pop("gidMappings", None)
    return life, first


def sleepers(seconds):
    """Processes that run `sleep N`, as only this test does."""
    out = []
    for line in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if line.read_bytes().split(b"\0")[:2] == [b"sleep", seconds.encode()]:
                out.append(int(line.parent.name))
        except OSError:
            pass
    return sorted(out)


def test_all_of_a_container_in_a_pod_is_its_own(b):
    """What its first process starts is in another session, and a child of nobody's when that ends."""
    life, first = pod(b)
    seconds = f"{100000 + os.getpid()}"
    b.process["args"] = ["sh", "-c", f"setsid sleep {seconds} & exec sleep {seconds}"]
    life.write()
    for end in (["kill", "c", "KILL"], ["kill", "--all", "c", "KILL"], ["delete", "--force", "c"]):
        life.create()
        kept = json.loads((life.state_folder / "c/state.json").read_text(encoding="utf-8"))
        life.ok("start", "c")
        wait_for(lambda: len(sleepers(seconds)) == 2)
        for kind in ("user", "pid", "mnt", "uts", "ipc", "net"):
            assert kept["namespaces"][kind] == os.stat(f"/proc/{kept['pid']}/ns/{kind}").st_ino, (kind, kept)
        assert sorted(json.loads(life.ok("ps", "--format", "json", "c"))) == sleepers(seconds)
        if end[-1] == "c": # its first process has ended, too
            os.kill(kept["pid"], signal.SIGKILL)
            wait_for(lambda: life.state()["status"] == "stopped")
            assert len(sleepers(seconds)) == 1
        life.ok(*end)
        wait_for(lambda: not sleepers(seconds))
        life.ok("delete", "--force", "c")
        assert life.state("pod")["status"] == "running" and life.state("pod")["pid"] == first
    life.end("pod")


def test_what_a_killed_create_left_is_listed_as_whose_it_is(b):
    life = Life(b, hooks={"createRuntime": [{"path": "/bin/sleep", "args": ["sleep", "3"]}]})
    line, keywords = life.command("create", "--bundle", str(b.folder), "c")
    before = time.time()
    with subprocess.Popen(line, **keywords, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as create:
        wait_for(lambda: (life.state_folder / "c" / "state.json.new").exists())
        for state in ("creating", "stopped"): # what it has made may take a moment to end
            wait_for(lambda state=state: json.loads(life.ok("list", "--format", "json"))[0]["status"] == state)
            listed, = json.loads(life.ok("list", "--format", "json"))
            assert listed["owner"] == pwd.getpwuid(os.getuid()).pw_name, listed
            made = datetime.datetime.fromisoformat(listed["created"].split(".")[0].rstrip("Z") + "+00:00").timestamp()
            assert before - 2 < made < time.time() + 2, listed
            create.kill()
            create.wait()
    life.end()


def with_group(b, *args):
    """Beside our own group: where that was delegated to us, we may make some."""
    own = [line[3:] for line in pathlib.Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines() if line.startswith("0::")]
    b.linux["cgroupsPath"] = f"{os.path.dirname(own[0]).rstrip('/') if own else ''}/rootlet-left-{os.getpid()}"
    life = Life(b, *args)
    life.create()
    kept = json.loads((life.state_folder / "c/state.json").read_text(encoding="utf-8"))
    if not kept.get("cgroup"):
        life.end()
        bundle.skip("no cgroup can be made here")
    life.ok("start", "c")
    return life, pathlib.Path(kept["cgroup"])


def test_groups_in_groups_are_found_and_go_however_deep(b):
    life, top = with_group(b, ["sh", "-c", "sleep 100 & sleep 100 & wait"])
    wait_for(lambda: len(json.loads(life.ok("ps", "--format", "json", "c"))) == 3)
    pids = json.loads(life.ok("ps", "--format", "json", "c"))
    deepest = top
    for level in range(40):
        for name in ("a", "b", "c"):
            (deepest / f"{name}{level}").mkdir()
        deepest = deepest / f"b{level}"
    (deepest / "cgroup.procs").write_text(str(max(pids)), encoding="ascii")
    found = json.loads(life.ok("ps", "--format", "json", "c"))
    begun = time.monotonic()
    result = life.call("delete", "--force", "c")
    try:
        assert (result.returncode, result.stderr) == (0, ""), result
        assert sorted(found) == sorted(pids)
        assert not top.exists(), sum(1 for _ in top.rglob("cgroup.procs"))
        assert time.monotonic() - begun < 2
    finally:
        for folder in sorted(top.rglob("*/"), key=lambda folder: -len(folder.parts)) if top.exists() else ():
            if folder.is_dir():
                folder.rmdir()
        if top.exists():
            top.rmdir()
    life.end()


def test_a_group_that_stays_is_told_of(b):
    if os.geteuid() == 0:
        bundle.skip("whoever is root may remove what it likes")
    life, top = with_group(b)
    mode = top.parent.stat().st_mode
    top.parent.chmod(0o555)
    try:
        result = life.call("delete", "--force", "c")
    finally:
        top.parent.chmod(mode)
        top.rmdir()
    assert result.returncode == 0 and str(top) in result.stderr and "Permission denied" in result.stderr, result
    life.end()


if __name__ == "__main__":
    bundle.main(globals())
