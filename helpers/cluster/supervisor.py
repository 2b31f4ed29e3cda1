"""Looks after the processes of a cluster, from their start to the end of the search."""

import time
from collections.abc import Callable

from helpers.cluster.errors import ClusterError
from helpers.cluster.port import is_listening
from helpers.cluster.processes import Process

MAX_RESTARTS = 3  # of one process in a row, without a finished trial in between
POLL = 0.5  # seconds between two checks of the processes
SHARE = 0.05  # of the time, at most, spent asking the chief how far it has got
CHIEF_PATIENCE = 60.0  # seconds that a chief has to end after its workers
DISK_PATIENCE = 480.0  # seconds that the disk may stay full; workers keep their results longer
DISK_PAUSE = 5.0  # seconds before the next attempt
DISK_RECOVERED = 60.0  # seconds that a chief must run before the disk counts as recovered

Show = Callable[..., None]


class Supervisor:
    """Looks after the processes until the search is done."""

    def __init__(
        self,
        processes: list[Process],
        address: tuple[str, int],
        show: Show,
        received: list[int],
    ) -> None:
        """Takes over processes that have been started.

        Args:
            processes: The chief, followed by the workers.
            address: Host and port of the chief.
            show: Takes the progress, and the part of it that changes constantly.
            received: Grows when a signal arrives, and then the watch ends.
        """
        self.chief, *self.workers = processes
        self.address, self.show, self.received = address, show, received
        self.began = time.monotonic()
        self.finished = 0
        self.next_question = 0.0
        self.workers_done: float | None = None  # since when
        self.disk_full: float | None = None

    def watch(self) -> None:
        """Restarts what dies until the chief reports that the search is done, or a signal comes."""
        while not self.received:
            time.sleep(POLL)
            status = self.chief.status()
            if status == 0:
                return
            if status is not None:
                self.revive_chief(status)
            for worker in self.workers:
                status = worker.status()
                if status not in (None, 0):
                    self.restart(worker, status)
            self.check_that_the_chief_ends()
            if time.monotonic() > self.next_question:
                self.report()

    def revive_chief(self, status: int) -> None:
        """Starts the chief again, either at once or when the disk may have room again.

        Meanwhile, the workers carry on and keep their results until the chief is back.
        """
        from helpers.search import CHIEF_DISK_FULL, CHIEF_FAILED

        if status == CHIEF_FAILED:
            raise ClusterError(f"The chief can't go on:\n{self.chief.last_words()}")
        if self.chief.age() > DISK_RECOVERED:
            self.disk_full = None
        if status == CHIEF_DISK_FULL and self.disk_full is None:
            self.disk_full = time.monotonic()
        if self.disk_full is None:
            self.restart(self.chief, status)
        elif time.monotonic() - self.disk_full > DISK_PATIENCE:
            raise ClusterError(f"The chief can't save what it knows:\n{self.chief.last_words()}")
        else:
            self.show("The disk is full. Free some space: the search then goes on.", "\n")
            time.sleep(DISK_PAUSE)
            self.chief.start()
        for worker in self.workers:
            if worker.status() == 0:
                worker.start()  # its questions show the new chief that everything is done

    def restart(self, process: Process, status: int) -> None:
        """Starts a process again, unless it has died too often."""
        self.count()
        if self.finished > process.finished_before:
            process.restarts, process.finished_before = 0, self.finished
        if process.restarts == MAX_RESTARTS:
            raise ClusterError(
                f"{process.tuner_id} died {MAX_RESTARTS + 1} times without a finished trial in "
                f"between, the last time with exit status {status}. Run the script alone to see "
                f"whether it works. Its last words:\n{process.last_words()}"
            )
        process.restarts += 1
        process.start()

    def check_that_the_chief_ends(self) -> None:
        """Gives up on a chief that keeps running although all workers have ended normally."""
        if any(worker.status() != 0 for worker in self.workers):
            self.workers_done = None
            return
        self.workers_done = self.workers_done or time.monotonic()
        if time.monotonic() - self.workers_done > CHIEF_PATIENCE:
            raise ClusterError(
                "All workers have ended, but the chief is still waiting. The finished trials are "
                f"in the project folder. Its last words:\n{self.chief.last_words()}"
            )

    def count(self) -> dict[str, int] | None:
        """Asks the chief how many trials are in each state; None if it does not answer."""
        if not is_listening(*self.address):
            return None
        from helpers import kerastuner  # imports Keras, which takes long: only when it is needed

        asked = time.monotonic()
        seen = kerastuner.count_statuses("{}:{}".format(*self.address))
        answered = time.monotonic()
        self.next_question = answered + (answered - asked) / SHARE
        if seen is not None:
            self.finished = seen.get("COMPLETED", 0) + seen.get("FAILED", 0)
        return seen

    def report(self) -> None:
        """Shows how far the chief has got."""
        seen = self.count()
        if seen is None:
            return
        restarts = sum(process.restarts for process in (self.chief, *self.workers))
        self.show(
            f"{self.finished} trials finished, {seen.get('RUNNING', 0)} running, "
            f"{len(self.workers)} workers" + (f", {restarts} restarts" if restarts else ""),
            f", {time.monotonic() - self.began:.0f} s",
        )
