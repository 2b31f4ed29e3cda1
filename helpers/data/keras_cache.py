"""CIFAR-10 through Keras: the cache, the download, and what can go wrong with either."""

import contextlib
import errno
import http.client
import os
import pickle
import socket
import ssl
import tarfile
import tempfile
import urllib.error
import zlib
from collections.abc import Iterator
from pathlib import Path

from helpers import files, locks
from helpers.data.cifar10 import ArrayPair
from helpers.data.errors import DataError
from helpers.data.npz import checked_images

# Seconds without a byte after which a download is abandoned. Keras itself would wait forever.
DOWNLOAD_TIMEOUT = 20.0
WAIT = 3600.0  # seconds for which a process waits while another one downloads


def lock_folder() -> Path:
    """Returns the folder that is locked while a process of this user asks Keras for the images."""
    user = os.getuid() if hasattr(os, "getuid") else ""  # elsewhere the folder is the user's own
    return Path(tempfile.gettempdir(), f"keras-tuning-course-{user}")


@contextlib.contextmanager
def one_process_at_a_time() -> Iterator[None]:
    """Lets one process of this user ask Keras for the images while the others wait.

    Every call makes Keras unpack its archive again, into a folder that another process may be
    reading.

    Raises:
        DataError: Another process has been loading them for too long.
    """
    lock = locks.FolderLock(lock_folder(), "loading CIFAR-10")
    try:
        lock.acquire()
    except locks.LockedError:
        print("Another process is loading CIFAR-10 through Keras; waiting for it.", flush=True)
        try:
            lock.acquire(timeout=WAIT)
        except locks.LockedError:
            raise DataError(
                "CIFAR-10 could not be loaded: another process has not finished loading it in "
                f"{WAIT / 60:.0f} minutes"
            ) from None
    try:
        yield
    finally:
        lock.release()


def load_keras() -> tuple[ArrayPair, ArrayPair]:
    """Loads CIFAR-10 through Keras, and raises a DataError of one sentence if that fails.

    Keras checks the archive's hash and unpacks it again in every call. Whatever was left behind
    when a download or an unpacking was killed is therefore repaired by the next call.
    """
    import keras

    timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(DOWNLOAD_TIMEOUT)
    try:
        (x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
    except Exception as error:  # Keras turns whatever urllib says into a bare Exception
        raise DataError(f"CIFAR-10 could not be downloaded: {_cause(error)}") from error
    finally:
        socket.setdefaulttimeout(timeout)
    # Keras returns transposed views of (N, 3, 32, 32); checking them also makes them contiguous.
    return checked_images(
        {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test},
        "Keras' copy of CIFAR-10",
    )


_CAUSES = (
    (socket.gaierror, "no network (the server's name could not be looked up)"),
    (TimeoutError, "the server timed out"),
    (ConnectionRefusedError, "the server refused the connection"),
    (
        ssl.SSLCertVerificationError,
        (
            "the server's certificate could not be verified (a proxy in between, or on a Mac "
            "a Python whose `Install Certificates.command` was never run)"
        ),
    ),
    (
        (
            urllib.error.ContentTooShortError,
            http.client.IncompleteRead,
            ConnectionError,
            ssl.SSLEOFError,
        ),
        "the download ended early",
    ),
    (
        (tarfile.TarError, EOFError, zlib.error, pickle.UnpicklingError),
        (
            "Keras' unpacked copy is damaged; delete cifar-10-batches-py-target from Keras' "
            "folder `datasets`"
        ),
    ),
)


def _cause(error: BaseException) -> str:
    """Describes in plain words, without a full stop, what `load_data` raised."""
    link: BaseException | None = error
    while link is not None:
        for kinds, words in _CAUSES:
            if isinstance(link, kinds):
                return words
        if isinstance(link, urllib.error.HTTPError):
            link.close()  # it is also the open response
            return f"the server answered {link.code} {link.msg}"
        if isinstance(link, ValueError) and "hash" in str(link):
            return "what arrived is not CIFAR-10: it has the wrong hash (a proxy's login page?)"
        if isinstance(link, OSError):
            if link.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN):
                return "no network"
            if files.is_disk_full(link):
                return "there is no room on the disk (it is full, or a quota is reached)"
            if link.filename is not None:
                return f"Keras' folder `datasets` can't be used ({link.strerror})"
        # Keras hides the URLError in the context; the URLError hides the socket's in its reason.
        reason = getattr(link, "reason", None)
        link = reason if isinstance(reason, BaseException) else link.__context__
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
