"""Containers that live: what a further command costs, what an idle one costs, and a thousand of them.

Part of tests/bench/run; everything is started under a state folder of its own and removed at the end."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time

EXEC_GOALS = [("nsenter", 1.25), ("crun exec", 0.5)]
PS_GOAL_MS = 50


def note(text):
    print(text, file=sys.stderr, flush=True)


def pss(pid):
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as stream:
            for line in stream:
                if line.startswith("Pss:"):
                    return int(line.split()[1])
    except OSError:
        pass
    return 0


def quiet(command, **more):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False, **more)


def inspect(rootlet, name):
    return json.loads(quiet([rootlet, "inspect", name]).stdout)[0]


def available_kb():
    with open("/proc/meminfo", encoding="ascii") as stream:
        return int(next(line for line in stream if line.startswith("MemAvailable")).split()[1])


def crun_container(work, bundle):
    """A running container of crun's with the same sleeper, and how to run a command in it; or None."""
    if not bundle or not shutil.which("crun"):
        return None, None
    path = os.path.join(bundle, "config.json")
    with open(path, encoding="utf-8") as stream:
        config = json.load(stream)
    before = config["process"]["args"]
    config["process"]["args"] = ["/sleep", "1000"]
    if not os.path.exists("/bin/busybox"):
        return None, None
    shutil.copy("/bin/busybox", os.path.join(bundle, "rootfs", "sleep"))
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(config, stream)
    crun = ["crun", "--root", os.path.join(work, "crun"), "--cgroup-manager=disabled"]
    name = f"bench-exec-{os.getpid()}"
    # no pipe: the container would hold it open
    started = subprocess.run(crun + ["run", "--detach", "--bundle", bundle, name], stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, timeout=30)
    config["process"]["args"] = before
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(config, stream)
    if started.returncode != 0:
        return None, None
    return crun + ["exec", name, "/true"], crun + ["delete", "--force", name]


