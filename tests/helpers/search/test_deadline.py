import socket
import threading
import time

import keras_tuner
import pytest

from helpers import kerastuner
from helpers.search import deadline, mend_project, protect, trials_table
from tests.support import crashes
from tests.support.trainings import Diary, build, make, outcome, search


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test moves on."""

    class Clock:
        hours = 0.0

        def monotonic(self):
            return 3600 * self.hours

        def tick(self, *unused, **unused_too):
            self.hours += 1

    found = Clock()
    monkeypatch.setattr(deadline, "time", found)
    return found


class Ticking(Diary):
    """An hour for each epoch."""

    def __init__(self, clock):
        super().__init__()
        self.clock = clock

    def __deepcopy__(self, memo):
        return self

    def on_epoch_begin(self, epoch, logs=None):
        super().on_epoch_begin(epoch, logs)
        self.clock.tick()


def test_a_search_whose_time_is_up_ends_between_epochs_and_goes_on(tmp_path, clock, capsys):
    search(make(tmp_path, "undisturbed", max_trials=2))
    ended = []
    # It would be backed up once an hour, but now is the last chance.
    how = {"max_trials": 2, "protect": {"stop_after": 5.5, "backup_every": 1e9}}
    tuner, diary = make(tmp_path, **how), Ticking(clock)
    tuner.on_search_end = lambda: ended.append(True)
    search(tuner, diary)
    assert diary.epochs == [1, 2, 3, 4, 1, 2] and ended == [True]
    assert capsys.readouterr().out.count("The search stops here: 5.5 hours are over.") == 1
    table = trials_table(tmp_path / "project")
    assert table["status"].tolist() == ["COMPLETED", "RUNNING"] and table["epochs"].sum() == 6
    search(tuner, diary)  # the same tuner, with five hours and a half of its own
    assert diary.epochs[6:] == [3, 4]
    assert outcome(tmp_path, "project") == outcome(tmp_path, "undisturbed")


def test_after_its_last_epoch_a_trial_is_finished_and_no_other_one_begins(tmp_path, clock):
    tuner = make(tmp_path, max_trials=3, protect={"stop_after": 4})
    search(tuner, Ticking(clock))
    assert trials_table(tuner)["status"].tolist() == ["COMPLETED"]
    # Another process goes on with the others.
    mend_project(tmp_path / "project")
    diary = Diary()
    search(make(tmp_path, max_trials=3), diary)
    assert diary.epochs == [1, 2, 3, 4] * 2


def test_a_training_that_stops_itself_is_finished(tmp_path, clock):
    class Stopping(Ticking):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 1

    tuner = make(tmp_path, protect={"stop_after": 2})
    search(tuner, Stopping(clock))
    assert trials_table(tuner)["status"].tolist() == ["COMPLETED"]


class OwnLoop(keras_tuner.HyperModel):
    """As in Keras' guide to custom training: a loop that tells the callbacks next to nothing."""

    def build(self, hp):
        return build(hp)

    def fit(self, hp, model, x, y, epochs, callbacks, **kwargs):
        for callback in callbacks:
            callback.set_model(model)
        for epoch in range(epochs):
            for callback in callbacks:
                callback.on_epoch_begin(epoch)
            for callback in callbacks:
                callback.on_epoch_end(epoch, logs={"val_loss": 1.0 / (epoch + 1)})
        return 0.25


def test_a_loop_of_ones_own_stops_between_epochs_and_begins_again(tmp_path, clock):
    how = {"builder": OwnLoop(), "protect": {"stop_after": 2}}
    diary = Ticking(clock)
    search(make(tmp_path, **how), diary)
    assert trials_table(tmp_path / "project")["status"].tolist() == ["RUNNING"]
    search(make(tmp_path, builder=OwnLoop()), diary)
    assert diary.epochs == [1, 2, 1, 2, 3, 4]
    assert trials_table(tmp_path / "project")["status"].tolist() == ["COMPLETED"]


