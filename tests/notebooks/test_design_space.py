"""What notebook 06 concludes, by other routes than its own."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers.bank import load_bank
from tests.support.notebook_cells import conclusion, printed, run_cells

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


def trials_needed(bank, of):
    """How many trials find on a logarithmic scale what `of` find on a linear one, in the median."""
    by_training = bank.table.groupby([*bank.space, "seed"])["val_acc"].max()
    rates = np.array(bank.space["learning_rate"])
    # A rate stands for all that are nearer to it than to its neighbours, by their logarithms.
    edges = np.concatenate([rates[:1], np.sqrt(rates[1:] * rates[:-1]), rates[-1:]])
    of_rate = [np.sort(by_training.xs(rate, level="learning_rate").to_numpy()) for rate in rates]
    values = np.sort(by_training.to_numpy())

    def median_of_best(of_trials, weights):
        # The best of k is at most x if all k are: the k-th power of the share at most x.
        share = sum(
            weight * np.searchsorted(scores, values, side="right") / scores.size
            for scores, weight in zip(of_rate, weights, strict=True)
        )
        return values[np.searchsorted(share**of_trials, 0.5)]

    linear = np.diff(edges) / (rates[-1] - rates[0])
    logarithmic = np.diff(np.log(edges)) / np.log(rates[-1] / rates[0])
    target = median_of_best(of, linear)
    return next(k for k in range(1, 10 * of) if median_of_best(k, logarithmic) >= target)


def test_the_price_of_the_linear_scale_is_that_of_the_closed_form(bank):
    text = conclusion(NOTEBOOK, "trials on the logarithmic scale")
    printed, of, low, high = map(
        int, re.search(r"(\d+) trials .* (\d+) find .* interval (\d+) to (\d+)", text).groups()
    )
    needed = trials_needed(bank, of)
    assert low <= needed <= high and abs(needed - printed) <= 1
    assert needed <= of / 2


def test_the_linear_scale_costs_less_where_the_good_rates_are_not_the_smallest(bank):
    digits = load_bank("digits_mlp")
    best = digits.table.groupby("learning_rate")["val_acc"].quantile(0.9).idxmax()
    assert best > min(digits.space["learning_rate"])
    assert trials_needed(digits, 20) > 1.5 * trials_needed(bank, 20)


def test_the_boxes_of_the_two_largest_rates_lie_lower_in_the_last_epoch_of_each_seed(bank):
    last = bank.table[bank.table["epoch"] == bank.epochs]
    for _, of_seed in last.groupby("seed"):
        small = of_seed.query("learning_rate < 2e-3")
        large = of_seed.query("learning_rate > 2e-3")
        for _, of_rate in large.groupby("learning_rate"):
            for _, better in small.groupby("learning_rate"):
                assert stats.mannwhitneyu(of_rate["val_acc"], better["val_acc"]).pvalue < 1e-4
                assert of_rate["val_acc"].median() < better["val_acc"].median()


# --- Conditions ---------------------------------------------------------------------------


def test_the_values_without_effect_are_as_many_as_the_printed_table_holds():
    rows = [line.split() for line in printed(NOTEBOOK, "without = drawn(widths,").splitlines()[2:]]
    listed = sum(
        value != "<NA>"
        for _, layers, *units in rows
        for place, value in enumerate(units)
        if place >= int(layers)
    )
    text = conclusion(NOTEBOOK, "**What is declared.**")
    said, trials = re.search(r"condition, (\d+) of the values that (\d+) trials", text).groups()
    assert (int(said), int(trials)) == (listed, len(rows))


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


def clear_by_ranks(trials, rng, shuffles=99):
    """Which hyperparameters are beyond all shuffles, by ranks within each good learning rate."""
    names = ["num_hidden", "num_layers", "dropout", "batch_size"]
    measured, chance = np.zeros(len(names)), np.zeros((shuffles, len(names)))
    for _, group in trials[trials["learning_rate"] <= 1e-3].groupby("learning_rate"):
        ranks = stats.rankdata(group[[*names, "score"]], axis=0)
        columns, scores = (part - part.mean(axis=0) for part in np.split(ranks, [-1], axis=1))
        weights = len(group) / np.sqrt((columns**2).sum(axis=0) * (scores**2).sum())
        measured += weights * (columns * scores).sum(axis=0)
        shuffled = rng.permuted(np.tile(scores.T, (shuffles, 1)), axis=1)
        chance += weights * (shuffled @ columns)
    return frozenset(np.array(names)[(np.abs(measured) > np.abs(chance)).all(axis=0)])


def test_another_hundred_trials_can_give_another_answer(scores):
    rng = np.random.default_rng(0)
    answers = []
    for _ in range(100):
        drawn = scores.sample(100, random_state=rng)
        score = drawn.to_numpy()[np.arange(100), rng.integers(2, size=100)]
        answers.append(clear_by_ranks(drawn.index.to_frame(index=False).assign(score=score), rng))
    assert max(answers.count(answer) for answer in answers) < 90
    shares = {name: sum(name in answer for answer in answers) for name in scores.index.names}
    assert 50 < shares["num_hidden"] and shares["num_layers"] < shares["num_hidden"], shares


def test_the_learning_rate_holds_most_of_the_variance(found):
    is_rate = pd.get_dummies(found["learning_rate"]).to_numpy(float)
    score = found["score"].to_numpy(float)
    fitted = is_rate @ np.linalg.lstsq(is_rate, score)[0]
    assert fitted.var() > 0.5 * score.var()


def test_the_batch_size_matters_in_opposite_directions_by_the_last_epoch_of_each_seed(bank):
    last = bank.table[bank.table["epoch"] == bank.epochs]
    for _, of_seed in last.groupby("seed"):
        pairs = of_seed.pivot_table("val_acc", list(bank.space)[:-1], "batch_size")
        gain = pairs[128] - pairs[512]
        wins = (gain > 0).groupby("learning_rate").agg(["sum", "size"])
        p = [stats.binomtest(*map(int, row)).pvalue for row in wins.to_numpy()]
        share = wins["sum"] / wins["size"]
        assert share[1e-4] > 0.5 > share[1e-2] and max(p[0], p[-1]) < 0.01
        assert abs(gain.mean()) < 0.25 * gain.abs().mean(), "on average it nearly cancels"


def test_the_smaller_batch_gains_in_wide_networks_without_dropout_in_late_epochs(bank):
    late = bank.table.query("epoch > 10 and num_hidden >= 200 and dropout == 0")
    pairs = late.pivot_table("val_acc", list(bank.space)[:-1], "batch_size")
    gain = (pairs[128] - pairs[512]).unstack("learning_rate")
    for rate in (1e-4, 3e-4, 1e-3):
        assert stats.binomtest(int((gain[rate] > 0).sum()), 9).pvalue < 0.05, rate
    assert stats.wilcoxon(gain[[1e-4, 3e-4]].mean(axis=1) - gain[1e-3]).pvalue < 0.05
    assert gain[1e-4].mean() > gain[1e-3].mean() < gain[3e-4].mean()


def test_a_forest_finds_the_batch_size_if_it_learns_from_all_configurations(scores):
    cells = run_cells(NOTEBOOK, "def importance(", "def null(", np=np)
    values = scores.index.to_frame().astype(float).to_numpy()
    target, rng = scores.mean(axis=1).to_numpy(), np.random.default_rng(0)
    measured = cells["importance"](values, target, 4, rng)
    assert measured > max(cells["null"](values, target, 4, rng) for _ in range(19))
    text = conclusion(NOTEBOOK, "Beyond all {shuffles} shuffles")
    assert "chance in these 100 trials: num_layers, batch_size" in text


# --- The edge -----------------------------------------------------------------------------


def test_the_signs_at_the_edges_are_as_rare_as_is_said(found, scores):
    text = conclusion(NOTEBOOK, "times ten looks")
    hint, none, expected, case, searches, trials, share = (
        float(number.replace(",", ""))
        for number in re.search(
            r"looks is ([\d.]+)\. .* are (\d+) of .* puts ([\d.]+) .* case in (\d+), so"
            r".* of ([\d,]+) random searches of (\d+) .* only (\d+) %",
            text,
            re.DOTALL,
        ).groups()
    )
    best, rng = found.nlargest(10, "score"), np.random.default_rng(0)

    def drawn(name, value):
        at = np.tile((found[name] == value).to_numpy(), (20_000, 1))
        return (best[name] == value).sum(), rng.permuted(at, axis=1)[:, :10].sum(axis=1)

    here, counts = drawn("num_hidden", 400)
    assert 10 * (counts >= here).mean() == pytest.approx(hint, abs=0.03)
    here, counts = drawn("learning_rate", 1e-2)
    assert here == none == 0 and counts.mean() == pytest.approx(expected, abs=0.06)
    assert 1 / (counts == 0).mean() == pytest.approx(case, abs=0.8)
    assert 0.05 < hint < 0.1 and case < 20, "a hint; and none at all alone says little"
    assert (searches, trials) == (2000, 100)
    assert share == pytest.approx(100 * share_of_hints(scores, rng), abs=6)


def share_of_hints(scores, rng, searches=600):
    """How often the largest width is hinted at, by tables of two rows and columns."""
    p = {}
    hints = 0
    for _ in range(searches):
        drawn = scores.sample(100, random_state=rng)
        score = pd.Series(drawn.to_numpy()[np.arange(100), rng.integers(2, size=100)])
        widest = drawn.index.get_level_values("num_hidden") == 400
        here, there = widest[score.nlargest(10).index].sum(), widest.sum()
        if (here, there) not in p:
            table = [[here, 10 - here], [there - here, 90 - there + here]]
            p[here, there] = stats.fisher_exact(table, alternative="greater").pvalue
        hints += 10 * p[here, there] < 0.1
    return hints / searches


# --- The best configuration ---------------------------------------------------------------


def test_the_best_two_configurations_are_those_of_the_means_over_both_seeds(scores):
    text = printed(NOTEBOOK, "The runner-up has")
    by_mean = scores.mean(axis=1).sort_values(ascending=False)
    first, second = (dict(zip(by_mean.index.names, by_mean.index[i], strict=True)) for i in (0, 1))
    for name, value in first.items():
        assert re.search(rf"^{name} +{value:g} ", text, re.MULTILINE)
    other = [f"{name} {value:g}" for name, value in second.items() if value != first[name]]
    behind = by_mean.iloc[0] - by_mean.iloc[1]
    assert f"The runner-up has {', '.join(other)} and is {behind:.5f} behind." in text
    assert behind < scores.std(axis=1).median() / 10, "thin evidence"


def test_networks_without_dropout_are_better_in_every_pair_around_the_winner(bank, scores):
    better, pairs = map(
        int, re.search(r"in (\d+) of (\d+) pairs", printed(NOTEBOOK, "no dropout is")).groups()
    )
    block = Block(bank, scores)
    places = [
        range(max(0, block.winner[name] - 1), min(len(values), block.winner[name] + 2))
        for name, values in block.values.items()
    ]
    near = block.array[np.ix_(*places)]
    axis = list(block.values).index("dropout")
    gain = near.take(0, axis=axis) - near.take(1, axis=axis)
    assert better == (gain > 0).sum() and pairs == gain.size == better


def test_the_winner_is_ahead_with_new_seeds_by_as_much_as_is_printed():
    text = printed(NOTEBOOK, "for the best other")
    deep = load_bank("cifar10_mlp_deep")
    best = {}
    for key, curve in deep.table.groupby([*deep.space, "seed"])["val_acc"]:
        best.setdefault(key[:-1], []).append(curve.max())
    first, second, *_ = sorted((sum(seeds) / len(seeds) for seeds in best.values()), reverse=True)
    assert re.findall(NUMBER, text)[:2] == [f"{first:.4f}", f"{second:.4f}"]


# --- The gains ----------------------------------------------------------------------------


def check_gain(planted=None):
    """The gain of a value is the mean of the pairs, with Student's interval."""
    cells = run_cells(NOTEBOOK, "def gain(", planted=planted, stats=stats, space=["width", "depth"])
    rng = np.random.default_rng(0)
    near = pd.DataFrame([(w, d) for w in (1, 2) for d in range(5)], columns=["width", "depth"])
    near["score"] = rng.normal(size=10)
    near = near.sample(frac=1, random_state=0)  # whatever the order of the rows
    by_depth = near.pivot_table("score", "depth", "width")
    test = stats.ttest_rel(by_depth[2], by_depth[1])
    expected = [(by_depth[2] - by_depth[1]).mean(), *test.confidence_interval(1 - 0.05 / 6)]
    np.testing.assert_allclose(cells["gain"](cells["differences"](near, "width", 2, 1)), expected)


