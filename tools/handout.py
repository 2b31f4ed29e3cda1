"""Pack what an instructor hands out: the course for students, and later its solutions.

python -m tools.handout student        build/student.zip: the course without the solutions
python -m tools.handout solutions      build/solutions.zip: the notebooks with the solutions

The first is all that a student needs apart from the images. Its self-checks can't be read.
"""

import argparse
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import nbformat

from helpers import files
from tools import copies, notebooks

ROOT = Path(__file__).resolve().parent.parent
TOP = "keras-tuning-course"  # the folder that both archives unpack into
FOLDERS = ("helpers", "tools", "bank", "examples")
# Not *.csv: that would be a recording of the bank that is still in progress.
SUFFIXES = {".py", ".pyi", ".typed", ".sh", ".md", ".yaml", ".gz"}
FILES = ("pyproject.toml", "requirements*.txt", "environment.yml", "LICENSE")
# The targets of make that work with what is in the archive.
TARGETS = ("help", "setup", "lab", "run", "clean")
START = Path("tools", "handout_start.md")  # becomes README.md
MADE = (1980, 1, 1, 0, 0, 0)  # a fixed date, so that the same content makes the same archive

SOLUTIONS = """\
# The solutions

Unpack this archive where you unpacked the course: the notebooks come to lie in the folder
`solutions`, beside `notebooks`, and nothing of yours is changed. They have their outputs, and each
exercise is followed by its self-check, which can be read, and by a solution.
"""


def student_files(root: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the path and the content of each file that a student gets.

    Raises CopyError if a notebook can't do without its solutions.
    """
    yield "README.md", (root / START).read_bytes()
    for path in notebooks.select(root / "notebooks", []):
        copy = copies.without_solutions(nbformat.read(path, as_version=4))
        yield f"notebooks/{path.name}", (nbformat.writes(copy) + "\n").encode()
    yield "Makefile", makefile((root / "Makefile").read_text(encoding="utf-8")).encode()
    for pattern in FILES:
        for path in sorted(root.glob(pattern)):
            yield path.name, path.read_bytes()
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in SUFFIXES and path.is_file():
                yield path.relative_to(root).as_posix(), path.read_bytes()


def makefile(text: str) -> str:
    """Return the text of a Makefile without the targets that students can't use."""
    blocks = [
        block
        for block in text.split("\n\n")
        if set(re.findall(r"^([a-z-]+):", block, re.MULTILINE)) <= {*TARGETS}
    ]
    kept = re.sub(r"^\.PHONY:.*", f".PHONY: {' '.join(TARGETS)}", "\n\n".join(blocks), flags=re.M)
    return kept.rstrip("\n") + "\n"


def solution_files(root: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the path and the content of each file of the solutions."""
    yield "solutions/README.md", SOLUTIONS.encode()
    for path in notebooks.select(root / "notebooks", []):
        copy = copies.with_solutions(nbformat.read(path, as_version=4))
        yield f"solutions/{path.name}", (nbformat.writes(copy) + "\n").encode()


KINDS = {"student": student_files, "solutions": solution_files}


def pack(kind: str, root: Path) -> Path:
    """Write build/KIND.zip in the project `root`, completely or not at all, and return its path."""
    target = root / "build" / f"{kind}.zip"
    target.parent.mkdir(exist_ok=True)
    with (
        files.replacing(target, "wb") as stream,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        fill(archive, KINDS[kind](root))
    return target


def fill(archive: zipfile.ZipFile, contents: Iterator[tuple[str, bytes]]) -> None:
    """Write each path with its content into `archive`, under the folder TOP."""
    for name, content in contents:
        entry = zipfile.ZipInfo(f"{TOP}/{name}", MADE)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o100644 << 16
        archive.writestr(entry, content)


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says and return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("kind", choices=KINDS)
    kind = parser.parse_args(arguments).kind
    try:
        path = pack(kind, ROOT)
    except (notebooks.NotebookError, copies.CopyError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{path.relative_to(ROOT).as_posix()}: {path.stat().st_size / 1e6:.1f} MB, to hand out")
    return 0


if __name__ == "__main__":
    sys.exit(main())
