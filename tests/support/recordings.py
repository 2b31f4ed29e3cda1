"""A small recording, and what its files hold."""

import numpy as np

from benchmarks import bank_file, bank_tasks
from helpers.bank import Recording
from helpers.bank.recordings import SCHEMA

SMALL = Recording(
    name="small",
    task="cifar10",
    space={
        "num_hidden": (5, 10),
        "num_layers": (1,),
        "dropout": (0.0, 0.2),
        "learning_rate": (1e-3,),
        "batch_size": (32,),
    },
    seeds=(1, 2),
    epochs=2,
    tests=True,
)
TRAININGS = 8
HEADER = {
    "schema": SCHEMA,
    "space": {name: list(values) for name, values in SMALL.space.items()},
    "seeds": [1, 2],
    "epochs": 2,
    "backend": "tensorflow",
    "begun": "today",
    "machine": "this",
}


def rows(num_hidden, dropout=0.0, seed=1):
    """Returns the rows of one training."""
    values = {
        "num_hidden": num_hidden,
        "num_layers": 1,
        "dropout": dropout,
        "learning_rate": 1e-3,
        "batch_size": 32,
    }
    metrics = dict.fromkeys(SMALL.metrics, 0.1)
    return [
        {**values, "seed": seed, "epoch": epoch, **metrics, "seconds": 1.0, "parameters": 9}
        for epoch in (1, 2)
    ]


def named(num_hidden, dropout=0.0, seed=1):
    """Returns what names that training."""
    return bank_file.name_training(SMALL, rows(num_hidden, dropout, seed)[0])


def random_images(task):
    """Returns a few images of noise in place of those of `task`."""
    rng = np.random.default_rng(0)
    data = rng.integers(0, 256, (64, 32, 32, 3), np.uint8), np.eye(10)[rng.integers(0, 10, 64)]
    return bank_tasks.Images(data, data, data, "a hash")
