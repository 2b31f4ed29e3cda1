"""Data of every kind that `fit` takes."""

from inspect import isfunction

import keras
import numpy as np
import pandas
import pytest

from helpers.preflight import batches
from tests.support.backends import needs_tensorflow, tf

ROWS = np.arange(12.0).reshape(6, 2)


class Batches(keras.utils.PyDataset):
    def __init__(self, number):
        super().__init__()
        self.number = number

    def __len__(self):
        return self.number

    def __getitem__(self, index):
        return np.full((2, 1), index), np.zeros(2)


class Endless(keras.utils.PyDataset):
    num_batches = None

    def __getitem__(self, index):
        return np.full((2, 1), index), np.zeros(2)


class WithoutLength(keras.utils.PyDataset):
    def __getitem__(self, index):
        return np.full((2, 1), index), np.zeros(2)


# Made in the tests and not when this file is imported: TensorFlow does not survive a fork once it
# has computed anything.
def dataset():
    return tf.data.Dataset.from_tensor_slices(ROWS).batch(2)


def tensor():
    return keras.ops.convert_to_tensor(ROWS)


def made(data):
    return data() if isfunction(data) else data


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (None, batches.NONE),
        (ROWS, batches.ARRAYS),
        (tensor, batches.ARRAYS),
        (pandas.DataFrame(ROWS), batches.ARRAYS),
        ([ROWS, ROWS], batches.ARRAYS),
        ({"one": ROWS, "two": (ROWS, ROWS)}, batches.ARRAYS),
        pytest.param(dataset, batches.BATCHES, marks=needs_tensorflow),
        (Batches(3), batches.BATCHES),
        ((row for row in ROWS), batches.STREAM),
        (iter([ROWS]), batches.STREAM),
        ([[1.0, 2.0], [3.0, 4.0]], batches.UNKNOWN),
        ([], batches.UNKNOWN),
        (np.array(3.0), batches.UNKNOWN),
        ("images/", batches.UNKNOWN),
    ],
)
def test_the_kind_of_data(data, kind):
    assert batches.kind_of(made(data)) == kind


@pytest.mark.parametrize(
    "data",
    [
        ROWS,
        tensor,
        pandas.DataFrame(ROWS),
        [ROWS, ROWS[:, 0]],
        {"one": ROWS},
    ],
)
def test_rows_are_taken_from_every_structure(data):
    data = made(data)
    assert batches.length(data) == 6
    taken = batches.take_rows(data, 1, 3)
    assert batches.length(taken) == 2 and type(taken) is type(data)
    assert np.asarray(keras.tree.flatten(taken)[0]).tolist() == [[2, 3], [4, 5]]


def test_what_is_no_array_stays_whole():
    assert batches.take_rows([0, 1, 2], 0, 1) == [0, 1, 2]


def test_several_arrays_are_compared_by_their_bytes():
    assert batches.rows_as_arrays(ROWS) is ROWS
    side_by_side = batches.rows_as_arrays([ROWS, np.arange(6, dtype="int32")])
    assert side_by_side.dtype == np.uint8 and side_by_side.shape == (6, 2 * 8 + 4)
    assert len(np.unique(side_by_side, axis=0)) == 6
    assert batches.rows_as_arrays([ROWS, ROWS[:3]]) is None
    assert batches.rows_as_arrays(pandas.DataFrame({"a": [1], "b": ["x"]})) is None


@pytest.mark.parametrize(
    ("data", "steps", "endless"),
    [
        (ROWS, 2, False),
        (ROWS[:4], 1, False),
        pytest.param(dataset, 3, False, marks=needs_tensorflow),
        pytest.param(lambda: dataset().repeat(), None, True, marks=needs_tensorflow),
        pytest.param(lambda: dataset().filter(lambda _: True), None, False, marks=needs_tensorflow),
        (Batches(5), 5, False),
        (Endless(), None, True),
        (WithoutLength(), None, True),
        (iter([ROWS]), None, False),
        (None, None, False),
    ],
)
def test_steps_are_counted_where_they_are_known(data, steps, endless):
    data = made(data)
    assert batches.count_steps(data, 4) == steps
    assert batches.is_endless(data) == endless


@pytest.mark.parametrize(
    ("data", "wanted", "steps"),
    [
        pytest.param(dataset, 2, 2, marks=needs_tensorflow),
        # The last one may be shorter.
        pytest.param(dataset, 3, 2, marks=needs_tensorflow),
        pytest.param(lambda: dataset().take(1), 4, 1, marks=needs_tensorflow),
        pytest.param(lambda: dataset().repeat(), 4, 4, marks=needs_tensorflow),
        (Batches(5), 2, 2),
        (Batches(5), 9, 4),
        (Endless(), 4, 4),
    ],
)
def test_the_first_batches_of_a_data_set(data, wanted, steps):
    data = made(data)
    first = batches.first_batches(data, wanted)
    assert batches.count_steps(first, 1) == steps
    if isinstance(data, keras.utils.PyDataset):
        assert first[1][0].tolist() == [[1], [1]]
