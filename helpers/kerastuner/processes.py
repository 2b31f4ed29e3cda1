"""KerasTuner's chief and workers: which one this process is, and how far a chief has got."""

import collections
import os

from keras_tuner.engine.trial import TrialStatus
from keras_tuner.src.distribute import utils as _distribute


def is_chief() -> bool:
    """Returns whether this process is the chief of a search that runs in several processes."""
    return _distribute.is_chief_oracle()


def chief_address() -> tuple[str, int]:
    """Returns where the chief of this search listens: host and port."""
    return os.environ["KERASTUNER_ORACLE_IP"], int(os.environ["KERASTUNER_ORACLE_PORT"])


def count_statuses(address: str, *, timeout: float = 20.0) -> dict[str, int] | None:
    """Asks a chief how many trials have each status.

    The answer holds all trials. With 10,000 of them it takes seconds, during which the chief
    answers nobody else.

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
    return dict(
        collections.Counter(TrialStatus.from_proto(trial.status) for trial in answer.trials)
    )
