"""podman: identity, namespaces, files and power inside; pods and builds."""
import json
import os
import pathlib

from checks import Checks, Failed, Skipped, has, hasnt, same, soon
from podman import IMAGE, missing, no_sleeper, nothing_left, open_bench, sleeper, status_line # pylint: disable=unused-import

checks = Checks()


# Identity and namespaces

@checks
def root_is_the_user_outside(podman):
    same(podman.box(IMAGE, "sh", "-c", "id -u; awk 'NR==1 {print $2}' /proc/self/uid_map").split()[0], "0")
    place = pathlib.Path("shared")
    place.mkdir(exist_ok=True)
    podman.box("-v", f"{place.absolute()}:/shared", IMAGE, "touch", "/shared/mine")
    same((place / "mine").stat().st_uid, os.getuid(), "owner")


@checks
def keep_id(podman):
    same(podman.box("--userns=keep-id", IMAGE, "id", "-u"), str(os.getuid()))
    same(podman.box("--userns=keep-id", "--user", "0", IMAGE, "id", "-u"), "0")
    place = pathlib.Path("kept")
    place.mkdir(exist_ok=True)
    podman.box("--userns=keep-id", "-v", f"{place.absolute()}:/kept", IMAGE, "touch", "/kept/mine")
    same((place / "mine").stat().st_uid, os.getuid(), "owner")


@checks
def id_maps(podman):
    text = podman.box("--uidmap", "0:1:1000", "--gidmap", "0:1:1000", IMAGE, "cat", "/proc/self/uid_map")
    same(text.split(), ["0", "1", "1000"])


@checks
def namespaces_of_the_host(podman):
    for name in ("pid", "ipc", "uts", "net"):
        if name == "ipc" and not os.path.isdir("/dev/mqueue"):
            continue # podman wants to bind it
        option = "--network=host" if name == "net" else f"--{name}=host"
        words = ["podman", "run", "--rm", option] + ([] if name == "net" else ["--network=none"])
        same(podman.out(*words, IMAGE, "readlink", f"/proc/self/ns/{name}"), os.readlink(f"/proc/self/ns/{name}"))


@checks
def namespaces_of_its_own(podman):
    for name in ("pid", "ipc", "uts", "net", "mnt", "cgroup"):
        if podman.box(IMAGE, "readlink", f"/proc/self/ns/{name}") == os.readlink(f"/proc/self/ns/{name}"):
            raise Failed(f"the {name} namespace is the host's")


@checks
def namespaces_of_another(podman):
    podman("run", "-d", "--name", "other", "--network=none", IMAGE, "sleep", "1000")
    look = ["sh", "-c", "for n in pid net ipc; do readlink /proc/self/ns/$n; done"]
    want = podman.out("podman", "exec", "other", *look)
    same(podman.out("podman", "run", "--rm", "--pid=container:other", "--network=container:other", "--ipc=container:other",
                    IMAGE, *look), want)
    podman("rm", "-f", "-t0", "other")


@checks
def network_none(podman):
    same(podman.box(IMAGE, "sh", "-c", "ls /sys/class/net"), "lo")


@checks
def network_slirp(podman):
    if podman.run("which", "slirp4netns", status=None).returncode != 0 or not os.access("/dev/net/tun", os.W_OK):
        raise Skipped("no slirp4netns, or no /dev/net/tun")
    has(podman.out("podman", "run", "--rm", "--network=slirp4netns", IMAGE, "ip", "addr", "show", "tap0"), "10.0.2.100")


# Files

@checks
def volumes(podman):
    place = pathlib.Path("volume")
    place.mkdir(exist_ok=True)
    (place / "file").write_text("outside\n", encoding="ascii")
    where = str(place.absolute())
    same(podman.box("-v", f"{where}:/v", IMAGE, "sh", "-c", "cat /v/file; echo inside >/v/new"), "outside")
    same((place / "new").read_text(encoding="ascii"), "inside\n")
    podman.box("-v", f"{where}:/v:ro", IMAGE, "touch", "/v/more", status=1)
    same(podman.box("-v", f"{where}/file:/a-file:ro", IMAGE, "cat", "/a-file"), "outside")
    same(podman.box("--mount", f"type=bind,src={where},dst=/v,ro", IMAGE, "cat", "/v/file"), "outside")


@checks
def volumes_by_name(podman):
    podman("volume", "create", "store")
    podman.box("-v", "store:/data", IMAGE, "sh", "-c", "echo kept >/data/file")
    same(podman.box("-v", "store:/data:ro", IMAGE, "cat", "/data/file"), "kept")
    podman.box("-v", "store:/data:ro", IMAGE, "touch", "/data/more", status=1)
    podman("volume", "rm", "store")


@checks
def volumes_propagation(podman):
    place = pathlib.Path("prop")
    place.mkdir(exist_ok=True)
    for mode, want in (("rslave", "master:"), ("rshared", "shared:")):
        line = podman.box("-v", f"{place.absolute()}:/p:{mode}", IMAGE, "grep", " /p ", "/proc/self/mountinfo")
        has(line, want)


