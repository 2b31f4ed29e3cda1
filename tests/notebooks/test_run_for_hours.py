"""What notebook 10 prints and says, computed again in another way."""

import re
import subprocess
import sys

import nbformat
import numpy as np
import pytest

from tests.support.notebook_cells import FOLDER, conclusion
from tests.support.notebook_rules import WRITES_FILE

NOTEBOOK = "10_run_for_hours"
CELLS = nbformat.read(FOLDER / f"{NOTEBOOK}.ipynb", as_version=4).cells


def printed() -> str:
    """Returns all that the code cells have printed."""
    outputs = [output for cell in CELLS for output in cell.get("outputs", [])]
    return "\n".join(output.get("text", "") for output in outputs)


def prose() -> str:
    return " ".join(" ".join(cell.source.split()) for cell in CELLS if cell.cell_type == "markdown")


def script() -> str:
    (cell,) = (cell for cell in CELLS if cell.source.startswith(WRITES_FILE))
    first, _, text = cell.source.partition("\n")
    assert first == f"{WRITES_FILE}searches/long_search.py"
    return text + "\n"


@pytest.mark.parametrize("command", [["check", "--extend-ignore=D1"], ["format", "--check"]])
def test_the_script_is_linted_although_ruff_skips_its_cell(command):
    ruff = [sys.executable, "-m", "ruff", *command, "--stdin-filename=notebooks/a.py", "-"]
    linted = subprocess.run(ruff, input=script(), cwd=FOLDER.parent, capture_output=True, text=True)
    assert linted.returncode == 0, linted.stdout + linted.stderr


def test_three_failures_in_a_row_end_as_many_searches_as_printed():
    """Counts the sequences without three failures in a row by where their first success is."""
    without = [1.0, 1.0, 1.0]  # the chance for 0, 1 and 2 trials
    for _ in range(3, 101):
        without.append(sum(0.25**fails * 0.75 * without[-1 - fails] for fails in range(3)))
    in_100 = int(re.search(r"(\d+) in 100 such searches", printed())[1])
    assert abs(in_100 - 100 * (1 - without[100])) < 2, "3 standard errors, and the rounding"


def test_a_row_of_three_begins_at_as_many_places_as_the_prose_says():
    assert "all fail with a probability of $1/4^3$, one in 64" in prose() and 4**3 == 64
    rows = np.lib.stride_tricks.sliding_window_view(np.arange(100), 3)
    assert f"a row of three can begin at {len(rows)} places" in prose()


def test_the_array_that_does_not_fit_is_as_large_as_printed():
    size = float(re.search(r"Unable to allocate ([\d.]+) PiB", printed())[1])
    assert size == pytest.approx(200 * 10**12 * 64 * 8 / 2**50, abs=0.05)


@pytest.mark.tensorflow
def test_a_checkpoint_holds_three_numbers_of_four_bytes_for_each_weight(tmp_path):
    import keras

    model = keras.Sequential([keras.Input(shape=(1000,)), keras.layers.Dense(500)])
    model.compile("adam", "mse")
    model.fit(np.zeros((1, 1000)), np.zeros((1, 500)), verbose=0)
    file = tmp_path / "a.weights.h5"
    model.save_weights(file)
    bytes_each = file.stat().st_size / model.count_params()
    assert bytes_each == pytest.approx(3 * 4, rel=0.05)
    assert "With ten million weights this is 120 megabytes a trial" in prose()
    assert round(bytes_each * 10e6 / 1e6, -1) == 120
    assert "for 200 trials 24 gigabytes" in prose() and 200 * 120 == 24_000


def test_the_committed_conclusion_says_what_the_notes_of_the_killed_trial_show():
    (notes,) = re.findall(r"^begin 2, .*, end 2$", printed(), re.MULTILINE)
    begun = [int(epoch) for epoch in re.findall(r"epoch(\d)", notes)]
    said = conclusion(NOTEBOOK, "It lost {lost}")
    assert f"It lost {len(begun) - len(set(begun))} epoch." in said
    before, after = (part.count("epoch") for part in notes.split("begin 2")[1:])
    assert (before, after) == (3, 2)
    assert f"The kill hit epoch {before} of trial 2" in said
    assert f"KerasTuner alone would have repeated {before} epochs of it" in said
