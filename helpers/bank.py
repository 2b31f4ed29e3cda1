"""Recorded trials that answer any search algorithm from a table.

The bank holds the learning curve of every configuration of a small space, trained for real on
CIFAR-10 by `benchmarks/record_bank.py`. `Bank.tuner` gives any of KerasTuner's tuners whose
trials are looked up here instead of trained: the search is real, and takes milliseconds.
"""

import gzip
import io
import json
import os
import shutil
import tempfile
import warnings
import weakref
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import keras_tuner
import numpy as np
import pandas as pd
import scipy.optimize
from scipy.linalg import solve_triangular
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from threadpoolctl import threadpool_limits

SCHEMA = 1  # of the file; raised when its columns change, or what they mean
FILE = Path(__file__).resolve().parent.parent / "bank" / "cifar10_mlp.csv.gz"

# What `benchmarks/record_bank.py` records: every combination of these values.
SPACE: dict[str, tuple[float, ...]] = {
    "num_hidden": (50, 75, 100, 150, 200, 300, 400),
    "num_layers": (1, 2, 3),
    "dropout": (0.0, 0.2),
    "learning_rate": (1e-4, 3e-4, 1e-3, 3e-3, 1e-2),
    "batch_size": (128, 512),
}
SEEDS = (1, 2)
EPOCHS = 15
METRICS = ["loss", "acc", "val_loss", "val_acc"]
COLUMNS = [*SPACE, "seed", "epoch", *METRICS, "seconds", "parameters"]


class BankError(keras_tuner.errors.FatalValueError):
    """The bank can't be read, or can't answer; KerasTuner ends a search at once with it."""


