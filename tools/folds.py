"""What is folded on the pages of the web site, each fold with a bar that says what it hides.

MyST-NB makes the folds, of the tags and the metadata that are added here.
"""

from typing import Any

from tools import predictions

Cell = dict[str, Any]

FIGURE = "**In the figure:**"
# What is folded, by its tag, and what its bar says after "Show" or "Hide".
FOLDED = {
    "claim": "the assertions",
    "conclusion": "the code behind these sentences",
    "self-check": "the self-check",
    "solution": "the solution",
}
ANSWER = "The answer. Make your own prediction first, and then open this."
DESCRIPTION = "What the figure shows"


def fold(cell: Cell) -> None:
    """Fold the code `cell` if its tags say so, or if its author folded it in JupyterLab.

    Its output is folded too, except for a conclusion: the output of a solution ("Right.") would
    give it away, and that of a self-check means nothing here, where nobody has answered.
    """
    tags = cell["metadata"].setdefault("tags", [])
    hidden = cell["metadata"].get("jupyter", {})
    folded = next((tag for tag in FOLDED if tag in tags), None)
    if folded:
        _label(cell, FOLDED[folded])
        tags.append("hide-cell" if cell["outputs"] and folded != "conclusion" else "hide-input")
    elif hidden.get("source_hidden"):
        _label(cell, "the code")
        tags.append("hide-input")
    elif hidden.get("outputs_hidden"):
        _label(cell, "the output")
        tags.append("hide-output")


def fold_answers(cells: list[Cell]) -> None:
    """Fold whatever tells the answer to a prediction soon after the question.

    These are the outputs of code, the prose of the answer, and the descriptions of figures.
    """
    for cell in predictions.telling(cells):
        if cell["cell_type"] == "code":
            _fold_output(cell)
        elif "answers" in cell["metadata"]:
            cell["source"] = predictions.fold(cell["source"], ANSWER)
        elif cell["source"].startswith(FIGURE):
            cell["source"] = predictions.fold(cell["source"], DESCRIPTION)


def _fold_output(cell: Cell) -> None:
    """Fold the output of `cell`, if it has one that isn't folded with its code."""
    tags = cell["metadata"]["tags"]
    if cell["outputs"] and not {"hide-cell", "hide-output"} & set(tags):
        # Both bars get one text, in which MyST-NB replaces the type by "source" or "output".
        _label(cell, "the {type}" if "hide-input" in tags else "the output")
        tags.append("hide-output")


def _label(cell: Cell, what: str) -> None:
    """Let the bars of the folded `cell` say that they show or hide `what`."""
    prompts = {"code_prompt_show": f"Show {what}", "code_prompt_hide": f"Hide {what}"}
    cell["metadata"].setdefault("mystnb", {}).update(prompts)
