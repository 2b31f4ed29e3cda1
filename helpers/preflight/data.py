"""Checks of what the trials are trained and compared on."""

import math
from collections.abc import Iterator

import keras
import numpy as np

from helpers.data import SealedTestSet, occurs_in
from helpers.preflight.probe import Probe
from helpers.preflight.report import ERROR, WARNING, Finding

# Kinds of layers that bring pixels, or whatever else, to a scale that a network can learn from.
SCALING_LAYERS = (
    keras.layers.Rescaling,
    keras.layers.Normalization,
    keras.layers.BatchNormalization,
    keras.layers.LayerNormalization,
)
UNSCALED = 20.0  # an input beyond this was not brought to about -1 to 1, nor standardised
TELLABLE = 0.05  # trials that differ by less than five points should still be told apart


def check_separate_sets(probe: Probe) -> Iterator[Finding]:
    """What trials are compared on must not be trained on, nor be the test set."""
    pair = probe.validation_arrays()
    if pair is None:
        return
    if probe.test is not None:
        sealed = isinstance(probe.test, SealedTestSet)
        held = probe.test.contains(pair[0]) if sealed else occurs_in(probe.test[0], pair[0])
        if seen := int(held.sum()):
            yield Finding(
                ERROR,
                "The trials are compared on test data: it can't judge the winner any more.",
                f"{seen:,} of {len(pair[0]):,} validation images are in the test set",
                "split validation data off the training data; keep the test set for the end",
            )
    if probe.arrays:
        trained_on = probe.x if probe.validation is not None else probe.x[: -len(pair[0])]
        seen = int(occurs_in(trained_on, pair[0]).sum())
        if seen > 0.01 * len(pair[0]):  # a few duplicates are in every large data set
            yield Finding(
                ERROR,
                "The trials are compared on images that they are trained on.",
                f"{seen:,} of {len(pair[0]):,} validation images are in the training data",
                "split before you search, and train on the rest only",
            )


def check_validation_size(probe: Probe) -> Iterator[Finding]:
    """With few validation images, chance decides between the trials."""
    pair = probe.validation_arrays()
    name = probe.tuner.oracle.objective.name
    if pair is None or not ("acc" in name or "precision" in name or "recall" in name):
        return
    images = len(pair[0])
    # Of the difference of two shares near one half, where it is largest; a trial counts as
    # better from two standard errors on.
    tellable = 2 * math.sqrt(2 * 0.25 / images)
    if tellable > TELLABLE:
        yield Finding(
            WARNING,
            "The validation set is too small to tell the trials apart.",
            f"with {images:,} images, differences below {100 * tellable:.0f} points of accuracy "
            "are within the noise",
            f"{math.ceil(2 * 0.25 * (2 / 0.02) ** 2):,} images tell differences of 2 points",
        )


def check_inputs(probe: Probe) -> Iterator[Finding]:
    """Inputs have to be finite, and of a size that a network can learn from."""
    x = probe.x if probe.arrays else np.asarray(probe.first_batch()[0])
    if not np.issubdtype(x.dtype, np.number):
        return
    if np.issubdtype(x.dtype, np.floating) and not (finite := np.isfinite(x)).all():
        rows = (~finite).reshape(len(x), -1).any(axis=1).sum()
        yield Finding(
            ERROR,
            "Inputs are not finite: the loss becomes NaN at the first step that sees one.",
            f"{rows:,} of {len(x):,} inputs hold NaN or infinity",
            "find out where they come from; drop or fill them",
        )
        return
    largest = float(np.abs(x).max()) if x.size else 0.0
    if largest <= UNSCALED or probe.tuner.hypermodel is None:
        return
    scaling = any(isinstance(layer, SCALING_LAYERS) for layer in _layers(probe.model()))
    embedding = any(isinstance(layer, keras.layers.Embedding) for layer in _layers(probe.model()))
    if not scaling and not embedding:
        yield Finding(
            WARNING,
            "Inputs are not scaled: training is slow, or fails.",
            f"values up to {largest:g}, and no layer of the model scales them",
            "keras.layers.Rescaling(1 / 255) as the first layer, for pixels",
        )


def _layers(model: keras.Model) -> Iterator[keras.layers.Layer]:
    for layer in model.layers:
        yield layer
        if isinstance(layer, keras.Model):
            yield from _layers(layer)
