"""Checks of the search space."""

import math
from collections.abc import Iterator

import keras_tuner
from keras_tuner.engine import hyperparameters as hps

from helpers.preflight.estimate import count_combinations
from helpers.preflight.probe import Probe, place_of
from helpers.preflight.report import ERROR, WARNING, Finding

FOR_FIT = {"batch_size", "batch", "epochs", "num_epochs", "n_epochs"}  # usual names
DECADES = 100.0  # a range that spans two decades belongs on a logarithmic scale


def check_duplicate_names(probe: Probe) -> Iterator[Finding]:
    """Finds a name that stands for two hyperparameters with different values."""
    found = set()
    for declared in (probe.rehearsal(values).declared for values in ("default", "largest")):
        first_of: dict[tuple[str, str], hps.HyperParameter] = {}
        for hp in declared:
            first = first_of.setdefault(place_of(hp), hp)
            if values_of(first) == values_of(hp) or hp.name in found:
                continue
            found.add(hp.name)
            yield Finding(
                ERROR,
                "Two hyperparameters share a name: KerasTuner gives both the value of the first.",
                f"{hp.name} is declared as {describe(first)}, and again as {describe(hp)}",
                "give each a name of its own",
            )


def check_size(probe: Probe) -> Iterator[Finding]:
    """Finds a space with fewer combinations than the search has trials."""
    oracle = probe.tuner.oracle
    # A grid ends when it is complete, and a max_trials beyond that is only a limit.
    if not oracle.max_trials or isinstance(oracle, keras_tuner.oracles.GridSearchOracle):
        return
    if probe.trains_by_itself:
        return  # the user's own training may declare more
    total = count_combinations(probe.full_space())
    if total is not None and total < oracle.max_trials:
        yield Finding(
            WARNING,
            "The space has fewer combinations than max_trials: the search ends early.",
            f"{total:,} combinations, {oracle.max_trials:,} trials",
            f"max_trials={total}, or a larger space. RandomSearch may even miss some; GridSearch "
            "tries them all",
        )


def check_training_arguments(probe: Probe) -> Iterator[Finding]:
    """Finds a batch size or a number of epochs that is tuned, but that `fit` never gets."""
    if probe.trains_by_itself:
        return
    for name in sorted({hp.name for hp in probe.full_space()} & FOR_FIT):
        yield Finding(
            WARNING,
            f"{name} is tuned, but training never gets it: all trials use the same.",
            f"{name} is a hyperparameter of the model, and only what is given to search is "
            "passed on to fit",
            "a HyperModel with a fit of its own, which passes it to model.fit",
        )


def check_seed(probe: Probe) -> Iterator[Finding]:
    """Finds a seed of 0, which KerasTuner takes for none."""
    # Only some tuners remember what they were given; the oracle has drawn another by now.
    if getattr(probe.tuner, "seed", None) == 0:
        yield Finding(
            WARNING,
            "seed=0 is taken for no seed: the search can't be repeated.",
            f"KerasTuner drew the seed {probe.tuner.oracle.seed} instead",
            "any seed but 0",
        )


def check_scales(probe: Probe) -> Iterator[Finding]:
    """Finds a range over decades that is sampled linearly."""
    for hp in probe.space:
        if not isinstance(hp, hps.Float) or hp.sampling != "linear" or hp.min_value <= 0:
            continue
        if hp.max_value / hp.min_value < DECADES:
            continue
        # The lower half of the range, on a logarithmic scale.
        middle = math.sqrt(hp.min_value * hp.max_value)
        share = (middle - hp.min_value) / (hp.max_value - hp.min_value)
        yield Finding(
            WARNING,
            "A range over decades is sampled linearly: its lower half is hardly looked at.",
            f"{hp.name} from {hp.min_value:g} to {hp.max_value:g}: {share:.1%} of the draws are "
            f"below {middle:g}",
            f'hp.Float("{hp.name}", ..., sampling="log")',
        )


def values_of(hp: hps.HyperParameter) -> dict:
    """Returns what decides which values a hyperparameter takes: its range, its step, ..."""
    config = hp.get_config()
    return {name: config[name] for name in config if name not in ("conditions", "default")}


def describe(hp: hps.HyperParameter) -> str:
    """Returns the values that a hyperparameter takes, in words."""
    if isinstance(hp, hps.Int | hps.Float):
        step = f" in steps of {hp.step}" if hp.step else ""
        return f"{hp.min_value} to {hp.max_value}{step}, {hp.sampling}"
    return f"one of {list(hp.values)}"
