"""Waits a limited time for the chief of a search."""

import os

from helpers.cluster.errors import ClusterError


def wait_for_chief(patience: float = 600.0) -> None:
    """Waits until the chief of this worker's search answers. Call it before making the tuner.

    Making a tuner already contacts the chief, and KerasTuner waits an hour for the answer, even
    if the chief is gone because the search is over.

    Args:
        patience: Seconds to wait at most.

    Raises:
        ClusterError: No chief has answered.
    """
    import grpc  # only a worker needs it

    host, port = os.environ["KERASTUNER_ORACLE_IP"], os.environ["KERASTUNER_ORACLE_PORT"]
    with grpc.insecure_channel(f"{host}:{port}") as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=patience)
        except grpc.FutureTimeoutError:
            raise ClusterError(
                f"No chief has answered at {host}:{port} for {patience:.0f} s. The search may be "
                "over. If not, start its chief and then start this worker again."
            ) from None
