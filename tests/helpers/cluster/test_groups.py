"""Windows has neither process groups nor these signals; here its tool is played by a script."""

import importlib.util
import os
import subprocess
import sys

import pytest

from helpers.cluster import child, groups, processes
from tests.support.cluster import wait_until

TASKKILL = """#!/bin/sh
echo "$@" >> "$TASKKILL_LOG"
kill -9 "$4"
"""


def load_as_on_windows(module, monkeypatch):
    monkeypatch.setattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0, raising=False)
    monkeypatch.setattr(sys, "platform", "win32")
    spec = importlib.util.spec_from_file_location("on_windows", module.__file__)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.fixture
def taskkill(tmp_path, monkeypatch):
    """Plays the tool; returns the file with its command lines."""
    tool = tmp_path / "bin" / "taskkill"
    tool.parent.mkdir()
    tool.write_text(TASKKILL)
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("TASKKILL_LOG", str(tmp_path / "log"))
    return tmp_path / "log"


@pytest.mark.skipif(os.name != "posix", reason="plays Windows elsewhere")
def test_on_windows_a_process_is_killed_with_all_that_it_has_started(
    tmp_path, taskkill, monkeypatch
):
    with monkeypatch.context() as patch:
        windows = load_as_on_windows(groups, patch)
        assert windows.APART == {"creationflags": 0}
        patch.setattr(processes, "groups", windows)
        sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
        process = processes.Process("chief", sleep, dict(os.environ), tmp_path / "chief.log")
        with processes.running([process]):
            pid = process.running.pid
        assert process.status() is not None
    assert taskkill.read_text().splitlines()[0] == f"/F /T /PID {pid}"


@pytest.mark.skipif(os.name != "posix", reason="plays Windows elsewhere")
def test_on_windows_a_child_ends_with_all_that_it_has_started(taskkill, monkeypatch):
    with monkeypatch.context() as patch:
        windows = load_as_on_windows(child, patch)
        patch.setattr(windows.os, "getpid", lambda: 4_000_000)  # not this test's
        exits = []
        patch.setattr(windows.os, "_exit", exits.append)
        windows.end_all()
    assert taskkill.read_text() == "/F /T /PID 4000000\n" and exits == [1]


def test_a_process_that_ignores_the_request_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "PATIENCE", 0.2)
    deaf = (
        "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "print('deaf', flush=True)\ntime.sleep(600)\n"
    )
    command = [sys.executable, "-c", deaf]
    process = processes.Process("worker0", command, dict(os.environ), tmp_path / "log")
    with processes.running([process]):
        wait_until(lambda: "deaf" in process.last_words())
        assert process.status() is None
    assert process.status() is not None and process.running.stdin.closed


def test_a_process_that_is_started_again_adds_to_its_log(tmp_path):
    command = [sys.executable, "-c", "print('a line')"]
    process = processes.Process("worker0", command, dict(os.environ), tmp_path / "log")
    assert process.status() is None
    process.start()
    first = process.running
    assert first.wait(60) == process.status() == 0 and process.age() < 60.0
    process.start()
    assert process.running is not first and first.stdin.closed
    process.running.wait(60)
    processes.end([process])
    assert process.last_words().split("\n") == ["a line", "a line", ""]
