"""The one error that says that a project folder can't be written."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras_tuner

from helpers import files

_REFUSALS = (errno.EACCES, errno.EPERM, errno.EROFS)


class DiskError(keras_tuner.errors.FatalError):
    """The project folder can't be written. KerasTuner ends a search at once with it."""


def unwritable(folder: Path, error: OSError) -> DiskError:
    """Returns the error of a folder in which nothing can be written, or some file can't."""
    return DiskError(
        f"Nothing can be written into {folder} ({error.strerror or error}). Give the tuner a "
        "`directory` where you may write, on a disk with room."
    )


def check_writable(folder: Path) -> None:
    """Raises a `DiskError` if nothing can be written in a folder that exists or is to be made."""
    try:
        files.check_writable(folder)
    except OSError as error:
        raise unwritable(folder, error) from None


@contextmanager
def clear_errors(folder: Path) -> Iterator[None]:
    """Turns the many errors of a full disk, and those of a file held open, into one each."""
    try:
        yield
    except Exception as error:
        if isinstance(error, DiskError):
            raise
        if files.is_disk_full(error):
            raise DiskError(
                f"The disk that holds {folder} is full. The trials that were finished are kept "
                "there. Free some space (`helpers.preflight.check` says how much the checkpoints "
                "need), and run the same search again: it goes on."
            ) from error
        if _is_refused(error, folder):
            raise DiskError(
                f"{error}. Another program may hold this file open, such as an editor or a virus "
                "scanner, or you may not write there any more. The trials that were finished are "
                "kept. When that is settled, run the same search again: it goes on."
            ) from error
        raise


def _is_refused(error: Exception, folder: Path) -> bool:
    """Returns whether a file of this folder can't be written or removed."""
    if not isinstance(error, OSError) or error.errno not in _REFUSALS or not error.filename:
        return False
    return Path(os.path.abspath(str(error.filename))).is_relative_to(os.path.abspath(folder))
