"""Data as `fit` takes them: of what kind they are, how many steps they make, how they begin.

Nothing here changes the data. A generator is never read, since it can be read only once.
"""

import math
from typing import Any

import keras
import numpy as np

ARRAYS, BATCHES, STREAM, NONE, UNKNOWN = "arrays", "batches", "stream", "none", "unknown"


def kind_of(data: Any) -> str:
    """Returns what kind of data these are.

    Args:
        data: What `Model.fit` takes as `x` or as `validation_data[0]`.

    Returns:
        `ARRAYS`: an array, a tensor, a DataFrame, or a list, tuple or dictionary of them;
        `BATCHES`: a `tf.data.Dataset` or a `PyDataset`; `STREAM`: a generator or another iterator;
        `NONE`; or `UNKNOWN`.
    """
    if data is None:
        return NONE
    if isinstance(data, keras.utils.PyDataset) or _is_tf_dataset(data):
        return BATCHES
    if hasattr(data, "__next__"):
        return STREAM
    leaves = keras.tree.flatten(data)
    return ARRAYS if leaves and all(map(_is_array, leaves)) else UNKNOWN


def length(arrays: Any) -> int:
    """Returns the number of examples in an array, or in a structure of arrays of equal length."""
    return int(keras.tree.flatten(arrays)[0].shape[0])


def take_rows(arrays: Any, start: int, stop: int | None) -> Any:
    """Returns the examples from `start` to `stop`, in the structure and the types of `arrays`.

    What is not an array, such as a list of numbers, stays whole; `fit` will refuse it.
    """

    def take(leaf: Any) -> Any:
        rows: Any = getattr(leaf, "iloc", leaf)
        return rows[start:stop] if _is_array(leaf) else leaf

    return keras.tree.map_structure(take, arrays, none_is_leaf=False)


def rows_as_arrays(arrays: Any) -> np.ndarray | None:
    """Returns examples as one NumPy array, or None where they can't be put into one.

    Args:
        arrays: An array, shape (N, ...), or a structure of several, with N examples each.

    Returns:
        Shape (N, ...) and the dtype of the array; for several arrays, their bytes side by side:
        uint8, shape (N, bytes of an example).
    """
    leaves = [np.asarray(leaf) for leaf in keras.tree.flatten(arrays)]
    if any(leaf.dtype == object for leaf in leaves):
        return None
    if len(leaves) == 1:
        return leaves[0]
    if len({len(leaf) for leaf in leaves}) != 1:
        return None
    flat = [np.ascontiguousarray(leaf).reshape(len(leaf), -1).view(np.uint8) for leaf in leaves]
    return np.concatenate(flat, axis=1)


def count_steps(data: Any, batch_size: int) -> int | None:
    """Returns the number of batches in an epoch, or None if they are endless or unknown.

    Args:
        data: Of any kind.
        batch_size: Examples in a batch, if the data are arrays.
    """
    if kind_of(data) == ARRAYS:
        return math.ceil(length(data) / batch_size)
    if isinstance(data, keras.utils.PyDataset):
        try:
            return data.num_batches
        except NotImplementedError:  # the user gave no length, and Keras reads on and on
            return None
    if _is_tf_dataset(data):
        steps = int(data.cardinality())
        return None if steps < 0 else steps  # endless, or not known before they are read
    return None


def is_endless(data: Any) -> bool:
    """Returns whether a `tf.data.Dataset` or a `PyDataset` is known to have no end."""
    if isinstance(data, keras.utils.PyDataset):
        return count_steps(data, 1) is None
    # TensorFlow's code for it is tf.data.INFINITE_CARDINALITY.
    return _is_tf_dataset(data) and int(data.cardinality()) == -1


def first_batches(data: Any, number: int) -> Any:
    """Returns a data set of the first batches of a `tf.data.Dataset` or a `PyDataset`.

    The very last batch is left out where there are others: it may be shorter, and TensorFlow would
    compile the model once more for it.
    """
    if (steps := count_steps(data, 1)) is not None:
        number = min(number, max(steps - 1, 1))
    if isinstance(data, keras.utils.PyDataset):
        return _Beginning(data, number)
    return data.take(number)


class _Beginning(keras.utils.PyDataset):
    """The first batches of a `PyDataset`, which is not told when an epoch ends."""

    def __init__(self, whole: keras.utils.PyDataset, number: int) -> None:
        super().__init__()
        self._whole, self._number = whole, number

    def __len__(self) -> int:
        return self._number

    def __getitem__(self, index: int) -> Any:
        return self._whole[index]


def _is_array(leaf: Any) -> bool:
    return hasattr(leaf, "__getitem__") and len(getattr(leaf, "shape", ())) > 0


def _is_tf_dataset(data: Any) -> bool:
    # By name: with a backend other than TensorFlow, there is no need to import it.
    return hasattr(data, "take") and any(
        base.__module__.startswith("tensorflow") and base.__name__ == "DatasetV2"
        for base in type(data).__mro__
    )
