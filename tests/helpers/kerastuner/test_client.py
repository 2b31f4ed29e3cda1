import time

import grpc
import pytest
from keras_tuner.engine.trial import TrialStatus

from helpers import kerastuner


class Unavailable(grpc.RpcError):
    """What gRPC raises when a server goes in the middle of a call."""

    def code(self):
        return grpc.StatusCode.UNAVAILABLE


def lose_first_answer(worker, meanwhile):
    """Lets the next `EndTrial` of a worker fail, after something else has happened."""
    call = worker.stub.EndTrial

    def fail(*args, **kwargs):
        worker.stub.EndTrial = call
        meanwhile(*args, **kwargs)
        raise Unavailable

    worker.stub.EndTrial = fail


def end(worker, trial, status=TrialStatus.COMPLETED):
    trial.status = status
    worker.end_trial(trial)


def test_a_worker_that_finds_no_chief_gives_up_after_its_patience(worker, address):
    began = time.monotonic()
    calls = {
        worker.create_trial: ("worker0",),
        worker.get_space: (),
        worker.get_trial: ("0",),
        worker.get_best_trials: (),
    }
    for call, arguments in calls.items():
        with pytest.raises(kerastuner.ChiefGoneError, match=f"at {address} for 0 s.*may be over"):
            call(*arguments)
    assert time.monotonic() - began < 30


def test_a_chief_that_comes_and_goes_tries_no_worker_s_patience_for_ever(worker):
    calls = []

    def fail(*args, **kwargs):
        calls.append(args)
        raise Unavailable

    worker.stub.GetSpace = fail
    with pytest.raises(kerastuner.ChiefGoneError):
        worker.get_space()
    assert len(calls) > 1


def test_a_result_whose_answer_was_lost_counts_once(worker, serve, make_oracle):
    oracle = make_oracle(trials=1)
    serve(oracle)
    trial = worker.create_trial("worker0")
    worker.update_trial(trial.trial_id, {"loss": 0.5}, step=3)
    assert oracle.trials["0"].metrics.get_best_value("loss") == 0.5, "not before the trial's end"
    lose_first_answer(worker, worker.stub.EndTrial)  # the chief has ended the trial all the same
    end(worker, trial)
    assert oracle.end_order == ["0"]
    # Another worker was given the same trial: its result comes late, and changes nothing.
    worker.update_trial(trial.trial_id, {"loss": 0.9})
    end(worker, trial)
    assert oracle.end_order == ["0"]
    known = worker.get_trial("0")
    assert (known.score, known.best_step) == (0.5, 3)
    assert known.metrics.get_history("loss")[0].value == [0.5]
    assert worker.create_trial("worker0").status == TrialStatus.STOPPED


def test_a_result_that_the_chief_has_lost_is_reported_again(worker, serve, make_oracle):
    oracle = make_oracle(trials=1)
    serve(oracle)
    trial = worker.create_trial("worker0")
    worker.update_trial(trial.trial_id, {"loss": 0.5}, step=3)
    # As `mend_project` does when the chief is started again.
    lose_first_answer(worker, lambda *_, **__: oracle.trials["0"].metrics.metrics.clear())
    end(worker, trial)
    known = worker.get_trial("0")
    assert (known.status, known.score, known.best_step) == (TrialStatus.COMPLETED, 0.5, 3)
    assert worker.create_trial("worker0").status == TrialStatus.STOPPED


def test_a_failed_trial_is_reported_as_failed(worker, serve, make_oracle):
    oracle = make_oracle(trials=1)
    serve(oracle)
    end(worker, worker.create_trial("worker0"), TrialStatus.INVALID)
    assert worker.get_trial("0").status == TrialStatus.FAILED and oracle.end_order == ["0"]
    assert worker.create_trial("worker0").status == TrialStatus.STOPPED


def test_other_errors_are_not_taken_for_a_chief_that_has_gone(worker, serve, make_oracle):
    serve(make_oracle(trials=1))
    with pytest.raises(grpc.RpcError, match="Exception calling application"):
        worker.get_trial("an unknown one")
    end(worker, worker.create_trial("worker0"), TrialStatus.INVALID)
    assert worker.create_trial("worker0").status == TrialStatus.STOPPED
