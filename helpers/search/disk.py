"""The one error of a project folder that can't be written."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras_tuner

from helpers import files


class DiskError(keras_tuner.errors.FatalError):
    """The project folder can't be written. KerasTuner ends a search at once with it."""


def check_writable(folder: Path) -> None:
    """Raises a `DiskError` if nothing can be written in a folder that exists or is to be made."""
    try:
        files.check_writable(folder)
    except OSError as error:
        raise DiskError(
            f"Nothing can be written into {folder} ({error.strerror}). Give the tuner a "
            "`directory` where you may write, on a disk with room."
        ) from None


@contextmanager
def clear_errors(folder: Path) -> Iterator[None]:
    """Turns the many errors that a full disk causes into one that says so."""
    try:
        yield
    except Exception as error:
        if isinstance(error, DiskError) or not files.is_disk_full(error):
            raise
        raise DiskError(
            f"The disk that holds {folder} is full. The trials that were finished are kept there. "
            "Free some space (`helpers.preflight.check` tells how much the checkpoints need), and "
            "run the same search again: it goes on."
        ) from error
