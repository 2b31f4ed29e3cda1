"""A test set that can be opened once."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from helpers.data.cifar10 import CLASS_NAMES
from helpers.data.split import class_indices, occurs_in


class TestSetOpenedError(Exception):
    """Someone asked for a second look at a sealed test set."""

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

    Anyone who looks at the test set twice can choose between two scores, and the better one is too
    high on average: it was picked for its luck on these very images.

    Args:
        x_test: Images, shape (N, ...).
        y_test: Labels, integers 0 to 9 of shape (N, 1) or (N,), or one-hot of shape (N, 10).

    Attributes:
        looks: How many times the set has been opened.
        result: What the latest look showed, or None while the set is sealed.

    Raises:
        ValueError: The lengths differ, there are no images, or the labels are of the wrong kind.
    """

    def __init__(self, x_test: np.ndarray, y_test: np.ndarray) -> None:
        """Seals the images and labels; the arguments are described above."""
        self._x = np.asarray(x_test)
        self._labels = class_indices(y_test)
        if not len(self._x) or len(self._x) != len(self._labels):
            raise ValueError(f"There are {len(self._x):,} images and {len(y_test):,} labels.")
        self.looks = 0
        self.result: TestResult | None = None

    def __repr__(self) -> str:
        """Says whether the set is sealed and what accuracy it gave, but shows no data."""
        if self.result is None:
            return f"SealedTestSet({len(self._x):,} images, sealed)"
        looks = "once" if self.looks == 1 else f"{self.looks} times"
        return (
            f"SealedTestSet({len(self._x):,} images, opened {looks}, "
            f"accuracy {self.result.accuracy:.4f})"
        )

    def contains(self, images: np.ndarray) -> np.ndarray:
        """Returns a boolean mask of the images that occur in this set, which stays sealed.

        Args:
            images: Images with the dtype of the test images, shape (M, ...).

        Returns:
            bool, shape (M,).
        """
        return occurs_in(self._x, images)

    def evaluate(self, model: Any, *, batch_size: int = 256, again: bool = False) -> TestResult:
        """Opens the set and judges `model`, with one forward pass over all images.

        Args:
            model: A Keras model (or anything with the same `predict`) that turns the images
                into the probabilities of the ten classes, shape (N, 10).
            batch_size: Number of images per step.
            again: Whether to look again although the set has been opened, and print what that
                costs.

        Returns:
            The result, which is also kept in `result`.

        Raises:
            TestSetOpenedError: The set has already been opened, and `again` is False.
            ValueError: The model's output is not ten finite probabilities per image. The set
                stays as it was, just as it does if the model itself raises an error.
        """
        before = self.result
        if before is not None and not again:
            raise TestSetOpenedError(
                f"This test set is open: it gave an accuracy of {before.accuracy:.4f} "
                "(see `result`). Anyone who scores several models on it and keeps the best "
                "has used it for selection, and a score that was selected for being high is too "
                "optimistic. Compare models on validation data. To look anyway: again=True."
            )
        probabilities = np.asarray(model.predict(self._x, batch_size=batch_size, verbose=0))
        result = _judge(probabilities, self._labels)
        self.looks += 1
        if before is not None:
            print(
                f"Look {self.looks} at the test set: accuracy {result.accuracy:.4f}, before "
                f"{before.accuracy:.4f}.\n"
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
    # The tolerance is wide because, with mixed precision, rounding ten float16 values moves their
    # sum away from 1.
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
