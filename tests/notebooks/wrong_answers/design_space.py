"""Notebook 06: wrong answers to its exercises, each with words of the sentence that refuses it."""

from functools import cache
from typing import Any

from tests.support.notebook_cells import run_cells

NOTEBOOK = "06_design_space"


@cache
def names() -> dict[str, Any]:
    """Returns what the self-checks take from the cells before them."""
    import keras_tuner
    import numpy as np

    from helpers import load_bank, trials_table

    bank = load_bank()
    tuner = bank.tuner(keras_tuner.RandomSearch, max_trials=100, seed=1)
    tuner.search()
    found = trials_table(tuner)
    return run_cells(NOTEBOOK, "def importance(", np=np, found=found, space=list(bank.space))


GOOD, LARGE = 1e-3, 1e-2


def most_important(limit, pick=max):
    """Returns an answer: the name of the hyperparameter that matters most up to this rate."""

    def answer(found):
        known = names()
        space, np = known["space"], known["np"]
        kept = found[found["learning_rate"] <= limit]
        values, scores = kept[space].astype(float).to_numpy(), kept["score"].to_numpy(float)
        rng = np.random.default_rng(5)
        measured = [known["importance"](values, scores, i, rng) for i in range(len(space))]
        return pick(zip(measured, space, strict=True))[1]

    return answer


def make_space(condition=(2, 3), layers=3, low=0.0, high=0.5, name="dropout"):
    """Returns an answer: how to write the space."""

    def answer():
        import keras_tuner

        hp = keras_tuner.HyperParameters()
        hp.Int("num_layers", min_value=1, max_value=layers)
        if condition:
            with hp.conditional_scope("num_layers", list(condition)):
                hp.Float(name, min_value=low, max_value=high, step=0.125)
        else:
            hp.Float(name, min_value=low, max_value=high, step=0.125)
        return hp

    return answer


def without_scope():
    """Gives the condition to each hyperparameter, and lists its values."""
    import keras_tuner

    hp = keras_tuner.HyperParameters()
    hp.Choice("num_layers", [1, 2, 3])
    values = [0.0, 0.125, 0.25, 0.375, 0.5]
    hp.Choice("dropout", values, parent_name="num_layers", parent_values=[2, 3])
    return hp


def any_float():
    import keras_tuner

    hp = keras_tuner.HyperParameters()
    hp.Int("num_layers", min_value=1, max_value=3)
    with hp.conditional_scope("num_layers", [2, 3]):
        hp.Float("dropout", min_value=0.0, max_value=0.5)
    return hp


WRONG = {
    "a": [
        (0.5, "would be there on a logarithmic scale"),
        (0.99, "a percentage, or the share of the upper two decades"),
        (0.1, "the lower two decades end at 1e-4"),
        (1e-4, "divide by the width of the whole range"),
        (9e-4, "That is too little"),
        (1 / 80, "0.0125? Divide one width by the other"),
    ],
    "b": [
        (most_important(LARGE), "learning_rate is not the most important one up to 1e-3"),
        (most_important(GOOD, pick=min), "is not the most important one up to"),
        (lambda found: 0, "0 is not the name of a hyperparameter"),
        (lambda found: "score", "is not the name of a hyperparameter"),
        (lambda found: most_important(GOOD)(names()["found"]), "Where only num_layers counts"),
    ],
    "c": [
        (make_space(condition=None), "dropout counts with [1, 2, 3] layers"),
        (make_space(condition=(2,)), "dropout counts with [2] layers"),
        (make_space(layers=2), "num_layers should go from 1 to 3"),
        (make_space(high=0.375), "from 0 to 0.5 in steps of 0.125"),
        (make_space(low=0.125), "from 0 to 0.5 in steps of 0.125"),
        (any_float, "from 0 to 0.5 in steps of 0.125"),
        (make_space(name="rate"), "Name them as asked"),
    ],
}

RIGHT = {
    "a": [0.0099, 0.99 / 100],
    "b": [most_important(GOOD)],
    "c": [make_space(), without_scope],
}
