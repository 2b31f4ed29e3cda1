import os

import matplotlib.pyplot as plt
import nbformat
from matplotlib.figure import Figure

from helpers import plots
from tools.notebooks import execute


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
