"""What a worker's client needs in order to survive a restart of its chief and give up in time."""

import time
from collections.abc import Callable
from typing import Any

import keras_tuner
from keras_tuner.engine.trial import Trial, TrialStatus

from helpers.kerastuner.processes import chief_address

FINISHED = (TrialStatus.COMPLETED, TrialStatus.FAILED)


class ChiefGoneError(keras_tuner.errors.FatalError):
    """No chief answers. With this error, KerasTuner ends the worker at once."""


def make_client_patient(client: Any, *, patience: float) -> None:
    """Lets a worker's calls survive a restart of the chief, and gives up if no chief comes back.

    KerasTuner waits an hour for a chief, and counts a trained trial as failed if the chief goes
    away while the result is being sent.

    Args:
        client: The oracle of a worker.
        patience: Seconds to wait for a chief.
    """
    from keras_tuner.src.distribute import oracle_client

    oracle_client.TIMEOUT = patience
    get_trial, update_trial, end_trial = client.get_trial, client.update_trial, client.end_trial
    reported: dict[str, tuple[dict, int]] = {}

    def update_and_remember(trial_id: str, metrics: dict, step: int = 0) -> Trial:
        reported[trial_id] = (metrics, step)
        known = get_trial(trial_id)
        # Another worker, to which a restarted chief gave the trial, may have finished it.
        return known if known.status in FINISHED else update_trial(trial_id, metrics, step=step)

    def end_once(trial: Trial) -> None:
        # A chief that was restarted may have finished this trial before it went away, or may have
        # lost its result.
        known = get_trial(trial.trial_id)
        if known.status in FINISHED:
            return
        if trial.trial_id in reported and not known.metrics.metrics:
            metrics, step = reported[trial.trial_id]
            update_trial(trial.trial_id, metrics, step=step)
        end_trial(trial)

    client.update_trial, client.end_trial = update_and_remember, end_once
    for name in (
        *("get_space", "update_space", "get_best_trials", "get_trial"),
        *("create_trial", "update_trial", "end_trial"),
    ):
        setattr(client, name, _patient(getattr(client, name), patience))


def _patient(method: Callable, patience: float) -> Callable:
    """Returns a method that is called again from the start if the chief was away."""
    import grpc

    def call(*args, **kwargs):
        deadline = time.monotonic() + patience
        while True:
            try:
                return method(*args, **kwargs)
            except grpc.RpcError as error:
                waited = error.code() == grpc.StatusCode.DEADLINE_EXCEEDED
                if not waited and error.code() != grpc.StatusCode.UNAVAILABLE:
                    raise
                if waited or time.monotonic() > deadline:
                    host, port = chief_address()
                    raise ChiefGoneError(
                        f"No chief has answered at {host}:{port} for {patience:.0f} s. The search "
                        "may be over. If not, start its chief again, and then this worker."
                    ) from None
                time.sleep(min(1.0, patience / 10))

    return call
