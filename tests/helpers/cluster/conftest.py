import subprocess
import sys

import pytest

from tests.support.cluster import JOB, ROOT

# As `python -m helpers.cluster`, which would wait longer before it tries a full disk again.
LAUNCHER = """
import sys
from helpers.cluster import __main__ as command_line, launcher
launcher.DISK_PAUSE = 0.1
sys.exit(command_line.main())
"""


@pytest.fixture
def job(tmp_path):
    script = tmp_path / "job.py"
    script.write_text(JOB)

    def start(*options):
        command = [sys.executable, "-c", LAUNCHER, str(script), "--workers", "2", *options]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen([*command, "--", str(tmp_path)], cwd=ROOT, **pipes)

    return start
