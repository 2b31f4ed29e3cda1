"""What notebook 07 concludes, by other routes than its own, on both banks."""

import itertools
import math
import random
import re
from collections import defaultdict
from types import SimpleNamespace

import keras_tuner
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers.bank import load_bank
from tests.support.notebook_cells import conclusion, printed, run_cells

pytestmark = pytest.mark.tensorflow

NOTEBOOK = "07_compare_strategies"
BANKS = ("cifar10_mlp", "digits_mlp")
TRIALS = 30  # full trainings
FEW = 8

on_both_tasks = pytest.mark.parametrize("task", BANKS, indirect=True)


class Task:
    """A bank as arrays, shape (configurations, seeds) or (configurations, seeds, epochs)."""

    def __init__(self, name):
        self.name, self.bank = name, load_bank(name)
        self.epochs, self.shape = self.bank.epochs, [len(v) for v in self.bank.space.values()]
        keys = [*self.bank.space, "seed"]
        table = self.bank.table.sort_values([*keys, "epoch"])
        of_seed = (-1, len(self.bank.seeds), self.epochs)
        self.curves = table["val_acc"].to_numpy().reshape(of_seed)
        self.best = self.curves.max(axis=2)
        judged = self.best
        if "test_acc" in table:
            tested, at = table["test_acc"].to_numpy().reshape(of_seed), self.curves.argmax(axis=2)
            judged = np.take_along_axis(tested, at[..., None], axis=2)[..., 0]
        # What the other seeds say: their sum is that of all without this one's.
        self.worth = (judged.sum(axis=1, keepdims=True) - judged) / (judged.shape[1] - 1)
        self.replayed = {}

    def replay(self, strategy):
        """Returns many runs of a strategy, each the epochs spent, scores, rows and seeds."""
        if strategy not in self.replayed:
            replay, repeats = REPLAYS[strategy]
            seeds = np.random.SeedSequence(2).spawn(repeats)
            self.replayed[strategy] = [replay(self, np.random.default_rng(s)) for s in seeds]
        return self.replayed[strategy]

    def found(self, strategy, trainings, what="score"):
        """Returns the best score, or the worth of the winner, of each run at a budget."""
        results = []
        for spent, scores, rows, seeds in self.replay(strategy):
            ended = np.searchsorted(spent, trainings * self.epochs, side="right")
            winner = scores[:ended].argmax()
            worth = self.worth[rows[winner], seeds[winner]]
            results.append(scores[winner] if what == "score" else worth)
        return np.array(results)

    def ahead(self, strategy, trainings, what="score"):
        return beats(self.found(strategy, trainings, what), self.found("random", trainings, what))


LOADED = {}


def load(name):
    if name not in LOADED:
        LOADED[name] = Task(name)
    return LOADED[name]


@pytest.fixture
def task(request):
    return load(request.param)


def beats(a, b):
    """The probability that a run of A beats one of B, by the Mann-Whitney statistic."""
    return stats.mannwhitneyu(a, b).statistic / (len(a) * len(b))


# --- The strategies, replayed without KerasTuner ------------------------------------------


def random_search(task, rng):
    rows = rng.permutation(len(task.best))[:TRIALS]
    seeds = rng.integers(task.best.shape[1], size=TRIALS)
    return task.epochs * np.arange(1, TRIALS + 1), task.best[rows, seeds], rows, seeds


def shuffled_grid(task, rng):
    """A grid whose order is shuffled and that is cut off."""
    order, values = rng.permutation(len(task.shape)), [rng.permutation(n) for n in task.shape]
    grid = itertools.product(*(range(task.shape[axis]) for axis in order))
    places = np.empty((len(task.shape), TRIALS), int)
    for axis, chosen in zip(order, zip(*itertools.islice(grid, TRIALS), strict=True), strict=True):
        places[axis] = values[axis][list(chosen)]
    rows = np.ravel_multi_index(tuple(places), task.shape)
    seeds = rng.integers(task.best.shape[1], size=TRIALS)
    return task.epochs * np.arange(1, TRIALS + 1), task.best[rows, seeds], rows, seeds


