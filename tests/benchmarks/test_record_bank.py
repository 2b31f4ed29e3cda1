import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import bank_file, bank_tasks, record_bank
from tests.support.processes import started
from tests.support.recordings import SMALL, TRAININGS, named, random_images

ROOT = Path(__file__).parents[2]

# A small recording of real trainings, in a process that a test can kill.
ONE_SEED = dataclasses.replace(SMALL, seeds=(1,))
RECORDER = f"""
import dataclasses
import sys
sys.path.insert(0, {str(ROOT)!r})
from benchmarks import bank_tasks, record_bank
from tests.support.recordings import SMALL, random_images
bank_tasks.load_images = random_images
one_seed = dataclasses.replace(SMALL, seeds=(1,))
record_bank.record(one_seed, record_bank.Path(sys.argv[1]), 1, minutes=9)
"""


def test_a_kill_loses_at_most_the_running_training(tmp_path, monkeypatch, capsys):
    path = tmp_path / "recording.csv"
    command = [sys.executable, "-c", RECORDER, str(path)]
    with started(command, stdout=subprocess.DEVNULL) as process:
        # Killed in the middle of a training: at the second line of the third.
        while not (path.exists() and path.read_text().count("\n") >= 2 + 2 * 2):
            assert process.poll() is None, "it ended by itself"
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
    recorded = path.read_text()
    finished = (recorded.count("\n") - 2) // 2
    assert 2 <= finished < TRAININGS // 2
    monkeypatch.setattr(bank_tasks, "load_images", random_images)
    assert record_bank.record(ONE_SEED, path, 1, minutes=9)
    assert f"{finished} of {TRAININGS // 2} trainings are recorded" in capsys.readouterr().out
    assert path.read_text().startswith(recorded), "what was there was recorded again"
    header = json.loads(recorded.splitlines()[0][2:])
    assert len(bank_file.open_recording(path, ONE_SEED, header)) == TRAININGS // 2
    bank_file.pack(path, ONE_SEED, tmp_path / "bank.csv.gz")


def test_when_the_time_is_up_no_training_begins(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(bank_tasks, "load_images", random_images)
    path = tmp_path / "recording.csv"
    assert not record_bank.record(SMALL, path, 1, minutes=0)
    assert path.read_text().count("\n") == 2
    assert f"0 of {TRAININGS} trainings are recorded" in capsys.readouterr().out


def test_every_training_is_recorded_once_and_one_seed_after_the_other():
    waiting = record_bank.list_trainings(SMALL, set())
    assert len(waiting) == TRAININGS == len({(*v.values(), seed) for v, seed in waiting})
    assert [seed for _, seed in waiting] == [1] * 4 + [2] * 4
    assert record_bank.list_trainings(SMALL, {named(5, 0.2, seed=2)}) == [
        (values, seed)
        for values, seed in waiting
        if (values["num_hidden"], values["dropout"], seed) != (5, 0.2, 2)
    ]
