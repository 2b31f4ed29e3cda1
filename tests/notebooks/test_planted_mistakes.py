"""Mistakes in the own cells of notebooks 01 to 05, which their claims notice.

Each story runs some cells on made-up inputs, or small ones: once as they are, which must pass, and
once with a mistake in place of some words.
"""

from functools import cache
from math import comb
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tests.support.notebook_cells import run_cells

pytestmark = pytest.mark.tensorflow

DRAW, LOOK, BUILD = "01_draw_values", "02_look_at_cifar10", "03_build_model"
SEARCH, RETRAIN = "04_search_at_random", "05_retrain_best_model"


# --- 01 to 03 -----------------------------------------------------------------------------


def widths_by_hand(**planted):
    run_cells(
        DRAW,
        "x, y = load_digits",
        "for width in (4, 16, 64):",
        "the widest of the three",
        **planted,
    )


def scales(**planted):
    import keras_tuner

    (hp := keras_tuner.HyperParameters()).Int("units_2", min_value=32, max_value=512, step=32)
    words = ("def draw(hp", "scales = ", "below = {", "gives each decade a third")
    run_cells(DRAW, *words, keras_tuner=keras_tuner, hp=hp, **planted)


def leaks(**planted):
    images = np.arange(3 * 12).reshape(12, 3)
    names = {"x_train": images[:8], "x_val": images[5:]}  # three of them are in both
    assert run_cells(LOOK, "train_pixels = ", **names, **planted)["shared"] == 3


def small_images(seed):
    import keras

    rng = np.random.default_rng(seed)
    labels = keras.utils.to_categorical(rng.integers(10, size=1024), num_classes=10)
    return rng.integers(256, size=(1024, 32, 32, 3), dtype=np.uint8), labels


def widths_of_a_model(**planted):
    import keras
    import keras_tuner

    names = {"np": np, "keras": keras, "keras_tuner": keras_tuner}
    run_cells(BUILD, "def build_model", "def with_width", "a straight line", **names, **planted)


def first_loss(**planted):
    import keras
    import keras_tuner

    (x_train, y_train), (x_val, y_val) = small_images(1), small_images(2)
    names = {"np": np, "keras": keras, "keras_tuner": keras_tuner, "sizes": {}}
    names |= {"x_train": x_train, "y_train": y_train, "x_val": x_val, "y_val": y_val}
    built = run_cells(BUILD, "def build_model", "def with_width", **names)
    run_cells(BUILD, "untrained = ", "it is certain, and wrong", **built, **planted)


# --- 04 -----------------------------------------------------------------------------------


def intervals(**planted):
    rng = np.random.default_rng(8)
    short = pd.DataFrame(
        [
            {"num_hidden": 100, "seed": seed, "batch_size": size, "val_acc": 0.4 - size / 2e4}
            for seed in range(10)
            for size in (128, 512)
        ]
    ).assign(num_layers=1, dropout=0, learning_rate=1e-3)
    short["val_acc"] += rng.normal(0, 0.002, size=len(short))
    keys = [name for name in short if name != "val_acc"]
    scores = pd.DataFrame({32: rng.normal(0.4, 0.01, size=4), 128: [0.4, 0.41, 0.39, 0.4]})
    names = {"np": np, "pd": pd, "short": short.set_index(keys)["val_acc"], "scores": scores}
    run_cells(SEARCH, "def with_interval", "512 costs accuracy", **names, **planted)


def few_epochs(**planted):
    from helpers import load_bank

    names = {"np": np, "load_bank": load_bank}
    run_cells(SEARCH, "bank = load_bank()", "nearly every training is at its", **names, **planted)


class Trained:
    """A stand-in for a network and for what its `fit` returns."""

    def __init__(self):
        self.rng, self.model = np.random.default_rng(10), self

    def fit(self, x, y, validation_data, epochs, batch_size, verbose):
        scores = 0.4 + self.rng.normal(0, 0.01, size=epochs)
        self.history = {"val_acc": list(scores), "acc": list(scores + 0.03)}
        return self

    def evaluate(self, images, labels, verbose):
        return 1.0, self.history["val_acc"][-1]


