import importlib.util
import math
import shutil
from types import SimpleNamespace

import keras
import keras_tuner
import numpy as np
import pytest

from helpers import models
from helpers.data import SealedTestSet
from helpers.kerastuner import hyperband_budget
from helpers.preflight import ERROR, WARNING, check, estimate

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
    # So small that to compile it takes longer than to train it.
    how = {"metrics": ["accuracy"], "run_eagerly": True}
    model.compile(optimizer="adam", loss="categorical_crossentropy", **how)
    return model


@pytest.fixture
def tuner_of(tmp_path):
    def make(builder=build, tuner_class=keras_tuner.RandomSearch, **how):
        how = {"objective": "val_accuracy", "seed": 1, "directory": tmp_path, **how}
        if tuner_class is not keras_tuner.Hyperband:
            how = {"max_trials": 2, **how}
        return tuner_class(builder, **how)

    return make


def look_at(tuner, x=X, y=Y, **kwargs):
    if "validation_split" not in kwargs:
        kwargs = {"validation_data": (X_VAL, Y_VAL), **kwargs}
    return check(tuner, x, y, batch_size=300, **kwargs)


def only(report):
    (finding,) = report.findings
    return finding


def search(tuner, x=X[:300], y=Y[:300], **kwargs):
    few = X_VAL[:300], Y_VAL[:300]
    tuner.search(x, y, **{"validation_data": few, "batch_size": 300, "verbose": 0, **kwargs})


# --- Sound searches -----------------------------------------------------------------------


def test_a_sound_search_has_no_finding_and_an_estimate(tuner_of):
    report = look_at(tuner_of(), epochs=5)
    assert report.findings == []
    assert (report.estimate.trials, report.estimate.epochs) == (2, 10)
    low, high = report.estimate.minutes
    assert 0 < low <= high < 1
    assert str(report).startswith("Nothing found that would go wrong.\nEstimate: 2 trials, 10 ep")
    assert "Nothing found" in report._repr_html_()


def test_the_search_of_notebook_04_is_sound(tuner_of):
    images = RNG.integers(0, 256, (2000, 32, 32, 3), np.uint8)
    labels = np.eye(10)[RNG.integers(0, 10, 2000)]
    tuner = tuner_of(models.build_model, objective="val_acc", max_trials=6)
    data = (images[1000:], labels[1000:])
    report = look_at(tuner, images[:1000], labels[:1000], validation_data=data, epochs=4)
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
    images = RNG.integers(0, 256, (2000, 32, 32, 3), np.uint8)
    labels = np.eye(10)[RNG.integers(0, 10, 2000)]
    tuner = tuner_of(TunedMLP(), objective="val_acc", max_trials=6, hyperparameters=hp)
    data = (images[1000:], labels[1000:])
    report = look_at(tuner, images[:1000], labels[:1000], validation_data=data, epochs=4)
    assert report.findings == []


def test_the_search_of_notebook_09_is_sound(tuner_of):
    how = {"objective": "val_acc", "max_epochs": 4, "factor": 2}
    tuner = tuner_of(models.build_cnn, tuner_class=keras_tuner.Hyperband, **how)
    images = RNG.integers(0, 256, (3000, 32, 32, 3), np.uint8)
    labels = np.eye(10)[RNG.integers(0, 10, 3000)]
    report = look_at(
        tuner,
        images[:1000],
        labels[:1000],
        validation_data=(images[1000:2000], labels[1000:2000]),
        test_data=SealedTestSet(images[2000:], labels[2000:]),
    )
    assert report.findings == []
    assert (report.estimate.trials, report.estimate.epochs) == (15, 30)


