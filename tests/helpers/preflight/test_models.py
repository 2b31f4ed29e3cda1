"""Findings about the models of a space; each mistake goes wrong for real."""

import keras
import keras_tuner
import numpy as np
import pytest

from helpers.preflight import ERROR, WARNING, models
from helpers.preflight.rehearsal import Rehearsal
from tests.support.small_searches import (
    RNG,
    X_VAL,
    X,
    Y,
    build,
    compiled,
    look_at,
    only,
    probe_of,
    search,
)

IMAGES = RNG.normal(size=(1800, 12, 12, 1)).astype("float32")


def pooled(hp):
    """Each pooling halves the image, which has 12 pixels a side: three are possible."""
    layers = [keras.layers.MaxPooling2D() for _ in range(hp.Int("poolings", 1, 12))]
    return compiled(
        keras.Sequential([keras.Input((12, 12, 1)), *layers, keras.layers.Flatten(), *answer()])
    )


def answer():
    return [keras.layers.Dense(3, activation="softmax")]


def test_models_that_cannot_be_built_with_large_values(tuner_of):
    given = {"x": IMAGES[:900], "y": Y, "validation_data": (IMAGES[900:], Y)}
    tuner = tuner_of(pooled, max_trials=12, tuner_class=keras_tuner.GridSearch)
    finding = only(look_at(tuner, **given))
    assert finding.severity == ERROR and "can't be built" in finding.problem
    assert "the search ends after 1 of them in a row" in finding.problem
    assert (
        " of 20 random configurations fail; the one with the largest values says ValueError: "
        in (finding.evidence)
    )
    with pytest.raises(RuntimeError, match="consecutive failures"):
        tuner.search(IMAGES[:30], Y[:30], validation_data=(IMAGES[30:60], Y[:30]), verbose=0)


# Of 12 trials, 10 may begin a series of three; 10 * (7 / 20)**3 = 0.43, and with 8 it is 0.64.
LIMITS = {"max_trials": 12, "max_consecutive_failed_trials": 3}


@pytest.mark.parametrize(
    ("broken", "limits", "severity"),
    [
        (7, LIMITS, WARNING),
        (8, LIMITS, ERROR),
        (8, {**LIMITS, "max_consecutive_failed_trials": 4}, WARNING),
        (8, {**LIMITS, "max_trials": 9}, WARNING),
        (1, {**LIMITS, "max_trials": None}, ERROR),
        (0, {**LIMITS, "max_trials": None}, WARNING),
    ],
)
def test_it_is_an_error_where_a_search_is_likely_to_end(tuner_of, broken, limits, severity):
    calls = iter(range(10**6))

    def failing(hp):
        hp.Float("rate", 0.0, 1.0)
        units = hp.Int("units", 2, 20)
        # The tuner builds once, the default model and the largest are built, then the samples.
        call = next(calls)
        if units == 20 and call == 2 or 3 <= call < 3 + broken:
            raise ValueError("too many")
        return build(hp)

    (finding,) = models.check_models_can_be_built(probe_of(tuner_of(failing, **limits)))
    assert finding.severity == severity
    ending = f"ends after {limits['max_consecutive_failed_trials']} of them in a row."
    assert finding.problem.endswith(ending)
    assert finding.evidence.startswith(f"{broken} of 20 random configurations fail; the one ")
    assert finding.evidence.endswith("says ValueError: too many")


def test_a_configuration_that_the_user_refuses_is_no_finding(tuner_of, timed):
    def refusing(hp):
        if hp.Int("units", 2, 20, step=2) > 16:
            raise keras_tuner.errors.FailedTrialError("too large")
        return build(hp)

    report = look_at(tuner_of(refusing))
    assert report.findings == []
    assert not report.estimate.largest_timed and "as the default one" in str(report.estimate)


def test_a_model_that_no_longer_can_be_built_in_a_project_that_is_reloaded(tuner_of):
    search(tuner_of(max_trials=1))

    def broken(hp):
        raise NameError("name 'layers' is not defined")

    tuner = tuner_of(broken, max_trials=4)
    finding = only(look_at(tuner))
    assert finding.severity == ERROR and "not even with the default values" in finding.problem
    assert finding.evidence == "NameError: name 'layers' is not defined"
    with pytest.raises(RuntimeError, match="name 'layers' is not defined"):
        search(tuner)


def test_a_function_that_returns_no_model(tuner_of):
    def forgetful(hp):
        build(hp)

    tuner = tuner_of(forgetful)
    finding = only(look_at(tuner))
    assert finding.severity == ERROR and "does not return a Keras model" in finding.problem
    assert finding.evidence == "it returns builtins.NoneType"
    with pytest.raises(keras_tuner.errors.FatalTypeError):
        search(tuner)


def test_a_model_that_nobody_compiled(tuner_of):
    def uncompiled(hp):
        hidden = keras.layers.Dense(hp.Int("units", 2, 9))
        return keras.Sequential([keras.Input((4,)), hidden, *answer()])

    tuner = tuner_of(uncompiled, max_trials=4)
    finding = only(look_at(tuner))
    assert finding.severity == ERROR and "Training fails at its first step" in finding.problem
    assert "compile" in finding.evidence
    with pytest.raises(RuntimeError, match="compile"):
        search(tuner)


def test_a_model_that_the_tuner_compiles_once_more(tuner_of):
    tuner = tuner_of(metrics=["mse"], objective="val_mse", max_trials=1)
    assert look_at(tuner).findings == []


