"""What happens between a trial and its trainings, and where KerasTuner keeps their weights."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras_tuner
from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.engine.trial import Trial, TrialStatus
from keras_tuner.src.engine.tuner_utils import SaveBestEpoch


def replace_training(tuner: BaseTuner, make: Callable[[Callable], Callable]) -> bool:
    """Makes a tuner train with another function, called once for each execution of a trial.

    Args:
        tuner: A tuner that has not begun to search.
        make: Takes the function that builds and trains a model, and returns its replacement.
            Both functions take a trial and the arguments of `fit`, and return a `History` or
            whatever the user's `HyperModel.fit` returns.

    Returns:
        Whether the tuner trains in this way. Only a `keras_tuner.Tuner` does; for any other tuner,
        nothing is replaced.
    """
    if not isinstance(tuner, keras_tuner.Tuner):
        return False
    tuner._build_and_fit_model = make(tuner._build_and_fit_model)
    return True


def trains_with_plain_fit(tuner: BaseTuner) -> bool:
    """Returns whether a training is one call of `Model.fit`, not a user's `HyperModel.fit`."""
    fit = getattr(tuner.hypermodel, "fit", None)
    return getattr(fit, "__func__", None) is keras_tuner.HyperModel.fit


def find_saver(callbacks: Sequence[Any]) -> SaveBestEpoch | None:
    """Returns the callback that saves the weights of a trial's best epoch.

    Its attributes are `filepath`, where it saves them, and `best_value`, the best value of the
    objective so far.
    """
    return next((one for one in callbacks if isinstance(one, SaveBestEpoch)), None)


def checkpoint_file(tuner: BaseTuner, trial_id: str) -> Path | None:
    """Returns where a tuner keeps the model of a trial, or None if only its author knows."""
    if isinstance(tuner, keras_tuner.SklearnTuner):
        return Path(tuner.get_trial_dir(trial_id), "model.pickle")
    if isinstance(tuner, keras_tuner.Tuner):
        return Path(tuner._get_checkpoint_fname(trial_id))
    return None


def trained_from(trial: Trial) -> str | None:
    """Returns the ID of the trial whose weights this one began with and needs when it is built."""
    return trial.hyperparameters.values.get("tuner/trial_id")


def may_be_promoted(oracle: keras_tuner.Oracle) -> set[str]:
    """Returns the IDs of trials that may still be continued in another round of a Hyperband."""
    if not isinstance(oracle, keras_tuner.oracles.HyperbandOracle):
        return set()
    waiting: set[str] = set()
    for bracket in oracle._brackets:
        number, rounds = bracket["bracket_num"], bracket["rounds"]
        for following in range(1, len(rounds)):
            if len(rounds[following]) < oracle._get_size(number, following):
                waiting |= {entry["id"] for entry in rounds[following - 1]}
    return waiting


def is_at_work(trial: Trial) -> bool:
    """Returns whether a trial is running or is going to run again."""
    return trial.status not in (TrialStatus.COMPLETED, TrialStatus.FAILED)
