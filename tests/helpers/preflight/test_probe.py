"""What the checks look at."""

import keras
import keras_tuner
import numpy as np
import pytest

from helpers.preflight import batches
from helpers.preflight import probe as probes
from helpers.preflight.probe import largest_value
from helpers.preflight.rehearsal import Rehearsal
from tests.support.backends import needs_tensorflow, tf
from tests.support.small_searches import X_VAL, Y_VAL, OwnFit, OwnTrial, X, Y, build, probe_of


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A tuner that no test changes."""
    folder = tmp_path_factory.mktemp("plain")
    return keras_tuner.RandomSearch(build, "val_loss", max_trials=2, directory=folder)


def dataset(batches=3):
    return tf.data.Dataset.from_tensor_slices((X, Y)).batch(300).take(batches)


def test_a_validation_split_takes_the_last_examples_as_keras_does(plain):
    probe = probe_of(plain, validation=None, split=0.25)
    assert probe.validates
    x, y = probe.training_part()
    x_val, y_val = probe.validation_part()
    assert np.array_equal(x, X[:675]) and np.array_equal(y, Y[:675])
    assert np.array_equal(x_val, X[675:]) and np.array_equal(y_val, Y[675:])
    assert np.array_equal(probe.validation_inputs(), X[675:])
    given = probe_of(plain)
    assert given.training_part()[0] is X and given.validation_inputs() is X_VAL
    nothing = probe_of(plain, validation=None)
    assert not nothing.validates and nothing.validation_inputs() is None


@pytest.mark.parametrize(
    ("given", "steps"),
    [
        ({"batch_size": 300}, (3, 3)),
        ({"batch_size": 400}, (3, 3)),
        ({"validation": None}, (3, 0)),
        ({"validation": (X_VAL[:301], Y_VAL[:301])}, (3, 2)),
        ({"validation": None, "split": 0.5}, (2, 2)),
        ({"validation_batch_size": 100}, (3, 9)),
        ({"steps_per_epoch": 2, "validation_steps": 1}, (2, 1)),
        # Made in the test: TensorFlow does not survive a fork once it has computed anything.
        pytest.param(
            lambda: {"x": dataset(), "y": None, "validation": dataset(2)},
            (3, 2),
            marks=needs_tensorflow,
        ),
        pytest.param(
            lambda: {"x": dataset().repeat(), "y": None}, (None, 3), marks=needs_tensorflow
        ),
        ({"x": iter([]), "y": None, "validation": iter([])}, (None, None)),
    ],
)
def test_the_steps_of_an_epoch(plain, given, steps):
    given = given if isinstance(given, dict) else given()
    assert probe_of(plain, **given).steps() == steps


def arguments(probe, steps=2, validation_steps=1):
    found = probe._fit_arguments(steps, validation_steps)
    sizes = keras.tree.map_structure(
        lambda one: len(one) if hasattr(one, "__len__") else one, found, none_is_leaf=False
    )
    return {name: size for name, size in sizes.items() if size is not None}


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, {"x": 600, "y": 600, "validation_data": (300, 300)}),
        (
            {"class_weight": {0: 2.0}, "sample_weight": np.ones(900), "validation": None},
            {"x": 600, "y": 600, "class_weight": {0: 2.0}, "sample_weight": 600},
        ),
        (  # 900 examples are two whole batches of 400
            {"batch_size": 400, "validation_batch_size": 100},
            {"x": 800, "y": 800, "validation_data": (100, 100)},
        ),
        ({"batch_size": 1000}, {"x": 900, "y": 900, "validation_data": (900, 900)}),
        ({"y": Y[:700]}, {"x": 900, "y": 700, "validation_data": (300, 300)}),
        (
            {"validation": (X_VAL, Y_VAL, np.ones(900))},
            {"x": 600, "y": 600, "validation_data": (300, 300, 300)},
        ),
        ({"validation": None, "split": 0.5}, {"x": 300, "y": 300, "validation_data": (300, 300)}),
        pytest.param(
            lambda: {"x": dataset(), "y": None, "validation": dataset(), "split": 0.5},
            {"x": 2, "validation_data": 1, "validation_split": 0.5},
            marks=needs_tensorflow,
        ),
    ],
)
def test_what_a_rehearsal_gives_to_fit(plain, given, found):
    given = given if isinstance(given, dict) else given()
    sizes = {"batch_size": 300, "validation_batch_size": given.get("batch_size", 300)}
    if batches.kind_of(given.get("x")) == batches.BATCHES:
        sizes = {}
    elif given.get("validation", 1) is None and "split" not in given:
        sizes.pop("validation_batch_size")
    for name in sizes:
        sizes[name] = given.get(name, sizes[name])
    assert arguments(probe_of(plain, **given)) == {**sizes, **found}


def test_a_generator_is_not_read(plain):
    for given in ({"x": iter([1])}, {"validation": iter([1])}):
        assert probe_of(plain, **given)._fit_arguments(1, 1) is None
        assert list(next(iter(given.values()))) == [1]


@pytest.mark.parametrize(
    ("declare", "largest"),
    [
        (lambda hp: hp.Int("a", 1, 7), 7),
        (lambda hp: hp.Int("a", 0, 10, step=3), 9),
        (lambda hp: hp.Int("a", 2, 40, step=2, sampling="log"), 32),
        (lambda hp: hp.Float("a", 0.5, 2.5), 2.5),
        (lambda hp: hp.Float("a", 0.0, 1.0, step=0.3), pytest.approx(0.9)),
        (lambda hp: hp.Choice("a", [8, 2]), 8),
        (lambda hp: hp.Choice("a", ["x", "y"], default="y"), "y"),
        (lambda hp: hp.Boolean("a"), True),
        (lambda hp: hp.Fixed("a", "x"), "x"),
    ],
)
def test_the_largest_value_that_a_search_may_draw(declare, largest):
    hp = keras_tuner.HyperParameters()
    declare(hp)
    assert largest_value(hp.space[0]) == largest


@pytest.mark.parametrize(
    ("hypermodel", "tuner_class", "runs", "trains"),
    [
        (build, keras_tuner.RandomSearch, False, False),
        (build, keras_tuner.Hyperband, False, False),
        (OwnFit(), keras_tuner.RandomSearch, False, True),
        (build, OwnTrial, True, True),
        (None, OwnTrial, True, True),
    ],
)
def test_who_wrote_the_training(tuner_of, hypermodel, tuner_class, runs, trains):
    probe = probe_of(tuner_of(hypermodel, tuner_class=tuner_class))
    assert (probe.runs_trials_by_itself, probe.trains_by_itself) == (runs, trains)


def test_the_full_space_holds_what_only_larger_models_declare(tuner_of):
    def growing(hp):
        for i in range(hp.Int("layers", 1, 3)):
            hp.Choice(f"units_{i}", [1, 2])
        return build(hp)

    probe = probe_of(tuner_of(growing))
    assert [hp.name for hp in probe.space] == ["layers", "units_0", "units"]
    assert [hp.name for hp in probe.full_space()] == [
        *("layers", "units_0", "units", "units_1", "units_2"),
    ]


@pytest.mark.parametrize(
    ("seconds", "own_fit", "trained"),
    [
        (probes.PATIENCE, False, [True, True]),
        (probes.PATIENCE + 1, False, [True, False]),
        (0.0, True, [False, False]),
    ],
)
def test_a_slow_model_is_not_tried_in_its_largest_size(
    tuner_of, monkeypatch, seconds, own_fit, trained
):
    calls = []

    def rehearse(tuner, values, arguments):
        calls.append((values, arguments is not None))
        return Rehearsal(start_seconds=seconds)

    monkeypatch.setattr(probes, "rehearse", rehearse)
    probe = probe_of(tuner_of(OwnFit() if own_fit else build))
    assert probe.rehearsal("largest") is probe.rehearsal("largest")
    assert probe.rehearsal() is probe.rehearsal("default")
    assert sorted(calls, key=str, reverse=True) == sorted(
        zip(({"units": 2}, {"units": 20}), trained, strict=True), key=str, reverse=True
    )
    assert len(calls) == 2
