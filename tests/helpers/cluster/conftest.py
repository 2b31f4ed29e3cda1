import signal
import subprocess
import sys

import pytest

from helpers.cluster.signals import STOP_SIGNALS
from tests.support.cluster import JOB, ROOT
from tests.support.processes import started

# As `python -m helpers.cluster`, which would wait longer before it tries a full disk again.
LAUNCHER = """
import sys
from helpers.cluster import __main__ as command_line, supervisor
supervisor.DISK_PAUSE = 0.1
sys.exit(command_line.main())
"""


@pytest.fixture(autouse=True)
def signals_that_reach_what_is_started():
    """Under nohup, or in the background of a script, tests would hand on signals as ignored."""
    before = {
        number: signal.signal(number, signal.SIG_DFL)
        for number in (getattr(signal, name, None) for name in STOP_SIGNALS)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN
    }
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def job(tmp_path):
    script = tmp_path / "job.py"
    script.write_text(JOB)

    def start(*options):
        command = [sys.executable, "-c", LAUNCHER, str(script), "--workers", "2", *options]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return started([*command, "--", str(tmp_path)], cwd=ROOT, **pipes)

    return start
