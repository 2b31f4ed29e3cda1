"""`make browser`: what it prepares, and that the main run of the tests leaves its tests out."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools import browser, environments, website

ROOT = Path(__file__).parents[2]


@pytest.fixture
def done(monkeypatch, tmp_path):
    """A list of what would be made and run, in order."""
    done = []

    def run(command, **options):
        done.append(command[2:])
        return subprocess.CompletedProcess(command, 7 if command[2] == "pytest" else 0)

    monkeypatch.setattr(environments, "install", lambda *paths: tmp_path / paths[0].name)
    monkeypatch.setattr(website, "is_current", lambda site: True)
    monkeypatch.setattr(website, "make", lambda names: done.append("site"))
    monkeypatch.setattr(browser.subprocess, "run", run)
    return done


def test_only_the_browser_tests_run_and_their_status_is_returned(done):
    assert browser.main(["-k", "game"]) == 7
    (command,) = done
    assert command[0] == "pytest" and command[-2:] == ["-k", "game"]
    assert "--override-ini=testpaths=tests/browser" in command


def test_a_site_that_is_out_of_date_is_built_first(done, monkeypatch):
    monkeypatch.setattr(website, "is_current", lambda site: False)
    browser.main([])
    assert done[0] == "site" and done[1][0] == "pytest"


def test_chromium_is_downloaded_when_it_is_asked_for(done):
    browser.main(["--chromium", "-x"])
    assert done[0] == ["playwright", "install", "--with-deps", "chromium"]
    assert done[1][0] == "pytest" and done[1][-1] == "-x"


def test_what_can_not_be_made_is_one_message(done, monkeypatch, capsys):
    def fail(*paths):
        raise environments.InstallError("no network")

    monkeypatch.setattr(environments, "install", fail)
    assert browser.main([]) == 1 and done == []
    assert capsys.readouterr().err == "no network\n"


def test_without_playwright_the_browser_tests_are_skipped_with_a_reason():
    code = "import sys; sys.modules['playwright'] = None; import pytest; "
    code += "sys.exit(pytest.main(sys.argv[1:]))"
    options = ["-n", "0", "-p", "no:cacheprovider", "-q", "tests/browser"]
    done = subprocess.run(
        [sys.executable, "-c", code, *options], cwd=ROOT, capture_output=True, text=True
    )
    files = len(list((ROOT / "tests" / "browser").glob("test_*.py")))
    assert files > 0 and f"{files} skipped" in done.stdout, done.stdout
    assert "run `make browser`" in done.stdout
