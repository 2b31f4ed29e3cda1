"""Measures whether the stand-in teaches what CIFAR-10 does, and how much it costs to make.

    python benchmarks/standin.py [--short] [--seed N] [--json FILE]

Prints one line per requirement: what was measured, the wanted range, and `ok` or `NOT`. The exit
status is 1 if any value is out of range. The full run trains a CNN and takes about 15 minutes on
two quiet CPU cores; `--short` leaves out the CNN and all long trainings, and takes about two.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from helpers.data import CLASS_NAMES
from helpers.data.standin import make_standin

if TYPE_CHECKING:
    # Imported for real only in the functions, after the children have been measured.
    import keras

ROOT = Path(__file__).resolve().parent.parent
VEHICLES = [CLASS_NAMES.index(name) for name in ("airplane", "automobile", "ship", "truck")]
PAIRS = [("automobile", "truck"), ("cat", "dog")]

# Runs in a process of its own and prints seconds, peak bytes above NumPy's own, and result bytes.
COST_CHILD = """
import sys, time
try:
    from resource import RUSAGE_SELF, getrusage
    peak = lambda: getrusage(RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
except ImportError:  # Windows
    peak = lambda: float("nan")
from helpers.data.standin import make_standin
before, start = peak(), time.perf_counter()
arrays = [array for pair in make_standin() for array in pair]
print(time.perf_counter() - start, peak() - before, sum(array.nbytes for array in arrays))
"""


@dataclass(frozen=True)
class Check:
    """One requirement: a measured value and the range that it has to be in, inclusive."""

    name: str
    value: float
    low: float = -np.inf
    high: float = np.inf

    @property
    def ok(self) -> bool:
        """Whether the value is in the range. What could not be measured (nan) counts as in it."""
        return bool(np.isnan(self.value) or self.low <= self.value <= self.high)

    def __str__(self) -> str:
        """Returns the line of the table."""
        wanted = " to ".join("" if np.isinf(x) else f"{x:g}" for x in (self.low, self.high))
        return f"{self.name:<58} {self.value:8.3f}  {wanted:<12} {'ok' if self.ok else 'NOT'}"


@dataclass(frozen=True)
class Data:
    """Images (N, 32, 32, 3) uint8 and one-hot labels (N, 10) float32 of the three sets."""

    train: tuple[np.ndarray, np.ndarray]
    validation: tuple[np.ndarray, np.ndarray]
    test: tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Trainer:
    """Trains on `data` in the ways that the checks need, repeatably from `seed`."""

    data: Data
    seed: int

    def mlp(
        self,
        width: int,
        epochs: int,
        *,
        rate: float = 1e-3,
        batch: int = 128,
        images: int = 40_000,
        seed: int = 0,
    ) -> tuple[keras.Model, dict[str, list[float]]]:
        """Trains the lecture's MLP on the first `images`; `seed` is added to the trainer's.

        Returns:
            The model and its history: for each metric, one number per epoch.
        """
        import keras

        layers = [keras.layers.Flatten(), keras.layers.Dense(width, activation="relu")]
        return self._fit(layers, True, epochs, rate, batch, images, seed)

    def cnn(self, epochs: int) -> tuple[keras.Model, dict[str, list[float]]]:
        """Trains a small CNN (32-64-64 filters); returns as `mlp` does."""
        import keras

        layers = []
        for filters in (32, 64, 64):
            layers += [
                keras.layers.Conv2D(filters, 3, padding="same", activation="relu"),
                keras.layers.MaxPooling2D(),
            ]
        layers += [keras.layers.Flatten(), keras.layers.Dense(64, activation="relu")]
        # On a CPU, XLA makes dense layers faster and convolutions slower.
        return self._fit(layers, False, epochs, 1e-3, 128, 40_000, 0)

    def _fit(
        self,
        layers: list[keras.layers.Layer],
        xla: bool,
        epochs: int,
        rate: float,
        batch: int,
        images: int,
        seed: int,
    ) -> tuple[keras.Model, dict[str, list[float]]]:
        """Puts `layers` between scaling and the output layer, and trains."""
        import keras

        # The layers draw their first weights when the model is built, which is below.
        keras.utils.set_random_seed(self.seed + seed)
        model = keras.Sequential(
            [
                keras.Input(shape=(32, 32, 3), dtype="uint8"),
                keras.layers.Rescaling(1 / 255),
                *layers,
                keras.layers.Dense(len(CLASS_NAMES), activation="softmax"),
            ]
        )
        model.compile(
            optimizer=keras.optimizers.Adam(rate),
            loss="categorical_crossentropy",
            metrics=["acc"],
            jit_compile=xla,
        )
        x, y = (array[:images] for array in self.data.train)
        # The same share to validate as in the lecture's split, but enough to trust a small run.
        held_out = tuple(array[: max(2_000, images // 4)] for array in self.data.validation)
        history = model.fit(
            x, y, batch_size=batch, epochs=epochs, validation_data=held_out, verbose=0
        )
        return model, history.history


def cost_checks() -> list[Check]:
    """Makes the stand-in in fresh processes and checks seconds and memory."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    runs = []
    for _ in range(5):
        child = [sys.executable, "-c", COST_CHILD]
        output = subprocess.run(
            child, env=environment, check=True, capture_output=True, text=True
        ).stdout
        runs.append([float(word) for word in output.split()])
    seconds, peak, result = np.transpose(runs)
    return [
        # The fastest of a few runs, because on a shared machine the others measure the neighbours.
        Check("seconds to make 60,000 images", seconds.min(), high=3),
        Check("peak memory beyond the result, MB", (peak - result).max() / 1e6, high=60),
    ]


def colour_checks(images: np.ndarray, labels: np.ndarray) -> list[Check]:
    """Checks that airplane and ship are the bluest classes; prints all ten."""
    bluer = {}
    for i, name in enumerate(CLASS_NAMES):
        red, _, blue = images[labels.ravel() == i].mean(axis=(0, 1, 2))
        bluer[name] = blue - red
    print("blue minus red: " + ", ".join(f"{k} {v:+.0f}" for k, v in bluer.items()))
    bluest = [bluer.pop("airplane"), bluer.pop("ship")]
    return [
        Check("bluest of the other classes, blue minus red", max(bluer.values()), high=0),
        Check(
            "airplane and ship, blue minus red beyond that", min(bluest) - max(bluer.values()), 15
        ),
    ]


def confusion_checks(truth: np.ndarray, predicted: np.ndarray) -> list[Check]:
    """Checks which classes are taken for which; prints the most frequent confusions.

    Args:
        truth: Classes, integers of shape (N,).
        predicted: The classes that a model predicted, of the same shape.
    """
    counts = np.zeros((len(CLASS_NAMES), len(CLASS_NAMES)), int)
    np.add.at(counts, (truth, predicted), 1)
    accuracy = counts.diagonal() / counts.sum(axis=1)
    print(
        "accuracy: " + ", ".join(f"{k} {v:.2f}" for k, v in zip(CLASS_NAMES, accuracy, strict=True))
    )
    np.fill_diagonal(counts, 0)
    both = counts + counts.T
    top = np.dstack(np.unravel_index(np.argsort(-np.triu(both), axis=None)[:8], both.shape))[0]
    print(
        "confused: " + ", ".join(f"{CLASS_NAMES[i]}/{CLASS_NAMES[j]} {both[i, j]}" for i, j in top)
    )

    vehicle = np.isin(np.arange(len(CLASS_NAMES)), VEHICLES)
    across = counts[vehicle][:, ~vehicle].sum() + counts[~vehicle][:, vehicle].sum()
    checks = []
    for pair in PAIRS:
        i, j = (CLASS_NAMES.index(name) for name in pair)
        rank = 1 + max((both[i] > both[i, j]).sum(), (both[j] > both[i, j]).sum())
        checks.append(Check(f"rank of {pair[0]}/{pair[1]} among their confusions", rank, high=2))
    return [
        *checks,
        # Of the 90 ways to be wrong, 48 cross the border between animals and vehicles.
        Check("share of errors between animals and vehicles", across / counts.sum(), high=0.3),
        Check("best class beyond the worst, accuracy", np.ptp(accuracy), 0.15),
    ]


def small_budget_checks(trainer: Trainer) -> list[Check]:
    """Checks short trainings on 2,000 images: the worst of five seeds and two widths."""
    curves = [
        trainer.mlp(width, 2, images=2_000, seed=seed)[1]["val_acc"]
        for width in (450, 950)
        for seed in range(5)
    ]
    first, second = np.transpose(curves)
    _, history = trainer.mlp(950, 12, images=2_000)
    gap = history["acc"][-1] - history["val_acc"][-1]
    return [
        # After 16 steps, some runs are still at the level of chance, as they are on CIFAR-10.
        Check("2,000 images, 1 epoch, mean of 10 runs", first.mean(), 0.15),
        Check("2,000 images, 2 epochs, worst of 10 runs", second.min(), 0.2),
        Check("2,000 images, 12 epochs, training beyond validation", gap, 0.05),
    ]


def lecture_checks(trainer: Trainer, short: bool) -> Iterator[Check]:
    """Checks the lecture's search at full size and, unless `short`, what comes after it."""

    def last(epochs: int, width: int = 950, **options) -> float:
        return trainer.mlp(width, epochs, **options)[1]["val_acc"][-1]

    model, history = trainer.mlp(950, 4)
    wide = history["val_acc"][-1]
    yield Check("MLP 950, 4 epochs, validation", wide, 0.35, 0.60)
    x, y = trainer.data.validation
    predicted = model.predict(x, batch_size=1_000, verbose=0).argmax(axis=1)
    yield from confusion_checks(y.argmax(axis=1), predicted)
    yield Check("MLP 950 beyond MLP 50, 4 epochs", wide - last(4, 50), 0.02)
    yield Check("learning rate 1e-1, 1 epoch", last(1, rate=1e-1), high=0.2)
    if short:
        return
    _, history = trainer.cnn(4)
    yield Check("CNN beyond MLP 950, 4 epochs", history["val_acc"][-1] - wide, 0.10)
    model, history = trainer.mlp(950, 20)
    seen, unseen = history["acc"][-1], history["val_acc"][-1]
    yield Check("MLP 950, 20 epochs, validation beyond 4 epochs", unseen - wide, 0.01)
    yield Check("MLP 950, 20 epochs, training beyond validation", seen - unseen, 0.04)
    _, test = model.evaluate(*trainer.data.test, batch_size=1_000, verbose=0)
    yield Check("MLP 950, 20 epochs, test", test, 0.40, 0.65)
    yield Check("learning rate 1e-6, 4 epochs, below 1e-3", wide - last(4, rate=1e-6), 0.1)
    yield Check("learning rate 3e-4, 4 epochs", last(4, rate=3e-4), 0.35, 0.60)
    yield Check("MLP 450, 4 epochs, validation", last(4, 450), 0.35, 0.60)
    yield Check("MLP 950, 4 epochs, another seed, validation", last(4, seed=1), 0.35, 0.60)
    yield Check("MLP 950, 4 epochs, batch 32, validation", last(4, batch=32), 0.35, 0.60)


def main() -> int:
    """Runs what the command line asks for and returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="leave out whatever takes long")
    parser.add_argument("--seed", type=int, default=1, help="of the trainings (default: 1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the table there")
    arguments = parser.parse_args()

    checks: list[Check] = []

    def report(section: Callable[..., Iterable[Check]], *parameters) -> None:
        for check in section(*parameters):
            print(check, flush=True)
            checks.append(check)

    # First, while this process is small: Linux lets a child's peak start at its parent's.
    report(cost_checks)
    (x, y), (x_test, y_test) = make_standin()
    report(colour_checks, x, y)
    one_hot = np.eye(len(CLASS_NAMES), dtype="float32")
    y, y_test = one_hot[y.ravel()], one_hot[y_test.ravel()]
    data = Data((x[:40_000], y[:40_000]), (x[40_000:], y[40_000:]), (x_test, y_test))
    trainer = Trainer(data, arguments.seed)
    report(small_budget_checks, trainer)
    report(lecture_checks, trainer, arguments.short)

    if arguments.json:
        rows = [{**asdict(check), "ok": check.ok} for check in checks]
        # JSON has no infinity, so an open end is null.
        rows = [
            {k: None if isinstance(v, float) and not np.isfinite(v) else v for k, v in row.items()}
            for row in rows
        ]
        arguments.json.write_text(json.dumps(rows, indent=1, default=float) + "\n")
    return 0 if all(check.ok for check in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
