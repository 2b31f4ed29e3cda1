"""Turn the notebooks into assignments that nbgrader hands out and grades, in grading/.

python -m tools.assignment [--force] [NAME...]

Each notebook becomes an assignment of its own, with a point for each exercise. A NAME is the
beginning of a notebook's file name, such as `05`. Without one, all are made. nbgrader
(requirements-teach.txt) is installed into an environment of its own, .venv-teach, on first use.
Cells are run by the Python that runs this.

What you have changed in grading/ stays: a notebook in grading/source that differs from the one
that would be made is reported, and only --force replaces it. Nothing here touches submissions and
grades.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
from nbformat.reader import NotJSONError

from helpers import files
from tools import copies, environments, graded, notebooks

ROOT = Path(__file__).resolve().parent.parent
FOLDER = "grading"
ENVIRONMENT = ROOT / ".venv-teach"
SETTINGS = Path(__file__).with_name("nbgrader_config.py")
KERNEL = "keras-tuning-course"  # as in these settings


class AssignmentError(Exception):
    """An assignment can't be made; the message is for the user."""


def prepare(folder: Path) -> None:
    """Put into `folder` what nbgrader needs: its settings, unless they are there, and the kernel.

    The kernel is the interpreter that runs this, with all that the course needs.
    """
    kernel = folder / "jupyter" / "kernels" / KERNEL / "kernel.json"
    kernel.parent.mkdir(parents=True, exist_ok=True)
    specification = notebooks.ThisInterpreter().kernel_spec.to_dict()
    specification.update(display_name="Keras tuning course", language="python")
    # For an answer that starts a `python`: nbgrader's own comes first otherwise.
    specification["env"] = {"PATH": os.pathsep.join([os.path.dirname(sys.executable), "${PATH}"])}
    files.write_text(kernel, json.dumps(specification, indent=1) + "\n")
    settings = folder / SETTINGS.name
    if not settings.exists():
        files.write_text(settings, SETTINGS.read_text(encoding="utf-8"))


def write_source(path: Path, folder: Path, force: bool = False) -> tuple[int, bool]:
    """Write the source version of the notebook at `path` into its place in nbgrader's `folder`.

    Args:
        path: One of the course's notebooks.
        folder: The one that holds nbgrader's `source`.
        force: Whether to replace a source version that is different.

    Returns:
        Its points, and whether it now is in its place. It is not if another one has been kept.

    Raises:
        CopyError: The notebook can't become an assignment.
        AssignmentError: The one that has been kept is damaged.
    """
    try:
        made = graded.source_version(nbformat.read(path, as_version=4))
    except copies.CopyError as error:
        raise copies.CopyError(f"{path.name}: {error}") from error
    text = nbformat.writes(made) + "\n"
    target = folder / "source" / path.stem / path.name
    if target.exists() and not force and target.read_text(encoding="utf-8") != text:
        try:
            return graded.points(nbformat.read(target, as_version=4)), False
        except NotJSONError as error:
            what = f"{target} can't be read: put a backup in its place, or add --force"
            raise AssignmentError(what) from error
    target.parent.mkdir(parents=True, exist_ok=True)
    files.write_text(target, text)
    return graded.points(made), True


def release(nbgrader: Path, folder: Path, name: str) -> None:
    """Let the nbgrader of the interpreter `nbgrader` make the students' version of an assignment.

    Raises AssignmentError if it fails.
    """
    command = [str(nbgrader), "-m", "nbgrader", "generate_assignment", name, "--force"]
    # Without what it says about every step, and the warning that --force replaces something.
    done = subprocess.run([*command, "--log-level=ERROR"], cwd=folder)
    if done.returncode:
        raise AssignmentError(f"nbgrader did not make {name}: see its messages above")


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says and return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="the beginning of a file's name")
    parser.add_argument("--force", action="store_true", help="replace what you have changed, too")
    options = parser.parse_intermixed_args(arguments)
    folder, kept = ROOT / FOLDER, []
    try:
        paths = notebooks.select(ROOT / "notebooks", options.names)
        notebooks.check_writable(folder if folder.exists() else ROOT)
        nbgrader = environments.install(ENVIRONMENT, ROOT / "requirements-teach.txt")
        prepare(folder)
        for path in paths:
            points, written = write_source(path, folder, options.force)
            kept += [] if written else [path.stem]
            release(nbgrader, folder, path.stem)
            print(f"{FOLDER}/release/{path.stem}: {points} points", flush=True)
    except (
        AssignmentError,
        copies.CopyError,
        environments.InstallError,
        notebooks.NotebookError,
        OSError,
    ) as error:
        print(error, file=sys.stderr)
        return 1
    if kept:
        print(
            f"You or the course have changed {', '.join(kept)}, so {FOLDER}/source keeps what it "
            "has. To replace it with what the course makes now, add --force."
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
