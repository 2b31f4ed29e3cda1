import collections
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from helpers import cluster
from helpers.cluster import __main__ as command_line
from helpers.cluster import launcher, processes
from helpers.search import trials_table
from tests.support.cluster import ROOT, TRIALS, completed, is_alive, notes, wait_until

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills with SIGKILL and SIGINT")


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


@pytest.mark.parametrize("workers", [0, -1])
def test_a_search_without_workers_is_refused(tmp_path, workers):
    (tmp_path / "job.py").write_text("raise SystemExit('must not run')")
    with pytest.raises(cluster.ClusterError, match="at least one worker"):
        cluster.run(tmp_path / "job.py", workers=workers)


def test_a_missing_script_is_named(tmp_path, capsys):
    assert command_line.main([str(tmp_path / "none.py")]) == 1
    assert re.search(r"There is no script .*none\.py", capsys.readouterr().err)


def test_nothing_listens_beyond_this_machine_and_the_cores_are_divided(tmp_path):
    chief, *workers = processes.make_processes(
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


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGKILL"])
def test_however_the_launcher_ends_no_process_is_left(tmp_path, name):
    script = tmp_path / "job.py"
    # Each role starts a process of its own, too, as data loaders do.
    script.write_text(
        "import os, pathlib, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "pids = f'{os.getpid()} {child.pid}'\n"
        "pathlib.Path(sys.argv[1], os.environ['KERASTUNER_TUNER_ID']).write_text(pids)\n"
        "time.sleep(600)\n"
    )
    command = [sys.executable, "-m", "helpers.cluster", str(script), "--", str(tmp_path)]
    roles = [tmp_path / role for role in ("chief", "worker0", "worker1")]
    with subprocess.Popen(command, cwd=ROOT) as launcher:
        wait_until(lambda: all(role.exists() and role.read_text() for role in roles))
        pids = [int(pid) for role in roles for pid in role.read_text().split()]
        number = getattr(signal, name)
        launcher.send_signal(number)
        status = launcher.wait(60)
    assert status == (-number if name == "SIGKILL" else 128 + number)
    assert len(pids) == 6
    wait_until(lambda: not any(is_alive(pid) for pid in pids), seconds=20)


def test_a_chief_that_waits_on_after_all_workers_have_ended_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(launcher, "POLL", 0.05)
    monkeypatch.setattr(launcher, "CHIEF_PATIENCE", 0.5)
    monkeypatch.setattr(launcher._Supervisor, "report", lambda self: None)  # it would not answer
    script = tmp_path / "job.py"
    script.write_text(
        "import os, time\n"
        "if os.environ['KERASTUNER_TUNER_ID'] == 'chief':\n"
        "    print('waiting for nobody')\n"
        "    time.sleep(600)\n"
    )
    with pytest.raises(cluster.ClusterError, match=r"(?s)All workers have ended.*for nobody"):
        cluster.run(script, workers=2, quiet=True)


def test_a_process_that_dies_again_and_again_between_finished_trials_is_forgiven(tmp_path):
    process = processes.Process("worker0", [sys.executable, "-c", ""], {}, tmp_path / "log")
    supervisor = launcher._Supervisor([process, process], "", print, [])
    for finished in range(2 * launcher.MAX_RESTARTS):
        supervisor.finished = finished
        supervisor.restart(process, 1)
    for _ in range(launcher.MAX_RESTARTS - 1):
        supervisor.restart(process, 1)
    with pytest.raises(cluster.ClusterError, match="worker0 died 4 times"):
        supervisor.restart(process, 1)
    processes.end([process])


def test_a_chief_whose_disk_is_full_says_so_and_no_trained_result_is_lost(
    job, tmp_path, monkeypatch
):
    (tmp_path / "fill the disk").touch()
    with job(0.2) as running:
        out, _ = running.communicate(timeout=240)
    assert running.returncode == 0, out
    assert "The disk is full. Free some space" in out
    ended = collections.Counter(trial for word, trial, *_ in notes(tmp_path) if word == "end")
    assert ended == dict.fromkeys(range(TRIALS), 1), "a trained trial was trained again"
    table = trials_table(tmp_path / "project")
    assert (table["status"] == "COMPLETED").all() and len(table) == TRIALS
    assert (table["score"] == table["x"]).all()


def test_a_chief_that_can_t_go_on_ends_the_search_with_its_words(tmp_path, monkeypatch):
    monkeypatch.setattr(launcher, "POLL", 0.05)
    script = tmp_path / "job.py"
    script.write_text("import sys\nprint('The chief ends: too many failures')\nsys.exit(70)\n")
    with pytest.raises(cluster.ClusterError, match=r"(?s)chief can't go on.*too many failures"):
        cluster.run(script, workers=1, quiet=True)


def test_what_the_script_sets_before_it_imports_keras_counts(tmp_path):
    script = tmp_path / "job.py"
    script.write_text(
        "import sys, pathlib\n"
        "seen = sorted({name.partition('.')[0] for name in sys.modules})\n"
        "assert not {'keras', 'tensorflow', 'numpy', 'helpers'} & set(seen), seen\n"
        "assert sys.argv[1:] == ['a', 'b'] and pathlib.Path(sys.argv[0]).name == 'job.py'\n"
        "import beside_it\n"
    )
    (tmp_path / "beside_it.py").touch()
    assert cluster.run(script, workers=1, arguments=["a", "b"], quiet=True) == 0
