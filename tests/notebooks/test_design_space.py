"""What notebook 06 concludes, by other routes than its own."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers.bank import load_bank
from tests.support.notebook_cells import conclusion, run_cells

pytestmark = pytest.mark.tensorflow

NOTEBOOK = "06_design_space"
NUMBER = r"(-?\d+\.\d+)"


@pytest.fixture(scope="module")
def bank():
    return load_bank()


@pytest.fixture(scope="module")
def scores(bank):
    """The best epoch of each training: one row a configuration, one column a seed."""
    return bank.table.groupby([*bank.space, "seed"])["val_acc"].max().unstack()


@pytest.fixture(scope="module")
def found(bank):
    import keras_tuner

    tuner = bank.tuner(keras_tuner.RandomSearch, max_trials=100, seed=1)
    tuner.search()
    return tuner.replayed()


# --- The scale ----------------------------------------------------------------------------


def test_the_price_of_the_linear_scale_is_that_of_the_closed_form(bank, scores):
    text = conclusion(NOTEBOOK, "trials on the logarithmic scale")
    printed, of, low, high = map(int, re.findall(r"\d+", text.replace("95 %", "")))
    rates = np.array(bank.space["learning_rate"])
    # A rate stands for all that are nearer to it than to its neighbours, by their logarithms.
    edges = np.concatenate([rates[:1], np.sqrt(rates[1:] * rates[:-1]), rates[-1:]])
    values = np.sort(scores.to_numpy().ravel())

    def median_of_best(of_trials, weights):
        # The best of k is at most x if all k are: the k-th power of the share at most x.
        share = sum(
            weight
            * np.searchsorted(np.sort(scores.xs(r, level="learning_rate").to_numpy().ravel()),
                              values, side="right")
            / scores.xs(r, level="learning_rate").size
            for r, weight in zip(rates, weights, strict=True)
        )  # fmt: skip
        return values[np.searchsorted(share**of_trials, 0.5)]

    linear = np.diff(edges) / (rates[-1] - rates[0])
    logarithmic = np.diff(np.log(edges)) / np.log(rates[-1] / rates[0])
    target = median_of_best(of, linear)
    needed = next(k for k in range(1, of) if median_of_best(k, logarithmic) >= target)
    assert low <= needed <= high and abs(needed - printed) <= 1
    assert needed <= of / 2


# --- Importance, and its null -------------------------------------------------------------


class LeastSquares:
    """Stands for the forest of the notebook, and takes a hundredth of its time."""

    def __init__(self, **unused):
        pass

    def fit(self, values, scores):
        self.weights = np.linalg.lstsq(values, scores)[0]

    def score(self, values, scores):
        return 1 - ((scores - values @ self.weights) ** 2).mean() / scores.var()


def check_null(planted=None):
    """A weak column beside a strong one is beyond its null, and a column of noise is not."""
    cells = run_cells(NOTEBOOK, "def importance(", "def null(", planted=planted, np=np)
    cells["RandomForestRegressor"] = LeastSquares
    rng = np.random.default_rng(0)
    beyond = np.zeros(3)
    for _ in range(12):
        values = rng.normal(size=(100, 3))
        target = values @ [10, 0.5, 0] + rng.normal(scale=0.5, size=100)
        for column in range(3):
            measured = cells["importance"](values, target, column, rng)
            null = [cells["null"](values, target, column, rng) for _ in range(19)]
            beyond[column] += measured > max(null)
    assert beyond[0] == 12 and beyond[1] >= 11, "what matters is beyond its null"
    # By chance 12 / 20 of them; 4 or more in 0.3 % of such tests.
    assert beyond[2] <= 3, "noise is not"


def test_the_null_finds_a_weak_effect_beside_a_strong_one():
    check_null()


def test_a_null_that_shuffles_all_scores_would_be_noticed():
    shuffle = "return importance(meaningless, scores, column, rng)"
    with pytest.raises(AssertionError, match="what matters is beyond its null"):
        check_null((shuffle, "return importance(values, rng.permutation(scores), column, rng)"))


def test_what_is_called_beyond_chance_is_so_by_ranks_within_each_learning_rate(bank, found):
    text = conclusion(NOTEBOOK, "Beyond all {shuffles} shuffles")
    clear = re.search(r"shuffles: (.*?)\.\*\*", text)[1].split(", ")
    assert "99 shuffles" in text and {"num_hidden", "learning_rate"} <= set(clear)
    rng = np.random.default_rng(0)
    # Where the rate is good, whichever it is: the others are compared at the same rate only.
    strata = [group for _, group in found[found["learning_rate"] <= 1e-3].groupby("learning_rate")]
    for name in clear:
        groups = [found] if name == "learning_rate" else strata
        agreement = sum(rank_correlation(g[name], g["score"]) * len(g) for g in groups)
        by_chance = [
            sum(rank_correlation(rng.permutation(g[name]), g["score"]) * len(g) for g in groups)
            for _ in range(400)
        ]
        p = (1 + (np.abs(by_chance) >= abs(agreement)).sum()) / 401
        assert 5 * p <= 0.05, f"{name}: {p}"


def rank_correlation(values, scores):
    return np.corrcoef(stats.rankdata(values), stats.rankdata(scores))[0, 1]


# --- The edge -----------------------------------------------------------------------------


def check_gain(planted=None):
    """The gain of a value is the mean of the pairs, with Student's interval."""
    cells = run_cells(NOTEBOOK, "def gain(", planted=planted, stats=stats, space=["width", "depth"])
    rng = np.random.default_rng(0)
    near = pd.DataFrame([(w, d) for w in (1, 2) for d in range(5)], columns=["width", "depth"])
    near["score"] = rng.normal(size=10)
    near = near.sample(frac=1, random_state=0)  # whatever the order of the rows
    by_depth = near.pivot_table("score", "depth", "width")
    test = stats.ttest_rel(by_depth[2], by_depth[1])
    expected = [(by_depth[2] - by_depth[1]).mean(), *test.confidence_interval(0.95)]
    np.testing.assert_allclose(cells["gain"](near, "width", 2, 1), expected)


