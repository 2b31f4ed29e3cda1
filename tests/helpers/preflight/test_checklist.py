"""Sound searches of every kind have no finding; nothing that is looked at changes."""

import random

import keras
import keras_tuner
import numpy as np
import pandas
import pytest

from helpers import models
from helpers.data import SealedTestSet
from helpers.preflight import ERROR, WARNING
from tests.support.backends import EAGERLY, needs_tensorflow, tf
from tests.support.small_searches import (
    RNG,
    X_VAL,
    Y_VAL,
    X,
    Y,
    build,
    compiled,
    look_at,
    only,
)

LABELS = Y.argmax(axis=1)


def eagerly(builder):
    """Returns a builder of the same models, run as it takes the least time."""

    def build_eagerly(hp):
        model = builder(hp)
        model.run_eagerly = EAGERLY
        return model

    return build_eagerly


def images(number):
    return RNG.integers(0, 256, (number, 32, 32, 3), np.uint8), np.eye(10)[
        RNG.integers(0, 10, number)
    ]


def test_the_search_of_notebook_04_is_sound(tuner_of):
    tuner = tuner_of(eagerly(models.build_model), objective="val_acc", max_trials=6)
    report = look_at(tuner, *images(1000), validation_data=images(1000), epochs=4)
    assert report.findings == []
    assert report.estimate.epochs == 24


def test_the_search_of_notebook_06_is_sound(tuner_of):
    class TunedMLP(keras_tuner.HyperModel):
        def build(self, hp):
            return models.build_mlp(hp)

        def fit(self, hp, model, *args, **kwargs):
            return model.fit(*args, batch_size=hp.Choice("batch_size", [128, 512]), **kwargs)

    hp = keras_tuner.HyperParameters()
    hp.Choice("batch_size", [128, 512])
    tuner = tuner_of(TunedMLP(), objective="val_acc", max_trials=6, hyperparameters=hp)
    report = look_at(tuner, *images(1000), validation_data=images(1000), epochs=4)
    assert report.findings == []
    assert report.unchecked == (
        "the training, since it is your own; it may change the data and report what it likes.",
    )


def test_the_search_of_notebook_09_is_sound(tuner_of):
    options = {"objective": "val_acc", "max_epochs": 4, "factor": 2}
    tuner = tuner_of(eagerly(models.build_cnn), tuner_class=keras_tuner.Hyperband, **options)
    test = SealedTestSet(*images(500))
    report = look_at(tuner, *images(500), validation_data=images(1000), test_data=test)
    assert report.findings == []
    assert (report.estimate.trials, report.estimate.epochs) == (15, 30)


def test_a_search_as_kerastuner_documents_it_is_sound(tuner_of):
    # In form that of "Getting started with KerasTuner": conditions, a scope of names by layer,
    # and a Choice of optimizers.
    def documented(hp):
        layers = [keras.Input(shape=(4,)), keras.layers.Flatten()]
        for i in range(hp.Int("num_layers", 1, 3)):
            units = hp.Int(f"units_{i}", min_value=32, max_value=512, step=32)
            activation = hp.Choice("activation", ["relu", "tanh"])
            layers.append(keras.layers.Dense(units, activation=activation))
        if hp.Boolean("dropout"):
            layers.append(keras.layers.Dropout(rate=0.25))
        layers.append(keras.layers.Dense(3, activation="softmax"))
        rate = hp.Float("lr", min_value=1e-4, max_value=1e-2, sampling="log")
        return compiled(keras.Sequential(layers), keras.optimizers.Adam(learning_rate=rate))

    tuner = tuner_of(documented, max_trials=3, executions_per_trial=2, overwrite=True)
    report = look_at(tuner, epochs=2)
    assert report.findings == [] and report.unchecked == ()
    assert report.estimate.epochs == 3 * 2 * 2


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 3

    def __getitem__(self, index):
        rows = slice(300 * index, 300 * index + 300)
        return X[rows], Y[rows]


tensor = keras.ops.convert_to_tensor


def pairs(x, y):
    return tf.data.Dataset.from_tensor_slices((x, y)).batch(300)


