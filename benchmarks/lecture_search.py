"""Compares the search as the lecture writes it with the same search as the course runs it.

python benchmarks/lecture_search.py                            about 20 minutes on two cores
python benchmarks/lecture_search.py --widths 950 100 --epochs 1     a short run

There are three ways to search the same widths, for the same epochs, on the same images (all 50,000
to train, and the test images to validate, as in the lecture):

    lecture    pixels divided into float64, batches of 32, Keras' default compilation
    course     uint8 pixels and a Rescaling layer, batches of 128, XLA where it pays
    course-32  the same with the lecture's batches of 32

Every width is searched in a process of its own, and the three ways take turns, so that whatever
else the machine is doing affects them equally: trust the ratios. Memory is the peak of the whole
process. `search` is the wall time of `tuner.search`. `undisturbed` is the time of its fastest
epoch, times the number of epochs: on a small virtual machine, TensorFlow's two threads sometimes
share one core for an epoch or two, which doubles the time and says nothing about the search. The
expectations are about the undisturbed time.

The floor is the time that the course's search would take if it did nothing but its arithmetic, at
the rate at which this machine multiplies large float32 matrices, and Adam's memory traffic, at the
rate at which this machine copies.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

WIDTHS = (950, 900, 250, 450, 200, 100)  # what the lecture's search drew
EPOCHS = 4
WAYS = {"lecture": 32, "course": 128, "course-32": 32}  # and their batch sizes
# What to expect: (the words, the figure in the summary, the bound, "at least" or "at most").
EXPECTED = (
    ("times as fast as the lecture", "undisturbed speed-up of course", 4.0, "at least"),
    ("times as fast with batches of 32", "undisturbed speed-up of course-32", 1.7, "at least"),
    ("of the lecture's peak memory", "memory of course", 1 / 3, "at most"),
    ("accuracy given up", "accuracy given up by course", 0.01, "at most"),
    ("away from the accuracy 0.45", "lecture's distance from 0.45", 0.02, "at most"),
)


def peak_memory() -> int:
    """Returns the most memory that this process ever held, in bytes."""
    if platform.system() == "Windows":
        import psutil

        return psutil.Process().memory_info().peak_wset
    if platform.system() == "Linux":
        # `ru_maxrss` won't do: on Linux it starts at the peak of the process that started this one.
        (line,) = (
            line
            for line in Path("/proc/self/status").read_text().splitlines()
            if line.startswith("VmHWM:")
        )
        return int(line.split()[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # in bytes on macOS


def lecture_model(hp):
    """Builds the model as the lecture does: for scaled pixels, compiled by default."""
    import keras

    model = keras.Sequential()
    model.add(keras.Input(shape=(32, 32, 3)))
    model.add(keras.layers.Flatten())
    width = hp.Int("num_hidden", min_value=50, max_value=1000, step=50)
    model.add(keras.layers.Dense(width, activation="relu"))
    model.add(keras.layers.Dense(10, activation="softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["acc"])
    return model


def search(way: str, width: int, epochs: int, images: Path, folder: Path) -> dict[str, float]:
    """Searches one width in this process; returns seconds, bytes and the best accuracy."""
    import keras
    import keras_tuner

    from helpers.models import build_model
    from helpers.search import learning_curves, watch

    with np.load(images) as arrays:
        x_train, y_train, x_test, y_test = (
            arrays[key] for key in ("x_train", "y_train", "x_test", "y_test")
        )
    if way == "lecture":
        x_train, x_test = x_train / 255, x_test / 255
    y_train, y_test = (keras.utils.to_categorical(y, num_classes=10) for y in (y_train, y_test))
    keras.utils.set_random_seed(1)
    hp = keras_tuner.HyperParameters()
    hp.Fixed("num_hidden", width)
    tuner = keras_tuner.RandomSearch(
        lecture_model if way == "lecture" else build_model,
        objective="val_acc",
        max_trials=1,
        hyperparameters=hp,
        directory=folder,
        project_name=f"{way}-{width}",
    )
    watch(tuner)
    start = time.perf_counter()
    tuner.search(
        x_train,
        y_train,
        validation_data=(x_test, y_test),
        epochs=epochs,
        batch_size=WAYS[way],
        verbose=0,
    )
    seconds = time.perf_counter() - start
    (trial,) = tuner.oracle.get_best_trials(1)
    epoch_ends = learning_curves(tuner)["seconds"]
    return {
        "seconds": seconds,
        "fastest_epoch": float(np.diff(epoch_ends, prepend=0.0).min()),
        "peak_bytes": peak_memory(),
        "val_acc": trial.score,
    }


def in_its_own_process(way: str, width: int, epochs: int, images: Path, folder: Path) -> dict:
    """Runs `search` in a new process."""
    command = [sys.executable, __file__, "--one", way, "--widths", str(width)]
    command += ["--epochs", str(epochs), "--images", str(images), "--folder", str(folder)]
    # At the quick budget, the course's models do without XLA.
    environment = {**os.environ, "COURSE_BUDGET": "lesson"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise SystemExit(f"{way}, {width} units, failed:\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def matrix_rate(size: int = 2048, repeats: int = 40) -> float:
    """Returns the best rate of float32 matrix products, in operations per second."""
    a = np.random.default_rng(0).random((size, size), dtype=np.float32)
    return 2 * size**3 / fastest(lambda: a @ a, repeats)


def copy_bandwidth(megabytes: int = 256, repeats: int = 8) -> float:
    """Returns the best rate of a large copy, in bytes read plus bytes written per second."""
    source = np.ones(megabytes * 2**20, np.uint8)
    target = np.empty_like(source)
    return 2 * source.nbytes / fastest(lambda: np.copyto(target, source), repeats)


def fastest(action, repeats: int) -> float:
    """Returns the seconds of the fastest of several runs, after one to warm up."""
    action()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def floor_seconds(width: int, epochs: int, rate: float, bandwidth: float) -> float:
    """Returns the least seconds that a trial of the course takes, by arithmetic and traffic."""
    train, validate = 50_000, 10_000
    first, second = 3072 * width, width * 10
    forward = 2 * (first + second)
    # Backward: one gradient for every weight and one for the hidden layer, but none for the pixels.
    backward = 2 * (first + second) + 2 * second
    operations = train * (forward + backward) + validate * forward
    # Adam reads weight, gradient and two moments, and writes weight and moments: 7 float32.
    steps = -(-train // WAYS["course"])
    traffic = steps * 7 * 4 * (first + width + second + 10)
    return epochs * (operations / rate + traffic / bandwidth)


def summary(runs: list[dict], epochs: int, floor: float) -> dict[str, float]:
    """Returns the ratios between the ways, by the names that EXPECTED uses."""
    seconds = {way: sum(run["seconds"] for run in runs if run["way"] == way) for way in WAYS}
    undisturbed = {
        way: epochs * sum(run["fastest_epoch"] for run in runs if run["way"] == way) for way in WAYS
    }
    peak = {way: max(run["peak_bytes"] for run in runs if run["way"] == way) for way in WAYS}
    best = {way: max(run["val_acc"] for run in runs if run["way"] == way) for way in WAYS}
    return {
        **{f"seconds of {way}": value for way, value in seconds.items()},
        **{f"undisturbed seconds of {way}": value for way, value in undisturbed.items()},
        **{f"peak bytes of {way}": value for way, value in peak.items()},
        **{f"best accuracy of {way}": value for way, value in best.items()},
        "speed-up of course": seconds["lecture"] / seconds["course"],
        "speed-up of course-32": seconds["lecture"] / seconds["course-32"],
        "undisturbed speed-up of course": undisturbed["lecture"] / undisturbed["course"],
        "undisturbed speed-up of course-32": undisturbed["lecture"] / undisturbed["course-32"],
        "memory of course": peak["course"] / peak["lecture"],
        "accuracy given up by course": best["lecture"] - best["course"],
        "lecture's distance from 0.45": abs(best["lecture"] - 0.45),
        "course by floor": undisturbed["course"] / floor,
    }


def report(results: dict) -> bool:
    """Prints the summary of all runs; returns False if a full run was not as expected."""
    print(f"\n{'':10}{'search':>10}{'undisturbed':>14}{'peak memory':>14}{'best accuracy':>16}")
    figures = results["summary"]
    for way in WAYS:
        print(
            f"{way:10}{figures[f'seconds of {way}']:8.0f} s"
            f"{figures[f'undisturbed seconds of {way}']:12.0f} s"
            f"{figures[f'peak bytes of {way}'] / 2**30:10.2f} GiB"
            f"{figures[f'best accuracy of {way}']:16.4f}"
        )
    machine = results["machine"]
    print(
        f"\nThis machine multiplies float32 matrices at {machine['matrix_rate'] / 1e9:.0f} GFLOP/s "
        f"and copies at {machine['copy_bandwidth'] / 1e9:.1f} GB/s.\n"
        f"At these rates the course's search takes at least {machine['floor_seconds']:.0f} s; "
        f"undisturbed, it takes {figures['course by floor']:.2f} times that.\n"
        f"By the wall time, the course is {figures['speed-up of course']:.2f} times "
        f"as fast, and {figures['speed-up of course-32']:.2f} times with batches of 32. "
        "Undisturbed:\n"
    )
    due = results["epochs"] == EPOCHS and tuple(results["widths"]) == WIDTHS
    all_kept = True
    for words, name, bound, sense in EXPECTED:
        kept = figures[name] >= bound if sense == "at least" else figures[name] <= bound
        verdict = f": {'ok' if kept else 'NOT AS EXPECTED'}" if due else ""
        print(f"{figures[name]:8.3f} {words} (expected: {sense} {bound:.3g}){verdict}")
        all_kept &= kept
    if not due:
        print("The expectations are for the full run; this was a shorter one.")
    return all_kept or not due


def main() -> int:
    """Runs the benchmark that the command line asks for, and returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--widths", type=int, nargs="+", default=WIDTHS, metavar="UNITS")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to FILE")
    for hidden in ("--one", "--images", "--folder"):  # how the processes are told what to do
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        (width,) = options.widths
        found = search(options.one, width, options.epochs, options.images, options.folder)
        print(json.dumps(found))
        return 0

    from helpers.data import VARIABLE, load_cifar10

    # The expected accuracy is that of CIFAR-10, so made-up images must be asked for by name.
    (x_train, y_train), (x_test, y_test) = load_cifar10(os.environ.get(VARIABLE) or "cifar10")
    rate, bandwidth = matrix_rate(), copy_bandwidth()
    runs = []
    with tempfile.TemporaryDirectory() as folder:
        images = Path(folder) / "images.npz"
        np.savez(images, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
        del x_train, x_test
        for turn, width in enumerate(options.widths):
            # Back and forth, so that a machine that gets slower or faster favours none of them.
            for way in list(WAYS) if turn % 2 == 0 else reversed(WAYS):
                found = in_its_own_process(way, width, options.epochs, images, Path(folder))
                runs.append({"way": way, "width": width, **found})
                print(
                    f"{width:5} units  {way:10}{found['seconds']:8.1f} s"
                    f"{found['peak_bytes'] / 2**30:8.2f} GiB   accuracy {found['val_acc']:.4f}",
                    flush=True,
                )
    floor = sum(floor_seconds(width, options.epochs, rate, bandwidth) for width in options.widths)
    results = {
        "epochs": options.epochs,
        "widths": list(options.widths),
        "machine": {"matrix_rate": rate, "copy_bandwidth": bandwidth, "floor_seconds": floor},
        "runs": runs,
        "summary": summary(runs, options.epochs, floor),
    }
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")
    return 0 if report(results) else 1


if __name__ == "__main__":
    sys.exit(main())
