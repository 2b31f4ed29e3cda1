"""Make my-course/, the reader's own copies of the notebooks, and never change what is in it.

python -m tools.my_course [--new]      without JupyterLab; `tools.lab` does the same with it

If the course has since changed a notebook, its name is reported. With --new, its new version is
put beside the reader's own.
"""

import argparse
import hashlib
import json
import os
import shutil
import sys
from collections import defaultdict
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from helpers import files
from tools import copies, first_cell, notebooks

ROOT = Path(__file__).resolve().parent.parent
FOLDER = "my-course"
STYLE = "rise.css"  # jupyterlab-rise looks for it beside the notebook that it shows as slides
HOW = "`make lab NEW=1` (without make: `python -m tools.lab --new`)"


class UnreadableError(Exception):
    """A file is no longer a notebook; the message is its name."""


def update(root: Path, new: bool = False) -> list[str]:
    """Copy whatever is missing into my-course/ in the project `root`.

    Args:
        root: The project, with its `notebooks/`.
        new: Whether to put the new version of a changed notebook beside the reader's own.

    Returns:
        What the reader should know, as sentences.

    Raises:
        NotebookError: There are no notebooks, or my-course/ can't be read and written.
    """
    originals, folder = notebooks.select(root / "notebooks", []), root / FOLDER
    notebooks.check_writable(folder if folder.exists() else root)
    told = defaultdict(list)
    try:
        folder.mkdir(exist_ok=True)
        for path in originals:
            original = nbformat.read(path, as_version=4)
            what, name = _provide(original, folder / path.name, new)
            told[what].append(name)
        style = root / "notebooks" / STYLE
        if style.is_file() and not (folder / STYLE).exists():
            shutil.copyfile(style, folder / STYLE)
    except OSError as error:
        raise notebooks.NotebookError(f"{folder} can't be used: {error.strerror}") from error
    sentences = {
        "made": "Made your own copies in {folder}: {names}.",
        "added": "Put the new versions beside yours in {folder}: {names}.",
        "changed": "The course has changed since your copies in {folder} were made: {names}.\n"
        "Yours stay as they are. To have the new versions put beside them: {how}.",
        "unreadable": "In {folder}, these can't be read: {names}.\n"
        "Give each of them another name, and you get a fresh copy.",
    }
    return [
        sentence.format(folder=FOLDER, names=", ".join(told[what]), how=HOW)
        for what, sentence in sentences.items()
        if told[what]
    ]


def fingerprint(notebook: NotebookNode) -> str:
    """Return a hash of the text and the code of `notebook` that tells this version from others.

    The cell for hosted servers doesn't count: nobody has copies of the course there.
    """
    cells = [cell for cell in notebook.cells if first_cell.TAG not in copies.tags(cell)]
    content = [(cell.cell_type, cell.source) for cell in cells]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


def _provide(original: NotebookNode, own: Path, new: bool) -> tuple[str, str]:
    """Make whichever copy of one notebook is missing; return what was done, and to which file."""
    if not os.path.lexists(own):
        _copy(original, own)
        return "made", own.name
    versions = [own, *own.parent.glob(f"{own.stem}.new*.ipynb")]
    try:
        known = {_made_from(path) for path in versions}
    except UnreadableError as error:
        return "unreadable", str(error)
    if fingerprint(original) in known:
        return "as before", own.name
    if not new:
        return "changed", own.name
    beside = _free(own)
    _copy(original, beside)
    return "added", beside.name


def _copy(original: NotebookNode, target: Path) -> None:
    copy = copies.for_students(original)
    # JupyterLab keeps this when the reader saves, so the copy knows what it was made from.
    copy.metadata["course"] = {"made_from": fingerprint(original)}
    files.write_text(target, nbformat.writes(copy) + "\n")


def _made_from(path: Path) -> str:
    try:
        metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
        return metadata.get("course", {}).get("made_from", "")
    except (ValueError, LookupError, TypeError, AttributeError):
        raise UnreadableError(path.name) from None


def _free(own: Path) -> Path:
    """Return the first unused name for a file beside `own`."""
    number, beside = 1, own.with_suffix(".new.ipynb")
    while beside.exists():
        number += 1
        beside = own.with_suffix(f".new{number}.ipynb")
    return beside


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says and return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--new", action="store_true", help="put new versions beside your own")
    try:
        told = update(ROOT, parser.parse_args(arguments).new)
    except notebooks.NotebookError as error:
        print(error, file=sys.stderr)
        return 1
    print(*told or [f"Nothing has changed in {FOLDER}."], sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
