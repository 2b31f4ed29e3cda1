"""Checks of the models: whether they can be built and trained, and whether they are separate."""

import random
import re
from collections.abc import Iterator

import keras
import keras_tuner

from helpers.kerastuner import DeclarationRecorder, build_model
from helpers.preflight.probe import Probe
from helpers.preflight.report import ERROR, WARNING, Finding

SAMPLES = 20  # random configurations to build once the largest model can't be built
MANY_FAIL = 0.5  # share of them from which on a search will hardly reach its end


def check_models_can_be_built(probe: Probe) -> Iterator[Finding]:
    """Finds hyperparameters whose model can't be built, unless the user refuses them himself."""
    if probe.tuner.hypermodel is None:
        return
    default, largest = probe.rehearsal(), probe.rehearsal("largest")
    if default.build_error is not None:
        yield Finding(
            ERROR,
            "The model can't be built, not even with the default values.",
            _first_line(default.build_error),
            "call build_model(keras_tuner.HyperParameters()) alone until it works",
        )
        return
    if not isinstance(default.model, keras.Model) and isinstance(probe.tuner, keras_tuner.Tuner):
        if not probe.trains_by_itself:
            yield Finding(
                ERROR,
                "The function that builds the model returns no Keras model: the search ends in a "
                "FatalTypeError.",
                f"it returns {type(default.model).__module__}.{type(default.model).__name__}",
                "end it with `return model`, and take `keras` from one package only",
            )
        return
    error = largest.build_error
    if error is None or isinstance(error, keras_tuner.errors.FailedTrialError):
        return  # a FailedTrialError is KerasTuner's way to refuse a configuration
    failed = _count_failures(probe)
    yield Finding(
        ERROR if failed >= MANY_FAIL * SAMPLES else WARNING,
        "Some models of the space can't be built: their trials fail, and three failures in a row "
        "end the search.",
        f"with the largest values: {_first_line(error)} Of {SAMPLES} random configurations, "
        f"{failed} failed",
        "narrow the ranges, or raise keras_tuner.errors.FailedTrialError for what can't work",
    )


def check_models_can_be_trained(probe: Probe) -> Iterator[Finding]:
    """Finds models that `fit` refuses at once, with the data and the settings of the search."""
    if probe.trains_by_itself:
        return
    default, largest = probe.rehearsal(), probe.rehearsal("largest")
    if _share_an_optimizer(probe):
        return  # has a finding of its own
    if default.fit_error is not None:
        yield Finding(
            ERROR,
            "Training fails at its first step, so every trial will fail.",
            _first_line(default.fit_error),
            "train build_model(keras_tuner.HyperParameters()) alone on one batch until it works",
        )
    elif largest.fit_error is not None:
        yield Finding(
            WARNING,
            "The largest model of the space can't be trained: such trials fail.",
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
            "Trials share weights: each one goes on with what the trials before it have learned.",
            f"{len(shared)} of {len(second.trainable_variables)} trainable variables are the same "
            f"in two models, {shared[0]} among them",
            "make every layer inside of the function that builds the model",
        )
    elif _share_an_optimizer(probe):
        yield Finding(
            ERROR,
            "Trials share an optimizer: the second trial fails, since it belongs to the model of "
            "the first.",
            f"two models have the same {type(probe.rehearsal().own_optimizer).__name__}",
            "make the optimizer inside of the function that builds the model",
        )


def check_model_size(probe: Probe) -> Iterator[Finding]:
    """Finds a `max_model_size` that every model of the space exceeds."""
    limit = getattr(probe.tuner, "max_model_size", None)
    if not limit or probe.trains_by_itself:
        return
    sizes = [
        sum(keras.ops.size(one) for one in model.trainable_variables)
        for model in (probe.rehearsal(values).model for values in ("smallest", "default"))
        if isinstance(model, keras.Model) and model.built
    ]
    if sizes and min(sizes) > limit:
        yield Finding(
            ERROR,
            "All models are larger than max_model_size: every trial fails.",
            f"max_model_size={limit:,}; the smallest model has {int(min(sizes)):,} parameters",
            "a larger max_model_size, or smaller models in the space",
        )


def _share_an_optimizer(probe: Probe) -> bool:
    first, second = (probe.rehearsal(values).own_optimizer for values in ("default", "largest"))
    return first is not None and first is second


def _count_failures(probe: Probe) -> int:
    """Returns how many of `SAMPLES` random configurations can't be built."""
    seeds = random.Random(0)
    failed = 0
    for _ in range(SAMPLES):
        hp = DeclarationRecorder()
        hp.values = {one.name: one.random_sample(seeds.randrange(10**9)) for one in probe.space}
        try:
            build_model(probe.tuner, hp)
        except Exception:
            failed += 1
    return failed


def _first_line(error: Exception) -> str:
    """Returns the kind of an error and the first line of its text that says what happened."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))  # Keras sets some words in bold
    text = text.split("Error encountered:")[-1]  # before it, Keras says in which layer
    lines = [line.strip() for line in text.splitlines() if line.strip()] or [""]
    if len(lines) > 1 and lines[0].startswith("Exception encountered when calling"):
        lines = lines[1:]
    return f"{type(error).__name__}: {lines[0]}"
