"""rootlet-oci beside crun and runc on the same bundle: create+start+delete, exec, and memory.

Part of tests/bench/run. Everything happens in one user namespace with the full ranges, as a rootless podman has it."""

import json
import os
import shutil
import statistics
import subprocess
import sys

GOALS = [("create, start, delete", 0.5), ("create, start, delete, podman's filter", 0.5), ("exec", 0.5)]
PROFILE = "/usr/share/containers/seccomp.json"
CAPABILITIES = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_NET_BIND_SERVICE", "CAP_SETFCAP",
                "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT"]


def note(text):
    print(text, file=sys.stderr, flush=True)


def filter_of_podman():
    """What podman makes of its profile for this architecture and these capabilities; None where it is not installed."""
    if not os.path.exists(PROFILE):
        return None
    with open(PROFILE, encoding="utf-8") as stream:
        profile = json.load(stream)
    rules = []
    for rule in profile["syscalls"]:
        wants, refuses = rule.get("includes") or {}, rule.get("excludes") or {}
        if wants.get("arches") and "amd64" not in wants["arches"] or "amd64" in (refuses.get("arches") or []):
            continue
        if not set(wants.get("caps") or []) <= set(CAPABILITIES) or set(refuses.get("caps") or []) & set(CAPABILITIES):
            continue
        rules.append({key: rule[key] for key in ("names", "action", "args", "errnoRet") if rule.get(key) is not None})
    return {"defaultAction": profile["defaultAction"], "defaultErrnoRet": profile.get("defaultErrnoRet", 1),
            "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"], "syscalls": rules}


