"""Starts a search in several processes on this machine, and looks after them.

`python -m helpers.cluster SCRIPT --workers 2` runs the same script three times: once as the
chief, which hands out trials and trains nothing, and once for each worker. It gives them the three
variables by which KerasTuner tells the roles apart, restarts any process that dies, and ends when
the search does. On several machines, a scheduler does the same job: see `examples/`.

KerasTuner's chief uses gRPC without encryption and without a password: anyone who can reach its
port can read the search and change it. Unless you say otherwise, only this machine can reach it.
"""

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from helpers import display
from helpers.cluster.errors import ClusterError
from helpers.cluster.port import hold_port
from helpers.cluster.processes import make_processes, running
from helpers.cluster.signals import note_signals
from helpers.cluster.supervisor import Show, Supervisor

LOOPBACK = "127.0.0.1"


def run(
    script: str | os.PathLike,
    *,
    workers: int = 2,
    arguments: Sequence[str] = (),
    address: str = LOOPBACK,
    port: int | None = None,
    quiet: bool = False,
) -> int:
    """Runs a search as a chief and several workers, until it is done.

    The script makes a tuner with `overwrite=False` and calls its `search`; nothing in it needs to
    know about the cluster. What the chief prints is shown at the end. Where there are several GPUs,
    each worker gets one of its own.

    Args:
        script: A Python script, run as `python SCRIPT ARGUMENTS` by this interpreter.
        workers: The number of processes that train. They share this machine's cores equally.
        arguments: The rest of the script's command line.
        address: Where the chief listens. Anything but this machine's loopback lets others reach
            it, and KerasTuner asks nobody for a password.
        port: The chief's port; None takes a free one.
        quiet: Whether to show no progress.

    Returns:
        0 when the search is done. After Ctrl-C (130) or another signal that asks it to end, 128
        plus the signal's number: the project folder then stays as it is, and the same call
        continues the search.

    Raises:
        ClusterError: The script does not exist, there is no worker, the port is taken, the disk
            stays full, or a process keeps dying, in which case the message quotes the end of its
            output.
    """
    script = Path(script)
    if not script.is_file():
        raise ClusterError(f"There is no script {script}.")
    if workers < 1:
        raise ClusterError(f"workers={workers}: a search needs at least one worker to train.")
    show: Show = (lambda text, changing="": None) if quiet else display.line_display(sys.stderr)
    with (
        hold_port(address, port) as held,
        tempfile.TemporaryDirectory(prefix="cluster-", ignore_cleanup_errors=True) as folder,
    ):
        processes = make_processes(script, workers, arguments, address, held, Path(folder))
        with note_signals() as received, running(processes):
            Supervisor(processes, (address, held), show, received).watch()
        if received:
            show("Interrupted. The same command goes on where this one stopped.", "\n")
            return 128 + received[0]
        show("Done.", "\n")
        if not quiet:
            print(processes[0].last_words(), end="")
    return 0
