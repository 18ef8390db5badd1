#!/usr/bin/env python3
"""What the kernel really enforces, in a virtual machine: a kernel of its own has every controller in cgroup version 2, which a
host with version 1 has not, and AppArmor; and nothing of the host's is touched.

    machine.py --rootlet build/src/cli/rootlet [--oci build/src/oci/rootlet-oci] [--busybox FILE] [--keep]

The machine is of the command's architecture, which need not be the host's. It wants qemu for that, a static busybox and a kernel: $ROOTLET_TEST_KERNEL, else that of the folder $ROOTLET_TEST_MACHINE
(contrib/machine makes one), else the newest /boot/vmlinuz-*. Labels of AppArmor are looked at where apparmor_parser is in that
folder or on this host. It downloads nothing. Ends with 77 and the reason where something is missing. Emulated, it takes about
half a minute."""
import argparse
import glob
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
# e_machine of an ELF file: the emulator, its machine, the console's name
ARCHITECTURES = {
    62: ("qemu-system-x86_64", ["-nodefaults"], "ttyS0"),
    183: ("qemu-system-aarch64", ["-M", "virt", "-nodefaults"], "ttyAMA0"),
}
MACHINE = os.environ.get("ROOTLET_TEST_MACHINE", "")


def skip(reason):
    print(f"SKIP: {reason}")
    sys.exit(77)


def find_kernel():
    asked = os.environ.get("ROOTLET_TEST_KERNEL")
    found = [asked] if asked else [kernel for folder in ("/", MACHINE) if folder for kernel in
                                   sorted(glob.glob(f"{folder}/boot/vmlinuz-*"), key=os.path.getmtime)]
    if not found or not os.access(found[-1], os.R_OK):
        skip("no kernel: neither ROOTLET_TEST_KERNEL nor ROOTLET_TEST_MACHINE (made by contrib/machine) has one, nor /boot")
    return found[-1]


def is_static(program):
    """No interpreter among its program headers: there is no loader in the machine."""
    out = subprocess.run(["readelf", "-lW", program], capture_output=True, text=True, check=False).stdout
    return out and "INTERP" not in out


def architecture(program):
    machine = int.from_bytes(pathlib.Path(program).read_bytes()[18:20], "little")
    if machine not in ARCHITECTURES:
        skip(f"{program} is for a processor that no emulator is known for")
    return ARCHITECTURES[machine]


def find_program(name, reason):
    found = shutil.which(name)
    if not found:
        skip(reason)
    return found


def apparmor_policy(target):
    """The profiles of checks_apparmor.sh, compiled for any kernel of that ABI; those checks are left out without the compiler."""
    for folder in filter(None, (MACHINE, "/")):
        abi = pathlib.Path(folder, "etc/apparmor.d/abi/3.0")
        for parser in pathlib.Path(folder, "sbin/apparmor_parser"), pathlib.Path(folder, "usr/sbin/apparmor_parser"):
            if abi.exists() and os.access(parser, os.X_OK):
                with open(target, "wb") as out:
                    subprocess.run([parser, "--skip-kernel-load", "--skip-cache", "--features-file", abi, "--policy-features", abi,
                                    "--stdout", HERE / "apparmor.profile"], stdout=out, check=True)
                return True
    print("note: no apparmor_parser: labels are not looked at")
    return False


class Cpio:
    """The "newc" format of an initial ram file system: the kernel's initramfs-buffer-format."""

    def __init__(self):
        self.data = bytearray()
        self.inode = 0

    def add(self, name, mode, content=b"", device=(0, 0)):
        self.inode += 1
        numbers = (self.inode, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(name) + 1, 0)
        self.data += b"070701" + b"".join(b"%08X" % n for n in numbers) + name.encode() + b"\0"
        self.data += b"\0" * (-len(self.data) % 4)
        self.data += content + b"\0" * (-len(content) % 4)

    def end(self):
        self.add("TRAILER!!!", 0)
        return bytes(self.data)


def initramfs(files):
    archive = Cpio()
    for folder in ("bin", "dev", "proc", "sys", "root", "tests"):
        archive.add(folder, stat.S_IFDIR | 0o755)
    archive.add("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))
    for name, path in files.items():
        archive.add(name, stat.S_IFREG | 0o755, pathlib.Path(path).read_bytes())
    return archive.end()


def run(kind, kernel, image, folder, timeout):
    qemu, machine, console = kind
    pathlib.Path(folder, "initrd").write_bytes(image)
    command = [qemu, "-accel", "tcg", *machine, "-cpu", "max", "-smp", "2", "-m", "384", "-no-reboot", "-display", "none",
               "-serial", "stdio", "-kernel", kernel, "-initrd", f"{folder}/initrd", "-append",
               f"console={console} quiet panic=-1 mitigations=off random.trust_cpu=on tsc=reliable swapaccount=1"]
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False).stdout
    except subprocess.TimeoutExpired as e:
        return (e.stdout or b"") + b"\n(it did not end in time)\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rootlet", required=True)
    parser.add_argument("--oci")
    parser.add_argument("--busybox", help="of the same architecture; else the one on the PATH")
    parser.add_argument("--timeout", type=int, default=120, metavar="SECONDS", help="for the whole machine (default: 120)")
    parser.add_argument("--keep", action="store_true", help="print all that the machine said")
    arguments = parser.parse_args()
    kind = architecture(arguments.rootlet)
    find_program(kind[0], f"{kind[0]} is not installed")
    busybox = arguments.busybox or find_program("busybox", "busybox is not installed")
    kernel = find_kernel()
    programs = {"bin/busybox": busybox, "bin/rootlet": arguments.rootlet}
    if arguments.oci and os.path.exists(arguments.oci):
        programs["bin/rootlet-oci"] = arguments.oci
    for name, path in programs.items():
        if not is_static(path):
            skip(f"{path} is not static: there is no loader in the machine")
    files = dict(programs)
    files["init"] = HERE / "init.sh"
    for script in [HERE / "lib.sh", *sorted(HERE.glob("checks*.sh"))]:
        files[f"tests/{script.name}"] = script
    with tempfile.TemporaryDirectory() as folder:
        if apparmor_policy(f"{folder}/policy"):
            files["tests/apparmor.policy"] = f"{folder}/policy"
        said = run(kind, kernel, initramfs(files), folder, arguments.timeout).decode("utf-8", "replace").replace("\r", "")
    if arguments.keep:
        print(said)
    lines = said.splitlines()
    good = [line for line in lines if re.match(r"ok [a-z0-9-]+$", line)]
    bad = [line for line in lines if line.startswith("WRONG ")]
    if "ALL-DONE" not in lines or bad or not good:
        if not arguments.keep:
            print("\n".join(lines[-60:]))
        print(f"{len(good)} passed, {len(bad)} failed" + ("" if "ALL-DONE" in lines else "; it did not come to its end"))
        return 1
    print("\n".join(good))
    print(f"{len(good)} passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
