"""Looks at a search before it runs, and says what will go wrong."""

import random
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from keras_tuner.engine.base_tuner import BaseTuner

from helpers.data import SealedTestSet
from helpers.preflight import batches, budget, data, models, objective, project, space
from helpers.preflight.estimate import estimate_cost
from helpers.preflight.probe import Probe
from helpers.preflight.report import ERROR, Finding, Report

CHECKS: tuple[Callable[[Probe], Iterator[Finding]], ...] = (
    budget.check_tensorboard,
    budget.check_epoch_ends,
    models.check_models_can_be_built,
    models.check_arguments,
    models.check_models_are_separate,
    models.check_models_can_be_trained,
    models.check_model_size,
    objective.check_objective_is_reported,
    objective.check_objective_is_validated,
    objective.check_direction,
    objective.check_callbacks,
    project.check_same_space,
    project.check_same_objective,
    project.check_trials_are_left,
    space.check_duplicate_names,
    space.check_size,
    space.check_training_arguments,
    space.check_seed,
    space.check_scales,
    data.check_separate_sets,
    data.check_validation_size,
    data.check_finite,
    data.check_scale,
    budget.check_hyperband,
    project.check_disk_space,
)


def check(
    tuner: BaseTuner,
    x: Any = None,
    y: Any = None,
    *,
    validation_data: Any = None,
    validation_split: float = 0.0,
    epochs: int | None = None,
    batch_size: int | None = None,
    test_data: tuple | SealedTestSet | None = None,
    **fit_kwargs: Any,
) -> Report:
    """Looks at a search before it runs.

    Pass what you would pass to `tuner.search`, and the test set, if there is one. The model is
    built with its default values and with its largest ones, and each of the two is trained and
    validated for about a second, on its first batches and without callbacks. Nothing is written,
    and the tuner, its oracle and the data stay as they are; a generator is not read.

    The random states of Python and NumPy are restored afterwards. That of TensorFlow is not: call
    `keras.utils.set_random_seed` after this function if the search is to be repeatable.

    Args:
        tuner: A tuner that is not searching at the moment. A training that you wrote yourself
            (`HyperModel.fit`, `Tuner.run_trial`) is not looked at; the report says so.
        x: Inputs to train on, as for `Model.fit`: arrays, tensors or DataFrames of N examples, a
            list or dictionary of them, or a data set of (inputs, targets). Of a data set, only
            the first batches are looked at.
        y: Targets of N examples, if they are not in `x`.
        validation_data: What the trials are compared on, as for `Model.fit`.
        validation_split: Share of `x` to validate on, as for `Model.fit`.
        epochs: Epochs of each trial; 1 if not given, as for `Model.fit`.
        batch_size: Examples in a batch; 32 if not given, as for `Model.fit`.
        test_data: (inputs, targets) of the test set, or a `SealedTestSet`, which stays sealed.
        **fit_kwargs: Further arguments of `search`.

    Returns:
        The findings and an estimate. A sound search has no finding.
    """
    probe = Probe(
        tuner,
        x,
        y,
        validation_data,
        validation_split,
        epochs,
        batch_size or 32,
        test_data,
        fit_kwargs,
    )
    with _same_random_states(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the search itself will warn
        findings = [finding for look_for in CHECKS for finding in look_for(probe)]
        estimate = estimate_cost(probe)
    findings.sort(key=lambda finding: finding.severity != ERROR)
    return Report(findings, estimate, tuple(_unchecked(probe)))


def _unchecked(probe: Probe) -> Iterator[str]:
    """Yields what can't be looked at, in one sentence each."""
    if probe.tuner.hypermodel is None:
        yield "the models, since the tuner has no hypermodel."
    elif probe.trains_by_itself:
        yield "the training, since it is your own; it may change the data and report what it likes."
    if batches.STREAM in (kinds := [batches.kind_of(one) for one in (probe.x, probe.validation)]):
        yield "the training and its data, since a generator can be read only once."
    elif kinds[0] == batches.UNKNOWN:
        yield f"the training and its data, which are of an unknown type ({type(probe.x).__name__})."


@contextmanager
def _same_random_states() -> Iterator[None]:
    python, numpy = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
