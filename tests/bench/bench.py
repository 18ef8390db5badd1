#!/usr/bin/env python3
"""Times rootlet against its yardsticks and its peers, side by side.

One command, `./tests/bench/run`, builds a release tree of its own, then runs every contestant in turn, round
after round (tests/bench/driver.c), so that a slow moment of the machine falls on all alike. It prints
medians and ratios beside the goals of the design, and writes them as JSON. Nothing is asserted: a figure
belongs to the machine and the moment; ratios inside one run are what to read.

Everything runs as an ordinary user with subordinate ids. When root starts it, it goes on as such a user.
The command that all contestants run is a static program that does nothing (true.c)."""

import argparse
import datetime
import json
import os
import platform
import pwd
import shutil
import signal
import statistics
import subprocess
import sys
import time

import life
import oci

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MISSING = "not installed"

# The goals: row, its figure, and the yardsticks with the ratio that it should not exceed.
GOALS = [
    ("rootlet run, default, single", [("floor sealed single", 1.25), ("bwrap", 1.0)]),
    ("rootlet run, --privileged, single", [("floor bare single", 1.25), ("bwrap", 0.75)]),
    ("rootlet run, default, ranges", [("floor sealed ranges", 1.25), ("unshare --map-auto", 1.1)]),
]
MEMORY_GOAL_KB = 300


def note(text):
    print(text, file=sys.stderr, flush=True)


def subordinate(path, user, uid):
    """The first range of `user` in /etc/subuid or /etc/subgid, as (first, count), or None."""
    try:
        with open(path, encoding="ascii", errors="replace") as lines:
            for line in lines:
                fields = line.strip().split(":")
                if len(fields) == 3 and fields[0] in (user, str(uid)):
                    return int(fields[1]), int(fields[2])
    except OSError:
        pass
    return None


def become_user(name):
    """As root: go on as `name`, or as the first user that has subordinate ids."""
    if name is None:
        for candidate in pwd.getpwall():
            if candidate.pw_uid >= 1000 and subordinate("/etc/subuid", candidate.pw_name, candidate.pw_uid):
                name = candidate.pw_name
                break
        else:
            sys.exit("bench: root starts it, and no user has subordinate ids: make one "
                     "(`useradd -m NAME`) and give it with --user NAME")
    user = pwd.getpwnam(name)
    note(f"bench: going on as {name}")
    os.initgroups(name, user.pw_gid)
    os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
    os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)
    environment = {key: os.environ[key] for key in ("PATH", "LANG", "TERM", "CC") if key in os.environ}
    environment.update(HOME=user.pw_dir, USER=name, LOGNAME=name)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir("/")


def hide_hybrid_cgroups():
    """crun refuses the hybrid cgroup layout, where v2 sits at .../unified. As root: go on in a mount
    namespace of our own that lacks that one mount, so that crun can be measured as well."""
    if "BENCH_CGROUPS_HIDDEN" in os.environ or not os.path.ismount("/sys/fs/cgroup/unified"):
        return
    if shutil.which("crun") and shutil.which("unshare"):
        note("bench: in a mount namespace without /sys/fs/cgroup/unified: crun refuses that layout")
        os.environ["BENCH_CGROUPS_HIDDEN"] = "1"
        os.execvp("unshare", ["unshare", "--mount", "sh", "-c",
                              'umount /sys/fs/cgroup/unified; exec "$@"', "sh", sys.executable] + sys.argv)


def build(directory):
    """The release tree. Returns its path, or None when rootlet does not build (the floors still may)."""
    tree = os.path.join(directory, "build")
    log_path = os.path.join(directory, "build.log")
    setup = ["meson", "setup", tree, SOURCE, "--buildtype=release", "-Dtests=false", "-Dbench=true"]
    if os.path.exists(os.path.join(tree, "build.ninja")):
        setup.append("--reconfigure")
    with open(log_path, "w", encoding="utf-8") as log:
        for command in (setup, ["ninja", "-C", tree]):
            if subprocess.run(command, stdout=log, stderr=log, check=False).returncode != 0:
                sys.exit(f"bench: `{' '.join(command)}` failed: see {log_path}")
    return tree