def test_a_search_as_kerastuner_documents_it_is_sound(tuner_of):
    # In form that of "Getting started with KerasTuner": conditions, a scope of names by layer,
    # and a Choice of optimizers.
    def documented(hp):
        model = keras.Sequential([keras.Input(shape=(4,)), keras.layers.Flatten()])
        for i in range(hp.Int("num_layers", 1, 3)):
            units = hp.Int(f"units_{i}", min_value=32, max_value=512, step=32)
            activation = hp.Choice("activation", ["relu", "tanh"])
            model.add(keras.layers.Dense(units, activation=activation))
        if hp.Boolean("dropout"):
            model.add(keras.layers.Dropout(rate=0.25))
        model.add(keras.layers.Dense(3, activation="softmax"))
        rate = hp.Float("lr", min_value=1e-4, max_value=1e-2, sampling="log")
        optimizer = keras.optimizers.Adam(learning_rate=rate)
        model.compile(
            optimizer, loss="categorical_crossentropy", metrics=["accuracy"], run_eagerly=True
        )
        return model

    tuner = tuner_of(documented, max_trials=3, executions_per_trial=2, overwrite=True)
    report = look_at(tuner, epochs=2)
    assert report.findings == []
    assert report.estimate.epochs == 3 * 2 * 2
    search(tuner, epochs=1)


def test_a_look_changes_nothing_in_the_project(tuner_of, tmp_path):
    tuner = tuner_of()
    before = tuner.oracle.get_space().get_config()
    look_at(tuner)
    assert tuner.oracle.get_space().get_config() == before
    assert not tuner.oracle.trials
    assert not list(tmp_path.rglob("*.json"))


# --- What goes wrong, and its finding -----------------------------------------------------


def test_an_objective_that_is_never_reported(tuner_of):
    tuner = tuner_of(objective=keras_tuner.Objective("val_acc", "max"), max_trials=4)
    finding = only(look_at(tuner))
    assert finding.severity == ERROR
    assert "'val_acc'; reported are" in finding.evidence and "val_accuracy" in finding.evidence
    assert finding.cure.startswith('objective="val_accuracy"')
    with pytest.raises(RuntimeError, match="KeyError: 'val_acc'"):
        search(tuner)


def test_an_objective_without_validation_data(tuner_of):
    tuner = tuner_of(max_trials=4)
    finding = only(look_at(tuner, validation_data=None))
    assert finding.severity == ERROR and "needs validation data" in finding.problem
    with pytest.raises(RuntimeError, match="KeyError: 'val_accuracy'"):
        search(tuner, validation_data=None)


def test_validation_by_a_split_is_validation(tuner_of):
    assert look_at(tuner_of(), validation_split=0.9).findings == []


def test_a_fit_of_ones_own_may_report_what_the_model_does_not(tuner_of):
    class Own(keras_tuner.HyperModel):
        def build(self, hp):
            return build(hp)

        def fit(self, hp, model, *args, **kwargs):
            return {"val_f1": 0.5}

    tuner = tuner_of(Own(), objective=keras_tuner.Objective("val_f1", "max"))
    assert only(look_at(tuner)).severity == WARNING


def test_a_folder_that_is_reused_with_another_space(tuner_of):
    search(tuner_of(max_trials=1))

    def wider(hp):
        wide = keras_tuner.HyperParameters()
        wide.Fixed("units", hp.Int("units", min_value=100, max_value=200, step=2))
        return build(wide)

    tuner = tuner_of(wider, max_trials=4)
    finding = only(look_at(tuner))
    assert finding.severity == ERROR and "another space" in finding.problem
    assert finding.evidence.startswith("units is 2 to 20 in steps of 2, linear there, and 100 to")
    search(tuner)
    drawn = [trial.hyperparameters.get("units") for trial in tuner.oracle.trials.values()]
    assert max(drawn) <= 20, "KerasTuner drew from the new space after all"


def test_a_folder_that_is_reused_with_the_same_space_is_sound(tuner_of):
    search(tuner_of(max_trials=1))
    assert look_at(tuner_of(max_trials=3)).findings == []


def test_bounds_that_the_user_overrides_are_sound(tuner_of):
    hp = keras_tuner.HyperParameters()
    hp.Int("units", min_value=4, max_value=8, step=2)
    assert look_at(tuner_of(hyperparameters=hp)).findings == []


def test_fewer_combinations_than_trials(tuner_of):
    hp = keras_tuner.HyperParameters()
    hp.Choice("units", [2, 4, 6])
    tuner = tuner_of(max_trials=5, hyperparameters=hp)
    finding = only(look_at(tuner))
    assert finding.severity == WARNING and finding.evidence == "3 combinations, 5 trials"
    search(tuner)
    assert len(tuner.oracle.trials) <= 3


