import itertools

import numpy as np
import pytest

from helpers.data import occurs_in, train_validation_split

# Images to train on and to validate on, of 40 in four classes.
PINNED = (
    [17, 3, 20, 18, 23, 10],
    [24, 37, 34, 1, 4, 2, 27, 11],
)


def numbered(count=1000):
    """Images that carry their own number, and labels that follow from it."""
    x = np.arange(count).reshape(-1, 1, 1, 1) * np.ones((1, 2, 2, 3), np.int64)
    return x, (x[:, 0, 0, 0] % 10).reshape(-1, 1).astype(np.uint8)


def numbers_of(x):
    return x[:, 0, 0, 0]


def test_a_split_takes_each_image_once_and_keeps_its_label():
    x, y = numbered()
    (x_train, y_train), (x_val, y_val) = train_validation_split(x, y, validation=200)
    assert len(x_train) == len(y_train) == 800 and len(x_val) == len(y_val) == 200
    together = np.concatenate([numbers_of(x_train), numbers_of(x_val)])
    assert sorted(together) == list(range(1000))
    assert (numbers_of(x_train) % 10 == y_train[:, 0]).all()
    assert (numbers_of(x_val) % 10 == y_val[:, 0]).all()
    assert y_val.dtype == np.uint8 and y_val.shape == (200, 1)


def test_a_split_keeps_the_shares_of_unequal_classes_to_within_an_image():
    y = np.repeat([0, 3, 9], [700, 250, 50])
    (_, y_train), (_, y_val) = train_validation_split(y, y, validation=100, train=401)
    for label, share in ((0, 0.7), (3, 0.25), (9, 0.05)):
        assert abs((y_val == label).sum() - share * 100) <= 1
        assert abs((y_train == label).sum() - share * 401) <= 1


def test_a_split_is_shuffled_and_follows_the_seed():
    x, y = numbered()
    (first, _), (val, _) = train_validation_split(x, y, validation=100, seed=0)
    (again, _), _ = train_validation_split(x, y, validation=100, seed=0)
    (other, _), _ = train_validation_split(x, y, validation=100, seed=1)
    np.testing.assert_array_equal(first, again)
    assert set(numbers_of(first)) != set(numbers_of(other))
    for part in (first, val):
        assert (np.diff(numbers_of(part)) > 0).mean() < 0.65  # not sorted
        labels = numbers_of(part) % 10
        assert (np.diff(labels) == 0).mean() > 0.02  # nor dealt out class by class


def test_a_split_can_leave_images_out_for_a_small_budget():
    x, y = numbered()
    (x_train, _), (x_val, y_val) = train_validation_split(x, y, validation=0.1, train=50)
    assert len(x_train) == 50 and len(x_val) == 100
    assert not set(numbers_of(x_train)) & set(numbers_of(x_val))
    assert np.bincount(y_val[:, 0]).tolist() == [10] * 10


def test_a_split_of_one_hot_labels_is_the_split_of_their_indices():
    x, y = numbered()
    one_hot = np.eye(10, dtype=np.float32)[y[:, 0]]
    (_, y_train), (x_val, y_val) = train_validation_split(x, one_hot, validation=100)
    assert y_val.shape == (100, 10) and y_val.dtype == np.float32
    np.testing.assert_array_equal(y_val.argmax(axis=1), numbers_of(x_val) % 10)
    np.testing.assert_array_equal(
        y_train.argmax(1), train_validation_split(x, y, validation=100)[0][1][:, 0]
    )


def test_a_split_copies_so_that_the_large_array_can_be_freed():
    x, y = numbered()
    for array in itertools.chain(*train_validation_split(x, y, validation=100)):
        assert array.base is None and array.flags.c_contiguous


@pytest.mark.parametrize("validation", [0, -1, 1000, 1001, 0.0, 1.0, 1.5, 0.0001, True, "half"])
def test_a_split_refuses_a_validation_part_of_no_sense(validation):
    with pytest.raises(ValueError, match="validation="):
        train_validation_split(*numbered(), validation=validation)


