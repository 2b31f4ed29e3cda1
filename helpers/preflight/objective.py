"""Checks of the objective, and of the callbacks that watch a metric."""

import copy
import difflib
from collections.abc import Iterator

import keras
import keras_tuner

from helpers.preflight.probe import Probe
from helpers.preflight.report import ERROR, WARNING, Finding

# Words in names of metrics. KerasTuner knows the direction of only a few; it minimises the rest.
HIGHER_IS_BETTER = {
    *("acc", "accuracy", "auc", "precision", "recall", "sensitivity", "specificity"),
    *("f1", "fbeta", "r2", "iou", "dice"),
}
LOWER_IS_BETTER = {"loss", "error", "mse", "mae", "rmse", "mape", "crossentropy"}
WATCHING = (
    keras.callbacks.EarlyStopping,
    keras.callbacks.ModelCheckpoint,
    keras.callbacks.ReduceLROnPlateau,
)


def check_objective_is_reported(probe: Probe) -> Iterator[Finding]:
    """Finds an objective that `fit` never reports; it may be one of several."""
    if probe.trains_by_itself:
        return
    if _is_left_out(probe):
        yield Finding(
            ERROR,
            "The tuner has no objective: the search ends in a FatalTypeError.",
            "objective is not given, and fit reports more than one number",
            'objective="val_loss", or another name that fit reports',
        )
        return
    reported = probe.rehearsal().logs
    for objective in _objectives(probe):
        if objective.name.startswith("val_") and not probe.validates:
            yield Finding(
                ERROR,
                "The objective needs validation data, and there are none.",
                f"objective {objective.name!r}; neither validation_data nor validation_split "
                "is given",
                "pass validation_data=(x_val, y_val) to search as well",
            )
        elif reported is not None and objective.name not in reported:
            yield Finding(
                ERROR,
                "The model never reports the objective: every trial ends in a bare KeyError.",
                f"objective {objective.name!r}; reported are {', '.join(reported)}",
                f'objective="{_closest(objective.name, reported)}", or give the metric that name '
                "in model.compile",
            )


def check_objective_is_validated(probe: Probe) -> Iterator[Finding]:
    """Finds an objective on the training data in a search that has validation data."""
    if probe.trains_by_itself or not probe.validates:
        return
    reported = probe.rehearsal().logs or []
    for objective in _objectives(probe):
        if objective.name in reported and f"val_{objective.name}" in reported:
            yield Finding(
                WARNING,
                "The trials are compared on the data that they are trained on.",
                f"objective {objective.name!r} is measured on the training data, and the "
                "validation data are not used",
                f'objective="val_{objective.name}"',
            )


def check_direction(probe: Probe) -> Iterator[Finding]:
    """Finds an objective whose name and direction contradict each other."""
    if _is_left_out(probe):
        return
    for objective in _objectives(probe):
        words = set(objective.name.lower().split("_"))
        lower = bool(words & LOWER_IS_BETTER)
        higher = bool(words & HIGHER_IS_BETTER) and not lower
        if (higher and objective.direction == "min") or (lower and objective.direction == "max"):
            better = "max" if higher else "min"
            yield Finding(
                ERROR,
                "The search looks for the worst models: the direction of the objective is wrong.",
                f"the direction of {objective.name!r} is {objective.direction!r}"
                + (", as KerasTuner assumes for most metrics" if higher else ""),
                f'keras_tuner.Objective("{objective.name}", direction="{better}")',
            )


def check_callbacks(probe: Probe) -> Iterator[Finding]:
    """Finds callbacks that a search can't copy, and those that watch what nobody reports."""
    callbacks = probe.options.get("callbacks", [])
    if probe.runs_trials_by_itself:
        return
    if not isinstance(callbacks, list):
        yield Finding(
            ERROR,
            "The callbacks are not a list: every trial fails, since KerasTuner appends its own.",
            f"callbacks is of type {type(callbacks).__name__}",
            "callbacks=[...]",
        )
        return
    reported = probe.rehearsal().logs
    for callback in callbacks:
        name = type(callback).__name__
        try:
            copy.deepcopy(callback)
        except Exception as error:
            yield Finding(
                ERROR,
                "A callback can't be copied: the search ends before its first epoch.",
                f"copy.deepcopy of {name} raises {type(error).__name__}: {error}",
                "open files, threads and writers in on_train_begin, not in __init__",
            )
        if not isinstance(callback, WATCHING) or reported is None or callback.monitor in reported:
            continue
        if getattr(callback, "save_best_only", True):  # a checkpoint without it watches nothing
            yield Finding(
                WARNING,
                "A callback waits for a metric that is never reported, and so does nothing.",
                f"{name} monitors {callback.monitor!r}; reported are {', '.join(reported)}",
                f'monitor="{_closest(callback.monitor, reported)}"',
            )


def _objectives(probe: Probe) -> list[keras_tuner.Objective]:
    objective = probe.tuner.oracle.objective
    return getattr(objective, "objectives", [objective])


def _closest(name: str, reported: list[str]) -> str:
    longer = [one for one in reported if one.startswith(name)]
    return difflib.get_close_matches(name, longer or reported, n=1, cutoff=0)[0]


def _is_left_out(probe: Probe) -> bool:
    # KerasTuner's own name for it; its class is not public.
    return probe.tuner.oracle.objective.name == "default_objective"