def test_combinations_are_counted_with_their_conditions():
    hp = keras_tuner.HyperParameters()
    hp.Choice("kind", ["a", "b"])
    with hp.conditional_scope("kind", ["b"]):
        hp.Int("size", min_value=1, max_value=5)
    hp.Boolean("flag")
    assert estimate.count_combinations(hp.space) == 2 * (1 + 5)
    hp.Float("rate", min_value=0.0, max_value=1.0)
    assert estimate.count_combinations(hp.space) is None


def test_the_same_name_declared_twice_with_other_bounds(tuner_of):
    values = []

    def twice(hp):
        values.append((hp.Int("size", 2, 4), hp.Int("size", 100, 200)))
        return build(hp)

    tuner = tuner_of(twice)
    finding = only(look_at(tuner))
    assert finding.severity == ERROR and "share a name" in finding.problem
    assert "size is declared as 2 to 4" in finding.evidence and "100 to 200" in finding.evidence
    search(tuner)
    assert all(first == second for first, second in values)


def test_the_same_name_declared_twice_alike_is_sound(tuner_of):
    def alike(hp):
        assert hp.Int("size", 2, 4) == hp.Int("size", 2, 4)
        return build(hp)

    assert look_at(tuner_of(alike)).findings == []


@pytest.mark.parametrize("tuner_class", [keras_tuner.RandomSearch, keras_tuner.GridSearch])
def test_a_seed_of_0(tuner_of, tuner_class):
    tuner = tuner_of(tuner_class=tuner_class, seed=0)
    finding = only(look_at(tuner))
    assert finding.severity == WARNING and "seed=0" in finding.problem
    assert tuner.oracle.seed != 0


def test_a_learning_rate_that_is_sampled_linearly_over_decades(tuner_of):
    def linear(hp):
        hp.Float("learning_rate", min_value=1e-5, max_value=1e-1)
        return build(hp)

    tuner = tuner_of(linear, max_trials=40)
    finding = only(look_at(tuner))
    assert finding.severity == WARNING and "sampled linearly" in finding.problem
    assert "1.0% of the draws are below 0.001" in finding.evidence
    hp = tuner.oracle.get_space().space[0]
    drawn = np.array([hp.random_sample(seed) for seed in range(2000)])
    assert (drawn < 1e-3).mean() < 0.02


def test_test_data_passed_as_validation_data(tuner_of):
    test = X_VAL[:900], Y_VAL[:900]
    for told in (test, SealedTestSet(X_VAL, RNG.integers(0, 10, 900))):
        finding = only(look_at(tuner_of(), test_data=told))
        assert finding.severity == ERROR
        assert finding.evidence == "900 of 900 validation examples are in the test set"
        if isinstance(told, SealedTestSet):
            assert told.looks == 0
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


def test_a_validation_set_that_is_too_small_says_by_how_much(tuner_of):
    few = X_VAL[:100], Y_VAL[:100]
    finding = only(look_at(tuner_of(), validation_data=few))
    assert finding.severity == WARNING
    assert "100 examples, differences below 14 points" in finding.evidence
    # Two equally good classifiers, each right half of the time: how far are they apart?
    right = RNG.random((4000, 2, 100)) < 0.5
    apart = np.abs(np.subtract(*right.mean(axis=2).T))
    assert 0.03 < (apart > 0.14).mean() < 0.06, "about one time in twenty, as two standard errors"


def test_a_loss_as_objective_has_no_such_rule(tuner_of):
    few = X_VAL[:100], Y_VAL[:100]
    assert look_at(tuner_of(objective="val_loss"), validation_data=few).findings == []


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_inputs_that_are_not_finite(tuner_of, value):
    bad = X.copy()
    bad[[3, 7], 1] = value
    tuner = tuner_of(objective="val_loss")
    finding = only(look_at(tuner, bad))
    assert finding.severity == ERROR and finding.evidence.startswith("2 of 900 inputs")
    with pytest.raises(RuntimeError, match="consecutive failures"):
        search(tuner_of(objective="val_loss", max_trials=4, overwrite=True), bad[:300])


