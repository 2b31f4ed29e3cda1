import subprocess
import sys

import pytest

from tests.support.cluster import JOB, ROOT


@pytest.fixture
def job(tmp_path):
    script = tmp_path / "job.py"
    script.write_text(JOB)

    def start(seconds):
        command = [sys.executable, "-m", "helpers.cluster", str(script), "--workers", "2"]
        command += ["--", str(tmp_path), str(seconds)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen(command, cwd=ROOT, **pipes)

    return start