def seeds(**planted):
    import keras_tuner
    from IPython.display import Markdown

    network = Trained()
    names = {"np": np, "pd": pd, "keras_tuner": keras_tuner, "Markdown": Markdown}
    names |= {"keras": SimpleNamespace(utils=SimpleNamespace(set_random_seed=lambda seed: None))}
    names |= {"budget": SimpleNamespace(name="quick", epochs=4), "build_model": lambda hp: network}
    names |= {"compared": {32: (0, -1, 1), 512: (0, -1, 1)}, "pairs": range(10)}
    names |= dict.fromkeys(("x_train", "y_train", "x_val", "y_val"))
    names["table"] = pd.DataFrame({"score": [0.39, 0.43]})
    words = ("began = time", "batches = pd.DataFrame", "def told(", "spread, gap = ", "best_of_run")
    run_cells(SEARCH, *words, **names, **planted)


def predictor(right):
    """Returns a stand-in for a model that is right about the images where `right` is true."""
    guesses = np.where(right[:, None], np.eye(10)[0], np.eye(10)[1])
    return SimpleNamespace(predict=lambda images, verbose: guesses)


def luck_of_images(**planted):
    rng = np.random.default_rng(7)
    alike = rng.random(10_000)
    first, second = alike < 0.43, (alike < 0.40) | (rng.random(10_000) < 0.03)
    run_cells(
        SEARCH,
        "chance = {",
        "about the toss of a coin",
        "of_difference = ",
        "2 * standard_error > 0.009",
        np=np,
        table=pd.DataFrame({"score": [first.mean(), second.mean(), 0.39]}),
        x_val=np.zeros(10_000),
        y_val=np.eye(10)[np.zeros(10_000, int)],
        best_models=[predictor(first), predictor(second)],
        comb=comb,
        **planted,
    )


class Taken:
    """A stand-in for a model that a search has trained: it knows its images better than others."""

    def __init__(self, width, score):
        self.layers = [None, None, SimpleNamespace(units=width)]
        self.optimizer, self.width, self.score = SimpleNamespace(iterations=0), width, score

    def count_params(self):
        return 3083 * self.width + 10

    def evaluate(self, images, labels, verbose):
        return 1.0, {"train": self.score + 0.05, "val": self.score}[images]

    def predict(self, images, verbose):
        return np.eye(2)[(np.arange(1000) >= 1000 * self.score).astype(int)]


def best_models(**planted):
    best = [Taken(950, 0.43), Taken(900, 0.42)]
    table = pd.DataFrame({"num_hidden": [900, 950], "score": [0.42, 0.43], "rank": [2, 1]})
    table["parameters"] = 3083 * table["num_hidden"] + 10
    names = {"x_val": "val", "x_train": "train", "y_train": None, "table": table}
    names |= {"y_val": np.eye(2)[np.zeros(1000, int)], "best_models": best, "np": np}
    run_cells(SEARCH, "accuracies = [", "the saved weights give", **names, **planted)


# --- 05 -----------------------------------------------------------------------------------


def verdicts(**planted):
    for trend in (-0.03, 0, 0.03):
        losses = 1.6 + trend * np.arange(20) + np.random.default_rng(9).normal(0, 0.01, size=20)
        training = SimpleNamespace(history={"loss": 2 - 0.05 * np.arange(20), "val_loss": losses})
        names = {"np": np, "history": training, "budget": SimpleNamespace(retrain_epochs=20)}
        words = ("jumps = 2 * ", "verdict += ", "the last quarter against")
        verdict = run_cells(RETRAIN, *words, **names, **planted)["verdict"]
        assert ("falling" in verdict, "rising" in verdict) == (trend < 0, trend > 0)


def luck_of_a_choice(**planted):
    names = {"np": np, "gain": None, "budget": SimpleNamespace(name="quick")}
    run_cells(RETRAIN, "def expected_max", "draws.mean() - expected_max(6)", **names, **planted)


def confused_pairs(**planted):
    is_animal = np.isin(np.arange(10), range(2, 8))
    counts = np.where(is_animal[:, None] == is_animal, 60, 30) + np.arange(10)
    np.fill_diagonal(counts, 500)
    counts[3, 3] += 1  # some classes are harder than others
    accuracy = counts.diagonal().sum() / counts.sum()
    names = {"np": np, "result": SimpleNamespace(confusion=counts, accuracy=accuracy)}
    run_cells(RETRAIN, "pairs_within, pairs_across = ", "counted another way", **names, **planted)