def test_the_gain_of_a_value_has_the_interval_of_a_paired_t_test():
    check_gain()


@pytest.mark.parametrize(
    "planted",
    [
        ("stats.sem(pairs)", "stats.sem(pairs, ddof=0)"),
        ("stats.t.interval(LEVEL, len(pairs) - 1,", "stats.norm.interval(LEVEL,"),
        ("1 - 0.05 / 6", "0.95"),
    ],
)
def test_an_interval_that_is_too_narrow_would_be_noticed(planted):
    with pytest.raises(AssertionError):
        check_gain(planted)


class Block:
    """The mean scores as an array with an axis for each hyperparameter, cut out of the bank."""

    def __init__(self, bank, scores, **kept):
        self.values = {**bank.space, **kept}
        index = pd.MultiIndex.from_product(self.values.values(), names=self.values)
        self.array = scores.mean(axis=1).loc[index].to_numpy().reshape(index.levshape)
        best = np.unravel_index(self.array.argmax(), self.array.shape)
        self.winner = dict(zip(self.values, best, strict=True))

    def pairs(self, name, value, other, winner=None):
        """The differences between two values in the winner's neighbourhood, without dropout."""
        winner = winner or self.winner
        places = []
        for one, values in self.values.items():
            near = range(max(0, winner[one] - 1), min(len(values), winner[one] + 2))
            places += [[0] if one == "dropout" else list(near)]
        axis = list(self.values).index(name)
        places[axis] = [self.values[name].index(one) for one in (value, other)]
        high, low = np.split(self.array[np.ix_(*places)], 2, axis=axis)
        return (high - low).ravel()


