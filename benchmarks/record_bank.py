"""Record a bank: train every configuration of its space, and keep every epoch.

python -m benchmarks.record_bank digits_mlp                  all of it: an hour on two cores
python -m benchmarks.record_bank cifar10_mlp --minutes 60    as much as an hour gives

Run it in the project's folder. If you run it again, it continues where it stopped: whatever ends
it, even a kill, costs at most the trainings that are running. When the last one is done, the
recording is packed into `bank/`, where `helpers.bank` reads it.

It trains with JAX if that is installed (`pip install jax`), because JAX takes less time on a CPU
than TensorFlow, and otherwise with TensorFlow. KERAS_BACKEND chooses another backend. Without a
GPU, every core trains a configuration of its own.

A recording belongs to the versions, the backend and the images that it was begun with. This
script refuses to add to it with any others.
"""

import argparse
import datetime
import importlib
import importlib.util
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
from multiprocessing.queues import Queue
from pathlib import Path


def choose_backend() -> None:
    """Takes JAX, the fastest on a CPU, if it is installed and no other backend was chosen."""
    if "KERAS_BACKEND" not in os.environ and importlib.util.find_spec("jax"):
        os.environ["KERAS_BACKEND"] = "jax"
    # Configurations that differ only in the learning rate or the seed compile to the same.
    cache = Path(tempfile.gettempdir()) / "record-bank-compiled"
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(cache))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")


choose_backend()  # before anything imports Keras

from benchmarks import bank_file, bank_tasks  # noqa: E402
from helpers.bank import RECORDINGS, Recording  # noqa: E402
from helpers.bank.recordings import SCHEMA, Values  # noqa: E402
from helpers.data import DataError  # noqa: E402


def describe_origin(recording: Recording, images: bank_tasks.Images) -> dict:
    """Returns what the first line of a recording says about how it is made."""
    import keras

    backend = keras.backend.backend()
    versions = {name: importlib.import_module(name).__version__ for name in ("keras", backend)}
    return {
        "schema": SCHEMA,
        "name": recording.name,
        "space": {name: list(values) for name, values in recording.space.items()},
        "configurations": recording.configurations and [list(c) for c in recording.configurations],
        "seeds": list(recording.seeds),
        "epochs": recording.epochs,
        **images.sizes,
        "images_sha256": images.digest,
        "backend": backend,
        "versions": versions,
        "device": find_device(backend),
        "begun": datetime.date.today().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
    }


def find_device(backend: str) -> str:
    """Returns `cpu` or `gpu`: what the backend trains on."""
    if backend == "jax":
        import jax

        return jax.default_backend()
    if backend == "tensorflow":
        import tensorflow as tf

        return "gpu" if tf.config.list_physical_devices("GPU") else "cpu"
    import torch

    return "gpu" if torch.cuda.is_available() else "cpu"


def list_trainings(recording: Recording, done: set[bank_file.Training]) -> list[tuple[Values, int]]:
    """Returns the (values, seed) that are not in `done`, in the order of recording."""
    configurations = recording.all_values()
    # Shuffled, so that trainings take about as long throughout and the remaining time can be
    # estimated. One seed after the other, so that half a recording has every configuration once.
    random.Random(0).shuffle(configurations)
    return [
        (values, seed)
        for seed in recording.seeds
        for values in configurations
        if bank_file.name_training(recording, {**values, "seed": seed}) not in done
    ]


def record(recording: Recording, path: Path, workers: int | None, minutes: float) -> bool:
    """Records until everything is done or the time is up; returns whether everything is done."""
    import keras

    images = bank_tasks.load_images(recording.task)
    header = describe_origin(recording, images)
    done = bank_file.open_recording(path, recording, header)
    waiting = list_trainings(recording, done)
    print(f"{len(done)} of {len(done) + len(waiting)} trainings are recorded in {path}.")
    if not waiting:
        return True
    cores = usable_cores(header["device"])
    workers = workers or len(cores)
    bar = keras.utils.Progbar(len(waiting), unit_name="training", interval=1)
    bar.update(0)
    deadline = time.monotonic() + 60 * minutes
    with make_executor(recording.task, workers, cores) as pool:
        running: set = set()
        while running or (waiting and time.monotonic() < deadline):
            while waiting and len(running) < workers and time.monotonic() < deadline:
                running.add(pool.submit(bank_tasks.train_in_process, recording, *waiting.pop(0)))
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            for training in finished:
                bank_file.append(path, training.result())
                bar.add(1)
    print()
    return not waiting


def usable_cores(device: str) -> list[int | None]:
    """Returns the cores to pin one training each to, or one None to leave it to the system."""
    if device == "cpu" and hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return [None]


def make_executor(task: str, workers: int, cores: list[int | None]) -> Executor:
    """Returns what trains: processes that share the cores, or this process if one is enough."""
    if workers == 1:
        return ThreadPoolExecutor(1, initializer=bank_tasks.begin_process, initargs=(task, None))
    # Not forked, because a fork would inherit the threads of the backend that is loaded here.
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    for worker in range(workers):
        queue.put(cores[worker % len(cores)])
    return ProcessPoolExecutor(workers, context, take_core_and_begin, (task, queue))


def take_core_and_begin(task: str, cores: Queue) -> None:
    """Prepares a worker process with the next core of the queue."""
    bank_tasks.begin_process(task, cores.get())


def main() -> int:
    """Records what the command line asks for, and returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", choices=sorted(RECORDINGS))
    parser.add_argument("--out", type=Path, help="the recording that grows (bank/NAME.csv)")
    parser.add_argument(
        "--workers", type=int, help="trainings at a time (without a GPU: one a core)"
    )
    parser.add_argument("--minutes", type=float, default=math.inf, help="then begin no more")
    options = parser.parse_args()
    if options.workers is not None and options.workers < 1:
        parser.error(f"--workers must be at least 1, and is {options.workers}")
    recording = RECORDINGS[options.name]
    path = options.out or recording.file.with_name(f"{recording.name}.csv")
    try:
        if not record(recording, path, options.workers, options.minutes):
            print("The time is up. Run it again to continue.")
            return 0
    except (DataError, bank_file.RecordingError) as error:
        print(error, file=sys.stderr)
        return 1
    bank_file.pack(path, recording, recording.file)
    print(f"Everything is recorded and packed into {recording.file}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
