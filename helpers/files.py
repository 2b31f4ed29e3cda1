"""Writes files in one step, and recognises a full disk."""

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

# EDQUOT (a quota is reached) does not exist on Windows. EFBIG means that the file system allows no
# larger file.
_DISK_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
PATIENCE = 5.0  # seconds that Windows is given to let go of a file


@contextlib.contextmanager
def replacing(target: str | os.PathLike, mode: str = "w") -> Iterator[IO]:
    """Opens a file that replaces `target` in one step if the block ends without an error.

    A crash leaves the old file or the new one, never half a file. An error in the block leaves
    the old one.

    Args:
        target: The file to replace or create. Its folder must exist.
        mode: `w` for text (UTF-8, newlines written as given) or `wb` for bytes.

    Yields:
        The new file, open for writing.

    Raises:
        OSError: The folder can't be written, or the disk is full.
    """
    target = Path(target)
    # The draft is in the same folder, so that replacing the target is one step. It is not made by
    # `tempfile`, whose files only their owner can read.
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
    """Replaces a text file in one step. See `replacing`."""
    with replacing(target) as file:
        file.write(text)


def sync(file: Path) -> None:
    """Makes sure that what was written to a file survives a power cut."""
    with open(file, "r+b") as written:
        os.fsync(written.fileno())


def move(source: Path, target: Path) -> None:
    """Replaces a file with a finished one on the same disk, in one step."""
    sync(source)
    _replace(source, target)


def is_draft(path: Path) -> bool:
    """Returns whether `replacing` was writing this file when its process died."""
    return path.name.startswith(".") and path.name.endswith(".tmp")


def read_text(file: str | os.PathLike) -> str:
    """Returns the content of a text file (UTF-8) that another process may be replacing."""

    def read() -> str:
        with open(file, encoding="utf-8") as opened:
            return opened.read()

    return _patiently(read)


def remove(path: str | os.PathLike) -> None:
    """Removes a file or folder, if it exists, as soon as nobody has it open."""
    with contextlib.suppress(FileNotFoundError):
        _patiently(lambda: shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path))


def _replace(source: Path, target: Path) -> None:
    _patiently(lambda: os.replace(source, target))


def _patiently(act: Callable[[], Result]) -> Result:
    # Windows refuses while anything has the file open: a reader, the indexer or a virus scanner.
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return act()
        except PermissionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def is_disk_full(error: BaseException) -> bool:
    """Returns whether an error means that there is no room: a full disk or an exhausted quota.

    HDF5, which writes Keras' weights, and TensorFlow, which writes TensorBoard's files, raise
    errors of their own kinds and give the reason only in the message.
    """
    if isinstance(error, OSError) and error.errno in _DISK_FULL:
        return True
    return any(os.strerror(number) in str(error) for number in _DISK_FULL)


def check_writable(folder: str | os.PathLike) -> None:
    """Makes sure that a file can be written in a folder, or in its nearest existing parent.

    Raises:
        OSError: Nothing can be written there, or the folder's drive does not exist.
    """
    folder = Path(folder).absolute()
    while not os.path.exists(folder):  # Path.exists raises where it has no permission to look
        if folder.parent == folder:
            raise FileNotFoundError(errno.ENOENT, "There is no such drive", str(folder))
        folder = folder.parent
    # Only writing a real file tells: root may write where the permissions forbid it, and nobody
    # can write to a disk that is full or mounted read-only.
    with tempfile.TemporaryFile(dir=str(folder)) as file:
        file.write(b"\0" * 4096)
        file.flush()


def check_room(folder: str | os.PathLike, size: int) -> None:
    """Makes sure that there is room for a file of `size` bytes in a folder.

    Raises:
        OSError: There is no room, or nothing can be written there.
    """
    if shutil.disk_usage(folder).free < size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
    if hasattr(os, "posix_fallocate"):  # where it exists, it also respects quotas and limits
        with tempfile.TemporaryFile(dir=str(folder)) as file:
            os.posix_fallocate(file.fileno(), 0, size)
