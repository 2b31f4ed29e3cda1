"""What lets a search go on after a crash: a killed process, a full disk, a file cut short.

KerasTuner repeats the trial that was running when its process died, and keeps the others. That
works nearly always. `protect` and `mend_project` close the gaps; `reuse_trials` saves the finished
trials of a search that is beyond repair.
"""

import errno
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras_tuner
from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.engine.trial import Trial, TrialStatus
from keras_tuner.src.distribute import utils as dist_utils

from helpers.trials import FINISHED, ProjectError, read_trial, write_whole

DISK_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))


class DiskError(keras_tuner.errors.FatalError):
    """The project folder can't be written. KerasTuner ends a search at once with it."""


def protect(tuner: BaseTuner) -> None:
    """Makes a tuner's files survive a crash, and a full disk end its search in one clear error.

    KerasTuner writes its state in place, so that a crash in the middle leaves half a file, with
    which the search can't go on. Afterwards each file is replaced in one step.

    Call it once, after `mend_project` and the tuner, before `tuner.search`; in every process of a
    search that has several. A chief then also ends soon after its workers, not up to 20 s later.

    Args:
        tuner: Any KerasTuner tuner that has not begun to search.

    Raises:
        DiskError: Its project folder can't be written. While it searches: the disk is full; what
            was finished is kept, and the same search goes on when there is room.
        ProjectError: It is a `GridSearch` that was begun by another process. KerasTuner does not
            save how far a grid has come.
    """
    folder = Path(tuner.project_dir)
    _check_writable(folder)
    oracle = tuner.oracle
    # In a worker it is a client, which has no files.
    keeps_books = isinstance(oracle, keras_tuner.Oracle)
    if keeps_books:
        if _is_lost_grid(oracle):
            raise ProjectError(
                f"KerasTuner does not save how far a grid has come, so the one in {folder} can't "
                f"go on. Make the tuner with another project_name, and {_reuse(folder)}"
            )

        def save_trial(trial: Trial) -> None:
            file = folder / f"trial_{trial.trial_id}" / "trial.json"
            with _clear_errors(folder):
                file.parent.mkdir(exist_ok=True)
                write_whole(file, json.dumps(trial.get_state()))

        def save_oracle() -> None:
            with _clear_errors(folder):
                write_whole(folder / "oracle.json", json.dumps(oracle.get_state()))

        oracle._save_trial, oracle.save = save_trial, save_oracle
        if dist_utils.is_chief_oracle():
            _end_promptly()

    def save_tuner() -> None:
        if keeps_books:
            oracle.save()
        with _clear_errors(folder):
            write_whole(folder / f"{tuner.tuner_id}.json", json.dumps(tuner.get_state()))

    run_trial = tuner.run_trial

    def run_trial_clearly(*args, **kwargs):
        with _clear_errors(folder):
            return run_trial(*args, **kwargs)

    tuner.save, tuner.run_trial = save_tuner, run_trial_clearly


def _end_promptly() -> None:
    """Lets a chief look every second whether its workers have ended; KerasTuner waits 20."""
    # Imported here: it needs gRPC, which only a cluster does.
    from keras_tuner.src.distribute import oracle_chief

    have_ended = oracle_chief.exit_chief

    def wait_until_they_have(oracle: keras_tuner.Oracle) -> bool:
        while not have_ended(oracle):
            time.sleep(1)
        time.sleep(1)  # the last answer may be on its way still
        return True

    oracle_chief.exit_chief = wait_until_they_have


def _is_lost_grid(oracle: keras_tuner.Oracle) -> bool:
    """Returns whether it is a grid that another process began and did not finish."""
    if not isinstance(oracle, keras_tuner.oracles.GridSearchOracle) or not oracle.trials:
        return False
    done = [trial for trial in oracle.trials.values() if trial.status in FINISHED]
    return oracle.max_trials is None or len(done) < oracle.max_trials


@contextmanager
def _clear_errors(folder: Path) -> Iterator[None]:
    """Turns the many errors that a full disk causes into one that says so."""
    try:
        yield
    except Exception as error:
        if not _says_disk_full(error):
            raise
        raise DiskError(
            f"The disk that holds {folder} is full. The trials that were finished are kept there. "
            "Free some space (`helpers.preflight.check` tells how much the checkpoints need), and "
            "run the same search again: it goes on."
        ) from error


def _says_disk_full(error: Exception) -> bool:
    if isinstance(error, DiskError):
        return False
    # HDF5, which writes the checkpoints, and TensorFlow, which writes TensorBoard's files, have
    # errors of their own kinds, and say it in their text only.
    numbered = isinstance(error, OSError) and error.errno in DISK_FULL
    return numbered or os.strerror(errno.ENOSPC) in str(error)


def _check_writable(folder: Path) -> None:
    while not os.path.exists(folder):  # Path.exists raises where it may not look
        folder = folder.parent
    try:
        # Only a real file tells: root may write where the permissions say no, and nobody can on a
        # disk that is mounted read-only, or full.
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0" * 4096)
            file.flush()
    except OSError as error:
        raise DiskError(
            f"Nothing can be written into {folder} ({error.strerror}). Give the tuner a "
            "`directory` where you may write, on a disk with room."
        ) from None


