"""Records the races behind "Beat the tuner" on the web site, in site/races.json.

python -m benchmarks.record_races

They run on the first recorded seed of the CIFAR-10 bank, as the game does, with KerasTuner's own
oracles. Each search has a seed of its own from one SeedSequence, and as many epochs as twelve full
trainings take. Random search needs no recording: the page computes what it finds.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import keras_tuner
import numpy as np

from helpers import files
from helpers.bank import Bank, load_bank

FILE = Path(__file__).resolve().parent.parent / "site" / "races.json"
NAME = "cifar10_mlp"
TRIALS = 12  # full trainings
RUNS = 100
ENTROPY = 12  # of the SeedSequence
STRATEGIES = {
    # KerasTuner's own default would be 15 random trials here, more than the game has.
    "Bayesian": (keras_tuner.BayesianOptimization, {"max_trials": TRIALS, "num_initial_points": 4}),
    "Hyperband": (keras_tuner.Hyperband, {"factor": 3, "hyperband_iterations": 2}),
}


def first_seed(bank: Bank) -> Bank:
    """Returns the part of `bank` with its first seed, so that it always gives the same answer."""
    seed = bank.seeds[0]
    table = bank.table[bank.table["seed"] == seed].reset_index(drop=True)
    return replace(bank, table=table, seeds=(seed,))


def seeds() -> dict[str, list[int]]:
    """Returns the seed of each search, by strategy."""
    state = np.random.SeedSequence(ENTROPY).generate_state(RUNS * len(STRATEGIES)).tolist()
    return {name: state[i * RUNS : (i + 1) * RUNS] for i, name in enumerate(STRATEGIES)}


def search(bank: Bank, strategy: str, seed: int) -> list[int]:
    """Returns the best score after the epochs of 1, 2, ... full trainings, in 1/10,000."""
    tuner_class, options = STRATEGIES[strategy]
    if strategy == "Hyperband":
        options = {**options, "max_epochs": bank.epochs}
    tuner = bank.tuner(tuner_class, seed=seed, **options)
    tuner.search()
    trials = tuner.replayed()
    spent = trials["epochs"].cumsum()
    if spent.iloc[-1] < TRIALS * bank.epochs:
        raise ValueError(f"{strategy} ended after {spent.iloc[-1]} epochs.")
    moments = np.arange(1, TRIALS + 1) * bank.epochs
    return [round(1e4 * trials["score"][spent <= moment].max()) for moment in moments]


def races(bank: Bank) -> Iterator[tuple[str, list[list[int]]]]:
    """Yields each strategy with what its searches found."""
    for strategy, some in seeds().items():
        yield strategy, [search(bank, strategy, seed) for seed in some]


def main() -> None:
    """Records the races."""
    parts = []
    for strategy, found in races(first_seed(load_bank(NAME))):
        lines = ",\n".join(f"  {json.dumps(run)}" for run in found)
        parts.append(f"{json.dumps(strategy)}: [\n{lines}\n]")
    files.write_text(FILE, "{" + ",\n".join(parts) + "}\n")
    print(f"wrote {FILE.name}")


if __name__ == "__main__":
    main()
