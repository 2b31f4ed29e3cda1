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
from helpers.cluster import launcher, processes, supervisor
from helpers.search import trials_table
from tests.support.cluster import ROOT, TRIALS, completed, is_alive, notes, wait_until

pytestmark = pytest.mark.tensorflow

posix = pytest.mark.skipif(os.name != "posix", reason="needs signals, and a limit of file sizes")


@posix
def test_kills_a_full_disk_and_ctrl_c_lose_no_trial_and_train_none_twice(job, tmp_path):
    hold, chief = tmp_path / "hold", tmp_path / "pid-chief"

    def under_way():
        ended = {trial for word, trial, *_ in notes(tmp_path) if word == "end"}
        return [n for n in notes(tmp_path) if n[0] == "begin" and n[1] not in ended]

    hold.touch()
    with job() as running:
        wait_until(lambda: len(under_way()) == 2)
        _, trial, worker, pid = under_way()[0]
        os.kill(pid, signal.SIGKILL)
        # It comes back under its name, and gets its trial again.
        wait_until(lambda: len(under_way()) == 3)
        assert under_way()[-1][:3] == ("begin", trial, worker) and under_way()[-1][3] != pid
        os.kill(int(chief.read_text()), signal.SIGKILL)
        chief.unlink()
        wait_until(chief.exists)
        # The workers go on with their trials, which the new chief can't save, but the next one can.
        (tmp_path / "fill the disk").touch()
        for _, trial, *_ in under_way():
            (tmp_path / f"release {trial}").touch()
        wait_until(lambda: len(completed(tmp_path)) == 2)
        wait_until(lambda: len({n[2] for n in under_way()}) == 2)
        pids = {pid for *_, pid in notes(tmp_path)} | {int(chief.read_text())}
        running.send_signal(signal.SIGINT)
        out, _ = running.communicate(timeout=240)
    assert running.returncode == 130 and "goes on where this one stopped" in out, out
    assert "The disk is full. Free some space" in out and ", 2 restarts" in out
    assert not [pid for pid in pids if is_alive(pid)]
    before = completed(tmp_path)
    hold.unlink()
    with job("--quiet", "--workers", "1") as running:
        out, _ = running.communicate(timeout=240)
    assert running.returncode == 0, out
    after = completed(tmp_path)
    assert {file: after[file] for file in before} == before, "a finished trial was run again"
    ended = collections.Counter(trial for word, trial, *_ in notes(tmp_path) if word == "end")
    assert ended == dict.fromkeys(range(TRIALS), 1), "a trained trial was trained again"
    table = trials_table(tmp_path / "project")
    assert (table["status"] == "COMPLETED").all() and len(table) == TRIALS
    assert (table["score"] == table["x"]).all()


def test_a_script_that_raises_ends_the_search_with_its_words(tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "POLL", 0.05)
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


def test_the_command_line_says_what_is_run(monkeypatch):
    asked: dict = {}
    monkeypatch.setattr(command_line, "run", lambda **options: asked.update(options) or 7)
    assert command_line.main(["job.py"]) == 7
    plain = {"script": "job.py", "workers": 2, "arguments": []}
    assert asked == {**plain, "address": "127.0.0.1", "port": None, "quiet": False}
    options = ["--workers", "3", "--port", "1234", "--address", "10.0.0.1", "--quiet"]
    assert command_line.main(["job.py", *options, "--", "a", "-b"]) == 7
    more = {"script": "job.py", "workers": 3, "arguments": ["a", "-b"]}
    assert asked == {**more, "address": "10.0.0.1", "port": 1234, "quiet": True}


