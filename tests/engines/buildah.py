"""buildah, as an ordinary user: it drives the runtime itself, without conmon, and asks for `state` again and again."""
import pathlib

from checks import Bench, Checks, Failed, busybox_tar, has, needs, same

PROGRAMS = ("buildah", "busybox", "newuidmap")
IMAGE = "localhost/box"
checks = Checks()


def missing():
    return needs(*PROGRAMS)


class Buildah(Bench):
    def __call__(self, *words, **more):
        return self.run("buildah", *words, **more)

    def inside(self, container, *words, **more):
        """A command in a working container, by the runtime under test."""
        return self("run", "--isolation=oci", "--runtime", self.runtime, "--network=none", *more.pop("options", ()),
                    container, "--", *words, **more)

    def tidy(self):
        self("rm", "-a", status=None)


def open_bench(runtime):
    bench = Buildah(runtime)
    pathlib.Path("box.tar").write_bytes(busybox_tar())
    pathlib.Path("Containerfile").write_text("FROM scratch\nADD box.tar /\nENV PATH=/bin\n", encoding="ascii")
    bench("bud", "-t", IMAGE, "-f", "Containerfile", ".")
    return bench


@checks
def run_in_a_working_container(buildah):
    container = buildah.out("buildah", "from", IMAGE)
    same(buildah.inside(container, "echo", "hello").stdout, "hello\n")
    buildah.inside(container, "sh", "-c", "exit 29", status=29)
    same(buildah.inside(container, "sh", "-c", "echo $A $PWD", options=("-e", "A=b", "--workingdir", "/etc")).stdout,
         "b /etc\n")
    same(buildah.inside(container, "id", "-u", options=("--user", "web")).stdout, "1000\n")
    buildah("rm", container)


@checks
def run_takes_stdin(buildah):
    container = buildah.out("buildah", "from", IMAGE)
    same(buildah.inside(container, "cat", stdin="typed\n").stdout, "typed\n")
    buildah("rm", container)


@checks
def run_on_a_terminal(buildah):
    container = buildah.out("buildah", "from", IMAGE)
    seen = buildah.terminal(["buildah", "run", "-t", "--isolation=oci", "--runtime", buildah.runtime, "--network=none",
                             container, "--", "sh"], [("# ", "tty\n"), ("# ", "exit 7\n")], status=7)
    has(seen, "/dev/pts/")
    buildah("rm", container)


@checks
def run_what_is_not_there(buildah):
    container = buildah.out("buildah", "from", IMAGE)
    result = buildah.inside(container, "no-such-command", status=None)
    if result.returncode == 0:
        raise Failed("it succeeded")
    has(result.stderr, "no-such-command")
    buildah("rm", container)


@checks
def run_with_volumes_and_powers(buildah):
    container = buildah.out("buildah", "from", IMAGE)
    place = pathlib.Path("place")
    place.mkdir(exist_ok=True)
    buildah.inside(container, "touch", "/place/x", options=("-v", f"{place.absolute()}:/place"))
    if not (place / "x").exists():
        raise Failed("the file is not in the volume")
    buildah.inside(container, "touch", "/place/y", options=("-v", f"{place.absolute()}:/place:ro"), status=1)
    same(buildah.inside(container, "sh", "-c", "grep CapEff /proc/self/status", options=("--cap-drop", "CAP_CHOWN")).stdout
         != buildah.inside(container, "sh", "-c", "grep CapEff /proc/self/status").stdout, True, "one capability less")
    buildah("rm", container)


@checks
def commit_and_run_again(buildah):
    container = buildah.out("buildah", "from", IMAGE)
    buildah.inside(container, "sh", "-c", "echo kept >/kept")
    buildah("commit", "--rm", container, "localhost/kept")
    again = buildah.out("buildah", "from", "localhost/kept")
    same(buildah.inside(again, "cat", "/kept").stdout, "kept\n")
    buildah("rm", again)


@checks
def bud(buildah):
    pathlib.Path("Runfile").write_text(f"""FROM {IMAGE} AS first
RUN echo one >/one
FROM {IMAGE}
COPY --from=first /one /one
RUN --mount=type=tmpfs,target=/scratch touch /scratch/x && cat /one >/two && ls /scratch >>/two
RUN id -u >>/two
USER web
RUN id -u >/tmp/three
""", encoding="ascii")
    buildah("bud", "--isolation=oci", "--runtime", buildah.runtime, "--network=none", "-t", "localhost/built", "-f", "Runfile", ".")
    container = buildah.out("buildah", "from", "localhost/built")
    same(buildah.inside(container, "cat", "/two", "/tmp/three").stdout, "one\nx\n0\n1000\n")
    buildah("rm", container)


@checks
def bud_that_fails(buildah):
    pathlib.Path("Badfile").write_text(f"FROM {IMAGE}\nRUN exit 23\n", encoding="ascii")
    result = buildah("bud", "--isolation=oci", "--runtime", buildah.runtime, "--network=none", "-f", "Badfile", ".",
                     status=None)
    has(result.stderr, "23")
    if result.returncode == 0:
        raise Failed("a build whose command failed succeeded")
