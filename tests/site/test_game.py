"""The game of the web site: what it plays with, and its rules."""

import csv
import gzip
import hashlib
import itertools
import json
import re
import shutil
import subprocess
from collections import Counter

import pytest

from tools import game

SITE = game.ROOT / "site"
STATIC = SITE / "_static"
PAGE = (SITE / "beat_the_tuner.md").read_text(encoding="utf-8")
EXPLORER = (SITE / "bank_explorer.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def recorded():
    return game.data()


@pytest.fixture(scope="module")
def rows():
    with gzip.open(game.BANK, "rt", encoding="utf-8") as file:
        file.readline()
        return list(csv.DictReader(file))


def test_every_training_of_the_first_seed_is_there_epoch_by_epoch(recorded, rows):
    played = [row for row in rows if row["seed"] == "1"]
    epochs = recorded["epochs"]
    assert len(recorded["val_acc"]) == len(recorded["acc"]) == len(played) / epochs == 420
    values = [[float(value) for value in known] for known in recorded["space"].values()]
    for place, configuration in enumerate(itertools.product(*values)):
        for epoch in (1, epochs):
            row = played[place * epochs + epoch - 1]
            assert int(row["epoch"]) == epoch
            assert configuration == tuple(float(row[name]) for name in recorded["space"])
            assert recorded["val_acc"][place][epoch - 1] == pytest.approx(
                1e4 * float(row["val_acc"])
            )
            assert abs(recorded["acc"][place][epoch - 1] - 1e4 * float(row["acc"])) <= 0.5


def test_no_digit_of_a_score_is_lost(recorded, rows):
    for row in rows:
        score = 1e4 * float(row["val_acc"])
        assert abs(score - round(score)) < 1e-6


def test_a_winner_is_trained_again_with_the_second_seed(recorded, rows):
    best = max(int(round(1e4 * float(row["val_acc"]))) for row in rows if row["seed"] == "2")
    assert max(recorded["again"]) == best and len(recorded["again"]) == 420


def test_the_recorded_races_find_only_what_is_recorded(recorded):
    found = {score for curve in recorded["val_acc"] for score in curve}
    assert list(recorded["races"]) == ["Bayesian", "Hyperband"]
    for runs in recorded["races"].values():
        assert len(runs) == 100 and len(set(map(tuple, runs))) > 80  # some meet by chance
        for run in runs:
            assert len(run) == 12 and run == sorted(run) and set(run) <= found


def test_what_is_written_is_a_script_that_holds_json(recorded, tmp_path):
    game.write(tmp_path / "recorded.js")
    text = (tmp_path / "recorded.js").read_text(encoding="utf-8")
    json_text = text.removeprefix("globalThis.recorded = ").removesuffix(";\n")
    assert json.loads(json_text) == recorded and len(text) < 100_000


@pytest.mark.parametrize(("name", "page"), [("game", PAGE), ("explorer", EXPLORER)])
def test_a_page_has_what_its_script_looks_for(name, page):
    script = (STATIC / f"{name}.js").read_text(encoding="utf-8")
    wanted = {f"{name}-{found}" for found in re.findall(r'find\("([\w-]+)"\)', script)}
    ids = Counter(re.findall(r'\bid="([^"]+)"', page))
    assert len(wanted) > 7 and wanted <= set(ids) and max(ids.values()) == 1


def test_every_hyperparameter_has_a_label_and_a_column(recorded):
    for name, table in [("game", "LABELS"), ("explorer", "NAMES")]:
        script = (STATIC / f"{name}.js").read_text(encoding="utf-8")
        labels = script.partition(f"{table} = {{")[2].partition("}")[0]
        assert re.findall(r"(\w+): \"", labels) == list(recorded["space"])
    assert PAGE.count("<th>") == 2 + len(recorded["space"])


def test_every_strategy_has_its_colour_in_light_and_in_dark(recorded):
    style = (STATIC / "game.css").read_text(encoding="utf-8")
    used = set(
        re.findall(r"--game-\w+", "".join(p.read_text() for p in STATIC.glob("*.js")) + PAGE)
    )
    used |= {f"--game-{name.lower()}" for name in ["random", *recorded["races"]]}
    for name in used - {"--game-"}:
        assert style.count(f"{name}:") == 2, name


def test_the_best_come_in_another_order_with_another_seed(recorded):
    assert "With another seed, they come in another order." in EXPLORER
    scores = [max(curve) for curve in recorded["val_acc"]]
    best = sorted(range(420), key=scores.__getitem__)[-6:]  # those that the explorer lists
    assert sorted(best, key=recorded["again"].__getitem__) != best


def test_the_plotting_library_is_the_published_one_with_its_licence():
    # The files of uplot 1.6.32, as npm has them.
    digests = {
        path.name: hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()
        for path in (STATIC / "uplot").iterdir()
    }
    assert digests == {
        "LICENSE": "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
        "uPlot.iife.min.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
        "uPlot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
    }


@pytest.fixture(scope="module")
def rules():
    """A function that evaluates an expression with the rules of the game, by Node.js."""
    node = shutil.which("node")
    if not node:
        pytest.skip("Node.js is not installed")

    def evaluate(expression):
        code = f"{(STATIC / 'rules.js').read_text()}\nconsole.log(JSON.stringify({expression}))"
        done = subprocess.run(
            [node, "-"], input=code, capture_output=True, text=True, encoding="utf-8", check=True
        )
        return json.loads(done.stdout)

    return evaluate


SCORES = [3, 9, 4, 7, 7, 1, 8, 2]


def test_a_configuration_and_its_number_lead_to_each_other(rules, recorded):
    space = json.dumps(recorded["space"])
    found = rules(f"Array.from({{length: 420}}, (_, i) => rules.values({space}, i))")
    assert [tuple(values.values()) for values in found] == list(
        itertools.product(*recorded["space"].values())
    )
    places = rules(f"{json.dumps(found)}.map((values) => rules.place({space}, values))")
    assert places == list(range(420))


def test_the_explorer_keeps_what_all_its_filters_allow(rules):
    space = {"a": [1, 2], "b": [5, 6, 7]}
    scores = [10, 20, 30, 40, 50, 60]  # of (1, 5), (1, 6), (1, 7), (2, 5), ...

    def kept(a, b, low, high):
        asked = json.dumps({"allowed": {"a": a, "b": b}, "low": low, "high": high})
        return rules(f"rules.matching({json.dumps(space)}, {scores}, {asked})")

    assert kept([1, 2], [5, 6, 7], 10, 60) == [0, 1, 2, 3, 4, 5]
    assert kept([2], [5, 7], 10, 60) == [3, 5]
    assert kept([1, 2], [5, 6, 7], 20, 40) == [1, 2, 3]
    assert kept([], [5], 10, 60) == []


@pytest.mark.parametrize("drawn", [1, 3, 8])
def test_the_spread_of_random_search_is_that_of_all_its_draws(rules, drawn):
    bests = sorted(max(some) for some in itertools.combinations(SCORES, drawn))
    for share in (0.1, 0.5, 0.9):
        enough = next(b for b in bests if sum(o <= b for o in bests) >= share * len(bests) - 1e-9)
        assert rules(f"rules.randomQuantile({SCORES}, {drawn}, {share})") == enough
    for score in (1, 7, 8, 9):
        beaten = sum((b < score) + 0.5 * (b == score) for b in bests) / len(bests)
        assert rules(f"rules.beatsRandom({SCORES}, {drawn}, {score})") == pytest.approx(beaten)


def test_the_spread_of_recorded_searches_counts_them(rules):
    hundred = list(range(100, 0, -1))
    assert [rules(f"rules.quantile({hundred}, {q})") for q in (0.1, 0.5, 0.9)] == [10, 50, 90]
    assert rules(f"rules.beats({hundred}, 50)") == pytest.approx(0.495)
    assert rules("rules.beats([4, 5], 6)") == 1


def test_random_search_draws_no_configuration_twice(rules):
    drawn = rules("rules.draw(12, 420)")
    assert len(set(drawn)) == 12 and set(drawn) <= set(range(420))
    assert sorted(rules("rules.draw(5, 5)")) == list(range(5))


def test_a_percentage_never_claims_all_or_none(rules):
    assert rules("[1, 0.999, 0.5, 0.01, 0].map(rules.percent)") == [
        "over 99%", "over 99%", "50%", "1%", "under 1%"
    ]  # fmt: skip


def test_a_result_has_a_bar_for_each_trial_and_the_best_is_the_highest(rules, recorded):
    top = max(max(curve) for curve in recorded["val_acc"])
    assert rules(f"rules.bars([1000, 4300, {top}])") == "▁▃█"
    assert rules("rules.bestSoFar([3, 1, 4, 2])") == [3, 3, 4, 4]
