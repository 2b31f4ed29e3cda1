"""tools/my_course.py: copies that are made once, and never changed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.support.permissions import obeying
from tools import first_cell, my_course
from tools.notebooks import NotebookError

NAMES = ["01_draw.ipynb", "02_look.ipynb"]


def write(path, *code, output="3"):
    shown = new_output("execute_result", {"text/plain": output})
    cells = [new_code_cell(source, outputs=[shown]) for source in code]
    nbformat.write(new_notebook(cells=[new_markdown_cell("# 01 Draw"), *cells]), path)


@pytest.fixture
def project(tmp_path):
    (tmp_path / "notebooks").mkdir()
    for name in NAMES:
        write(tmp_path / "notebooks" / name, "draw()")
    return tmp_path


def code_of(path):
    return [cell.source for cell in nbformat.read(path, as_version=4).cells[1:]]


def save_as_jupyterlab_does(path, source):
    """The reader changes a cell, runs it and saves: what the notebook carries besides is kept."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].source = source
    notebook.metadata["language_info"] = {"name": "python"}
    nbformat.write(notebook, path)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_first_call_makes_all_copies_and_the_next_one_has_nothing_to_say(project):
    assert my_course.update(project) == [
        "Made your own copies in my-course: 01_draw.ipynb, 02_look.ipynb."
    ]
    made = contents(project / "my-course")
    assert list(made) and sorted(made) == NAMES
    assert nbformat.read(project / "my-course" / NAMES[0], as_version=4).cells[1].outputs == []
    assert my_course.update(project) == [] and contents(project / "my-course") == made


def test_the_cell_for_hosted_servers_makes_no_copy_out_of_date(project):
    my_course.update(project)
    for address in ("", "https://example.com/course"):
        for name in NAMES:
            notebook = nbformat.read(project / "notebooks" / name, as_version=4)
            first_cell.put(notebook, address)
            nbformat.write(notebook, project / "notebooks" / name)
        assert my_course.update(project) == []


def test_a_changed_original_is_named_and_put_beside_the_readers_own_on_request_only(project):
    my_course.update(project)
    own, original = project / "my-course" / NAMES[0], project / "notebooks" / NAMES[0]
    save_as_jupyterlab_does(own, "mine()")
    write(original, "draw(better=True)")
    before = contents(project / "my-course")

    for _ in range(2):
        (said,) = my_course.update(project)
        assert "changed since your copies in my-course were made: 01_draw.ipynb." in said
        assert "make lab NEW=1" in said and "python -m tools.lab --new" in said
        assert contents(project / "my-course") == before

    (said,) = my_course.update(project, new=True)
    assert said == "Put the new versions beside yours in my-course: 01_draw.new.ipynb."
    after = contents(project / "my-course")
    assert {name: after.pop(name) for name in before} == before
    assert list(after) == ["01_draw.new.ipynb"]
    assert code_of(own.with_name("01_draw.new.ipynb")) == ["draw(better=True)"]
    assert my_course.update(project) == my_course.update(project, new=True) == []


def test_a_second_change_is_put_beside_the_first_which_may_hold_work_by_now(project):
    my_course.update(project)
    beside = project / "my-course" / "01_draw.new.ipynb"
    for number in (1, 2):
        write(project / "notebooks" / NAMES[0], f"draw({number})")
        my_course.update(project, new=True)
        if number == 1:
            save_as_jupyterlab_does(beside, "mine()")
    assert code_of(beside) == ["mine()"]
    assert code_of(beside.with_name("01_draw.new2.ipynb")) == ["draw(2)"]
    assert my_course.update(project) == []


def test_even_a_copy_that_was_never_touched_is_not_replaced(project):
    my_course.update(project)
    before = contents(project / "my-course")
    write(project / "notebooks" / NAMES[0], "draw(better=True)")
    my_course.update(project)
    assert contents(project / "my-course") == before


def test_new_outputs_of_an_original_are_no_news(project):
    my_course.update(project)
    write(project / "notebooks" / NAMES[0], "draw()", output="4")
    assert my_course.update(project) == []


def test_a_copy_that_was_renamed_or_a_new_notebook_of_the_course_is_made(project):
    my_course.update(project)
    (project / "my-course" / NAMES[0]).rename(project / "my-course" / "mine.ipynb")
    write(project / "notebooks" / "03_build.ipynb", "build()")
    assert my_course.update(project) == [
        "Made your own copies in my-course: 01_draw.ipynb, 03_build.ipynb."
    ]


@pytest.mark.parametrize("damaged", ["", "{", "[]", '{"cells": []}', '{"metadata": []}', "\0"])
def test_a_copy_that_cannot_be_read_is_named_and_left_alone(project, damaged):
    my_course.update(project)
    own = project / "my-course" / NAMES[1]
    own.write_text(damaged)
    (said,) = my_course.update(project, new=True)
    assert "can't be read: 02_look.ipynb." in said and "another name" in said
    assert own.read_text() == damaged


def test_a_notebook_that_was_copied_by_hand_is_left_alone(project):
    (project / "my-course").mkdir()
    own = project / "my-course" / NAMES[0]
    shutil.copy(project / "notebooks" / NAMES[0], own)
    before = own.read_bytes()
    my_course.update(project)
    assert own.read_bytes() == before


def test_a_project_that_may_not_be_written_is_refused_in_one_sentence(project):
    call = "import sys, pathlib; from tools import my_course; my_course.ROOT = pathlib.Path("
    program = f"{call}{str(project)!r}); sys.exit(my_course.main([]))"
    project.chmod(0o555)
    command = obeying(sys.executable, "-c", program)
    done = subprocess.run(command, cwd=my_course.ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout == ""
    assert f"you may not write into {project}: copy" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_file_in_the_place_of_the_folder_is_refused(project):
    (project / "my-course").write_text("")
    with pytest.raises(NotebookError, match="my-course can't be used"):
        my_course.update(project)


def test_git_does_not_see_the_folder_and_make_clean_does_not_remove_it():
    ignored = Path(my_course.ROOT, ".gitignore").read_text(encoding="utf-8").splitlines()
    assert f"/{my_course.FOLDER}/" in ignored
    makefile = Path(my_course.ROOT, "Makefile").read_text(encoding="utf-8")
    assert my_course.FOLDER not in makefile.partition("\nclean:")[2]


def test_the_copies_read_the_images_of_the_project_as_the_notebooks_do(project):
    my_course.update(project)
    program = "from helpers.data.source import LOCAL_FILE, ROOT; print(ROOT / LOCAL_FILE)"
    command = [sys.executable, "-c", program]
    environment = {**os.environ, "PYTHONPATH": str(my_course.ROOT)}
    found = subprocess.check_output(command, cwd=project / "my-course", env=environment, text=True)
    assert Path(found.strip()) == my_course.ROOT / "data" / "cifar10.npz"


def test_the_look_of_the_slides_is_copied_once(project):
    (project / "notebooks" / "rise.css").write_text("ours")
    my_course.update(project)
    copied = project / "my-course" / "rise.css"
    assert copied.read_text() == "ours"
    copied.write_text("the reader's own")
    my_course.update(project)
    assert copied.read_text() == "the reader's own"
