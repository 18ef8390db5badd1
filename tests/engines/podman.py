"""podman as an ordinary user: what its two lists of checks, podman_life and podman_inside, share."""
import os
import pathlib

from checks import Bench, busybox_tar, hasnt, needs, same

PROGRAMS = ("podman", "conmon", "busybox", "newuidmap")
IMAGE = "localhost/box"


def missing():
    return needs(*PROGRAMS)


class Podman(Bench):
    def __call__(self, *words, **more):
        return self.run("podman", *words, **more)

    def box(self, *words, **more):
        """The output of a command in a container without a network."""
        return self.out("podman", "run", "--rm", "--network=none", *words, **more)

    def tidy(self):
        self("pod", "rm", "-fa", status=None)
        self("rm", "-fa", "-t0", status=None)

    def state(self, name):
        return self.out("podman", "inspect", "--format", "{{.State.Status}}", name)


def open_bench(runtime):
    bench = Podman(runtime)
    data = pathlib.Path("box.tar")
    data.write_bytes(busybox_tar())
    bench("import", "--change", "ENV PATH=/bin", str(data), IMAGE)
    bench("import", "--change", 'CMD ["/bin/sleep", "100000"]', str(data), "localhost/pause")
    return bench


def status_line(text, key):
    return [line.split()[1] for line in text.splitlines() if line.startswith(key + ":")][0]


def sleeper(podman, *words):
    podman("run", "-d", "--name", "e", "--network=none", *words, IMAGE, "sleep", "1000")


def no_sleeper(podman):
    podman("rm", "-f", "-t0", "e")


def nothing_left(podman):
    podman.tidy()
    root = pathlib.Path(os.environ["XDG_RUNTIME_DIR"])
    for folder in ("rootlet-oci", "crun", "runc"):
        left = [str(p) for p in (root / folder).glob("*")] if (root / folder).exists() else []
        same(left, [], f"state of containers in {folder}")
    names = [p.read_text(errors="replace") for p in pathlib.Path("/proc").glob("[0-9]*/comm") if p.exists()]
    hasnt("".join(names), "conmon")
