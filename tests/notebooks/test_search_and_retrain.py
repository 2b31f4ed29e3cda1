"""What notebooks 04 and 05 conclude, by other routes than their own."""

import gzip
import re
from math import sqrt
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.support.notebook_cells import FOLDER, conclusion

SEARCH, RETRAIN = "04_search_at_random", "05_retrain_best_model"
BANK = Path(__file__).parents[2] / "bank" / "cifar10_mlp.csv.gz"
NUMBER = r"([-+]?\d[\d,]*(?:\.\d+)?)"


def numbers(pattern, text):
    """Returns what stands at each N of a pattern."""
    found = re.search(re.escape(pattern).replace("N", NUMBER), text)
    assert found, f"{pattern!r} does not match {text!r}"
    return [float(one.replace(",", "")) for one in found.groups()]


def cells(name):
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4).cells


def shown(name, words, kind="text/plain"):
    """Returns the committed output of the one cell that holds these words: printed, or a value."""
    (cell,) = [cell for cell in cells(name) if cell.cell_type == "code" and words in cell.source]
    printed = "".join(output.get("text", "") for output in cell.outputs)
    return printed or "".join(output["data"].get(kind, "") for output in cell.outputs)


@pytest.fixture(scope="module")
def trials():
    """The scores of the committed search, by width, the best first, from KerasTuner's summary."""
    found = re.findall(r"num_hidden: (\d+)\nScore: ([\d.]+)", shown(SEARCH, "results_summary()"))
    return {int(width): float(score) for width, score in found}


@pytest.fixture(scope="module")
def recorded():
    with gzip.open(BANK, "rt") as file:
        return pd.read_csv(file, comment="#")


# --- 04 -----------------------------------------------------------------------------------


def test_the_answer_is_the_width_with_the_highest_score_of_the_summary(trials):
    text = conclusion(SEARCH, "so never tried:")
    winner, score = numbers("**N units**, with a validation accuracy of **N**", text)
    assert winner == max(trials, key=trials.get)
    assert score == pytest.approx(max(trials.values()), abs=5e-5)
    narrower = re.search(r"Narrower, with a lower score: (.*)\.", text)[1]
    assert narrower == ", ".join(str(w) for w in sorted(trials) if w < winner)
    never = [w for w in range(50, 1001, 50) if w > max(trials)]
    assert text.endswith(f"never tried: {', '.join(map(str, never)) or 'none'}.")
    assert "950 units and 0.4547" in text


def test_a_draw_is_called_a_draw(trials):
    text = conclusion(SEARCH, "How far can it be trusted?")
    runner_up, lead, limit = numbers(
        "leads N units by N; two standard errors of one score are N: by the rule of thumb **", text
    )
    (first, second), worst = sorted(trials.values())[:-3:-1], min(trials.values())
    assert trials[int(runner_up)] == second
    assert lead == pytest.approx(first - second, abs=5e-5)
    drawn = np.random.default_rng(1).binomial(10_000, first, size=20_000) / 10_000
    assert limit == pytest.approx(2 * drawn.std(), rel=0.03)
    assert ("**a draw**" in text) == (first - second < limit)
    (points,) = numbers("The best trial and the worst are N points apart", text)
    assert points == pytest.approx(100 * (first - worst), abs=0.051)
    assert ("apart: a draw, too." in text) == (first - worst < limit)
    assert ("apart: too much for the luck" in text) == (first - worst >= limit)
    assert numbers("And N of N widths were tried.", text) == [len(trials), 20]


def test_the_seconds_and_the_parameters_of_two_trials_are_those_of_the_table():
    table = shown(SEARCH, "table = trials_table(tuner)", "text/plain")
    rows = re.findall(r"(?m)^\d+ +(\d+) +COMPLETED +[\d.]+ +\d+ +([\d.]+) +(\d+) +4", table)
    widths, seconds, parameters = np.array(rows, float).T
    assert len(widths) == 6 and list(parameters) == [3083 * width + 10 for width in widths]
    text = conclusion(SEARCH, "larger = wide")
    wide, larger, narrow, longer = numbers(
        "with N units has N times the parameters of the one with N, and took N times as long", text
    )
    assert (narrow, wide) == (min(widths), max(widths))
    assert larger == pytest.approx(max(parameters) / min(parameters), abs=0.051)
    ratio = seconds[widths == wide] / seconds[widths == narrow]
    assert longer == pytest.approx(ratio.item(), abs=0.06)
    assert text.startswith("**No.**") == (longer < larger)


