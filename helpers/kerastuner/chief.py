"""What KerasTuner's chief needs in order to be restarted mid-search and to end in time."""

import json
import time
from collections.abc import Callable
from concurrent import futures
from datetime import datetime
from pathlib import Path

import keras_tuner
from keras_tuner.engine.trial import Trial, TrialStatus

from helpers.kerastuner.processes import chief_address

LOOK = 0.2  # seconds between two checks of whether the workers have ended
LAST_ANSWERS = 5.0  # seconds that answers under way are given when the chief ends


class PortTakenError(RuntimeError):
    """Another program is listening on the port that the chief needs."""


def improve_chief(oracle: keras_tuner.Oracle, *, on_error: Callable[[Exception], None]) -> None:
    """Corrects what KerasTuner's chief does wrong. Call it before the chief's tuner searches.

    - KerasTuner's chief shares its port with another chief, so that their workers get mixed up.
      Now it raises a `PortTakenError`.
    - An error while it answers a worker is raised in one of gRPC's threads and never releases the
      oracle's lock, so that everybody waits forever. Now `on_error` is called with the error.
    - When it is restarted, it hands out trials that living workers are still training. Now it
      leaves them with these workers as long as there is anything else to do.
    - It takes up to 20 s to notice that its workers have ended. Now it checks more often.

    Args:
        oracle: The chief's oracle.
        on_error: Called with the error. It has to end the process.
    """
    from keras_tuner.src.distribute import oracle_chief

    _leave_trials_with_their_workers(oracle)
    for name in ("create_trial", "update_trial", "end_trial", "update_space"):
        setattr(oracle, name, _guarded(getattr(oracle, name), on_error))
    oracle_chief.start_server = _serve


def _serve(oracle: keras_tuner.Oracle) -> None:
    """Answers workers until the search is done, as KerasTuner's `start_server` does."""
    import grpc  # imported here, because only a cluster needs it
    from keras_tuner.src import protos
    from keras_tuner.src.distribute import oracle_chief

    servicer = oracle_chief.OracleServicer(oracle)
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=1), options=[("grpc.so_reuseport", 0)]
    )
    protos.get_service_grpc().add_OracleServicer_to_server(servicer, server)
    host, port = chief_address()
    try:
        server.add_insecure_port(f"{host}:{port}")
    except RuntimeError as error:
        raise PortTakenError(
            f"The chief can't listen on port {port} of {host}: another program does, perhaps the "
            "chief of another search. Choose another port."
        ) from error
    server.start()
    while not (servicer.stop_triggered and oracle_chief.exit_chief(oracle)):
        time.sleep(LOOK)
    server.stop(LAST_ANSWERS).wait()


def _guarded(method: Callable, on_error: Callable[[Exception], None]) -> Callable:
    def call(*args, **kwargs):
        try:
            return method(*args, **kwargs)
        except Exception as error:
            on_error(error)
            raise

    return call


def _leave_trials_with_their_workers(oracle: keras_tuner.Oracle) -> None:
    """Keeps a reloaded oracle from handing its running trials to whichever worker asks first."""
    file = Path(oracle._get_oracle_fname())
    owners = json.loads(file.read_text())["ongoing_trials"] if file.is_file() else {}
    for tuner_id, trial_id in owners.items():
        if trial_id in oracle._retry_queue:
            oracle._retry_queue.remove(trial_id)
            oracle.trials[trial_id].status = TrialStatus.RUNNING
            oracle.ongoing_trials[tuner_id] = oracle.trials[trial_id]
            oracle.tuner_ids.add(tuner_id)  # the chief has to stay until this worker asks again
            # KerasTuner saves its state before it records for its display that a trial has begun.
            oracle._display.search_start = oracle._display.search_start or datetime.now()
            oracle._display.trial_start.setdefault(trial_id, datetime.now())
            oracle._display.trial_number.setdefault(
                trial_id, 1 + oracle.start_order.index(trial_id)
            )
    silent = dict.fromkeys(oracle.ongoing_trials)  # in order; they may be gone for good
    create_trial = oracle.create_trial

    def create_trial_or_take_over(tuner_id: str) -> Trial:
        silent.pop(tuner_id, None)
        trial = create_trial(tuner_id)
        left = [owner for owner in silent if owner in oracle.ongoing_trials]
        if trial.status == TrialStatus.RUNNING or not left:
            return trial
        # Nothing else is left to do. The result of whichever worker ends first counts.
        oracle.tuner_ids.add(tuner_id)  # first: with nobody at work, the chief would end
        oracle.ongoing_trials[tuner_id] = oracle.ongoing_trials[left[0]]
        del oracle.ongoing_trials[left[0]], silent[left[0]]
        oracle.tuner_ids.discard(left[0])
        return oracle.ongoing_trials[tuner_id]

    oracle.create_trial = create_trial_or_take_over
