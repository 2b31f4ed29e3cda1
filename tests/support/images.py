"""Small sets of images, and what loading them should give."""

import numpy as np
import pytest

from helpers.data import DataError, load_cifar10

SMALL = {
    "x_train": (100, 32, 32, 3),
    "y_train": (100, 1),
    "x_test": (20, 32, 32, 3),
    "y_test": (20, 1),
}


def arrays(**changes):
    """Returns good arrays of the small sizes, with `changes`; None leaves one out."""
    rng = np.random.default_rng(1)
    good = {
        key: rng.integers(0, 256 if "x" in key else 10, shape, dtype=np.uint8)
        for key, shape in SMALL.items()
    }
    return {key: array for key, array in (good | changes).items() if array is not None}


def is_standin(images):
    return (images[0][0] == 77).all()


def refusal(source=None):
    """Returns the message with which `source` is refused."""
    with pytest.raises(DataError) as caught:
        load_cifar10(source)
    return str(caught.value)


def is_archive(images):
    (x_train, y_train), (x_test, y_test) = images
    return (
        x_train[0, 0, 0].tolist() == [1, 20, 30]
        and x_train[49_999, 0, 0].tolist() == [5, 20, 30]
        and x_test[9_999, 0, 0].tolist() == [6, 20, 30]
        and (x_test[:, 31, 31] == (10, 20, 30)).all()
        and y_train[49_999, 0] == y_test[9_999, 0] == 9
    )
