"""containerd as an ordinary user, in the namespaces that rootlesskit makes: what a rootless Kubernetes node or nerdctl
stands on. The same checks as root's; the runtime finds itself root of a user namespace, in a group of the user's."""
import os
import pathlib

import containerd as roots
from checks import Checks, needs, same

checks = Checks()
checks.list = roots.checks.list[:-1]


def missing():
    return needs(*roots.PROGRAMS, "rootlesskit", "nsenter")


class Rootless(roots.Containerd):
    @property
    def launcher(self):
        # /run and /etc become copies that may be written to; the host's network is not this test's subject.
        return ("rootlesskit", f"--state-dir={self.folder}/kit", "--net=host", "--copy-up=/etc", "--copy-up=/run",
                "--propagation=rslave")

    def within(self, *words):
        child = pathlib.Path(f"{self.folder}/kit/child_pid")
        pid = child.read_text(encoding="ascii") if child.exists() else "0"
        return ["nsenter", "-U", "--preserve-credentials", "-m", "-t", pid, *words]

    def words(self, *words):
        return self.within(*super().words(*words))

    def left(self):
        return self.run(*self.within("ls", "/run/containerd/runc/default")).stdout.split()


def open_bench(runtime):
    return Rootless(runtime)


@checks
def its_root_is_the_user(containerd):
    same(containerd.box(containerd.root, "map", "/bin/head", "-n1", "/proc/self/uid_map").stdout.split(), ["0", str(os.getuid()), "1"])


checks(roots.nothing_is_left)
