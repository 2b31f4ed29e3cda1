"""The tasks of the bank: their images, their models, and one recorded training."""

import contextlib
import hashlib
import os
import time
from dataclasses import dataclass

import numpy as np

from helpers.bank.recordings import Recording, Values
from helpers.data import VARIABLE, ArrayPair, load_cifar10, train_validation_split

SPLIT_SEED = 0
CIFAR10_SIZES = (40_000, 10_000)  # images of the training set to train and to validate on
DIGITS_SIZES = (400, 200)  # of scikit-learn's 1,797; the others are the test set
MANY = 5_000  # images; larger sets are scored in batches, others in one step


@dataclass(frozen=True)
class Images:
    """What a task trains, validates and tests on.

    Attributes:
        train: Images, uint8 of shape (N, height, width, channels), and one-hot labels (N, 10).
        validation: The same, for comparing configurations.
        test: The same, never used to choose anything.
        digest: SHA-256 of the images and labels that are split into the first two.
    """

    train: ArrayPair
    validation: ArrayPair
    test: ArrayPair
    digest: str

    @property
    def sizes(self) -> dict[str, int]:
        """The number of images of each part, by its name in the header of a recording."""
        return {
            "train_images": len(self.train[0]),
            "validation_images": len(self.validation[0]),
            "test_images": len(self.test[0]),
        }


def load_images(task: str) -> Images:
    """Loads and splits the images of a task, `cifar10` or `digits`.

    Raises:
        DataError: CIFAR-10 can't be obtained.
    """
    if task == "digits":
        (x, y), test = _load_digits()
        train, validation = DIGITS_SIZES
    else:
        # The bank is about CIFAR-10, so made-up images must be asked for by name.
        (x, y), test = load_cifar10(os.environ.get(VARIABLE) or "cifar10")
        train, validation = CIFAR10_SIZES
    digest = hashlib.sha256(x.tobytes() + y.tobytes()).hexdigest()
    parts = train_validation_split(
        x, _one_hot(y), train=train, validation=validation, seed=SPLIT_SEED
    )
    return Images(*parts, (test[0], _one_hot(test[1])), digest)


def _one_hot(labels: np.ndarray) -> np.ndarray:
    return np.eye(10)[labels.ravel()]


def _load_digits() -> tuple[ArrayPair, ArrayPair]:
    """Returns scikit-learn's digits: what is split into training and validation, and the rest."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    x = digits.images.astype("uint8")[..., None]  # 0 to 16, shape (1797, 8, 8, 1)
    y = digits.target.astype("uint8")[:, None]
    # The file is grouped by writer: without mixing, the test set would be by other people.
    order = np.random.default_rng(SPLIT_SEED).permutation(len(x))
    split = sum(DIGITS_SIZES)
    return (x[order[:split]], y[order[:split]]), (x[order[split:]], y[order[split:]])


def train(recording: Recording, images: Images, values: Values, seed: int) -> list[Values]:
    """Trains one configuration from one seed; returns one row per epoch, in the file's columns."""
    import keras
    import keras_tuner

    from helpers.models import build_digits_mlp, build_mlp

    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    hp = keras_tuner.HyperParameters()
    for name, value in values.items():
        hp.Fixed(name, value)
    model = (build_digits_mlp if recording.task == "digits" else build_mlp)(hp)
    ends = [time.perf_counter()]
    tests: dict[str, list[float]] = {"test_loss": [], "test_acc": []}

    def end_epoch(epoch: int, logs: dict) -> None:
        if recording.tests:
            scores = model.evaluate(
                *images.test,
                batch_size=_scoring_batch(images.test, values),
                verbose=0,
                return_dict=True,
            )
            for name, score in scores.items():
                tests[f"test_{name}"].append(score)
        ends.append(time.perf_counter())

    history = model.fit(
        *images.train,
        batch_size=int(values["batch_size"]),
        epochs=recording.epochs,
        validation_data=images.validation,
        validation_batch_size=_scoring_batch(images.validation, values),
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=end_epoch)],
        verbose=0,
    ).history
    curves = {**history, **tests}
    return [
        {
            **values,
            "seed": seed,
            "epoch": epoch + 1,
            **{name: round(float(curves[name][epoch]), 6) for name in recording.metrics},
            "seconds": round(ends[epoch + 1] - ends[epoch], 3),
            "parameters": model.count_params(),
        }
        for epoch in range(recording.epochs)
    ]


def _scoring_batch(pair: ArrayPair, values: Values) -> int:
    # Steps of the same size as in training need not be compiled again.
    return int(values["batch_size"]) if len(pair[0]) > MANY else len(pair[0])


# --- A process that trains ------------------------------------------------------------------

_images: Images | None = None  # of this process


def begin_process(task: str, core: int | None) -> None:
    """Prepares a process that trains: its core (None for any) and its images."""
    global _images
    if core is not None:
        # The libraries start one thread for each core that they may use. Two trainings side by
        # side are faster than one training with two threads, which wait for each other.
        os.sched_setaffinity(0, {core})
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        _images = load_images(task)  # the parent has already said where they come from


def train_in_process(recording: Recording, values: Values, seed: int) -> list[Values]:
    """Trains on the images that `begin_process` loaded."""
    assert _images is not None, "begin_process has to come first"
    return train(recording, _images, values, seed)
