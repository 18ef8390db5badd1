#!/usr/bin/env python3
"""What a config says of its process, as the process sees it."""
import fcntl
import json
import os
import pathlib
import select
import shutil
import socket
import struct
import subprocess
import threading

import bundle


def status(b, *fields):
    text = b.run("cat /proc/self/status")
    table = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    return [table[f].strip() for f in fields]


def mask(*names):
    numbers = {"CAP_CHOWN": 0, "CAP_DAC_OVERRIDE": 1, "CAP_KILL": 5, "CAP_SETGID": 6, "CAP_SETUID": 7,
               "CAP_NET_BIND_SERVICE": 10, "CAP_NET_RAW": 13, "CAP_AUDIT_WRITE": 29}
    return f"{sum(1 << numbers[n] for n in names):016x}"


SETS = ("CapBnd", "CapEff", "CapPrm", "CapInh", "CapAmb")


def test_the_environment_is_the_configs_alone(b):
    b.process["env"] = ["PATH=/bin", "ONE=1", "TWO=a b=c"]
    os.environ["LEAK"] = "yes"
    out = b.run("env", "-u", "SHLVL").split("\n")
    assert sorted(filter(None, out)) == ["HOME=/root", "ONE=1", "PATH=/bin", "TWO=a b=c"], out


def test_home_is_the_users(b):
    b.process["env"] = ["PATH=/bin"]
    for uid, home in {0: "/root", 1000: "/home/alice", 77: "/"}.items():
        b.process["user"] = {"uid": uid, "gid": uid}
        assert b.run("sh", "-c", "echo $HOME") == home + "\n", uid
    b.process["env"].append("HOME=")
    assert b.run("sh", "-c", "echo $HOME") == "/\n"
    b.process["env"].append("HOME=/mine")
    assert b.run("sh", "-c", "echo $HOME") == "/mine\n"


def test_capabilities_of_root(b):
    """Of root, exec makes permitted and effective from the bounding set."""
    three = mask("CAP_KILL", "CAP_NET_BIND_SERVICE", "CAP_AUDIT_WRITE")
    none = mask()
    assert status(b, *SETS) == [three, three, three, none, none]


def test_capabilities_of_a_user(b):
    """Five sets that differ, of somebody who is not root: exec keeps the ambient ones."""
    b.process["user"] = {"uid": 1000, "gid": 1000}
    b.process["capabilities"] = {
        "bounding": ["CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW"],
        "permitted": ["CAP_KILL", "CAP_NET_RAW"],
        "effective": ["CAP_KILL"],
        "inheritable": ["CAP_KILL", "CAP_CHOWN"],
        "ambient": ["CAP_KILL"],
    }
    kill = mask("CAP_KILL")
    assert status(b, *SETS) == [mask("CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW"), kill, kill,
                                mask("CAP_CHOWN", "CAP_KILL"), kill]


def test_a_command_that_only_a_capability_lets_run(b):
    """Its x bit is root's alone; CAP_DAC_OVERRIDE of somebody else does without."""
    shutil.copy2(os.path.realpath("/bin/busybox"), b.root / "bin/busybox-own")
    os.chmod(b.root / "bin/busybox-own", 0o700)
    b.process["user"] = {"uid": 1000, "gid": 1000}
    b.refused("/bin/busybox-own", "id", words=["permission denied"])
    b.process["capabilities"] = {kind: ["CAP_DAC_OVERRIDE"] for kind in ("bounding", "effective", "permitted", "inheritable", "ambient")}
    assert b.run("/bin/busybox-own", "id", "-u") == "1000\n"


def test_no_capabilities_at_all(b):
    b.process["capabilities"] = {}
    assert status(b, *SETS) == [mask()] * 5
    del b.process["capabilities"]
    assert status(b, *SETS) == [mask()] * 5


def test_an_unknown_capability_is_passed_over(b):
    b.process["capabilities"]["bounding"].append("CAP_TO_BE_INVENTED")
    result = b.start("true")
    assert result.returncode == 0 and "CAP_TO_BE_INVENTED" in result.stderr, result


def test_user_and_groups(b):
    b.process["user"] = {"uid": 1000, "gid": 1001, "additionalGids": [5, 30, 1001], "umask": 0o027}
    assert b.run("id -u; id -g; id -G; umask") == "1000\n1001\n1001 5 30\n0027\n"
    b.process["user"]["additionalGids"] = list(range(1, 101))
    assert len(b.run("id -G").split()) == 101