def crun_bundle(directory, true):
    """A bundle as `crun spec --rootless` makes it, with the same command."""
    bundle = os.path.join(directory, "bundle")
    shutil.rmtree(bundle, ignore_errors=True)
    os.makedirs(os.path.join(bundle, "rootfs"))
    shutil.copy(true, os.path.join(bundle, "rootfs", "true"))
    if subprocess.run(["crun", "spec", "--rootless"], cwd=bundle, check=False,
                      stdout=subprocess.DEVNULL).returncode != 0:
        return None
    path = os.path.join(bundle, "config.json")
    with open(path, encoding="utf-8") as stream:
        config = json.load(stream)
    config["process"]["terminal"] = False
    config["process"]["args"] = ["/true"]
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(config, stream)
    return bundle


def contestants(work, tools, rootlet, user):
    """name → command, or None where the program is not installed."""
    true = os.path.join(work, "true")
    floor = os.path.join(tools, "floor") if os.path.exists(os.path.join(tools, "floor")) else None
    uids = subordinate("/etc/subuid", user.pw_name, user.pw_uid)
    gids = subordinate("/etc/subgid", user.pw_name, user.pw_uid)
    ranges = None
    if uids and gids:
        ranges = [str(uids[0]), str(gids[0]), str(min(uids[1], gids[1]))]
    rows = {}

    def add(name, command, needs=True):
        rows[name] = command if needs and command[0] and shutil.which(command[0]) else None

    add("true alone", [true])
    add("floor bare single", [floor, "bare", "single", true])
    add("floor privileged single", [floor, "privileged", "single", true])
    add("floor sealed single", [floor, "sealed", "single", true])
    add("floor bare ranges", [floor, "bare", "ranges", true] + (ranges or []), ranges)
    add("floor sealed ranges", [floor, "sealed", "ranges", true] + (ranges or []), ranges)
    add("floor bare single, own init", [floor, "bare+init", "single", true])
    add("floor sealed single, own init", [floor, "sealed+init", "single", true])
    add("floor sealed ranges, own init", [floor, "sealed+init", "ranges", true] + (ranges or []), ranges)
    run = [rootlet, "run"]
    add("rootlet run, default, single", run + ["--userns=single", "/", true])
    add("rootlet run, --privileged, single", run + ["--userns=single", "--privileged", "--log-level=error", "/", true])
    add("rootlet run, default, ranges", run + ["--userns=ranges", "/", true], ranges)
    add("rootlet run, --privileged, ranges", run + ["--userns=ranges", "--privileged", "--log-level=error", "/", true], ranges)
    add("rootlet run, --no-init, single", run + ["--userns=single", "--no-init", "/", true])
    add("bwrap", ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev",
                  "--tmpfs", "/tmp", true])
    add("unshare --map-root-user", ["unshare", "-r", "-mpuinCf", "--mount-proc", true])
    add("unshare --map-auto", ["unshare", "--map-auto", "-r", "-mpuinCf", "--mount-proc", true], ranges)
    bundle = crun_bundle(work, true) if shutil.which("crun") else None
    add("crun run", ["crun", "--root", os.path.join(work, "crun"), "--cgroup-manager=disabled", "run",
                     "--bundle", bundle or "", f"bench-{os.getpid()}"], bundle)
    add("podman run --rootfs", ["podman", "run", "--rm", "--network=none", "--rootfs",
                                os.path.join(bundle or "", "rootfs"), "/true"], bundle)
    return rows


def works(command):
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, check=False, timeout=60, errors="replace")
    return result.returncode == 0, result.stderr.strip().splitlines()


