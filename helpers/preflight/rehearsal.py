"""Builds a model as a trial would, trains it for about a second, and times that."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import keras
from keras_tuner.engine import hyperparameters as hps
from keras_tuner.engine.base_tuner import BaseTuner

from helpers.kerastuner import DeclarationRecorder, build_model

LONG_ENOUGH = 0.3  # seconds; an epoch that takes this long is timed well enough
GROWTH = 4  # from one timed epoch to the next one, so that together they take about a second
PATIENCE = 10.0  # seconds; a model that takes longer to begin is not tried in its largest size

FitArguments = Callable[[int, int], dict[str, Any] | None]  # see `rehearse`


@dataclass
class Rehearsal:
    """What happened when one model was built and trained for a moment.

    Attributes:
        model: What the tuner's `build` returned; None if it raised. It is as it was built, except
            that the model has another optimizer of the same configuration.
        own_optimizer: The optimizer that the model came with; None if it was not compiled.
        optimizer: The one that it was trained with.
        declared: Every hyperparameter, as often as the model declared it.
        build_error: What `build` raised; None if it went well.
        fit_error: What `fit` raised; None if it went well, or was not tried.
        logs: The names that `fit` reports for an epoch; None if it was not tried, or failed.
        start_seconds: Time to build and compile the model and to run its first step.
        step_seconds: Time of a training step; None if none was timed.
        validation_step_seconds: Time of a validation step; 0 without validation.
    """

    model: Any = None
    own_optimizer: Any = None
    optimizer: Any = None
    declared: list[hps.HyperParameter] = field(default_factory=list)
    build_error: Exception | None = None
    fit_error: Exception | None = None
    logs: list[str] | None = None
    start_seconds: float = 0.0
    step_seconds: float | None = None
    validation_step_seconds: float = 0.0


def rehearse(
    tuner: BaseTuner,
    values: dict[str, Any],
    fit_arguments: FitArguments | None,
) -> Rehearsal:
    """Builds a model with these hyperparameters, and times short epochs of it.

    Args:
        tuner: Its `hypermodel` builds the model. The tuner and its oracle do not change.
        values: Hyperparameters by name; what is missing takes its default.
        fit_arguments: Returns the arguments of `fit` for a number of training steps and of
            validation steps, or None if it can't be tried. None builds the model only.

    Returns:
        What happened. Errors of `build` and `fit` are kept there and not raised.
    """
    result = Rehearsal()

    def work() -> None:
        _build(result, tuner, values)
        if result.model is None or fit_arguments is None:
            return
        if not isinstance(result.model, keras.Model):
            return
        with _kept_variables(result.model):
            try:
                _train_a_step(result, fit_arguments)
                _time_steps(result, fit_arguments)
            except Exception as error:
                result.fit_error = error

    # Keras numbers automatic names by thread. A trial begins to count anew, since KerasTuner
    # clears Keras' session before it: a second AUC() would be called `auc_1` here, and its
    # objective would seem to be missing. A thread of its own does the same, and clears nothing.
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return result


def _build(result: Rehearsal, tuner: BaseTuner, values: dict[str, Any]) -> None:
    hp = DeclarationRecorder()
    hp.values = dict(values)
    start = time.perf_counter()
    try:
        result.model = build_model(tuner, hp)
    except Exception as error:
        result.build_error = error
    result.declared = hp.declared
    result.own_optimizer = result.optimizer = getattr(result.model, "optimizer", None)
    if result.own_optimizer is not None:
        # An optimizer belongs to the first model that it trains: the user's stays free.
        with contextlib.suppress(Exception):
            config = result.own_optimizer.get_config()
            result.optimizer = type(result.own_optimizer).from_config(config)
            result.model.optimizer = result.optimizer
    result.start_seconds = time.perf_counter() - start


def _train_a_step(result: Rehearsal, fit_arguments: FitArguments) -> None:
    start = time.perf_counter()
    if (arguments := fit_arguments(1, 1)) is None:
        return
    history = result.model.fit(**arguments, epochs=1, shuffle=False, verbose=0)
    result.logs = list(history.history)
    result.start_seconds += time.perf_counter() - start


def _time_steps(result: Rehearsal, fit_arguments: FitArguments) -> None:
    steps, before = 1, None
    while (arguments := fit_arguments(steps, steps)) is not None:
        if (now := _lengths(arguments)) is not None and now == before:
            return  # all the arrays were timed: one more epoch of them would say nothing new
        before = now
        watch = _Stopwatch()
        result.model.fit(**arguments, epochs=1, shuffle=False, verbose=0, callbacks=[watch])
        # Where the data end, there are fewer steps than asked for.
        trained, validated = min(watch.steps, steps), min(watch.validation_steps, steps)
        result.step_seconds = watch.training_seconds / max(trained, 1)
        result.validation_step_seconds = watch.validation_seconds / max(validated, 1)
        ended = trained < steps and validated < steps
        if ended or watch.training_seconds + watch.validation_seconds >= LONG_ENOUGH:
            return
        steps *= GROWTH


def _lengths(arguments: dict[str, Any]) -> list[int] | None:
    """Returns how many examples each array holds, or None for other kinds of data."""
    leaves = keras.tree.flatten([arguments.get("x"), arguments.get("validation_data")])
    given = [leaf for leaf in leaves if leaf is not None]
    if not given or not all(getattr(leaf, "shape", ()) for leaf in given):
        return None
    return [int(leaf.shape[0]) for leaf in given]


@contextlib.contextmanager
def _kept_variables(model: keras.Model) -> Iterator[None]:
    """Restores the weights afterwards, since a layer may be the user's own (a pretrained one)."""
    before = [(one, keras.ops.convert_to_numpy(one.value)) for one in model.variables]
    try:
        yield
    finally:
        for variable, value in before:
            variable.assign(value)


class _Stopwatch(keras.callbacks.Callback):
    """Times the two parts of an epoch, and counts their steps."""

    def __init__(self) -> None:
        super().__init__()
        self.training_seconds = self.validation_seconds = 0.0
        self.steps = self.validation_steps = 0
        self._began = self._validation_began = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._began = time.perf_counter()

    # Several steps are run as one where the model is compiled with steps_per_execution: `batch` is
    # the last of them.
    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.steps = batch + 1

    def on_test_begin(self, logs: dict | None = None) -> None:
        self._validation_began = time.perf_counter()

    def on_test_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.validation_steps = batch + 1

    def on_test_end(self, logs: dict | None = None) -> None:
        self.validation_seconds += time.perf_counter() - self._validation_began

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self.training_seconds = time.perf_counter() - self._began - self.validation_seconds
