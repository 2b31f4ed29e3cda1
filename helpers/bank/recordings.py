"""What each bank records: its space, its seeds and its epochs."""

import itertools
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent.parent / "bank"
SCHEMA = 1  # version of the file format; raised when the columns or their meaning change
METRICS = ("loss", "acc", "val_loss", "val_acc")
TEST_METRICS = ("test_loss", "test_acc")

Values = dict[str, float]


@dataclass(frozen=True)
class Recording:
    """One file of recorded trainings.

    Attributes:
        name: The name of its file in `bank/`, without the suffix.
        task: The images and the model: `cifar10` or `digits`.
        space: The values of each hyperparameter.
        seeds: The seeds of the initial weights, the dropout and the order of the images.
        epochs: The number of epochs of each training.
        tests: Whether the test images are scored after every epoch too.
        configurations: The recorded configurations, if not every combination of the space.
    """

    name: str
    task: str
    space: dict[str, tuple[float, ...]]
    seeds: tuple[int, ...]
    epochs: int
    tests: bool
    configurations: tuple[tuple[float, ...], ...] | None = None

    @property
    def file(self) -> Path:
        """Where the packed recording is."""
        return FOLDER / f"{self.name}.csv.gz"

    @property
    def metrics(self) -> tuple[str, ...]:
        """The recorded metrics."""
        return METRICS + (TEST_METRICS if self.tests else ())

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the file."""
        return (*self.space, "seed", "epoch", *self.metrics, "seconds", "parameters")

    def all_values(self) -> list[Values]:
        """Returns the values of every recorded configuration."""
        rows = self.configurations or itertools.product(*self.space.values())
        return [dict(zip(self.space, row, strict=True)) for row in rows]


CIFAR10_MLP = Recording(
    "cifar10_mlp",
    "cifar10",
    {
        "num_hidden": (50, 75, 100, 150, 200, 300, 400),
        "num_layers": (1, 2, 3),
        "dropout": (0.0, 0.2),
        "learning_rate": (1e-4, 3e-4, 1e-3, 3e-3, 1e-2),
        "batch_size": (128, 512),
    },
    seeds=(1, 2),
    epochs=15,
    tests=False,
)

# The deeper part repeats the configurations of these ranks, from 0, by the mean of both seeds' best
# validation accuracy: the ten best, eight spread over the rest of the best quarter, and twelve
# spread over the other three quarters.
DEEP_RANKS = (
    *range(10),
    *(22, 34, 45, 57, 69, 80, 92, 104),
    *(105, 134, 162, 191, 219, 248, 276, 305, 333, 362, 390, 419),
)

CIFAR10_MLP_DEEP = Recording(
    "cifar10_mlp_deep",
    "cifar10",
    CIFAR10_MLP.space,
    seeds=tuple(range(3, 13)),
    epochs=15,
    tests=True,
    # Spelt out, because the ranks come from a recording, and this one must not change with it.
    configurations=(
        (400, 3, 0.0, 0.0003, 128),
        (400, 2, 0.0, 0.0003, 128),
        (400, 3, 0.0, 0.0001, 128),
        (300, 3, 0.0, 0.0003, 128),
        (400, 2, 0.0, 0.0001, 128),
        (300, 3, 0.0, 0.0001, 128),
        (300, 2, 0.0, 0.0003, 128),
        (200, 3, 0.0, 0.0003, 128),
        (300, 3, 0.0, 0.001, 128),
        (400, 3, 0.0, 0.001, 128),
        (300, 3, 0.0, 0.0003, 512),
        (400, 3, 0.2, 0.0003, 512),
        (300, 2, 0.2, 0.0003, 128),
        (300, 3, 0.2, 0.0003, 512),
        (200, 1, 0.0, 0.0003, 128),
        (100, 2, 0.0, 0.001, 128),
        (150, 3, 0.0, 0.003, 512),
        (200, 3, 0.0, 0.003, 128),
        (400, 1, 0.0, 0.0001, 512),
        (75, 1, 0.0, 0.0003, 128),
        (150, 2, 0.0, 0.0001, 512),
        (75, 2, 0.0, 0.0003, 512),
        (50, 1, 0.2, 0.0001, 128),
        (100, 3, 0.2, 0.0001, 512),
        (100, 1, 0.2, 0.001, 512),
        (75, 3, 0.0, 0.01, 128),
        (50, 1, 0.0, 0.01, 128),
        (150, 3, 0.2, 0.01, 128),
        (200, 1, 0.0, 0.01, 128),
        (400, 3, 0.2, 0.01, 512),
    ),
)

DIGITS_MLP = Recording(
    "digits_mlp",
    "digits",
    {
        "num_hidden": (32, 64, 128, 256, 512),
        "num_layers": (1, 2, 3),
        "dropout": (0.0, 0.2, 0.4),
        "noise": (0.0, 0.1),
        "learning_rate": (3e-4, 1e-3, 3e-3, 1e-2, 3e-2),
        "batch_size": (16, 64, 256),
    },
    seeds=(1, 2, 3, 4, 5),
    epochs=27,
    tests=True,
)

RECORDINGS = {one.name: one for one in (CIFAR10_MLP, CIFAR10_MLP_DEEP, DIGITS_MLP)}
