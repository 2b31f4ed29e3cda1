"""tools/graded.py and tools/assignment.py: what nbgrader gets. test_grading.py lets it grade."""

import ast
import contextlib
import io
import json
import os
import re
import sys
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.support.notebook_cells import FOLDER
from tests.support.submissions import about, answered, released, solutions
from tools import assignment, copies, environments, graded, notebooks, packing

COURSE = sorted(FOLDER.glob("[0-9][0-9]_*.ipynb"))
# The properties that nbgrader's schema, version 3, knows, apart from those that it adds itself.
PROPERTIES = {"schema_version", "grade", "grade_id", "locked", "points", "solution", "task"}
CHECK = """\
def check_a(answer):
    if answer is ...:
        return "Not answered yet."
    assert answer == 318_410, "Count the biases."
    return "Right."


check_a(answer_a)"""
SOLUTION = "inputs = 3072\nsolution_a = inputs * 100 + 11_210\ncheck_a(solution_a)"


def code(source, *tags, **metadata):
    shown = new_output("execute_result", {"text/plain": "'Right.'"})
    about = {**metadata, **({"tags": list(tags)} if tags else {})}
    return new_code_cell(source, metadata=about, outputs=[shown], execution_count=3)


def exercise(*before, check=CHECK, solution=SOLUTION):
    return new_notebook(
        cells=[
            *before,
            new_markdown_cell("## Exercises\n\n### Exercise A: count them\n\nHow many?"),
            code("answer_a = ...  # a number", "answer"),
            code(check, "self-check"),
            code(solution, "solution", jupyter={"source_hidden": True}),
        ]
    )


def run(*sources):
    """Runs cells, one after the other, and returns what they print."""
    names, printed = {}, io.StringIO()
    with contextlib.redirect_stdout(printed):
        for source in sources:
            exec(source, names)
    return printed.getvalue()


def graded_cells(notebook):
    return [cell for cell in notebook.cells if about(cell).get("grade")]


@pytest.fixture(params=COURSE, ids=lambda path: path.name[:2], scope="module")
def pair(request):
    """A notebook of the course, and its source version."""
    original = nbformat.read(request.param, as_version=4)
    return original, graded.source_version(original)


def test_every_self_check_is_graded_exactly_once_and_nothing_else_is(pair):
    original, source = pair
    checks = [cell.id for cell in original.cells if "self-check" in copies.tags(cell)]
    assert [cell.id for cell in graded_cells(source)] == checks and checks
    assert all(about(cell)["points"] > 0 for cell in graded_cells(source))
    assert graded.points(source) == len(checks) * graded.POINTS


def test_every_answer_is_a_solution_of_its_own_that_students_may_change(pair):
    original, source = pair
    answers = [cell.id for cell in original.cells if "answer" in copies.tags(cell)]
    changeable = [cell for cell in source.cells if about(cell).get("solution")]
    assert [cell.id for cell in changeable] == answers
    assert not any(about(cell)["locked"] or about(cell)["grade"] for cell in changeable)


def test_the_metadata_is_what_the_schema_asks_for(pair):
    _, source = pair
    described = [about(cell) for cell in source.cells if about(cell)]
    for facts in described:
        assert set(facts) == PROPERTIES - (set() if facts["grade"] else {"points"})
        assert facts["schema_version"] == 3 and not facts["task"]
        assert re.fullmatch(r"[a-zA-Z0-9_\-]+", facts["grade_id"])
    ids = [facts["grade_id"] for facts in described]
    assert len(set(ids)) == len(ids)


def test_every_other_code_cell_is_restored_before_grading(pair):
    _, source = pair
    for cell in source.cells:
        answer = about(cell).get("solution", False)
        assert (cell.cell_type == "code") == bool(about(cell))
        assert about(cell).get("locked", False) == (cell.cell_type == "code" and not answer)
        if about(cell).get("locked") and not about(cell)["grade"]:
            assert cell.metadata["deletable"] is False and "editable" not in cell.metadata


def test_ids_tags_and_what_else_is_known_of_a_cell_survive(pair):
    original, source = pair
    kept = [cell for cell in original.cells if "solution" not in copies.tags(cell)]
    assert source.metadata == original.metadata
    for before, after in zip(kept, source.cells, strict=True):
        assert (after.id, after.cell_type) == (before.id, before.cell_type)
        added = {"nbgrader", "deletable", "jupyter"}
        left = {key: value for key, value in after.metadata.items() if key not in added}
        assert left == {key: value for key, value in before.metadata.items() if key != "jupyter"}
        assert not after.get("outputs") and after.get("execution_count") is None