def hyperband(task, rng, factor=3, iterations=3):
    """By the definition in the paper, with KerasTuner's roundings."""
    brackets = 0
    while factor**brackets <= task.epochs:
        brackets += 1
    columns = ([], [], [], [])
    for bracket in list(range(brackets - 1, -1, -1)) * iterations:
        end_size = math.ceil(1 + math.log(task.epochs, factor)) / (bracket + 1)
        size = math.ceil(end_size * factor**bracket)
        rows, seeds = (rng.integers(n, size=size) for n in task.best.shape)
        first = 0
        for stage in range(bracket + 1):
            last = math.ceil(task.epochs / factor ** (bracket - stage))
            scores = task.curves[rows, seeds, first:last].max(axis=1)
            new = [last - first] * len(rows), scores, rows, seeds
            for column, values in zip(columns, new, strict=True):
                column.extend(values)
            kept = math.ceil(end_size * factor ** (bracket - stage - 1))
            best = np.argsort(-scores, kind="stable")[:kept]
            rows, seeds, first = rows[best], seeds[best], last
    spent, scores, rows, seeds = map(np.array, columns)
    return spent.cumsum(), scores, rows, seeds


def gaussian_process_search(task, rng, length=0.6, beta=2.6):
    """A Bayesian search whose Gaussian process (Matern, nu = 5/2) looks at every configuration.

    It hopes for `beta` standard deviations above the mean.
    """
    if not hasattr(task, "kernel"):
        axes = [np.linspace(0, 1, n) for n in task.shape]
        places = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))
        squares = (places**2).sum(axis=1)
        gaps = np.maximum(0, squares[:, None] + squares - 2 * places @ places.T)
        distances = np.sqrt(5 * gaps) / length
        task.kernel = (1 + distances + distances**2 / 3) * np.exp(-distances)
    kernel, rows = task.kernel, list(rng.permutation(len(task.best))[: 3 * len(task.shape)])
    seeds = rng.integers(task.best.shape[1], size=TRIALS)
    while len(rows) < TRIALS:
        scores = task.best[rows, seeds[: len(rows)]]
        inverse = np.linalg.inv(kernel[np.ix_(rows, rows)] + 0.01 * np.eye(len(rows)))
        weights = kernel[:, rows] @ inverse
        mean = weights @ ((scores - scores.mean()) / scores.std())
        deviation = np.sqrt(np.maximum(0, 1 - (weights * kernel[:, rows]).sum(axis=1)))
        rows.append(int((mean + beta * deviation).argmax()))
    return task.epochs * np.arange(1, TRIALS + 1), task.best[rows, seeds], np.array(rows), seeds


REPLAYS = {
    "random": (random_search, 1000),
    "grid": (shuffled_grid, 1000),
    "Hyperband": (hyperband, 500),
    "Bayesian": (gaussian_process_search, 150),
}


def word_for(task, said):
    """Returns the verdict of the answer on this task."""
    on = "both tasks" if "on both tasks" in said else task.name
    return re.search(rf"(ahead|behind|indistinguishable)\W* on {on}", said)[1]


def lines_of(words, *parts):
    return [one for one in conclusion(NOTEBOOK, words).splitlines() if all(p in one for p in parts)]


def percentages(said):
    """Returns the share of pairs and its interval of a line such as 'wins 80% of pairs'."""
    found = re.search(r"wins (\d+)% of pairs, .*?95 % interval (\d+)% to (\d+)%", said)
    return [int(number) / 100 for number in found.groups()]


def check_verdict(said, expected, error):
    """The replay, with its own error, lies in the printed interval and on the side of the word."""
    value, low, high = percentages(said)
    assert low - error <= expected <= high + error, f"{said} But {expected:.2f}"
    word = re.search(r"\*\*(ahead of|behind|indistinguishable from)\*\*", said)[1]
    assert word == ("ahead of" if low > 0.5 else "behind" if high < 0.5 else word)
    assert {"ahead of": expected > 0.5, "behind": expected < 0.5}.get(word, low <= 0.5 <= high)


@pytest.mark.parametrize("what", ["score", "worth"])
@on_both_tasks
def test_strategies_compare_as_in_a_replay_without_kerastuner(task, what):
    words = "line(name, s, m)" if what == "score" else "line_by_worth(name, s, m)"
    lines = lines_of(words, f"{task.name}, ")
    assert len(lines) == 4
    for said in lines:
        trainings = int(re.search(r"(\d+) epochs", said)[1]) // task.epochs
        strategy = re.search("Hyperband|Bayesian|grid", said)[0]
        # The replay of a Bayesian search is another make of it: as good, not the same.
        error = 0.1 if strategy == "Bayesian" else 0.03
        check_verdict(said, task.ahead(strategy, trainings, what), error)


