"""Findings about what a search needs to begin, and about what bounds it."""

import importlib.util

import keras_tuner
import pytest

from helpers.preflight import ERROR, WARNING, budget
from tests.support.backends import needs_tensorflow, tf
from tests.support.small_searches import (
    X_VAL,
    X,
    Y,
    look_at,
    only,
    probe_of,
    search,
    well_formed,
)


@needs_tensorflow
def test_a_missing_tensorboard(tuner_of, monkeypatch):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: name != "tensorboard" and find_spec(name) or None
    )
    (finding,) = budget.check_tensorboard(probe_of(tuner_of()))
    assert finding.severity == ERROR and finding.cure == "pip install tensorboard"


def test_with_another_backend_nobody_needs_tensorboard(tuner_of, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(budget.keras.backend, "backend", lambda: "jax")
    assert list(budget.check_tensorboard(probe_of(tuner_of()))) == []


# Warnings are errors here: in Hyperband's second round, Keras warns of a fresh optimizer.
@pytest.mark.filterwarnings("ignore:Skipping variable loading for optimizer")
def test_hyperband_ignores_epochs_and_the_finding_says_what_it_does_instead(tuner_of):
    tuner = tuner_of(tuner_class=keras_tuner.Hyperband, max_epochs=2, factor=2)
    finding = only(look_at(tuner, epochs=50))
    assert finding.severity == WARNING and "ignores those of search" in finding.problem
    report = look_at(tuner)
    assert report.findings == []
    search(tuner, epochs=50)
    trials = [trial.hyperparameters.values for trial in tuner.oracle.trials.values()]
    epochs = sum(v["tuner/epochs"] - v["tuner/initial_epoch"] for v in trials)
    assert (report.estimate.trials, report.estimate.epochs) == (len(trials), epochs)
    assert f"makes {len(trials)} trials of {epochs} epochs in all" in finding.evidence


@pytest.mark.parametrize("tuner_class", [keras_tuner.Hyperband, keras_tuner.Tuner])
def test_only_the_tuner_of_hyperband_sets_the_epochs(tuner_of, tuner_class):
    options = {"max_epochs": 4, "objective": "val_loss"}
    if tuner_class is keras_tuner.Tuner:
        oracle = keras_tuner.oracles.HyperbandOracle(**options)
        options = {"oracle": oracle, "objective": None, "max_trials": None}
        tuner = tuner_of(tuner_class=_OfAnOracle, **options)
    else:
        tuner = tuner_of(tuner_class=tuner_class, **options)
    for epochs, findings in ((None, 0), (4, 0), (3, tuner_class is keras_tuner.Hyperband)):
        assert len(list(budget.check_hyperband(probe_of(tuner, epochs=epochs)))) == findings


class _OfAnOracle(keras_tuner.Tuner):
    def __init__(self, hypermodel, *, oracle, directory, **_):
        super().__init__(oracle, hypermodel, directory=directory)


def test_a_hyperband_without_an_end(tuner_of):
    tuner = tuner_of(tuner_class=keras_tuner.Hyperband, max_epochs=4, hyperband_iterations=0)
    report = look_at(tuner)
    assert only(report).severity == ERROR and "never ends" in only(report).problem
    assert report.estimate.trials is None and "unknown number" in str(report.estimate)


def examples():
    yield from zip(X.reshape(3, 300, 4), Y.reshape(3, 300, 3), strict=True)


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
def test_a_generator_that_the_first_trial_uses_up(tuner_of):
    tuner = tuner_of(objective="val_loss")
    given = examples()
    finding = only(look_at(tuner, given, None))
    assert finding.severity == ERROR and "leaves nothing for the others" in finding.problem
    assert finding.evidence == "x is of type generator, and steps_per_epoch is not given"
    assert len(list(given)) == 3, "it was read"
    tuner = tuner_of(objective="val_loss", project_name="search")
    with pytest.raises(RuntimeError):
        search(tuner, examples(), None, batch_size=None, shuffle=False)
    assert [trial.status for trial in tuner.oracle.trials.values()] == ["COMPLETED", "FAILED"]


@pytest.mark.parametrize(
    ("given", "options", "findings"),
    [
        ({"x": "generator"}, {}, ["x is of type generator, and steps_per_epoch is not given"]),
        ({"x": "generator"}, {"steps_per_epoch": 3}, []),
        pytest.param(
            {"x": "endless"},
            {},
            ["x goes on for ever, and steps_per_epoch is not given"],
            marks=needs_tensorflow,
        ),
        pytest.param({"x": "endless"}, {"steps_per_epoch": 3}, [], marks=needs_tensorflow),
        (
            {"validation": "generator"},
            {"steps_per_epoch": 3},
            ["validation_data is of type generator, and validation_steps is not given"],
        ),
        pytest.param(
            {"validation": "endless"},
            {},
            ["validation_data goes on for ever, and validation_steps is not given"],
            marks=needs_tensorflow,
        ),
        pytest.param(
            {"validation": "endless"}, {"validation_steps": 3}, [], marks=needs_tensorflow
        ),
        pytest.param({"x": "whole"}, {}, [], marks=needs_tensorflow),
    ],
)
def test_data_without_an_end_need_a_number_of_steps(tuner_of, given, options, findings):
    whole = tf.data.Dataset.from_tensor_slices((X_VAL, Y)).batch(300)
    kinds = {"generator": examples(), "endless": whole.repeat(), "whole": whole}
    given = {name: kinds[kind] for name, kind in given.items()}
    found = well_formed(budget.check_epoch_ends(probe_of(tuner_of(), **given, **options)))
    assert [finding.evidence for finding in found] == findings
