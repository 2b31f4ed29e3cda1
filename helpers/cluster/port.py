"""The chief's port, held so that no other cluster on this machine takes it."""

import contextlib
import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from helpers import locks
from helpers.cluster.errors import ClusterError


@contextlib.contextmanager
def hold_port(address: str, port: int | None) -> Iterator[int]:
    """Finds a port for the chief, or checks the one that was asked for, and holds it.

    gRPC lets several servers share a port (SO_REUSEPORT), and their workers would then mix. So a
    lock holds the port, which other clusters respect. On Linux a socket holds it as well and
    keeps other programs away until the chief listens.

    Args:
        address: Where the chief listens.
        port: The port that was asked for; None takes a free one.

    Yields:
        The port.

    Raises:
        ClusterError: The port is taken, or there is no such port.
    """
    if port is None:
        with socket.socket() as probe:
            probe.bind((address, 0))
            port = probe.getsockname()[1]
    user = os.getuid() if hasattr(os, "getuid") else ""
    folder = Path(tempfile.gettempdir(), f"keras-tuning-course-{user}", f"port-{port}")
    lock = locks.FolderLock(folder, "a cluster")
    try:
        lock.acquire()
    except locks.LockedError as error:
        raise _taken(address, port, str(error)) from None
    try:
        with socket.socket() as holder:
            _bind(holder, address, port)
            yield port
    finally:
        lock.release()


def is_listening(address: str, port: int) -> bool:
    """Returns whether a program is listening on the port."""
    try:
        socket.create_connection((address, port), timeout=1.0).close()
    except OSError:
        return False
    return True


def _bind(holder: socket.socket, address: str, port: int) -> None:
    try:
        with socket.socket() as probe:
            if sys.platform != "win32":  # there, this option would bind even a port in use
                # As the chief itself does, so that it can follow one that has just ended.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
        if sys.platform == "linux":
            # On other systems the chief could not listen on the same port.
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            holder.bind((address, port))
    except (OSError, OverflowError) as error:
        raise _taken(address, port, str(error)) from None


def _taken(address: str, port: int, why: str) -> ClusterError:
    return ClusterError(
        f"Port {port} of {address} can't be used ({why}). Name another port, or name none to get "
        "a free one."
    )