def test_the_medians_are_those_of_two_hundred_independent_runs():
    task = load("cifar10_mlp")
    expected = {
        "random": dict(zip((60, 120, 300, 450), (0.475, 0.486, 0.498, 0.502), strict=True)),
        "Hyperband": {60: 0.493, 120: 0.497},
    }
    for strategy, medians in expected.items():
        for epochs, median in medians.items():
            found = np.median(task.found(strategy, epochs / task.epochs))
            assert found == pytest.approx(median, abs=0.004), (strategy, epochs)


def test_on_the_digits_all_medians_end_on_the_same_step():
    task = load("digits_mlp")
    medians = {np.median(task.found(strategy, TRIALS)) for strategy in REPLAYS}
    assert len(medians) == 1
    assert all(f"{median:.3f}" == "0.985" for median in medians)
    assert len(set(task.best.ravel()[task.best.ravel() >= medians.pop()])) <= 4, "a few steps"


@on_both_tasks
def test_a_bayesian_search_is_level_with_random_search_until_its_model_begins(task):
    (said,) = lines_of("join(earned(name)", task.name)
    start = int(re.search(r"after (\d+) random", said)[1])
    assert start == 3 * len(task.shape)
    before, after = said.split("; after all")
    check_verdict(before, 0.5, 0)
    check_verdict(after, task.ahead("Bayesian", 30), 0.1)


def test_a_gaussian_process_of_another_make_is_ahead_once_it_has_begun():
    task = load("cifar10_mlp")
    assert task.ahead("Bayesian", 15) == pytest.approx(0.5, abs=0.08)
    assert task.ahead("Bayesian", 30) > 0.65


@pytest.mark.parametrize("strategy", ["grid", "Hyperband", "Bayesian"])
@pytest.mark.parametrize("trainings", [FEW, TRIALS])
def test_the_answer_is_that_of_the_replays(strategy, trainings):
    (said,) = lines_of("by the worth of the winners", f"**{strategy}**, after {trainings} full")
    if strategy == "Bayesian" and trainings < 3 * 5:
        assert said.endswith("still random search on both tasks.")
        return
    shares = {name: load(name).ahead(strategy, trainings, "worth") for name in BANKS}
    for name, share in shares.items():
        word = word_for(load(name), said)
        assert {"ahead": share > 0.5, "behind": share < 0.5}.get(word, abs(share - 0.5) < 0.25)
    if "the tasks disagree" in said:
        assert abs(np.subtract(*shares.values())) > 0.1


# --- Seeds --------------------------------------------------------------------------------

SEEDS = "np.random.SeedSequence(root).generate_state(len(jobs))"


def check_seeds(task, planted=None):
    """The notebook's race gives every search a seed of its own, and they are independent."""
    seeds, bank = [], task.bank

    def search(bank, strategy, seed):
        seeds.append(seed)

    names = {"budget": SimpleNamespace(repeats=8), "banks": {"one": bank}, "np": np}
    cells = run_cells(NOTEBOOK, "def repeats(", "def race(", planted=planted, **names)
    cells["race"](search, ["random", "grid"], 20)
    assert len(set(seeds)) == len(seeds) == 16
    drawn = []
    for seed in seeds[:8]:
        tuner = bank.tuner(keras_tuner.RandomSearch, seed=seed, max_trials=TRIALS)
        tuner.search()
        rows = tuner.replayed()[list(bank.space)].itertuples(index=False, name=None)
        drawn.append(set(rows))
    overlap = np.mean([len(a & b) for i, a in enumerate(drawn) for b in drawn[:i]])
    # Of 28 pairs; four standard errors.
    expected = TRIALS**2 / len(task.best)
    assert abs(overlap - expected) < 4 * np.sqrt(expected / 28), "repeats are not independent"


def test_what_everything_is_compared_with_runs_four_times_as_often():
    cells = run_cells(NOTEBOOK, "def repeats(", budget=SimpleNamespace(repeats=50))
    assert [len(cells["repeats"](name)) for name in ("random", "grid")] == [200, 50]


@on_both_tasks
def test_repeats_share_as_many_configurations_as_chance_gives(task):
    check_seeds(task)


