"""Where the images come from, how they are split, and a test set that opens once.

`python -m helpers.data --save data/cifar10.npz` downloads CIFAR-10 once for a whole class.
"""

import argparse
import errno
import http.client
import numbers
import os
import pickle
import socket
import ssl
import sys
import tarfile
import urllib.error
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

VARIABLE = "COURSE_DATA"
DEFAULT = "auto"
ROOT = Path(__file__).resolve().parent.parent
LOCAL_FILE = "data/cifar10.npz"  # under ROOT

# Seconds without a byte after which a download is given up. Keras itself waits for ever.
DOWNLOAD_TIMEOUT = 20.0

CLASS_NAMES: tuple[str, ...] = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)

SHAPES = {
    "x_train": (50_000, 32, 32, 3),
    "y_train": (50_000, 1),
    "x_test": (10_000, 32, 32, 3),
    "y_test": (10_000, 1),
}

ArrayPair = tuple[np.ndarray, np.ndarray]

# As it has to be typed: `make` installs into .venv and activates nothing.
_IN_VENV = Path(sys.prefix) == ROOT / ".venv"
_VENV_PYTHON = r".venv\Scripts\python" if os.name == "nt" else ".venv/bin/python"
_SAVE_COMMAND = f"{_VENV_PYTHON if _IN_VENV else 'python'} -m helpers.data --save {LOCAL_FILE}"
_WAY_OUT = (
    f"To get CIFAR-10: with a network, run `{_SAVE_COMMAND}` in the project's folder, or copy "
    f"somebody's cifar10.npz to {LOCAL_FILE}. To work without it, set {VARIABLE}=standin."
)


class DataError(Exception):
    """The images can't be had; the message says why, and what to do about it."""


# --- Loading ------------------------------------------------------------------------------


def load_cifar10(source: str | os.PathLike | None = None) -> tuple[ArrayPair, ArrayPair]:
    """Returns the images and labels as `keras.datasets.cifar10.load_data()` does.

    Prints one line, `Images: ...`, that says where they come from.

    Args:
        source: What to load; None reads the variable COURSE_DATA, and `auto` if that is not
            set or empty.
            `auto`: data/cifar10.npz of the project if there is such a file, otherwise Keras'
            cache or download, otherwise the stand-in, with a notice that says why.
            `cifar10`: the same, but never the stand-in.
            `standin`: images drawn by a formula (see `helpers.standin`).
            A path: an .npz with the arrays x_train, y_train, x_test and y_test. A relative
            path is looked up in the working directory, then in the project's folder.

    Returns:
        (x_train, y_train), (x_test, y_test): images, C-contiguous uint8 of shapes
        (50000, 32, 32, 3) and (10000, 32, 32, 3); labels 0 to 9 (see `CLASS_NAMES`), uint8 of
        shapes (50000, 1) and (10000, 1).

    Raises:
        DataError: There is no such source, the .npz is missing or bad, or CIFAR-10 can't be
            downloaded. A bad data/cifar10.npz is an error for `auto` too: somebody put it
            there to be used.
    """
    asked_by = VARIABLE if source is None else "load_cifar10()"
    if source is None:
        source = os.environ.get(VARIABLE) or DEFAULT

    if source == "standin":
        return _load_standin()
    if source not in ("auto", "cifar10"):
        return _load_npz(_find(source, asked_by), os.fspath(source))
    if os.path.lexists(ROOT / LOCAL_FILE):
        return _load_npz(ROOT / LOCAL_FILE, LOCAL_FILE)
    try:
        images = _load_keras()
    except DataError as error:
        if source == "cifar10":
            raise DataError(f"{error}. {_WAY_OUT}") from None
        _print_notice(error)
        return _load_standin()
    _print_source("CIFAR-10, from Keras' cache", images)
    return images


def _load_standin() -> tuple[ArrayPair, ArrayPair]:
    from helpers import standin

    images = standin.make_standin()
    _print_source("the stand-in, drawn by a formula - not CIFAR-10", images)
    return images


def _load_npz(path: Path, name: str) -> tuple[ArrayPair, ArrayPair]:
    try:
        images = _read_npz(path, name)
    except DataError as error:
        raise DataError(
            f"{error}. Use another file; with a network, `{_SAVE_COMMAND}` in the project's "
            "folder writes a good one."
        ) from None
    _print_source(f"CIFAR-10, from {_printable(path)}", images)
    return images


def _print_source(what: str, images: tuple[ArrayPair, ArrayPair]) -> None:
    (x_train, _), (x_test, _) = images
    print(f"Images: {what} ({len(x_train):,} to train, {len(x_test):,} to test)")


