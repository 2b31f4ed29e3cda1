import os
import socket
import sys
import tempfile

import pytest

from helpers import cluster
from helpers.cluster.launcher import LOOPBACK
from helpers.cluster.port import hold_port, is_listening
from tests.support.cluster import ROOT, wait_until
from tests.support.processes import started


def can_listen(port, option):
    """Returns whether a server can listen there that sets an option, as gRPC's do."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, option, 1)
        try:
            server.bind((LOOPBACK, port))
            server.listen()
        except OSError:
            return False
        return True


@pytest.mark.parametrize("shared", [False, True])  # gRPC's servers share
def test_a_port_that_is_taken_is_named(tmp_path, shared):
    (tmp_path / "job.py").write_text("raise SystemExit('must not run')")
    with socket.socket() as taken:
        if shared and hasattr(socket, "SO_REUSEPORT"):
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(cluster.ClusterError, match=f"Port {port} of 127.0.0.1 can't be used"):
            cluster.run(tmp_path / "job.py", port=port)


@pytest.mark.parametrize("port", [-1, 70_000])
def test_a_port_that_cannot_be_is_named(port):
    with pytest.raises(cluster.ClusterError, match=f"Port {port} "), hold_port(LOOPBACK, port):
        pass


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere only a lock holds the port")
def test_a_held_port_is_the_chief_s_and_no_other_program_s():
    with hold_port(LOOPBACK, None) as port:
        assert can_listen(port, socket.SO_REUSEADDR)  # the course's chief, which shares with nobody
        assert can_listen(port, socket.SO_REUSEPORT)  # KerasTuner's own
        with socket.socket() as other, pytest.raises(OSError):
            other.bind((LOOPBACK, port))


@pytest.mark.skipif(sys.platform == "win32", reason="there, each user has a folder of one's own")
def test_the_locks_of_two_users_are_in_two_folders(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for user in (1, 2):
        monkeypatch.setattr(os, "getuid", lambda user=user: user)
        with hold_port(LOOPBACK, None):
            pass
    assert len(os.listdir(tmp_path)) == 2


def test_it_is_known_whether_the_chief_listens():
    with hold_port(LOOPBACK, None) as port:
        assert not is_listening(LOOPBACK, port)
        with socket.socket() as chief:
            if sys.platform != "win32":
                chief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            chief.bind((LOOPBACK, port))
            chief.listen()
            assert is_listening(LOOPBACK, port)


@pytest.mark.skipif(sys.platform == "win32", reason="ends it by a signal")
def test_a_second_cluster_on_the_same_port_is_refused(tmp_path):
    script = tmp_path / "job.py"
    script.write_text(
        "import pathlib, sys, time\npathlib.Path(sys.argv[1]).touch()\ntime.sleep(60)\n"
    )
    with hold_port(LOOPBACK, None) as port:
        pass
    command = [sys.executable, "-m", "helpers.cluster", script, "--port", str(port)]
    with started([*command, "--", tmp_path / "begun"], cwd=ROOT) as first:
        wait_until(lambda: (tmp_path / "begun").exists())
        with pytest.raises(cluster.ClusterError, match=rf"Port {port}.*Process {first.pid} "):
            cluster.run(script, port=port, quiet=True)
        first.terminate()
    with hold_port(LOOPBACK, port) as again:
        assert again == port
