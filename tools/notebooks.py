"""Execute the notebooks in the order of their numbers, in this interpreter.

python tools/notebooks.py run [NAME...]      writes executed copies and HTML pages into build/, as
                                             proof that they run (`make site` has pages to read)
python tools/notebooks.py refresh [NAME...]  in place, on real images, without noise in the diff

A NAME is the beginning of a file name, such as `05`. Without one, all notebooks run. The first
error stops the series: the failing cell is shown, and the exit status is 1.
"""

import argparse
import atexit
import base64
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import nbformat
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbconvert import HTMLExporter
from nbconvert.filters import strip_ansi
from nbformat import NotebookNode

from helpers import display, files

ROOT = Path(__file__).resolve().parent.parent
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
    # How jupyterlab-rise shows the slides. Its default theme loads fonts from another host.
    "rise": {"center": False, "margin": 0, "theme": "white", "transition": "none"},
}
# The metadata that a cell keeps: what it is for, whether it is folded, the sentences of the prose
# that a claim proves, the ids of the cells whose predictions it answers, and what it is in a slide
# show.
CELL_METADATA = {"tags", "jupyter", "proves", "answers", "slideshow"}
LAST_WORDS = 2000  # characters of what a kernel wrote before it died


class NotebookError(Exception):
    """A notebook can't be executed or refreshed; the message is for the user."""