def test_what_trains_nothing_stops_between_trials(tmp_path, clock):
    tuner = crashes.make(tmp_path)
    tuner.on_trial_begin = clock.tick
    protect(tuner, stop_after=2)
    tuner.search(verbose=0)
    assert tuner.ran == ["0", "1"]
    tuner.search(verbose=0)
    assert tuner.ran == ["0", "1", "2"]


@pytest.mark.parametrize("hours", [0, -1, float("nan")])
def test_a_limit_that_makes_no_sense_is_refused(tmp_path, hours):
    with pytest.raises(ValueError, match="stop_after=.* give the hours"):
        make(tmp_path, protect={"stop_after": hours})


def test_without_a_limit_no_clock_matters(tmp_path, clock):
    clock.hours = 1e9
    tuner = make(tmp_path)
    search(tuner, Ticking(clock))
    assert trials_table(tuner)["status"].tolist() == ["COMPLETED"]


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """Returns a function that makes a worker's tuner, and one that starts a chief in a thread."""
    from keras_tuner.src.distribute import oracle_chief, oracle_client

    for name in ("exit_chief", "start_server"):
        monkeypatch.setattr(oracle_chief, name, getattr(oracle_chief, name))  # and back again
    monkeypatch.setattr(oracle_client, "TIMEOUT", oracle_client.TIMEOUT)
    monkeypatch.setenv("KERASTUNER_ORACLE_IP", "127.0.0.1")

    def tuner_of(tuner_id, hours):
        monkeypatch.setenv("KERASTUNER_TUNER_ID", tuner_id)
        return make(tmp_path, max_trials=3, protect={"stop_after": hours, "patience": 60})

    def start_chief(hours):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            address = probe.getsockname()
        monkeypatch.setenv("KERASTUNER_ORACLE_PORT", str(address[1]))
        chief = threading.Thread(target=tuner_of("chief", hours).search, daemon=True)
        chief.start()
        for _ in range(1000):
            with socket.socket() as probe:
                if probe.connect_ex(address) == 0:
                    return chief
            time.sleep(0.05)
        raise AssertionError("the chief does not listen")

    return tuner_of, start_chief


def test_in_a_cluster_each_worker_stops_then_the_chief_and_all_go_on(tmp_path, clock, cluster):
    tuner_of, start_chief = cluster
    chief = start_chief(hours=3)
    workers = [tuner_of(name, 3) for name in ("worker0", "worker1")]
    assert workers[1].oracle.create_trial("worker1").trial_id == "0"
    diary = Ticking(clock)
    search(workers[0], diary)
    assert diary.epochs == [1, 2, 3]
    # The chief's time is up, too: it hands out no more, and waits for the other worker.
    assert workers[0].oracle.create_trial("worker2").status == "STOPPED"
    chief.join(2.5)
    assert chief.is_alive()
    search(workers[1], diary)
    assert diary.epochs == [1, 2, 3] * 2
    chief.join(60)
    assert not chief.is_alive()
    assert trials_table(tmp_path / "project")["status"].tolist() == ["RUNNING"] * 2

    chief = start_chief(hours=99)
    search(tuner_of("worker0", 99), diary)
    # The first one takes over the other one's trial, too, in its middle.
    assert diary.epochs == [1, 2, 3] * 2 + [4] + [1, 2, 3, 4] + [4]
    chief.join(60)
    assert not chief.is_alive()
    assert trials_table(tmp_path / "project")["status"].tolist() == ["COMPLETED"] * 3


def test_a_worker_stops_even_if_its_chief_has_gone(tmp_path, clock, cluster, monkeypatch):
    tuner_of, start_chief = cluster
    start_chief(hours=99)
    tuner = tuner_of("worker0", 2)

    def gone(tuner_id):
        raise kerastuner.ChiefGoneError("no chief")

    class Leaving(Ticking):
        def on_epoch_begin(self, epoch, logs=None):
            super().on_epoch_begin(epoch, logs)
            monkeypatch.setattr(tuner.oracle, "create_trial", gone)

    diary = Leaving(clock)
    search(tuner, diary)
    assert diary.epochs == [1, 2]