def interval_of(pairs):
    test = stats.ttest_1samp(pairs, 0)
    return [pairs.mean(), *test.confidence_interval(1 - 0.05 / 6)]


def test_the_printed_gains_are_those_of_the_block_around_the_winner(bank, scores):
    text = conclusion(NOTEBOOK, "in brackets, the gain and its interval")
    counts = re.search(r"at the edge in (\d) of (\d) .* at (\d) of them: (.*?)\.\*\*", text)
    assert counts.groups() == ("4", "5", "3", "num_hidden, num_layers, batch_size")
    printed = re.findall(rf"than ([\d.]+) \({NUMBER}, {NUMBER} to {NUMBER}\)", text)
    block = Block(bank, scores)
    for (name, value, other), row in zip(
        [
            ("num_hidden", 400, 300),
            ("num_layers", 3, 2),
            ("batch_size", 128, 512),
            ("learning_rate", 3e-4, 1e-4),
            ("learning_rate", 3e-4, 1e-3),
        ],
        printed[:5],
        strict=True,
    ):
        assert float(row[0]) == other
        expected = interval_of(block.pairs(name, value, other))
        assert [float(number) for number in row[1:]] == pytest.approx(expected, abs=6e-5)
        clearly = f"{'' if expected[1] > 0 else 'not clearly '}better than {other:g} ("
        assert clearly in text and ("not clearly" in clearly) == (other == 1e-3)