class ThisInterpreter(AsyncKernelManager):
    """Starts the kernel in the running interpreter, whatever kernel the user has by that name."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """The only kernel that there is."""
        # Not captured, because what TensorFlow's libraries write as they start varies by machine.
        options = ["-f", "{connection_file}", "--IPKernelApp.capture_fd_output=False"]
        return KernelSpec(argv=[sys.executable, "-m", "ipykernel_launcher", *options])


def select(folder: Path, names: Iterable[str]) -> list[Path]:
    """Return the notebooks `NN_*.ipynb` in `folder` that `names` select, in order.

    A name selects the notebooks that begin with it. Without names, all are selected. Raises
    NotebookError where there are none.
    """
    notebooks = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    chosen: set[Path] = set()
    for name in list(names) or [""]:
        found = {path for path in notebooks if path.name.startswith(Path(name).name)}
        if not found:
            raise NotebookError(f"no notebook {name or 'NN_*.ipynb'} in {folder}")
        chosen |= found
    return sorted(chosen)


def check_writable(*folders: Path) -> None:
    """Raise NotebookError at the first of `folders` that exists but may not be written to."""
    for folder in folders:
        if folder.exists() and not os.access(folder, os.W_OK):
            raise NotebookError(
                f"you may not write into {folder}: copy the project into a folder of your own, and "
                "run the same command in it"
            )


def real_images(environment: Mapping[str, str]) -> str:
    """Return the value of COURSE_DATA that names the same real images from any folder.

    Raises NotebookError if it may lead to the stand-in, or to no file.
    """
    value = environment.get("COURSE_DATA", "auto")
    if value == "cifar10":
        return value
    if not Path(value).is_file():
        raise NotebookError(
            "committed outputs come from real images: set COURSE_DATA=cifar10, or "
            f"COURSE_DATA=/path/to/cifar10.npz to a file that exists (it is {value!r})"
        )
    return str(Path(value).resolve())


def execute(notebook: NotebookNode, folder: Path, environment: dict[str, str]) -> None:
    """Execute `notebook` in place, with `folder` as the working directory.

    Errors that a cell announces with the tag `raises-exception` are part of the lesson. Any other
    error raises NotebookError with the cell, and the outputs up to there stay in `notebook`.
    """
    for cell in code_cells(notebook):
        cell.outputs, cell.execution_count = [], None
    started: list[NotebookNode] = []
    client = NotebookClient(
        notebook,
        kernel_manager_class=ThisInterpreter,
        resources={"metadata": {"path": str(folder)}},
        on_cell_start=lambda cell, cell_index: started.append(cell),
        timeout=None,
        # It is a matter of chance in how many pieces a cell's printed output arrives.
        coalesce_streams=True,
    )
    with tempfile.TemporaryFile() as log:
        try:
            client.execute(env=environment, stdout=log, stderr=log)
        except CellExecutionError as error:
            # Not the error's own text, which repeats the cell that `failure` shows.
            traceback = "\n".join(started[-1].outputs[-1].traceback)
            raise failure(notebook, started[-1], strip_ansi(traceback)) from error
        except (DeadKernelError, RuntimeError) as error:  # died, or never came up
            # At exit, nbclient would try to clean up what it never started, and complain.
            atexit.unregister(client._cleanup_kernel)
            cause = f"{error}\nThe kernel's last words:\n{tail(log)}"
            raise failure(notebook, started[-1] if started else None, cause) from error
    for cell in code_cells(notebook):
        for output in cell.outputs:
            # A widget's buttons stop working with the kernel; the figure beside them stays.
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
    notebook.metadata.pop("widgets", None)


def tail(log: IO[bytes]) -> str:
    """Return the end of what was written to `log`."""
    log.seek(0)
    return log.read().decode(errors="replace")[-LAST_WORDS:]


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the code cells of `notebook`."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def failure(notebook: NotebookNode, cell: NotebookNode | None, cause: str) -> NotebookError:
    """Return an error that shows `cell`, numbered as JupyterLab numbers it, and `cause`."""
    if cell is None:
        return NotebookError(f"the kernel did not start\n{cause}")
    number = 1 + next(i for i, other in enumerate(code_cells(notebook)) if other is cell)
    source = "\n".join(f"    {line}" for line in cell.source.splitlines())
    return NotebookError(f"code cell {number} failed:\n{source}\n{cause}")


def run(notebooks: list[Path], build: Path) -> None:
    """Execute `notebooks` and write each, with its HTML page, into `build`, even if it failed.

    Raises NotebookError at the first that fails.
    """
    build.mkdir(parents=True, exist_ok=True)
    for path in notebooks:
        with progress(path):
            notebook = nbformat.read(path, as_version=4)
            try:
                execute(notebook, path.parent, dict(os.environ))
            finally:
                write(notebook, build / path.name)
                page, _ = HTMLExporter().from_notebook_node(notebook)
                (build / path.name).with_suffix(".html").write_text(page, encoding="utf-8")


def refresh(notebooks: list[Path], docs: Path) -> None:
    """Execute `notebooks` in place at the `lesson` budget on real images, and normalise them.

    The picture of a cell tagged `readme-figure` becomes `search.png` in `docs`. Raises
    NotebookError at the first notebook that fails, and leaves that one and the rest unchanged.
    """
    environment = {**os.environ, "COURSE_BUDGET": "lesson", "COURSE_DATA": real_images(os.environ)}
    for path in notebooks:
        with progress(path):
            notebook = nbformat.read(path, as_version=4)
            execute(notebook, path.parent, environment)
            normalise(notebook)
            picture = readme_figure(notebook)
            write(notebook, path)
            if picture:
                docs.mkdir(exist_ok=True)
                (docs / "search.png").write_bytes(picture)


def normalise(notebook: NotebookNode) -> None:
    """Remove from an executed `notebook` what differs between two runs or two machines.

    Raises NotebookError if a cell wrote to stderr, which readers would take for a fault.
    """
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        for key in cell.metadata.keys() - CELL_METADATA:
            del cell.metadata[key]
    for cell in code_cells(notebook):
        cell.outputs = [
            o for o in cell.outputs if not display.MARK.items() <= o.get("metadata", {}).items()
        ]
        for output in cell.outputs:
            if output.get("name") == "stderr":
                raise failure(notebook, cell, f"It wrote to stderr:\n{output.text}")
            if output.output_type == "error":
                # The frames belong to this machine: they show its paths and its versions' code.
                output.traceback = [f"{output.ename}: {output.evalue}"]


def readme_figure(notebook: NotebookNode) -> bytes | None:
    """Return the PNG of the cell tagged `readme-figure`, or None if no cell is.

    Raises NotebookError if that cell shows no PNG.
    """
    for cell in code_cells(notebook):
        if "readme-figure" in cell.metadata.get("tags", []):
            for output in cell.outputs:
                if "image/png" in output.get("data", {}):
                    return base64.b64decode(output.data["image/png"])
            raise failure(notebook, cell, "It is tagged readme-figure and shows no PNG.")
    return None


def write(notebook: NotebookNode, path: Path) -> None:
    """Write `notebook` to `path` completely or not at all."""
    files.write_text(path, nbformat.writes(notebook) + "\n")


@contextmanager
def progress(path: Path) -> Iterator[None]:
    """Print the name of the notebook at `path` now, and the seconds taken when the block ends."""
    print(f"{path.name} ... ", end="", flush=True)
    start = time.monotonic()
    outcome = "failed after "
    try:
        yield
        outcome = ""
    finally:
        print(f"{outcome}{time.monotonic() - start:.1f} s", flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("command", choices=["run", "refresh"])
    parser.add_argument("names", nargs="*", metavar="NAME", help="the beginning of a file's name")
    parser.add_argument("--folder", type=Path, default=ROOT / "notebooks", help="where they are")
    options = parser.parse_intermixed_args(arguments)
    project = options.folder.resolve().parent
    try:
        notebooks = select(options.folder, options.names)
        # The notebooks' folder too, because they write their searches beside themselves.
        check_writable(options.folder.resolve(), project, project / "build")
        if options.command == "run":
            run(notebooks, project / "build")
        else:
            refresh(notebooks, project / "docs")
    except NotebookError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
