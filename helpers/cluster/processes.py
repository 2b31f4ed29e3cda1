"""The processes of a cluster: one chief, some workers, and how they end."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers.cluster import groups

CHIEF = "chief"  # KerasTuner takes any ID that contains this word for the chief's
PATIENCE = 10.0  # seconds that a process has to end by itself after being asked to
TAIL = 3000  # characters of what a process wrote before it died
CHILD = Path(__file__).with_name("child.py")


@dataclass
class Process:
    """One role in the search, and the process that currently plays it.

    Attributes:
        tuner_id: The role: `chief`, `worker0`, ...
        command: The command that it runs.
        environment: Its environment variables.
        log: The file that holds what it prints.
        running: The process, once it has been started.
        started: When it was last started, on the monotonic clock, in seconds.
        restarts: How often it has been restarted since a trial was last finished.
        finished_before: How many trials had finished when `restarts` was last 0.
    """

    tuner_id: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    running: subprocess.Popen | None = None
    started: float = 0.0
    restarts: int = 0
    finished_before: int = 0

    def start(self) -> None:
        """Starts the process in a group of its own, and appends what it prints to its log."""
        self.let_go()
        with open(self.log, "ab") as log:
            self.running = subprocess.Popen(
                self.command,
                env=self.environment,
                stdin=subprocess.PIPE,  # closed when this process ends: see `child`
                stdout=log,
                stderr=subprocess.STDOUT,
                **groups.APART,
            )
        self.started = time.monotonic()

    def let_go(self) -> None:
        """Closes the pipe that this process still holds to one that has ended."""
        if self.running is not None and self.running.stdin is not None:
            self.running.stdin.close()

    def status(self) -> int | None:
        """Returns its exit status, or None while it runs."""
        return None if self.running is None else self.running.poll()

    def age(self) -> float:
        """Returns the seconds since it was last started."""
        return time.monotonic() - self.started

    def last_words(self) -> str:
        """Returns the end of what the process has printed."""
        return self.log.read_text(errors="replace")[-TAIL:]


def make_processes(
    script: Path, workers: int, arguments: Sequence[str], address: str, port: int, folder: Path
) -> list[Process]:
    """Returns the chief and the workers, not yet started."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    threads = str(max(1, (cores or 1) // workers))
    shared = {
        **os.environ,
        "KERASTUNER_ORACLE_IP": address,
        "KERASTUNER_ORACLE_PORT": str(port),
        "PYTHONUNBUFFERED": "1",  # a killed process would lose what it had not yet written
    }
    divided = {
        "OMP_NUM_THREADS": threads,
        "TF_NUM_INTRAOP_THREADS": threads,
        "TF_NUM_INTEROP_THREADS": threads,
        "NPROC": threads,  # of XLA, which compiles for JAX
    }
    command = [sys.executable, str(CHILD), str(script), *arguments]
    gpus = list_gpus()
    roles: list[tuple[str, Mapping[str, str]]] = [
        (CHIEF, {"CUDA_VISIBLE_DEVICES": "-1"} if gpus else {})  # it trains nothing
    ]
    for number in range(workers):
        own = {"CUDA_VISIBLE_DEVICES": gpus[number % len(gpus)]} if gpus else {}
        roles.append((f"worker{number}", {**divided, **own}))
    return [
        Process(
            tuner_id,
            command,
            {**shared, **more, "KERASTUNER_TUNER_ID": tuner_id},
            folder / f"{tuner_id}.log",
        )
        for tuner_id, more in roles
    ]


def list_gpus() -> list[str]:
    """Returns the NVIDIA GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them.

    It does not ask TensorFlow, which would claim memory on all of them.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [name for name in visible.split(",") if name.strip() not in ("", "-1")]
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return []
    found = [line for line in listed.stdout.splitlines() if line.startswith("GPU ")]
    return [str(number) for number in range(len(found))] if listed.returncode == 0 else []


@contextlib.contextmanager
def running(processes: list[Process]) -> Iterator[None]:
    """Starts the processes and, whatever happens, leaves none of them behind."""
    try:
        for process in processes:
            process.start()
        yield
    finally:
        end(processes)


def end(processes: list[Process]) -> None:
    """Asks the processes to end, and after a while kills them and all that they started."""
    started = [process.running for process in processes if process.running is not None]
    for one in started:
        if one.poll() is None:
            groups.ask_to_end(one)
    deadline = time.monotonic() + PATIENCE
    for one in started:
        with contextlib.suppress(subprocess.TimeoutExpired):
            one.wait(max(0.1, deadline - time.monotonic()))
        groups.kill(one)  # also what it has left behind
        one.wait()
    for process in processes:
        process.let_go()