def test_the_gains_at_the_edge_hold_for_the_seed_that_did_not_choose_the_winner(bank, scores):
    for chooses, judges in [(1, 2), (2, 1)]:
        winner = Block(bank, scores[[chooses]]).winner
        block = Block(bank, scores[[judges]])
        for name, value, other in [
            ("num_hidden", 400, 300),
            ("num_layers", 3, 2),
            ("learning_rate", 3e-4, 1e-4),
            ("batch_size", 128, 512),
        ]:
            assert block.pairs(name, value, other, winner).mean() > 0, (name, chooses)


def test_the_gain_of_the_smaller_batch_differs_between_the_pairs_by_more_than_luck(bank, scores):
    pairs = Block(bank, scores).pairs("batch_size", 128, 512)
    # The luck of a seed, from ten other seeds: two means of two seeds differ by as much as one.
    deep = load_bank("cifar10_mlp_deep").table.query("num_hidden >= 200 and learning_rate <= 1e-3")
    best = deep.groupby([*bank.space, "seed"])["val_acc"].max()
    luck = best.groupby(list(bank.space)).var().mean()
    assert pairs.var() > 2 * luck
    assert stats.chi2.sf(pairs.var() / luck * (len(pairs) - 1), len(pairs) - 1) < 0.01


@pytest.fixture(scope="module")
def tested():
    """The test accuracy of the deeper part, at the epoch that its validation chose."""
    deep = load_bank("cifar10_mlp_deep")
    best = deep.table.groupby([*deep.space, "seed"])["val_acc"].idxmax()
    return deep.table.loc[best].set_index([*deep.space, "seed"])["test_acc"].unstack()


