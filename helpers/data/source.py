"""Where the images come from: a file, Keras, or the stand-in."""

import contextlib
import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from helpers import files
from helpers.data import keras_cache, npz
from helpers.data.cifar10 import ArrayPair
from helpers.data.errors import DataError

VARIABLE = "COURSE_DATA"
DEFAULT = "auto"
ROOT = Path(__file__).resolve().parent.parent.parent
LOCAL_FILE = "data/cifar10.npz"  # under ROOT

# The command as it has to be typed: `make` installs into .venv but does not activate it.
_IN_VENV = Path(sys.prefix) == ROOT / ".venv"
_VENV_PYTHON = r".venv\Scripts\python" if os.name == "nt" else ".venv/bin/python"
_SAVE_COMMAND = f"{_VENV_PYTHON if _IN_VENV else 'python'} -m helpers.data --save {LOCAL_FILE}"

_WAY_OUT = (
    f"To get CIFAR-10: with a network, run `{_SAVE_COMMAND}` in the project's folder, or copy "
    f"somebody's cifar10.npz to {LOCAL_FILE}. To work without it, set {VARIABLE}=standin."
)


def load_cifar10(source: str | os.PathLike | None = None) -> tuple[ArrayPair, ArrayPair]:
    """Returns the images and labels as `keras.datasets.cifar10.load_data()` does.

    Prints one line, `Images: ...`, that says where they come from.

    Args:
        source: What to load. None takes the value of COURSE_DATA, or `auto` if that is empty or
            not set.
            `auto`: the project's data/cifar10.npz if it exists; otherwise Keras' cache or
            download, which is kept as that file; otherwise the stand-in, with a notice that says
            why.
            `cifar10`: the same, but never the stand-in.
            `standin`: images drawn by a formula (see `helpers.data.standin`).
            A path: an .npz with the arrays x_train, y_train, x_test and y_test. A relative
            path is looked up first in the working directory, then in the project's folder.

    Returns:
        (x_train, y_train), (x_test, y_test): images, C-contiguous uint8 of shapes
        (50000, 32, 32, 3) and (10000, 32, 32, 3); labels 0 to 9 (see `CLASS_NAMES`), uint8 of
        shapes (50000, 1) and (10000, 1).

    Raises:
        DataError: There is no such source, the .npz is missing or bad, or CIFAR-10 can't be
            downloaded. A bad data/cifar10.npz is an error for `auto` too, because somebody put
            it there to be used.
    """
    asked_by = VARIABLE if source is None else "load_cifar10()"
    if source is None:
        source = os.environ.get(VARIABLE) or DEFAULT

    if source == "standin":
        return _load_standin()
    if source not in ("auto", "cifar10"):
        return _load_npz(_find(source, asked_by), os.fspath(source))
    local = ROOT / LOCAL_FILE
    if not os.path.lexists(local):
        try:
            with keras_cache.one_process_at_a_time():
                if not os.path.lexists(local):  # another process may have just written it
                    return _load_keras()
        except DataError as error:
            if source == "cifar10":
                raise DataError(f"{error}. {_WAY_OUT}") from None
            _print_notice(error)
            return _load_standin()
    return _load_npz(local, LOCAL_FILE)


def _load_keras() -> tuple[ArrayPair, ArrayPair]:
    """Loads CIFAR-10 through Keras and, if possible, keeps it as the project's file."""
    images = keras_cache.load_keras()
    _print_source("CIFAR-10, from Keras' cache", images)
    with contextlib.suppress(OSError):  # the folder can't be written, or the disk is full
        _write_npz(ROOT / LOCAL_FILE, lambda: images)
        print(f"Kept as {LOCAL_FILE}, which the course reads from now on.")
    return images


def _load_standin() -> tuple[ArrayPair, ArrayPair]:
    from helpers.data import standin

    images = standin.make_standin()
    _print_source("the stand-in, drawn by a formula - not CIFAR-10", images)
    return images


def _load_npz(path: Path, name: str) -> tuple[ArrayPair, ArrayPair]:
    try:
        images = npz.read_npz(path, name)
    except DataError as error:
        raise DataError(
            f"{error}. Use another file; with a network, `{_SAVE_COMMAND}` in the project's "
            "folder writes a good one."
        ) from None
    kind = "CIFAR-10, once re-encoded as JPEG" if npz.is_reencoded(path) else "CIFAR-10"
    _print_source(f"{kind}, from {_printable(path)}", images)
    return images


def _print_source(what: str, images: tuple[ArrayPair, ArrayPair]) -> None:
    (x_train, _), (x_test, _) = images
    print(f"Images: {what} ({len(x_train):,} to train, {len(x_test):,} to test)")


def _print_notice(error: DataError) -> None:
    # It goes to stdout, so that a notebook shows it as part of the cell's output and not as a
    # warning. A blank line comes first because Keras' progress bar, when interrupted, leaves its
    # line unfinished.
    print(
        "",
        "=" * 78,
        "THESE ARE NOT THE CIFAR-10 IMAGES, but a stand-in that is drawn by a formula.",
        f"Why: {error}.",
        f"To get the real ones: with a network, run  {_SAVE_COMMAND}",
        f"in the project's folder, or copy somebody's cifar10.npz to {LOCAL_FILE};",
        "then load again.",
        "=" * 78,
        sep="\n",
    )


def _printable(path: Path) -> str:
    """Returns `path` without its absolute part: committed notebooks keep what is printed."""
    path = Path(os.path.abspath(path))
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name


def _find(source: str | os.PathLike, asked_by: str) -> Path:
    path = Path(os.path.expanduser(source))
    for candidate in (path, ROOT / path):
        if os.path.lexists(candidate):
            return candidate
    if path.suffix.lower() == ".npz":
        raise DataError(
            f"{asked_by} asks for {os.fspath(source)!r}, and there is no such file, neither "
            f"from the working directory nor from the project's folder. {_WAY_OUT}"
        )
    raise DataError(
        f"{asked_by} asks for {os.fspath(source)!r}. "
        "Use auto, cifar10, standin, or the path of an .npz file."
    )


def save_cifar10(target: str | os.PathLike) -> None:
    """Writes CIFAR-10, from Keras' cache or download, to an .npz: all of it or nothing.

    Args:
        target: The file to write. An existing file is replaced; missing folders are created.

    Raises:
        DataError: CIFAR-10 can't be downloaded, or `target` can't be written.
    """
    path = Path(os.path.expanduser(target))
    try:
        with keras_cache.one_process_at_a_time():
            _write_npz(path, keras_cache.load_keras)
    except OSError as error:
        raise DataError(f"{target} can't be written: {error.strerror or error}") from None


def _write_npz(path: Path, load: Callable[[], tuple[ArrayPair, ArrayPair]]) -> None:
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    path.parent.mkdir(parents=True, exist_ok=True)
    # Opened before the download, so that nobody waits for 170 MB only to learn that the folder is
    # read-only.
    with files.replacing(path, "wb") as file:
        (x_train, y_train), (x_test, y_test) = load()
        np.savez(file, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
