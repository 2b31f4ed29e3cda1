"""Findings about the data; each mistake goes wrong for real."""

import math

import keras
import keras_tuner
import numpy as np
import pytest

from helpers.data import SealedTestSet
from helpers.preflight import ERROR, WARNING, data
from tests.support.small_searches import (
    RNG,
    X_VAL,
    Y_VAL,
    OwnFit,
    X,
    Y,
    build,
    compiled,
    look_at,
    only,
    probe_of,
    search,
    well_formed,
)


def found(check, *args, **kwargs):
    return well_formed(check(probe_of(*args, **kwargs)))


def test_test_data_passed_as_validation_data(tuner_of):
    for given in ((X_VAL, Y_VAL), SealedTestSet(X_VAL, RNG.integers(0, 10, 900))):
        finding = only(look_at(tuner_of(), test_data=given))
        assert finding.severity == ERROR
        assert finding.evidence == "900 of 900 validation examples are in the test set"
        if isinstance(given, SealedTestSet):
            assert given.looks == 0
    assert look_at(tuner_of(), test_data=(X_VAL + 1, Y_VAL)).findings == []


def test_training_data_passed_as_validation_data(tuner_of):
    finding = only(look_at(tuner_of(), validation_data=(X, Y)))
    assert finding.severity == ERROR and "trained on" in finding.problem


def test_copies_on_both_sides_of_a_validation_split(tuner_of):
    copies = RNG.permutation(np.repeat(np.arange(300), 3))
    finding, *_ = look_at(tuner_of(), X[copies], Y[copies], validation_split=0.5).findings
    assert finding.severity == ERROR and "they are trained on" in finding.problem
    whole = look_at(tuner_of(project_name="other"), validation_split=0.5)
    assert "trained on" not in str(whole)


@pytest.mark.parametrize("against", ["training", "test"])
@pytest.mark.parametrize(("copies", "findings"), [(9, 0), (10, 1)])
def test_a_hundredth_of_the_examples_may_occur_twice(tuner_of, against, copies, findings):
    validation = X_VAL.copy()
    validation[:copies] = X[:copies]
    sets = {"x": X} if against == "training" else {"x": X + 1, "test": (X, Y)}
    given = {**sets, "validation": (validation, Y)}
    assert len(found(data.check_separate_sets, tuner_of(), **given)) == findings


def test_examples_that_are_equal_by_chance_are_no_leak(tuner_of):
    switches = RNG.integers(0, 2, (1800, 5)).astype("float32")
    given = {"x": switches[:900], "validation": (switches[900:], Y), "test": (switches[:900], Y)}
    assert found(data.check_separate_sets, tuner_of(), **given) == []


# Of n features that are 0 or 1, two examples are equal with the probability 2**-n.
@pytest.mark.parametrize(("features", "chance"), [(16, True), (17, False)])
def test_what_is_to_be_expected_by_chance_is_a_hundredth_for_each_example(features, chance):
    every = (np.arange(900)[:, None] >> np.arange(features) % 10) % 2
    balanced = np.stack([np.arange(900) % 2] * features, axis=1)
    assert every.shape == balanced.shape
    assert data._repeats_by_chance(balanced) == (900 * 2.0**-features >= 0.01) == chance


def test_inputs_in_several_arrays_are_compared_together(tuner_of):
    parts = [X[:, :2], X[:, 2:]]
    swapped = [X[:, :2], X[::-1, 2:]]
    for validation, findings in ((parts, 1), (swapped, 0)):
        given = {"x": parts, "validation": (validation, Y)}
        assert len(found(data.check_separate_sets, tuner_of(), **given)) == findings


def test_data_of_another_type_or_shape_are_compared_where_they_can_be(tuner_of):
    # Whole numbers of another type: 1.5 is not the integer 1.
    whole = np.arange(3600).reshape(900, 4)
    for x, validation, findings in (
        (X, X.astype("float64"), 1),
        (X, X[:, :3], 0),
        (whole + 0.5, whole, 0),
        (whole.astype("uint16"), whole.astype("float32"), 1),
    ):
        given = {"x": x, "validation": (validation, Y)}
        assert len(found(data.check_separate_sets, tuner_of(), **given)) == findings


def test_a_validation_set_that_is_too_small_says_by_how_much(tuner_of):
    few = X_VAL[:100], Y_VAL[:100]
    finding = only(look_at(tuner_of(), validation_data=few))
    assert finding.severity == WARNING
    assert "100 examples, differences below 14 points" in finding.evidence
    assert finding.cure == "5,000 examples show differences of 2 points"
    # Two equally good classifiers, each right half of the time: how far are they apart?
    right = RNG.random((4000, 2, 100)) < 0.5
    apart = np.abs(np.subtract(*right.mean(axis=2).T))
    assert 0.03 < (apart > 0.14).mean() < 0.06, "about one time in twenty, as two standard errors"


