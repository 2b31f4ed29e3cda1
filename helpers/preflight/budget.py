"""Checks of what a search needs to begin, and of what bounds it."""

import importlib.util
import math
from collections.abc import Iterator

import keras_tuner

from helpers import kerastuner
from helpers.preflight import batches
from helpers.preflight.probe import Probe
from helpers.preflight.report import ERROR, WARNING, Finding


def check_tensorboard(probe: Probe) -> Iterator[Finding]:
    """Finds that TensorBoard is missing, which KerasTuner needs."""
    if importlib.util.find_spec("tensorboard") is None:
        yield Finding(
            ERROR,
            "KerasTuner fails every trial without TensorBoard.",
            "the package `tensorboard` is not installed",
            "pip install tensorboard",
        )


def check_hyperband(probe: Probe) -> Iterator[Finding]:
    """Finds a Hyperband that never ends, or that is told how many epochs to train."""
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
    if probe.epochs is not None and probe.epochs != oracle.max_epochs:
        yield Finding(
            WARNING,
            "Hyperband sets the epochs itself, and ignores those of search.",
            f"epochs={probe.epochs} is given; max_epochs={oracle.max_epochs} makes {trials:,} "
            f"trials and {epochs:,} epochs",
            "leave out epochs; set max_epochs of the tuner",
        )


def check_epoch_ends(probe: Probe) -> Iterator[Finding]:
    """Finds training data that have no end, or that the first trial uses up."""
    if probe.trains_by_itself or probe.options.get("steps_per_epoch"):
        return
    if batches.kind_of(probe.x) == batches.STREAM:
        yield Finding(
            ERROR,
            "A generator without steps_per_epoch: the first trial reads it to its end, and leaves "
            "nothing to the others.",
            f"x is of type {type(probe.x).__name__}, and steps_per_epoch is not given",
            "a keras.utils.PyDataset or a tf.data.Dataset, which every trial reads anew",
        )
    elif batches.is_endless(probe.x):
        yield Finding(
            ERROR,
            "The training data have no end, so the first epoch never ends.",
            "x repeats for ever, and steps_per_epoch is not given",
            "leave out repeat(), or pass steps_per_epoch",
        )
