import os

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from helpers import plots
from tests.support.figures import line
from tools.notebooks import execute


def test_a_figure_is_closed_so_that_a_notebook_shows_it_once(table):
    assert isinstance(plots.plot_trials(table), Figure)
    assert plt.get_fignums() == []


@pytest.mark.kernel
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


# Inches: as wide as a page, and as high as what they show needs.
SIZES = {
    "draw_search_loop": (plots.draw_search_loop, (10, 2.8)),
    "draw_split": (lambda: plots.draw_split({"all": {"a": 1}}), (10, 1.9)),
    "show_loss_acc": (lambda: plots.show_loss_acc({"loss": [1.0], "acc": [1.0]}), (11, 4)),
    "plot_curves": (lambda: plots.plot_curves(CURVES), (9, 4.8)),
    "plot_losses": (lambda: plots.plot_losses({"a": LOSSES, "b": LOSSES}), (6.3, 3.6)),
    "show_images": (lambda: plots.show_images(IMAGES, LABELS, "ab", per_class=5), (4.9, 7.6)),
    "show_confusion": (lambda: plots.show_confusion(np.eye(2), "ab"), (7.4, 5.4)),
    "plot_bands": (lambda: plots.plot_bands(RUNS, **AXES), (9, 4.6)),
    "plot_against": (lambda: plots.plot_against(RUNS, reference="a", **AXES), (8.6, 3.9)),
    "plot_game": (lambda: plots.plot_game([], [0.5]), (8, 3.8)),
    "plot_class": (
        lambda: plots.plot_class("a", np.ones((1, 2)), np.array([50.0]), score="score"),
        (12, 4.4),
    ),
    "plot_trials": (lambda: plots.plot_trials(TABLE), (11, 4)),
    "plot_draws": (lambda: plots.plot_draws({"a": [1], "b": [2]}), (9, 4.6)),
    "plot_parallel": (lambda: plots.plot_parallel(TABLE, ["a", "b"]), (10, 5)),
    "plot_scores": (lambda: plots.plot_scores([1], [1], [1], xlabel="x", ylabel="y"), (9, 4.4)),
    "plot_designs": (
        lambda: plots.plot_designs({"a": np.ones((2, 2))}, xlabel="x", ylabel="y"),
        (4.6, 4.8),
    ),
}
LOSSES = {"loss": [1.0], "val_loss": [2.0]}
CURVES = pd.DataFrame({"trial": [0], "execution": [1], "epoch": [1], "val_acc": [0.1]})
IMAGES, LABELS = np.zeros((2, 4, 4, 3)), np.array([0, 1])
RUNS = {name: np.zeros((1, 2)) for name in "abc"}
AXES = {"steps": [1, 2], "xlabel": "x", "ylabel": "y"}
TABLE = pd.DataFrame(
    {"a": [1, 2], "b": [1, 2], "score": [0.1, 0.2], "seconds": 1.0, "status": "COMPLETED"}
)


@pytest.mark.parametrize("name", SIZES)
def test_a_figure_has_its_size(name):
    draw, size = SIZES[name]
    np.testing.assert_allclose(draw().get_size_inches(), size)


def test_every_figure_has_a_size():
    assert sorted(SIZES) == plots.__all__


def test_figures_are_laid_out_without_overlap_and_can_be_read_from_the_last_row():
    figure = plots.plot_trials(TABLE)
    assert figure.get_layout_engine() is not None
    for ax in figure.axes:
        assert ax.xaxis.label.get_size() == 12 and ax.title.get_size() == 13
        assert not ax.spines["top"].get_visible() and not ax.spines["right"].get_visible()


def test_a_star_can_be_seen_on_any_colour():
    scores, _ = plots.plot_trials(TABLE).axes
    star = line(scores, "best")
    assert (star.get_marker(), star.get_markersize()) == ("*", 19)
    assert star.get_markeredgecolor() == "black" and star.get_linestyle() == "None"


def test_the_style_ends_also_when_a_figure_fails():
    before = dict(plt.rcParams)
    with pytest.raises(ValueError):
        plots.plot_bands({}, **AXES)
    assert dict(plt.rcParams) == before