def config(command, seccomp):
    """As podman writes it: five namespaces and no user namespace of its own."""
    mounts = [("/proc", "proc", "proc", ["nosuid", "noexec", "nodev"]),
              ("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
              ("/dev/pts", "devpts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
              ("/dev/shm", "tmpfs", "shm", ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
              ("/dev/mqueue", "mqueue", "mqueue", ["nosuid", "noexec", "nodev"]),
              ("/sys", "sysfs", "sysfs", ["nosuid", "noexec", "nodev", "ro"])]
    linux = {"namespaces": [{"type": name} for name in ("pid", "network", "ipc", "uts", "mount")],
             "maskedPaths": ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
                             "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware"],
             "readonlyPaths": ["/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]}
    if seccomp:
        linux["seccomp"] = seccomp
    return {"ociVersion": "1.0.2", "hostname": "bench", "root": {"path": "rootfs"}, "linux": linux,
            "mounts": [dict(zip(("destination", "type", "source", "options"), row)) for row in mounts],
            "process": {"terminal": False, "user": {"uid": 0, "gid": 0}, "args": command, "env": ["PATH=/"], "cwd": "/",
                        "capabilities": {name: CAPABILITIES for name in ("bounding", "effective", "permitted")},
                        "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}]}}


def bundle(work, name, true, command, seccomp):
    path = os.path.join(work, "oci", name)
    shutil.rmtree(path, ignore_errors=True)
    for folder in ("proc", "dev", "sys", "etc", "tmp"):
        os.makedirs(os.path.join(path, "rootfs", folder))
    shutil.copy(true, os.path.join(path, "rootfs", "true"))
    if shutil.which("busybox"):
        shutil.copy(shutil.which("busybox"), os.path.join(path, "rootfs", "sleep"))
    with open(os.path.join(path, "config.json"), "w", encoding="utf-8") as stream:
        json.dump(config(command, seccomp), stream)
    return path


def runtimes(work, rootlet_oci):
    out = {}
    for name, program, options in (("rootlet-oci", rootlet_oci, ["--cgroup-manager=disabled"]),
                                   ("crun", shutil.which("crun"), ["--cgroup-manager=disabled"]),
                                   ("runc", shutil.which("runc"), [])):
        if program:
            root = os.path.join(work, "oci", "state-" + name)
            shutil.rmtree(root, ignore_errors=True)
            out[name] = [program, "--root", root] + options
    return out


def apart(command):
    """In a user namespace with the full ranges, and mount and pid namespaces: what is started ends with it."""
    return ["unshare", "--map-auto", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"] + command


def cycles(tools, path, programs, rounds):
    """runtime → rows of create, start, delete in microseconds and the peak in kilobytes; interleaved."""
    script = "import subprocess, sys\n" \
             "for n in range(-3, int(sys.argv[1])):\n" \
             "  for i, words in enumerate(' '.join(sys.argv[2:]).split(' ;; ')):\n" \
             "    r = subprocess.run(words.replace('@', str(n + 9)).split(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)\n" \
             "    if n >= 0: print(i, r.returncode, r.stdout.strip(), flush=True)\n"
    names, words = list(programs), []
    for index, name in enumerate(names):
        words += ([";;"] if index else []) + [os.path.join(tools, "cycle"), path, f"bench-{os.getpid()}-@"] + programs[name]
    result = subprocess.run(apart([sys.executable, "-c", script, str(rounds)] + words), stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, text=True, check=False)
    rows = {name: [] for name in names}
    for line in result.stdout.splitlines():
        fields = [int(field) for field in line.split()]
        if fields[1] == 0:
            rows[names[fields[0]]].append(fields[2:])
    return {name: {"create": statistics.median(r[0] for r in found), "start": statistics.median(r[1] for r in found),
                   "delete": statistics.median(r[2] for r in found), "all": statistics.median(sum(r[:3]) for r in found),
                   "least": min(sum(r[:3]) for r in found), "peak_kb": max(r[3] for r in found), "runs": len(found)}
            if found else {"state": "fails here"} for name, found in rows.items()}


def execs(tools, path, programs, rounds):
    """runtime → microseconds of a further command in a container of its own making."""
    name = f"bench-exec-{os.getpid()}"
    quote = subprocess.list2cmdline
    lines = [f"{quote(words)} run --detach --bundle {path} {name} </dev/null >/dev/null" for words in programs.values()]
    contest = " ';;' ".join(f"{quote(words)} exec {name} /true" for words in programs.values())
    script = "; ".join(lines) + f"; {tools}/driver {rounds} 5 {contest}"
    result = subprocess.run(apart(["sh", "-c", script]), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False)
    samples = {runtime: [] for runtime in programs}
    for line in result.stdout.splitlines():
        index, nanoseconds, status = (int(field) for field in line.split())
        if status == 0:
            samples[list(programs)[index]].append(nanoseconds / 1000)
    for words in programs.values():
        shutil.rmtree(os.path.join(words[2], name), ignore_errors=True)
    return {runtime: {"all": statistics.median(values), "least": min(values), "runs": len(values)} if values
            else {"state": "fails here"} for runtime, values in samples.items()}


def run(tools, rootlet_oci, true, work, rounds):
    programs = runtimes(work, rootlet_oci)
    seccomp = filter_of_podman()
    note(f"bench: {rounds} rounds of {', '.join(programs)}")
    out = {"create, start, delete": cycles(tools, bundle(work, "plain", true, ["/true"], None), programs, rounds)}
    if seccomp:
        out["create, start, delete, podman's filter"] = \
            cycles(tools, bundle(work, "filter", true, ["/true"], seccomp), programs, rounds)
    if shutil.which("busybox"):
        out["exec"] = execs(tools, bundle(work, "exec", true, ["/sleep", "100000"], seccomp), programs, rounds)
    return out


def show(report):
    print(f"\n{'an OCI runtime, microseconds':42}{'runtime':>12}{'all':>9}{'least':>9}{'create':>9}{'start':>9}{'delete':>9}"
          f"{'peak KB':>9}{'to crun':>9}")
    for what, rows in report.items():
        crun = rows.get("crun", {}).get("all")
        for name, row in rows.items():
            if "all" not in row:
                print(f"{what:42}{name:>12}  {row['state']}")
                continue
            parts = "".join(f"{row[key]:9.0f}" if key in row else f"{'':9}" for key in ("least", "create", "start", "delete", "peak_kb"))
            print(f"{what:42}{name:>12}{row['all']:9.0f}{parts}{row['all'] / crun if crun else 0:9.2f}")
    for what, limit in GOALS:
        mine, other = (report.get(what, {}).get(name, {}).get("all") for name in ("rootlet-oci", "crun"))
        if mine and other:
            print(f"goal: {what}, to crun: at most {limit:.2f}, measured {mine / other:.2f}: {'met' if mine / other <= limit else 'missed'}")
