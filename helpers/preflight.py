"""Looks at a search before it runs, and says what will go wrong.

`check` takes the tuner and what `tuner.search` would take. It builds the model with its default
values and with its largest ones, trains a copy for a few steps, and trains nothing else.
"""

import difflib
import html
import importlib.util
import math
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import keras
import keras_tuner
import numpy as np
from keras_tuner.engine import hyperparameters as hps
from keras_tuner.engine.base_tuner import BaseTuner

from helpers.data import SealedTestSet, among

ERROR, WARNING = "error", "warning"
# Kinds of layers that bring pixels, or whatever else, to a scale that a network can learn from.
SCALING_LAYERS = (
    keras.layers.Rescaling,
    keras.layers.Normalization,
    keras.layers.BatchNormalization,
    keras.layers.LayerNormalization,
)
UNSCALED = 20.0  # an input beyond this was not brought to about -1 to 1, nor standardised
DECADES = 100.0  # a range that spans two decades belongs on a logarithmic scale
TELLABLE = 0.05  # trials that differ by less than five points should still be told apart
TIMED_STEPS = 3
MANY = 10_000  # combinations; a space with more is not counted out


@dataclass(frozen=True)
class Finding:
    """One thing that will go wrong, or mislead.

    Attributes:
        severity: `error` (the search fails, or its result means nothing) or `warning`.
        problem: What is wrong, in one sentence.
        evidence: What was seen.
        cure: What to do about it.
    """

    severity: str
    problem: str
    evidence: str
    cure: str


@dataclass(frozen=True)
class Estimate:
    """What a search will cost, from a few timed steps on this machine.

    Attributes:
        trials: Trials at most; None if nothing limits them.
        epochs: Epochs of all trials together; None if unknown.
        minutes: For all of it, at the pace of the default model and at that of the largest one;
            None if unknown.
        megabytes: What the checkpoints of all trials take at most, in 10^6 bytes.
    """

    trials: int | None
    epochs: int | None
    minutes: tuple[float, float] | None
    megabytes: float

    def __str__(self) -> str:
        """Says it in one sentence."""
        words = [f"{self.trials:,} trials" if self.trials else "trials without a limit"]
        if self.epochs:
            words.append(f"{self.epochs:,} epochs in all")
        if self.minutes:
            low, high = sorted(self.minutes)
            words.append(f"{low:.1f} to {high:.1f} minutes" if high >= 0.1 else "some seconds")
        megabytes = f"{self.megabytes:,.0f}" if self.megabytes >= 1 else "1"
        return f"Estimate: {', '.join(words)}, checkpoints of at most {megabytes} MB."