def test_targets_that_do_not_fit_the_loss(tuner_of):
    labels = Y.argmax(axis=1)
    tuner = tuner_of(max_trials=4)
    finding = only(look_at(tuner, X, labels, validation_data=(X_VAL, labels)))
    assert finding.severity == ERROR and "first step" in finding.problem
    assert finding.evidence.startswith("ValueError: ")
    with pytest.raises(RuntimeError, match="consecutive failures"):
        search(tuner, X[:300], labels[:300], validation_data=(X_VAL[:300], labels[:300]))


def test_only_the_largest_model_cannot_be_trained(tuner_of):
    class Full(keras.layers.Layer):
        def call(self, inputs):
            raise MemoryError("out of memory")

    def greedy(hp):
        large = hp.Int("units", 2, 20, step=2) == 20
        layers = [Full()] if large else []
        return compiled(keras.Sequential([*layers, *answer()]))

    finding = only(look_at(tuner_of(greedy)))
    assert finding.severity == WARNING
    assert finding.problem.startswith("The largest model of the space can't be trained: ")
    assert finding.evidence.endswith("Error: out of memory")  # JAX makes a RuntimeError of it


def test_the_layer_that_keras_names_first_is_not_taken_for_what_happened():
    class Full(keras.layers.Layer):
        def call(self, inputs):
            raise MemoryError("out of memory")

    with pytest.raises(MemoryError, match="^Exception encountered when calling Full") as raised:
        Full()(keras.ops.ones((2, 4)))
    assert models._first_line(raised.value) == "MemoryError: out of memory"


def test_an_optimizer_that_all_trials_share(tuner_of):
    optimizer = keras.optimizers.Adam()

    def sharing(hp):
        return compiled(build(hp), optimizer=optimizer)

    tuner = tuner_of(sharing, max_trials=6)
    finding = only(look_at(tuner))
    assert finding.severity == ERROR and "share an optimizer" in finding.problem
    assert finding.evidence == "two models have the same Adam"
    assert not optimizer.built, "it is free for the first trial still"
    with pytest.raises(RuntimeError, match="consecutive failures"):
        search(tuner)


def test_a_layer_that_all_trials_go_on_training(tuner_of):
    shared = keras.layers.Dense(8)

    def sharing(hp):
        layers = [keras.Input((4,)), shared, keras.layers.Dropout(hp.Float("rate", 0.1, 0.5))]
        return compiled(keras.Sequential([*layers, *answer()]))

    tuner = tuner_of(sharing, max_trials=1)
    before = np.array(shared.kernel)
    finding = only(look_at(tuner))
    assert finding.severity == ERROR and "share weights" in finding.problem
    assert finding.evidence.startswith("2 of 4 trainable variables")
    assert np.array_equal(before, np.array(shared.kernel)), "the check has trained it"
    search(tuner)
    assert not np.array_equal(before, np.array(shared.kernel))


def test_a_frozen_layer_may_be_shared(tuner_of):
    frozen = keras.layers.Dense(8, trainable=False)

    def transfer(hp):
        layers = [keras.Input((4,)), frozen, keras.layers.Dropout(hp.Float("rate", 0.1, 0.5))]
        return compiled(keras.Sequential([*layers, *answer()]))

    assert look_at(tuner_of(transfer)).findings == []


def test_a_model_size_that_most_models_exceed(tuner_of):
    # A model of n units has 4 * n + n + 3 * n + 3 parameters; 18 units make 147, and 20 make 163.
    tuner = tuner_of(max_model_size=18)
    finding = only(look_at(tuner))
    assert finding.severity == ERROR and "larger than max_model_size" in finding.problem
    assert finding.evidence == (
        "20 of 20 random configurations have more than 18 parameters, the largest 163"
    )
    with pytest.raises(RuntimeError, match="Oversized model"):
        search(tuner)
    assert look_at(tuner_of(max_model_size=162, project_name="other")).findings == []


@pytest.mark.parametrize(("large", "findings"), [(7, 0), (8, 1)])
def test_some_models_may_be_oversized(tuner_of, monkeypatch, large, findings):
    small, big = (build(hp_of(units=units)) for units in (2, 4))
    sampled = [big] * large + [small] * (19 - large) + [None]  # one can't be built
    monkeypatch.setattr(models, "_sample_models", lambda probe: sampled)
    hp = keras_tuner.HyperParameters()
    hp.Float("rate", 0.0, 1.0)
    probe = probe_of(tuner_of(max_model_size=8 * 2 + 3, hyperparameters=hp, **LIMITS))
    probe._rehearsals = dict.fromkeys(("default", "largest"), Rehearsal())
    assert len(list(models.check_model_size(probe))) == findings


def hp_of(**values):
    hp = keras_tuner.HyperParameters()
    hp.values = values
    return hp


@pytest.mark.parametrize("argument", ["workers", "generator"])
def test_an_argument_that_fit_does_not_take(tuner_of, argument):
    tuner = tuner_of()
    finding = only(look_at(tuner, **{argument: 2}))
    assert finding.severity == ERROR and finding.evidence == f"Model.fit has no {argument}"
    with pytest.raises(RuntimeError, match=argument):
        search(tuner, **{argument: 2})


def test_arguments_of_a_model_that_takes_any_are_its_own_affair(tuner_of):
    class Open(keras.Sequential):
        def fit(self, *args, temperature=None, **kwargs):
            return super().fit(*args, **kwargs)

    class Closed(keras.Sequential):
        def fit(self, x, y, temperature=None, **kwargs):
            return super().fit(x, y, **kwargs)

    for kind in (Open, Closed):
        tuner = tuner_of(lambda hp, kind=kind: compiled(kind([build(hp)])), overwrite=True)
        assert look_at(tuner, temperature=2, verbose=0).findings == []


def test_targets_of_another_length_are_refused_by_keras(tuner_of):
    finding = only(look_at(tuner_of(), X, Y[:800]))
    assert finding.severity == ERROR and "same number of samples" in finding.evidence.lower()