def test_the_gain_of_a_value_has_the_interval_of_a_paired_t_test():
    check_gain()


@pytest.mark.parametrize(
    "planted",
    [
        ("stats.sem(pairs)", "stats.sem(pairs, ddof=0)"),
        ("stats.t.interval(0.95, len(pairs) - 1,", "stats.norm.interval(0.95,"),
    ],
)
def test_an_interval_that_is_too_narrow_would_be_noticed(planted):
    with pytest.raises(AssertionError):
        check_gain(planted)


def test_the_gains_at_the_edge_hold_for_the_seed_that_did_not_choose_the_winner(bank, scores):
    text = conclusion(NOTEBOOK, "sits in a corner of this bank")
    rising = re.search(r"At the edges of (.*), the accuracy still rises", text)[1].split(", ")
    gain, low, high = map(float, re.search(f"300 .{NUMBER}.*?{NUMBER} to {NUMBER}", text).groups())
    assert rising == ["num_hidden", "num_layers", "batch_size"] and 0 < low < gain < high
    gains = {name: [] for name in rising}
    for chooses, judges in [(1, 2), (2, 1)]:
        winner = dict(zip(bank.space, scores[chooses].idxmax(), strict=True))
        judged = scores[judges].reset_index()
        for name, values in bank.space.items():
            place = values.index(winner[name])
            judged = judged[judged[name].isin(values[max(0, place - 1) : place + 2])]
        for name in rising:
            values = sorted(judged[name].unique(), reverse=name == "batch_size")
            assert winner[name] in (bank.space[name][0], bank.space[name][-1]) or name != rising[0]
            rest = [one for one in bank.space if one != name]
            pairs = judged.pivot_table(judges, rest, name)
            gains[name] += [(pairs[values[-1]] - pairs[values[-2]]).mean()]
    assert all(min(pair) > 0 for pair in gains.values()), gains
    assert np.mean(gains["num_hidden"]) == pytest.approx(gain, abs=0.002)


def test_chance_puts_so_many_of_the_best_at_the_upper_edge_as_rarely_as_is_said(found):
    best = found.nlargest(10, "score")
    here, there = ((table["num_hidden"] == 400).sum() for table in (best, found))
    rng = np.random.default_rng(0)
    draws = rng.permuted(np.tile(np.arange(100) < there, (20_000, 1)), axis=1)[:, :10].sum(axis=1)
    p = (draws >= here).mean()
    assert p == pytest.approx(stats.hypergeom.sf(here - 1, 100, there, 10), abs=0.003)
    assert 10 * p < 0.1, "even after ten looks"


# --- The live search ----------------------------------------------------------------------


def check_noise(planted=None):
    """The luck of a seed is measured without bias, from pairs of trainings."""
    rng = np.random.default_rng(0)
    trainings = pd.DataFrame(
        {"width": np.repeat(np.arange(4000), 2), "seed": np.tile([1, 2], 4000)}
    )
    trainings["score"] = 0.4 + 1e-5 * trainings["width"] + rng.normal(scale=0.01, size=8000)
    table = pd.DataFrame({"rank": [1], "score": [0.46]})
    cells = run_cells(
        NOTEBOOK, "seed_sd = ", planted=planted,
        np=np, table=table, trainings=trainings, space=["width"],
    )  # fmt: skip
    assert cells["seed_sd"] == pytest.approx(0.01, rel=0.05)
    assert cells["unclear"] == pytest.approx(0.0283, rel=0.05)
    assert cells["verdict"] == "no clear difference"


def test_the_noise_of_a_training_is_that_of_its_seed():
    check_noise()


def test_a_variance_that_divides_by_the_number_of_values_would_be_noticed():
    with pytest.raises(AssertionError):
        check_noise((".mean() / 2))", ".mean() / 4))"))
