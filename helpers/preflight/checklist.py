"""Looks at a search before it runs, and says what will go wrong.

`check` takes the tuner and what `tuner.search` would take. It builds the model with its default
values and with its largest ones, trains a copy for a few steps, and trains nothing else.
"""

from collections.abc import Callable, Iterator

from keras_tuner.engine.base_tuner import BaseTuner

from helpers.data import SealedTestSet
from helpers.preflight import budget, data, space
from helpers.preflight.cost import estimate
from helpers.preflight.probe import Probe
from helpers.preflight.report import ERROR, Finding, Report


def check(
    tuner: BaseTuner,
    x,
    y=None,
    *,
    validation_data: tuple | None = None,
    validation_split: float = 0.0,
    epochs: int | None = None,
    batch_size: int | None = None,
    test_data: tuple | SealedTestSet | None = None,
    **fit_kwargs,
) -> Report:
    """Looks at a search before it runs.

    Pass what you would pass to `tuner.search`, and the test set, if there is one. Only arrays
    are looked into; of a `tf.data.Dataset` or a `PyDataset`, only the first batch.

    It builds models, which moves Keras' random state: call `keras.utils.set_random_seed` after
    it, not before, if the search is to be repeatable.

    Args:
        tuner: A tuner of a Keras model that has not begun to search.
        x: Inputs to train on: an array, shape (N, ...), or a data set of (inputs, targets).
        y: Targets, shape (N, ...), if `x` is an array.
        validation_data: What the trials are compared on: (inputs, targets), or a data set.
        validation_split: Share of `x` to validate on, as in `Model.fit`.
        epochs: Epochs of each trial; 1 if not given, as in `Model.fit`.
        batch_size: Images per step; 32 if not given, as in `Model.fit`.
        test_data: (inputs, targets) of the test set, or a `SealedTestSet`, which stays sealed.
        **fit_kwargs: What else `search` takes; not looked at.

    Returns:
        The findings and an estimate. A sound search has no finding.
    """
    probe = Probe(
        tuner, x, y, validation_data, validation_split, epochs, batch_size or 32, test_data
    )
    findings = [finding for look_for in CHECKS for finding in look_for(probe)]
    findings.sort(key=lambda finding: finding.severity != ERROR)
    return Report(findings, estimate(probe))


CHECKS: tuple[Callable[[Probe], Iterator[Finding]], ...] = (
    budget.check_tensorboard,
    budget.check_objective,
    space.check_unchanged_space,
    space.check_duplicate_names,
    space.check_size,
    space.check_seed,
    space.check_scales,
    data.check_separate_sets,
    data.check_validation_size,
    data.check_inputs,
    budget.check_hyperband,
    budget.check_disk_space,
)
