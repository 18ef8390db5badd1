#!/usr/bin/env python3
"""What callers write and read that are not in tests/engines: a batch system that runs bundles as its users (Slurm's
oci.conf), and a kubelet's runtime (CRI-O, which reads `features`, `state` and `ps`). The command lines are theirs."""
import datetime
import json
import os
import signal
import subprocess

import bundle
from life import Life, reap_all, wait_for

IDLE = ["sh", "-c", "trap 'exit 7' TERM; echo ready; sleep 100 & wait"]
DEAF = ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"]


class Batch(Life):
    """RunTimeRun, RunTimeQuery, RunTimeKill and RunTimeDelete, with the slash that ends --root=/run/user/%U/."""

    name = "node1.alice.77.0.0"

    def words(self, *words):
        return [self.b.runtime, "--rootless=true", f"--root={self.state_folder}/", *words]

    def begin(self, *words):
        """The command runs in the foreground, as the batch system's child: its output is the job's."""
        job = subprocess.Popen(self.words("run", *words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        assert job.stdout.readline() == "ready\n"
        return job

    def ask(self, *words):
        return subprocess.run(self.words(*words), capture_output=True, text=True, timeout=60, check=False)

    def ends(self, job, status):
        job.stdout.close()
        assert job.wait(20) == status, job.returncode

    def delete(self):
        result = self.ask("delete", "--force", self.name)
        assert result.returncode == 0 and result.stdout == "", result

    def forget(self):
        """delete --force comes at the end of every job: of one that is gone, too, and again."""
        self.delete()
        self.delete()
        result = self.ask("state", self.name)
        assert result.returncode != 0 and result.stdout == "" and "does not exist" in result.stderr, result
        reap_all()
        assert list(self.state_folder.iterdir()) == []


def test_a_job_that_listens(b):
    batch = Batch(b, IDLE)
    for line in (["--bundle", str(b.folder), batch.name], [batch.name, "-b", str(b.folder)]):
        job = batch.begin(*line)
        state = json.loads(batch.ask("state", batch.name).stdout)
        assert (state["id"], state["status"], state["bundle"]) == (batch.name, "running", str(b.folder)), state
        result = batch.ask("kill", "-a", batch.name)
        assert result.returncode == 0, result
        batch.ends(job, 7)
        batch.forget()


def test_a_job_that_does_not(b):
    batch = Batch(b, DEAF)
    job = batch.begin("--bundle", str(b.folder), batch.name)
    assert batch.ask("kill", "-a", batch.name).returncode == 0
    assert batch.ask("kill", "-a", batch.name, "SIGTERM").returncode == 0
    assert json.loads(batch.ask("state", batch.name).stdout)["status"] == "running"
    batch.delete()
    batch.ends(job, 128 + signal.SIGKILL)
    batch.forget()


def test_what_it_kills_is_all_of_the_job(b):
    """TERM goes to every process, also past a first one that does not listen."""
    batch = Batch(b, ["sh", "-c", "sleep 100 & trap '' TERM; echo ready; wait; echo end"])
    job = batch.begin("--bundle", str(b.folder), batch.name)
    assert batch.ask("kill", "-a", batch.name).returncode == 0
    assert job.stdout.read() == "end\n"
    batch.ends(job, 0)
    batch.forget()


def test_the_status_is_the_jobs(b):
    batch = Batch(b, ["sh", "-c", "echo ready; exit 42"])
    batch.ends(batch.begin("--bundle", str(b.folder), batch.name), 42)
    batch.forget()


# ---- CRI-O ----


def test_features_as_they_are_read(b):
    features = json.loads(subprocess.run([b.runtime, "features"], capture_output=True, text=True, check=True).stdout)
    low, high = ([int(n) for n in features[key].split(".")] for key in ("ociVersionMin", "ociVersionMax"))
    assert low <= [1, 0, 0] and high >= [1, 1, 0], features
    # recursive read-only mounts are offered to pods when this is in the list
    assert {"rro", "rbind", "rslave", "idmap"} <= set(features["mountOptions"]), features
    linux = features["linux"]
    assert linux["mountExtensions"]["idmap"]["enabled"] in (True, False), linux
    assert linux["cgroup"]["v2"] is True and linux["seccomp"]["enabled"] in (True, False), linux
    for key in ("hooks", "mountOptions"):
        assert all(isinstance(word, str) for word in features[key]), features
    assert all(isinstance(value, str) for value in features.get("annotations", {}).values()), features


def test_a_pod_container(b):
    """As conmon creates it for CRI-O: state is read after each step, times as RFC 3339, processes as numbers."""
    life = Life(b, ["sh", "-c", "sleep 100 & sleep 100; true"], annotations={"io.kubernetes.cri-o.Name": "n", "empty": ""})
    life.create("c", "--pid-file", str(b.folder / "pid"))
    state = life.state()
    assert state["status"] == "created" and state["annotations"]["io.kubernetes.cri-o.Name"] == "n", state
    when = datetime.datetime.fromisoformat(state["created"].rstrip("Z")[:26] + "+00:00")
    assert abs((datetime.datetime.now(datetime.timezone.utc) - when).total_seconds()) < 60, state
    life.ok("start", "c")
    wait_for(lambda: len(json.loads(life.ok("ps", "--format", "json", "c"))) == 3)
    pids = json.loads(life.ok("ps", "--format", "json", "c"))
    assert state["pid"] == pids[0] == int((b.folder / "pid").read_text(encoding="ascii")), (state, pids)
    if os.getuid() == 0: # an ordinary user's may have no cgroup
        life.ok("update", "--resources", "-", "c", stdin=None, input="{}")
    life.ok("kill", "c", str(int(signal.SIGKILL)))
    os.wait()
    state = life.state()
    assert (state["status"], state["pid"]) == ("stopped", 0), state
    life.fails("kill", "c", "KILL", text="container not running")
    life.fails("exec", "c", "true", text="container")
    life.ok("delete", "c")
    life.end()


def test_a_notify_socket_is_not_handed_in(b):
    """Which is said, unless the config has one of its own, as an engine writes it."""
    environment = {**os.environ, "NOTIFY_SOCKET": "/run/of-the-caller"}
    result = b.start("env", env=environment)
    assert result.returncode == 0 and "NOTIFY_SOCKET" not in result.stdout, result.stdout
    assert "NOTIFY_SOCKET is not handed into the container" in result.stderr, result.stderr
    b.process["env"].append("NOTIFY_SOCKET=/run/notify/own")
    result = b.start("env", env=environment)
    assert "NOTIFY_SOCKET=/run/notify/own" in result.stdout and "not handed" not in result.stderr, result


if __name__ == "__main__":
    bundle.main(globals())
