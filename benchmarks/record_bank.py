"""Record the bank: train every configuration of its space on CIFAR-10, and keep every epoch.

python benchmarks/record_bank.py                  all of it: half a day on two cores
python benchmarks/record_bank.py --minutes 60     as much as an hour gives

Run it again, and it goes on where it stopped: whatever ends it, a kill included, loses at most
the trainings that are running. When the last one is done, the recording is packed into `bank/`,
where `helpers.bank` reads it.

Trains with JAX where that is installed (`pip install jax`), because on a CPU it takes less time
than TensorFlow, and otherwise with TensorFlow; KERAS_BACKEND chooses another. Without a GPU,
every core trains a configuration of its own.

A recording belongs to the versions, the backend and the images that it was begun with; this
script refuses to add to it from others.
"""

import argparse
import contextlib
import csv
import datetime
import gzip
import hashlib
import importlib
import importlib.util
import io
import itertools
import json
import math
import multiprocessing
import os
import platform
import random
import sys
import tempfile
import time
from concurrent.futures import (
    FIRST_COMPLETED,
    Executor,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RECORDING = ROOT / "bank" / "recording.csv"
TRAIN, VALIDATION, SPLIT_SEED = 40_000, 10_000, 0
MAY_DIFFER = {"begun", "machine"}  # between the parts of one recording


class RecordingError(Exception):
    """A recording can't be continued; the message says why, and what to do about it."""


def choose_backend() -> None:
    """Takes JAX, the fastest on a CPU, if nobody asked for another and it is installed."""
    if "KERAS_BACKEND" not in os.environ and importlib.util.find_spec("jax"):
        os.environ["KERAS_BACKEND"] = "jax"
    # Configurations that differ only in the learning rate or the seed compile to the same.
    cache = Path(tempfile.gettempdir()) / "record-bank-compiled"
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(cache))


def load_images() -> tuple[tuple, tuple, str]:
    """Returns the images to train on, those to validate on, and a hash of all of them."""
    import keras

    from helpers.data import VARIABLE, load_cifar10, train_validation_split

    # The bank is of CIFAR-10; made-up images must be asked for by name.
    (x, y), _ = load_cifar10(os.environ.get(VARIABLE) or "cifar10")
    digest = hashlib.sha256(x.tobytes() + y.tobytes()).hexdigest()
    one_hot = keras.utils.to_categorical(y, num_classes=10)
    train, validation = train_validation_split(
        x, one_hot, train=TRAIN, validation=VALIDATION, seed=SPLIT_SEED
    )
    return train, validation, digest


def provenance(digest: str) -> dict:
    """Returns what the first line of a recording says: how it is made."""
    import keras

    from helpers.bank import EPOCHS, SCHEMA, SEEDS, SPACE

    backend = keras.backend.backend()
    versions = {name: importlib.import_module(name).__version__ for name in ("keras", backend)}
    return {
        "schema": SCHEMA,
        "space": {name: list(values) for name, values in SPACE.items()},
        "seeds": list(SEEDS),
        "epochs": EPOCHS,
        "train_images": TRAIN,
        "validation_images": VALIDATION,
        "images_sha256": digest,
        "backend": backend,
        "versions": versions,
        "device": device(backend),
        "begun": datetime.date.today().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
    }


def device(backend: str) -> str:
    """Returns `cpu` or `gpu`: what the backend trains on."""
    if backend == "jax":
        import jax

        return jax.default_backend()
    if backend == "tensorflow":
        import tensorflow as tf

        return "gpu" if tf.config.list_physical_devices("GPU") else "cpu"
    import torch

    return "gpu" if torch.cuda.is_available() else "cpu"


# --- One training, in a process of its own ------------------------------------------------

_images: tuple[tuple, tuple]  # to train on and to validate on, of this process


