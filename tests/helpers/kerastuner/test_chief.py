import pytest
from keras_tuner.engine.trial import TrialStatus
from keras_tuner.src.distribute import oracle_chief

from helpers import kerastuner


def improved(oracle):
    errors = []
    kerastuner.improve_chief(oracle, on_error=errors.append)
    return oracle


def finish(oracle, trial, loss=1.0):
    oracle.update_trial(trial.trial_id, {"loss": loss})
    trial.status = TrialStatus.COMPLETED
    oracle.end_trial(trial)


@pytest.fixture
def restarted(address, make_oracle):
    """A chief of 4 trials that is started again while worker0 and worker1 train 0 and 1."""
    first = improved(make_oracle(trials=4))
    assert [first.create_trial(f"worker{n}").trial_id for n in (0, 1)] == ["0", "1"]
    return improved(make_oracle(trials=4))


def test_a_restarted_chief_leaves_trials_with_the_workers_that_train_them(restarted):
    assert restarted.create_trial("worker2").trial_id == "2", "another worker's trial was repeated"
    assert restarted.create_trial("worker1").trial_id == "1"
    assert restarted.create_trial("worker0").trial_id == "0"
    assert [t.status for t in restarted.trials.values()] == ["RUNNING"] * 3
    display = (
        restarted._display
    )  # which would fail at the end of a trial that it has not seen begin
    assert display.search_start is not None and set(display.trial_start) == {"0", "1"}
    assert display.trial_number == {"0": 1, "1": 2}
    # It stays for a worker that has only reported its result so far.
    assert restarted.tuner_ids == {"worker0", "worker1", "worker2"}


def test_the_owners_of_trials_are_known_after_a_second_restart(restarted, make_oracle):
    restarted.save()
    again = improved(make_oracle(trials=4))
    assert again.create_trial("worker2").trial_id == "2"
    assert again.create_trial("worker0").trial_id == "0"


def test_the_trials_of_workers_that_never_return_are_handed_out_last(restarted):
    given = []
    while (trial := restarted.create_trial("worker7")).status == TrialStatus.RUNNING:
        given.append(trial.trial_id)
        assert "worker7" in restarted.tuner_ids, "the chief would not stay for it"
        finish(restarted, trial)
    assert given == ["2", "3", "0", "1"] and trial.status == TrialStatus.STOPPED
    assert oracle_chief.exit_chief(restarted), "the chief would wait for ever"
    assert sorted(restarted.end_order) == ["0", "1", "2", "3"]


def test_a_worker_that_has_asked_again_keeps_its_trial(restarted):
    mine = restarted.create_trial("worker0")
    for trial_id in ("2", "3", "1"):
        trial = restarted.create_trial("worker7")
        assert trial.trial_id == trial_id
        finish(restarted, trial)
    assert restarted.create_trial("worker7").status == TrialStatus.STOPPED
    finish(restarted, mine)
    assert restarted.create_trial("worker0").status == TrialStatus.STOPPED


def test_a_trial_that_is_tried_again_is_under_way_after_a_restart(address, make_oracle):
    first = improved(make_oracle())
    first.max_retries_per_trial = 1
    trial = first.create_trial("worker0")
    trial.status = TrialStatus.INVALID
    first.end_trial(trial)
    assert first.create_trial("worker0").trial_id == "0"  # of which KerasTuner saves no state
    assert improved(make_oracle()).trials["0"].status == TrialStatus.RUNNING


def test_a_new_search_has_nothing_to_leave_to_anybody(address, make_oracle):
    assert improved(make_oracle()).create_trial("worker0").trial_id == "0"


@pytest.mark.parametrize("name", ["create_trial", "update_trial", "end_trial", "update_space"])
def test_the_first_error_of_a_chief_is_reported(address, make_oracle, name):
    oracle = make_oracle()

    def fail(*args):
        raise OSError("no room")

    setattr(oracle, name, fail)
    errors = []
    kerastuner.improve_chief(oracle, on_error=errors.append)
    with pytest.raises(OSError, match="no room"):
        getattr(oracle, name)("an argument")
    assert [str(error) for error in errors] == ["no room"]


def test_a_second_chief_on_the_same_port_refuses(serve, address, make_oracle, worker):
    serve(make_oracle(trials=1))
    with pytest.raises(
        kerastuner.PortTakenError, match=r"listen on port \d+ of 127.*\. Choose another"
    ):
        oracle_chief.start_server(make_oracle())
    finish(worker, worker.create_trial("worker0"))
    assert worker.create_trial("worker0").status == TrialStatus.STOPPED