def test_nothing_listens_beyond_this_machine_and_the_cores_are_divided(tmp_path):
    chief, *workers = processes.make_processes(
        Path("job.py"), 2, [], launcher.LOOPBACK, 1234, tmp_path
    )
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert chief.environment["KERASTUNER_TUNER_ID"] == "chief"
    assert [w.environment["KERASTUNER_TUNER_ID"] for w in workers] == ["worker0", "worker1"]
    for process in (chief, *workers):
        assert process.environment["KERASTUNER_ORACLE_IP"] == "127.0.0.1"
        assert process.environment["KERASTUNER_ORACLE_PORT"] == "1234"
    for worker in workers:
        for threads in ("TF_NUM_INTRAOP_THREADS", "NPROC"):
            assert int(worker.environment[threads]) == max(1, cores // 2)


# Each role starts a process of its own, too, as data loaders do.
WAITING = """
import os, pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
folder, role = pathlib.Path(sys.argv[1]), os.environ["KERASTUNER_TUNER_ID"]
(folder / "draft").with_suffix("." + role).write_text(f"{os.getpid()} {child.pid}")
(folder / "draft").with_suffix("." + role).replace(folder / role)
try:
    time.sleep(600)
except KeyboardInterrupt:
    (folder / f"{role} was asked to end").touch()
"""


def start_waiting(tmp_path, *before):
    """Starts a launcher; returns it and the six processes that it is responsible for."""
    script = tmp_path / "job.py"
    script.write_text(WAITING)
    command = [*before, sys.executable, "-m", "helpers.cluster", str(script), "--", str(tmp_path)]
    running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    roles = [tmp_path / role for role in ("chief", "worker0", "worker1")]
    wait_until(lambda: all(role.exists() for role in roles))
    pids = [int(pid) for role in roles for pid in role.read_text().split()]
    assert len(pids) == 6 and all(map(is_alive, pids))
    return running, pids


@pytest.mark.parametrize(
    "name",
    ["kill", *(pytest.param(name, marks=posix) for name in ("SIGTERM", "SIGHUP"))],
)
def test_however_the_launcher_ends_no_process_is_left(tmp_path, name):
    running, pids = start_waiting(tmp_path)
    with running:
        if name == "kill":
            running.kill()
            running.wait(60)
        else:
            running.send_signal(getattr(signal, name))
            assert running.wait(60) == 128 + getattr(signal, name)
    wait_until(lambda: not any(map(is_alive, pids)))


@posix
def test_a_search_under_nohup_in_the_background_outlives_its_terminal(tmp_path):
    # A shell lets what it runs in the background ignore Ctrl-C.
    running, pids = start_waiting(tmp_path, "sh", "-c", "trap '' INT; exec nohup \"$@\"", "sh")
    with running:
        running.send_signal(signal.SIGHUP)
        running.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            running.wait(3 * supervisor.POLL)
        assert all(map(is_alive, pids))
        running.terminate()
        assert running.wait(60) == 128 + signal.SIGTERM
    assert not any(map(is_alive, pids))
    assert len(list(tmp_path.glob("* was asked to end"))) == 3


def test_a_chief_that_waits_on_after_all_workers_have_ended_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "POLL", 0.05)
    monkeypatch.setattr(supervisor, "CHIEF_PATIENCE", 0.5)
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    script = tmp_path / "job.py"
    script.write_text(
        "import os, time\n"
        "if os.environ['KERASTUNER_TUNER_ID'] == 'chief':\n"
        "    print('waiting for nobody')\n"
        "    time.sleep(600)\n"
    )
    with pytest.raises(cluster.ClusterError, match=r"(?s)All workers have ended.*for nobody"):
        cluster.run(script, workers=2, quiet=True)


def test_a_chief_that_can_t_go_on_ends_the_search_with_its_words(tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "POLL", 0.05)
    script = tmp_path / "job.py"
    script.write_text("import sys\nprint('The chief ends: too many failures')\nsys.exit(70)\n")
    with pytest.raises(cluster.ClusterError, match=r"(?s)chief can't go on.*too many failures"):
        cluster.run(script, workers=1, quiet=True)


def test_a_script_runs_as_if_alone_and_what_the_chief_prints_is_shown(tmp_path, capsys):
    script = tmp_path / "job.py"
    script.write_text(
        "import sys, pathlib\n"
        "seen = sorted({name.partition('.')[0] for name in sys.modules})\n"
        "assert not {'keras', 'tensorflow', 'numpy', 'helpers'} & set(seen), seen\n"
        "assert sys.argv[1:] == ['a', 'b'] and pathlib.Path(sys.argv[0]).name == 'job.py'\n"
        "assert sys.stdin.read() == ''\n"
        "import beside_it, os\n"
        "print('said by', os.environ['KERASTUNER_TUNER_ID'])\n"
    )
    (tmp_path / "beside_it.py").touch()
    assert cluster.run(script, workers=1, arguments=["a", "b"]) == 0
    said = capsys.readouterr()
    assert said.out == "said by chief\n" and said.err.endswith("Done.\n\n")
    assert cluster.run(script, workers=1, arguments=["a", "b"], quiet=True) == 0
    assert not any(capsys.readouterr())
