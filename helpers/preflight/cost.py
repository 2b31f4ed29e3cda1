"""What a search will cost: its trials, its epochs, its minutes, and its room on the disk."""

import math
import time

import keras
import keras_tuner
import numpy as np
from keras_tuner.engine import hyperparameters as hps

from helpers import kerastuner
from helpers.preflight.probe import Probe
from helpers.preflight.report import Estimate

MANY = 10_000  # combinations; a space with more is not counted out
TIMED_STEPS = 3


def estimate(probe: Probe) -> Estimate:
    """Returns what the whole search will cost."""
    trials, steps = trial_limit(probe), probe.steps()
    oracle = probe.tuner.oracle
    epochs = None
    if isinstance(oracle, keras_tuner.oracles.HyperbandOracle):
        total = kerastuner.hyperband_budget(oracle)[1]
        epochs = None if total == math.inf else int(total)
    elif trials is not None:
        executions = getattr(probe.tuner, "executions_per_trial", 1)
        epochs = trials * executions * (probe.epochs or 1)
    if probe.tuner.hypermodel is None:
        return Estimate(trials, epochs, None, 0.0)
    minutes = None
    if epochs is not None and steps is not None:
        seconds = [_seconds_of_a_step(probe, largest=largest) for largest in (False, True)]
        low, high = (epochs * steps * second / 60 for second in sorted(seconds))
        minutes = (low, high)
    return Estimate(trials, epochs, minutes, checkpoint_bytes(probe) / 1e6)


def trial_limit(probe: Probe) -> int | None:
    """Returns the trials that the search runs at most, or None without a limit."""
    oracle = probe.tuner.oracle
    if isinstance(oracle, keras_tuner.oracles.HyperbandOracle):
        trials = kerastuner.hyperband_budget(oracle)[0]
        return None if trials == math.inf else int(trials)
    total = count_combinations(probe.space)
    limits = [limit for limit in (oracle.max_trials, total) if limit is not None]
    return min(limits) if limits else None


def count_combinations(space: list[hps.HyperParameter]) -> int | None:
    """Returns the number of combinations, or None where they are endless or more than MANY."""
    found = {frozenset()}
    for hp in space:
        if isinstance(hp, hps.Float) and hp.step is None:
            return None
        grown = set()
        for combination in found:
            values = dict(combination)
            if all(condition.is_active(values) for condition in hp.conditions):
                grown |= {combination | {(hp.name, value)} for value in hp.values}
            else:
                grown.add(combination)
        found = grown
        if len(found) > MANY:
            return None
    return len(found)


def checkpoint_bytes(probe: Probe) -> float:
    """Returns what the checkpoints of all trials take at most: weights and optimizer state."""
    model = probe.model(largest=True)
    if model.optimizer is not None and not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    variables = [*model.variables, *(model.optimizer.variables if model.optimizer else ())]
    size = sum(
        math.prod(v.shape) * np.dtype(keras.backend.standardize_dtype(v.dtype)).itemsize
        for v in variables
    )
    return float(size * (trial_limit(probe) or 1))


def _seconds_of_a_step(probe: Probe, *, largest: bool) -> float:
    model, batch = probe.model(largest=largest), probe.first_batch()
    model.train_on_batch(*batch)  # compiles
    start = time.perf_counter()
    for _ in range(TIMED_STEPS):
        model.train_on_batch(*batch)
    return (time.perf_counter() - start) / TIMED_STEPS
