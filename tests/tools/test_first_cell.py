"""The first cell of every notebook, run in a Python that has no `helpers`, and tools/first_cell.py.

That Python is the one of the tests without its `.pth` files, through which the course is installed.
In place of the server's packages, pip installs a small wheel that the tests make, into a folder;
in place of a code host, there is a repository on this disk.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.support.notebook_cells import FOLDER
from tools import first_cell, notebooks

ROOT = FOLDER.parent
NAMES = sorted(path.name for path in FOLDER.glob("*.ipynb"))
ON_A_SERVER = {"JUPYTERHUB_USER": "student"}
# What a notebook does next, also in a process that it starts.
NEXT = """
from helpers import get_budget
print(get_budget("quick").trials, "trials")
program = "import helpers; print(helpers.__file__)"
print(check_call([sys.executable, "-c", program]))
"""


class Alone:
    """A folder that holds one notebook, and a Python that has no `helpers`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.packages, self.wheels = folder / "alone", folder / "in", folder / "wheels"
        for made in (self.folder, self.packages, self.wheels):
            made.mkdir()

    def run(self, source, folder=None, **environment):
        """Runs the cells `source` and returns the process, with what it wrote."""
        installed = [sysconfig.get_path("purelib"), str(self.packages)]
        program = f"import sys\nsys.path += {installed}\n{source}"
        needed = {"PATH", "SYSTEMROOT", "TEMP", "TMPDIR"} & set(os.environ)
        own = {name: os.environ[name] for name in needed}
        for_pip = {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            "PIP_TARGET": str(self.packages),
        }
        return subprocess.run(
            [sys.executable, "-I", "-S", "-c", program],
            cwd=folder or self.folder,
            env={**own, **for_pip, **environment},
            capture_output=True,
            text=True,
        )

    def make_wheel(self, version):
        """Makes what pip can install as `course-stub`."""
        about = f"course_stub-{version}.dist-info"
        with zipfile.ZipFile(self.wheels / f"course_stub-{version}-py3-none-any.whl", "w") as wheel:
            wheel.writestr("course_stub.py", f"version = {version!r}\n")
            wheel.writestr(
                f"{about}/METADATA", f"Metadata-Version: 2.1\nName: course-stub\nVersion: {version}"
            )
            wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
            wheel.writestr(f"{about}/RECORD", "course_stub.py,,\n")
            wheel.writestr(f"{about}/top_level.txt", "course_stub\n")


@pytest.fixture
def alone(tmp_path):
    return Alone(tmp_path)


@pytest.fixture
def repository(tmp_path):
    """The address of a repository with the helpers, whose lessons use one small package only."""
    folder = tmp_path / "remote"
    shutil.copytree(ROOT / "helpers", folder / "helpers")
    (folder / "tools").mkdir()
    for name in ("tools/hosted.py", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    absent = "no-such-package-that-pip-could-install\n"
    (folder / "requirements.txt").write_text(
        "# The list.\n\n# TensorFlow brings Keras, but not here.\n\n"
        f"# The rest.\n{absent}-r requirements-common.txt\n"
    )
    (folder / "requirements-common.txt").write_text(
        "# What the lessons use. It is little.\ncourse-stub>=1  # a wheel\n\n"
        f"# What runs the notebooks.\n{absent}-e .\n"
    )
    settings = ["user.name=A", "user.email=a@example.com", "commit.gpgsign=false"]
    git = ["git", "-C", str(folder), *(word for one in settings for word in ("-c", one))]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "The course"]):
        subprocess.run([*git, *command], check=True)
    return folder.as_uri()


def test_where_the_course_is_installed_the_cell_does_nothing_and_imports_little(tmp_path):
    then = "\nimport sys\nprint(sorted({'helpers', 'numpy', 'tools'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", first_cell.source("https://example.com/course") + then],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")
    assert list(tmp_path.iterdir()) == []


def test_a_notebook_alone_says_what_is_missing_and_the_ways_out(alone):
    done = alone.run(first_cell.SOURCE)
    assert done.returncode == 1 and done.stdout == ""
    (message,) = [part for part in done.stderr.split("ImportError: ") if "helpers" in part][-1:]
    for words in ("`helpers` is missing", "`make lab`", "fill in REPOSITORY"):
        assert words in message
    assert done.stderr.count("Traceback") == 1
    assert list(alone.folder.iterdir()) == []


def test_on_a_server_the_cell_fetches_the_course_installs_what_is_missing_and_goes_on(
    alone, repository
):
    alone.make_wheel("1.0")
    done = alone.run(first_cell.source(repository) + NEXT, **ON_A_SERVER)
    assert done.returncode == 0, done.stderr
    clone = alone.folder / "keras-tuning-course"
    assert "Installing course-stub" in done.stdout
    assert f"The course is ready on this server (JupyterHub): {clone}\n" in done.stdout
    assert "3 trials" in done.stdout
    assert str(clone / "helpers" / "__init__.py") in done.stdout, "a process finds it, too"
    assert {path.name.partition("-")[0] for path in alone.packages.iterdir()} >= {"course_stub"}
    assert [path.name for path in alone.folder.iterdir()] == [clone.name]
    # After a restart of the kernel, neither the repository nor pip is needed again.
    shutil.rmtree(alone.wheels)
    again = alone.run(first_cell.source("nowhere") + NEXT, **ON_A_SERVER)
    assert again.returncode == 0, again.stderr
    assert "3 trials" in again.stdout and "Installing" not in again.stdout