@dataclass(frozen=True)
class Report:
    """What `check` found; a notebook shows it as a table.

    Attributes:
        findings: What will go wrong, the errors first; empty for a sound search.
        estimate: What the search will cost.
    """

    findings: list[Finding]
    estimate: Estimate

    def __str__(self) -> str:
        """Returns it as text."""
        if not self.findings:
            return f"Nothing found that would go wrong.\n{self.estimate}"
        lines = [
            f"{finding.severity.upper()}: {finding.problem}\n"
            f"    seen: {finding.evidence}\n"
            f"    cure: {finding.cure}"
            for finding in self.findings
        ]
        return "\n".join([*lines, str(self.estimate)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        estimate = f"<p>{html.escape(str(self.estimate))}</p>"
        if not self.findings:
            return f"<p>Nothing found that would go wrong.</p>{estimate}"
        rows = "".join(
            "<tr>"
            + "".join(
                f'<td style="text-align: left">{html.escape(cell)}</td>'
                for cell in (finding.severity, finding.problem, finding.evidence, finding.cure)
            )
            + "</tr>"
            for finding in self.findings
        )
        head = "".join(
            f'<th style="text-align: left">{name}</th>'
            for name in ("severity", "problem", "evidence", "cure")
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{estimate}"


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
    look = _Look(
        tuner, x, y, validation_data, validation_split, epochs, batch_size or 32, test_data
    )
    findings = [finding for look_for in CHECKS for finding in look_for(look)]
    findings.sort(key=lambda finding: finding.severity != ERROR)
    return Report(findings, _estimate(look))


@dataclass
class _Look:
    """What the checks look at. Models are built when first asked for, and only once."""

    tuner: BaseTuner
    x: object
    y: object
    validation: object
    validation_split: float
    epochs: int | None
    batch_size: int
    test: object
    declared: list = field(default_factory=list)  # every hyperparameter, as often as declared
    _built: dict = field(default_factory=dict)

    @property
    def space(self) -> list[hps.HyperParameter]:
        return self.tuner.oracle.get_space().space

    @property
    def validates(self) -> bool:
        return self.validation is not None or self.validation_split > 0

    @property
    def arrays(self) -> bool:
        return isinstance(self.x, np.ndarray)

    def validation_arrays(self) -> tuple[np.ndarray, np.ndarray] | None:
        if isinstance(self.validation, tuple) and isinstance(self.validation[0], np.ndarray):
            return self.validation[:2]
        if self.arrays and self.validation_split:  # Keras takes the last ones
            cut = round(len(self.x) * (1 - self.validation_split))
            return self.x[cut:], self.y[cut:]
        return None

    def first_batch(self) -> tuple:
        if self.arrays:
            return self.x[: self.batch_size], self.y[: self.batch_size]
        return tuple(next(iter(self.x)))[:2]

    def steps(self) -> int | None:
        """Returns the number of steps of an epoch, or None if that is unknown."""
        try:
            return math.ceil(len(self.x) / self.batch_size) if self.arrays else len(self.x)
        except TypeError:
            return None

    def model(self, *, largest: bool = False) -> keras.Model:
        if largest not in self._built:
            hp = _Recorder(self.declared)
            known = self.tuner.oracle.get_space()
            hp.values = (
                {one.name: _largest(one) for one in known.space} if largest else known.values
            )
            self._built[largest] = self.tuner.hypermodel.build(hp)
        return self._built[largest]


class _Recorder(keras_tuner.HyperParameters):
    """Notes every declaration of a hyperparameter, also one that KerasTuner ignores."""

    def __init__(self, declared: list) -> None:
        super().__init__()
        self._declared = declared

    def _retrieve(self, hp):
        self._declared.append(hp)
        return super()._retrieve(hp)


def _largest(hp: hps.HyperParameter):
    if isinstance(hp, hps.Int | hps.Float):
        return hp.max_value
    values = list(hp.values)
    numbers = all(isinstance(value, int | float) for value in values)
    return max(values) if numbers else hp.default


# --- The checks, each a generator of findings ---------------------------------------------


def _tensorboard(look: _Look) -> Iterator[Finding]:
    if importlib.util.find_spec("tensorboard") is None:
        yield Finding(
            ERROR,
            "KerasTuner fails every trial without TensorBoard.",
            "the package `tensorboard` is not installed",
            "pip install tensorboard",
        )


def _objective(look: _Look) -> Iterator[Finding]:
    objective = look.tuner.oracle.objective
    if look.tuner.hypermodel is None:
        return
    reported = _reported(look)
    if look.validates:
        reported += [f"val_{name}" for name in reported]
    if objective.name in reported or not hasattr(objective, "name"):
        return
    if objective.name.startswith("val_") and not look.validates:
        yield Finding(
            ERROR,
            "The objective needs validation data, and there are none.",
            f"objective {objective.name!r}; neither validation_data nor validation_split is given",
            "pass validation_data=(x_val, y_val) to search",
        )
        return
    close = difflib.get_close_matches(objective.name, reported, n=1, cutoff=0)
    yield Finding(
        WARNING if _own_fit(look) else ERROR,
        "The model never reports the objective: every trial ends in a bare KeyError.",
        f"objective {objective.name!r}; reported are {', '.join(reported)}",
        f'objective="{close[0]}", or give the metric that name in model.compile',
    )


def _own_fit(look: _Look) -> bool:
    """Returns whether the user wrote `fit`, which may report and declare what it likes."""
    hypermodel = look.tuner.hypermodel
    return hypermodel is not None and type(hypermodel).fit is not keras_tuner.HyperModel.fit


def _reported(look: _Look) -> list[str]:
    model = look.model()
    return list(model.train_on_batch(*look.first_batch(), return_dict=True))


def _changed_space(look: _Look) -> Iterator[Finding]:
    # A new tuner has no such file before its first trial; without one, the difference is what
    # the user asked for, with `hyperparameters=`.
    reloaded = (Path(look.tuner.project_dir) / "oracle.json").exists()
    if look.tuner.hypermodel is None or not reloaded:
        return
    look.model()
    known = {hp.name: hp for hp in look.space}
    for hp in {one.name: one for one in reversed(look.declared)}.values():
        old = known.get(hp.name)
        if old is not None and _bounds(old) != _bounds(hp) and not _declared_twice(look, hp.name):
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


def _declared_twice(look: _Look, name: str) -> bool:
    bounds = [_bounds(hp) for hp in look.declared if hp.name == name]
    return any(other != bounds[0] for other in bounds)


def _twice(look: _Look) -> Iterator[Finding]:
    if look.tuner.hypermodel is None:
        return
    look.model()
    by_place: dict[tuple, hps.HyperParameter] = {}
    seen = set()
    for hp in look.declared:
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


def _few_combinations(look: _Look) -> Iterator[Finding]:
    wanted = look.tuner.oracle.max_trials
    total = None if _own_fit(look) else _combinations(look.space)  # `fit` may declare more
    if wanted and total is not None and total < wanted:
        yield Finding(
            WARNING,
            "The space has fewer combinations than max_trials: the search ends early.",
            f"{total:,} combinations, {wanted:,} trials",
            f"max_trials={total}, or a larger space. RandomSearch may even miss some; GridSearch "
            "tries them all",
        )


def _combinations(space: list[hps.HyperParameter]) -> int | None:
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


def _seed(look: _Look) -> Iterator[Finding]:
    # Only some tuners remember what they were given; the oracle has drawn another by now.
    if getattr(look.tuner, "seed", None) == 0:
        yield Finding(
            WARNING,
            "seed=0 is taken for no seed: the search can't be repeated.",
            f"KerasTuner drew the seed {look.tuner.oracle.seed} instead",
            "any seed but 0",
        )


def _linear_over_decades(look: _Look) -> Iterator[Finding]:
    for hp in look.space:
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


def _test_data(look: _Look) -> Iterator[Finding]:
    pair = look.validation_arrays()
    if pair is None:
        return
    if look.test is not None:
        sealed = isinstance(look.test, SealedTestSet)
        held = look.test.contains(pair[0]) if sealed else among(look.test[0], pair[0])
        if seen := int(held.sum()):
            yield Finding(
                ERROR,
                "The trials are compared on test data: it can't judge the winner any more.",
                f"{seen:,} of {len(pair[0]):,} validation images are in the test set",
                "split validation data off the training data; keep the test set for the end",
            )
    if look.arrays:
        trained_on = look.x if look.validation is not None else look.x[: -len(pair[0])]
        seen = int(among(trained_on, pair[0]).sum())
        if seen > 0.01 * len(pair[0]):  # a few duplicates are in every large data set
            yield Finding(
                ERROR,
                "The trials are compared on images that they are trained on.",
                f"{seen:,} of {len(pair[0]):,} validation images are in the training data",
                "split before you search, and train on the rest only",
            )


def _small_validation(look: _Look) -> Iterator[Finding]:
    pair = look.validation_arrays()
    name = look.tuner.oracle.objective.name
    if pair is None or not ("acc" in name or "precision" in name or "recall" in name):
        return
    images = len(pair[0])
    # Of the difference of two shares near one half, where it is largest; a trial counts as
    # better from two standard errors on.
    tellable = 2 * math.sqrt(2 * 0.25 / images)
    if tellable > TELLABLE:
        yield Finding(
            WARNING,
            "The validation set is too small to tell the trials apart.",
            f"with {images:,} images, differences below {100 * tellable:.0f} points of accuracy "
            "are within the noise",
            f"{math.ceil(2 * 0.25 * (2 / 0.02) ** 2):,} images tell differences of 2 points",
        )


def _inputs(look: _Look) -> Iterator[Finding]:
    x = look.x if look.arrays else np.asarray(look.first_batch()[0])
    if not np.issubdtype(x.dtype, np.number):
        return
    if np.issubdtype(x.dtype, np.floating) and not (finite := np.isfinite(x)).all():
        rows = (~finite).reshape(len(x), -1).any(axis=1).sum()
        yield Finding(
            ERROR,
            "Inputs are not finite: the loss becomes NaN at the first step that sees one.",
            f"{rows:,} of {len(x):,} inputs hold NaN or infinity",
            "find out where they come from; drop or fill them",
        )
        return
    largest = float(np.abs(x).max()) if x.size else 0.0
    if largest <= UNSCALED or look.tuner.hypermodel is None:
        return
    scaling = any(isinstance(layer, SCALING_LAYERS) for layer in _layers(look.model()))
    embedding = any(isinstance(layer, keras.layers.Embedding) for layer in _layers(look.model()))
    if not scaling and not embedding:
        yield Finding(
            WARNING,
            "Inputs are not scaled: training is slow, or fails.",
            f"values up to {largest:g}, and no layer of the model scales them",
            "keras.layers.Rescaling(1 / 255) as the first layer, for pixels",
        )


def _layers(model: keras.Model) -> Iterator[keras.layers.Layer]:
    for layer in model.layers:
        yield layer
        if isinstance(layer, keras.Model):
            yield from _layers(layer)


def _hyperband(look: _Look) -> Iterator[Finding]:
    oracle = look.tuner.oracle
    if not isinstance(oracle, keras_tuner.oracles.HyperbandOracle):
        return
    if oracle.hyperband_iterations == math.inf:
        yield Finding(
            ERROR,
            "This Hyperband never ends.",
            "hyperband_iterations is 0 or None, which means without a limit",
            "hyperband_iterations=1",
        )
        return
    trials, epochs = _hyperband_budget(oracle)
    if look.epochs is not None:
        yield Finding(
            WARNING,
            "Hyperband sets the epochs itself, and ignores those of search.",
            f"epochs={look.epochs} is given; max_epochs={oracle.max_epochs} makes {trials:,} "
            f"trials and {epochs:,} epochs",
            "leave out epochs; set max_epochs of the tuner",
        )


def _hyperband_budget(oracle: keras_tuner.oracles.HyperbandOracle) -> tuple[int, int]:
    """Returns trials and epochs of a whole Hyperband, by the oracle's own arithmetic."""
    trials = epochs = 0
    for bracket in range(oracle._get_num_brackets()):
        reached = 0
        for round_number in range(oracle._get_num_rounds(bracket)):
            size = oracle._get_size(bracket, round_number)
            upto = oracle._get_epochs(bracket, round_number)
            trials += size
            epochs += size * (upto - reached)
            reached = upto
    return trials * oracle.hyperband_iterations, epochs * oracle.hyperband_iterations


def _disk(look: _Look) -> Iterator[Finding]:
    if look.tuner.hypermodel is None:
        return
    needed = _checkpoint_bytes(look)
    folder = Path(look.tuner.project_dir)
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if needed > free:
        yield Finding(
            ERROR,
            "The checkpoints do not fit on the disk.",
            f"up to {needed / 1e6:,.0f} MB for all trials, {free / 1e6:,.0f} MB free",
            "fewer trials, smaller models, or a `directory` on another disk",
        )


def _checkpoint_bytes(look: _Look) -> float:
    """Returns what the checkpoints of all trials take at most: weights and optimizer state."""
    model = look.model(largest=True)
    if model.optimizer is not None and not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    variables = [*model.variables, *(model.optimizer.variables if model.optimizer else ())]
    size = sum(
        math.prod(v.shape) * np.dtype(keras.backend.standardize_dtype(v.dtype)).itemsize
        for v in variables
    )
    return float(size * (_trials(look) or 1))


CHECKS: tuple[Callable[[_Look], Iterator[Finding]], ...] = (
    _tensorboard,
    _objective,
    _changed_space,
    _twice,
    _few_combinations,
    _seed,
    _linear_over_decades,
    _test_data,
    _small_validation,
    _inputs,
    _hyperband,
    _disk,
)


# --- The estimate -------------------------------------------------------------------------


def _trials(look: _Look) -> int | None:
    oracle = look.tuner.oracle
    if isinstance(oracle, keras_tuner.oracles.HyperbandOracle):
        trials = _hyperband_budget(oracle)[0]
        return None if trials == math.inf else int(trials)
    total = _combinations(look.space)
    limits = [limit for limit in (oracle.max_trials, total) if limit is not None]
    return min(limits) if limits else None


def _estimate(look: _Look) -> Estimate:
    trials, steps = _trials(look), look.steps()
    oracle = look.tuner.oracle
    epochs = None
    if isinstance(oracle, keras_tuner.oracles.HyperbandOracle):
        total = _hyperband_budget(oracle)[1]
        epochs = None if total == math.inf else int(total)
    elif trials is not None:
        executions = getattr(look.tuner, "executions_per_trial", 1)
        epochs = trials * executions * (look.epochs or 1)
    if look.tuner.hypermodel is None:
        return Estimate(trials, epochs, None, 0.0)
    minutes = None
    if epochs is not None and steps is not None:
        seconds = [_seconds_of_a_step(look, largest=largest) for largest in (False, True)]
        low, high = (epochs * steps * second / 60 for second in sorted(seconds))
        minutes = (low, high)
    return Estimate(trials, epochs, minutes, _checkpoint_bytes(look) / 1e6)


def _seconds_of_a_step(look: _Look, *, largest: bool) -> float:
    model, batch = look.model(largest=largest), look.first_batch()
    model.train_on_batch(*batch)  # compiles
    start = time.perf_counter()
    for _ in range(TIMED_STEPS):
        model.train_on_batch(*batch)
    return (time.perf_counter() - start) / TIMED_STEPS
