"""The minutes that the README promises for reading and doing a notebook."""

import re
from pathlib import Path

import nbformat
import pytest

from tests.support.notebook_cells import FOLDER
from tests.support.notebook_rules import tags

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
WORDS_A_MINUTE = 150  # of a text that one thinks about
SECONDS_A_LINE = 5  # of code that is shown
MINUTES_AN_EXERCISE = 6
SESSION = 90  # minutes; what takes longer has a half-way point
PATHS = sorted(FOLDER.glob("*.ipynb"))


def minutes(path: Path) -> float:
    cells = nbformat.read(path, as_version=4).cells
    prose = [cell.source for cell in cells if cell.cell_type == "markdown"]
    words = sum(len(re.findall(r"\w[\w'’-]*", source)) for source in prose)
    shown = [
        cell.source
        for cell in cells
        if cell.cell_type == "code" and not {"claim", "hosted", "solution"} & set(tags(cell))
    ]
    lines = sum(bool(line.strip()) for source in shown for line in source.splitlines())
    exercises = sum("answer" in tags(cell) for cell in cells)
    return words / WORDS_A_MINUTE + lines * SECONDS_A_LINE / 60 + exercises * MINUTES_AN_EXERCISE


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name[:2])
def test_the_readme_gives_the_minutes_that_a_person_takes(path):
    row = next(line for line in README.splitlines() if line.startswith(f"| [{path.name[:2]}]"))
    promised = int(row.split("|")[-2])
    assert abs(promised - minutes(path)) <= 5, f"{minutes(path):.0f} minutes"


def test_the_readme_says_how_the_minutes_are_counted():
    text = " ".join(README.split())
    assert f"{WORDS_A_MINUTE} words a minute" in text
    assert f"{SECONDS_A_LINE} seconds a line of code" in text
    assert f"{MINUTES_AN_EXERCISE} minutes an exercise" in text


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name[:2])
def test_what_is_longer_than_a_session_has_a_half_way_point(path):
    prose = [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "markdown"]
    if minutes(path) > SESSION:
        assert any(re.search(r"^## Half-way", source, re.MULTILINE) for source in prose)
