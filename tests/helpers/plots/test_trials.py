import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba

from helpers import plots
from helpers.plots.style import BLUE, ORANGE, SKY, VERMILION
from tests.support.figures import entries, labels, line, look, looks, points


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


def test_the_best_trial_of_a_loss_is_the_lowest_without_being_told():
    table = pd.DataFrame({"a": [1, 2], "b": [1, 2], "val_loss": [0.5, 0.1], "status": "COMPLETED"})
    ax, _ = plots.plot_parallel(table, ["a", "b"], score="val_loss").axes
    np.testing.assert_allclose(line(ax, "best trial").get_ydata(), [1, 1], atol=0.05)
    table = table.assign(score=table["val_loss"], seconds=1.0)
    scores, _ = plots.plot_trials(table, objective="val_loss").axes
    assert points(line(scores, "best")) == [(1, 0.1)]
    # What `trials_table` says of its search holds whatever the score is called.
    table.attrs["direction"] = "min"
    ax, _ = plots.plot_parallel(table, ["a", "b"]).axes
    np.testing.assert_allclose(line(ax, "best trial").get_ydata(), [1, 1], atol=0.05)
    ax, _ = plots.plot_parallel(table, ["a", "b"], direction="max").axes
    np.testing.assert_allclose(line(ax, "best trial").get_ydata(), [0, 0], atol=0.05)


def test_plot_parallel_names_its_axes(trials):
    ax = plots.plot_parallel(trials, ["width", "momentum"]).axes[0]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["width", "momentum"]


def test_plot_trials_tells_trials_the_best_and_the_failed_apart(table):
    scores, seconds = plots.plot_trials(table).axes
    assert looks(scores) == {
        "best so far": (ORANGE, "-", "None"),
        "trial": (BLUE, "None", "o"),
        "best": (ORANGE, "None", "*"),
        "no score": (VERMILION, "None", "x"),
    }
    assert entries(scores.get_legend()) == list(looks(scores))
    assert points(line(scores, "no score")) == [(2, 0.3)], "at the height of the worst"
    assert points(line(scores, "best so far")) == [(0, 0.3), (1, 0.5), (2, 0.5), (3, 0.5)]
    assert points(line(scores, "trial")) == [(0, 0.3), (1, 0.5), (3, 0.4)]
    assert line(scores, "best so far").get_drawstyle() == "steps-post"
    assert line(scores, "best so far").get_zorder() < line(scores, "trial").get_zorder()
    for bar in seconds.patches:
        assert bar.get_facecolor() == to_rgba(SKY) and bar.get_edgecolor() == to_rgba(BLUE)
    assert [bar.get_x() + bar.get_width() / 2 for bar in seconds.patches] == [0, 1, 2, 3]
    # The scores are what matters: their panel is the wider one.
    assert scores.get_subplotspec().get_gridspec().get_width_ratios() == [3, 2]


def test_plot_trials_without_a_failure_has_no_mark_for_one(table):
    scores, _ = plots.plot_trials(table[table["status"] == "COMPLETED"]).axes
    assert entries(scores.get_legend()) == ["best so far", "trial", "best"]


def test_plot_trials_names_its_places_by_the_index_of_the_table():
    table = pd.DataFrame({"score": 0.1, "status": "COMPLETED", "seconds": 1.0}, index=range(5, 38))
    for ax in plots.plot_trials(table).axes:
        names = [text.get_text() for text in ax.get_xticklabels()]
        assert names == [str(number) for number in range(5, 38, 2)]
        assert list(ax.get_xticks()) == list(range(0, 33, 2))
    for ax in plots.plot_trials(table.head(14)).axes:
        assert list(ax.get_xticks()) == list(range(14))


def test_plot_trials_says_where_to_look_if_there_is_no_score(table):
    with pytest.raises(ValueError) as caught:
        plots.plot_trials(table[table["status"] == "FAILED"])
    assert str(caught.value) == (
        "No trial has a score yet. The columns `status` and `message` of the table say why."
    )