def measure_exec(measure, tools, rootlet, true, work, bundle, rounds):
    """A further command in a container that runs, beside nsenter into the same one and crun's."""
    quiet([rootlet, "run", "-d", "--name", "exec", "/", "sleep", "1000"])
    pid = inspect(rootlet, "exec")["state"]["pid"]
    commands = {
        "rootlet exec": [rootlet, "exec", "exec", true],
        "nsenter": ["nsenter", "-t", str(pid), "-U", "-m", "-p", "-u", "-i", "-n", "-C", "--preserve-credentials", true],
    }
    crun, delete = crun_container(work, bundle)
    if crun and quiet(crun).returncode == 0:
        commands["crun exec"] = crun
    try:
        samples = measure(tools, commands, rounds, max(5, rounds // 20))
    finally:
        quiet([rootlet, "rm", "-f", "exec"])
        if delete:
            quiet(delete)
    return {name: statistics.median(values) for name, values in samples.items() if values}


def idle(rootlet):
    """PSS of what stands beside an idle detached container, its log included."""
    out = {}
    for name, words in {"detached": ["-d"], "detached, with a terminal": ["-d", "-t"]}.items():
        quiet([rootlet, "run"] + words + ["--name", "idle", "/", "sh", "-c", "seq 2000; exec sleep 1000"])
        time.sleep(1)
        state = inspect(rootlet, "idle")["state"]
        out[name] = {"monitor_kb": pss(state["monitor_pid"]), "init_kb": pss(state["pid"])}
        quiet([rootlet, "rm", "-f", "idle"])
    return out


def start_many(rootlet, count):
    """Microseconds a start, for each quarter of them."""
    quarters = []
    for quarter in range(4):
        begin = time.monotonic()
        for index in range(count // 4):
            result = quiet([rootlet, "run", "-d", "--log-level=error", "--name", f"m{quarter}-{index}", "/", "sleep", "1000"])
            if result.returncode != 0:
                raise RuntimeError(result.stderr.strip())
        quarters.append((time.monotonic() - begin) * 4e6 / count)
    return quarters


def many(rootlet, count):
    before = available_kb()
    out = {"count": count, "start_us": start_many(rootlet, count)}
    out["memory_each_kb"] = (before - available_kb()) / count
    times = []
    for _ in range(10):
        begin = time.monotonic()
        listed = quiet([rootlet, "ps", "-q"]).stdout.split()
        times.append((time.monotonic() - begin) * 1000)
    out["listed"] = len(listed)
    out["ps_ms"] = {"median": statistics.median(times), "min": min(times)}
    rows = json.loads(quiet([rootlet, "inspect"] + listed[:50]).stdout)
    out["pss_each_kb"] = statistics.mean(pss(row["state"]["pid"]) + pss(row["state"]["monitor_pid"]) for row in rows)
    begin = time.monotonic()
    quiet([rootlet, "rm", "-f", "--all"])
    out["rm_us"] = (time.monotonic() - begin) * 1e6 / count
    return out


def podman_some(bundle, count):
    """The same of podman's, a few of them: they are slow."""
    if not bundle or not shutil.which("podman") or not os.path.exists(os.path.join(bundle, "rootfs", "sleep")):
        return {"state": "not installed"}
    rootfs, names, before, begin = os.path.join(bundle, "rootfs"), [], available_kb(), time.monotonic()
    for _ in range(count):
        result = quiet(["podman", "run", "-d", "--network=none", "--rootfs", rootfs, "/sleep", "1000"])
        if result.returncode != 0:
            return {"state": "fails here", "message": result.stderr.strip().splitlines()[-1:]}
        names.append(result.stdout.strip())
    out = {"count": count, "start_us": (time.monotonic() - begin) * 1e6 / count}
    out["memory_each_kb"] = (before - available_kb()) / count
    begin = time.monotonic()
    quiet(["podman", "ps", "-q"])
    out["ps_ms"] = (time.monotonic() - begin) * 1000
    quiet(["podman", "rm", "-f", "-t", "0"] + names)
    return out


def run(measure, tools, rootlet, true, work, bundle, quick, rounds):
    state = os.path.join(work, "state")
    shutil.rmtree(state, ignore_errors=True)
    os.makedirs(state, mode=0o700)
    os.environ["XDG_RUNTIME_DIR"] = state
    note("bench: containers that live")
    out = {"exec_us": measure_exec(measure, tools, rootlet, true, work, bundle, rounds), "idle": idle(rootlet)}
    out["many"] = many(rootlet, 100 if quick else 1000)
    out["podman"] = podman_some(bundle, 3 if quick else 10)
    return out


def show(out):
    mine = out["exec_us"].get("rootlet exec")
    print(f"\n{'a command in a running container':36}{'median µs':>10}{'ratio':>8}{'goal':>8}")
    for name, median in out["exec_us"].items():
        goal = dict(EXEC_GOALS).get(name)
        ratio = f"{mine / median:8.2f}{goal:8.2f}  {'met' if mine / median <= goal else 'missed'}" if goal else ""
        print(f"{name:36}{median:10.0f}{ratio}")
    print(f"\n{'idle beside a detached container, PSS':44}{'KB':>8}")
    for name, row in out["idle"].items():
        print(f"{name:44}{row['monitor_kb'] + row['init_kb']:>8}   monitor {row['monitor_kb']}, init {row['init_kb']}")
    row = out["many"]
    print(f"\n{row['count']} containers at once")
    print("  a start, by quarters, µs        " + "  ".join(f"{value:.0f}" for value in row["start_us"]))
    print(f"  `ps` of {row['listed']:<5} ms               {row['ps_ms']['median']:.1f} (least {row['ps_ms']['min']:.1f}; goal {PS_GOAL_MS})")
    print(f"  memory each, KB                 {row['memory_each_kb']:.0f} of the machine, {row['pss_each_kb']:.0f} PSS of rootlet's processes")
    print(f"  rm -f --all, µs each            {row['rm_us']:.0f}")
    row = out["podman"]
    if "start_us" in row:
        print(f"podman, {row['count']} containers: a start {row['start_us']:.0f} µs, ps {row['ps_ms']:.0f} ms, "
              f"memory each {row['memory_each_kb']:.0f} KB of the machine")
    else:
        print(f"podman: {row['state']} {row.get('message', '')}")
