"""Does the bank tell the truth? Trains three of its configurations again, and compares.

python -m benchmarks.check_bank                       three that learn, drawn at random
python -m benchmarks.check_bank digits_mlp --draw 2  three others, of another bank

The bank holds each configuration with a few seeds. The score of a new training, with a seed of
its own, has to fall inside their spread: within three standard deviations of their mean. The
standard deviation is that of the recorded seeds, pooled over all configurations with the same
learning rate, because two seeds alone say little. The training uses whatever backend Keras has
here, so this also shows that the bank does not depend on the one that recorded it.
"""

import argparse
import random
import sys

import keras
import numpy as np

from benchmarks import bank_tasks
from helpers.bank import RECORDINGS, load_bank
from helpers.data import DataError

CONFIGURATIONS = 3
NEW_SEED = 100  # occurs in no recording
LEARNS = 0.15  # accuracy; networks that stay at the chance level all agree with one another
WITHIN = 3.0  # standard deviations


def main() -> int:
    """Checks what the command line asks for, and returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", nargs="?", default="cifar10_mlp", choices=sorted(RECORDINGS))
    parser.add_argument("--draw", type=int, default=1, help="seed of the draw of configurations")
    options = parser.parse_args()
    recording, bank = RECORDINGS[options.name], load_bank(options.name)
    scores = bank.table.groupby([*bank.space, "seed"])["val_acc"].max().unstack("seed")
    try:
        images = bank_tasks.load_images(recording.task)
    except DataError as error:
        print(error, file=sys.stderr)
        return 1
    recorded_on = bank.provenance["images_sha256"]
    if images.digest != recorded_on:
        print("These are not the images of the bank; a small difference is to be expected.")
    print(f"Recorded with {bank.provenance['backend']}, trained now with {keras.backend.backend()}")
    outside = 0
    learning = scores.index[scores.min(axis=1) > LEARNS]
    for values in random.Random(options.draw).sample(list(learning), CONFIGURATIONS):
        configuration = dict(zip(bank.space, values, strict=True))
        alike = scores.xs(configuration["learning_rate"], level="learning_rate")
        sigma = np.sqrt(alike.var(axis=1, ddof=1).mean())
        trained = bank_tasks.train(recording, images, configuration, NEW_SEED)
        score = max(row["val_acc"] for row in trained)
        recorded = scores.loc[values]
        # In standard deviations of the difference between one new training and the recorded mean.
        away = (score - recorded.mean()) / (sigma * np.sqrt(1 + 1 / len(bank.seeds)))
        outside += abs(away) > WITHIN
        print(
            ", ".join(f"{name}={value:g}" for name, value in configuration.items()),
            f"\n  recorded {' '.join(f'{one:.4f}' for one in recorded)}, now {score:.4f}: "
            f"{away:+.1f} standard deviations: {'ok' if abs(away) <= WITHIN else 'OUTSIDE'}",
            flush=True,
        )
    return 1 if outside else 0


if __name__ == "__main__":
    sys.exit(main())
