"""Notebook 04: wrong answers to its exercises, each with words of the sentence that refuses it."""

from math import comb
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from tests.support.notebook_cells import run_cells

NOTEBOOK = "04_search_at_random"


def names() -> dict[str, Any]:
    """Returns what the self-checks take from the cells before them: here, no images."""
    few_images = {"validation_data": ((), ())}
    return run_cells(NOTEBOOK, "def describe", np=np, pd=pd, comb=comb, few_images=few_images)


def rate(name="learning_rate", low=1e-4, high=1e-1, sampling="log"):
    return lambda hp: hp.Float(name, min_value=low, max_value=high, sampling=sampling)


def choice(hp):
    hp.Choice("learning_rate", [1e-4, 1e-3, 1e-2, 1e-1])


def width_as_well(hp):
    rate()(hp)
    hp.Int("num_hidden", min_value=50, max_value=1000, step=50)


def search(declare=None, *, trials=2, used=0.02, score=0.4):
    """Returns an answer: a stand-in for a tuner that has searched, and one for its best model."""

    def answer():
        import keras_tuner

        hp = keras_tuner.HyperParameters()
        (declare or rate())(hp)
        hp.values["learning_rate"] = 0.02
        best = [SimpleNamespace(hyperparameters=hp.values, score=0.4)] * trials
        oracle = SimpleNamespace(get_space=lambda: hp, get_best_trials=lambda count: best[:count])
        optimizer = SimpleNamespace(learning_rate=used)
        model = SimpleNamespace(optimizer=optimizer, evaluate=lambda *data, verbose: (1.0, score))
        return SimpleNamespace(oracle=oracle), model

    return answer


def at_least(score, limit):
    return score >= limit


def contenders(errors=2.0, images_used=None, keep=at_least, error=None, form=list):
    def answer(table, images):
        best = table["score"].max()
        of_one = error or np.sqrt(best * (1 - best) / (images_used or images))
        return form(table.index[keep(table["score"], best - errors * of_one)])

    return answer


RIGHT_TUNERS = {"nine": "GridSearch", "nights": "BayesianOptimization", "hundreds": "Hyperband"}


def choose(**wrong):
    return {**RIGHT_TUNERS, **wrong}


WRONG = {
    "a": [
        (13, "With 13 trials the chance is only 89%."),
        (15, "With 15 trials it is 95%, but fewer would do as well."),
        (20, "With 20 trials it is 100%, but fewer would do as well."),
        (0.9, "Give a whole number of trials, from 1 to 20."),  # the chance itself
        (0, "Give a whole number of trials, from 1 to 20."),
    ],
    "b": [
        (search(rate(sampling="linear")), "You search (learning_rate: 0.0001 to 0.1, linear)."),
        (search(rate(low=1e-3)), "You search (learning_rate: 0.001 to 0.1, log)."),
        (search(rate(name="rate")), "You search (rate: 0.0001 to 0.1, log)."),
        (search(choice), "You search (learning_rate: ? to ?, no sampling)."),
        (search(width_as_well), "; num_hidden: 50 to 1000, linear)."),
        (search(trials=0), "Completed trials: 0. Run two or more."),
        (search(trials=1), "Completed trials: 1. Run two or more."),
        (search(used=0.001), "Adam was given 0.001."),
        (search(score=0.1), "This is not the trained one: `get_best_models`."),
    ],
    "c": [
        (contenders(errors=1), "Trial 5 is closer than two standard errors"),
        (contenders(error=0.45 * 0.55 / 10_000), "check your standard error"),  # no root
        (contenders(errors=3), "1, 3 and 5, not [1, 2, 3, 5]"),
        (contenders(images_used=10_000), "the error is larger"),
        (contenders(keep=lambda score, limit: ~(score < limit)), "Trial 4 has no score."),
        (
            contenders(keep=lambda score, limit: (score >= limit) & (score < score.max())),
            "The best trial is a contender itself.",
        ),
        (contenders(errors=1e6), "1, 3 and 5, not [0, 1, 2, 3, 5]"),
    ],
    "d": [
        (choose(nine="RandomSearch"), "RandomSearch for 'nine'? Nine trials: which tuner goes th"),
        (
            choose(nine="Hyperband"),
            "Hyperband for 'nine'? Nine trials: which tuner goes through all",
        ),
        (choose(nights="RandomSearch"), "RandomSearch for 'nights'? Fourteen trials: each should"),
        (choose(nights="GridSearch"), "GridSearch for 'nights'? Fourteen trials: each should lea"),
        (choose(hundreds="GridSearch"), "GridSearch for 'hundreds'? Why train the bad ones to"),
        (
            choose(hundreds="BayesianOptimization"),
            "BayesianOptimization for 'hundreds'? Why train the bad ones to the end?",
        ),
    ],
}

RIGHT = {
    "a": [np.int64(14), 14.0],
    "b": [search(trials=5)],
    "c": [contenders(form=pd.Index), contenders(form=np.array)],
    "d": [choose()],
}
