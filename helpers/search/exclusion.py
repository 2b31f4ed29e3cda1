"""Keeps a project folder to one search at a time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from helpers import files
from helpers.search.project import ProjectError


@contextmanager
def lock_project(folder: Path) -> Iterator[None]:
    """Holds a project folder, or raises a `ProjectError` that names the process that holds it."""
    lock = files.FolderLock(folder, "a search")
    try:
        lock.acquire()
    except files.LockedError as error:
        raise ProjectError(str(error)) from None
    try:
        yield
    finally:
        lock.release()


class SearchState:
    """The file that holds the state of a search, and whether this process wrote it last."""

    def __init__(self, folder: Path) -> None:
        """Remembers what the file in `folder` looks like now."""
        self.folder = folder
        self.file = folder / "oracle.json"
        self._seen = self._look()

    def _look(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self.file)
        except FileNotFoundError:
            return None
        return found.st_mtime_ns, found.st_size

    def write(self, text: str) -> None:
        """Replaces the file in one step."""
        files.write_text(self.file, text)
        self._seen = self._look()

    def check_unchanged(self) -> None:
        """Raises a `ProjectError` if another process has gone on with the search."""
        if self._look() != self._seen:
            raise ProjectError(
                f"Another process has gone on with the search in {self.folder} since this tuner "
                "was made. Make the tuner again: it then knows of the trials that were added."
            )