def test_a_user_that_is_not_mapped(b):
    if os.getuid() == 0:
        bundle.skip("root has every id")
    b.process["user"] = {"uid": 900000, "gid": 0}
    b.refused("true", words=["900000"])


def test_groups_where_the_kernel_denies_them(b):
    if os.getuid() == 0:
        bundle.skip("root may set them")
    for kind in ("uidMappings", "gidMappings"):
        b.linux[kind] = b.linux[kind][:1]
    assert b.run("cat /proc/self/setgroups") == "deny\n"
    b.linux["gidMappings"] = [{"containerID": 5, "hostID": os.getgid(), "size": 1}]
    b.process["user"] = {"uid": 0, "gid": 5, "additionalGids": [5]}
    b.refused("true", words=["additionalGids"])


def test_maps_are_exactly_the_configs(b):
    if os.getuid() == 0:
        bundle.skip("there is no map")
    out = [line.split() for line in b.run("cat /proc/self/uid_map").splitlines()]
    assert out == [[str(m[k]) for k in ("containerID", "hostID", "size")] for m in b.linux["uidMappings"]]


def test_no_new_privileges(b):
    for wanted in (True, False):
        b.process["noNewPrivileges"] = wanted
        assert status(b, "NoNewPrivs") == [str(int(wanted))]


def test_limits(b):
    b.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200},
                            {"type": "RLIMIT_CORE", "soft": 0, "hard": 0}]
    out = b.run("cat /proc/self/limits")
    assert [l.split()[3:5] for l in out.splitlines() if l.startswith("Max open files")] == [["100", "200"]]
    assert [l.split()[4:6] for l in out.splitlines() if l.startswith("Max core")] == [["0", "0"]]


def test_no_limit_needs_no_controller(b):
    """Where none is delegated there is nothing that could be lifted."""
    b.linux["resources"] = {"pids": {"limit": -1}, "memory": {"limit": -1}, "cpu": {"quota": -1}}
    assert b.run("echo up") == "up\n"


def test_session_and_descriptors(b):
    out = b.run("cat /proc/self/stat; ls /proc/self/fd")
    assert out.split()[5] == "1", "the first process leads its session"
    assert out.splitlines()[1:] == ["0", "1", "2", "3"], out # 3 is the folder that ls reads


def test_only_the_descriptors_that_were_asked_for(b):
    read, write = os.pipe()
    high = os.dup2(read, 3, inheritable=True)
    other = os.dup2(read, 9, inheritable=True)
    try:
        listing = b.run("ls", "/proc/self/fd", flags=["--preserve-fds", "1"], pass_fds=(high, other)).split()
        assert "3" in listing and "9" not in listing, listing
        assert b.run("ls", "/proc/self/fd", pass_fds=(high, other)).split() == ["0", "1", "2", "3"]
    finally:
        for fd in {read, write, high, other}:
            os.close(fd)


def test_a_working_directory_is_no_way_out(b):
    for n in range(3, 12):
        b.process["cwd"] = f"/proc/self/fd/{n}"
        result = b.start("pwd; ls")
        assert result.returncode != 0 and result.stdout == "", (n, result)


def test_a_working_directory_of_roots_alone(b):
    (b.root / "root").mkdir()
    os.chmod(b.root / "root", 0o700)
    b.process["cwd"] = "/root"
    b.process["user"] = {"uid": 1000, "gid": 1000}
    assert b.run("/bin/busybox", "pwd") == "/root\n"


def test_names_and_settings(b):
    b.config.update(hostname="box", domainname="example.net")
    b.linux["sysctl"] = {"net.ipv4.ip_forward": "1", "kernel.msgmax": "4242"}
    out = b.run("hostname; cat /proc/sys/kernel/domainname /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax; "
                "ifconfig lo | grep -c UP")
    assert out == "box\nexample.net\n1\n4242\n1\n", out


def test_clocks(b):
    b.linux["namespaces"].append({"type": "time"})
    b.linux["timeOffsets"] = {"boottime": {"secs": 1000000, "nanosecs": 5}}
    if not pathlib.Path("/proc/self/ns/time").exists():
        bundle.skip("this kernel has no time namespaces")
    assert float(b.run("cat /proc/uptime").split()[0]) > 1000000


def test_scheduling_and_the_like(b):
    b.process["ioPriority"] = {"class": "IOPRIO_CLASS_IDLE", "priority": 0}
    b.process["scheduler"] = {"policy": "SCHED_BATCH", "nice": 7}
    b.process["oomScoreAdj"] = 555
    b.linux["personality"] = {"domain": "LINUX32"}
    out = b.run("cut -d' ' -f19,41 /proc/self/stat; cat /proc/self/oom_score_adj; ionice -p 1 | cut -d: -f1; uname -m")
    assert out.splitlines()[:3] == ["7 3", "555", "idle"], out
    assert out.splitlines()[3] in ("i686", "armv8l"), out