def test_new_seeds_confirm_the_winner_and_its_gains_on_images_that_chose_nothing(tested):
    winner = {"num_hidden": 400, "num_layers": 3, "dropout": 0, "learning_rate": 3e-4}
    winner |= {"batch_size": 128}
    text = conclusion(NOTEBOOK, "in brackets, the gain and its interval")
    low, high = map(
        float, re.findall(rf"than 0.001 \({NUMBER}, {NUMBER} to {NUMBER}", text)[-1][1:]
    )
    assert tested.mean(axis=1).idxmax() == tuple(winner.values())
    for name, other in [
        ("num_hidden", 300),
        ("num_layers", 2),
        ("learning_rate", 1e-4),
        ("learning_rate", 1e-3),
    ]:
        gain = (
            tested.loc[tuple(winner.values())]
            - tested.loc[tuple((winner | {name: other}).values())]
        )
        assert stats.wilcoxon(gain, alternative="greater").pvalue < 0.05, (name, other)
    assert low < gain.mean() < high


def test_layers_and_the_learning_rate_gain_at_other_places_too(tested):
    for name, value, other in [("num_layers", 3, 2), ("learning_rate", 3e-4, 1e-4)]:
        gain = (tested.xs(value, level=name) - tested.xs(other, level=name)).dropna()
        gain = gain.query("dropout == 0 and num_hidden >= 300").mean(axis=1)
        assert len(gain) >= 3 and (gain > 0).all(), name


def test_the_handicap_of_dropout_is_level_in_the_last_third_and_not_gone_with_new_seeds_too():
    deep = load_bank("cifar10_mlp_deep")
    curves = deep.table.set_index([*deep.space, "seed", "epoch"])["val_acc"].unstack()
    best = curves.cummax(axis=1)
    gap = (best.xs(0, level="dropout") - best.xs(0.2, level="dropout")).dropna()
    assert len(gap) == 2 * len(deep.seeds) and (gap[deep.epochs] > 0).mean() > 0.9
    late = gap.loc[:, 10:].groupby("seed").mean()
    assert (stats.ttest_1samp(late, 0).pvalue < 0.001).all() and late.mean().min() > 0.01
    slope = np.polyfit(late.columns, late.T, 1)[0]
    assert 5 * abs(slope.mean()) < 0.15 * late.mean(axis=None), "level, on the whole"
    assert stats.ttest_1samp(slope, 0).pvalue > 0.05, "and not clearly rising or falling"


# --- The rehearsals -----------------------------------------------------------------------


def test_the_check_is_rehearsed_as_often_and_right_as_often_as_is_said(bank, scores):
    text = conclusion(NOTEBOOK, "possible rehearsals")
    done = {"at the edge": 0, "possible": 0, "widen": 0, "right": 0}
    for name, values in bank.space.items():
        for ordered in (values, values[::-1]):
            for size in range(2, len(values)):
                done["possible"] += 1
                kept, edge, hidden = sorted(ordered[:size]), ordered[size - 1], ordered[size]
                block = Block(bank, scores, **{name: tuple(kept)})
                if kept[block.winner[name]] != edge:
                    continue
                done["at the edge"] += 1
                if interval_of(block.pairs(name, edge, ordered[size - 2]))[1] <= 0:
                    continue
                done["widen"] += 1
                whole = Block(bank, scores)
                winner = block.winner | {name: values.index(edge)}
                gain, low, high = interval_of(whole.pairs(name, hidden, edge, winner))
                done["right"] += gain > 0
                if gain <= 0:
                    assert f"In the other one, the best `{name}` was {edge:g}, and the" in text
                    unclear = " (not clearly so)" if low < 0 < high else ""
                    assert f"hidden {hidden:g} is {-gain:.4f} worse on average{unclear}." in text
    said = re.search(r"In (\d+) of the (\d+) .* in (\d+) of them .* right in (\d+)", text)
    assert list(map(int, said.groups())) == list(done.values())
    assert done["right"] < done["widen"], "it is wrong at times"


# --- The live search ----------------------------------------------------------------------


