"""Notebook 02: wrong answers to its exercises, each with words of the sentence that refuses it."""

from typing import Any

import numpy as np

NOTEBOOK = "02_look_at_cifar10"


def names() -> dict[str, Any]:
    """Returns what the self-checks take from the cells before them: here, small coloured images."""
    import keras

    from helpers.data import CLASS_NAMES

    rng = np.random.default_rng(0)
    labels = rng.integers(10, size=2000)
    images = rng.integers(100, size=(2000, 4, 4, 3), dtype=np.uint8)
    images[labels == 0, ..., 2] += 80  # airplanes, the bluest
    images[labels == 8, ..., 2] += 60  # ships
    images[labels == 2, ..., 1:] += 40  # as bright as blue, but green as well
    y_train = keras.utils.to_categorical(labels, num_classes=10)
    return {
        "np": np, "keras": keras, "CLASS_NAMES": CLASS_NAMES, "x_train": images, "y_train": y_train
    }  # fmt: skip


def colours(images, labels):
    return np.stack([images[labels == label].mean(axis=(0, 1, 2)) for label in range(10)])


def two_largest(amount):
    return lambda images, labels: set(np.argsort(amount(colours(images, labels)))[-2:]) == {0, 8}


def bluest_is_airplane(images, labels):
    means = colours(images, labels)
    return (means[:, 2] - means[:, 0]).argmax() == 0


def bluest_holds_ship(images, labels):
    means = colours(images, labels)
    return 8 in np.argsort(means[:, 2] - means[:, 0])[-2:]


def split_by(order_of):
    """Returns a split whose order of places is `order_of(number, validation, seed)`."""

    def split(images, labels, validation, seed):
        places = order_of(len(images), validation, seed)
        val, train = places[:validation], places[validation:]
        return (images[train], labels[train]), (images[val], labels[val])

    return split


def shuffle(number, validation, seed):
    return np.random.default_rng(seed).permutation(number)


def split_twice(images, labels, validation, seed):
    (train, _), (val, _) = split_by(shuffle)(images, labels, validation, seed)
    (_, y_train), (_, y_val) = split_by(shuffle)(images, labels, validation, seed + 1)
    return (train, y_train), (val, y_val)


def keep_all(images, labels, validation, seed):
    _, val = split_by(shuffle)(images, labels, validation, seed)
    return (images[:-validation], labels[:-validation]), val


def swap(images, labels, validation, seed):
    train, val = split_by(shuffle)(images, labels, validation, seed)
    return val, train


TASKS = ("mean", "epoch", "report", "rates", "models")
SETS = ("training", "validation", "test", "validation", "validation")


def sort(**wrong):
    return {**dict(zip(TASKS, SETS, strict=True)), **wrong}


def fits(colours=3, gib=2**30, size=lambda dtype: np.dtype(dtype).itemsize, half=0):
    def count(memory, height, width, dtype):
        return int(memory * gib / (height * width * colours * size(dtype)) + half)

    return count


WRONG = {
    "a": [
        (lambda images, labels: False, "It refuses labels that are right"),
        (lambda images, labels: True, "It accepts airplanes that are called horses"),
        (lambda images, labels: len(images) == len(labels), "It accepts airplanes"),
        (two_largest(lambda means: means[:, 0] - means[:, 2]), "It refuses labels that are right"),
        (bluest_is_airplane, "It accepts ships that are called frogs"),
        (bluest_holds_ship, "It accepts airplanes that are called horses"),
    ],
    "b": [
        (fits(colours=1), "Each pixel has three numbers"),
        (fits(gib=10**9), "One GiB is 2**30 bytes"),
        (lambda *space: 2**30 / 3072, "round down"),
        (fits(half=1), "uint8 images fit into 1 GiB, not"),
        (fits(size=lambda dtype: 1), "float32 takes four bytes a number"),
        (lambda gib, *rest: fits()(1, *rest), "float64 images of 64 x 48 fit in 8 GiB."),
        (lambda gib, height, _, dtype: fits()(gib, height, height, dtype), "float64 images of 64"),
    ],
    "c": [
        (lambda one_hot: one_hot.argmax(axis=1), "Names, please"),
        (lambda one_hot: [name(label) for label in one_hot.argmax(axis=0)], "One name for each"),
        (lambda one_hot: name(one_hot.argmax()), "One name for each"),
        (lambda one_hot: [name(label) for label in one_hot.argmin(axis=1)], "Frog, truck"),
        (lambda one_hot: [name(label - 1) for label in one_hot.argmax(axis=1)], "Frog, truck"),
        (lambda one_hot: [name(int(np.flatnonzero(row)[0])) for row in one_hot], "automobile, not"),
    ],
    "d": [
        (split_by(lambda number, *_: np.arange(number)), "of ten classes to validate on"),
        (split_by(lambda number, *_: np.arange(number)[::-1]), "of ten classes to validate on"),
        (swap, "200 and 800 images, not 800 and 200"),
        (keep_all, "Some images are in both parts"),
        (split_twice, "Labels don't match: shuffle once"),
        (split_by(lambda number, *_: shuffle(number, 0, None)), "The same seed, but another split"),
    ],
    "e": [
        (sort(mean="validation"), "'mean' is what the model is made from"),
        (sort(epoch="training"), "Not training: 'epoch' is a choice"),
        (sort(report="validation"), "Not validation: 'report' is a verdict"),
        (sort(rates="test"), "Not test: 'rates' is a choice"),
        (sort(models="test"), "Not test: 'models' is a choice"),
        (sort(models="both"), "both is none of the three sets"),
    ],
}


def name(label):
    from helpers.data import CLASS_NAMES

    return CLASS_NAMES[label]


RIGHT = {
    "a": [two_largest(lambda means: means[:, 2] - means[:, 0])],
    "b": [fits()],
    "c": [lambda one_hot: tuple(name(row.argmax()) for row in one_hot)],
    "d": [split_by(shuffle)],
    "e": [sort()],
}
