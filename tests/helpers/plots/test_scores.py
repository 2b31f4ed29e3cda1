import numpy as np
import pytest
from matplotlib.colors import to_hex

from helpers import plots
from helpers.plots.style import BLUE, VERMILION
from tests.support.figures import labels, look, points


def test_plot_scores_shows_every_score_with_its_error():
    (ax,) = plots.plot_scores([50, 900], [0.3, 0.5], [0.1, 0.2], xlabel="units", ylabel="a").axes
    (bars,) = ax.containers
    middle, _, (reach,) = bars
    assert points(middle) == [(50, 0.3), (900, 0.5)]
    ends = [[tuple(end) for end in bar] for bar in reach.get_segments()]
    np.testing.assert_allclose(ends, [[(50, 0.2), (50, 0.4)], [(900, 0.3), (900, 0.7)]])
    assert labels(ax) == ("", "units", "a")
    assert look(middle) == (BLUE, "None", "o") and middle.get_markersize() == 12


@pytest.mark.parametrize("sizes", [(0, 0, 0), (2, 1, 2), (2, 2, 1)])
def test_plot_scores_wants_a_score_and_an_error_for_each_value(sizes):
    values, scores, errors = ([0.5] * size for size in sizes)
    words = "There are {} values, {} scores and {} errors.".format(*sizes)
    with pytest.raises(ValueError, match=words):
        plots.plot_scores(values, scores, errors, xlabel="x", ylabel="y")


def test_plot_designs_drops_a_line_from_every_trial_to_the_axis():
    designs = {"grid": np.array([(0.2, 0.4), (0.2, 0.8)]), "random": np.array([(0.1, 0.9)])}
    grid, random = plots.plot_designs(designs, xlabel="rate", ylabel="seed").axes
    feet, trials = grid.lines
    assert points(trials) == [(0.2, 0.4), (0.2, 0.8)]
    assert points(feet) == [(0.2, 0), (0.2, 0)]
    (lines,) = grid.collections
    ends = [[tuple(end) for end in one] for one in lines.get_segments()]
    assert ends == [[(0.2, 0), (0.2, 0.4)], [(0.2, 0), (0.2, 0.8)]]
    assert to_hex(lines.get_color()[0]).upper() == VERMILION
    assert look(trials) == (BLUE, "None", "o") and look(feet) == (VERMILION, "None", "^")
    assert labels(grid) == ("grid", "rate", "seed") and labels(random) == ("random", "rate", "")
    assert grid.get_xlim() == grid.get_ylim() == (0, 1)
    assert grid.get_aspect() == 1 and grid.xaxis.labelpad == 12


def test_plot_designs_of_nothing_says_so():
    with pytest.raises(ValueError, match="no designs"):
        plots.plot_designs({}, xlabel="x", ylabel="y")