@pytest.mark.parametrize("address", ["", "file:///nowhere/at/all"])
def test_an_installation_or_a_clone_that_fails_says_so_and_can_be_repeated(
    alone, repository, address
):
    done = alone.run(first_cell.source(address or repository), **ON_A_SERVER)
    assert done.returncode == 1
    said = "the installation did not finish" if not address else "returned non-zero exit status"
    assert said in done.stderr.splitlines()[-1]
    alone.make_wheel("1.0")
    again = alone.run(first_cell.source(repository), **ON_A_SERVER)
    assert again.returncode == 0, again.stderr


def test_on_a_computer_of_ones_own_nothing_is_installed_unless_one_insists(alone, repository):
    alone.make_wheel("1.0")
    done = alone.run(first_cell.source(repository))
    assert done.returncode == 1 and "`make lab`" in done.stderr and sys.executable in done.stderr
    assert list(alone.packages.iterdir()) == []
    (command,) = [line for line in done.stderr.splitlines() if line.startswith("%run ")]
    path, option = command.removeprefix("%run ").rsplit(" ", 1)
    path = str(alone.folder / path.strip('"'))
    insisting = f"import runpy\nsys.argv = [{path!r}, {option!r}]\n"
    again = alone.run(f"{insisting}runpy.run_path({path!r}, run_name='__main__')\nimport helpers")
    assert again.returncode == 0, again.stderr


@pytest.mark.parametrize("address", ["", "file:///nowhere"])
def test_in_the_project_with_another_kernel_it_names_both_and_clones_nothing(alone, address):
    before = sorted(path.name for path in FOLDER.iterdir())
    done = alone.run(first_cell.source(address), folder=FOLDER)
    assert done.returncode == 1 and done.stderr.count("Traceback") == 1
    assert str(ROOT) in done.stderr and sys.executable in done.stderr
    assert "choose the kernel of its .venv" in done.stderr
    assert sorted(path.name for path in FOLDER.iterdir()) == before


# --- The command that writes the cell -------------------------------------------------------


@pytest.fixture
def notebook():
    shown = new_output("execute_result", {"text/plain": "2"}, execution_count=1)
    cells = [
        new_markdown_cell("# 01 Draw"),
        new_code_cell("1 + 1", outputs=[shown], execution_count=1),
        new_code_cell("pass", execution_count=None),
    ]
    return new_notebook(cells=cells)


def test_the_cell_comes_before_the_other_code_and_the_counts_move_on(notebook):
    first_cell.put(notebook)
    _, first, second, third = notebook.cells
    assert first.source == first_cell.SOURCE and first.execution_count == 1
    assert (first.metadata.tags, first.metadata.jupyter) == (["hosted"], {"source_hidden": True})
    assert (second.execution_count, second.outputs[0].execution_count) == (2, 2)
    assert third.execution_count is None
    nbformat.validate(notebook)


@pytest.mark.parametrize("address", ["https://example.com/a", 'C:\\my "own" course', "git@host:a"])
def test_an_address_is_written_and_removed_and_nothing_else_changes(notebook, address):
    first_cell.put(notebook)
    before = nbformat.writes(notebook)
    first_cell.put(notebook, address)
    cell = notebook.cells[1]
    names = {}
    exec(cell.source.partition("\n")[0], names)
    assert names["REPOSITORY"] == address and first_cell.is_first_cell(cell.source)
    first_cell.put(notebook)
    assert nbformat.writes(notebook) == before


def test_in_a_notebook_with_slides_it_is_on_none_of_them(notebook):
    first_cell.put(notebook)
    assert "slideshow" not in notebook.cells[1].metadata
    notebook.cells[0].metadata["slideshow"] = {"slide_type": "slide"}
    first_cell.put(notebook)
    assert notebook.cells[1].metadata.slideshow == {"slide_type": "skip"}


def test_another_cell_is_not_taken_for_it():
    assert first_cell.is_first_cell(first_cell.SOURCE)
    assert not first_cell.is_first_cell(first_cell.SOURCE + "\nprint(1)")
    assert not first_cell.is_first_cell(first_cell.SOURCE.replace("lab", "setup"))


def test_the_command_writes_into_all_notebooks_and_says_what_is_wrong(
    tmp_path, monkeypatch, capsys, notebook
):
    monkeypatch.setattr(first_cell, "ROOT", tmp_path)
    assert first_cell.main(["https://example.com/a"]) == 1
    assert "no notebook" in capsys.readouterr().err
    (tmp_path / "notebooks").mkdir()
    paths = [tmp_path / "notebooks" / name for name in ("01_a.ipynb", "02_b.ipynb")]
    for path in paths:
        notebooks.write(notebook, path)
    assert first_cell.main(["https://example.com/a"]) == 0
    assert "https://example.com/a" in capsys.readouterr().out
    for path in paths:
        cells = nbformat.read(path, as_version=4).cells
        assert cells[1].source == first_cell.source("https://example.com/a")


def test_all_notebooks_of_the_course_have_one_address():
    read = [nbformat.read(FOLDER / name, as_version=4) for name in NAMES]
    assert len({notebooks.code_cells(notebook)[0].source for notebook in read}) == 1
