"""The markers of the requirements against what tools/platforms.py promises, without the network."""

import re
import subprocess

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tools import platforms

SYSTEMS = {"Linux": "linux", "Windows": "win32", "macOS": "darwin"}
SUPPORTED = [row for row in platforms.ROWS if row.tensorflow]


def requirements(name="requirements.txt"):
    """Each requirement of a list, and the comment beside it; the editable install is not one."""
    for line in (platforms.ROOT / name).read_text(encoding="utf-8").splitlines():
        text, _, comment = line.partition("  # ")
        if text.startswith("-r "):
            yield from requirements(text.removeprefix("-r "))
        elif text and not text.startswith(("#", "-e")):
            yield Requirement(text), comment


def chosen(row, name, listed="requirements.txt"):
    """The specifiers of a list's lines for package `name` whose markers hold for `row`."""
    system, machine = row.platform.split()
    environment = {
        "sys_platform": SYSTEMS[system],
        "platform_machine": "AMD64" if system == "Windows" else machine,
        "python_version": row.python,
    }
    lines = [one for one, _ in requirements(listed) if one.name == name]
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


@pytest.mark.parametrize(
    "row", [row for row in SUPPORTED if row.jax], ids=lambda row: f"{row.platform} {row.python}"
)
def test_the_fast_lane_gets_one_jax_of_the_promised_series_and_no_tensorflow(row):
    (jax,) = chosen(row, "jax", "requirements-jax.txt")
    published = ["0.4.38", "0.5.3", "0.6.2", "0.7.2", "0.9.2", "0.10.2", "0.11.2", "0.12.0"]
    (version,) = jax.filter(published)
    assert version.startswith(f"{row.jax}.")
    assert len(chosen(row, "keras", "requirements-jax.txt")) == 1
    for name in ["tensorflow", "tensorboard", "tensorflow-metal"]:
        assert chosen(row, name, "requirements-jax.txt") == []


def test_jax_is_promised_wherever_the_course_runs_but_on_intel_macs():
    without = {row.platform for row in SUPPORTED if row.jax is None}
    assert without == {"macOS x86_64"}


def test_no_package_is_listed_twice():
    for listed in platforms.LISTS:
        lines = [(one.name, str(one.marker)) for one, _ in requirements(listed)]
        assert len(lines) == len(set(lines))
    own = [
        {line for line in (platforms.ROOT / name).read_text(encoding="utf-8").splitlines() if line}
        for name in [*platforms.LISTS, "requirements-common.txt"]
    ]
    assert own[0] & own[1] == {"# The rest, and the helpers.", "-r requirements-common.txt"}
    assert not (own[0] | own[1]) & own[2]


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


@pytest.mark.parametrize("listed", platforms.LISTS)
def test_every_requirement_says_why(listed):
    assert [str(requirement) for requirement, why in requirements(listed) if not why] == []


@pytest.mark.parametrize("listed", platforms.LISTS)
def test_the_helpers_come_last(listed):
    text = (platforms.ROOT / listed).read_text(encoding="utf-8")
    assert text.endswith("\n-r requirements-common.txt\n")
    common = (platforms.ROOT / "requirements-common.txt").read_text(encoding="utf-8")
    assert common.endswith("\n-e .\n")


def answer(monkeypatch, row, stdout="", stderr="", returncode=0, listed="requirements.txt"):
    """Let uv answer `row` of a list as given, and everything else as promised."""

    def promised(other, requirements):
        tensorflow = requirements == "requirements.txt"
        if not (other.tensorflow if tensorflow else other.jax):
            return "", "No solution found", 1
        if not tensorflow:
            return f"jax=={other.jax}.1\n", "", 0
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
        out, err, status = promised(asked, command[-1])
        if (asked, command[-1]) == (row, listed):
            out, err, status = stdout, stderr, returncode
        return subprocess.CompletedProcess(command, status, out, err)

    monkeypatch.setattr(platforms.subprocess, "run", run)


def test_the_table_passes_when_every_row_is_as_promised(monkeypatch, capsys):
    answer(monkeypatch, None)
    assert platforms.main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 * 26 and "none" in next(line for line in lines if "3.14" in line)
    assert lines[0].startswith("requirements.txt") and lines[26].startswith("requirements-jax.txt")


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
    assert line.split()[:3] == ["macOS", "arm64", "3.12"]


@pytest.mark.parametrize("version", ["0.9.2", None], ids=["another series", "no wheel"])
def test_the_table_fails_without_the_promised_jax(monkeypatch, capsys, version):
    (row,) = [r for r in platforms.ROWS if (r.platform, r.python) == ("Linux aarch64", "3.11")]
    answered = (f"jax=={version}\n", "", 0) if version else ("", "No solution found: x", 1)
    answer(monkeypatch, row, *answered, listed="requirements-jax.txt")
    assert platforms.main() == 1
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "<-" in line]
    assert line.split()[:3] == ["Linux", "aarch64", "3.11"]


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