@dataclass(frozen=True, eq=False)
class Bank:
    """Recorded learning curves, and the searches that they answer.

    Attributes:
        provenance: How it was made: versions, backend, images, sizes.
        table: One row per configuration, seed and epoch. Columns: the hyperparameters;
            `seed` (of the weights and of the order of the images) and `epoch` (from 1);
            `loss`, `acc` (of the training images, while they were learnt), `val_loss`,
            `val_acc` (losses in nats, accuracies from 0 to 1); `seconds` (of this epoch);
            `parameters` (of the model).
        space: The recorded values of each hyperparameter.
        seeds: The recorded seeds.
        epochs: The number of recorded epochs.
    """

    provenance: dict = field(repr=False)
    table: pd.DataFrame = field(repr=False)
    space: dict[str, tuple[float, ...]]
    seeds: tuple[int, ...]
    epochs: int
    _curves: dict[tuple[float, ...], dict[str, np.ndarray]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Cuts the table into curves once, so that each look-up takes microseconds."""
        keys = [*self.space, "seed"]
        columns = {name: self.table[name].to_numpy() for name in [*METRICS, "seconds"]}
        starts = self.table[keys].iloc[:: self.epochs].itertuples(index=False, name=None)
        object.__setattr__(
            self,
            "_curves",
            {
                key: {
                    name: column[row * self.epochs : (row + 1) * self.epochs]
                    for name, column in columns.items()
                }
                for row, key in enumerate(starts)
            },
        )

    def hyperparameters(self) -> keras_tuner.HyperParameters:
        """Returns the bank's space, as a tuner takes it: one `Choice` a hyperparameter."""
        hp = keras_tuner.HyperParameters()
        for name, values in self.space.items():
            hp.Choice(name, list(values))
        return hp

    def curve(self, values: Mapping[str, float], seed: int) -> dict[str, np.ndarray]:
        """Returns what one training reported, epoch by epoch.

        Args:
            values: A recorded value for every hyperparameter of the space.
            seed: One of `seeds`.

        Returns:
            `loss`, `acc`, `val_loss`, `val_acc` and `seconds`, each of shape (epochs,).

        Raises:
            BankError: The bank doesn't hold this configuration, or this seed.
        """
        try:
            return self._curves[(*(values[name] for name in self.space), seed)]
        except (KeyError, TypeError):
            pass
        asked = ", ".join(f"{name}={value!r}" for name, value in values.items())
        held = "; ".join(f"{name} in {list(known)}" for name, known in self.space.items())
        raise BankError(
            f"The bank does not hold {asked} with seed {seed!r}, and it never guesses. "
            f"It holds {held}; seeds {list(self.seeds)}."
        )

    def tuner(
        self,
        tuner_class: type[keras_tuner.Tuner],
        *,
        seed: int,
        objective: str | keras_tuner.Objective = "val_acc",
        hyperparameters: keras_tuner.HyperParameters | None = None,
        **kwargs,
    ) -> keras_tuner.Tuner:
        """Makes a tuner whose trials are looked up in the bank instead of trained.

        Everything else is KerasTuner's own: the oracle that draws the values, Hyperband's
        rounds, the files of the project (in a folder that goes when the tuner goes).
        Its `search(epochs=...)` takes no data. Its `replayed()` returns a table of what was
        looked up, in the order of the trials: the values, `seed`, `epochs` (that a real
        search would have trained, without those that Hyperband takes over from an earlier
        round), `seconds` (that they took) and `score`.

        Args:
            tuner_class: `keras_tuner.GridSearch`, `RandomSearch`, `BayesianOptimization`,
                `Hyperband`, or a class derived from one.
            seed: For the oracle's draws, and for which of a configuration's recorded seeds
                answers. At least 1: KerasTuner takes 0 for no seed.
            objective: What to optimise: a metric of the bank.
            hyperparameters: A part of the bank's space; None for all of it.
            **kwargs: What else `tuner_class` takes, such as `max_trials`.

        Raises:
            BankError: The space has other hyperparameters or other values than the bank's,
                the objective is no metric of the bank, or the seed is less than 1.
        """
        if seed < 1:
            raise BankError(f"seed={seed} must be at least 1: KerasTuner takes 0 for no seed.")
        hyperparameters = hyperparameters or self.hyperparameters()
        self._check_space(hyperparameters)
        name = objective if isinstance(objective, str) else objective.name
        if name not in METRICS:
            raise BankError(f"The bank has no {name!r}. Use one of: {', '.join(METRICS)}.")
        folder = tempfile.mkdtemp(prefix="bank-")
        replaying = type(f"Replayed{tuner_class.__name__}", (_Replay, tuner_class), {})
        tuner = replaying(
            objective=objective,
            seed=seed,
            hyperparameters=hyperparameters,
            directory=folder,
            **kwargs,
        )
        weakref.finalize(tuner, shutil.rmtree, folder, ignore_errors=True)
        tuner.open_bank(self, seed)
        return tuner

    def _check_space(self, hyperparameters: keras_tuner.HyperParameters) -> None:
        names = {hp.name for hp in hyperparameters.space}
        if strange := names - set(self.space):
            raise BankError(
                f"The space has {', '.join(sorted(strange))}, which the bank did not vary. "
                f"Take it out, and use only: {', '.join(self.space)}."
            )
        if missing := [name for name in self.space if name not in names]:
            raise BankError(
                f"The space lacks {', '.join(missing)}. Add it, with hp.Fixed(name, value) if it "
                "is not to be tuned."
            )
        for hp in hyperparameters.space:
            # A Float without a step stands for any number at all.
            endless = isinstance(hp, keras_tuner.engine.hyperparameters.Float) and hp.step is None
            values = ["any number"] if endless else list(hp.values)
            unknown = [value for value in values if value not in self.space[hp.name]]
            if unknown:
                raise BankError(
                    f"The bank holds {hp.name} in {list(self.space[hp.name])}, but the space asks "
                    f"for {', '.join(map(str, unknown))} too. Use hp.Choice with values that it "
                    "holds."
                )


class _QuickProcess(GaussianProcessRegressor):
    """scikit-learn's Gaussian process, which knows the gradient of a BayesianOptimization's bound.

    KerasTuner's search for the next trial minimises a bound from many starting points. It leaves
    the gradient to SciPy, which estimates it from six predictions each time, and in every one of
    them scikit-learn checks its input anew: together most of the time of a search that trains
    nothing. The formulas are of Rasmussen and Williams, "Gaussian Processes for Machine
    Learning" (2006): algorithm 2.1, and equation 4.17 for the Matern kernel with nu = 5/2.
    """

    def fit(self, X, y):
        super().fit(X, y)
        self._inverse = solve_triangular(self.L_, np.eye(len(X)), lower=True)
        return self

    def lower_bound(self, x: np.ndarray, beta: float) -> tuple[float, np.ndarray]:
        """Returns the mean less `beta` standard deviations at a point, and its gradient."""
        scale = np.sqrt(5) / self.kernel_.length_scale
        gaps = x - self.X_train_
        distance = scale * np.sqrt(np.einsum("ij,ij->i", gaps, gaps))
        decay = np.exp(-distance)
        covariance = (1 + distance + distance * distance / 3) * decay
        slopes = (-scale * scale / 3 * (1 + distance) * decay)[:, None] * gaps
        explained = self._inverse @ covariance
        deviation = np.sqrt(max(1e-12, 1.0 - explained @ explained))
        value = covariance @ self.alpha_ - beta * deviation
        gradient = self.alpha_ @ slopes + beta / deviation * (explained @ self._inverse) @ slopes
        return self._y_train_mean + self._y_train_std * value, self._y_train_std * gradient


@contextmanager
def _exact_gradient(oracle: keras_tuner.Oracle) -> Iterator[None]:
    """Gives the gradient to KerasTuner's `BayesianOptimizationOracle` for a while.

    What is minimised, from where, and by which method stays KerasTuner's choice.
    """
    if not isinstance(oracle, keras_tuner.oracles.BayesianOptimizationOracle):
        yield
        return
    oracle.gpr = _QuickProcess(**oracle.gpr.get_params(deep=False))
    minimize = scipy.optimize.minimize

    def with_gradient(function, *args, **kwargs):
        # scikit-learn minimises by the same name, and brings its own gradient.
        if function.__name__ != "_upper_confidence_bound":
            return minimize(function, *args, **kwargs)
        return minimize(oracle.gpr.lower_bound, *args, args=(oracle.beta,), jac=True, **kwargs)

    scipy.optimize.minimize = with_gradient
    try:
        # Of matrices this small, threads make slow work: they wait for each other.
        with threadpool_limits(1):
            yield
    finally:
        scipy.optimize.minimize = minimize


class _Replay:
    """Looks the trials of a tuner up in a bank; comes before the tuner's class."""

    def open_bank(self, bank: Bank, seed: int) -> None:
        self._bank = bank
        self._rng = np.random.default_rng(seed)
        self._rows: dict[str, dict] = {}

    def search(self, *, epochs: int | None = None, verbose: int = 0) -> None:
        """Searches, with the recorded epochs of each trial or their first `epochs`."""
        if epochs is not None and not 1 <= epochs <= self._bank.epochs:
            raise BankError(f"epochs={epochs} must be from 1 to {self._bank.epochs}.")
        with warnings.catch_warnings(), _exact_gradient(self.oracle):
            # scikit-learn's model of a BayesianOptimization says so of nearly every fit to few
            # trials; KerasTuner gives no way to widen its bounds.
            warnings.filterwarnings("ignore", category=ConvergenceWarning)
            super().search(epochs=epochs, verbose=verbose)

    def run_trial(self, trial, *, epochs: int | None, verbose: int) -> dict[str, float]:
        """Returns the metrics of the best epoch, as KerasTuner takes them from a `History`."""
        values = trial.hyperparameters.values
        # Hyperband says by these names how far to train, and from which trial's weights on.
        first = values.get("tuner/initial_epoch", 0)
        last = values.get("tuner/epochs", epochs or self._bank.epochs)
        if last > self._bank.epochs:
            raise BankError(
                f"The tuner asks for {last} epochs, but the bank holds {self._bank.epochs}. "
                f"Give it max_epochs={self._bank.epochs} or less."
            )
        earlier = self._rows.get(values.get("tuner/trial_id"))
        seed = earlier["seed"] if earlier else int(self._rng.choice(self._bank.seeds))
        configuration = {name: values[name] for name in self._bank.space}
        curve = self._bank.curve(configuration, seed)
        objective = self.oracle.objective
        scores = curve[objective.name][first:last]
        best = first + int(scores.argmax() if objective.direction == "max" else scores.argmin())
        self._rows[trial.trial_id] = {
            "trial": int(trial.trial_id),
            **configuration,
            "seed": seed,
            "epochs": last - first,
            "seconds": float(curve["seconds"][first:last].sum()),
            "score": float(curve[objective.name][best]),
        }
        return {name: float(curve[name][best]) for name in METRICS}

    def replayed(self) -> pd.DataFrame:
        """Returns what was looked up, one row a trial, in the order of the trials."""
        return pd.DataFrame(list(self._rows.values())).set_index("trial")


def load_bank(path: str | os.PathLike = FILE) -> Bank:
    """Reads a bank and checks that it is whole.

    Args:
        path: A file that `benchmarks/record_bank.py` made.

    Raises:
        BankError: There is no such file, it is cut short or damaged, lacks a column, holds
            a row twice or not at all, or belongs to another version of the schema.
    """
    path = Path(path)
    try:
        text = gzip.decompress(path.read_bytes()).decode()
    except FileNotFoundError:
        raise BankError(
            f"There is no bank {path}. `git checkout bank` brings the one of the course back; "
            "`python benchmarks/record_bank.py` records it anew, which takes hours."
        ) from None
    except (gzip.BadGzipFile, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise _damaged(path, f"it is cut short or no gzip file ({error})") from None
    first, _, rest = text.partition("\n")
    try:
        provenance = json.loads(first.removeprefix("# "))
        schema = provenance["schema"]
    except (json.JSONDecodeError, KeyError, TypeError):
        raise _damaged(path, "its first line does not say how it was made") from None
    if schema != SCHEMA:
        raise BankError(
            f"{path.name} is of version {schema} of the schema, and these helpers read version "
            f"{SCHEMA}. Take the bank and the helpers from the same version of the course."
        )
    space = {name: tuple(values) for name, values in provenance["space"].items()}
    seeds, epochs = tuple(provenance["seeds"]), provenance["epochs"]
    columns = [*space, *COLUMNS[len(SPACE) :]]
    try:
        table = pd.read_csv(io.StringIO(rest))
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise _damaged(path, f"it is no table ({error})") from None
    if missing := [name for name in columns if name not in table]:
        raise _damaged(path, f"it lacks the column {', '.join(missing)}")
    table = table[columns]
    keys = [*space, "seed", "epoch"]
    numbers = table.apply(pd.to_numeric, errors="coerce")
    # A training that diverged has no loss, and says so; everything else has to be a number.
    diverged = table.isna() & table.columns.isin(["loss", "val_loss"])
    faulty = table.index[(numbers.isna() & ~diverged).any(axis=1)]
    if len(faulty):
        raise _damaged(
            path, f"row {faulty[0] + 1} is cut short or holds something else than numbers"
        )
    if twice := int(table.duplicated(keys).sum()):
        row = table.index[table.duplicated(keys)][0]
        raise _damaged(path, f"it has {twice} rows twice, such as row {row + 1}")
    expected = pd.MultiIndex.from_product(
        [*space.values(), seeds, range(1, epochs + 1)], names=keys
    )
    found = pd.MultiIndex.from_frame(table[keys])
    if len(lacking := expected.difference(found)):
        named = ", ".join(f"{n}={v}" for n, v in zip(keys, lacking[0], strict=True))
        raise _damaged(path, f"it lacks {len(lacking)} of {len(expected)} rows, such as {named}")
    if len(strange := found.difference(expected)):
        named = ", ".join(f"{n}={v}" for n, v in zip(keys, strange[0], strict=True))
        raise _damaged(path, f"it holds rows of another space, such as {named}")
    table = numbers.sort_values(keys, ignore_index=True)
    return Bank(provenance, table, space, seeds, epochs)


def _damaged(path: Path, why: str) -> BankError:
    return BankError(
        f"{path.name} is not a whole bank: {why}. `git checkout bank` brings the course's back."
    )
