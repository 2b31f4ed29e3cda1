"""The notebooks prove what they say: break a helper, and a claim fails.

Each sabotage is a copy of the helpers with one line changed. A notebook that still runs
through with it would not have noticed the mistake in real use either. The cells run in this
process, which spares each sabotage a kernel of its own that has to import TensorFlow; and what only
reads a search shares one that sound helpers have run.
"""

import shutil
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import nbformat
import pytest
from nbformat import NotebookNode

from tools.notebooks import code_cells

pytestmark = pytest.mark.tensorflow

ROOT = Path(__file__).parents[2]

# What goes wrong: the notebook that must notice, words of the claim that must fail, the helper, its
# line, and the broken line.
SABOTAGES = {
    "the split lets validation images into the training part": (
        "02_look_at_cifar10",
        "validation images are training images too",
        "data/split.py",
        "in_train = rng.permutation(dealt[n_val : n_val + n_train])",
        "in_train = rng.permutation(dealt[:n_train])",
    ),
    "every label is one class too high": (
        "02_look_at_cifar10",
        "labels and images do not belong together",
        "data/source.py",
        "images = standin.make_standin()",
        "images = tuple((x, (y + 1) % 10) for x, y in standin.make_standin())",
    ),
    "every label belongs to the image before it": (
        "02_look_at_cifar10",
        "labels and images do not belong together",
        "data/source.py",
        "images = standin.make_standin()",
        "images = tuple((x, np.roll(y, 1)) for x, y in standin.make_standin())",
    ),
    "the model does not rescale its images": (
        "03_build_model",
        "the helper has drifted away from this notebook",
        "models/mlp.py",
        "keras.layers.Rescaling(1 / 255)",
        "keras.layers.Rescaling(1)",
    ),
    "the best trial is the one with the lowest score": (
        "04_search_at_random",
        "rank 1 is what KerasTuner calls best",
        "search/table.py",
        'ascending=direction == "min"',
        'ascending=direction != "min"',
    ),
    "the best score so far is the lowest one": (
        "04_search_at_random",
        "so_far[1:] >= so_far[:-1]",
        "plots/trials.py",
        '(np.fmax if direction == "max" else np.fmin)',
        "np.fmin",
    ),
    "the last epoch of every trial is left out": (
        "04_search_at_random",
        "every epoch was recorded",
        "search/table.py",
        'for trial_id, record in records for epoch in record["epochs"]',
        'for trial_id, record in records for epoch in record["epochs"][:-1]',
    ),
    "the plot drops the last trial": (
        "04_search_at_random",
        "one bar for every trial",
        "plots/trials.py",
        'score = table["score"].to_numpy(float)',
        'table = table.iloc[:-1]; score = table["score"].to_numpy(float)',
    ),
}


SEARCH = "tuner.search("  # in the last cell that sound helpers run


@pytest.fixture(scope="module")
def small_work(tmp_path_factory):
    """A folder to work in, small data, and the names of each notebook that has searched there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("work"))
        patch.setenv("COURSE_DATA", "standin")
        patch.setenv("COURSE_BUDGET", "quick")
        yield {}


@pytest.mark.parametrize("mistake", SABOTAGES)
def test_a_claim_fails_when(mistake, tmp_path, small_work):
    name, words, file, line, broken_line = SABOTAGES[mistake]
    shutil.copytree(ROOT / "helpers", tmp_path / "helpers")
    helper = tmp_path / "helpers" / file
    source = helper.read_text(encoding="utf-8")
    assert source.count(line) == 1, f"{file} has changed: choose another line to break"
    helper.write_text(source.replace(line, broken_line), encoding="utf-8")

    cells = code_cells(nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4))
    sound = 1 + next((i for i, cell in enumerate(cells) if SEARCH in cell.source), -1)
    if name not in small_work:
        names: dict[str, Any] = {"__name__": "__main__"}
        assert run(cells[:sound], names) is None, "it fails with sound helpers, too"
        small_work[name] = names
    with helpers_of(tmp_path):
        failed, error = run(cells[sound:], dict(small_work[name])) or pytest.fail("it runs through")
    assert "claim" in failed.metadata.tags and words in failed.source
    assert isinstance(error, AssertionError)


@contextmanager
def helpers_of(folder: Path) -> Iterator[None]:
    """Let `import helpers` find the copy in `folder`, and afterwards what it found before."""

    def take_out() -> dict[str, Any]:
        ours = [name for name in sys.modules if name.split(".")[0] == "helpers"]
        return {name: sys.modules.pop(name) for name in ours}

    before = take_out()
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        take_out()
        sys.modules.update(before)


def run(cells: list[NotebookNode], names: dict[str, Any]) -> tuple[NotebookNode, Exception] | None:
    """Execute `cells`, which define `names`; return the first that fails, with its error."""
    try:
        for cell in cells:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # which are no errors in a kernel
                    exec(compile(cell.source, "cell", "exec"), names)
            except Exception as error:
                if "raises-exception" not in cell.metadata.get("tags", []):
                    return cell, error
    finally:
        plt.close("all")
    return None
