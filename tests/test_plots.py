"""helpers.plots: every figure shows what it was given, and all of it."""

import os

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from helpers import plots
from tools.notebooks import execute

NAMES = ("cat", "dog", "ship")


@pytest.fixture
def table():
    scores = [0.3, 0.5, np.nan, 0.4]
    status = ["COMPLETED", "COMPLETED", "FAILED", "COMPLETED"]
    return pd.DataFrame({"score": scores, "status": status, "seconds": [1.0, 2.0, 0.5, np.nan]})


def line(ax, label):
    return next(one for one in ax.lines if one.get_label() == label)


def test_a_figure_is_closed_so_that_a_notebook_shows_it_once(table):
    assert isinstance(plots.plot_trials(table), Figure)
    assert plt.get_fignums() == []


def test_a_notebook_shows_the_figures_of_the_course_and_after_them_the_reader_s_own(tmp_path):
    ours = "from helpers import plot_draws\nplot_draws({'width': [1, 2, 3]})"
    theirs = "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()"
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in (ours, theirs)]
    )
    execute(notebook, tmp_path, dict(os.environ))
    for cell in notebook.cells:
        pictures = [output for output in cell.outputs if "image/png" in output.get("data", {})]
        assert len(pictures) == 1, cell.source


def test_the_style_of_the_course_ends_with_its_figures(table):
    before = dict(plt.rcParams)
    plots.plot_trials(table)
    assert dict(plt.rcParams) == before


def test_show_images_shows_the_first_images_of_every_class_in_its_row():
    images = np.arange(6, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 3), np.uint8)
    fig = plots.show_images(images, np.array([[1], [0], [1], [1], [2], [0]]), NAMES, per_class=2)
    shown = [int(ax.images[0].get_array()[0, 0, 0]) if ax.images else None for ax in fig.axes]
    assert shown == [1, 5, 0, 2, 4, None]
    assert [ax.texts[0].get_text() for ax in fig.axes if ax.texts] == list(NAMES)


def test_show_images_needs_a_label_for_every_image():
    with pytest.raises(ValueError, match="2 images come with 1 labels"):
        plots.show_images(np.zeros((2, 4, 4, 3)), np.zeros(1, int), NAMES)


def test_show_loss_acc_shows_the_four_curves_and_marks_the_best_validation():
    history = {
        "loss": [2.0, 1.0, 0.5],
        "acc": [0.2, 0.5, 0.8],
        "val_loss": [2.0, 1.5, 1.7],
        "val_acc": [0.2, 0.4, 0.3],
    }
    loss, accuracy = plots.show_loss_acc(history).axes
    for ax, name in ((loss, "loss"), (accuracy, "acc")):
        assert list(line(ax, "training").get_ydata()) == history[name]
        assert list(line(ax, "validation").get_ydata()) == history[f"val_{name}"]
        assert list(line(ax, "training").get_xdata()) == [1, 2, 3]
    assert line(loss, "best validation").get_xydata().tolist() == [[2, 1.5]]
    assert line(accuracy, "best validation").get_xydata().tolist() == [[2, 0.4]]


def test_show_loss_acc_takes_what_fit_returned_and_the_name_accuracy_too():
    class History:
        history = {"loss": [1.0], "accuracy": [0.5]}

    loss, accuracy = plots.show_loss_acc(History()).axes
    assert list(line(accuracy, "training").get_ydata()) == [0.5]


def test_show_loss_acc_without_an_accuracy_says_how_to_get_one():
    with pytest.raises(ValueError, match=r'holds loss, .*metrics=\["acc"\]'):
        plots.show_loss_acc({"loss": [1.0]})


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


def test_plot_curves_shows_one_curve_per_trial_and_the_mean_of_its_executions():
    curves = pd.DataFrame(
        {
            "trial": [0, 0, 0, 0, 1, 1],
            "execution": [1, 1, 2, 2, 1, 1],
            "epoch": [1, 2, 1, 2, 1, 2],
            "val_acc": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
        }
    )
    (ax,) = plots.plot_curves(curves, names={0: "small", 1: "large"}).axes
    np.testing.assert_allclose(line(ax, "small").get_ydata(), [0.2, 0.3])
    np.testing.assert_allclose(line(ax, "large").get_ydata(), [0.5, 0.6])


def test_plot_curves_keeps_a_trial_that_diverged():
    curves = pd.DataFrame(
        {"trial": [0, 1], "execution": 1, "epoch": 1, "val_acc": [0.5, float("nan")]}
    )
    (ax,) = plots.plot_curves(curves).axes
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["trial 0", "trial 1"]


def test_plot_curves_names_the_metrics_that_there_are():
    curves = pd.DataFrame({"trial": [0], "execution": [1], "epoch": [1], "acc": [0.1]})
    with pytest.raises(ValueError, match="hold acc, but no 'val_acc'"):
        plots.plot_curves(curves)


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


def test_show_confusion_shows_shares_of_the_true_class():
    ax = plots.show_confusion(np.array([[3, 1, 0], [0, 2, 2], [0, 0, 0]]), NAMES).axes[0]
    np.testing.assert_allclose(
        ax.images[0].get_array(), [[0.75, 0.25, 0], [0, 0.5, 0.5], [0, 0, 0]]
    )
    assert [text.get_text() for text in ax.texts][:3] == ["75", "25", "0"]


def test_show_confusion_needs_a_row_and_a_column_for_every_class():
    with pytest.raises(ValueError, match="3 x 3"):
        plots.show_confusion(np.zeros((2, 3)), NAMES)


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


def test_plot_bands_shows_the_median_and_where_most_repeats_are():
    runs = {"a": np.arange(11)[:, None] * np.array([1.0, 2.0]), "b": np.zeros((2, 2))}
    (ax,) = plots.plot_bands(runs, steps=[1, 2], xlabel="trials", ylabel="score").axes
    np.testing.assert_array_equal(line(ax, "a").get_ydata(), [5, 10])
    band = ax.collections[0].get_paths()[0].vertices
    assert band[:, 1].min() == 1 and band[:, 1].max() == 18
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("trials", "score")


def test_plot_bands_begins_where_every_repeat_has_a_value():
    runs = {"a": np.array([[np.nan, 1.0], [0.0, 2.0]])}
    (ax,) = plots.plot_bands(runs, steps=[1, 2], xlabel="x", ylabel="y").axes
    np.testing.assert_array_equal(line(ax, "a").get_ydata(), [np.nan, 1.5])


@pytest.mark.parametrize("values", [np.zeros(2), np.zeros((3, 1)), np.zeros((0, 2))])
def test_plot_bands_needs_a_row_for_every_repeat_and_a_column_for_every_step(values):
    with pytest.raises(ValueError, match=r"a: 2 steps need .* \(repeats, 2\)"):
        plots.plot_bands({"a": values}, steps=[1, 2], xlabel="x", ylabel="y")


def test_plot_bands_without_runs_is_an_error():
    with pytest.raises(ValueError, match="no runs"):
        plots.plot_bands({}, steps=[1], xlabel="x", ylabel="y")
