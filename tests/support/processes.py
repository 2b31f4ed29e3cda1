"""Processes that a test starts."""

import contextlib
import subprocess


@contextlib.contextmanager
def started(command, **how):
    """Starts a process and waits for its end, as `subprocess.Popen` does in a `with`.

    But a test that fails does not wait: it ends the process, which may never end by itself.
    """
    with subprocess.Popen(command, **how) as process:
        try:
            yield process
        except BaseException:
            process.kill()
            raise
