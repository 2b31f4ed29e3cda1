"""The markers of requirements.txt against what tools/platforms.py promises, without the network."""

import re
import subprocess

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tools import platforms

SYSTEMS = {"Linux": "linux", "Windows": "win32", "macOS": "darwin"}
SUPPORTED = [row for row in platforms.ROWS if row.tensorflow]


def requirements():
    """Each requirement, and the comment beside it; the editable install is not one."""
    lines = (platforms.ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    for line in lines:
        text, _, comment = line.partition("  # ")
        if text and not text.startswith(("#", "-e")):
            yield Requirement(text), comment


def chosen(row, name):
    """The specifiers of the lines for package `name` whose markers hold for `row`."""
    system, machine = row.platform.split()
    environment = {
        "sys_platform": SYSTEMS[system],
        "platform_machine": "AMD64" if system == "Windows" else machine,
        "python_version": row.python,
    }
    lines = [requirement for requirement, _ in requirements() if requirement.name == name]
    return [
        line.specifier for line in lines if line.marker is None or line.marker.evaluate(environment)
    ]


@pytest.mark.parametrize("row", SUPPORTED, ids=lambda row: f"{row.platform} {row.python}")
def test_a_supported_row_gets_one_tensorflow_of_the_promised_series_and_metal_only_with_it(row):
    (tensorflow,) = chosen(row, "tensorflow")
    published = ["2.16.1", "2.16.2", "2.17.1", "2.18.1", "2.19.1", "2.20.0", "2.21.0"]
    newest = list(tensorflow.filter(published))[-1]
    assert newest.startswith(f"{row.tensorflow}.")
    metal = chosen(row, "tensorflow-metal")
    assert metal == ([SpecifierSet("==1.2.0")] if row.metal else [])
    assert not (metal and tensorflow.contains("2.20.0"))


def test_the_rows_are_those_that_were_measured():
    table = {(row.platform, row.python): (row.tensorflow, row.metal) for row in platforms.ROWS}
    assert len(table) == 25
    assert {table[name, "3.14"] for name in platforms.PLATFORMS} == {(None, None)}
    for python in ["3.10", "3.11", "3.12"]:
        assert table["macOS arm64", python] == ("2.19", "1.2")
        assert table["macOS x86_64", python] == ("2.16", None)
    assert table["macOS arm64", "3.13"] == ("2.21", None)
    assert table["macOS x86_64", "3.13"] == (None, None)
    others = {
        value for (name, python), value in table.items() if "macOS" not in name and python != "3.14"
    }
    assert others == {("2.21", None)}


def test_an_intel_mac_with_python_3_13_is_offered_only_a_tensorflow_that_has_no_wheel_for_it():
    (row,) = [r for r in platforms.ROWS if (r.platform, r.python) == ("macOS x86_64", "3.13")]
    assert chosen(row, "tensorflow") == [SpecifierSet("==2.16.2")]


def test_the_project_accepts_exactly_the_pythons_of_the_supported_rows():
    text = (platforms.ROOT / "pyproject.toml").read_text(encoding="utf-8")
    accepted = SpecifierSet(re.search(r'^requires-python = "(.*)"$', text, re.MULTILINE)[1])
    tried = ["3.9", *platforms.PYTHONS]
    assert [p for p in tried if accepted.contains(p)] == sorted(
        {row.python for row in SUPPORTED}, key=platforms.PYTHONS.index
    )


def test_every_requirement_says_why():
    assert [str(requirement) for requirement, comment in requirements() if not comment] == []


def test_the_helpers_come_last():
    text = (platforms.ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert text.endswith("\n-e .\n")


def answer(monkeypatch, row, stdout="", stderr="", returncode=0):
    """Let uv answer `row` as given, and every other row as promised."""

    def promised(other):
        if not other.tensorflow:
            return "", "No solution found", 1
        metal = f"tensorflow-metal=={other.metal}.0\n" if other.metal else ""
        return f"tensorflow=={other.tensorflow}.1\n{metal}", "", 0

    def run(command, **options):
        wanted = (
            command[command.index("--python-platform") + 1],
            command[command.index("--python-version") + 1],
        )
        (asked,) = [
            r for r in platforms.ROWS if (platforms.PLATFORMS[r.platform], r.python) == wanted
        ]
        out, err, status = (stdout, stderr, returncode) if asked == row else promised(asked)
        return subprocess.CompletedProcess(command, status, out, err)

    monkeypatch.setattr(platforms.subprocess, "run", run)


def test_the_table_passes_when_every_row_is_as_promised(monkeypatch, capsys):
    answer(monkeypatch, None)
    assert platforms.main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 26 and "none" in next(line for line in lines if "3.14" in line)


@pytest.mark.parametrize(
    ("stdout", "stderr", "returncode"),
    [
        ("tensorflow==2.21.0\n", "", 0),
        ("tensorflow==2.21.0\ntensorflow-metal==1.2.0\n", "", 0),
        ("tensorflow==2.19.1\n", "", 0),
        ("", "No solution found: Because tensorflow<3 has no wheels", 1),
    ],
    ids=["a newer TensorFlow", "metal beside a newer TensorFlow", "no metal", "no solution"],
)
def test_the_table_fails_on_a_mac_with(monkeypatch, capsys, stdout, stderr, returncode):
    (row,) = [r for r in platforms.ROWS if (r.platform, r.python) == ("macOS arm64", "3.12")]
    answer(monkeypatch, row, stdout, stderr, returncode)
    assert platforms.main() == 1
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "<-" in line]
    assert line.startswith("macOS arm64     3.12")


def test_a_network_that_fails_is_told_from_a_row_without_a_solution(monkeypatch, capsys):
    answer(monkeypatch, platforms.ROWS[0], stderr="error: Request failed", returncode=2)
    assert platforms.main() == 2
    error = capsys.readouterr().err
    assert "Request failed" in error and "check the network" in error


def test_the_reason_names_the_package_that_has_no_wheel():
    explanation = (
        "error: No solution found when resolving dependencies\n"
        "  cause: Because tensorflow>=2.18.0,<=2.19.1 has no wheels with a matching Python ABI tag "
        "(e.g., `cp314`) and only the following versions"
    )
    assert platforms.reason(explanation) == "no wheel of tensorflow"
    assert platforms.reason("No solution found\n because  of x") == "No solution found because of x"