def test_the_models_that_are_taken_out_score_what_the_summary_says(trials):
    told = re.findall(r"validation accuracy ([\d.]+)", shown(SEARCH, "accuracies = ["))
    best_two = sorted(trials.values())[:-3:-1]
    assert [float(one) for one in told] == [pytest.approx(one, abs=2e-3) for one in best_two]


def test_what_differs_from_the_lecture_is_said_with_the_sizes_of_this_run():
    text = answer_04()
    assert numbers("we train on N images, the lecture on N", text) == [40_000, 50_000]
    assert numbers("we validate on N images", text) == [10_000]
    assert "several things differ" in text and text.count("\n- ") == 4
    (change,) = numbers("32 instead of 128 changed the accuracy by N", text)
    assert ("which does not explain a lower score" in text) == (change <= 0)


def test_batches_of_512_cost_what_the_recordings_say(recorded):
    text = conclusion(SEARCH, "def told(")
    like_ours = recorded[
        (recorded["num_layers"] == 1)
        & (recorded["dropout"] == 0)
        & (recorded["learning_rate"] == 0.001)
        & (recorded["num_hidden"] >= 100)
        & (recorded["epoch"] <= 4)
    ]
    best = like_ours.groupby(["batch_size", "num_hidden", "seed"])["val_acc"].max()
    paired = stats.ttest_rel(best[512].sort_index(), best[128].sort_index())
    interval = paired.confidence_interval(0.95)
    mean, low, high, pairs = numbers(
        "**512 instead of 128**: N (95 % interval N to N, from N", text
    )
    assert mean == pytest.approx(best[512].mean() - best[128].mean(), abs=6e-4)
    assert (low, high) == pytest.approx((interval.low, interval.high), abs=6e-4)
    assert pairs == len(best[512]) == 10
    assert "from 10 pairs): a clear difference." in text


def test_batches_of_32_change_what_the_table_of_seeds_shows():
    text = conclusion(SEARCH, "def told(")
    rows = re.findall(r"(?m)^(\d)\s+([\d.]+)\s+([\d.]+)", shown(SEARCH, "scores.round(3)"))
    of_32, of_128 = np.array([row[1:] for row in rows], float).T
    interval = stats.ttest_rel(of_32, of_128).confidence_interval(0.95)
    mean, low, high, pairs = numbers("**32 instead of 128**: N (95 % interval N to N, from N", text)
    assert pairs == len(rows) == 4
    assert mean == pytest.approx((of_32 - of_128).mean(), abs=1.1e-3)
    assert (low, high) == pytest.approx((interval.low, interval.high), abs=2.5e-3)
    verdict = "no clear difference" if low <= 0 <= high else "a clear difference"
    assert f"from 4 pairs): {verdict}." in text
    again = numbers("changed the accuracy by N, 95 % interval N to N", answer_04())
    assert again == [mean, low, high]


def test_the_luck_of_the_seed_is_set_beside_the_gap_of_the_search(trials):
    text = conclusion(SEARCH, "spread, gap = ")
    rows = re.findall(r"(?m)^\d\s+([\d.]+)\s+([\d.]+)", shown(SEARCH, "scores.round(3)"))
    varied = numbers("by up to N with batches of 32, and by up to N with batches of 128", text)
    assert varied == [pytest.approx(np.ptp(one), abs=1.1e-3) for one in np.array(rows, float).T]
    (gap,) = numbers("batches of 128, the best score and the worst are N apart", text)
    assert gap == pytest.approx(max(trials.values()) - min(trials.values()), abs=5.1e-4)
    size = "a good part of" if varied[1] >= 0.1 * gap else "next to nothing compared with"
    assert text.endswith(f"is **{size}** that.")


