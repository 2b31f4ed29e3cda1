"""What the launcher does about its processes, with processes that are only played."""

import pytest

from helpers import cluster, kerastuner
from helpers.cluster import processes, supervisor
from helpers.search import CHIEF_DISK_FULL

pytestmark = pytest.mark.tensorflow


class Played(processes.Process):
    """A process that does nothing: a test says how it stands, and how long it has lived."""

    def __init__(self, tuner_id):
        super().__init__(tuner_id, [], {}, log=None)
        self.starts, self.now, self.lived = 0, None, 0.0

    def start(self):
        self.starts, self.now = self.starts + 1, None

    def status(self):
        return self.now

    def age(self):
        return self.lived

    def last_words(self):
        return f"last words of {self.tuner_id}"


@pytest.fixture
def said():
    return []


@pytest.fixture
def keeper(monkeypatch, said):
    monkeypatch.setattr(supervisor, "DISK_PAUSE", 0.0)
    monkeypatch.setattr(supervisor, "is_listening", lambda *address: True)
    monkeypatch.setattr(kerastuner, "count_statuses", lambda target: None)
    roles = [Played(name) for name in ("chief", "worker0", "worker1")]
    return supervisor.Supervisor(
        roles, ("127.0.0.1", 1), lambda text, changing="": said.append(text + changing), []
    )


def test_a_process_that_dies_again_and_again_between_finished_trials_is_forgiven(keeper):
    worker = keeper.workers[0]
    for finished in range(2 * supervisor.MAX_RESTARTS):
        keeper.finished = finished
        keeper.restart(worker, 1)
    for _ in range(supervisor.MAX_RESTARTS - 1):
        keeper.restart(worker, 1)
    with pytest.raises(cluster.ClusterError, match=r"(?s)worker0 died 4 times.*last words of wor"):
        keeper.restart(worker, 1)
    assert worker.starts == 3 * supervisor.MAX_RESTARTS - 1


def test_before_a_process_is_given_up_the_chief_is_asked_what_was_finished(keeper, monkeypatch):
    worker = keeper.workers[0]
    for finished in range(3 * supervisor.MAX_RESTARTS):
        seen = {"COMPLETED": finished // 2, "FAILED": finished - finished // 2, "RUNNING": 2}
        monkeypatch.setattr(kerastuner, "count_statuses", lambda target, seen=seen: seen)
        keeper.restart(worker, 1)
    assert worker.restarts == 1


def test_a_disk_that_stays_full_ends_the_search_with_the_chief_s_words(keeper, said, monkeypatch):
    keeper.revive_chief(CHIEF_DISK_FULL)
    keeper.revive_chief(1)  # it could not even begin
    assert keeper.chief.starts == 2 and keeper.chief.restarts == 0
    assert said == ["The disk is full. Free some space: the search then goes on.\n"] * 2
    monkeypatch.setattr(supervisor, "DISK_PATIENCE", 0.0)
    with pytest.raises(cluster.ClusterError, match=r"(?s)can't save.*last words of chief"):
        keeper.revive_chief(1)


def test_a_disk_that_fills_up_a_second_time_gets_as_much_patience_as_the_first(keeper, monkeypatch):
    keeper.revive_chief(CHIEF_DISK_FULL)
    keeper.disk_full -= 2 * supervisor.DISK_PATIENCE  # long ago
    keeper.chief.lived = 2 * supervisor.DISK_RECOVERED
    keeper.revive_chief(CHIEF_DISK_FULL)
    keeper.revive_chief(1)  # and another error is one like any other
    assert keeper.chief.starts == 3 and keeper.chief.restarts == 1


@pytest.mark.parametrize("status", [CHIEF_DISK_FULL, -9])
def test_a_chief_that_comes_back_finds_a_worker_to_tell_that_all_is_done(keeper, status):
    at_work, ended = keeper.workers
    ended.now = 0
    keeper.revive_chief(status)
    assert (at_work.starts, ended.starts) == (0, 1)


def test_a_chief_with_a_worker_at_work_may_take_its_time(keeper, monkeypatch):
    monkeypatch.setattr(supervisor, "CHIEF_PATIENCE", -1.0)
    for worker in keeper.workers:
        keeper.check_that_the_chief_ends()
        worker.now = 0
    with pytest.raises(cluster.ClusterError, match=r"(?s)All workers have ended.*words of chief"):
        keeper.check_that_the_chief_ends()


def test_progress_counts_what_is_finished_and_leaves_a_slow_chief_alone(keeper, said, monkeypatch):
    clock = [100.0]

    def answer(target):
        assert target == "127.0.0.1:1"
        clock[0] += 3.0  # seconds that the chief takes
        return {"COMPLETED": 5, "FAILED": 2, "RUNNING": 1, "INVALID": 1}

    monkeypatch.setattr(kerastuner, "count_statuses", answer)
    monkeypatch.setattr(supervisor.time, "monotonic", lambda: clock[0])
    keeper.began = 90.0
    keeper.report()
    assert said == ["7 trials finished, 1 running, 2 workers, 13 s"]
    assert keeper.next_question == pytest.approx(103.0 + 60.0)  # 5 % of the chief's time
    keeper.chief.restarts = keeper.workers[1].restarts = 1
    keeper.report()
    assert said[1] == "7 trials finished, 1 running, 2 workers, 2 restarts, 16 s"
    monkeypatch.setattr(kerastuner, "count_statuses", lambda target: {"COMPLETED": 8})
    keeper.report()
    assert said[2] == "8 trials finished, 0 running, 2 workers, 2 restarts, 16 s"


def test_a_chief_that_does_not_listen_yet_is_not_asked(keeper, said, monkeypatch):
    monkeypatch.setattr(supervisor, "is_listening", lambda *address: False)
    monkeypatch.setattr(kerastuner, "count_statuses", lambda target: pytest.fail("was asked"))
    keeper.report()
    assert said == []
