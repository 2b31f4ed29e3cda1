"""Small searches: one that trains nothing, and one that trains a little."""

import keras
import keras_tuner
import numpy as np

from tests.support.backends import EAGERLY

X, Y = np.random.default_rng(0).normal(size=(64, 4)), np.eye(2)[np.arange(64) % 2]
DATA = {"x": X, "y": Y, "validation_data": (X, Y), "verbose": 0}


class Scored(keras_tuner.RandomSearch):
    """A search that trains nothing: its score is a formula of the values."""

    def run_trial(self, trial, *args, **kwargs):
        hp = trial.hyperparameters
        depth = hp.Int("depth", 1, 3)
        with hp.conditional_scope("depth", [2, 3]):
            rate = hp.Float("rate", 0.1, 0.5)
        if depth == 3:
            raise ValueError(f"depth {depth} is too deep\nand this is a second line")
        return {self.oracle.objective.name: depth + (rate or 0)}


def scored(folder, direction="max", trials=8, **kwargs):
    objective = keras_tuner.Objective("val_acc", direction)
    how = {"directory": folder, "project_name": "p", "seed": 3, "max_trials": trials}
    tuner = Scored(objective=objective, max_consecutive_failed_trials=99, **how, **kwargs)
    hp = keras_tuner.HyperParameters()
    depth = hp.Int("depth", 1, 3)
    with hp.conditional_scope("depth", [2, 3]):
        hp.Float("rate", 0.1, 0.5)
    assert depth == 1
    tuner.oracle.update_space(hp)
    return tuner


def build(hp):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(hp.Int("units", 2, 9))])
    model.add(keras.layers.Dense(2, activation="softmax"))
    model.compile("adam", "categorical_crossentropy", metrics=["acc"], run_eagerly=EAGERLY)
    return model