def test_the_release_shows_no_line_of_a_solution_or_of_a_self_check(pair):
    original, source = pair
    secret = {"solution", "self-check"}
    open_text = "\n".join(c.source for c in original.cells if not secret & {*copies.tags(c)})
    released_text = "\n".join(cell.source for cell in released(source).cells)
    searched = 0
    for cell in original.cells:
        if secret & {*copies.tags(cell)}:
            hidden, _ = packing.parts(cell.source)
            for line in map(str.strip, hidden.splitlines()):
                if len(line) >= 8 and line not in open_text:
                    assert line not in released_text, cell.id
                    searched += 1
    assert searched > 20


def test_in_the_release_an_answer_is_as_it_was_and_a_self_check_is_packed(pair):
    original, source = pair
    release = {cell.id: cell for cell in released(source).cells}
    for cell in original.cells:
        if "answer" in copies.tags(cell):
            assert release[cell.id].source == f"{cell.source}\n"
        if "self-check" in copies.tags(cell):
            check, _ = packing.parts(cell.source)
            shown = release[cell.id].source
            assert packing.unpacked(shown).endswith(check) and "HIDDEN" not in shown
            assert release[cell.id].metadata["jupyter"] == {"source_hidden": True}


def test_in_the_source_version_every_answer_is_what_the_solution_says(pair):
    original, source = pair
    checks = [cell for cell in source.cells if about(cell).get("grade")]
    for answer, check in zip(solutions(source).values(), checks, strict=True):
        ast.parse(answer)
        last = answer.splitlines()[-2]
        name, solution = re.fullmatch(r"(\w+) = (\w+)", last).groups()
        assert name in check.source.splitlines()[-4] and solution not in check.source


def test_no_notebook_uses_the_name_that_a_graded_cell_takes(pair):
    original, _ = pair
    assert graded.SAID not in "\n".join(cell.source for cell in original.cells)


def test_a_right_answer_earns_its_point_and_shows_no_value_that_would_count_as_points():
    answer, check = graded.source_version(exercise()).cells[-2:]
    assert run(answer.source, check.source) == "Right.\n"
    assert isinstance(ast.parse(check.source).body[-1], ast.Assert)


@pytest.mark.parametrize(
    ("given", "says"),
    [("answer_a = ...", "Not answered yet."), ("answer_a = 318_200", "Count the biases.")],
)
def test_no_answer_and_a_wrong_one_earn_nothing_and_say_why(given, says):
    check = graded.source_version(exercise()).cells[-1]
    with pytest.raises(AssertionError, match=says):
        run(given, check.source)


def test_a_student_can_run_the_check_before_there_is_an_answer():
    answer, check = released(graded.source_version(exercise())).cells[-2:]
    assert run(answer.source, check.source) == "Not answered yet.\n"
    assert run("answer_a = 318_410", check.source) == "Right.\n"
    with pytest.raises(AssertionError, match="Count the biases."):
        run("answer_a = 1", check.source)


def test_the_text_of_the_check_in_the_source_version_is_what_grades():
    answer, check = graded.source_version(exercise()).cells[-2:]
    assert check.source.count("318_410") == 1
    with pytest.raises(AssertionError, match="Count the biases."):
        run(answer.source, check.source.replace("318_410", "318_411"))


def test_what_a_check_needs_from_another_solution_comes_with_it():
    notebook = exercise()
    notebook.cells += [
        new_markdown_cell("### Exercise B"),
        code("answer_b = ...", "answer"),
        code(
            'def check_b(answer):\n    assert answer == inputs\n    return "Right."'
            "\n\n\ncheck_b(answer_b)",
            "self-check",
        ),
        code("solution_b = inputs\ncheck_b(solution_b)", "solution"),
    ]
    check = graded.source_version(notebook).cells[-1]
    assert run("answer_b = 3072", check.source) == "Right.\n"


def test_an_exercise_that_is_not_whole_is_refused_by_its_name():
    notebook = exercise()
    del notebook.cells[-1]
    with pytest.raises(copies.CopyError, match="exercise A should .* but has: answer, self-check"):
        graded.source_version(notebook)


@pytest.mark.parametrize("end", ["check_a(1 + 1)", "check_b(solution_a, 2)", "check_a(answer_a)"])
def test_a_solution_that_ends_in_another_way_is_refused(end):
    with pytest.raises(copies.CopyError, match=r"which is: check_a\(answer_a\)"):
        graded.source_version(exercise(solution=f"solution_a = 318_410\n{end}"))


def test_a_submission_names_the_cells_that_it_changes():
    release = released(graded.source_version(exercise()))
    assert answered(release, {"exercise-a-answer": "answer_a = 2"}).cells[-2].source.endswith("= 2")
    with pytest.raises(AssertionError, match="exercise-b"):
        answered(release, {"exercise-b": "pass"})


@pytest.fixture
def original(tmp_path):
    path = tmp_path / "notebooks" / "01_count.ipynb"
    path.parent.mkdir()
    nbformat.write(exercise(), path)
    return path