def _print_notice(error: DataError) -> None:
    # On stdout: a notebook shows it as part of the cell's output, not as a warning. The blank
    # line comes first because an interrupted progress bar of Keras doesn't end its line.
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


# --- Reading an .npz ----------------------------------------------------------------------


def _read_npz(path: Path, name: str) -> tuple[ArrayPair, ArrayPair]:
    """Reads and checks all of an .npz; `name` is what messages call it. Never unpickles."""
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
                # All headers before any data: an array of the wrong kind costs no time, no
                # memory and no unpickling.
                for key in SHAPES:
                    _check_header(archive, key, name)
                arrays = {key: _read_array(archive, key) for key in SHAPES}
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"{name} can't be read: {error.strerror or error}") from None
    except Exception as error:  # zipfile, zlib and NumPy raise about anything on damaged bytes
        detail = f"{type(error).__name__}: {error}"
        raise DataError(f"{name} is cut short or damaged ({detail})") from error
    return _checked_images(arrays, name)


def _check_header(archive: zipfile.ZipFile, key: str, name: str) -> None:
    with archive.open(f"{key}.npy") as member:
        np.lib.format.read_magic(member)
        shape, _, dtype = np.lib.format.read_array_header_1_0(member)
    _check_kind(key, shape, dtype, name)


def _read_array(archive: zipfile.ZipFile, key: str) -> np.ndarray:
    with archive.open(f"{key}.npy") as member:  # which compares the checksum at its end
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


def _checked_images(arrays: dict[str, np.ndarray], name: str) -> tuple[ArrayPair, ArrayPair]:
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


# --- Keras' cache and download ------------------------------------------------------------