def test_a_direction_is_max_or_min(table):
    with pytest.raises(ValueError) as caught:
        plots.plot_trials(table, direction="up")
    assert str(caught.value) == "direction is 'max' or 'min', not 'up'."
    scores, _ = plots.plot_trials(table, objective="error").axes
    assert points(line(scores, "best")) == [(0, 0.3)]
    scores, _ = plots.plot_trials(table).axes
    assert points(line(scores, "best")) == [(1, 0.5)]
    assert scores.get_ylabel() == "val_acc"


def test_plot_draws_puts_bars_of_equal_width_between_the_smallest_and_the_largest_value():
    (ax,) = plots.plot_draws({"width": [1, 2, 5]}, bins=4).axes
    assert [bar.get_x() for bar in ax.patches] == [1, 2, 3, 4]
    assert [bar.get_height() for bar in ax.patches] == [1, 1, 0, 1]
    assert ax.get_xscale() == "linear"
    (ax,) = plots.plot_draws({"rate": [1, 10, 10_000]}, bins=4, log=True).axes
    np.testing.assert_allclose([bar.get_x() for bar in ax.patches], [1, 10, 100, 1000])
    (ax,) = plots.plot_draws({"width": range(100)}).axes
    assert len(ax.patches) == 40
    for bar in ax.patches:
        assert bar.get_facecolor() == to_rgba(SKY) and bar.get_edgecolor() == to_rgba(BLUE)


def test_plot_draws_shares_one_axis_and_names_its_unit_once():
    first, second = plots.plot_draws({"a": [1, 2], "b": [5, 9]}).axes
    assert first.get_xlim() == second.get_xlim()
    assert not any(text.get_text() for text in first.get_xticklabels())
    assert labels(first) == ("a", "", "draws") and labels(second) == ("b", "value", "draws")


@pytest.mark.parametrize(("log", "edges"), [(False, (2.5, 3.5)), (True, (1.5, 6))])
def test_plot_draws_puts_a_single_value_into_the_middle(log, edges):
    (ax,) = plots.plot_draws({"fixed": [3, 3]}, log=log, bins=1).axes
    (bar,) = ax.patches
    np.testing.assert_allclose((bar.get_x(), bar.get_x() + bar.get_width()), edges)


def test_plot_draws_counts_words_in_the_order_in_which_they_came():
    figure = plots.plot_draws({"first": ["tanh", "relu", "tanh"], "second": ["elu", "relu"]})
    for ax, heights in zip(figure.axes, ([2, 1, 0], [0, 1, 1]), strict=True):
        assert [bar.get_height() for bar in ax.patches] == heights
        for bar in ax.patches:
            assert bar.get_facecolor() == to_rgba(SKY) and bar.get_edgecolor() == to_rgba(BLUE)
    names = figure.axes[-1].get_xticklabels()
    assert [text.get_text() for text in names] == ["tanh", "relu", "elu"]


@pytest.mark.parametrize(
    ("draws", "log", "message"),
    [
        ({}, False, "There is nothing to show: no values were drawn."),
        ({"a": ["relu"]}, True, "A logarithmic axis has no place for words."),
        ({"a": [0]}, True, "A logarithmic axis has no place for values of 0 or less."),
    ],
)
def test_plot_draws_says_what_it_cannot_show(draws, log, message):
    with pytest.raises(ValueError) as caught:
        plots.plot_draws(draws, log=log)
    assert str(caught.value) == message


def test_plot_parallel_keeps_lines_through_the_same_value_apart_the_better_ones_above(trials):
    same = trials.assign(width=100, optimizer="adam", score=[0.3, 0.1, 0.2, 0.5])
    ax, _ = plots.plot_parallel(same, ["width", "optimizer"]).axes
    *lines, best = ax.lines
    np.testing.assert_allclose(
        [one.get_ydata() for one in lines], np.linspace(-0.04, 0.04, 4)[:, None] * [1, 1]
    )
    assert points(best) == points(lines[-1])
    assert look(best)[:2] == (VERMILION, "-") and best.get_linewidth() == 3.5
    assert {(one.get_linewidth(), one.get_alpha()) for one in lines} == {(1.2, 0.7)}
    assert entries(ax.get_legend()) == ["best trial"] and not ax.get_legend().get_frame_on()


