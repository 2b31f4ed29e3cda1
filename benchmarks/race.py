"""How fast the bank answers: trials a second of each strategy, and the race of notebook 07.

python benchmarks/race.py                      the race of the lesson budget: 50 repeats each
python benchmarks/race.py --repeats 3          that of the quick budget

First each strategy alone, in this process: trials a second, and how many times faster that is
than training them, by the seconds that the bank recorded. Then all of them as in the notebook,
in two processes.
"""

import argparse
import sys
import time

import keras_tuner
from joblib import Parallel, delayed

from helpers.bank import load_bank

TRIALS = 30
ALONE = 3  # repeats of each strategy in the first part
PROMISED = {50: 120.0, 3: 20.0}  # seconds of the race, by its repeats

bank = load_bank()
STRATEGIES = {
    "grid": (keras_tuner.GridSearch, {"max_trials": TRIALS}),
    "random": (keras_tuner.RandomSearch, {"max_trials": TRIALS}),
    "Bayesian": (keras_tuner.BayesianOptimization, {"max_trials": TRIALS}),
    "Hyperband": (keras_tuner.Hyperband, {"max_epochs": bank.epochs, "factor": 3}),
}


def search(strategy: str, seed: int) -> tuple[int, float]:
    """Searches the bank once; returns the number of trials and the recorded seconds."""
    tuner_class, how = STRATEGIES[strategy]
    tuner = bank.tuner(tuner_class, seed=seed, **how)
    tuner.search()
    trials = tuner.replayed()
    return len(trials), float(trials["seconds"].sum())


def main() -> int:
    """Measures what the command line asks for, and returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=50)
    options = parser.parse_args()
    if options.repeats < 1:
        parser.error(f"--repeats must be at least 1, and is {options.repeats}")

    print(f"{'':10}{'trials a second':>16}{'ms a trial':>12}{'times faster than training':>28}")
    for strategy in STRATEGIES:
        start = time.perf_counter()
        found = [search(strategy, seed) for seed in range(1, ALONE + 1)]
        seconds = time.perf_counter() - start
        trials, trained = (sum(column) for column in zip(*found, strict=True))
        print(
            f"{strategy:10}{trials / seconds:16.1f}{1000 * seconds / trials:12.1f}"
            f"{trained / seconds:28,.0f}",
            flush=True,
        )

    jobs = [(strategy, seed) for strategy in STRATEGIES for seed in range(1, options.repeats + 1)]
    start = time.perf_counter()
    found = Parallel(n_jobs=2)(delayed(search)(*job) for job in jobs)
    seconds = time.perf_counter() - start
    trials, trained = (sum(column) for column in zip(*found, strict=True))
    print(
        f"\nThe race: {len(jobs)} searches, {trials:,} trials in {seconds:.1f} s, two processes; "
        f"to train them takes {trained / 3600:.1f} hours, {trained / seconds:,.0f} times as long."
    )
    promised = PROMISED.get(options.repeats)
    if promised is None:
        return 0
    print(f"Promised: at most {promised:.0f} s: {'ok' if seconds <= promised else 'TOO SLOW'}")
    return 0 if seconds <= promised else 1


if __name__ == "__main__":
    sys.exit(main())
