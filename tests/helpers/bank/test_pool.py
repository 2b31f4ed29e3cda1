import re
import shutil
import subprocess
import sys
from math import comb
from pathlib import Path

import keras_tuner
import numpy as np
import pytest

from helpers.bank import PoolError, hand_in, own_seed
from helpers.bank.class_study import collect
from helpers.bank.pool import describe, draw, main
from tests.support.class_study import handed_in

ROOT = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "results"
    folder.mkdir()
    return folder


@pytest.fixture
def three(folder):
    handed_in(folder, "ada", 1, (0.5, 0.4, 0.6))
    handed_in(folder, "bob", 2, (0.1, 0.8, 0.2))
    handed_in(folder, "cy", 3, (0.3, None, 0.3))
    return folder


def test_everybody_who_handed_in_is_pooled_also_from_folders_below(three):
    (three / "cy's folder").mkdir()
    shutil.move(three / "search-cy.json", three / "cy's folder" / "anything.json")
    pool = collect(three)
    assert [search.student for search in pool.searches] == ["cy", "ada", "bob"]
    assert pool.left_out == {}


def test_the_best_so_far_skips_failed_trials_and_follows_the_direction(three):
    expected = [[0.5, 0.5, 0.6], [0.1, 0.8, 0.8], [0.3, 0.3, 0.3]]
    np.testing.assert_array_equal(collect(three).best_so_far(), expected)
    for student, seed, scores in (("ada", 1, (None, 0.4, 0.6)), ("bob", 2, (0.1, 0.8, 0.05))):
        handed_in(three, student, seed, scores, direction="min")
    expected = [[np.nan, 0.4, 0.4], [0.1, 0.1, 0.05]]
    np.testing.assert_array_equal(collect(three).best_so_far(), expected)


def test_luck_is_the_share_of_searches_among_the_others_trials_that_one_beats(three):
    # ada's 0.6 is above five of the six other trials: 10 of 20 ways to draw three stay below it.
    # bob's 0.8 is above all; cy's 0.3 above nothing of ada's, and two of bob's.
    assert collect(three).luck() == pytest.approx([100 * comb(5, 3) / comb(6, 3), 100, 0])


def test_luck_agrees_with_searches_that_are_drawn(folder):
    rng = np.random.default_rng(1)
    scores = rng.integers(0, 30, size=(6, 4)) / 30  # some are equal
    for number, some in enumerate(scores.tolist()):
        handed_in(folder, f"s{number}", number, some)
    for number, luck in enumerate(collect(folder).luck()):
        others = np.delete(scores, number, axis=0).ravel()
        bests = np.array([rng.choice(others, 4, replace=False).max() for _ in range(4000)])
        own = scores[number].max()
        drawn = 100 * ((bests < own) + 0.5 * (bests == own)).mean()
        assert luck == pytest.approx(drawn, abs=4)


def test_luck_follows_the_direction(folder):
    handed_in(folder, "low", 1, (0.1, 0.9), direction="min")
    handed_in(folder, "high", 2, (0.5, 0.6), direction="min")
    high, low = collect(folder).searches
    assert (low.student, low.best) == ("low", 0.1)
    assert list(collect(folder).luck()) == [0, 100] and high.best == 0.5


def test_a_trial_that_failed_is_worse_than_every_other(folder):
    handed_in(folder, "low", 1, (-0.1, 0.9), direction="min")
    handed_in(folder, "failed", 2, (None, 0.95), direction="min")
    handed_in(folder, "one", 3, (0.93, 0.94), direction="min")
    failed, low, one = collect(folder).luck()
    # Of the four other trials, two are worse than 0.93, one of them because it failed.
    assert (failed, low) == (0, 100) and one == pytest.approx(100 / 6)


def test_luck_of_many_trials_overflows_nothing(folder):
    for number in range(30):
        handed_in(folder, f"s{number:02}", number, np.linspace(0, 0.9, 150).tolist())
    assert collect(folder).luck() == pytest.approx(
        [50 * (1 + comb(4321, 150) / comb(4350, 150))] * 30
    )