def measure(tools, commands, rounds, warm_up):
    """name → list of microseconds; the driver runs all of them in turn."""
    names = list(commands)
    argv = [os.path.join(tools, "driver"), str(rounds), str(warm_up)]
    for index, name in enumerate(names):
        argv += ([";;"] if index else []) + commands[name]
    samples = {name: [] for name in names}
    failures = {name: 0 for name in names}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as driver:
        for line in driver.stdout:
            index, nanoseconds, status = (int(field) for field in line.split())
            if status == 0:
                samples[names[index]].append(nanoseconds / 1000)
            else:
                failures[names[index]] += 1
    for name, count in failures.items():
        if count:
            note(f"bench: {name}: {count} of {rounds} runs failed and are not counted")
    return samples


def summary(values):
    ordered = sorted(values)
    return {"median": statistics.median(ordered), "min": ordered[0],
            "p90": ordered[min(len(ordered) - 1, len(ordered) * 9 // 10)], "runs": len(ordered)}


def starts(args, tools, rows):
    """The table of start times."""
    ready, results = {}, {}
    for name, command in rows.items():
        if command is None:
            results[name] = {"state": MISSING}
            continue
        fine, words = works(command)
        if fine:
            ready[name] = command
        else:
            results[name] = {"state": "fails here", "message": words[0] if words else ""}
    slow = {name: ready.pop(name) for name in list(ready) if name.startswith("podman")}
    rounds = args.rounds or (60 if args.quick else 500)
    note(f"bench: {rounds} rounds of {len(ready)} contestants")
    samples = measure(tools, ready, rounds, max(5, rounds // 20))
    if slow: # a hundred times slower: a few rounds of its own are enough
        samples.update(measure(tools, slow, 5, 1))
    for name, values in samples.items():
        results[name] = summary(values) if values else {"state": "fails here", "message": ""}
    return {name: results[name] for name in rows}


def print_starts(results):
    print(f"\n{'one start and end, microseconds':36}{'median':>9}{'min':>9}{'p90':>9}{'to bwrap':>10}")
    bwrap = results.get("bwrap", {}).get("median")
    for name, row in results.items():
        if "median" not in row:
            print(f"{name:36}{row['state']:>18}  {row.get('message', '')[:60]}")
            continue
        ratio = f"{row['median'] / bwrap:.2f}" if bwrap else "-"
        print(f"{name:36}{row['median']:9.0f}{row['min']:9.0f}{row['p90']:9.0f}{ratio:>10}")


def goals(results):
    out = []
    for name, yardsticks in GOALS:
        for yardstick, limit in yardsticks:
            mine, other = results.get(name, {}).get("median"), results.get(yardstick, {}).get("median")
            ratio = mine / other if mine and other else None
            out.append({"what": name, "against": yardstick, "goal": limit, "ratio": ratio,
                        "met": None if ratio is None else ratio <= limit})
    return out


def print_goals(rows):
    print(f"\n{'goal':36}{'against':24}{'at most':>8}{'measured':>10}")
    for row in rows:
        ratio = "-" if row["ratio"] is None else f"{row['ratio']:.2f}"
        verdict = {None: "not measured", True: "met", False: "missed"}[row["met"]]
        print(f"{row['what']:36}{row['against']:24}{row['goal']:8.2f}{ratio:>10}  {verdict}")


def descendants(pid):
    found, queue = [], [pid]
    while queue:
        current = queue.pop()
        found.append(current)
        try:
            with open(f"/proc/{current}/task/{current}/children", encoding="ascii") as stream:
                queue += [int(child) for child in stream.read().split()]
        except OSError:
            pass
    return found


def pss(pid):
    """Kilobytes, or None where the process may not be read."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as stream:
            for line in stream:
                if line.startswith("Pss:"):
                    return int(line.split()[1])
    except OSError:
        return None
    return 0


def at_rest(command):
    """PSS of all processes of a container that only sleeps, but for the sleeper itself."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        try:
            time.sleep(1)
            rows = []
            for pid in descendants(process.pid):
                try:
                    with open(f"/proc/{pid}/cmdline", "rb") as stream:
                        words = stream.read().split(b"\0")
                except OSError:
                    continue
                if words[0].rsplit(b"/", 1)[-1] == b"sleep":
                    continue
                rows.append({"process": words[0].decode(errors="replace"), "pss_kb": pss(pid)})
            if process.poll() is not None:
                return {"state": "fails here"}
            if any(row["pss_kb"] is None for row in rows):
                return {"state": "not readable", "processes": rows}
            return {"pss_kb": sum(row["pss_kb"] for row in rows), "processes": rows}
        finally:
            process.send_signal(signal.SIGKILL)


def memory(rootlet):
    sleep = ["/bin/sleep", "30"]
    rows = {
        "rootlet run": [rootlet, "run", "--userns=single", "/"] + sleep,
        "rootlet run, ranges": [rootlet, "run", "/"] + sleep,
        "bwrap": ["bwrap", "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "--proc", "/proc",
                  "--dev", "/dev", "--tmpfs", "/tmp"] + sleep,
    }
    return {name: at_rest(command) if shutil.which(command[0]) else {"state": MISSING}
            for name, command in rows.items()}


def print_memory(rows):
    print(f"\n{'memory at rest, PSS of its own processes':44}{'KB':>8}   (rootlet's goal: at most "
          f"{MEMORY_GOAL_KB})")
    for name, row in rows.items():
        parts = ", ".join(f"{os.path.basename(p['process'])} {p['pss_kb']}"
                          for p in row.get("processes", []))
        print(f"{name:44}{row.get('pss_kb', row.get('state'))!s:>8}   {parts}")


def binds(args, tools, rootlet, true):
    """What a bind mount costs when there are 10, 100 and 1,000 of them."""
    out = {}
    makers = {
        "rootlet run": (rootlet, lambda n: [rootlet, "run", "--userns=single"]
                        + [f"--volume=/usr:/tmp/{i}" for i in range(n)] + ["/", true]),
        "bwrap": ("bwrap", lambda n: ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc",
                                      "--dev", "/dev", "--tmpfs", "/tmp"]
                  + [word for i in range(n) for word in ("--bind", "/usr", f"/tmp/{i}")] + [true]),
    }
    for name, (program, make) in makers.items():
        if not shutil.which(program):
            out[name] = {"state": MISSING}
            continue
        commands = {str(n): make(n) for n in (0, 10, 100, 1000)}
        fine, words = works(commands["1000"])
        if not fine:
            out[name] = {"state": "fails here", "message": words[0] if words else ""}
            continue
        samples = measure(tools, commands, 10 if args.quick else 40, 2)
        if not all(samples.values()):
            out[name] = {"state": "fails here", "message": ""}
            continue
        medians = {int(n): statistics.median(values) for n, values in samples.items()}
        out[name] = {"microseconds": medians,
                     "each_of_10_to_100": (medians[100] - medians[10]) / 90,
                     "each_of_100_to_1000": (medians[1000] - medians[100]) / 900}
    return out


def print_binds(rows):
    print(f"\n{'bind mounts, microseconds':24}{'0':>9}{'10':>9}{'100':>9}{'1000':>10}"
          f"{'each 10-100':>13}{'each 100-1000':>15}")
    for name, row in rows.items():
        if "microseconds" not in row:
            print(f"{name:24}{row['state']:>18}  {row.get('message', '')[:60]}")
            continue
        m = row["microseconds"]
        print(f"{name:24}{m[0]:9.0f}{m[10]:9.0f}{m[100]:9.0f}{m[1000]:10.0f}"
              f"{row['each_of_10_to_100']:13.1f}{row['each_of_100_to_1000']:15.1f}")


def version(command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()[0]
    except (OSError, IndexError):
        return MISSING


def run_starts(args, tools, rootlet, work, user, report):
    report["starts"] = starts(args, tools, contestants(work, tools, rootlet, user))
    print_starts(report["starts"])
    report["goals"] = goals(report["starts"])
    print_goals(report["goals"])
    report["memory"] = memory(rootlet)
    print_memory(report["memory"])
    report["binds"] = binds(args, tools, rootlet, os.path.join(work, "true"))
    print_binds(report["binds"])


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/run", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few rounds")
    parser.add_argument("--rounds", type=int, help="how often each contestant starts")
    parser.add_argument("--json", metavar="FILE", help="write the figures there as well")
    parser.add_argument("--no-life", action="store_true", help="leave out exec, detached containers and a thousand of them")
    parser.add_argument("--only-life", action="store_true", help="only those")
    parser.add_argument("--no-oci", action="store_true", help="leave out rootlet-oci beside crun and runc")
    parser.add_argument("--only-oci", action="store_true", help="only that")
    parser.add_argument("--user", help="as root: the ordinary user to go on as")
    parser.add_argument("--rootlet", metavar="PROGRAM", help="measure this one instead of building it")
    parser.add_argument("--rootlet-oci", metavar="PROGRAM", help="and this one")
    parser.add_argument("--tools", metavar="DIRECTORY", help="where floor, true and driver are already built")
    args = parser.parse_args()
    if os.getuid() == 0:
        hide_hybrid_cgroups()
    json_out = open(args.json, "w", encoding="utf-8") if args.json else None # while the rights are there
    if os.getuid() == 0:
        become_user(args.user)
    user = pwd.getpwuid(os.getuid())

    # Not below /tmp: the contestants mount a tmpfs there. And with a home of its own, which rootlet and the
    # floor cover with a tmpfs, beside the command and not above it.
    work = os.path.join(user.pw_dir, ".cache", "rootlet-bench")
    home = os.path.join(work, "home")
    os.makedirs(home, exist_ok=True)
    tools, rootlet, rootlet_oci = args.tools, args.rootlet, args.rootlet_oci
    if not tools or not rootlet:
        note("bench: building")
        tree = build(work)
        tools = tools or os.path.join(tree, "tests", "bench")
        rootlet = rootlet or os.path.join(tree, "src", "cli", "rootlet")
        rootlet_oci = rootlet_oci or os.path.join(tree, "src", "oci", "rootlet-oci")
    if not os.path.exists(os.path.join(tools, "true")):
        sys.exit("bench: no static `true` was built: this system's C library has no archive (glibc-static)")
    shutil.copy(os.path.join(tools, "true"), os.path.join(work, "true"))
    os.environ["HOME"] = home
    os.chdir(work)

    machine = {"date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
               "kernel": platform.release(), "machine": platform.machine(), "cpus": os.cpu_count(),
               "rootlet": version([rootlet, "--version"]), "bwrap": version(["bwrap", "--version"]),
               "unshare": version(["unshare", "--version"]), "crun": version(["crun", "--version"]),
               "podman": version(["podman", "--version"])}
    print("  ".join(f"{key}: {value}" for key, value in machine.items()))
    report = {"machine": machine}
    if not args.only_life and not args.only_oci:
        run_starts(args, tools, rootlet, work, user, report)
    if not args.no_oci and not args.only_life:
        report["oci"] = oci.run(tools, rootlet_oci, os.path.join(work, "true"), work,
                                args.rounds or (20 if args.quick else 200))
        oci.show(report["oci"])
    if not args.no_life and not args.only_oci:
        bundle = crun_bundle(work, os.path.join(work, "true")) if shutil.which("crun") else None
        report["life"] = life.run(measure, tools, rootlet, os.path.join(work, "true"), work, bundle, args.quick,
                                  args.rounds or (60 if args.quick else 300))
        life.show(report["life"])
    if json_out:
        with json_out:
            json.dump(report, json_out, indent=2)
            json_out.write("\n")


if __name__ == "__main__":
    main()
