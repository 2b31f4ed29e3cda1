"""The race of notebook 07 on both tasks: how fast the banks answer, and what each strategy finds.

python benchmarks/race.py                      the race at the lesson budget: 50 repeats each
python benchmarks/race.py --repeats 3          the race at the quick budget

All searches run as in the notebook: each strategy gets as many epochs as 30 full trainings take,
and every search has a seed of its own from one SeedSequence. For each bank, this prints the median
of the best score so far after various numbers of epochs, the milliseconds of CPU time that a trial
takes, and how many times as long its training took (by the seconds recorded in the bank).
"""

import argparse
import random
import sys
import time

import keras_tuner
import numpy as np
import optuna
import pandas as pd
from joblib import Parallel, delayed

from helpers.bank import RECORDINGS, Bank, load_bank

BANKS = ("cifar10_mlp", "digits_mlp")
TRIALS = 30  # full trainings
MOMENTS = (4, 8, 12, 20, 30)  # in full trainings
PROMISED = {50: 180.0, 3: 20.0}  # seconds of the race on both banks, by its repeats
STRATEGIES = ("grid", "random", "Bayesian", "Hyperband", "TPE", "TPE, halving")
TUNERS = {
    "grid": keras_tuner.GridSearch,
    "random": keras_tuner.RandomSearch,
    "Bayesian": keras_tuner.BayesianOptimization,
}


def search(bank: Bank, strategy: str, seed: int) -> pd.DataFrame:
    """Searches the bank once; returns a row per trial: `epochs`, `score`, `seconds` and `cpu`.

    `seconds` are those of the recorded training, and `cpu` those of the search, spread evenly
    over the trials.
    """
    start = time.process_time()
    if strategy.startswith("TPE"):
        trials = ask_optuna(bank, strategy, seed)
    else:
        if strategy == "Hyperband":
            options = {"max_epochs": bank.epochs, "factor": 3, "hyperband_iterations": 3}
            tuner = bank.tuner(keras_tuner.Hyperband, seed=seed, **options)
        else:
            # A grid that is cut off tries only what comes first, so each search has a new order.
            hp = shuffled_space(bank, seed) if strategy == "grid" else bank.hyperparameters()
            options = {"max_trials": TRIALS, "hyperparameters": hp}
            tuner = bank.tuner(TUNERS[strategy], seed=seed, **options)
        tuner.search()
        trials = tuner.replayed()
    trials["cpu"] = (time.process_time() - start) / len(trials)
    return trials[trials["epochs"].cumsum() <= TRIALS * bank.epochs]


def shuffled_space(bank: Bank, seed: int) -> keras_tuner.HyperParameters:
    """Returns the bank's space, with the hyperparameters and their values in another order."""
    shuffle = random.Random(seed)
    hp = keras_tuner.HyperParameters()
    for name in shuffle.sample(list(bank.space), k=len(bank.space)):
        hp.Choice(name, shuffle.sample(bank.space[name], k=len(bank.space[name])))
    return hp


def ask_optuna(bank: Bank, strategy: str, seed: int) -> pd.DataFrame:
    """Searches the bank with Optuna's TPE sampler, with or without its successive halving."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    halving = optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=3)
    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=seed),
        pruner=halving if "halving" in strategy else optuna.pruners.NopPruner(),
    )
    rng = np.random.default_rng(seed)
    rows: list[dict[str, float]] = []
    while sum(row["epochs"] for row in rows) <= (TRIALS - 1) * bank.epochs:
        trial = study.ask()
        values = {name: v[trial.suggest_int(name, 0, len(v) - 1)] for name, v in bank.space.items()}
        curve = bank.curve(values, int(rng.choice(bank.seeds)))
        epoch, score, pruned = 0, 0.0, False
        while epoch < bank.epochs and not pruned:
            score = max(score, float(curve["val_acc"][epoch]))
            epoch += 1
            trial.report(score, epoch)
            pruned = trial.should_prune()
        state = optuna.trial.TrialState.PRUNED if pruned else optuna.trial.TrialState.COMPLETE
        study.tell(trial, None if pruned else score, state=state)
        seconds = float(curve["seconds"][:epoch].sum())
        rows.append({"epochs": epoch, "score": score, "seconds": seconds})
    return pd.DataFrame(rows)


def race(name: str, repeats: int) -> tuple[float, float]:
    """Races on one bank and prints the results; returns its seconds, and those of the training."""
    bank = load_bank(name)
    jobs = [strategy for strategy in STRATEGIES for _ in range(repeats)]
    seeds = np.random.SeedSequence(20).generate_state(len(jobs))
    todo = list(zip(jobs, seeds, strict=True))

    def run(some: list[tuple[str, np.uint32]]) -> list[pd.DataFrame]:
        return [search(bank, strategy, int(seed)) for strategy, seed in some]

    start = time.perf_counter()
    workers = 2 if repeats > 10 else 1  # a second process has to import Keras first
    # One call for each process, because a bank is large and every call has to send it.
    parts = Parallel(n_jobs=workers)(delayed(run)(todo[i::workers]) for i in range(workers))
    found = [pd.DataFrame()] * len(todo)
    for i, part in enumerate(parts):
        found[i::workers] = part
    seconds = time.perf_counter() - start
    trained = sum(trials["seconds"].sum() for trials in found)

    moments = [moment * bank.epochs for moment in MOMENTS]
    print(f"\n{name}: the median of the best score so far, after so many epochs")
    print(f"{'':14}" + "".join(f"{m:8}" for m in moments) + "  ms a trial  x training")
    for place, strategy in enumerate(STRATEGIES):
        runs = found[place * repeats : (place + 1) * repeats]
        medians = [np.median([best_by(moment, run) for run in runs]) for moment in moments]
        trials = pd.concat(runs)
        print(
            f"{strategy:14}" + "".join(f"{median:8.4f}" for median in medians),
            f"{1000 * trials['cpu'].mean():10.1f}",
            f"{trials['seconds'].sum() / trials['cpu'].sum():11,.0f}",
        )
    return seconds, trained


def best_by(moment: int, trials: pd.DataFrame) -> float:
    """Returns the best score of the trials that ended within so many epochs."""
    return float(trials.loc[trials["epochs"].cumsum() <= moment, "score"].max())


def main() -> int:
    """Measures what the command line asks for, and returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=50)
    options = parser.parse_args()
    if options.repeats < 1:
        parser.error(f"--repeats must be at least 1, and is {options.repeats}")

    seconds = trained = 0.0
    for name in BANKS:
        if not RECORDINGS[name].file.exists():
            print(f"\n{name}: not recorded. `python -m benchmarks.record_bank {name}` does it.")
            continue
        of_bank = race(name, options.repeats)
        seconds, trained = seconds + of_bank[0], trained + of_bank[1]
    print(
        f"\nThe race: {seconds:.1f} s. Real trainings would take "
        f"{trained / 3600:.1f} hours, {trained / seconds:,.0f} times as long."
    )
    promised = PROMISED.get(options.repeats)
    if promised is None:
        return 0
    print(f"Promised: at most {promised:.0f} s: {'ok' if seconds <= promised else 'TOO SLOW'}")
    return 0 if seconds <= promised else 1


if __name__ == "__main__":
    sys.exit(main())
