"""A notebook as nbgrader's "source version": exercises to hand out, answered, with their points.

In each exercise, the answer holds the solution between nbgrader's marks, which take it out of the
release. The self-check gives the points. Students get it packed, and can run it. In grading, its
own text takes the place of the packed one, and only "Right." earns anything.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Mapping

from nbconvert.preprocessors import ClearOutputPreprocessor, Preprocessor, TagRemovePreprocessor
from nbformat import NotebookNode

from tools import copies, packing

POINTS = 1  # of each exercise: the README counts the same six minutes for each
TAGS = ("answer", "self-check", "solution")
BEGIN_SOLUTION, END_SOLUTION = "### BEGIN SOLUTION", "### END SOLUTION"
BEGIN_TESTS, END_TESTS = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
SAID = "self_check_says"  # a name that no notebook uses

# nbgrader gives the points to a cell that raises no error. Printed, and not the cell's value,
# which nbgrader would take for the number of points.
GRADED = f"""\
{{packed}}
{BEGIN_TESTS}
{{readable}}


{END_TESTS}
print({SAID} := {{call}})
{BEGIN_TESTS}
assert {SAID} == "Right.", {SAID}
{END_TESTS}"""


def source_version(notebook: NotebookNode) -> NotebookNode:
    """Return a copy of `notebook` for nbgrader's folder `source`.

    Raises CopyError if an exercise is not whole, or if another cell needs a solution.
    """
    checks = {cell.id: cell.source for cell in notebook.cells if "self-check" in copies.tags(cell)}
    return copies.apply(
        notebook,
        ClearOutputPreprocessor(),
        copies.PackChecks(),
        Grade(checks),
        TagRemovePreprocessor(remove_cell_tags={"solution"}),
        copies.Fold(),
    )


def points(notebook: NotebookNode) -> int:
    """Return the sum of the points in what `source_version` returned."""
    return sum(cell.metadata.get("nbgrader", {}).get("points", 0) for cell in notebook.cells)


class Grade(Preprocessor):
    """Gives the code cells nbgrader's metadata, the answers solutions, and the checks points."""

    def __init__(self, checks: Mapping[str, str]) -> None:
        """Take the texts of the self-checks, by the ids of their cells, from before packing."""
        super().__init__()
        self.checks = checks

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Change in place. Raises CopyError if an exercise is not whole."""
        exercises = defaultdict(list)
        for cell, exercise in copies.with_exercises(nb):
            if set(TAGS).intersection(copies.tags(cell)):
                exercises[exercise].append(cell)
            elif cell.cell_type == "code":
                # What a student has changed here is undone before grading, so that it needs no
                # more time, and checks what it should. The cell stays open for experiments.
                cell.metadata["deletable"] = False
                cell.metadata["nbgrader"] = _about(f"lesson-{cell.id}", locked=True)
        for exercise, cells in exercises.items():
            kinds = [tag for cell in cells for tag in TAGS if tag in copies.tags(cell)]
            if kinds != list(TAGS):
                raise copies.CopyError(
                    f"{exercise} should have one cell each for {', '.join(TAGS)}, in this order, "
                    f"but has: {', '.join(kinds)}. Take the whole course, with its solutions"
                )
            self._grade(exercise.replace(" ", "-").lower(), *cells)
        return nb, resources

    def _grade(
        self, name: str, answer: NotebookNode, check: NotebookNode, solution: NotebookNode
    ) -> None:
        readable, call = packing.parts(self.checks[check.id])
        worked, tried = packing.parts(solution.source)
        assigned = [f"{theirs} = {ours}" for theirs, ours in _renamed(call, tried)]
        lines = [answer.source.rstrip(), BEGIN_SOLUTION, worked, *assigned, END_SOLUTION]
        answer.source = "\n".join(line for line in lines if line)
        answer.metadata["nbgrader"] = _about(f"{name}-answer", solution=True)
        packed, _ = packing.parts(check.source)
        check.source = GRADED.format(packed=packed, readable=readable, call=call)
        check.metadata["nbgrader"] = _about(name, grade=True, locked=True, points=POINTS)


def _about(grade_id: str, **facts: bool | int) -> NotebookNode:
    """Return a cell's metadata in version 3 of nbgrader's schema."""
    about = {"schema_version": 3, "grade": False, "solution": False, "locked": False, "task": False}
    return NotebookNode({**about, "grade_id": grade_id, **facts})


def _renamed(call: str, tried: str) -> list[tuple[str, str]]:
    """Return the names in `call`, each with the one in its place in `tried`, where they differ.

    Raises CopyError if more than names is different.
    """
    names = [
        [node.id for node in ast.walk(ast.parse(one)) if isinstance(node, ast.Name)]
        for one in (call, tried)
    ]
    pairs = sorted({pair for pair in zip(*names, strict=False) if pair[0] != pair[1]})
    for theirs, ours in pairs:
        tried = re.sub(rf"\b{ours}\b", theirs, tried)
    if tried != call or not pairs:
        raise copies.CopyError(f"a solution should end as its self-check does, which is: {call}")
    return pairs
