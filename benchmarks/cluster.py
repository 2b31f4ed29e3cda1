"""What more workers gain: trials per minute of one search, alone and with 1 and 2 workers.

python benchmarks/cluster.py                                 24 trials of 10 epochs: minutes
python benchmarks/cluster.py --trials 4 --epochs 1           shows that it works, measures nothing

Runs the same search three times, each in a folder of its own: as one process, and with
helpers.cluster as a chief with one worker and with two. A trial trains the lecture's MLP on made-up
images. The clock runs from the beginning of the first trial to the end of the last, as the trials
themselves record them. This leaves out the processes' imports, which come before, and the time
that KerasTuner's chief takes to notice the end, which is up to 20 s. `in all` includes both. On two
cores, one process trains with two threads and each of two workers with one, so more workers gain
only what TensorFlow's second thread leaves idle.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from helpers import cluster
from helpers.search import trials_table

TRIALS = 24
EPOCHS = 10
TAIL = 3000  # characters of what a search wrote before it failed
ENOUGH = 12  # trials; with fewer, the uneven end of the search dominates
# What to expect at least, as a share of the trials per minute of the search alone.
EXPECTED = {"1 worker": 0.85, "2 workers": 1.0}

# Runs alone, as the chief and as a worker. The images are made up, because reading the real ones
# would take each process longer than a trial.
JOB = """
import sys
import time
from pathlib import Path

import keras
import keras_tuner
import numpy as np

from helpers import build_model

folder, trials, epochs = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])


class Timed(keras_tuner.RandomSearch):
    def run_trial(self, trial, *args, **kwargs):
        began = time.time()
        results = super().run_trial(trial, *args, **kwargs)
        with open(folder / "times", "a") as file:
            print(began, time.time(), file=file)
        return results


rng = np.random.default_rng(1)
x = rng.integers(256, size=(8192, 32, 32, 3), dtype="uint8")
y = keras.utils.to_categorical(rng.integers(10, size=8192), num_classes=10)
# A width like any other may be drawn only once, and the lecture's space has twenty of them.
hp = keras_tuner.HyperParameters()
hp.Int("num_hidden", min_value=200, max_value=400)
tuner = Timed(
    build_model,
    objective="val_acc",
    max_trials=trials,
    hyperparameters=hp,
    overwrite=False,
    directory=folder,
    project_name="job",
    seed=1,
)
tuner.search(x, y, validation_split=0.125, epochs=epochs, batch_size=128, verbose=0)
"""


def measure(workers: int, trials: int, epochs: int) -> tuple[float, float]:
    """Searches once; returns the trials per minute, and the seconds that it took in all.

    Args:
        workers: Workers in addition to the chief; 0 searches in one process.
        trials: Trials in the search.
        epochs: Epochs in each trial.

    Raises:
        ClusterError: The search failed, or not all of its trials were completed.
    """
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        folder = Path(name)
        script = folder / "job.py"
        script.write_text(JOB)
        arguments = [str(folder), str(trials), str(epochs)]
        start = time.perf_counter()
        if workers:
            cluster.run(script, workers=workers, arguments=arguments, quiet=True)
        else:
            alone = {k: v for k, v in os.environ.items() if not k.startswith("KERASTUNER_")}
            command = [sys.executable, str(script), *arguments]
            done = subprocess.run(command, env=alone, capture_output=True, text=True)
            if done.returncode:
                raise cluster.ClusterError(f"The search failed:\n{done.stderr[-TAIL:]}")
        seconds = time.perf_counter() - start
        completed = int((trials_table(folder / "job")["status"] == "COMPLETED").sum())
        if completed != trials:
            raise cluster.ClusterError(f"{completed} of {trials} trials were completed.")
        times = [line.split() for line in (folder / "times").read_text().splitlines()]
        began = min(float(first) for first, _ in times)
        ended = max(float(last) for _, last in times)
        return 60 * trials / (ended - began), seconds


def main() -> int:
    """Measures what the command line asks for, and returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=TRIALS)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    options = parser.parse_args()
    for name in ("trials", "epochs"):
        if getattr(options, name) < 1:
            parser.error(f"--{name} must be at least 1, and is {getattr(options, name)}")

    print(f"{'':10}{'trials a minute':>16}{'of alone':>10}{'s in all':>10}")
    rates: dict[str, float] = {}
    for workers, name in enumerate(("alone", "1 worker", "2 workers")):
        try:
            rates[name], seconds = measure(workers, options.trials, options.epochs)
        except cluster.ClusterError as error:
            print(error, file=sys.stderr)
            return 1
        share = rates[name] / rates["alone"]
        print(f"{name:10}{rates[name]:16.1f}{share:10.2f}{seconds:10.1f}", flush=True)
    if options.trials < ENOUGH:
        print(f"With fewer than {ENOUGH} trials, there are no expectations.")
        return 0
    missed = False
    for name, least in EXPECTED.items():
        came = rates[name] / rates["alone"]
        missed |= came < least
        print(
            f"Expected with {name}: at least {least:.2f} of the trials a minute alone: "
            f"{'ok' if came >= least else 'TOO SLOW'}"
        )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