MISTAKES = {
    "the training images' accuracy in the log": (
        widths_by_hand,
        ('= max(fitted.history["val_acc"])\n', '= max(fitted.history["acc"])\n'),
    ),
    "two linear scales": (scales, ("sampling=sampling)", 'sampling="linear")')),
    "two logarithmic scales": (scales, ("sampling=sampling)", 'sampling="log")')),
    "no image looked up": (leaks, ("for image in x_val)", "for image in x_val[:0])")),
    "the training images looked up": (leaks, ("for image in x_val)", "for image in x_train)")),
    "a width that does not reach the layer": (
        widths_of_a_model,
        ('Dense(width, activation="relu")', 'Dense(50, activation="relu")'),
    ),
    "always the default width": (
        widths_of_a_model,
        ('hp.values["num_hidden"] = width', 'hp.values["units"] = width'),
    ),
    "the first loss of the training images": (
        first_loss,
        ("untrained.evaluate(x_val[:1024], y_val[:1024]", "untrained.evaluate(x_train, y_train"),
    ),
    "a network that has not forgotten to rescale": (
        first_loss,
        ("keras.Sequential(untrained.layers[1:])", "keras.Sequential(untrained.layers)"),
    ),
    "an interval that covers 90 of 100": (intervals, ("0.975", "0.95")),
    "a standard deviation for an interval": (intervals, ("differences.sem()", "differences.std()")),
    "the difference the wrong way round": (intervals, ("pairs[512] - p", "pairs[128] - p")),
    "the training images' accuracy of every seed": (
        seeds,
        ('size, max(run.history["val_acc"]), time', 'size, max(run.history["acc"]), time'),
    ),
    "the times the wrong way round": (seeds, ("s[32] / s[128]", "s[128] / s[32]")),
    "the spread of the batch sizes": (
        seeds,
        ("spread, gap = scores.max() - scores.min()", "spread, gap = scores.max() - scores.mean()"),
    ),
    "a correlation that is none of ranks": (
        few_epochs,
        ('full[learned], method="spearman")\nprint', 'full[learned], method="pearson")\nprint'),
    ),
    "a standard error without its root": (
        luck_of_images,
        ("np.sqrt(first * (1 - first) / images)", "first * (1 - first) / images"),
    ),
    "one best width instead of two": (luck_of_images, ("comb(18, trials)", "comb(19, trials)")),
    "the standard deviation for the error": (
        luck_of_images,
        ("only_one.std(ddof=1) / np.sqrt(images)", "only_one.std(ddof=1) / 10"),
    ),
    "the errors of two scores added up": (
        luck_of_images,
        ("only_one.std(ddof=1) / np.sqrt(images)", "np.sqrt(2) * standard_error"),
    ),
    "the accuracy of the training images": (
        best_models,
        (
            "model.evaluate(x_val, y_val, verbose=0)[1] for",
            "model.evaluate(x_train, 0, verbose=0)[1] for",
        ),
    ),
    "the loss instead of the accuracy": (
        best_models,
        ("y_val, verbose=0)[1] for", "y_val, verbose=0)[0] for"),
    ),
    "the quarter before minus the last": (
        verdicts,
        ("curves[name][-quarter:].mean() -", "-curves[name][-quarter:].mean() +"),
    ),
    "half of the jumps": (verdicts, ("jumps = 2 * np", "jumps = np")),
    "falling as much as flat": (verdicts, ('abs(moved["val_loss"]) <=', 'moved["val_loss"] <=')),
    "a maximum of one more": (luck_of_a_choice, ("cdf(x) ** (k - 1)", "cdf(x) ** k")),
    "a maximum that forgets how many": (luck_of_a_choice, ("x * k * stats", "x * stats")),
    "pairs of a class with itself": (confused_pairs, ("6 * 5 + 4 * 3", "6 * 6 + 4 * 4")),
    "a horse that is no animal": (confused_pairs, ("{2, 3, 4, 5, 6, 7}", "{2, 3, 4, 5, 6}")),
}


@cache
def run_as_they_are(story):
    story()


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_claim_notices(mistake):
    story, planted = MISTAKES[mistake]
    run_as_they_are(story)
    with pytest.raises(AssertionError) as caught:
        story(planted=planted)
    assert "plant something else" not in str(caught.value)
