"""tools/lab.py with a real server."""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from urllib.parse import urlsplit

import pytest

from tools import lab


@pytest.fixture(autouse=True)
def usual_backend(monkeypatch):
    """The lane of TensorFlow, in whichever lane these tests run: no kernel is started here."""
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")


@pytest.fixture
def own_jupyter(tmp_path, monkeypatch):
    """Jupyter's folders, apart from the user's: returns the one where servers enter themselves."""
    for kind in ["CONFIG", "DATA", "RUNTIME"]:
        monkeypatch.setenv(f"JUPYTER_{kind}_DIR", str(tmp_path / kind))
    (tmp_path / "RUNTIME").mkdir()
    return tmp_path / "RUNTIME"


@pytest.fixture
def project(tmp_path):
    """A project of its own, with two notebooks of the course: the real one gets no copies."""
    root = tmp_path / "course"
    (root / "notebooks").mkdir(parents=True)
    for name in ["01_draw_values.ipynb", "02_look_at_cifar10.ipynb"]:
        shutil.copy(lab.ROOT / "notebooks" / name, root / "notebooks")
    (root / "README.md").write_text("# A course")
    return root


@pytest.fixture
def server(own_jupyter, project):
    """A server that was started as a reader starts it; what Jupyter knows about it."""
    program = (
        "import pathlib, sys; from tools import lab;"
        "sys.exit(lab.main(sys.argv[2:], pathlib.Path(sys.argv[1])))"
    )
    options = ["--no-browser", "--allow-root", "--ServerApp.port=0", "--ServerApp.token=secret"]
    command = [sys.executable, "-c", program, str(project), *options]
    log = own_jupyter.parent / "log"
    with open(log, "w") as stream:
        process = subprocess.Popen(command, cwd=lab.ROOT, stdout=stream, stderr=stream)
    try:
        deadline = time.monotonic() + 120
        while not (found := lab.running_server(project)):
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield found
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def started(monkeypatch, own_jupyter):
    """What JupyterLab would be started with, if it were."""
    calls = []
    monkeypatch.setattr(lab.LabApp, "launch_instance", calls.append)
    monkeypatch.setattr(lab.quiet_kernels, "main", lambda: None)
    return calls


def get(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read().decode()


def test_the_whole_project_is_in_sight_and_a_second_call_opens_the_same_server(
    server, project, monkeypatch, capsys
):
    listed = json.loads(get(f"{server['url']}api/contents/?token={server['token']}"))
    names = {entry["name"] for entry in listed["content"]}
    assert names == {"README.md", "notebooks", "my-course"}

    opened = []
    monkeypatch.setattr(lab.webbrowser, "open", opened.append)
    monkeypatch.setattr(lab.LabApp, "launch_instance", lambda argv: pytest.fail("a second server"))
    assert lab.main([], project) == 0
    (url,) = opened
    assert url in capsys.readouterr().out
    assert urlsplit(url).path == "/lab/tree/my-course/01_draw_values.ipynb"
    assert "JupyterLab" in get(url)
    assert lab.main(["--no-browser"], project) == 0 and opened == [url]
    assert lab.main(["--original"], project) == 0
    assert urlsplit(opened[1]).path == "/lab/tree/notebooks/01_draw_values.ipynb"


def test_the_server_of_one_backend_is_not_opened_for_another(server, project, monkeypatch, started):
    monkeypatch.setattr(lab.webbrowser, "open", lambda url: pytest.fail(f"opened {url}"))
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert lab.running_server(project, "jax") is None
    assert lab.main([], project) == 0
    assert "--ServerApp.base_url=/jax/" in started[0]


def test_a_server_of_jax_is_found_again_by_its_address_and_only_for_jax(
    own_jupyter, project, monkeypatch
):
    entry = {"pid": os.getpid(), "root_dir": str(project), "token": "", "base_url": "/jax/"}
    entry["url"] = "http://127.0.0.1:9/jax/"
    (own_jupyter / "jpserver-1.json").write_text(json.dumps(entry))
    monkeypatch.setattr(lab, "answers", lambda url: True)
    assert lab.running_server(project, "jax")["url"] == entry["url"]
    assert lab.running_server(project) is None
    opened = []
    monkeypatch.setattr(lab.webbrowser, "open", opened.append)
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert lab.main([], project) == 0
    assert opened == ["http://127.0.0.1:9/jax/lab/tree/my-course/01_draw_values.ipynb?token="]


def test_jupyterlab_opens_the_readers_copy_and_gets_every_option_that_is_its_own(
    project, started, capsys
):
    assert lab.main(["--no-browser", "--ServerApp.port=0", "--help"], project) == 0
    copy = project / "my-course" / "01_draw_values.ipynb"
    options = ["--no-browser", "--ServerApp.port=0", "--help"]
    assert started == [[f"--ServerApp.root_dir={project}", str(copy), *options]]
    assert "Made your own copies in my-course: 01_draw_values.ipynb" in capsys.readouterr().out
    assert copy.exists()


def test_the_original_is_opened_on_request_and_nothing_is_copied(project, started, capsys):
    assert lab.main(["--original"], project) == 0
    assert started[0][1:] == [str(project / "notebooks" / "01_draw_values.ipynb")]
    assert not (project / "my-course").exists() and capsys.readouterr().out == ""


def test_a_new_version_is_put_beside_the_copy_on_request(project, started, capsys):
    lab.main([], project)
    shutil.copy(
        project / "notebooks" / "02_look_at_cifar10.ipynb",
        project / "notebooks" / "01_draw_values.ipynb",
    )
    lab.main([], project)
    assert "make lab NEW=1" in capsys.readouterr().out
    lab.main(["--new"], project)
    assert "Put the new versions beside yours" in capsys.readouterr().out
    assert (project / "my-course" / "01_draw_values.new.ipynb").exists()
    assert [len(call) for call in started] == [2, 2, 2]


def test_without_a_place_for_copies_nothing_is_started(project, started, capsys):
    (project / "my-course").write_text("")
    assert lab.main([], project) == 1 and started == []
    assert "my-course can't be used" in capsys.readouterr().err


def test_make_passes_its_variables_on():
    rule = (lab.ROOT / "Makefile").read_text(encoding="utf-8").partition("\nlab: ")[2]
    command = rule.split("\n")[1].split("tools.lab ")[1]
    assert command == "$(if $(NEW),--new) $(if $(ORIGINAL),--original) $(ARGS)"


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
