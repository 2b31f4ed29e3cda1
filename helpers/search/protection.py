"""Makes a running search survive a crash, and end in one clear error when the disk is full."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import keras_tuner
from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.engine.trial import Trial

from helpers import files, kerastuner
from helpers.search.checkpoints import keep_checkpoints as keep_best
from helpers.search.deadline import Deadline, end_on_time
from helpers.search.disk import DiskError, check_writable, clear_errors
from helpers.search.exclusion import SearchState, lock_project
from helpers.search.project import FINISHED, ProjectError
from helpers.search.reuse import how_to_reuse
from helpers.search.room import check_room_for_checkpoints
from helpers.search.trainings import keep_trainings

CHIEF_DISK_FULL = 74  # exit status of a chief that can't save: EX_IOERR of sysexits.h
CHIEF_FAILED = 70  # of one that ran into another error: EX_SOFTWARE
_MARK = "protection"  # the attribute of a tuner that holds the options
PATIENCE = 600.0  # seconds that a worker waits for a chief
BACKUP_EVERY = 60.0  # seconds; the most that a crash costs, apart from the epoch under way


def protect(
    tuner: BaseTuner,
    *,
    stop_after: float | None = None,
    keep_checkpoints: int | None = None,
    backup_every: float = BACKUP_EVERY,
    patience: float = PATIENCE,
) -> None:
    """Makes a search survive a crash, and keeps other searches out of its folder.

    - KerasTuner writes its state in place, so that a crash in the middle leaves half a file, with
      which the search can't go on. Afterwards each file is replaced in one step.
    - While `tuner.search` runs, the project folder is locked: the same search in another process
      ends in one clear error.
    - A training that is interrupted goes on where it was: after an epoch, its weights, its
      optimizer and its curve are backed up, and removed when the trial is done. The callbacks
      begin anew, as Keras has it: `EarlyStopping` and `ReduceLROnPlateau` count their patience
      from the first epoch afterwards (a learning rate that was reduced stays so). Shuffling and
      dropout draw other numbers than they would have. A search that does not train by Keras'
      `fit` alone goes on by trials, as KerasTuner does: with a `HyperModel.fit` or a
      `Tuner.run_trial` of one's own, or scikit-learn.
    - In a search of several processes, a chief that can't save its state says why and ends, and a
      worker keeps its result until the chief is back. A chief that is started again leaves running
      trials with their workers. It shares its port with no other chief, and ends soon after its
      workers, not up to 20 s later.

    Call it after `mend_project` and the tuner, before `tuner.search`; in every process of a search
    that has several. Called again with the same tuner, it does nothing.

    Args:
        tuner: Any KerasTuner tuner that has not begun to search.
        stop_after: Hours after which `tuner.search` returns, as soon as an epoch or a trial ends;
            None for no limit. The same search goes on, in the middle of the trial. Each process
            of a search that has several counts for itself.
        keep_checkpoints: How many of the best trials keep their weights; None for all. Those
            that are needed otherwise stay, too: where trials are running or have equal scores,
            and where Hyperband may go on from them. The weights of the others are removed when
            a trial has ended, its result never.
        backup_every: Seconds between two backups of a training. 0 makes one after every epoch,
            `math.inf` none. A backup takes as long as a checkpoint; while a trial is running,
            there has to be room for up to three more of these.
        patience: Seconds that a worker waits for a chief that does not answer.

    Raises:
        ValueError: A number makes no sense, or a second call names other options.
        DiskError: Its project folder can't be written. While it searches: the disk is full, or a
            file can't be replaced; what was finished is kept, and the same search goes on later.
        ProjectError: It is a `GridSearch` that was begun by another process. KerasTuner does not
            save how far a grid has come. From `tuner.search`: another process is at work in the
            folder, or has been since the tuner was made.
        PortTakenError: From `tuner.search` of a chief: another program listens on its port.
    """
    _check_numbers(keep_checkpoints, backup_every)
    oracle, deadline = tuner.oracle, Deadline(stop_after)
    options = (stop_after, keep_checkpoints, backup_every)
    if (before := getattr(tuner, _MARK, None)) is not None:
        if options not in (before, (None, None, BACKUP_EVERY)):
            raise ValueError("This tuner is protected already, with other options. Make it again.")
        return
    folder = Path(tuner.project_dir)
    check_writable(folder)
    if kerastuner.keeps_books(oracle) and _is_lost_grid(oracle):
        raise ProjectError(
            f"KerasTuner does not save how far a grid has come, so the one in {folder} can't "
            f"go on. Make the tuner with another project_name, and {how_to_reuse(folder)}"
        )
    keep_trainings(tuner, every=backup_every, deadline=deadline)
    end_on_time(tuner, deadline)
    if kerastuner.keeps_books(oracle):
        if keep_checkpoints is not None:
            keep_best(tuner, keep_checkpoints)
        state = SearchState(folder, oracle)
        _save_in_one_step(tuner, state)
        tuner.search = _alone(tuner.search, state)
        if kerastuner.is_chief():
            kerastuner.improve_chief(oracle, on_error=_end_chief)
            kerastuner.accept_farewells(oracle, deadline.has_passed)
    else:
        kerastuner.make_client_patient(oracle, patience=patience)
        tuner.save = lambda: _save_tuner(tuner, folder)
    check_room_for_checkpoints(tuner)
    tuner.run_trial = _clearly(tuner.run_trial, folder)
    # With the hooks, also those that `watch` adds later: they write files of their own there.
    tuner.search = _clearly(tuner.search, folder)
    setattr(tuner, _MARK, options)


def _check_numbers(keep_checkpoints: int | None, backup_every: float) -> None:
    whole = type(keep_checkpoints) is int and keep_checkpoints >= 1
    if not whole and keep_checkpoints is not None:
        raise ValueError(f"keep_checkpoints={keep_checkpoints}: give a number of at least 1.")
    if not backup_every >= 0:
        raise ValueError(f"backup_every={backup_every}: give the seconds between two backups.")


def _save_in_one_step(tuner: BaseTuner, state: SearchState) -> None:
    folder, oracle = state.folder, tuner.oracle

    def save_trial(trial: Trial) -> None:
        file = folder / f"trial_{trial.trial_id}" / "trial.json"
        with clear_errors(folder):
            state.check_unchanged()
            file.parent.mkdir(exist_ok=True)
            files.write_text(file, json.dumps(trial.get_state()))

    def save_oracle() -> None:
        with clear_errors(folder):
            state.write(json.dumps(oracle.get_state()))

    def save_tuner() -> None:
        oracle.save()
        _save_tuner(tuner, folder)

    kerastuner.replace_writers(oracle, save_trial=save_trial, save_oracle=save_oracle)
    tuner.save = save_tuner


def _save_tuner(tuner: BaseTuner, folder: Path) -> None:
    with clear_errors(folder):
        files.write_text(folder / f"{tuner.tuner_id}.json", json.dumps(tuner.get_state()))


def _alone(search: Callable, state: SearchState) -> Callable:
    """Returns a search that runs only while no other one has the folder."""

    def search_alone(*args, **kwargs):
        with lock_project(state.folder):
            state.check_unchanged()
            return search(*args, **kwargs)

    return search_alone


def _end_chief(error: Exception) -> None:
    """Ends this process, which is a chief in the middle of an answer to a worker."""
    full = isinstance(error, DiskError)
    reason = f"{error}" if full else f"{type(error).__name__}: {error}"
    print(f"The chief ends: {reason}", file=sys.stderr, flush=True)
    # Not by an exception, which would end a thread of gRPC's only.
    os._exit(CHIEF_DISK_FULL if full else CHIEF_FAILED)


def _is_lost_grid(oracle: keras_tuner.Oracle) -> bool:
    """Returns whether it is a grid that another process began, and that has trials to draw yet."""
    if not isinstance(oracle, keras_tuner.oracles.GridSearchOracle) or not oracle.trials:
        return False
    if oracle.max_trials is not None and len(oracle.trials) >= oracle.max_trials:
        return False  # a trial that was cut off runs again, and none is drawn
    cut_off = any(trial.status not in FINISHED for trial in oracle.trials.values())
    return cut_off or not kerastuner.is_exhausted(oracle)


def _clearly(function: Callable, folder: Path) -> Callable:
    def call(*args, **kwargs):
        with clear_errors(folder):
            return function(*args, **kwargs)

    return call
