import errno
import os

import keras
import keras_tuner
import numpy as np
import pytest

from helpers import files
from helpers.search import (
    CHIEF_DISK_FULL,
    CHIEF_FAILED,
    DiskError,
    ProjectError,
    mend_project,
    protect,
    protection,
    trials_table,
    watch,
)
from helpers.search.disk import clear_errors, unwritable
from tests.support.backends import EAGERLY
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
from tests.support.disks import LimitedFiles


def test_a_grid_that_died_cannot_go_on_and_says_so_before_it_tries(tmp_path):
    dying = make(tmp_path, keras_tuner.GridSearch)
    search_and_die(dying, dying.oracle, "end_trial", "1", "COMPLETED")
    mend_project(tmp_path / "project")
    tuner = make(tmp_path, keras_tuner.GridSearch)
    with pytest.raises(ProjectError, match=r"how far a grid has come.*reuse_trials"):
        protect(tuner)
    with pytest.raises(KeyError, match="1"):  # what KerasTuner says by itself
        tuner.search(verbose=0)


def test_a_grid_that_died_in_its_last_trial_goes_on(tmp_path):
    dying = make(tmp_path, keras_tuner.GridSearch)
    search_and_die(dying, dying.oracle, "update_trial", "2", "RUNNING")
    mend_project(tmp_path / "project")
    tuner = make(tmp_path, keras_tuner.GridSearch)
    protect(tuner)
    tuner.search(verbose=0)
    assert tuner.ran == ["2"] and list(result(tmp_path / "project")["status"]) == ["COMPLETED"] * 3


def test_a_grid_without_a_limit_that_died_cannot_go_on(tmp_path):
    """KerasTuner would draw what follows the trial that was cut off, and does not know it."""
    dying = make(tmp_path, keras_tuner.GridSearch, max_trials=None)
    search_and_die(dying, dying.oracle, "update_trial", "0007", "RUNNING")
    tuner = make(tmp_path, keras_tuner.GridSearch, max_trials=None)
    with pytest.raises(ProjectError, match="how far a grid has come"):
        protect(tuner)


def test_a_grid_that_is_done_can_be_opened_again(tmp_path):
    make(tmp_path, keras_tuner.GridSearch).search(verbose=0)
    protect(make(tmp_path, keras_tuner.GridSearch))


def test_a_chief_serves_as_the_course_does_and_ends_soon_after_its_workers(tmp_path, monkeypatch):
    from keras_tuner.src.distribute import oracle_chief

    kerastuner_s = oracle_chief.start_server  # which looks every 20 s
    monkeypatch.setattr(oracle_chief, "start_server", kerastuner_s)  # and back again afterwards
    monkeypatch.setenv("KERASTUNER_TUNER_ID", "chief")
    monkeypatch.setenv("KERASTUNER_ORACLE_IP", "127.0.0.1")
    monkeypatch.setenv("KERASTUNER_ORACLE_PORT", "1")
    protect(make(tmp_path))
    assert oracle_chief.start_server is not kerastuner_s


def test_a_worker_puts_its_own_state_in_place_in_one_step(tmp_path, monkeypatch):
    monkeypatch.setattr(protection.kerastuner, "keeps_books", lambda oracle: False)
    monkeypatch.setattr(protection.kerastuner, "make_client_patient", lambda *_, **__: None)
    tuner = make(tmp_path)
    protect(tuner)
    replaced, replace = [], os.replace

    def note_and_replace(source, target):
        replaced.append(os.path.basename(target))
        replace(source, target)

    monkeypatch.setattr(files.os, "replace", note_and_replace)
    tuner.save()
    assert replaced == ["tuner0.json"]


@pytest.mark.parametrize("max_trials", [None, 1000])
def test_a_grid_that_tried_every_combination_can_be_opened_again(tmp_path, max_trials):
    """Some of them conditional, one declared late, and one that failed."""

    def grid():
        tuner = make(tmp_path, keras_tuner.GridSearch, max_trials=max_trials)

        def run_trial(trial, **unused):
            tuner.ran.append(trial.trial_id)
            hp = trial.hyperparameters
            if hp.Choice("kind", ["one", "two"]) == "two":
                with hp.conditional_scope("kind", ["two"]):
                    hp.Int("n", 1, 2)
            if len(tuner.ran) == 5:
                raise ValueError
            return {"loss": 1.0}

        tuner.run_trial = run_trial
        return tuner

    first = grid()
    first.search(verbose=0)
    again = grid()
    protect(again)
    again.search(verbose=0)
    assert len(first.ran) == 9 * 3 and again.ran == []
    unfinished = make(tmp_path, keras_tuner.GridSearch, "unfinished", max_trials=4)
    unfinished.search(verbose=0)
    with pytest.raises(ProjectError, match="how far a grid has come"):
        protect(make(tmp_path, keras_tuner.GridSearch, "unfinished", max_trials=max_trials))


def in_turn(first, second):
    def both(*args):
        first(*args)
        second()

    return both


