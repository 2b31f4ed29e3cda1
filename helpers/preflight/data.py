"""Checks of what the trials are trained and compared on."""

import math
import re
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from helpers.data import SealedTestSet, occurs_in
from helpers.preflight import batches
from helpers.preflight.probe import Probe
from helpers.preflight.report import ERROR, WARNING, Finding
from helpers.preflight.scaling import may_scale_inputs

UNSCALED = 20.0  # a value beyond this was not brought to about -1 to 1, nor standardised
OUTLIERS = 0.01  # share of the values of a feature that may lie beyond all the same
TELLABLE = 0.05  # trials that differ by less than five points should still be told apart
FEW = 0.01  # share of the examples that may occur twice: every large data set has some duplicates
BY_CHANCE = 0.01  # duplicates for each example from which on they say nothing about the split
SHARE = re.compile(r"(^|_)(acc|accuracy|precision|recall)($|_)")  # metrics that count examples


def check_separate_sets(probe: Probe) -> Iterator[Finding]:
    """Finds examples that are both in the validation data and in the test or training data."""
    validation = _rows(probe.validation_inputs())
    if validation is None:
        return
    if probe.test is not None:
        sealed = isinstance(probe.test, SealedTestSet)
        known = None if sealed else _rows(probe.test[0])
        held = probe.test.contains(validation) if sealed else _occurs_in(known, validation)
        seen = int(held.sum())
        if seen > FEW * len(validation) and not _repeats_by_chance(validation):
            yield Finding(
                ERROR,
                "The trials are compared on test data: it can't judge the winner any more.",
                f"{seen:,} of {len(validation):,} validation examples are in the test set",
                "split validation data off the training data; keep the test set for the end",
            )
    seen = int(_occurs_in(_rows(probe.training_part()[0]), validation).sum())
    if seen > FEW * len(validation) and not _repeats_by_chance(validation):
        yield Finding(
            ERROR,
            "The trials are compared on examples that they are trained on.",
            f"{seen:,} of {len(validation):,} validation examples are in the training data",
            "split before you search, and train on the rest only",
        )


def check_validation_size(probe: Probe) -> Iterator[Finding]:
    """Finds validation data that are too few to compare accuracies."""
    inputs, name = probe.validation_inputs(), probe.tuner.oracle.objective.name
    if inputs is None or not name.startswith("val_") or not SHARE.search(name):
        return
    examples = batches.length(inputs)
    # Of the difference of two shares near one half, where it is largest; a trial counts as
    # better from two standard errors on.
    tellable = 2 * math.sqrt(2 * 0.25 / examples)
    if tellable > TELLABLE:
        yield Finding(
            WARNING,
            "The validation set is too small to tell the trials apart.",
            f"with {examples:,} examples, differences below {100 * tellable:.0f} points of "
            "accuracy are within the noise",
            f"{math.ceil(2 * 0.25 * (2 / 0.02) ** 2):,} examples tell differences of 2 points",
        )


def check_finite(probe: Probe) -> Iterator[Finding]:
    """Finds NaN and infinity in the inputs and the targets."""
    if not _is_keras(probe):
        return
    for words, data in zip(("Inputs", "Targets"), _training_data(probe), strict=True):
        for values in _numeric(data):
            if not np.issubdtype(values.dtype, np.floating) or np.isfinite(np.sum(values)):
                continue
            rows = int((~np.isfinite(values)).reshape(len(values), -1).any(axis=1).sum())
            if rows:
                yield Finding(
                    ERROR,
                    f"{words} are not finite: the loss becomes NaN at the first step that sees "
                    "one.",
                    f"{rows:,} of {len(values):,} {words.lower()} hold NaN or infinity",
                    "find out where they come from; drop or fill them",
                )
                break


def check_scale(probe: Probe) -> Iterator[Finding]:
    """Finds inputs with large values that no part of the model can bring to a smaller scale."""
    if not _is_keras(probe):
        return
    model = probe.rehearsal().model
    if not isinstance(model, keras.Model) or may_scale_inputs(model):
        return
    for values in _numeric(_training_data(probe)[0]):
        features = values.reshape(-1, values.shape[-1]) if values.ndim > 1 else values[:, None]
        beyond = (np.abs(features.astype("float32")) > UNSCALED).mean(axis=0)
        if (beyond > OUTLIERS).any():
            yield Finding(
                WARNING,
                "Inputs are not scaled: training is slow, or fails.",
                f"values up to {float(np.nanmax(np.abs(features.astype('float32')))):g}, and no "
                "layer of the model scales them",
                "keras.layers.Rescaling(1 / 255) as the first layer, for pixels",
            )
            break


def _is_keras(probe: Probe) -> bool:
    # An estimator of scikit-learn may well take NaN, or values of any scale.
    return isinstance(probe.rehearsal().model, keras.Model) if probe.tuner.hypermodel else False


def _training_data(probe: Probe) -> tuple[Any, Any]:
    """Returns the inputs and targets to train on, or of data sets those of the first batch."""
    if batches.kind_of(probe.x) == batches.ARRAYS:
        return probe.x, probe.y
    if batches.kind_of(probe.x) == batches.BATCHES:
        first = batches.first_batches(probe.x, 1)
        batch = first[0] if isinstance(first, keras.utils.PyDataset) else next(iter(first))
        return (*batch, None)[:2] if isinstance(batch, tuple | list) else (batch, None)
    return None, None


def _numeric(data: Any) -> Iterator[np.ndarray]:
    """Yields the arrays that hold numbers."""
    if data is None:
        return
    for leaf in keras.tree.flatten(data):
        values = np.asarray(leaf)
        if values.ndim and values.size and np.issubdtype(values.dtype, np.number):
            yield values


def _rows(inputs: Any) -> np.ndarray | None:
    if batches.kind_of(inputs) != batches.ARRAYS:
        return None
    return batches.rows_as_arrays(inputs)


def _occurs_in(known: np.ndarray | None, examples: np.ndarray) -> np.ndarray:
    if known is None or known.shape[1:] != examples.shape[1:]:
        return np.zeros(len(examples), dtype=bool)
    return occurs_in(known.astype(examples.dtype, copy=False), examples)


def _repeats_by_chance(examples: np.ndarray) -> bool:
    """Returns whether equal examples are to be expected, since there are few different ones.

    Two values of a feature are equal with the probability sum(share ** 2) over its values; the
    product over the features is that of two equal examples, if features are independent.
    """
    features = examples.reshape(len(examples), -1)
    expected = float(len(features))
    for feature in features.T:
        counts = np.unique(feature, return_counts=True)[1]
        expected *= float(((counts / len(feature)) ** 2).sum())
        if expected < BY_CHANCE:
            return False
    return True
