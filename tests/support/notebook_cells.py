"""Single cells of a notebook, for tests: what they compute, and what they have printed."""

import ast
from functools import cache
from pathlib import Path

import nbformat

FOLDER = Path(__file__).parents[2] / "notebooks"


@cache
def _code_cells(notebook: str) -> list[nbformat.NotebookNode]:
    cells = nbformat.read(FOLDER / f"{notebook}.ipynb", as_version=4).cells
    return [cell for cell in cells if cell.cell_type == "code"]


def _cell(notebook: str, words: str) -> nbformat.NotebookNode:
    cells = [cell for cell in _code_cells(notebook) if words in cell.source]
    assert len(cells) == 1, f"{len(cells)} cells of {notebook} hold {words!r}"
    return cells[0]


def run_cells(
    notebook: str, *words: str, planted: tuple[str, str] | None = None, **names: object
) -> dict[str, object]:
    """Runs some cells of a notebook in this process, without the others.

    Args:
        notebook: Its file's name, without the suffix.
        *words: For each cell, words that only this cell holds.
        planted: A mistake: words of these cells, and what to run in their place.
        **names: What the cells take from those that are left out.

    Returns:
        All names afterwards.
    """
    source = "\n\n".join(_cell(notebook, one).source for one in words)
    if planted:
        assert source.count(planted[0]) == 1, "the notebook has changed: plant something else"
        source = source.replace(*planted)
    namespace = dict(names)
    exec(compile(source, f"{notebook}.ipynb", "exec"), namespace)
    return namespace


def value_of(notebook: str, words: str, **names: object) -> object:
    """Returns what the one cell that holds these words shows: the value of its last line.

    Args:
        notebook: Its file's name, without the suffix.
        words: What only this cell holds.
        **names: What the cell takes from those before it.
    """
    *before, last = ast.parse(_cell(notebook, words).source).body
    assert isinstance(last, ast.Expr)
    namespace = dict(names)
    exec(compile(ast.Module(before, []), f"{notebook}.ipynb", "exec"), namespace)
    return eval(compile(ast.Expression(last.value), f"{notebook}.ipynb", "eval"), namespace)


def conclusion(notebook: str, words: str) -> str:
    """Returns the committed text of the conclusion whose source holds these words."""
    cell = _cell(notebook, words)
    assert "conclusion" in cell.metadata["tags"]
    (output,) = cell.outputs
    return output["data"]["text/markdown"]


def printed(notebook: str, words: str) -> str:
    """Returns the committed plain text of the cell whose source holds these words."""
    texts = [
        output.get("text") or output.get("data", {}).get("text/plain", "")
        for output in _cell(notebook, words).outputs
    ]
    return "\n".join(texts)
