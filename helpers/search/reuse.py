"""Takes over the finished trials of a search that can't go on."""

import os
import shutil
from pathlib import Path

from keras_tuner.engine.base_tuner import BaseTuner

from helpers.search.project import ProjectError, completed_trials


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
    old = completed_trials(folder)
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


def how_to_reuse(folder: Path) -> str:
    """Returns the words with which a message recommends `reuse_trials`."""
    return f'call reuse_trials(tuner, "{folder.as_posix()}") before search.'