def test_a_disk_that_fills_up_in_training_ends_the_search_in_one_clear_error(small_disk):
    """HDF5, which writes the checkpoint, would end the process in a segmentation fault."""
    if isinstance(small_disk, LimitedFiles) and not hasattr(os, "posix_fallocate"):
        pytest.skip("macOS does not tell beforehand whether a file will be too large")
    tuner = training(small_disk.folder)
    protect(tuner)
    watch(tuner)
    # Enough for what says how far the search is, and not for a checkpoint.
    tuner.on_trial_end = in_turn(tuner.on_trial_end, lambda: small_disk.fill(room=40_000))
    with pytest.raises(DiskError, match=r"(?s)disk that holds .* is full.*finished are kept"):
        train(tuner)
    project = small_disk.folder / "project"
    before = result(project).query("status == 'COMPLETED'")
    assert list(before.index) == [0]
    small_disk.make_room()
    mend_project(project)
    tuner = training(small_disk.folder)
    protect(tuner)
    train(tuner)
    after = result(project)
    assert len(after) == 2 and (after["status"] == "COMPLETED").all()
    assert after.loc[[0], "score"].equals(before["score"])


@pytest.mark.parametrize("hook", ["on_search_begin", "on_trial_begin", "on_trial_end"])
def test_a_disk_that_fills_up_between_two_epochs_ends_the_search_in_the_same_error(
    small_disk, hook
):
    """At a trial's end KerasTuner has saved it before `watch` finds no room for its record."""
    tuner = make(small_disk.folder)
    protect(tuner)
    setattr(tuner, hook, in_turn(getattr(tuner, hook), small_disk.fill))
    watch(tuner)
    with pytest.raises(DiskError, match=r"(?s)disk that holds .* is full.*finished are kept"):
        tuner.search(verbose=0)
    small_disk.make_room()
    kept = ["0"] if hook == "on_trial_end" else []
    tuner.ran.clear()
    mend_project(small_disk.folder / "project")
    again = make(small_disk.folder)
    protect(again)
    again.search(verbose=0)
    assert kept + again.ran == ["0", "1", "2"]
    assert not list(small_disk.folder.rglob("*.tmp"))


def test_a_disk_that_is_full_is_noticed_before_the_first_trial(small_disk):
    tuner = make(small_disk.folder)
    small_disk.fill()
    for look in (lambda: protect(tuner), lambda: mend_project(small_disk.folder / "project")):
        with pytest.raises(DiskError, match="into .*(No space left|File too large).*with room"):
            look()
    assert tuner.ran == []


def test_a_file_that_another_program_never_lets_go_ends_the_search_and_nothing_is_lost(
    tmp_path, monkeypatch
):
    """As on Windows, where an editor or a virus scanner may hold it open."""
    replace = os.replace

    def refuse(source, target):
        if os.path.basename(target) == "oracle.json" and tuner.ran == ["0", "1"]:
            raise PermissionError(errno.EACCES, "Access is denied", str(source))
        replace(source, target)

    monkeypatch.setattr(os, "replace", refuse)
    monkeypatch.setattr(files, "PATIENCE", 0.0)
    tuner = make(tmp_path)
    protect(tuner)
    with pytest.raises(DiskError, match=r"Access is denied.*virus scanner.*it goes on"):
        tuner.search(verbose=0)
    monkeypatch.undo()
    (mended,) = mend_project(tmp_path / "project")
    assert mended == "Trial 1 was finished, and does not run again."
    again = make(tmp_path)
    protect(again)
    again.search(verbose=0)
    assert again.ran == ["2"] and len(result(tmp_path / "project")) == 3


def test_an_error_that_is_clear_already_stays_as_it_is(tmp_path):
    clear = unwritable(tmp_path, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    with pytest.raises(DiskError, match="Nothing can be written into"), clear_errors(tmp_path):
        raise clear


def test_an_error_about_other_files_stays_the_trial_s_own(tmp_path):
    def run_trial(trial, **unused):
        raise PermissionError(errno.EACCES, "Access is denied", str(tmp_path / "my data.csv"))

    tuner = make(tmp_path, max_consecutive_failed_trials=9)
    tuner.run_trial = run_trial
    protect(tuner)
    tuner.search(verbose=0)
    assert set(result(tmp_path / "project")["status"]) == {"FAILED"}


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
        if kind == "huge":
            np.ones(10**16)  # TensorFlow's own allocator would wait for room, for ten seconds
        layers = [keras.layers.Dense(2), keras.layers.Dense(2, activation="softmax")]
        model = keras.Sequential([keras.Input(shape=(4,)), *layers])
        how = {"loss": "sparse_categorical_crossentropy", "run_eagerly": EAGERLY}
        model.compile(keras.optimizers.SGD(rate), **how)
        return model

    where = {"directory": tmp_path, "project_name": "project", "seed": 1}
    tuner = keras_tuner.GridSearch(build_some_too_large, "val_loss", **where)
    protect(tuner)
    watch(tuner)
    tuner.search(X, Y, validation_data=(X, Y), epochs=1, verbose=0)
    table = trials_table(tuner).set_index("kind")
    assert table["status"].to_dict() == {"sound": "COMPLETED", "huge": "FAILED", "nan": "FAILED"}
    assert "Unable to allocate" in table["message"]["huge"]


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (DiskError("The disk is full."), CHIEF_DISK_FULL, "The disk is full."),
        (KeyError("rate"), CHIEF_FAILED, "KeyError: 'rate'"),
    ],
)
def test_a_chief_says_why_it_ends(error, status, reason, monkeypatch, capsys):
    exits = []
    monkeypatch.setattr(protection.os, "_exit", exits.append)
    protection._end_chief(error)
    assert exits == [status] and capsys.readouterr().err == f"The chief ends: {reason}\n"
