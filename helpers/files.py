"""Writing a file in one step, and recognising a full disk."""

import contextlib
import errno
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TypeVar

Result = TypeVar("Result")

# EDQUOT, of a quota, does not exist on Windows. EFBIG: the file system allows no larger file.
_DISK_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
PATIENCE = 5.0  # seconds that Windows gets to let go of a file


@contextlib.contextmanager
def replacing(target: str | os.PathLike, mode: str = "w") -> Iterator[IO]:
    """Opens a file that takes the place of `target` in one step, when the block has ended well.

    A crash leaves the old file or the new one, never half of one. An error in the block leaves
    the old one.

    Args:
        target: The file to replace, or to make. Its folder must exist.
        mode: `w` for text (UTF-8, newlines as they are given) or `wb` for bytes.

    Yields:
        The new file, open for writing.

    Raises:
        OSError: The folder can't be written, or the disk is full.
    """
    target = Path(target)
    # In the same folder, so that replacing it is one step. Not by `tempfile`, whose files only
    # their owner can read.
    draft = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    encoding, newline = (None, None) if "b" in mode else ("utf-8", "")
    try:
        with open(draft, mode, encoding=encoding, newline=newline) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # or a power cut could leave the new name without the content
        _replace(draft, target)
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()  # still there if the block failed


def write_text(target: str | os.PathLike, text: str) -> None:
    """Replaces a text file in one step; see `replacing`."""
    with replacing(target) as file:
        file.write(text)


def sync(file: Path) -> None:
    """Sees to it that what was written to a file survives a power cut."""
    with open(file, "r+b") as written:
        os.fsync(written.fileno())


def move(source: Path, target: Path) -> None:
    """Puts a finished file in the place of another one, on the same disk, in one step."""
    sync(source)
    _replace(source, target)


def is_draft(path: Path) -> bool:
    """Returns whether a file is one that `replacing` was writing when its process died."""
    return path.name.startswith(".") and path.name.endswith(".tmp")


def read_text(file: str | os.PathLike) -> str:
    """Returns the content of a text file (UTF-8) that another process may be replacing."""

    def read() -> str:
        with open(file, encoding="utf-8") as opened:
            return opened.read()

    return _patiently(read)


def remove(path: str | os.PathLike) -> None:
    """Removes a file or a folder, if it is there, as soon as nobody has it open."""
    with contextlib.suppress(FileNotFoundError):
        _patiently(lambda: shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path))


def _replace(source: Path, target: Path) -> None:
    _patiently(lambda: os.replace(source, target))


def _patiently(act: Callable[[], Result]) -> Result:
    # Windows refuses while anybody has the file open: a reader, the indexer, a virus scanner.
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return act()
        except PermissionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def is_disk_full(error: BaseException) -> bool:
    """Returns whether an error says that there is no room: a full disk, or a quota's end.

    HDF5, which writes Keras' weights, and TensorFlow, which writes TensorBoard's files, raise
    errors of their own kinds, and say it only in their text.
    """
    if isinstance(error, OSError) and error.errno in _DISK_FULL:
        return True
    return any(os.strerror(number) in str(error) for number in _DISK_FULL)


def check_writable(folder: str | os.PathLike) -> None:
    """Makes sure that a file can be written in a folder, or in the nearest parent that exists.

    Raises:
        OSError: Nothing can be written there, or not even its drive exists.
    """
    folder = Path(folder).absolute()
    while not os.path.exists(folder):  # Path.exists raises where it may not look
        if folder.parent == folder:
            raise FileNotFoundError(errno.ENOENT, "There is no such drive", str(folder))
        folder = folder.parent
    # Only a real file tells: root may write where the permissions say no, and nobody can on a
    # disk that is mounted read-only, or full.
    with tempfile.TemporaryFile(dir=str(folder)) as file:
        file.write(b"\0" * 4096)
        file.flush()


def check_room(folder: str | os.PathLike, size: int) -> None:
    """Makes sure that a file of `size` bytes has room in a folder.

    Raises:
        OSError: It has not, or nothing can be written there.
    """
    if shutil.disk_usage(folder).free < size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
    if hasattr(os, "posix_fallocate"):  # where it exists, it knows quotas and limits, too
        with tempfile.TemporaryFile(dir=str(folder)) as file:
            os.posix_fallocate(file.fileno(), 0, size)
