"""What the self-checks of notebooks 04 and 05 refuse."""

import os
from math import comb
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from helpers.data import CLASS_NAMES
from tests.support.notebook_cells import run_cells

SEARCH, RETRAIN = "04_search_at_random", "05_retrain_best_model"
Wrong = dict[str, tuple[object, str]]


def refused(check, *answer):
    with pytest.raises(AssertionError) as caught:
        check(*answer)
    return str(caught.value)


# --- 04 -----------------------------------------------------------------------------------

WRONG_A: Wrong = {
    "one too few": (13, "With 13 trials the chance is only 89%."),
    "one too many": (15, "With 15 trials it is 95%, but fewer would do as well."),
    "all of them": (20, "With 20 trials it is 100%, but fewer would do as well."),
    "the chance instead of a number": (0.9, "Give a whole number of trials, from 1 to 20."),
    "none": (0, "Give a whole number of trials, from 1 to 20."),
}


@pytest.fixture(scope="module")
def check_a():
    return run_cells(SEARCH, "answer_a = ...", "def check_a", comb=comb)["check_a"]


@pytest.mark.parametrize("mistake", WRONG_A)
def test_the_number_of_trials_is_not(mistake, check_a):
    answer, words = WRONG_A[mistake]
    assert refused(check_a, answer) == words


def test_the_number_of_trials_may_come_from_numpy(check_a):
    assert check_a(np.int64(14)) == check_a(14.0) == "Right."


def a_search(declare=None, trials=2, used=None, score=0.4):
    """Returns a stand-in for a tuner that has searched, and one for its best model."""
    import keras_tuner

    hp = keras_tuner.HyperParameters()
    if declare:
        declare(hp)
    else:
        hp.Float("learning_rate", min_value=1e-4, max_value=1e-1, sampling="log")
    hp.values["learning_rate"] = 0.02
    best = [SimpleNamespace(hyperparameters=hp.values, score=0.4)] * trials
    oracle = SimpleNamespace(get_space=lambda: hp, get_best_trials=lambda count: best[:count])
    optimizer = SimpleNamespace(learning_rate=0.02 if used is None else used)
    model = SimpleNamespace(optimizer=optimizer, evaluate=lambda *data, verbose: (1.0, score))
    return SimpleNamespace(oracle=oracle), model


def two(hp):
    hp.Float("learning_rate", min_value=1e-4, max_value=1e-1, sampling="log")
    hp.Int("num_hidden", min_value=50, max_value=1000, step=50)


WRONG_B: dict[str, tuple[dict, str]] = {
    "a linear scale": (
        {"declare": lambda hp: hp.Float("learning_rate", 1e-4, 1e-1)},
        "You search (learning_rate: 0.0001 to 0.1, linear).",
    ),
    "another range": (
        {"declare": lambda hp: hp.Float("learning_rate", 1e-3, 1e-1, sampling="log")},
        "You search (learning_rate: 0.001 to 0.1, log).",
    ),
    "another name": (
        {"declare": lambda hp: hp.Float("rate", 1e-4, 1e-1, sampling="log")},
        "You search (rate: 0.0001 to 0.1, log).",
    ),
    "a choice of values": (
        {"declare": lambda hp: hp.Choice("learning_rate", [1e-4, 1e-3, 1e-2, 1e-1])},
        "You search (learning_rate: ? to ?, no sampling).",
    ),
    "the width as well": ({"declare": two}, "; num_hidden: 50 to 1000, linear)."),
    "no trial": ({"trials": 0}, "Completed trials: 0. Run two or more."),
    "a single trial": ({"trials": 1}, "Completed trials: 1. Run two or more."),
    "a rate that Adam never gets": ({"used": 0.001}, "Adam was given 0.001."),
    "an untrained model": ({"score": 0.1}, "This is not the trained one: `get_best_models`."),
}


@pytest.fixture(scope="module")
def check_b():
    names = {"np": np, "few_images": {"validation_data": ((), ())}}
    words = ("def describe", "def answer_b", "def check_b")
    return run_cells(SEARCH, *words, **names)["check_b"]


@pytest.mark.tensorflow
@pytest.mark.parametrize("mistake", WRONG_B)
def test_a_search_over_the_learning_rate_has_not(mistake, check_b):
    facts, words = WRONG_B[mistake]
    assert words in refused(check_b, *a_search(**facts))


@pytest.mark.tensorflow
def test_a_search_over_the_learning_rate_may_have_more_trials(check_b):
    assert check_b(*a_search(trials=5)) == "Right."


def contenders(errors=2.0, images_used=None, keep=lambda score, limit: score >= limit, error=None):
    def answer(table, images):
        best = table["score"].max()
        of_one = error or np.sqrt(best * (1 - best) / (images_used or images))
        return list(table.index[keep(table["score"], best - errors * of_one)])

    return answer


WRONG_C: Wrong = {
    "one standard error": (contenders(errors=1), "Trial 5 is closer than two standard errors"),
    "no root": (contenders(error=0.45 * 0.55 / 10_000), "check your standard error"),
    "three standard errors": (contenders(errors=3), "1, 3 and 5, not [1, 2, 3, 5]"),
    "any number of images": (contenders(images_used=10_000), "the error is larger"),
    "trials without a score": (
        contenders(keep=lambda score, limit: ~(score < limit)),
        "Trial 4 has no score.",
    ),
    "the others without the best": (
        contenders(keep=lambda score, limit: (score >= limit) & (score < score.max())),
        "The best trial is a contender itself.",
    ),
    "all": (contenders(errors=1e6), "1, 3 and 5, not [0, 1, 2, 3, 5]"),
}


