"""A model that is built, and trained for a moment."""

import threading
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from helpers.preflight import rehearsal
from helpers.preflight.rehearsal import Rehearsal, rehearse
from tests.support.small_searches import X, Y, build, compiled


class Clock:
    """A clock that only the training moves on."""

    def __init__(self, monkeypatch):
        self.now = 100.0
        monkeypatch.setattr(rehearsal.time, "perf_counter", lambda: self.now)


def fitting(clock, batches, validation_batches=0, *, execution=1):
    """Returns `fit` of a model that needs 0.005 s for a step and 0.001 s for one of validation."""

    def fit(steps, validation_steps, callbacks, **_):
        (watch,) = callbacks
        watch.on_epoch_begin(0)
        for step in range(0, min(steps, batches), execution):
            clock.now += 0.005 * min(execution, batches - step)
            watch.on_train_batch_end(step + execution - 1)
        watch.on_test_begin()
        for step in range(min(validation_steps, validation_batches)):
            clock.now += 0.001
            watch.on_test_batch_end(step)
        watch.on_test_end()
        watch.on_epoch_end(0)

    return SimpleNamespace(fit=fit)


@pytest.mark.parametrize(
    ("batches", "validation_batches", "execution", "asked"),
    [
        (10**6, 0, 1, [1, 4, 16, 64]),  # 0.32 s is long enough
        (10**6, 10**6, 1, [1, 4, 16, 64]),
        (3, 0, 1, [1, 4]),  # the data end
        (3, 100, 1, [1, 4, 16, 64, 256]),  # the validation data end later
        (64, 0, 8, [1, 4, 16, 64]),
    ],
)
def test_epochs_grow_until_they_are_long_enough_or_the_data_end(
    monkeypatch, timed_as_ever, batches, validation_batches, execution, asked
):
    result = Rehearsal(model=fitting(Clock(monkeypatch), batches, validation_batches))
    if execution > 1:
        result.model = fitting(Clock(monkeypatch), batches, execution=execution)
    seen = []

    def arguments(steps, validation_steps):
        seen.append(steps)
        return {"steps": steps, "validation_steps": validation_steps}

    rehearsal._time_steps(result, arguments)
    assert seen == asked
    assert result.step_seconds == pytest.approx(0.005)
    assert result.validation_step_seconds == pytest.approx(0.001 if validation_batches else 0.0)


@pytest.mark.parametrize(("examples", "fits"), [(300, 1), (1000, 2), (1200, 2), (5000, 3)])
def test_arrays_that_were_timed_whole_are_not_timed_again(
    monkeypatch, timed_as_ever, examples, fits
):
    x, seen = np.zeros((examples, 1)), []
    model = fitting(Clock(monkeypatch), 10**6, 0)

    def fit(x, **kwargs):
        seen.append(len(x))
        return model.fit(steps=len(x) // 300, **kwargs)

    def given(steps, validation_steps):
        return {"x": x[: min(steps, examples // 300) * 300], "validation_steps": 0}

    result = Rehearsal(model=SimpleNamespace(fit=fit))
    rehearsal._time_steps(result, given)
    assert len(seen) == len(set(seen)) == fits
    assert result.step_seconds == pytest.approx(0.005)


@pytest.fixture
def timed_as_ever(timed, monkeypatch):
    monkeypatch.setattr(rehearsal, "LONG_ENOUGH", 0.3)


def arguments(steps, validation_steps):
    return {"x": X[: 300 * steps], "y": Y[: 300 * steps], "batch_size": 300}


def test_the_start_is_timed_from_the_call_of_the_builder_to_the_end_of_the_first_step(
    tuner_of, monkeypatch
):
    clock = Clock(monkeypatch)

    def slow(hp):
        clock.now += 3
        return build(hp)

    def waiting(steps, validation_steps):
        clock.now += 2
        return arguments(steps, validation_steps)

    tuner = tuner_of(slow)
    assert rehearse(tuner, {}, None).start_seconds == 3
    result = rehearse(tuner, {}, waiting)
    assert result.start_seconds == 5 and result.logs == ["accuracy", "loss"]


def test_nothing_of_the_users_own_changes(tuner_of):
    shared, optimizer = keras.layers.Dense(8), keras.optimizers.Adam(0.5)
    shared.build((None, 4))
    before = np.array(shared.kernel)

    def sharing(hp):
        last = keras.layers.Dense(3, activation="softmax")
        return compiled(keras.Sequential([keras.Input((4,)), shared, last]), optimizer=optimizer)

    result = rehearse(tuner_of(sharing), {}, arguments)
    assert result.logs and np.array_equal(before, np.array(shared.kernel))
    assert result.own_optimizer is optimizer and not optimizer.built
    assert result.optimizer.built and float(result.optimizer.learning_rate) == 0.5


def test_names_begin_anew_as_in_a_trial_and_errors_are_kept(tuner_of):
    named = []

    def naming(hp):
        named.append((keras.layers.Dense(1).name, threading.current_thread()))
        raise MemoryError("too large")

    keras.layers.Dense(1)
    with pytest.raises(MemoryError):
        tuner_of(naming)
    tuner = tuner_of()
    tuner.hypermodel.build = naming
    result = rehearse(tuner, {}, arguments)
    assert named[-1][0] == "dense" and named[-1][1] is not threading.current_thread()
    assert isinstance(result.build_error, MemoryError) and result.model is None

    def failing(steps, validation_steps):
        raise OSError("no such file")

    result = rehearse(tuner_of(project_name="other"), {"units": 6}, failing)
    assert isinstance(result.fit_error, OSError) and result.logs is None
    assert result.model.layers[0].units == 6 and [hp.name for hp in result.declared] == ["units"]
