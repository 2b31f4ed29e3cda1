"""Makes a running search survive a crash, and end in one clear error when the disk is full."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras_tuner
from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.engine.trial import Trial

from helpers import files, kerastuner
from helpers.search.project import FINISHED, ProjectError
from helpers.search.reuse import how_to_reuse


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
    check_writable(folder)
    oracle = tuner.oracle
    keeps_books = kerastuner.keeps_books(oracle)
    if keeps_books:
        if _is_lost_grid(oracle):
            raise ProjectError(
                f"KerasTuner does not save how far a grid has come, so the one in {folder} can't "
                f"go on. Make the tuner with another project_name, and {how_to_reuse(folder)}"
            )

        def save_trial(trial: Trial) -> None:
            file = folder / f"trial_{trial.trial_id}" / "trial.json"
            with _clear_errors(folder):
                file.parent.mkdir(exist_ok=True)
                files.write_text(file, json.dumps(trial.get_state()))

        def save_oracle() -> None:
            with _clear_errors(folder):
                files.write_text(folder / "oracle.json", json.dumps(oracle.get_state()))

        kerastuner.replace_writers(oracle, save_trial=save_trial, save_oracle=save_oracle)
        if kerastuner.is_chief():
            kerastuner.end_chief_promptly()

    def save_tuner() -> None:
        if keeps_books:
            oracle.save()
        with _clear_errors(folder):
            files.write_text(folder / f"{tuner.tuner_id}.json", json.dumps(tuner.get_state()))

    run_trial = tuner.run_trial

    def run_trial_clearly(*args, **kwargs):
        with _clear_errors(folder):
            return run_trial(*args, **kwargs)

    tuner.save, tuner.run_trial = save_tuner, run_trial_clearly


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
        if isinstance(error, DiskError) or not files.is_disk_full(error):
            raise
        raise DiskError(
            f"The disk that holds {folder} is full. The trials that were finished are kept there. "
            "Free some space (`helpers.preflight.check` tells how much the checkpoints need), and "
            "run the same search again: it goes on."
        ) from error


def check_writable(folder: Path) -> None:
    """Raises a `DiskError` if nothing can be written in a folder that exists or is to be made."""
    try:
        files.check_writable(folder)
    except OSError as error:
        raise DiskError(
            f"Nothing can be written into {folder} ({error.strerror}). Give the tuner a "
            "`directory` where you may write, on a disk with room."
        ) from None
