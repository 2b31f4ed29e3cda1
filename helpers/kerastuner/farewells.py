"""Lets workers leave a search before it is done, and lets the chief end after them."""

import contextlib
from collections.abc import Callable
from typing import Any

import keras_tuner
from keras_tuner.engine.trial import Trial, TrialStatus

from helpers.kerastuner.client import ChiefGoneError

_FAREWELL = " has to stop"  # follows the ID of a worker that asks for a trial


def say_farewell(client: Any, tuner_id: str) -> None:
    """Tells the chief that a worker is leaving. Its trial continues when it comes back.

    KerasTuner has no message for this, and its chief would wait for the worker forever.

    Args:
        client: The oracle of the worker.
        tuner_id: The worker's ID.
    """
    with contextlib.suppress(ChiefGoneError):
        client.create_trial(tuner_id + _FAREWELL)


def accept_farewells(oracle: keras_tuner.Oracle, is_over: Callable[[], bool]) -> None:
    """Lets a chief end when every worker has left, whether or not the worker's trial is done.

    Call it after `improve_chief`.

    Args:
        oracle: The chief's oracle.
        is_over: Returns whether the time is up. From then on, no new trial is handed out.
    """
    # Imported here, because it needs gRPC, and only a cluster does.
    from keras_tuner.src.distribute import oracle_chief

    create_trial, have_ended = oracle.create_trial, oracle_chief.exit_chief
    gone: set[str] = set()

    def create_or_let_go(tuner_id: str) -> Trial:
        worker = tuner_id.removesuffix(_FAREWELL)
        if worker != tuner_id or (is_over() and tuner_id not in oracle.ongoing_trials):
            gone.add(worker)
            oracle.tuner_ids.discard(worker)
            return Trial(keras_tuner.HyperParameters(), status=TrialStatus.STOPPED)
        gone.discard(tuner_id)
        return create_trial(tuner_id)

    def all_have_left(oracle: keras_tuner.Oracle) -> bool:
        return have_ended(oracle) or not (oracle.tuner_ids or set(oracle.ongoing_trials) - gone)

    oracle.create_trial = create_or_let_go
    oracle_chief.exit_chief = all_have_left
