"""How to set apart a process with everything that it starts, ask it to end, and kill it."""

import contextlib
import os
import signal
import subprocess
import sys
from typing import Any

# Ctrl-C in a terminal then reaches this process alone, which ends the others in an orderly way.
APART: dict[str, Any]
if sys.platform == "win32":
    APART = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
else:
    APART = {"start_new_session": True}


def ask_to_end(process: subprocess.Popen) -> None:
    """Asks a process that was started with `APART` to end; on Windows, kills it."""
    if sys.platform == "win32":
        kill(process)  # Windows has no such request that Python obeys in an orderly way
    else:
        process.send_signal(signal.SIGINT)


def kill(process: subprocess.Popen) -> None:
    """Kills a process that was started with `APART`, and whatever it has started and left behind.

    On Windows, what a process has started can be found only while that process still runs.
    """
    if sys.platform == "win32":
        command = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
        subprocess.run(command, capture_output=True)
    else:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
