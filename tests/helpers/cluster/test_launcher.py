import collections
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers import cluster
from helpers.cluster import __main__ as command_line
from helpers.cluster import launcher, processes
from helpers.search import trials_table

ROOT = Path(__file__).parents[3]
TRIALS = 7

# A search that trains nothing, and notes when a trial begins and ends, and in which process.
JOB = f"""
import os, pathlib, sys, time
import keras_tuner
from helpers import mend_project, protect

folder = pathlib.Path(sys.argv[1])

def note(word, trial):
    with open(folder / "notes", "a") as file:
        print(word, trial.trial_id, os.environ["KERASTUNER_TUNER_ID"], os.getpid(), file=file)

class Slow(keras_tuner.RandomSearch):
    def run_trial(self, trial, **unused):
        note("begin", trial)
        time.sleep(float(sys.argv[2]))
        note("end", trial)
        return {{"loss": trial.hyperparameters.get("x")}}

hp = keras_tuner.HyperParameters()
hp.Float("x", 0.0, 1.0)
if os.environ["KERASTUNER_TUNER_ID"] == "chief":
    mend_project(folder / "project")
how = {{"directory": folder, "project_name": "project", "seed": 1}}
tuner = Slow(objective="loss", max_trials={TRIALS}, hyperparameters=hp, **how)
protect(tuner)
(folder / ("pid-" + os.environ["KERASTUNER_TUNER_ID"])).write_text(str(os.getpid()))
tuner.search(verbose=0)
if os.environ["KERASTUNER_TUNER_ID"] == "chief":
    print("the chief knows", len(tuner.oracle.trials), "trials")
"""

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills with SIGKILL and SIGINT")


