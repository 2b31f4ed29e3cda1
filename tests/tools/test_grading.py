"""nbgrader's own commands, from the source versions to the grades of five students.

They take some minutes, so only `pytest -m grading` runs them. They are skipped where
`make assignment` has never installed nbgrader.
"""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests.support.submissions import about, answered, released, solutions
from tools import assignment, environments

pytestmark = [pytest.mark.tensorflow, pytest.mark.grading, pytest.mark.timeout(3600)]

ROOT = assignment.ROOT
LONG, SHORT = "\nseconds = 120\n", "\nseconds = 20\n"  # what an endless loop takes
DRAW, BUILD = "01_draw_values", "03_build_model"
ASSIGNMENTS = (DRAW, BUILD)
WRONG = """\
from tests.notebooks.wrong_answers import {module}

answer_{letter} = {module}.WRONG[{letter!r}][{number}][0]"""
ENDLESS = "while True:\n    pass"
# Put behind a right answer to exercise D.
WARNING = """
import warnings

quiet = answer_d


def answer_d(hp):
    warnings.warn("This is no mistake.")
    return quiet(hp)
"""

GRADES = """
import json, sys
from nbgrader.api import Gradebook
found = {}
with Gradebook("sqlite:///gradebook.db") as book:
    for submission in book.assignment_submissions(sys.argv[1]):
        (notebook,) = submission.notebooks
        found[submission.student.id] = {
            grade.name: None if grade.needs_manual_grade else grade.score
            for grade in notebook.grades
        }
print(json.dumps(found))
"""


def wrong(module, letter, number):
    """Returns an answer that holds one of the wrong ones that its notebook's tests know."""
    return WRONG.format(module=module, letter=letter, number=number)


def submissions(name, source, release):
    """Returns the notebook that each student hands in."""
    right = solutions(source)
    a, b, c, d, *_ = right  # the ids of the answers
    if name == DRAW:
        mixed = {a: wrong("draw_values", "a", 3), d: wrong("draw_values", "d", 4)}
        crash = {a: "1 / 0", b: "answer_b = (", d: ENDLESS}
        crash[c] = f"def answer_c(hp):\n    {ENDLESS.replace('    ', '        ')}"
    else:
        mixed = {b: wrong("build_model", "b", 3), c: wrong("build_model", "c", 0)}
        crash = {b: "def answer_b(hp):\n    raise MemoryError", d: "answer_d = )"}
    return {
        "perfect": answered(release, right),
        "empty": release,
        "mixed": answered(release, {**right, **mixed}),
        "crash": answered(release, {**right, **crash}),
        "meddler": meddled(answered(release, right), d, release),
    }


def meddled(submission, warning, release):
    """Returns right answers but the first, after the student has changed the rest as well."""
    for cell in submission.cells:
        facts = about(cell)
        if facts.get("grade_id", "").startswith("lesson-"):
            cell.source = "raise RuntimeError('I have tried something here.')"
        elif facts.get("grade"):
            cell.source = cell.source.replace("exec(", "print(")
        elif facts.get("grade_id") == warning:
            cell.source += WARNING
    stubs = {about(cell)["grade_id"]: cell.source for cell in release.cells if about(cell)}
    return answered(submission, {"exercise-a-answer": stubs["exercise-a-answer"]})


EXPECTED = {
    DRAW: {
        "perfect": "abcde",
        "empty": "",
        "mixed": "bce",
        "crash": "e",
        "meddler": "bcde",
    },
    BUILD: {
        "perfect": "abcd",
        "empty": "",
        "mixed": "ad",
        "crash": "ac",
        "meddler": "bcd",
    },
}


@pytest.fixture(scope="module")
def nbgrader():
    """A Python that has nbgrader: this one, or that of `make assignment`."""
    if sys.platform == "win32":
        pytest.skip("nbgrader can't hand in and collect on Windows")
    if importlib.util.find_spec("nbgrader"):
        return Path(sys.executable)
    python = environments.interpreter(assignment.ENVIRONMENT)
    if not python.exists():
        pytest.skip(
            "nbgrader is not installed: run `make assignment` once, and this test uses its "
            ".venv-teach"
        )
    return python


