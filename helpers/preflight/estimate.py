"""What a search will cost: trials, epochs, minutes, and room on the disk."""

import itertools
import math

import keras
import keras_tuner
from keras_tuner.engine import hyperparameters as hps

from helpers import kerastuner
from helpers.preflight.probe import Probe
from helpers.preflight.rehearsal import Rehearsal
from helpers.preflight.report import Estimate
from helpers.search import checkpoint_bytes

MANY = 10_000  # combinations; a space with more is not counted to its end


def estimate_cost(probe: Probe) -> Estimate:
    """Returns what the trials that are still to run will cost."""
    trials, epochs = trials_to_run(probe), epochs_to_run(probe)
    if probe.tuner.hypermodel is None:
        return Estimate(trials, epochs, None, None)
    rehearsals = [probe.rehearsal(values) for values in ("default", "largest")]
    training, validation = probe.steps()
    minutes = None
    if not (trials is None or epochs is None or training is None or validation is None):
        each = [
            trials * probe.executions * one.start_seconds
            + epochs * (training * one.step_seconds + validation * one.validation_step_seconds)
            for one in rehearsals
            if one.step_seconds is not None
        ]
        if each:
            minutes = (min(each) / 60, max(each) / 60)
    largest_timed = rehearsals[1].step_seconds is not None
    return Estimate(trials, epochs, minutes, checkpoint_megabytes(probe), largest_timed)


def trials_to_run(probe: Probe) -> int | None:
    """Returns the most trials that are still to run, or None if no limit is known."""
    if (limit := trial_limit(probe)) is None:
        return None
    return max(limit - len(probe.tuner.oracle.trials), 0)


def trial_limit(probe: Probe) -> int | None:
    """Returns the most trials of the whole search, or None if no limit is known."""
    oracle = probe.tuner.oracle
    if isinstance(oracle, keras_tuner.oracles.HyperbandOracle):
        trials = kerastuner.hyperband_budget(oracle)[0]
        return None if trials == math.inf else int(trials)
    # The user's own training may declare more than is known before the first trial.
    grid = isinstance(oracle, keras_tuner.oracles.GridSearchOracle)
    total = None if probe.trains_by_itself else count_combinations(probe.full_space(), grid=grid)
    limits = [limit for limit in (oracle.max_trials, total) if limit is not None]
    return min(limits) if limits else None


def epochs_to_run(probe: Probe) -> int | None:
    """Returns the epochs of all trials that are still to run, or None if they are unknown."""
    oracle = probe.tuner.oracle
    if probe.runs_trials_by_itself:
        return None
    if isinstance(oracle, keras_tuner.oracles.HyperbandOracle):
        total = kerastuner.hyperband_budget(oracle)[1]
        values = [trial.hyperparameters.values for trial in oracle.trials.values()]
        done = sum(one["tuner/epochs"] - one["tuner/initial_epoch"] for one in values)
        return None if total == math.inf else max(int(total) - done, 0) * probe.executions
    trials = trials_to_run(probe)
    if trials is None or (probe.trains_by_itself and probe.epochs is None):
        return None
    return trials * probe.executions * (probe.epochs or 1)


def count_combinations(space: list[hps.HyperParameter], *, grid: bool = False) -> int | None:
    """Returns the number of combinations, or None if they are endless or more than `MANY`.

    Args:
        space: Hyperparameters, each after those that its conditions name.
        grid: Count those of KerasTuner's grid search, which takes ten values of a range that has
            no step.
    """
    found: set[frozenset] = {frozenset()}
    for hp in space:
        stepless = isinstance(hp, hps.Int | hps.Float) and hp.step is None and not grid
        if stepless and isinstance(hp, hps.Float):
            return None
        values = range(hp.min_value, hp.max_value + 1) if stepless else hp.values
        choices = list(itertools.islice(values, MANY + 1))
        grown: set[frozenset] = set()
        for combination in found:
            active = all(one.is_active(dict(combination)) for one in hp.conditions)
            if active:
                grown.update(combination | {(hp.name, value)} for value in choices)
            else:
                grown.add(combination)
            if len(grown) > MANY:
                return None
        found = grown
    return len(found)


def checkpoint_megabytes(probe: Probe) -> float | None:
    """Returns the most that the checkpoints of all trials take, in 10^6 bytes, or None if unknown.

    A checkpoint holds the weights and the state of the optimizer; each trial keeps one.
    """
    sizes = [_variable_bytes(probe.rehearsal(values)) for values in ("largest", "default")]
    known = [size for size in sizes if size]
    limit = trial_limit(probe)
    return None if not known or limit is None else known[0] * limit / 1e6


def _variable_bytes(rehearsal: Rehearsal) -> int:
    model = rehearsal.model
    if not isinstance(model, keras.Model):
        return 0
    optimizer = rehearsal.optimizer
    if optimizer is not None and not optimizer.built:
        optimizer.build(model.trainable_variables)
    return checkpoint_bytes(model)
