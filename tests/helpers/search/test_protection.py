import subprocess
import sys
import time

import keras
import keras_tuner
import pytest

from helpers.search import (
    DiskError,
    ProjectError,
    mend_project,
    protect,
    trials_table,
    watch,
)
from tests.support.crashes import (
    X,
    Y,
    as_nobody,
    make,
    posix,
    result,
    search_and_die,
    train,
    training,
)


def test_a_grid_that_died_cannot_go_on_and_says_so_before_it_tries(tmp_path):
    dying = make(tmp_path, keras_tuner.GridSearch)
    search_and_die(dying, dying.oracle, "end_trial", "1", "COMPLETED")
    mend_project(tmp_path / "project")
    tuner = make(tmp_path, keras_tuner.GridSearch)
    with pytest.raises(ProjectError, match=r"how far a grid has come.*reuse_trials"):
        protect(tuner)
    with pytest.raises(KeyError, match="1"):  # what KerasTuner says by itself
        tuner.search(verbose=0)


def test_a_grid_that_is_done_can_be_opened_again(tmp_path):
    make(tmp_path, keras_tuner.GridSearch).search(verbose=0)
    protect(make(tmp_path, keras_tuner.GridSearch))


def test_a_chief_ends_soon_after_its_workers(tmp_path, monkeypatch):
    from keras_tuner.src.distribute import oracle_chief

    have_ended = oracle_chief.exit_chief
    monkeypatch.setattr(oracle_chief, "exit_chief", have_ended)  # and back again afterwards
    monkeypatch.setenv("KERASTUNER_TUNER_ID", "chief")
    monkeypatch.setenv("KERASTUNER_ORACLE_IP", "127.0.0.1")
    monkeypatch.setenv("KERASTUNER_ORACLE_PORT", "1")
    tuner = make(tmp_path)
    protect(tuner)
    tuner.oracle.tuner_ids = {"worker0"}
    waited = []

    def sleep(seconds):
        waited.append(seconds)
        tuner.oracle.tuner_ids.clear()

    monkeypatch.setattr(time, "sleep", sleep)
    assert oracle_chief.exit_chief(tuner.oracle) and have_ended(tuner.oracle)
    assert waited == [1, 1]


@pytest.fixture
def small_disk(tmp_path):
    """A real disk of 400 kB, on which no search of three checkpoints has room."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", disk]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only Linux's root may mount a small disk")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


# HDF5 fails once more when its half-written file is closed.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("protected", [False, True])
def test_a_disk_that_fills_up_ends_the_search_in_one_clear_error(small_disk, protected):
    tuner = training(small_disk)
    watch(tuner)
    if not protected:
        with pytest.raises(Exception) as raised:
            train(tuner)
        assert "finished are kept" not in str(raised.value)
        return
    protect(tuner)
    with pytest.raises(DiskError, match=r"(?s)disk that holds .* is full.*finished are kept"):
        train(tuner)
    before = result(small_disk / "project").query("status == 'COMPLETED'")
    assert 1 <= len(before) < 4
    # Room is made, and it goes on.
    subprocess.run(["mount", "-o", "remount,size=4m", small_disk], check=True)
    mend_project(small_disk / "project")
    tuner = training(small_disk)
    protect(tuner)
    train(tuner)
    after = result(small_disk / "project")
    assert len(after) == 4 and (after["status"] == "COMPLETED").all()
    assert after.loc[before.index, "score"].equals(before["score"])


def test_a_disk_that_is_full_is_noticed_before_the_first_trial(small_disk):
    tuner = make(small_disk)
    with pytest.raises(OSError):
        (small_disk / "filler").write_bytes(b"0" * 500_000)
    for look in (lambda: protect(tuner), lambda: mend_project(small_disk / "project")):
        with pytest.raises(DiskError, match="Nothing can be written into .*No space left"):
            look()
    assert tuner.ran == []


@posix
def test_a_folder_without_write_permission_is_noticed_before_the_tuner_is_made(tmp_path):
    folder = tmp_path / "searches" / "project"
    with (
        as_nobody(tmp_path),
        pytest.raises(DiskError, match=r"Permission denied.*`directory` where you may write"),
    ):
        mend_project(folder)


def test_a_trial_out_of_memory_and_one_with_nan_do_not_end_the_search(tmp_path):
    def build_some_too_large(hp):
        kind = hp.Choice("kind", ["sound", "huge", "nan"])
        rate = 1e30 if kind == "nan" else 1e-3
        units = 10**14 if kind == "huge" else 2
        layers = [keras.layers.Dense(units), keras.layers.Dense(2, activation="softmax")]
        model = keras.Sequential([keras.Input(shape=(4,)), *layers])
        how = {"loss": "sparse_categorical_crossentropy", "run_eagerly": True}
        model.compile(keras.optimizers.SGD(rate), **how)
        return model

    where = {"directory": tmp_path, "project_name": "project", "seed": 1}
    tuner = keras_tuner.GridSearch(build_some_too_large, "val_loss", **where)
    protect(tuner)
    watch(tuner)
    tuner.search(X, Y, validation_data=(X, Y), epochs=1, verbose=0)
    table = trials_table(tuner).set_index("kind")
    assert table["status"].to_dict() == {"sound": "COMPLETED", "huge": "FAILED", "nan": "FAILED"}
    assert "OOM" in table["message"]["huge"]
