"""Checks of the search space."""

import math
from collections.abc import Iterator
from pathlib import Path

from keras_tuner.engine import hyperparameters as hps

from helpers.preflight.cost import count_combinations
from helpers.preflight.probe import Probe, has_own_fit
from helpers.preflight.report import ERROR, WARNING, Finding

DECADES = 100.0  # a range that spans two decades belongs on a logarithmic scale


def check_unchanged_space(probe: Probe) -> Iterator[Finding]:
    """A search that goes on must have the space that it was begun with."""
    # A new tuner has no such file before its first trial; without one, the difference is what
    # the user asked for, with `hyperparameters=`.
    reloaded = (Path(probe.tuner.project_dir) / "oracle.json").exists()
    if probe.tuner.hypermodel is None or not reloaded:
        return
    probe.model()
    known = {hp.name: hp for hp in probe.space}
    for hp in {one.name: one for one in reversed(probe.declared)}.values():
        old = known.get(hp.name)
        if old is not None and _bounds(old) != _bounds(hp) and not _declared_twice(probe, hp.name):
            yield Finding(
                ERROR,
                "The project folder belongs to a search of another space; the search goes on in "
                "the old one.",
                f"{hp.name} is {_words(old)} there, and {_words(hp)} in the model",
                "overwrite=True to begin anew, or another project_name",
            )


def _bounds(hp: hps.HyperParameter) -> dict:
    config = hp.get_config()
    return {name: config[name] for name in config if name not in ("conditions", "default")}


def _words(hp: hps.HyperParameter) -> str:
    if isinstance(hp, hps.Int | hps.Float):
        step = f" in steps of {hp.step}" if hp.step else ""
        return f"{hp.min_value} to {hp.max_value}{step}, {hp.sampling}"
    return f"one of {list(hp.values)}"


def _declared_twice(probe: Probe, name: str) -> bool:
    bounds = [_bounds(hp) for hp in probe.declared if hp.name == name]
    return any(other != bounds[0] for other in bounds)


def check_duplicate_names(probe: Probe) -> Iterator[Finding]:
    """Every hyperparameter needs a name of its own."""
    if probe.tuner.hypermodel is None:
        return
    probe.model()
    by_place: dict[tuple, hps.HyperParameter] = {}
    seen = set()
    for hp in probe.declared:
        place = (hp.name, str([condition.get_config() for condition in hp.conditions]))
        first = by_place.setdefault(place, hp)
        if _bounds(first) != _bounds(hp) and hp.name not in seen:
            seen.add(hp.name)
            yield Finding(
                ERROR,
                "Two hyperparameters share a name: KerasTuner gives both the value of the first.",
                f"{hp.name} is declared as {_words(first)}, and again as {_words(hp)}",
                "give each a name of its own",
            )


def check_size(probe: Probe) -> Iterator[Finding]:
    """The space should have as many combinations as there are trials."""
    wanted = probe.tuner.oracle.max_trials
    total = (
        None if has_own_fit(probe) else count_combinations(probe.space)
    )  # `fit` may declare more
    if wanted and total is not None and total < wanted:
        yield Finding(
            WARNING,
            "The space has fewer combinations than max_trials: the search ends early.",
            f"{total:,} combinations, {wanted:,} trials",
            f"max_trials={total}, or a larger space. RandomSearch may even miss some; GridSearch "
            "tries them all",
        )


def check_seed(probe: Probe) -> Iterator[Finding]:
    """KerasTuner takes the seed 0 for no seed."""
    # Only some tuners remember what they were given; the oracle has drawn another by now.
    if getattr(probe.tuner, "seed", None) == 0:
        yield Finding(
            WARNING,
            "seed=0 is taken for no seed: the search can't be repeated.",
            f"KerasTuner drew the seed {probe.tuner.oracle.seed} instead",
            "any seed but 0",
        )


def check_scales(probe: Probe) -> Iterator[Finding]:
    """A range over decades belongs on a logarithmic scale."""
    for hp in probe.space:
        if not isinstance(hp, hps.Float) or hp.sampling != "linear" or hp.min_value <= 0:
            continue
        if hp.max_value / hp.min_value < DECADES:
            continue
        # The lower half of the range, as a scale by factors sees it.
        middle = math.sqrt(hp.min_value * hp.max_value)
        share = (middle - hp.min_value) / (hp.max_value - hp.min_value)
        yield Finding(
            WARNING,
            "A range over decades is sampled linearly: its lower half is hardly looked at.",
            f"{hp.name} from {hp.min_value:g} to {hp.max_value:g}: {share:.1%} of the draws are "
            f"below {middle:g}",
            f'hp.Float("{hp.name}", ..., sampling="log")',
        )
