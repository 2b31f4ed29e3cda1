"""Takes over the finished trials of a search that can't go on."""

import math
import os
import shutil
from pathlib import Path
from typing import Any

import keras
import keras_tuner
from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.engine.trial import Trial

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
        same = [one for one in old if _would_become(values, one.hyperparameters)]
        if not same:
            return run_trial(trial, *args, **kwargs)
        before = min(same, key=lambda one: len(one.hyperparameters.values))
        old.remove(before)  # a search that draws the same values again trains them again
        trial.hyperparameters = before.hyperparameters  # with what its training declared
        into = Path(tuner.get_trial_dir(trial.trial_id))
        for file in (folder / f"trial_{before.trial_id}").iterdir():
            if file.is_file() and file.name != "trial.json":
                shutil.copy2(file, into)
        return _training_of(before)

    tuner.run_trial = run_or_reuse


def _would_become(values: dict[str, Any], finished: keras_tuner.HyperParameters) -> bool:
    """Returns whether training with these values would end with those of a finished trial.

    What only the training declares, in a `HyperModel.fit` for instance, has no value before the
    first trial that does so, and its default afterwards.
    """
    drawn = {hp.name: hp.default for hp in finished.space} | values
    return all(drawn.get(name) == value for name, value in finished.values.items()) and all(
        name in finished.values for name in values
    )


def _training_of(trial: Trial) -> keras.callbacks.History:
    # Of the results that KerasTuner accepts, only this one tells it at which step the best was.
    step = int(trial.best_step)
    history = keras.callbacks.History()
    for name, metric in trial.metrics.metrics.items():
        worst = math.inf if metric.direction == "min" else -math.inf
        history.history[name] = [worst] * step + [metric.get_best_value()]
    return history


def how_to_reuse(folder: Path) -> str:
    """Returns the words with which a message recommends `reuse_trials`."""
    return f'call reuse_trials(tuner, "{folder.as_posix()}") before search.'
