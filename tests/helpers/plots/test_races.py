import numpy as np
import pytest

from helpers import plots
from tests.support.figures import labels, line


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


def test_plot_against_shows_each_strategy_beside_the_reference():
    spread = np.arange(11)[:, None]
    runs = {"random": spread * [1.0, 1.0], "a": spread * [2.0, 3.0], "b": spread * [0.0, 1.0]}
    fig = plots.plot_against(
        runs,
        reference="random",
        steps=[1, 2],
        xlabel="epochs",
        ylabel="score",
        marks={"b": (1.5, "learns")},
    )
    first, second = fig.axes
    assert labels(first) == ("a", "epochs", "score") and labels(second) == ("b", "epochs", "")
    for ax in (first, second):
        np.testing.assert_array_equal(line(ax, "random").get_ydata(), [5, 5])
    np.testing.assert_array_equal(line(first, "a").get_ydata(), [10, 15])
    band = first.collections[0].get_paths()[0].vertices
    assert band[:, 1].min() == 2 and band[:, 1].max() == 27
    assert [text.get_text() for text in second.texts] == ["learns"] and not first.texts
    (legend,) = fig.legends
    assert legend.get_texts()[0].get_text() == "median of random"
    assert not first.get_legend(), "nothing covers the data"


@pytest.mark.parametrize("runs", [{}, {"random": np.zeros((1, 1))}, {"a": np.zeros((1, 1))}])
def test_plot_against_needs_its_reference_and_another(runs):
    with pytest.raises(ValueError, match="runs of 'random' and of something"):
        plots.plot_against(runs, reference="random", steps=[1], xlabel="x", ylabel="y")


def test_plot_game_labels_its_axes():
    (ax,) = plots.plot_game([], [0.5]).axes
    assert labels(ax) == ("", "trials", "validation accuracy")