@on_both_tasks
def test_a_return_to_consecutive_seeds_would_be_noticed(task):
    with pytest.raises(AssertionError, match="not independent"):
        check_seeds(task, (SEEDS, "range(1, len(jobs) + 1)"))


@pytest.mark.parametrize(("configurations", "parameters"), [(420, 5), (1350, 6)])
def test_the_claim_of_the_notebook_fails_for_seeds_that_are_not_independent(
    configurations, parameters
):
    rng = np.random.default_rng(0)
    independent = [set(rng.choice(configurations, TRIALS, replace=False)) for _ in range(8)]
    # As KerasTuner draws with consecutive seeds: as many families as there are hyperparameters,
    # each moved on by one trial.
    streams = [rng.permutation(configurations) for _ in range(parameters)]
    places = [divmod(i, parameters) for i in range(8)]
    moved_on = [set(streams[family][by : by + TRIALS]) for by, family in places]
    shared = np.array([[len(a & b) for b in moved_on] for a in moved_on])
    names = {
        "np": np,
        "TRIALS": TRIALS,
        "banks": {"one": SimpleNamespace(space=range(parameters))},
        "configurations": {"one": configurations},
        "shared": {("one", "consecutive"): shared},
    }

    def claim(runs):
        runs = {("one", "consecutive"): moved_on, ("one", "SeedSequence"): runs}
        run_cells(NOTEBOOK, "def mean_overlap(", "def is_independent(", runs=runs, **names)

    claim(independent)
    with pytest.raises(AssertionError):
        claim(moved_on)


@on_both_tasks
def test_runs_saw_as_many_configurations_as_their_seeds_let_them(task):
    (said,) = lines_of("join(overlap(name)", task.name)
    pattern = r"share \*\*([\d.]+)\*\*, and (\d+) runs saw (\d+) .* and \d runs saw (\d+)"
    shifted, runs, consecutive, independent = map(float, re.search(pattern, said).groups())
    n, families = len(task.best), len(task.shape)

    def seen(*sizes):
        return n * (1 - np.prod([1 - size / n for size in sizes]))

    # Each family of consecutive seeds sees one more configuration with each further member.
    members = [len(range(family, int(runs), families)) for family in range(families)]
    assert shifted == TRIALS - 1
    assert consecutive == pytest.approx(seen(*(TRIALS - 1 + m for m in members)), abs=8)
    assert independent == pytest.approx(seen(*[TRIALS] * int(runs)), abs=8)
    assert consecutive < independent - 30


# --- Equal budgets ------------------------------------------------------------------------


def check_budgets(task, *strategies, planted=None):
    bank = task.bank
    cells = run_cells(
        NOTEBOOK, "def strategies(", "def shuffled_space(", "def search(bank", planted=planted
    )  # fmt: skip
    for strategy in strategies:
        spent = cells["search"](bank, strategy, 5)["epochs"].sum()
        assert 29 * bank.epochs < spent <= 30 * bank.epochs, f"{strategy} spends {spent} epochs"


@on_both_tasks
def test_every_strategy_spends_the_same_budget(task):
    check_budgets(task, "grid", "random", "Hyperband")


@pytest.mark.parametrize(
    "planted",
    [
        ('"hyperband_iterations": 3', '"hyperband_iterations": 1'),
        ('return trials[trials["epochs"].cumsum() <= TRIALS * bank.epochs]', "return trials"),
    ],
    ids=["Hyperband stops early", "Hyperband goes on"],
)
@on_both_tasks
def test_a_return_to_unequal_budgets_would_be_noticed(task, planted):
    with pytest.raises(AssertionError, match="Hyperband spends"):
        check_budgets(task, "Hyperband", planted=planted)


def test_hyperbands_iteration_has_as_many_visits_and_epochs_as_the_table_says():
    table = printed(NOTEBOOK, "by_round = rounds.groupby(")
    rows = [list(map(int, line.split()))[-3:] for line in table.splitlines()[2:]]
    task = load("cifar10_mlp")
    spent, *_ = hyperband(task, np.random.default_rng(0), iterations=1)
    visits = np.diff(spent, prepend=0)
    assert len(visits) == sum(trials for trials, _, _ in rows)
    first = 0
    for trials, _, epochs in rows:
        assert visits[first : first + trials].sum() == epochs
        first += trials
    assert (visits[-rows[-1][0] :] == task.epochs).all(), "the last bracket is a random search"


