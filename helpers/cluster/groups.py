"""A process with all that it starts: how it is set apart, asked to end, and killed."""

import contextlib
import os
import signal
import subprocess
import sys
from typing import Any

# Ctrl-C in a terminal reaches this process alone, which ends the others in order.
APART: dict[str, Any]
if sys.platform == "win32":
    APART = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
else:
    APART = {"start_new_session": True}


def ask_to_end(process: subprocess.Popen) -> None:
    """Asks a process that was started with `APART` to end; on Windows, kills it."""
    if sys.platform == "win32":
        kill(process)  # there is no such request there that Python obeys in order
    else:
        process.send_signal(signal.SIGINT)


def kill(process: subprocess.Popen) -> None:
    """Kills a process that was started with `APART`, and whatever it has started and left behind.

    On Windows, what a process has left behind can be found only while it runs.
    """
    if sys.platform == "win32":
        command = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
        subprocess.run(command, capture_output=True)
    else:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
