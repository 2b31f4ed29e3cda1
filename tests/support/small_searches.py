"""Searches so small that a test can run them: four numbers in, one of three classes out."""

import keras
import keras_tuner
import numpy as np

from helpers.preflight import ERROR, WARNING, check
from helpers.preflight.probe import Probe
from helpers.preflight.space import FOR_FIT
from tests.support.backends import EAGERLY

RNG = np.random.default_rng(0)
X = RNG.normal(size=(900, 4)).astype("float32")
Y = np.eye(3)[RNG.integers(0, 3, 900)]
X_VAL, Y_VAL = RNG.normal(size=(900, 4)).astype("float32"), Y


def build(hp):
    model = keras.Sequential(
        [
            keras.Input(shape=(4,)),
            keras.layers.Dense(hp.Int("units", min_value=2, max_value=20, step=2)),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    return compiled(model)


def compiled(model, optimizer="adam", loss="categorical_crossentropy", metrics=("accuracy",)):
    model.compile(optimizer=optimizer, loss=loss, metrics=list(metrics), run_eagerly=EAGERLY)
    return model


class OwnFit(keras_tuner.HyperModel):
    """A model with a training of the user's own."""

    def build(self, hp):
        return build(hp)

    def fit(self, hp, model, *args, **kwargs):
        return 0.0


class OwnTrial(keras_tuner.RandomSearch):
    """A tuner with a training of the user's own."""

    def run_trial(self, trial, *args, **kwargs):
        return 0.0


def look_at(tuner, x=X, y=Y, **kwargs):
    """Returns the report of `check`, with validation data unless others are given."""
    if "validation_split" not in kwargs:
        kwargs = {"validation_data": (X_VAL, Y_VAL), **kwargs}
    report = check(tuner, x, y, **{"batch_size": 300, **kwargs})
    well_formed(report.findings)
    return report


def well_formed(findings):
    """Returns the findings as a list, after a look at how they are put."""
    findings = list(findings)
    for finding in findings:
        assert finding.severity in (ERROR, WARNING)
        first, cure = finding.problem.split()[0], finding.cure
        assert first[0].isupper() or first in FOR_FIT or "=" in first, "a sentence, or a setting"
        assert finding.problem.endswith(".") and not cure.endswith(".") and cure != cure.upper()
    return findings


def only(report):
    """Returns the only finding of a report."""
    (finding,) = report.findings
    return finding


def probe_of(tuner, x=X, y=Y, validation=(X_VAL, Y_VAL), split=0.0, test=None, **options):
    """Returns what a single check looks at."""
    epochs, batch_size = options.pop("epochs", None), options.pop("batch_size", 300)
    return Probe(tuner, x, y, validation, split, epochs, batch_size, test, options)


def search(tuner, x=X[:300], y=Y[:300], **kwargs):
    """Runs a search on a few examples."""
    few = X_VAL[:300], Y_VAL[:300]
    tuner.search(x, y, **{"validation_data": few, "batch_size": 300, "verbose": 0, **kwargs})


def make_tuner(folder, builder=build, tuner_class=keras_tuner.RandomSearch, **options):
    """Returns a tuner of two trials that ends with the first failure, unless told otherwise."""
    defaults = {"objective": "val_accuracy", "seed": 1, "max_consecutive_failed_trials": 1}
    options = {**defaults, "directory": folder, **options}
    if tuner_class is not keras_tuner.Hyperband:
        options = {"max_trials": 2, **options}
    return tuner_class(builder, **options)