@checks
def volumes_under_an_overlay(podman):
    place = pathlib.Path("under")
    place.mkdir(exist_ok=True)
    podman.box("-v", f"{place.absolute()}:/v:O", IMAGE, "touch", "/v/thrown-away")
    same(list(place.iterdir()), [])


@checks
def tmpfs(podman):
    line = podman.box("--tmpfs", "/scratch:size=3m,mode=1777,noexec", IMAGE, "sh", "-c",
                      "touch /scratch/x && grep ' /scratch ' /proc/self/mounts; stat -c %a /scratch")
    for part in ("tmpfs", "size=3072k", "noexec", "1777"):
        has(line, part)


@checks
def shared_memory(podman):
    has(podman.box("--shm-size", "2m", IMAGE, "grep", " /dev/shm ", "/proc/self/mounts"), "size=2048k")


@checks
def read_only(podman):
    result = podman("run", "--rm", "--network=none", "--read-only", IMAGE, "touch", "/etc/x", status=1)
    has(result.stderr, "Read-only file system")
    podman.box("--read-only", IMAGE, "touch", "/tmp/x", "/run/x", "/dev/shm/x")


@checks
def devices(podman):
    same(podman.box("--device", "/dev/null:/dev/hole", IMAGE, "sh", "-c", "echo x >/dev/hole; stat -c %t:%T /dev/hole"),
         "1:3")
    podman.box(IMAGE, "sh", "-c", "test -c /dev/null && test -c /dev/zero && test -c /dev/urandom && test -L /dev/fd")


@checks
def a_root_filesystem_of_ours(podman):
    podman.run("sh", "-c", "mkdir -p plain && tar -C plain -xf box.tar")
    same(podman.out("podman", "run", "--rm", "--network=none", "--rootfs", os.path.abspath("plain"), "echo", "plain"), "plain")


@checks
def copies(podman):
    sleeper(podman)
    pathlib.Path("given").write_text("given\n", encoding="ascii")
    podman("cp", "given", "e:/tmp/given")
    same(podman.out("podman", "exec", "e", "cat", "/tmp/given"), "given")
    podman("cp", "e:/etc/passwd", "taken")
    has(pathlib.Path("taken").read_text(encoding="ascii"), "root:")
    no_sleeper(podman)


# Power

@checks
def capabilities(podman):
    def effective(*words):
        return int(status_line(podman.box(*words, IMAGE, "cat", "/proc/self/status"), "CapEff"), 16)

    default = effective()
    same(effective("--cap-drop=ALL"), 0, "nothing")
    same(effective("--cap-drop=ALL", "--cap-add=CHOWN"), 1, "CHOWN")
    same(effective("--cap-add=SYS_ADMIN"), default | 1 << 21, "SYS_ADMIN more")
    same(effective("--cap-drop=KILL"), default & ~(1 << 5), "KILL less")
    same(effective("--user", "web"), 0, "another user")


@checks
def privileged(podman):
    text = podman.box("--privileged", IMAGE, "cat", "/proc/self/status")
    same(status_line(text, "Seccomp"), "0")
    if not int(status_line(text, "CapEff"), 16) & 1 << 21:
        raise Failed("no CAP_SYS_ADMIN")
    podman.box("--privileged", IMAGE, "mount", "-t", "tmpfs", "none", "/mnt", status=None)


@checks
def no_new_privileges(podman):
    same(status_line(podman.box(IMAGE, "cat", "/proc/self/status"), "NoNewPrivs"), "0")
    same(status_line(podman.box("--security-opt=no-new-privileges", IMAGE, "cat", "/proc/self/status"), "NoNewPrivs"), "1")


@checks
def seccomp_default_and_off(podman):
    same(status_line(podman.box(IMAGE, "cat", "/proc/self/status"), "Seccomp"), "2")
    same(status_line(podman.box("--security-opt=seccomp=unconfined", IMAGE, "cat", "/proc/self/status"), "Seccomp"), "0")


