"""Recorded trials as a table, and the searches that they answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import keras_tuner
import numpy as np
import pandas as pd

from helpers.bank.errors import BankError
from helpers.bank.replay import replay


@dataclass(frozen=True, eq=False)
class Bank:
    """Recorded learning curves, and the searches that they answer.

    Attributes:
        provenance: How the bank was made: versions, backend, images, sizes.
        table: One row per configuration, seed and epoch. Columns: the hyperparameters;
            `seed` (of the weights and of the order of the images) and `epoch` (from 1);
            the `metrics`; `seconds` (of this epoch); `parameters` (of the model).
        space: The recorded values of each hyperparameter.
        seeds: The recorded seeds.
        epochs: The number of recorded epochs.
        metrics: `loss`, `acc` (of the training images, averaged over the epoch), `val_loss`,
            `val_acc` and, where they were recorded, `test_loss` and `test_acc` (losses in nats,
            accuracies from 0 to 1).
    """

    provenance: dict = field(repr=False)
    table: pd.DataFrame = field(repr=False)
    space: dict[str, tuple[float, ...]]
    seeds: tuple[int, ...]
    epochs: int
    metrics: tuple[str, ...]
    _curves: dict[tuple[float, ...], dict[str, np.ndarray]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Cuts the table into curves once, so that each lookup takes microseconds."""
        keys = [*self.space, "seed"]
        columns = {name: self.table[name].to_numpy() for name in (*self.metrics, "seconds")}
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
        """Returns the bank's space as a tuner takes it: one `Choice` per hyperparameter."""
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
            The `metrics` and `seconds`, each of shape (epochs,).

        Raises:
            BankError: The bank doesn't hold this configuration or this seed.
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
        **kwargs: Any,
    ) -> keras_tuner.Tuner:
        """Makes a tuner whose trials are looked up in the bank instead of trained.

        Everything else is KerasTuner's own: the oracle that draws the values, Hyperband's
        rounds, and the files of the project (in a folder that is removed with the tuner).
        The tuner's `search(epochs=...)` takes no data. Its `replayed()` returns a table of what
        was looked up, in the order of the trials: the values, `seed`, `epochs` (those that a
        real search would have trained, without those that Hyperband takes over from an earlier
        round), `seconds` (how long these epochs took) and `score`.

        Args:
            tuner_class: `keras_tuner.GridSearch`, `RandomSearch`, `BayesianOptimization`,
                `Hyperband`, or a class derived from one.
            seed: Decides what the oracle draws, and which of a configuration's recorded seeds
                answers. At least 1, because KerasTuner takes 0 for no seed. For independent
                searches, use `numpy.random.SeedSequence(n).generate_state(repeats)`: from
                consecutive seeds, KerasTuner draws nearly the same trials again.
            objective: The metric of the bank to optimise.
            hyperparameters: A part of the bank's space; None for all of it.
            **kwargs: Other arguments of `tuner_class`, such as `max_trials`.

        Raises:
            BankError: The hyperparameters of the space are not those of the bank, or the space
                has values that the bank lacks; the objective is not a metric of the bank; or the
                seed is less than 1.
        """
        return replay(
            self,
            tuner_class,
            seed=seed,
            objective=objective,
            hyperparameters=hyperparameters or self.hyperparameters(),
            **kwargs,
        )
