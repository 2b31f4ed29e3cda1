import numpy as np
import pytest
from matplotlib.colors import to_rgba

from helpers import plots
from helpers.plots.style import BLUE, GREEN, ORANGE, SKY, VERMILION
from tests.support.figures import entries, has_whole_ticks, labels, line, look, looks, points


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
    with pytest.raises(ValueError, match="^There is nothing to show: no runs.$"):
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


def test_plot_bands_tells_its_strategies_apart_with_and_without_colour():
    runs = {name: np.array([[1.0, 2.0], [3.0, 4.0]]) for name in "abcdef"}
    (ax,) = plots.plot_bands(runs, steps=[1, 2], xlabel="x", ylabel="y").axes
    assert looks(ax) == {
        "a": (BLUE, "-", "None"),
        "b": (VERMILION, "--", "None"),
        "c": (ORANGE, "-.", "None"),
        "d": (GREEN, ":", "None"),
        "e": (SKY, "-", "None"),
        "f": (BLUE, "-", "None"),
    }
    for one, band in zip(ax.lines, ax.collections, strict=True):
        check_band(band, one.get_color(), alpha=0.15, reaches=(1, 2))
        assert points(one) == [(1, 2), (2, 3)]


def check_band(band, colour, *, alpha, reaches):
    np.testing.assert_allclose(band.get_facecolor()[0], to_rgba(colour, alpha))
    assert band.get_linewidth() == 0
    xs = band.get_paths()[0].vertices[:, 0]
    assert (xs.min(), xs.max()) == reaches


def test_plot_bands_says_what_its_bands_are_and_begins_at_the_floor():
    runs = {"a": np.array([[0.1, 0.2, 0.3]]), "b": np.array([[0.1, 0.2, 0.3]])}
    how = {"steps": [1, 2, 3], "xlabel": "x", "ylabel": "y", "floor": 0.15, "band": (25, 75)}
    figure = plots.plot_bands(runs, **how)
    (ax,) = figure.axes
    assert entries(ax.get_legend()) == ["a", "b"]
    assert ax.get_legend().get_title().get_text() == "median, and from 25 to 75 %"
    assert ax.get_ylim()[0] == 0.15 and has_whole_ticks(ax)
    assert where_in(ax, figure) == "lower right"


def where_in(ax, figure):
    """Returns where in its axes the legend is."""
    figure.canvas.draw()
    box = ax.get_legend().get_window_extent().transformed(ax.transAxes.inverted())
    lower = "lower" if box.y0 + box.y1 < 1 else "upper"
    return f"{lower} {'left' if box.x0 + box.x1 < 1 else 'right'}"


def against(**how):
    """Returns the figure of four strategies beside the reference `r`, and its panels."""
    runs = {name: np.array([[1.0, 2.0], [3.0, 4.0]]) + i for i, name in enumerate("rabcde")}
    figure = plots.plot_against(runs, reference="r", steps=[1, 3], xlabel="x", ylabel="y", **how)
    return figure, figure.axes


def test_plot_against_tells_its_panels_apart_and_shares_one_scale():
    figure, panels = against(floor=1.25)
    for number, (ax, name) in enumerate(zip(panels, "abcde", strict=True)):
        colour = (VERMILION, GREEN, ORANGE, SKY, VERMILION)[number]
        assert looks(ax) == {"r": (BLUE, "--", "None"), name: (colour, "-", "None")}
        assert points(line(ax, "r")) == [(1, 2), (3, 3)]
        assert points(line(ax, name)) == [(1, 3 + number), (3, 4 + number)]
        check_band(ax.collections[0], colour, alpha=0.25, reaches=(1, 3))
        assert ax.get_ylim() == panels[0].get_ylim() and ax.get_ylim()[0] == 1.25
        assert has_whole_ticks(ax) and len(ax.get_xticks()) <= 6
        assert ax.get_ylabel() == ("y" if number == 0 else "")


def test_plot_against_explains_its_lines_once_below_the_panels():
    figure, panels = against(band=(25, 75))
    (legend,) = figure.legends
    assert entries(legend) == [
        "median of r",
        "median of the panel's strategy",
        "from 25 to 75 % of it",
    ]
    *lines, patch = legend.legend_handles
    assert [look(one)[:2] for one in lines] == [(BLUE, "--"), ("#000000", "-")]
    assert patch.get_facecolor() == to_rgba("black", 0.25) and patch.get_linewidth() == 0
    figure.canvas.draw()
    box = legend.get_window_extent()
    assert box.y1 <= min(ax.get_window_extent().y0 for ax in panels) and not legend.get_frame_on()
    assert box.width > 3 * box.height, "not side by side"


def test_plot_against_marks_a_step_of_one_panel():
    _, (first, second, *_) = against(marks={"b": (2, "learns")})
    assert len(first.lines) == 2
    mark = second.lines[-1]
    assert list(mark.get_xdata()) == [2, 2] and look(mark)[:2] == ("#000000", ":")
    (words,) = second.texts
    assert words.get_text() == "learns" and words.get_rotation() == 90 and words.get_size() == 10
    # A little to the right of the mark, at the bottom of the panel.
    assert words.xy == (2, 0.02) and words.xycoords == ("data", "axes fraction")
    assert words.get_position() == (3, 0) and words.anncoords == "offset points"


def test_plot_against_compares_two_runs_at_least():
    runs = {"r": np.zeros((1, 1)), "a": np.ones((1, 1))}
    figure = plots.plot_against(runs, reference="r", steps=[1], xlabel="x", ylabel="y")
    assert [ax.get_title() for ax in figure.axes] == ["a"]
    with pytest.raises(ValueError, match="^r: 2 steps need"):
        plots.plot_against(runs, reference="r", steps=[1, 2], xlabel="x", ylabel="y")
    runs = {"r": np.zeros((1, 2)), "a": np.ones((1, 1))}
    with pytest.raises(ValueError) as caught:
        plots.plot_against(runs, reference="r", steps=[1, 2], xlabel="x", ylabel="y")
    assert str(caught.value) == ("a: 2 steps need an array of shape (repeats, 2), not (1, 1).")


def test_plot_game_shows_each_trial_and_the_best_so_far_beside_the_rival_s():
    figure = plots.plot_game([0.4, 0.3, 0.5], [0.2, 0.3, 0.4, 0.45])
    (ax,) = figure.axes
    assert looks(ax) == {
        "random search, median": (BLUE, "--", "None"),
        "you, best so far": (VERMILION, "-", "None"),
        "you, each trial": (VERMILION, "None", "o"),
    }
    assert points(line(ax, "random search, median"))[::3] == [(1, 0.2), (4, 0.45)]
    assert points(line(ax, "you, best so far")) == [(1, 0.4), (2, 0.4), (3, 0.5)]
    assert points(line(ax, "you, each trial")) == [(1, 0.4), (2, 0.3), (3, 0.5)]
    assert {one.get_drawstyle() for one in ax.lines[:2]} == {"steps-post"}
    assert ax.get_xlim() == (0.5, 4.5) and has_whole_ticks(ax)
    assert labels(ax) == ("", "trials", "validation accuracy")
    assert where_in(ax, figure) == "lower right"


def test_plot_game_begins_with_the_rival_alone():
    (ax,) = plots.plot_game([], [0.5]).axes
    assert list(looks(ax)) == ["random search, median"]
    assert labels(ax) == ("", "trials", "validation accuracy")
    (ax,) = plots.plot_game([0.5], [0.5, 0.6]).axes
    assert len(ax.lines) == 3
