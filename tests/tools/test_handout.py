"""tools/handout.py: what is in the archives, and that it works where they are unpacked."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

from tests.support.notebook_cells import FOLDER
from tools import handout, my_course

NUMBERS = [path.name for path in sorted(FOLDER.glob("[0-9][0-9]_*.ipynb"))]


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """Both archives, unpacked into one folder, as a student would: returns the course's folder."""
    place = tmp_path_factory.mktemp("handout")
    for kind, files in handout.KINDS.items():
        with zipfile.ZipFile(place / f"{kind}.zip", "w") as archive:
            handout.fill(archive, files(handout.ROOT))
        with zipfile.ZipFile(place / f"{kind}.zip") as archive:
            archive.extractall(place)
    return place / handout.TOP


def tags_of(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return {tag for cell in cells for tag in cell["metadata"].get("tags", [])}


def test_the_students_have_every_notebook_without_a_solution_and_the_counterpart_has_them(archives):
    for name in NUMBERS:
        assert "solution" not in tags_of(archives / "notebooks" / name)
        assert {"answer", "self-check", "solution"} <= tags_of(archives / "solutions" / name)
    assert sorted(p.name for p in (archives / "notebooks").iterdir()) == NUMBERS
    assert sorted(p.name for p in (archives / "solutions").iterdir()) == [*NUMBERS, "README.md"]


def test_the_archive_holds_what_is_committed_and_no_test(archives):
    listed = subprocess.run(
        ["git", "ls-files", "--", *handout.FOLDERS],
        cwd=handout.ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        pytest.skip("not a clone of the repository")
    inside = {
        path.relative_to(archives).as_posix()
        for folder in handout.FOLDERS
        for path in (archives / folder).rglob("*")
        if path.is_file()
    }
    assert inside >= set(listed.stdout.split())
    top = {path.name for path in archives.iterdir()}
    assert top >= {"Makefile", "LICENSE", "pyproject.toml", "requirements.txt", "environment.yml"}
    assert not (archives / "tests").exists()


def test_the_instructions_say_where_the_images_go_and_name_what_is_there(archives):
    text = (archives / "README.md").read_text(encoding="utf-8")
    assert "data/cifar10.npz" in text and "helpers.data --save" in text
    targets = re.findall(r"^([a-z-]+):.*##", (archives / "Makefile").read_text(), re.MULTILINE)
    code = re.findall(r"`[^`\n]+`|^make .*$", text, re.MULTILINE)
    assert set(re.findall(r"\bmake ([a-z]+)\b", "\n".join(code))) <= set(targets)
    for module in re.findall(r"-m (tools[\w.]*|helpers[\w.]*)", text):
        assert list(archives.glob(module.replace(".", "/") + "*"))


@pytest.mark.skipif(not shutil.which("make"), reason="needs make")
def test_make_offers_what_works_where_it_is_unpacked_and_nothing_else(archives):
    def make(*arguments):
        return subprocess.check_output(["make", *arguments], cwd=archives, text=True)

    offered = re.findall(r"^make ([a-z-]+) ", make("help"), re.MULTILINE)
    assert offered == list(handout.TARGETS)
    for target in offered:
        printed = make("--dry-run", target)
        assert printed
        for module in re.findall(r"-m ((?:tools|helpers)[\w.]*)", printed):
            assert list(archives.glob(module.replace(".", "/") + "*"))
        for path in re.findall(r"\b(?:tools|benchmarks|tests|site)/[\w./]*", printed):
            assert (archives / path).exists()


def test_the_makefile_of_the_students_keeps_settings_and_drops_whole_targets():
    text = (
        "# About it.\n\npython = a\n\n.PHONY: help test lab run\n\nhelp: ## list\n\techo\n\n"
        "test: setup ## try\n\t@# One.\n\ttry\n\nlab: setup ## open\n\topen\n"
    )
    assert handout.makefile(text) == (
        "# About it.\n\npython = a\n\n.PHONY: help setup lab run clean\n\n"
        "help: ## list\n\techo\n\nlab: setup ## open\n\topen\n"
    )


def test_where_it_is_unpacked_the_student_gets_copies_and_the_helpers_are_found(archives):
    (made,) = my_course.update(archives)
    assert made.startswith("Made your own copies")
    program = "from helpers.data.source import ROOT; print(ROOT)"
    environment = {**os.environ, "PYTHONPATH": str(archives)}
    command = [sys.executable, "-c", program]
    found = subprocess.check_output(command, cwd=archives / "my-course", env=environment, text=True)
    assert os.path.samefile(found.strip(), archives)
    copies = sorted(path.name for path in (archives / "my-course").glob("*.ipynb"))
    assert copies == NUMBERS


def test_the_same_course_makes_the_same_bytes_and_a_failure_leaves_the_old_archive(
    tmp_path, monkeypatch
):
    small = {"student": lambda root: iter([("a.md", b"a"), ("b.md", b"b")])}
    monkeypatch.setattr(handout, "KINDS", small)
    path = handout.pack("student", tmp_path)
    first = path.read_bytes()
    os.utime(path, (0, 0))
    assert handout.pack("student", tmp_path).read_bytes() == first

    def broken(root):
        yield "a.md", b"new"
        raise handout.copies.CopyError("cell abc uses what only a solution defines")

    small["student"] = broken
    with pytest.raises(handout.copies.CopyError):
        handout.pack("student", tmp_path)
    assert [file.name for file in path.parent.iterdir()] == ["student.zip"]
    assert path.read_bytes() == first


def test_a_notebook_that_needs_its_solution_is_named_and_ends_the_command(capsys, monkeypatch):
    def refused(kind, root):
        raise handout.copies.CopyError("cell abc uses what only a solution defines")

    monkeypatch.setattr(handout, "pack", refused)
    assert handout.main(["student"]) == 1
    assert capsys.readouterr().err == "cell abc uses what only a solution defines\n"
