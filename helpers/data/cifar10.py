"""What CIFAR-10 is: its classes and its arrays, defined once for the whole course."""

import numpy as np

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

IMAGE_SHAPE = (32, 32, 3)  # height, width, colours
SHAPES = {
    "x_train": (50_000, *IMAGE_SHAPE),
    "y_train": (50_000, 1),
    "x_test": (10_000, *IMAGE_SHAPE),
    "y_test": (10_000, 1),
}
ArrayPair = tuple[np.ndarray, np.ndarray]
