"""Keeps a trial that is under way, so that a search goes on in its middle.

KerasTuner goes on by trials: one that was interrupted begins anew. Here each training gets Keras'
own `BackupAndRestore`, and beside it what Keras does not keep: the curve so far, which the score
is taken from, and the best weights so far.
"""

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.engine.trial import Trial
from keras_tuner.errors import FatalError

from helpers import files, kerastuner
from helpers.search.backup import Backup, Curve, Progress, remove_backup
from helpers.search.deadline import Deadline, StopOnTime, is_last_epoch
from helpers.search.disk import DiskError, clear_errors
from helpers.search.restoring import History, Restore, UnusableError, backup_and_restore
from helpers.search.room import MARGIN, checkpoint_bytes


def keep_trainings(tuner: BaseTuner, *, every: float, deadline: Deadline) -> None:
    """Backs up the trainings of a tuner, and goes on with those that were interrupted.

    A tuner that does not train Keras models, or a `HyperModel.fit` of one's own, works as before.

    Args:
        tuner: Any tuner that has not begun to search.
        every: Seconds between two backups, which are made after an epoch.
        deadline: After the epoch in which it passes, the training is backed up, and interrupted.
    """
    trainings = _Trainings(tuner, every, deadline)
    if not kerastuner.replace_training(tuner, trainings.keep):
        return
    tuner.run_trial = trainings.go_on(tuner.run_trial)
    end_trial, search = tuner.on_trial_end, tuner.search

    def end_and_remove(trial: Trial) -> None:
        end_trial(trial)
        remove_backup(_folder(tuner, trial))

    def tidy_and_search(*args: Any, **kwargs: Any) -> None:
        # A crash may have come between the end of a trial and the removal of its backup.
        for trial in getattr(tuner.oracle, "trials", {}).values():  # a worker knows none
            if not kerastuner.is_at_work(trial):
                remove_backup(_folder(tuner, trial))
        search(*args, **kwargs)

    tuner.on_trial_end, tuner.search = end_and_remove, tidy_and_search


class _Trainings:
    """The trainings of one trial after the other."""

    def __init__(self, tuner: BaseTuner, every: float, deadline: Deadline) -> None:
        self.tuner, self.every, self.deadline = tuner, every, deadline
        self.possible = kerastuner.trains_with_plain_fit(tuner) and not tuner.oracle.multi_worker
        self.backup: Backup | None = None
        self.progress = Progress("", {})
        self.execution = 0
        self.saved_at = 0.0

    def go_on(self, run_trial: Callable) -> Callable:
        """Returns a `run_trial` that goes on where the backup says."""

        def run_or_go_on(trial: Trial, *args: Any, **kwargs: Any) -> Any:
            self.begin(trial)
            try:
                with clear_errors(Path(self.tuner.project_dir)):
                    return run_trial(trial, *args, **kwargs)
            except UnusableError as error:
                _say(f"The backup of trial {trial.trial_id} can't be used: {error}")
            except Exception as error:
                # What was interrupted goes on; what failed begins anew, if it is tried again.
                if not isinstance(error, FatalError):
                    remove_backup(_folder(self.tuner, trial))
                raise
            if self.backup is not None:
                self.backup.disown()
            return run_or_go_on(trial, *args, **kwargs)

        return run_or_go_on

    def begin(self, trial: Trial) -> None:
        """Finds out how far a trial has come."""
        self.execution, self.backup = 0, None
        checkpoint = kerastuner.checkpoint_file(self.tuner, trial.trial_id)
        if self.possible and checkpoint is not None:
            self.backup = Backup(_folder(self.tuner, trial), self.tuner.tuner_id, checkpoint)
            self.progress = self.backup.load(trial.trial_id, trial.hyperparameters.values)

    def keep(self, train: Callable) -> Callable:
        """Returns a function that trains as `train` does, from where the backup says."""

        def train_and_keep(trial: Trial, *args: Any, **kwargs: Any) -> Any:
            callbacks = [*(kwargs.pop("callbacks", None) or []), StopOnTime(self.deadline)]
            saver = kerastuner.find_saver(callbacks)
            if self.backup is None or saver is None:
                return train(trial, *args, callbacks=callbacks, **kwargs)
            self.execution += 1
            if self.execution <= len(self.progress.finished):
                curve = self.progress.finished[self.execution - 1]
                saver.best_value = curve.best_value
                # For what it declares: the trial may not have told of it before it died.
                self.tuner.hypermodel.build(trial.hyperparameters)
                return History(curve)
            before = self.progress.under_way
            history = History(before)
            if before is not None and self.progress.state is not None:
                saver.best_value = before.best_value
                state = self.backup.folder / self.progress.state
                callbacks.insert(0, Restore(state, before.epoch[-1] + 1))
            callbacks[-1:-1] = [history, _Keep(self, history, saver)]
            self.backup.folder.mkdir(exist_ok=True)
            self.wait(saver)
            results = train(trial, *args, callbacks=callbacks, **kwargs)
            self.save(history, saver)
            return results

        return train_and_keep

    def is_due(self) -> bool:
        """Returns whether it is time for another backup."""
        return time.monotonic() - self.saved_at >= self.every or self.deadline.has_passed()

    def save(self, history: History, saver: Any, model: Any = None) -> None:
        """Makes a backup of an execution, which is done unless its model is given."""
        if self.backup is None:
            return
        progress, curve = self.progress, Curve(history.epoch, history.history, saver.best_value)
        state = self.backup.folder / f"state-{progress.number + 1}"
        try:
            with clear_errors(Path(self.tuner.project_dir)):
                if model is None:
                    progress.finished.append(curve)
                    progress.under_way = progress.state = None
                else:
                    progress.under_way, progress.state = curve, state.name
                    files.check_room(self.backup.folder, checkpoint_bytes(model) + MARGIN)
                    backup_and_restore(state, model).on_epoch_end(curve.epoch[-1])
                self.backup.save(progress)
            self.wait(saver)
        except DiskError:
            shutil.rmtree(state, ignore_errors=True)
            raise
        except Exception as error:
            self.give_up(saver, error)

    def wait(self, saver: Any) -> None:
        """Lets better weights wait for the next backup."""
        if self.backup is not None:
            saver.filepath = str(self.backup.draft(self.progress))
        self.saved_at = time.monotonic()

    def give_up(self, saver: Any, error: Exception) -> None:
        """Lets this search go on without backups."""
        _say(f"Trainings of this search can't be backed up: {type(error).__name__}: {error}")
        self.possible = False
        if self.backup is not None:
            self.backup.settle(Path(saver.filepath))
            saver.filepath = str(self.backup.checkpoint)
            self.backup.remove()
            self.backup = None


class _Keep(keras.callbacks.Callback):
    """Makes backups, after all callbacks that do something with the epoch."""

    def __init__(self, trainings: _Trainings, history: History, saver: Any) -> None:
        super().__init__()
        self.trainings, self.kept, self.saver = trainings, history, saver

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        # After the last one the execution is done, which is saved without the model.
        if self.trainings.is_due() and not is_last_epoch(self, epoch):
            self.trainings.save(self.kept, self.saver, self.model)


def _folder(tuner: BaseTuner, trial: Trial) -> Path:
    return Path(tuner.project_dir, f"trial_{trial.trial_id}")


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