@checks
def seccomp_from_a_file(podman):
    pathlib.Path("profile.json").write_text(json.dumps({
        "defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}]}), encoding="ascii")
    result = podman("run", "--rm", "--network=none", "--security-opt=seccomp=profile.json", IMAGE, "mkdir", "/tmp/x", status=1)
    has(result.stderr, "Operation not supported")
    podman.box("--security-opt=seccomp=profile.json", IMAGE, "touch", "/tmp/x")


@checks
def masks(podman):
    same(podman.box(IMAGE, "sh", "-c", "wc -c </proc/timer_list"), "0")
    podman.box(IMAGE, "sh", "-c", "echo 1 >/proc/sys/kernel/panic", status=1)
    same(podman.box("--security-opt=mask=/etc/passwd", IMAGE, "wc", "-c", "/etc/passwd"), "0 /etc/passwd")
    hasnt(podman.box("--security-opt=unmask=ALL", IMAGE, "cat", "/proc/self/mountinfo"), " /proc/timer_list ")


# More than one

@checks
def pods(podman):
    if podman("pod", "create", "--name", "group", "--network=none", status=None).returncode:
        podman("pod", "create", "--name", "group", "--network=none", "--infra-image", "localhost/pause")
    podman("run", "-d", "--pod", "group", "--name", "one", IMAGE, "sh", "-c", "hostname >/dev/shm/word; sleep 1000")
    want = podman.out("podman", "exec", "one", "readlink", "/proc/self/ns/net")
    same(podman.out("podman", "run", "--rm", "--pod", "group", IMAGE, "readlink", "/proc/self/ns/net"), want)
    soon(lambda: podman("run", "--rm", "--pod", "group", IMAGE, "cat", "/dev/shm/word", status=None).stdout == "group\n",
         "shared memory is shared")
    podman("pod", "stop", "-t", "0", "group")
    podman("pod", "start", "group")
    same(podman.state("one"), "running")
    podman("pod", "rm", "-f", "-t0", "group")


@checks
def pods_with_an_image_of_ours(podman):
    podman("pod", "create", "--name", "group", "--network=none", "--infra-image", "localhost/pause", "--share", "ipc,net,uts,pid")
    same(podman.out("podman", "run", "--rm", "--pod", "group", IMAGE, "sh", "-c", "tr '\\0' ' ' </proc/1/cmdline"),
         "/bin/sleep 100000")
    podman("pod", "rm", "-f", "-t0", "group")


@checks
def kube_play(podman):
    pathlib.Path("kube.yaml").write_text(f"""apiVersion: v1
kind: Pod
metadata:
  name: played
spec:
  hostNetwork: true
  containers:
  - name: main
    image: {IMAGE}
    command: ["sh", "-c", "echo $WORD; id -u; sleep 1000"]
    env: [{{name: WORD, value: from-kube}}]
    securityContext: {{runAsUser: 1000, readOnlyRootFilesystem: true, allowPrivilegeEscalation: false}}
    volumeMounts: [{{name: scratch, mountPath: /scratch}}]
  volumes:
  - name: scratch
    emptyDir: {{}}
""", encoding="ascii")
    podman("kube", "play", "kube.yaml")
    soon(lambda: podman("logs", "played-main").stdout == "from-kube\n1000\n", "its output")
    podman("exec", "played-main", "touch", "/etc/x", status=1)
    same(status_line(podman.out("podman", "exec", "played-main", "cat", "/proc/self/status"), "NoNewPrivs"), "1")
    podman("kube", "down", "kube.yaml")
    same(podman.out("podman", "ps", "-aq"), "")


@checks
def shows_processes(podman):
    sleeper(podman)
    has(podman("top", "e").stdout, "sleep 1000")
    has(podman("top", "e", "huser", "pid", "comm").stdout, "sleep")
    podman("ps")
    no_sleeper(podman)


@checks
def hooks_of_the_engine(podman):
    folder = pathlib.Path("hooks.d").absolute()
    folder.mkdir(exist_ok=True)
    for stage in ("createRuntime", "createContainer", "poststop"):
        (folder / f"{stage}.json").write_text(json.dumps({
            "version": "1.0.0", "hook": {"path": "/bin/sh", "args": ["sh", "-c", f"cat >{folder}/{stage}.out"]},
            "when": {"always": True}, "stages": [stage]}), encoding="ascii")
    podman("--hooks-dir", str(folder), "run", "--rm", "--network=none", IMAGE, "true")
    for stage in ("createRuntime", "createContainer", "poststop"):
        soon(lambda name=stage: (folder / f"{name}.out").exists() and (folder / f"{name}.out").stat().st_size > 0,
             f"{stage} got the state")
        state = json.loads((folder / f"{stage}.out").read_text(encoding="utf-8"))
        for key in ("bundle", "id", "ociVersion", "status"):
            if not isinstance(state.get(key), str):
                raise Failed(f"{stage}: no {key} in {state}")


# Builds

@checks
def build_with_run(podman):
    pathlib.Path("Containerfile").write_text(f"""FROM {IMAGE}
ENV GREETING=hello
COPY given /given
RUN echo $GREETING >/said && cat /given >>/said && id -u >>/said
USER web
WORKDIR /home
RUN id -un >/tmp/who
CMD ["cat", "/said", "/tmp/who"]
""", encoding="ascii")
    pathlib.Path("given").write_text("given\n", encoding="ascii")
    podman("build", "--isolation=oci", "--network=none", "-t", "localhost/built", "-f", "Containerfile", ".")
    same(podman.box("localhost/built"), "hello\ngiven\n0\nweb")
    podman("rmi", "localhost/built")


@checks
def build_that_fails(podman):
    pathlib.Path("Badfile").write_text(f"FROM {IMAGE}\nRUN exit 23\n", encoding="ascii")
    result = podman("build", "--isolation=oci", "--network=none", "-f", "Badfile", ".", status=None)
    has(result.stderr, "23")
    if result.returncode == 0:
        raise Failed("a build whose command failed succeeded")


@checks
def nothing_is_left(podman):
    nothing_left(podman)
