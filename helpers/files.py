"""Writing a file in one step, recognising a full disk, and locking a folder."""

import contextlib
import errno
import json
import os
import shutil
import socket
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TypeVar

import filelock

Result = TypeVar("Result")

# EDQUOT, of a quota, does not exist on Windows. EFBIG: the file system allows no larger file.
_DISK_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
# Of a file system that has no locks: Lustre, NFS and SMB may be mounted without them.
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP}
PATIENCE = 5.0  # seconds that Windows gets to let go of a file
LOCK_FILE = ".lock"


class LockedError(OSError):
    """Another process is at work in the folder; the message names it."""


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
    text = {} if "b" in mode else {"encoding": "utf-8", "newline": ""}
    try:
        with open(draft, mode, **text) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # or a power cut could leave the new name without the content
        _patiently(lambda: os.replace(draft, target))
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)  # still there if the block failed


def write_text(target: str | os.PathLike, text: str) -> None:
    """Replaces a text file in one step; see `replacing`."""
    with replacing(target) as file:
        file.write(text)


def is_draft(path: Path) -> bool:
    """Returns whether a file is one that `replacing` was writing when its process died."""
    return path.name.startswith(".") and path.name.endswith(".tmp")


def read_text(file: str | os.PathLike) -> str:
    """Returns the content of a text file (UTF-8) that another process may be replacing."""
    return _patiently(lambda: Path(file).read_text(encoding="utf-8"))


def remove(path: str | os.PathLike) -> None:
    """Removes a file or a folder, if it is there, as soon as nobody has it open."""
    path = Path(path)
    _patiently(lambda: shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True))


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
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"\0" * 4096)
        file.flush()


class FolderLock:
    """Keeps other processes out of a folder for as long as this one holds it.

    The operating system lets go of the lock when its process ends, however it ends, so a dead
    process blocks nobody. A file system without locks keeps nobody out: a warning says so.

    Args:
        folder: The folder, which is made if it does not exist.
        purpose: What happens there, for the message to the others, such as `a search`.
    """

    def __init__(self, folder: str | os.PathLike, purpose: str) -> None:
        """Prepares the lock, whose arguments are described above; takes nothing yet."""
        self._folder = Path(folder)
        self._purpose = purpose
        self._owner = self._folder / f"{LOCK_FILE}.json"
        # What filelock does where there are no locks would block others after a SIGKILL.
        self._lock = filelock.FileLock(self._folder / LOCK_FILE, timeout=0, fallback_to_soft=False)

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._lock.is_locked

    def acquire(self, timeout: float = 0.0) -> None:
        """Takes the lock; taken twice, it has to be released twice.

        Args:
            timeout: Seconds to wait for another process.

        Raises:
            LockedError: Another process holds it.
            OSError: The folder can't be written, or the disk is full.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(timeout=timeout)
        except filelock.Timeout:
            raise LockedError(
                f"{self._who()} is at work in {self._folder}. Wait until it has ended, or end it; "
                "or work in another folder."
            ) from None
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
            warnings.warn(
                f"The file system of {self._folder} has no locks, so nothing keeps others out of "
                f"it. See to it that no other process is at work there ({self._purpose}).",
                stacklevel=2,
            )
            return
        mine = {"process": os.getpid(), "machine": socket.gethostname(), "purpose": self._purpose}
        with contextlib.suppress(OSError):  # on a full disk, the others learn less
            write_text(self._owner, json.dumps(mine))

    def release(self) -> None:
        """Lets go of the lock, if it was not taken more often than released."""
        if self._lock.lock_counter == 1:
            with contextlib.suppress(OSError):  # it only informs the others
                remove(self._owner)
        self._lock.release()

    def __enter__(self) -> "FolderLock":
        """Takes the lock."""
        self.acquire()
        return self

    def __exit__(self, *_) -> None:
        """Lets go of the lock."""
        self.release()

    def _who(self) -> str:
        try:
            owner = json.loads(read_text(self._owner))
            return f"Process {owner['process']} on {owner['machine']} ({owner['purpose']})"
        except (OSError, ValueError, KeyError):
            return "Another process"
