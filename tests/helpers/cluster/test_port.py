import socket
import subprocess
import sys

import pytest

from helpers import cluster
from helpers.cluster.launcher import LOOPBACK
from helpers.cluster.port import hold_port
from tests.support.cluster import ROOT, wait_until


def can_share(port):
    """Returns whether a server that shares its port, as gRPC's do, can listen there."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        server.bind((LOOPBACK, port))
        server.listen()
        return True


def test_a_port_that_is_taken_is_named(tmp_path):
    (tmp_path / "job.py").write_text("raise SystemExit('must not run')")
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(cluster.ClusterError, match=f"Port {port} of 127.0.0.1 can't be used"):
            cluster.run(tmp_path / "job.py", port=port)


@pytest.mark.parametrize("port", [-1, 70_000])
def test_a_port_that_cannot_be_is_named(port):
    with pytest.raises(cluster.ClusterError, match=f"Port {port} "), hold_port(LOOPBACK, port):
        pass


@pytest.mark.skipif(not hasattr(socket, "SO_REUSEPORT"), reason="ports can't be shared here")
def test_a_held_port_is_the_chief_s_and_no_other_program_s():
    with hold_port(LOOPBACK, None) as port:
        assert can_share(port)
        with socket.socket() as other, pytest.raises(OSError):
            other.bind((LOOPBACK, port))


@pytest.mark.skipif(sys.platform == "win32", reason="ends it by a signal")
def test_a_second_cluster_on_the_same_port_is_refused(tmp_path):
    script = tmp_path / "job.py"
    script.write_text(
        "import pathlib, sys, time\npathlib.Path(sys.argv[1]).touch()\ntime.sleep(60)\n"
    )
    with hold_port(LOOPBACK, None) as port:
        pass
    command = [sys.executable, "-m", "helpers.cluster", script, "--port", str(port)]
    with subprocess.Popen([*command, "--", tmp_path / "begun"], cwd=ROOT) as first:
        wait_until(lambda: (tmp_path / "begun").exists())
        with pytest.raises(cluster.ClusterError, match=rf"Port {port}.*Process {first.pid} "):
            cluster.run(script, port=port, quiet=True)
        first.terminate()
    with hold_port(LOOPBACK, port) as again:
        assert again == port
