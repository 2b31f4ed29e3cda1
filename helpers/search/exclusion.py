"""Keeps a project folder to one search at a time."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras_tuner

from helpers import files, locks
from helpers.search.disk import unwritable
from helpers.search.project import ProjectError


class TakenOverError(ProjectError, keras_tuner.errors.FatalError):
    """Another search has written into the folder. KerasTuner ends a search at once with it."""


@contextmanager
def lock_project(folder: Path) -> Iterator[None]:
    """Holds a project folder while the block runs.

    Raises:
        ProjectError: Another process holds it; the message names that process.
        DiskError: Nothing can be written there.
    """
    lock = locks.FolderLock(folder, "a search")
    try:
        lock.acquire()
    except locks.LockedError as error:
        raise ProjectError(str(error)) from None
    except OSError as error:
        raise unwritable(folder, error) from None
    try:
        yield
    finally:
        lock.release()


class SearchState:
    """The file that holds the state of a search, and whether anybody else has written it.

    This notices another search where a lock can't: one that began and ended after this tuner was
    made and before it searched, one that is not protected, one that `overwrite=True` began, and
    one on a file system without locks.

    Args:
        folder: The project folder.
        oracle: The oracle whose state it is; it has read the file if there was one.
    """

    def __init__(self, folder: Path, oracle: keras_tuner.Oracle) -> None:
        """Remembers what the file holds now; the arguments are described above."""
        self.folder = folder
        self.file = folder / "oracle.json"
        self._expected = self._read()
        state = json.loads(self._expected or "{}")
        orders = [state.get(name, []) for name in ("start_order", "end_order")]
        # KerasTuner begins anew where a search was killed in its first trial.
        self._foreign = orders != [oracle.start_order, oracle.end_order] and bool(
            orders[1] or oracle.start_order
        )

    def _read(self) -> str | None:
        try:
            return files.read_text(self.file)
        except FileNotFoundError:
            return None

    def write(self, text: str) -> None:
        """Replaces the file in one step, unless another search has written it."""
        self.check_unchanged()
        files.write_text(self.file, text)
        self._expected = text

    def check_unchanged(self) -> None:
        """Raises a `TakenOverError` if another search has written or removed the file."""
        if self._foreign or self._read() != self._expected:
            raise TakenOverError(
                f"Another search has written into {self.folder}, or has removed what was there, "
                "since this tuner was made. Call mend_project and make the tuner again: it then "
                "knows the trials that are there."
            )