@pytest.fixture
def job(tmp_path):
    script = tmp_path / "job.py"
    script.write_text(JOB)

    def start(seconds):
        command = [sys.executable, "-m", "helpers.cluster", str(script), "--workers", "2"]
        command += ["--", str(tmp_path), str(seconds)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen(command, cwd=ROOT, **pipes)

    return start


def notes(folder):
    file = folder / "notes"
    lines = [line.split() for line in file.read_text().splitlines()] if file.exists() else []
    return [(word, int(trial), who, int(pid)) for word, trial, who, pid in lines]


def wait_until(condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A zombie that nobody has waited for is not alive.
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def completed(folder):
    files = (folder / "project").glob("trial_*/trial.json")
    found = {file: file.read_text() for file in files}
    return {file: text for file, text in found.items() if '"status": "COMPLETED"' in text}


def test_a_worker_and_the_chief_are_killed_and_every_trial_is_finished(job, tmp_path):
    with job(3.0) as running:
        wait_until(lambda: notes(tmp_path))
        _, trial, worker, pid = notes(tmp_path)[0]
        os.kill(pid, signal.SIGKILL)
        # It comes back under its name, and gets its trial again.
        wait_until(lambda: any(n[:3] == ("end", trial, worker) for n in notes(tmp_path)))
        assert [n[3] for n in notes(tmp_path) if n[:3] == ("end", trial, worker)] != [pid]
        wait_until(lambda: len(completed(tmp_path)) >= 2)
        os.kill(int((tmp_path / "pid-chief").read_text()), signal.SIGKILL)
        before = completed(tmp_path)
        out, _ = running.communicate(timeout=240)
    assert running.returncode == 0, out
    assert f"the chief knows {TRIALS} trials" in out and "restart" in out
    after = completed(tmp_path)
    assert len(after) == TRIALS
    assert {file: after[file] for file in before} == before
    ended = collections.Counter(trial for word, trial, *_ in notes(tmp_path) if word == "end")
    kept = [int(file.parent.name.removeprefix("trial_")) for file in before]
    assert [ended[trial] for trial in kept] == [1] * len(kept), "a completed trial ran twice"


def test_ctrl_c_ends_all_processes_and_the_same_command_goes_on(job, tmp_path):
    with job(2.0) as running:
        wait_until(lambda: sum(word == "end" for word, *_ in notes(tmp_path)) >= 2)
        pids = {pid for *_, pid in notes(tmp_path)} | {int((tmp_path / "pid-chief").read_text())}
        running.send_signal(signal.SIGINT)
        out, _ = running.communicate(timeout=60)
    assert running.returncode == 130 and "goes on where this one stopped" in out
    assert not [pid for pid in pids if is_alive(pid)]
    before = completed(tmp_path)
    assert before
    with job(0.1) as running:
        out, _ = running.communicate(timeout=240)
    assert running.returncode == 0 and f"the chief knows {TRIALS} trials" in out
    after = completed(tmp_path)
    assert {file: after[file] for file in before} == before, "a finished trial was run again"


def test_a_script_that_raises_ends_the_search_with_its_words(tmp_path, monkeypatch):
    monkeypatch.setattr(launcher, "POLL", 0.05)
    script = tmp_path / "broken.py"
    script.write_text("import sys\nsys.exit('no images here: ' + ' '.join(sys.argv[1:]))\n")
    with pytest.raises(cluster.ClusterError, match=r"(?s)died 4 times.*no images here: a b"):
        cluster.run(script, workers=1, arguments=["a", "b"], quiet=True)


def test_a_port_that_is_taken_is_named(tmp_path):
    (tmp_path / "job.py").write_text("raise SystemExit('must not run')")
    with socket.socket() as taken:
        taken.bind((launcher.LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(cluster.ClusterError, match=f"Port {port} of 127.0.0.1 can't be used"):
            cluster.run(tmp_path / "job.py", port=port)


@pytest.mark.parametrize("workers", [0, -1])
def test_a_search_without_workers_is_refused(tmp_path, workers):
    (tmp_path / "job.py").write_text("raise SystemExit('must not run')")
    with pytest.raises(cluster.ClusterError, match="at least one worker"):
        cluster.run(tmp_path / "job.py", workers=workers)


def test_a_missing_script_is_named(tmp_path, capsys):
    assert command_line.main([str(tmp_path / "none.py")]) == 1
    assert re.search(r"There is no script .*none\.py", capsys.readouterr().err)


def test_nothing_listens_beyond_this_machine_and_the_cores_are_divided(tmp_path):
    chief, *workers = processes.processes_of(
        Path("job.py"), 2, [], launcher.LOOPBACK, 1234, tmp_path
    )
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert chief.environment["KERASTUNER_TUNER_ID"] == "chief"
    assert [w.environment["KERASTUNER_TUNER_ID"] for w in workers] == ["worker0", "worker1"]
    for process in (chief, *workers):
        assert process.environment["KERASTUNER_ORACLE_IP"] == "127.0.0.1"
    for worker in workers:
        assert int(worker.environment["TF_NUM_INTRAOP_THREADS"]) == max(1, cores // 2)


def test_the_example_finds_the_same_alone_and_in_a_cluster(tmp_path):
    example = ROOT / "examples" / "search_job.py"
    cluster.run(example, arguments=["--directory", str(tmp_path / "a")], quiet=True)
    alone = [sys.executable, str(example), "--directory", str(tmp_path / "b")]
    subprocess.run(alone, check=True, capture_output=True)
    widths = [set(trials_table(tmp_path / x / "job")["num_hidden"]) for x in "ab"]
    assert widths[0] == widths[1]
    assert (trials_table(tmp_path / "a" / "job")["status"] == "COMPLETED").all()


def test_the_scripts_for_schedulers_run_the_same_example():
    for name in ("slurm.sh", "kubernetes.yaml"):
        text = (ROOT / "examples" / name).read_text(encoding="utf-8")
        assert "examples/search_job.py" in text
        assert {v for v in ("IP", "PORT") if f"KERASTUNER_ORACLE_{v}" in text} == {"IP", "PORT"}
        assert "KERASTUNER_TUNER_ID" in text and "password" in text
    subprocess.run(["bash", "-n", str(ROOT / "examples" / "slurm.sh")], check=True)
