"""Write the first code cell of every notebook, which finds the course where `helpers` is missing.

python -m tools.first_cell [ADDRESS]

Where the course is installed, the cell does nothing. Elsewhere it says what to do, or, on a hosted
server such as Colab, gets the course from ADDRESS, which is whatever `git clone` understands, and
goes on. An instructor writes the address of their own copy of the course into all notebooks with
this command, and commits them. Without ADDRESS, it is removed again.
"""

import argparse
import json
import re
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tools import notebooks

ROOT = Path(__file__).resolve().parent.parent
TAG = "hosted"
ID = "7c1e90d4"
ADDRESS = re.compile(r'^REPOSITORY = ("(?:[^"\\\n]|\\.)*")')
# As short as a cell may be: what comes after the cloning is in tools/hosted.py of the clone. Where
# the notebook is inside the project, but its kernel is another one, that file is there already.
SOURCE = '''\
REPOSITORY = ""  # on a hosted server such as Colab: the address of the course, for `git clone`
import os
import runpy
from importlib.util import find_spec
from subprocess import check_call

if not find_spec("helpers"):
    course = ".." if os.path.isdir("../helpers") else "keras-tuning-course"
    if not (REPOSITORY or os.path.isdir(course)):
        raise ImportError("""The course's package `helpers` is missing: you need the whole course.
Run `make lab` in its folder. On a hosted server, fill in REPOSITORY and run this cell again.""")
    os.path.isdir(course) or check_call(["git", "clone", "--depth=1", REPOSITORY, course])
    runpy.run_path(f"{course}/tools/hosted.py", run_name="__main__")'''


def source(address: str = "") -> str:
    """Return the source of the cell, with the `address` that `git clone` gets the course from."""
    return ADDRESS.sub(lambda _: f"REPOSITORY = {json.dumps(address)}", SOURCE)


def is_first_cell(text: str) -> bool:
    """Return whether `text` is the source of the cell, with whatever address."""
    return ADDRESS.sub('REPOSITORY = ""', text) == SOURCE


def put(notebook: NotebookNode, address: str = "") -> None:
    """Give `notebook` the cell in place, before all other code, or write it anew.

    Where the cell is new, the execution counts of the others move on by one. It is on no slide.
    """
    cells = notebook.cells
    cell = next((cell for cell in cells if TAG in cell.metadata.get("tags", [])), None)
    if not cell:
        code = notebooks.code_cells(notebook)
        for counted in [*code, *(output for cell in code for output in cell.outputs)]:
            if counted.get("execution_count") is not None:
                counted.execution_count += 1
        cell = nbformat.v4.new_code_cell(id=ID, execution_count=1)
        cells.insert(cells.index(code[0]) if code else len(cells), cell)
    cell.source = source(address)
    cell.metadata.update(jupyter={"source_hidden": True}, tags=[TAG])
    if any("slideshow" in other.metadata for other in cells):
        cell.metadata["slideshow"] = {"slide_type": "skip"}


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says and return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("address", nargs="?", default="", metavar="ADDRESS")
    address = parser.parse_args(arguments).address
    try:
        for path in notebooks.select(ROOT / "notebooks", []):
            notebook = nbformat.read(path, as_version=4)
            put(notebook, address)
            notebooks.write(notebook, path)
    except (notebooks.NotebookError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"All notebooks now have {f'the address {address}' if address else 'no address'}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
