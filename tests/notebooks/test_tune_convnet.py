"""What notebook 09 prints and concludes, by other routes than its own, and what it would notice."""

import re
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import keras
import keras_tuner
import nbformat
import numpy as np
import pandas as pd
import pytest

from helpers import load_bank
from tests.support.notebook_cells import FOLDER, run_cells

pytestmark = pytest.mark.tensorflow

NOTEBOOK = "09_tune_convnet"
BANK = Path(__file__).parents[2] / "bank"
MODULES = {"keras": keras, "keras_tuner": keras_tuner, "np": np, "pd": pd}
BUILDER = (
    "def blocks(hp)",
    "def augmentation(hp)",
    "def optimizer(hp)",
    "def build_cnn(hp)",
    "def with_values(",
)


def printed(words):
    """Returns what the cell with these words has printed."""
    cells = nbformat.read(FOLDER / f"{NOTEBOOK}.ipynb", as_version=4).cells
    (cell,) = [one for one in cells if one.cell_type == "code" and words in one.source]
    return "".join(output.get("text", "") for output in cell.outputs)


def whole_numbers(text):
    return [int(one.replace(",", "")) for one in re.findall(r"\d[\d,]*", text)]


def in_convolutions(filters, depth):
    """Counts, pixel by pixel, the weights of the convolutions and their multiplications."""
    channels, side, weights, products = 3, 32, 0, 0
    for block in range(depth):
        kernels = filters * 2**block
        weights += kernels * (9 * channels + 1)
        products += sum(9 * channels for _ in range(side * side)) * kernels
        channels, side = kernels, side // 2
    return weights, products, channels * side**2


@pytest.mark.parametrize("row", range(3))
def test_a_step_beyond_the_corner_costs_what_the_notebook_prints(row):
    line = printed("def multiplications(").splitlines()[row]
    filters, depth, parameters, work = whole_numbers(line)
    weights, products, features = in_convolutions(filters, depth)
    assert (parameters, work) == (weights + 10 * (features + 1), products + 10 * features)


def test_no_sixth_block_can_be_built_and_a_fifth_can():
    cells = run_cells(NOTEBOOK, *BUILDER, **MODULES)
    fifth = cells["build_cnn"](cells["with_values"](depth=5))
    assert fifth.layers[-4].output.shape[1:3] == (1, 1)
    with pytest.raises(ValueError, match="negative dimension|Computed output size"):
        cells["build_cnn"](cells["with_values"](depth=6))


def test_a_winner_drawn_at_random_lies_in_a_corner_as_often_as_the_notebook_prints():
    percent = float(re.search(r"([\d.]+)%", printed("chances = ["))[1])
    assert percent == pytest.approx(100 * float(Fraction(8, 45)), abs=0.05)
    rng = np.random.default_rng(1)
    sizes = (3, 3, 5)  # filters, depth, dropout
    draws = [rng.integers(size, size=100_000) for size in sizes]
    ends = [np.isin(draw, (0, size - 1)) for draw, size in zip(draws, sizes, strict=True)]
    assert np.logical_and.reduce(ends).mean() == pytest.approx(percent / 100, abs=0.005)


@pytest.mark.parametrize(
    ("name", "epochs", "factor"), [("cifar10_mlp", 4, 2), ("digits_mlp", 27, 3)]
)
def test_hyperband_trains_as_many_trials_and_epochs_as_the_notebook_counts(name, epochs, factor):
    cells = run_cells(NOTEBOOK, "def hyperband_rounds(", **MODULES)
    counted = list(cells["hyperband_rounds"](epochs, factor))
    tuner = load_bank(name).tuner(
        keras_tuner.Hyperband, seed=5, max_epochs=epochs, factor=factor, hyperband_iterations=1
    )
    tuner.search(epochs=epochs)
    replayed = tuner.replayed()
    assert len(replayed) == sum(one["trials"] for one in counted)
    trained = sum(one["trials"] * (one["until"] - one["since"]) for one in counted)
    assert replayed["epochs"].sum() == trained
    assert trained == {4: 30, 27: 375}[epochs]


def test_the_opponent_is_the_best_of_the_bank_and_scores_what_the_notebook_prints():
    text = printed("best_mlp = two_seeds.idxmax()")
    first, deep = (
        pd.read_csv(BANK / f"{name}.csv.gz", comment="#")
        for name in ("cifar10_mlp", "cifar10_mlp_deep")
    )
    values = list(first.columns[: first.columns.get_loc("seed")])
    tops = first.pivot_table(index=values, columns="seed", values="val_acc", aggfunc="max")
    ranked = ((tops[1] + tops[2]) / 2).sort_values()
    assert ranked.iloc[-1] > ranked.iloc[-2], "no tie"
    opponent = dict(zip(values, ranked.index[-1], strict=True))
    assert all(f"'{name}': {value:.4g}" in text for name, value in opponent.items() if value)
    assert f"the best of {len(tops)}:" in text

    same = (deep[values] == pd.Series(opponent)).all(axis=1)
    by_seed = [deep[same & (deep["seed"] == seed)] for seed in range(3, 13)]
    tests = np.array([one.sort_values("epoch")["test_acc"].iloc[-1] for one in by_seed])
    assert len(tests) == 10
    numbers = [float(one) for one in re.findall(r"\d\.\d{4}\b", text.split("\n", 1)[1])]
    new = np.mean([one["val_acc"].max() for one in by_seed])
    spread = (((tests - tests.mean()) ** 2).sum() / 9) ** 0.5
    assert numbers == [round(one, 4) for one in (ranked.iloc[-1], new, tests.mean(), spread)]


