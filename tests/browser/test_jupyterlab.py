"""A student's session: JupyterLab as `make lab` opens it, on a fresh copy of the project.

The notebooks run on made-up images at the quick budget, in the environment of the course.
"""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tools import environments

ROOT = Path(__file__).parents[2]
PYTHON = environments.interpreter(ROOT / ".venv")
TOKEN = "for-this-test-only"
SCREEN = {"width": 1366, "height": 768}
TRIALS = 12

pytestmark = [
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not PYTHON.exists(), reason="JupyterLab needs `make setup` first"),
]


def git(folder, *arguments):
    """Run git in `folder`, and return what it prints."""
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "core.autocrlf=false"]
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A repository with the files of the project as they are now, changed ones included."""
    copied = tmp_path_factory.mktemp("student") / "course"
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.split("\0")):
        source = ROOT / name
        if source.is_file() and not source.is_symlink():
            (copied / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, copied / name)
    git(copied, "init", "--quiet")
    git(copied, "add", "--all")
    git(copied, "commit", "--quiet", "--message", "As it is now")
    yield copied
    assert git(copied, "status", "--porcelain") == "", "after the whole session"


@contextmanager
def served(project, home):
    """Start JupyterLab as `make lab` does, without a browser, and yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # Of pytest, because nobody is watching then, and of the user, who may have other settings.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    folders = {f"JUPYTER_{kind}_DIR": str(home / kind.lower()) for kind in ("CONFIG", "RUNTIME")}
    course = {"COURSE_DATA": "standin", "COURSE_BUDGET": "quick", "PYTHONPATH": str(project)}
    environment = {**kept, **folders, **course, "IPYTHONDIR": str(home / "ipython")}
    command = [str(PYTHON), "-m", "tools.lab", "--no-browser", f"--IdentityProvider.token={TOKEN}"]
    command += [
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    address, log = f"http://127.0.0.1:{port}", home / "log"
    with log.open("w") as output:
        server = subprocess.Popen(
            command, cwd=project, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        deadline = time.monotonic() + 120
        while not answers(f"{address}/api"):
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, f"JupyterLab did not start\n{log.read_text()}"
            time.sleep(0.5)
        yield address
    finally:
        server.terminate()
        server.wait(60)


def answers(address):
    """Return whether a server answers at `address`."""
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.status == 200
    except (OSError, urllib.error.URLError):
        return False


@pytest.fixture(scope="module")
def lab(project, tmp_path_factory):
    """The address of a JupyterLab that was started on the project."""
    with served(project, tmp_path_factory.mktemp("home")) as address:
        yield address


class Notebook:
    """One of the student's notebooks, open in JupyterLab."""

    def __init__(self, page, lab, project, name):
        self.page = page
        self.file = project / "my-course" / name
        # In a workspace of its own, so that no notebook of another test is open beside it.
        workspace = f"{lab}/lab/workspaces/{self.file.stem}"
        page.goto(f"{workspace}/tree/my-course/{name}?token={TOKEN}")
        self.panel = page.locator(".jp-NotebookPanel .jp-WindowedPanel-outer")
        expect(self.panel).to_be_visible(timeout=120_000)
        # Until it has a kernel, JupyterLab runs cells by doing nothing.
        self.status = page.locator("#jp-main-statusbar")
        expect(self.status).to_contain_text("Python 3 (ipykernel) | Idle", timeout=120_000)

    def code_cells(self):
        """Save, and return the code cells of the file."""
        before = self.file.stat().st_mtime_ns
        self.page.keyboard.press("Control+s")
        deadline = time.monotonic() + 60
        while True:
            self.page.wait_for_timeout(300)
            text = self.file.read_text(encoding="utf-8")
            if self.file.stat().st_mtime_ns != before and text.endswith("}\n"):  # all of it
                break
            assert time.monotonic() < deadline, "JupyterLab did not save"
        return [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]

    def run_all(self, seconds):
        """Run all cells, and return the saved code cells. Fails if a cell does."""
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        expect(self.status).to_contain_text("Python 3 (ipykernel) | Busy", timeout=30_000)
        deadline = time.monotonic() + seconds
        while True:
            cells = self.code_cells()
            for cell in cells:
                wanted = "raises-exception" in cell["metadata"].get("tags", [])
                errors = [one for one in cell["outputs"] if one["output_type"] == "error"]
                assert wanted or not errors, "\n".join([cell["id"], *errors[0]["traceback"]])
            left = [cell["id"] for cell in cells if cell["execution_count"] is None]
            if not left:
                return cells
            assert time.monotonic() < deadline, f"not run after {seconds} s: {left}"
            self.page.wait_for_timeout(2000)

    def check_saved(self, project):
        """Assert that the work is in my-course/, and that git sees nothing of it."""
        assert all(cell["execution_count"] for cell in self.code_cells())
        assert git(project, "status", "--porcelain") == ""

    def scroll_to(self, wanted):
        """Scroll from the top until the element `wanted` is there; JupyterLab draws no others."""
        self.panel.evaluate("one => one.scrollTo(0, 0)")
        for _ in range(300):
            if wanted.count() and wanted.first.is_visible():
                wanted.first.scroll_into_view_if_needed()
                return
            self.panel.evaluate("one => one.scrollBy(0, one.clientHeight / 2)")
            self.page.wait_for_timeout(200)
        raise AssertionError("it is nowhere in the notebook")


@pytest.fixture
def screen(new_context):
    return new_context(viewport=SCREEN).new_page()


def test_notebook_04_runs_from_end_to_end(screen, lab, project):
    notebook = Notebook(screen, lab, project, "04_search_at_random.ipynb")
    cells = notebook.run_all(seconds=600)
    pictures = [cell for cell in cells if "image/png" in str(cell["outputs"])]
    assert len(cells) > 20 and len(pictures) > 3
    notebook.check_saved(project)


def test_notebook_07_runs_and_its_game_is_played_by_clicks(screen, lab, project):
    notebook = Notebook(screen, lab, project, "07_compare_strategies.ipynb")
    notebook.run_all(seconds=900)
    train = screen.get_by_role("button", name="Train")
    notebook.scroll_to(train)
    game = screen.locator(".jp-OutputArea-output", has=train)
    sentence = game.locator(".widget-html-content")
    expect(sentence).to_have_text(f"{TRIALS} trials to play.")
    fits(game, notebook)
    widths, layers = (game.get_by_label(name) for name in ("num_hidden", "num_layers"))
    played = 0
    for layer in layers.locator("option").all_inner_texts()[:2]:
        layers.select_option(layer)
        for width in widths.locator("option").all_inner_texts()[:6]:
            widths.select_option(width)
            train.click()
            played += 1
            left = "The game is over." if played == TRIALS else f"{TRIALS - played} to play."
            expect(sentence).to_contain_text(left)
        if played < TRIALS:
            train.click()
            expect(sentence).to_contain_text(f"You trained this one in trial {played}: ")
            expect(sentence).to_contain_text(left)
    expect(train).to_be_disabled()
    fits(game, notebook)
    game.get_by_role("button", name="Play again").click()
    expect(sentence).to_contain_text(f"{TRIALS} trials to play.")
    expect(train).to_be_enabled()
    notebook.check_saved(project)


def fits(game, notebook):
    """Assert that the game can be seen whole, with its cell, and that it has no scroll bar."""
    cell = game.locator("xpath=ancestor::*[contains(@class, 'jp-CodeCell')]")
    outer = notebook.panel.bounding_box()
    assert cell.bounding_box()["height"] <= outer["height"], "it is too high"
    game.evaluate("one => one.scrollIntoView({block: 'center'})")
    notebook.page.wait_for_timeout(500)
    for part in [game.locator("img"), *game.get_by_role("combobox").all()]:
        box = part.bounding_box()
        assert box["x"] + box["width"] <= outer["x"] + outer["width"]
        assert outer["y"] <= box["y"] and box["y"] + box["height"] <= outer["y"] + outer["height"]
    for side in ("Width", "Height"):
        scrolled = f"one => one.scroll{side} <= one.client{side} + 1"
        assert game.evaluate(scrolled), f"a scroll bar: {side}"
