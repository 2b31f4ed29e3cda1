"""Checks of what the search reports, how long it runs, and the room that it needs."""

import difflib
import importlib.util
import math
import shutil
from collections.abc import Iterator
from pathlib import Path

import keras_tuner

from helpers import kerastuner
from helpers.preflight.cost import checkpoint_bytes
from helpers.preflight.probe import Probe, has_own_fit, reported_metrics
from helpers.preflight.report import ERROR, WARNING, Finding


def check_tensorboard(probe: Probe) -> Iterator[Finding]:
    """KerasTuner imports TensorBoard in every trial."""
    if importlib.util.find_spec("tensorboard") is None:
        yield Finding(
            ERROR,
            "KerasTuner fails every trial without TensorBoard.",
            "the package `tensorboard` is not installed",
            "pip install tensorboard",
        )


def check_objective(probe: Probe) -> Iterator[Finding]:
    """The model has to report what is optimised."""
    objective = probe.tuner.oracle.objective
    if probe.tuner.hypermodel is None:
        return
    reported = reported_metrics(probe)
    if probe.validates:
        reported += [f"val_{name}" for name in reported]
    if objective.name in reported or not hasattr(objective, "name"):
        return
    if objective.name.startswith("val_") and not probe.validates:
        yield Finding(
            ERROR,
            "The objective needs validation data, and there are none.",
            f"objective {objective.name!r}; neither validation_data nor validation_split is given",
            "pass validation_data=(x_val, y_val) to search",
        )
        return
    close = difflib.get_close_matches(objective.name, reported, n=1, cutoff=0)
    yield Finding(
        WARNING if has_own_fit(probe) else ERROR,
        "The model never reports the objective: every trial ends in a bare KeyError.",
        f"objective {objective.name!r}; reported are {', '.join(reported)}",
        f'objective="{close[0]}", or give the metric that name in model.compile',
    )


def check_hyperband(probe: Probe) -> Iterator[Finding]:
    """Hyperband sets the epochs itself, and may never end."""
    oracle = probe.tuner.oracle
    if not isinstance(oracle, keras_tuner.oracles.HyperbandOracle):
        return
    if oracle.hyperband_iterations == math.inf:
        yield Finding(
            ERROR,
            "This Hyperband never ends.",
            "hyperband_iterations is 0 or None, which means without a limit",
            "hyperband_iterations=1",
        )
        return
    trials, epochs = kerastuner.hyperband_budget(oracle)
    if probe.epochs is not None:
        yield Finding(
            WARNING,
            "Hyperband sets the epochs itself, and ignores those of search.",
            f"epochs={probe.epochs} is given; max_epochs={oracle.max_epochs} makes {trials:,} "
            f"trials and {epochs:,} epochs",
            "leave out epochs; set max_epochs of the tuner",
        )


def check_disk_space(probe: Probe) -> Iterator[Finding]:
    """The checkpoints of all trials have to fit on the disk."""
    if probe.tuner.hypermodel is None:
        return
    needed = checkpoint_bytes(probe)
    folder = Path(probe.tuner.project_dir)
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if needed > free:
        yield Finding(
            ERROR,
            "The checkpoints do not fit on the disk.",
            f"up to {needed / 1e6:,.0f} MB for all trials, {free / 1e6:,.0f} MB free",
            "fewer trials, smaller models, or a `directory` on another disk",
        )