def test_plot_parallel_places_values_by_rank_and_inactive_ones_below(trials):
    figure = plots.plot_parallel(trials, ["width", "momentum"])
    ax = figure.axes[0]
    heights = {text.get_text(): text.get_position() for text in ax.texts}
    assert heights == {"50": (0.03, 0), "100": (0.03, 0.5), "200": (0.03, 1), "0.9": (1.03, 0)}
    for text in ax.texts:
        assert text.get_va() == "center" and text.get_size() == 11
        assert text.get_zorder() > max(one.get_zorder() for one in ax.lines)
    np.testing.assert_allclose([one.get_ydata()[1] for one in ax.lines], [0, 0, 0, 0], atol=0.17)
    inactive = [one.get_ydata()[1] for one in ax.lines[1:3]]  # of the scores 0.3 and 0.5
    np.testing.assert_allclose(inactive, [-0.12, -0.08])
    assert points(ax.lines[-1])[0] == (0, 1.04)


def test_plot_parallel_names_at_most_ten_values_of_a_hyperparameter():
    number = np.arange(25)
    table = pd.DataFrame({"a": number, "b": number % 10, "score": number / 100})
    ax, bar = plots.plot_parallel(table, ["a", "b"]).axes
    names = [text.get_text() for text in ax.texts]
    assert names == [*map(str, range(0, 25, 3)), *map(str, range(0, 10, 2))]
    assert ax.texts[1].get_position() == (0.03, 3 / 24)
    # The bar names six scores, from the worst to the best.
    assert [text.get_text() for text in bar.get_yticklabels()] == [
        f"{score / 100:.3g}" for score in (0, 4, 9, 14, 19, 24)
    ]
    np.testing.assert_allclose(bar.get_yticks(), [0, 4, 9, 14, 19, 24])
    assert bar.get_ylim() == (0, 24)


def test_plot_parallel_has_an_axis_for_each_hyperparameter_and_no_other(trials):
    figure = plots.plot_parallel(trials, ["width", "optimizer", "momentum"])
    ax = figure.axes[0]
    assert list(ax.get_xticks()) == [0, 1, 2] and list(ax.get_yticks()) == []
    assert ax.get_xlim() == (-0.1, 2.4) and ax.get_title() == "One line per trial"
    assert not ax.spines["left"].get_visible()
    assert all(one.get_visible() for one in ax.get_xgridlines())
    assert {(one.get_color(), one.get_alpha()) for one in ax.get_xgridlines()} == {("black", 0.5)}
    figure.canvas.draw()
    box, axes = ax.get_legend().get_window_extent(), ax.get_window_extent()
    assert box.y0 >= axes.y1 and abs(box.x1 - axes.x1) < 20, "covers the lines"
    assert points(ax.lines[0])[2][0] == 2


def test_plot_parallel_shows_a_single_trial():
    ax, bar = plots.plot_parallel(pd.DataFrame({"a": [1], "b": [2], "score": [0.5]}), "ab").axes
    assert len(ax.lines) == 2 and bar.get_ylim() == (0, 1)
    np.testing.assert_allclose(ax.lines[0].get_color(), plt.get_cmap("viridis")(0.0))


def test_plot_parallel_says_what_it_cannot_show(trials):
    for how, message in (
        ({"names": ["width"]}, "Parallel coordinates need at least two hyperparameters."),
        ({"score": "none"}, "No trial has a score, so there is nothing to colour by."),
    ):
        with pytest.raises(ValueError) as caught:
            plots.plot_parallel(trials.assign(none=np.nan), **{"names": ["width", "score"], **how})
        assert str(caught.value) == message
