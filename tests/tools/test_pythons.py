import re
from pathlib import Path

import pytest

from tools import check_python, platforms

ROOT = Path(platforms.__file__).resolve().parent.parent


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.fixture
def supported():
    """The Pythons that pyproject.toml allows, which is where the course decides it."""
    bounds = re.search(r'requires-python = ">=3\.(\d+),<3\.(\d+)"', text("pyproject.toml"))
    oldest, excluded = bounds.groups()
    return [f"3.{minor}" for minor in range(int(oldest), int(excluded))]


def test_every_place_that_names_the_supported_pythons_agrees_with_pyproject(supported):
    first, last = supported[0], supported[-1]
    matrix = re.search(r"python: \[(.*)\]", text(".github/workflows/test.yml"))[1]
    assert re.findall(r'"([\d.]+)"', matrix) == supported
    assert [".".join(map(str, one)) for one in (check_python.OLDEST, check_python.NEWEST)] == [
        first,
        last,
    ]
    assert f"You need Python {first} to {last}" in text("README.md")
    # The next one is resolved, too, to notice when it gets its wheels.
    assert platforms.PYTHONS[:-1] == supported


def test_the_container_binder_and_conda_use_one_of_the_supported_pythons(supported):
    used = {
        re.search(r"^FROM python:(\S+)$", text(".devcontainer/Dockerfile"), re.MULTILINE)[1],
        re.search(r"^python-(\S+)$", text(".binder/runtime.txt"))[1],
        re.search(r"^  - python=(\S+)$", text("environment.yml"), re.MULTILINE)[1],
    }
    assert len(used) == 1 and used <= set(supported)