@pytest.mark.parametrize(
    ("objective", "examples", "findings"),
    [
        ("val_accuracy", 799, 1),
        ("val_accuracy", 800, 0),
        ("val_acc", 799, 1),
        ("val_binary_accuracy", 799, 1),
        ("val_precision", 799, 1),
        ("val_recall_1", 799, 1),
        ("val_loss", 100, 0),
        ("accuracy", 100, 0),  # not measured on the validation data
        ("val_acceleration_error", 100, 0),
    ],
)
def test_from_800_examples_on_five_points_of_accuracy_can_be_told(
    tuner_of, objective, examples, findings
):
    tuner = tuner_of(objective=keras_tuner.Objective(objective, "max"))
    few = RNG.normal(size=(examples, 4)), Y[:examples]
    assert len(found(data.check_validation_size, tuner, validation=few)) == findings


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_inputs_that_are_not_finite(tuner_of, value):
    bad = X.copy()
    bad[[3, 7], 1] = value
    tuner = tuner_of(objective="val_loss")
    finding = only(look_at(tuner, bad))
    assert finding.severity == ERROR and finding.evidence.startswith("2 of 900 inputs")
    with pytest.raises(RuntimeError, match="consecutive failures"):
        search(tuner, bad[:300])


def test_targets_that_are_not_finite(tuner_of):
    bad = Y.copy()
    bad[5] = np.nan
    tuner = tuner_of(objective="val_loss")
    finding = only(look_at(tuner, X, bad))
    assert finding.severity == ERROR and finding.problem.startswith("The targets are not finite")
    assert finding.evidence == "1 of 900 targets hold NaN or infinity"
    with pytest.raises(RuntimeError, match="consecutive failures"):
        search(tuner, X[:300], bad[:300])


def test_validation_data_that_are_not_finite(tuner_of):
    bad_x, bad_y = X_VAL.copy(), Y.copy()
    bad_x[:3], bad_y[7] = np.nan, np.inf
    given = {"validation": (bad_x, bad_y)}
    findings = found(data.check_finite, tuner_of(objective="val_loss"), **given)
    assert [finding.evidence for finding in findings] == [
        "3 of 900 validation inputs hold NaN or infinity",
        "1 of 900 validation targets hold NaN or infinity",
    ]


def test_a_model_that_masks_what_is_missing_is_sound_and_nothing_is_printed(tuner_of, capsys):
    class Filling(keras.layers.Layer):
        def call(self, inputs):
            return keras.ops.where(keras.ops.isnan(inputs), 0.0, inputs)

    def masking(hp):
        return compiled(keras.Sequential([Filling(), build(hp)]))

    missing = X.copy()
    missing[5] = np.nan
    assert look_at(tuner_of(masking), missing).findings == []
    assert capsys.readouterr().out == ""


def test_what_a_training_of_ones_own_does_to_the_data_is_not_known(tuner_of):
    raw = 1000 * X
    raw[5] = np.nan
    assert look_at(tuner_of(OwnFit()), raw).findings == []


def test_inputs_that_nobody_scales(tuner_of):
    pixels = RNG.integers(0, 256, (900, 4)).astype("float32")
    finding = only(look_at(tuner_of(), pixels))
    assert finding.severity == WARNING and "values up to 255" in finding.evidence

    def scaled(hp):
        return compiled(keras.Sequential([keras.layers.Rescaling(1 / 255), build(hp)]))

    assert look_at(tuner_of(scaled), pixels).findings == []
    # What goes wrong: the loss begins far above that of a guess, log(3).
    unscaled_loss = build(keras_tuner.HyperParameters()).evaluate(pixels, Y, verbose=0)[0]
    assert unscaled_loss > 5 * math.log(3)


@pytest.mark.parametrize(("value", "findings"), [(20.0, 0), (20.01, 1), (-20.01, 1)])
def test_inputs_up_to_20_are_scaled(tuner_of, value, findings):
    inputs = X.copy()
    inputs[:, 2] = value  # one feature is enough
    assert len(found(data.check_scale, tuner_of(), inputs)) == findings


@pytest.mark.parametrize(("outliers", "findings"), [(9, 0), (10, 1)])
def test_a_hundredth_of_the_values_may_be_outliers(tuner_of, outliers, findings):
    inputs = X.copy()
    inputs[:outliers, 2] = 100
    assert len(found(data.check_scale, tuner_of(), inputs)) == findings


def test_the_batches_of_a_data_set_are_looked_at(tuner_of):
    class Batches(keras.utils.PyDataset):
        def __init__(self, inputs):
            super().__init__()
            self.inputs = inputs

        def __len__(self):
            return 3

        def __getitem__(self, index):
            return self.inputs[300 * index : 300 * index + 300], Y[:300]

    bad = X.copy()
    bad[4] = np.nan
    scaled, finite = (
        found(check, tuner_of(), Batches(inputs), None)
        for check, inputs in ((data.check_scale, X * 100), (data.check_finite, bad))
    )
    assert "not scaled" in scaled[0].problem and "not finite" in finite[0].problem
    assert finite[0].evidence == "1 of 300 inputs hold NaN or infinity"