def test_seccomp(b):
    b.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "flags": ["SECCOMP_FILTER_FLAG_LOG"],
                          "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
                          "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}
    for nnp in (True, False): # by no_new_privs, or while there still is CAP_SYS_ADMIN
        b.process["noNewPrivileges"] = nnp
        result = b.start("mkdir /tmp/x")
        assert "No space left" in result.stderr, result
    b.linux["seccomp"]["syscalls"][0]["names"] = ["mkdirr"]
    result = b.start("mkdir /tmp/x")
    assert result.returncode == 0 and "mkdirr" in result.stderr, result


class Agent(threading.Thread):
    """Takes listeners at a socket, and answers each call of theirs with ENOMEDIUM."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.states, self.calls = [], 0
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(path))
        self.socket.listen()
        os.chmod(path, 0o777)

    def run(self):
        while True:
            connection, _ = self.socket.accept()
            text, fds, _, _ = socket.recv_fds(connection, 65536, 1)
            self.states.append(json.loads(text))
            connection.close()
            threading.Thread(target=self.answer, args=fds, daemon=True).start()

    def answer(self, fd):
        request = bytearray(80) # struct seccomp_notif of linux/seccomp.h
        while True:
            poll = select.poll()
            poll.register(fd, select.POLLIN)
            if not poll.poll()[0][1] & select.POLLIN:
                break
            request[:] = bytes(80)
            fcntl.ioctl(fd, 0xc0502100, request) # SECCOMP_IOCTL_NOTIF_RECV
            self.calls += 1
            fcntl.ioctl(fd, 0xc0182101, struct.pack("QqiI", *struct.unpack_from("Q", request), 0, -123, 0)) # …_SEND
        os.close(fd)


def test_a_seccomp_listener_is_handed_on(b):
    agent = Agent(b.folder / "agent")
    agent.start()
    b.config["annotations"] = {"a": "b"}
    b.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": str(b.folder / "agent"),
                          "listenerMetadata": "meta",
                          "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_NOTIFY"}]}
    for nnp in (True, False):
        b.process["noNewPrivileges"] = nnp
        result = b.start("mkdir /tmp/x; echo $?")
        assert "No medium found" in result.stderr and result.stdout == "1\n", result
    assert agent.calls == 2 and len(agent.states) == 2, (agent.calls, agent.states)
    state = agent.states[0]
    assert state["fds"] == ["seccompFd"] and state["metadata"] == "meta" and state["pid"] == state["state"]["pid"], state
    assert state["state"]["bundle"] == str(b.folder) and state["state"]["annotations"] == {"a": "b"}, state


def test_a_listener_that_nobody_serves(b):
    b.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": str(b.folder / "nobody"),
                          "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_NOTIFY"}]}
    for nnp in (True, False):
        for flags in ([], ["--detach"]):
            b.process["noNewPrivileges"] = nnp
            b.refused("true", words=["nobody"], flags=flags)


def test_a_wrong_profile_names_its_place(b):
    b.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALOW"}
    b.refused("true", words=["config.json:", "/linux/seccomp/defaultAction"])


def test_a_label_without_its_security_module(b):
    modules = pathlib.Path("/sys/kernel/security/lsm")
    if modules.exists() and "apparmor" in modules.read_text(encoding="utf-8"):
        bundle.skip("this host has AppArmor")
    b.process["apparmorProfile"] = "some-profile"
    b.refused("true", words=["some-profile"])
    b.process["apparmorProfile"] = ""
    b.run("true")


def test_a_label_of_exec_without_its_security_module(b):
    """It is the security module that is missing, in every set of namespaces; without a label it runs."""
    modules = pathlib.Path("/sys/kernel/security/lsm")
    if modules.exists() and {"apparmor", "selinux"} & set(modules.read_text(encoding="utf-8").strip().split(",")):
        bundle.skip("this host has such a module")
    def call(*words):
        return subprocess.run([b.runtime, "--root", str(b.folder / "state"), *words], text=True, timeout=60, check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def mounts(*more):
        return [m for m in b.config["mounts"] if m["destination"] != "/proc"] + list(more)

    own, mounted = b.linux["namespaces"], list(b.config["mounts"])
    b.process["args"] = ["sleep", "60"]
    # of the host's pid namespace there is no new procfs
    shared = {"destination": "/proc", "type": "bind", "source": "/proc", "options": ["rbind"]}
    for kinds, table in ((own, mounted), (own, mounts()), ([n for n in own if n["type"] != "pid"], mounts(shared))):
        b.linux["namespaces"], b.config["mounts"] = kinds, table
        (b.folder / "config.json").write_text(json.dumps(b.config), encoding="utf-8")
        with open(b.folder / "out", "wb") as out: # a pipe would be the container's as well
            subprocess.run([b.runtime, "--root", str(b.folder / "state"), "run", "-d", "-b", str(b.folder), "c"],
                           stdin=subprocess.DEVNULL, stdout=out, stderr=out, timeout=60, check=False)
        try:
            for flag, word in (("--apparmor", "some-profile"), ("--process-label", "a:b:c:s0")):
                result = call("exec", flag, word, "c", "echo", "ran")
                assert result.returncode == 255 and result.stdout == "", result
                assert word in result.stderr and "security module" in result.stderr, result
            assert call("exec", "c", "echo", "ran").stdout == "ran\n", (b.folder / "out").read_text(encoding="utf-8")
        finally:
            call("delete", "--force", "c")


def test_standard_pipes_belong_to_the_user(b):
    """A program that opens /dev/stdout by its name may, as another user than root, too; a file of the caller's stays the caller's."""
    b.process["user"] = {"uid": 1000, "gid": 1000}
    b.process["args"] = ["sh", "-c", "echo named >/dev/stdout; echo wrong >/dev/stderr; stat -L -c %u:%g /dev/stdout /dev/stderr"]
    (b.folder / "config.json").write_text(json.dumps(b.config), encoding="utf-8")
    line = [b.runtime, "--root", str(b.folder / "state"), "run", "-b", str(b.folder), "c"]
    result = subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0 and result.stdout.split()[:2] == ["named", "1000:0"] and result.stderr == "wrong\n", result
    with open(b.folder / "out", "wb") as out:
        before = os.fstat(out.fileno()), os.stat("/dev/null")
        subprocess.run(line, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL, timeout=60, check=False)
        after = os.fstat(out.fileno()), os.stat("/dev/null")
    assert [s.st_uid for s in before] == [s.st_uid for s in after], (before, after)


def test_namespaces_are_new_or_the_callers(b):
    kinds = {"ipc": "ipc", "uts": "uts", "network": "net", "cgroup": "cgroup"}
    out = b.run("; ".join(f"readlink /proc/self/ns/{n}" for n in kinds.values())).split()
    for name, link in zip(kinds.values(), out):
        assert link != os.readlink(f"/proc/self/ns/{name}"), name
    b.linux["namespaces"] = [n for n in b.linux["namespaces"] if n["type"] not in ("ipc", "uts")]
    out = b.run("readlink /proc/self/ns/ipc; readlink /proc/self/ns/uts").split()
    assert out == [os.readlink(f"/proc/self/ns/{n}") for n in ("ipc", "uts")]


def test_no_user_namespace_is_no_way_for_an_ordinary_user(b):
    if os.getuid() == 0:
        bundle.skip("root needs none")
    b.linux["namespaces"] = bundle.namespaces("user")
    del b.linux["uidMappings"], b.linux["gidMappings"]
    b.refused("true", words=["user namespace", "hint: "])


def test_inside_a_user_namespace_of_an_engine(b):
    """As podman calls us: root of a user namespace, and a config without one."""
    if os.getuid() == 0:
        bundle.skip("the engine is an ordinary user's")
    b.linux["namespaces"] = bundle.namespaces("user")
    del b.linux["uidMappings"], b.linux["gidMappings"]
    b.process["user"] = {"uid": 1000, "gid": 1000, "additionalGids": [7]}
    b.process["args"] = ["sh", "-c", "id -u; id -G; cat /proc/self/uid_map; cut -d' ' -f5 /proc/self/mountinfo | head -3"]
    (b.folder / "config.json").write_text(json.dumps(b.config), encoding="utf-8")
    result = subprocess.run(["unshare", "--user", "--map-auto", "--map-root-user", "--mount", b.runtime, "--root",
                             str(b.folder / "state"), "run", "-b", str(b.folder), "nested"],
                            capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)
    if "newuidmap" in result.stderr or "map-auto" in result.stderr:
        bundle.skip(result.stderr.strip())
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[:2] == ["1000", "1000 7"], result.stdout


if __name__ == "__main__":
    bundle.main(globals())
