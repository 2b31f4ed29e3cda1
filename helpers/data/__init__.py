"""Where the images come from, how they are split, and a test set that can be opened once."""

from helpers.data.cifar10 import CLASS_NAMES, IMAGE_SHAPE, SHAPES, ArrayPair
from helpers.data.errors import DataError
from helpers.data.sealed import SealedTestSet, TestResult, TestSetOpenedError
from helpers.data.source import LOCAL_FILE, VARIABLE, load_cifar10, save_cifar10
from helpers.data.split import occurs_in, train_validation_split

__all__ = [
    "CLASS_NAMES",
    "IMAGE_SHAPE",
    "LOCAL_FILE",
    "SHAPES",
    "VARIABLE",
    "ArrayPair",
    "DataError",
    "SealedTestSet",
    "TestResult",
    "TestSetOpenedError",
    "load_cifar10",
    "occurs_in",
    "save_cifar10",
    "train_validation_split",
]
