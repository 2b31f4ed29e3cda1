import json
import math
import os
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import keras
import keras_tuner
import numpy as np
import pytest

from helpers import files
from helpers.search import DiskError, learning_curves, mend_project, trainings, trials_table
from tests.support.crashes import Died, posix
from tests.support.trainings import EPOCHS, Diary, build, make, outcome, search

ROOT = Path(__file__).parents[3]
KILLED = """
import os, signal, sys
from pathlib import Path
import keras
from tests.support.trainings import make, search

class Kill(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if self.model.optimizer.iterations == 4:  # in the fourth epoch
            os.kill(os.getpid(), signal.SIGKILL)

search(make(Path(sys.argv[1])), Kill())
"""


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What searches without any accident lead to, by the number of executions."""
    folder = tmp_path_factory.mktemp("undisturbed")
    for executions, epochs in ((1, EPOCHS), (2, 2)):
        search(make(folder, str(executions), executions_per_trial=executions), epochs=epochs)
    return {executions: outcome(folder, str(executions)) for executions in (1, 2)}


def go_on(folder, *callbacks, epochs=EPOCHS, **how):
    """Searches again, as a new process would, and returns the epochs that were trained."""
    mend_project(folder / "project")
    diary = Diary()
    search(make(folder, **how), diary, *callbacks, epochs=epochs)
    return diary.epochs


def backups(folder):
    return sorted(path.name for path in folder.rglob("backup-*/*"))


@posix
def test_a_training_that_was_killed_goes_on_in_its_middle_and_ends_the_same(tmp_path, undisturbed):
    killed = subprocess.run([sys.executable, "-c", KILLED, tmp_path], cwd=ROOT)
    assert killed.returncode == -signal.SIGKILL
    assert go_on(tmp_path) == [4]
    assert outcome(tmp_path, "project") == undisturbed[1]
    assert not (tmp_path / "project" / "trial_0" / "backup-tuner0").exists()


def test_wherever_it_dies_it_ends_as_the_undisturbed_one(tmp_path, undisturbed, monkeypatch):
    replace, trained = os.replace, []
    while True:
        folder, left = tmp_path / str(len(trained)), iter(range(len(trained)))

        def replace_or_die(source, target, left=left):
            # Those of KerasTuner's own files are tried out elsewhere.
            ours = "trial_0" in str(target) and not str(target).endswith("trial.json")
            if ours and next(left, None) is None:
                raise Died
            replace(source, target)

        diary, tuner = Diary(), make(folder, executions_per_trial=2)
        monkeypatch.setattr(files.os, "replace", replace_or_die)
        try:
            search(tuner, diary, epochs=2)
            break
        except Died:
            monkeypatch.undo()
        again = go_on(folder, epochs=2, executions_per_trial=2)
        assert outcome(folder, "project") == undisturbed[2], (diary.epochs, again)
        assert not (folder / "project" / "trial_0" / "backup-tuner0").exists()
        trained.append((len(diary.epochs), len(again)))
    # Never is more lost than the epoch that was under way.
    assert {first for first, _ in trained} == {1, 2, 3, 4}
    assert {first + second for first, second in trained} == {4, 5}


# Whose models are built with the weights of another trial, not with its optimizer's state.
@pytest.mark.filterwarnings("ignore:Skipping variable loading for optimizer")
def test_hyperband_goes_on_in_the_middle_of_a_trial_that_began_with_another_ones_weights(tmp_path):
    how = {"tuner_class": keras_tuner.Hyperband, "max_epochs": 3, "factor": 3}
    whole = Diary()
    search(make(tmp_path, "undisturbed", **how), whole)
    # Three trials of an epoch; the best one's weights then go on for the epochs 2 and 3.
    dies_at = whole.epochs.index(3)
    assert whole.epochs[: dies_at + 1] == [1, 1, 1, 2, 3]
    diary = Diary(dies_at)
    with pytest.raises(Died):
        search(make(tmp_path, **how), diary)
    again = go_on(tmp_path, **how)
    assert diary.epochs + again == whole.epochs and again[0] == 3
    assert outcome(tmp_path, "project") == outcome(tmp_path, "undisturbed")


def test_ctrl_c_in_a_notebook_is_an_interruption_too(tmp_path, undisturbed):
    tuner, diary = make(tmp_path), Diary(2, KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        search(tuner, diary)
    again = Diary()
    search(tuner, again)  # the same tuner
    assert (diary.epochs, again.epochs) == ([1, 2], [3, 4])
    assert outcome(tmp_path, "project") == undisturbed[1]


def test_a_learning_rate_stays_reduced_but_callbacks_of_keras_count_anew(tmp_path):
    def callbacks():
        never_better = {"monitor": "val_loss", "min_delta": 1e9}
        return (
            keras.callbacks.ReduceLROnPlateau(patience=1, factor=0.5, **never_better),
            keras.callbacks.EarlyStopping(patience=4, **never_better),
        )

    with pytest.raises(Died):
        search(make(tmp_path), Diary(3), *callbacks(), epochs=9)
    # By itself, EarlyStopping would have stopped after the fifth epoch.
    assert go_on(tmp_path, *callbacks(), epochs=9) == [4, 5, 6, 7, 8]
    rates = learning_curves(tmp_path / "project")["learning_rate"]
    np.testing.assert_allclose(rates, 0.02 * 0.5 ** np.array([0, 0, 1, 2, 2, 3, 4, 5]))


@pytest.mark.parametrize("other", ["trial", "values"])
def test_a_backup_of_another_trial_or_other_values_is_never_restored(tmp_path, undisturbed, other):
    with pytest.raises(Died):
        search(make(tmp_path), Diary(2))
    state = tmp_path / "project" / "trial_0" / "backup-tuner0" / "state.json"
    found = json.loads(state.read_text())
    found |= {"trial_id": "1"} if other == "trial" else {"values": {"units": 2}}
    state.write_text(json.dumps(found))
    assert go_on(tmp_path) == [1, 2, 3, 4]
    assert outcome(tmp_path, "project") == undisturbed[1]


DAMAGES = {
    "the weights": ("*.weights.h5", b"nonsense", True),
    "the epoch": ("training_metadata.json", b'{"epoch": 0, "batch": 0}', True),
    "the state": ("state.json", b'{"number": 2', False),
    "all that Keras keeps": ("state-*/*", None, False),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_with_a_damaged_backup_the_trial_begins_anew(tmp_path, undisturbed, capsys, damage):
    names, content, said = DAMAGES[damage]
    with pytest.raises(Died):
        search(make(tmp_path), Diary(2))
    found = [*(tmp_path / "project" / "trial_0" / "backup-tuner0").rglob(names)]
    assert found
    for file in found:
        file.unlink() if content is None else file.write_bytes(content)
    assert go_on(tmp_path) == [1, 2, 3, 4]
    assert outcome(tmp_path, "project") == undisturbed[1]
    words = capsys.readouterr().err
    assert ("The backup of trial 0 can't be used: " in words) == said and words.count("\n") == said


@pytest.mark.parametrize("executions, epochs, refused", [(2, 2, 0), (1, EPOCHS, 2)])
def test_a_model_that_cant_be_backed_up_is_trained_as_before(
    tmp_path, undisturbed, capsys, monkeypatch, executions, epochs, refused
):
    back_up = keras.callbacks.BackupAndRestore.on_epoch_end

    def refuse(self, number, logs=None):
        if number >= refused:
            raise NotImplementedError("no such layer can be saved")
        back_up(self, number, logs)

    monkeypatch.setattr(keras.callbacks.BackupAndRestore, "on_epoch_end", refuse)
    search(make(tmp_path, executions_per_trial=executions), epochs=epochs)
    assert outcome(tmp_path, "project") == undisturbed[executions]
    words = capsys.readouterr().err
    assert words.count("\n") == 1 and "NotImplementedError: no such layer" in words
    assert backups(tmp_path) == []


def test_a_trial_that_failed_begins_anew_when_it_is_tried_again(tmp_path, undisturbed):
    class Failing(Diary):
        def __deepcopy__(self, memo):
            return self

        def on_epoch_begin(self, epoch, logs=None):
            if len(self.epochs) == 2:
                self.epochs.append("failed")
                raise OSError("the network drive does not answer")
            self.epochs.append(epoch + 1)

    failing = Failing()
    search(make(tmp_path, max_retries_per_trial=1), failing)
    assert failing.epochs == [1, 2, "failed", 1, 2, 3, 4]
    assert outcome(tmp_path, "project")[1:] == undisturbed[1][1:]


class OwnFit(keras_tuner.HyperModel):
    """Trains twice, so that no backup of one `fit` would do."""

    def build(self, hp):
        return build(hp)

    def fit(self, hp, model, *args, epochs, **kwargs):
        model.fit(*args, epochs=1, **kwargs)
        return model.fit(*args, epochs=epochs, **kwargs)


class OwnTrial(keras_tuner.RandomSearch):
    """Trains by itself."""

    def run_trial(self, trial, x, y, epochs, callbacks, **kwargs):
        model = self.hypermodel.build(trial.hyperparameters)
        copied = self._deepcopy_callbacks(callbacks)
        history = model.fit(x, y, epochs=epochs, callbacks=copied, **kwargs)
        return history.history["val_loss"][-1]


@pytest.mark.parametrize("own", ["fit", "run_trial"])
def test_a_training_of_ones_own_goes_on_by_trials(tmp_path, own):
    how = {"builder": OwnFit()} if own == "fit" else {"tuner_class": OwnTrial, "max_trials": 1}
    with pytest.raises(Died):
        search(make(tmp_path, **how), Diary(2))
    assert backups(tmp_path) == []
    assert go_on(tmp_path, **how) == ([1] if own == "fit" else []) + [1, 2, 3, 4]
    assert trials_table(tmp_path / "project")["status"].tolist() == ["COMPLETED"]


def test_a_run_trial_that_looks_at_its_weights_finds_them(tmp_path):
    class Looking(keras_tuner.RandomSearch):
        def run_trial(self, trial, *args, **kwargs):
            super().run_trial(trial, *args, **kwargs)
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Skipping variable loading for optimizer")
                model = self.load_model(trial)
            return {"val_loss": model.evaluate(*kwargs["validation_data"], verbose=0)}

    search(make(tmp_path, tuner_class=Looking, max_trials=1))
    best = learning_curves(tmp_path / "project")["val_loss"].min()
    assert math.isclose(trials_table(tmp_path / "project").loc[0, "score"], best, rel_tol=1e-5)


def test_what_a_crash_left_of_a_finished_trial_is_removed(tmp_path):
    tuner = make(tmp_path)
    tuner.on_search_end = lambda: None
    search(tuner)
    left = tmp_path / "project" / "trial_0" / "backup-tuner0" / "state-2"
    left.mkdir(parents=True)
    search(make(tmp_path))
    assert backups(tmp_path) == []


def test_a_trial_whose_result_was_reported_and_that_runs_again_is_not_restored(tmp_path):
    tuner, diary = make(tmp_path), Diary()

    def die(*unused):
        raise Died

    tuner.oracle.end_trial = die
    with pytest.raises(Died):
        search(tuner, diary)
    assert backups(tmp_path) == ["state.json"]  # it was all trained
    (told,) = mend_project(tmp_path / "project")
    assert "runs again" in told and backups(tmp_path) == []
    assert go_on(tmp_path) == diary.epochs == [1, 2, 3, 4]


def test_a_worker_that_could_not_report_has_not_trained_in_vain(tmp_path, undisturbed):
    tuner = make(tmp_path)

    def chief_has_gone(*unused, **unused_too):
        raise keras_tuner.errors.FatalError("no chief")

    tuner.oracle.update_trial = chief_has_gone
    with pytest.raises(keras_tuner.errors.FatalError):
        search(tuner)
    assert go_on(tmp_path) == []
    assert outcome(tmp_path, "project") == undisturbed[1]


def test_what_only_its_own_builder_declares_is_known_of_a_trial_that_died_when_it_was_trained(
    tmp_path,
):
    def build_with_more(hp):
        if hp.Int("units", 2, 9) > 2:  # the default is 2, and KerasTuner has built that model only
            hp.Choice("more", [1, 2])
        return build(hp)

    def die(*unused, **unused_too):
        raise Died

    tuner = make(tmp_path, builder=build_with_more)
    tuner.oracle.update_trial = die
    with pytest.raises(Died):
        search(tuner)
    assert go_on(tmp_path, builder=build_with_more) == []
    assert trials_table(tmp_path / "project")["more"].tolist() == [1]


def test_a_disk_that_is_full_at_a_backup_is_the_one_clear_error_and_loses_nothing(
    tmp_path, undisturbed, monkeypatch
):
    back_up = keras.callbacks.BackupAndRestore.on_epoch_end

    def fill_up(self, epoch, logs=None):
        back_up(self, epoch, logs)
        if epoch == 2:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(keras.callbacks.BackupAndRestore, "on_epoch_end", fill_up)
    with pytest.raises(DiskError, match=r"disk that holds .* is full"):
        search(make(tmp_path))
    assert "state-2" in backups(tmp_path) and "state-3" not in backups(tmp_path)
    monkeypatch.undo()
    assert go_on(tmp_path) == [3, 4]
    assert outcome(tmp_path, "project") == undisturbed[1]


def test_backups_are_made_as_often_as_they_are_wanted(tmp_path, monkeypatch):
    now = 0.0
    monkeypatch.setattr(trainings.time, "monotonic", lambda: now)

    class Minute(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            nonlocal now
            now += 60.0

    made = []
    back_up = keras.callbacks.BackupAndRestore.on_epoch_end

    def note(self, epoch, logs=None):
        made.append(epoch + 1)
        back_up(self, epoch, logs)

    monkeypatch.setattr(keras.callbacks.BackupAndRestore, "on_epoch_end", note)
    for number, seconds in enumerate((0, 60, 120, 121, math.inf)):
        how = {"protect": {"backup_every": seconds}}
        search(make(tmp_path, str(number), **how), Minute(), epochs=7)
        made.append(seconds)
    every = [1, 2, 3, 4, 5, 6]  # not the last one: then the training is done
    assert made == [*every, 0, *every, 60, 2, 4, 6, 120, 3, 6, 121, math.inf]
