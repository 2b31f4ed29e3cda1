"""Reading an `.npz` of images without trusting it."""

import zipfile
from pathlib import Path

import numpy as np

from helpers.data.cifar10 import SHAPES, ArrayPair
from helpers.data.errors import DataError

_REENCODED_TEST_IMAGES = 0x8DA84ADD  # the checksum of these images in the archive


def read_npz(path: Path, name: str) -> tuple[ArrayPair, ArrayPair]:
    """Reads and checks a whole .npz without unpickling. Messages call the file `name`."""
    try:
        if path.is_dir():
            raise DataError(f"{name} is a folder, not an .npz file")
        with open(path, "rb") as file:
            start = file.read(6)
            if not start:
                raise DataError(f"{name} is empty")
            if start == b"\x93NUMPY":
                raise DataError(f"{name} is a single array (.npy), not an .npz of four arrays")
            if not start.startswith(b"PK"):
                raise DataError(f"{name} is not an .npz file: it doesn't start like a zip archive")
            with zipfile.ZipFile(file) as archive:
                missing = [key for key in SHAPES if f"{key}.npy" not in archive.namelist()]
                if missing:
                    raise DataError(f"{name} lacks {', '.join(missing)}")
                # All headers are checked before any data is read, so an array of the wrong kind
                # costs no time and no memory, and is never unpickled.
                for key in SHAPES:
                    _check_header(archive, key, name)
                arrays = {key: _read_array(archive, key) for key in SHAPES}
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"{name} can't be read: {error.strerror or error}") from None
    except Exception as error:  # damaged bytes make zipfile, zlib and NumPy raise almost anything
        detail = f"{type(error).__name__}: {error}"
        raise DataError(f"{name} is cut short or damaged ({detail})") from error
    return checked_images(arrays, name)


def is_reencoded(path: Path) -> bool:
    """Returns whether the images are those of the copy behind the course's committed outputs.

    They were once encoded as JPEG, so some pixels differ from those of the original archive.
    """
    with zipfile.ZipFile(path) as archive:
        return archive.getinfo("x_test.npy").CRC == _REENCODED_TEST_IMAGES


def _check_header(archive: zipfile.ZipFile, key: str, name: str) -> None:
    with archive.open(f"{key}.npy") as member:
        np.lib.format.read_magic(member)
        shape, _, dtype = np.lib.format.read_array_header_1_0(member)
    _check_kind(key, shape, dtype, name)


def _read_array(archive: zipfile.ZipFile, key: str) -> np.ndarray:
    with archive.open(f"{key}.npy") as member:  # which checks the checksum at its end
        return np.lib.format.read_array(member, allow_pickle=False)


def _check_kind(key: str, shape: tuple[int, ...], dtype: np.dtype, name: str) -> None:
    if dtype.hasobject:
        raise DataError(
            f"{name} holds pickled objects as {key}; they could run any code and are never loaded"
        )
    if shape != SHAPES[key]:
        raise DataError(f"{name} has {key} of shape {shape} instead of {SHAPES[key]}")
    if key.startswith("x") and dtype != np.uint8:
        raise DataError(f"{name} has {key} of dtype {dtype} instead of uint8")
    if key.startswith("y") and not np.issubdtype(dtype, np.integer):
        raise DataError(f"{name} has {key} of dtype {dtype} instead of integers")


def checked_images(arrays: dict[str, np.ndarray], name: str) -> tuple[ArrayPair, ArrayPair]:
    """Checks arrays, and returns them as `load_cifar10` does: contiguous and uint8.

    Args:
        arrays: `x_train`, `y_train`, `x_test` and `y_test`.
        name: What an error message calls their source.

    Raises:
        DataError: An array has the wrong shape or kind, or a label is out of range.
    """
    for key, array in arrays.items():
        _check_kind(key, array.shape, array.dtype, name)
        if key.startswith("y") and not (0 <= array.min() and array.max() <= 9):
            raise DataError(
                f"{name} has labels from {array.min()} to {array.max()} in {key} instead of 0 to 9"
            )
    x_train, y_train, x_test, y_test = (
        np.ascontiguousarray(arrays[key], dtype=np.uint8) for key in SHAPES
    )
    return (x_train, y_train), (x_test, y_test)