def _load_keras() -> tuple[ArrayPair, ArrayPair]:
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
    return _checked_images(
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
            if link.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                return "there is no room on the disk (it is full, or a quota is reached)"
            if link.filename is not None:
                return f"Keras' folder `datasets` can't be used ({link.strerror})"
        # Keras hides the URLError in the context, and the URLError the socket's in its reason.
        reason = getattr(link, "reason", None)
        link = reason if isinstance(reason, BaseException) else link.__context__
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def save_cifar10(target: str | os.PathLike) -> None:
    """Writes CIFAR-10, from Keras' cache or download, to an .npz; all of it or nothing.

    Args:
        target: The file to write, replaced if it exists; missing folders are made.

    Raises:
        DataError: CIFAR-10 can't be downloaded, or `target` can't be written.
    """
    path = Path(os.path.expanduser(target))
    try:
        _write_npz(path)
    except OSError as error:
        raise DataError(f"{target} can't be written: {error.strerror or error}") from None


def _write_npz(path: Path) -> None:
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    path.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, so that replacing is atomic, and opened before the download, so that
    # nobody waits for 170 MB to learn that the folder is read-only. Not by `tempfile`, whose
    # files only their owner can read.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    file = open(temporary, "wb")
    try:
        with file:
            (x_train, y_train), (x_test, y_test) = _load_keras()
            np.savez(file, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


# --- Splitting ----------------------------------------------------------------------------


def train_validation_split(
    x: np.ndarray,
    y: np.ndarray,
    *,
    validation: float = 10_000,
    train: int | None = None,
    seed: int = 0,
) -> tuple[ArrayPair, ArrayPair]:
    """Splits images at random into a part to train on and a part to compare models on.

    Every class has the same share in both parts as in `x`, to within an image. A purely
    random draw would add its own luck: in 1,000 images of CIFAR-10, a class would have
    100 ± 9, and a model that is good at it would look better or worse for no other reason.

    Args:
        x: Images, shape (N, ...).
        y: Labels, integers 0 to 9 of shape (N, 1) or (N,), or one-hot of shape (N, 10).
        validation: Size of the validation part: a number of images, or a fraction of N
            between 0 and 1 if it is a float.
        train: Number of images to train on; None takes all that remain.
        seed: The same seed gives the same split.

    Returns:
        (x_train, y_train), (x_val, y_val): copies, shuffled, of the dtypes of `x` and `y`.

    Raises:
        ValueError: The lengths differ, the labels are of another kind, or `x` doesn't hold
            as many images as both parts need.
    """
    x, y = np.asarray(x), np.asarray(y)
    labels = _class_indices(y)
    if len(x) != len(y):
        raise ValueError(f"There are {len(x):,} images, but {len(y):,} labels.")
    n_val = _validation_size(validation, len(x))
    n_train = len(x) - n_val if train is None else train
    if not isinstance(n_train, numbers.Integral) or n_train < 1 or n_train + n_val > len(x):
        raise ValueError(
            f"From {len(x):,} images, {n_val:,} for validation leave {len(x) - n_val:,}: "
            f"train={train!r} must be a whole number from 1 to that."
        )

    # Deal the shuffled images out so that each prefix has every class in its share: the k-th
    # of the n images of a class comes at (k + 0.5) / n of the way.
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(x))
    position = np.empty(len(x))
    for label in np.unique(labels):
        (where,) = np.nonzero(labels[order] == label)
        position[where] = (np.arange(len(where)) + 0.5) / len(where)
    dealt = order[np.argsort(position, kind="stable")]
    in_val = rng.permutation(dealt[:n_val])
    in_train = rng.permutation(dealt[n_val : n_val + n_train])
    return (x[in_train], y[in_train]), (x[in_val], y[in_val])


def among(known: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Returns of each image whether the same one, bit by bit, is among the known ones.

    Args:
        known: Shape (N, ...).
        images: Shape (M, ...), of the same dtype.

    Returns:
        bool, shape (M,).
    """
    known_bytes = {image.tobytes() for image in np.asarray(known)}
    return np.array([image.tobytes() in known_bytes for image in np.asarray(images)], dtype=bool)


def _validation_size(validation: float, total: int) -> int:
    if isinstance(validation, numbers.Integral) and not isinstance(validation, bool):
        size = int(validation)
    elif isinstance(validation, numbers.Real) and 0 < validation < 1:
        size = round(validation * total)
    else:
        raise ValueError(
            f"validation={validation!r} must be a whole number of images or a fraction "
            "between 0 and 1."
        )
    if not 1 <= size < total:
        raise ValueError(
            f"validation={validation!r} asks for {size:,} of {total:,} images; at least one "
            "must be for validation and one to train on."
        )
    return size


def _class_indices(y: np.ndarray) -> np.ndarray:
    """Returns integer or one-hot labels as int64 class indices of shape (N,), a copy."""
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] == len(CLASS_NAMES):
        if not (np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all()):
            raise ValueError("These labels have ten columns, but are not one-hot.")
        return y.argmax(axis=1)
    if not np.issubdtype(y.dtype, np.integer) or y.shape not in ((len(y),), (len(y), 1)):
        raise ValueError(
            "Labels must be integers of shape (N, 1) or (N,), or one-hot of shape (N, 10), "
            f"but they are {y.dtype} of shape {y.shape}."
        )
    if y.size and not (0 <= y.min() and y.max() < len(CLASS_NAMES)):
        raise ValueError(f"Labels must be from 0 to 9, but are from {y.min()} to {y.max()}.")
    return y.reshape(-1).astype(np.int64)


# --- The test set -------------------------------------------------------------------------


class TestSetOpenedError(Exception):
    """Somebody asked for a second look at a sealed test set."""

    __test__ = False  # not a test, whatever pytest thinks of its name


@dataclass(frozen=True, eq=False)
class TestResult:
    """What one look at the test set showed.

    Attributes:
        loss: Mean cross-entropy, in nats.
        accuracy: Share of the images whose class is predicted correctly, 0 to 1.
        predictions: The most probable class of each image, int64 of shape (N,).
        labels: The true class of each image, int64 of shape (N,).
        confusion: Number of images by true class (row) and predicted class (column), int64
            of shape (10, 10).
    """

    __test__ = False  # not a test, whatever pytest thinks of its name

    loss: float
    accuracy: float
    predictions: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)
    confusion: np.ndarray = field(repr=False)


class SealedTestSet:
    """A test set that judges one model, once.

    Whoever looks at the test set twice can choose, and the better of two scores is too good
    on average: it was picked for its luck on just these images.

    Args:
        x_test: Images, shape (N, ...).
        y_test: Labels, integers 0 to 9 of shape (N, 1) or (N,), or one-hot of shape (N, 10).

    Attributes:
        looks: How many times the set was opened.
        result: What the latest look showed; None while the set is sealed.

    Raises:
        ValueError: The lengths differ, there are no images, or the labels are of another kind.
    """

    def __init__(self, x_test: np.ndarray, y_test: np.ndarray) -> None:
        """Seals the images and labels, which are described above."""
        self._x = np.asarray(x_test)
        self._labels = _class_indices(y_test)
        if not len(self._x) or len(self._x) != len(self._labels):
            raise ValueError(f"There are {len(self._x):,} images and {len(y_test):,} labels.")
        self.looks = 0
        self.result: TestResult | None = None

    def __repr__(self) -> str:
        """Returns whether the set is sealed and what it scored, but no data."""
        if self.result is None:
            return f"SealedTestSet({len(self._x):,} images, sealed)"
        looks = "once" if self.looks == 1 else f"{self.looks} times"
        return (
            f"SealedTestSet({len(self._x):,} images, opened {looks}, "
            f"accuracy {self.result.accuracy:.4f})"
        )

    def contains(self, images: np.ndarray) -> np.ndarray:
        """Returns of each of some images whether it is in this set; that opens nothing.

        Args:
            images: Shape (M, ...), of the dtype of the test images.

        Returns:
            bool, shape (M,).
        """
        return among(self._x, images)

    def evaluate(self, model, *, batch_size: int = 256, again: bool = False) -> TestResult:
        """Opens the set and judges `model`, with one forward pass over all images.

        Args:
            model: A Keras model (or anything with its `predict`) that turns the images into
                the probabilities of the ten classes, shape (N, 10).
            batch_size: Images per step.
            again: Look once more although the set is open, and print what that costs.

        Returns:
            The result, which is also kept in `result`.

        Raises:
            TestSetOpenedError: The set was opened before, and `again` is False.
            ValueError: The model's output is not ten finite probabilities per image. The set
                stays as it was, as it does if the model itself raises.
        """
        if self.looks and not again:
            raise TestSetOpenedError(
                f"This test set is open: it gave an accuracy of {self.result.accuracy:.4f} "
                "(see `result`). Who scores several models on it and keeps the best has "
                "chosen by it, and a score that was chosen for being high is too optimistic. "
                "Compare models on validation data. To look all the same: again=True."
            )
        probabilities = np.asarray(model.predict(self._x, batch_size=batch_size, verbose=0))
        result = _judge(probabilities, self._labels)
        self.looks += 1
        if self.looks > 1:
            print(
                f"Look {self.looks} at the test set: accuracy {result.accuracy:.4f}, before "
                f"{self.result.accuracy:.4f}.\n"
                "What it costs: if anything is chosen by these scores, the better one is too "
                "optimistic,\nand only new images could say by how much. Report the first "
                f"one, or say that you looked {self.looks} times."
            )
        self.result = result
        return result


def _judge(probabilities: np.ndarray, labels: np.ndarray) -> TestResult:
    classes = len(CLASS_NAMES)
    if probabilities.shape != (len(labels), classes):
        raise ValueError(
            f"The model's output has shape {probabilities.shape} instead of "
            f"{(len(labels), classes)}: its last layer must have one unit per class."
        )
    if not np.isfinite(probabilities).all():
        raise ValueError("The model's output has values that are not finite: training diverged.")
    # A wide tolerance: with mixed precision, ten float16 values round their sum away from 1.
    if probabilities.min() < 0 or not np.allclose(probabilities.sum(axis=1), 1, atol=0.02):
        raise ValueError(
            "The model's output is not a probability for each class: end it with softmax."
        )
    predictions = probabilities.argmax(axis=1)
    of_truth = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    confusion = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(confusion, (labels, predictions), 1)
    return TestResult(
        loss=float(-np.log(np.maximum(of_truth, 1e-7)).mean()),  # 1e-7 as in Keras: no log(0)
        accuracy=float((predictions == labels).mean()),
        predictions=predictions,
        labels=labels.copy(),
        confusion=confusion,
    )


# --- Command line -------------------------------------------------------------------------


def _import_keras_quietly() -> None:
    """Imports Keras without TensorFlow's start-up lines, which its C++ writes to stderr."""
    stderr = os.dup(2)
    try:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        import keras  # noqa: F401
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


def main(argv: list[str] | None = None) -> int:
    """Runs `python -m helpers.data`; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.data",
        description="Downloads CIFAR-10 (170 MB) through Keras, unless Keras' cache has it, and "
        "writes it to one .npz of 184 MB that can be handed to a whole class.",
        epilog=f"The course finds {LOCAL_FILE} by itself; for any other place, set "
        f"{VARIABLE} to its path.",
    )
    parser.add_argument(
        "--save", metavar="FILE", required=True, help=f"the file to write, e.g. {LOCAL_FILE}"
    )
    target = parser.parse_args(argv).save
    _import_keras_quietly()
    try:
        save_cifar10(target)
    except DataError as error:
        print(f"{error}.", file=sys.stderr)
        return 1
    megabytes = os.path.getsize(os.path.expanduser(target)) / 1e6
    print(f"Wrote {target}: CIFAR-10, 50,000 images to train, 10,000 to test, {megabytes:.0f} MB.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
