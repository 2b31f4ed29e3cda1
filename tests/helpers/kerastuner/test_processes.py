import copy
import socket

import pytest
from keras_tuner.engine.trial import Trial, TrialStatus

from helpers import kerastuner


@pytest.mark.parametrize(
    ("tuner_id", "chief"), [("chief", True), ("the-chief-1", True), ("worker0", False)]
)
def test_the_chief_is_known_by_its_name(address, monkeypatch, tuner_id, chief):
    monkeypatch.setenv("KERASTUNER_TUNER_ID", tuner_id)
    assert kerastuner.is_chief() is chief


def test_alone_there_is_no_chief(monkeypatch):
    monkeypatch.delenv("KERASTUNER_ORACLE_IP", raising=False)
    assert not kerastuner.is_chief()


def test_a_chief_of_ten_thousand_trials_still_says_how_far_it_is(
    serve, address, make_oracle, worker
):
    oracle = make_oracle(trials=10_000)
    hp = oracle.get_space()
    # Larger than the 4 MB to which gRPC limits an answer.
    hp.Choice("optimizer", [40 * letter for letter in "abcdefgh"])
    for number in range(10_000):
        trial = Trial(copy.copy(hp), str(number), TrialStatus.COMPLETED)
        trial.score = 0.5
        oracle.trials[trial.trial_id] = trial
    oracle.trials["17"].status = TrialStatus.FAILED
    oracle.trials["18"].status = TrialStatus.RUNNING
    serve(oracle)
    counted = kerastuner.count_statuses(address)
    assert counted == {"COMPLETED": 9_998, "FAILED": 1, "RUNNING": 1}
    assert worker.create_trial("worker0").status == TrialStatus.STOPPED


def test_a_chief_that_does_not_answer_has_no_count(address):
    assert kerastuner.count_statuses(address, timeout=0.2) is None
    host, port = address.split(":")
    with socket.socket() as stopped:  # as one in the middle of a long answer
        stopped.bind((host, int(port)))
        stopped.listen()
        assert kerastuner.count_statuses(address, timeout=0.2) is None