@pytest.fixture(scope="module")
def check_c():
    return run_cells(SEARCH, "def answer_c", "def check_c", np=np, pd=pd)["check_c"]


@pytest.mark.parametrize("mistake", WRONG_C)
def test_the_contenders_are_not(mistake, check_c):
    answer, words = WRONG_C[mistake]
    assert words in refused(check_c, answer)


def test_the_contenders_may_come_as_an_index(check_c):
    assert check_c(lambda *asked: pd.Index(contenders()(*asked))) == "Right."


WRONG_D = [
    ("nine", "RandomSearch", "goes through all combinations"),
    ("nine", "Hyperband", "goes through all combinations"),
    ("nights", "RandomSearch", "each should learn from the others"),
    ("nights", "GridSearch", "each should learn from the others"),
    ("hundreds", "GridSearch", "Why train the bad ones to the end?"),
    ("hundreds", "BayesianOptimization", "Why train the bad ones to the end?"),
]


@pytest.mark.parametrize(("situation", "tuner", "words"), WRONG_D)
def test_a_tuner_does_not_fit(situation, tuner, words):
    names = run_cells(SEARCH, "answer_d = {", "def check_d", "solution_d = {")
    answer = {**names["solution_d"], situation: tuner}
    assert refused(names["check_d"], answer).startswith(f"{tuner} for {situation!r}?")
    assert words in refused(names["check_d"], answer)


# --- 05 -----------------------------------------------------------------------------------


def named(best):
    return lambda confusion: CLASS_NAMES[int(best(confusion))]


WRONG_A5: Wrong = {
    "the most correct images": (
        named(lambda confusion: confusion.diagonal().argmax()),
        "also by far the most images",
    ),
    "the columns": (
        named(lambda confusion: (confusion.diagonal() / confusion.sum(axis=0)).argmax()),
        "you have looked at the columns",
    ),
    "the number of the class": (
        lambda confusion: (confusion.diagonal() / confusion.sum(axis=1)).argmax(),
        "Return a name from CLASS_NAMES, not",
    ),
    "the worst class": (
        named(lambda confusion: (confusion.diagonal() / confusion.sum(axis=1)).argmin()),
        "it is the horse, not",
    ),
}


@pytest.mark.parametrize("mistake", WRONG_A5)
def test_the_class_that_is_recognised_best_is_not(mistake):
    answer, words = WRONG_A5[mistake]
    check = run_cells(RETRAIN, "def answer_a", "def check_a", np=np)["check_a"]
    assert words in refused(check, answer)


WRONG_B5 = [
    ("A", "more epochs", "A: the validation loss rises"),
    ("A", "other model", "A: the validation loss rises"),
    ("B", "more epochs", "B: both losses rest"),
    ("B", "fewer epochs", "B: both losses rest"),
    ("C", "fewer epochs", "C: both losses are still on their way down"),
    ("C", "other model", "C: both losses are still on their way down"),
]


@pytest.mark.parametrize(("panel", "step", "words"), WRONG_B5)
def test_a_step_does_not_follow_from_the_curves(panel, step, words):
    names = run_cells(RETRAIN, "answer_b = {", "def check_b", "solution_b = {")
    answer = {**names["solution_b"], panel: step}
    assert words in refused(names["check_b"], answer)


def test_the_given_curves_are_what_the_checks_say_of_them():
    given = run_cells(RETRAIN, "plot_losses(given)", np=np)["given"]
    late = {
        (panel, name): float(np.polyfit(range(8), loss[-8:], 1)[0])
        for panel, losses in given.items()
        for name, loss in losses.items()
    }
    assert late["A", "loss"] < -0.02 and late["A", "val_loss"] > 0.02
    assert abs(late["B", "loss"]) < 0.002 and given["B"]["loss"][-1] > 1.7
    assert late["C", "loss"] < -0.01 and late["C", "val_loss"] < -0.01


CHANCES = np.random.default_rng(2).random((20, 10))
WRONG_C5: Wrong = {
    "the process of the notebook": (
        lambda *files: (os.getpid(), CHANCES.argmax(axis=1)),
        "not a fresh one",
    ),
    "chances instead of classes": (lambda *files: (1, CHANCES), "not the shape (20, 10)"),
    "one class": (lambda *files: (1, 3), "not the shape ()"),
    "the maximum over the images": (lambda *files: (1, CHANCES.argmax(axis=0)), "shape (10,)"),
    "another model": (lambda *files: (1, CHANCES[::-1].argmax(axis=1)), "predicts other classes"),
}


@pytest.mark.parametrize("mistake", WRONG_C5)
def test_what_a_fresh_process_says_is_not(mistake, tmp_path, monkeypatch):
    answer, words = WRONG_C5[mistake]
    (tmp_path / "searches").mkdir()
    monkeypatch.chdir(tmp_path)
    model = SimpleNamespace(predict=lambda images, verbose: CHANCES)
    names = {"np": np, "x_val": np.zeros((30, 2)), "path": Path("model"), "model": model}
    check = run_cells(RETRAIN, "def answer_c", "def check_c", **names)["check_c"]
    assert words in refused(check, answer)