def answer_04():
    return conclusion(SEARCH, "Why is it not the lecture's 0.4547?")


def test_short_trainings_predict_long_ones_as_well_as_the_recordings_say(recorded):
    keys = ["num_hidden", "num_layers", "dropout", "learning_rate", "batch_size", "seed"]
    curves = recorded.pivot(index=keys, columns="epoch", values="val_acc").to_numpy()
    short, full = curves[:, :4].max(axis=1), curves.max(axis=1)
    learned = full > 0.3
    text = shown(SEARCH, "rank correlation of 4")
    (correlation,) = numbers("epochs: N", text)
    expected = stats.spearmanr(short[learned], full[learned]).statistic
    assert correlation == pytest.approx(expected, abs=0.0051)
    assert numbers("(N of N trainings: those that learned something)", text) == [
        learned.sum(),
        len(full),
    ]


def test_a_few_trials_see_one_of_the_two_best_widths_as_often_as_drawn():
    rng = np.random.default_rng(1)
    draws = np.array([rng.permutation(20) for _ in range(20_000)])
    told = re.findall(r"(\d+) trials of 20 widths: (\d+)%", shown(SEARCH, "chance = {"))
    assert [int(trials) for trials, _ in told] == [1, 3, 6, 12, 16]
    for trials, percent in told:
        seen = (draws[:, : int(trials)] < 2).any(axis=1).mean()
        assert int(percent) / 100 == pytest.approx(seen, abs=0.015)


def test_the_error_of_the_difference_is_possible_for_its_scores(trials):
    printed = shown(SEARCH, "of_difference = ")
    (single,) = numbers("standard error of the best score        N", printed)
    (paired,) = numbers("of its difference from the second best  N", printed)
    (gap,) = numbers("that difference                         N", printed)
    first, second = sorted(trials.values())[:-3:-1]
    assert single == pytest.approx(sqrt(first * (1 - first) / 10_000), abs=5.1e-4)
    assert gap == pytest.approx(first - second, abs=5.1e-4)
    (range_,) = numbers("from the best to the worst              N", printed)
    assert range_ == pytest.approx(first - min(trials.values()), abs=5.1e-4)
    # Between networks that fail on separate images and such that agree wherever they can.
    apart = sqrt(first * (1 - first) + second * (1 - second)) / 100
    assert sqrt((first - second) / 10_000) < paired < apart + 5e-4


# --- 05 -----------------------------------------------------------------------------------


def test_the_search_of_notebook_05_is_that_of_notebook_04(trials):
    rows = re.findall(
        r"(?m)^\d+\s+(\d+)\s+(\d+)\s+([\d.]+)$", shown(RETRAIN, '"num_hidden", "score"]')
    )
    assert [(int(width), float(score)) for _, width, score in rows] == [
        (width, pytest.approx(score, abs=5.1e-4)) for width, score in trials.items()
    ]


@pytest.fixture(scope="module")
def log():
    """The committed log of the training, one row an epoch."""
    found = re.findall(
        r"acc: ([\d.]+) - loss: ([\d.]+) - val_acc: ([\d.]+) - val_loss: ([\d.]+)",
        shown(RETRAIN, "history = model.fit("),
    )
    return pd.DataFrame(found, columns=["acc", "loss", "val_acc", "val_loss"], dtype=float)


def test_the_verdict_on_the_curves_follows_from_the_log(log):
    text = conclusion(RETRAIN, "The training loss fell in")
    fell, steps, lowest, epochs = numbers(
        "fell in N of N steps. The validation loss was lowest after epoch N of N.", text
    )
    assert (epochs, steps) == (len(log), len(log) - 1) == (20, 19)
    assert fell == sum(b < a for a, b in zip(log["loss"], log["loss"][1:], strict=False))
    assert lowest in 1 + np.flatnonzero(log["val_loss"] == log["val_loss"].min())
    moved_loss, moved, jumps = numbers(
        "the mean training loss changed by N, and the mean validation loss by N (the jumps of "
        "single epochs alone can move it by about N)",
        text,
    )
    assert moved_loss == pytest.approx(
        log["loss"][15:].mean() - log["loss"][10:15].mean(), abs=1e-3
    )
    assert moved == pytest.approx(
        log["val_loss"][15:].mean() - log["val_loss"][10:15].mean(), abs=1e-3
    )
    changes = np.diff(log["val_loss"][10:])
    assert jumps == pytest.approx(
        2 * np.sqrt(np.mean((changes - changes.mean()) ** 2) / 5), abs=1e-3
    )
    flat, falls = "**a plateau** so far" in text, "**still falling**" in text
    assert (flat, falls) == (abs(moved) <= jumps, moved < -jumps)


