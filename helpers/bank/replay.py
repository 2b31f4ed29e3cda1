"""KerasTuner's own tuners, whose trials are looked up in a bank instead of trained."""

import shutil
import tempfile
import warnings
import weakref
from typing import TYPE_CHECKING, Any

import keras_tuner
import numpy as np
import pandas as pd
from keras_tuner.engine.trial import Trial
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from helpers import kerastuner
from helpers.bank.bayesian import BayesianOptimization
from helpers.bank.errors import BankError

if TYPE_CHECKING:
    from helpers.bank.table import Bank


def replay(
    bank: "Bank",
    tuner_class: type[keras_tuner.Tuner],
    *,
    seed: int,
    objective: str | keras_tuner.Objective,
    hyperparameters: keras_tuner.HyperParameters,
    **kwargs: Any,
) -> keras_tuner.Tuner:
    """Makes a tuner whose trials are looked up. See `Bank.tuner`."""
    if seed < 1:
        raise BankError(f"seed={seed} must be at least 1: KerasTuner takes 0 for no seed.")
    _check_space(bank, hyperparameters)
    name = objective if isinstance(objective, str) else objective.name
    if name not in bank.metrics:
        raise BankError(f"The bank has no {name!r}. Use one of: {', '.join(bank.metrics)}.")
    if tuner_class is keras_tuner.BayesianOptimization:
        tuner_class = BayesianOptimization  # the same trials, in a quarter of the time
    replaying = type(f"Replayed{tuner_class.__name__}", (_Replay, tuner_class), {})
    folder = tempfile.mkdtemp(prefix="bank-")
    try:
        tuner = replaying(
            objective=objective,
            seed=seed,
            hyperparameters=hyperparameters,
            directory=folder,
            **kwargs,
        )
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    weakref.finalize(tuner, shutil.rmtree, folder, ignore_errors=True)
    # Nobody resumes a search that takes milliseconds, and writing its files takes half the time.
    kerastuner.replace_writers(tuner.oracle, save_trial=_write_nothing, save_oracle=_write_nothing)
    tuner.save = _write_nothing
    tuner.open_bank(bank, seed)
    return tuner


def _write_nothing(*unused: Any) -> None:
    """Takes the place of a function with which KerasTuner would write a file."""


def _check_space(bank: "Bank", hyperparameters: keras_tuner.HyperParameters) -> None:
    names = {hp.name for hp in hyperparameters.space}
    if strange := names - set(bank.space):
        raise BankError(
            f"The space has {', '.join(sorted(strange))}, which the bank did not vary. "
            f"Take it out, and use only: {', '.join(bank.space)}."
        )
    if missing := [name for name in bank.space if name not in names]:
        raise BankError(
            f"The space lacks {', '.join(missing)}. Add it, with hp.Fixed(name, value) if it "
            "is not to be tuned."
        )
    for hp in hyperparameters.space:
        # A Float without a step can be any number at all.
        endless = isinstance(hp, keras_tuner.engine.hyperparameters.Float) and hp.step is None
        values = ["any number"] if endless else list(hp.values)
        unknown = [value for value in values if value not in bank.space[hp.name]]
        if unknown:
            raise BankError(
                f"The bank holds {hp.name} in {list(bank.space[hp.name])}, but the space asks "
                f"for {', '.join(map(str, unknown))} too. Use hp.Choice with values that it "
                "holds."
            )


_BeforeTuner: Any = object  # all that is known of the next class is that it has methods


class _Replay(_BeforeTuner):
    """Looks up a tuner's trials in a bank. As a base class, it comes before the tuner's class."""

    oracle: keras_tuner.Oracle

    def open_bank(self, bank: "Bank", seed: int) -> None:
        self._bank = bank
        self._rng = np.random.default_rng(seed)
        self._rows: dict[str, dict] = {}

    def search(self, *, epochs: int | None = None, verbose: int = 0) -> None:
        """Searches, using all recorded epochs of each trial or only the first `epochs`."""
        if epochs is not None and not 1 <= epochs <= self._bank.epochs:
            raise BankError(f"epochs={epochs} must be from 1 to {self._bank.epochs}.")
        # A Gaussian process here has matrices so small that threads would slow it down.
        with warnings.catch_warnings(), threadpool_limits(1):
            # The Gaussian process of a BayesianOptimization warns at nearly every fit to a few
            # trials, and KerasTuner offers no way to widen its bounds.
            warnings.filterwarnings("ignore", category=ConvergenceWarning)
            super().search(epochs=epochs, verbose=verbose)

    def run_trial(self, trial: Trial, *, epochs: int | None, verbose: int) -> dict[str, float]:
        """Returns the metrics of the best epoch, as KerasTuner takes them from a `History`."""
        values = trial.hyperparameters.values
        # Hyperband uses these names to say how far to train, and from which trial's weights.
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
        return {name: float(curve[name][best]) for name in self._bank.metrics}

    def replayed(self) -> pd.DataFrame:
        """Returns what was looked up: one row per trial, in the order of the trials."""
        return pd.DataFrame(list(self._rows.values())).set_index("trial")
