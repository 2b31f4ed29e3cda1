"""What the web site makes of committed notebooks: folded, with figures described, and in order.

The notebooks themselves are left alone: every function returns something new. They are plain JSON
here, so that building the site needs none of the course's packages.
"""

import copy
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tools import folds

Notebook = dict[str, Any]
Cell = dict[str, Any]

HOSTED = "hosted"  # the tag of that cell (tools/first_cell.py)
PLAY = ("beat_the_tuner", "bank_explorer")  # the pages that are not notebooks
# The parts of the course, each by the number of its last notebook.
PARTS = {
    5: "Search, and retrain the winner",
    8: "Choose spaces and strategies, and doubt the winner",
    99: "Search for real",
}


class PageError(Exception):
    """A notebook can't become a page; the message is for the person who edits it."""


def read(path: Path) -> Notebook:
    """Return the notebook in the file `path`, with the source of each cell as one string."""
    notebook: Notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return notebook


def page(notebook: Notebook, names: Iterable[str] = ()) -> Notebook:
    """Return a copy of `notebook` for the site, for MyST-NB to render.

    Where its prose mentions one of the notebooks `names` by number, it links to that page.
    Raises PageError if a figure is not followed by a cell that says what it shows.
    """
    copied = copy.deepcopy(notebook)
    # The cell that finds the course on a hosted server is of no use to anybody who only reads.
    copied["cells"] = [
        cell for cell in copied["cells"] if HOSTED not in cell["metadata"].get("tags", [])
    ]
    others = {name[:2]: name for name in names if name[:2] != title(notebook)[:2]}
    for cell, following in zip(copied["cells"], [*copied["cells"][1:], None], strict=True):
        if cell["cell_type"] == "code":
            folds.fold(cell)
            _describe_figure(cell, following)
            _simplify_html(cell)
    folds.fold_answers(copied["cells"])
    for cell in copied["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = link_notebooks(cell["source"], others)
    return copied


def _describe_figure(cell: Cell, following: Cell | None) -> None:
    """Give the figure of `cell` the first paragraph of `following` as its alternative text."""
    if not any("image/png" in output.get("data", {}) for output in cell["outputs"]):
        return
    source = following["source"] if following and following["cell_type"] == "markdown" else ""
    if not source.startswith(folds.FIGURE):
        raise PageError(
            f"the figure of cell {cell.get('id')} has no alternative text: begin the Markdown cell "
            f"after it with {folds.FIGURE}"
        )
    words = plain(source.removeprefix(folds.FIGURE).partition("\n\n")[0])
    cell["metadata"].setdefault("mystnb", {})["image"] = {"alt": words[0].upper() + words[1:]}


def _simplify_html(cell: Cell) -> None:
    """Remove from the HTML of `cell` what some readers can't see or hear.

    These are the colours of Keras' tables, which don't stand out against every background, and
    the empty headings that pandas puts above its index.
    """
    for output in cell["outputs"]:
        html = "".join(output.get("data", {}).get("text/html", ""))
        if html:
            html = re.sub(r"(?:text-decoration-)?color: #\w+;? ?", "", html)
            html = re.sub(r"<th>\s*</th>", "<td></td>", html)
            output["data"]["text/html"] = html


def link_notebooks(markdown: str, names: dict[str, str]) -> str:
    """Return `markdown` with "notebook 04" linked to the page that `names` has for "04".

    Headings, code and existing links stay as they are.
    """

    def link(found: re.Match[str]) -> str:
        name = names.get(found["number"] or "")
        return f"[{found[0]}]({name}.ipynb)" if name else found[0]

    left_alone = r"^#.*$|(?s:```.*?```)|`[^`]*`|\[[^]]*\]\([^)]*\)"
    mention = r"\b[Nn]otebook\s(?P<number>\d\d)\b"
    return re.sub(f"{left_alone}|{mention}", link, markdown, flags=re.MULTILINE)


def plain(markdown: str) -> str:
    """Return one paragraph of `markdown` on one line, without its markup."""
    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", markdown)
    text = re.sub(r"\*+|`+|\$", "", text)
    return " ".join(text.split())


def title(notebook: Notebook) -> str:
    """Return the title of `notebook`, with its number."""
    heading: str = notebook["cells"][0]["source"].partition("\n")[0]
    return heading.removeprefix("# ").strip()


def question(notebook: Notebook) -> str | None:
    """Return the bold question with which `notebook` opens, or None if it has none."""
    found = re.search(r"\*\*([^*]*\?)\*\*", notebook["cells"][0]["source"])
    if not found:
        return None
    words = plain(found[1])
    words = re.sub(r"^(Its question|The question of this notebook): ", "", words)
    return words[0].upper() + words[1:]


def parts(names: list[str]) -> dict[str, list[str]]:
    """Return the notebooks' `names`, which begin with their numbers, by part of the course."""
    grouped: dict[str, list[str]] = {}
    for name in names:
        last = next(number for number in PARTS if int(name[:2]) <= number)
        grouped.setdefault(PARTS[last], []).append(name)
    return grouped


def navigation(notebooks: dict[str, Notebook]) -> str:
    """Return the toctrees of the site, one for each part of the course, as MyST Markdown.

    The game and the explorer have one of their own, at the end.
    """
    trees = []
    for part, names in [*parts(list(notebooks)).items(), ("Play", PLAY)]:
        lines = ["```{toctree}", ":hidden:", f":caption: {part}", "", *names, "```"]
        trees.append("\n".join(lines))
    return "\n\n".join(trees)


def contents(notebooks: dict[str, Notebook]) -> str:
    """Return the list of `notebooks`, by part, with the question of each, as MyST Markdown."""
    blocks = []
    for part, names in parts(list(notebooks)).items():
        lines = [f"### {part}", "", ":::{container} notebooks"]
        for name in names:
            asked = question(notebooks[name])
            linked = f"- [{title(notebooks[name])}]({name}.ipynb)"
            lines.append(f"{linked}\\\n  {asked}" if asked else linked)
        blocks.append("\n".join([*lines, ":::"]))
    return "\n\n".join(blocks)
