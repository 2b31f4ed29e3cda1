"""Starts a search in several processes of this machine, and looks after them.

`python -m helpers.cluster SCRIPT --workers 2` runs the same script three times: once as the
chief, which hands out trials and trains nothing, and once for each worker. It gives them the three
variables by which KerasTuner tells the roles apart, restarts what dies, and ends when the search
does. On many machines a scheduler does the same: see `examples/`.

KerasTuner's chief talks gRPC without encryption and without a password: whoever reaches its port
can read the search and change it. It listens on this machine alone, unless you say otherwise.
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
    """Runs a search as a chief and some workers, until it is done.

    The script makes a tuner with `overwrite=False` and calls its `search`; nothing in it needs to
    know of the cluster. What the chief prints is shown at the end. Where there are several GPUs,
    each worker gets one of its own.

    Args:
        script: A Python script, run as `python SCRIPT ARGUMENTS` by this interpreter.
        workers: Processes that train. This machine's cores are divided among them.
        arguments: What else is on the script's command line.
        address: Where the chief listens. Anything but this machine's loopback lets others reach
            it, and KerasTuner asks nobody for a password.
        port: The chief's port; None takes a free one.
        quiet: Show no progress.

    Returns:
        0 when the search is done; 128 plus the signal's number after Ctrl-C (130), or when it was
        asked to end by another signal. The project folder stays as it is, and the same call goes
        on with it.

    Raises:
        ClusterError: The script does not exist, there is no worker, the port is taken, the disk
            stays full, or a process died again and again; the message holds its last words.
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
