"""What README.md, CONTRIBUTING.md and their like say about the project is so."""

import re
from pathlib import Path

import pytest

from tests.support.imports import ROOMS, drawing
from tools import platforms

ROOT = Path(__file__).parents[2]
DOCUMENTS = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "TEACHING.md", "bank/README.md"]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_drawing_of_the_imports_is_that_of_the_helpers():
    (drawn,) = re.findall(r"```mermaid\n(.*?)\n```", read("CONTRIBUTING.md"), re.DOTALL)
    expected = drawing(ROOT / "helpers")
    assert drawn == expected, f"the drawing ought to be:\n{expected}"


def test_the_drawing_shows_an_import_inside_a_function_and_rooms_without_any(tmp_path):
    helpers = tmp_path / "helpers"
    (helpers / "bank").mkdir(parents=True)
    (helpers / "__init__.py").write_text("from helpers.bank import load")
    (helpers / "bank" / "load.py").write_text("def f():\n    from helpers.files import write")
    lines = drawing(helpers).splitlines()
    assert "    bank --> files" in lines and "    files" in lines and len(lines) == 1 + len(ROOMS)


def test_the_table_of_the_rooms_lists_them_in_the_order_of_their_imports():
    table = read("CONTRIBUTING.md").partition("### The rooms")[2].partition("```")[0]
    rooms = re.findall(r"^\| `(\w+)(?:/|\.py)` \|", table, re.MULTILINE)
    assert rooms == list(ROOMS)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_within_the_project_leads_to_something(name):
    for file, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", read(name)):
        path = (ROOT / name).parent / file if file else ROOT / name
        assert path.exists(), f"there is no {file}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {heading.lower().replace(" ", "-") for heading in headings}


def targets_of_make() -> set[str]:
    return set(re.findall(r"^([a-z-]+):.*##", read("Makefile"), re.MULTILINE))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_make_command_that_is_named_exists(name):
    code = re.findall(r"`[^`\n]+`|^make .*$", read(name), re.MULTILINE)
    commands = [words for text in code for words in re.findall(r"\bmake ([a-z -]+)", text)]
    assert {word for words in commands for word in words.split()} <= targets_of_make()


def test_the_readme_names_every_target_of_make():
    assert [t for t in sorted(targets_of_make()) if f"make {t}" not in read("README.md")] == []


def test_one_version_stands_everywhere():
    version = re.search(r'^version = "(.*)"$', read("pyproject.toml"), re.MULTILINE)[1]
    assert f'\nversion: "{version}"\n' in read("CITATION.cff")
    newest, day = re.search(r"^## (\S+), (\S+)$", read("CHANGELOG.md"), re.MULTILINE).groups()
    assert newest == version and f"date-released: {day}\n" in read("CITATION.cff")


def test_the_readme_names_the_pythons_that_the_course_supports():
    supported = [row.python for row in platforms.ROWS if row.tensorflow]
    pythons = sorted(set(supported), key=platforms.PYTHONS.index)
    assert f"Python {pythons[0]} to {pythons[-1]}" in read("README.md")
