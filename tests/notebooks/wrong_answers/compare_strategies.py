"""Notebook 07: wrong answers to its exercises, each with words of the sentence that refuses it."""

import itertools
from functools import cache
from typing import Any

import numpy as np
from scipy import stats

from tests.support.notebook_cells import run_cells

NOTEBOOK = "07_compare_strategies"


@cache
def names() -> dict[str, Any]:
    """Returns what the self-checks take from the cells before them."""
    from helpers import BeatTheTuner, load_bank

    bank = load_bank("cifar10_mlp")
    # The median of random search, from searches that are drawn; the notebook computes it.
    scores = bank.table[bank.table["seed"] == bank.seeds[0]]
    best = scores.groupby(list(bank.space))["val_acc"].max().to_numpy()
    drawn = np.random.default_rng(0).choice(best, (1000, 12))
    rival = np.median(np.maximum.accumulate(drawn, axis=1), axis=0)
    known = run_cells(NOTEBOOK, "def enough(", "def beats(", banks=(), configurations={}, np=np)
    return {**known, "bank": bank, "rival": list(rival), "BeatTheTuner": BeatTheTuner}


def judge(share=None, interval=None):
    """Returns an answer: a wrong probability, or an interval of another kind."""

    def answer(a, b):
        value, low, high = names()["with_interval"](names()["beats"], a, b)
        if interval:
            low, high = interval(a, b)
        return (share(a, b) if share else value), low, high

    return answer


def redraw(of_a, of_b=None, level=95):
    """Returns an interval from redrawn runs: how many of A, and how many of B (None: as is)."""

    def interval(a, b):
        rng, beats = np.random.default_rng(1), names()["beats"]
        redrawn = [
            beats(rng.choice(a, of_a), b if of_b is None else rng.choice(b, of_b))
            for _ in range(500)
        ]
        return np.percentile(redrawn, [50 - level / 2, 50 + level / 2])

    return interval


def by_luck_alone(a, b):
    """Says what is to be expected if A and B are the same."""
    every = np.concatenate([a, b])
    return redraw(8, 8)(every, every)


def by_rank_sums(a, b):
    """The normal approximation of Mann and Whitney."""
    error = np.sqrt((len(a) + len(b) + 1) / (12 * len(a) * len(b)))
    value = stats.mannwhitneyu(a, b).statistic / (len(a) * len(b))
    return value, value - 1.96 * error, value + 1.96 * error


def as_if_pairs_were_independent(a, b):
    error = np.sqrt(0.625 * 0.375 / 64)
    return 0.625 - 1.96 * error, 0.625 + 1.96 * error


def play(trials=12, num_hidden=400, rates=(3e-4, 1e-3), different=12, returns=lambda game: game):
    def answer(game):
        names = ["num_layers", "dropout", "batch_size", "learning_rate"]
        others = list(itertools.product((3, 2, 1), (0.0, 0.2), (128, 512), rates))[:different]
        for trial in range(trials):
            values = dict(zip(names, others[trial % different], strict=True))
            game.play(num_hidden=num_hidden, **values)
        return returns(game)

    return answer


WRONG = {
    "a": [
        (14, "of the searches miss all four"),
        (55, "With 55, 57% of the searches miss all four"),
        (299, "299 are enough, but fewer would do as well"),
        (420, "420 are enough, but fewer would do as well"),
        (0.95, "Give a whole number of trials"),
        (0, "Give a whole number of trials"),
    ],
    "b": [
        (judge(share=lambda a, b: np.mean(a[:, None] > b)), "a tie counts half"),
        (judge(share=lambda a, b: np.mean(a > b) / 2), "Count all 64 pairs"),
        (judge(share=lambda a, b: np.median(a) - np.median(b)), "Count all 64 pairs"),
        (lambda a, b: names()["with_interval"](np.median, a), "Count all 64 pairs"),
        (lambda a, b: names()["beats"](a, b), "Return three numbers"),
        (judge(interval=by_luck_alone), "The interval belongs around the probability"),
        (judge(interval=redraw(8)), "Redraw eight of A, and eight of B"),
        (judge(interval=redraw(32, 32)), "Redraw eight of A, and eight of B"),
        (judge(interval=redraw(8, 8, level=50)), "Redraw eight of A, and eight of B"),
        (judge(interval=as_if_pairs_were_independent), "0.24 wide?"),
    ],
    "c": [
        (play(trials=11), "Play 12 different ones. You played 11."),
        (play(different=2), "Play 12 different ones. You played 2."),
        (play(rates=(1e-2,)), "Random search is ahead"),
        (play(num_hidden=50, rates=(1e-4,)), "Random search is ahead"),
        (play(returns=lambda game: None), "Return the game itself"),
        (play(returns=lambda game: max(game.scores)), "Return the game itself"),
    ],
}

RIGHT = {
    "a": [next(k for k in range(1, 421) if stats.hypergeom.cdf(0, 420, 4, k) <= 0.05)],
    "b": [judge(), by_rank_sums],
    "c": [play()],
}