def test_a_changed_source_version_is_kept_until_it_is_to_be_replaced(original, tmp_path):
    target = tmp_path / "grading" / "source" / "01_count" / "01_count.ipynb"
    assert assignment.write_source(original, tmp_path / "grading") == (1, True)
    made = target.read_text(encoding="utf-8")
    assert assignment.write_source(original, tmp_path / "grading") == (1, True)
    own = made.replace('"points": 1', '"points": 5')
    target.write_text(own, encoding="utf-8")
    assert assignment.write_source(original, tmp_path / "grading") == (5, False)
    assert target.read_text(encoding="utf-8") == own
    assert assignment.write_source(original, tmp_path / "grading", force=True) == (1, True)
    assert target.read_text(encoding="utf-8") == made


def test_a_damaged_source_version_is_named_with_the_way_out(original, tmp_path):
    target = tmp_path / "grading" / "source" / "01_count" / "01_count.ipynb"
    target.parent.mkdir(parents=True)
    target.write_text('{"cells": [')
    with pytest.raises(assignment.AssignmentError, match="01_count.ipynb can't be read: .*--force"):
        assignment.write_source(original, tmp_path / "grading")
    assert assignment.write_source(original, tmp_path / "grading", force=True) == (1, True)


def test_the_kernel_is_this_interpreter_and_the_settings_are_written_once(tmp_path):
    assignment.prepare(tmp_path)
    (kernel,) = (tmp_path / "jupyter" / "kernels").glob("*/kernel.json")
    command = json.loads(kernel.read_text(encoding="utf-8"))["argv"]
    assert command[0] == sys.executable and "{connection_file}" in command
    settings = tmp_path / "nbgrader_config.py"
    settings.write_text(f"{settings.read_text(encoding='utf-8')}\n# mine\n", encoding="utf-8")
    assignment.prepare(tmp_path)
    assert settings.read_text(encoding="utf-8").endswith("# mine\n")


class Settings(SimpleNamespace):
    def __getattr__(self, name):
        setattr(self, name, Settings())
        return vars(self)[name]


def test_the_settings_find_the_kernel_and_leave_the_variables_of_the_course(tmp_path, monkeypatch):
    assignment.prepare(tmp_path)
    monkeypatch.delenv("COURSE_BUDGET", raising=False)
    monkeypatch.setenv("COURSE_DATA", "images.npz")
    monkeypatch.setenv("JUPYTER_PATH", "elsewhere")
    path, found = tmp_path / "nbgrader_config.py", Settings()
    names = {"__file__": str(path), "get_config": lambda: found}
    exec(compile(path.read_text(encoding="utf-8"), path, "exec"), names)
    own, other = os.environ["JUPYTER_PATH"].split(os.pathsep)
    kernel = os.path.join(own, "kernels", found.Execute.kernel_name, "kernel.json")
    assert os.path.isfile(kernel) and other == "elsewhere"
    assert (os.environ["COURSE_BUDGET"], os.environ["COURSE_DATA"]) == ("quick", "images.npz")


@pytest.fixture
def course(original, tmp_path, monkeypatch):
    """A project with one notebook, where nbgrader need not be installed."""
    monkeypatch.setattr(assignment, "ROOT", tmp_path)
    monkeypatch.setattr(environments, "install", lambda *_: sys.executable)
    return tmp_path


def test_what_was_kept_is_said_and_so_are_the_points(course, monkeypatch, capsys):
    monkeypatch.setattr(assignment, "release", lambda *_: None)
    assert assignment.main([]) == 0
    assert capsys.readouterr().out == "grading/release/01_count: 1 points\n"
    source = course / "grading" / "source" / "01_count" / "01_count.ipynb"
    source.write_text(source.read_text().replace("How many?", "How many, then?"))
    assert assignment.main(["01"]) == 0
    assert "have changed 01_count" in capsys.readouterr().out and "then" in source.read_text()
    assert assignment.main(["--force"]) == 0
    assert "changed" not in capsys.readouterr().out and "then" not in source.read_text()


def test_a_failure_of_nbgrader_ends_the_command(course, capfd):
    assert assignment.main([]) == 1  # this interpreter has no nbgrader
    assert "nbgrader did not make 01_count" in capfd.readouterr().err


def test_a_notebook_that_can_not_be_graded_is_named(course, capsys):
    path = course / "notebooks" / "01_count.ipynb"
    nbformat.write(exercise(solution="check_b(1)"), path)
    assert assignment.main([]) == 1
    assert capsys.readouterr().err.startswith("01_count.ipynb: a solution should end")
    assert assignment.main(["07"]) == 1
    assert "no notebook 07" in capsys.readouterr().err


def test_every_requirement_is_pinned_and_says_why():
    text = (notebooks.ROOT / "requirements-teach.txt").read_text(encoding="utf-8")
    for line in (line for line in text.splitlines() if line and not line.startswith("#")):
        requirement, _, reason = line.partition("  # ")
        assert re.search(r"[=<>]=?\d", requirement) and len(reason) > 10, line
