"""Findings about the objective and the callbacks; each mistake goes wrong for real."""

import threading

import keras
import keras_tuner
import pytest

from helpers.preflight import ERROR, WARNING, objective
from tests.support.small_searches import (
    OwnFit,
    OwnTrial,
    build,
    compiled,
    look_at,
    only,
    probe_of,
    search,
)


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


def test_several_objectives_that_are_all_reported_are_sound(tuner_of):
    tuner = tuner_of(objective=["val_loss", "val_accuracy"], max_trials=1)
    assert look_at(tuner).findings == []
    search(tuner)
    assert {trial.status for trial in tuner.oracle.trials.values()} == {"COMPLETED"}


def test_of_several_objectives_the_one_that_is_never_reported(tuner_of):
    tuner = tuner_of(objective=["val_loss", "val_auc"], max_trials=4)
    finding = only(look_at(tuner))
    assert finding.severity == ERROR and finding.evidence.startswith("objective 'val_auc'")
    with pytest.raises(RuntimeError, match="val_auc"):
        search(tuner)


def test_no_objective_at_all(tuner_of):
    tuner = tuner_of(objective=None)
    finding = only(look_at(tuner))
    assert finding.severity == ERROR and "has no objective" in finding.problem
    with pytest.raises(keras_tuner.errors.FatalTypeError):
        search(tuner)


def test_a_metric_that_keras_names_by_itself_is_found_under_the_name_of_a_trial(tuner_of):
    def with_auc(hp):
        model = build(hp)
        return compiled(model, metrics=[keras.metrics.AUC()])

    keras.metrics.AUC()  # somebody has used the name `auc` before
    tuner = tuner_of(with_auc, objective=keras_tuner.Objective("val_auc", "max"), max_trials=1)
    assert look_at(tuner).findings == []
    search(tuner)
    assert {trial.status for trial in tuner.oracle.trials.values()} == {"COMPLETED"}


def test_a_fit_of_ones_own_may_report_what_the_model_does_not(tuner_of):
    class Reporting(OwnFit):
        def fit(self, hp, model, *args, **kwargs):
            return {"val_gain": 0.5}

    tuner = tuner_of(Reporting(), objective=keras_tuner.Objective("val_gain", "max"))
    report = look_at(tuner)
    assert report.findings == []
    assert "Not checked: the training, since it is your own" in str(report)
    search(tuner)
    assert {trial.score for trial in tuner.oracle.trials.values()} == {0.5}


def test_an_objective_on_the_training_data_beside_validation_data(tuner_of):
    finding = only(look_at(tuner_of(objective="accuracy")))
    assert finding.severity == WARNING and finding.cure == 'objective="val_accuracy"'
    assert look_at(tuner_of(objective="accuracy"), validation_data=None).findings == []


def test_a_metric_that_kerastuner_minimises_because_it_does_not_know_it(tuner_of):
    def with_f1(hp):
        return compiled(build(hp), metrics=[keras.metrics.F1Score(average="macro")])

    tuner = tuner_of(with_f1, objective="val_f1_score")
    finding = only(look_at(tuner))
    assert finding.severity == ERROR and "looks for the worst models" in finding.problem
    assert finding.cure == 'keras_tuner.Objective("val_f1_score", direction="max")'
    search(tuner)
    scores = [trial.score for trial in tuner.oracle.trials.values()]
    assert tuner.oracle.get_best_trials()[0].score == min(scores) < max(scores)


@pytest.mark.parametrize(
    ("name", "direction", "wrong"),
    [
        ("val_accuracy", "max", False),
        ("val_accuracy", "min", True),
        ("val_r2_score", "min", True),
        ("val_loss", "min", False),
        ("val_loss", "max", True),
        ("val_dice_loss", "min", False),  # a loss, whatever else its name says
        ("val_mae", "max", True),
        ("val_balance", "min", False),
        ("val_balance", "max", False),
    ],
)
def test_a_direction_is_wrong_only_where_the_name_says_so(tuner_of, name, direction, wrong):
    tuner = tuner_of(objective=keras_tuner.Objective(name, direction))
    assert bool(list(objective.check_direction(probe_of(tuner)))) == wrong


def test_a_callback_that_cannot_be_copied(tuner_of):
    class Locked(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.lock = threading.Lock()

    tuner = tuner_of()
    finding = only(look_at(tuner, callbacks=[Locked()]))
    assert (
        finding.severity == ERROR and "copy.deepcopy of Locked raises TypeErr" in finding.evidence
    )
    with pytest.raises(keras_tuner.errors.FatalValueError, match="deep-copyable"):
        search(tuner, callbacks=[Locked()])


@pytest.mark.parametrize(
    ("callbacks", "kind", "message"), [((), "tuple", "append"), (None, "NoneType", "NoneType")]
)
def test_callbacks_that_are_not_a_list(tuner_of, callbacks, kind, message):
    tuner = tuner_of()
    finding = only(look_at(tuner, callbacks=callbacks))
    assert finding.severity == ERROR and finding.evidence == f"callbacks is of type {kind}"
    with pytest.raises(RuntimeError, match=message):
        search(tuner, callbacks=callbacks)


def test_a_callback_that_watches_what_is_never_reported(tuner_of):
    def stopping(monitor):
        return keras.callbacks.EarlyStopping(monitor, mode="max", patience=0, min_delta=1)

    finding = only(look_at(tuner_of(), callbacks=[stopping("val_acc")]))
    assert finding.severity == WARNING and finding.evidence.startswith("EarlyStopping monitors")
    assert finding.cure == 'monitor="val_accuracy"'
    assert look_at(tuner_of(), callbacks=[stopping("val_accuracy")]).findings == []
    model = build(keras_tuner.HyperParameters())
    with pytest.warns(UserWarning, match="`val_acc` which is not available"):
        history = model.fit(
            *(probe_of(None).x, probe_of(None).y),
            validation_split=0.5,
            epochs=3,
            batch_size=450,
            verbose=0,
            callbacks=[stopping("val_acc")],
        )
    assert len(history.epoch) == 3, "it stopped early, although nobody reports val_acc"


def test_sound_callbacks_are_neither_called_nor_changed(tuner_of):
    class Counting(keras.callbacks.Callback):
        calls = 0

        def on_train_begin(self, logs=None):
            Counting.calls += 1

    # A checkpoint of every epoch watches nothing.
    every = keras.callbacks.ModelCheckpoint("{epoch}.weights.h5", "acc", save_weights_only=True)
    callbacks = [Counting(), every]
    assert look_at(tuner_of(), callbacks=callbacks).findings == []
    assert Counting.calls == 0 and len(callbacks) == 2


def test_a_checkpoint_of_the_best_epoch_by_a_metric_that_is_never_reported(tuner_of):
    best = keras.callbacks.ModelCheckpoint("best.keras", monitor="val_acc", save_best_only=True)
    assert len(list(objective.check_callbacks(probe_of(tuner_of(), callbacks=[best])))) == 1


def test_a_run_trial_of_ones_own_may_take_what_it_likes_for_callbacks(tuner_of):
    assert look_at(tuner_of(tuner_class=OwnTrial), callbacks="none").findings == []
