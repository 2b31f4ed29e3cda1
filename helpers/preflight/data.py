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

ENOUGH = 1_000  # examples to look at for their scale, spread over all of them
UNSCALED = 20.0  # a value beyond this was not brought to about -1 to 1, nor standardised
OUTLIERS = 0.01  # share of the values of a feature that may lie beyond it nevertheless
TELLABLE = 0.05  # trials that differ by less than five points should still be told apart
FEW = 0.01  # share of the examples that may occur twice: every large data set has some duplicates
BY_CHANCE = 0.01  # duplicates per example; with more, they say nothing about the split
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
                "The trials are compared on test data, which can no longer judge the winner.",
                f"{seen:,} of {len(validation):,} validation examples are in the test set",
                "split validation data off the training data; keep the test set for the end",
            )
    seen = int(_occurs_in(_rows(probe.training_part()[0]), validation).sum())
    if seen > FEW * len(validation) and not _repeats_by_chance(validation):
        yield Finding(
            ERROR,
            "The trials are compared on examples that they are trained on.",
            f"{seen:,} of {len(validation):,} validation examples are in the training data",
            "split before you search, and train only on the rest",
        )


def check_validation_size(probe: Probe) -> Iterator[Finding]:
    """Finds a validation set that is too small to compare accuracies."""
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
            f"{math.ceil(2 * 0.25 * (2 / 0.02) ** 2):,} examples show differences of 2 points",
        )


def check_finite(probe: Probe) -> Iterator[Finding]:
    """Finds NaN and infinity in the inputs and the targets, if they make the loss NaN."""
    for words, x, y in (
        ("", *_examples(probe.x, probe.y)),
        ("validation ", *_examples(*_pair(probe.validation))),
    ):
        for kind, part in (("inputs", x), ("targets", y)):
            for values in _numeric(part):
                rows = _not_finite(values)
                if not len(rows) or not _spoil_the_loss(probe, x, y, rows[0]):
                    continue
                yield Finding(
                    ERROR,
                    f"The {words}{kind} are not finite, so the loss becomes NaN.",
                    f"{len(rows):,} of {len(values):,} {words}{kind} hold NaN or infinity",
                    "find out where they come from, and drop or fill them",
                )
                break


def check_scale(probe: Probe) -> Iterator[Finding]:
    """Finds inputs with large values that no part of the model can bring to a smaller scale."""
    model = probe.rehearsal().model
    if probe.trains_by_itself or not isinstance(model, keras.Model) or may_scale_inputs(model):
        return
    for values in _numeric(_examples(probe.x, None)[0]):
        some = values[:: max(len(values) // ENOUGH, 1)]
        features = np.abs(some.reshape(-1, some.shape[-1] if some.ndim > 1 else 1))
        if ((features > UNSCALED).mean(axis=0) > OUTLIERS).any():
            yield Finding(
                WARNING,
                "The inputs are not scaled, so training is slow, or fails.",
                f"values up to {np.nanmax(features):g}, and no layer of the model scales them",
                "keras.layers.Rescaling(1 / 255) as the first layer for pixels, Normalization for "
                "other features",
            )
            break


def _examples(x: Any, y: Any) -> tuple[Any, Any]:
    """Returns inputs and targets as arrays (a data set's first batch), or None."""
    if batches.kind_of(x) == batches.ARRAYS:
        return x, y
    if batches.kind_of(x) == batches.BATCHES:
        first = batches.first_batches(x, 1)
        return _pair(first[0] if isinstance(first, keras.utils.PyDataset) else next(iter(first)))
    return None, None


def _pair(data: Any) -> tuple[Any, Any]:
    """Returns the inputs and the targets of a batch, or of validation data."""
    return (*data, None)[:2] if isinstance(data, tuple | list) else (data, None)


def _not_finite(values: np.ndarray) -> np.ndarray:
    """Returns which examples hold NaN or infinity, as indices."""
    if not np.issubdtype(values.dtype, np.floating) or np.isfinite(np.sum(values)):
        return np.array([], dtype=int)
    return np.flatnonzero((~np.isfinite(values)).reshape(len(values), -1).any(axis=1))


def _spoil_the_loss(probe: Probe, x: Any, y: Any, row: int) -> bool:
    """Returns whether the loss of this example is not finite (a model may mask what is missing)."""
    model = probe.rehearsal().model
    if probe.trains_by_itself or not isinstance(model, keras.Model) or y is None:
        return False
    try:
        loss = model.evaluate(
            *(batches.take_rows(part, row, row + 1) for part in (x, y)), verbose=0, return_dict=True
        )["loss"]
    except Exception:
        return False  # the model does not take a single example
    return not np.isfinite(loss)


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
    common = np.result_type(known, examples)
    return occurs_in(known.astype(common, copy=False), examples.astype(common, copy=False))


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
