"""Locks a folder."""

import contextlib
import errno
import json
import os
import socket
import warnings
from pathlib import Path

import filelock

from helpers import files

LOCK_FILE = ".lock"
# The errors of a file system without locks. Lustre, NFS and SMB may be mounted without them.
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP}


class LockedError(OSError):
    """Another process is at work in the folder. The message names it."""


class FolderLock:
    """Keeps other processes out of a folder for as long as this one holds it.

    The operating system releases the lock when its process ends, however it ends, so a dead
    process blocks nobody. A file system without locks keeps nobody out, and a warning says so.

    Args:
        folder: The folder, which is created if it does not exist.
        purpose: What the process does there, such as `a search`, for the message to the others.
    """

    def __init__(self, folder: str | os.PathLike, purpose: str) -> None:
        """Prepares the lock without taking it; the arguments are described above."""
        self._folder = Path(folder)
        self._purpose = purpose
        self._owner = self._folder / f"{LOCK_FILE}.json"
        # Where there are no locks, filelock's fallback would block others after a SIGKILL.
        self._lock = filelock.FileLock(self._folder / LOCK_FILE, fallback_to_soft=False)

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._lock.is_locked

    def acquire(self, timeout: float = 0.0) -> None:
        """Takes the lock. If it is taken twice, it has to be released twice.

        Args:
            timeout: How many seconds to wait for another process.

        Raises:
            LockedError: Another process holds the lock.
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
        with contextlib.suppress(OSError):  # on a full disk, the others are told less
            files.write_text(self._owner, json.dumps(mine))

    def release(self) -> None:
        """Releases the lock, unless it was taken more often than released."""
        if self._lock.lock_counter == 1:
            with contextlib.suppress(OSError):  # the file only informs the others
                files.remove(self._owner)
        self._lock.release()

    def __enter__(self) -> "FolderLock":
        """Takes the lock."""
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        """Releases the lock."""
        self.release()

    def _who(self) -> str:
        try:
            owner = json.loads(files.read_text(self._owner))
            return f"Process {owner['process']} on {owner['machine']} ({owner['purpose']})"
        except (OSError, ValueError, KeyError, TypeError):
            return "Another process"
