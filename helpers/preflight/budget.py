"""Checks of what a search needs to begin, and of what limits it."""

import importlib.util
import math
from collections.abc import Iterator

import keras
import keras_tuner

from helpers import kerastuner
from helpers.preflight import batches
from helpers.preflight.probe import Probe
from helpers.preflight.report import ERROR, WARNING, Finding


def check_tensorboard(probe: Probe) -> Iterator[Finding]:
    """Finds that TensorBoard is missing, which KerasTuner needs with TensorFlow."""
    needed = keras.backend.backend() == "tensorflow"
    if needed and importlib.util.find_spec("tensorboard") is None:
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
            "hyperband_iterations is 0 or None, which means that there is no limit",
            "hyperband_iterations=1",
        )
        return
    trials, epochs = kerastuner.hyperband_budget(oracle)
    # The oracle alone only proposes the epochs; the tuner sees to it that they are kept.
    if not isinstance(probe.tuner, keras_tuner.Hyperband):
        return
    if probe.epochs is not None and probe.epochs != oracle.max_epochs:
        yield Finding(
            WARNING,
            "Hyperband sets the epochs itself, and ignores those of search.",
            f"epochs={probe.epochs} is given, but max_epochs={oracle.max_epochs} makes "
            f"{trials:,} trials of {epochs:,} epochs in all",
            "leave out epochs, and set max_epochs of the tuner",
        )


def check_epoch_ends(probe: Probe) -> Iterator[Finding]:
    """Finds data sets that have no end, and generators that the first trial uses up."""
    if probe.trains_by_itself:
        return
    for name, data, option in (
        ("x", probe.x, "steps_per_epoch"),
        ("validation_data", probe.validation, "validation_steps"),
    ):
        if probe.options.get(option):
            continue
        if batches.kind_of(data) == batches.STREAM:
            yield Finding(
                ERROR,
                f"A generator without {option}: the first trial reads it to its end, if it has "
                "one, and leaves nothing for the others.",
                f"{name} is of type {type(data).__name__}, and {option} is not given",
                "a keras.utils.PyDataset or a tf.data.Dataset, which every trial reads anew",
            )
        elif batches.is_endless(data):
            yield Finding(
                ERROR,
                "Data without an end: the first epoch never ends.",
                f"{name} goes on for ever, and {option} is not given",
                f"data that end, or {option}",
            )
