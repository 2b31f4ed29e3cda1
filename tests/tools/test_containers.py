"""The dev container and Binder use what the project has, and say nothing a second time."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from jupyter_server.serverapp import ServerApp

ROOT = Path(__file__).parents[2]
BINDER = ROOT / ".binder"
SCRIPTS = ["postBuild", "start"]
needs_sh = pytest.mark.skipif(sys.platform == "win32", reason="they run on Linux")


@pytest.fixture
def container():
    return json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))


def targets_of_make():
    return re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)


def test_the_container_is_set_up_by_make_for_a_user_that_it_has(container):
    dockerfile = ROOT / ".devcontainer" / container["build"]["dockerfile"]
    (added,) = re.findall(r"^RUN useradd .* (\S+)$", dockerfile.read_text("utf-8"), re.MULTILINE)
    assert container["remoteUser"] == added
    command, target = container["updateContentCommand"].split()
    assert command == "make" and target in targets_of_make()


def test_vs_code_finds_the_environment_that_set_up_makes_and_jupyters_port(container):
    editor = container["customizations"]["vscode"]
    path = editor["settings"]["python.defaultInterpreterPath"]
    setup = (ROOT / "tools" / "setup.sh").read_text("utf-8")
    (environment,) = re.findall(r"^tensorflow\) venv=(\S+) list=", setup, re.MULTILINE)
    assert path == f"${{containerWorkspaceFolder}}/{environment}/bin/python"
    (port,) = container["forwardPorts"]
    assert port == ServerApp().port and list(container["portsAttributes"]) == [str(port)]


def test_binder_installs_the_list_of_the_project_and_nothing_of_its_own():
    lines = (BINDER / "requirements.txt").read_text(encoding="utf-8").splitlines()
    (reference,) = [line for line in lines if line and not line.startswith("#")]
    assert (BINDER / reference.removeprefix("-r ")).resolve() == ROOT / "requirements.txt"
    assert {path.name for path in BINDER.iterdir()} == {*SCRIPTS, "requirements.txt", "runtime.txt"}


@needs_sh
@pytest.mark.parametrize("name", SCRIPTS)
def test_binder_can_run_its_scripts_and_what_they_call_exists(name):
    assert os.access(BINDER / name, os.X_OK)
    text = (BINDER / name).read_text(encoding="utf-8")
    assert text.startswith("#!/bin/sh\n")
    for module in re.findall(r"python -m ([\w.]+)", text):
        assert list(ROOT.glob(module.replace(".", "/") + "*"))


@needs_sh
@pytest.mark.parametrize(("given", "budget"), [({}, "quick"), ({"COURSE_BUDGET": "full"}, "full")])
def test_binder_starts_sessions_at_the_quick_budget_unless_told_otherwise(given, budget):
    command = [BINDER / "start", "sh", "-c", 'echo "$0 $COURSE_BUDGET"', "a b"]
    environment = {"PATH": os.environ["PATH"], **given}
    said = subprocess.check_output(command, env=environment, text=True)
    assert said == f"a b {budget}\n"
