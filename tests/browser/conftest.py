"""What the browser tests share: Chromium, folders that are served, and pages that are watched.

`page`, `context` and `new_context` are pytest-playwright's, but a test fails if one of their pages
writes an error to its console, throws one, or asks another host for anything. The list `problems`
holds what was found so far, for a test that expects something of the kind.

Without Playwright, as in the environment of the course, these tests are skipped.
"""

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tools import website

MISSING = (
    "Playwright is not installed here: run `make browser`, which has an environment of its own"
)
SYSTEM_BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
# The browser itself has things to ask of other hosts, as soon as it starts.
ONLY_THIS_MACHINE = "MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"


class SkippedFile(pytest.Module):
    """A file of tests that is not even imported."""

    def collect(self):
        """Skip the file, and say why."""
        pytest.skip(MISSING, allow_module_level=True)


def pytest_pycollect_makemodule(module_path, parent):
    """Skip the files in this folder where there is no Playwright."""
    if not (find_spec("playwright") and find_spec("pytest_playwright")):
        return SkippedFile.from_parent(parent, path=module_path)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args, browser_type):
    """Start Playwright's own Chromium or that of the system, and let it reach this machine only."""
    options = {**browser_type_launch_args}
    options["args"] = [f"--host-resolver-rules={ONLY_THIS_MACHINE}"]
    if not Path(browser_type.executable_path).exists():
        found = next(filter(None, map(shutil.which, SYSTEM_BROWSERS)), None)
        assert found, "There is no Chromium: install one, or run `make browser ARGS=--chromium`."
        options["executable_path"] = found
        # As root there is no sandbox, and Playwright's own Chromium has none on some systems.
        options["chromium_sandbox"] = hasattr(os, "geteuid") and os.geteuid() != 0
    return options


@pytest.fixture
def problems() -> Iterator[list[str]]:
    """Errors of the test's pages, and their requests that leave this machine."""
    found: list[str] = []
    yield found
    assert not found, "\n".join(["the pages have problems:", *found])


@pytest.fixture
def new_context(problems, new_context):
    """Return a function that makes a context, and is pytest-playwright's, with `problems`."""

    def note_message(message):
        if message.type == "error":
            problems.append(f"console: {message.text} ({message.location.get('url')})")

    def note_request(request):
        if urlsplit(request.url).hostname not in (None, "localhost", "127.0.0.1"):
            problems.append(f"another host: {request.url}")

    def watched(**options):
        context = new_context(**options)
        context.on("console", note_message)
        context.on("weberror", lambda error: problems.append(f"error: {error.error}"))
        context.on("request", note_request)
        return context

    return watched


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves a folder and writes nothing about it."""

    def log_message(self, format, *args):
        """Write nothing."""


@pytest.fixture(scope="session")
def serve():
    """Return a function that serves a folder on this machine, and returns its address."""
    with ExitStack() as stack:

        def start(folder: Path) -> str:
            handler = partial(QuietHandler, directory=str(folder))
            server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), handler))
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_port}"

        yield start


@pytest.fixture(scope="session")
def site(serve) -> str:
    """Return the address of the web site."""
    folder = website.BUILD / "site"
    assert website.is_current(folder), "build/site is missing or out of date: run `make site`"
    return serve(folder)