@pytest.mark.parametrize("train", [0, -1, 901, 10.5])
def test_a_split_refuses_a_training_part_of_no_sense(train):
    with pytest.raises(ValueError, match=r"1,000 images, 100 for validation leave 900: train="):
        train_validation_split(*numbered(), validation=100, train=train)


def test_a_split_refuses_lengths_that_differ():
    x, y = numbered()
    with pytest.raises(ValueError, match="1,000 images, but 999 labels"):
        train_validation_split(x, y[1:])


@pytest.mark.parametrize(
    "labels, complaint",
    [
        (np.full((1000, 1), 10), "from 0 to 9"),
        (np.full((1000, 1), -1), "from 0 to 9"),
        (np.zeros((1000, 1)), "must be integers"),
        (np.zeros((1000, 2), int), "must be integers"),
        (np.zeros((1000, 10)), "not one-hot"),
        (np.full((1000, 10), 0.1), "not one-hot"),
    ],
)
def test_a_split_refuses_labels_of_another_kind(labels, complaint):
    with pytest.raises(ValueError, match=complaint):
        train_validation_split(numbered()[0], labels, validation=100)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"y": np.zeros(999, int)}, "There are 1,000 images, but 999 labels."),
        (
            {"train": 10.5},
            "From 1,000 images, 100 for validation leave 900: train=10.5 must be a whole number "
            "from 1 to that.",
        ),
        (
            {"validation": "half"},
            "validation='half' must be a whole number of images or a fraction between 0 and 1.",
        ),
        (
            {"validation": 2_000},
            "validation=2000 asks for 2,000 of 1,000 images; at least one must be for validation "
            "and one to train on.",
        ),
        (
            {"y": np.full((1000, 10), 0.1)},
            "These labels have ten columns, but are not one-hot.",
        ),
        (
            {"y": np.zeros((1000, 2), int)},
            "Labels must be integers of shape (N, 1) or (N,), or one-hot of shape (N, 10), but "
            "they are int64 of shape (1000, 2).",
        ),
        ({"y": np.arange(1000) - 1}, "Labels must be from 0 to 9, but are from -1 to 998."),
    ],
)
def test_a_split_says_what_it_refuses(how, message):
    x, y = numbered()
    arguments = {"y": y, "validation": 100, **how}
    with pytest.raises(ValueError) as caught:
        train_validation_split(x, arguments.pop("y"), **arguments)
    assert str(caught.value).replace("int32", "int64") == message  # as Windows counts


def test_a_split_goes_to_its_limits():
    x, y = numbered(40)
    for validation, train, sizes in ((1, None, (39, 1)), (39, 1, (1, 39)), (0.5, 20, (20, 20))):
        (x_train, _), (x_val, _) = train_validation_split(x, y, validation=validation, train=train)
        assert (len(x_train), len(x_val)) == sizes


def test_a_split_takes_10_000_images_for_validation_by_default():
    y = np.arange(10_100) % 10
    (x_train, _), (x_val, _) = train_validation_split(y, y)
    assert (len(x_train), len(x_val)) == (100, 10_000)
    again = train_validation_split(y, np.arange(10_100) % 10, seed=0)[0][0]
    np.testing.assert_array_equal(x_train, again)


def test_the_split_of_a_seed_never_changes():
    """The recorded trials were trained on the split of seed 0."""
    numbers = np.arange(40)
    (x_train, _), (x_val, _) = train_validation_split(numbers, numbers % 4, validation=8, train=6)
    assert (x_train.tolist(), x_val.tolist()) == PINNED


def test_an_image_occurs_in_a_set_only_byte_by_byte():
    known = np.arange(12, dtype=np.uint8).reshape(3, 2, 2)
    images = np.concatenate([known[1:], known[:1] + 1])
    mask = occurs_in(known, images)
    assert mask.dtype == bool and mask.tolist() == [True, True, False]
    assert occurs_in(known, images[:0]).dtype == bool
