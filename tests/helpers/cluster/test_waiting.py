import subprocess
import sys
import threading
from concurrent import futures

import grpc
import pytest

from helpers import cluster
from tests.support.cluster import ROOT, free_port

LATE = """
from helpers import cluster
import sys
try:
    cluster.wait_for_chief(0.3)
except cluster.ClusterError as error:
    assert not {"keras", "tensorflow"} & set(sys.modules), "the wait should cost nothing"
    sys.exit(str(error))
"""


@pytest.fixture
def chief_s_port(monkeypatch):
    port = free_port()
    monkeypatch.setenv("KERASTUNER_ORACLE_IP", "127.0.0.1")
    monkeypatch.setenv("KERASTUNER_ORACLE_PORT", str(port))
    return port


def test_a_worker_that_comes_when_the_chief_has_gone_ends_soon(chief_s_port):
    late = subprocess.run(
        [sys.executable, "-c", LATE], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert late.returncode == 1
    assert f"No chief has answered at 127.0.0.1:{chief_s_port}" in late.stderr


def test_a_worker_waits_for_a_chief_that_comes_later(chief_s_port):
    waiting = threading.Thread(target=cluster.wait_for_chief, args=(60.0,))
    waiting.start()
    waiting.join(0.2)
    assert waiting.is_alive()
    chief = grpc.server(futures.ThreadPoolExecutor(1))
    chief.add_insecure_port(f"127.0.0.1:{chief_s_port}")
    chief.start()
    waiting.join(60)
    assert not waiting.is_alive()
    chief.stop(0).wait()