def check_noise(planted=None):
    """The luck of a seed is measured without bias, from pairs of trainings."""
    rng = np.random.default_rng(0)
    trainings = pd.DataFrame(
        {"width": np.repeat(np.arange(4000), 2), "seed": np.tile([1, 2], 4000)}
    )
    trainings["learning_rate"] = np.repeat([1e-4, 1e-2], 4000)
    scale = np.repeat([0.006, 0.0128], 4000)  # together 0.01
    trainings["score"] = 0.4 + 1e-5 * trainings["width"] + rng.normal(scale=scale)
    table = pd.DataFrame({"rank": [1], "score": [0.46]})
    cells = run_cells(
        NOTEBOOK, "seed_sd = ", planted=planted,
        np=np, table=table, trainings=trainings, space=["learning_rate", "width"],
    )  # fmt: skip
    assert cells["seed_sd"] == pytest.approx(0.01, rel=0.05)
    np.testing.assert_allclose(cells["sd_of_rate"], np.sqrt(2) * np.array([0.006, 0.0128]), 0.05)
    assert cells["unclear"] == pytest.approx(0.0283, rel=0.05)
    assert cells["verdict"] == "no clear difference"


def test_the_noise_of_a_training_is_that_of_its_seed():
    check_noise()


def test_a_variance_that_divides_by_the_number_of_values_would_be_noticed():
    with pytest.raises(AssertionError):
        check_noise((".mean() / 2))", ".mean() / 4))"))


def test_the_luck_of_a_seed_grows_with_the_learning_rate_by_the_median_difference(scores):
    text = conclusion(NOTEBOOK, "without trainings below 0.3")
    pattern = rf"deviation of {NUMBER}: .*?\({NUMBER}\), more at {NUMBER} \({NUMBER}\)"
    typical, least, fast, most = map(float, re.search(pattern, text).groups())
    alive = scores[(scores > 0.3).all(axis=1)]
    gap = (alive[1] - alive[2]).abs().groupby("learning_rate")
    # Half of all normal values lie within 0.6745 standard deviations.
    robust = gap.median() / 0.6745
    assert least < typical < most and gap.size()[fast] > 50
    assert robust[1e-4] == pytest.approx(least, rel=0.35)
    assert robust[fast] == pytest.approx(most, rel=0.35) and robust[fast] > 2 * robust[1e-4]
    assert stats.spearmanr(robust, range(5)).statistic > 0.8


# --- The exercises ------------------------------------------------------------------------


def check(letter, answer, **names):
    names[f"answer_{letter}"] = answer
    return run_cells(NOTEBOOK, f"def check_{letter}(", np=np, **names)


def check_most_important(answer):
    rng = np.random.default_rng(0)
    space = ["num_hidden", "num_layers"]
    found = pd.DataFrame(rng.normal(size=(100, 2)), columns=space)
    found = found.assign(score=found["num_hidden"], learning_rate=1e-3)
    check("b", answer, space=space, found=found, importance=correlation)


def correlation(values, scores, column, rng):
    return abs(np.corrcoef(values[:, column], scores)[0, 1])


def test_a_name_that_was_not_computed_is_no_answer_to_exercise_b():
    check_most_important(
        lambda found: found[["num_hidden", "num_layers"]].corrwith(found["score"]).idxmax()
    )
    with pytest.raises(AssertionError, match="still says num_hidden"):
        check_most_important(lambda found: "num_hidden")


@pytest.mark.parametrize(
    "limits",
    [
        {"min_value": 0.0, "max_value": 0.9},
        {"min_value": 0.0, "max_value": 0.5},
        {"min_value": 0.125, "max_value": 0.5, "step": 0.125},
        {"min_value": 0.0, "max_value": 0.5, "step": 0.125},
    ],
)
def test_exercise_c_wants_the_limits_and_the_step_that_it_names(limits):
    import keras_tuner

    def answer():
        hp = keras_tuner.HyperParameters()
        hp.Int("num_layers", min_value=1, max_value=3)
        with hp.conditional_scope("num_layers", [2, 3]):
            hp.Float("dropout", **limits)
        return hp

    if limits == {"min_value": 0.0, "max_value": 0.5, "step": 0.125}:
        check("c", answer)
    else:
        with pytest.raises(AssertionError, match="dropout"):
            check("c", answer)
