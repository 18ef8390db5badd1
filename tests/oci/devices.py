#!/usr/bin/env python3
"""linux.resources.devices: as real root the kernel enforces the rules; anybody else passes the usual ones over, and gets
an error for one that would take something away. /dev/kmsg (c 1:11) is the device: every host has it, root may open it
both ways, and no container has it by itself."""
import ctypes
import os
import shutil
import struct
import subprocess
import time

import bundle
from life import Life

KMSG = {"path": "/dev/kmsg", "type": "c", "major": 1, "minor": 11}
DENY_ALL = {"allow": False, "access": "rwm"}
ALLOW_ALL = {"allow": True, "access": "rwm"}
NAME = b"rootlet_devices"
PROGRAM_NEXT, PROGRAM_OPEN, PROGRAM_INFO = 11, 13, 15  # commands of bpf(2)
# What a shell says of each use; `read` and `write` are of one byte at most.
USE = """use() { if { "$@"; } 2>/tmp/why; then echo yes; else grep -o 'Operation not permitted' /tmp/why || cat /tmp/why; fi; }
reading() { dd if="$1" of=/dev/null bs=1 count=0; }
writing() { dd if=/dev/null of="$1" bs=1 count=0 conv=notrunc; }
"""
REFUSED = "Operation not permitted"


def real_root():
    if os.getuid() != 0:
        bundle.skip("real root runs this one")


def rule(allow, access, major=None, minor=None, kind="c"):
    numbers = {key: value for key, value in (("major", major), ("minor", minor)) if value is not None}
    return {"allow": allow, "type": kind, "access": access, **numbers}


def give(b, *rules, devices=(KMSG,)):
    """A bundle with these rules, in a cgroup of this process's own; its command has the rights to make nodes, and to read this one."""
    b.linux["devices"] = list(devices)
    b.linux["resources"] = {"devices": list(rules)}
    if os.getuid() == 0:
        b.linux["cgroupsPath"] = f"/rootlet-devices-{os.getpid()}/box"
    for kind in b.process["capabilities"].values():
        kind += ["CAP_MKNOD", "CAP_SYSLOG"]


def uses(b, *lines, **keywords):
    return b.run(USE + "\n".join(f"use {line}" for line in lines), **keywords).splitlines()


def bpf(command, attributes):
    memory = ctypes.create_string_buffer(attributes, 128)
    number = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
    result = bundle.libc.syscall(number, command, memory, 128)
    return result, memory.raw


def programs():
    """How many of ours the kernel holds."""
    count, number = 0, 0
    while True:
        result, answer = bpf(PROGRAM_NEXT, struct.pack("<II", number, 0))
        if result < 0:
            return count
        number = struct.unpack_from("<I", answer, 4)[0]
        fd, _ = bpf(PROGRAM_OPEN, struct.pack("<I", number))
        if fd < 0:
            continue
        about = ctypes.create_string_buffer(256)
        bpf(PROGRAM_INFO, struct.pack("<IIQ", fd, 128, ctypes.addressof(about)))
        os.close(fd)
        count += about.raw[64:80].rstrip(b"\0") == NAME


def held(count):
    """The kernel lets a program go some time after the group, or its successor."""
    for _ in range(400):
        if programs() == count:
            return
        time.sleep(0.01)
    raise AssertionError(f"{programs()} programs, expected {count}")


# ---- as real root ----


def test_what_is_not_allowed_is_refused(b):
    real_root()
    give(b, DENY_ALL)
    assert uses(b, "reading /dev/kmsg", "writing /dev/kmsg") == [REFUSED, REFUSED]


def test_each_kind_of_access_by_itself(b):
    real_root()
    give(b, DENY_ALL, rule(True, "r", 1, 11))
    assert uses(b, "reading /dev/kmsg", "writing /dev/kmsg") == ["yes", REFUSED]


