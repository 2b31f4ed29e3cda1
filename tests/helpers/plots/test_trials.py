import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from helpers import plots
from tests.support.figures import labels, line


def test_plot_trials_shows_every_trial_also_the_failed_one(table):
    scores, seconds = plots.plot_trials(table).axes
    assert list(line(scores, "trial").get_ydata()) == [0.3, 0.5, 0.4]
    assert list(line(scores, "no score").get_xdata()) == [2]
    assert [bar.get_height() for bar in seconds.patches] == [1.0, 2.0, 0.5, 0.0]


@pytest.mark.parametrize(
    ("direction", "so_far", "best"),
    [("max", [0.3, 0.5, 0.5, 0.5], 0.5), ("min", [0.3, 0.3, 0.3, 0.3], 0.3)],
)
def test_plot_trials_follows_the_best_so_far_in_either_direction(table, direction, so_far, best):
    scores, _ = plots.plot_trials(table, direction=direction).axes
    assert list(line(scores, "best so far").get_ydata()) == so_far
    assert list(line(scores, "best").get_ydata()) == [best]


def test_plot_trials_without_any_score_points_to_the_table(table):
    with pytest.raises(ValueError, match="`message`"):
        plots.plot_trials(table[table["status"] == "FAILED"])


def test_plot_trials_refuses_another_direction(table):
    with pytest.raises(ValueError, match="'up'"):
        plots.plot_trials(table, direction="up")


def test_plot_trials_names_no_more_places_than_there_is_room_for():
    scores = np.linspace(0, 1, 90)
    table = pd.DataFrame({"score": scores, "status": "COMPLETED", "seconds": scores})
    scores_ax, _ = plots.plot_trials(table).axes
    assert len(scores_ax.get_xticks()) <= 16
    assert len(line(scores_ax, "trial").get_xdata()) == 90


def test_plot_draws_counts_every_number():
    draws = {"linear": [1, 2, 3, 50], "log": [1, 10, 100, 100]}
    fig = plots.plot_draws(draws, log=True, bins=4)
    for ax in fig.axes:
        assert sum(bar.get_height() for bar in ax.patches) == 4
        assert ax.get_xscale() == "log"


def test_plot_draws_counts_words_and_truth_values():
    (ax,) = plots.plot_draws({"activation": ["relu", "tanh", "relu"]}).axes
    assert [bar.get_height() for bar in ax.patches] == [2, 1]
    (ax,) = plots.plot_draws({"flag": [True, False, False]}).axes
    assert [bar.get_height() for bar in ax.patches] == [1, 2]


@pytest.mark.parametrize("log", [False, True])
def test_plot_draws_gives_a_single_value_a_bar_that_can_be_seen(log):
    (ax,) = plots.plot_draws({"fixed": [3, 3, 3]}, log=log).axes
    (bar,) = [bar for bar in ax.patches if bar.get_height()]
    assert bar.get_height() == 3 and bar.get_width() > 0


def test_plot_draws_has_no_logarithm_of_words():
    with pytest.raises(ValueError, match="words"):
        plots.plot_draws({"activation": ["relu"]}, log=True)


@pytest.mark.parametrize("draws", [{}, {"nothing": []}])
def test_plot_draws_without_draws_is_an_error(draws):
    with pytest.raises(ValueError, match="no values were drawn"):
        plots.plot_draws(draws)


def test_plot_draws_has_no_logarithm_of_zero():
    with pytest.raises(ValueError, match="0 or less"):
        plots.plot_draws({"dropout": [0.0, 0.5]}, log=True)


@pytest.fixture
def trials():
    return pd.DataFrame(
        {
            "width": [50, 100, 100, 200],
            "optimizer": ["adam", "sgd", "adam", "adam"],
            "momentum": [np.nan, 0.9, np.nan, np.nan],
            "score": [0.3, 0.1, np.nan, 0.5],
        }
    )


def test_plot_parallel_shows_one_line_for_every_scored_trial_and_the_best_on_top(trials):
    ax = plots.plot_parallel(trials, ["width", "optimizer", "momentum"]).axes[0]
    *lines, best = ax.lines
    assert len(lines) == 3
    assert best.get_label() == "best trial"
    # 200 is the largest width, adam the first word, and the momentum was inactive: below all.
    np.testing.assert_allclose(best.get_ydata()[:2], [1, 0], atol=0.05)
    assert best.get_ydata()[2] < -0.05
    np.testing.assert_allclose(lines[0].get_ydata()[:2], [0.5, 1], atol=0.05)
    shown = {text.get_text() for text in ax.texts}
    assert {"50", "100", "200", "adam", "sgd", "0.9"} <= shown


def test_plot_parallel_spreads_values_by_rank_so_that_decades_are_told_apart():
    table = pd.DataFrame({"rate": [1e-4, 1e-3, 1e-2], "a": [1, 2, 3], "score": [0.1, 0.2, 0.3]})
    ax = plots.plot_parallel(table, ["rate", "a"]).axes[0]
    np.testing.assert_allclose(
        [line.get_ydata()[0] for line in ax.lines[:3]], [0, 0.5, 1], atol=0.05
    )


def test_plot_parallel_refuses_what_it_cannot_show(trials):
    with pytest.raises(ValueError, match="at least two"):
        plots.plot_parallel(trials, ["width"])
    with pytest.raises(ValueError, match="No trial has a score"):
        plots.plot_parallel(trials.assign(score=np.nan), ["width", "momentum"])


def test_plot_trials_labels_its_panels(table):
    scores, seconds = plots.plot_trials(table, objective="val_loss").axes
    assert labels(scores) == ("Score of each trial", "trial", "val_loss")
    assert labels(seconds) == ("Time of each trial", "trial", "seconds")


def test_plot_draws_labels_its_panels():
    fig = plots.plot_draws({"linear": [1, 2], "log": [1, 2]}, unit="units")
    assert [labels(ax) for ax in fig.axes] == [("linear", "", "draws"), ("log", "units", "draws")]


def test_plot_parallel_colours_by_rank_so_that_one_bad_trial_does_not_darken_the_rest():
    scores = [0.1, 0.48, 0.49, 0.5]
    table = pd.DataFrame({"a": [1, 2, 3, 4], "b": [1, 2, 3, 4], "score": scores})
    *lines, _ = plots.plot_parallel(table, ["a", "b"]).axes[0].lines
    wanted = plt.get_cmap("viridis")([0, 1 / 3, 2 / 3, 1.0])
    np.testing.assert_allclose([one.get_color() for one in lines], wanted, atol=0.01)


def test_plot_parallel_calls_the_lowest_score_the_best_if_it_is_a_loss(trials):
    ax, bar = plots.plot_parallel(trials, ["width", "momentum"], direction="min").axes
    best = line(ax, "best trial")
    np.testing.assert_allclose(best.get_ydata(), [0.5, 0], atol=0.05)  # of 0.1: width 100
    assert bar.get_ylabel() == "score, by rank"
    assert [text.get_text() for text in bar.get_yticklabels()] == ["0.5", "0.3", "0.1"]
    with pytest.raises(ValueError, match="'up'"):
        plots.plot_parallel(trials, ["width", "momentum"], direction="up")


def test_plot_parallel_names_its_axes(trials):
    ax = plots.plot_parallel(trials, ["width", "momentum"]).axes[0]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["width", "momentum"]