def begin(cores: "multiprocessing.Queue") -> None:
    """Prepares a worker process: its core (None for any), its backend and its images."""
    global _images
    core = cores.get()
    if core is not None:
        # The libraries take as many threads as they may use cores. Two trainings side by side
        # are faster than one with two threads, which wait for each other.
        os.sched_setaffinity(0, {core})
    choose_backend()
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        *_images, _ = load_images()  # the parent has said where they come from


def train(values: dict[str, float], seed: int) -> list[dict[str, float]]:
    """Trains one configuration from one seed; returns one row an epoch."""
    import keras
    import keras_tuner

    from helpers.bank import EPOCHS, METRICS
    from helpers.models import build_mlp

    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    hp = keras_tuner.HyperParameters()
    for name, value in values.items():
        hp.Fixed(name, value)
    model = build_mlp(hp)
    ends = [time.perf_counter()]
    history = model.fit(
        *_images[0],
        batch_size=values["batch_size"],
        epochs=EPOCHS,
        validation_data=_images[1],
        callbacks=[
            keras.callbacks.LambdaCallback(
                on_epoch_end=lambda epoch, logs: ends.append(time.perf_counter())
            )
        ],
        verbose=0,
    ).history
    return [
        {
            **values,
            "seed": seed,
            "epoch": epoch + 1,
            **{name: round(float(history[name][epoch]), 6) for name in METRICS},
            "seconds": round(ends[epoch + 1] - ends[epoch], 3),
            "parameters": model.count_params(),
        }
        for epoch in range(EPOCHS)
    ]


# --- The file of a recording that grows ---------------------------------------------------


def key(row: dict) -> tuple[str, ...]:
    """Returns what names a training, as the file spells it: its values and its seed."""
    from helpers.bank import SPACE

    return tuple(str(row[name]) for name in (*SPACE, "seed"))


def open_recording(path: Path, header: dict) -> set[tuple[str, ...]]:
    """Begins the recording at `path`, or checks and mends what is there.

    Rows of a training that a kill cut short are removed.

    Returns:
        The `key` of every training that is recorded as a whole.

    Raises:
        RecordingError: The file was begun with something else, or is no recording.
    """
    from helpers.bank import COLUMNS, EPOCHS

    first = "# " + json.dumps(header)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, f"{first}\n{','.join(COLUMNS)}\n")
        return set()
    lines = path.read_text(errors="replace").splitlines(keepends=True)
    try:
        begun_with = dict(json.loads(lines[0].removeprefix("# ")))
    except (IndexError, TypeError, ValueError):
        raise RecordingError(
            f"{path} is not a recording. Move it away, or name another --out."
        ) from None
    differ = [
        name for name in header if begun_with.get(name) != header[name] and name not in MAY_DIFFER
    ]
    if differ:
        told = "; ".join(f"{n}: {begun_with.get(n)} there, {header[n]} here" for n in differ)
        raise RecordingError(
            f"{path} was begun with something else ({told}), and one recording must not mix them. "
            "Go on with what it was begun with, or name another --out."
        )
    whole = [
        line for line in lines[2:] if line.endswith("\n") and line.count(",") == len(COLUMNS) - 1
    ]
    rows = list(csv.DictReader([lines[1], *whole]))
    epochs: dict[tuple[str, ...], int] = {}
    for row in rows:
        epochs[key(row)] = epochs.get(key(row), 0) + 1
    done = {training for training, count in epochs.items() if count == EPOCHS}
    kept = [line for line, row in zip(whole, rows, strict=True) if key(row) in done]
    if kept != lines[2:]:
        replace(path, "".join([*lines[:2], *kept]))
    return done


def append(path: Path, rows: list[dict]) -> None:
    """Adds a whole training to the recording, and makes sure that the disk has it."""
    text = io.StringIO()
    csv.DictWriter(text, rows[0], lineterminator="\n").writerows(rows)
    with open(path, "a", newline="") as file:
        file.write(text.getvalue())
        file.flush()
        os.fsync(file.fileno())