@pytest.mark.parametrize(
    "given",
    [
        {"x": pandas.DataFrame(X), "y": pandas.DataFrame(Y), "validation_split": 0.9},
        # Made in the test: TensorFlow does not survive a fork once it has computed anything.
        lambda: {"x": tensor(X), "y": tensor(Y), "validation_data": (tensor(X_VAL), Y_VAL)},
        pytest.param(
            lambda: {"x": pairs(X, Y), "y": None, "validation_data": pairs(X_VAL, Y_VAL)},
            marks=needs_tensorflow,
        ),
        {"x": Batches(), "y": None},
    ],
    ids=["frames", "tensors", "tf.data", "PyDataset"],
)
def test_data_of_every_kind_are_sound(tuner_of, given):
    given = given if isinstance(given, dict) else given()
    report = look_at(tuner_of(), **given)
    assert report.findings == [] and report.unchecked == ()


@pytest.mark.parametrize("kind", [list, dict])
def test_inputs_in_several_arrays_are_sound(tuner_of, kind):
    def two(hp):
        inputs = {name: keras.Input((2,), name=name) for name in ("left", "right")}
        hidden = keras.layers.Concatenate()(list(inputs.values()))
        units = keras.layers.Dense(hp.Int("units", 2, 9))(hidden)
        outputs = keras.layers.Dense(3, activation="softmax")(units)
        inputs = inputs if kind is dict else list(inputs.values())
        return compiled(keras.Model(inputs, outputs))

    def halves(x):
        parts = {"left": x[:, :2], "right": x[:, 2:]}
        return parts if kind is dict else list(parts.values())

    assert look_at(tuner_of(two), halves(X), validation_data=(halves(X_VAL), Y_VAL)).findings == []


@pytest.mark.parametrize(
    ("x", "validation", "unchecked"),
    [
        (iter([(X, Y)]), None, "the training and its data, since a generator can be read only"),
        (Batches(), iter([(X, Y)]), "the training and its data, since a generator can be read"),
        ([[1.0, 2.0]], None, "the training and its data, which are of an unknown type (list)."),
    ],
)
def test_what_cannot_be_looked_at_is_said(tuner_of, x, validation, unchecked):
    tuner = tuner_of(objective="loss")
    steps = {"steps_per_epoch": 1, "validation_steps": 1}
    report = look_at(tuner, x, None, validation_data=validation, **steps)
    assert report.findings == []
    assert [sentence[: len(unchecked)] for sentence in report.unchecked] == [unchecked]


@pytest.mark.parametrize("split", [0.0, 0.5])
def test_targets_in_a_list_are_refused_by_keras(tuner_of, split):
    tuner = tuner_of(objective="accuracy")
    finding = only(look_at(tuner, X, LABELS.tolist(), validation_split=split))
    assert finding.severity == ERROR and finding.problem.startswith("Training fails")
    assert "Unrecognized data type" in finding.evidence


@needs_tensorflow
def test_a_split_of_a_data_set_is_refused_by_keras(tuner_of):
    finding, *_ = look_at(tuner_of(), pairs(X, Y), None, validation_split=0.5).findings
    assert finding.severity == ERROR and "`validation_split` is only supported" in finding.evidence


def test_a_look_changes_nothing(tuner_of, tmp_path):
    tuner = tuner_of()
    before = tuner.oracle.get_space().get_config()
    random.seed(3)
    np.random.seed(3)
    states = random.getstate(), np.random.get_state()[1].tolist()
    look_at(tuner)
    assert tuner.oracle.get_space().get_config() == before
    assert not tuner.oracle.trials
    assert not list(tmp_path.rglob("*.json"))
    assert (random.getstate(), np.random.get_state()[1].tolist()) == states


def test_the_batch_size_of_keras_is_the_default(tuner_of):
    seen = []

    class Watching(keras.Sequential):
        def fit(self, *args, batch_size, **kwargs):
            seen.append(batch_size)
            return super().fit(*args, batch_size=batch_size, **kwargs)

    look_at(tuner_of(lambda hp: compiled(Watching([build(hp)]))), batch_size=None)
    assert seen == [32, 32]


def test_errors_come_first(tuner_of):
    def odd(hp):
        hp.Float("rate", min_value=1e-5, max_value=1e-1)
        return build(hp)

    report = look_at(tuner_of(odd, seed=0), validation_data=(X, Y))
    assert [finding.severity for finding in report.findings] == [ERROR, WARNING, WARNING]
