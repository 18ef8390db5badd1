"""docker as an ordinary user: its daemon in the namespaces that rootlesskit makes. The same checks as root's,
but that on rules for devices, which are root's."""
import os

import docker as roots
from checks import Checks, needs, same

checks = Checks()
checks.list = [check for check in roots.checks.list[:-1] if check is not roots.devices_are_those_that_were_given]


def missing():
    return needs(*roots.PROGRAMS, "rootlesskit")


class Rootless(roots.Docker):
    more = ("--rootless",)

    @property
    def launcher(self):
        return ("rootlesskit", f"--state-dir={self.folder}/kit", "--net=host", "--copy-up=/etc", "--copy-up=/run",
                "--propagation=rslave")


def open_bench(runtime):
    return Rootless(runtime)


@checks
def its_root_is_the_user(docker):
    same(docker.box(roots.IMAGE, "head", "-n1", "/proc/self/uid_map").split(), ["0", str(os.getuid()), "1"])


checks(roots.nothing_is_left)
