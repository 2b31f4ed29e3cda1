"""Runs a script as one process of a cluster, and ends it when the launcher is gone.

The launcher starts it as `python child.py SCRIPT ARGUMENTS` and holds the other end of its
standard input. However the launcher ends, the system closes that end, and this process then ends
itself and everything that it has started. It imports nothing from the course, so that whatever
the script sets before it imports Keras takes effect.
"""

import os
import runpy
import signal
import subprocess
import sys
import threading


def main() -> None:
    """Runs the script that the command line names, under its own name."""
    # This is how the launcher asks it to end, even where Ctrl-C is ignored, as in the background.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    watched = os.dup(0)
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    threading.Thread(target=_end_with_the_launcher, args=(watched,), daemon=True).start()
    script = sys.argv[1]
    sys.argv = sys.argv[1:]
    sys.path[0] = os.path.dirname(os.path.abspath(script))
    runpy.run_path(script, run_name="__main__")


def _end_with_the_launcher(watched: int) -> None:
    while os.read(watched, 1):
        pass
    end_all()


def end_all() -> None:
    """Kills this process and everything that it has started."""
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(os.getpid())], capture_output=True)
        os._exit(1)
    else:
        os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    main()
