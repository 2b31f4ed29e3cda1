"""One search in several processes of this machine: KerasTuner's own chief and workers.

`python -m helpers.cluster SCRIPT --workers 2` runs the same script three times: once as the
chief, which hands out trials and trains nothing, and once for each worker. It gives them the three
variables by which KerasTuner tells the roles apart, restarts what dies, and ends when the search
does. On many machines a scheduler does the same: see `examples/`.

KerasTuner's chief talks gRPC without encryption and without a password: whoever reaches its port
can read the search and change it. It listens on this machine alone, unless you say otherwise.
"""

import contextlib
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from helpers import display, kerastuner
from helpers.cluster.processes import Process, end, ending, processes_of

LOOPBACK = "127.0.0.1"
MAX_RESTARTS = 3  # of one process, one after the other without a finished trial in between
POLL = 0.5  # seconds between two looks at the processes


class ClusterError(Exception):
    """A search in several processes can't begin or can't go on; the message says why."""


def run(
    script: str | os.PathLike,
    *,
    workers: int = 2,
    arguments: Sequence[str] = (),
    address: str = LOOPBACK,
    port: int | None = None,
    quiet: bool = False,
) -> int:
    """Runs a search as a chief and some workers, until it is done.

    The script makes a tuner with `overwrite=False` and calls its `search`; nothing in it needs to
    know of the cluster. What the chief prints is shown at the end.

    Args:
        script: A Python script, run as `python SCRIPT ARGUMENTS` by this interpreter.
        workers: Processes that train. This machine's cores are divided among them.
        arguments: What else is on the script's command line.
        address: Where the chief listens. Anything but this machine's loopback lets others reach
            it, and KerasTuner asks nobody for a password.
        port: The chief's port; None takes a free one.
        quiet: Show no progress.

    Returns:
        0 when the search is done, 130 after Ctrl-C. The project folder stays as it is, and the
        same call goes on with it.

    Raises:
        ClusterError: The script does not exist, there is no worker, the port is taken, or a
            process died again and again; the message holds its last words.
    """
    script = Path(script)
    if not script.is_file():
        raise ClusterError(f"There is no script {script}.")
    if workers < 1:
        raise ClusterError(f"workers={workers}: a search needs at least one worker to train.")
    port = _free_port(address) if port is None else _checked_port(address, port)
    with tempfile.TemporaryDirectory(prefix="cluster-") as folder:
        processes = processes_of(script, workers, arguments, address, port, Path(folder))
        show = (lambda text, changing="": None) if quiet else display.line_display(sys.stderr)
        try:
            with _ctrl_c() as pressed, ending(processes):
                _watch(processes, f"{address}:{port}", show, pressed)
        except KeyboardInterrupt:
            show("Interrupted. The same command goes on where this one stopped.\n")
            return 130
        chief = processes[0]
        show("Done.\n")
        if not quiet:
            print(chief.last_words(), end="")
    return 0


def _free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


def _checked_port(address: str, port: int) -> int:
    with socket.socket() as probe:
        # As the chief itself would, right after another one has ended.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except (OSError, OverflowError) as error:
            raise ClusterError(
                f"Port {port} of {address} can't be used ({error}). Name another one, or none: "
                "then a free one is taken."
            ) from None
    return port


@contextlib.contextmanager
def _ctrl_c() -> Iterator[list[int]]:
    """Notes in a list that Ctrl-C was pressed, instead of raising wherever the program stands.

    An exception that comes while gRPC's own code runs is lost there.
    """
    pressed: list[int] = []
    if threading.current_thread() is not threading.main_thread():  # which alone gets signals
        yield pressed
        return
    before = signal.signal(signal.SIGINT, lambda number, frame: pressed.append(number))
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


def _watch(processes: list[Process], target: str, show, pressed: list[int]) -> None:
    """Restarts what dies, until the chief says that the search is done."""
    chief, workers = processes[0], processes[1:]
    began = time.monotonic()
    finished = 0
    while True:
        time.sleep(POLL)
        if pressed:
            raise KeyboardInterrupt
        status = chief.running.poll()
        if status == 0:
            return
        if status is not None:
            # A chief that comes back hands out again what was running, so a worker that went on
            # with it would finish a trial that another one repeats.
            end(workers)
            _restart(chief, status, finished)
            for worker in workers:
                worker.start()
            continue
        for worker in workers:
            status = worker.running.poll()
            if status not in (None, 0):
                _restart(worker, status, finished)
        seen = kerastuner.count_statuses(target)
        if seen is None:
            continue
        finished = sum(seen.get(name, 0) for name in ("COMPLETED", "FAILED"))
        restarts = sum(process.restarts for process in processes)
        show(
            f"{finished} trials finished, {seen.get('RUNNING', 0)} running, "
            f"{len(workers)} workers" + (f", {restarts} restarts" if restarts else ""),
            f", {time.monotonic() - began:.0f} s",
        )


def _restart(process: Process, status: int, finished: int) -> None:
    if finished > process.finished_before:
        process.restarts, process.finished_before = 0, finished
    if process.restarts == MAX_RESTARTS:
        raise ClusterError(
            f"{process.tuner_id} died {MAX_RESTARTS + 1} times without a finished trial in "
            f"between, the last time with exit status {status}. Run the script alone to see "
            f"whether it works. Its last words:\n{process.last_words()}"
        )
    process.restarts += 1
    process.start()
