"""contrib/podman-runtime: sets the runtime of a user's podman, and takes it back."""
import os
import pathlib
import shutil

from checks import Bench, Checks, busybox_tar, has, needs, same
from podman import IMAGE, PROGRAMS

SCRIPT = str(pathlib.Path(__file__).resolve().parents[2] / "contrib" / "podman-runtime")
OLD_PODMAN = """#!/bin/sh
# A podman that reads no containers.conf.d.
mkdir -p "$HOME/old/config/containers"
cp "$HOME/.config/containers/"*.conf "$HOME/old/config/containers/"
exec env XDG_CONFIG_HOME="$HOME/old/config" %s "$@"
"""
checks = Checks()


def missing():
    return needs(*PROGRAMS)


class Switch(Bench):
    folder = pathlib.Path(".config/containers")
    drop_in = folder / "containers.conf.d" / "50-rootlet-oci.conf"
    main = folder / "containers.conf"

    def __call__(self, *words, **more):
        return self.run("sh", SCRIPT, *words, **more)

    def used(self):
        return self.out("podman", "info", "--format", "{{.Host.OCIRuntime.Path}}")


def open_bench(runtime):
    os.environ.pop("CONTAINERS_CONF")
    bench = Switch(os.path.realpath(runtime))
    if bench.drop_in.parent.exists():
        shutil.rmtree(bench.drop_in.parent)
    bench.main.write_text('[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n', encoding="ascii")
    return bench


@checks
def sets_and_takes_back(switch):
    before, text = switch.used(), switch.main.read_text(encoding="ascii")
    has(switch("set", switch.runtime).stdout, switch.runtime)
    same(switch.used(), switch.runtime)
    same(switch.main.read_text(encoding="ascii"), text, "containers.conf")
    switch("set", switch.runtime) # twice is once
    same(switch("status").stdout.strip(), switch.runtime)
    switch("unset")
    same(switch.used(), before)
    same(switch.drop_in.parent.exists(), False, "the folder is there")
    switch("unset")


@checks
def podman_then_runs_with_it(switch):
    """Not told anything: a container of today has it, one of yesterday keeps its own, and one of tomorrow the old one."""
    def made(name):
        switch.run("podman", "create", "--name", name, "--network=none", IMAGE, "sh", "-c", "echo $0 ran; id -u", name)
        return switch.out("podman", "inspect", "--format", "{{.OCIRuntime}}", name)

    pathlib.Path("box.tar").write_bytes(busybox_tar())
    switch.run("podman", "import", "--change", "ENV PATH=/bin", "box.tar", IMAGE)
    switch("unset")
    usual = made("before")
    switch("set", switch.runtime)
    same(made("during"), "rootlet-oci")
    same(switch.out("podman", "start", "-a", "during"), "during ran\n0")
    same(switch.out("podman", "run", "--rm", "--network=none", IMAGE, "echo", "plain"), "plain")
    same(switch.out("podman", "run", "-d", "--name", "long", "--network=none", IMAGE, "sleep", "100"),
         switch.out("podman", "inspect", "--format", "{{.Id}}", "long"))
    same(switch.out("podman", "exec", "long", "cat", "/proc/1/comm"), "sleep")
    same(switch.out("podman", "inspect", "--format", "{{.OCIRuntime}}", "before"), usual)
    has(switch("unset").stderr, "without it: ")
    switch("set", switch.runtime)
    switch.run("podman", "rm", "-f", "-t0", "during", "long")
    same(switch("unset").stderr, "")
    same(made("after"), usual)
    switch.run("podman", "rm", "-f", "-t0", "before", "after")


@checks
def merges_where_it_must(switch):
    os.makedirs("old", exist_ok=True)
    podman = switch.out("sh", "-c", "command -v podman")
    path = f"{os.getcwd()}/old:{os.environ['PATH']}"
    pathlib.Path("old/podman").write_text(OLD_PODMAN % podman, encoding="ascii")
    os.chmod("old/podman", 0o755)
    kept = switch.main.read_text(encoding="ascii")
    long = 'runtime = "other"\n[containers]\nlog_driver = "k8s-file"\n[engine.runtimes]\nother = ["/bin/true"]\n'
    for text in ("# nothing\n", kept + long):
        switch.main.write_text(text, encoding="ascii")
        switch("set", switch.runtime, env={"PATH": path})
        same(switch("status", env={"PATH": path}).stdout.strip(), switch.runtime)
        same(switch.drop_in.exists(), False, "a drop-in is there")
        switch("unset", env={"PATH": path})
        same(switch.main.read_text(encoding="ascii"), text, "containers.conf afterwards")
    switch.main.unlink()
    switch("set", switch.runtime, env={"PATH": path})
    switch("unset", env={"PATH": path})
    same(switch.main.exists(), False, "containers.conf is there")
    switch.main.write_text(kept, encoding="ascii")


@checks
def refuses_what_cannot_be(switch):
    switch("unset")
    has(switch("set", "/no/such/program", status=1).stderr, "no program")
    has(switch("set", switch.runtime, status=1, env={"CONTAINERS_CONF": "/etc/x"}).stderr, "CONTAINERS_CONF")
    switch(status=2)
    same(switch.drop_in.exists(), False, "something was set")