def test_the_last_rule_counts(b):
    real_root()
    give(b, ALLOW_ALL, rule(False, "w", 1), rule(True, "rw", 1, 11), rule(False, "r", 1, 11))
    assert uses(b, "reading /dev/kmsg", "writing /dev/kmsg") == [REFUSED, "yes"]


def test_reading_and_writing_at_once_wants_both(b):
    """A program that asks whether the rule covers all that is asked for would let this through."""
    real_root()
    give(b, ALLOW_ALL, rule(False, "w", 1, 11))
    assert uses(b, "reading /dev/kmsg", "sh -c ': 3<>/dev/kmsg'") == ["yes", REFUSED]


def test_standard_devices_are_always_there(b):
    real_root()
    give(b, DENY_ALL, rule(False, "rwm", 1, 3), rule(False, "rwm", 5))
    lines = [f"reading /dev/{name}" for name in ("null", "zero", "full", "random", "urandom")]
    assert uses(b, *lines, "writing /dev/null", "sh -c ': 3<>/dev/ptmx'") == ["yes"] * 7


def test_a_terminal_works(b):
    real_root()
    give(b, DENY_ALL)
    b.process["terminal"] = True
    assert "written" in b.run("echo written >/dev/tty; echo more >/dev/console")


def test_nodes_may_be_made_and_not_used(b):
    real_root()
    give(b, DENY_ALL, devices=())
    assert uses(b, "mknod /tmp/kmsg c 1 11", "reading /tmp/kmsg", "mknod /tmp/disk b 8 0") == ["yes", REFUSED, "yes"]


def test_making_nodes_can_be_denied(b):
    real_root()
    give(b, DENY_ALL, rule(False, "m", kind="b"), rule(False, "m", 1, 11), devices=())
    assert uses(b, "mknod /tmp/kmsg c 1 11", "mknod /tmp/disk b 8 0", "mknod /tmp/null c 1 3",
                "mknod /tmp/pipe p") == [REFUSED, REFUSED, "yes", "yes"]


def test_a_node_that_may_not_be_made_is_bound(b):
    real_root()
    give(b, DENY_ALL, rule(True, "rw", 1, 11), rule(False, "m", 1, 11))
    assert uses(b, "reading /dev/kmsg", "mknod /tmp/kmsg c 1 11") == ["yes", REFUSED]
    assert "/dev/kmsg" in b.mounts()


def test_root_of_a_user_namespace_has_rules_too(b):
    real_root()
    # root of a namespace has no right to the kernel's log, whatever a rule says
    give(b, DENY_ALL, rule(True, "r", 5, 1), devices=[{"path": "/dev/console", "type": "c", "major": 5, "minor": 1}])
    b.linux["namespaces"] = bundle.namespaces()
    b.linux["uidMappings"] = b.linux["gidMappings"] = [{"containerID": 0, "hostID": 0, "size": 65536}]
    assert uses(b, "reading /dev/console", "writing /dev/console") == ["yes", REFUSED]


def test_many_rules(b):
    real_root()
    # as many ways through them as there can be
    rules = [rule(True, "r", 200, minor, "bc"[minor % 2]) for minor in range(1998)]
    give(b, DENY_ALL, *rules, rule(True, "r", 1, 11))
    assert uses(b, "reading /dev/kmsg", "writing /dev/kmsg") == ["yes", REFUSED]
    give(b, DENY_ALL, *rules, DENY_ALL, rule(True, "r", 1, 11))
    b.refused("true", words=["linux.resources.devices: more rules than one program can hold"])


def test_exec_is_under_the_rules(b):
    real_root()
    give(b, DENY_ALL)
    life = Life(b)
    life.create()
    life.ok("start", "c")
    life.fails("exec", "c", "cat", "/dev/kmsg", text=REFUSED)
    life.end()


def test_nothing_is_left(b):
    real_root()
    before = programs()
    give(b, DENY_ALL)
    life = Life(b)
    life.create()
    held(before + 1)
    life.end()
    held(before)
    life.b.process["args"] = ["no-such-command"]
    life.write()
    life.create_fails("no-such-command")
    held(before)


