"""Compares the search as the lecture writes it with the same search as the course runs it.

python benchmarks/lecture_search.py                            about half an hour on two cores
python benchmarks/lecture_search.py --widths 950 100 --epochs 2     a short run

There are several ways to search the same widths, for the same epochs, on the same images (all
50,000 to train, and the test images to validate, as in the lecture):

    lecture    pixels divided into float64, batches of 32, Keras' default compilation
    course     uint8 pixels and a Rescaling layer, batches of 128, compiled as the course does
    course-32  the same with the lecture's batches of 32
    jax        as `course`, but Keras computes with JAX instead of TensorFlow
    jax-32     the same with batches of 32

Every width is searched in a process of its own, in the environment of its backend (.venv or
.venv-jax, if they are there), and the ways take turns, so that whatever else the machine is doing
affects them equally: trust the ratios. Memory is the peak of the whole process. `search` is the
wall time of `tuner.search`. `undisturbed` is what it takes when nothing else disturbs it: the time
of the fastest epoch, times the number of epochs, and for every trial what its first epoch takes
longer, because the model is compiled in it. Nothing that was compiled before is used.

On a virtual server with two cores, with little else running, in November 2026:

               search   undisturbed   compilation   peak memory   best accuracy   times the floor
    lecture     444 s         352 s          29 s      3.83 GiB          0.4320              3.50
    course      111 s         108 s          23 s      1.30 GiB          0.4458              2.01
    course-32   161 s         156 s          26 s      1.29 GiB          0.4337              1.55
    jax          97 s          94 s          15 s      0.82 GiB          0.4427              1.75
    jax-32      164 s         158 s          14 s      0.80 GiB          0.4555              1.57

So the best way was 4.6 times as fast as the lecture by wall time and 3.7 times undisturbed, in 0.21
of its memory; the course with TensorFlow was 4.0 and 3.3 times as fast, and with batches of 32 it
was 2.8 and 2.3 times. The memory and the best way undisturbed fall a little short of what is
expected below. The lecture's two times differ because its epochs vary by a factor of up to two; the
docstring of `helpers.models.speed_up` says why they do, and what the course does about it.

The floor of a way is the time that it would take if it did nothing but its arithmetic, at the rate
at which this machine multiplies large float32 matrices, and Adam's memory traffic, at the rate at
which this machine copies.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent

WIDTHS = (950, 900, 250, 450, 200, 100)  # what the lecture's search drew
EPOCHS = 4


@dataclass(frozen=True)
class Way:
    """A way to search: the backend of Keras, and the size of a batch."""

    backend: str
    batch_size: int


WAYS = {
    "lecture": Way("tensorflow", 32),
    "course": Way("tensorflow", 128),
    "course-32": Way("tensorflow", 32),
    "jax": Way("jax", 128),
    "jax-32": Way("jax", 32),
}
ENVIRONMENTS = {"tensorflow": ".venv", "jax": ".venv-jax"}
# What to expect: (the words, the figure in the summary, the bound, "at least" or "at most").
EXPECTED = (
    ("times as fast as the lecture, the best way", "{}speed-up of the best", 4.0, "at least"),
    ("times, the best with batches of 32", "{}speed-up of the best with 32", 2.0, "at least"),
    ("times, the course with TensorFlow", "{}speed-up of course", 3.0, "at least"),
    ("times, with TensorFlow and batches of 32", "{}speed-up of course-32", 1.5, "at least"),
    ("of the lecture's peak memory, the best way", "memory of the best", 1 / 5, "at most"),
    ("accuracy given up by the course", "accuracy given up by course", 0.01, "at most"),
    ("accuracy given up with JAX", "accuracy given up by jax", 0.01, "at most"),
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

    from helpers import get_budget
    from helpers.models import build_model, speed_up
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
        lecture_model if way == "lecture" else speed_up(build_model, get_budget()),
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
        batch_size=WAYS[way].batch_size,
        verbose=0,
    )
    seconds = time.perf_counter() - start
    (trial,) = tuner.oracle.get_best_trials(1)
    epochs_took = np.diff(learning_curves(tuner)["seconds"], prepend=0.0)
    return {
        "seconds": seconds,
        "epochs": epochs_took.tolist(),
        "peak_bytes": peak_memory(),
        "val_acc": trial.score,
    }


def python_of(way: str) -> Path:
    """Returns the Python of the environment with the backend of a way.

    Ends the program with one sentence where there is none.
    """
    backend = WAYS[way].backend
    folder = ROOT / ENVIRONMENTS[backend]
    for python in (folder / "bin" / "python", folder / "Scripts" / "python.exe"):
        if python.exists():
            return python
    if find_spec(backend):
        return Path(sys.executable)
    sys.exit(
        f"There is no {ENVIRONMENTS[backend]} for {way}: run `make setup BACKEND={backend}`, "
        "or name other ways with --ways."
    )


def in_its_own_process(way: str, width: int, epochs: int, images: Path, folder: Path) -> dict:
    """Runs `search` in a new process."""
    command = [str(python_of(way)), __file__, "--one", way, "--widths", str(width)]
    command += ["--epochs", str(epochs), "--images", str(images), "--folder", str(folder)]
    environment = {
        **os.environ,
        "KERAS_BACKEND": WAYS[way].backend,
        "COURSE_BUDGET": "lesson",  # at the quick one, the course's models do without XLA
        "JAX_ENABLE_COMPILATION_CACHE": "false",
    }
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


def floor_seconds(width: int, epochs: int, batch_size: int, rate: float, bandwidth: float) -> float:
    """Returns the least seconds that a trial can take, by arithmetic and traffic."""
    train, validate = 50_000, 10_000
    first, second = 3072 * width, width * 10
    forward = 2 * (first + second)
    # Backward: one gradient for every weight and one for the hidden layer, but none for the pixels.
    backward = 2 * (first + second) + 2 * second
    operations = train * (forward + backward) + validate * forward
    # Adam reads weight, gradient and two moments, and writes weight and moments: 7 float32.
    steps = -(-train // batch_size)
    traffic = steps * 7 * 4 * (first + width + second + 10)
    return epochs * (operations / rate + traffic / bandwidth)


def undisturbed_seconds(epochs: list[float]) -> float:
    """Returns what a trial takes whose every epoch is as fast as the fastest of `epochs`.

    The first of them also holds the compilation, which is counted, as far as it can be told from
    the rest: in a trial of one epoch that is all of it.
    """
    fastest_epoch = min(epochs)
    return len(epochs) * fastest_epoch + (epochs[0] - fastest_epoch)


def compilation_seconds(epochs: list[float]) -> float:
    """Returns how much longer the first epoch of a trial took than the fastest."""
    return epochs[0] - min(epochs)


def summary(runs: list[dict], floors: dict[str, float]) -> dict[str, float]:
    """Returns the figures of the ways that ran, and the ratios that EXPECTED names."""
    of = {way: [run for run in runs if run["way"] == way] for way in floors}
    figures: dict[str, float] = {}
    for way, its in of.items():
        figures |= {
            f"seconds of {way}": sum(run["seconds"] for run in its),
            f"undisturbed seconds of {way}": sum(undisturbed_seconds(run["epochs"]) for run in its),
            f"compilation of {way}": sum(compilation_seconds(run["epochs"]) for run in its),
            f"peak bytes of {way}": max(run["peak_bytes"] for run in its),
            f"best accuracy of {way}": max(run["val_acc"] for run in its),
        }
        figures[f"{way} by floor"] = figures[f"undisturbed seconds of {way}"] / floors[way]
    if "lecture" not in of:
        return figures
    for way in of:
        for kind in ("", "undisturbed "):
            seconds = [figures[f"{kind}seconds of {one}"] for one in ("lecture", way)]
            figures[f"{kind}speed-up of {way}"] = seconds[0] / seconds[1]
        figures[f"memory of {way}"] = figures[f"peak bytes of {way}"] / max(
            run["peak_bytes"] for run in of["lecture"]
        )
        figures[f"accuracy given up by {way}"] = (
            figures["best accuracy of lecture"] - figures[f"best accuracy of {way}"]
        )
    others = [way for way in of if way != "lecture"]
    for name, ways in {
        "the best": [way for way in others if WAYS[way].batch_size == 128],
        "the best with 32": [way for way in others if WAYS[way].batch_size == 32],
    }.items():
        for kind in ("", "undisturbed "):
            if ups := [figures[f"{kind}speed-up of {way}"] for way in ways]:
                figures[f"{kind}speed-up of {name}"] = max(ups)
        if ways:
            figures[f"memory of {name}"] = min(figures[f"memory of {way}"] for way in ways)
    figures["lecture's distance from 0.45"] = abs(figures["best accuracy of lecture"] - 0.45)
    return figures


def report(results: dict) -> bool:
    """Prints the summary of all runs; returns False if a full run was not as expected."""
    figures, machine = results["summary"], results["machine"]
    print(
        f"\n{'':10}{'search':>10}{'undisturbed':>14}{'compilation':>14}{'peak memory':>14}"
        f"{'best accuracy':>16}{'times the floor':>18}"
    )
    for way in machine["floor_seconds"]:
        print(
            f"{way:10}{figures[f'seconds of {way}']:8.1f} s"
            f"{figures[f'undisturbed seconds of {way}']:12.1f} s"
            f"{figures[f'compilation of {way}']:12.1f} s"
            f"{figures[f'peak bytes of {way}'] / 2**30:10.2f} GiB"
            f"{figures[f'best accuracy of {way}']:16.4f}{figures[f'{way} by floor']:18.2f}"
        )
    floors = ", ".join(f"{way} {s:.1f} s" for way, s in machine["floor_seconds"].items())
    print(
        f"\nThis machine multiplies float32 matrices at {machine['matrix_rate'] / 1e9:.0f} GFLOP/s "
        f"and copies at {machine['copy_bandwidth'] / 1e9:.1f} GB/s.\n"
        f"The floor at these rates: {floors}.\n"
    )
    full = results["epochs"] == EPOCHS and tuple(results["widths"]) == WIDTHS
    due = full and set(machine["floor_seconds"]) == set(WAYS)
    all_kept = True
    for words, name, bound, sense in EXPECTED:
        kinds = {"": " by wall time", "undisturbed ": " undisturbed"} if "{}" in name else {"": ""}
        for kind, added in kinds.items():
            figure = figures.get(name.format(kind))
            if figure is None:  # that way was left out
                continue
            kept = figure >= bound if sense == "at least" else figure <= bound
            verdict = "ok" if kept else "NOT AS EXPECTED"
            print(f"{figure:8.3f} {words}{added} ({sense} {bound:.3g}): {verdict}")
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
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS), metavar="WAY")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to FILE")
    for hidden in ("--one", "--images", "--folder"):  # how the processes are told what to do
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        (width,) = options.widths
        found = search(options.one, width, options.epochs, options.images, options.folder)
        print(json.dumps(found))
        return 0

    for way in options.ways:
        python_of(way)  # before any of them runs

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
            for way in options.ways if turn % 2 == 0 else reversed(options.ways):
                found = in_its_own_process(way, width, options.epochs, images, Path(folder))
                runs.append({"way": way, "width": width, **found})
                print(
                    f"{width:5} units  {way:10}{found['seconds']:8.1f} s"
                    f"{found['peak_bytes'] / 2**30:8.2f} GiB   accuracy {found['val_acc']:.4f}"
                    f"   epochs {' '.join(f'{took:.1f}' for took in found['epochs'])}",
                    flush=True,
                )
    floors = {
        way: sum(
            floor_seconds(width, options.epochs, WAYS[way].batch_size, rate, bandwidth)
            for width in options.widths
        )
        for way in options.ways
    }
    results = {
        "epochs": options.epochs,
        "widths": list(options.widths),
        "machine": {"matrix_rate": rate, "copy_bandwidth": bandwidth, "floor_seconds": floors},
        "runs": runs,
        "summary": summary(runs, floors),
    }
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")
    return 0 if report(results) else 1


if __name__ == "__main__":
    sys.exit(main())
