"""The processes of a cluster: one chief, some workers, and how they end."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

CHIEF = "chief"  # KerasTuner takes an ID with this word in it for the chief's
PATIENCE = 10.0  # seconds that a process gets to end by itself, after being asked to
TAIL = 3000  # characters of what a process wrote before it died


@dataclass
class Process:
    """One role of the search, and the process that plays it now."""

    tuner_id: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    running: subprocess.Popen | None = None
    restarts: int = 0
    finished_before: int = field(default=0, repr=False)

    def start(self) -> None:
        """Starts the process in a session of its own; what it prints is added to its log."""
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
        """Returns the end of what the process has printed."""
        return self.log.read_text(errors="replace")[-TAIL:]


def processes_of(
    script: Path, workers: int, arguments: Sequence[str], address: str, port: int, folder: Path
) -> list[Process]:
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
        Process(
            tuner_id,
            command,
            {**shared, **more, "KERASTUNER_TUNER_ID": tuner_id},
            folder / f"{tuner_id}.log",
        )
        for tuner_id, more in roles
    ]


@contextlib.contextmanager
def ending(processes: list[Process]) -> Iterator[None]:
    """Starts the processes, and whatever happens, leaves none of them behind."""
    try:
        for process in processes:
            process.start()
        yield
    finally:
        end(processes)


def end(processes: list[Process]) -> None:
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