# --- How sure -----------------------------------------------------------------------------


def check_interval(planted=None):
    """The bootstrap's interval is the one that theory gives, and holds the truth as often."""
    cells = run_cells(NOTEBOOK, "def with_interval(", planted=planted, np=np)
    rng = np.random.default_rng(0)
    a, b = rng.normal(0.5, 1, 50), rng.normal(0, 1, 50)
    value, low, high = cells["with_interval"](cells["beats"], a, b)
    assert value == pytest.approx(beats(a, b))
    held = 0
    for _ in range(100):
        a, b = rng.normal(0.5, 1, 50), rng.normal(0, 1, 50)
        _, low, high = cells["with_interval"](cells["beats"], a, b, draws=100)
        held += low <= stats.norm.cdf(0.5 / np.sqrt(2)) <= high
    assert 87 <= held, f"{held} of 100 intervals hold the truth"
    assert cells["beats"]([1, 2], [2, 3]) == 0.125, "a tie counts half"


def test_an_interval_of_95_in_100_holds_the_truth_about_as_often():
    check_interval()


@pytest.mark.parametrize(
    "planted",
    [
        ("+ 0.5 * (a == b)", ""),
        ("[2.5, 97.5]", "[25, 75]"),
        ("rng.choice(s, len(s))", "rng.choice(s, 4 * len(s))"),
    ],
    ids=["ties lost", "a band for an interval", "more runs than there are"],
)
def test_an_interval_that_is_wrong_would_be_noticed(planted):
    with pytest.raises(AssertionError):
        check_interval(planted)


def check_disagreement(planted=None):
    """Where both tasks have the same effect, they are rarely said to disagree."""
    names = {"np": np, "Markdown": str, "ahead": defaultdict(lambda: (0.5, 0.4, 0.6))}
    names["banks"] = {name: SimpleNamespace(epochs=1) for name in ("one", "two")}
    names["random_start"] = lambda name, strategy: 0
    needed = ("def with_interval(", "def verdict(", "def difference(", "def answer(")
    cells = run_cells(NOTEBOOK, *needed, planted=planted, **names)
    rng, said = np.random.default_rng(0), []
    for effects in [(0.45, 0.45)] * 20 + [(1.5, -1.5)]:
        samples = {}
        for name, effect in zip(("one", "two"), effects, strict=True):
            samples |= {
                (name, "new", 8): rng.normal(effect, 1, 50),
                (name, "random", 8): rng.normal(0, 1, 50),
            }
        final = {
            (8, name): cells["with_interval"](
                cells["beats"], samples[name, "new", 8], samples[name, "random", 8]
            )
            for name in ("one", "two")
        }
        cells |= {"worths": samples, "final": {"new": final}}
        said.append(eval("answer('new', 8)", cells))
    assert "the tasks disagree" in said.pop()
    assert sum("cannot tell" in one for one in said) >= 3, "words differ by chance"
    assert sum("disagree**" in one for one in said) <= 3, "the tasks disagree too often"


def test_tasks_with_the_same_effect_are_rarely_said_to_disagree():
    check_disagreement()


def test_tasks_that_disagree_as_soon_as_one_verdict_is_unsure_would_be_noticed():
    with pytest.raises(AssertionError):
        check_disagreement(("low * high > 0", "words[0] != words[1]"))


# --- Worth --------------------------------------------------------------------------------


def check_worth(planted=None):
    """The worth of a winner is judged without the training that selected it."""
    rng = np.random.default_rng(0)
    luck = rng.normal(0.5, 0.01, (200, 2))  # configurations that are all worth the same
    bank = SimpleNamespace(metrics=("val_acc",), seeds=(1, 2))
    bank.curve = lambda which, seed: {"val_acc": luck[which, [seed - 1]]}
    worth = run_cells(NOTEBOOK, "def worth(bank", planted=planted, np=np)["worth"]
    worths = []
    for _ in range(300):
        rows, seeds = rng.permutation(200)[:30], rng.integers(1, 3, 30)
        winner = luck[rows, seeds - 1].argmax()
        worths.append(worth(bank, rows[winner], seeds[winner]))
    assert np.mean(worths) == pytest.approx(0.5, abs=0.004), "selected luck counts as worth"


