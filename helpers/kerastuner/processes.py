"""KerasTuner's chief and workers: which one this process is, and what goes wrong between them."""

import collections
import os
import time
from collections.abc import Callable

import keras_tuner
from keras_tuner.engine.trial import Trial, TrialStatus
from keras_tuner.src.distribute import utils as _distribute


def is_chief() -> bool:
    """Returns whether this process is the chief of a search in several processes."""
    return _distribute.is_chief_oracle()


def is_worker() -> bool:
    """Returns whether this process is a worker of a search in several processes."""
    return _distribute.has_chief_oracle() and not _distribute.is_chief_oracle()


def chief_address() -> tuple[str, int]:
    """Returns where the chief of this search listens: host and port."""
    return os.environ["KERASTUNER_ORACLE_IP"], int(os.environ["KERASTUNER_ORACLE_PORT"])


def end_chief_promptly() -> None:
    """Lets a chief look every second whether its workers have ended; KerasTuner waits 20."""
    # Imported here: it needs gRPC, which only a cluster does.
    from keras_tuner.src.distribute import oracle_chief

    have_ended = oracle_chief.exit_chief

    def wait_until_they_have(oracle: keras_tuner.Oracle) -> bool:
        while not have_ended(oracle):
            time.sleep(1)
        time.sleep(1)  # the last answer may be on its way still
        return True

    oracle_chief.exit_chief = wait_until_they_have


def end_chief_on_error(oracle: keras_tuner.Oracle, end: Callable[[Exception], None]) -> None:
    """Calls `end` with the first error that a chief runs into while it answers a worker.

    KerasTuner raises it in a thread of gRPC's, never releases the oracle's lock, and so leaves
    chief and workers waiting for ever.

    Args:
        oracle: The chief's oracle.
        end: Has to end the process.
    """

    def guard(method: Callable) -> Callable:
        def call(*args, **kwargs):
            try:
                return method(*args, **kwargs)
            except Exception as error:
                end(error)
                raise

        return call

    for name in ("create_trial", "update_trial", "end_trial", "update_space"):
        setattr(oracle, name, guard(getattr(oracle, name)))


class ChiefGoneError(keras_tuner.errors.FatalError):
    """No chief answers. KerasTuner ends the worker at once with it."""


def make_client_patient(client, *, patience: float) -> None:
    """Lets a worker's calls survive a chief that is started again, and end when none comes.

    KerasTuner waits an hour for a chief, and gives a trained trial up as failed if the chief goes
    while its result is on the way.

    Args:
        client: The oracle of a worker.
        patience: Seconds to wait for a chief.
    """
    import grpc
    from keras_tuner.src.distribute import oracle_client

    oracle_client.TIMEOUT = patience
    address = f"{os.environ['KERASTUNER_ORACLE_IP']}:{os.environ['KERASTUNER_ORACLE_PORT']}"
    gone = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)

    def make_patient(method: Callable) -> Callable:
        def call(*args, **kwargs):
            deadline = time.monotonic() + patience
            while True:
                try:
                    return method(*args, **kwargs)
                except grpc.RpcError as error:
                    if error.code() not in gone:
                        raise
                    if time.monotonic() > deadline or error.code() == gone[1]:
                        raise ChiefGoneError(
                            f"No chief has answered at {address} for {patience:.0f} s. The search "
                            "may be over. If not, start its chief again, and then this worker."
                        ) from None
                    time.sleep(min(1.0, patience / 10))

        return call

    reported: dict[str, tuple] = {}
    update_trial, get_trial, end_trial = (
        make_patient(getattr(client, name)) for name in ("update_trial", "get_trial", "end_trial")
    )

    def update_and_remember(trial_id: str, metrics: dict, step: int = 0):
        reported[trial_id] = (metrics, step)
        return update_trial(trial_id, metrics, step=step)

    def end_once(trial: Trial) -> None:
        # A chief that was started again meanwhile may have finished this trial before it went, or
        # may have lost its result.
        known = get_trial(trial.trial_id)
        if known.status in (TrialStatus.COMPLETED, TrialStatus.FAILED):
            return
        if trial.trial_id in reported and not known.metrics.metrics:
            metrics, step = reported[trial.trial_id]
            update_trial(trial.trial_id, metrics, step=step)
        end_trial(trial)

    for name in ("get_space", "update_space", "create_trial", "get_best_trials"):
        setattr(client, name, make_patient(getattr(client, name)))
    client.update_trial, client.end_trial = update_and_remember, end_once
    client.get_trial = get_trial


def count_statuses(address: str, *, timeout: float = 60.0) -> dict[str, int] | None:
    """Asks a chief how many trials are in which state.

    The answer holds all trials: at 10,000 of them it takes seconds, in which the chief answers
    nobody else.

    Args:
        address: `host:port` of the chief.
        timeout: Seconds to wait for an answer.

    Returns:
        The number of trials by status, or None if the chief does not answer.
    """
    import grpc
    from keras_tuner.src import protos

    service = protos.get_service()
    # gRPC's own limit of 4 MB is reached at about 10,000 trials.
    unlimited = [("grpc.max_receive_message_length", -1)]
    with grpc.insecure_channel(address, options=unlimited) as channel:
        stub = protos.get_service_grpc().OracleStub(channel)
        try:
            answer = stub.GetBestTrials(
                service.GetBestTrialsRequest(num_trials=10**9), timeout=timeout
            )
        except grpc.RpcError:
            return None
    return dict(collections.Counter(Trial.from_proto(trial).status for trial in answer.trials))
