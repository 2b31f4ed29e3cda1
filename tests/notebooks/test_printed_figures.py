"""What cells of notebooks 01 to 05 print of made-up results: each figure beside its own label.

A claim sees the variables of a cell, but not whether it prints the right one of them.
"""

import re
from math import sqrt
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tests.support.notebook_cells import run_cells

DRAW, BUILD = "01_draw_values", "03_build_model"
SEARCH, RETRAIN = "04_search_at_random", "05_retrain_best_model"


@pytest.fixture
def printed(capsys):
    """Runs a cell and returns the figures that it prints, in order."""

    def run(notebook, words, **names):
        run_cells(notebook, words, **names)
        return [float(one) for one in re.findall(r"(?<![\w.])\d+\.\d+", capsys.readouterr().out)]

    return run


def test_the_log_by_hand_is_printed_width_by_width(capsys):
    run_cells(DRAW, "for width, val_acc in log", log={4: 0.25, 64: 0.875})
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines] == [
        [width, "units:", "validation", "accuracy", score]
        for width, score in (("4", "0.250"), ("64", "0.875"))
    ]


def test_the_first_losses_are_printed_with_their_accuracies(printed):
    def network(loss, acc):
        scores = SimpleNamespace(evaluate=lambda x, y, verbose: (loss, acc))
        return SimpleNamespace(layers=[0, 1], compile=lambda **options: None, **vars(scores))

    keras = SimpleNamespace(
        utils=SimpleNamespace(set_random_seed=lambda seed: None),
        Sequential=lambda layers: network(400.5, 0.125),
    )
    names = {"with_width": lambda width: network(2.5, 0.0625), "x_val": [], "y_val": []}
    shown = printed(BUILD, "untrained = ", keras=keras, **names)
    assert shown == [2.5, pytest.approx(0.0625, abs=6e-4), 400.5, 0.125]


def test_the_first_and_the_last_accuracy_by_heart_are_printed(printed):
    history = SimpleNamespace(history={"acc": [0.25, 0.5, 0.75], "loss": [9.5, 8.5, 7.5]})
    learner = SimpleNamespace(fit=lambda *data, **options: history)
    keras = SimpleNamespace(utils=SimpleNamespace(set_random_seed=lambda seed: None))
    names = {"with_width": lambda width: learner, "x_train": [], "y_train": []}
    assert printed(BUILD, "learner = ", keras=keras, **names) == [0.25, 0.75]


def test_the_luck_of_the_images_is_printed_beside_the_lead_and_the_range(printed):
    rng = np.random.default_rng(3)
    right = rng.random((2, 2500)) < [[0.5], [0.45]]
    names = {"x_val": np.zeros(2500), "y_val": np.eye(2)[np.zeros(2500, int)]}
    names["best_models"] = [
        SimpleNamespace(predict=lambda images, verbose, one=one: np.eye(2)[(~one).astype(int)])
        for one in right
    ]
    names["table"] = pd.DataFrame({"score": [0.3, 0.5, 0.45]})
    single, paired, lead, range_ = printed(SEARCH, "of_difference = ", np=np, **names)
    assert (single, lead, range_) == (sqrt(0.5 * 0.5 / 2500), 0.05, 0.2)
    resampled = rng.choice(np.subtract(*right.astype(int)), size=(4000, 2500)).mean(axis=1)
    assert paired == pytest.approx(resampled.std(), rel=0.07)  # by the bootstrap


def test_the_gain_of_the_longer_training_is_printed_as_validation_accuracy(printed):
    curves = {"acc": [0.5, 0.6, 0.7], "val_acc": [0.3, 0.45, 0.4], "loss": [1.2, 1.1, 1.0]}
    shown = printed(RETRAIN, "during the search ", curves=curves, best_score=0.35)
    assert shown == [0.35, 0.45, 0.4]


def test_the_mean_counts_of_confused_images_are_printed(printed):
    counts = np.random.default_rng(4).integers(20, 90, size=(10, 10))
    group = ["v", "v", "a", "a", "a", "a", "a", "a", "v", "v"]
    frame = pd.DataFrame(
        [
            (group[row] == group[column], counts[row, column])
            for row in range(10)
            for column in range(10)
            if row != column
        ],
        columns=["alike", "images"],
    )
    means = frame.groupby("alike")["images"].mean()
    shown = printed(
        RETRAIN, "pairs_within, pairs_across = ", result=SimpleNamespace(confusion=counts)
    )
    assert shown == [pytest.approx(means[True], abs=0.05), pytest.approx(means[False], abs=0.05)]