def test_the_worth_of_the_best_of_equals_is_that_of_all_of_them():
    check_worth()


def test_a_worth_that_counts_the_selecting_seed_would_be_noticed():
    with pytest.raises(AssertionError, match="selected luck"):
        check_worth(("if seed != selected_by", "if True"))


def test_where_there_are_test_accuracies_they_judge_and_do_not_select():
    bank = SimpleNamespace(metrics=("val_acc", "test_acc"), seeds=(1, 2, 3))
    of_seed = {1: [0.9, 0.9, 0.9], 2: [0.3, 0.4, 0.8], 3: [0.2, 0.6, 0.7]}
    bank.curve = lambda values, seed: {
        "val_acc": np.array([0.1, 0.9, 0.5]), "test_acc": np.array(of_seed[seed])
    }  # fmt: skip
    cells = run_cells(NOTEBOOK, "def worth(bank", np=np)
    assert cells["worth"](bank, None, selected_by=1) == pytest.approx((0.4 + 0.6) / 2)


@on_both_tasks
def test_the_worth_of_every_training_is_what_the_other_seeds_say(task):
    cells = run_cells(NOTEBOOK, "def worth(bank", np=np)
    rng = np.random.default_rng(0)
    rows = task.bank.table[list(task.bank.space)].drop_duplicates().to_dict("records")
    for row in rng.integers(len(rows), size=50):
        seed = int(rng.choice(task.bank.seeds))
        worth = cells["worth"](task.bank, rows[row], seed)
        assert worth == pytest.approx(task.worth[row, task.bank.seeds.index(seed)])


# --- How many trials ----------------------------------------------------------------------


@pytest.mark.parametrize(("configurations", "good", "sure"), [(420, 21, 55), (1350, 68, 57)])
def test_the_number_of_trials_is_that_of_searches_that_were_drawn(configurations, good, sure):
    cells = run_cells(NOTEBOOK, "def enough(", configurations={}, banks=())
    rng = random.Random(0)
    firsts = [1 + min(rng.sample(range(configurations), good)) for _ in range(20_000)]
    for confidence, trials in [(0.5, 14), (0.95, sure)]:
        assert cells["enough"](configurations, good, confidence) == trials
        assert np.mean(np.array(firsts) <= trials) >= confidence - 0.01
        assert np.mean(np.array(firsts) <= trials - 1) <= confidence + 0.01


@pytest.mark.parametrize("k", [55, 300])
@on_both_tasks
def test_searches_try_and_pick_good_configurations_as_often_as_is_said(task, k):
    (said,) = lines_of("try a good", f"{task.name}: ", f"with {k} ")
    tried, picked = (int(share) / 100 for share in re.findall(r"\*\*(\d+)%", said))
    n, good = len(task.best), round(0.05 * len(task.best))
    assert tried == pytest.approx(1 - math.comb(n - good, k) / math.comb(n, k), abs=0.02)
    threshold = np.sort(task.worth, axis=0)[-good]
    rng, hits = random.Random(0), 0
    for _ in range(1000):
        trials = [(row, rng.randrange(task.best.shape[1])) for row in rng.sample(range(n), k)]
        winner = max(trials, key=lambda trial: task.best[trial])
        hits += task.worth[winner] >= threshold[winner[1]]
    assert hits / 1000 == pytest.approx(picked, abs=0.05)


@on_both_tasks
def test_the_doublings_buy_what_drawn_searches_gain(task):
    (said,) = lines_of("join(gains(name)", task.name)
    printed = [float(gain) for gain in re.findall(r"gains (.*?)\. ", said)[0].split(", ")]
    low, high = map(float, re.search(r"between \*\*(\S+) and (\S+)\*\*", said).groups())
    rng = np.random.default_rng(0)
    orders = rng.permuted(np.tile(task.best[:, 0], (4000, 1)), axis=1)[:, :32]
    so_far = np.maximum.accumulate(orders, axis=1)
    medians = np.median(so_far, axis=0)
    for gain, few in zip(printed, (1, 2, 4, 8, 16), strict=True):
        assert medians[2 * few - 1] - medians[few - 1] == pytest.approx(gain, abs=0.0051)
    drawn = np.quantile(so_far[:, TRIALS - 1], [0.05, 0.95])
    np.testing.assert_allclose([low, high], drawn, atol=0.0051)


