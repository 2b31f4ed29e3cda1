"""Export the notebooks that have slides, with their committed outputs, into build/slides.

python -m tools.slides [NAME...]

A NAME is the beginning of a file name, such as `05`. Without one, all of them are exported. The
pages load nothing from another host, so they can be shown from a folder, without a network.
"""

import argparse
import copy
import shutil
import sys
from pathlib import Path
from typing import Any

import nbformat
from jinja2 import Environment, FileSystemLoader, pass_context
from latex2mathml.converter import convert
from nbconvert.exporters import SlidesExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from traitlets.config import Config

from helpers import files
from tools import offline, pages
from tools.notebooks import NotebookError, check_writable, select

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "slides"
# The tags of cells whose code is left out on a slide: that of a conclusion is about wording, and
# some code is too long to stand beside its figure or its table.
ONLY_OUTPUT = {"conclusion", "output-on-slide"}


class Formulas(IPythonRenderer):
    """Renders Markdown with formulas as MathML, which browsers draw without a script."""

    def inline_math(self, body: str) -> str:
        """Return the formula `body`, to be set within a line."""
        return convert(body, display="inline")

    def block_math(self, body: str) -> str:
        """Return the formula `body`, to be set on lines of its own."""
        return convert(body, display="block")


class Exporter(SlidesExporter):
    """Makes a deck of a notebook, by the template in slides/deck."""

    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        """Return the Markdown `source` as HTML."""
        renderer = Formulas(escape=False, exclude_anchor_links=True)
        return MarkdownWithMath(renderer=renderer).render(source)


def exporter() -> Exporter:
    """Return what makes a deck of a notebook that `prepare` has prepared."""
    return Exporter(
        template_name="deck",
        extra_template_basedirs=[str(SOURCE)],
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        config=Config(
            {"TagRemovePreprocessor": {"enabled": True, "remove_input_tags": ONLY_OUTPUT}}
        ),
    )


def has_slides(path: Path) -> bool:
    """Return whether a cell of the notebook at `path` says that it begins a slide."""
    cells = nbformat.read(path, as_version=4).cells
    return any(cell.metadata.get("slideshow", {}).get("slide_type") == "slide" for cell in cells)


def prepare(notebook: NotebookNode) -> NotebookNode:
    """Return a copy of `notebook` for the exporter: its figures described.

    Raises PageError if a figure is not followed by a cell that says what it shows.
    """
    copied = copy.deepcopy(notebook)
    on_page = {cell["id"]: cell for cell in pages.page(notebook)["cells"]}  # not all of them are
    for cell in copied.cells:
        if cell.cell_type == "code" and cell.id in on_page:
            of_page = on_page[cell.id]
            image = of_page["metadata"].get("mystnb", {}).get("image", {})
            cell.metadata["alt"] = image.get("alt", "")
            hidden = cell.metadata.get("jupyter", {}).get("outputs_hidden")
            cell.outputs = [] if hidden else of_page["outputs"]
    return copied


def export(notebooks: list[Path], folder: Path) -> None:
    """Empty `folder`, and write into it a deck for each of `notebooks` and a list of them.

    Raises NotebookError if a notebook has no slides, or can't become a deck that needs no other
    host.
    """
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(SOURCE / "_static", folder / "_static")
    decks, made_by = [], exporter()
    for path in notebooks:
        notebook = nbformat.read(path, as_version=4)
        deck = {
            "file": f"{path.stem}.html",
            "title": pages.title(notebook),
            "question": pages.question(notebook) or "",
        }
        try:
            html, _ = made_by.from_notebook_node(prepare(notebook), {"title": deck["title"]})
        except pages.PageError as error:
            raise NotebookError(f"{path.name}: {error}") from error
        files.write_text(folder / deck["file"], html)
        decks.append(deck)
    environment = Environment(loader=FileSystemLoader(SOURCE), autoescape=True)
    contents = environment.get_template("contents.html.j2").render(decks=decks)
    files.write_text(folder / "index.html", contents)
    if found := offline.in_site(folder):
        raise NotebookError("\n".join(["the slides need other hosts:", *found]))


def with_slides(notebooks: list[Path]) -> list[Path]:
    """Return those of `notebooks` that have slides.

    Raises NotebookError if none does.
    """
    found = [path for path in notebooks if has_slides(path)]
    if not found:
        raise NotebookError(f"no slides in {', '.join(path.name for path in notebooks)}")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says and return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="the beginning of a file's name")
    names = parser.parse_args(arguments).names
    folder = ROOT / "build" / "slides"
    try:
        check_writable(ROOT, ROOT / "build")
        export(with_slides(select(ROOT / "notebooks", names)), folder)
    except NotebookError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Open {folder / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
