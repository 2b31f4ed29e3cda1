"""Searches that die where a test wants them to."""

import contextlib
import os
from pathlib import Path

import keras
import keras_tuner
import numpy as np
import pytest

from helpers.search import trials_table
from tests.support.backends import EAGERLY

ROOT = Path(__file__).parents[2]
X, Y = np.random.default_rng(0).normal(size=(40, 4)), np.arange(40) % 2
posix = pytest.mark.skipif(os.name != "posix", reason="does what only POSIX allows")


class Died(BaseException):
    """As good as SIGKILL, for what is on the disk: nobody catches it and saves something."""


@contextlib.contextmanager
def as_nobody(folder):
    """Lets nobody write in a folder, not even root, who plays somebody else meanwhile."""
    folder.chmod(0o555)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o755)


def make(folder, tuner_class=keras_tuner.RandomSearch, project="project", **how):
    """Makes a tuner whose trials train nothing; `ran` lists those that it has run."""

    class Instant(tuner_class):
        ran: list
        bias = 0.0

        def run_trial(self, trial, **unused):
            self.ran.append(trial.trial_id)
            return {"loss": trial.hyperparameters.get("x") + self.bias}

    hp = keras_tuner.HyperParameters()
    grid = tuner_class is keras_tuner.GridSearch
    hp.Float("x", min_value=0.0, max_value=1.0, step=0.125 if grid else None)
    if tuner_class is not keras_tuner.Hyperband:
        how = {"max_trials": 3, **how}
    where = {"directory": folder, "project_name": project}
    tuner = Instant(objective="loss", hyperparameters=hp, seed=1, **where, **how)
    tuner.ran = []
    return tuner


def search_and_die(tuner, owner, method, trial_id, status):
    """Dies where `owner` calls `method` and the trial has this status."""
    original = getattr(owner, method)

    def die_or_go_on(*args, **kwargs):
        trial = tuner.oracle.trials.get(trial_id)
        if trial is not None and trial.status == status:
            raise Died
        return original(*args, **kwargs)

    setattr(owner, method, die_or_go_on)
    with pytest.raises(Died):
        tuner.search(verbose=0)


def result(project):
    table = trials_table(project)
    return table.drop(columns=["seconds", "epochs", "parameters"])


def build(hp):
    model = keras.Sequential(
        [
            keras.Input(shape=(4,)),
            keras.layers.Dense(hp.Int("units", min_value=2000, max_value=2100), "relu"),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    how = {"loss": "sparse_categorical_crossentropy", "metrics": ["acc"], "run_eagerly": EAGERLY}
    model.compile("adam", **how)
    return model


def training(folder, project="project"):
    where = {"directory": folder, "project_name": project, "seed": 1}
    return keras_tuner.RandomSearch(build, "val_acc", max_trials=2, **where)


def train(tuner):
    tuner.search(X, Y, validation_data=(X, Y), epochs=1, verbose=0)
