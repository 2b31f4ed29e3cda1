"""tools/lab.py with a real server."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from urllib.parse import urlsplit

import pytest

from tools import lab


@pytest.fixture
def own_jupyter(tmp_path, monkeypatch):
    """Jupyter's folders, apart from the user's: returns the one where servers enter themselves."""
    for kind in ["CONFIG", "DATA", "RUNTIME"]:
        monkeypatch.setenv(f"JUPYTER_{kind}_DIR", str(tmp_path / kind))
    (tmp_path / "RUNTIME").mkdir()
    return tmp_path / "RUNTIME"


@pytest.fixture
def server(own_jupyter, monkeypatch):
    """A server that was started as a reader starts it; what Jupyter knows about it."""
    options = ["--no-browser", "--allow-root", "--ServerApp.port=0", "--ServerApp.token=secret"]
    command = [sys.executable, "-m", "tools.lab", *options]
    log = own_jupyter.parent / "log"
    with open(log, "w") as stream:
        process = subprocess.Popen(command, cwd=lab.ROOT, stdout=stream, stderr=stream)
    try:
        deadline = time.monotonic() + 120
        while not (found := lab.running_server(lab.ROOT)):
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield found
    finally:
        process.terminate()
        process.wait()


def get(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read().decode()


def test_the_whole_project_is_in_sight_and_a_second_call_opens_the_same_server(
    server, monkeypatch, capsys
):
    listed = json.loads(get(f"{server['url']}api/contents/?token={server['token']}"))
    names = {entry["name"] for entry in listed["content"]}
    assert {"README.md", "bank", "examples", "notebooks"} <= names

    opened = []
    monkeypatch.setattr(lab.webbrowser, "open", opened.append)
    monkeypatch.setattr(lab.LabApp, "launch_instance", lambda argv: pytest.fail("a second server"))
    assert lab.main([]) == 0
    (url,) = opened
    assert url in capsys.readouterr().out
    assert urlsplit(url).path == "/lab/tree/notebooks/01_draw_values.ipynb"
    assert "JupyterLab" in get(url)
    assert lab.main(["--no-browser"]) == 0 and opened == [url]


def test_a_server_that_has_gone_without_cleaning_up_is_not_taken_for_one_that_runs(
    own_jupyter, tmp_path
):
    # Its number has passed on to another process: this one.
    left = {
        "pid": os.getpid(),
        "root_dir": str(tmp_path),
        "url": "http://127.0.0.1:9/",
        "token": "",
    }
    (own_jupyter / "jpserver-1.json").write_text(json.dumps(left))
    assert lab.running_server(tmp_path) is None