def test_no_program_where_nothing_is_denied(b):
    real_root()
    before = programs()
    give(b, DENY_ALL, ALLOW_ALL)
    life = Life(b)
    life.create()
    held(before)
    life.end()


def test_update_exchanges_the_rules(b):
    real_root()
    before = programs()
    give(b, DENY_ALL)
    life = Life(b)
    life.create()
    life.ok("start", "c")

    def update(text):
        life.ok("update", "--resources", "-", "c", stdin=None, input=text)

    def opens():
        return life.call("exec", "c", "dd", "if=/dev/kmsg", "of=/dev/null", "count=0").returncode == 0

    assert not opens()
    update('{"devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 1, "minor": 11, "access": "r"}]}')
    assert opens()
    held(before + 1)
    update('{"pids": {"limit": -1}}' if "pids" in controllers() else "{}") # says nothing of devices
    assert opens()
    held(before + 1)
    update('{"devices": [{"allow": false, "access": "rwm"}]}')
    assert not opens()
    held(before + 1)
    update('{"devices": [{"allow": true, "access": "rwm"}]}')
    assert opens()
    held(before)
    update('{"devices": [{"allow": false, "type": "c", "major": 1, "minor": 11, "access": "r"}]}')
    assert not opens()
    held(before + 1)
    life.end()


def controllers():
    for folder in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified"):
        try:
            with open(f"{folder}/cgroup.controllers", encoding="utf-8") as words:
                return words.read().split()
        except OSError:
            pass
    return []


def test_without_a_cgroup_it_is_said(b):
    real_root()
    give(b, DENY_ALL)
    result = b.start("head -c 1 /dev/kmsg", options=["--cgroup-manager", "disabled"])
    assert result.returncode == 0 and "linux.resources.devices is not enforced" in result.stderr, result


def test_without_the_right_to_it_the_start_is_refused(b):
    real_root()
    setpriv = shutil.which("setpriv") or bundle.skip("there is no setpriv")
    give(b, DENY_ALL)
    life = Life(b)
    words, _ = life.command("create", "--bundle", str(b.folder), "c")
    result = subprocess.run([setpriv, "--bounding-set", "-bpf,-perfmon,-sys_admin", *words], capture_output=True, text=True,
                            check=False)
    assert result.returncode and "linux.resources.devices: the kernel lets this process load no program" in result.stderr, result
    assert "CAP_BPF" in result.stderr and life.names() == [], result


# ---- by an ordinary user ----


def ordinary():
    if os.getuid() == 0:
        bundle.skip("an ordinary user runs this one")


def test_the_usual_rules_are_passed_over(b):
    ordinary()
    give(b, DENY_ALL, rule(True, "rwm", 1, 3), rule(False, "rwm", 10, 229), devices=())
    assert b.run("echo fine >/dev/null; echo fine") == "fine\n"
    said = subprocess.run([b.runtime, "plan", "--bundle", str(b.folder)], capture_output=True, text=True, check=True)
    assert "linux.resources.devices is passed over" in " ".join(said.stdout.split()), said
    assert b.start("true").stderr == ""


def test_a_rule_that_takes_something_away_is_refused(b):
    ordinary()
    give(b, DENY_ALL, rule(True, "rwm", 1), rule(False, "w", 1, 11), devices=())
    b.refused("true", words=["linux.resources.devices: deny c 1:11 w: only real root", "hint: leave the rule out"])


def test_less_than_the_device_that_was_given_is_said(b):
    ordinary()
    give(b, DENY_ALL, rule(True, "r", 1, 7), devices=[])
    b.linux["devices"] = [{"path": "/dev/kmsg", "type": "c", "major": 1, "minor": 11}]
    b.linux["resources"]["devices"][1]["minor"] = 11
    result = b.start("true")
    assert "linux.resources.devices: /dev/kmsg can be written" in result.stderr, result


if __name__ == "__main__":
    bundle.main(globals())