def test_files_that_are_damaged_foreign_or_there_twice_are_named_and_left_out(three):
    whole = (three / "search-ada.json").read_text()
    (three / "search-ada (1).json").write_text(whole)
    (three / "search-cut.json").write_text(whole[:100])
    (three / "notes.txt").write_text("Dear teacher")
    (three / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n\xff")
    handed_in(three, "dora", 2, (0.1, 0.8, 0.2))
    handed_in(three, "eve", 5, (0.1, 0.8))
    handed_in(three, "fay", 6, (0.1, 0.8, 0.2), strategy="Hyperband", objective="val_loss")
    handed_in(three, "gus", 7, (0.1, 0.8, 0.2), space={"rate": {}})
    pool = collect(three)
    assert [search.student for search in pool.searches] == ["ada", "bob", "cy"]
    other = "it belongs to another study: "
    assert pool.left_out == {
        "notes.txt": "it is not a search that `hand_in` wrote",
        "photo.png": "it is no text",
        "search-ada.json": "ada has handed in search-ada (1).json already",
        "search-cut.json": "it is damaged or cut short (line 1)",
        "search-dora.json": "it has the seed 2 of search-bob.json, and so the same trials",
        "search-eve.json": f"{other}it has 2 trials, and the class 3",
        "search-fay.json": f"{other}its strategy is Hyperband, and that of the class "
        "RandomSearch; its objective is val_loss, and that of the class val_acc",
        "search-gus.json": f"{other}its space is not that of the class",
    }
    told = describe(pool)
    assert all(f"- {name}: {reason}" in told for name, reason in pool.left_out.items())


def test_the_text_says_the_spread_the_best_of_k_and_who_was_lucky(three):
    lines = describe(collect(three)).splitlines()
    assert lines[0] == "3 searches of 3 trials each (RandomSearch, val_acc)."
    spread = np.std([0.6, 0.8, 0.3], ddof=1)
    assert lines[1] == (
        f"Their best scores: 0.3000 to 0.8000, median 0.6000, standard deviation {spread:.4f}."
    )
    assert "    1  0.3000  (0.1400 to 0.4600)" in lines
    assert "    2  0.5000  (0.3400 to 0.7400)" in lines
    assert "    3  0.6000  (0.3600 to 0.7600)" in lines
    place = lines.index("  100  0.8000  bob")
    assert lines[place : place + 3][1:] == ["   50  0.6000  ada", "    0  0.3000  cy"]
    assert "first one beat about 75 of 100." in lines[place + 3]
    assert not any("independent" in line or "Left out" in line for line in lines)


def test_a_trial_that_no_search_has_a_score_for_has_no_median(folder):
    handed_in(folder, "ada", 1, (None, 0.4))
    handed_in(folder, "bob", 2, (None, 0.5))
    pool = collect(folder)
    assert "    1  nan  (nan to nan)" in describe(pool)
    draw(pool)


def test_searches_that_are_one_shifted_are_named(bank, folder):
    for student, seed in (("one", 1), ("three", 3), ("own", own_seed("own"))):
        tuner = bank.tuner(keras_tuner.RandomSearch, seed=seed, max_trials=8)
        tuner.search()
        hand_in(tuner, student, folder)
    told = describe(collect(folder))
    (named,) = re.findall(r"Not independent: (.*?) trials in common", told)
    assert named == "one and three have 7 of 8"  # two hyperparameters: shifted by one trial


def test_few_trials_in_common_by_chance_are_not_named(folder):
    handed_in(folder, "ada", 1, (0.1, 0.2, 0.3, 0.4, 0.5), values=[1, 2, 3, 4, 5])
    handed_in(folder, "bob", 2, (0.1, 0.2, 0.3, 0.4, 0.5), values=[3, 4, 5, 2, 1])
    assert collect(folder).alike() == []
    handed_in(folder, "bob", 2, (0.1, 0.2, 0.3, 0.4, 0.5), values=[2, 3, 4, 5, 6])
    assert collect(folder).alike() == [("ada", "bob", 4)]


def test_one_search_alone_or_no_folder_is_told(folder, capsys):
    handed_in(folder)
    (folder / "notes.txt").write_text("Dear teacher")
    with pytest.raises(PoolError, match="fewer than two searches to compare.\n- notes.txt: it is"):
        collect(folder)
    assert main([str(folder / "none")]) == 1
    assert capsys.readouterr().err.startswith("There is no folder ")


def test_the_command_prints_and_draws_beside_the_folder_and_needs_no_tensorflow(three):
    code = (
        "import sys; from helpers.bank import pool; code = pool.main(sys.argv[1:]); "
        "sys.exit(code or 10 * bool({'keras', 'keras_tuner', 'tensorflow'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code, str(three)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.startswith("3 searches of 3 trials each")
    figure = three.with_name("results.png")
    assert done.stdout.endswith(f"Figure: {figure.resolve()}\n") and done.stderr == ""
    assert figure.read_bytes().startswith(b"\x89PNG") and collect(three).left_out == {}


def test_the_module_runs_as_a_command_without_a_warning(three, tmp_path):
    command = [sys.executable, "-W", "error", "-m", "helpers.bank.pool", str(three)]
    wanted = ["--figure", str(tmp_path / "class.pdf")]
    done = subprocess.run([*command, *wanted], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "class.pdf").read_bytes().startswith(b"%PDF")


def test_a_figure_that_cannot_be_written_is_told(three, tmp_path, capsys):
    assert main([str(three), "--figure", str(tmp_path / "none" / "class.png")]) == 1
    assert "can't be written: No such file" in capsys.readouterr().err


def test_the_figure_shows_each_search_and_its_luck(three):
    left, right = draw(collect(three)).axes
    assert left.get_ylabel() == "best val_acc so far"
    assert [text.get_text() for text in right.get_yticklabels()] == ["cy", "ada", "bob"]
