"""Environments beside .venv: made once, made anew when they have to be, and pinned with reasons."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools import environments

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(
    sys.version_info < environments.OLDEST, reason="these environments need a later Python"
)
def test_the_environment_is_made_once_and_anew_when_the_requirements_change(tmp_path):
    requirements, environment = tmp_path / "requirements.txt", tmp_path / "venv"
    requirements.write_text("# nothing, so that no network is needed\n")
    python = environments.install(environment, requirements)
    assert python.exists()
    (environment / "mine").touch()
    assert environments.install(environment, requirements) == python
    assert (environment / "mine").exists()
    moved = environment.rename(tmp_path / "moved")
    assert environments.state(moved, requirements) != (moved / "installed").read_text()


@pytest.mark.skipif(
    sys.version_info < environments.OLDEST, reason="these environments need a later Python"
)
@pytest.mark.parametrize("step", ["venv", "pip"])
def test_an_environment_that_could_not_be_finished_counts_for_nothing(tmp_path, monkeypatch, step):
    requirements, environment = tmp_path / "requirements.txt", tmp_path / "venv"
    requirements.write_text("numpy\n")
    (environment / "mine").mkdir(parents=True)
    (environment / "installed").write_text("for other requirements", encoding="utf-8")
    tried = []

    def run(command):
        tried.append(command[2])
        return subprocess.CompletedProcess(command, returncode=int(command[2] == step))

    monkeypatch.setattr(environments.subprocess, "run", run)
    with pytest.raises(environments.InstallError, match="did not finish"):
        environments.install(environment, requirements)
    assert tried == ["venv", "pip"][: 1 + (step == "pip")]
    assert not (environment / "mine").exists() and not (environment / "installed").exists()


def test_a_python_that_is_too_old_is_told_so(tmp_path, monkeypatch):
    monkeypatch.setattr(environments, "OLDEST", (9, 0))
    with pytest.raises(environments.InstallError, match=r"^requirements-a.txt needs Python 9.0 or"):
        environments.install(tmp_path / "venv", tmp_path / "requirements-a.txt")


@pytest.mark.parametrize("name", ["site", "browser", "teach"])
def test_every_requirement_is_pinned_and_says_why(name):
    lines = (ROOT / f"requirements-{name}.txt").read_text(encoding="utf-8").splitlines()
    for line in (line for line in lines if line and not line.startswith("#")):
        requirement, _, reason = line.partition("  # ")
        assert re.search(r"[=<>]=?\d", requirement) and len(reason) > 10, line
