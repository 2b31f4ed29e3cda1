"""Notebook 08: wrong answers to its exercises, each with words of the sentence that refuses it."""

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from tests.support.notebook_cells import run_cells

NOTEBOOK = "08_trust_winner"


def names() -> dict[str, Any]:
    """Returns what the self-checks take from the cells before them: here, scores of few trials."""
    nothing_found = np.zeros((1, 3)), np.zeros((1, 3))
    cells = run_cells(
        NOTEBOOK, "def compare(", "def power(", np=np, stats=stats, FEW=3, TRIALS=30,
        search_and_decide=lambda *_, **__: nothing_found, draws={"normal": None},
    )  # fmt: skip
    # The best by the first seed, "c", is behind the second best, "a", by the second seed.
    rows = {"a": (0.50, 0.48), "b": (0.47, 0.49), "c": (0.52, 0.46), "d": (0.45, 0.44)}
    scores = pd.DataFrame.from_dict(rows, orient="index", columns=[1, 2])
    return {"np": np, "stats": stats, "power": cells["power"], "scores": scores}


FIVE = np.array([0.470, 0.474, 0.468, 0.476, 0.472])
GAP, SCATTER = 0.479 - FIVE.mean(), FIVE.std(ddof=1)


def decision(t=2.02, limit=2.776, verdict="draw"):
    return {"t": t, "limit": limit, "verdict": verdict}


def best_of_each(scores):
    return [scores[seed].nlargest(2).agg(lambda two: two.iloc[0] - two.iloc[1]) for seed in (1, 2)]


def second_lead_of_its_own(scores):
    by_mean = scores.loc[scores.mean(axis=1).nlargest(2).index]
    return tuple(by_mean[seed].iloc[0] - by_mean[seed].iloc[1] for seed in (1, 2))


def same_two(scores, seeds=(1, 2), sign=1):
    best, second = scores[1].sort_values().index[[-1, -2]]
    return np.array([sign * (scores.loc[best, seed] - scores.loc[second, seed]) for seed in seeds])


WRONG = {
    "a": [
        (decision(t=GAP / SCATTER), "t is the gap over its error"),  # as if the mean were known
        (decision(t=GAP / (SCATTER / np.sqrt(5))), "the scatter of the five, times the root of"),
        (decision(t=GAP / (FIVE.std() * np.sqrt(6 / 5))), "t is the gap over its error"),
        (decision(t=GAP), "t is the gap over its error"),
        (decision(limit=1.96), "Six scores less two means leave 4 degrees of freedom"),
        (decision(limit=2.57), "Six scores less two means leave 4 degrees of freedom"),
        (decision(limit=2.13), "4 degrees of freedom; there is one comparison"),  # one-sided
        (decision(limit=3.96), "4 degrees of freedom; there is one comparison"),  # three
        (decision(verdict="better"), "t = 2.02 does not exceed the limit, so it is a draw"),
    ],
    "b": [
        (1, "Give a whole number above one"),
        (16.8, "Give a whole number above one"),
        (8, "With 8 of each it is found in only 46 % of cases"),
        (16, "With 16 of each it is found in only 78 % of cases"),  # by the normal distribution
        (18, "18 of each are enough, but for one comparison fewer would do"),
        (23, "23 of each are enough, but for one comparison fewer would do"),  # for three
        (34, "34 of each are enough, but for one comparison fewer would do"),  # of both together
    ],
    "c": [
        (lambda scores: same_two(scores)[0], "Return two numbers"),
        (lambda scores: None, "Return two numbers"),
        (second_lead_of_its_own, "The first lead is by scores[1]: best minus second best"),
        (lambda scores: same_two(scores, sign=-1), "The first lead is by scores[1]"),
        (lambda scores: same_two(scores, seeds=(2, 1)), "The first lead is by scores[1]"),
        (best_of_each, "The second lead is of the same two, by scores[2]"),
        (lambda scores: np.abs(same_two(scores)), "The second lead is of the same two"),
        (lambda scores: same_two(scores, seeds=(1, 1)), "The second lead is of the same two"),
    ],
}

RIGHT = {
    "a": [decision(), decision(t=GAP / (SCATTER * np.sqrt(1.2)), limit=stats.t.isf(0.025, 4))],
    "b": [17, np.int64(17), 17.0],
    "c": [same_two, lambda scores: tuple(same_two(scores))],
}
