"""CIFAR-10 through Keras: its cache, its download, and what can go wrong with either."""

import errno
import http.client
import pickle
import socket
import ssl
import tarfile
import urllib.error
import zlib

from helpers import files
from helpers.data.cifar10 import ArrayPair
from helpers.data.errors import DataError
from helpers.data.npz import checked_images

# Seconds without a byte after which a download is given up. Keras itself waits for ever.
DOWNLOAD_TIMEOUT = 20.0


def load_keras() -> tuple[ArrayPair, ArrayPair]:
    """Loads CIFAR-10 through Keras; a DataError in one sentence if that fails.

    Keras checks the archive's hash and unpacks it anew in every call, so what a killed
    download or a killed unpacking left behind is repaired by the next call.
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
    """Puts what `load_data` raised into plain words, without a full stop."""
    link: BaseException | None = error
    while link is not None:
        for kinds, words in _CAUSES:
            if isinstance(link, kinds):
                return words
        if isinstance(link, urllib.error.HTTPError):
            link.close()  # it is the open response too
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
        # Keras hides the URLError in the context, and the URLError the socket's in its reason.
        reason = getattr(link, "reason", None)
        link = reason if isinstance(reason, BaseException) else link.__context__
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