def test_the_gain_of_the_longer_training_is_that_of_the_log(log, trials):
    printed = shown(RETRAIN, "during the search ")
    told = [float(line.split()[-1]) for line in printed.splitlines()]
    last = log["val_acc"].iloc[-1]
    expected = (max(trials.values()), log["val_acc"].max(), last)
    assert told == [pytest.approx(one, abs=5.6e-4) for one in expected]


def test_the_mean_counts_of_confused_images_add_up_to_the_mistakes():
    (accuracy,) = numbers("test accuracy N", shown(RETRAIN, "result = test_set.evaluate(model)"))
    printed = shown(RETRAIN, "pairs_within, pairs_across = ")
    (within,) = numbers("an average pair within a group  N images", printed)
    (across,) = numbers("an average pair across groups   N images", printed)
    assert within > across
    # 6 x 5 pairs of animals, 4 x 3 of vehicles; the others of 90 lie across.
    assert 42 * within + 48 * across == pytest.approx(10_000 * (1 - accuracy), abs=10)


def test_the_best_of_equal_models_gains_what_a_simulation_gains():
    rng = np.random.default_rng(5)
    text = conclusion(RETRAIN, "models gains **")
    (error,) = numbers("the standard error is N points", text)
    (test,) = numbers("test accuracy N", shown(RETRAIN, "result = test_set.evaluate(model)"))
    for k, runs in ((6, 20_000), (1000, 4_000)):
        best = rng.binomial(10_000, test, size=(runs, k)).max(axis=1).mean() / 10_000
        bold = "**6** equal models gains **N points" if k == 6 else "**1,000** gains **N points"
        assert numbers(bold, text) == [pytest.approx(100 * (best - test), abs=0.06)]
    assert error == pytest.approx(100 * sqrt(test * (1 - test) / 10_000), abs=0.006)
    why = conclusion(RETRAIN, "had no say before")
    of_six = numbers("**6** equal models gains **N points", text)
    assert numbers("on average at most about N points for the best of six", why) == of_six
    assert numbers("We train on N images, the lecture on N", why) == [40_000, 50_000]


def test_the_answer_of_notebook_05_is_what_the_one_look_showed(log, trials):
    text = conclusion(RETRAIN, "classify ")
    units, epochs, accuracy, error = numbers(
        "**N units, trained for N epochs, classify N of the test images correctly**, with a "
        "standard error of N.",
        text,
    )
    assert (units, epochs) == (max(trials, key=trials.get), len(log))
    refusal = next(
        output.evalue
        for cell in cells(RETRAIN)
        for output in cell.get("outputs", [])
        if output.output_type == "error"
    )
    assert numbers("it gave an accuracy of N", refusal) == [accuracy]
    assert error == pytest.approx(sqrt(accuracy * (1 - accuracy) / 10_000), abs=5e-5)
    assert numbers("from the lecture is N", text) == [pytest.approx(accuracy - 0.481, abs=1e-4)]
    size = "less" if abs(accuracy - 0.481) < 2 * error else "more"
    assert f", {size} than two standard errors" in text
    last = log["val_acc"].iloc[-1]
    gained = [pytest.approx(100 * (last - max(trials.values())), abs=0.06)]
    assert numbers("longer training gained N points", text) == gained
    differ = [pytest.approx(accuracy - last, abs=1.1e-4)]
    assert numbers("minus the validation accuracy is N", text) == differ