def test_inputs_that_nobody_scales(tuner_of):
    pixels = RNG.integers(0, 256, (900, 4)).astype("float32")
    finding = only(look_at(tuner_of(), pixels))
    assert finding.severity == WARNING and "values up to 255" in finding.evidence

    def scaled(hp):
        model = keras.Sequential([keras.Input(shape=(4,)), keras.layers.Rescaling(1 / 255)])
        model.add(build(hp))
        model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
        return model

    assert look_at(tuner_of(scaled), pixels).findings == []
    # What goes wrong: the loss begins far above that of a guess, log(3).
    unscaled_loss = build(keras_tuner.HyperParameters()).evaluate(pixels, Y, verbose=0)[0]
    assert unscaled_loss > 5 * math.log(3)


def test_checkpoints_larger_than_the_free_disk(tuner_of, monkeypatch):
    tuner = tuner_of(max_trials=2)
    megabytes = look_at(tuner).estimate.megabytes
    free = SimpleNamespace(free=int(megabytes * 1e6) - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: free)
    finding = only(look_at(tuner))
    assert finding.severity == ERROR and "do not fit" in finding.problem


def test_the_checkpoints_are_not_larger_than_estimated(tuner_of, tmp_path):
    def large(hp):
        hp.Fixed("units", 20000)
        return build(hp)

    tuner = tuner_of(large, max_trials=1)
    estimated = look_at(tuner).estimate.megabytes
    search(tuner)
    written = sum(file.stat().st_size for file in tmp_path.rglob("*.weights.h5")) / 1e6
    assert 0.9 * written < estimated < 1.3 * written


def test_a_missing_tensorboard(tuner_of, monkeypatch):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name: None if name == "tensorboard" else find_spec(name),
    )
    finding = only(look_at(tuner_of()))
    assert finding.severity == ERROR and finding.cure == "pip install tensorboard"


def test_hyperband_ignores_epochs_and_the_finding_says_what_it_does_instead(tuner_of):
    tuner = tuner_of(tuner_class=keras_tuner.Hyperband, max_epochs=3, factor=3)
    finding = only(look_at(tuner, epochs=50))
    assert finding.severity == WARNING and "ignores those of search" in finding.problem
    report = look_at(tuner)
    assert report.findings == []
    search(tuner, epochs=50)
    trials = [trial.hyperparameters.values for trial in tuner.oracle.trials.values()]
    epochs = sum(v["tuner/epochs"] - v["tuner/initial_epoch"] for v in trials)
    assert (report.estimate.trials, report.estimate.epochs) == (len(trials), epochs)
    assert f"makes {len(trials)} trials and {epochs} epochs" in finding.evidence


@pytest.mark.parametrize(("max_epochs", "trials"), [(10, 30), (30, 90), (100, 254)])
def test_hyperbands_trials_are_those_that_were_measured(max_epochs, trials):
    oracle = keras_tuner.oracles.HyperbandOracle(max_epochs=max_epochs, factor=3)
    assert hyperband_budget(oracle)[0] == trials


def test_a_hyperband_without_an_end(tuner_of):
    tuner = tuner_of(tuner_class=keras_tuner.Hyperband, max_epochs=4, hyperband_iterations=0)
    report = look_at(tuner)
    assert only(report).severity == ERROR and "never ends" in only(report).problem
    assert report.estimate.trials is None and "without a limit" in str(report.estimate)


def test_errors_come_first_and_the_table_escapes_what_it_shows(tuner_of):
    def odd(hp):
        hp.Float("<rate>", min_value=1e-5, max_value=1e-1)
        return build(hp)

    report = look_at(tuner_of(odd), validation_data=(X, Y))
    assert [finding.severity for finding in report.findings] == [ERROR, WARNING]
    assert "&lt;rate&gt;" in report._repr_html_() and "<rate>" not in report._repr_html_()
    assert str(report).index("ERROR") < str(report).index("WARNING")
