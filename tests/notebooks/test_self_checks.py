"""The self-checks of the exercises: what they refuse, and that they say why.

Each module in `wrong_answers` belongs to a notebook. To add one, write a module like those.
"""

import re
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
import pytest

from helpers.preflight import rehearsal
from tests.support.notebook_cells import FOLDER, value_of
from tests.support.notebook_rules import tags

pytestmark = [
    pytest.mark.tensorflow,
    # A notebook whose cells load the best model hides what Keras says about the optimizer.
    pytest.mark.filterwarnings(r"ignore:\s*Skipping variable loading"),
]

FILES = sorted(Path(__file__).with_name("wrong_answers").glob("*.py"))
MODULES = {
    module.NOTEBOOK: module
    for module in (import_module(f"tests.notebooks.wrong_answers.{file.stem}") for file in FILES)
}
AT_LEAST = 3  # wrong answers that each self-check must refuse


@cache
def names(notebook: str) -> dict[str, Any]:
    return MODULES[notebook].names()


@pytest.fixture(autouse=True)
def where_searches_are_kept(tmp_path, monkeypatch):
    """Works in a folder of its own, with the one into which the notebooks write."""
    # No answer is judged by the seconds that a search would take.
    monkeypatch.setattr(rehearsal, "_time_steps", lambda *_: None)
    (tmp_path / "searches").mkdir()
    monkeypatch.chdir(tmp_path)


def ask(notebook: str, letter: str, answer: object) -> object:
    """Returns what the self-check says to an answer."""
    # Some answers are classes, given as such or as an object of theirs.
    answer_class = answer if callable(answer) else lambda: answer
    answers = {f"answer_{letter}": answer, f"Answer{letter.upper()}": answer_class}
    known = {**names(notebook), **answers}
    return value_of(notebook, f"def check_{letter}(", **known)


def cases(kind: str) -> list:
    return [
        pytest.param(notebook, letter, case, id=f"{notebook[:2]}{letter}{number}")
        for notebook, module in MODULES.items()
        for letter, answers in getattr(module, kind).items()
        for number, case in enumerate(answers)
    ]


@pytest.mark.parametrize(("notebook", "letter", "case"), cases("WRONG"))
def test_a_self_check_refuses_a_wrong_answer_with_a_sentence_that_helps(notebook, letter, case):
    answer, words = case
    with pytest.raises(AssertionError, match=re.escape(words)) as refused:
        ask(notebook, letter, answer)
    assert len(str(refused.value).split()) >= 4, "it should be a sentence"


@pytest.mark.parametrize(("notebook", "letter", "case"), cases("RIGHT"))
def test_a_self_check_accepts_a_right_answer_that_is_not_the_solution(notebook, letter, case):
    assert ask(notebook, letter, case) == "Right."


def checked(module: ModuleType) -> set[str]:
    """Returns the letters of the exercises of a notebook."""
    cells = nbformat.read(FOLDER / f"{module.NOTEBOOK}.ipynb", as_version=4).cells
    sources = [cell.source for cell in cells if "self-check" in tags(cell)]
    return {re.search(r"def check_(\w+)\(", source)[1] for source in sources}


@pytest.mark.parametrize("notebook", MODULES)
def test_every_exercise_has_wrong_answers_enough_and_a_right_one(notebook):
    module = MODULES[notebook]
    assert set(module.WRONG) == set(module.RIGHT) == checked(module)
    assert all(len(answers) >= AT_LEAST for answers in module.WRONG.values())
    for letter, answers in module.WRONG.items():
        assert len({words for _, words in answers}) >= AT_LEAST, f"{letter}: too few sentences"