def replace(path: Path, content: str) -> None:
    """Writes a file as a whole or not at all."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(content, newline="")
    os.replace(temporary, path)


def pack(path: Path, target: Path) -> None:
    """Sorts and compresses a complete recording into `target`, and checks that it can be read."""
    from helpers.bank import SPACE, load_bank

    first, names, *lines = path.read_text().splitlines()
    columns = names.split(",")
    order = [columns.index(name) for name in (*SPACE, "seed", "epoch")]
    lines.sort(key=lambda line: [float(line.split(",")[column]) for column in order])
    text = "\n".join([first, names, *lines]) + "\n"
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(target.name + ".tmp")
    # Without a time in it: packed twice, the file is the same.
    draft.write_bytes(gzip.compress(text.encode(), mtime=0))
    try:
        load_bank(draft)
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)


# --- All trainings ------------------------------------------------------------------------


def trainings(done: set[tuple[str, ...]]) -> list[tuple[dict, int]]:
    """Returns the (values, seed) that are not among the keys in `done`, in order of recording."""
    from helpers.bank import SEEDS, SPACE

    configurations = [
        dict(zip(SPACE, values, strict=True)) for values in itertools.product(*SPACE.values())
    ]
    # Mixed, so that a training takes about as long at any moment, and the time left can be
    # told; one seed after the other, so that half a recording has every configuration once.
    random.Random(0).shuffle(configurations)
    return [
        (values, seed)
        for seed in SEEDS
        for values in configurations
        if key({**values, "seed": seed}) not in done
    ]


def record(path: Path, workers: int | None, minutes: float) -> bool:
    """Records until all is done or the time is up; returns whether all is done."""
    global _images
    import keras

    *_images, digest = load_images()
    header = provenance(digest)
    done = open_recording(path, header)
    waiting = trainings(done)
    print(f"{len(done)} of {len(done) + len(waiting)} trainings are recorded in {path}.")
    if not waiting:
        return True
    cores = usable_cores(header["device"])
    workers = workers or len(cores)
    bar = keras.utils.Progbar(len(waiting), unit_name="training", interval=1)
    bar.update(0)
    deadline = time.monotonic() + 60 * minutes
    with executor(workers, cores) as pool:
        running: set = set()
        while running or (waiting and time.monotonic() < deadline):
            while waiting and len(running) < workers and time.monotonic() < deadline:
                running.add(pool.submit(train, *waiting.pop(0)))
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            for training in finished:
                append(path, training.result())
                bar.add(1)
    print()
    return not waiting


def usable_cores(device: str) -> list[int | None]:
    """Returns the cores to pin one training each to; one None where it is left to the system."""
    if device == "cpu" and hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return [None]


def executor(workers: int, cores: list[int | None]) -> Executor:
    """Returns what trains: processes that take turns at the cores, or for one, this process."""
    if workers == 1:
        return ThreadPoolExecutor(1)
    # Not forked: a fork would inherit the threads of the backend that is loaded here.
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    for worker in range(workers):
        queue.put(cores[worker % len(cores)])
    return ProcessPoolExecutor(workers, context, begin, (queue,))


def main() -> int:
    """Records what the command line asks for, and returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=RECORDING, help="the recording that grows")
    parser.add_argument(
        "--workers", type=int, help="trainings at a time (without a GPU: one a core)"
    )
    parser.add_argument("--minutes", type=float, default=math.inf, help="after that, begin no more")
    options = parser.parse_args()
    if options.workers is not None and options.workers < 1:
        parser.error(f"--workers must be at least 1, and is {options.workers}")
    choose_backend()
    from helpers.bank import FILE
    from helpers.data import DataError

    try:
        if not record(options.out, options.workers, options.minutes):
            print("The time is up. Run it again, and it goes on.")
            return 0
    except (DataError, RecordingError) as error:
        print(error, file=sys.stderr)
        return 1
    pack(options.out, FILE)
    print(f"All is recorded, and packed into {FILE}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