# --- What successive halving lives on -----------------------------------------------------


@on_both_tasks
def test_early_ranks_agree_with_late_ones_and_with_the_worth_as_is_said(task):
    (said,) = lines_of("join(says(name)", task.name)
    everywhere, quarter, early, full, gain, low, high = map(float, re.findall(r"-?\d\.\d\d", said))
    found = []
    for seed in range(task.best.shape[1]):
        first, final, worth = task.curves[:, seed, 0], task.best[:, seed], task.worth[:, seed]
        good = worth >= np.quantile(worth, 0.75)
        pairs = [(first, final), (first[good], final[good]), (first[good], worth[good])]
        pairs += [(final[good], worth[good])]
        found += [[stats.spearmanr(*pair).statistic for pair in pairs]]
        found[-1] += [stats.kendalltau(*pair).statistic for pair in pairs[2:]]
    means = np.mean(found, axis=0)
    np.testing.assert_allclose([everywhere, quarter, early, full], means[:4], atol=0.006)
    assert low <= gain <= high and gain == pytest.approx(full - early, abs=0.011)
    assert ("waiting pays" in said) == (low > 0)
    assert ("waiting even does harm" in said) == (high < 0)
    # Kendall's measure agrees on whether a full training orders the good ones better.
    assert (means[5] - means[4] > 0.05) == (low > 0)


# --- Optuna -------------------------------------------------------------------------------


def optuna_worths(task, strategy, trainings, repeats, planted=None):
    """Returns the worths of the winners with other seeds than the notebook's."""
    cells = run_cells(
        NOTEBOOK, "PRUNERS = {", "def train(trial", "def search_with_optuna(", planted=planted,
        np=np, pd=pd, TRIALS=trainings,
    )  # fmt: skip
    worths, rows = [], task.bank.table[list(task.bank.space)].drop_duplicates()
    rows = {values: row for row, values in enumerate(rows.itertuples(index=False, name=None))}
    for seed in np.random.SeedSequence(99).generate_state(repeats):
        trials = cells["search_with_optuna"](task.bank, strategy, int(seed))
        assert (trainings - 1) * task.epochs < trials["epochs"].sum() <= trainings * task.epochs
        winner = trials.loc[trials["score"].idxmax()]
        row = rows[tuple(winner[list(task.bank.space)])]
        worths.append(task.worth[row, task.bank.seeds.index(winner["seed"])])
    return worths


@on_both_tasks
def test_a_pruner_beside_a_model_compares_with_hyperband_and_random_search_as_is_said(task):
    worths = optuna_worths(task, "TPE, halving", FEW, repeats=25)
    (said,) = lines_of(
        "in duels.items()", f"{task.name}, {FEW * task.epochs} epochs", "halving are", "Hyperband"
    )
    check_verdict(said, beats(worths, task.found("Hyperband", FEW, "worth")), 0.1)
    (said,) = lines_of("by the worth of the winners", f"**TPE, halving**, after {FEW} full")
    assert word_for(task, said) in ("ahead", "indistinguishable")
    assert beats(worths, task.found("random", FEW, "worth")) > 0.5
    (said,) = lines_of("join(in_front(name, moment)", f"{task.name}, {FEW * task.epochs} epochs")
    assert "TPE, halving" in said
    if "**TPE, halving**; level with it: none" in said:
        rivals = [task.found(strategy, FEW, "worth") for strategy in REPLAYS]
        assert all(beats(worths, rival) > 0.6 for rival in rivals), "it is in front alone"


def test_the_tasks_disagree_about_a_model_without_a_pruner_for_other_seeds_too():
    (said,) = lines_of("by the worth of the winners", f"**TPE**, after {TRIALS} full")
    assert "the tasks disagree" in said
    first, second = (
        beats(optuna_worths(task, "TPE", TRIALS, 25), task.found("random", TRIALS, "worth"))
        for task in map(load, BANKS)
    )
    assert word_for(load(BANKS[0]), said) == "ahead" and first > 0.6
    assert first - second > 0.1


def test_a_trial_counts_the_epochs_that_it_was_trained():
    """An Optuna search that counts each pruned trial as one epoch would spend more."""
    with pytest.raises(AssertionError):
        optuna_worths(load(BANKS[0]), "TPE, halving", FEW, 1, ("left -= epochs", "left -= 1"))
