"""One search in several processes of this machine: KerasTuner's own chief and workers.

`python -m helpers.cluster SCRIPT --workers 2` runs the same script three times: once as the
chief, which hands out trials and trains nothing, and once for each worker. It gives them the three
variables by which KerasTuner tells the roles apart, restarts what dies, and ends when the search
does. On many machines a scheduler does the same: see `examples/`.

KerasTuner's chief talks gRPC without encryption and without a password: whoever reaches its port
can read the search and change it. It listens on this machine alone, unless you say otherwise.
"""

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

LOOPBACK = "127.0.0.1"
CHIEF = "chief"  # KerasTuner takes an ID with this word in it for the chief's
MAX_RESTARTS = 3  # of one process, one after the other without a finished trial in between
PATIENCE = 10.0  # seconds that a process gets to end by itself, after being asked to
POLL = 0.5  # seconds between two looks at the processes
TAIL = 3000  # characters of what a process wrote before it died


class ClusterError(Exception):
    """A search in several processes can't begin or can't go on; the message says why."""


@dataclass
class _Process:
    """One role of the search, and the process that plays it now."""

    tuner_id: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    running: subprocess.Popen | None = None
    restarts: int = 0
    finished_before: int = field(default=0, repr=False)

    def start(self) -> None:
        with open(self.log, "ab") as log:
            self.running = subprocess.Popen(
                self.command,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C reaches this process alone, which ends the others in order.
                start_new_session=True,
            )

    def last_words(self) -> str:
        return self.log.read_text(errors="replace")[-TAIL:]


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
        processes = _processes(script, workers, arguments, address, port, Path(folder))
        show = (lambda text: None) if quiet else _progress()
        try:
            with _ctrl_c() as pressed, _ending(processes):
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


def _processes(
    script: Path, workers: int, arguments: Sequence[str], address: str, port: int, folder: Path
) -> list[_Process]:
    """Returns the chief and the workers, not started."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    threads = str(max(1, (cores or 1) // workers))
    shared = {
        **os.environ,
        "KERASTUNER_ORACLE_IP": address,
        "KERASTUNER_ORACLE_PORT": str(port),
        "PYTHONUNBUFFERED": "1",  # a killed process takes along what it had not written
    }
    divided = {
        "OMP_NUM_THREADS": threads,
        "TF_NUM_INTRAOP_THREADS": threads,
        "TF_NUM_INTEROP_THREADS": threads,
    }
    command = [sys.executable, str(script), *arguments]
    roles: list[tuple[str, Mapping[str, str]]] = [(CHIEF, {})]
    roles += [(f"worker{number}", divided) for number in range(workers)]
    return [
        _Process(
            tuner_id,
            command,
            {**shared, **more, "KERASTUNER_TUNER_ID": tuner_id},
            folder / f"{tuner_id}.log",
        )
        for tuner_id, more in roles
    ]


@contextlib.contextmanager
def _ending(processes: list[_Process]) -> Iterator[None]:
    """Starts the processes, and whatever happens, leaves none of them behind."""
    try:
        for process in processes:
            process.start()
        yield
    finally:
        _end(processes)


def _end(processes: list[_Process]) -> None:
    """Asks the processes to end, and after a while makes them."""
    started = [process.running for process in processes if process.running is not None]
    for running in started:
        if running.poll() is None:
            running.send_signal(signal.SIGINT if os.name == "posix" else signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    for running in started:
        try:
            running.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


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


def _watch(processes: list[_Process], target: str, show, pressed: list[int]) -> None:
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
            _end(workers)
            _restart(chief, status, finished)
            for worker in workers:
                worker.start()
            continue
        for worker in workers:
            status = worker.running.poll()
            if status not in (None, 0):
                _restart(worker, status, finished)
        seen = _statuses(target)
        if seen is None:
            continue
        finished = sum(seen.get(name, 0) for name in ("COMPLETED", "FAILED"))
        restarts = sum(process.restarts for process in processes)
        show(
            f"{finished} trials finished, {seen.get('RUNNING', 0)} running, "
            f"{len(workers)} workers, {time.monotonic() - began:.0f} s"
            + (f", {restarts} restarts" if restarts else "")
        )


def _restart(process: _Process, status: int, finished: int) -> None:
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


def _statuses(target: str) -> dict[str, int] | None:
    """Asks the chief how many trials are in which state; None if it does not answer."""
    import grpc
    from keras_tuner.src import protos
    from keras_tuner.src.engine.trial import Trial

    service = protos.get_service()
    with grpc.insecure_channel(target) as channel:
        stub = protos.get_service_grpc().OracleStub(channel)
        try:
            answer = stub.GetBestTrials(service.GetBestTrialsRequest(num_trials=10**6), timeout=5)
        except grpc.RpcError:
            return None
    counts: dict[str, int] = {}
    for proto in answer.trials:
        status = Trial.from_proto(proto).status
        counts[status] = counts.get(status, 0) + 1
    return counts


def _progress():
    """Returns a function that shows a line: in place in a terminal, else when it changes."""
    if sys.stderr.isatty():
        return lambda text: print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
    last = ""

    def show(text: str) -> None:
        nonlocal last
        told = text.rpartition(",")[0] or text.strip()  # without the seconds
        if told != last:
            print(text.strip(), file=sys.stderr, flush=True)
        last = told

    return show


def main(command_line: Sequence[str] | None = None) -> int:
    """Does what the command line says, and returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.cluster",
        description="Run one search script as KerasTuner's chief and workers, on this machine.",
    )
    parser.add_argument("script", help="a Python script that makes a tuner and calls its search")
    parser.add_argument("arguments", nargs="*", help="the script's own (after --)")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--port", type=int, help="of the chief (default: a free one)")
    parser.add_argument(
        "--address", default=LOOPBACK, help="where the chief listens; others can reach all but this"
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    options = parser.parse_intermixed_args(command_line)
    try:
        return run(**vars(options))
    except ClusterError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
