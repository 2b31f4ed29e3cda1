"""Copies of a notebook, made with nbconvert, that hide each answer until the reader has their own.

`for_students` keeps everything and folds whatever holds an answer, `without_solutions` leaves out
the solutions and packs the self-checks, and `with_solutions` unfolds the solutions.
"""

import ast
import copy
import re
from collections.abc import Iterator

from nbconvert.preprocessors import ClearOutputPreprocessor, Preprocessor, TagRemovePreprocessor
from nbformat import NotebookNode

from tools import packing, predictions

# JupyterLab shows only the first line of a folded cell.
LABELS = {
    "solution": "# Solution of {}: unfold to read.",
    "self-check": "# Self-check of {}: run this cell. Unfolded, it shows the answer.",
    "claim": "# Claim: checks that what the text says is true of this run. Unfold to read.",
    "answers": "# The answer to the prediction: run this cell.",
    "other": "# Run this cell. There is no need to read it.",
}
# Drops what IPython needs to quote the cell in a traceback, where nearby lines hold the answers.
FORGET = '__import__("linecache").cache.pop({}.__code__.co_filename, None)  # errors quote no line'
SUMMARY = "The answer. Make your own prediction, run the cell above, and then open this."
HEADING = re.compile(r"^#+ Exercise (\w+)", re.MULTILINE)


def for_students(notebook: NotebookNode) -> NotebookNode:
    """Return a copy of `notebook` to work in, without outputs and with the answers folded."""
    return apply(notebook, ClearOutputPreprocessor(), Fold())


def without_solutions(notebook: NotebookNode) -> NotebookNode:
    """Return such a copy that holds no solutions and no readable self-checks.

    Raises CopyError if a cell that is neither uses what only a solution defines.
    """
    return apply(
        notebook,
        ClearOutputPreprocessor(),
        PackChecks(),
        TagRemovePreprocessor(remove_cell_tags={"solution"}),
        Fold(),
    )


def with_solutions(notebook: NotebookNode) -> NotebookNode:
    """Return a copy of `notebook` with its outputs, and with its solutions unfolded."""
    return apply(notebook, Unfold())


class CopyError(Exception):
    """A notebook can't be copied in this way; the message is for its author."""


class Fold(Preprocessor):
    """Folds the cells that hold an answer under a first line that says only what they are."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Fold in place. A cell that already has its first line keeps it."""
        for cell, exercise in with_exercises(nb):
            if cell.cell_type == "markdown" and "answers" in cell.metadata:
                cell.source = predictions.fold(cell.source, SUMMARY)
            if cell.cell_type == "code" and (kind := _kind(cell)):
                _fold(cell, kind, LABELS[kind].format(exercise))
        return nb, resources


class Unfold(Preprocessor):
    """Unfolds the solutions."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict, index: int
    ) -> tuple[NotebookNode, dict]:
        """Unfold `cell` in place if it is a solution."""
        if "solution" in tags(cell):
            cell.metadata.pop("jupyter", None)
        return cell, resources


class PackChecks(Preprocessor):
    """Packs the self-checks, each with what it needs from the solutions."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Pack in place. Raises CopyError where a cell can't do without the solutions."""
        code = [pair for pair in with_exercises(nb) if pair[0].cell_type == "code"]
        solutions = [cell.source for cell, _ in code if "solution" in tags(cell)]
        kept = [pair for pair in code if "solution" not in tags(pair[0])]
        known = {name for cell, _ in kept for name in packing.defined(cell.source)}
        for cell, exercise in kept:
            needed = packing.needed(cell.source, solutions, known)
            if "self-check" in tags(cell):
                cell.source = packing.packed(cell.source, needed, exercise)
            elif needed:
                raise CopyError(f"cell {cell.id} uses what only a solution defines: {needed[0]}")
        return nb, resources


def tags(cell: NotebookNode) -> list[str]:
    """Return the tags of `cell`."""
    return cell.metadata.get("tags", [])


def with_exercises(notebook: NotebookNode) -> Iterator[tuple[NotebookNode, str]]:
    """Yield each cell with the name of the exercise that it belongs to."""
    exercise = "the exercise"
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (headings := HEADING.findall(cell.source)):
            exercise = f"exercise {headings[-1]}"
        yield cell, exercise


def apply(notebook: NotebookNode, *preprocessors: Preprocessor) -> NotebookNode:
    """Return a copy of `notebook` that has gone through `preprocessors`, one after the other."""
    copied = copy.deepcopy(notebook)
    for preprocessor in preprocessors:
        copied, _ = preprocessor.preprocess(copied, {})
    return copied


def _kind(cell: NotebookNode) -> str | None:
    for kind in ("solution", "self-check", "claim"):
        if kind in tags(cell):
            return kind
    if "answers" in cell.metadata:
        return "answers"
    return "other" if cell.metadata.get("jupyter", {}).get("source_hidden") else None


def _fold(cell: NotebookNode, kind: str, label: str) -> None:
    folded = {"source_hidden": True}
    if kind == "solution":  # its "Right." would appear below the reader's own exercise
        folded["outputs_hidden"] = True
    cell.metadata["jupyter"] = {**cell.metadata.get("jupyter", {}), **folded}
    # A magic for the whole cell has to stay on its first line, and reveals no more than a label.
    if cell.source.startswith((label.partition(":")[0], "%%")):
        return
    if kind == "self-check":
        cell.source = _without_quotes(cell.source)
    cell.source = f"{label}\n{cell.source}"


def _without_quotes(source: str) -> str:
    """Return the source of a self-check, changed so that its errors quote none of its lines."""
    *before, call = ast.parse(source).body
    lines = source.splitlines()
    if before and isinstance(before[-1], ast.FunctionDef):
        lines.insert(call.lineno - 1, FORGET.format(before[-1].name))
    return "\n".join(lines)
