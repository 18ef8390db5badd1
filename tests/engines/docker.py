"""docker, as root in the scene, without a network: its daemon brings its own containerd."""
import os
import pathlib
import signal
import subprocess

from checks import Bench, Checks, Failed, busybox_tar, has, needs, same, soon

PROGRAMS = ("docker", "dockerd", "containerd", "containerd-shim-runc-v2", "busybox")
AS_ROOT = True
IMAGE = "box"
checks = Checks()


def missing():
    return needs(*PROGRAMS)


class Docker(Bench):
    """Its daemon, and docker that talks to it. `launcher` stands before the daemon's words, `more` at their end."""

    launcher, more = (), ("--exec-opt", "native.cgroupdriver=cgroupfs")

    def __init__(self, runtime):
        super().__init__(runtime)
        self.folder = pathlib.Path("docker").absolute()
        self.folder.mkdir()
        self.socket = f"unix://{self.folder}/sock"
        self.daemon = self.open_daemon()
        soon(lambda: self("version", status=None).returncode == 0, f"dockerd answers ({self.folder}/log)", 30)
        subprocess.run(self.words("import", "--change", "ENV PATH=/bin", "-", IMAGE), input=busybox_tar(), check=True,
                       stdout=subprocess.DEVNULL)

    def open_daemon(self):
        with open(self.folder / "log", "w", encoding="ascii") as log:
            return subprocess.Popen( # pylint: disable=consider-using-with
                [*self.launcher, "dockerd", "-H", self.socket, "--data-root", str(self.folder / "data"),
                 "--exec-root", str(self.folder / "run"), "--pidfile", str(self.folder / "pid"),
                 "--add-runtime", f"under-test={self.runtime}", "--default-runtime", "under-test",
                 "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--bridge=none", "--storage-driver=vfs",
                 *self.more], stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def words(self, *words):
        return ["docker", "-H", self.socket, *words]

    def __call__(self, *words, **more):
        return self.run(*self.words(*words), **more)

    def box(self, *words, **more):
        return self("run", "--rm", "--network=none", *words, **more).stdout.strip()

    def tidy(self):
        for name in self("ps", "-aq").stdout.split():
            self("rm", "-f", name, status=None)

    def close(self):
        self.daemon.send_signal(signal.SIGTERM)
        self.daemon.wait(20)


def open_bench(runtime):
    return Docker(runtime)


@checks
def run_shows_output(docker):
    same(docker.box(IMAGE, "echo", "hello"), "hello")


@checks
def run_takes_stdin(docker):
    same(docker.box("-i", IMAGE, "cat", stdin="typed\n"), "typed")


@checks
def exit_statuses(docker):
    docker.box(IMAGE, "sh", "-c", "exit 17", status=17)
    docker.box(IMAGE, "/etc/not-a-program", status=126)
    docker.box(IMAGE, "no-such-command", status=127)


@checks
def run_on_a_terminal(docker):
    seen = docker.terminal(docker.words("run", "--rm", "-it", "--network=none", IMAGE, "sh"),
                           [("# ", "stty size; tty\n"), ("# ", "exit 3\n")], status=3)
    has(seen, "33 101")


@checks
def a_life(docker):
    docker("run", "-d", "--name", "life", "--network=none", IMAGE, "sh", "-c",
           "trap 'echo bye; exit 4' TERM; echo ready; while :; do sleep 0.1; done")
    soon(lambda: "ready" in docker("logs", "life").stdout, "the trap is set")
    same(docker("exec", "life", "echo", "inside").stdout, "inside\n")
    docker("exec", "life", "sh", "-c", "exit 8", status=8)
    result = docker("exec", "life", "no-such-command", status=None)
    if result.returncode not in (126, 127): # it depends on docker's version
        raise Failed(f"exit status {result.returncode}")
    has(docker("top", "life").stdout, "sleep")
    docker("pause", "life")
    same(docker("inspect", "--format", "{{.State.Status}}", "life").stdout, "paused\n")
    docker("unpause", "life")
    docker("stop", "life")
    same(docker("wait", "life").stdout, "4\n")
    docker("start", "life")
    docker("kill", "life")
    same(docker("wait", "life").stdout, "137\n")
    docker("rm", "life")


@checks
def powers(docker):
    text = docker.box("--cap-drop=ALL", "--security-opt=no-new-privileges", IMAGE, "cat", "/proc/self/status")
    for line in ("CapEff:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"):
        has(text, line)
    # Root itself may lack a capability: then a runtime goes on without it, and says so.
    text = docker.box("--privileged", IMAGE, "cat", "/proc/self/status")
    has(text, "Seccomp:\t0")


@checks
def volumes_and_read_only(docker):
    os.makedirs("volume", exist_ok=True)
    where = os.path.abspath("volume")
    docker.box("-v", f"{where}:/v", IMAGE, "touch", "/v/x")
    if not os.path.exists(f"{where}/x"):
        raise Failed("the file is not outside")
    docker.box("-v", f"{where}:/v:ro", IMAGE, "touch", "/v/y", status=1)
    docker.box("--read-only", IMAGE, "touch", "/y", status=1)
    docker.box("--read-only", "--tmpfs", "/scratch", IMAGE, "touch", "/scratch/y")


@checks
def identity(docker):
    same(docker.box("--user", "web", "--hostname", "lighthouse", "--ulimit", "nofile=99:99", IMAGE,
                    "sh", "-c", "id -un; hostname; ulimit -n"), "web\nlighthouse\n99")


@checks
def devices_are_those_that_were_given(docker):
    making = "mknod /tmp/log c 1 11; head -c 1 /tmp/log"
    has(docker("run", "--rm", "--network=none", "--cap-add=SYSLOG", IMAGE, "sh", "-c", making, status=1).stderr,
        "Operation not permitted")
    reading = "head -n 1 /dev/kmsg >/dev/null && echo read; (: >>/dev/kmsg) 2>/dev/null || echo refused"
    same(docker.box("--cap-add=SYSLOG", "--device=/dev/kmsg:/dev/kmsg:r", IMAGE, "sh", "-c", reading), "read\nrefused")


@checks
def nothing_is_left(docker):
    docker.tidy()
    left = [str(p) for p in pathlib.Path("/run").glob("**/runtime-*/moby/*")]
    same(left, [], "the runtime's state")
