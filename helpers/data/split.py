"""Splitting images into a part to train on and a part to compare models on."""

import numbers

import numpy as np

from helpers.data.cifar10 import CLASS_NAMES, ArrayPair


def train_validation_split(
    x: np.ndarray,
    y: np.ndarray,
    *,
    validation: float = 10_000,
    train: int | None = None,
    seed: int = 0,
) -> tuple[ArrayPair, ArrayPair]:
    """Splits images at random into a part to train on and a part to compare models on.

    Every class has the same share of both parts as of `x`, to within one image. A purely random
    draw would add its own luck: among 1,000 images of CIFAR-10, a class would have 100 ± 9, and a
    model that is good at that class would look better or worse for no other reason.

    Args:
        x: Images, shape (N, ...).
        y: Labels, integers 0 to 9 of shape (N, 1) or (N,), or one-hot of shape (N, 10).
        validation: Size of the validation part: a number of images or, if it is a float, a
            fraction of N between 0 and 1.
        train: Number of images to train on; None takes all that remain.
        seed: Seed of the split. The same seed gives the same split.

    Returns:
        (x_train, y_train), (x_val, y_val): shuffled copies with the dtypes of `x` and `y`.

    Raises:
        ValueError: The lengths differ, the labels are of the wrong kind, or `x` doesn't hold
            as many images as both parts need.
    """
    x, y = np.asarray(x), np.asarray(y)
    labels = class_indices(y)
    if len(x) != len(y):
        raise ValueError(f"There are {len(x):,} images, but {len(y):,} labels.")
    n_val = _validation_size(validation, len(x))
    n_train = len(x) - n_val if train is None else train
    if not isinstance(n_train, numbers.Integral) or n_train < 1 or n_train + n_val > len(x):
        raise ValueError(
            f"From {len(x):,} images, {n_val:,} for validation leave {len(x) - n_val:,}: "
            f"train={train!r} must be a whole number from 1 to that."
        )

    # Deal the shuffled images out so that every class has its share of each prefix: the k-th of
    # the n images of a class is placed (k + 0.5) / n of the way through.
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


def occurs_in(known: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Returns a boolean mask of the images that also occur in `known`, compared byte by byte.

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


def class_indices(y: np.ndarray) -> np.ndarray:
    """Returns a copy of integer or one-hot labels as int64 class indices of shape (N,)."""
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