@pytest.fixture(scope="module")
def course(nbgrader, tmp_path_factory):
    """A function that runs nbgrader, in a course's folder with these assignments or another one."""
    place = tmp_path_factory.mktemp("grading")
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),  # the wrong answers come from tests/
        "COURSE_DATA": "standin",
        "COURSE_BUDGET": "quick",
        **{f"JUPYTER_{kind}_DIR": str(place / kind) for kind in ("CONFIG", "DATA", "RUNTIME")},
    }
    environment.pop("JUPYTER_PATH", None)

    def run(*arguments, folder=place / "course", module="nbgrader"):
        command = [str(nbgrader), "-m", module] if module else [str(nbgrader)]
        done = subprocess.run(
            [*command, *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assignment.prepare(place / "course")
    settings = place / "course" / assignment.SETTINGS.name
    text = settings.read_text(encoding="utf-8")
    assert text.count(LONG) == 1, "the settings have changed: find the limit, and lower it"
    settings.write_text(text.replace(LONG, SHORT), encoding="utf-8")
    for name in ASSIGNMENTS:
        assignment.write_source(ROOT / "notebooks" / f"{name}.ipynb", place / "course")
        assignment.release(nbgrader, place / "course", name)
    run.place = place
    return run


def read(course, *parts):
    return nbformat.read(course.place.joinpath(*parts), as_version=4)


@pytest.fixture(scope="module", params=ASSIGNMENTS)
def grades(request, course):
    """The assignment's name, and what each student got for each exercise."""
    name, folder = request.param, course.place / "course"
    file = f"{name}.ipynb"
    source, release = (read(course, "course", step, name, file) for step in ("source", "release"))
    course("release_assignment", name)
    exchange = ["--course", "keras-tuning-course", f"--Exchange.root={folder / 'exchange'}"]
    for student, notebook in submissions(name, source, release).items():
        home = course.place / "homes" / student
        (home / name).mkdir(parents=True)
        nbformat.write(notebook, home / name / file)
        course("submit", name, *exchange, "--student", student, folder=home)
    course("collect", name)
    course("autograde", name)
    return name, json.loads(course("-c", GRADES, name, module=None))


def test_every_student_gets_the_points_of_the_right_answers_and_no_others(grades):
    name, found = grades
    letters = EXPECTED[name]["perfect"]
    assert found == {
        student: {f"exercise-{one}": float(one in right) for one in letters}
        for student, right in EXPECTED[name].items()
    }


def test_a_lesson_runs_without_an_error_that_it_does_not_announce(grades, course):
    name, _ = grades
    for student in ("perfect", "empty", "meddler"):
        notebook = read(course, "course", "autograded", student, name, f"{name}.ipynb")
        for cell in notebook.cells:
            facts = about(cell)
            failed = any(output.output_type == "error" for output in cell.get("outputs", ()))
            if failed and not facts.get("grade"):
                assert "raises-exception" in cell.metadata.get("tags", ()), cell.outputs
            if cell.cell_type == "code" and not facts.get("solution"):
                assert "I have tried" not in cell.source


def test_who_could_not_be_graded_sees_why_in_the_feedback(grades, course):
    name, _ = grades
    course("generate_feedback", name, "--student", "mixed")
    page = course.place / "course" / "feedback" / "mixed" / name / f"{name}.html"
    said = {DRAW: "decision about the training, not the model", BUILD: "loss for ten classes"}
    assert said[name] in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_the_release_is_what_these_tests_take_it_for(course, name):
    source, release = (
        read(course, "course", step, name, f"{name}.ipynb") for step in ("source", "release")
    )
    expected = released(source)
    assert [cell.source for cell in release.cells] == [cell.source for cell in expected.cells]
    assert [cell.id for cell in release.cells] == [cell.id for cell in expected.cells]
    for cell, before in zip(release.cells, source.cells, strict=True):
        assert cell.metadata.get("tags") == before.metadata.get("tags")
        if about(cell).get("grade"):
            assert cell.metadata["editable"] is False
        else:
            assert cell.metadata.get("editable", True)


def test_the_points_of_a_class_can_be_exported(grades, course):
    name, _ = grades
    table = course.place / "course" / "grades.csv"
    course("export", f"--to={table}")
    (row,) = [
        line.split(",")
        for line in table.read_text(encoding="utf-8").splitlines()
        if line.startswith(f"{name},") and ",mixed," in line
    ]
    assert row[-1] == str(float(len(EXPECTED[name]["perfect"])))
    assert row[-2] == str(float(len(EXPECTED[name]["mixed"])))