def judge(planted=None, again=0):
    """Runs the cells that judge two networks, on made-up answers to 10,000 images."""
    rng = np.random.default_rng(3)
    labels = rng.integers(10, size=10_000)
    hard = rng.random(10_000)
    results = {}
    for name, share in (("CNN", 0.74), ("MLP", 0.51)):
        hit = hard + 0.2 * rng.normal(size=10_000) < share
        predictions = np.where(hit, labels, (labels + 1) % 10)
        results[name] = SimpleNamespace(accuracy=hit.mean(), predictions=predictions, labels=labels)
    sets = {
        name: SimpleNamespace(evaluate=lambda model, r=result: r, looks=1 + again)
        for name, result in results.items()
    }
    words = ('results = {"CNN": test_sets', "only_cnn = int(")
    budget = SimpleNamespace(name="lesson")
    validated = {name: result.accuracy for name, result in results.items()}
    return run_cells(
        NOTEBOOK, *words, planted=planted, **MODULES, test_sets=sets, model=None, mlp=None,
        x_test=labels, budget=budget, validated=validated,
    )  # fmt: skip


def test_the_error_of_the_lead_is_what_a_bootstrap_of_the_images_finds():
    cells = judge()
    rng = np.random.default_rng(4)
    draws = rng.integers(10_000, size=(1_000, 10_000))
    bootstrap = cells["differences"][draws].mean(axis=1).std()
    assert cells["lead_error"] == pytest.approx(bootstrap, rel=0.1)
    alone = cells["correct"]["CNN"][draws].mean(axis=1).std()
    assert cells["errors"]["CNN"] == pytest.approx(alone, rel=0.1)


@pytest.mark.parametrize(
    "planted",
    [
        ("(1 - result.accuracy) / len(x_test)", "(1 - result.accuracy) / 5_000"),
        ("(result.accuracy * (1", "(2 * result.accuracy * (1"),
        ("differences.std(ddof=1) / len", "(errors['CNN'] + errors['MLP']) / len"),
        ('correct["CNN"].astype(int) - correct["MLP"]', 'correct["CNN"] | correct["MLP"]'),
        ('test_sets["CNN"].evaluate(model)', 'test_sets["MLP"].evaluate(model)'),
    ],
)
def test_a_wrong_error_or_lead_would_be_noticed(planted):
    with pytest.raises(AssertionError):
        judge(planted)


def test_a_second_look_at_the_test_set_would_be_noticed():
    with pytest.raises(AssertionError, match="one look each"):
        judge(again=1)


def corner(planted=None):
    cells = run_cells(NOTEBOOK, *BUILDER, **MODULES)
    hp = keras_tuner.HyperParameters()
    cells["build_cnn"](hp)
    best_hps = SimpleNamespace(get={"filters": 32, "depth": 3, "dropout": 0.0}.get)
    words = ("at_edge = []", "chances = [", "def multiplications(", "import product", "def by_form")
    cells |= {"spaces": (hp,), "best_hps": best_hps}
    return run_cells(NOTEBOOK, *words, planted=planted, **{
        name: value for name, value in cells.items() if not name.startswith("__")
    })  # fmt: skip


def test_the_cells_about_the_corner_find_the_edges():
    assert corner()["at_edge"] == ["filters 32", "dropout 0.0"]


@pytest.mark.parametrize(
    "planted",
    [
        ("2 / len(steps)", "1 / len(steps)"),
        ("layer.output.shape[1:-1]", "layer.output.shape[2:-1]"),
        ('"depth": (2, 3, 4)', '"depth": (2, 3, 4, 5)'),
        ('"filters": (16, 24, 32)', '"filters": (16, 32)'),
    ],
)
def test_a_mistake_about_the_corner_would_be_noticed(planted):
    with pytest.raises(AssertionError):
        corner(planted)


def spread(planted=None):
    """Runs the cells about the luck of the seed, with made-up trainings."""
    lasts = iter((0.70, 0.66))

    def build(hp):
        log = SimpleNamespace(history={"val_acc": [0.4, 0.5, 0.6, next(lasts)]})
        return SimpleNamespace(fit=lambda *data, **settings: log)

    return run_cells(
        NOTEBOOK,
        "seeds, early = (",
        "few = [(",
        planted=planted,
        **MODULES,
        budget=SimpleNamespace(name="lesson", retrain_epochs=20),
        history=SimpleNamespace(history={"val_acc": [0.4, 0.5, 0.6, 0.68] + 16 * [0.74]}),
        tuner=SimpleNamespace(hypermodel=SimpleNamespace(build=build)),
        **{"MAX_EPOCHS": 4, "best_hps": None, "settings": {}, "x_train": None, "y_train": None},
    )


def test_the_spread_of_the_seeds_is_that_of_one_epoch():
    cells = spread()
    assert cells["scores"] == [0.68, 0.70, 0.66]
    assert (cells["cnn_mean"], cells["cnn_spread"]) == pytest.approx((0.68, 0.02))


@pytest.mark.parametrize(
    "planted",
    [
        ("np.std(scores, ddof=1)", "np.std(scores)"),
        ("np.mean(scores)", "np.max(scores)"),
        ('history.history["val_acc"][early - 1]', 'history.history["val_acc"][-1]'),
        ("-np.log(1 - tail)", "-np.log(tail)"),
    ],
)
def test_a_wrong_spread_of_the_seeds_would_be_noticed(planted):
    with pytest.raises(AssertionError):
        spread(planted)
