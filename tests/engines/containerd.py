"""containerd, as root in the scene: its shim is what Kubernetes uses; it reads the runtime's log and its `ps`."""
import os
import pathlib
import signal
import subprocess

from checks import Bench, Checks, Failed, busybox_tar, has, needs, same, soon

PROGRAMS = ("containerd", "containerd-shim-runc-v2", "ctr", "busybox")
AS_ROOT = True
checks = Checks()


def missing():
    return needs(*PROGRAMS)


class Containerd(Bench):
    """Its daemon, and ctr that talks to it. `launcher` stands before the daemon's words."""

    launcher = ()

    def __init__(self, runtime):
        super().__init__(runtime)
        self.folder = pathlib.Path("containerd").absolute()
        self.folder.mkdir()
        self.socket = f"{self.folder}/sock"
        self.root = os.path.abspath("plain")
        os.mkdir(self.root)
        subprocess.run(["tar", "-C", self.root, "-x"], input=busybox_tar(), check=True)
        self.daemon = self.open_daemon()
        soon(lambda: self("version", status=None).returncode == 0, "containerd answers")

    def open_daemon(self):
        settings = self.folder / "config.toml"
        settings.write_text(f"""version = 2
root = "{self.folder}/root"
state = "{self.folder}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs",
                    "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs"]
[grpc]
address = "{self.socket}"
[ttrpc]
address = "{self.socket}.ttrpc"
""", encoding="ascii")
        with open(self.folder / "log", "w", encoding="ascii") as log:
            return subprocess.Popen([*self.launcher, "containerd", "--config", str(settings)], stdin=subprocess.DEVNULL,
                                    stdout=log, stderr=log) # pylint: disable=consider-using-with

    def words(self, *words):
        return ["ctr", "--address", self.socket, *words]

    def __call__(self, *words, **more):
        return self.run(*self.words(*words), **more)

    def left(self):
        """What the runtime still knows of containers."""
        return sorted(os.listdir("/run/containerd/runc/default"))

    def start(self, *words, **more):
        """ctr asks for 1024 shares unless it is told otherwise, and the scene has no cpu controller where the host
        gives it to cgroup version 1."""
        return self("run", "--runc-binary", self.runtime, "--cpu-shares=0", *words, **more)

    def box(self, *words, **more):
        return self.start("--rm", "--rootfs", *words, **more)

    def listed(self):
        return self("tasks", "list", "-q").stdout.split()

    def tidy(self):
        for name in self.listed():
            self("tasks", "kill", "-s", "KILL", name, status=None)
            self("tasks", "delete", "-f", name, status=None)
        for name in self("containers", "list", "-q").stdout.split():
            self("containers", "delete", name, status=None)

    def close(self):
        self.daemon.send_signal(signal.SIGTERM)
        self.daemon.wait(10)


def open_bench(runtime):
    return Containerd(runtime)


@checks
def run_shows_output(containerd):
    same(containerd.box(containerd.root, "one", "/bin/echo", "hello").stdout, "hello\n")


@checks
def run_passes_exit_status(containerd):
    containerd.box(containerd.root, "two", "/bin/sh", "-c", "exit 42", status=42)


@checks
def run_what_is_not_there(containerd):
    result = containerd.box(containerd.root, "three", "/bin/no-such-command", status=1)
    has(result.stderr, "no such file or directory")
    same(containerd.listed(), [])


@checks
def run_on_a_terminal(containerd):
    seen = containerd.terminal(containerd.words("run", "--runc-binary", containerd.runtime, "--cpu-shares=0", "--rm",
                                                "-t", "--rootfs", containerd.root, "tty", "/bin/sh"),
                               [("# ", "tty; stty size\n"), ("# ", "exit 3\n")], status=3)
    has(seen, "/dev/pts/0")
    has(seen, "33 101")


@checks
def a_life(containerd):
    containerd.start("-d", "--rootfs", containerd.root, "life", "/bin/sleep", "1000")
    same(containerd.listed(), ["life"])
    has(containerd("tasks", "ps", "life").stdout, "PID")
    same(containerd("tasks", "exec", "--exec-id", "e1", "life", "/bin/echo", "inside").stdout, "inside\n")
    containerd("tasks", "exec", "--exec-id", "e2", "life", "/bin/sh", "-c", "exit 9", status=9)
    result = containerd("tasks", "exec", "--exec-id", "e3", "life", "/bin/no-such-command", status=1)
    has(result.stderr, "no such file or directory")
    containerd("tasks", "kill", "-s", "KILL", "life")
    soon(lambda: "STOPPED" in containerd("tasks", "list").stdout, "it stopped")
    has(containerd("tasks", "kill", "-s", "KILL", "life", status=1).stderr, "process already finished")
    containerd("tasks", "delete", "life")
    containerd("containers", "delete", "life")


@checks
def pausing(containerd):
    containerd.start("-d", "--rootfs", containerd.root, "p", "/bin/sleep", "1000")
    containerd("tasks", "pause", "p")
    has(containerd("tasks", "list").stdout, "PAUSED")
    containerd("tasks", "resume", "p")
    has(containerd("tasks", "list").stdout, "RUNNING")
    has(containerd("tasks", "metrics", "p").stdout, "pids.current")
    containerd("tasks", "kill", "-s", "KILL", "p")
    soon(lambda: "STOPPED" in containerd("tasks", "list").stdout, "it stopped")
    containerd("tasks", "delete", "p")
    containerd("containers", "delete", "p")


@checks
def exec_on_a_terminal(containerd):
    containerd.start("-d", "--rootfs", containerd.root, "x", "/bin/sleep", "1000")
    seen = containerd.terminal(containerd.words("tasks", "exec", "-t", "--exec-id", "t", "x", "/bin/sh"),
                               [("# ", "stty size\n"), ("# ", "exit 8\n")], status=8)
    has(seen, "33 101")
    containerd.tidy()


@checks
def powers(containerd):
    text = containerd.box("--cap-drop", "CAP_CHOWN", containerd.root, "cap", "/bin/grep", "CapEff", "/proc/self/status").stdout
    if int(text.split()[1], 16) & 1:
        raise Failed("CHOWN is still there")
    text = containerd.box("--seccomp", containerd.root, "sec", "/bin/grep", "Seccomp:", "/proc/self/status").stdout
    same(text.split()[1], "2")


@checks
def mounts_and_read_only(containerd):
    os.makedirs("mine", exist_ok=True)
    where = os.path.abspath("mine")
    containerd.box("--mount", f"type=bind,src={where},dst=/mnt,options=rbind:rw", containerd.root, "mnt", "/bin/touch", "/mnt/x")
    if not os.path.exists(f"{where}/x"):
        raise Failed("the file is not outside")
    containerd.box("--read-only", containerd.root, "ro", "/bin/touch", "/x", status=1)


@checks
def what_is_shared_stays_on_the_host(containerd):
    with open("/proc/self/mountinfo", encoding="utf-8") as stream:
        before = stream.read()
    containerd.box("--mount", f"type=bind,src={os.path.abspath('mine')},dst=/mnt,options=rbind:rshared", containerd.root, "shared",
                   "/bin/true")
    with open("/proc/self/mountinfo", encoding="utf-8") as stream:
        same(stream.read(), before, "the host's mounts")


@checks
def devices_are_nodes(containerd):
    same(containerd.box(containerd.root, "dev", "/bin/stat", "-c", "%t:%T", "/dev/null").stdout, "1:3\n")


@checks
def nothing_is_left(containerd):
    containerd.tidy()
    same(containerd.listed(), [])
    same(containerd.left(), [], "the runtime's state")
