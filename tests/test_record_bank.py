"""The recorder of the bank: resumes after a kill, and never mixes two recordings."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks import record_bank
from helpers import bank

ROOT = Path(__file__).parent.parent
SPACE = {"num_hidden": (5, 10), "num_layers": (1,), "dropout": (0.0, 0.2),
         "learning_rate": (1e-3,), "batch_size": (32,)}  # fmt: skip
TRAININGS = 8
HEADER = {
    "schema": bank.SCHEMA, "space": {n: list(v) for n, v in SPACE.items()}, "seeds": [1, 2],
    "epochs": 2, "backend": "tensorflow", "begun": "today", "machine": "this",
}  # fmt: skip

# A small recording of real trainings, in a process that a test can kill.
RECORDER = f"""
import sys
import numpy as np
sys.path.insert(0, {str(ROOT)!r})
from benchmarks import record_bank
from helpers import bank
bank.SPACE, bank.EPOCHS = {SPACE!r}, 2
rng = np.random.default_rng(0)
images = rng.integers(0, 256, (64, 32, 32, 3), np.uint8), np.eye(10)[rng.integers(0, 10, 64)]
record_bank.load_images = lambda: (images, images, "a hash")
sys.exit(0 if record_bank.record(record_bank.Path(sys.argv[1]), 1, float(sys.argv[2])) else 3)
"""


@pytest.fixture
def small_space(monkeypatch):
    monkeypatch.setattr(bank, "SPACE", SPACE)
    monkeypatch.setattr(bank, "EPOCHS", 2)


def rows(num_hidden, dropout=0.0, seed=1):
    values = {"num_hidden": num_hidden, "num_layers": 1, "dropout": dropout,
              "learning_rate": 1e-3, "batch_size": 32}  # fmt: skip
    facts = {"loss": 2.0, "acc": 0.1, "val_loss": 2.0, "val_acc": 0.1, "seconds": 1.0}
    return [{**values, "seed": seed, "epoch": e, **facts, "parameters": 9} for e in (1, 2)]


def key(num_hidden, dropout=0.0, seed=1):
    return record_bank.key(rows(num_hidden, dropout, seed)[0])


def test_a_kill_loses_at_most_the_running_training(tmp_path, small_space):
    path = tmp_path / "recording.csv"
    command = [sys.executable, "-c", RECORDER, str(path)]
    with subprocess.Popen([*command, "9"], stdout=subprocess.DEVNULL) as process:
        # Killed in the middle of a training: at the second line of the third.
        while not (path.exists() and path.read_text().count("\n") >= 2 + 2 * 2):
            assert process.poll() is None, "it ended by itself"
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
    recorded = path.read_text()
    finished = (recorded.count("\n") - 2) // 2
    assert 2 <= finished < TRAININGS
    done = subprocess.run([*command, "9"], capture_output=True, text=True, check=True)
    assert f"{finished} of {TRAININGS} trainings are recorded" in done.stdout
    assert path.read_text().startswith(recorded), "what was there was recorded again"
    assert len(record_bank.open_recording(path, json.loads(recorded.splitlines()[0][2:]))) == 8


def test_when_the_time_is_up_no_training_begins(tmp_path, small_space, monkeypatch, capsys):
    monkeypatch.setattr(record_bank, "load_images", lambda: (None, None, "a hash"))
    monkeypatch.setattr(record_bank, "_images", None, raising=False)
    path = tmp_path / "recording.csv"
    assert not record_bank.record(path, 1, minutes=0)
    assert path.read_text().count("\n") == 2
    assert f"0 of {TRAININGS} trainings are recorded" in capsys.readouterr().out


def test_a_training_that_was_cut_short_is_removed_and_nothing_else(tmp_path, small_space):
    path = tmp_path / "recording.csv"
    assert record_bank.open_recording(path, HEADER) == set()
    record_bank.append(path, rows(5))
    whole = path.read_text()
    for torn in ("10,1,0.0,0.001,32,1,1,2.0,0.1", "10,1,0.0,0.001,32,1,1,2.0,0.1,2.0,0.1,1.0,9\n"):
        path.write_text(whole + torn)
        assert record_bank.open_recording(path, HEADER) == {key(5)}
        assert path.read_text() == whole
    record_bank.append(path, rows(10))
    assert record_bank.open_recording(path, HEADER) == {key(5), key(10)}


@pytest.mark.parametrize(
    "other", [{"backend": "jax"}, {"epochs": 3}, {"schema": 0}, {"space": {"num_hidden": [5]}}]
)
def test_recordings_of_different_origin_are_not_mixed(tmp_path, small_space, other):
    path = tmp_path / "recording.csv"
    record_bank.open_recording(path, HEADER)
    record_bank.append(path, rows(5))
    before = path.read_bytes()
    (name,) = other
    with pytest.raises(
        record_bank.RecordingError, match=f"something else .{name}: .* name another"
    ):
        record_bank.open_recording(path, {**HEADER, **other})
    assert path.read_bytes() == before, "it was changed all the same"


def test_a_recording_may_go_on_another_day(tmp_path, small_space):
    path = tmp_path / "recording.csv"
    record_bank.open_recording(path, HEADER)
    record_bank.open_recording(path, {**HEADER, "begun": "tomorrow", "machine": "another"})


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "# [1, 2]\n", "\x89PNG"])
def test_a_file_that_is_no_recording_is_left_alone(tmp_path, small_space, content):
    path = tmp_path / "recording.csv"
    path.write_text(content)
    with pytest.raises(record_bank.RecordingError, match="is not a recording"):
        record_bank.open_recording(path, HEADER)
    assert path.read_text() == content


def test_every_training_is_recorded_once_and_one_seed_after_the_other(small_space):
    waiting = record_bank.trainings(set())
    assert len(waiting) == TRAININGS == len({(*v.values(), seed) for v, seed in waiting})
    assert [seed for _, seed in waiting] == [1] * 4 + [2] * 4
    assert record_bank.trainings({key(5, 0.2, seed=2)}) == [
        (values, seed) for values, seed in waiting
        if (values["num_hidden"], values["dropout"], seed) != (5, 0.2, 2)
    ]  # fmt: skip


def test_a_whole_recording_becomes_a_bank_and_part_of_one_does_not(tmp_path, small_space):
    path, target = tmp_path / "recording.csv", tmp_path / "bank.csv.gz"
    record_bank.open_recording(path, HEADER)
    waiting = record_bank.trainings(set())
    for values, seed in waiting[:-1]:
        record_bank.append(path, rows(values["num_hidden"], values["dropout"], seed))
    with pytest.raises(bank.BankError, match="lacks 2 of 16 rows"):
        record_bank.pack(path, target)
    values, seed = waiting[-1]
    record_bank.append(path, rows(values["num_hidden"], values["dropout"], seed))
    record_bank.pack(path, target)
    packed = target.read_bytes()
    assert len(bank.load_bank(target).table) == 16
    record_bank.pack(path, target)
    assert target.read_bytes() == packed, "packed twice, the file differs"


def test_a_training_is_real(small_space, monkeypatch):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 256)
    # Images whose class can be seen: each has a grey of its own.
    images = np.broadcast_to((25 * labels)[:, None, None, None], (256, 32, 32, 3)).astype(np.uint8)
    data = images, np.eye(10)[labels]
    monkeypatch.setattr(record_bank, "_images", (data, data), raising=False)
    values = {key: value for key, value in rows(10)[0].items() if key in SPACE}
    values["learning_rate"] = 3e-3
    first, second = record_bank.train(values, 1)
    assert list(first) == bank.COLUMNS
    assert first["parameters"] == 3072 * 10 + 10 + 10 * 10 + 10
    assert second["loss"] < first["loss"] and first["seconds"] > 0
    again = record_bank.train(values, 1)
    timeless = [{**row, "seconds": 0} for row in (first, second)]
    assert [{**row, "seconds": 0} for row in again] == timeless, "the same seed gave another result"
    assert record_bank.train(values, 2)[1]["loss"] != second["loss"]
