import numpy as np
import pytest

from helpers import plots
from helpers.plots.style import BLUE, ORANGE, VERMILION
from tests.support.figures import entries, has_whole_ticks, labels, line, look, points

BEST = np.array([[1.0, 1.0, 9.0], [np.nan, 2.0, 2.0], [3.0, 3.0, 3.0]])


def drawn(names=("ada", "bob", "cy"), best=BEST, luck=(90.0, 5.0, 40.0)):
    return plots.plot_class(names, best, np.array(luck), score="val_acc").axes


def test_plot_class_shows_each_search_and_names_the_lucky_and_the_unlucky_one():
    left, _ = drawn()
    assert labels(left) == ("", "trials", "best val_acc so far") and has_whole_ticks(left)
    ada, bob, cy, median = left.lines
    assert look(ada)[:2] == (VERMILION, "-") and look(bob)[:2] == (ORANGE, "-")
    assert cy.get_color() == "0.7" and cy.get_linewidth() < ada.get_linewidth()
    assert points(ada) == [(1, 1), (2, 1), (3, 9)]
    assert look(median)[:2] == (BLUE, "--") and points(median) == [(1, 2), (2, 2), (3, 3)]
    assert sorted(entries(left.get_legend())) == [
        "luckiest: ada",
        "median of the class",
        "unluckiest: bob",
    ]


def test_plot_class_sorts_the_searches_by_their_luck():
    _, right = drawn()
    assert labels(right) == ("", "beats so many of 100 searches", "")
    assert [text.get_text() for text in right.get_yticklabels()] == ["bob", "cy", "ada"]
    dots = right.lines[-1]
    assert points(dots) == [(5, 0), (40, 1), (90, 2)]


def test_plot_class_leaves_out_a_trial_that_nobody_has_a_score_for():
    best = np.array([[np.nan, 1.0], [np.nan, 2.0]])
    left, _ = drawn(("ada", "bob"), best, (1.0, 2.0))
    assert points(line(left, "median of the class")) == [(2, 1.5)]


def test_plot_class_of_one_search_calls_nobody_lucky():
    left, _ = drawn(("ada",), BEST[:1], (50.0,))
    assert entries(left.get_legend()) == ["median of the class"]


def test_plot_class_grows_with_the_class_and_takes_no_name_for_a_formula():
    few = plots.plot_class(["$a$", "b"], BEST[:2], np.array([1.0, 2.0]), score="score")
    few.canvas.draw()
    assert few.axes[1].get_yticklabels()[0].get_text() == r"\$a\$"
    many = plots.plot_class(["a"] * 40, np.ones((40, 2)), np.arange(40.0), score="score")
    assert many.get_size_inches()[1] > 2 * few.get_size_inches()[1]


@pytest.mark.parametrize("names, best, luck", [((), BEST[:0], ()), (("a",), BEST, (1.0,))])
def test_plot_class_needs_one_of_each_for_every_search(names, best, luck):
    with pytest.raises(ValueError, match="must be one of each"):
        drawn(names, best, luck)
