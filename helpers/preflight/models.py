"""Checks of the models: whether they can be built and trained, and whether they are separate."""

import inspect
import math
import random
import re
from collections.abc import Iterator
from typing import Any

import keras
import keras_tuner

from helpers.kerastuner import build_model
from helpers.preflight.estimate import trial_limit
from helpers.preflight.probe import Probe
from helpers.preflight.report import ERROR, WARNING, Finding

SAMPLES = 20  # random configurations to build where some models may fail
LIKELY = 0.5  # expected number of series of failures that end a search


def check_models_can_be_built(probe: Probe) -> Iterator[Finding]:
    """Finds hyperparameters whose model can't be built, unless the user's code refuses them."""
    if probe.tuner.hypermodel is None:
        return
    default, largest = probe.rehearsal(), probe.rehearsal("largest")
    if default.build_error is not None:
        yield Finding(
            ERROR,
            "The model can't be built, not even with the default values.",
            _first_line(default.build_error),
            "call the function that builds it with keras_tuner.HyperParameters() until it works",
        )
        return
    if not isinstance(default.model, keras.Model):
        if not probe.runs_trials_by_itself:
            yield Finding(
                ERROR,
                "The function that builds the model does not return a Keras model: the search ends "
                "in a FatalTypeError.",
                f"it returns {type(default.model).__module__}.{type(default.model).__name__}",
                "end it with `return model`, and import keras from one package only",
            )
        return
    error = largest.build_error
    if error is None or isinstance(error, keras_tuner.errors.FailedTrialError):
        return  # a FailedTrialError is KerasTuner's way to refuse a configuration
    failed = sum(model is None for model in _sample_models(probe))
    yield Finding(
        ERROR if _is_likely_to_end(probe, failed) else WARNING,
        "Some models of the space can't be built: their trials fail, and the search ends after "
        f"{probe.tuner.oracle.max_consecutive_failed_trials} of them in a row.",
        f"{failed} of {SAMPLES} random configurations fail; the one with the largest values says "
        f"{_first_line(error)}",
        "narrow the ranges, so that every combination can be built",
    )


def check_arguments(probe: Probe) -> Iterator[Finding]:
    """Finds arguments that `fit` does not take."""
    default = probe.rehearsal()
    if probe.trains_by_itself or not isinstance(default.model, keras.Model):
        return
    parameters = inspect.signature(default.model.fit).parameters
    if any(one.kind == one.VAR_KEYWORD for one in parameters.values()):
        return
    unknown = [name for name in probe.options if name not in parameters]
    if unknown:
        yield Finding(
            ERROR,
            "Training takes no such argument: every trial ends in a TypeError.",
            f"Model.fit has no {' and no '.join(unknown)}",
            "leave it out; search passes everything on to fit",
        )


def check_models_can_be_trained(probe: Probe) -> Iterator[Finding]:
    """Finds models that `fit` refuses at once, with the data and the settings of the search."""
    default, largest = probe.rehearsal(), probe.rehearsal("largest")
    if _share_an_optimizer(probe):
        return  # has a finding of its own
    if default.fit_error is not None:
        yield Finding(
            ERROR,
            "Training fails at its first step, so every trial will fail.",
            _first_line(default.fit_error),
            "build one model with keras_tuner.HyperParameters(), and call its fit until it works",
        )
    elif largest.fit_error is not None:
        yield Finding(
            WARNING,
            "The largest model of the space can't be trained: trials like it fail.",
            _first_line(largest.fit_error),
            "narrow the ranges, or set max_model_size",
        )


def check_models_are_separate(probe: Probe) -> Iterator[Finding]:
    """Finds trials that share an optimizer, or weights that training changes."""
    if probe.tuner.hypermodel is None:
        return
    first, second = (probe.rehearsal(values).model for values in ("default", "largest"))
    if not (isinstance(first, keras.Model) and isinstance(second, keras.Model)):
        return
    known = {id(variable) for variable in first.trainable_variables}
    shared = [one.path for one in second.trainable_variables if id(one) in known]
    if shared:
        yield Finding(
            ERROR,
            "Trials share weights: each one starts from what the earlier ones have learned.",
            f"{len(shared)} of {len(second.trainable_variables)} trainable variables are the same "
            f"in two models, {shared[0]} among them",
            "make every layer inside the function that builds the model",
        )
    elif _share_an_optimizer(probe):
        yield Finding(
            ERROR,
            "Trials share an optimizer: it belongs to the model of the first trial, so the second "
            "one fails.",
            f"two models have the same {type(probe.rehearsal().own_optimizer).__name__}",
            "make the optimizer inside the function that builds the model",
        )


def check_model_size(probe: Probe) -> Iterator[Finding]:
    """Finds a `max_model_size` that most models of the space exceed."""
    limit = getattr(probe.tuner, "max_model_size", None)
    if not limit or probe.runs_trials_by_itself:
        return
    # KerasTuner takes a model that is not built yet for an empty one.
    sizes = [
        sum(math.prod(one.shape) for one in model.trainable_variables)
        for model in _sample_models(probe)
        if isinstance(model, keras.Model) and model.built
    ]
    oversized = sum(size > limit for size in sizes)
    if _is_likely_to_end(probe, oversized):
        yield Finding(
            ERROR,
            "Most models are larger than max_model_size: their trials fail, and the search ends "
            f"after {probe.tuner.oracle.max_consecutive_failed_trials} of them in a row.",
            f"{oversized} of {SAMPLES} random configurations have more than {limit:,} parameters, "
            f"the largest {max(sizes):,}",
            "a larger max_model_size, or smaller models in the space",
        )


def _share_an_optimizer(probe: Probe) -> bool:
    first, second = (probe.rehearsal(values).own_optimizer for values in ("default", "largest"))
    return first is not None and first is second


def _is_likely_to_end(probe: Probe, failed: int) -> bool:
    """Returns whether the search is likely to end early, if so many of `SAMPLES` models fail."""
    in_a_row, trials = probe.tuner.oracle.max_consecutive_failed_trials, trial_limit(probe)
    series = math.inf if trials is None else trials - in_a_row + 1
    return failed > 0 and series * (failed / SAMPLES) ** in_a_row >= LIKELY


def _sample_models(probe: Probe) -> Iterator[Any]:
    """Yields the models of `SAMPLES` random configurations; None for one that can't be built."""
    seeds = random.Random(0)
    for _ in range(SAMPLES):
        hp = keras_tuner.HyperParameters()
        hp.values = {
            one.name: one.random_sample(seeds.randrange(10**9)) for one in probe.full_space()
        }
        try:
            yield build_model(probe.tuner, hp)
        except Exception:
            yield None


def _first_line(error: Exception) -> str:
    """Returns the kind of an error and the first line of its text that says what happened."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))  # Keras sets some words in bold
    text = text.split("Error encountered:")[-1]  # before it, Keras says in which layer
    lines = [line.strip() for line in text.splitlines() if line.strip()] or [""]
    if len(lines) > 1 and lines[0].startswith("Exception encountered when calling"):
        lines = lines[1:]
    return f"{type(error).__name__}: {lines[0]}"
