"""The scene in which engines are tried, and what goes with it.

Root enters it; nothing outside of it is changed, and when its first process ends, all of its processes end:

- mount and pid namespaces of its own; / is shared within, as systemd makes it;
- /sys/fs/cgroup is the pure version 2, seen from a group of the scene's own, which belongs to the user;
- /run is empty but for /run/user/UID, which holds the user's home, store and settings;
- /dev/net/tun may be opened by anybody.

Engines find the runtime that is under test as `under-test`."""
import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import traceback

CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWPID = 0x00020000, 0x02000000, 0x20000000
MS_REC, MS_PRIVATE, MS_SHARED, MNT_DETACH = 0x4000, 1 << 18, 1 << 20, 2
GROUPS = "/sys/fs/cgroup"
libc = ctypes.CDLL(None, use_errno=True)


def call(name, *args):
    if getattr(libc, name)(*(a.encode() if isinstance(a, str) else a for a in args)) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name} {args}: {os.strerror(error)}")


def mount(kind, target, flags=0, options=None):
    call("mount", kind, target, kind, ctypes.c_ulong(flags), options)


def why_not(user):
    """A reason why there can be no scene here, or None."""
    if os.geteuid() != 0:
        return "root sets the scene"
    if not user:
        return "name an ordinary user (--user, or ROOTLET_TEST_USER)"
    with open("/proc/filesystems", encoding="ascii") as stream:
        if "\tcgroup2\n" not in stream.read():
            return "this kernel has no cgroup version 2"
    return None


def die_with_the_parent():
    call("prctl", 1, signal.SIGKILL) # PR_SET_PDEATHSIG


def remove_group(path):
    for folder, _, _ in os.walk(path, topdown=False):
        try:
            os.rmdir(folder)
        except OSError:
            pass


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)


def run_in_scene(user, runtime, work):
    """work(account, home) as root inside the scene; its exit status."""
    account = pwd.getpwnam(user)
    call("unshare", CLONE_NEWNS)
    call("mount", None, "/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None)
    mount("cgroup2", GROUPS)
    for name in os.listdir(GROUPS): # what a killed run left
        if name.startswith("rootlet-engines-") and not os.path.exists(f"/proc/{name.rsplit('-', 1)[1]}"):
            remove_group(f"{GROUPS}/{name}")
    group = f"{GROUPS}/rootlet-engines-{os.getpid()}"
    os.mkdir(group)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            die_with_the_parent()
            status = second_process(group, account, runtime, work)
        except BaseException: # whatever it is, this process goes no further up
            traceback.print_exc()
        os._exit(status)
    try:
        _, status = os.waitpid(child, 0)
    finally:
        remove_group(group)
    return os.waitstatus_to_exitcode(status)


def second_process(group, account, runtime, work):
    """The scene's group becomes the root of its cgroup namespace; then the first process of its pid namespace."""
    write(f"{group}/cgroup.procs", "0")
    call("unshare", CLONE_NEWCGROUP | CLONE_NEWNS | CLONE_NEWPID)
    os.mkdir(f"{group}/scene")
    write(f"{group}/scene/cgroup.procs", "0")
    first = os.fork()
    if first == 0:
        status = 1
        try:
            die_with_the_parent()
            furnish(account, runtime)
            status = as_first_process(lambda: work(account, home_of(account)))
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        os._exit(status)
    _, status = os.waitpid(first, 0)
    return max(os.waitstatus_to_exitcode(status), 0) if os.WIFEXITED(status) else 1


def as_first_process(work):
    """work() in a process of its own, while this one collects what is left to it, as an init does."""
    worker = os.fork()
    if worker == 0:
        status = 1
        try:
            status = work()
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        os._exit(status)
    while True:
        pid, status = os.wait()
        if pid == worker:
            return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 1


def home_of(account):
    return f"/run/user/{account.pw_uid}/home"


def furnish(account, runtime):
    owner = (account.pw_uid, account.pw_gid)
    call("umount2", GROUPS, MNT_DETACH)
    mount("cgroup2", GROUPS)
    for folder in (GROUPS, f"{GROUPS}/scene"):
        for name in ("", "/cgroup.procs", "/cgroup.threads", "/cgroup.subtree_control"):
            os.chown(folder + name, *owner)
    mount("proc", "/proc")
    mount("tmpfs", "/run", 0, "mode=0755")
    if os.path.isdir("/dev/net"):
        mount("tmpfs", "/dev/net", 0, "mode=0755")
        os.mknod("/dev/net/tun", 0o20666, os.makedev(10, 200))
        os.chmod("/dev/net/tun", 0o666)
    home = home_of(account)
    os.makedirs(home)
    os.mkdir("/run/lock")
    settings(f"{home}/.config/containers", home, os.path.dirname(home), runtime)
    os.mkdir(f"{home}/tmp")
    for folder, folders, files in os.walk(os.path.dirname(home)):
        for name in folders + files:
            os.chown(os.path.join(folder, name), *owner)
    os.chown(os.path.dirname(home), *owner)
    os.chmod(os.path.dirname(home), 0o700)
    # For engines that root starts.
    settings("/run/root/.config/containers", "/run/root", "/run", runtime)
    os.mkdir("/run/root/tmp")
    call("mount", None, "/", None, ctypes.c_ulong(MS_REC | MS_SHARED), None)


def settings(folder, home, run, runtime):
    write(f"{folder}/containers.conf", f"""[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "under-test"
{'' if shutil.which("catatonit") else 'infra_image = "localhost/pause"'}
[engine.runtimes]
under-test = ["{runtime}"]
[containers]
log_driver = "k8s-file"
""")
    write(f"{folder}/storage.conf", f"""[storage]
driver = "{os.environ.get('ROOTLET_TEST_STORAGE', 'overlay')}"
runroot = "{run}/containers-run"
graphroot = "{home}/store"
""")
    write(f"{folder}/policy.json", '{"default": [{"type": "insecureAcceptAnything"}]}\n')
    write(f"{folder}/registries.conf", 'unqualified-search-registries = []\n')


def environment(home, run, name):
    """What a login would have set, and nothing else."""
    return {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": home, "USER": name,
            "LOGNAME": name, "XDG_RUNTIME_DIR": run, "TERM": "xterm", "TMPDIR": f"{home}/tmp", "LC_ALL": "C.UTF-8",
            "CONTAINERS_CONF": f"{home}/.config/containers/containers.conf",
            "CONTAINERS_STORAGE_CONF": f"{home}/.config/containers/storage.conf",
            "CONTAINERS_REGISTRIES_CONF": f"{home}/.config/containers/registries.conf"}


def become(account, home):
    """The ordinary user, for good, at home."""
    os.initgroups(account.pw_name, account.pw_gid)
    os.setresgid(account.pw_gid, account.pw_gid, account.pw_gid)
    os.setresuid(account.pw_uid, account.pw_uid, account.pw_uid)
    os.environ.clear()
    os.environ.update(environment(home, os.path.dirname(home), account.pw_name))
    os.chdir(home)


def stay_root():
    os.environ.clear()
    os.environ.update(environment("/run/root", "/run", "root"))
    del os.environ["XDG_RUNTIME_DIR"]
    os.chdir("/run/root")


def run_command(command):
    return subprocess.run(command, check=False).returncode
