"""The right answers to TEACHING.md's quizzes, each computed from the course or from a formula."""

import itertools
import math
import re
import tempfile
from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
from scipy import stats

from tests.support.notebook_cells import printed, run_cells

ANSWERS: dict[tuple[str, str], Callable[[], Any]] = {}


def agree(words: str, right: Any) -> bool:
    """Returns whether a choice, or a number as it is printed, is the right answer.

    A number is right if it is the exact one, rounded to the decimals that are printed.
    """
    if isinstance(right, list):
        return [float(one) for one in re.findall(r"\d+(?:\.\d+)?", words)] == right
    if isinstance(right, str):
        return words == right
    number = re.match(r"-?\d+(?:\.(\d+))?(?= |$)", words.replace(",", ""))
    if not number:
        return False
    return math.isclose(float(number[0]), round(float(right), len(number[1] or "")), abs_tol=1e-9)


def answers(notebook: int, question: int) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Enters a function as the one that computes the answer to a question."""

    def enter(compute: Callable[[], Any]) -> Callable[[], Any]:
        ANSWERS[f"{notebook:02}", str(question)] = compute
        return compute

    return enter


def hyperparameters() -> Any:
    import keras_tuner

    return keras_tuner.HyperParameters()


def drawn(declare: Callable[[Any], Any]) -> list[float]:
    """Returns the different values that the only hyperparameter of a space draws."""
    declare(hp := hyperparameters())
    return sorted({hp.space[0].random_sample(seed) for seed in range(1, 2001)})


@cache
def bank(name: str = "cifar10_mlp") -> Any:
    from helpers import load_bank

    return load_bank(name)


def trainings(name: str = "cifar10_mlp") -> Any:
    """Returns the score of each training: that of its best epoch."""
    return bank(name).table.groupby([*bank(name).space, "seed"])["val_acc"].max()


@cache
def expected_max() -> Callable[[int], float]:
    return run_cells("05_retrain_best_model", "def expected_max")["expected_max"]


# 01 Draw values


@answers(1, 1)
def combinations_of_four_with_five_values() -> int:
    return len(list(itertools.product(range(5), repeat=4)))


@answers(1, 2)
def values_of_an_int_with_a_step() -> list[float]:
    return drawn(lambda hp: hp.Int("units", min_value=10, max_value=50, step=20))


@answers(1, 3)
def largest_value_of_a_float_with_a_step() -> float:
    return max(drawn(lambda hp: hp.Float("rate", min_value=0.0, max_value=0.3, step=0.1)))


@answers(1, 4)
def logarithmic_draws_below_a_decade() -> float:
    hyper = hyperparameters()
    hyper.Float("rate", min_value=1e-5, max_value=1e-1, sampling="log")
    low = np.mean([hyper.space[0].random_sample(seed) < 1e-4 for seed in range(1, 4001)])
    exact = math.log(1e-4 / 1e-5) / math.log(1e-1 / 1e-5)
    assert abs(low - exact) < 0.03
    return 100 * exact


@answers(1, 5)
def a_second_declaration() -> int:
    hp = hyperparameters()
    hp.Choice("units", [16, 32])
    return hp.Choice("units", [64, 128])


# 02 Look at CIFAR-10


@answers(2, 1)
def numbers_of_a_larger_image() -> int:
    return np.zeros((64, 64, 3), "uint8").size


@answers(2, 2)
def memory_of_the_quotient() -> float:
    x = np.zeros((10, 32, 32, 3), "uint8")
    return (x / 255).nbytes / x.nbytes


@answers(2, 3)
def place_of_the_one() -> int:
    import keras

    return 1 + int(keras.utils.to_categorical([5], num_classes=10)[0].tolist().index(1))


@answers(2, 4)
def accuracy_of_calling_everybody_healthy() -> float:
    ill = np.repeat([False, True], [900, 100])
    return 100 * np.mean(ill == np.zeros(1000, bool))


@answers(2, 5)
def the_set_that_chooses_between_learning_rates() -> str:
    cells = ("answer_e = {", "def check_e", "sets = [")
    return run_cells("02_look_at_cifar10", *cells)["solution_e"][
        "choose between two learning rates"
    ]


# 03 Build a model


@answers(3, 1)
def parameters_of_a_dense_layer() -> int:
    import keras

    return keras.Sequential([keras.Input(shape=(100,)), keras.layers.Dense(20)]).count_params()


@answers(3, 2)
def loss_of_an_undecided_network() -> float:
    return -math.log(1 / 50)


@answers(3, 3)
def parameters_of_a_further_unit() -> int:
    from helpers import build_model

    sizes = []
    for width in (100, 150):
        hp = hyperparameters()
        hp.values["num_hidden"] = width
        sizes.append(build_model(hp).count_params())
    return (sizes[1] - sizes[0]) // 50


@answers(3, 4)
def width_without_a_tuner() -> int:
    from helpers import build_model

    widths = {build_model(hyperparameters()).layers[2].units for _ in range(2)}
    (width,) = widths
    return width


@answers(3, 5)
def parameters_before_the_first_image() -> int:
    import keras

    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(50)])
    lines: list[str] = []
    model.summary(print_fn=lambda text, **unused: lines.append(text))
    return int(re.search(r"Total params: ([\d,]+)", "\n".join(lines))[1])


# 04 Search at random


@answers(4, 1)
def different_values_of_a_grid_and_of_random_draws() -> list[float]:
    steps = range(4)
    grid = [(x, y) for x in steps for y in steps]
    random = np.random.default_rng(1).random((16, 2))
    return [len({x for x, _ in grid}), len(set(random[:, 0]))]


@answers(4, 2)
def chance_of_the_best_of_ten() -> float:
    return 100 * (1 - math.comb(9, 3) / math.comb(10, 3))


@answers(4, 3)
def standard_error_in_points() -> float:
    return 100 * np.sqrt(0.5 * 0.5 / 2500)


@answers(4, 4)
def images_for_half_the_error() -> int:
    half = standard_error_in_points() / 2 / 100
    return round(0.5 * 0.5 / half**2)


@answers(4, 5)
def correlation_of_a_short_training_with_a_long_one() -> float:
    keys = [*bank().space, "seed"]
    short = bank().table.query("epoch <= 4").groupby(keys)["val_acc"].max()
    learned = (full := trainings()) > 0.3
    return stats.spearmanr(short[learned], full[learned]).statistic


# 05 Retrain


@answers(5, 1)
def a_sum_in_32_bits() -> int:
    return int(np.float32(1e8) + np.float32(3))


@answers(5, 2)
def accuracy_of_a_rebuilt_model() -> float:
    said = printed("05_retrain_best_model", "loss, acc = model.evaluate(x_val, y_val, verbose=0)")
    accuracy = float(re.search(r"validation accuracy ([\d.]+)", said)[1])
    assert 0.02 < accuracy < 0.2, "as the notebook claims"
    return 100 / 10


@answers(5, 3)
def flattery_of_the_best_of_ten() -> float:
    simulated = np.random.default_rng(1).normal(size=(20_000, 10)).max(axis=1).mean()
    assert abs(simulated - expected_max()(10)) < 0.03
    return expected_max()(10)


@answers(5, 4)
def the_class_that_is_recognised_better() -> str:
    shares = {"cat": 90 / 200, "dog": 60 / 100}
    return max(shares, key=shares.get)


@answers(5, 5)
def what_overfitting_asks_for() -> str:
    cells = ("answer_b = {", "def check_b", "solution_b = {")
    return run_cells("05_retrain_best_model", *cells)["solution_b"]["A"]


# 06 Design a search space


@answers(6, 1)
def linear_draws_in_the_lower_decade() -> float:
    return 100 * (1e-2 - 1e-3) / (1e-1 - 1e-3)


@answers(6, 2)
def hyperparameters_that_build_declares() -> int:
    names = run_cells("06_design_space", "def build_mlp", "import keras_tuner\n", "class TunedMLP")
    names["TunedMLP"]().build(hp := hyperparameters())
    return len(hp.space)


@answers(6, 3)
def trainings_of_the_bank() -> int:
    sizes = [len(values) for values in bank().space.values()]
    assert sizes == [7, 3, 2, 5, 2] and len(bank().seeds) == 2
    return len(trainings())


@answers(6, 4)
def the_best_learning_rate() -> float:
    return trainings().groupby("learning_rate").median().idxmax()


@answers(6, 5)
def edges_of_the_best_configuration() -> int:
    best = trainings().groupby(list(bank().space)).mean().idxmax()
    ends = [(values[0], values[-1]) for values in bank().space.values()]
    return sum(value in edges for value, edges in zip(best, ends, strict=True))


# 07 Compare strategies


@answers(7, 1)
def common_configurations() -> float:
    return 20 * 20 / 200


@answers(7, 2)
def random_trials_that_are_enough() -> int:
    enough = next(k for k in itertools.count(1) if 0.9**k <= 0.05)
    rule = run_cells("07_compare_strategies", "def enough", banks={}, configurations={})["enough"]
    assert rule(100_000, 10_000, 0.95) == enough, "as the notebook counts"
    return enough


@answers(7, 3)
def brackets_of_hyperband() -> int:
    return len({row["bracket"] for row in hyperband_rounds(9, 3)})


@answers(7, 4)
def probability_of_beating() -> float:
    names = run_cells("07_compare_strategies", "def beats", np=np)
    return names["beats"]([0.50, 0.52], [0.50, 0.48])


@answers(7, 5)
def random_start_of_a_bayesian_search() -> int:
    import keras_tuner

    hp = hyperparameters()
    for name in "abcd":
        hp.Choice(name, [1, 2, 3])
    aim = keras_tuner.Objective("val_acc", "max")
    oracle = keras_tuner.oracles.BayesianOptimizationOracle(aim, max_trials=20, hyperparameters=hp)
    assert oracle.num_initial_points is None, "KerasTuner's default"
    banks = {"one": SimpleNamespace(space=dict.fromkeys("abcd"))}
    names = run_cells("07_compare_strategies", "def random_start", banks=banks)
    return names["random_start"]("one", "Bayesian")


# 08 Trust the winner


@answers(8, 1)
def scatter_of_a_mean() -> float:
    return 0.8 / np.sqrt(4)


@answers(8, 2)
def scatter_of_a_difference() -> float:
    return float(np.hypot(0.5, 0.5))


@answers(8, 3)
def false_alarms_of_the_naive_rule() -> float:
    return 100 * (1 - stats.norm.cdf(2) ** 10)


@answers(8, 4)
def the_best_of_twenty_guessers() -> float:
    best = np.random.default_rng(1).binomial(400, 0.1, size=(20_000, 20)).max(axis=1) / 400
    exact = np.sum(1 - stats.binom.cdf(range(400), 400, 0.1) ** 20) / 400
    assert abs(best.mean() - exact) < 0.001
    return 100 * exact


@answers(8, 5)
def the_task_that_flatters_more() -> str:
    cells = ("def best_epochs", "first, deep, digits =", "def chances(", "def flattery")
    names = run_cells("08_trust_winner", *cells, np=np)
    flattered = {}
    for task, table in names["good"].items():
        sigma = np.sqrt(table.var(axis=1, ddof=1).mean())
        flattered[task] = names["flattery"](table, 5)[0].mean() / sigma
    return {"CIFAR-10": "CIFAR-10", "digits": "the digits"}[max(flattered, key=flattered.get)]


# 09 Convolutional network


def hyperband_rounds(max_epochs: int, factor: int) -> list[dict[str, int]]:
    names = run_cells("09_tune_convnet", "def hyperband_rounds")
    return list(names["hyperband_rounds"](max_epochs, factor))


@answers(9, 1)
def width_of_a_convolved_image() -> int:
    windows = np.lib.stride_tricks.sliding_window_view(np.zeros((28, 28)), (5, 5))
    return windows.shape[1]


@answers(9, 2)
def parameters_of_a_convolution() -> int:
    import keras

    layer = keras.layers.Conv2D(16, 3)
    layer.build((None, 32, 32, 8))
    return layer.count_params()


@answers(9, 3)
def networks_that_hyperband_begins() -> int:
    return sum(row["trials"] for row in hyperband_rounds(4, 2) if row["since"] == 0)


@answers(9, 4)
def corners_by_chance() -> float:
    draws = list(itertools.product(range(4), repeat=2))
    return 100 * np.mean([all(value in (0, 3) for value in draw) for draw in draws])


@answers(9, 5)
def blocks_for_64_pixels() -> int:
    return next(blocks for blocks in itertools.count() if 64 // 2 ** (blocks + 1) == 0)


# 10 Run for hours


@answers(10, 1)
def epochs_that_a_crash_repeats() -> int:
    said = printed("10_run_for_hours", "running.wait(timeout=600)")
    events = re.findall(r"(epoch\d) 2", said)
    return len(events) - len(set(events))


@answers(10, 2)
def hours_that_retries_cost() -> float:
    return 100 * 0.1 * 2 * 30 / 60


@answers(10, 3)
def searches_that_meet_three_failures() -> float:
    waiting = np.array([1.0, 0.0, 0.0])  # by the number of failures at the end
    for _ in range(100):
        waiting = np.array([0.75 * waiting.sum(), 0.25 * waiting[0], 0.25 * waiting[1]])
    return 100 * (1 - waiting.sum())


@answers(10, 4)
def gigabytes_of_checkpoints() -> float:
    return 100 * 5e6 * 3 * 4 / 1e9


@answers(10, 5)
def status_of_a_nan_by_accuracy() -> str:
    said = printed("10_run_for_hours", 'nan_loss, nan_acc = diverge("val_loss")')
    return re.search(r"^val_acc .*absurd: (\w+)", said, re.MULTILINE)[1]


# 11 Repair searches


@answers(11, 1)
def the_seed_that_is_none() -> int:
    import keras_tuner

    aim = keras_tuner.Objective("val_acc", "max")
    given = (0, 1, 10_000)
    used = [keras_tuner.oracles.RandomSearchOracle(aim, seed=seed).seed for seed in given]
    (ignored,) = [seed for seed, kept in zip(given, used, strict=True) if seed != kept]
    return ignored


@answers(11, 2)
def trials_of_three_values() -> int:
    import keras_tuner

    class OnlyDraw(keras_tuner.RandomSearch):
        def run_trial(self, trial: Any, **unused: Any) -> dict[str, float]:
            return {"loss": 0.0}

    hp = hyperparameters()
    hp.Choice("units", [16, 32, 64])
    with tempfile.TemporaryDirectory() as folder:
        where = {"directory": folder, "project_name": "three", "seed": 1}
        tuner = OnlyDraw(objective="loss", max_trials=10, hyperparameters=hp, **where)
        tuner.search(verbose=0)
        return len(tuner.oracle.trials)


@answers(11, 3)
def accuracy_of_answering_nan() -> float:
    labels = np.repeat(np.arange(10), 100)
    return 100 * np.mean(np.full((1000, 10), np.nan).argmax(axis=1) == labels)


@answers(11, 4)
def mistakes_that_the_check_finds() -> int:
    said = printed("11_repair_searches", "check(tuner, **given).findings\n")
    return len(set(re.findall(r"^ *(\d+) (?:error|warning)", said, re.MULTILINE)))


@answers(11, 5)
def share_of_the_second_half_in_the_first() -> str:
    mixed = np.random.default_rng(1).permutation(np.repeat(np.arange(100), 20))
    share = np.isin(mixed[1000:], mixed[:1000]).mean()
    shares = {"none of it": 0.0, "about half of it": 0.5, "nearly all of it": 0.99}
    return min(shares, key=lambda words: abs(shares[words] - share))
