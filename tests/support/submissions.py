"""What nbgrader makes of a source version, by its documented rules, and submissions of students."""

import copy
from collections.abc import Mapping

from nbformat import NotebookNode

from tools import graded


def released(source: NotebookNode) -> NotebookNode:
    """Returns what students get of a source version: no solution, and no hidden test."""
    release = copy.deepcopy(source)
    for cell in release.cells:
        kept, hidden = [], False
        for line in cell.source.split("\n"):
            if line.strip() in (graded.BEGIN_SOLUTION, graded.BEGIN_TESTS):
                hidden = True
                kept += [""] if line.strip() == graded.BEGIN_SOLUTION else []
            elif line.strip() in (graded.END_SOLUTION, graded.END_TESTS):
                hidden = False
            elif not hidden:
                kept.append(line)
        cell.source = "\n".join(kept)
    return release


def about(cell: NotebookNode) -> Mapping:
    """Returns what nbgrader knows about a cell."""
    return cell.metadata.get("nbgrader", {})


def answered(release: NotebookNode, answers: Mapping[str, str]) -> NotebookNode:
    """Returns a submission: a release with other cells, by their ids for nbgrader."""
    submission, left = copy.deepcopy(release), dict(answers)
    for cell in submission.cells:
        cell.source = left.pop(about(cell).get("grade_id"), cell.source)
    assert not left, f"there are no cells {sorted(left)}"
    return submission


def solutions(source: NotebookNode) -> dict[str, str]:
    """Returns the answers of a source version, by their ids for nbgrader."""
    answers = [cell for cell in source.cells if about(cell).get("solution")]
    return {about(cell)["grade_id"]: cell.source for cell in answers}