def mend_project(folder: str | os.PathLike) -> list[str]:
    """Puts right what a crash left contradictory in a project directory.

    Call it before the tuner is made, in the one process that keeps the books: the only one, or
    the chief. Afterwards the search goes on as if the crashed process had been stopped between
    two steps:

    - a trial that was finished, but not yet entered in KerasTuner's state, is entered (KerasTuner
      would run it again, over the result that it has);
    - a trial that was drawn, but not yet entered, is drawn again, with the same values
      (KerasTuner would count it, and never run it);
    - a trial that was cut off after its result was reported runs again (KerasTuner would run it,
      too, but keep the old result);
    - a search that was killed in its first trial goes on (KerasTuner would begin anew).

    Args:
        folder: `directory/project_name` of the tuner; there need not be one yet.

    Returns:
        One sentence for each trial that was put right.

    Raises:
        ProjectError: One of KerasTuner's own files is missing, or a crash cut it short (which
            `protect` prevents), or the files contradict each other.
            `trials_table` still reads the finished trials, `reuse_trials` goes on with them.
        DiskError: The folder can't be written.
    """
    folder = Path(folder)
    _check_writable(folder)
    file = folder / "oracle.json"
    # KerasTuner looks for this file, which it writes last, to see whether there is a search.
    own = folder / f"{os.environ.get('KERASTUNER_TUNER_ID', 'tuner0')}.json"
    if not file.is_file():
        if own.is_file():
            raise _beyond_repair(folder, f"{file} is missing")
        return []
    try:
        state = json.loads(file.read_text())
    except ValueError:
        raise _beyond_repair(folder, f"A crash cut {file} short") from None
    for half in [*folder.glob("*.tmp"), *folder.glob("trial_*/*.tmp")]:
        half.unlink()  # what `protect` and `watch` had not put in its place yet
    told = _forget_undrawn(folder, set(state["start_order"]))
    for tuner_id, trial_id in list(state["ongoing_trials"].items()):
        trial_file = folder / f"trial_{trial_id}" / "trial.json"
        trial = read_trial(trial_file)
        if trial.status in FINISHED:
            del state["ongoing_trials"][tuner_id]
            if trial_id not in state["end_order"]:
                state["end_order"].append(trial_id)
            state["run_times"][trial_id] = max(1, state["run_times"].get(trial_id, 0))
            told.append(f"Trial {trial_id} was finished, and does not run again.")
        elif trial.metrics.metrics:
            anew = Trial(trial.hyperparameters, trial.trial_id, trial.status)
            write_whole(trial_file, json.dumps(anew.get_state()))
            told.append(f"Trial {trial_id} was cut off at its end, and runs again.")
    if told:
        write_whole(file, json.dumps(state))
    if not own.is_file() or not _is_json(own):
        write_whole(own, "{}")  # all that KerasTuner's own tuners keep there
    return told


def _is_json(file: Path) -> bool:
    try:
        json.loads(file.read_text())
    except ValueError:
        return False
    return True


def _forget_undrawn(folder: Path, drawn: set[str]) -> list[str]:
    """Removes the unfinished trials that are not in `drawn`; checks that all others are there."""
    told = []
    found = {file.parent.name.removeprefix("trial_"): file for file in _trial_files(folder)}
    for trial_id, file in found.items():
        trial = read_trial(file)
        if trial_id in drawn:
            if trial is None:
                raise _beyond_repair(folder, f"A crash cut {file} short")
        elif trial is not None and trial.status in FINISHED:
            # No crash of KerasTuner does this, and a result is never removed.
            raise _beyond_repair(folder, f"oracle.json knows nothing of the finished {file}")
        else:
            shutil.rmtree(file.parent)
            told.append(f"Trial {trial_id} had not been drawn to the end, and is drawn again.")
    if missing := sorted(drawn - set(found)):
        raise _beyond_repair(folder, f"{folder / f'trial_{missing[0]}' / 'trial.json'} is missing")
    return told


def _trial_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("trial_*/trial.json"))


def _completed(folder: Path) -> list[Trial]:
    found = map(read_trial, _trial_files(folder))
    return [trial for trial in found if trial and trial.status == TrialStatus.COMPLETED]


def _beyond_repair(folder: Path, why: str) -> ProjectError:
    done = len(_completed(folder))
    return ProjectError(
        f"{why}: KerasTuner can't go on with this search. {done} finished trials are still there "
        "(`trials_table` shows them). To go on with them, make the tuner with another "
        f"project_name and the same seed, and {_reuse(folder)}"
    )


def _reuse(folder: Path) -> str:
    return f'call reuse_trials(tuner, "{folder.as_posix()}") before search.'


def reuse_trials(tuner: BaseTuner, folder: str | os.PathLike) -> None:
    """Lets a new search take over the finished trials of one that can't go on.

    The new search draws its values itself. Whenever it draws those of a trial that the old one
    has finished, it takes over its metrics and its checkpoint instead of training. With the same
    seed it draws the same values, in the same order, so it soon stands where the old one ended.

    Args:
        tuner: A tuner of the same search, with the same seed and another `project_name`.
        folder: The project directory of the old search.

    Raises:
        ProjectError: The folder holds no finished trial, or is the tuner's own.
    """
    folder = Path(folder)
    if folder.resolve() == Path(tuner.project_dir).resolve():
        raise ProjectError(
            f"The tuner itself searches in {folder}. Give it another project_name: the finished "
            "trials are taken over from there."
        )
    old = _completed(folder)
    if not old:
        raise ProjectError(f"There is no finished trial in {folder} that could be reused.")
    run_trial = tuner.run_trial

    def run_or_reuse(trial, *args, **kwargs):
        values = trial.hyperparameters.values
        before = next((one for one in old if one.hyperparameters.values == values), None)
        if before is None:
            return run_trial(trial, *args, **kwargs)
        old.remove(before)  # a search that draws the same values again trains them again
        into = Path(tuner.get_trial_dir(trial.trial_id))
        for file in (folder / f"trial_{before.trial_id}").iterdir():
            if file.is_file() and file.name != "trial.json":
                shutil.copy2(file, into)
        return {name: before.metrics.get_best_value(name) for name in before.metrics.metrics}

    tuner.run_trial = run_or_reuse
