"""The notebooks prove what they say: break a helper, and a claim fails.

Each sabotage is a copy of the helpers with one line changed. A notebook that still runs
through with it would not have noticed the mistake in real use either.
"""

import os
import shutil
from pathlib import Path

import nbformat
import pytest

from tools.notebooks import NotebookError, execute

ROOT = Path(__file__).parents[2]

# What goes wrong: the notebook that must notice, the helper, its line, and the broken line.
SABOTAGES = {
    "the split lets validation images into the training part": (
        "02_look_at_cifar10",
        "data/split.py",
        "in_train = rng.permutation(dealt[n_val : n_val + n_train])",
        "in_train = rng.permutation(dealt[:n_train])",
    ),
    "every label is one class too high": (
        "02_look_at_cifar10",
        "data/source.py",
        "images = standin.make_standin()",
        "images = tuple((x, (y + 1) % 10) for x, y in standin.make_standin())",
    ),
    "every label belongs to the image before it": (
        "02_look_at_cifar10",
        "data/source.py",
        "images = standin.make_standin()",
        "images = tuple((x, np.roll(y, 1)) for x, y in standin.make_standin())",
    ),
    "the model does not rescale its images": (
        "03_build_model",
        "models/mlp.py",
        "keras.layers.Rescaling(1 / 255)",
        "keras.layers.Rescaling(1)",
    ),
    "the best trial is the one with the lowest score": (
        "04_search_at_random",
        "search/table.py",
        'ascending = _direction(search) == "min"',
        'ascending = _direction(search) != "min"',
    ),
    "the best score so far is the lowest one": (
        "04_search_at_random",
        "plots/trials.py",
        '(np.fmax if direction == "max" else np.fmin)',
        "np.fmin",
    ),
    "the plot drops the last trial": (
        "04_search_at_random",
        "plots/trials.py",
        'score = table["score"].to_numpy(float)',
        'table = table.iloc[:-1]; score = table["score"].to_numpy(float)',
    ),
}


@pytest.mark.parametrize("mistake", SABOTAGES)
def test_a_claim_fails_when(mistake, tmp_path):
    name, file, line, broken_line = SABOTAGES[mistake]
    shutil.copytree(ROOT / "helpers", tmp_path / "helpers")
    helper = tmp_path / "helpers" / file
    source = helper.read_text(encoding="utf-8")
    assert source.count(line) == 1, f"{file} has changed: choose another line to break"
    helper.write_text(source.replace(line, broken_line), encoding="utf-8")

    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    environment = {
        **os.environ,
        # Before the installed helpers on the path.
        "PYTHONPATH": str(tmp_path),
        "COURSE_DATA": "standin",
        "COURSE_BUDGET": "quick",
    }
    with pytest.raises(NotebookError):
        execute(notebook, tmp_path, environment)

    (failed,) = (
        cell
        for cell in notebook.cells
        if cell.cell_type == "code"
        and "raises-exception" not in cell.metadata.get("tags", [])
        and any(output.output_type == "error" for output in cell.outputs)
    )
    assert "claim" in failed.metadata.tags
    assert failed.outputs[-1].ename == "AssertionError"
